//! Anomalies as data: what can deviate, how it stands, what speaks for a suspect and where that is to be seen, and how an
//! application wants to be watched. Finding them is `analysis`' and `alerting`'s.

use serde::{Deserialize, Serialize};

use crate::{entity::EntityKind, rule::RuleError};

/// What an entity under watch, or under suspicion, is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum AnomalousKind {
    BusinessTransaction,
    Tier,
    Node,
    ServiceEndpoint,
    /// A database, a cache, a host that is called, a queue.
    Backend,
    /// A host on which nodes run. It has no id of its own: that of a node on it stands for it.
    Server,
}

impl AnomalousKind {
    /// That of an entity; none where such entities are not watched.
    pub fn of(kind: EntityKind) -> Option<AnomalousKind> {
        Some(match kind {
            EntityKind::BusinessTransaction => AnomalousKind::BusinessTransaction,
            EntityKind::Tier => AnomalousKind::Tier,
            EntityKind::Node => AnomalousKind::Node,
            EntityKind::ServiceEndpoint => AnomalousKind::ServiceEndpoint,
            EntityKind::Backend | EntityKind::Queue => AnomalousKind::Backend,
            EntityKind::Application | EntityKind::ErrorGroup | EntityKind::Address => return None,
        })
    }

    /// As people read it.
    pub fn name(self) -> &'static str {
        match self {
            AnomalousKind::BusinessTransaction => "business transaction",
            AnomalousKind::Tier => "tier",
            AnomalousKind::Node => "node",
            AnomalousKind::ServiceEndpoint => "service endpoint",
            AnomalousKind::Backend => "backend",
            AnomalousKind::Server => "server",
        }
    }
}

/// What is watched of an entity; the numbers are persisted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[repr(u8)]
pub enum AnomalyMeasure {
    /// The mean response time of a minute, ms.
    ResponseTime = 1,
    /// Which part of a minute's calls failed, %.
    ErrorShare = 2,
    /// Calls a minute.
    Calls = 3,
    /// A metric of a node, in its own unit.
    Metric = 4,
}

impl AnomalyMeasure {
    /// Reads the persisted number; what a newer version made counts as a metric.
    pub fn from_number(number: u8) -> AnomalyMeasure {
        match number {
            1 => AnomalyMeasure::ResponseTime,
            2 => AnomalyMeasure::ErrorShare,
            3 => AnomalyMeasure::Calls,
            _ => AnomalyMeasure::Metric,
        }
    }

    /// The unit that it is shown in; a metric has its own.
    pub fn unit(self) -> &'static str {
        match self {
            AnomalyMeasure::ResponseTime => "ms",
            AnomalyMeasure::ErrorShare => "%",
            AnomalyMeasure::Calls => "calls/min",
            AnomalyMeasure::Metric => "",
        }
    }
}

/// How a series is in a minute.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum AnomalyState {
    /// Too little is known for a verdict.
    Learning,
    Normal,
    Warning,
    Critical,
    NoData,
}

/// What happened to an anomaly; the numbers are persisted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[repr(u8)]
pub enum AnomalyChangeKind {
    Opened = 1,
    Upgraded = 2,
    Downgraded = 3,
    /// It is as usual again, or nobody can say any more.
    Closed = 4,
    /// It stays where it went: that is usual from then on, and the anomaly is over.
    Shifted = 5,
}

impl AnomalyChangeKind {
    /// Reads the persisted number.
    pub fn from_number(number: u8) -> Option<AnomalyChangeKind> {
        use AnomalyChangeKind::*;
        [Opened, Upgraded, Downgraded, Closed, Shifted]
            .into_iter()
            .find(|kind| *kind as u8 == number)
    }
}

/// What came of looking for a cause.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum CauseVerdict {
    /// It has not been looked for yet, or is looked for only with the business transactions that suffer from it.
    #[default]
    Pending,
    /// The first suspect.
    Cause,
    /// Nothing is broken: the load rose beyond what the system takes.
    Load,
    NoClearCause,
}

/// What kind of thing speaks for a suspect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum EvidenceKind {
    /// Its calls take longer without what it waits for.
    OwnTime,
    /// More of its calls fail without a failed exit call.
    OwnErrors,
    /// Time between a caller and a callee, or in a callee that does not report.
    Between,
    /// Calls that fail without the callee knowing.
    FailedCalls,
    PoolWait,
    /// More exit calls for each call taken.
    MoreCalls,
    /// A metric of a node leaves its band beyond what the load explains.
    Resource,
    /// Spans of an operation fail without a failed child.
    DeepestError,
    /// Spans lack child spans that they used to have.
    LostCalls,
    FewerCalls,
    /// Warnings or errors in the log that come more or less often.
    LogTemplate,
    /// An exception that comes more often.
    Exception,
    /// A deployment, a change of configuration, a restart shortly before.
    Change,
    /// It reported before, and no longer.
    Silent,
    /// The load rose.
    Load,
    /// A statement takes longer than before, or came new.
    Statement,
    /// An operation takes longer by itself, in traces.
    Operation,
}

