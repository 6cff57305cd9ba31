use std::collections::BTreeSet;

use model::{
    attributes::Value,
    id::{EntityId, SpanId, TraceId},
    span::{SpanKind, StatusCode},
};

use super::*;
use crate::{
    attribute,
    fixture::{reopened, trace},
    reader::Span,
    segment::spans::{
        each_batch, encode_spans, read_traces,
        search::{Pair, Searcher, Wanted, read_hits},
    },
    span_batch::{Attributes, SpanBatch, SpanRow},
};

/// As many as fill half a row group, and in the second segment a row group and a half: traces of three, each span called by
/// the one before.
const SPANS: [std::ops::Range<u64>; 2] = [3..33_003, 33_003..132_003];

/// Spans with an attribute that all of them have, one of a type of its own that every second one of this segment has and
/// hardly any of others, and one that is rare everywhere.
fn batch(spans: &Range<u64>, frequent: &str) -> SpanBatch {
    let mut batch = SpanBatch::default();
    for number in spans.clone() {
        let mut attributes = Vec::new();
        let mut put = |key, value| attribute::encode(&mut attributes, key, value);
        let user = format!("user-{number}");
        put("user", Value::Str(&user));
        for key in ["text", "whole", "ratio", "truth"] {
            let value = match key {
                "text" => Value::Str(&user),
                "whole" => Value::Int(number as i64),
                "ratio" => Value::Double(number as f64 / 4.0),
                _ => Value::Bool(true),
            };
            if number.is_multiple_of(if key == frequent { 2 } else { 3000 }) {
                put(key, value);
            }
        }
        batch.push(&SpanRow {
            trace: trace(number / 3),
            id: SpanId(number),
            parent: SpanId(if number % 3 == 0 { 0 } else { number - 1 }),
            start_ns: 1000 * number,
            duration_ns: number % 977,
            kind: SpanKind::Server,
            status: StatusCode::Unset,
            flags: 0,
            application: EntityId(1),
            tier: EntityId(2),
            node: EntityId(3),
            name: "GET /",
            scope: "",
            trace_state: "",
            status_message: "",
            resource: b"",
            resource_id: 0,
            attributes: Attributes::Encoded(&attributes),
            events: &[],
            links: &[],
        });
    }
    batch
}

fn sorted(mut span: Span) -> Span {
    span.attributes.sort_by(|a, b| a.0.cmp(&b.0));
    span
}

fn spans_of(batch: &SpanBatch) -> Vec<Span> {
    let mut spans: Vec<Span> = (0..batch.len()).map(|at| sorted(batch.row(at).to_span())).collect();
    spans.sort_by_key(|span| span.id);
    spans
}

/// The ids of the spans that have an attribute.
fn found(segment: &Opened, key: &str, value: &str) -> Vec<u64> {
    let pairs = [Pair::new(key, value)];
    let wanted = Wanted {
        attributes: &pairs,
        application: None,
        tier: None,
        name: None,
        min_duration_ns: 0,
        max_duration_ns: u64::MAX,
        errors_only: false,
        from_ns: 0,
        to_ns: u64::MAX,
    };
    let (mut hits, mut spans) = (Vec::new(), Vec::new());
    let searcher = Searcher::of(segment).expect("there is memory");
    for (group, _) in searcher.groups() {
        searcher.each_hit(group, &wanted, |hit| hits.push(hit)).expect("it reads");
    }
    read_hits(segment, &mut hits, &mut spans).expect("it reads");
    let mut ids: Vec<u64> = spans.iter().map(|span| span.id.0).collect();
    ids.sort_unstable();
    ids
}

/// Whatever is known of columns before they are read is known of the copied ones.
fn check_chunks(segments: &[Arc<Opened>], copied: &Opened) {
    let groups = segments.iter().flat_map(|segment| {
        (0..segment.footer.metadata().num_row_groups()).map(move |group| (segment, group))
    });
    for (number, (segment, group)) in groups.enumerate() {
        for field in segment.footer.schema().fields() {
            let known = |segment: &Opened, group| {
                let column = segment.column_number(field.name()).expect("it was copied");
                let metadata = segment.footer.metadata();
                let index = metadata.page_index_for_row_group(group);
                let pages = index.page_locations(column).expect("pages are known");
                let rows: Vec<i64> = pages.iter().map(|page| page.first_row_index).collect();
                let chunk = metadata.row_group(group).column(column);
                (
                    chunk.page_encoding_stats_mask().copied(),
                    chunk.dictionary_page_offset().is_some(),
                    chunk.compressed_size(),
                    chunk.statistics().cloned(),
                    chunk.bloom_filter_length(),
                    rows,
                    index.column_index(column).cloned(),
                )
            };
            assert_eq!(known(copied, number), known(segment, group), "{}", field.name());
        }
    }
}

