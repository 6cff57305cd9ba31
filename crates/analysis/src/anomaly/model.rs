//! What a series is expected to do next, and how far off it usually is.

use super::{
    config::Config,
    kind::Kind,
    load::Load,
    season::{Season, kind_of_day},
    series::{Measure, Moment},
};

/// Bounds of how much wider an hour's deviations are than the series'.
const SPREAD: (f32, f32) = (0.5, 20.0);
/// What a [`Model::spread`] of 1 is.
const SPREAD_ONE: f32 = 1024.0;
/// Points after which winsorising has a scale to go by.
const EARLY: f32 = 20.0;
/// Steps longer than this have no minutes between the middles of hours.
const SMOOTH_BELOW: f32 = 45.0;

/// What every reading needs comes first and together: see [`super::series::Series`].
#[derive(Clone, Debug, PartialEq)]
#[repr(C)]
pub(super) struct Model {
    /// The level of everything, and of what the season leaves over.
    pub(super) level: f32,
    pub(super) seasonal_level: f32,
    /// Mean deviation from the level, and from level and season.
    pub(super) off: [f32; 2],
    /// Where the last points were, relative to what was expected, and how far the next one usually is from there.
    pub(super) follow: f32,
    pub(super) jump: f32,
    /// The largest recent deviation, the smallest step ever made, and the last value.
    pub(super) peak: f32,
    pub(super) resolution: f32,
    pub(super) previous: f32,
    /// How far the last value was from where those before it were.
    pub(super) last_jump: f32,
    /// Of the hour that runs: sums of deviations from the level and of sizes of scaled ones, and how many.
    pub(super) hour_sum: f32,
    pub(super) hour_size: f32,
    pub(super) hour_points: u8,
    pub(super) hour: u8,
    /// Whether the season has proven itself, and whether weekends have.
    pub(super) seasonal: bool,
    pub(super) weekends: bool,
    pub(super) season: Season,
    /// By how much each hour's deviations are wider, in 1024ths.
    pub(super) spread: [u16; 24],
    pub(super) load: Load,
    /// Mean deviation on weekends from weekdays' hours, and from weekends' own.
    pub(super) weekend_off: [f32; 2],
}

/// How fast a series lives.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace {
    pub(super) points: f32,
    pub(super) step: f32,
    /// How many points the level remembers.
    pub(super) memory: f32,
}

/// A value against what was expected of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Residual {
    /// The value without what load adds to it.
    pub(super) value: f32,
    /// What load adds.
    pub(super) loaded: f32,
    pub(super) from_level: f32,
    pub(super) from_season: f32,
    /// On weekends, from both kinds of hours.
    from_weekend: Option<[f32; 2]>,
    /// Beyond what is expected within half an hour, in the series' unit.
    pub(super) beyond: f32,
    /// The same in scales, and from where the last points were.
    pub(super) scaled: f32,
    pub(super) jumped: f32,
    jump: f32,
    /// The jump undoes the one before it.
    returns: bool,
    floor: f32,
}

impl Residual {
    /// Whether the point itself bears out half of what a measure says. A jump that ends where the series was expected, or back where it
    /// was before it jumped, is a return, and means remember what is over.
    pub(super) fn lasts(&self, measure: Measure, scaled: f32) -> bool {
        match measure {
            Measure::Value => true,
            Measure::Jump => !self.returns && self.beyond.abs() >= 0.5 * self.jump.abs(),
            Measure::Burst | Measure::Drift => {
                self.scaled * scaled.signum() >= (0.5 * scaled.abs()).max(1.0)
            }
        }
    }
}

impl Model {
    pub(super) const fn new() -> Model {
        Model {
            level: 0.0,
            seasonal_level: 0.0,
            off: [0.0; 2],
            weekend_off: [0.0; 2],
            follow: 0.0,
            jump: 0.0,
            peak: 0.0,
            resolution: 0.0,
            previous: 0.0,
            last_jump: 0.0,
            load: Load::new(),
            season: Season::new(),
            spread: [SPREAD_ONE as u16; 24],
            hour_sum: 0.0,
            hour_size: 0.0,
            hour_points: 0,
            hour: 0,
            seasonal: false,
            weekends: false,
        }
    }

