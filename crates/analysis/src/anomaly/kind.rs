//! What a series counts, and what follows for its noise.

/// What a series measures: which unit its noise has a floor in, and which side matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Anything of which nothing is known.
    Gauge,
    /// Events in a step: calls, errors, bytes sent. Its noise is at least Poisson's.
    Count,
    /// A share of calls, 0 to 1: errors by calls. Its noise is at least binomial. Only rises are anomalous.
    Share,
    /// A mean response time, milliseconds. Only rises are anomalous.
    Milliseconds,
    /// Memory or disk, megabytes.
    Megabytes,
    /// 0 to 100.
    Percent,
    /// A running total that starts again at zero when its process does; judged by how much it grows in a minute.
    Total,
}

/// What a series did in one step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reading {
    /// In the unit of the series' [`Kind`].
    pub value: f64,
    /// How many calls a share or a response time is of.
    pub calls: Option<f32>,
}

impl Reading {
    /// One without calls.
    pub fn of(value: f64) -> Reading {
        Reading { value, calls: None }
    }

    /// A share or a response time and the calls that it came with.
    pub fn with_calls(value: f64, calls: f32) -> Reading {
        Reading { value, calls: Some(calls) }
    }
}

/// Every kind, by its number in stored state.
const ALL: [Kind; 7] = [
    Kind::Gauge,
    Kind::Count,
    Kind::Share,
    Kind::Milliseconds,
    Kind::Megabytes,
    Kind::Percent,
    Kind::Total,
];

impl Kind {
    pub(super) fn number(self) -> u8 {
        self as u8
    }

    pub(super) fn of_number(number: u8) -> Option<Kind> {
        ALL.get(usize::from(number)).copied()
    }

    /// Whether a fall can be anomalous.
    pub(super) fn minds_falls(self) -> bool {
        !matches!(self, Kind::Share | Kind::Milliseconds)
    }

    /// The least mean deviation that means anything when `level` is expected of `calls`.
    pub(super) fn floor(self, level: f32, calls: Option<f32>) -> f32 {
        let size = level.abs();
        match self {
            Kind::Gauge => 1e-3 * size,
            // A Poisson variable's mean deviation is 0.8 of its standard deviation, √mean.
            Kind::Count => 0.8 * size.max(1.0).sqrt(),
            Kind::Share => {
                let calls = calls.unwrap_or(1.0).max(1.0);
                // Laplace's rule: one more of each was seen than was.
                let share = ((size.min(1.0) * calls + 1.0) / (calls + 2.0)).min(1.0);
                (0.8 * (share * (1.0 - share) / calls).sqrt()).max(0.002)
            }
            Kind::Milliseconds => (0.02 * size).max(0.5),
            Kind::Megabytes => (0.002 * size).max(0.5),
            Kind::Percent => 0.25,
            Kind::Total => 1e-3 * size,
        }
    }
}