/// Where a piece of evidence is to be seen.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(tag = "kind", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum EvidenceLink {
    /// A series of an entity.
    Series {
        entity: u32,
        entity_kind: AnomalousKind,
        measure: AnomalyMeasure,
        /// The path of a metric.
        metric: Option<String>,
    },
    /// The calls from one entity to another.
    Edge { from: u32, to: u32 },
    /// Transactions; what is null does not matter.
    Traces { business_transaction: Option<u32>, tier: Option<u32>, errors_only: bool },
    /// A span of a trace, both by their ids in hexadecimal digits.
    Trace { trace: String, span: String },
    /// Log records.
    Logs { tier: Option<u32>, severity: String, text: String },
    /// An event.
    Event { id: u32 },
    /// The page of an entity.
    Entity { entity: u32, entity_kind: AnomalousKind },
    /// A group of exceptions.
    ErrorGroup { id: u32 },
}

/// How much operators want to hear.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum AnomalySensitivity {
    /// Three times as rare as usual.
    Low,
    #[default]
    Medium,
    /// Three times as common.
    High,
}

/// Business transactions with settings of their own in one application.
pub const MAX_TRANSACTION_SETTINGS: usize = 1_000;

/// How an application is watched.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct AnomalySettings {
    /// Switched off, everything that was learnt is forgotten; switched on again it is learnt from what is stored.
    pub enabled: bool,
    pub sensitivity: AnomalySensitivity,
    /// Deviations from what is expected by less than this share of it are never anomalous, percent, 0 to 1000.
    #[cfg_attr(feature = "schema", schema(minimum = 0, maximum = 1000))]
    pub min_deviation_percent: f64,
    /// Response times less than this above what is expected are never anomalous, ms, 0 to 600000.
    #[cfg_attr(feature = "schema", schema(minimum = 0, maximum = 600_000))]
    pub min_deviation_ms: f64,
    /// Response times and error shares of fewer calls a minute are never anomalous, 0 to 1000000.
    #[cfg_attr(feature = "schema", schema(minimum = 0, maximum = 1_000_000))]
    pub min_calls: f64,
    /// Business transactions that are watched in another way, each once.
    #[cfg_attr(feature = "schema", schema(max_items = 1000))]
    pub transactions: Vec<TransactionSettings>,
}

/// How one business transaction is watched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct TransactionSettings {
    pub id: u32,
    pub enabled: bool,
    pub sensitivity: AnomalySensitivity,
}

impl Default for AnomalySettings {
    fn default() -> AnomalySettings {
        AnomalySettings {
            enabled: true,
            sensitivity: AnomalySensitivity::Medium,
            min_deviation_percent: 10.0,
            min_deviation_ms: 2.0,
            min_calls: 3.0,
            transactions: Vec::new(),
        }
    }
}

impl AnomalySettings {
    /// Refuses what makes no sense, with a sentence that says what to change.
    ///
    /// # Errors
    /// When a limit is out of its range or a transaction is named twice.
    pub fn check(&self) -> Result<(), RuleError> {
        let limits = [
            ("min_deviation_percent", self.min_deviation_percent, 1_000.0),
            ("min_deviation_ms", self.min_deviation_ms, 600_000.0),
            ("min_calls", self.min_calls, 1_000_000.0),
        ];
        for (name, value, most) in limits {
            if !(0.0..=most).contains(&value) {
                return Err(RuleError::new(format!("{name} has to be from 0 to {most}")));
            }
        }
        if self.transactions.len() > MAX_TRANSACTION_SETTINGS {
            return Err(RuleError::new(format!(
                "at most {MAX_TRANSACTION_SETTINGS} business transactions can have settings of their own"
            )));
        }
        let mut ids: Vec<u32> = self.transactions.iter().map(|one| one.id).collect();
        ids.sort_unstable();
        match ids.windows(2).find(|pair| pair[0] == pair[1]) {
            Some(pair) => Err(RuleError::new(format!(
                "business transaction {} is named twice in transactions",
                pair[0]
            ))),
            None => Ok(()),
        }
    }

    /// How a business transaction is watched; nothing where it is not.
    pub fn of_transaction(&self, id: u32) -> Option<AnomalySensitivity> {
        match self.transactions.iter().find(|one| one.id == id) {
            Some(one) => one.enabled.then_some(one.sensitivity),
            None => Some(self.sensitivity),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_that_make_no_sense_are_refused_with_what_to_change() {
        let check = |change: &dyn Fn(&mut AnomalySettings), expected: &str| {
            let mut settings = AnomalySettings::default();
            change(&mut settings);
            let refused = settings.check().err().map(|error| error.to_string()).unwrap_or_default();
            assert!(
                refused.contains(expected) && refused.is_empty() == expected.is_empty(),
                "{refused}"
            );
        };
        let one =
            TransactionSettings { id: 7, enabled: false, sensitivity: AnomalySensitivity::Low };
        check(&|_| {}, "");
        check(&|settings| settings.min_calls = f64::NAN, "min_calls");
        check(&|settings| settings.min_deviation_ms = -1.0, "min_deviation_ms");
        check(&|settings| settings.transactions = vec![one], "");
        check(
            &|settings| settings.transactions = vec![one, one],
            "business transaction 7 is named twice",
        );
    }

    #[test]
    fn a_transaction_can_be_watched_in_another_way() {
        let settings = AnomalySettings {
            transactions: vec![
                TransactionSettings { id: 7, enabled: false, sensitivity: AnomalySensitivity::Low },
                TransactionSettings { id: 8, enabled: true, sensitivity: AnomalySensitivity::High },
            ],
            ..AnomalySettings::default()
        };
        assert_eq!(settings.of_transaction(7), None);
        assert_eq!(settings.of_transaction(8), Some(AnomalySensitivity::High));
        assert_eq!(settings.of_transaction(9), Some(AnomalySensitivity::Medium));
    }
}
