//! Minutes to points of ten minutes and an hour.

use std::{collections::BTreeMap, sync::Arc};

use metadata_store::{Replacement, SegmentMeta};
use model::{
    figure::{Figure, Minutes},
    id::AccountId,
    metric_table,
    time::Minute,
};
use rustc_hash::{FxHashMap, FxHashSet};
use tracing::warn;

use super::{
    merge::{each_series_samples, figures_of, points_of},
    rolled,
};
use crate::{
    counted::{CountedSeries, merge_minutes, read_series},
    cut::{Piece, figures_piece, nanos, points_piece},
    recency::recency,
    segment::{
        figures::{Figures, Wanted, each_figure},
        metrics::{self, Point, Points, SeriesKey, each_point},
        samples,
    },
    store::{Pin, Segment, Store, StoreError},
    table::Table,
};

impl Store {
    /// Writes the rolled-up segments and says which minutes stand in them now.
    pub(super) fn roll_up(
        &self,
        table: Table,
        ids: &[u64],
        now_ms: i64,
    ) -> Result<Replacement, StoreError> {
        let pin = self.pin();
        let inputs: Vec<Arc<Segment>> =
            ids.iter().filter_map(|id| pin.segments.by_id.get(id).cloned()).collect();
        if inputs.len() != ids.len() {
            self.reload()?;
            return Ok(Replacement::default());
        }
        let account = AccountId(inputs[0].meta.account);
        let pieces = match table {
            Table::Metrics => {
                let minutes = points_of(&inputs)?;
                let before = self.points_before(&pin, &inputs[0].meta, &minutes)?;
                let mut rolled = RolledUp::default();
                for ((key, minute), point) in &minutes {
                    rolled.add(key, *minute, point, before.get(&(key.clone(), *minute)));
                }
                rolled.pieces(account)?
            }
            Table::Counted => self.roll_up_counted(&pin, &inputs)?,
            _ => {
                let minutes = figures_of(&inputs)?;
                let before = self.figures_before(&pin, &inputs[0].meta, &minutes)?;
                figures_pieces(account, &minutes, &before)?
            }
        };
        let add = self.store_pieces(&pieces, 0, now_ms)?;
        Ok(Replacement { remove: Vec::new(), add, mark_rolled_up: ids.to_vec() })
    }

    /// What was counted for these minutes in segments that are rolled up already: late data change a minute that stands in
    /// the rolled-up tables, and the squares of its values with it.
    fn figures_before(
        &self,
        pin: &Pin,
        of: &SegmentMeta,
        minutes: &Figures,
    ) -> Result<Figures, StoreError> {
        let mut before = Figures::new();
        for segment in self.rolled_up_before(pin, of, Table::Figures) {
            each_figure(&*segment.open()?, &Wanted::ALL, |key, minute, figure| {
                if minutes.contains_key(&(key, minute)) {
                    before.entry((key, minute)).or_default().merge(&figure);
                }
            })?;
        }
        Ok(before)
    }

    /// As [`figures_before`].
    fn points_before(
        &self,
        pin: &Pin,
        of: &SegmentMeta,
        minutes: &Points,
    ) -> Result<Points, StoreError> {
        let mut before = Points::new();
        for segment in self.rolled_up_before(pin, of, Table::Metrics) {
            each_point(&*segment.open()?, &metrics::Wanted::ALL, |key, minute, point| {
                let place = (key, minute);
                if minutes.contains_key(&place) {
                    before.entry(place).or_default().merge(&point);
                }
            })?;
        }
        let segments = self.rolled_up_before(pin, of, Table::Counted);
        if !segments.is_empty() {
            let keys: FxHashSet<&SeriesKey> = minutes.keys().map(|(key, _)| key).collect();
            let series = self.counted_series(pin, of, |key| keys.contains(key))?;
            self.counted_before(&segments, &series, |key, minute, point| {
                let place = (key.clone(), minute);
                if minutes.contains_key(&place) {
                    before.entry(place).or_default().merge(point);
                }
            })?;
        }
        Ok(before)
    }

