//! What is varied, and the benches that vary it.

use serde::Serialize;

use crate::suite::step::Step;

/// One thing that there is more and more of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Axis {
    /// Metric series
    Series,
    /// Services, each a tier
    Services,
    /// Business transactions
    Transactions,
    /// Spans a second
    Rate,
    /// Attributes of a span
    Attributes,
}

/// One bench of an axis.
#[derive(Debug)]
pub(crate) struct Point {
    pub(crate) at: f64,
    pub(crate) step: Step,
}

/// Where the points lie, and how much is sent and asked at each.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sizes {
    spans: u64,
    samples: u64,
    queries: usize,
    series: &'static [u64],
    services: &'static [u64],
    transactions: &'static [u64],
    rates: &'static [u64],
    rate_s: u64,
    further_attributes: &'static [u64],
}

impl Sizes {
    pub(crate) const WHOLE: Self = Self {
        spans: 500_000,
        samples: 120,
        queries: 50,
        series: &[1_000, 3_000, 10_000, 30_000, 100_000],
        services: &[10, 30, 100, 200, 500],
        transactions: &[10, 50, 100, 200],
        rates: &[5_000, 20_000, 50_000, 100_000],
        rate_s: 20,
        further_attributes: &[0, 12, 36, 84],
    };

    pub(crate) const QUICK: Self = Self {
        spans: 50_000,
        samples: 20,
        queries: 5,
        series: &[1_000, 10_000],
        services: &[10, 100],
        transactions: &[10, 200],
        rates: &[2_000, 10_000],
        rate_s: 5,
        further_attributes: &[0, 36],
    };
}

/// Of a span of the usual data.
const USUAL_ATTRIBUTES: u64 = 12;
/// An application has 200 places for business transactions and a tier 50.
const FRONT_DOORS: u64 = 4;

impl Axis {
    pub(crate) const ALL: [Self; 5] =
        [Self::Series, Self::Services, Self::Transactions, Self::Rate, Self::Attributes];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Series => "series",
            Self::Services => "services",
            Self::Transactions => "transactions",
            Self::Rate => "rate",
            Self::Attributes => "attributes",
        }
    }

    /// Of its plot.
    pub(crate) fn file(self) -> String {
        format!("{}.svg", self.name())
    }

    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Series => "More metric series",
            Self::Services => "More tiers",
            Self::Transactions => "More business transactions",
            Self::Rate => "More spans a second",
            Self::Attributes => "More attributes of a span",
        }
    }

    /// What its numbers count.
    pub(crate) fn unit(self) -> &'static str {
        match self {
            Self::Series => "series",
            Self::Services => "tiers",
            Self::Transactions => "business transactions",
            Self::Rate => "spans/s",
            Self::Attributes => "attributes a span",
        }
    }

    /// What is sent.
    pub(crate) fn item(self) -> &'static str {
        if self == Self::Series { "sample" } else { "span" }
    }

    /// What is sent at every point, in words.
    pub(crate) fn sent(self, sizes: &Sizes) -> String {
        let Sizes { spans, samples, rate_s, .. } = sizes;
        match self {
            Self::Series => format!("{samples} samples of each, as fast as acknowledged"),
            Self::Services | Self::Transactions | Self::Attributes => {
                format!("{spans} spans, as fast as acknowledged")
            }
            Self::Rate => format!("{rate_s} s of spans at a steady pace"),
        }
    }

    pub(crate) fn points(self, sizes: &Sizes) -> Vec<Point> {
        let Sizes { spans, samples, queries, rate_s, .. } = sizes;
        let point = |at: u64, arguments: String| Point {
            at: at as f64,
            step: Step::new(self.name(), &format!("{arguments} --queries {queries}")),
        };
        let points = |at: &[u64], arguments: &dyn Fn(u64) -> String| {
            at.iter().map(|at| point(*at, arguments(*at))).collect()
        };
        match self {
            Self::Series => {
                points(sizes.series, &|at| format!("--series {at} --samples {samples}"))
            }
            Self::Services => {
                points(sizes.services, &|at| format!("--services {at} --spans {spans}"))
            }
            Self::Transactions => points(sizes.transactions, &|at| {
                format!("--front-doors {FRONT_DOORS} --transactions {at} --spans {spans}")
            }),
            Self::Rate => points(sizes.rates, &|at| format!("--rate {at} --spans {}", at * rate_s)),
            Self::Attributes => {
                let of = |further: &u64| {
                    let arguments = format!("--attributes {further} --spans {spans}");
                    point(USUAL_ATTRIBUTES + further, arguments)
                };
                sizes.further_attributes.iter().map(of).collect()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_point_is_a_command_that_can_be_typed_and_they_rise() {
        for sizes in [Sizes::WHOLE, Sizes::QUICK] {
            for axis in Axis::ALL {
                let points = axis.points(&sizes);
                points.iter().for_each(|point| point.step.check());
                assert!(points.len() >= 2 && points.is_sorted_by(|a, b| a.at < b.at), "{axis:?}");
            }
        }
    }

    #[test]
    fn a_rate_is_sent_for_its_time_and_attributes_count_the_usual_ones() {
        let arguments = |axis: Axis| axis.points(&Sizes::QUICK)[1].step.arguments.join(" ");
        assert_eq!(arguments(Axis::Rate), "--rate 10000 --spans 50000 --queries 5");
        assert_eq!(arguments(Axis::Attributes), "--attributes 36 --spans 50000 --queries 5");
        assert_eq!(Axis::Attributes.points(&Sizes::QUICK)[1].at, 48.0);
    }
}
