//! The pipeline: consumes the journal, finds entities, assembles traces, counts, chooses snapshots, and makes cuts.
//!
//! [`Pipeline::step`] does a bounded piece of work and never waits for time to pass: it is driven by a thread
//! ([`task`]), by a test with a clock of its own, or by a simulation that stops the machine between any two steps. All
//! that is undecided stands in the checkpoint of each cut; whatever else is in memory can be made again from the journal.

mod checkpoint;
mod contribution;
mod decide;
mod duplicates;
mod judge;
mod logs;
mod metrics;
mod nodes;
mod registry;
mod skeleton;
mod spans;
pub mod stats;
mod targets;
pub mod task;
mod traces;
mod world;

use std::{net::IpAddr, sync::Arc, time::Duration};

use journal::{ReadError, SharedJournal, Stored, Topic};
use metadata_store::{Catalogue, CatalogueError, Directory, StoreError as MetadataError};
use model::{
    attributes::Attributes,
    figure::{FigureKey, Scope},
    id::{AccountId, EntityId, SpanId, TraceId},
    naming::{resource, template::Template},
    sanitise::Sanitiser,
    span::{Outcome, SnapshotReason},
    time::{Minute, MinuteRange},
};
use rustc_hash::FxHashMap;
use telemetry_store::{
    Store, StoreError,
    cut::{CutOutcome, Frozen, Position, Written},
    head::{Head, Rows},
    reader::{FigureQuery, Points, QueryError, Reader, TraceRow},
    span_batch::SpanBatch,
};
use tracing::{info, warn};
use twox_hash::XxHash3_64;

pub use self::{checkpoint::CheckpointError, registry::Limits, stats::Stats};
use self::{
    checkpoint::Saved,
    contribution::{contributions, entry_figures, minute_of},
    duplicates::Duplicates,
    judge::{Snapshots, Threshold},
    metrics::Metrics,
    nodes::Nodes,
    registry::Registry,
    skeleton::{COUNTED_EXIT, Decided, ENTRY, JUDGED, LONG_LIVED, ROOT, Skeleton},
    spans::{Buffers, Context, Found, NOBODY, Source},
    targets::Targets,
    traces::{ErrorMark, Known, MAX_SPANS, OpenTrace, Traces},
    world::TraceWorld,
};
use crate::otlp::{self, limits::AttributeLimits};

/// The name under which offsets are committed.
pub const CONSUMER: &str = "pipeline";

/// How a pipeline is made.
#[derive(Debug)]
pub struct Config {
    pub journal: SharedJournal,
    pub store: Arc<Store>,
    pub catalogue: Arc<dyn Catalogue>,
    pub directory: Arc<Directory>,
    pub template: Template,
    pub sanitiser: Sanitiser,
    pub attribute_limits: AttributeLimits,
    pub limits: Limits,
    /// A cut is made when the head has grown to this size …
    pub head_bytes: usize,
    /// … or the last one is so long ago, milliseconds.
    pub cut_interval_ms: i64,
    pub stats: Arc<Stats>,
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

/// Bytes of the journal taken in one step.
const STEP_BYTES: usize = 4 << 20;
/// Traces closed in one step.
const STEP_TRACES: usize = 20_000;
/// A resource's place is looked up again after so long, milliseconds, so that its node keeps its slot.
const SOURCE_MS: i64 = 20_000;
const MAX_SOURCES: usize = 20_000;

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
    nodes: Nodes,
    sources: FxHashMap<u64, (i64, Arc<Source>)>,
    traces: Traces,
    duplicates: Duplicates,
    snapshots: Snapshots,
    thresholds: FxHashMap<EntityId, Threshold>,
    thresholds_at: Minute,
    metrics: Metrics,
    buffers: Buffers,
    /// Traces chosen to be kept, whose spans are still to be copied.
    chosen: Vec<(AccountId, TraceId)>,
    cutting: Option<Cutting>,
    last_cut_ms: i64,
    dirty: bool,
    seen: FxHashMap<EntityId, i64>,
}

