//! What the hours of a day add to a series' level, on weekdays and on weekends.
//!
//! 24 hours of each kind of day, in 16-bit steps of a unit that grows with the series: 100 bytes. Minutes between hours are on
//! the straight line between their middles. Hours are local ones, so that a change of daylight-saving time needs nothing.

/// Steps a knot may have; beyond it the unit doubles.
const MOST_STEPS: f32 = 16_000.0;
/// How many days the mean of an hour goes back, about.
const DAYS: u8 = 6;

#[derive(Clone, Copy, Debug, PartialEq)]
#[repr(C)]
pub(super) struct Season {
    /// The value of one step; 0 before anything was learnt.
    pub(super) unit: f32,
    /// How many hours of each kind of day were learnt, up to 24 × [`DAYS`].
    pub(super) hours: [u8; 2],
    /// Weekdays' hours, then weekends'.
    pub(super) knots: [[i16; 24]; 2],
}

/// Weekday or weekend, as the place in [`Season::knots`].
pub(super) fn kind_of_day(hour_of_week: u16) -> usize {
    usize::from(hour_of_week >= 5 * 24)
}

impl Season {
    pub(super) const fn new() -> Season {
        Season { unit: 0.0, knots: [[0; 24]; 2], hours: [0; 2] }
    }

    /// Whether every hour of this kind of day was seen `days` times, about.
    pub(super) fn knows(&self, kind: usize, days: u8) -> bool {
        self.hours[kind] >= days.saturating_mul(24)
    }

    /// What the time of day adds. `smooth`: between the middles of hours, for steps shorter than an hour.
    pub(super) fn at(&self, kind: usize, hour: usize, minute: u32, smooth: bool) -> f32 {
        if self.unit == 0.0 {
            return 0.0;
        }
        let knots = &self.knots[kind];
        let own = f32::from(knots[hour]);
        if !smooth {
            return own * self.unit;
        }
        // How far the minute's middle is from the hour's, in hours.
        let off = (minute as f32 + 0.5) / 60.0 - 0.5;
        let next = if off < 0.0 { (hour + 23) % 24 } else { (hour + 1) % 24 };
        (own + off.abs() * (f32::from(knots[next]) - own)) * self.unit
    }

    /// The least and the most that is expected within half an hour before and after.
    pub(super) fn range(
        &self,
        kind: usize,
        hour: usize,
        minute: u32,
        now: f32,
        smooth: bool,
    ) -> (f32, f32) {
        if !smooth {
            return (now, now);
        }
        let knots = &self.knots[kind];
        let off = (minute as f32 + 0.5) / 60.0;
        let own = f32::from(knots[hour]) * self.unit;
        let before = f32::from(knots[(hour + 23) % 24]) * self.unit;
        let after = f32::from(knots[(hour + 1) % 24]) * self.unit;
        // Half an hour earlier the line runs from the hour before to this one; later from this one to the next.
        let earlier = before + off * (own - before);
        let later = own + off * (after - own);
        (now.min(earlier).min(later), now.max(earlier).max(later))
    }

    /// Learns the mean of one hour.
    pub(super) fn learn(&mut self, kind: usize, hour: usize, mean: f32) {
        let seen = self.hours[kind] / 24;
        let weight = 1.0 / f32::from(seen + 1).min(f32::from(DAYS));
        let old = f32::from(self.knots[kind][hour]) * self.unit;
        let new = old + weight * (mean - old);
        self.make_room(new.abs());
        if self.unit > 0.0 {
            self.knots[kind][hour] = (new / self.unit).round() as i16;
        }
        self.hours[kind] = (self.hours[kind] + 1).min(24 * DAYS);
    }

    fn make_room(&mut self, value: f32) {
        if self.unit == 0.0 {
            self.unit = value / MOST_STEPS * 2.0;
        }
        while self.unit > 0.0 && self.unit.is_finite() && value > MOST_STEPS * self.unit {
            self.unit *= 2.0;
            for knot in self.knots.as_flattened_mut() {
                *knot /= 2;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_come_back_as_they_were_learnt_whatever_their_size() {
        let mut season = Season::new();
        for day in 0..10 {
            for hour in 0..24 {
                season.learn(0, hour, if hour == 9 { 5e6 } else { hour as f32 });
            }
            assert_eq!(season.knows(0, 2), day >= 1);
        }
        assert!((season.at(0, 9, 30, false) / 5e6 - 1.0).abs() < 1e-3);
        assert!((season.at(0, 20, 0, false) - 20.0).abs() < 400.0, "a step of the largest hour");
        assert_eq!(season.at(1, 9, 30, false), 0.0, "weekends are their own");
    }

    #[test]
    fn minutes_lie_between_the_middles_of_hours() {
        let mut season = Season::new();
        season.learn(0, 9, 0.0);
        season.learn(0, 10, 100.0);
        let at = |hour, minute| season.at(0, hour, minute, true);
        assert!(at(9, 59) > at(9, 40) && at(10, 0) > at(9, 59) && at(10, 29) > at(10, 0));
        assert!((at(9, 59) - 49.2).abs() < 1.0);
    }
}
