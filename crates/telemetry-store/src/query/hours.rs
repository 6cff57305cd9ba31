//! Single hours, day by day, with how their minutes spread.
//!
//! Hours are read from the hourly tables; minutes that are not rolled up yet are rolled up here, in memory. Late data of a
//! minute that stands in the hourly table already count there as a minute of their own until they are rolled up: it is off by
//! less than they are late.

use std::ops::Range;

use model::{
    figure::{Figure, FigureKey, Minutes},
    id::AccountId,
    metric_table,
    time::{Minute, MinuteRange},
};
use rustc_hash::FxHashMap;

use super::{Lacks, metrics::matches};
use crate::{
    counted::{CountedSeries, read_series},
    reader::{Detail, FigureHours, MetricHour, MetricHours, QueryError},
    segment::{
        figures::{Wanted, each_figure},
        metrics::{self, Point, SeriesKey, each_point},
        series::SeriesRow,
    },
    store::{Pin, Segment, Store},
    table::Table,
};

pub(super) fn figure_hours(
    store: &Store,
    query: &FigureHours,
    each: &mut dyn FnMut(FigureKey, Minute, &Figure),
    lacks: &mut Lacks,
) -> Result<(), QueryError> {
    let asked = Asked(&query.hours);
    let takes = |key: &FigureKey| {
        (query.application.is_none() || key.application == query.application)
            && (query.scopes.is_empty() || query.scopes.contains(&key.scope))
            && (query.subjects.is_empty() || query.subjects.binary_search(&key.subject).is_ok())
            && query.bt.is_none_or(|bt| key.bt == bt)
    };
    let mut newest: Vec<(FigureKey, Minute, Figure)> = Vec::new();
    let pin = store.pin_with_heads(|head| {
        let rows = head.get(query.account).into_iter().flat_map(|rows| &rows.figures);
        newest.extend(
            rows.filter(|((key, minute), _)| asked.has(*minute) && takes(key))
                .map(|((key, minute), figure)| (*key, *minute, figure.without_spread())),
        );
    });
    let wanted = Wanted {
        application: query.application,
        scopes: &query.scopes,
        subject: if let [only] = query.subjects[..] { Some(only) } else { None },
        peer: None,
        bt: query.bt,
        first: Minute(0),
        end: Minute(0),
        detail: Detail::Minutes,
        with_minutes: true,
    };
    let tables = Tables::of(&pin, query.account, Table::FiguresHour, &[Table::Figures]);
    for day in asked.days() {
        let mut hours = Held::new(query.max_rows);
        let wanted = Wanted { first: day.range.start, end: day.range.end, ..wanted };
        store.read_each(tables.rolled(day.range), lacks, |segment| {
            each_figure(&*segment.open()?, &wanted, |key, at, figure| {
                if asked.has(at) && takes(&key) {
                    hours.add((at, key), |held: &mut Figure| held.merge(figure));
                }
            })
        })?;
        for hour in asked.of(&day) {
            let range = hour_of(*hour);
            let mut minutes = Held::new(query.max_rows);
            let wanted =
                Wanted { first: range.start, end: range.end, detail: Detail::Times, ..wanted };
            store.read_each(tables.minutes(0, range), lacks, |segment| {
                each_figure(&*segment.open()?, &wanted, |key, at, figure| {
                    if takes(&key) {
                        minutes.add((at, key), |held: &mut Figure| held.merge(figure));
                    }
                })
            })?;
            for (key, at, figure) in newest.iter().filter(|(_, at, _)| range.contains(*at)) {
                minutes.add((*at, *key), |held| held.merge(figure));
            }
            for ((_, key), mut figure) in minutes.finish()? {
                figure.minutes = Some(Box::new(Minutes::of(&figure)));
                hours.add((*hour, key), |held| held.merge(&figure));
            }
        }
        for ((at, key), figure) in hours.finish()? {
            if !figure.is_zero() {
                each(key, at, &figure);
            }
        }
    }
    Ok(())
}

