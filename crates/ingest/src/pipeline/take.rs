//! From records of the journal to spans of open traces, rows of the head, and what is counted on arrival.
//!
//! An error in the middle leaves the pipeline behind with half a record: it is of no use then, see [`Pipeline::step`].

use std::{sync::Arc, time::Duration};

use journal::{Stored, Topic};
use model::{
    attributes::Attributes,
    id::{AccountId, SpanId, TraceId},
    naming::resource,
};
use telemetry_store::{head::Rows, span_batch::SpanBatch};

use super::{
    Pipeline, PipelineError,
    contribution::{entry_figures, error_figures, minute_of},
    logs, metrics, registry,
    skeleton::{ENTRY, Skeleton},
    spans::{self, Buffers, Context, Found, NOBODY, Source},
    traces::{ErrorMark, Known, MAX_KEPT, MAX_SPANS, OpenTrace, TraceKey},
};
use crate::{otlp, room::source_key};

/// Bytes of the journal taken in one step.
const STEP_BYTES: usize = 4 << 20;
/// When the points that were taken in a step have grown to such a part of a head, the other lanes' turn comes in the next one.
const STAGES_A_HEAD: usize = 32;
/// A resource's place is looked up again after so long, milliseconds, so that its node keeps its slot.
const SOURCE_MS: i64 = 20_000;
const MAX_SOURCES: usize = 20_000;
/// No transaction is longer than this, Unix nanoseconds, as far as looking for its earlier spans goes.
const LONGEST_TRACE_NS: u64 = 3_600_000_000_000;

impl Pipeline {
    pub(super) fn take_records(
        &mut self,
        now_ms: i64,
        wait: Duration,
    ) -> Result<usize, PipelineError> {
        let mut taken = 0;
        let (lanes, first) = (self.config.journal.lanes(), self.next_lane);
        for lane in (first..lanes).chain(0..first) {
            let next = self.next[usize::from(lane)];
            let records = self.config.journal.read(lane, next, STEP_BYTES, wait)?;
            for stored in &records {
                self.take(stored, now_ms)?;
                self.next[usize::from(lane)] = stored.offset + 1;
            }
            taken += records.len();
            // What is staged comes on top of the head: no more of it than there is room for. Spans are fewer to a step, and
            // the more of them come together, the less they cost.
            if self.stage.metrics_memory() >= self.config.memory.head_now() / STAGES_A_HEAD {
                self.next_lane = (lane + 1) % lanes;
                break;
            }
        }
        if taken > 0 {
            self.dirty = true;
            self.last_record_ms = now_ms;
        }
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
        stored: &Stored,
        resource: &[u8],
        now_ms: i64,
    ) -> Result<Option<Arc<Source>>, PipelineError> {
        let (account, sender) = (stored.record.account, stored.record.sender);
        // The time of arrival, so that a journal that is read again names nodes as the first time.
        let at_ms = i64::try_from(stored.record.received_ns / 1_000_000).unwrap_or(now_ms);
        let key = source_key(account, resource, sender);
        if let Some((since_ms, source)) = self.sources.get(&key)
            && (at_ms - since_ms).abs() < SOURCE_MS
        {
            return Ok(Some(Arc::clone(source)));
        }
        let Ok(attributes) = otlp::resource::attributes(resource).and_then(|list| list.read())
        else {
            self.config.stats.unreadable();
            return Ok(None);
        };
        let identity = resource::identify(&attributes, sender, &self.config.template);
        let place = self.registry.place(account, &identity, &mut self.nodes, at_ms)?;
        for entity in [place.application, place.tier, place.node] {
            self.seen.insert(entity, at_ms);
        }
        let host = registry::host_of(&identity, sender);
        let attributes = spans::resource_attributes(&attributes, &host, &self.context(now_ms));
        let process = identity.process as u32;
        let tier_name = identity.tier;
        self.sources_made += 1;
        let id = self.sources_made;
        let source = Arc::new(Source { place, process, tier_name, host, attributes, id });
        if self.sources.len() >= MAX_SOURCES {
            self.sources.clear();
        }
        self.sources.insert(key, (at_ms, Arc::clone(&source)));
        Ok(Some(source))
    }

