//! What metrics there are raw samples of, and all series of some.

use std::collections::BTreeSet;

use rustc_hash::FxHashSet;

use super::Lacks;
use crate::{
    head::Rows,
    reader::{Instrument, MAX_METRICS, QueryError, SampledMetric, SampledQuery, Series},
    segment::series::{SeriesRow, each_metric, each_named},
    store::{Pin, Segment, Store},
    table::Table,
};

pub(super) fn metrics(
    store: &Store,
    query: &SampledQuery,
    lacks: &mut Lacks,
) -> Result<Vec<SampledMetric>, QueryError> {
    let mut found = BTreeSet::new();
    let mut add = |metric: SampledMetric| {
        if found.len() <= MAX_METRICS && query.has(&metric.name) {
            found.insert(metric);
        }
    };
    let pin = store.pin_with_heads(|head| {
        // Many series of few metrics: each is copied once.
        let mut seen = FxHashSet::default();
        let rows = head.get(query.account).into_iter().flat_map(|rows| query.rows(rows));
        rows.filter(|row| seen.insert(row.metric_place())).for_each(|row| add(row.metric()));
    });
    store.read_each(query.segments(&pin), lacks, |segment| {
        each_metric(&*segment.open()?, &mut add)
    })?;
    if found.len() > MAX_METRICS {
        return Err(QueryError::TooLarge(MAX_METRICS));
    }
    Ok(found.into_iter().collect())
}

pub(super) fn each_series(
    store: &Store,
    query: &SampledQuery,
    each: &mut dyn FnMut(Series) -> Result<(), QueryError>,
    lacks: &mut Lacks,
) -> Result<(), QueryError> {
    let mut seen = FxHashSet::default();
    let mut ended = Ok(());
    let mut give = |row: &SeriesRow| {
        if ended.is_ok() && seen.insert(row.id) {
            ended = each(row.to_series());
        }
    };
    // Copied, so that no writer waits for what `each` does.
    let mut newest = Vec::new();
    let pin = store.pin_with_heads(|head| {
        let rows = head.get(query.account);
        newest.extend(rows.into_iter().flat_map(|rows| query.rows(rows)).cloned());
    });
    newest.iter().for_each(&mut give);
    store.read_each(query.segments(&pin), lacks, |segment| {
        each_named(&*segment.open()?, query.names.as_deref(), |row| give(&row))
    })?;
    ended
}

impl SampledQuery {
    fn has(&self, name: &str) -> bool {
        let place = |names: &Vec<String>| names.binary_search_by(|known| known.as_str().cmp(name));
        self.names.as_ref().is_none_or(|names| place(names).is_ok())
    }

    /// Whether an instant's day is asked for.
    fn has_day(&self, day_ms: i64) -> bool {
        let day = |at_ns: u64| Table::Series.period_of(at_ns);
        (day(self.from_ns)..=day(self.to_ns.saturating_sub(1))).contains(&day_ms)
    }

    fn rows<'r>(&'r self, rows: &'r Rows) -> impl Iterator<Item = &'r SeriesRow> {
        let of_day = |row: &&SeriesRow| self.has_day(Table::Series.period_of(row.at_ns));
        rows.series.iter().filter(move |row| self.has(&row.name)).filter(of_day)
    }

    fn segments<'p>(&self, pin: &'p Pin) -> impl Iterator<Item = &'p std::sync::Arc<Segment>> {
        let segments = pin.of(self.account, Table::Series).into_iter();
        segments.filter(|segment| self.has_day(segment.meta.period_start_ms))
    }
}

impl SeriesRow {
    /// What tells its metric from others.
    fn metric_place(&self) -> (&str, &str, &str, Instrument, bool) {
        (&self.name, &self.unit, &self.scope, self.instrument, self.is_delta)
    }

    fn metric(&self) -> SampledMetric {
        SampledMetric {
            name: self.name.clone(),
            unit: self.unit.clone(),
            scope: self.scope.clone(),
            instrument: self.instrument,
            is_delta: self.is_delta,
        }
    }
}

#[cfg(test)]
mod tests;
