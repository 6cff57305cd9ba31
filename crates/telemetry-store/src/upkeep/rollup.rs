//! Minutes to points of ten minutes and an hour.

use std::{collections::BTreeMap, sync::Arc};

use metadata_store::Replacement;
use model::{id::AccountId, time::Minute};

use super::{
    merge::{figures_of, points_of},
    rolled,
};
use crate::{
    cut::{Piece, figures_piece, points_piece},
    segment::{figures::Figures, metrics::Points},
    store::{Segment, Store, StoreError},
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
            _ => figures_pieces(account, &figures_of(&inputs)?)?,
        };
        let add = self.store_pieces(&pieces, 0, now_ms)?;
        Ok(Replacement { remove: Vec::new(), add, mark_rolled_up: ids.to_vec() })
    }
}

fn figures_pieces(account: AccountId, minutes: &Figures) -> Result<Vec<Piece>, StoreError> {
    let mut pieces = Vec::new();
    for (table, width) in rolled(Table::Figures) {
        let mut days: BTreeMap<i64, Figures> = BTreeMap::new();
        for ((key, minute), figure) in minutes {
            let at = Minute(minute.0 - minute.0 % width);
            let day = days.entry(table.period_of(at.start_ns())).or_default();
            let mut counted = figure.clone();
            counted.minutes = 1.0;
            counted.calls_squares = figure.calls * figure.calls;
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
