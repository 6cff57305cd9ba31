//! A reader over rows in memory: filters and merges as the contract says.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, mpsc::Receiver},
    time::Duration,
};

use daemon::clock::ManualClock;
use model::{
    figure::{Figure, FigureKey, Minutes},
    id::{AccountId, TraceId},
    span::StatusCode,
    time::Minute,
};
use telemetry_store::reader::{
    Answer, AttributeQuery, AttributeSample, FigureHours, FigureQuery, FigureRow, FoundSpan,
    LogBar, LogFilter, LogPage, LogQuery, LogRow, LogSummary, LogSummaryQuery, MetricHour,
    MetricHours, MetricQuery, MetricSeries, OwnedValue, Points, QueryError, Reader, SampleQuery,
    SampledMetric, SampledQuery, Series, SeriesPage, SeriesQuery, SeriesSamples, Severity, Span,
    SpanPage, SpanQuery, TracePage, TraceQuery, TraceRow,
};

/// What is stored: figures by minute, newest transactions first.
#[derive(Debug, Default)]
pub(crate) struct FakeReader {
    pub(crate) figures: Vec<FigureRow>,
    pub(crate) spans: Vec<Span>,
    pub(crate) traces: Vec<TraceRow>,
    pub(crate) logs: Vec<LogRow>,
    pub(crate) metrics: Vec<MetricSeries>,
    /// By name and id.
    pub(crate) series: Vec<Series>,
    pub(crate) samples: Vec<SeriesSamples>,
    pub(crate) newest: Option<Minute>,
    pub(crate) partial: Vec<String>,
    /// Where set, only log records from here on were counted.
    pub(crate) counted_from_ns: Option<u64>,
    /// Where set, reading a trace takes 11 s of this clock.
    pub(crate) slow: Option<ManualClock>,
    /// Where set, questions wait until the other end is dropped.
    pub(crate) gate: Option<Mutex<Receiver<()>>>,
}

impl FakeReader {
    pub(crate) fn shared(self) -> Arc<FakeReader> {
        Arc::new(self)
    }

    fn answer<T>(&self, value: T) -> Result<Answer<T>, QueryError> {
        if let Some(gate) = &self.gate {
            gate.lock().unwrap().recv().unwrap_err();
        }
        Ok(Answer { value, partial: self.partial.clone() })
    }
}

impl Reader for FakeReader {
    fn figures(&self, query: &FigureQuery) -> Result<Answer<Vec<FigureRow>>, QueryError> {
        let wanted = |row: &&FigureRow| {
            let key = &row.key;
            (query.application.is_none() || key.application == query.application)
                && (query.scopes.is_empty() || query.scopes.contains(&key.scope))
                && query.subject.is_none_or(|subject| key.subject == subject)
                && query.peer.is_none_or(|peer| key.peer == peer)
                && query.bt.is_none_or(|bt| key.bt == bt)
                && query.range.contains(row.at)
        };
        let mut merged = BTreeMap::new();
        for row in self.figures.iter().filter(wanted) {
            let at = match query.points {
                Points::Total => query.range.start,
                Points::Every(resolution) => resolution.floor(row.at),
            };
            let Some(group) = query.group_by.group_of(row.key) else { continue };
            let figure = merged.entry((group, at)).or_insert_with(model::figure::Figure::default);
            figure.merge(&row.figure);
        }
        if merged.len() > query.max_rows {
            return Err(QueryError::TooLarge(query.max_rows));
        }
        let row = |((key, at), figure)| FigureRow { key, at, figure };
        self.answer(merged.into_iter().map(row).collect())
    }

    fn figure_hours(
        &self,
        query: &FigureHours,
        each: &mut dyn FnMut(FigureKey, Minute, &Figure),
    ) -> Result<Answer<()>, QueryError> {
        let hour_of = |at: Minute| Minute(at.0 - at.0 % 60);
        let mut hours: BTreeMap<(Minute, FigureKey), Figure> = BTreeMap::new();
        for row in &self.figures {
            let (key, at) = (&row.key, hour_of(row.at));
            if query.hours.contains(&at)
                && (query.application.is_none() || key.application == query.application)
                && (query.scopes.is_empty() || query.scopes.contains(&key.scope))
                && (query.subjects.is_empty() || query.subjects.contains(&key.subject))
                && query.bt.is_none_or(|bt| key.bt == bt)
            {
                let minutes = Some(Box::new(Minutes::of(&row.figure)));
                let hour = hours.entry((at, *key)).or_default();
                hour.merge(&Figure { minutes, ..row.figure.clone() });
            }
        }
        hours.iter().for_each(|((at, key), figure)| each(*key, *at, figure));
        self.answer(())
    }