    /// The series of counted samples on the day of a segment.
    fn counted_series(
        &self,
        pin: &Pin,
        of: &SegmentMeta,
        takes: impl Fn(&SeriesKey) -> bool,
    ) -> Result<CountedSeries, StoreError> {
        let mut series = CountedSeries::default();
        let at_ns = nanos(of.period_start_ms);
        for segment in pin.series_between(AccountId(of.account), at_ns, at_ns) {
            if !self.is_damaged(segment.meta.id) {
                read_series(segment, &metrics::Wanted::ALL, &mut series, &takes)?;
            }
        }
        Ok(series)
    }

    /// What samples counted for.
    fn counted_before(
        &self,
        segments: &[&Arc<Segment>],
        series: &CountedSeries,
        mut each: impl FnMut(&SeriesKey, Minute, &Point),
    ) -> Result<(), StoreError> {
        let ids = series.ids();
        for segment in segments {
            series.each_chunk_of(
                &*segment.open()?,
                &ids,
                |_, _| true,
                |key, minutes| {
                    minutes.iter().for_each(|(at, point)| each(key, *at, point));
                },
            )?;
        }
        Ok(())
    }

    /// Series by series, since the minutes of all of them would be many times as large as their samples.
    fn roll_up_counted(
        &self,
        pin: &Pin,
        inputs: &[Arc<Segment>],
    ) -> Result<Vec<Piece>, StoreError> {
        let of = &inputs[0].meta;
        let mut series = self.counted_series(pin, of, |_| true)?;
        let before = self.before_counted(pin, inputs, &mut series)?;
        let mut ids_of: FxHashMap<&SeriesKey, u32> = FxHashMap::default();
        series.keys().for_each(|key| *ids_of.entry(key).or_default() += 1);
        let mut rolled = RolledUp::default();
        // What several series of samples count for, each for some of the time.
        let mut of_several = Points::new();
        let mut unknown = 0u64;
        each_series_samples(inputs, |plain, runs| {
            let Some((key, factor)) = series.get(plain.series) else {
                unknown += 1;
                return Ok(());
            };
            let mut minutes = Vec::new();
            runs.0.iter().for_each(|run| merge_minutes(run, *factor, &mut minutes));
            if runs.0.len() > 1 || ids_of[key] > 1 {
                for (at, point) in minutes {
                    of_several.entry((key.clone(), at)).or_default().merge(&point);
                }
            } else {
                for (at, point) in minutes {
                    rolled.add(key, at, &point, before.get(&(key.clone(), at)));
                }
            }
            Ok(())
        })?;
        for ((key, at), point) in &of_several {
            rolled.add(key, *at, point, before.get(&(key.clone(), *at)));
        }
        if unknown > 0 {
            warn!(unknown, "samples of series that nothing says what they are: not rolled up");
        }
        rolled.pieces(AccountId(of.account))
    }

    /// As [`figures_before`], of what counted samples count for; lets go of the series that have no samples in the inputs.
    fn before_counted(
        &self,
        pin: &Pin,
        inputs: &[Arc<Segment>],
        series: &mut CountedSeries,
    ) -> Result<Points, StoreError> {
        let of = &inputs[0].meta;
        let mut before = Points::new();
        let points = self.rolled_up_before(pin, of, Table::Metrics);
        let samples = self.rolled_up_before(pin, of, Table::Counted);
        if points.is_empty() && samples.is_empty() {
            return Ok(before);
        }
        let mut ids = FxHashSet::default();
        for segment in inputs {
            for row in samples::rows(&*segment.open()?)? {
                ids.insert(row?.series);
            }
        }
        series.retain(|id, _| ids.contains(&id));
        let keys: FxHashSet<&SeriesKey> = series.keys().collect();
        let minute = |ns: i64| Minute::of_ns(ns.unsigned_abs());
        let first = inputs.iter().map(|segment| minute(segment.meta.min_time_ns)).min();
        let last = inputs.iter().map(|segment| minute(segment.meta.max_time_ns)).max();
        let is_touched = |at: Minute| Some(at) >= first && Some(at) <= last;
        for segment in points {
            each_point(&*segment.open()?, &metrics::Wanted::ALL, |key, at, point| {
                if is_touched(at) && keys.contains(&key) {
                    before.entry((key, at)).or_default().merge(&point);
                }
            })?;
        }
        // The same may have been counted under other ids.
        let earlier = self.counted_series(pin, of, |key| keys.contains(key))?;
        self.counted_before(&samples, &earlier, |key, at, point| {
            if is_touched(at) {
                before.entry((key.clone(), at)).or_default().merge(point);
            }
        })?;
        Ok(before)
    }

