//! Who is told of what: policies, actions, suppressions, deliveries, and the server that sends emails.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::Ref;

/// A name and a value.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct NameValue {
    #[schema(max_length = 255)]
    pub name: String,
    #[schema(max_length = 4096)]
    pub value: String,
}

/// Kinds of entities that can be selected; what is below a selected one is selected too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SelectedKind {
    Application,
    Tier,
    Node,
    BusinessTransaction,
    Backend,
    ServiceEndpoint,
    Error,
}

/// Entities of one kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EntitySelection {
    pub kind: SelectedKind,
    /// Empty: all of the kind.
    #[schema(max_items = 500)]
    pub ids: Vec<u32>,
}

/// Custom events that a policy takes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CustomEventMatch {
    /// Empty: any type.
    #[schema(max_length = 255)]
    pub event_type: String,
    /// Properties that an event has to have; an empty value means any.
    #[schema(max_items = 20)]
    pub properties: Vec<NameValue>,
    /// Whether one of the properties is enough.
    pub any_property: bool,
}

/// A policy or digest to be stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({"name": "Page the shop's team", "application": null, "enabled": true,
    "event_types": ["POLICY_OPEN_CRITICAL"], "rules": [], "custom_events": [], "entities": [], "actions": [],
    "gather_seconds": 60, "every_hours": null}))]
pub struct NewPolicy {
    /// 1 to 255 characters, none of them a control character; no other of its kind and application has it.
    #[schema(
        min_length = 1,
        max_length = 255,
        pattern = r"^[^\x00-\x1f\x7f-\x9f]*[^\s\x00-\x1f\x7f-\x9f][^\x00-\x1f\x7f-\x9f]*$"
    )]
    pub name: String,
    /// Null: of all applications.
    pub application: Option<u32>,
    pub enabled: bool,
    /// `POLICY_OPEN_CRITICAL`; see `GET /api/v1/notice-options`.
    #[schema(max_items = 200)]
    pub event_types: Vec<String>,
    /// Names of the health rules whose violations count; empty: of all.
    #[schema(max_items = 500)]
    pub rules: Vec<String>,
    #[schema(max_items = 50)]
    pub custom_events: Vec<CustomEventMatch>,
    /// Empty: whatever an event affects.
    #[schema(max_items = 50)]
    pub entities: Vec<EntitySelection>,
    /// Ids, in the order in which they are done. A digest takes emails only.
    #[schema(max_items = 20)]
    pub actions: Vec<u32>,
    /// For so long after the first event further ones of the same cause join its notice.
    #[schema(maximum = 3600)]
    pub gather_seconds: u32,
    /// Of a digest, hours between two: 1 to 168. Null for a policy.
    #[schema(minimum = 1, maximum = 168)]
    pub every_hours: Option<u8>,
}

/// A policy or digest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Policy {
    pub id: u32,
    pub name: String,
    #[schema(required)]
    pub application: Option<Ref>,
    pub enabled: bool,
    pub event_types: Vec<String>,
    pub rules: Vec<String>,
    pub custom_events: Vec<CustomEventMatch>,
    pub entities: Vec<EntitySelection>,
    /// Those that were deleted have no name.
    pub actions: Vec<Ref>,
    pub gather_seconds: u32,
    #[schema(required)]
    pub every_hours: Option<u8>,
    pub changed_at: i64,
}

/// What a policy would have taken, and what it would have said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PolicyPreview {
    /// Events that were looked at: the newest 500 of the last day.
    pub looked_at: u32,
    pub matched: u32,
    /// The newest 20 of those that matched.
    pub events: Vec<MatchedEvent>,
    /// Of the newest event that matched, or of a made-up one.
    pub notice: RenderedNotice,
    /// Whether the notice is of a made-up event.
    pub made_up: bool,
}

/// An event that a policy would have taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MatchedEvent {
    pub id: u32,
    pub at: i64,
    pub event_type: String,
    pub summary: String,
}

/// A notice as people read it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RenderedNotice {
    pub title: String,
    pub text: String,
    /// A whole document, to be shown in a frame without scripts.
    pub html: String,
}

