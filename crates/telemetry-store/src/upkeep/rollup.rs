//! Minutes to points of ten minutes and an hour.

mod counted;

use std::{collections::BTreeMap, sync::Arc};

use metadata_store::{Replacement, SegmentMeta};
use model::{
    figure::{Figure, Minutes},
    id::AccountId,
    metric_table,
    time::Minute,
};
use rustc_hash::FxHashSet;

use super::{
    merge::{figures_of, points_of},
    rolled,
};
use crate::{
    counted::{CountedSeries, read_series},
    cut::{Piece, figures_piece, nanos, points_piece},
    recency::recency,
    segment::{
        figures::{Figures, Wanted, each_figure},
        metrics::{self, Point, Points, SeriesKey, each_point},
        series::Counted,
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
        let add = match table {
            Table::Metrics => {
                let minutes = points_of(&inputs)?;
                let before = self.points_before(&pin, &inputs[0].meta, &minutes)?;
                let mut rolled = RolledUp::default();
                for ((key, minute), point) in &minutes {
                    let is_sum = metric_table::is_sum(key.unit());
                    rolled.add(key, is_sum, *minute, point, before.get(&(key.clone(), *minute)));
                }
                self.store_pieces(&rolled.pieces(account)?, 0, now_ms)?
            }
            Table::Counted => self.roll_up_counted(&pin, &inputs, now_ms)?,
            _ => {
                let minutes = figures_of(&inputs)?;
                let before = self.figures_before(&pin, &inputs[0].meta, &minutes)?;
                self.store_pieces(&figures_pieces(account, &minutes, &before)?, 0, now_ms)?
            }
        };
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
                    before.entry((key, minute)).or_default().merge(figure);
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
            let series = self.counted_series(pin, of, |series| keys.contains(&series.key))?;
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
        takes: impl Fn(&Counted) -> bool,
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

/// Points of ten minutes and of an hour that are being made of minutes, by table and day. `K` tells a series.
struct RolledUp<K> {
    tables: BTreeMap<(Table, i64), Vec<Row<K>>>,
}

/// What a series was in ten minutes or an hour.
type Row<K> = (K, Minute, Point);

impl<K> Default for RolledUp<K> {
    fn default() -> RolledUp<K> {
        RolledUp { tables: BTreeMap::new() }
    }
}

impl<K: Clone + PartialEq> RolledUp<K> {
    /// Adds a minute, of which `before` is rolled up already. The minutes of a series come one after the other.
    fn add(
        &mut self,
        key: &K,
        is_sum: bool,
        minute: Minute,
        point: &Point,
        before: Option<&Point>,
    ) {
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
}

impl RolledUp<SeriesKey> {
    fn pieces(self, account: AccountId) -> Result<Vec<Piece>, StoreError> {
        let mut pieces = Vec::new();
        for ((table, day), rows) in self.tables {
            let rows = rows.iter().map(|(key, at, point)| (key, *at, point)).collect();
            pieces.push(points_piece(account, table, day, rows)?);
        }
        Ok(pieces)
    }
}
