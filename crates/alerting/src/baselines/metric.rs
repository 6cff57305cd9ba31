//! What is measured of calls and has baselines.

use analysis::baseline::{Behind, Direction, Hour, Kind, Values};
use model::{
    figure::{Figure, Minutes},
    leaf::Leaf,
    measured::Measured,
};

/// A metric of calls. Of exceptions and groups of errors, [`Metric::Calls`] are the exceptions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Metric {
    /// Mean, milliseconds.
    ResponseTime,
    /// A minute, as all below.
    Calls,
    Errors,
    HttpErrors,
    Slow,
    VerySlow,
    Stall,
}

const MICROS: f64 = 1000.0;

impl Metric {
    /// The one behind a leaf of the metric tree, of something that the leaf's figures are of; percentiles have none.
    pub(super) fn of_leaf(of: Measured, leaf: Leaf) -> Option<Metric> {
        Some(match leaf {
            Leaf::AverageResponseTime => Metric::ResponseTime,
            Leaf::Calls | Leaf::Exceptions => Metric::Calls,
            // Groups of errors have calls only.
            Leaf::Errors if matches!(of, Measured::Error(_)) => Metric::Calls,
            Leaf::Errors => Metric::Errors,
            Leaf::HttpErrors => Metric::HttpErrors,
            Leaf::Slow => Metric::Slow,
            Leaf::VerySlow => Metric::VerySlow,
            Leaf::Stall => Metric::Stall,
            Leaf::Percentile95 => return None,
        })
    }

    /// How its values come about.
    pub fn kind(self) -> Kind {
        match self {
            Metric::ResponseTime => Kind::MeanOfCalls,
            _ => Kind::Count,
        }
    }

    /// Which side of what is expected is bad: of the number of calls both are.
    pub fn direction(self) -> Direction {
        match self {
            Metric::Calls => Direction::Both,
            _ => Direction::High,
        }
    }

    /// Its value over so many minutes, with what stands behind it. A response time needs a call.
    pub fn value(self, figure: &Figure, minutes: f64) -> Option<(f64, Behind)> {
        let count = match self {
            Metric::ResponseTime => {
                let millis = figure.average_micros()? / MICROS;
                return Some((millis, Behind { minutes, calls: figure.timed }));
            }
            Metric::Calls => figure.calls,
            Metric::Errors => figure.errors,
            Metric::HttpErrors => figure.http_errors,
            Metric::Slow => figure.slow,
            Metric::VerySlow => figure.very_slow,
            Metric::Stall => figure.stall,
        };
        (minutes > 0.0).then(|| (count / minutes, Behind { minutes, calls: figure.calls }))
    }

    /// What one part of a series was in the minutes of an hour, and how much it weighs beside other parts.
    pub(super) fn hour(self, figure: &Figure, minutes: &Minutes) -> (Hour, f64) {
        let counted = |sum, squares| {
            let minutes = Values { count: minutes.count, sum, squares };
            (Hour { minutes, calls: Values::default() }, 1.0)
        };
        match self {
            Metric::ResponseTime => {
                let values = |count, sum: f64, squares: f64| Values {
                    count,
                    sum: sum / MICROS,
                    squares: squares / (MICROS * MICROS),
                };
                let calls = values(figure.timed, figure.sum, figure.sum_squares);
                let Minutes { timed_count, average_sum, average_squares, .. } = *minutes;
                let minutes = values(timed_count, average_sum, average_squares);
                (Hour { minutes, calls }, figure.timed)
            }
            Metric::Calls => counted(figure.calls, minutes.calls_squares),
            Metric::Errors => counted(figure.errors, minutes.errors_squares),
            Metric::HttpErrors => counted(figure.http_errors, minutes.http_errors_squares),
            Metric::Slow => counted(figure.slow, minutes.slow_squares),
            Metric::VerySlow => counted(figure.very_slow, minutes.very_slow_squares),
            Metric::Stall => counted(figure.stall, minutes.stall_squares),
        }
    }
}
