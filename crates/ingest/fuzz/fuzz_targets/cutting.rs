//! What the targets of the three signals share: cut, then read what was cut as the pipeline does.

use std::time::Duration;

use bytes::Bytes;
use ingest::otlp::{
    Signal,
    limits::AttributeLimits,
    slice::{Rules, cut},
};

use model::id::PARTITIONS;

#[path = "../../tests/intake/walk.rs"]
mod walk;

pub(crate) fn cut_and_walk(signal: Signal, request: &[u8]) {
    for partitions in [PARTITIONS, 1] {
        cut_into(signal, request, partitions);
    }
}

fn cut_into(signal: Signal, request: &[u8], partitions: u16) {
    let rules = Rules {
        now_ns: 1_800_000_000_000_000_000,
        // Old enough that a fuzzer need not guess today's time.
        retention: Duration::from_secs(1 << 40),
        max_slice_bytes: 4096,
        partitions,
        limits: AttributeLimits { count: 4, value_bytes: 64 },
    };
    let Ok(cut) = cut(signal, &Bytes::copy_from_slice(request), &rules) else { return };
    let mut items = 0;
    for slice in &cut.slices {
        assert!(slice.bytes.len() <= rules.max_slice_bytes);
        assert_eq!(walk::walk(signal, &slice.bytes), Ok(slice.items));
        items += u64::from(slice.items);
    }
    assert_eq!(items, cut.accepted);
}
