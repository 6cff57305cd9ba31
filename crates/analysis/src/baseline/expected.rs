//! What is expected of a series, and how a value lies to it.

/// Below so many calls a minute chance moves a value by more than can be left out.
const FEW_CALLS: f64 = 30.0;
/// A value lies no further from what is expected than so many deviations: of a series that never changed any change is
/// infinitely many, which no page can show.
pub const MOST_SIGMAS: f64 = 999.0;
/// What lies no further off than this share is what sums leave of nothing.
const ROUNDING: f64 = 1e-9;

/// What a series normally is in one hour.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Expected {
    /// In the series' unit, of a minute: milliseconds, calls a minute.
    pub mean: f64,
    /// By how much a minute's value usually lies off it, with many calls behind the value.
    pub deviation: f64,
    /// What chance adds to that where few calls are behind a value.
    pub noise: Noise,
    /// How many minutes' values it is made of.
    pub minutes: u32,
    /// In how many hours these lay.
    pub hours: u32,
    pub basis: Basis,
}

/// Which hours it is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Basis {
    /// Those that lie alike in the season.
    Season,
    /// All of the 24 hours before, since there are too few alike.
    LastDay,
}

/// How much chance there is in a value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Noise {
    None,
    /// It is the mean of single calls, which have this standard deviation.
    OfCalls(f64),
    /// It counts what happens by itself.
    OfCounting,
}

/// What stands behind a value that is judged.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Behind {
    /// Minutes that it is the mean of.
    pub minutes: f64,
    /// Calls in these.
    pub calls: f64,
}

/// From how many deviations on something is wrong.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limits {
    pub warning: f64,
    pub critical: f64,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { warning: 2.0, critical: 3.0 }
    }
}

/// Which side is bad.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Direction {
    /// Response times, errors: low is fine.
    High,
    Low,
    Both,
}

/// How a value lies to what is expected. The worse is the greater, and not knowing is the least.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum State {
    NoBaseline,
    Normal,
    Warning,
    Critical,
}

impl Expected {
    /// What is expected of a time that is made of several, each with its share of it; nothing of none.
    pub fn of_several(all: &[(Expected, f64)]) -> Option<Expected> {
        let (first, _) = all.first()?;
        let whole: f64 = all.iter().map(|(_, share)| share).sum();
        let mean = |get: &dyn Fn(&Expected) -> f64| {
            all.iter().map(|(one, share)| get(one) * share).sum::<f64>() / whole
        };
        let of_calls = |one: &Expected| match one.noise {
            Noise::OfCalls(deviation) => deviation * deviation,
            Noise::None | Noise::OfCounting => 0.0,
        };
        let is_season = all.iter().all(|(one, _)| one.basis == Basis::Season);
        Some(Expected {
            mean: mean(&|one| one.mean),
            deviation: mean(&|one| one.deviation * one.deviation).sqrt(),
            noise: match first.noise {
                Noise::OfCalls(_) => Noise::OfCalls(mean(&of_calls).sqrt()),
                other => other,
            },
            minutes: all.iter().map(|(one, _)| one.minutes).sum(),
            hours: all.iter().map(|(one, _)| one.hours).sum(),
            basis: if is_season { Basis::Season } else { Basis::LastDay },
        })
    }

    /// By how much a value with this behind it usually lies off the mean. Below 30 calls a minute it is wider by the value's
    /// standard error: that of a mean of so many calls, or of a count, which is at least one.
    pub fn deviation_of(&self, behind: Behind) -> f64 {
        let Behind { minutes, calls } = behind;
        let error = match self.noise {
            Noise::OfCalls(deviation) if calls < FEW_CALLS * minutes => {
                deviation / calls.max(1.0).sqrt()
            }
            Noise::OfCounting if self.mean < FEW_CALLS && minutes > 0.0 => {
                (self.mean * minutes).max(1.0).sqrt() / minutes
            }
            _ => 0.0,
        };
        self.deviation.hypot(error)
    }

    /// How many deviations a value lies above what is expected; below 0 it lies below. At most [`MOST_SIGMAS`].
    pub fn sigmas(&self, value: f64, behind: Behind) -> f64 {
        let off = value - self.mean;
        if off.abs() <= ROUNDING * value.abs().max(self.mean.abs()) {
            return 0.0;
        }
        (off / self.deviation_of(behind)).clamp(-MOST_SIGMAS, MOST_SIGMAS)
    }

    /// By how many percent of what is expected a value lies above it; nothing where nothing is expected.
    pub fn percent(&self, value: f64) -> Option<f64> {
        (self.mean != 0.0).then(|| 100.0 * (value - self.mean) / self.mean.abs())
    }

    /// How a value lies to it.
    pub fn judge(
        &self,
        value: f64,
        behind: Behind,
        limits: Limits,
        bad: Direction,
    ) -> (State, f64) {
        let sigmas = self.sigmas(value, behind);
        let badness = match bad {
            Direction::High => sigmas,
            Direction::Low => -sigmas,
            Direction::Both => sigmas.abs(),
        };
        let state = if badness >= limits.critical {
            State::Critical
        } else if badness >= limits.warning {
            State::Warning
        } else {
            State::Normal
        };
        (state, sigmas)
    }
}

#[cfg(test)]
mod tests;
