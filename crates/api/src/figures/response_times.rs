//! How response times spread over a range, as the cells of a heat map: histograms of points put into columns, their buckets
//! into rows.

use std::collections::BTreeMap;

use api_types::{Percentiles, ResponseTimeCell, ResponseTimeColumn, ResponseTimes};
use model::{figure::Figure, time::Minute};

use super::sums::{Points, Total};
use crate::period::Period;

/// Columns at most.
const COLUMNS: u32 = 120;
/// Rows at most.
const ROWS: i32 = 40;
/// Buckets of a histogram in a doubling: its scale is 4.
const PER_DOUBLING: f64 = 16.0;

/// The heat map of a period; `points` are of its resolution.
pub(crate) fn response_times(points: &Points, period: &Period, total: &Total) -> ResponseTimes {
    let step = period.resolution.minutes();
    let width = period.range.len().div_ceil(COLUMNS).next_multiple_of(step).max(step);
    let mut figures = BTreeMap::<u32, Figure>::new();
    for (at, figure) in points {
        let column = at.0.saturating_sub(period.range.start.0) / width;
        figures.entry(column).or_default().merge(figure);
    }
    let rows = Rows::of(figures.values());
    let silent = Figure::default();
    let column = |n: u32| {
        let at = Minute(period.range.start.0 + n * width);
        column_of(at, figures.get(&n).unwrap_or(&silent))
    };
    ResponseTimes {
        minutes_per_column: width,
        columns: (0..period.range.len().div_ceil(width)).map(column).collect(),
        bounds_ms: rows.bounds_ms(),
        cells: figures.iter().flat_map(|(column, figure)| rows.cells(*column, figure)).collect(),
        percentiles: percentiles(if total.complete.timed > 0.0 {
            &total.complete
        } else {
            &total.all
        }),
        filling_from: period.filling.map(Minute::start_millis),
        partial: None,
    }
}

fn column_of(at: Minute, figure: &Figure) -> ResponseTimeColumn {
    let Percentiles { p50_ms, p95_ms, p99_ms, .. } = percentiles(figure);
    ResponseTimeColumn { at: at.start_millis(), calls: figure.timed, p50_ms, p95_ms, p99_ms }
}

fn percentiles(figure: &Figure) -> Percentiles {
    let of = |quantile| figure.quantile_micros(quantile).map(|micros| micros / 1000.0);
    Percentiles {
        p50_ms: of(0.5),
        p75_ms: of(0.75),
        p90_ms: of(0.9),
        p95_ms: of(0.95),
        p99_ms: of(0.99),
    }
}

/// Which buckets are which row: as many to a row as it takes for all of them to fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Rows {
    /// Buckets in a row.
    step: i32,
    /// The lowest row, counted from the one that begins at 1 µs.
    first: i32,
    count: i32,
}

impl Rows {
    fn of<'f>(figures: impl Iterator<Item = &'f Figure>) -> Rows {
        let counted = figures.flat_map(|figure| positive(figure).map(|(bucket, _)| bucket));
        let ends = counted.fold(None, |ends: Option<(i32, i32)>, bucket| {
            let (low, high) = ends.unwrap_or((bucket, bucket));
            Some((low.min(bucket), high.max(bucket)))
        });
        let Some((low, high)) = ends else { return Rows { step: 1, first: 0, count: 0 } };
        let rows = |step: i32| high.div_euclid(step) - low.div_euclid(step) + 1;
        let mut step = 1;
        while rows(step) > ROWS {
            step *= 2;
        }
        Rows { step, first: low.div_euclid(step), count: rows(step) }
    }

    fn bounds_ms(self) -> Vec<f64> {
        let bound = |row: i32| {
            let buckets = f64::from((self.first + row) * self.step);
            (buckets / PER_DOUBLING).exp2() / 1000.0
        };
        (0..=self.count).filter(|_| self.count > 0).map(bound).collect()
    }

    fn cells(self, column: u32, figure: &Figure) -> Vec<ResponseTimeCell> {
        let mut calls = BTreeMap::<usize, f64>::new();
        for (bucket, count) in positive(figure) {
            let row = bucket.div_euclid(self.step) - self.first;
            *calls.entry(usize::try_from(row).unwrap_or(0)).or_default() += count;
        }
        let column = usize::try_from(column).expect("at most 120 columns");
        calls.into_iter().map(|(row, calls)| ResponseTimeCell { column, row, calls }).collect()
    }
}