pub(super) fn metric_hours(
    store: &Store,
    query: &MetricHours,
    each: &mut dyn FnMut(MetricHour<'_>),
    lacks: &mut Lacks,
) -> Result<(), QueryError> {
    let asked = Asked(&query.hours);
    let takes = |key: &SeriesKey| {
        (query.application.is_none() || key.application == query.application)
            && query.tier.is_none_or(|tier| key.tier == tier)
            && (query.paths.is_empty() || query.paths.iter().any(|path| matches(path, key.path())))
    };
    let wanted = metrics::Wanted { application: query.application.some(), tier: query.tier };
    let mut newest: Vec<(SeriesKey, Minute, Point)> = Vec::new();
    let mut counted = CountedSeries::default();
    let pin = store.pin_with_heads(|head| {
        let Some(rows) = head.get(query.account) else { return };
        let series = rows.series.iter().filter_map(SeriesRow::counted);
        series.filter(|of| takes(&of.key)).for_each(|of| counted.add(of));
        let points = rows.points.iter().filter(|((key, at), _)| asked.has(*at) && takes(key));
        newest.extend(points.map(|((key, at), point)| (key.clone(), *at, *point)));
        counted.each_point_in(rows, |key, at, point| {
            if asked.has(at) {
                newest.push((key.clone(), at, *point));
            }
        });
    });
    let minute_tables = [Table::Metrics, Table::Counted];
    let tables = Tables::of(&pin, query.account, Table::MetricsHour, &minute_tables);
    // Who the samples are of is read for the hours alone that are not rolled up.
    let is_open = |hour: &&Minute| tables.minutes(1, hour_of(**hour)).next().is_some();
    let first = query.hours.iter().find(is_open);
    let last = query.hours.iter().rev().find(is_open);
    if let (Some(first), Some(last)) = (first, last) {
        let range = (first.start_ns(), hour_of(*last).end.start_ns());
        let segments = pin.series_between(query.account, range.0, range.1);
        store.read_each(segments, lacks, |segment| {
            read_series(segment, &wanted, &mut counted, |of| takes(&of.key))
        })?;
    }
    let ids = counted.ids();
    for day in asked.days() {
        let mut hours = Held::new(query.max_rows);
        store.read_each(tables.rolled(day.range), lacks, |segment| {
            each_point(&*segment.open()?, &wanted, |key, at, point| {
                if day.range.contains(at) && asked.has(at) && takes(&key) {
                    hours.add((at, key), |held: &mut Point| held.merge(&point));
                }
            })
        })?;
        for hour in asked.of(&day) {
            let range = hour_of(*hour);
            let mut minutes = Held::new(query.max_rows);
            store.read_each(tables.minutes(0, range), lacks, |segment| {
                each_point(&*segment.open()?, &wanted, |key, at, point| {
                    if range.contains(at) && takes(&key) {
                        minutes.add((at, key), |held: &mut Point| held.merge(&point));
                    }
                })
            })?;
            let (from_ms, to_ms) = (range.start.start_millis(), range.end.start_millis());
            let inside = |first_ms: i64, last_ms: i64| first_ms < to_ms && last_ms >= from_ms;
            let chunks = tables.minutes(1, range).filter(|_| !ids.is_empty());
            store.read_each(chunks, lacks, |segment| {
                counted.each_chunk_of(&*segment.open()?, &ids, inside, |key, points| {
                    for (at, point) in points.iter().filter(|(at, _)| range.contains(*at)) {
                        minutes.add((*at, key.clone()), |held| held.merge(point));
                    }
                })
            })?;
            for (key, at, point) in newest.iter().filter(|(_, at, _)| range.contains(*at)) {
                minutes.add((*at, key.clone()), |held| held.merge(point));
            }
            for ((_, key), point) in minutes.finish()? {
                let minute = point.as_minute(metric_table::is_sum(key.unit()));
                hours.add((*hour, key), |held| held.merge(&minute));
            }
        }
        for ((at, key), point) in hours.finish()?.iter().filter(|(_, point)| point.minutes > 0.0) {
            each(MetricHour {
                application: key.application,
                tier: key.tier,
                node: key.node,
                path: key.path(),
                unit: key.unit(),
                at: *at,
                minutes: point.minutes,
                sum: point.minutes_sum,
                squares: point.minutes_squares,
            });
        }
    }
    Ok(())
}

/// Hours that were asked for, by their first minutes, ascending.
#[derive(Clone, Copy)]
struct Asked<'q>(&'q [Minute]);