/// A cut on its way; kept so that a failed step can be done again.
#[derive(Debug)]
struct Cutting {
    frozen: Frozen,
    written: Option<Written>,
    to: Vec<u64>,
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
            Some(object) => Saved::decode(&self.store.read_checkpoint(object)?)?,
            None => Saved::default(),
        };
        let first = |lane: u16, offset: u64| {
            offset.max(if offset == 0 { self.journal.bounds(lane).first } else { 0 })
        };
        let next: Vec<u64> =
            claim.offsets.iter().map(|(lane, offset)| first(*lane, *offset)).collect();
        let mut registry = Registry::new(Arc::clone(&self.directory), self.limits);
        registry.load(AccountId::FIRST);
        let mut traces = Traces::new(now_ms.unsigned_abs() * 1_000_000);
        let opened = saved.open.len();
        for (trace, open) in saved.open {
            traces.insert(trace, open);
        }
        info!(epoch = claim.epoch, offsets = ?next, open_traces = opened, "pipeline continues");
        Ok(Pipeline {
            epoch: claim.epoch,
            committed: claim.offsets.iter().map(|(_, offset)| *offset).collect(),
            next,
            stage: Head::default(),
            registry,
            targets: saved.targets.into_iter().collect(),
            nodes: saved.nodes,
            sources: FxHashMap::default(),
            traces,
            duplicates: Duplicates::restore(saved.duplicates),
            snapshots: saved.snapshots,
            thresholds: FxHashMap::default(),
            thresholds_at: Minute(0),
            metrics: Metrics::restore(saved.metrics),
            buffers: Buffers::default(),
            chosen: Vec::new(),
            cutting: None,
            last_cut_ms: now_ms,
            dirty: opened > 0,
            seen: FxHashMap::default(),
            config: self,
        })
    }
}

impl Pipeline {
    /// Does what there is to do now: takes some records, closes traces that are due, makes a cut when it is time. Waits up
    /// to `wait` for a first record.
    ///
    /// # Errors
    /// After [`PipelineError::Superseded`] stop. After any other error the step may be called again: nothing is lost and
    /// nothing counted twice only when that error came from a cut; after one of another kind make a new pipeline.
    pub fn step(&mut self, now_ms: i64, wait: Duration) -> Result<Progress, PipelineError> {
        let mut progress = Progress::default();
        if self.cutting.is_none() {
            progress.records = self.take_records(now_ms, wait)?;
            progress.closed = self.close_due(now_ms)?;
            self.publish();
            self.refresh_thresholds(now_ms);
        }
        if self.cutting.is_some() || self.is_time_to_cut(now_ms) {
            self.cut(now_ms)?;
            progress.cut = true;
        }
        let (traces, spans) = self.traces.size();
        self.config.stats.set_open(traces, spans);
        Ok(progress)
    }

    /// How far behind the journal's end the pipeline is, in records.
    pub fn lag(&self) -> u64 {
        let behind =
            |(lane, next): (u16, &u64)| self.config.journal.bounds(lane).next.saturating_sub(*next);
        (0..).zip(&self.next).map(behind).sum()
    }

    /// Writes the lag into the statistics.
    fn note_lag(&self) {
        self.config.stats.lag.store(self.lag(), std::sync::atomic::Ordering::Relaxed);
    }

    /// Makes a cut of what there is: before a stop, so that the next start has little to read again.
    ///
    /// # Errors
    /// As [`Pipeline::step`].
    pub fn cut_now(&mut self, now_ms: i64) -> Result<(), PipelineError> {
        self.publish();
        if self.cutting.is_some() || self.dirty {
            self.cut(now_ms)?;
        }
        Ok(())
    }

