//! The telemetry store as somebody sees it who may see some applications only.
//!
//! Rows of other applications are left out of what is read: a page may so be shorter than was asked for, or empty, and go on.
//! What is counted over rows has to be asked of one application, since a sum does not tell what is in it.

use std::collections::BTreeSet;

use model::{
    figure::{Figure, FigureKey},
    id::{AccountId, EntityId, TraceId},
    time::Minute,
};
use telemetry_store::reader::{
    Answer, AttributeQuery, AttributeSample, FigureHours, FigureQuery, FigureRow, LogPage,
    LogQuery, LogSummary, LogSummaryQuery, MetricHour, MetricHours, MetricQuery, MetricSeries,
    QueryError, Reader, SampleQuery, SampledMetric, SampledQuery, Series, SeriesPage, SeriesQuery,
    SeriesSamples, Span, SpanPage, SpanQuery, TracePage, TraceQuery,
};

use crate::entities::Sight;

/// Why an answer about a trace is not whole.
const HIDDEN_SPANS: &str = "spans of applications that you may not see are left out";

/// A reader that shows what is of some applications.
#[derive(Debug)]
pub(crate) struct Seen<'r> {
    pub(crate) reader: &'r dyn Reader,
    pub(crate) sight: &'r Sight,
}

impl Seen<'_> {
    fn only<T>(&self, rows: &mut Vec<T>, application: impl Fn(&T) -> EntityId) {
        rows.retain(|row| self.sight.shows(application(row)));
    }

    /// What is counted of one application, which has to be named.
    fn counted<T>(
        &self,
        application: Option<EntityId>,
        read: impl FnOnce() -> Result<Answer<T>, QueryError>,
    ) -> Result<Answer<T>, QueryError> {
        match application {
            Some(id) if self.sight.shows(id) => read(),
            _ => Err(QueryError::Read {
                what: "what was counted".to_owned(),
                source: Box::new(Unnamed),
            }),
        }
    }
}

/// Handlers name an application before they ask; this is what is left if one forgets.
#[derive(Debug, thiserror::Error)]
#[error("an application has to be named by who may not see all of them")]
struct Unnamed;

impl Reader for Seen<'_> {
    fn figures(&self, query: &FigureQuery) -> Result<Answer<Vec<FigureRow>>, QueryError> {
        let mut answer = self.reader.figures(query)?;
        self.only(&mut answer.value, |row| row.key.application);
        Ok(answer)
    }

    fn figure_hours(
        &self,
        query: &FigureHours,
        each: &mut dyn FnMut(FigureKey, Minute, &Figure),
    ) -> Result<Answer<()>, QueryError> {
        self.reader.figure_hours(query, &mut |key, at, figure| {
            if self.sight.shows(key.application) {
                each(key, at, figure);
            }
        })
    }

    fn metric_hours(
        &self,
        query: &MetricHours,
        each: &mut dyn FnMut(MetricHour<'_>),
    ) -> Result<Answer<()>, QueryError> {
        self.reader.metric_hours(query, &mut |hour| {
            if self.sight.shows(hour.application) {
                each(hour);
            }
        })
    }

    fn trace(&self, account: AccountId, trace: TraceId) -> Result<Answer<Vec<Span>>, QueryError> {
        let mut answer = self.reader.trace(account, trace)?;
        let all = answer.value.len();
        self.only(&mut answer.value, |span| span.application);
        if (1..all).contains(&answer.value.len()) {
            answer.partial.push(HIDDEN_SPANS.to_owned());
        }
        Ok(answer)
    }

    fn traces(&self, query: &TraceQuery) -> Result<Answer<TracePage>, QueryError> {
        let mut answer = self.reader.traces(query)?;
        self.only(&mut answer.value.rows, |row| row.application);
        Ok(answer)
    }

    fn spans(&self, query: &SpanQuery) -> Result<Answer<SpanPage>, QueryError> {
        let mut answer = self.reader.spans(query)?;
        self.only(&mut answer.value.rows, |row| row.application);
        Ok(answer)
    }

    fn attributes(&self, query: &AttributeQuery) -> Result<Answer<AttributeSample>, QueryError> {
        self.counted(query.application, || self.reader.attributes(query))
    }

    fn logs(&self, query: &LogQuery) -> Result<Answer<LogPage>, QueryError> {
        let mut answer = self.reader.logs(query)?;
        self.only(&mut answer.value.rows, |row| row.application);
        Ok(answer)
    }

    fn log_summary(&self, query: &LogSummaryQuery) -> Result<Answer<LogSummary>, QueryError> {
        self.counted(query.filter.application, || self.reader.log_summary(query))
    }

    fn metrics(&self, query: &MetricQuery) -> Result<Answer<Vec<MetricSeries>>, QueryError> {
        let mut answer = self.reader.metrics(query)?;
        self.only(&mut answer.value, |row| row.application);
        Ok(answer)
    }

    fn series(&self, query: &SeriesQuery) -> Result<Answer<SeriesPage>, QueryError> {
        let mut answer = self.reader.series(query)?;
        self.only(&mut answer.value.rows, |row| row.application);
        Ok(answer)
    }

    /// Of those that some series is seen of: their names would else tell what runs in other applications.
    fn sampled_metrics(
        &self,
        query: &SampledQuery,
    ) -> Result<Answer<Vec<SampledMetric>>, QueryError> {
        let mut seen = BTreeSet::new();
        self.each_series(query, &mut |series| {
            seen.insert(series.name);
            Ok(())
        })?;
        let mut answer = self.reader.sampled_metrics(query)?;
        answer.value.retain(|metric| seen.contains(&metric.name));
        Ok(answer)
    }

    fn each_series(
        &self,
        query: &SampledQuery,
        each: &mut dyn FnMut(Series) -> Result<(), QueryError>,
    ) -> Result<Answer<()>, QueryError> {
        self.reader.each_series(query, &mut |series| {
            if self.sight.shows(series.application) { each(series) } else { Ok(()) }
        })
    }

    /// By ids, which come from the series that are seen.
    fn samples(&self, query: &SampleQuery) -> Result<Answer<Vec<SeriesSamples>>, QueryError> {
        self.reader.samples(query)
    }

    fn newest_minute(&self) -> Option<Minute> {
        self.reader.newest_minute()
    }
}
