// The bodies of policies, actions, suppressions and deliveries.
import type { components } from '../../api/schema'

type Schemas = components['schemas']

export type Policy = Schemas['Policy']
export type NewPolicy = Schemas['NewPolicy']
export type PolicyPreview = Schemas['PolicyPreview']
export type CustomEventMatch = Schemas['CustomEventMatch']
export type EntitySelection = Schemas['EntitySelection']
export type SelectedKind = Schemas['SelectedKind']
export type Action = Schemas['Action']
export type NewAction = Schemas['NewAction']
export type ActionPreview = Schemas['ActionPreview']
export type ActionPreset = Schemas['ActionPreset']
export type Doing = Schemas['Doing']
export type HttpDoing = Extract<Doing, { kind: 'http' }>
export type EmailDoing = Extract<Doing, { kind: 'email' }>
export type CommandDoing = Extract<Doing, { kind: 'command' }>
export type Suppression = Schemas['Suppression']
export type NewSuppression = Schemas['NewSuppression']
export type SuppressionWindow = Schemas['SuppressionWindow']
export type Delivery = Schemas['Delivery']
export type DeliveryDetail = Schemas['DeliveryDetail']
export type DeliveryAttempt = Schemas['DeliveryAttempt']
export type DeliveryState = Schemas['DeliveryState']
export type NoticeOptions = Schemas['NoticeOptions']
export type NotificationSettings = Schemas['NotificationSettings']
export type NewNotificationSettings = Schemas['NewNotificationSettings']
