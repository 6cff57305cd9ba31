//! Which of two segments has the newer rows.
//!
//! Where rows say something about the same thing, the newer one stands. Ids alone do not tell: a merged segment has a
//! higher id than one that was written before the merge and holds newer rows. So a merged segment says in its detail as
//! of which segment it is; merges take only neighbours in this order, so that it stays an order.

use metadata_store::SegmentMeta;
use serde::{Deserialize, Serialize};

/// What the store keeps in the catalogue's `detail`, JSON. Fields are only ever added.
#[derive(Serialize, Deserialize)]
struct Detail {
    /// The id of the newest segment of a cut that is in it.
    as_new_as: u64,
}

/// The higher, the newer; two segments of one table and period never have the same.
pub(crate) fn recency(segment: &SegmentMeta) -> u64 {
    serde_json::from_str::<Detail>(&segment.detail).map_or(segment.id, |detail| detail.as_new_as)
}

/// The detail of what these segments are merged into.
pub(crate) fn detail_of_merged<'s>(inputs: impl Iterator<Item = &'s SegmentMeta>) -> String {
    let as_new_as = inputs.map(recency).max().unwrap_or(0);
    serde_json::to_string(&Detail { as_new_as }).expect("a number is JSON")
}
