// Groups of business transactions, those that are excluded, and what an operator changes of them.
import { useMutation, useQueryClient, type UseMutationResult } from '@tanstack/react-query'
import { write, type ApiError } from '../../api/client'
import { useList, useTelemetry, type ListResult, type Result } from '../../api/queries'
import type { BusinessTransaction, Ref, Series, TransactionGroup, TransactionGroupDetail } from '../../api/types'
import { TELEMETRY } from '../../time/TimeRangeContext'

export const groupsPath = (application: number) => `/applications/${application}/transaction-groups`

export const useTransactionGroups = (application: number): ListResult<TransactionGroup> => useList(groupsPath(application))
export const useTransactionGroup = (application: number, group: number): Result<TransactionGroupDetail> => useTelemetry(`${groupsPath(application)}/${group}`)
export const useTransactionGroupSeries = (application: number, group: number): Result<Series> => useTelemetry(`${groupsPath(application)}/${group}/series`)
export const useExcluded = (application: number): ListResult<BusinessTransaction> => useList(`/applications/${application}/business-transactions`, { excluded: true })

/** A change of business transactions or of their groups: everything that is shown of them is asked for again. */
export function useChange<T, R = unknown>(change: (wanted: T) => Promise<R>): UseMutationResult<R, ApiError, T> {
  const client = useQueryClient()
  return useMutation<R, ApiError, T>({ mutationFn: change, onSuccess: () => client.invalidateQueries({ queryKey: [TELEMETRY] }) })
}

export const putExclusion = (id: number, excluded: boolean) => write('PUT', `/business-transactions/${id}/exclusion`, { excluded })
export const putBackground = (id: number, marked: boolean | null) => write('PUT', `/business-transactions/${id}/background`, { marked })

/** Puts business transactions into a group: a new one where only a name is given. */
export function putGroup(application: number, group: { id: number | null; name: string }, members: number[]): Promise<Ref> {
  const body = { name: group.name, business_transactions: members }
  return group.id === null ? write('POST', groupsPath(application), body) : write('PUT', `${groupsPath(application)}/${group.id}`, body)
}

export const dissolveGroup = (application: number, group: number) => write('DELETE', `${groupsPath(application)}/${group}`)
