//! The pipeline: consumes the journal, finds entities, assembles traces, counts, chooses snapshots, and makes cuts.
//!
//! [`Pipeline::step`] does a bounded piece of work and never waits for time to pass: it is driven by a thread
//! ([`task`]), by a test with a clock of its own, or by a simulation that stops the machine between any two steps. All
//! that is undecided stands in the checkpoint of each cut; whatever else is in memory can be made again from the journal.

mod checkpoint;
mod close;
mod contribution;
mod cut;
mod decide;
mod duplicates;
mod findings;
mod fresh;
mod judge;
mod logs;
mod long_lived;
mod metrics;
mod nodes;
mod registry;
mod samples;
mod skeleton;
mod spans;
pub mod stats;
mod take;
mod targets;
pub mod task;
mod traces;
mod world;

use std::{
    error::Error,
    sync::{Arc, atomic::Ordering::Relaxed},
    time::Duration,
};

use daemon::memory::{Guard, Pressure};
use journal::{ReadError, SharedJournal};
use metadata_store::{
    Catalogue, CatalogueError, Directory, EventLog, ObjectRef, StoreError as MetadataError,
};
use model::{
    figure::{Figure, Scope},
    id::{AccountId, EntityId, TraceId},
    naming::template::Template,
    sanitise::Sanitiser,
    time::{Minute, MinuteRange},
};
use rustc_hash::FxHashMap;
use telemetry_store::{
    Store, StoreError,
    head::Head,
    reader::{Detail, FigureQuery, FigureRow, GroupBy, Points, QueryError, Reader},
    span_batch::Size,
};
use tracing::{error, info, warn};

pub(crate) use self::metrics::stream_key;
pub use self::{
    checkpoint::CheckpointError, cut::CutBy, nodes::MAX_LIVE as MAX_LIVE_NODES, registry::Limits,
    stats::Stats,
};
use self::{
    checkpoint::Saved,
    cut::Cutting,
    duplicates::Duplicates,
    fresh::FreshlyDecided,
    judge::{Snapshots, Threshold},
    metrics::Metrics,
    nodes::Nodes,
    registry::Registry,
    spans::{Buffers, Source},
    targets::Targets,
    traces::Traces,
};
use crate::{
    otlp::{self, limits::AttributeLimits},
    room::Room,
};

/// The name under which offsets are committed.
pub const CONSUMER: &str = "pipeline";

/// How a pipeline is made.
#[derive(Debug)]
pub struct Config {
    pub journal: SharedJournal,
    pub store: Arc<Store>,
    pub catalogue: Arc<dyn Catalogue>,
    pub directory: Arc<Directory>,
    /// Where events that are found are stored.
    pub events: Arc<dyn EventLog>,
    pub template: Template,
    pub sanitiser: Sanitiser,
    pub attribute_limits: AttributeLimits,
    pub limits: Limits,
    pub memory: Memory,
    /// A cut is made when the head has grown to its size, or the last one is so long ago, milliseconds.
    pub cut_interval_ms: i64,
    pub cut_by: CutBy,
    pub stats: Arc<Stats>,
    /// Where intake is told of metric streams that there is no room for.
    pub room: Room,
}

/// What the pipeline may hold in memory, bytes.
#[derive(Clone, Debug)]
pub struct Memory {
    /// What is not in a segment yet: at this size a cut is made.
    pub head: usize,
    /// Open traces, what a checkpoint says of them, and what is remembered of closed ones.
    pub traces: usize,
    /// What is known of metric series between two points.
    pub series: usize,
    /// Near the limit cuts come sooner.
    pub guard: Guard,
}

impl Default for Memory {
    fn default() -> Self {
        Memory { head: 64 << 20, traces: 1 << 30, series: 1 << 30, guard: Guard::unlimited() }
    }
}

impl Memory {
    /// The size of the head at which a cut is made now.
    fn head_now(&self) -> usize {
        match self.guard.pressure() {
            Pressure::None => self.head,
            Pressure::High => self.head / 2,
            Pressure::Critical => self.head / 4,
        }
    }
}

