use std::{collections::BTreeSet, path::Path, sync::Arc};

use daemon::disk::{Disk, SimulatedDisk};
use model::{
    attributes::Value,
    id::{EntityId, SpanId},
    span::{SpanKind, StatusCode},
};
use proptest::prelude::*;

use super::*;
use crate::{
    attribute, segment,
    span_batch::{Attributes, SpanRow},
};

fn trace(n: u64) -> TraceId {
    let mut id = [7; 16];
    id[..8].copy_from_slice(&n.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes());
    TraceId(id)
}

fn push(batch: &mut SpanBatch, trace: TraceId, id: u64, parent: u64, start_ns: u64) {
    let mut attributes = Vec::new();
    attribute::encode(&mut attributes, "http.route", Value::Str("/cart/:id"));
    attribute::encode(&mut attributes, "http.response.status_code", Value::Int(200));
    attribute::encode(&mut attributes, "user.id", Value::Str(&id.to_string()));
    if id % 1000 == 7 {
        attribute::encode(&mut attributes, "rare", Value::Double(0.25));
        attribute::encode(&mut attributes, "list", Value::Encoded(&[1, 2, 3]));
    }
    batch.push(&SpanRow {
        trace,
        id: SpanId(id),
        parent: SpanId(parent),
        start_ns,
        duration_ns: id * 31,
        kind: SpanKind::Server,
        status: StatusCode::Unset,
        flags: 0x101,
        application: EntityId(1),
        tier: EntityId(2),
        node: EntityId(3),
        name: "GET /cart/:id",
        scope: "http",
        trace_state: "",
        status_message: "",
        resource: b"resource",
        resource_id: 0,
        attributes: Attributes::Encoded(&attributes),
        events: &[],
        links: &[],
    });
}

fn reopened(batch: &SpanBatch) -> Opened {
    let disk: Arc<dyn Disk> = Arc::new(SimulatedDisk::new());
    let bytes = encode_spans(batch).expect("it encodes");
    segment::store(disk.as_ref(), Path::new("a"), &bytes).expect("the disk works");
    Opened::open_with_pages(disk, Path::new("a")).expect("it opens")
}

fn groups(segment: &Opened) -> usize {
    segment.footer.metadata().num_row_groups()
}

#[test]
fn a_trace_comes_back_whole_from_among_many() {
    let mut batch = SpanBatch::default();
    for n in 1..=9_000 {
        let first = 10 * n;
        push(&mut batch, trace(n), first, 0, 1_000_000 + n);
        push(&mut batch, trace(n), first + 1, first, 1_000_500 + n);
        // A parent in another process whose clock is ahead starts later than its child.
        push(&mut batch, trace(n), first + 2, first + 3, 1_000_600 + n);
        push(&mut batch, trace(n), first + 3, first, 1_000_700 + n);
    }
    let segment = reopened(&batch);
    for n in [1, 17, 4_500, 9_000] {
        let mut found = SpanBatch::default();
        read_traces(&segment, &BTreeSet::from([trace(n)]), &mut found).expect("it reads");
        let mut spans: Vec<_> = (0..found.len()).map(|at| found.row(at).to_span()).collect();
        spans.sort_by_key(|span| span.id);
        let wanted: Vec<_> =
            batch.rows_of(&BTreeSet::from([trace(n)])).map(|row| row.to_span()).collect();
        let sorted = |mut spans: Vec<crate::reader::Span>| {
            spans.iter_mut().for_each(|span| span.attributes.sort_by(|a, b| a.0.cmp(&b.0)));
            spans
        };
        assert_eq!(sorted(spans), sorted(wanted), "trace {n}");
    }
    let mut none = SpanBatch::default();
    read_traces(&segment, &BTreeSet::from([trace(99_999)]), &mut none).expect("it reads");
    assert!(none.is_empty());
}