    fn take_records(&mut self, now_ms: i64, wait: Duration) -> Result<usize, PipelineError> {
        let mut taken = 0;
        for lane in 0..self.config.journal.lanes() {
            let next = self.next[usize::from(lane)];
            let records = self.config.journal.read(lane, next, STEP_BYTES, wait)?;
            for stored in &records {
                self.take(stored, now_ms)?;
                self.next[usize::from(lane)] = stored.offset + 1;
            }
            taken += records.len();
        }
        self.dirty |= taken > 0;
        Ok(taken)
    }

    fn take(&mut self, stored: &Stored, now_ms: i64) -> Result<(), PipelineError> {
        let record = &stored.record;
        if !self.duplicates.is_new(record.fingerprint, record.partition, record.received_ns) {
            self.config.stats.repeated_body();
            return Ok(());
        }
        match record.topic {
            Topic::Spans => self.take_spans(stored, now_ms),
            Topic::Logs => self.take_logs(stored, now_ms),
            Topic::Metrics => self.take_metrics(stored, now_ms),
            Topic::Events | Topic::Minutes => Ok(()),
        }
    }

    /// The place of a resource, kept for some seconds so that a batch costs one look-up.
    fn source(
        &mut self,
        account: AccountId,
        resource: &[u8],
        sender: Option<IpAddr>,
        now_ms: i64,
    ) -> Result<Option<Arc<Source>>, PipelineError> {
        let key = source_key(account, resource, sender);
        if let Some((at_ms, source)) = self.sources.get(&key)
            && now_ms - at_ms < SOURCE_MS
        {
            return Ok(Some(Arc::clone(source)));
        }
        let Ok(attributes) = otlp::resource::attributes(resource).and_then(|list| list.read())
        else {
            self.config.stats.unreadable();
            return Ok(None);
        };
        let identity = resource::identify(&attributes, sender, &self.config.template);
        let place = self.registry.place(account, &identity, &mut self.nodes, now_ms)?;
        for entity in [place.application, place.tier, place.node] {
            self.seen.insert(entity, now_ms);
        }
        let host = registry::host_of(&identity, sender);
        let attributes = spans::resource_attributes(&attributes, &self.context(now_ms));
        let process = identity.process as u32;
        let source =
            Arc::new(Source { place, process, tier_name: identity.tier, host, attributes });
        if self.sources.len() >= MAX_SOURCES {
            self.sources.clear();
        }
        self.sources.insert(key, (now_ms, Arc::clone(&source)));
        Ok(Some(source))
    }

