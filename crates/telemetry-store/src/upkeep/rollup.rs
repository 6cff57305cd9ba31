//! Minutes to points of ten minutes and an hour.

use std::{collections::BTreeMap, sync::Arc};

use metadata_store::{Replacement, SegmentMeta};
use model::{figure::FigureKey, id::AccountId, time::Minute};

use super::{
    merge::{figures_of, points_of},
    rolled,
};
use crate::{
    cut::{Piece, figures_piece, points_piece},
    segment::{
        figures::{Figures, Wanted, each_figure},
        metrics::Points,
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
            Table::Metrics => points_pieces(account, &points_of(&inputs)?)?,
            _ => {
                let minutes = figures_of(&inputs)?;
                let before = calls_before(&pin, &inputs[0].meta, &minutes)?;
                figures_pieces(account, &minutes, &before)?
            }
        };
        let add = self.store_pieces(&pieces, 0, now_ms)?;
        Ok(Replacement { remove: Vec::new(), add, mark_rolled_up: ids.to_vec() })
    }
}

/// Calls by key and minute.
type Calls = BTreeMap<(FigureKey, Minute), f64>;

/// What was counted for these minutes in segments that are rolled up already: late data change a minute that stands in
/// the rolled-up tables, and its square with it.
fn calls_before(pin: &Pin, of: &SegmentMeta, minutes: &Figures) -> Result<Calls, StoreError> {
    let mut calls = Calls::new();
    let earlier = pin.of(AccountId(of.account), Table::Figures).into_iter().filter(|segment| {
        segment.meta.rolled_up && segment.meta.period_start_ms == of.period_start_ms
    });
    for segment in earlier {
        each_figure(&*segment.open()?, &Wanted::ALL, |key, minute, figure| {
            if minutes.contains_key(&(key, minute)) {
                *calls.entry((key, minute)).or_default() += figure.calls;
            }
        })?;
    }
    Ok(calls)
}

fn figures_pieces(
    account: AccountId,
    minutes: &Figures,
    before: &Calls,
) -> Result<Vec<Piece>, StoreError> {
    let mut pieces = Vec::new();
    for (table, width) in rolled(Table::Figures) {
        let mut days: BTreeMap<i64, Figures> = BTreeMap::new();
        for ((key, minute), figure) in minutes {
            let at = Minute(minute.0 - minute.0 % width);
            let day = days.entry(table.period_of(at.start_ns())).or_default();
            let mut counted = figure.clone();
            let earlier = before.get(&(*key, *minute)).copied();
            let calls = earlier.unwrap_or(0.0);
            counted.minutes = if earlier.is_some() { 0.0 } else { 1.0 };
            counted.calls_squares = (calls + figure.calls).powi(2) - calls.powi(2);
            day.entry((*key, at)).or_default().merge(&counted);
        }
        for (day, figures) in days {
            pieces.push(figures_piece(account, table, day, &figures)?);
        }
    }
    Ok(pieces)
}

fn points_pieces(account: AccountId, minutes: &Points) -> Result<Vec<Piece>, StoreError> {
    let mut pieces = Vec::new();
    for (table, width) in rolled(Table::Metrics) {
        let mut days: BTreeMap<i64, Points> = BTreeMap::new();
        for ((key, minute), point) in minutes {
            let at = Minute(minute.0 - minute.0 % width);
            let day = days.entry(table.period_of(at.start_ns())).or_default();
            day.entry((key.clone(), at)).or_default().merge(point);
        }
        for (day, points) in days {
            pieces.push(points_piece(account, table, day, &points)?);
        }
    }
    Ok(pieces)
}