#[test]
fn texts_that_repeat_read_back_over_row_groups_and_beyond_a_full_dictionary() {
    let mut batch = SpanBatch::default();
    let names = ["GET /", "POST /cart", "", "größe"];
    let resources: Vec<Vec<u8>> = (0..11).map(|n| vec![n; 40]).collect();
    let long: Vec<String> = (0..3000).map(|n| format!("{n:>500}")).collect();
    for id in 1..=70_000u64 {
        let mut attributes = Vec::new();
        let user = id.to_string();
        let mut put = |key, value| attribute::encode(&mut attributes, key, value);
        put("constant", Value::Str("x"));
        put("empty", Value::Str(""));
        put("few", Value::Str(["a", "bb", "ccc", "dd", "a b"][id as usize % 5]));
        put("user.id", Value::Str(&user));
        put("long", Value::Str(&long[(id * 7919) as usize % long.len()]));
        if id % 3 == 0 {
            put("sometimes", Value::Str("there"));
            put("sometimes", Value::Str("twice"));
        }
        // A key with two types, one of which is rare.
        let number = Value::Int(id as i64);
        put("mixed", if id % 1000 == 0 { number } else { Value::Str("text") });
        batch.push(&SpanRow {
            trace: trace(id / 9),
            id: SpanId(id),
            parent: SpanId(0),
            start_ns: id,
            duration_ns: 1,
            kind: SpanKind::Internal,
            status: StatusCode::Ok,
            flags: 0,
            application: EntityId(1),
            tier: EntityId(2),
            node: EntityId(3),
            name: names[id as usize % names.len()],
            scope: "",
            trace_state: if id % 500 == 0 { "ot=th:8" } else { "" },
            status_message: "",
            resource: &resources[id as usize % resources.len()],
            resource_id: 0,
            attributes: Attributes::Encoded(&attributes),
            events: if id % 2 == 0 { b"" } else { b"not an event" },
            links: &[],
        });
    }
    let segment = reopened(&batch);
    let metadata = segment.footer.metadata();
    assert_eq!(metadata.num_row_groups(), 2);
    let long = metadata.row_group(0).columns().iter().find(|c| c.column_descr().name() == "s:long");
    // The texts themselves, most of them, though they have a dictionary.
    let long = long.expect("it is frequent");
    assert!(long.dictionary_page_offset().is_some() && long.uncompressed_size() > 20_000_000);
    let mut spans = Vec::new();
    for part in each_batch(&segment, 0..groups(&segment)).expect("it opens") {
        let part = part.expect("it reads");
        spans.extend((0..part.len()).map(|at| part.row(at).to_span()));
    }
    let mut wanted: Vec<_> = (0..batch.len()).map(|at| batch.row(at).to_span()).collect();
    wanted.sort_by_key(|span| (span.trace, span.start_ns));
    assert_eq!(spans.len(), wanted.len());
    for (mut read, mut wanted) in spans.into_iter().zip(wanted) {
        read.attributes.sort_by(|a, b| a.0.cmp(&b.0));
        wanted.attributes.sort_by(|a, b| a.0.cmp(&b.0));
        assert_eq!(read, wanted);
    }
}

#[test]
fn a_trace_that_goes_on_in_the_next_row_group_keeps_its_parents() {
    let mut batch = SpanBatch::default();
    // One trace alone, larger than a row group: each span is called by the one before.
    for id in 1..=ROW_GROUP as u64 + 10 {
        push(&mut batch, trace(1), id, id - 1, 1_000_000 + id);
    }
    let segment = reopened(&batch);
    let mut found = SpanBatch::default();
    read_traces(&segment, &BTreeSet::from([trace(1)]), &mut found).expect("it reads");
    assert_eq!(found.len(), ROW_GROUP + 10);
    assert!((0..found.len()).map(|at| found.row(at)).all(|row| row.parent.0 + 1 == row.id.0));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]
    #[test]
    fn every_span_of_any_batch_is_read_again(spans in prop::collection::vec((0u64..6, 1u64..50, 0u64..50, 0u64..1_000_000), 1..200)) {
        let mut batch = SpanBatch::default();
        for (n, id, parent, start) in &spans {
            push(&mut batch, trace(*n), *id, *parent, *start);
        }
        let segment = reopened(&batch);
        let mut read = SpanBatch::default();
        for part in each_batch(&segment, 0..groups(&segment)).expect("it opens") {
            let part = part.expect("it reads");
            (0..part.len()).for_each(|at| read.push(&part.row(at)));
        }
        let key = |batch: &SpanBatch| {
            let mut keys: Vec<_> = (0..batch.len()).map(|at| batch.row(at)).map(|row| (row.trace, row.start_ns, row.id, row.parent, row.duration_ns)).collect();
            keys.sort_unstable();
            keys
        };
        prop_assert_eq!(key(&read), key(&batch));
    }
}
