//! Raw samples: every point as it came, under the id of its series; what the series is, is said once a day.

use std::sync::Arc;

use model::{
    attributes::{Attributes, Value},
    naming::name,
    remote_write,
    time::DAY_NS,
};
use telemetry_store::segment::series::{Counts, SeriesRow};

use super::{
    export::{At, Measured, stream_hash},
    routes::{Route, hash},
    streams::Known,
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

/// The same for every process that a node ever was. `node` is the hash of account, application, tier and node. What counted
/// samples of it count for is part of what a series is: it is said of the id, and not of each sample.
pub(super) fn series_id(node: u64, measured: &Measured<'_>, at: &At<'_>, routes: &[Route]) -> u64 {
    let kind = [measured.kind as u8, u8::from(measured.temporality == Temporality::Delta)];
    let seed =
        hash(hash(node, measured.scope), measured.name) ^ u64::from(u16::from_le_bytes(kind));
    let id = stream_hash(seed, at.attributes);
    match plain(measured, routes) {
        Some(route) => {
            hash(hash(id ^ route.factor.to_bits(), route.name.path()), route.name.unit())
        }
        None => id,
    }
}

/// The only route of a stream whose samples can be told as counted ones.
fn plain<'r>(measured: &Measured<'_>, routes: &'r [Route]) -> Option<&'r Route> {
    match routes {
        [route] if route.is_plain() && measured.is_number() => Some(route),
        _ => None,
    }
}

/// What a series is.
pub(super) fn row(
    known: &Known,
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
    store_attributes(&sorted, None, cleaning, &mut attributes, &mut buffers.cleaner);
    // In memory of just its length: there may be a hundred thousand of them at once.
    let attributes = attributes.as_slice().to_vec();
    SeriesRow {
        id: known.series,
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
        counts: plain(measured, &known.routes)
            .map(|route| Counts { name: Arc::clone(&route.name), factor: route.factor }),
    }
}
