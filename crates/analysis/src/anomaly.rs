//! Anomalies: whether a series does what it usually does, told minute by minute, with no more memory than a few hundred bytes.
//!
//! A [`Series`] is fed one [`Reading`] a step, in time order, and answers with a [`Verdict`]. It decides in three steps.
//!
//! 1. **What is expected** (`model`): the level; the hour of the day on weekdays and on weekends, once that has proven to leave
//!    less over; what load explains of a response time or an error share (`load`). Updates are winsorised, and learning
//!    is slowed while an anomaly is open, for a bounded time.
//! 2. **How far off, for this series** (`tail`): four measures (a jump, the value itself, a burst, a drift), each side
//!    of each against the tail of its own recent deviations.
//! 3. **Whether that is news** (`episodes`): deviations that lie near each other are one episode; how often this series has such
//!    episodes, and how large they are, makes the rarity. So one threshold serves all series, in a unit that people
//!    understand: how long this series is expected to take until it does the like again.
//!
//! Pure mathematics: no IO, no clock, no randomness, and the same bits on every machine. The caller says what time it is,
//! and which local hour of the week that is, so that a change of daylight-saving time is the calendar's matter.
//!
//! What it deliberately does not do: it keeps no history (bands of the past are the telemetry store's), forecasts nothing,
//! and looks at one series at a time.

mod bytes;
mod config;
mod episodes;
mod explain;
mod kind;
mod load;
mod many;
mod math;
mod model;
mod season;
mod series;
mod tail;

pub use self::{
    bytes::BadState,
    config::{Config, Sensitivity},
    episodes::{Change, State},
    explain::{Band, Explanation, Seasonality},
    kind::{Kind, Reading},
    many::{Due, observe_many},
    series::{Deviation, Measure, Moment, STATE_BYTES, Series, Verdict},
};

#[cfg(test)]
mod tests;
