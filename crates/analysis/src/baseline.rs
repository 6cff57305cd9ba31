//! Baselines: what a series normally is at this hour of its season, and how far from it a value lies.
//!
//! What is known of the past is what hourly roll-ups keep of their minutes: how many values there were, their sum and the
//! sum of their squares ([`Values`]). Hours that lie alike in the [`Season`] of a [`Calendar`] are put together
//! ([`expected()`]) and give an [`Expected`], against which a value is judged ([`Expected::judge`]).
//!
//! Sources: sums to mean and standard deviation, and putting groups together, are the law of total variance
//! (<https://en.wikipedia.org/wiki/Law_of_total_variance>); sums lose digits only where the deviation is less than about
//! 1e-7 of the mean, which is treated as none. A mean's standard error is σ ÷ √n
//! (<https://en.wikipedia.org/wiki/Standard_error>), a count's the root of the count, as of a Poisson process
//! (<https://en.wikipedia.org/wiki/Poisson_distribution>).

mod calendar;
mod expected;
mod history;
mod values;

pub use self::{
    calendar::{Calendar, Season, Slots, UnknownZone, hour_of, hours_in},
    expected::{Basis, Behind, Direction, Expected, Limits, MOST_SIGMAS, Noise, State},
    history::{
        Gathered, Hour, Kind, MIN_HOURS, MIN_MINUTES, MIN_MINUTES_OF_ANY_HOUR, any_hour_before,
        before, expected,
    },
    values::{Values, Weighted},
};
