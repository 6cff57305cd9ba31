//! One series: its state, and what it says of a reading.

use super::{
    config::{Config, Sensitivity},
    episodes::{Change, Episodes, Outcome, Point, State},
    kind::{Kind, Reading},
    model::{Model, Pace, Residual},
    tail::{EXCEEDED, Each, Rates, TAILS, Tails},
};

/// The most bytes that a series' state takes in memory.
pub const STATE_BYTES: usize = 400;
const _: () = assert!(size_of::<Series>() <= STATE_BYTES);

/// Values beyond this count as this: sums of them stay finite.
const LARGEST: f64 = 1e30;

/// When a reading was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// Minutes since 1970, UTC.
    pub minute: u32,
    /// The local hour of the week that it lies in, 0 being Monday's first; as of `baseline::Calendar::slot`.
    pub hour_of_week: u16,
}

/// What was measured of a deviation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Measure {
    /// The value against where the last ones were.
    Jump,
    /// The value against what is expected.
    Value,
    /// The mean of the last few points against what is expected.
    Burst,
    /// The mean of many points against what is expected.
    Drift,
}

impl Measure {
    /// Whether each point shows by itself. Means of several points deviate for longer than any of them.
    const fn is_of_points(self) -> bool {
        matches!(self, Measure::Jump | Measure::Value)
    }

    /// The least deviation, in scales, that a tail may begin at: scales have floors for good reason.
    const fn least_quantile(self) -> f32 {
        match self {
            Measure::Jump | Measure::Value => 1.0,
            Measure::Burst | Measure::Drift => 0.25,
        }
    }
}

/// In the order of a series' tails, two for each.
pub(super) const MEASURES: [Measure; 4] =
    [Measure::Jump, Measure::Value, Measure::Burst, Measure::Drift];

/// [`Measure::least_quantile`] of each tail.
const LEAST: Each = {
    let mut least = [0.0; TAILS];
    let mut place = 0;
    while place < TAILS {
        least[place] = MEASURES[place / 2].least_quantile();
        place += 1;
    }
    least
};

/// How a reading deviates most.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Deviation {
    pub measure: Measure,
    /// In mean deviations of this series at this hour; above 0 when higher than expected.
    pub scaled: f32,
    /// −log₁₀ of the share of points that deviate as far in this measure and to this side.
    pub surprise: f32,
}

/// What a series says of a reading.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Verdict {
    pub state: State,
    pub change: Option<Change>,
    /// log₁₀ of the minutes in which this series is expected to have one such episode; 0 for what is usual.
    pub rarity: f32,
    /// The rarity where it is news within its episode, else 0, raised by what the step eases the thresholds: what threshold
    /// optimisers should look at, and compare with [`Config::warning`] as it is.
    pub news: f32,
    /// What was expected, in the series' unit.
    pub expected: f32,
    /// How it deviates most; none while everything is usual.
    pub deviation: Option<Deviation>,
    /// The series seems to have settled where it went: a shift of its level.
    pub shift: bool,
}

/// A series under watch: everything that is known of it, in at most [`STATE_BYTES`] bytes.
///
/// Memory decides how fast many are judged, so fields lie in the order in which they are needed: a usual reading touches the first
/// four of six cache lines, one more where the season counts.
#[derive(Clone, Debug, PartialEq)]
#[repr(C)]
pub struct Series {
    pub(super) tails: Tails,
    /// The last reading's minute, and the last one at which nothing was unusual.
    pub(super) last: u32,
    pub(super) calm: u32,
    /// Readings so far, and the minutes between them.
    pub(super) points: f32,
    pub(super) step: f32,
    pub(super) burst: f32,
    pub(super) drift: f32,
    pub(super) kind: Kind,
    /// How many points in a row exceeded any of the tails.
    pub(super) unusual: u16,
    pub(super) episodes: Episodes,
    pub(super) model: Model,
    /// Of [`Kind::Total`]: where it stood; below 0 before the first.
    pub(super) total: f64,
}

impl Series {
    /// One of which nothing is known yet.
    pub fn new(kind: Kind, c: &Config) -> Series {
        Series {
            tails: Tails::new(2.0, c.tail_index),
            last: 0,
            calm: 0,
            points: 0.0,
            step: 1.0,
            burst: 0.0,
            drift: 0.0,
            kind,
            unusual: 0,
            episodes: Episodes::new(),
            model: Model::new(),
            total: -1.0,
        }
    }

