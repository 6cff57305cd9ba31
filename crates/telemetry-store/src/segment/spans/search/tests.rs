use model::{
    attributes::Value,
    id::SpanId,
    span::{SpanKind, StatusCode},
};
use proptest::prelude::*;

use super::*;
use crate::{
    attribute,
    fixture::{reopened, trace},
    segment::spans::{PAGE_ROWS, encode_spans},
    span_batch::{Attributes, SpanBatch, SpanRow},
};

const EVERYTHING: Wanted<'static> = Wanted {
    attributes: &[],
    application: None,
    tier: None,
    name: None,
    min_duration_ns: 0,
    max_duration_ns: u64::MAX,
    errors_only: false,
    from_ns: 0,
    to_ns: u64::MAX,
};

fn name_of(number: u64) -> &'static str {
    if number.is_multiple_of(13) { "GET /cart" } else { "GET /" }
}

/// A span of a number, with attributes frequent and rare, and of every type.
fn push(batch: &mut SpanBatch, number: u64) {
    let mut attributes = Vec::new();
    let user = format!("user-{number}");
    let rare = format!("rare-{number}");
    let mut put = |key, value| attribute::encode(&mut attributes, key, value);
    put("route", Value::Str(if number.is_multiple_of(3) { "/cart" } else { "/shop" }));
    put("user", Value::Str(&user));
    put("status", Value::Int(if number.is_multiple_of(5) { 500 } else { 200 }));
    put("ratio", Value::Double(number as f64 / 4.0));
    put("cached", Value::Bool(number.is_multiple_of(2)));
    if number % 1000 == 7 {
        put("rare", Value::Str(&rare));
        // Twice, where the first one has a column that is told by filters and one that is not.
        put("user", Value::Str("second"));
        put("route", Value::Str(&rare));
    }
    let mut resource = Vec::new();
    let host = format!("host-{}", number % 4);
    attribute::encode(&mut resource, "host.name", Value::Str(&host));
    batch.push(&SpanRow {
        trace: trace(number / 10),
        id: SpanId(number),
        parent: SpanId::NONE,
        start_ns: 1000 * number,
        duration_ns: number % 977,
        kind: SpanKind::Server,
        status: if number % 11 == 3 { StatusCode::Error } else { StatusCode::Unset },
        flags: 0,
        application: EntityId(1),
        tier: EntityId((number % 7) as u32),
        node: EntityId(3),
        name: name_of(number),
        scope: "",
        trace_state: "",
        status_message: "",
        resource: &resource,
        resource_id: 0,
        attributes: Attributes::Encoded(&attributes),
        events: &[],
        links: &[],
    });
}

fn batch(spans: u64) -> SpanBatch {
    let mut batch = SpanBatch::default();
    (1..=spans).for_each(|number| push(&mut batch, number));
    batch
}

/// The ids that a search finds in a segment, and what it cost.
fn found(segment: &Opened, wanted: &Wanted<'_>) -> (Vec<u64>, usize) {
    let mut hits = Vec::new();
    let searcher = Searcher::of(segment).expect("there is memory");
    let of_group =
        |(group, _)| searcher.each_hit(group, wanted, |hit| hits.push(hit)).expect("it reads").0;
    let cost = searcher.groups().into_iter().map(of_group).sum();
    let mut spans = Vec::new();
    read_hits(segment, &mut hits, &mut spans).expect("it reads");
    let ends = |span: &FoundSpan| hits.iter().any(|hit| hit.end_ns == span.end_ns);
    assert!(spans.iter().all(ends), "a hit says when its span ended");
    let mut ids: Vec<u64> = spans.iter().map(|span| span.id.0).collect();
    ids.sort_unstable();
    (ids, cost)
}

/// The ids that a look at each span in memory finds.
fn in_memory(batch: &SpanBatch, wanted: &Wanted<'_>) -> Vec<u64> {
    let mut ids = Vec::new();
    for part in batch.parts() {
        let of_part: Vec<u64> = (0..part.len())
            .filter(|at| wanted.takes(&part.glance(*at)))
            .map(|at| part.row(at).id.0)
            .collect();
        let may_be = wanted.attributes.iter().all(|pair| pair.may_be_in(part));
        assert!(may_be || of_part.is_empty(), "a part is passed over that has some");
        ids.extend(of_part);
    }
    ids.sort_unstable();
    ids
}

