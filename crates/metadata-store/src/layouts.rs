//! Layouts: where people put the nodes of a flow map.

use std::collections::BTreeMap;
use std::future::Future;

use crate::database::{Tx, sql};
use crate::name::{fits, name_key};
use crate::{MetadataStore, StoreError};

/// One node of a flow map and its place.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NodePosition {
    pub entity_id: u32,
    pub x: f64,
    pub y: f64,
    /// Put there by a person: automatic layout leaves it.
    pub pinned: bool,
}

/// Layouts by account and scope, a text of at most 255 characters that names the map.
pub trait Layouts {
    /// All positions of a map by entity id; empty for a map nobody has touched.
    fn layout(
        &self,
        account_id: u32,
        scope: &str,
    ) -> impl Future<Output = Result<Vec<NodePosition>, StoreError>> + Send;

    /// Stores these positions, replacing earlier ones of the same entities and leaving the others. Of an
    /// entity named twice the last position counts.
    fn save_layout(
        &self,
        account_id: u32,
        scope: &str,
        positions: &[NodePosition],
    ) -> impl Future<Output = Result<(), StoreError>> + Send;
}

/// Rows per statement; a row has seven of the 32,766 arguments that SQLite takes.
const CHUNK: usize = 500;

impl Layouts for MetadataStore {
    async fn layout(&self, account_id: u32, scope: &str) -> Result<Vec<NodePosition>, StoreError> {
        let select = sql("SELECT entity_id, x, y, pinned FROM layouts \
                          WHERE account_id = ? AND scope_key = ? ORDER BY entity_id");
        let select = select.bind(account_id).bind(name_key(scope));
        let positions = self.database.list("read a layout", select, |row| {
            Ok(NodePosition {
                entity_id: row.int(0)?,
                x: row.real(1)?,
                y: row.real(2)?,
                pinned: row.flag(3)?,
            })
        });
        Ok(positions.await?)
    }

    async fn save_layout(
        &self,
        account_id: u32,
        scope: &str,
        positions: &[NodePosition],
    ) -> Result<(), StoreError> {
        fits("the scope of a layout", scope)?;
        // By id and each once: SQLite updates no row twice in a statement, and one order avoids deadlocks.
        let last_of_each: BTreeMap<u32, NodePosition> =
            positions.iter().map(|position| (position.entity_id, *position)).collect();
        let positions: &Vec<NodePosition> = &last_of_each.into_values().collect();
        let saved = self.database.write("save a layout", |mut tx| async move {
            for chunk in positions.chunks(CHUNK) {
                upsert(&mut tx, account_id, scope, chunk).await?;
            }
            Ok((tx, ()))
        });
        Ok(saved.await?)
    }
}

async fn upsert(
    tx: &mut Tx,
    account_id: u32,
    scope: &str,
    positions: &[NodePosition],
) -> Result<(), sqlx::Error> {
    let values = vec!["(?, ?, ?, ?, ?, ?, ?)"; positions.len()].join(", ");
    let mut upsert = sql(format!(
        "INSERT INTO layouts (account_id, scope_key, entity_id, scope, x, y, pinned) VALUES {values}{}",
        tx.dialect().on_conflict_update("account_id, scope_key, entity_id", &["x", "y", "pinned"])
    ));
    for position in positions {
        upsert = upsert
            .bind(account_id)
            .bind(name_key(scope))
            .bind(position.entity_id)
            .bind(scope)
            .bind(position.x)
            .bind(position.y)
            .bind(position.pinned);
    }
    tx.execute(upsert).await.map(drop)
}