/// What an action does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Doing {
    /// Sends an email.
    Email {
        #[schema(max_items = 50)]
        to: Vec<String>,
        /// A template; empty: the notice's title.
        #[schema(max_length = 1000)]
        subject: String,
    },
    /// Sends an HTTP request. URL, header values and body are templates; secrets are `{{ secrets.name }}`.
    Http {
        /// What it was made from.
        #[schema(max_length = 50)]
        preset: String,
        /// `POST`, `PUT`, `PATCH` or `GET`.
        #[schema(max_length = 10)]
        method: String,
        #[schema(max_length = 4096)]
        url: String,
        #[schema(max_items = 50)]
        headers: Vec<NameValue>,
        #[schema(max_length = 16384)]
        body: String,
    },
    /// Runs a command that the settings file allows.
    Command {
        #[schema(max_length = 255)]
        command: String,
        /// Templates.
        #[schema(max_items = 50)]
        arguments: Vec<String>,
    },
    /// Of a kind that a script asked for and that is kept, but not done here.
    Unsupported { what: String },
}

/// An action to be stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({"name": "Tell the team", "application": null,
    "doing": {"kind": "email", "to": ["ops@example.com"], "subject": ""}, "secrets": {}}))]
pub struct NewAction {
    /// 1 to 255 characters, none of them a control character; no other action of its application has it.
    #[schema(
        min_length = 1,
        max_length = 255,
        pattern = r"^[^\x00-\x1f\x7f-\x9f]*[^\s\x00-\x1f\x7f-\x9f][^\x00-\x1f\x7f-\x9f]*$"
    )]
    pub name: String,
    /// Null: for policies of all applications.
    pub application: Option<u32>,
    pub doing: Doing,
    /// By name; null keeps what is stored. They are never shown again.
    pub secrets: BTreeMap<String, Option<String>>,
}

/// An action.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Action {
    pub id: u32,
    pub name: String,
    #[schema(required)]
    pub application: Option<Ref>,
    pub doing: Doing,
    pub secret_names: Vec<String>,
    /// Policies and digests that do it.
    pub used_by: Vec<Ref>,
    pub changed_at: i64,
}

/// What an action would send. Secrets are masked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ActionPreview {
    /// `POST https://…`, the addresses, or the command with its arguments.
    pub target: String,
    pub headers: Vec<NameValue>,
    /// What goes over: a request's body; an email's text.
    pub body: String,
    /// An email.
    #[schema(required)]
    pub email: Option<RenderedNotice>,
}

/// How an attempt to deliver ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DeliveryAttempt {
    pub at: i64,
    /// Milliseconds.
    pub took: u64,
    pub ok: bool,
    pub target: String,
    /// `HTTP 200 OK`, or a sentence that says what is wrong.
    pub status: String,
    /// The first bytes of the answer.
    pub answer: String,
}

/// How a delivery stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryState {
    Pending,
    Delivered,
    GaveUp,
    Suppressed,
}

/// A notice on its way, or there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Delivery {
    pub id: u32,
    pub at: i64,
    pub state: DeliveryState,
    pub title: String,
    #[schema(required)]
    pub application: Option<Ref>,
    /// Null for a test.
    #[schema(required)]
    pub policy: Option<Ref>,
    pub action: Ref,
    pub attempts: u32,
    /// When it is tried next.
    #[schema(required)]
    pub next_at: Option<i64>,
    #[schema(required)]
    pub last: Option<DeliveryAttempt>,
}

/// A delivery with all that is known of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DeliveryDetail {
    pub delivery: Delivery,
    /// The last 20, oldest first.
    pub attempts: Vec<DeliveryAttempt>,
    pub notice: RenderedNotice,
    pub link: String,
}

