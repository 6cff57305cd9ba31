//! Violations of health rules, and how entities are.

use model::rule::{Evidence, Level, Rule};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{page::Partial, reference::Ref};

/// A violation of a health rule by an entity.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Violation {
    pub id: u32,
    pub application: Ref,
    /// As it was called when the violation opened; it may be gone.
    pub rule: Ref,
    pub entity: Ref,
    pub entity_kind: ViolatedKind,
    /// A node's tier: nodes of several tiers are often called the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tier: Option<Ref>,
    /// How bad it is, or was at last.
    pub level: Level,
    pub status: ViolationStatus,
    pub opened_at: i64,
    /// Of its last change.
    pub changed_at: i64,
    #[schema(required)]
    pub closed_at: Option<i64>,
    /// What decided its last change, in words.
    pub summary: String,
}

/// A violation with all that happened to it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ViolationDetail {
    pub violation: Violation,
    /// The rule as it was when the violation opened; left out where that was not kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<Rule>,
    /// In order. After a thousand, those that only say that it goes on are left out.
    pub changes: Vec<ViolationChange>,
}

/// Something that happened to a violation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ViolationChange {
    pub kind: ViolationChangeKind,
    /// The level it has from then on, or had until then.
    pub level: Level,
    /// The end of the minute in which it was seen.
    pub at: i64,
    pub evidence: Evidence,
    /// What decided, in words.
    pub summary: String,
}

/// What kind of change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ViolationChangeKind {
    Opened,
    Continued,
    Upgraded,
    Downgraded,
    Closed,
    Canceled,
}

/// How a violation stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ViolationStatus {
    Open,
    /// The rule holds again.
    Resolved,
    /// Nobody can say any more: rule or entity changed, or went.
    Canceled,
}

/// What an entity is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ViolatedKind {
    Application,
    Tier,
    Node,
    BusinessTransaction,
    ServiceEndpoint,
    Backend,
    Queue,
    Error,
}

/// How the entities of an application are, by the health rules that affect them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct EntityHealths {
    /// The end of the minute that was judged last; null before the first.
    #[schema(required)]
    pub at: Option<i64>,
    /// By id; those that no rule affects are left out.
    pub entities: Vec<EntityHealth>,
    #[schema(required)]
    pub partial: Option<Partial>,
}

/// How an entity is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EntityHealth {
    pub id: u32,
    pub health: HealthLevel,
}

/// The worst that a rule says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum HealthLevel {
    /// No rule can say anything: nothing was reported.
    Unknown,
    Normal,
    Warning,
    Critical,
}
