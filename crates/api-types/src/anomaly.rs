//! Anomalies, what is suspected behind them, incidents, and how applications are watched.

use model::{
    anomaly::{
        AnomalousKind, AnomalyChangeKind, AnomalyMeasure, AnomalySensitivity, AnomalyState,
        CauseVerdict, EvidenceKind, EvidenceLink,
    },
    rule::Level,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{page::Partial, reference::Ref, violation::Violation};

/// A time in which an entity does not do what it usually does. Whatever of it deviates meanwhile is this one anomaly.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Anomaly {
    pub id: u32,
    pub application: Ref,
    pub entity: Ref,
    pub entity_kind: AnomalousKind,
    /// A node's tier: nodes of several tiers are often called the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tier: Option<Ref>,
    /// What deviates most.
    pub measure: AnomalyMeasure,
    /// The path of the metric below its node, of `METRIC` alone.
    #[schema(required)]
    pub metric: Option<String>,
    /// How bad it is, or was at last.
    pub level: Level,
    /// How bad it was at its worst.
    pub worst: Level,
    pub status: AnomalyStatus,
    /// Since when it deviates, found back in time.
    pub onset_at: i64,
    /// When that was seen: the end of the minute.
    pub opened_at: i64,
    /// When it opened, got worse or better, or ended.
    pub changed_at: i64,
    #[schema(required)]
    pub closed_at: Option<i64>,
    /// At its worst minute, in `unit`.
    pub observed: f64,
    pub expected: f64,
    /// `ms`, `%`, `calls/min`, or the metric's.
    pub unit: String,
    /// In mean deviations of this series at this hour; above 0 when higher than expected.
    pub deviation: f64,
    /// It stays where it went: a shift of its level.
    pub shift: bool,
    /// Who is suspected most; null while nobody is, or no cause is clear.
    #[schema(required)]
    pub top_suspect: Option<SuspectBrief>,
    pub verdict: CauseVerdict,
    /// The incident that it belongs to.
    #[schema(required)]
    pub incident: Option<u32>,
    /// One sentence: what happened, and why.
    pub summary: String,
}

/// How an anomaly or an incident stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum AnomalyStatus {
    Open,
    Closed,
}

/// Who is suspected most.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SuspectBrief {
    pub entity: Ref,
    pub entity_kind: AnomalousKind,
    /// A node's tier: nodes of several tiers are often called the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tier: Option<Ref>,
    /// 0 to 1.
    pub confidence: f64,
}

/// An anomaly with all that is known of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct AnomalyDetail {
    pub anomaly: Anomaly,
    /// In order.
    pub changes: Vec<AnomalyChange>,
    /// The series that deviate with what was expected of them, from an hour before the onset to an hour after the end, or until now; the one that
    /// deviates most first. At most a day: of a longer one its beginning.
    pub series: Vec<AnomalySeries>,
    /// Best first, at most ten.
    pub suspects: Vec<Suspect>,
    /// How likely it is that none of them is at fault, 0 to 1.
    pub no_clear_cause: f64,
    /// From the first suspect to whoever suffers.
    pub path: Vec<PathStep>,
    /// What takes longer or fails more since the onset than in the hour before, at most ten.
    pub operations: Vec<OperationChange>,
    /// Earlier ones of the same entity and measure, or with the same first suspect, newest first, at most ten.
    pub similar: Vec<Anomaly>,
    /// What people said of it, in order.
    pub feedback: Vec<Feedback>,
    #[schema(required)]
    pub partial: Option<Partial>,
}

/// Something that happened to an anomaly.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AnomalyChange {
    pub kind: AnomalyChangeKind,
    /// The level it has from then on, or had until then.
    pub level: Level,
    /// The end of the minute in which it was seen.
    pub at: i64,
    pub summary: String,
}

/// A series with what was expected of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct AnomalySeries {
    pub measure: AnomalyMeasure,
    #[schema(required)]
    pub metric: Option<String>,
    pub unit: String,
    pub step_ms: i64,
    pub points: Vec<AnomalyPoint>,
}

