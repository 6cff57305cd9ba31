//! Questions to the telemetry store: off the async threads, a bounded number at once, each with a deadline.
//!
//! When as many as may are waiting, the next one is refused at once. A question whose deadline has passed is answered with
//! a refusal; its thread goes on to the end and keeps its place until then, so that giving up early never lets more work
//! in than the bound.

mod over_time;

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use api_types::Partial;
use model::{
    access::Permission,
    figure::Scope,
    id::{AccountId, EntityId, TraceId},
    time::MinuteRange,
};
use telemetry_store::reader::{
    Answer, AttributeQuery, AttributeSample, Detail, FigureQuery, FigureRow, GroupBy, LogPage,
    LogQuery, LogSummary, LogSummaryQuery, MetricQuery, MetricSeries, Points, QueryError, Reader,
    SampleQuery, SeriesPage, SeriesQuery, SeriesSamples, Span, SpanPage, SpanQuery, TracePage,
    TraceQuery,
};
use tokio::sync::Semaphore;

use crate::{
    auth::Caller, config::Config, deps::Status, entities::Sight, error::ApiError, masked::Masked,
    period::Period, sight::Seen,
};

/// The way to the reader.
#[derive(Debug)]
pub(crate) struct Queries {
    reader: Arc<dyn Reader>,
    status: Arc<dyn Status>,
    /// Who runs or waits.
    admitted: Arc<Semaphore>,
    running: Arc<Semaphore>,
    /// Of those that run, the ones that may take the memory of many samples.
    over_samples: Arc<Semaphore>,
    deadline: Duration,
    rows: usize,
}

/// For whom something is asked.
#[derive(Clone, Debug)]
pub(crate) struct Asker {
    account: AccountId,
    sight: Sight,
    /// Whose sensitive data are shown.
    open: Sight,
}

/// All of the account without sensitive data: for questions of figures about an application that the door let the caller
/// through to.
impl From<AccountId> for Asker {
    fn from(account: AccountId) -> Asker {
        Asker { account, sight: Sight::All, open: Sight::nothing() }
    }
}

/// What the caller may see: for questions over several applications, and of spans and log records.
impl From<&Caller> for Asker {
    fn from(caller: &Caller) -> Asker {
        let of = |permission| Sight::of(&caller.rights, permission);
        let (sight, open) = (of(Permission::View), of(Permission::SensitiveData));
        Asker { account: caller.account, sight, open }
    }
}

/// What was found, and why it may not be whole.
#[derive(Debug)]
pub(crate) struct Told<T> {
    pub(crate) value: T,
    pub(crate) partial: Option<Partial>,
}

impl Queries {
    pub(crate) fn new(
        config: &Config,
        reader: Arc<dyn Reader>,
        status: Arc<dyn Status>,
    ) -> Queries {
        Queries {
            reader,
            status,
            admitted: Arc::new(Semaphore::new(config.queries_at_once + config.queries_waiting)),
            running: Arc::new(Semaphore::new(config.queries_at_once)),
            over_samples: Arc::new(Semaphore::new(config.sample_queries_at_once)),
            deadline: config.query_deadline,
            rows: config.rows,
        }
    }