/// When a suppression is on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum SuppressionWindow {
    /// From one moment to another.
    OneTime { from: i64, to: i64 },
    /// On these days, from a time of the clock to another, which is on the next day when it is not later.
    Recurring {
        /// On which it begins, 1 for Monday to 7 for Sunday; empty: each day.
        #[schema(max_items = 7)]
        days: Vec<u32>,
        /// Days of the month on which it begins; empty: each.
        #[schema(max_items = 31)]
        month_days: Vec<u32>,
        /// Minutes since midnight.
        #[schema(maximum = 1439)]
        from_minute: u16,
        #[schema(maximum = 1440)]
        until_minute: u16,
        /// `Europe/Berlin`.
        #[schema(max_length = 64)]
        zone: String,
    },
}

/// A suppression to be stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({"name": "Release window", "application": null, "enabled": true,
    "window": {"kind": "recurring", "days": [6], "month_days": [], "from_minute": 1320, "until_minute": 360,
    "zone": "Europe/Berlin"}, "rules": [], "entities": []}))]
pub struct NewSuppression {
    /// 1 to 255 characters, none of them a control character; no other suppression of its application has it.
    #[schema(
        min_length = 1,
        max_length = 255,
        pattern = r"^[^\x00-\x1f\x7f-\x9f]*[^\s\x00-\x1f\x7f-\x9f][^\x00-\x1f\x7f-\x9f]*$"
    )]
    pub name: String,
    /// Null: for all applications.
    pub application: Option<u32>,
    pub enabled: bool,
    pub window: SuppressionWindow,
    /// Names of the health rules whose violations are not told; empty: nothing is.
    #[schema(max_items = 500)]
    pub rules: Vec<String>,
    /// Empty: whatever an event affects.
    #[schema(max_items = 50)]
    pub entities: Vec<EntitySelection>,
}

/// A suppression.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Suppression {
    pub id: u32,
    pub name: String,
    #[schema(required)]
    pub application: Option<Ref>,
    pub enabled: bool,
    pub window: SuppressionWindow,
    pub rules: Vec<String>,
    pub entities: Vec<EntitySelection>,
    pub changed_at: i64,
    /// Whether it is on now.
    pub on: bool,
    /// When it is on within the range asked for, to five minutes: from and to.
    pub stretches: Vec<Stretch>,
}

/// A stretch of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Stretch {
    pub from: i64,
    pub to: i64,
}

/// How the connection to the mail server is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum MailSecurity {
    None,
    StartTls,
    Tls,
}

/// The server that sends emails.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MailServer {
    #[schema(min_length = 1, max_length = 255)]
    pub host: String,
    #[schema(minimum = 1, maximum = 65535)]
    pub port: u16,
    pub security: MailSecurity,
    /// Empty: nobody signs in.
    #[schema(max_length = 255)]
    pub user: String,
    /// `Vedette <vedette@example.com>`.
    #[schema(max_length = 255)]
    pub from: String,
}

/// What notices are sent by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct NotificationSettings {
    #[schema(required)]
    pub mail: Option<MailServer>,
    /// Whether a password is stored. It is never shown.
    pub has_password: bool,
}

/// What notices are to be sent by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({"mail": {"host": "smtp.example.com", "port": 587, "security": "start_tls",
    "user": "vedette", "from": "Vedette <vedette@example.com>"}, "password": null}))]
pub struct NewNotificationSettings {
    /// Null: no emails.
    pub mail: Option<MailServer>,
    /// Null keeps the one before.
    #[schema(max_length = 1000)]
    pub password: Option<String>,
}

/// To whom a test of the mail server goes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MailTest {
    #[schema(max_length = 255)]
    pub to: String,
}

/// What policies and actions can be made of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct NoticeOptions {
    pub event_types: Vec<EventTypeGroup>,
    pub presets: Vec<ActionPreset>,
    /// Names of the commands that the settings file allows.
    pub commands: Vec<String>,
}

/// Types of events that belong together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EventTypeGroup {
    pub name: String,
    pub types: Vec<String>,
}

/// A ready HTTP request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ActionPreset {
    pub id: String,
    pub name: String,
    pub help: String,
    /// Names of the secrets it needs, and what they are.
    pub secrets: Vec<NameValue>,
    pub doing: Doing,
}
