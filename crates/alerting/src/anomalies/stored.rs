//! What is stored of anomalies, causes and incidents as JSON. Fields are only ever added.

use model::anomaly::{AnomalousKind, CauseVerdict, EvidenceKind, EvidenceLink};
use serde::{Deserialize, Serialize};

use super::words::called;

/// An entity as it was called then.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Named {
    pub id: u32,
    pub name: String,
    pub kind: AnomalousKind,
    /// A node's tier: nodes of several tiers are often called the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tier: Option<Box<Named>>,
}

impl Named {
    /// Something that is no node.
    pub(super) fn new(id: u32, name: &str, kind: AnomalousKind) -> Named {
        Named { id, name: name.to_owned(), kind, tier: None }
    }

    /// As it is called in sentences: `node vm-1 of catalog`.
    pub(super) fn called(&self) -> String {
        called(self.kind, &self.name, self.tier.as_ref().map(|tier| tier.name.as_str()))
    }
}

/// Who is suspected most.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Brief {
    pub entity: Named,
    /// 0 to 1.
    pub confidence: f64,
}

/// What is stored with an anomaly, for lists.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Body {
    /// The path of the metric that deviates most.
    pub metric: Option<String>,
    pub unit: String,
    /// At its worst minute, in that unit.
    pub observed: f64,
    pub expected: f64,
    /// In mean deviations of the series at that hour, signed.
    pub deviation: f64,
    /// How rare that was: log₁₀ of minutes.
    pub rarity: f64,
    pub shift: bool,
    pub verdict: CauseVerdict,
    pub suspect: Option<Brief>,
    /// One sentence: what happened and why.
    pub summary: String,
    /// An open incident explained it already: it raises no events.
    pub quiet: bool,
}

/// What is suspected behind an anomaly.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct FoundCauses {
    pub verdict: CauseVerdict,
    /// Best first.
    pub suspects: Vec<StoredSuspect>,
    /// How likely it is that none of them is at fault.
    pub none: f64,
    pub operations: Vec<Operation>,
    /// Tiers and backends that the calls go through.
    pub through: Vec<u32>,
    /// Why it may not be whole; sentences.
    pub lacks: Vec<String>,
}

/// An entity that may be at fault.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StoredSuspect {
    pub entity: Named,
    /// A node's tier.
    pub tier: Option<Named>,
    /// The suspicion is that its load rose.
    pub load: bool,
    pub confidence: f64,
    pub share_of_time: f64,
    pub share_of_errors: f64,
    /// From the suspect to whoever suffers.
    pub path: Vec<Named>,
    pub victims: Vec<Named>,
    /// Strongest first.
    pub evidence: Vec<StoredEvidence>,
}

/// Something that speaks for a suspect.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StoredEvidence {
    pub kind: EvidenceKind,
    /// Nats.
    pub weight: f64,
    /// A sentence with figures.
    pub text: String,
    pub observed: Option<f64>,
    pub expected: Option<f64>,
    pub unit: String,
    /// Unix milliseconds, of what happened at a time.
    pub at: Option<i64>,
    pub link: EvidenceLink,
}

/// An operation before the onset and since, times in ms a call, calls and errors a minute.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Operation {
    pub tier: Named,
    pub name: String,
    pub before_ms: Option<f64>,
    pub after_ms: Option<f64>,
    pub before_calls: f64,
    pub after_calls: f64,
    pub before_errors: f64,
    pub after_errors: f64,
}

/// What is stored with an incident.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct IncidentBody {
    pub summary: String,
    pub cause: Option<Brief>,
    /// Whom it struck and whom its paths touch: what joins is looked for among these.
    pub touched: Vec<u32>,
    /// Whom else its transactions go through, and hosts that it is about: what deviates there meanwhile is part of it.
    pub through: Vec<u32>,
    pub hosts: Vec<String>,
}