/// Buckets with calls left in them.
fn positive(figure: &Figure) -> impl Iterator<Item = (i32, f64)> + '_ {
    let counted = figure.histogram.buckets().iter().filter(|(_, count)| *count > 0.0);
    counted.map(|(bucket, count)| (i32::from(*bucket), *count))
}

#[cfg(test)]
mod tests {
    use model::histogram::Histogram;

    use super::*;

    const NOW: Minute = Minute(28_000_000);

    /// One call of each of these times, in milliseconds.
    fn figure(millis: &[f64]) -> Figure {
        let mut histogram = Histogram::default();
        millis.iter().for_each(|millis| histogram.record(millis * 1000.0, 1.0));
        let calls = millis.len() as f64;
        Figure { calls, timed: calls, histogram, ..Figure::default() }
    }

    /// The map of the last so many minutes, with calls so many minutes ago.
    fn last(minutes: u32, points: &[(u32, &[f64])]) -> ResponseTimes {
        let now_ms = NOW.start_millis();
        let period =
            Period::between(now_ms - i64::from(minutes) * 60_000, now_ms, NOW).expect("a range");
        let points: Points = points
            .iter()
            .map(|(ago, millis)| (period.resolution.floor(Minute(NOW.0 - ago)), figure(millis)))
            .collect();
        let mut all = Figure::default();
        points.values().for_each(|figure| all.merge(figure));
        let total = Total { all: all.clone(), complete: all };
        response_times(&points, &period, &total)
    }

    #[test]
    fn every_call_is_in_the_cell_of_its_minute_and_response_time() {
        let millis = [0.004, 0.7, 1.0, 20.0, 20.5, 333.0, 61_000.0];
        let map = last(60, &[(60, &millis), (1, &[20.0])]);
        assert_eq!((map.columns.len(), map.minutes_per_column), (60, 1));
        let calls: f64 = map.cells.iter().map(|cell| cell.calls).sum();
        assert_eq!(calls, 8.0);
        for time in millis {
            let holds = |cell: &&ResponseTimeCell| {
                map.bounds_ms[cell.row] < time && time <= map.bounds_ms[cell.row + 1]
            };
            let cell = map.cells.iter().filter(|cell| cell.column == 0).find(holds);
            assert!(cell.is_some(), "{time} ms in {:?}", map.bounds_ms);
        }
        assert!(map.cells.iter().any(|cell| cell.column == 59 && cell.calls == 1.0));
        assert_eq!(map.columns[0].at, Minute(NOW.0 - 60).start_millis());
    }

    #[test]
    fn a_map_is_never_larger_than_its_bounds_however_long_the_range_or_spread_the_times() {
        let millis = [0.001, 1e8];
        for minutes in [1, 60, 119, 120, 121, 1459, 2940, 20_000, 500_000] {
            let map = last(minutes, &[(minutes, &millis), (1, &millis)]);
            assert!(map.columns.len() <= 120, "{minutes}: {}", map.columns.len());
            assert!((2..=41).contains(&map.bounds_ms.len()), "{minutes}: {}", map.bounds_ms.len());
            assert_eq!(map.cells.len(), if minutes == 1 { 2 } else { 4 }, "{minutes}");
            assert!(map.cells.iter().all(|cell| cell.column < map.columns.len()));
        }
    }

    #[test]
    fn percentiles_are_of_all_calls_and_of_each_column() {
        let hundred: Vec<f64> = (1..=100).map(f64::from).collect();
        let map = last(10, &[(5, &hundred)]);
        let near = |found: Option<f64>, wanted: f64| (found.expect("calls") / wanted - 1.0).abs();
        assert!(near(map.percentiles.p50_ms, 50.0) < 0.03, "{:?}", map.percentiles);
        assert!(near(map.columns[5].p95_ms, 95.0) < 0.03, "{:?}", map.columns[5]);
        assert_eq!((map.columns[4].calls, map.columns[4].p95_ms), (0.0, None));
    }

    #[test]
    fn without_a_call_there_is_no_row() {
        let map = last(60, &[]);
        assert_eq!((map.columns.len(), map.bounds_ms.len(), map.cells.len()), (60, 0, 0));
        assert_eq!(map.percentiles, Percentiles::default());
    }
}
