//! Why a value is or is not anomalous, in the series' own unit.

use super::{
    config::{Config, Sensitivity},
    series::{Moment, Series},
};

/// Where the tails of [`super::Measure::Value`] are.
const VALUE: usize = 2;

/// What a series repeats, as far as it has proven itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Seasonality {
    /// All hours are alike.
    None,
    /// Hours of the day.
    Day,
    /// Hours of the day, others on weekends.
    DayAndWeekend,
}

/// Values between which nothing is said.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Band {
    pub low: f32,
    pub high: f32,
}

/// What is expected of a series at a moment, and what would be a warning.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Explanation {
    pub expected: f32,
    /// Beyond it a value would be in warning by itself; wider during the first day. A fall of what only minds rises has none:
    /// `low` is then minus infinity.
    pub band: Band,
    pub seasonality: Seasonality,
    /// The mean deviation that is usual at this hour.
    pub usual: f32,
    /// What load adds to the expected value, of response times and error shares.
    pub by_load: f32,
    /// How many episodes this series has in a week.
    pub episodes_a_week: f32,
    /// Log₁₀ of minutes: the rarity from which it is in warning.
    pub warning: f32,
    /// How many readings all this rests on.
    pub readings: u32,
}

impl Series {
    /// What would be usual at a moment with so many calls.
    pub fn explain(
        &self,
        c: &Config,
        sensitivity: &Sensitivity,
        at: Moment,
        calls: Option<f32>,
    ) -> Explanation {
        let (expected, low, high) = self.model.expected(at, self.step, calls);
        let usual = self.model.scale(c, self.kind, at, calls);
        let warning = c.warning + sensitivity.rarity - c.eased(self.step);
        let surprise = self.episodes.surprise_at(c, warning);
        let reach = |side: usize| {
            let scaled = self.tails.at(VALUE + side).deviation_at(surprise) * self.widening(c);
            (scaled * usual).max(sensitivity.min_deviation)
        };
        let low = if self.kind.minds_falls() { low - reach(1) } else { f32::NEG_INFINITY };
        Explanation {
            expected,
            band: Band { low, high: high + reach(0) },
            seasonality: match (self.model.seasonal, self.model.weekends) {
                (false, _) => Seasonality::None,
                (true, false) => Seasonality::Day,
                (true, true) => Seasonality::DayAndWeekend,
            },
            usual,
            by_load: self.model.load.adds(calls, self.model.off[0]),
            episodes_a_week: 7.0 * (1.0 + self.episodes.count)
                / (c.episode_prior_days + self.episodes.days),
            warning,
            readings: self.points as u32,
        }
    }
}
