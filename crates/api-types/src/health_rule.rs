//! Health rules and schedules, and what a rule would have found. The rule itself is the model's: what is stored, judged by
//! and shown is one shape.

use model::rule::{Evidence, Level, Rule, Schedule};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{page::Partial, reference::Ref};

/// A health rule of an application.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct HealthRule {
    pub id: u32,
    pub application: Ref,
    /// 1 at first, one more after each change.
    pub version: u32,
    pub changed_at: i64,
    /// Whether every application begins with a rule of this name. Its version is 1 while nobody has changed it.
    pub factory: bool,
    pub rule: Rule,
}

/// Whom a rule would judge just now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AffectedEntities {
    /// By id; at most 200.
    pub entities: Vec<Ref>,
    /// With those beyond that.
    pub total: u32,
}

/// Whether a rule is judged by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"enabled": false}))]
pub struct Enabled {
    pub enabled: bool,
}

/// A schedule of an application's rules.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RuleSchedule {
    pub id: u32,
    pub schedule: Schedule,
}

/// A rule that is to be run over the past.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewBackTest {
    pub rule: Rule,
    /// Hours until now, 1 to 192: single minutes are kept for eight days.
    #[schema(minimum = 1, maximum = 192)]
    pub hours: u32,
    /// Whose minutes are charted; without it those of whoever would have broken the rule longest.
    #[serde(default)]
    pub entity: Option<u32>,
    /// Only `entity` is looked at.
    #[serde(default)]
    pub alone: bool,
    /// Where the hours end, Unix milliseconds; now when null or later than that.
    #[serde(default)]
    pub until: Option<i64>,
}

/// What a rule would have found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct BackTest {
    /// The range that was looked at.
    pub from: i64,
    pub to: i64,
    /// Entities that were judged.
    pub entities: u32,
    /// Those of them of which nobody could tell anything in any minute: nothing was reported of what the rule looks at, there is
    /// no baseline yet, or its schedule was never on.
    pub unjudged: u32,
    /// By their beginning; at most 500.
    pub episodes: Vec<Episode>,
    /// There were more.
    pub more: bool,
    #[schema(required)]
    pub chart: Option<RuleChart>,
    #[schema(required)]
    pub partial: Option<Partial>,
}

/// A time in which an entity would have broken the rule.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Episode {
    pub entity: Ref,
    /// A node's tier: nodes of several tiers are often called the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tier: Option<Ref>,
    pub from: i64,
    /// Null while it goes on at the range's end.
    #[schema(required)]
    pub to: Option<i64>,
    /// The worst that was reached.
    pub level: Level,
    pub evidence: Evidence,
    /// What decided, in words.
    pub summary: String,
    /// The suppression, of those that there are now, under which it began: nobody would have been told then, but, had it gone
    /// on, afterwards. Left out where there was none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub silenced_by: Option<Ref>,
}

/// One entity's minutes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RuleChart {
    pub entity: Ref,
    /// Whose conditions these are.
    pub level: Level,
    /// Minutes from `from` on; each series has a value for every one of them.
    pub from: i64,
    pub conditions: Vec<ConditionSeries>,
    /// How the entity would have been in each minute.
    pub levels: Vec<Option<Level>>,
}

/// The minutes of one condition.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ConditionSeries {
    pub short_name: String,
    /// Of each minute alone.
    pub values: Vec<Option<f64>>,
    /// What is compared in each minute: the value of its whole window, unless the condition counts minutes.
    pub compared: Vec<Option<f64>>,
    /// What that is compared with.
    pub thresholds: Vec<Option<f64>>,
}
