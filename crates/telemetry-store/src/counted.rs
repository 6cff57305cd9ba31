//! Minutes that are worked out of counted samples: which series there are, and what their chunks count for.

use model::{id::AccountId, time::Minute};
use rustc_hash::FxHashMap;

use crate::{
    head::Rows,
    segment::{
        Opened, SegmentError,
        counted::{Role, Run, increase},
        metrics::{Point, SeriesKey, Wanted},
        samples::each_row,
        series::{Counted, each_counted},
    },
    store::{Pin, Segment},
    table::Table,
};

/// Series of counted samples: each id with what its samples count for, and the factor.
#[derive(Debug, Default)]
pub(crate) struct CountedSeries {
    by_id: FxHashMap<u64, (SeriesKey, f64)>,
}

impl CountedSeries {
    pub(crate) fn add(&mut self, counted: Counted) {
        self.by_id.insert(counted.id, (counted.key, counted.factor));
    }

    pub(crate) fn get(&self, id: u64) -> Option<&(SeriesKey, f64)> {
        self.by_id.get(&id)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.by_id.is_empty()
    }

    /// Each of them, by what its samples count for.
    pub(crate) fn by_key(self) -> Vec<Counted> {
        let by_id = self.by_id.into_iter();
        let mut all: Vec<Counted> =
            by_id.map(|(id, (key, factor))| Counted { id, key, factor }).collect();
        all.sort_unstable_by(|a, b| (&a.key, a.id).cmp(&(&b.key, b.id)));
        all
    }

    /// Their ids, ascending.
    pub(crate) fn ids(&self) -> Vec<u64> {
        let mut ids: Vec<u64> = self.by_id.keys().copied().collect();
        ids.sort_unstable();
        ids
    }

    /// Gives what each sample in a head counts for to `each`. Of a head each chain is whole.
    pub(crate) fn each_point_in(
        &self,
        rows: &Rows,
        mut each: impl FnMut(&SeriesKey, Minute, &Point),
    ) {
        let mut before: FxHashMap<u64, f64> = FxHashMap::default();
        rows.counted.each_of(
            |series| self.by_id.contains_key(&series),
            |sample| {
                let Some((key, factor)) = self.get(sample.series) else { return };
                let value = match sample.role() {
                    Role::Value => Some(sample.value),
                    Role::Base | Role::First => None,
                    Role::Next => {
                        before.get(&sample.series).map(|before| increase(*before, sample.value))
                    }
                };
                if sample.role() != Role::Value {
                    before.insert(sample.series, sample.value);
                }
                if let Some(value) = value {
                    let at_ms = sample.at_ms();
                    each(key, Minute::of_millis(at_ms), &Point::of(value * factor, at_ms));
                }
            },
        );
    }

    /// Gives what each sample of these ids (ascending, some of the series) in a segment counts for to `each`, a chunk's
    /// minutes merged.
    ///
    /// # Errors
    /// When the segment cannot be read or a chunk is damaged.
    pub(crate) fn each_chunk_of(
        &self,
        segment: &Opened,
        ids: &[u64],
        wanted: impl Fn(i64, i64) -> bool,
        mut each: impl FnMut(&SeriesKey, &[(Minute, Point)]),
    ) -> Result<(), SegmentError> {
        let (mut damaged, mut minutes) = (false, Vec::new());
        each_row(segment, ids, |row| {
            if wanted(row.first_ms, row.last_ms)
                && let Some((key, factor)) = self.get(row.series)
            {
                match row.decode().and_then(|chunk| Run::of(row.counting, chunk)) {
                    Some(run) => {
                        minutes.clear();
                        merge_minutes(&run, *factor, &mut minutes);
                        each(key, &minutes);
                    }
                    None => damaged = true,
                }
            }
            Some(())
        })?;
        if damaged { Err(segment.damaged()) } else { Ok(()) }
    }
}

/// Adds the minutes of a run, which are in order.
pub(crate) fn merge_minutes(run: &Run, factor: f64, minutes: &mut Vec<(Minute, Point)>) {
    let start = minutes.len();
    for point in run.points(factor) {
        let at = Minute::of_millis(point.last_at_ms);
        match minutes[start..].last_mut() {
            Some((last, merged)) if *last == at => merged.merge(&point),
            _ => minutes.push((at, point)),
        }
    }
}

impl Pin {
    /// The segments that say what series there were in a range of Unix nanoseconds.
    pub(crate) fn series_between(
        &self,
        account: AccountId,
        from_ns: u64,
        to_ns: u64,
    ) -> impl Iterator<Item = &std::sync::Arc<Segment>> {
        let day = |at_ns: u64| Table::Series.period_of(at_ns);
        let days = day(from_ns)..=day(to_ns.saturating_sub(1).max(from_ns));
        let segments = self.of(account, Table::Series).into_iter();
        segments.filter(move |segment| days.contains(&segment.meta.period_start_ms))
    }
}

/// Adds the series of a segment that are wanted and taken.
///
/// # Errors
/// When the segment cannot be read.
pub(crate) fn read_series(
    segment: &Segment,
    wanted: &Wanted,
    series: &mut CountedSeries,
    takes: impl Fn(&Counted) -> bool,
) -> Result<(), SegmentError> {
    each_counted(&*segment.open()?, wanted, |counted| {
        if takes(&counted) {
            series.add(counted);
        }
    })
}