    fn context(&mut self, now_ms: i64) -> Context<'_> {
        Context {
            registry: &mut self.registry,
            targets: &mut self.targets,
            sanitiser: &self.config.sanitiser,
            limits: self.config.attribute_limits,
            now_ms,
        }
    }

    fn take_spans(&mut self, stored: &Stored, now_ms: i64) -> Result<(), PipelineError> {
        let account = stored.record.account;
        let Ok(request) = otlp::trace::RequestView::read(&stored.record.payload) else {
            self.config.stats.unreadable();
            return Ok(());
        };
        for resource in request.resources().filter_map(Result::ok) {
            let Some(source) =
                self.source(account, resource.resource, stored.record.sender, now_ms)?
            else {
                continue;
            };
            for scope in resource.scopes().filter_map(Result::ok) {
                for span in scope.spans().filter_map(Result::ok) {
                    self.take_span(&span, scope.name, &source, now_ms)?;
                }
            }
        }
        Ok(())
    }

    fn take_span<'a>(
        &mut self,
        span: &otlp::trace::Span<'a>,
        scope: &'a str,
        source: &Source,
        now_ms: i64,
    ) -> Result<(), PipelineError> {
        let (Some(trace), Some(id)) =
            (TraceId::from_bytes(span.trace_id), SpanId::from_bytes(span.span_id))
        else {
            self.config.stats.unreadable();
            return Ok(());
        };
        let account = source.place.account;
        self.open(account, trace, span.start_ns, now_ms)?;
        let open = self.traces.get_mut(trace).expect("it was just opened");
        if open.holds(id.0) {
            self.config.stats.repeated_span();
            return Ok(());
        }
        let mut attributes = Attributes::new();
        if span.attributes.fill(&mut attributes).is_err() {
            self.config.stats.unreadable();
            return Ok(());
        }
        let mut found = Found::default();
        let mut buffers = std::mem::take(&mut self.buffers);
        let mut context = Context {
            registry: &mut self.registry,
            targets: &mut self.targets,
            sanitiser: &self.config.sanitiser,
            limits: self.config.attribute_limits,
            now_ms,
        };
        let skeleton = {
            let parent = SpanId::from_bytes(span.parent_span_id).unwrap_or_default();
            spans::skeleton(
                (id, parent),
                span,
                scope,
                &attributes,
                source,
                &mut context,
                &mut found,
            )?
        };
        let rows = self.stage.rows(account);
        let open = self.traces.get_mut(trace).expect("it was just opened");
        let over = open.spans.len() >= MAX_SPANS;
        if over {
            open.dropped += 1;
        } else {
            let row =
                spans::row(span, scope, &attributes, source, &context, &mut buffers, &mut found);
            rows.spans.push(&row);
            if open.kept {
                rows.snapshots.push(&row);
            }
            open.push(skeleton);
        }
        open.last_ms = now_ms;
        if let Some(name) = found.root_name {
            open.root_name = Some((id.0, name));
        }
        if skeleton.is(ENTRY) {
            let minute = minute_of(&skeleton);
            entry_figures(&skeleton, source.place.application, &mut |key, call| {
                rows.count(key, minute, call)
            });
        }
        if !over {
            self.traces.grew();
        }
        self.buffers = buffers;
        self.config.stats.span();
        for group in found.exceptions {
            self.note_exception(trace, id, skeleton.end_ns, source, &group, now_ms)?;
        }
        Ok(())
    }

    /// Makes sure that a trace is open, with what the store has of it.
    fn open(
        &mut self,
        account: AccountId,
        trace: TraceId,
        start_ns: u64,
        now_ms: i64,
    ) -> Result<(), PipelineError> {
        match self.traces.look_up(trace, start_ns, now_ms) {
            Known::Open => Ok(()),
            Known::No => {
                self.traces.insert(trace, OpenTrace::new(account, now_ms));
                Ok(())
            }
            Known::Perhaps => {
                let open = self.from_store(account, trace, now_ms)?;
                self.traces.insert(trace, open);
                Ok(())
            }
        }
    }

    /// Puts a trace together again that was closed and forgotten; a new one if the store has none of it.
    fn from_store(
        &mut self,
        account: AccountId,
        trace: TraceId,
        now_ms: i64,
    ) -> Result<OpenTrace, PipelineError> {
        self.publish();
        let batch = self.config.store.trace_spans(account, trace)?;
        let mut open = OpenTrace::new(account, now_ms);
        if batch.is_empty() {
            return Ok(open);
        }
        self.config.stats.reopened();
        self.skeletons_of(&batch, &mut open, now_ms)?;
        let last_ns = open.spans.iter().map(|span| span.end_ns).max().unwrap_or(0);
        // An address that was learnt after the trace had closed did not decide it.
        let known_by_ms =
            i64::try_from(last_ns / 1_000_000).expect("nanoseconds fit") + REOPEN_MARGIN_MS;
        self.decide(&mut open, known_by_ms, now_ms)?;
        open.closed_before = true;
        Ok(open)
    }

    fn skeletons_of(
        &mut self,
        batch: &SpanBatch,
        open: &mut OpenTrace,
        now_ms: i64,
    ) -> Result<(), PipelineError> {
        for at in 0..batch.len() {
            let row = batch.row(at);
            if open.holds(row.id.0) || open.spans.len() >= MAX_SPANS {
                continue;
            }
            let mut found = Found::default();
            let (source, span, attributes) = spans::stored(&row, open.account, &self.registry);
            let ids = (row.id, row.parent);
            let mut context = self.context(now_ms);
            let skeleton = spans::skeleton(
                ids,
                &span,
                row.scope,
                &attributes,
                &source,
                &mut context,
                &mut found,
            )?;
            if let Some(name) = found.root_name {
                open.root_name = Some((row.id.0, name));
            }
            open.push(skeleton);
        }
        Ok(())
    }

    fn note_exception(
        &mut self,
        trace: TraceId,
        span: SpanId,
        at_ns: u64,
        source: &Source,
        group: &(String, String),
        now_ms: i64,
    ) -> Result<(), PipelineError> {
        let group = self.registry.error_group(&source.place, group, now_ms)?;
        self.seen.insert(group, now_ms);
        let mark = ErrorMark {
            process: source.process,
            tier: source.place.tier.0,
            group,
            span: span.0,
            at_ns,
            counted: false,
        };
        if let Some(open) = self.traces.get_mut(trace) {
            open.note(mark);
        }
        Ok(())
    }

    fn take_logs(&mut self, stored: &Stored, now_ms: i64) -> Result<(), PipelineError> {
        let account = stored.record.account;
        let Ok(request) = otlp::logs::RequestView::read(&stored.record.payload) else {
            self.config.stats.unreadable();
            return Ok(());
        };
        for resource in request.resources().filter_map(Result::ok) {
            let Some(source) =
                self.source(account, resource.resource, stored.record.sender, now_ms)?
            else {
                continue;
            };
            let mut buffers = std::mem::take(&mut self.buffers);
            let mut rows = Rows::default();
            let exceptions =
                logs::take(&resource, &source, &self.context(now_ms), &mut rows, &mut buffers);
            self.config.stats.logs(rows.logs.len());
            self.stage.rows(account).absorb(rows);
            self.buffers = buffers;
            for exception in exceptions {
                self.take_logged(&exception, &source, now_ms)?;
            }
        }
        Ok(())
    }

    fn take_logged(
        &mut self,
        exception: &logs::LoggedException,
        source: &Source,
        now_ms: i64,
    ) -> Result<(), PipelineError> {
        if let Some(trace) = exception.trace {
            self.open(source.place.account, trace, exception.at_ns, now_ms)?;
            return self.note_exception(
                trace,
                exception.span,
                exception.at_ns,
                source,
                &exception.group,
                now_ms,
            );
        }
        let group = self.registry.error_group(&source.place, &exception.group, now_ms)?;
        let rows = self.stage.rows(source.place.account);
        count_error(
            rows,
            source.place.application,
            group,
            source.place.tier,
            NOBODY,
            exception.at_ns,
        );
        Ok(())
    }

    fn take_metrics(&mut self, stored: &Stored, now_ms: i64) -> Result<(), PipelineError> {
        let account = stored.record.account;
        let Ok(request) = otlp::metrics::RequestView::read(&stored.record.payload) else {
            self.config.stats.unreadable();
            return Ok(());
        };
        for resource in request.resources().filter_map(Result::ok) {
            let Some(source) =
                self.source(account, resource.resource, stored.record.sender, now_ms)?
            else {
                continue;
            };
            let taken = self.metrics.take(&resource, &source, self.stage.rows(account), now_ms);
            self.config.stats.points(taken.points, taken.ignored);
        }
        Ok(())
    }

    /// Closes the traces that are due.
    fn close_due(&mut self, now_ms: i64) -> Result<usize, PipelineError> {
        let mut closed = 0;
        while closed < STEP_TRACES {
            let (registry, targets) = (&self.registry, &self.targets);
            let unanswered = |open: &OpenTrace| has_unanswered(open, registry, targets, now_ms);
            let Some((trace, open)) = self.traces.next_due(now_ms, unanswered) else { break };
            self.close(trace, open, now_ms)?;
            closed += 1;
        }
        if closed > 0 {
            self.dirty = true;
        }
        self.keep_chosen()?;
        Ok(closed)
    }

    fn close(
        &mut self,
        trace: TraceId,
        mut open: OpenTrace,
        now_ms: i64,
    ) -> Result<(), PipelineError> {
        let before: Vec<(Decided, u16, u8)> =
            open.spans.iter().map(|span| (span.decided, span.flags, span.outcome)).collect();
        self.decide(&mut open, now_ms, now_ms)?;
        self.judge(trace, &mut open, now_ms);
        for (span, (decided, flags, outcome)) in open.spans.iter().zip(before) {
            let was = Skeleton { decided, flags, outcome, ..*span };
            if was.decided == span.decided
                && was.outcome == span.outcome
                && was.is(JUDGED) == span.is(JUDGED)
            {
                continue;
            }
            self.move_figures(open.account, &was, span);
        }
        self.count_errors(&mut open);
        self.traces.close(trace, open, now_ms);
        Ok(())
    }

    fn decide(
        &mut self,
        open: &mut OpenTrace,
        known_by_ms: i64,
        now_ms: i64,
    ) -> Result<(), PipelineError> {
        let mut world = TraceWorld {
            registry: &mut self.registry,
            targets: &self.targets,
            account: open.account,
            root_name: open.root_name.as_ref(),
            known_by_ms,
            now_ms,
            failure: None,
        };
        decide::decide(&mut open.spans, &mut world);
        match world.failure {
            Some(failure) => Err(failure.into()),
            None => Ok(()),
        }
    }

    /// Takes back what a span was counted for, and counts what it stands for now.
    fn move_figures(&mut self, account: AccountId, was: &Skeleton, is: &Skeleton) {
        let application = self.registry.application_of(is.tier);
        let minute = minute_of(is);
        let rows = self.stage.rows(account);
        contributions(was, application, |key, call| rows.take_back(key, minute, call));
        contributions(is, application, |key, call| rows.count(key, minute, call));
        for entity in
            [is.decided.bt, is.decided.peer].into_iter().filter(|entity| !entity.is_none())
        {
            let at_ms = i64::from(minute.0) * 60_000;
            self.seen.entry(entity).and_modify(|seen| *seen = at_ms.max(*seen)).or_insert(at_ms);
        }
    }

    /// Judges each transaction once, writes its row in the index, and chooses it as a snapshot or not.
    fn judge(&mut self, trace: TraceId, open: &mut OpenTrace, now_ms: i64) {
        let spans =
            u32::try_from(open.spans.len()).expect("spans of a trace are bounded") + open.dropped;
        let mut rows = Vec::new();
        let was_closed = open.closed_before;
        for span in open
            .spans
            .iter_mut()
            .filter(|span| span.decided.counted & ROOT != 0 && !span.is(JUDGED))
        {
            span.flags |= JUDGED;
            let micros = f64::from(span.micros);
            let failed = span.is(skeleton::FAILED);
            let threshold = self.thresholds.get(&span.decided.bt);
            let outcome = judge::judge(micros, failed, span.is(LONG_LIVED), threshold);
            span.outcome = outcome as u8;
            let reason = self.snapshots.choose(span.decided.bt, outcome, micros, now_ms);
            let application = self.registry.application_of(span.tier);
            rows.push(trace_row(trace, span, application, outcome, reason, spans));
        }
        // What was a transaction of its own before its caller came is none any more.
        for span in
            open.spans.iter_mut().filter(|span| span.decided.counted & ROOT == 0 && span.is(JUDGED))
        {
            span.flags &= !JUDGED;
            let application = self.registry.application_of(span.tier);
            let none = Skeleton { decided: Decided { bt: NOBODY, ..span.decided }, ..*span };
            rows.push(trace_row(
                trace,
                &none,
                application,
                Outcome::Normal,
                SnapshotReason::None,
                spans,
            ));
        }
        if rows.is_empty()
            && !was_closed
            && let Some(first) =
                open.spans.iter().min_by_key(|span| span.end_ns - u64::from(span.micros) * 1000)
        {
            let application = self.registry.application_of(first.tier);
            rows.push(trace_row(
                trace,
                first,
                application,
                Outcome::Normal,
                SnapshotReason::None,
                spans,
            ));
        }
        if rows.iter().any(|row| row.reason.name().is_some()) && !open.kept {
            open.kept = true;
            self.chosen.push((open.account, trace));
        }
        self.stage.rows(open.account).traces.extend(rows);
    }

    fn count_errors(&mut self, open: &mut OpenTrace) {
        let account = open.account;
        for at in 0..open.errors.len() {
            let mark = open.errors[at];
            if mark.counted {
                continue;
            }
            open.errors[at].counted = true;
            let on = open.spans.iter().find(|span| span.id == mark.span);
            let bt = on.map_or(NOBODY, |span| span.decided.bt);
            let application = self.registry.application_of(mark.tier);
            let rows = self.stage.rows(account);
            count_error(rows, application, mark.group, EntityId(mark.tier), bt, mark.at_ns);
        }
    }

    /// Copies the spans of chosen traces to where they are kept longer.
    fn keep_chosen(&mut self) -> Result<(), PipelineError> {
        if self.chosen.is_empty() {
            return Ok(());
        }
        self.publish();
        for (account, trace) in std::mem::take(&mut self.chosen) {
            let spans = self.config.store.trace_spans(account, trace)?;
            self.stage.rows(account).snapshots.absorb(spans);
        }
        Ok(())
    }

    /// Shows readers what was counted.
    fn publish(&mut self) {
        if !self.stage.is_empty() {
            let stage = std::mem::take(&mut self.stage);
            self.config.store.with_head(|head| head.absorb(stage));
        }
    }

    /// Once a minute: what is usual for each business transaction, from the last two hours.
    fn refresh_thresholds(&mut self, now_ms: i64) {
        let minute = Minute::of_millis(now_ms);
        if minute == self.thresholds_at || self.lag() > 0 {
            return;
        }
        self.thresholds_at = minute;
        self.nodes.forget(now_ms);
        self.snapshots.forget(now_ms);
        let query = FigureQuery {
            account: AccountId::FIRST,
            application: EntityId::NONE,
            scopes: vec![Scope::BusinessTransaction],
            subject: None,
            peer: None,
            bt: None,
            range: MinuteRange { start: Minute(minute.0.saturating_sub(120)), end: minute },
            points: Points::Every(telemetry_store::reader::Resolution::OneMinute),
            max_rows: 200_000,
        };
        match self.config.store.figures(&query) {
            Ok(answer) => self.thresholds = judge::thresholds(answer.value),
            Err(error) => {
                warn!(%error, "could not read what is usual; the thresholds stay as they were")
            }
        }
    }

    fn is_time_to_cut(&self, now_ms: i64) -> bool {
        if !self.dirty {
            return false;
        }
        now_ms - self.last_cut_ms >= self.config.cut_interval_ms
            || self.config.store.head_memory() >= self.config.head_bytes
    }

    /// Freezes, writes, commits; whatever fails is done again by the next call.
    fn cut(&mut self, now_ms: i64) -> Result<(), PipelineError> {
        if self.cutting.is_none() {
            self.publish();
            let checkpoint = self.saved().encode();
            let position =
                |offsets: &[u64]| (0..).zip(offsets.iter().copied()).collect::<Vec<(u16, u64)>>();
            let position = Position {
                consumer: CONSUMER.to_owned(),
                epoch: self.epoch,
                from: position(&self.committed),
                to: position(&self.next),
            };
            let frozen = self.config.store.freeze(position, checkpoint);
            self.cutting = Some(Cutting { frozen, written: None, to: self.next.clone() });
            self.dirty = false;
        }
        let cutting = self.cutting.as_mut().expect("it was just made");
        let written = match &cutting.written {
            Some(written) => written,
            None => cutting.written.insert(cutting.frozen.write(&self.config.store, now_ms)?),
        };
        match self.config.store.commit(written)? {
            CutOutcome::Superseded => return Err(PipelineError::Superseded),
            CutOutcome::Committed => {}
        }
        self.committed.clone_from(&cutting.to);
        self.cutting = None;
        self.last_cut_ms = now_ms;
        self.truncate_journal()?;
        let seen: Vec<(EntityId, i64)> = self.seen.drain().collect();
        self.config.directory.touch(&seen);
        self.config.stats.cut();
        Ok(())
    }

    fn truncate_journal(&self) -> Result<(), PipelineError> {
        let mut lowest: FxHashMap<u16, u64> = FxHashMap::default();
        for committed in self.config.catalogue.lowest_committed()? {
            let offset = lowest.entry(committed.partition).or_insert(u64::MAX);
            *offset = committed.offset.min(*offset);
        }
        for (lane, offset) in lowest {
            self.config.journal.truncate(lane, offset);
        }
        Ok(())
    }

    fn saved(&self) -> Saved {
        Saved {
            targets: self.targets.all().to_vec(),
            open: self.traces.open().map(|(trace, open)| (*trace, open.clone())).collect(),
            nodes: self.nodes.clone(),
            duplicates: self.duplicates.save(),
            snapshots: self.snapshots.clone(),
            metrics: self.metrics.save(),
        }
    }
}

