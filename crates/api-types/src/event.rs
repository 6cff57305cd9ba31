//! Events: what happened, when, and to whom.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::reference::Ref;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum EventSeverity {
    Info,
    Warn,
    Error,
}

/// What kind of thing an event is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum EventSubject {
    Application,
    Tier,
    Node,
    BusinessTransaction,
    ServiceEndpoint,
    Backend,
    Queue,
    ErrorGroup,
    HealthRule,
    Policy,
    Action,
    Other,
}

/// Whom an event is about, with the name of then.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EventEntity {
    pub kind: EventSubject,
    pub id: u32,
    pub name: String,
    /// A node's tier: nodes of several tiers are often called the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tier: Option<Ref>,
}

/// A name and a value that an event was given.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EventProperty {
    pub name: String,
    pub value: String,
}

/// A name and a value for an event to be posted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct NewEventProperty {
    #[schema(min_length = 1, max_length = 1000)]
    pub name: String,
    #[schema(max_length = 1000)]
    pub value: String,
}

/// An event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "id": 17, "application": {"id": 1, "name": "shop"}, "type": "APPLICATION_DEPLOYMENT", "custom_type": "",
    "severity": "INFO", "at": 1_790_000_000_000i64, "summary": "stock: version 1.4.0 after 1.3.2", "comment": "",
    "repeats": 1, "affected": [{"kind": "TIER", "id": 7, "name": "stock"}], "triggered": null,
    "properties": [{"name": "version", "value": "1.4.0"}], "is_read": false, "is_resolved": false
}))]
pub struct Event {
    pub id: u32,
    /// Null: of the whole account.
    #[schema(required)]
    pub application: Option<Ref>,
    /// `APPLICATION_DEPLOYMENT`, `APP_SERVER_RESTART`, `CUSTOM`, ….
    #[serde(rename = "type")]
    pub kind: String,
    /// What a `CUSTOM` event is; else empty.
    pub custom_type: String,
    pub severity: EventSeverity,
    pub at: i64,
    pub summary: String,
    pub comment: String,
    /// How often it happened from `at` on, where one event stands for several.
    pub repeats: u32,
    pub affected: Vec<EventEntity>,
    /// What made it, a health rule for one.
    #[schema(required)]
    pub triggered: Option<EventEntity>,
    pub properties: Vec<EventProperty>,
    pub is_read: bool,
    pub is_resolved: bool,
}

/// An event to be posted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "application": 1, "type": "APPLICATION_DEPLOYMENT", "summary": "stock 1.4.0", "affected": [7],
    "properties": [{"name": "commit", "value": "4f2a91c"}]
}))]
pub struct NewEvent {
    /// Id of an application.
    pub application: u32,
    /// `APPLICATION_DEPLOYMENT`, `APPLICATION_CONFIG_CHANGE`, `APP_SERVER_RESTART` or `CUSTOM`.
    #[serde(rename = "type")]
    #[schema(
        pattern = "^(APPLICATION_DEPLOYMENT|APPLICATION_CONFIG_CHANGE|APP_SERVER_RESTART|CUSTOM)$"
    )]
    pub kind: String,
    /// What a `CUSTOM` event is, and only of such.
    #[serde(default)]
    #[schema(max_length = 255)]
    pub custom_type: String,
    #[serde(default = "info")]
    pub severity: EventSeverity,
    /// When it happened: within the last 14 days, or at most an hour ahead; now when not given.
    #[serde(default)]
    pub at: Option<i64>,
    /// One line.
    #[schema(min_length = 1, max_length = 1000, pattern = r"\S")]
    pub summary: String,
    #[serde(default)]
    #[schema(max_length = 4000)]
    pub comment: String,
    /// Ids of tiers, nodes, business transactions, backends, … of the application; at most 50.
    #[serde(default)]
    #[schema(max_items = 50)]
    pub affected: Vec<u32>,
    #[serde(default)]
    #[schema(max_items = 50)]
    pub properties: Vec<NewEventProperty>,
}

fn info() -> EventSeverity {
    EventSeverity::Info
}

/// Marks of an event; what is not given stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({"is_resolved": true}))]
pub struct EventMarks {
    #[serde(default)]
    pub is_read: Option<bool>,
    #[serde(default)]
    pub is_resolved: Option<bool>,
}

/// How many events there are of a type and severity.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EventCount {
    #[serde(rename = "type")]
    pub kind: String,
    pub severity: EventSeverity,
    pub count: u64,
}

/// What the events of a range are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({"counts": [{"type": "APPLICATION_DEPLOYMENT", "severity": "INFO", "count": 2}], "total": 2}))]
pub struct EventSummary {
    /// By type, then severity.
    pub counts: Vec<EventCount>,
    pub total: u64,
}