/// Some of them that lie in one day.
struct Day {
    hours: Range<usize>,
    /// From the first to the last of them.
    range: MinuteRange,
}

impl<'q> Asked<'q> {
    /// Whether a minute lies in one of them.
    fn has(&self, minute: Minute) -> bool {
        self.0.binary_search(&Minute(minute.0 - minute.0 % 60)).is_ok()
    }

    fn days(self) -> impl Iterator<Item = Day> + use<'q> {
        let mut start = 0;
        self.0.chunk_by(|a, b| a.0 / DAY == b.0 / DAY).map(move |hours| {
            let range = MinuteRange { start: hours[0], end: Minute(hours[hours.len() - 1].0 + 60) };
            let day = Day { hours: start..start + hours.len(), range };
            start = day.hours.end;
            day
        })
    }

    fn of(&self, day: &Day) -> &'q [Minute] {
        &self.0[day.hours.clone()]
    }
}

/// Minutes of a day.
const DAY: u32 = 24 * 60;

fn hour_of(hour: Minute) -> MinuteRange {
    MinuteRange { start: hour, end: Minute(hour.0 + 60) }
}

/// The segments of a pin that hours are read from.
struct Tables<'p> {
    rolled: Vec<&'p std::sync::Arc<Segment>>,
    /// Not rolled up yet, of each table of minutes.
    minutes: Vec<Vec<&'p std::sync::Arc<Segment>>>,
}

impl<'p> Tables<'p> {
    fn of(pin: &'p Pin, account: AccountId, rolled: Table, minutes: &[Table]) -> Tables<'p> {
        let open = |table: &Table| {
            let mut segments = pin.of(account, *table);
            segments.retain(|segment| !segment.meta.rolled_up);
            segments
        };
        Tables { rolled: pin.of(account, rolled), minutes: minutes.iter().map(open).collect() }
    }

    fn rolled(&self, range: MinuteRange) -> impl Iterator<Item = &'p std::sync::Arc<Segment>> {
        self.rolled.iter().copied().filter(move |segment| overlaps(segment, range))
    }

    fn minutes(
        &self,
        table: usize,
        range: MinuteRange,
    ) -> impl Iterator<Item = &'p std::sync::Arc<Segment>> {
        self.minutes[table].iter().copied().filter(move |segment| overlaps(segment, range))
    }
}

fn overlaps(segment: &Segment, range: MinuteRange) -> bool {
    segment.overlaps(range.start.start_ns(), range.end.start_ns())
}

/// A row at its point of time and key.
type Row<K, V> = ((Minute, K), V);

/// Rows by point of time and key, within a limit.
struct Held<K, V> {
    rows: FxHashMap<(Minute, K), V>,
    most: usize,
    too_many: bool,
}

impl<K: Ord + std::hash::Hash, V: Default> Held<K, V> {
    fn new(most: usize) -> Held<K, V> {
        Held { rows: FxHashMap::default(), most, too_many: false }
    }

    fn add(&mut self, place: (Minute, K), merge: impl FnOnce(&mut V)) {
        if self.rows.len() < self.most {
            merge(self.rows.entry(place).or_default());
        } else if let Some(held) = self.rows.get_mut(&place) {
            merge(held);
        } else {
            self.too_many = true;
        }
    }

    /// All of them in order.
    fn finish(self) -> Result<Vec<Row<K, V>>, QueryError> {
        if self.too_many {
            return Err(QueryError::TooLarge(self.most));
        }
        let mut rows: Vec<Row<K, V>> = self.rows.into_iter().collect();
        rows.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
        Ok(rows)
    }
}

#[cfg(test)]
mod tests;
