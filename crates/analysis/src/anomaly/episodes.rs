//! Which deviations are one episode, how rare such an episode is for this series, and what an operator is told of it.
//!
//! Episodes of a series come as a Poisson process whose rate is learnt with a gamma prior, and their peaks exceed the
//! candidate's surprise by an exponential law whose mean is learnt: the peaks-over-threshold model
//! (<https://en.wikipedia.org/wiki/Extreme_value_theory>). The rarity of a surprise is log₁₀ of the minutes in which one
//! episode at least as large is expected. A series that spikes every hour is thereby silent about its spikes, without being
//! deaf to what is larger than any of them.
//!
//! A surprise counts for more where the points before it were surprising: two episodes with the same peak are not equally rare
//! when one is a lone spike and the other lasts for an hour. What is usual in this respect, too, is learnt from the series' own
//! episodes, for their peaks are taken with it.

use super::{
    config::{Config, Sensitivity},
    math::log2,
    model::Pace,
    tail::AT_QUANTILE,
};

/// log₁₀ of the minutes of a day.
const MINUTES_A_DAY: f32 = 3.158_362;
/// The first guess of a peak's mean excess: that of a well calibrated surprise, 1 ÷ ln 10.
const FIRST_EXCESS: f32 = std::f32::consts::LOG10_E;

/// The most that one point counts for those after it: one wild point is no evidence that anything lasts.
const MOST_LASTING: f32 = 2.0;

/// Points of shorter steps, minutes, count by what they are of this one: neighbouring minutes say nearly the same, and half a day of
/// them is no evidence beyond that the day has a course.
const WHOLE_STEP: f32 = 5.0;

/// So often at most the calm that closes an anomaly grows.
const MOST_AGAIN: u8 = 8;

/// What an operator sees of a series.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    /// Too little is known for a verdict.
    Learning,
    Normal,
    Warning,
    Critical,
    /// Nothing came for a while.
    NoData,
}

/// What changed for an operator with one reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Change {
    /// An anomaly began at `onset`, a minute since 1970 that lies before the reading's.
    Opened { onset: u32 },
    /// The anomaly that had closed goes on: the same episode.
    Reopened { onset: u32 },
    /// From warning to critical.
    Upgraded,
    /// From critical to warning.
    Downgraded,
    /// Calm again.
    Closed,
    /// The series stays where it went: that is the level from now on, and the anomaly is over. Told once in an episode: what
    /// deviates from where it settled goes on until it is calm.
    Shifted,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Episodes {
    /// Episodes remembered, over how many days, and the mean excess of their peaks.
    pub(super) count: f32,
    pub(super) days: f32,
    pub(super) excess: f32,
    /// The episode that runs: its largest surprise (0: none runs), the rarity that was told of it, minutes since its last candidate.
    pub(super) peak: f32,
    pub(super) told: f32,
    pub(super) quiet: f32,
    /// The surprise of the point before, and minutes since the last critical point.
    pub(super) previous: f32,
    pub(super) uncritical: f32,
    /// Surprise of the last points beyond their tails' quantiles, the older the less.
    pub(super) lasting: f32,
    /// Points since the anomaly opened.
    pub(super) open_points: u16,
    /// Which of the last three points were candidates, newest lowest.
    pub(super) recent: u8,
    /// Nothing, warning or critical.
    pub(super) level: u8,
    /// How often the anomaly came back.
    pub(super) reopened: u8,
    /// The running episode opened an anomaly already, which began then.
    pub(super) opened: bool,
    pub(super) onset: u32,
}

/// One point as the episodes see it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Point {
    pub(super) surprise: f32,
    /// Minutes since the point before.
    pub(super) gap: f32,
    /// Since when it deviates, should an anomaly open now.
    pub(super) onset: u32,
    /// Where it went it stays.
    pub(super) settled: bool,
    /// Enough is known for a verdict.
    pub(super) ready: bool,
}

/// What a point came to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Outcome {
    pub(super) rarity: f32,
    /// The rarity where it is new within its episode, else 0.
    pub(super) news: f32,
    pub(super) change: Option<Change>,
    /// Where the series settled is its level from now on.
    pub(super) settled: bool,
}

impl Episodes {
    pub(super) const fn new() -> Episodes {
        Episodes {
            count: 0.0,
            days: 0.0,
            excess: FIRST_EXCESS,
            peak: 0.0,
            told: 0.0,
            quiet: 0.0,
            previous: 0.0,
            uncritical: 0.0,
            lasting: 0.0,
            open_points: 0,
            recent: 0,
            level: 0,
            reopened: 0,
            opened: false,
            onset: 0,
        }
    }