    /// Takes the next reading. One that is not later than the last, or not a number, changes nothing: late data change
    /// figures, not verdicts.
    pub fn observe(
        &mut self,
        c: &Config,
        sensitivity: &Sensitivity,
        at: Moment,
        reading: Reading,
    ) -> Verdict {
        let late = self.points > 0.0 && at.minute <= self.last;
        if late || !reading.value.is_finite() {
            return self.unchanged(c);
        }
        let gap = if self.last > 0 { at.minute.saturating_sub(self.last) as f32 } else { 0.0 };
        let grown = self.grown(reading.value, gap);
        // A total that began anew says no more than when it did.
        self.last = at.minute;
        let Some(value) = grown else { return self.unchanged(c) };
        if self.points == 0.0 {
            self.points = 1.0;
            self.calm = at.minute;
            self.model.begin(at, value);
            return self.unchanged(c);
        }
        self.keep_pace(gap);
        self.model.turn_hour(at);
        let residual = self.model.residual(c, self.kind, at, self.step, value, reading.calls);
        self.judge(c, sensitivity, at, gap, reading.calls, &residual)
    }

    /// The state at a minute, which may be later than the last reading.
    pub fn state_at(&self, c: &Config, minute: u32) -> State {
        let silent = minute.saturating_sub(self.last) as f32;
        if self.points > 0.0 && silent >= (3.0 * self.step).max(5.0) {
            return State::NoData;
        }
        self.state(c)
    }

    /// The last reading's minute; none before the first.
    pub fn last(&self) -> Option<u32> {
        (self.points > 0.0).then_some(self.last)
    }

    pub fn kind(&self) -> Kind {
        self.kind
    }

    fn state(&self, c: &Config) -> State {
        match self.episodes.level {
            1 => State::Warning,
            2 => State::Critical,
            _ if !self.is_ready(c) => State::Learning,
            _ => State::Normal,
        }
    }

    /// Enough is known for a verdict.
    fn is_ready(&self, c: &Config) -> bool {
        self.points >= c.learning_points && self.points * self.step >= c.learning_minutes
    }

    fn unchanged(&self, c: &Config) -> Verdict {
        Verdict {
            state: self.state(c),
            change: None,
            rarity: 0.0,
            news: 0.0,
            expected: self.model.level,
            deviation: None,
            shift: false,
        }
    }

    /// The value to judge; of a running total its growth a minute, which is not known when it began anew.
    fn grown(&mut self, value: f64, gap: f32) -> Option<f32> {
        if self.kind != Kind::Total {
            return Some(value.clamp(-LARGEST, LARGEST) as f32);
        }
        let before = std::mem::replace(&mut self.total, value);
        (before >= 0.0 && value >= before && gap > 0.0)
            .then(|| ((value - before) / f64::from(gap)).min(LARGEST) as f32)
    }

    /// The usual step follows the gaps slowly; a long one was missing data.
    fn keep_pace(&mut self, gap: f32) {
        if self.points < 2.0 {
            // The gap behind minute 0 is not known.
            self.step = gap.max(1.0);
        } else {
            self.step += 0.05 * (gap.min(3.0 * self.step) - self.step);
        }
        if gap > 10.0 * self.step {
            self.burst = 0.0;
            self.drift = 0.0;
            self.model.follow = 0.0;
        }
        self.points = (self.points + 1.0).min(1e7);
    }

    pub(super) fn pace(&self, c: &Config) -> Pace {
        Pace {
            points: self.points,
            step: self.step,
            memory: (c.memory_minutes / self.step).max(c.memory_points),
        }
    }

    /// Bands are wider until the series has settled.
    pub(super) fn widening(&self, c: &Config) -> f32 {
        1.0 + 0.5 * (1.0 - self.points * self.step / c.settling_minutes).max(0.0)
    }