/// A minute of a series.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct AnomalyPoint {
    /// The beginning of the minute.
    pub at: i64,
    /// Null where nothing was measured.
    #[schema(required)]
    pub value: Option<f64>,
    #[schema(required)]
    pub expected: Option<f64>,
    /// Below it a value is anomalous; null where falls are not, or nothing is known.
    #[schema(required)]
    pub low: Option<f64>,
    /// Above it a value is anomalous.
    #[schema(required)]
    pub high: Option<f64>,
    pub state: AnomalyState,
}

/// An entity that may be at fault.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Suspect {
    pub entity: Ref,
    pub entity_kind: AnomalousKind,
    /// A node's tier.
    #[schema(required)]
    pub tier: Option<Ref>,
    /// The suspicion is that its load rose.
    pub load: bool,
    /// 0 to 1.
    pub confidence: f64,
    /// Which part of the extra time, and of the extra failures, it adds itself; 0 to 1.
    pub share_of_time: f64,
    pub share_of_errors: f64,
    /// From the suspect to whoever suffers.
    pub path: Vec<PathStep>,
    /// Others that suffer from it.
    pub victims: Vec<PathStep>,
    /// Strongest first.
    pub evidence: Vec<CauseEvidence>,
}

/// An entity on a way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PathStep {
    pub entity: Ref,
    pub entity_kind: AnomalousKind,
    /// A node's tier: nodes of several tiers are often called the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tier: Option<Ref>,
}

/// Something that speaks for a suspect.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CauseEvidence {
    pub kind: EvidenceKind,
    /// How much, nats: by what factor a fault there is likelier, as a logarithm.
    pub weight: f64,
    /// One sentence with figures.
    pub text: String,
    #[schema(required)]
    pub observed: Option<f64>,
    #[schema(required)]
    pub expected: Option<f64>,
    pub unit: String,
    /// Of what happened at a time.
    #[schema(required)]
    pub at: Option<i64>,
    /// Where it is to be seen.
    pub link: EvidenceLink,
}

/// An operation before the onset and since.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct OperationChange {
    pub tier: Ref,
    /// Of a service endpoint, or `calls to` a backend.
    pub name: String,
    /// A call, ms.
    #[schema(required)]
    pub before_ms: Option<f64>,
    #[schema(required)]
    pub after_ms: Option<f64>,
    /// A minute.
    pub before_calls: f64,
    pub after_calls: f64,
    pub before_errors: f64,
    pub after_errors: f64,
}

/// What somebody said of an anomaly. It is kept, and changes nothing of how anomalies are found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Feedback {
    pub at: i64,
    /// The name of a user or API client.
    pub by: String,
    pub verdict: FeedbackVerdict,
    #[schema(required)]
    pub suspect: Option<Ref>,
    pub note: String,
}

/// What is said of an anomaly.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum FeedbackVerdict {
    /// Nothing was wrong.
    Noise,
    CauseConfirmed,
    CauseWrong,
}

/// Something to be said of an anomaly.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"verdict": "CAUSE_CONFIRMED", "suspect": 7, "note": "the index was missing"}))]
pub struct NewFeedback {
    pub verdict: FeedbackVerdict,
    /// Whom it is about: the id of a suspect's entity.
    #[serde(default)]
    pub suspect: Option<u32>,
    /// At most 1000 characters.
    #[serde(default)]
    #[schema(max_length = 1000)]
    pub note: String,
}

/// Anomalies and violations that have one cause.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Incident {
    pub id: u32,
    pub application: Ref,
    pub status: AnomalyStatus,
    /// How bad the worst of it was.
    pub level: Level,
    pub opened_at: i64,
    #[schema(required)]
    pub closed_at: Option<i64>,
    pub summary: String,
    #[schema(required)]
    pub cause: Option<SuspectBrief>,
    pub anomalies: u32,
    pub violations: u32,
}

/// An incident with what belongs to it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct IncidentDetail {
    pub incident: Incident,
    /// The first 200; `incident` says how many there are.
    pub anomalies: Vec<Anomaly>,
    /// The first 200.
    pub violations: Vec<Violation>,
}