    pub(super) fn begin(&mut self, at: Moment, value: f32) {
        self.level = value;
        self.seasonal_level = value;
        self.previous = value;
        self.hour = hour_of(at);
    }

    /// What is expected at a moment, with load: the least and the most within half an hour of it.
    pub(super) fn expected(&self, at: Moment, step: f32, calls: Option<f32>) -> (f32, f32, f32) {
        let loaded = self.load.adds(calls, self.off[0]);
        if !self.seasonal {
            let expected = self.level + loaded;
            return (expected, expected, expected);
        }
        let (hour, minute, smooth) = clock(at, step);
        let kind = usize::from(self.weekends) * kind_of_day(at.hour_of_week);
        let knot = self.season.at(kind, hour, minute, smooth);
        let (low, high) = self.season.range(kind, hour, minute, knot, smooth);
        let level = self.seasonal_level + loaded;
        (level + knot, level + low, level + high)
    }

    /// The mean deviation that is usual at a moment.
    pub(super) fn scale(&self, c: &Config, kind: Kind, at: Moment, calls: Option<f32>) -> f32 {
        let floor = self.floor(c, kind, calls);
        let usual = self.off[usize::from(self.seasonal)];
        usual.max(floor).max(c.peak_floor * self.peak) * self.spread_at(at) * self.load.noise(calls)
    }

    fn floor(&self, c: &Config, kind: Kind, calls: Option<f32>) -> f32 {
        kind.floor(self.level, calls)
            .max(0.01 * self.off[0].max(self.jump))
            .max(c.resolution_floor * self.resolution)
            .max(1e-6)
    }

    fn spread_at(&self, at: Moment) -> f32 {
        if !self.seasonal {
            return 1.0;
        }
        f32::from(self.spread[usize::from(at.hour_of_week % 24)]) / SPREAD_ONE
    }

    #[inline]
    pub(super) fn residual(
        &self,
        c: &Config,
        kind: Kind,
        at: Moment,
        step: f32,
        value: f32,
        calls: Option<f32>,
    ) -> Residual {
        let loaded = self.load.adds(calls, self.off[0]);
        let value = value - loaded;
        let (hour, minute, smooth) = clock(at, step);
        let day = kind_of_day(at.hour_of_week);
        let weekday = self.season.at(0, hour, minute, smooth);
        let weekend = if day == 1 && self.season.knows(1, 1) {
            self.season.at(1, hour, minute, smooth)
        } else {
            weekday
        };
        let own = day == 1 && self.weekends;
        let knot = if own { weekend } else { weekday };
        let from_level = value - self.level;
        let above = value - self.seasonal_level;
        let beyond = if self.seasonal {
            let (low, high) = self.season.range(usize::from(own), hour, minute, knot, smooth);
            above - above.clamp(low, high)
        } else {
            from_level
        };
        let floor = self.floor(c, kind, calls);
        let widened = self.spread_at(at) * self.load.noise(calls);
        let usual = self.off[usize::from(self.seasonal)];
        let scale = usual.max(floor).max(c.peak_floor * self.peak) * widened;
        let jump = beyond - self.follow;
        Residual {
            value,
            loaded,
            from_level,
            from_season: above - knot,
            from_weekend: (day == 1).then_some([above - weekday, above - weekend]),
            beyond,
            scaled: beyond / scale,
            jumped: jump / (self.jump.max(floor) * widened),
            jump,
            returns: jump * self.last_jump < 0.0 && jump.abs() <= self.last_jump.abs(),
            floor,
        }
    }