/// Why the pipeline stopped.
#[derive(Debug, thiserror::Error)]
pub enum PipelineError {
    #[error(transparent)]
    Journal(#[from] ReadError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Catalogue(#[from] CatalogueError),
    #[error(transparent)]
    Metadata(#[from] MetadataError),
    #[error(transparent)]
    Query(#[from] QueryError),
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// Another process consumes this journal now; this one must stop.
    #[error("another process has taken over the pipeline")]
    Superseded,
}

/// What a step did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    pub records: usize,
    pub closed: usize,
    pub cut: bool,
}

/// Further behind than this (records) what is usual is not asked for: a replay would be judged by half of itself.
const MAX_LAG: u64 = 1000;
/// Places of business transactions are counted again so often, minutes.
const RECOUNT_MINUTES: u32 = 60;

/// The pipeline of one process. See the module's documentation.
#[derive(Debug)]
pub struct Pipeline {
    config: Config,
    epoch: u64,
    /// The next offset of each lane, and the one of the last cut.
    next: Vec<u64>,
    committed: Vec<u64>,
    stage: Head,
    registry: Registry,
    targets: Targets,
    /// The lane of the journal whose turn is first.
    next_lane: u16,
    nodes: Nodes,
    sources: FxHashMap<u64, (i64, Arc<Source>)>,
    /// How many sources were made: the newest one's id.
    sources_made: u64,
    traces: Traces,
    duplicates: Duplicates,
    fresh: FreshlyDecided,
    snapshots: Snapshots,
    thresholds: FxHashMap<EntityId, Threshold>,
    thresholds_at: Minute,
    metrics: Metrics,
    /// In a box, since each span takes them out and puts them back.
    buffers: Option<Box<Buffers>>,
    /// Traces chosen to be kept and when they began (Unix nanoseconds), whose spans are still to be copied.
    chosen: Vec<(AccountId, TraceId, u64)>,
    /// A step failed half way: nothing in here may be counted on any more.
    broken: bool,
    cutting: Option<Cutting>,
    last_cut_ms: i64,
    /// When it was stepped last.
    stepped_ms: i64,
    began_ms: i64,
    /// How many spans were last made visible at once.
    staged: Size,
    /// Where each lane of the journal ended when it began.
    left_until: Vec<u64>,
    last_record_ms: i64,
    dirty: bool,
    seen: FxHashMap<EntityId, i64>,
    /// No span that was taken ends later than this, Unix nanoseconds.
    newest_end_ns: u64,
}

impl Config {
    /// Takes the journal over from whoever consumed it before, at the last cut.
    ///
    /// # Errors
    /// When catalogue or checkpoint cannot be read.
    pub fn build(self, now_ms: i64) -> Result<Pipeline, PipelineError> {
        let lanes: Vec<u16> = (0..self.journal.lanes()).collect();
        let claim = self.catalogue.claim(CONSUMER, &lanes)?;
        let saved = match &claim.checkpoint {
            Some(object) => self.read_or_put_aside(object)?,
            None => Saved { newest_end_ns: Some(0), ..Saved::default() },
        };
        let first = |lane: u16, offset: u64| {
            offset.max(if offset == 0 { self.journal.bounds(lane).first } else { 0 })
        };
        let next: Vec<u64> =
            claim.offsets.iter().map(|(lane, offset)| first(*lane, *offset)).collect();
        // What an earlier pipeline of this process showed beyond the cut is in the journal and comes again.
        self.store.discard_head()?;
        self.store.remove_stale_checkpoints(CONSUMER, claim.checkpoint.as_ref())?;
        let mut registry = Registry::new(Arc::clone(&self.directory), self.limits);
        registry.restore_backends(saved.backends);
        registry.load(AccountId::FIRST, now_ms);
        let now_ns = now_ms.unsigned_abs() * 1_000_000;
        // What was taken before may have ended as far ahead of our clock as that.
        let newest_end_ns = saved
            .newest_end_ns
            .unwrap_or_else(|| now_ns + otlp::slice::MAX_AHEAD.as_nanos() as u64);
        // The clock may have been set back since, and a sender's may be ahead. Before the first cut there is nothing.
        let covered_ns = match newest_end_ns {
            0 => 0,
            newest_ns => now_ns.max(newest_ns) + otlp::slice::MAX_AHEAD.as_nanos() as u64,
        };
        let mut traces = Traces::new(covered_ns, self.memory.traces);
        let opened = saved.open.len();
        for (trace, open) in saved.open {
            registry.load(trace.0, now_ms);
            traces.insert(trace, Box::new(open));
        }
        // They came before, whatever the clock said then.
        traces.set_back(now_ms);
        for (at_ms, trace, errors) in saved.errors {
            traces.remember_errors(trace, &errors, at_ms);
        }
        let left_until =
            (0..self.journal.lanes()).map(|lane| self.journal.bounds(lane).next).collect();
        info!(epoch = claim.epoch, offsets = ?next, open_traces = opened, "pipeline continues");
        Ok(Pipeline {
            epoch: claim.epoch,
            committed: claim.offsets.iter().map(|(_, offset)| *offset).collect(),
            next,
            stage: Head::default(),
            staged: Size::default(),
            registry,
            targets: saved.targets.into_iter().collect(),
            next_lane: 0,
            nodes: saved.nodes.restore(saved.beside),
            sources: FxHashMap::default(),
            sources_made: 0,
            traces,
            duplicates: Duplicates::restore(saved.duplicates),
            fresh: FreshlyDecided::restore(saved.fresh),
            snapshots: saved.snapshots,
            thresholds: FxHashMap::default(),
            thresholds_at: Minute(0),
            metrics: Metrics::restore(saved.metrics)
                .within(self.memory.series)
                .telling(self.room.clone()),
            buffers: None,
            chosen: Vec::new(),
            broken: false,
            cutting: None,
            last_cut_ms: now_ms,
            stepped_ms: now_ms,
            began_ms: now_ms,
            left_until,
            last_record_ms: now_ms,
            dirty: opened > 0,
            seen: FxHashMap::default(),
            newest_end_ns,
            config: self,
        })
    }
}

impl Config {
    /// What a checkpoint says. One that is damaged is put aside and nothing is undecided then: what it held cannot be made
    /// again, and everything else still can be served.
    fn read_or_put_aside(&self, object: &ObjectRef) -> Result<Saved, PipelineError> {
        let read = self.store.read_checkpoint(object);
        let decoded = read.map(|bytes| Saved::decode(&bytes));
        let damage: Box<dyn Error + Send + Sync> = match decoded {
            Ok(Ok(saved)) => return Ok(saved),
            Ok(Err(CheckpointError::Damaged)) => Box::new(CheckpointError::Damaged),
            Err(damage @ StoreError::DamagedCheckpoint(_)) => Box::new(damage),
            Ok(Err(newer)) => return Err(newer.into()),
            Err(other) => return Err(other.into()),
        };
        self.store.put_checkpoint_aside(object)?;
        error!(
            error = damage.as_ref() as &dyn Error,
            path = object.path,
            "the pipeline goes on without its checkpoint: transactions that were open at the last cut are missing in the \
             figures, and bodies sent again or totals that go on may count twice or not at all; the file is kept"
        );
        self.stats.damaged_checkpoints.fetch_add(1, Relaxed);
        Ok(Saved::default())
    }
}

impl Pipeline {
    /// Does what there is to do now: takes some records, closes traces that are due, makes a cut when it is time. Waits up
    /// to `wait` for a first record.
    ///
    /// # Errors
    /// After [`PipelineError::Superseded`] stop. After any other error ask [`Pipeline::is_broken`]: if it is, make a new
    /// pipeline, which begins at the last cut; else step again. Either way nothing is lost and nothing counted twice.
    pub fn step(&mut self, now_ms: i64, wait: Duration) -> Result<Progress, PipelineError> {
        let mut progress = Progress::default();
        self.notice_clock(now_ms);
        if self.goes_on() {
            // Until it has come through: a record that was taken half cannot be taken again.
            let was_broken = std::mem::replace(&mut self.broken, true);
            debug_assert!(!was_broken, "a broken pipeline is not stepped");
            progress.records = self.take_records(now_ms, wait)?;
            progress.closed = self.close_due(now_ms)?;
            self.publish();
            self.refresh_thresholds(now_ms);
            self.broken = false;
        }
        if self.cutting.is_some() || self.is_time_to_cut(now_ms) {
            self.cut(now_ms)?;
            progress.cut = self.cutting.is_none();
        }
        let (traces, spans) = self.traces.size();
        self.config.stats.set_open(traces, spans);
        self.config.stats.set_series(self.metrics.series());
        Ok(progress)
    }

    /// A clock that was set back must not make anything wait until it is where it was.
    fn notice_clock(&mut self, now_ms: i64) {
        /// A clock that is slewed is behind for moments.
        const SLEWED_MS: i64 = 1_000;
        if now_ms + SLEWED_MS < self.stepped_ms {
            warn!(by_ms = self.stepped_ms - now_ms, "the clock was set back");
            self.traces.set_back(now_ms);
            self.last_cut_ms = self.last_cut_ms.min(now_ms);
            self.last_record_ms = self.last_record_ms.min(now_ms);
            self.began_ms = self.began_ms.min(now_ms);
        }
        self.stepped_ms = now_ms;
    }

    /// Whether an error has left it in the middle of something: it must be dropped and a new one made.
    pub fn is_broken(&self) -> bool {
        self.broken
    }

    /// How far behind the journal's end the pipeline is, in records.
    pub fn lag(&self) -> u64 {
        let behind =
            |(lane, next): (u16, &u64)| self.config.journal.bounds(lane).next.saturating_sub(*next);
        (0..).zip(&self.next).map(behind).sum()
    }

    /// Writes the lag into the statistics.
    fn note_lag(&self) {
        let lag = self.lag();
        self.config.stats.lag.store(lag, Relaxed);
        if lag == 0 {
            self.config.stats.caught_up.store(true, Relaxed);
        }
    }

    /// Makes a cut of what there is: before a stop, so that the next start has little to read again.
    ///
    /// # Errors
    /// As [`Pipeline::step`].
    pub fn cut_now(&mut self, now_ms: i64) -> Result<(), PipelineError> {
        if self.broken {
            return Ok(());
        }
        if self.cutting.is_some() {
            self.cut_to_the_end(now_ms)?;
        }
        if self.dirty {
            self.cut_to_the_end(now_ms)?;
        }
        Ok(())
    }

    /// Shows readers what was counted.
    fn publish(&mut self) {
        if !self.stage.is_empty() {
            let stage = std::mem::take(&mut self.stage);
            self.staged = stage.most_spans();
            self.config.store.with_head(|head| head.absorb(stage));
        }
    }

    /// Once a minute: what is usual for each business transaction, from the last two hours.
    fn refresh_thresholds(&mut self, now_ms: i64) {
        let minute = Minute::of_millis(now_ms);
        if minute == self.thresholds_at || self.lag() > MAX_LAG {
            return;
        }
        if minute.0 / RECOUNT_MINUTES != self.thresholds_at.0 / RECOUNT_MINUTES {
            self.registry.recount(now_ms);
        }
        self.exclude(now_ms);
        if let Err(error) = self.registry.note_called() {
            warn!(%error, "could not note which tiers are called");
        }
        self.give_places(now_ms);
        self.thresholds_at = minute;
        self.nodes.forget(now_ms);
        self.snapshots.forget(now_ms);
        let accounts: Vec<AccountId> = self.registry.accounts().collect();
        let usual: Result<Vec<_>, QueryError> =
            accounts.into_iter().map(|account| self.usual(account, minute)).collect();
        match usual {
            Ok(usual) => {
                let usual: FxHashMap<EntityId, Figure> = usual.into_iter().flatten().collect();
                self.find_long_lived(&usual, now_ms);
                let threshold =
                    |(bt, figure): (&EntityId, &Figure)| Some((*bt, Threshold::of(figure)?));
                self.thresholds = usual.iter().filter_map(threshold).collect();
            }
            Err(error) => {
                warn!(%error, "could not read what is usual; the thresholds stay as they were")
            }
        }
        if let Err(error) = self.find_samples(minute) {
            warn!(%error, "could not compare requests with spans; what tiers say of it stays");
        }
    }

    /// A time after the end of every call that was taken, Unix nanoseconds: what changes then is the same for a call
    /// however often its trace is opened again.
    fn after_all_taken_ns(&self, now_ms: i64) -> u64 {
        self.newest_end_ns.max(now_ms.unsigned_abs() * 1_000_000) + 1
    }

    /// Business transactions that operators do not want from now on, or want again.
    fn exclude(&mut self, now_ms: i64) {
        let from_ns = self.after_all_taken_ns(now_ms);
        let accounts: Vec<AccountId> = self.registry.accounts().collect();
        for account in accounts {
            match self.registry.exclude(account, from_ns, now_ms) {
                Ok(changes) => {
                    for (name, excluded) in changes {
                        info!(name, excluded, "a business transaction as operators want it");
                    }
                }
                Err(error) => warn!(%error, "could not note which transactions are excluded"),
            }
        }
    }

    /// Business transactions out of `All Other Traffic` that may count by themselves from now on.
    fn give_places(&mut self, now_ms: i64) {
        let from_ns = self.after_all_taken_ns(now_ms);
        let accounts: Vec<AccountId> = self.registry.accounts().collect();
        for account in accounts {
            match self.registry.promote(account, from_ns, now_ms) {
                Ok(names) => {
                    for name in names {
                        info!(name, "a business transaction counts by itself from now on");
                    }
                }
                Err(error) => warn!(%error, "could not note which transactions have a place now"),
            }
        }
    }

    /// What is usual for an account's transactions: those that were called long enough, often enough.
    fn usual(
        &self,
        account: AccountId,
        now: Minute,
    ) -> Result<FxHashMap<EntityId, Figure>, QueryError> {
        let before = |minutes: u32| Minute(now.0.saturating_sub(minutes));
        let of_transactions = Scope::BusinessTransaction;
        let between =
            |start, end| self.figures_between(account, of_transactions, MinuteRange { start, end });
        let earlier = between(before(judge::MINUTES), before(judge::MIN_MINUTES - 1))?;
        let later = between(before(judge::MIN_MINUTES - 1), now)?;
        Ok(judge::usual(earlier, later))
    }

    fn figures_between(
        &self,
        account: AccountId,
        scope: Scope,
        range: MinuteRange,
    ) -> Result<Vec<FigureRow>, QueryError> {
        let query = FigureQuery {
            account,
            application: EntityId::NONE,
            scopes: vec![scope],
            subject: None,
            peer: None,
            bt: None,
            range,
            points: Points::Total,
            detail: Detail::Whole,
            group_by: GroupBy::Key,
            max_rows: 1_000_000,
        };
        self.config.store.figures(&query).map(|answer| answer.value)
    }
}

#[cfg(test)]
mod tests;