    fn judge(
        &mut self,
        c: &Config,
        sensitivity: &Sensitivity,
        at: Moment,
        gap: f32,
        calls: Option<f32>,
        residual: &Residual,
    ) -> Verdict {
        let pace = self.pace(c);
        let slowed = self.episodes.slows_learning(c, pace.step);
        let share = if slowed { c.open_learning } else { 1.0 };
        let burst = residual.scaled.clamp(-10.0, 10.0) - self.burst;
        self.burst += 2.0 / (c.burst_points + 1.0) * burst;
        let drift = residual.scaled.clamp(-10.0, 10.0) - self.drift;
        self.drift += 2.0 / (c.drift_points + 1.0) * drift;

        let most = self.measure(c, pace, share, residual);
        let too_small = residual.beyond.abs() < sensitivity.min_deviation
            || calls.is_some_and(|calls| calls < sensitivity.min_calls);
        let surprise = if too_small { 0.0 } else { most.surprise };
        if surprise == 0.0 {
            self.calm = at.minute;
        }
        let settled = self.has_settled();
        let point =
            Point { surprise, gap, onset: self.onset(c, &most), settled, ready: self.is_ready(c) };
        let Outcome { rarity, news, change, settled: adopts } =
            self.episodes.take(c, sensitivity, pace, point);
        if self.model.learn(c, pace, residual, calls, 1.0) {
            self.burst = 0.0;
            self.drift = 0.0;
        }
        if adopts {
            self.model.adopt();
            self.burst = 0.0;
            self.drift = 0.0;
        }
        Verdict {
            state: self.state(c),
            change,
            rarity,
            news,
            expected: residual.value + residual.loaded - residual.beyond,
            deviation: (surprise > 0.0).then_some(most),
            shift: settled && self.episodes.is_open(),
        }
    }

    /// The most surprising of the measures; all of them are learnt from.
    fn measure(&mut self, c: &Config, pace: Pace, share: f32, residual: &Residual) -> Deviation {
        let remembered = (c.tail_memories * pace.memory).min(pace.points);
        let rates = Rates {
            quantile: share / (remembered + 10.0),
            index: share / (remembered * EXCEEDED + c.tail_prior),
        };
        let values = [residual.jumped, residual.scaled, self.burst, self.drift];
        let mut most =
            Deviation { measure: Measure::Value, scaled: residual.scaled, surprise: 0.0 };
        let mut z = [0.0; TAILS];
        for (sides, scaled) in z.as_chunks_mut::<2>().0.iter_mut().zip(values) {
            *sides = [scaled, -scaled];
        }
        // Nothing that is within its quantiles surprises, for bands are only ever widened.
        if self.tails.are_usual(&z) {
            self.tails.learn_usual(rates, &LEAST);
            self.unusual = 0;
            return most;
        }
        let widening = self.widening(c);
        for (place, scaled) in values.into_iter().enumerate() {
            let below = scaled < 0.0;
            if (!below || self.kind.minds_falls()) && residual.lasts(MEASURES[place], scaled) {
                let tail = self.tails.at(2 * place + usize::from(below));
                let surprise = tail.surprise(scaled.abs() / widening);
                if surprise > most.surprise {
                    most = Deviation { measure: MEASURES[place], scaled, surprise };
                }
            }
        }
        if self.lasts(c, pace) {
            self.learn_lasting(rates, c.open_learning, z);
        } else {
            for (place, z) in z.into_iter().enumerate() {
                self.tails.learn(place, z, rates, LEAST[place]);
            }
        }
        self.unusual = self.unusual.saturating_add(1);
        most
    }

    /// What has lasted raises the tails of points less.
    #[cold]
    fn learn_lasting(&mut self, rates: Rates, share: f32, z: Each) {
        for (place, z) in z.into_iter().enumerate() {
            let rises = MEASURES[place / 2].is_of_points() && z > self.tails.quantiles[place];
            let rates = if rises { rates.slower(share) } else { rates };
            self.tails.learn(place, z, rates, LEAST[place]);
        }
    }

    /// What is unusual has lasted so long that it is one incident rather than many points, though not so long that it is how the series
    /// lives. Were each of its hours learnt as much as an hour of noise, a series with an incident a day would soon be deaf to the next.
    fn lasts(&self, c: &Config, pace: Pace) -> bool {
        let points = f32::from(self.unusual);
        points * pace.step >= c.rest_minutes && points < c.freeze_points
    }

    /// An open anomaly's values have stayed where they went for a while.
    fn has_settled(&self) -> bool {
        self.episodes.is_open()
            && self.episodes.open_points >= 15
            && (self.burst - self.drift).abs() < 0.3 * self.drift.abs()
            && self.drift.abs() > 1.0
    }

    /// Since when a deviation lasts: the point after the last that was usual. Means see it half of their length later.
    fn onset(&self, c: &Config, most: &Deviation) -> u32 {
        let lag = match most.measure {
            Measure::Jump | Measure::Value => 0.0,
            Measure::Burst => 0.5 * c.burst_points,
            Measure::Drift => 0.5 * c.drift_points,
        };
        let first = self.calm.saturating_add(self.step as u32).min(self.last);
        first.saturating_sub((lag * self.step) as u32)
    }
}