/// Spans come up to so long after their trace's end before it is closed, milliseconds.
const REOPEN_MARGIN_MS: i64 = 10_000;

fn source_key(account: AccountId, resource: &[u8], sender: Option<IpAddr>) -> u64 {
    let seed = match sender {
        Some(IpAddr::V4(address)) => u64::from(u32::from(address)),
        Some(IpAddr::V6(address)) => u128::from(address) as u64,
        None => 0,
    };
    XxHash3_64::oneshot_with_seed(seed ^ (u64::from(account.0) << 32), resource)
}

fn trace_row(
    trace: TraceId,
    span: &Skeleton,
    application: EntityId,
    outcome: Outcome,
    reason: SnapshotReason,
    spans: u32,
) -> TraceRow {
    TraceRow {
        trace,
        entry: SpanId(span.id),
        application,
        bt: span.decided.bt,
        tier: EntityId(span.tier),
        node: EntityId(span.node),
        end_ns: span.end_ns,
        duration_us: u64::from(span.micros),
        outcome,
        reason,
        spans,
    }
}

fn count_error(
    rows: &mut Rows,
    application: EntityId,
    group: EntityId,
    tier: EntityId,
    bt: EntityId,
    at_ns: u64,
) {
    let call = model::figure::Call {
        micros: 0.0,
        weight: 1.0,
        failed: false,
        http_error: false,
        outcome: Outcome::Normal,
        long_lived: true,
        at_ms: i64::try_from(at_ns / 1_000_000).expect("nanoseconds fit"),
    };
    let key = |bt| FigureKey { scope: Scope::Error, application, subject: group, peer: tier, bt };
    rows.count(key(NOBODY), Minute::of_ns(at_ns), &call);
    if !bt.is_none() {
        rows.count(key(bt), Minute::of_ns(at_ns), &call);
    }
}

/// Whether a trace holds a call to an address that nobody is known at and that nobody in the trace answered.
fn has_unanswered(open: &OpenTrace, registry: &Registry, targets: &Targets, now_ms: i64) -> bool {
    let answered = |id: u64| open.spans.iter().any(|span| span.parent == id && span.is(ENTRY));
    open.spans
        .iter()
        .filter(|span| span.is(skeleton::EXIT) && span.decided.counted & COUNTED_EXIT == 0)
        .any(|span| {
            targets.get(span.target).is_some_and(|target| {
                matches!(target.category.as_str(), "HTTP" | "RPC")
                    && registry.answers_at(open.account, &target.address, now_ms).is_none()
                    && !answered(span.id)
            })
        })
}