    fn rolled_up_before<'a>(
        &self,
        pin: &'a Pin,
        of: &SegmentMeta,
        table: Table,
    ) -> Vec<&'a Arc<Segment>> {
        let mut earlier = pin.of(AccountId(of.account), table);
        earlier.retain(|segment| {
            segment.meta.rolled_up
                && segment.meta.period_start_ms == of.period_start_ms
                && !self.is_damaged(segment.meta.id)
        });
        earlier.sort_by_cached_key(|segment| recency(&segment.meta));
        earlier
    }
}

fn figures_pieces(
    account: AccountId,
    minutes: &Figures,
    before: &Figures,
) -> Result<Vec<Piece>, StoreError> {
    let mut pieces = Vec::new();
    for (table, width) in rolled(Table::Figures) {
        let mut days: BTreeMap<i64, Figures> = BTreeMap::new();
        for ((key, minute), figure) in minutes {
            let at = Minute(minute.0 - minute.0 % width);
            let day = days.entry(table.period_of(at.start_ns())).or_default();
            let minutes = match before.get(&(*key, *minute)) {
                None => Minutes::of(figure),
                Some(before) => {
                    let mut whole = before.clone();
                    whole.merge(figure);
                    Minutes::of(&whole).since(&Minutes::of(before))
                }
            };
            let counted = Figure { minutes: Some(Box::new(minutes)), ..figure.clone() };
            day.entry((*key, at)).or_default().merge(&counted);
        }
        for (day, figures) in days {
            pieces.push(figures_piece(account, table, day, &figures)?);
        }
    }
    Ok(pieces)
}

/// Points of ten minutes and of an hour that are being made of minutes, by table and day.
#[derive(Default)]
struct RolledUp {
    tables: BTreeMap<(Table, i64), Vec<Row>>,
}

/// What a series was in ten minutes or an hour.
type Row = (SeriesKey, Minute, Point);

impl RolledUp {
    /// Adds a minute, of which `before` is rolled up already. The minutes of a series come one after the other.
    fn add(&mut self, key: &SeriesKey, minute: Minute, point: &Point, before: Option<&Point>) {
        let is_sum = metric_table::is_sum(key.unit());
        let counted = match before {
            None => point.as_minute(is_sum),
            Some(before) => point.as_more_of(before, is_sum),
        };
        for (table, width) in rolled(Table::Metrics) {
            let at = Minute(minute.0 - minute.0 % width);
            let rows = self.tables.entry((table, table.period_of(at.start_ns()))).or_default();
            match rows.last_mut() {
                Some((last, last_at, merged)) if *last_at == at && last == key => {
                    merged.merge(&counted);
                }
                _ => rows.push((key.clone(), at, counted)),
            }
        }
    }

    fn pieces(self, account: AccountId) -> Result<Vec<Piece>, StoreError> {
        let mut pieces = Vec::new();
        for ((table, day), rows) in self.tables {
            let rows = rows.iter().map(|(key, at, point)| (key, *at, point)).collect();
            pieces.push(points_piece(account, table, day, rows)?);
        }
        Ok(pieces)
    }
}
