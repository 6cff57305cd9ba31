use model::span::{SnapshotReason, SpanKind, StatusCode};

use super::*;

const MS: u64 = 1_000_000;

fn span(id: u64, parent: u64, kind: SpanKind, tier: u32) -> Span {
    Span {
        trace: TraceId([1; 16]),
        id: SpanId(id),
        parent: SpanId(parent),
        start_ns: 1_700_000_000_000 * MS + id * MS,
        duration_ns: MS,
        kind,
        status: StatusCode::Unset,
        status_message: String::new(),
        flags: 0,
        name: format!("span {id}"),
        scope: String::new(),
        trace_state: String::new(),
        application: EntityId(1),
        tier: EntityId(tier),
        node: EntityId(tier + 100),
        attributes: Vec::new(),
        resource: Vec::new(),
        events: Vec::new(),
        links: Vec::new(),
    }
}

fn transaction(entry: &Span) -> TraceRow {
    TraceRow {
        trace: entry.trace,
        entry: entry.id,
        application: entry.application,
        bt: EntityId(8),
        tier: entry.tier,
        node: entry.node,
        end_ns: entry.start_ns + entry.duration_ns,
        duration_us: entry.duration_ns / 1000,
        outcome: Outcome::Normal,
        reason: SnapshotReason::Periodic,
        spans: 1,
    }
}

/// Tiers called one by another, each by one call: server, client, server, client, …
fn chain(tiers: u32) -> Vec<Span> {
    let kinds =
        (0..2 * tiers).map(|at| (at, [SpanKind::Server, SpanKind::Client][at as usize % 2]));
    let link = |(at, kind)| span(u64::from(at) + 1, u64::from(at), kind, at / 2 + 1);
    kinds.map(link).collect()
}

#[test]
fn a_call_chain_names_the_tiers_on_the_way() {
    let spans = chain(3);
    let segments = Segments::of(&spans, &transaction(&spans[0])).unwrap();
    let chains: Vec<String> = segments.all().map(|(_, segment)| segment.chain).collect();
    assert_eq!(
        chains,
        [
            "Component:1",
            "Component:1|Exit Call:CUSTOM|To:2|Component:2",
            "Component:1|Exit Call:CUSTOM|To:2|Component:2|Exit Call:CUSTOM|To:3|Component:3",
        ]
    );
}

#[test]
fn segments_of_another_application_or_another_transaction_are_not_its_own() {
    let mut spans = chain(3);
    spans[4].application = EntityId(2);
    spans[5].application = EntityId(2);
    spans.push(span(90, 0, SpanKind::Server, 9));
    let segments = Segments::of(&spans, &transaction(&spans[0])).unwrap();
    let tiers: Vec<u32> = segments.all().map(|(_, segment)| segment.tier.0).collect();
    assert_eq!(tiers, [1, 2]);
    assert_eq!(segments.of_transaction().count(), 6);
}

#[test]
fn ids_are_in_the_order_of_time_and_exact_in_a_json_number() {
    let spans = chain(40);
    let segments = Segments::of(&spans, &transaction(&spans[0])).unwrap();
    let ids: Vec<u64> = segments.all().map(|(_, segment)| segment.id).collect();
    assert!(ids.is_sorted() && ids.iter().all(|id| *id < 1 << 53), "{ids:?}");
}

/// Walking up from each span would take minutes.
#[test]
fn a_chain_as_deep_as_its_trace_is_walked_once() {
    let spans = chain(50_000);
    let segments = Segments::of(&spans, &transaction(&spans[0])).unwrap();
    let (mut count, mut rows) = (0, 0);
    for (entry, segment) in segments.all() {
        count += 1;
        rows += segments.rows(entry).count();
        assert!(segment.chain.len() < 4000);
    }
    assert_eq!((count, rows), (50_000, 100_000));
}