    /// Learns a value; `share` of the usual weight. True when another expectation holds from now on.
    #[inline]
    pub(super) fn learn(
        &mut self,
        c: &Config,
        pace: Pace,
        residual: &Residual,
        calls: Option<f32>,
        share: f32,
    ) -> bool {
        let Residual { value, floor, .. } = *residual;
        let weight = (1.0 / pace.points).max(1.0 / pace.memory);
        // The first value had nothing to deviate from.
        let deviations = (pace.points - 1.0).max(1.0);
        let of_scales = if deviations < pace.memory { 1.0 / deviations } else { weight };
        let early = deviations < EARLY;
        let limit = |scale: f32| if early { f32::MAX } else { c.winsor * scale.max(floor) };
        let limits = [limit(self.off[0]), limit(self.off[1])];

        let forget = 0.7 / (pace.memory * c.tail_memories);
        let most = (20.0 * self.peak).max(50.0 * self.off[0]);
        self.peak = (self.peak * (1.0 - forget)).max(residual.beyond.abs().min(most));
        let step = (value - self.previous).abs();
        if step > 0.0 && (self.resolution == 0.0 || step < self.resolution) {
            self.resolution = step;
        }
        self.previous = value;

        let from_level = residual.from_level.clamp(-limits[0], limits[0]);
        let from_season = residual.from_season.clamp(-limits[1], limits[1]);
        self.load.learn(calls, from_level + residual.loaded, weight * share);
        self.level += weight * share * from_level;
        let faster = (1.0 / pace.points).max(2.0 / pace.memory);
        self.seasonal_level += faster * share * from_season;
        self.off[0] += of_scales * (from_level.abs() - self.off[0]);
        self.off[1] += of_scales * (from_season.abs() - self.off[1]);
        if let Some(both) = residual.from_weekend {
            for (kept, off) in self.weekend_off.iter_mut().zip(both) {
                *kept += weight * (off.abs().min(limits[1]) - *kept);
            }
            self.weekends = self.weekend_off[1] < 0.9 * self.weekend_off[0];
        }
        self.jump += of_scales * (residual.jump.abs().min(limit(self.jump)) - self.jump);
        self.follow += c.follow * residual.jump;
        self.last_jump = residual.jump;
        self.hour_sum += from_level;
        self.hour_size += residual.scaled.abs().min(20.0);
        self.hour_points = self.hour_points.saturating_add(1);
        self.choose(c)
    }

    /// Whether the season has proven itself, or no longer does.
    fn choose(&mut self, c: &Config) -> bool {
        let before = self.seasonal;
        if self.off[1] < c.season_gain * self.off[0] && self.season.knows(0, 2) {
            self.seasonal = true;
        } else if self.off[1] > (0.5 + 0.5 * c.season_gain) * self.off[0] {
            self.seasonal = false;
        }
        if self.seasonal != before {
            self.follow = 0.0;
        }
        self.seasonal != before
    }

    /// Makes the end of an hour when another one has begun.
    pub(super) fn turn_hour(&mut self, at: Moment) {
        if hour_of(at) == self.hour {
            return;
        }
        if self.hour_points > 0 {
            let (points, hour) = (f32::from(self.hour_points), usize::from(self.hour % 24));
            self.season.learn(kind_of_day(u16::from(self.hour)), hour, self.hour_sum / points);
            if self.seasonal {
                let old = f32::from(self.spread[hour]) / SPREAD_ONE;
                let now = old * self.hour_size / points;
                let new = (old + 0.2 * (now - old)).clamp(SPREAD.0, SPREAD.1);
                self.spread[hour] = (new * SPREAD_ONE).round() as u16;
            }
        }
        self.hour = hour_of(at);
        self.hour_sum = 0.0;
        self.hour_size = 0.0;
        self.hour_points = 0;
    }

    /// Takes where the last points were as the level from now on.
    pub(super) fn adopt(&mut self) {
        self.level += self.follow;
        self.seasonal_level += self.follow;
        self.follow = 0.0;
    }
}

/// The hour of the week, of which there are 168.
fn hour_of(at: Moment) -> u8 {
    u8::try_from(at.hour_of_week).unwrap_or(u8::MAX)
}

/// The hour of the day, its minute, and whether minutes matter.
fn clock(at: Moment, step: f32) -> (usize, u32, bool) {
    (usize::from(at.hour_of_week % 24), at.minute % 60, step < SMOOTH_BELOW)
}
