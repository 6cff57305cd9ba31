//! Detection at work: each minute is judged once, a minute after its end, for every watched series of every application, and
//! what deviates is told with what most likely caused it.
//!
//! The mathematics is `analysis::anomaly` (a series) and `analysis::cause` (a ranking). Here is what feeds them and what
//! follows: which series there are ([`watched`]), what they did in a minute ([`readings`]), the state of all of them
//! ([`state`]), what the levels of an entity's series change for its one anomaly ([`episode`]), what is known around it and
//! whom that makes suspect ([`cause`]), and which anomalies are one incident ([`incident`]). The [`engine`] strings them
//! together as the engine of health rules does: a minute's changes, events and mark are one transaction. The state is
//! stored every five minutes with that mark; after a stop it is read back and the stored minutes since are read again,
//! without telling anything a second time. [`past`] runs the same series over the past and stores nothing.

mod cause;
mod engine;
mod episode;
mod incident;
mod job;
mod past;
mod readings;
mod state;
mod store;
mod stored;
mod told;
mod watched;
mod words;

#[cfg(test)]
mod tests;

#[cfg(test)]
pub(crate) use self::episode::event_kinds;
pub use self::{
    engine::{DetectionError, Engine, Judged},
    job::{Deps, Job},
    past::{Past, PastEpisode, PastPoint, PastSeries, replay, state_of},
    readings::Observed,
    state::{MAX_SERIES, Watch, Watching},
    store::{AnomalyStore, SqlAnomalies, StateObjects},
    stored::{
        Body, Brief, FoundCauses, IncidentBody, Named, Operation, StoredEvidence, StoredSuspect,
    },
    watched::{SeriesKey, What, sensitivity, unit_of},
};
pub use analysis::anomaly::{Config, Explanation, Moment, Seasonality, Series};
