//! Metric series whose paths match a pattern.

use std::collections::BTreeMap;

use model::time::{Minute, MinuteRange};

use super::{Lacks, widened};
use crate::{
    counted::{CountedSeries, read_series},
    reader::{MetricQuery, MetricSeries, Points, QueryError, Resolution},
    segment::{
        metrics::{Point, SeriesKey, Wanted, each_point, series_id},
        series::SeriesRow,
    },
    store::{Segment, Store},
    table::Table,
};

pub(super) fn metrics(
    store: &Store,
    query: &MetricQuery,
    lacks: &mut Lacks,
) -> Result<Vec<MetricSeries>, QueryError> {
    let resolution = match query.points {
        Points::Total => Resolution::for_range(query.range.len()),
        Points::Every(resolution) => resolution,
    };
    let range = widened(query.range, resolution);
    let rolled = match resolution {
        Resolution::OneMinute => None,
        Resolution::TenMinutes => Some(Table::MetricsTen),
        Resolution::OneHour => Some(Table::MetricsHour),
    };
    let mut found = Found { query, range, series: BTreeMap::new(), too_many: false };
    let (from_ns, to_ns) = (range.start.start_ns(), range.end.start_ns());
    let overlaps = |segment: &Segment| segment.overlaps(from_ns, to_ns);
    let application = query.application.some();
    let wanted = Wanted { application, tier: query.tier };
    let counted = counted_series(store, query, &found, (from_ns, to_ns), lacks)?;
    let mut newest = Vec::new();
    let pin = store.pin_with_heads(|head| {
        let Some(rows) = head.get(query.account) else { return };
        newest.extend(
            rows.points
                .iter()
                .filter(|((key, _), _)| found.takes(key))
                .map(|((key, at), point)| (key.clone(), *at, *point)),
        );
        if !counted.is_empty() {
            counted.each_point_in(rows, |key, at, point| newest.push((key.clone(), at, *point)));
        }
    });
    if let Some(rolled) = rolled {
        let segments = pin.of(query.account, rolled).into_iter();
        store.read_each(segments.filter(|segment| overlaps(segment)), lacks, |segment| {
            each_point(&*segment.open()?, &wanted, |key, at, point| found.add(key, at, &point))
        })?;
    }
    let minutes =
        |segment: &Segment| overlaps(segment) && !(rolled.is_some() && segment.meta.rolled_up);
    let segments = pin.of(query.account, Table::Metrics).into_iter();
    store.read_each(segments.filter(|segment| minutes(segment)), lacks, |segment| {
        each_point(&*segment.open()?, &wanted, |key, at, point| found.add(key, at, &point))
    })?;
    let ids = counted.ids();
    let (from_ms, to_ms) = (range.start.start_millis(), range.end.start_millis());
    let in_range = |first_ms: i64, last_ms: i64| first_ms < to_ms && last_ms >= from_ms;
    let segments = pin.of(query.account, Table::Counted).into_iter();
    let segments = segments.filter(|segment| !ids.is_empty() && minutes(segment));
    store.read_each(segments, lacks, |segment| {
        counted.each_chunk_of(&*segment.open()?, &ids, in_range, |key, minutes| {
            found.add_all(key, minutes);
        })
    })?;
    newest.sort_by_key(|(_, at, _)| *at);
    newest.into_iter().for_each(|(key, at, point)| found.add(key, at, &point));
    found.finish()
}

/// The series of counted samples that a query asks for.
fn counted_series(
    store: &Store,
    query: &MetricQuery,
    found: &Found<'_>,
    (from_ns, to_ns): (u64, u64),
    lacks: &mut Lacks,
) -> Result<CountedSeries, QueryError> {
    let mut counted = CountedSeries::default();
    let pin = store.pin_with_heads(|head| {
        let rows = head.get(query.account).into_iter().flat_map(|rows| rows.series.iter());
        rows.filter_map(SeriesRow::counted)
            .filter(|of| found.takes(&of.key))
            .for_each(|of| counted.add(of));
    });
    let wanted = Wanted { application: query.application.some(), tier: query.tier };
    let segments = pin.series_between(query.account, from_ns, to_ns);
    store.read_each(segments, lacks, |segment| {
        read_series(segment, &wanted, &mut counted, |of| found.takes(&of.key))
    })?;
    Ok(counted)
}

struct Found<'a> {
    query: &'a MetricQuery,
    range: MinuteRange,
    series: BTreeMap<SeriesKey, BTreeMap<Minute, Point>>,
    too_many: bool,
}

impl Found<'_> {
    fn takes(&self, key: &SeriesKey) -> bool {
        (self.query.application.is_none() || key.application == self.query.application)
            && self.query.tier.is_none_or(|tier| key.tier == tier)
            && (self.query.paths.is_empty()
                || self.query.paths.iter().any(|path| matches(path, key.path())))
    }

    fn add(&mut self, key: SeriesKey, at: Minute, point: &Point) {
        if !self.range.contains(at) || !self.takes(&key) {
            return;
        }
        if !self.series.contains_key(&key) && self.series.len() >= self.query.max_series {
            self.too_many = true;
            return;
        }
        let points = self.series.entry(key).or_default();
        if self.query.names_only {
            return;
        }
        let place = match self.query.points {
            Points::Total => self.range.start,
            Points::Every(resolution) => resolution.floor(at),
        };
        points.entry(place).or_default().merge(point);
    }

    fn add_all(&mut self, key: &SeriesKey, minutes: &[(Minute, Point)]) {
        let mut inside = minutes.iter().filter(|(at, _)| self.range.contains(*at)).peekable();
        if inside.peek().is_none() {
            return;
        }
        if !self.series.contains_key(key) {
            if self.series.len() >= self.query.max_series {
                self.too_many = true;
                return;
            }
            self.series.insert(key.clone(), BTreeMap::new());
        }
        if self.query.names_only {
            return;
        }
        let points = self.series.get_mut(key).expect("it was just added");
        for (at, point) in inside {
            let place = match self.query.points {
                Points::Total => self.range.start,
                Points::Every(resolution) => resolution.floor(*at),
            };
            points.entry(place).or_default().merge(point);
        }
    }

    fn finish(self) -> Result<Vec<MetricSeries>, QueryError> {
        if self.too_many {
            return Err(QueryError::TooLarge(self.query.max_series));
        }
        let account = self.query.account.0;
        let series = self.series.into_iter().map(|(key, points)| MetricSeries {
            id: series_id(account, &key),
            application: key.application,
            tier: key.tier,
            node: key.node,
            path: key.path().to_owned(),
            unit: key.unit().to_owned(),
            points: points.iter().map(|(at, point)| point.at(*at)).collect(),
        });
        Ok(series.collect())
    }
}

/// Whether a path matches a pattern segment by segment; `*` stands for any one segment.
pub(super) fn matches(pattern: &str, path: &str) -> bool {
    if pattern == path {
        return true;
    }
    let mut wanted = pattern.split('|');
    let mut given = path.split('|');
    loop {
        match (wanted.next(), given.next()) {
            (None, None) => return true,
            (Some(wanted), Some(given)) if wanted == "*" || wanted == given => {}
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests;