#[test]
fn copied_segments_have_all_that_they_had_whatever_columns_each_had() {
    for keys in [["text", "whole"], ["ratio", "truth"]] {
        let batches = [batch(&SPANS[0], keys[0]), batch(&SPANS[1], keys[1])];
        let encoded = batches.each_ref().map(|batch| encode_spans(batch).expect("it encodes"));
        let segments = encoded.each_ref().map(|bytes| Arc::new(reopened(bytes)));
        assert!(is_for_copying(&segments));
        assert!(segments.iter().all(|segment| runs(segment).len() == 1));
        let copied = copy(&segments, &[70, 90], Vec::new()).expect("memory does not refuse");
        assert!(copied.len() < encoded.iter().map(Vec::len).sum::<usize>() + 16 * 1024);
        let copied = reopened(&copied);
        check_chunks(&segments, &copied);
        let newest = |segment: &Opened| Searcher::of(segment).expect("there is memory").groups();
        assert_eq!(newest(&copied), [(1, 90), (2, 90), (0, 70)]);

        let mut streamed = SpanBatch::default();
        let runs = runs(&copied);
        assert_eq!(runs, [0..1, 1..3]);
        for run in runs {
            let mut before = TraceId([0; 16]);
            for batch in each_batch(&copied, run).expect("it opens") {
                let batch = batch.expect("it reads");
                for row in (0..batch.len()).map(|at| batch.row(at)) {
                    assert!(before <= row.trace);
                    before = row.trace;
                    streamed.push(&row);
                }
            }
        }
        let all: Vec<Span> = batches.iter().flat_map(spans_of).collect();
        assert!(spans_of(&streamed) == all);

        for number in [1, 7000, 11_000, 12_000, 44_000] {
            let mut found = SpanBatch::default();
            read_traces(&copied, &BTreeSet::from([trace(number)]), &mut found).expect("it reads");
            let of_trace = all.iter().filter(|span| span.trace == trace(number));
            assert!(found.len() == 3 && spans_of(&found).iter().eq(of_trace), "trace {number}");
        }

        let all_numbers = || SPANS.iter().cloned().flatten();
        for number in all_numbers().filter(|number| number % 3000 == 0).step_by(7) {
            assert_eq!(found(&copied, "user", &format!("user-{number}")), [number]);
            assert_eq!(found(&copied, "text", &format!("user-{number}")), [number]);
            assert_eq!(found(&copied, "whole", &number.to_string()), [number]);
            assert_eq!(found(&copied, "ratio", &(number as f64 / 4.0).to_string()), [number]);
        }
        let has_truth = |number: &u64| {
            let of = SPANS.iter().position(|spans| spans.contains(number)).unwrap();
            number.is_multiple_of(if keys[of] == "truth" { 2 } else { 3000 })
        };
        let with_truth: Vec<u64> = all_numbers().filter(has_truth).collect();
        assert_eq!(found(&copied, "truth", "true"), with_truth);
        assert!(found(&copied, "user", "user-1").is_empty());

        // Once more, of what was copied.
        let again = [Arc::new(copied), Arc::clone(&segments[0])];
        assert!(is_for_copying(&again));
        let again = reopened(&copy(&again, &[95, 80], Vec::new()).expect("memory does not refuse"));
        assert_eq!(super::runs(&again).len(), 3);
        assert_eq!(newest(&again), [(1, 90), (2, 90), (3, 80), (0, 70)]);
        assert_eq!(found(&again, "whole", "6000"), [6000, 6000]);
    }
}

#[test]
fn small_row_groups_are_not_copied() {
    let small = reopened(&encode_spans(&batch(&(0..100), "text")).expect("it encodes"));
    assert!(!is_for_copying(&[Arc::new(small)]));
}
