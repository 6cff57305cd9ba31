//! What decided: stored with each change of a violation as JSON, and shown as it is.

use model::{
    id::EntityId,
    rule::{Compare, Level},
};
use serde::{Deserialize, Serialize};

/// Nodes that are named.
const MAX_NODES: usize = 10;

/// Why a violation changed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Evidence {
    /// The level whose conditions these are.
    pub level: Option<Level>,
    /// The minute that was judged, Unix milliseconds of its start.
    pub minute_ms: i64,
    /// Minutes that were looked at.
    pub window_minutes: u16,
    pub conditions: Vec<SeenCondition>,
    /// Of a tier that is judged by its nodes: those that broke the rule, at most ten.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub nodes: Vec<SeenNode>,
    /// How many of its nodes did, of how many that could be judged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub broken_nodes: Option<(usize, usize)>,
    /// Why it was canceled.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
}

/// A condition as it was.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SeenCondition {
    pub short_name: String,
    pub name: String,
    /// The metric's path, or the expression.
    pub metric: String,
    pub compare: Compare,
    /// None where nothing was reported.
    pub value: Option<f64>,
    /// What it was compared with; none without a baseline.
    pub threshold: Option<f64>,
    /// Mean and standard deviation of the baseline.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected: Option<(f64, f64)>,
    /// Of conditions that count minutes: in how many it was so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minutes: Option<u16>,
    /// None where that cannot be told.
    pub holds: Option<bool>,
}

/// A node that broke its tier's rule.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SeenNode {
    pub id: EntityId,
    pub name: String,
    pub conditions: Vec<SeenCondition>,
}

impl Evidence {
    pub(super) fn canceled(reason: &str) -> Evidence {
        Evidence { reason: reason.to_owned(), ..Evidence::default() }
    }

    pub(super) fn with_nodes(mut self, nodes: Vec<SeenNode>, judged: usize) -> Evidence {
        self.broken_nodes = Some((nodes.len(), judged));
        self.nodes = nodes;
        self.nodes.truncate(MAX_NODES);
        self
    }

    /// As it is stored.
    pub fn json(&self) -> String {
        serde_json::to_string(self).expect("evidence is plain data with finite numbers")
    }

    /// The conditions that decided, in words: `Errors per Minute is 12 (more than 5)`.
    pub fn sentence(&self) -> String {
        if !self.reason.is_empty() {
            return self.reason.clone();
        }
        let of_nodes = self.nodes.iter().flat_map(|node| &node.conditions);
        let conditions = self.conditions.iter().chain(of_nodes);
        let held: Vec<String> = conditions
            .filter(|condition| condition.holds == Some(true))
            .map(SeenCondition::sentence)
            .take(3)
            .collect();
        let nodes =
            self.broken_nodes.map(|(broken, judged)| format!("{broken} of {judged} nodes: "));
        nodes.unwrap_or_default() + &held.join("; ")
    }
}

impl SeenCondition {
    fn sentence(&self) -> String {
        let value = self.value.map_or("not reported".to_owned(), short);
        let compared =
            self.threshold.map(|threshold| format!(" (compared with {})", short(threshold)));
        let expected =
            self.expected.map(|(mean, _)| format!(", where {} is expected", short(mean)));
        let minutes = self.minutes.map(|minutes| format!(" in {minutes} minutes"));
        format!(
            "{} is {value}{}{}{}",
            self.metric.rsplit('|').next().unwrap_or(&self.metric),
            compared.unwrap_or_default(),
            expected.unwrap_or_default(),
            minutes.unwrap_or_default()
        )
    }
}

/// A number as people read it: three digits after the point at most.
fn short(value: f64) -> String {
    let rounded = (value * 1000.0).round() / 1000.0;
    format!("{rounded}")
}