    fn metric_hours(
        &self,
        query: &MetricHours,
        each: &mut dyn FnMut(MetricHour<'_>),
    ) -> Result<Answer<()>, QueryError> {
        for hour in &query.hours {
            for series in self.metrics.iter().filter(|series| query.paths.contains(&series.path)) {
                let inside = |at: Minute| hour.0 <= at.0 && at.0 < hour.0 + 60;
                let values = series.points.iter().filter(|point| inside(point.at));
                let values: Vec<f64> = values.map(|point| point.sum / point.count).collect();
                if !values.is_empty() {
                    each(MetricHour {
                        application: series.application,
                        tier: series.tier,
                        node: series.node,
                        path: &series.path,
                        unit: &series.unit,
                        at: *hour,
                        minutes: values.len() as f64,
                        sum: values.iter().sum(),
                        squares: values.iter().map(|value| value * value).sum(),
                    });
                }
            }
        }
        self.answer(())
    }

    fn trace(&self, _: AccountId, trace: TraceId) -> Result<Answer<Vec<Span>>, QueryError> {
        if let Some(clock) = &self.slow {
            clock.advance(Duration::from_secs(11));
        }
        self.answer(self.spans.iter().filter(|span| span.trace == trace).cloned().collect())
    }

    fn traces(&self, query: &TraceQuery) -> Result<Answer<TracePage>, QueryError> {
        let place = |row: &TraceRow| (row.end_ns, row.trace, row.entry);
        let wanted = |row: &&TraceRow| {
            query.trace.is_none_or(|wanted| row.trace == wanted)
                && query.application.is_none_or(|wanted| row.application == wanted)
                && query.bt.is_none_or(|wanted| row.bt == wanted)
                && query.tier.is_none_or(|wanted| row.tier == wanted)
                && (query.outcomes.is_empty() || query.outcomes.contains(&row.outcome))
                && (query.min_duration_us..=query.max_duration_us).contains(&row.duration_us)
                && (!query.kept_only || row.reason.name().is_some())
                && (query.from_ns..query.to_ns).contains(&row.end_ns)
                && query.before.is_none_or(|before| place(row) < before)
        };
        let mut rows: Vec<TraceRow> = self.traces.iter().filter(wanted).copied().collect();
        rows.sort_by_key(|row| std::cmp::Reverse(place(row)));
        let more = rows.len() > query.limit;
        rows.truncate(query.limit);
        let next = rows.last().filter(|_| more).map(place);
        self.answer(TracePage { rows, next })
    }

    fn spans(&self, query: &SpanQuery) -> Result<Answer<SpanPage>, QueryError> {
        let end_ns = |span: &Span| span.start_ns + span.duration_ns;
        let place = |span: &Span| (end_ns(span), span.trace, span.id);
        let has = |span: &Span, (key, value): &(String, String)| {
            span.attributes.contains(&(key.clone(), OwnedValue::Str(value.clone())))
        };
        let entered =
            |trace: TraceId, bt| self.traces.iter().any(|row| row.trace == trace && row.bt == bt);
        let wanted = |span: &&Span| {
            query.application.is_none_or(|wanted| span.application == wanted)
                && query.tier.is_none_or(|wanted| span.tier == wanted)
                && query.name.as_ref().is_none_or(|name| span.name == *name)
                && query.bt.is_none_or(|bt| entered(span.trace, bt))
                && query.attributes.iter().all(|pair| has(span, pair))
                && (query.min_duration_ns..=query.max_duration_ns).contains(&span.duration_ns)
                && (!query.errors_only || span.status == StatusCode::Error)
                && (query.from_ns..query.to_ns).contains(&end_ns(span))
                && query.before.is_none_or(|before| place(span) < before)
        };
        let mut found: Vec<&Span> = self.spans.iter().filter(wanted).collect();
        found.sort_by_key(|span| std::cmp::Reverse(place(span)));
        let more = found.len() > query.limit;
        found.truncate(query.limit);
        let next = found.last().filter(|_| more).map(|span| place(span));
        let row = |span: &Span| FoundSpan {
            trace: span.trace,
            id: span.id,
            end_ns: end_ns(span),
            duration_ns: span.duration_ns,
            name: span.name.clone(),
            kind: span.kind,
            status: span.status,
            application: span.application,
            tier: span.tier,
            node: span.node,
        };
        self.answer(SpanPage { rows: found.into_iter().map(row).collect(), next })
    }

    fn attributes(&self, query: &AttributeQuery) -> Result<Answer<AttributeSample>, QueryError> {
        let ends = (query.from_ns, query.to_ns);
        let wanted = |span: &&Span| {
            query.application.is_none_or(|wanted| span.application == wanted)
                && query.tier.is_none_or(|wanted| span.tier == wanted)
                && (ends.0..ends.1).contains(&(span.start_ns + span.duration_ns))
        };
        let spans: Vec<&Span> = self.spans.iter().filter(wanted).collect();
        let mut met: BTreeMap<String, u64> = BTreeMap::new();
        for (key, value) in spans.iter().flat_map(|span| &span.attributes) {
            let OwnedValue::Str(value) = value else { continue };
            let text = match &query.key {
                None => key,
                Some(wanted) if wanted == key => value,
                Some(_) => continue,
            };
            if text.to_lowercase().contains(&query.part.to_lowercase()) {
                *met.entry(text.clone()).or_default() += 1;
            }
        }
        let more = met.len() > query.limit;
        let found = met.into_iter().take(query.limit).collect();
        let spans = spans.len() as u64;
        self.answer(AttributeSample {
            found,
            more,
            spans,
            ends_ns: (spans > 0).then_some(ends),
            whole: true,
        })
    }

    fn logs(&self, query: &LogQuery) -> Result<Answer<LogPage>, QueryError> {
        let wanted = |row: &&LogRow| {
            passes(&query.filter, row)
                && (query.from_ns..query.to_ns).contains(&row.at_ns)
                && query.before.is_none_or(|before| row.at_ns < before)
        };
        let mut rows: Vec<LogRow> = self.logs.iter().filter(wanted).cloned().collect();
        rows.sort_by_key(|row| std::cmp::Reverse(row.at_ns));
        let more = rows.len() > query.limit;
        rows.truncate(query.limit);
        let next = rows.last().filter(|_| more).map(|row| row.at_ns);
        self.answer(LogPage { rows, next })
    }

    /// Facets count what passes all filters.
    fn log_summary(&self, query: &LogSummaryQuery) -> Result<Answer<LogSummary>, QueryError> {
        let mut found = LogSummary::default();
        let wanted = |row: &&LogRow| {
            passes(&query.filter, row) && (query.from_ns..query.to_ns).contains(&row.at_ns)
        };
        let mut bars = BTreeMap::<u64, [u64; 7]>::new();
        for row in self.logs.iter().filter(wanted) {
            let severity = Severity::of(row.severity) as usize;
            bars.entry(row.at_ns - row.at_ns % query.bar_ns).or_default()[severity] += 1;
            found.severities[severity] += 1;
        }
        found.bars = bars.into_iter().map(|(at_ns, counts)| LogBar { at_ns, counts }).collect();
        let count = found.severities.iter().sum();
        let first = self.logs.iter().find(wanted);
        found.applications.values = first.map(|row| (row.application, count)).into_iter().collect();
        found.tiers.values = first.map(|row| (row.tier, count)).into_iter().collect();
        found.nodes.values = first.map(|row| (row.node, count)).into_iter().collect();
        found.complete_from_ns = self.counted_from_ns;
        self.answer(found)
    }

    fn metrics(&self, query: &MetricQuery) -> Result<Answer<Vec<MetricSeries>>, QueryError> {
        let is = |pattern: &str, path: &str| {
            let (pattern, path): (Vec<&str>, Vec<&str>) =
                (pattern.split('|').collect(), path.split('|').collect());
            path.len() == pattern.len()
                && path.iter().zip(&pattern).all(|(name, wanted)| *wanted == "*" || name == wanted)
        };
        let matches = |series: &&MetricSeries| {
            query.tier.is_none_or(|tier| series.tier == tier)
                && (query.paths.is_empty()
                    || query.paths.iter().any(|pattern| is(pattern, &series.path)))
        };
        let mut found: Vec<MetricSeries> = self.metrics.iter().filter(matches).cloned().collect();
        for series in &mut found {
            series.points.retain(|point| !query.names_only && query.range.contains(point.at));
        }
        self.answer(found)
    }

    fn series(&self, query: &SeriesQuery) -> Result<Answer<SeriesPage>, QueryError> {
        let place = |row: &Series| (row.name.clone(), row.id);
        let wanted = |row: &&Series| {
            query.application.is_none_or(|wanted| row.application == wanted)
                && query.tier.is_none_or(|wanted| row.tier == wanted)
                && query.node.is_none_or(|wanted| row.node == wanted)
                && query.name.as_ref().is_none_or(|wanted| row.name == *wanted)
                && query.after.as_ref().is_none_or(|after| place(row) > *after)
                && query.only.names(row.id, &row.name)
                && query.only.describes(&row.attributes)
        };
        let mut rows: Vec<Series> = self.series.iter().filter(wanted).cloned().collect();
        let more = rows.len() > query.limit;
        rows.truncate(query.limit);
        let next = rows.last().filter(|_| more).map(place);
        self.answer(SeriesPage { rows, next })
    }

    fn sampled_metrics(
        &self,
        query: &SampledQuery,
    ) -> Result<Answer<Vec<SampledMetric>>, QueryError> {
        let wanted = self.series.iter().filter(|series| of_names(query, series));
        let metrics: BTreeSet<SampledMetric> = wanted
            .map(|series| SampledMetric {
                name: series.name.clone(),
                unit: series.unit.clone(),
                scope: series.scope.clone(),
                instrument: series.instrument,
                is_delta: series.is_delta,
            })
            .collect();
        self.answer(metrics.into_iter().collect())
    }

    fn each_series(
        &self,
        query: &SampledQuery,
        each: &mut dyn FnMut(Series) -> Result<(), QueryError>,
    ) -> Result<Answer<()>, QueryError> {
        let mut wanted = self.series.iter().filter(|series| of_names(query, series));
        wanted.try_for_each(|series| each(series.clone()))?;
        self.answer(())
    }

    fn samples(&self, query: &SampleQuery) -> Result<Answer<Vec<SeriesSamples>>, QueryError> {
        let mut found = self.samples.clone();
        found.retain(|samples| query.series.contains(&samples.series));
        for samples in &mut found {
            let inside = |at_ms: i64| (query.from_ms..query.to_ms).contains(&at_ms);
            samples.numbers.retain(|(at_ms, _)| inside(*at_ms));
            samples.distributions.retain(|(at_ms, _)| inside(*at_ms));
        }
        self.answer(found)
    }

    fn newest_minute(&self) -> Option<Minute> {
        self.newest
    }
}

fn passes(filter: &LogFilter, row: &LogRow) -> bool {
    filter.tier.is_none_or(|wanted| row.tier == wanted)
        && filter.trace.is_none_or(|wanted| row.trace == Some(wanted))
        && (filter.severities.is_empty() || filter.severities.contains(&Severity::of(row.severity)))
        && row.body.contains(&filter.text)
        && filter.attributes.iter().all(|(key, value)| {
            let has = |(name, found): &(String, OwnedValue)| match found {
                OwnedValue::Int(found) => name == key && found.to_string() == *value,
                OwnedValue::Str(found) => name == key && found == value,
                _ => false,
            };
            row.attributes.iter().any(has)
        })
}

fn of_names(query: &SampledQuery, series: &Series) -> bool {
    query.names.as_ref().is_none_or(|names| names.contains(&series.name))
}
