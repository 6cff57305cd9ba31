//! What was counted and reported in minutes, read from the telemetry store: one question for figures, one for metrics.

use std::collections::{BTreeMap, BTreeSet};

use analysis::anomaly::Reading;
use model::{
    figure::{Figure, FigureKey, Scope},
    id::{AccountId, EntityId, TraceId},
    leaf,
    measured::Measured,
    metric_table::{Kind, MetricTable},
    time::{Minute, MinuteRange},
};
use rustc_hash::{FxHashMap, FxHashSet};
use telemetry_store::reader::{
    Answer, Detail, FigureQuery, FigureRow, GroupBy, LogPage, LogQuery, MetricQuery, MetricSeries,
    Points, QueryError, Reader, Resolution, Span, TracePage, TraceQuery,
};

use super::watched::{METRICS, SeriesKey, What, metric_at};
use crate::rules::Telemetry;

/// Rows of figures that one question may answer with.
pub(super) const MAX_ROWS: usize = 1_000_000;
/// Series that one question may answer with.
const MAX_SERIES: usize = 200_000;
/// Minutes read at a time when many are.
const CHUNK: u32 = 60;

/// What detection asks of the telemetry store.
pub trait Observed: Telemetry {
    /// As [`Reader::logs`].
    ///
    /// # Errors
    /// When the store cannot be read.
    fn logs(&self, query: &LogQuery) -> Result<Answer<LogPage>, QueryError>;

    /// As [`Reader::traces`].
    ///
    /// # Errors
    /// When the store cannot be read.
    fn traces(&self, query: &TraceQuery) -> Result<Answer<TracePage>, QueryError>;

    /// As [`Reader::trace`].
    ///
    /// # Errors
    /// When the store cannot be read.
    fn trace(&self, account: AccountId, trace: TraceId) -> Result<Answer<Vec<Span>>, QueryError>;
}

impl<R: Reader + ?Sized> Observed for R {
    fn logs(&self, query: &LogQuery) -> Result<Answer<LogPage>, QueryError> {
        Reader::logs(self, query)
    }

    fn traces(&self, query: &TraceQuery) -> Result<Answer<TracePage>, QueryError> {
        Reader::traces(self, query)
    }

    fn trace(&self, account: AccountId, trace: TraceId) -> Result<Answer<Vec<Span>>, QueryError> {
        Reader::trace(self, account, trace)
    }
}

/// Calls of a minute.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Sums {
    pub(super) calls: f64,
    pub(super) errors: f64,
    pub(super) timed: f64,
    /// Of the timed calls.
    pub(super) millis: f64,
}

impl Sums {
    pub(super) fn add(&mut self, figure: &Figure) {
        self.calls += figure.calls;
        self.errors += figure.errors;
        self.timed += figure.timed;
        self.millis += figure.sum / 1_000.0;
    }

    /// What a series reads of it; nothing where there is none.
    pub(super) fn reading(self, what: What) -> Option<Reading> {
        match what {
            // Signed deltas can leave a little below nothing.
            What::Calls => Some(Reading::of(self.calls.max(0.0))),
            What::ResponseTime => (self.timed > 0.0)
                .then(|| Reading::with_calls(self.millis / self.timed, self.timed as f32)),
            What::ErrorShare => (self.calls > 0.0).then(|| {
                let share = (self.errors / self.calls).clamp(0.0, 1.0);
                Reading::with_calls(share, self.calls as f32)
            }),
            What::Metric(_) => None,
        }
    }
}

/// One minute of an account.
#[derive(Clone, Debug, Default)]
pub(super) struct Readings {
    /// Applications of which a tier reported.
    reported: FxHashSet<EntityId>,
    sums: FxHashMap<Measured, Sums>,
    metrics: FxHashMap<(EntityId, &'static str), f64>,
}

impl Readings {
    /// Whether anything was heard of an application: what was not counted then was nothing, not unknown.
    pub(super) fn reported(&self, application: EntityId) -> bool {
        self.reported.contains(&application)
    }