    fn context(&mut self, now_ms: i64) -> Context<'_> {
        Context {
            registry: &mut self.registry,
            targets: &mut self.targets,
            cleaning: self.config.cleaning(),
            now_ms,
        }
    }

    fn take_spans(&mut self, stored: &Stored, now_ms: i64) -> Result<(), PipelineError> {
        let Ok(request) = otlp::trace::RequestView::read(&stored.record.payload) else {
            self.config.stats.unreadable();
            return Ok(());
        };
        for resource in request.resources().filter_map(Result::ok) {
            let Some(source) = self.source(stored, resource.resource, now_ms)? else { continue };
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
        let mut attributes = Attributes::new();
        if span.attributes.fill(&mut attributes).is_err() {
            self.config.stats.unreadable();
            return Ok(());
        }
        let account = source.place.account;
        self.open(account, trace, span.start_ns, now_ms)?;
        let open = self.traces.get_mut((account, trace)).expect("it was just opened");
        if open.holds(id.0) {
            self.config.stats.repeated_span();
            return Ok(());
        }
        let mut found = Found::default();
        let parent = SpanId::from_bytes(span.parent_span_id).unwrap_or_default();
        let mut buffers = self.buffers.take().unwrap_or_default();
        let names = buffers.cleaner.keys(&attributes, self.config.cleaning());
        let skeleton = spans::skeleton(
            (id, parent),
            span,
            scope,
            (&attributes, Some(names)),
            source,
            &mut self.context(now_ms),
            &mut found,
        )?;
        self.newest_end_ns = self.newest_end_ns.max(skeleton.end_ns);
        let kept = (trace, skeleton);
        self.keep_span(span, scope, &attributes, source, kept, &mut buffers, &mut found, now_ms);
        self.config.stats.sanitised(&mut buffers);
        self.buffers = Some(buffers);
        self.config.stats.span();
        for group in found.exceptions {
            self.note_exception(trace, id, skeleton.end_ns, source, &group, now_ms)?;
        }
        Ok(())
    }

    /// Adds a span to its trace and to the rows, and counts what is counted on arrival.
    #[allow(clippy::too_many_arguments, reason = "one span and all that is known of it")]
    fn keep_span<'a>(
        &mut self,
        span: &otlp::trace::Span<'a>,
        scope: &'a str,
        attributes: &Attributes<'a>,
        source: &Source,
        (trace, skeleton): (TraceId, Skeleton),
        buffers: &mut Buffers,
        found: &mut Found,
        now_ms: i64,
    ) {
        let account = source.place.account;
        let context = Context {
            registry: &mut self.registry,
            targets: &mut self.targets,
            cleaning: self.config.cleaning(),
            now_ms,
        };
        let rows = self.stage.rows(account);
        rows.spans.reserve_like(self.staged);
        let open = self.traces.get_mut((account, trace)).expect("it was opened for this span");
        if open.spans.len() < MAX_KEPT {
            let row = spans::row(span, scope, attributes, source, &context, buffers, found);
            rows.spans.push(&row);
            if open.kept {
                rows.snapshots.push(&row);
            }
        }
        open.last_ms = now_ms;
        if let Some(name) = found.name.take() {
            open.name(skeleton.id, name);
        }
        if skeleton.is(ENTRY) {
            let minute = minute_of(&skeleton);
            entry_figures(&skeleton, source.place.application, &mut |key, call| {
                rows.count(key, minute, call)
            });
        }
        if open.spans.len() < MAX_SPANS {
            open.push(skeleton);
            self.traces.grew();
        } else {
            open.dropped += 1;
        }
    }

    /// Makes sure that a trace is open, with what the store has of it.
    fn open(
        &mut self,
        account: AccountId,
        trace: TraceId,
        start_ns: u64,
        now_ms: i64,
    ) -> Result<(), PipelineError> {
        let key = (account, trace);
        let since_ns = start_ns.saturating_sub(LONGEST_TRACE_NS);
        let batch = match self.traces.look_up(key, start_ns, now_ms) {
            Known::Open => return Ok(()),
            Known::No => SpanBatch::default(),
            Known::Perhaps => self.config.store.stored_spans_since(account, trace, since_ns)?,
            Known::Stored => {
                self.publish();
                self.config.store.trace_spans_since(account, trace, since_ns)?
            }
        };
        let open = match batch.is_empty() {
            true => self.traces.anew(key, now_ms),
            false => self.reopened(key, &batch, now_ms)?,
        };
        self.traces.insert(key, open);
        Ok(())
    }

    /// Puts a trace together again that was closed and forgotten, decided as it was when it was counted.
    fn reopened(
        &mut self,
        trace: TraceKey,
        batch: &SpanBatch,
        now_ms: i64,
    ) -> Result<Box<OpenTrace>, PipelineError> {
        self.config.stats.reopened();
        let mut open = self.traces.anew(trace, now_ms);
        for at in 0..batch.len() {
            let row = batch.row(at);
            if open.holds(row.id.0) || open.spans.len() >= MAX_SPANS {
                continue;
            }
            let mut found = Found::default();
            let (source, span, attributes) = spans::stored(&row, trace.0, &self.registry);
            let skeleton = spans::skeleton(
                (row.id, row.parent),
                &span,
                row.scope,
                (&attributes, None),
                &source,
                &mut self.context(now_ms),
                &mut found,
            )?;
            if let Some(name) = found.name {
                open.name(row.id.0, name);
            }
            for group in spans::stored_exceptions(&row, &self.config.sanitiser) {
                open.note(self.error_mark(row.id, skeleton.end_ns, &source, &group, now_ms)?);
            }
            open.push(skeleton);
        }
        self.recall(trace.1, &mut open, now_ms)?;
        Ok(open)
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
        let mark = self.error_mark(span, at_ns, source, group, now_ms)?;
        if let Some(open) = self.traces.get_mut((source.place.account, trace)) {
            open.note(mark);
        }
        Ok(())
    }

    fn error_mark(
        &mut self,
        span: SpanId,
        at_ns: u64,
        source: &Source,
        group: &(String, String),
        now_ms: i64,
    ) -> Result<ErrorMark, PipelineError> {
        Ok(ErrorMark {
            tier: source.place.tier.0,
            node: source.place.node.0,
            what: ErrorMark::sameness(group),
            rank: ErrorMark::rank(group),
            group: self.registry.error_group(source.place.tier, group, now_ms)?,
            span: span.0,
            at_ns,
            counted: None,
        })
    }

    fn take_logs(&mut self, stored: &Stored, now_ms: i64) -> Result<(), PipelineError> {
        let Ok(request) = otlp::logs::RequestView::read(&stored.record.payload) else {
            self.config.stats.unreadable();
            return Ok(());
        };
        for resource in request.resources().filter_map(Result::ok) {
            let Some(source) = self.source(stored, resource.resource, now_ms)? else { continue };
            let mut buffers = self.buffers.take().unwrap_or_default();
            let mut rows = Rows::default();
            let exceptions =
                logs::take(&resource, &source, &self.context(now_ms), &mut rows, &mut buffers);
            self.config.stats.logs(rows.logs.len());
            self.stage.rows(stored.record.account).absorb(rows);
            self.config.stats.sanitised(&mut buffers);
            self.buffers = Some(buffers);
            for exception in exceptions {
                self.take_logged(exception, &source, now_ms)?;
            }
        }
        Ok(())
    }

    fn take_logged(
        &mut self,
        exception: logs::LoggedException,
        source: &Source,
        now_ms: i64,
    ) -> Result<(), PipelineError> {
        let logs::LoggedException { trace, span, at_ns, group } = exception;
        if let Some(trace) = trace {
            self.open(source.place.account, trace, at_ns, now_ms)?;
            return self.note_exception(trace, span, at_ns, source, &group, now_ms);
        }
        let tier = source.place.tier;
        let group = self.registry.error_group(tier, &group, now_ms)?;
        self.seen.insert(group, now_ms);
        let rows = self.stage.rows(source.place.account);
        let application = source.place.application;
        error_figures(application, group, tier, NOBODY, at_ns, |key, minute, call| {
            rows.count(key, minute, call)
        });
        Ok(())
    }

    fn take_metrics(&mut self, stored: &Stored, now_ms: i64) -> Result<(), PipelineError> {
        let account = stored.record.account;
        let Ok(request) = otlp::metrics::RequestView::read(&stored.record.payload) else {
            self.config.stats.unreadable();
            return Ok(());
        };
        // The time of arrival: what waited in the journal is not late.
        let at_ms = i64::try_from(stored.record.received_ns / 1_000_000).unwrap_or(now_ms);
        for resource in request.resources().filter_map(Result::ok) {
            let Some(source) = self.source(stored, resource.resource, now_ms)? else { continue };
            let mut buffers = self.buffers.take().unwrap_or_default();
            let cleaning = self.config.cleaning();
            let rows = self.stage.rows(account);
            let taken = self.metrics.take(&resource, &source, cleaning, rows, &mut buffers, at_ms);
            self.config.stats.points(&taken);
            let application = source.place.application;
            if taken.beyond > 0
                && let Some((of, limit)) = self.metrics.reached(account, application)
            {
                self.registry.no_series(account, of, limit, at_ms);
            }
            if taken.beyond > 0 || self.config.room.is_full() {
                let key = source_key(account, resource.resource, stored.record.sender);
                self.config.room.place(key, metrics::room_of(&source), at_ms, taken.beyond);
            }
            self.config.stats.sanitised(&mut buffers);
            self.buffers = Some(buffers);
        }
        Ok(())
    }
}
