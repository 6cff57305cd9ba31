//! What decided: stored with each change of a violation as JSON, and shown as it is.

use serde::{Deserialize, Serialize};

use super::{BaselineUnit, Compare, Deviation, Level, Operator};

/// Nodes that are named.
const MAX_NODES: usize = 10;

/// Why a violation changed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Evidence {
    /// The level whose conditions these are.
    #[cfg_attr(feature = "schema", schema(required))]
    pub level: Option<Level>,
    /// The minute that was judged, by its start.
    pub minute_ms: i64,
    /// Minutes that were looked at.
    pub window_minutes: u16,
    pub conditions: Vec<SeenCondition>,
    /// Of a tier that is judged by its nodes: those that broke the rule, at most ten.
    #[serde(default)]
    pub nodes: Vec<SeenNode>,
    /// How many of its nodes did.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schema(required))]
    pub broken_nodes: Option<BrokenNodes>,
    /// Why it was canceled; else empty.
    #[serde(default)]
    pub reason: String,
}

/// A condition as it was.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct SeenCondition {
    pub short_name: String,
    pub name: String,
    /// The metric's path, or the expression.
    pub metric: String,
    pub compare: Compare,
    /// Null where nothing was reported.
    #[cfg_attr(feature = "schema", schema(required))]
    pub value: Option<f64>,
    /// Of value, threshold and expectation; empty where there is none or nobody can tell.
    #[serde(default)]
    pub unit: String,
    /// What it was compared with; null without a baseline.
    #[cfg_attr(feature = "schema", schema(required))]
    pub threshold: Option<f64>,
    #[serde(default)]
    #[cfg_attr(feature = "schema", schema(required))]
    pub expected: Option<ExpectedValue>,
    /// Of conditions that count minutes: in how many it was so.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schema(required))]
    pub minutes: Option<u16>,
    /// Null where that cannot be told.
    #[cfg_attr(feature = "schema", schema(required))]
    pub holds: Option<bool>,
}

/// What a baseline said.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct ExpectedValue {
    pub mean: f64,
    /// Standard deviation.
    pub deviation: f64,
}

/// How many nodes broke the rule of their tier, of how many that could be judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct BrokenNodes {
    pub broken: u32,
    pub judged: u32,
}

/// A node that broke its tier's rule.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct SeenNode {
    pub id: u32,
    pub name: String,
    pub conditions: Vec<SeenCondition>,
}

impl Evidence {
    /// Of a violation that nobody can judge any more.
    pub fn canceled(reason: &str) -> Evidence {
        Evidence { reason: reason.to_owned(), ..Evidence::default() }
    }

    /// With the nodes that broke the rule, of so many.
    #[must_use]
    pub fn with_nodes(mut self, nodes: Vec<SeenNode>, judged: usize) -> Evidence {
        let count = |number| u32::try_from(number).unwrap_or(u32::MAX);
        self.broken_nodes = Some(BrokenNodes { broken: count(nodes.len()), judged: count(judged) });
        self.nodes = nodes;
        self.nodes.truncate(MAX_NODES);
        self
    }

    /// The conditions that decided, in words: those that held, or what was seen of all where none did.
    pub fn sentence(&self) -> String {
        if !self.reason.is_empty() {
            return self.reason.clone();
        }
        let of_nodes = self.nodes.iter().flat_map(|node| &node.conditions);
        let conditions: Vec<&SeenCondition> = self.conditions.iter().chain(of_nodes).collect();
        // Where none holds any more, that is what decided.
        let decided = conditions.iter().any(|condition| condition.holds == Some(true));
        let seen: Vec<String> = conditions
            .into_iter()
            .filter(|condition| condition.holds == Some(decided))
            .map(SeenCondition::sentence)
            .take(3)
            .collect();
        let seen = seen.join("; ");
        match self.broken_nodes {
            None => seen,
            Some(BrokenNodes { broken, judged }) if seen.is_empty() => {
                format!("{broken} of {judged} nodes")
            }
            Some(BrokenNodes { broken, judged }) => format!("{broken} of {judged} nodes: {seen}"),
        }
    }
}

impl SeenCondition {
    /// What the value would have to be for the condition not to hold, as people read it: `at most 90 %`. Empty where there
    /// was nothing to compare with.
    pub fn expectation(&self) -> String {
        let Some(threshold) = self.threshold else { return String::new() };
        let bound = format!("{} {}", short(threshold), self.unit);
        let bound = bound.trim_end();
        match &self.compare {
            Compare::Value { operator, .. } => match operator {
                Operator::Greater => format!("at most {bound}"),
                Operator::GreaterOrEqual => format!("below {bound}"),
                Operator::Less => format!("at least {bound}"),
                Operator::LessOrEqual => format!("above {bound}"),
                Operator::Equal => format!("not {bound}"),
                Operator::NotEqual => bound.to_owned(),
            },
            Compare::Baseline { deviation, unit, value, .. } => {
                let side = match deviation {
                    Deviation::Above => format!("at most {bound}"),
                    Deviation::Below => format!("at least {bound}"),
                    Deviation::Outside => format!("within the band, which ends at {bound}"),
                    Deviation::Within => format!("outside of the band, which ends at {bound}"),
                };
                let width = match unit {
                    BaselineUnit::StandardDeviations => format!("{} σ", short(*value)),
                    BaselineUnit::Percent => format!("{} %", short(*value)),
                };
                let Some(known) = self.expected else { return side };
                format!("{side} (its baseline {} and {width})", short(known.mean))
            }
        }
    }

    /// The end of a metric's path; an expression is called what its condition is.
    fn called(&self) -> &str {
        if self.metric.contains('{') && !self.name.is_empty() {
            return &self.name;
        }
        self.metric.rsplit('|').next().unwrap_or(&self.metric)
    }

    fn sentence(&self) -> String {
        let value = self.value.map_or("not reported".to_owned(), short);
        let compared =
            self.threshold.map(|threshold| format!(" (compared with {})", short(threshold)));
        let expected =
            self.expected.map(|known| format!(", where {} is expected", short(known.mean)));
        let minutes = self.minutes.map(|minutes| format!(" in {minutes} minutes"));
        format!(
            "{} is {value}{}{}{}",
            self.called(),
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

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(value: f64, holds: bool) -> SeenCondition {
        SeenCondition {
            short_name: "A".to_owned(),
            name: "errors".to_owned(),
            metric: "Errors per Minute".to_owned(),
            compare: Compare::Value { operator: Operator::Greater, value: 5.0 },
            value: Some(value),
            unit: String::new(),
            threshold: Some(5.0),
            expected: None,
            minutes: None,
            holds: Some(holds),
        }
    }

    #[test]
    fn what_decided_is_said_of_an_end_too() {
        let of = |conditions| Evidence { conditions, ..Evidence::default() };
        let open = of(vec![seen(8.0, true), seen(2.0, false)]);
        assert_eq!(open.sentence(), "Errors per Minute is 8 (compared with 5)");
        let share = SeenCondition {
            name: "Error share".to_owned(),
            metric: "{errors} / {calls} * 100".to_owned(),
            ..seen(26.5, true)
        };
        assert_eq!(of(vec![share]).sentence(), "Error share is 26.5 (compared with 5)");
        let closed = of(vec![seen(1.0, false)]);
        assert_eq!(closed.sentence(), "Errors per Minute is 1 (compared with 5)");
        assert_eq!(Evidence::default().with_nodes(Vec::new(), 3).sentence(), "0 of 3 nodes");
    }
}
