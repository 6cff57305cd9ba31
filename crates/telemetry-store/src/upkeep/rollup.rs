//! Minutes to points of ten minutes and an hour.

use std::{collections::BTreeMap, sync::Arc};

use metadata_store::{Replacement, SegmentMeta};
use model::{
    figure::{Figure, Minutes},
    id::AccountId,
    metric_table,
    time::Minute,
};

use super::{
    merge::{figures_of, points_of},
    rolled,
};
use crate::{
    cut::{Piece, figures_piece, points_piece},
    recency::recency,
    segment::{
        figures::{Figures, Wanted, each_figure},
        metrics::{self, Points, each_point, rows_in},
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
                points_pieces(account, &minutes, &before)?
            }
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

fn points_pieces(
    account: AccountId,
    minutes: &Points,
    before: &Points,
) -> Result<Vec<Piece>, StoreError> {
    let mut pieces = Vec::new();
    for (table, width) in rolled(Table::Metrics) {
        let mut days: BTreeMap<i64, Points> = BTreeMap::new();
        for ((key, minute), point) in minutes {
            let at = Minute(minute.0 - minute.0 % width);
            let day = days.entry(table.period_of(at.start_ns())).or_default();
            let is_sum = metric_table::is_sum(key.unit());
            let counted = match before.get(&(key.clone(), *minute)) {
                None => point.as_minute(is_sum),
                Some(before) => point.as_more_of(before, is_sum),
            };
            day.entry((key.clone(), at)).or_default().merge(&counted);
        }
        for (day, points) in days {
            pieces.push(points_piece(account, table, day, rows_in(&points))?);
        }
    }
    Ok(pieces)
}
