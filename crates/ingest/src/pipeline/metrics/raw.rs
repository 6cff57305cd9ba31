//! Raw samples: every point as it came, under the id of its series; what the series is, is said once a day.

use model::{
    attributes::{Attributes, Value},
    naming::name,
    remote_write,
    time::DAY_NS,
};
use telemetry_store::segment::series::SeriesRow;

use super::{
    export::{At, Measured, stream_hash},
    routes::hash,
};
use crate::{
    otlp::metrics::Temporality,
    pipeline::{
        registry::Place,
        spans::{Buffers, Cleaning, store_attributes},
    },
};

/// Days since 1970.
pub(super) fn day_of(time_ns: u64) -> u32 {
    u32::try_from(time_ns / DAY_NS).expect("u64 nanoseconds are less than u32 days")
}

/// The same for every process that a node ever was. `node` is the hash of account, application, tier and node.
pub(super) fn series_id(node: u64, measured: &Measured<'_>, at: &At<'_>) -> u64 {
    let kind = [measured.kind as u8, u8::from(measured.temporality == Temporality::Delta)];
    let seed =
        hash(hash(node, measured.scope), measured.name) ^ u64::from(u16::from_le_bytes(kind));
    stream_hash(seed, at.attributes)
}

/// What a series is.
pub(super) fn row(
    id: u64,
    measured: &Measured<'_>,
    at: &At<'_>,
    place: &Place,
    time_ns: u64,
    cleaning: Cleaning<'_>,
    buffers: &mut Buffers,
) -> SeriesRow {
    let sent = at.attributes.read().unwrap_or_default();
    let mut pairs: Vec<(&str, Value<'_>)> = sent.iter().collect();
    let of_scope = measured.scope_attributes.read().unwrap_or_default();
    if measured.scope == remote_write::SCOPE {
        // A target's labels, which its tier and node do not tell exactly.
        pairs.extend(of_scope.iter());
    }
    pairs.sort_by_key(|(key, _)| *key);
    let mut sorted = Attributes::new();
    pairs.into_iter().for_each(|(key, value)| sorted.push(key, value));
    let mut attributes = Vec::new();
    store_attributes(&sorted, None, cleaning, &mut attributes, buffers);
    SeriesRow {
        id,
        application: place.application,
        tier: place.tier,
        node: place.node,
        instrument: measured.kind,
        is_delta: measured.temporality == Temporality::Delta,
        name: name::limit(measured.name).into_owned(),
        unit: name::limit(measured.unit).into_owned(),
        scope: name::limit(measured.scope).into_owned(),
        attributes,
        at_ns: time_ns,
    }
}