    /// Runs `question` on a thread of its own.
    pub(crate) async fn ask<T, F>(
        &self,
        asker: impl Into<Asker>,
        question: F,
    ) -> Result<Told<T>, ApiError>
    where
        T: Send + 'static,
        F: FnOnce(&mut Asking<'_>) -> Result<T, QueryError> + Send + 'static,
    {
        self.ask_after(async {}, asker.into(), question).await
    }

    /// The same for a question that may read many samples, of which few run at once.
    pub(crate) async fn ask_of_samples<T, F>(
        &self,
        asker: impl Into<Asker>,
        question: F,
    ) -> Result<Told<T>, ApiError>
    where
        T: Send + 'static,
        F: FnOnce(&mut Asking<'_>) -> Result<T, QueryError> + Send + 'static,
    {
        let turn = Arc::clone(&self.over_samples).acquire_owned();
        self.ask_after(turn, asker.into(), question).await
    }

    /// `turn` is waited for first; what it gives is kept until the question is answered.
    async fn ask_after<P, T, F>(
        &self,
        turn: impl Future<Output = P>,
        asker: Asker,
        question: F,
    ) -> Result<Told<T>, ApiError>
    where
        P: Send + 'static,
        T: Send + 'static,
        F: FnOnce(&mut Asking<'_>) -> Result<T, QueryError> + Send + 'static,
    {
        let admitted = Arc::clone(&self.admitted)
            .try_acquire_owned()
            .map_err(|_| ApiError::Overloaded { retry_after: 2 })?;
        let answered = async {
            let turn = turn.await;
            let running = Arc::clone(&self.running).acquire_owned().await;
            let running = running.expect("the semaphore is never closed");
            let reader = Arc::clone(&self.reader);
            let max_rows = self.rows;
            let thread = tokio::task::spawn_blocking(move || {
                let _places = (admitted, turn, running);
                let Asker { account, sight, open } = asker;
                let seen = Seen { reader: &*reader, sight: &sight };
                let reader: &dyn Reader = if sight == Sight::All { seen.reader } else { &seen };
                let masked = Masked { reader, open: &open };
                let reader: &dyn Reader = if open == Sight::All { masked.reader } else { &masked };
                let mut asking = Asking { reader, account, max_rows, partial: BTreeSet::new() };
                let value = question(&mut asking)?;
                Ok::<_, QueryError>((value, asking.partial))
            });
            thread.await.map_err(|error| ApiError::Unavailable {
                what: "telemetry store",
                source: Box::new(error),
            })
        };
        let answered = tokio::time::timeout(self.deadline, answered).await;
        let (value, mut reasons) =
            answered.map_err(|_| ApiError::Deadline(self.deadline.as_secs()))???;
        reasons.extend(self.status.partial());
        Ok(Told { value, partial: Partial::of(reasons.into_iter().collect()) })
    }
}

/// One request's conversation with the reader; remembers why answers were not whole.
#[derive(Debug)]
pub(crate) struct Asking<'r> {
    reader: &'r dyn Reader,
    pub(crate) account: AccountId,
    /// Rows of figures that an answer may have.
    max_rows: usize,
    partial: BTreeSet<String>,
}

impl Asking<'_> {
    fn note<T>(&mut self, answer: Answer<T>) -> T {
        self.partial.extend(answer.partial);
        answer.value
    }

    /// The reader itself; whoever asks it says what an answer lacks.
    pub(crate) fn reader(&self) -> &dyn Reader {
        self.reader
    }

    /// Adds a reason why the answer is not whole.
    pub(crate) fn lacks(&mut self, reason: &str) {
        self.partial.insert(reason.to_owned());
    }

    pub(crate) fn figures(&mut self, query: &FigureQuery) -> Result<Vec<FigureRow>, QueryError> {
        if query.range.is_empty() {
            return Ok(Vec::new());
        }
        self.reader.figures(query).map(|answer| self.note(answer))
    }

    /// Totals of a period: a row for its complete minutes, and one for what is filling, which begins a point of its own.
    pub(crate) fn totals(
        &mut self,
        query: &FigureQuery,
        period: &Period,
    ) -> Result<Vec<FigureRow>, QueryError> {
        let of = |range| FigureQuery { range, points: Points::Total, ..query.clone() };
        let mut rows = self.figures(&of(period.complete))?;
        let filling = MinuteRange { start: period.complete.end, end: period.range.end };
        rows.extend(self.figures(&of(filling))?);
        Ok(rows)
    }

    pub(crate) fn trace(&mut self, trace: TraceId) -> Result<Vec<Span>, QueryError> {
        self.reader.trace(self.account, trace).map(|answer| self.note(answer))
    }

    pub(crate) fn traces(&mut self, query: &TraceQuery) -> Result<TracePage, QueryError> {
        self.reader.traces(query).map(|answer| self.note(answer))
    }

    pub(crate) fn spans(&mut self, query: &SpanQuery) -> Result<SpanPage, QueryError> {
        self.reader.spans(query).map(|answer| self.note(answer))
    }

    pub(crate) fn attributes(
        &mut self,
        query: &AttributeQuery,
    ) -> Result<AttributeSample, QueryError> {
        self.reader.attributes(query).map(|answer| self.note(answer))
    }

    pub(crate) fn logs(&mut self, query: &LogQuery) -> Result<LogPage, QueryError> {
        self.reader.logs(query).map(|answer| self.note(answer))
    }

    pub(crate) fn log_summary(
        &mut self,
        query: &LogSummaryQuery,
    ) -> Result<LogSummary, QueryError> {
        self.reader.log_summary(query).map(|answer| self.note(answer))
    }

    pub(crate) fn metrics(&mut self, query: &MetricQuery) -> Result<Vec<MetricSeries>, QueryError> {
        self.reader.metrics(query).map(|answer| self.note(answer))
    }

    pub(crate) fn series(&mut self, query: &SeriesQuery) -> Result<SeriesPage, QueryError> {
        self.reader.series(query).map(|answer| self.note(answer))
    }

    pub(crate) fn samples(
        &mut self,
        query: &SampleQuery,
    ) -> Result<Vec<SeriesSamples>, QueryError> {
        self.reader.samples(query).map(|answer| self.note(answer))
    }

    pub(crate) fn newest_minute(&self) -> Option<model::time::Minute> {
        self.reader.newest_minute()
    }

    /// All figures of these scopes in an application ([`EntityId::NONE`]: in all of the account).
    pub(crate) fn query(
        &self,
        application: EntityId,
        scopes: &[Scope],
        range: MinuteRange,
        points: Points,
    ) -> FigureQuery {
        FigureQuery {
            account: self.account,
            application,
            scopes: scopes.to_vec(),
            subject: None,
            peer: None,
            bt: None,
            range,
            points,
            detail: Detail::Whole,
            group_by: GroupBy::Key,
            max_rows: self.max_rows,
        }
    }
}