/// How a series is judged, and why.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct AnomalyModel {
    pub entity: Ref,
    pub entity_kind: AnomalousKind,
    /// A node's tier: nodes of several tiers are often called the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tier: Option<Ref>,
    pub measure: AnomalyMeasure,
    #[schema(required)]
    pub metric: Option<String>,
    pub unit: String,
    /// Just now.
    pub state: AnomalyState,
    pub seasonality: Seasonality,
    /// How many readings it rests on.
    pub readings: u32,
    /// The first reading, while too little is known for a verdict.
    #[schema(required)]
    pub learning_since: Option<i64>,
    /// How often it deviates.
    pub episodes_a_week: f64,
    /// log₁₀ of minutes: how rare a deviation has to be for a warning, and to be critical.
    pub warning_rarity: f64,
    pub critical_rarity: f64,
    /// What is usual in the hours of a day, from midnight, or of a week, from Monday's; nothing while it is learning.
    pub season: Vec<SeasonHour>,
    pub points: Vec<ModelPoint>,
    #[schema(required)]
    pub partial: Option<Partial>,
}

/// What a series repeats.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Seasonality {
    None,
    Day,
    DayAndWeekend,
}

/// What is usual in an hour, in the account's time zone.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SeasonHour {
    /// 0 to 23, or 0 to 167.
    pub hour: u32,
    pub expected: f64,
    #[schema(required)]
    pub low: Option<f64>,
    pub high: f64,
}

/// A minute of a series, and why it is or is not anomalous.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ModelPoint {
    pub at: i64,
    #[schema(required)]
    pub value: Option<f64>,
    #[schema(required)]
    pub expected: Option<f64>,
    #[schema(required)]
    pub low: Option<f64>,
    #[schema(required)]
    pub high: Option<f64>,
    pub state: AnomalyState,
    /// log₁₀ of the minutes in which the like is expected once; 0 for what is usual.
    pub rarity: f64,
    /// The mean deviation that is usual at this hour.
    pub usual: f64,
    /// What the load adds to what is expected.
    pub by_load: f64,
    pub why: String,
}

/// A series that is to be run over the past.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "entity_kind": "BUSINESS_TRANSACTION", "entity": 17, "measure": "RESPONSE_TIME",
    "from": 1_785_700_000_000_i64, "to": 1_785_786_400_000_i64, "sensitivity": "HIGH"
}))]
pub struct NewAnomalyBackTest {
    pub entity_kind: AnomalousKind,
    pub entity: u32,
    pub measure: AnomalyMeasure,
    /// The path of a metric, of `METRIC` alone.
    #[serde(default)]
    #[schema(max_length = 1000)]
    pub metric: Option<String>,
    /// At most eight days, which is as long as single minutes are kept. It learns from what is stored of the two days before.
    pub from: i64,
    pub to: i64,
    pub sensitivity: AnomalySensitivity,
    /// Percent of what is expected; as the application's settings where it is not given.
    #[serde(default)]
    #[schema(minimum = 0, maximum = 1000)]
    pub min_deviation: Option<f64>,
    /// Calls a minute; likewise.
    #[serde(default)]
    #[schema(minimum = 0, maximum = 1_000_000)]
    pub min_calls: Option<f64>,
}

/// What would have been found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct AnomalyBackTested {
    pub unit: String,
    /// Every minute of the range.
    pub points: Vec<AnomalyPoint>,
    /// By their beginning, at most 500.
    pub episodes: Vec<AnomalyEpisode>,
    /// Minutes with a reading that were looked at.
    pub minutes: u32,
    /// Episodes a day.
    pub per_day: f64,
    #[schema(required)]
    pub partial: Option<Partial>,
}

/// A time in which a series would have been anomalous.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct AnomalyEpisode {
    /// The worst that it would have reached.
    pub level: Level,
    pub onset_at: i64,
    pub opened_at: i64,
    #[schema(required)]
    pub closed_at: Option<i64>,
    /// At its worst minute.
    pub observed: f64,
    pub expected: f64,
    pub deviation: f64,
    pub shift: bool,
}