    pub(super) fn is_open(&self) -> bool {
        self.level > 0
    }

    /// Whether learning is slowed: an episode was told of, for a bounded time.
    pub(super) fn slows_learning(&self, c: &Config, step: f32) -> bool {
        self.was_told(c, step) && f32::from(self.open_points) < c.freeze_points
    }

    /// Whether an episode runs that an operator of usual sensitivity was told of.
    fn was_told(&self, c: &Config, step: f32) -> bool {
        self.told > 0.0 && self.told >= c.warning - c.eased(step)
    }

    /// How rare an episode with such a peak is: log₁₀ of the minutes in which one is expected.
    pub(super) fn rarity(&self, c: &Config, surprise: f32) -> f32 {
        if surprise < c.candidate {
            return 0.0;
        }
        let a_day = (1.0 + self.count) / (c.episode_prior_days + self.days);
        let larger = (surprise - c.candidate) / self.excess * std::f32::consts::LOG10_E;
        (larger - log2(a_day) * std::f32::consts::LOG10_2 + MINUTES_A_DAY).max(0.0)
    }

    /// The surprise that has a rarity; never less than a candidate's.
    pub(super) fn surprise_at(&self, c: &Config, rarity: f32) -> f32 {
        let lacking = (rarity - self.rarity(c, c.candidate)).max(0.0);
        c.candidate + lacking * self.excess * std::f32::consts::LN_10
    }

    #[inline]
    pub(super) fn take(
        &mut self,
        c: &Config,
        sensitivity: &Sensitivity,
        pace: Pace,
        point: Point,
    ) -> Outcome {
        self.pass(c, pace, point.gap);
        let mut point = self.with_those_before(c, pace.step, point);
        let candidate = point.surprise >= c.candidate;
        self.recent = (self.recent << 1 | u8::from(candidate)) & 0b111;
        let mut news = 0.0;
        let rarity = self.rarity(c, point.surprise);
        if candidate {
            self.quiet = 0.0;
            if point.surprise > self.peak {
                self.peak = point.surprise;
                let told = self.was_told(c, pace.step);
                if point.ready && (!told || rarity >= self.told + c.repeat) {
                    news = rarity + c.eased(pace.step);
                    self.told = rarity;
                }
            }
        }
        if self.level == 0 && !candidate {
            self.previous = point.surprise;
            return Outcome { rarity, news, change: None, settled: false };
        }
        point.settled &= self.is_open() && f32::from(self.open_points) >= c.freeze_points;
        let change = self.judge(c, sensitivity, pace, &point);
        self.previous = point.surprise;
        let settled = point.settled && change != Some(Change::Closed);
        Outcome { rarity, news, change, settled }
    }

    /// A point whose surprise counts for more the more surprising those before it were.
    fn with_those_before(&mut self, c: &Config, step: f32, mut point: Point) -> Point {
        self.lasting *= 1.0 - 1.0 / c.lasting_points;
        if point.surprise > 0.0 {
            let own = (point.surprise - AT_QUANTILE).clamp(0.0, MOST_LASTING);
            point.surprise += c.lasting * self.lasting;
            self.lasting += own * (step / WHOLE_STEP).min(1.0);
        }
        point
    }

    /// Lets time pass: forgets old episodes and ends the one that has rested.
    fn pass(&mut self, c: &Config, pace: Pace, gap: f32) {
        let days = gap.min(3.0 * pace.step) / 1440.0;
        let keep = 1.0 - (days / c.episode_days).min(0.5);
        self.count *= keep;
        self.days = self.days * keep + days;
        self.quiet = (self.quiet + gap).min(1e6);
        self.uncritical = (self.uncritical + gap).min(1e6);
        if self.peak > 0.0 && self.level == 0 && self.quiet >= rest(c, pace) {
            self.count += 1.0;
            let beyond = (self.peak - c.candidate).min(4.0 * self.excess);
            let weight = 1.0 / (self.count + c.episode_prior).max(1.0);
            self.excess += weight * (beyond - self.excess);
            self.peak = 0.0;
            self.told = 0.0;
            self.lasting = 0.0;
            self.opened = false;
            self.reopened = 0;
            self.open_points = 0;
        }
        if self.was_told(c, pace.step) {
            self.open_points = self.open_points.saturating_add(1);
        }
    }

