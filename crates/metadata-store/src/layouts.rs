//! Layouts: where people put the nodes of a flow map.

use std::future::Future;

use crate::StoreError;

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
