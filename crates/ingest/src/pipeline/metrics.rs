//! Metrics: points of agents become rows of the metric tree.
//!
//! Paths, units and how values combine stand in [`model::metric_table`]; here are the increases of cumulative counters
//! ([`streams`]), the putting together of one export ([`collection`]), levels that add over the processes of a node
//! ([`levels`]), histograms ([`distribution`]) and the bounds on all of it ([`routes`]). Beside that
//! each point is kept as it came ([`raw`]).
//!
//! A value stands in the minute of its sample's own time. An increase over several minutes (an agent that reports seldom,
//! or could not for a while) is spread evenly over the minutes between the two samples, at most an hour of them, so that no
//! minute shows what happened in many.

mod collection;
mod counted;
mod distribution;
mod export;
mod levels;
mod raw;
mod requests;
mod routes;
mod streams;

use model::{
    id::{AccountId, EntityId},
    time::Minute,
};
use serde::{Deserialize, Serialize};
use telemetry_store::head::Rows;

pub(super) use self::export::room_of;
pub(crate) use self::export::stream_key;
use self::{
    counted::Counted,
    export::Export,
    levels::{Levels, SavedLevels},
    requests::{Requests, SavedRequests},
    routes::{Routes, SavedCombinations, SavedCombinationsV2, SavingCombinations},
    streams::{SavedStreams, SavedStreamsV2, SavingStreams, Streams},
};
use super::spans::{Buffers, Cleaning, Source};
use crate::{otlp::metrics::ResourceMetrics, room::Room};

/// Forgetting walks all state, so it is done this seldom.
const FORGET_EVERY_MS: i64 = 60_000;

/// All that is known of metrics between two bodies.
#[derive(Debug)]
pub(super) struct Metrics {
    streams: Streams,
    levels: Levels,
    routes: Routes,
    requests: Requests,
    forgot_ms: i64,
    /// Which head of the store is being filled, from 1: counted samples of a head stand by themselves.
    head: u32,
    /// Serves body after body.
    counted: Vec<Counted>,
}

/// What of it outlives the process.
#[derive(Debug, Default, Deserialize)]
pub(super) struct SavedMetrics {
    streams: SavedStreams,
    levels: SavedLevels,
    combinations: SavedCombinations,
    requests: SavedRequests,
    forgot_ms: i64,
}

/// The same as it is written, borrowed from what goes on.
#[derive(Debug, Serialize)]
pub(super) struct SavingMetrics<'m> {
    streams: SavingStreams<'m>,
    levels: SavedLevels,
    combinations: SavingCombinations<'m>,
    requests: SavedRequests,
    forgot_ms: i64,
}

/// The same before version 3 of the checkpoint.
#[derive(Debug, Default, Deserialize)]
pub(super) struct SavedMetricsV2 {
    streams: SavedStreamsV2,
    levels: SavedLevels,
    combinations: SavedCombinationsV2,
    requests: SavedRequests,
    forgot_ms: i64,
}

/// What became of the points of a resource.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Taken {
    /// Points that were read, the ignored ones included.
    pub(super) points: u64,
    /// Points that are not kept: unreadable, or beyond the bounds on streams.
    pub(super) ignored: u64,
    /// Those of them beyond the bounds.
    pub(super) beyond: u64,
    /// Totals that were told before, or after later ones: kept as they came, and counted nowhere.
    pub(super) repeated: u64,
}

impl Default for Metrics {
    fn default() -> Self {
        Metrics::restore(SavedMetrics::default())
    }
}

impl Metrics {
    /// Puts the points of a resource into `rows`, the account's.
    pub(super) fn take(
        &mut self,
        resource: &ResourceMetrics<'_>,
        source: &Source,
        cleaning: Cleaning<'_>,
        rows: &mut Rows,
        buffers: &mut Buffers,
        now_ms: i64,
    ) -> Taken {
        self.forget(now_ms);
        let mut export = Export::new(self, source, cleaning, rows, buffers, now_ms);
        export.resource(resource);
        export.finish()
    }

    fn forget(&mut self, now_ms: i64) {
        if now_ms < self.forgot_ms.saturating_add(FORGET_EVERY_MS) {
            return;
        }
        self.forgot_ms = now_ms;
        self.streams.forget(now_ms);
        self.levels.forget(now_ms);
        self.routes.forget(&self.streams, now_ms);
        self.requests.forget(now_ms);
    }

    /// How many requests each tier served by its own metrics, in each of its newest minutes.
    pub(super) fn request_counts(&self) -> impl Iterator<Item = (EntityId, Minute, f64)> + '_ {
        self.requests.counts()
    }

    /// Bounded by so many bytes of memory.
    pub(super) fn within(mut self, bytes: usize) -> Metrics {
        /// About what one stream takes with its routes.
        const STREAM_BYTES: usize = 1536;
        self.streams.most = Some(bytes / STREAM_BYTES);
        self
    }

    /// Says where there is no room for further streams.
    pub(super) fn telling(mut self, room: Room) -> Metrics {
        room.clear();
        self.streams.room = room;
        self
    }

    /// For the checkpoint.
    pub(super) fn save(&self) -> SavingMetrics<'_> {
        SavingMetrics {
            streams: self.streams.save(),
            levels: self.levels.save(),
            combinations: self.routes.save(),
            requests: self.requests.save(),
            forgot_ms: self.forgot_ms,
        }
    }

    /// As it was when it was saved.
    pub(super) fn restore(saved: SavedMetrics) -> Metrics {
        let SavedMetrics { streams, levels, combinations, requests, forgot_ms } = saved;
        Metrics {
            streams: Streams::restore(streams),
            levels: Levels::restore(levels),
            routes: Routes::restore(combinations),
            requests: Requests::restore(requests),
            forgot_ms,
            head: 1,
            counted: Vec::new(),
        }
    }

    /// What an older checkpoint says, as today's do.
    pub(super) fn converted(saved: SavedMetricsV2) -> SavedMetrics {
        let metrics = Metrics::restore_v2(saved);
        let bytes = postcard::to_stdvec(&metrics.save()).expect("every part has a known length");
        postcard::from_bytes(&bytes).expect("what is written can be read")
    }

    fn restore_v2(saved: SavedMetricsV2) -> Metrics {
        let SavedMetricsV2 { streams, levels, combinations, requests, forgot_ms } = saved;
        Metrics {
            streams: streams.restore(),
            levels: Levels::restore(levels),
            routes: Routes::restore_v2(combinations),
            requests: Requests::restore(requests),
            forgot_ms,
            ..Metrics::default()
        }
    }

    /// What comes from now on goes into another head.
    pub(super) fn begin_head(&mut self) {
        self.head = self.head.wrapping_add(1).max(1);
    }

    /// How many series there may be, and are, of an application; of all where none is told.
    pub(super) fn reached(
        &self,
        account: AccountId,
        application: EntityId,
    ) -> Option<(Option<EntityId>, usize)> {
        self.streams.reached(account, application)
    }

    /// How many series are known, of those that were heard of within an hour.
    pub(super) fn series(&self) -> usize {
        self.streams.len()
    }
}

#[cfg(test)]
mod tests;