    /// Few readings come here; as part of the way of all others it makes that way too long to be compiled as one.
    #[cold]
    fn judge(
        &mut self,
        c: &Config,
        sensitivity: &Sensitivity,
        pace: Pace,
        point: &Point,
    ) -> Option<Change> {
        let moved = sensitivity.rarity - c.eased(pace.step);
        let (warning, critical) = (c.warning + moved, c.critical + moved);
        let needed = (c.open_minutes / pace.step).ceil().clamp(1.0, 3.0) as u32;
        let evident = self.recent & 1 == 1 && self.recent.count_ones() >= needed;
        let rarity = match evident {
            true if needed > 1 => self.rarity(c, point.surprise.max(self.previous)),
            true => self.rarity(c, point.surprise),
            false => 0.0,
        };
        if rarity >= critical {
            self.uncritical = 0.0;
        }
        let calm = c.close_minutes.max(2.0 * pace.step);
        match self.level {
            0 if point.ready && rarity >= warning => Some(self.open(rarity >= critical, point)),
            0 => None,
            _ if self.quiet >= self.closing_calm(c, pace, calm) => {
                self.level = 0;
                Some(Change::Closed)
            }
            _ if point.settled && self.reopened == 0 => {
                self.level = 0;
                Some(Change::Shifted)
            }
            1 if rarity >= critical => {
                self.level = 2;
                Some(Change::Upgraded)
            }
            2 if self.uncritical >= calm => {
                self.level = 1;
                Some(Change::Downgraded)
            }
            _ => None,
        }
    }

    /// How many calm minutes close the anomaly, `calm` being those that close one that did not come back yet: one that flaps
    /// is told of a few times, not once an hour.
    fn closing_calm(&self, c: &Config, pace: Pace, calm: f32) -> f32 {
        let most = rest(c, pace).max(calm);
        (0..self.reopened.min(MOST_AGAIN)).fold(calm, |calm, _| (calm * c.close_again).min(most))
    }

    fn open(&mut self, critical: bool, point: &Point) -> Change {
        self.level = if critical { 2 } else { 1 };
        if self.opened {
            self.reopened = self.reopened.saturating_add(1);
            return Change::Reopened { onset: self.onset };
        }
        self.opened = true;
        self.onset = point.onset;
        Change::Opened { onset: point.onset }
    }
}

/// How many quiet minutes end an episode.
fn rest(c: &Config, pace: Pace) -> f32 {
    c.rest_minutes.max(c.rest_points * pace.step)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PACE: Pace = Pace { points: 10_000.0, step: 5.0, memory: 1000.0 };

    fn rarities(episodes: &mut Episodes, surprises: &[f32]) -> Vec<f32> {
        let c = Config::default();
        let take = |surprise: &f32| {
            let point =
                Point { surprise: *surprise, gap: 5.0, onset: 0, settled: false, ready: true };
            episodes.take(&c, &Sensitivity::default(), PACE, point).rarity
        };
        surprises.iter().map(take).collect()
    }

    #[test]
    fn what_lasts_is_rarer_than_its_peak_and_a_lone_spike_is_not() {
        let lasting = rarities(&mut Episodes::new(), &[3.0; 8]);
        assert!(lasting.is_sorted() && lasting[7] > lasting[0] + 1.0, "{lasting:?}");
        // Two hours later little is left of it.
        let mut spikes = vec![0.0; 50];
        (spikes[0], spikes[25], spikes[49]) = (3.0, 3.0, 3.0);
        let spikes = rarities(&mut Episodes::new(), &spikes);
        assert!((spikes[49] - spikes[0]).abs() < 0.1, "{spikes:?}");
        // However wild one point is, the next is judged mostly by itself.
        let wild = rarities(&mut Episodes::new(), &[30.0, 2.0]);
        assert_eq!(wild[1], 0.0, "{wild:?}");
    }

    #[test]
    fn a_series_whose_episodes_always_last_is_used_to_it() {
        let mut episodes = Episodes::new();
        let before = rarities(&mut episodes.clone(), &[3.0; 8])[7];
        for _ in 0..40 {
            rarities(&mut episodes, &[3.0; 8]);
            // Half a day of rest.
            rarities(&mut episodes, &[0.0; 144]);
        }
        let after = rarities(&mut episodes, &[3.0; 8])[7];
        assert!(after < before - 1.0, "{before} {after}");
    }
}