    pub(super) fn sums(&self, measured: Measured) -> Option<Sums> {
        self.sums.get(&measured).copied()
    }

    pub(super) fn metric(&self, node: EntityId, path: &'static str) -> Option<f64> {
        self.metrics.get(&(node, path)).copied()
    }

    fn count(&mut self, row: &FigureRow) {
        if row.key.scope == Scope::Tier {
            self.reported.insert(row.key.application);
        }
        for measured in measured_in(&row.key) {
            self.sums.entry(measured).or_default().add(&row.figure);
        }
    }
}

/// What of a row is watched: whole entities.
fn measured_in(key: &FigureKey) -> impl Iterator<Item = Measured> {
    let all = Measured::of(key, &|_: EntityId| false);
    all.into_iter().flatten().filter(|measured| {
        matches!(
            measured,
            Measured::Tier(_)
                | Measured::Node(_)
                | Measured::Endpoint(_)
                | Measured::Transaction(_)
                | Measured::CallsTo(_)
        )
    })
}

/// Reads minutes of one application, or of all (none), oldest first. `lacks` gets why they may not be whole.
pub(super) fn read(
    telemetry: &(impl Telemetry + ?Sized),
    account: AccountId,
    application: EntityId,
    range: MinuteRange,
    lacks: &mut BTreeSet<String>,
) -> Result<BTreeMap<Minute, Readings>, QueryError> {
    let mut minutes: BTreeMap<Minute, Readings> =
        (range.start.0..range.end.0).map(|minute| (Minute(minute), Readings::default())).collect();
    let scopes =
        [Scope::Tier, Scope::Node, Scope::Endpoint, Scope::BusinessTransaction, Scope::Edge];
    let answer = telemetry.figures(&FigureQuery {
        account,
        application,
        scopes: scopes.to_vec(),
        subject: None,
        peer: None,
        // Calls are counted over all and by business transaction: the former are wanted.
        bt: Some(EntityId::NONE),
        range,
        points: Points::Every(Resolution::OneMinute),
        detail: Detail::Times,
        group_by: GroupBy::Key,
        max_rows: MAX_ROWS,
    })?;
    lacks.extend(answer.partial);
    for row in &answer.value {
        if let Some(minute) = minutes.get_mut(&row.at) {
            minute.count(row);
        }
    }
    let answer = telemetry.metrics(&metric_query(account, application, range))?;
    lacks.extend(answer.partial);
    let table = MetricTable::new();
    for series in answer.value {
        let Some(path) = watched_path(&series) else { continue };
        for (at, value) in values(&series, &table) {
            if let Some(minute) = minutes.get_mut(&at) {
                minute.metrics.insert((series.node, path), value);
            }
        }
    }
    Ok(minutes)
}

/// The same for a long range, some minutes at a time, each given to `each` in order.
pub(super) fn read_through(
    telemetry: &(impl Telemetry + ?Sized),
    account: AccountId,
    application: EntityId,
    range: MinuteRange,
    lacks: &mut BTreeSet<String>,
    mut each: impl FnMut(Minute, &Readings),
) -> Result<(), QueryError> {
    let (mut start, mut chunk) = (range.start, CHUNK);
    while start < range.end {
        let end = Minute((start.0 + chunk).min(range.end.0));
        match read(telemetry, account, application, MinuteRange { start, end }, lacks) {
            Ok(minutes) => {
                minutes.iter().for_each(|(minute, readings)| each(*minute, readings));
                start = end;
            }
            // Less at a time, until a single minute is too much.
            Err(QueryError::TooLarge(_)) if chunk > 1 => chunk /= 4,
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// What was watched of the nodes of an application.
pub(super) fn metric_query(
    account: AccountId,
    application: EntityId,
    range: MinuteRange,
) -> MetricQuery {
    MetricQuery {
        account,
        application,
        tier: None,
        paths: METRICS.iter().map(|metric| metric.path.to_owned()).collect(),
        range,
        points: Points::Every(Resolution::OneMinute),
        names_only: false,
        max_series: MAX_SERIES,
    }
}

/// The path of a node's series, if it is watched.
pub(super) fn watched_path(series: &MetricSeries) -> Option<&'static str> {
    series.node.some()?;
    metric_at(&series.path).map(|metric| metric.path)
}

/// The value of each minute that has one.
pub(super) fn values<'s>(
    series: &'s MetricSeries,
    table: &MetricTable,
) -> impl Iterator<Item = (Minute, f64)> + 's {
    let kind = table.kind(&series.path, &series.unit);
    let with_samples = series.points.iter().filter(|point| point.count > 0.0);
    with_samples.map(move |point| {
        let value = match kind {
            Kind::PerMinute => leaf::rate(point.sum, 1).value,
            Kind::Host | Kind::Average | Kind::Level => point.value().value,
        };
        (point.at, value)
    })
}

/// The readings of one series, oldest first; minutes without one are left out. `application` is the entity's own.
pub(super) fn of_series(
    telemetry: &(impl Telemetry + ?Sized),
    account: AccountId,
    application: EntityId,
    key: SeriesKey,
    measured: Measured,
    range: MinuteRange,
) -> Result<Answer<Vec<(Minute, Reading)>>, QueryError> {
    if let What::Metric(path) = key.what {
        let query = MetricQuery {
            paths: vec![path.to_owned()],
            ..metric_query(account, application, range)
        };
        let answer = telemetry.metrics(&query)?;
        let table = MetricTable::new();
        let of_node = answer.value.iter().filter(|series| series.node == key.entity);
        let mut found: Vec<(Minute, Reading)> = of_node
            .flat_map(|series| values(series, &table))
            .map(|(at, value)| (at, Reading::of(value)))
            .collect();
        found.sort_by_key(|(at, _)| *at);
        found.dedup_by_key(|(at, _)| *at);
        return Ok(Answer { value: found, partial: answer.partial });
    }
    let query = FigureQuery {
        account,
        application,
        scopes: vec![measured.scope(), Scope::Tier],
        subject: None,
        peer: None,
        bt: Some(EntityId::NONE),
        range,
        points: Points::Every(Resolution::OneMinute),
        detail: Detail::Times,
        group_by: GroupBy::Key,
        max_rows: MAX_ROWS,
    };
    let mut partial = BTreeSet::new();
    let mut sums: BTreeMap<Minute, Sums> = BTreeMap::new();
    // Of the entity itself, and of tiers: a minute in which one reported and nothing was counted is a minute without calls.
    let own = FigureQuery {
        scopes: vec![measured.scope()],
        subject: measured.subject(),
        peer: match measured {
            Measured::CallsTo(callee) => Some(callee),
            _ => None,
        },
        ..query.clone()
    };
    let answer = telemetry.figures(&own)?;
    partial.extend(answer.partial);
    for row in answer.value {
        if measured_in(&row.key).any(|counted| counted == measured) {
            sums.entry(row.at).or_default().add(&row.figure);
        }
    }
    if key.what == What::Calls {
        let answer = telemetry.figures(&FigureQuery {
            scopes: vec![Scope::Tier],
            detail: Detail::Counts,
            ..query
        })?;
        partial.extend(answer.partial);
        // Before it was first heard of there were no calls to miss.
        if let Some(first) = sums.keys().next().copied() {
            for row in answer.value.iter().filter(|row| row.at >= first) {
                sums.entry(row.at).or_default();
            }
        }
    }
    let found = sums.into_iter().filter_map(|(at, sums)| Some((at, sums.reading(key.what)?)));
    Ok(Answer { value: found.collect(), partial: partial.into_iter().collect() })
}