#[test]
fn attributes_of_every_type_and_place_are_found() {
    let batch = batch(3000);
    let segment = reopened(&encode_spans(&batch).expect("it encodes"));
    let check = |key: &str, value: &str, expected: &dyn Fn(u64) -> bool| {
        let pairs = [Pair::new(key, value)];
        let wanted = Wanted { attributes: &pairs, ..EVERYTHING };
        let expected: Vec<u64> = (1..=3000).filter(|number| expected(*number)).collect();
        assert_eq!(found(&segment, &wanted).0, expected, "{key}={value} stored");
        assert_eq!(in_memory(&batch, &wanted), expected, "{key}={value} in memory");
    };
    check("route", "/cart", &|number| number % 3 == 0);
    check("route", "/car", &|_| false);
    check("user", "user-17", &|number| number == 17);
    check("user", "user-3001", &|_| false);
    check("status", "500", &|number| number % 5 == 0);
    check("ratio", "2.5", &|number| number == 10);
    check("cached", "true", &|number| number % 2 == 0);
    check("rare", "rare-1007", &|number| number == 1007);
    check("user", "second", &|number| number % 1000 == 7);
    check("user", "user-1007", &|number| number == 1007);
    check("route", "rare-2007", &|number| number == 2007);
    check("rare", "rare-1008", &|_| false);
    check("host.name", "host-3", &|number| number % 4 == 3);
    check("never.seen", "x", &|_| false);
}

#[test]
fn what_is_not_there_is_told_without_a_look_at_the_spans() {
    let segment = reopened(&encode_spans(&batch(9000)).expect("it encodes"));
    let cost = |key, value| {
        found(&segment, &Wanted { attributes: &[Pair::new(key, value)], ..EVERYTHING }).1
    };
    assert_eq!(cost("route", "/none"), 0, "by the dictionary");
    assert_eq!(cost("host.name", "none"), 0, "by the dictionary of resources");
    assert_eq!(cost("never.seen", "x"), 0, "by the names of columns and the filter");
    let absent = (10_000..10_100).map(|number| cost("user", format!("user-{number}").leak()));
    let read_for_nothing = absent.filter(|cost| *cost > 0).count();
    assert!(read_for_nothing < 20, "by the filters, but for {read_for_nothing} of 100");
    // Two columns of the page that it is in, since some spans have a second user; then three of the single row that is left.
    let present = cost("user", "user-17");
    assert!((2 * (9000 % PAGE_ROWS) + 3..=2 * PAGE_ROWS + 3).contains(&present), "{present}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn a_segment_has_what_a_look_at_each_span_finds(
        spans in 1u64..12_000,
        pairs in prop::sample::subsequence(vec![("route", "/cart"), ("status", "500"), ("cached", "false"), ("host.name", "host-1"), ("user", "user-33"), ("rare", "rare-2007")], 0..3),
        tier in prop::option::of(0u32..8),
        name in prop::option::of(prop::sample::select(vec!["GET /", "GET /cart", "GET"])),
        min_duration_ns in prop_oneof![Just(0), 0u64..1100],
        longer_ns in prop_oneof![Just(u64::MAX), 0u64..600],
        errors_only in any::<bool>(),
        from_ns in 0u64..6_000_000,
        length_ns in 0u64..12_000_000,
    ) {
        let batch = batch(spans);
        let segment = reopened(&encode_spans(&batch).expect("it encodes"));
        let attributes: Vec<Pair> = pairs.iter().map(|(key, value)| Pair::new(key, value)).collect();
        let wanted = Wanted {
            attributes: &attributes,
            application: Some(EntityId(1)),
            tier: tier.map(EntityId),
            name,
            min_duration_ns,
            max_duration_ns: min_duration_ns.saturating_add(longer_ns),
            errors_only,
            from_ns,
            to_ns: from_ns + length_ns,
        };
        prop_assert_eq!(found(&segment, &wanted).0, in_memory(&batch, &wanted));
    }
}
