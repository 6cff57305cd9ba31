//! Raw samples: what series there are, and what was measured of some.

use std::{collections::BTreeMap, ops::Range};

use super::Lacks;
use crate::{
    cut::nanos,
    reader::{QueryError, SampleQuery, SeriesPage, SeriesQuery, SeriesSamples},
    segment::{
        counted::Role,
        samples::{Samples, each_row},
        series::{SeriesRow, each_series},
    },
    store::{Segment, Store},
    table::Table,
};

pub(super) fn series(
    store: &Store,
    query: &SeriesQuery,
    lacks: &mut Lacks,
) -> Result<SeriesPage, QueryError> {
    let mut first = First { query, rows: BTreeMap::new() };
    let day = |at_ns: u64| Table::Series.period_of(at_ns);
    let days = day(query.from_ns)..=day(query.to_ns.saturating_sub(1));
    let pin = store.pin_with_heads(|head| {
        head.get(query.account)
            .into_iter()
            .flat_map(|rows| rows.series.iter())
            .filter(|row| days.contains(&day(row.at_ns)))
            .for_each(|row| first.add(row));
    });
    let segments = pin.of(query.account, Table::Series).into_iter();
    let segments = segments.filter(|segment| days.contains(&segment.meta.period_start_ms));
    store.read_each(segments, lacks, |segment| {
        each_series(&*segment.open()?, query.application, |row| first.add(&row))
    })?;
    Ok(first.finish())
}

/// The first of a page by name and id, and one more.
struct First<'a> {
    query: &'a SeriesQuery,
    rows: BTreeMap<(String, u64), SeriesRow>,
}

impl First<'_> {
    fn add(&mut self, row: &SeriesRow) {
        let (query, place) = (self.query, (row.name.as_str(), row.id));
        let wanted = query.application.is_none_or(|application| row.application == application)
            && query.tier.is_none_or(|tier| row.tier == tier)
            && query.node.is_none_or(|node| row.node == node)
            && query.name.as_ref().is_none_or(|name| row.name == *name)
            && query.after.as_ref().is_none_or(|(name, id)| place > (name.as_str(), *id))
            && query.only.names(row.id, &row.name);
        if !wanted {
            return;
        }
        let is_full = self.rows.len() > query.limit;
        if is_full && self.rows.last_key_value().is_some_and(|((name, id), _)| place >= (name, *id))
        {
            return;
        }
        // Decoded only of what is wanted otherwise.
        let only = &query.only;
        if !only.attributes.is_empty() && !only.describes(&row.to_series().attributes) {
            return;
        }
        self.rows.entry((row.name.clone(), row.id)).or_insert_with(|| row.clone());
        if self.rows.len() > query.limit.saturating_add(1) {
            self.rows.pop_last();
        }
    }

    fn finish(mut self) -> SeriesPage {
        if self.rows.len() <= self.query.limit {
            return SeriesPage {
                rows: self.rows.values().map(SeriesRow::to_series).collect(),
                next: None,
            };
        }
        self.rows.pop_last();
        SeriesPage {
            next: self.rows.last_key_value().map(|(place, _)| place.clone()),
            rows: self.rows.values().map(SeriesRow::to_series).collect(),
        }
    }
}

pub(super) fn samples(
    store: &Store,
    query: &SampleQuery,
    lacks: &mut Lacks,
) -> Result<Vec<SeriesSamples>, QueryError> {
    let mut wanted = query.series.clone();
    wanted.sort_unstable();
    wanted.dedup();
    let mut found = Found { query, series: BTreeMap::new(), count: 0 };
    let (mut newest, mut distributions) = (Samples::default(), Vec::new());
    let is_wanted = |series: u64, at_ms: i64| {
        range_of(query).contains(&at_ms) && wanted.binary_search(&series).is_ok()
    };
    let pin = store.pin_with_heads(|head| {
        let Some(rows) = head.get(query.account) else { return };
        for sample in &rows.samples.numbers {
            if is_wanted(sample.series, sample.at_ms) {
                newest.number(sample.series, sample.at_ms, sample.value);
            }
        }
        let is_asked_for = |series: u64| wanted.binary_search(&series).is_ok();
        rows.counted.each_of(is_asked_for, |sample| {
            if sample.role() != Role::Base && range_of(query).contains(&sample.at_ms()) {
                newest.number(sample.series, sample.at_ms(), sample.value);
            }
        });
        rows.samples.distributions.each_of(is_asked_for, |sample| {
            if range_of(query).contains(&sample.at_ms) {
                distributions.push(sample);
            }
        });
    });
    let (from_ns, to_ns) = (nanos(query.from_ms), nanos(query.to_ms));
    let overlaps = |segment: &Segment| segment.overlaps(from_ns, to_ns);
    let segments = pin.of(query.account, Table::Samples).into_iter();
    let segments = segments.chain(pin.of(query.account, Table::Counted));
    store.read_each(segments.filter(|segment| overlaps(segment)), lacks, |segment| {
        let opened = segment.open()?;
        let mut damaged = false;
        each_row(&opened, &wanted, |row| {
            if row.first_ms < query.to_ms && row.last_ms >= query.from_ms && !found.is_too_many() {
                match row.decode() {
                    Some(chunk) => found.add(row.series, |of| {
                        of.add(chunk, row.counting, &range_of(query));
                    }),
                    None => damaged = true,
                }
            }
            Some(())
        })?;
        if damaged { Err(opened.damaged()) } else { Ok(()) }
    })?;
    for sample in newest.numbers {
        found.add(sample.series, |of| of.numbers.push((sample.at_ms, sample.value)));
    }
    for sample in distributions {
        found.add(sample.series, |of| of.distributions.push((sample.at_ms, sample.value)));
    }
    found.finish()
}

fn range_of(query: &SampleQuery) -> Range<i64> {
    query.from_ms..query.to_ms
}

struct Found<'a> {
    query: &'a SampleQuery,
    series: BTreeMap<u64, SeriesSamples>,
    count: usize,
}

impl Found<'_> {
    fn is_too_many(&self) -> bool {
        self.count > self.query.max_samples
    }

    fn add(&mut self, series: u64, add: impl FnOnce(&mut SeriesSamples)) {
        let samples = self.series.entry(series).or_insert_with(|| SeriesSamples::of(series));
        let before = samples.len();
        add(samples);
        self.count += samples.len() - before;
    }

    fn finish(self) -> Result<Vec<SeriesSamples>, QueryError> {
        if self.is_too_many() {
            return Err(QueryError::TooLarge(self.query.max_samples));
        }
        let mut all: Vec<SeriesSamples> = self.series.into_values().collect();
        all.iter_mut().for_each(SeriesSamples::order);
        all.retain(|samples| samples.len() > 0);
        Ok(all)
    }
}

#[cfg(test)]
mod tests;
