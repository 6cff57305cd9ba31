//! Compares what is shown of metric series with what was sent of them, each over the whole time.

use anyhow::Result;
use serde::{Deserialize, Serialize};

use crate::api::{Api, Range, ShownMetric as Shown, metric_data};
use crate::data::points::catalogue::Kind;
use crate::data::points::node::Watched;

/// Sums of shown minutes may be rounded in the last digits.
const TOLERANCE: f64 = 1e-9;

/// What must be shown of metrics that were sent: one series of each node.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct ExpectedPoints {
    pub(crate) application: String,
    /// Times of the first and the last sample, milliseconds since 1970.
    pub(crate) from_ms: u64,
    pub(crate) to_ms: u64,
    /// False when something was refused for good.
    pub(crate) complete: bool,
    pub(crate) points: u64,
    pub(crate) watched: Vec<Watched>,
}

impl ExpectedPoints {
    /// One comparison of all of them.
    pub(crate) async fn differences(&self, api: &mut Api) -> Result<Vec<String>> {
        let range = super::minutes(self.from_ms, self.to_ms);
        differences(api, &self.application, self.watched.iter(), range).await
    }
}

/// How what is shown of each series differs from what was sent of it.
pub(crate) async fn differences(
    api: &mut Api,
    application: &str,
    watched: impl Iterator<Item = &Watched>,
    range: Range,
) -> Result<Vec<String>> {
    let Some(estate) = api.estate(application, range).await? else {
        return Ok(vec![format!("application {application}: not there")]);
    };
    let mut differences = Vec::new();
    for watched in watched {
        let shown = api.metric(&metric_data(&estate.application, &watched.path(), range)).await?;
        differences.extend(watched.difference(shown));
    }
    Ok(differences)
}

impl Watched {
    /// In the tree of metrics.
    pub(crate) fn path(&self) -> String {
        self.path_at(&self.node)
    }

    pub(crate) fn path_of_all_nodes(&self) -> String {
        self.path_at("*")
    }

    fn path_at(&self, node: &str) -> String {
        let Self { tier, metric, attribute, .. } = self;
        format!(
            "Application Infrastructure Performance|{tier}|Individual Nodes|{node}|Custom Metrics|{metric}|{attribute}"
        )
    }

    /// How what is shown over the whole range differs from what was sent.
    fn difference(&self, shown: Option<Shown>) -> Option<String> {
        let Some(shown) = shown else {
            return Some(format!("{}: not shown", self.path()));
        };
        // The increase of a counter is told by the minute, so that the number of its samples is not shown.
        let counted = self.kind == Kind::Counter || shown.count == self.count as f64;
        let sum = self.shown_sum();
        let same_sum = (shown.sum - sum).abs() <= TOLERANCE * sum.abs().max(1.0);
        (!counted || !same_sum).then(|| {
            let count = self.count;
            format!(
                "{}: {sum} in {count} sent, {} in {} shown",
                self.path(),
                shown.sum,
                shown.count
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn watched(kind: Kind) -> Watched {
        Watched {
            tier: "service-1".to_owned(),
            node: "pod-1".to_owned(),
            metric: "shop.orders.level".to_owned(),
            attribute: "channel=web".to_owned(),
            kind,
            count: 4,
            sum: 10.5,
            base: None,
            index: 0,
        }
    }

    #[test]
    fn a_shown_gauge_has_all_its_samples_and_a_shown_counter_its_whole_increase() {
        let shown = |count, sum| Some(Shown { sum, count });
        assert_eq!(watched(Kind::Gauge).difference(shown(4.0, 10.5)), None);
        assert_eq!(watched(Kind::Counter).difference(shown(2.0, 10.5)), None);
        let path = "Application Infrastructure Performance|service-1|Individual Nodes|pod-1|Custom Metrics|shop.orders.level|channel=web";
        let said = |rest: &str| Some(format!("{path}: {rest}"));
        assert_eq!(watched(Kind::Gauge).difference(None), said("not shown"));
        let few = watched(Kind::Gauge).difference(shown(3.0, 10.5));
        assert_eq!(few, said("10.5 in 4 sent, 10.5 in 3 shown"));
        let less = watched(Kind::Counter).difference(shown(2.0, 10.4));
        assert_eq!(less, said("10.5 in 4 sent, 10.4 in 2 shown"));
    }
}
