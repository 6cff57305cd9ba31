//! Bodies are decoded by prost from message definitions written here, not by the code that encoded them, and
//! counted again by what the spans say of themselves.

mod otlp;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use bytes::BytesMut;
use prost::Message;

use self::otlp::{Request, Span, text_of};
use super::expected::{Count, Place, Totals};
use super::generator::Generator;
use super::template::{Template, Templates};
use super::topology::Size;
use super::{Notation, Past, Shape, Spread};

const NOW: u64 = 1_790_000_000_000_000_000;

fn shape() -> Shape {
    Shape {
        namespace: "loadgen".to_owned(),
        size: Size::usual(10, 1),
        further_attributes: 0,
        hours: 0,
        past: Past::Quarter,
        instances: 4,
        spans: 8_000,
        spans_per_request: 1_000,
        seed: 7,
        spread: Spread::Whole,
        notation: Notation::Protobuf,
        late_fraction: 0.0,
    }
}

/// Bodies of every template once, and what they should count for.
fn bodies(shape: &Shape, stream: u64) -> (Vec<Vec<u8>>, Totals) {
    let templates = Arc::new(Templates::build(shape));
    let mut generator = Generator::new(shape, Arc::clone(&templates), stream);
    let (mut all, mut totals, mut buffers) =
        (Vec::new(), Totals::default(), Vec::<BytesMut>::new());
    for template in templates.full.iter().chain(&templates.rest) {
        generator.fill(template, NOW, &mut buffers);
        totals.add(&template.totals, 1);
        assert_eq!(spans_in(template), template.totals.spans);
        all.extend(buffers.iter().map(|b| b.to_vec()));
    }
    (all, totals)
}

fn spans_in(template: &Template) -> u64 {
    template.bodies.iter().map(|b| b.spans).sum()
}

/// Spans with the service they came from.
fn decode(bodies: &[Vec<u8>]) -> Vec<(String, Span)> {
    let requests =
        bodies.iter().map(|b| Request::decode(&b[..]).expect("the body is valid protobuf"));
    let mut spans = Vec::new();
    for group in requests.flat_map(|r| r.resource_spans) {
        let resource = group.resource.expect("each group has a resource").attributes;
        assert_eq!(resource.len(), 10);
        let service = text_of(&resource, "service.name").expect("a service name");
        spans.extend(
            group.scope_spans.into_iter().flat_map(|s| s.spans).map(|span| (service.clone(), span)),
        );
    }
    spans
}

/// Counts by what the spans say, knowing nothing of plans.
fn recount(spans: &[(String, Span)]) -> Totals {
    let mut totals = Totals { spans: spans.len() as u64, ..Totals::default() };
    totals.traces = spans.iter().map(|(_, s)| &s.trace_id).collect::<HashSet<_>>().len() as u64;
    for (service, span) in spans {
        let tier = Place::Tier(service.clone());
        let say = |key| span.text(key);
        let host_port = || {
            format!("{}:{}", say("server.address").unwrap(), span.number("server.port").unwrap())
        };
        let edge = match span.kind {
            3 if say("db.system").is_some() => Some((tier, Place::Backend(host_port()))),
            3 => Some((tier, Place::Tier(say("server.address").unwrap()))),
            4 => Some((tier, Place::Queue(say("messaging.destination.name").unwrap()))),
            5 => Some((Place::Queue(say("messaging.destination.name").unwrap()), tier)),
            _ => None,
        };
        let failed = span.status.as_ref().is_some_and(|s| s.code == 2);
        if let Some(edge) = edge {
            add(&mut totals.edges, edge, failed);
        }
        if matches!(span.kind, 2 | 5) {
            add(&mut totals.tiers, service.clone(), failed);
        }
        if span.kind == 2 && span.parent_span_id.is_empty() {
            let name =
                format!("{} {}", say("http.request.method").unwrap(), say("http.route").unwrap());
            add(&mut totals.business_transactions, (service.clone(), name), failed);
        }
    }
    totals
}

fn add<K: Ord>(counts: &mut BTreeMap<K, Count>, key: K, failed: bool) {
    let count = counts.entry(key).or_default();
    count.calls += 1;
    count.errors += u64::from(failed);
}

fn check_totals(shape: &Shape) {
    let (bodies, totals) = bodies(shape, 0);
    assert_eq!(recount(&decode(&bodies)), totals);
}

#[test]
fn expected_totals_are_what_the_spans_say() {
    check_totals(&shape());
    check_totals(&Shape {
        spans: 20_005,
        size: Size::usual(40, 1),
        instances: 2,
        seed: 11,
        ..shape()
    });
    check_totals(&Shape { spread: Spread::Agents, spans: 80_000, ..shape() });
    check_totals(&Shape { late_fraction: 0.1, ..shape() });
    check_totals(&Shape { spans: 10, spans_per_request: 10, ..shape() });
}

#[test]
fn about_one_trace_in_a_hundred_fails_and_all_services_take_part() {
    let (_, totals) = bodies(&Shape { spans: 16_000, ..shape() }, 0);
    let errors: u64 = totals.business_transactions.values().map(|c| c.errors).sum();
    assert_eq!((totals.traces, totals.tiers.len()), (1600, 10));
    assert!((8..=16).contains(&errors), "{errors} of 16 failing traces fail at the front door");
}

#[test]
fn parents_are_in_the_trace_and_ids_are_unique_across_streams() {
    let (mut first, _) = bodies(&shape(), 0);
    first.extend(bodies(&shape(), 1).0);
    let spans = decode(&first);
    let ids: HashSet<&[u8]> = spans.iter().map(|(_, s)| &s.span_id[..]).collect();
    assert_eq!(ids.len(), spans.len());
    let traces: HashMap<&[u8], &[u8]> =
        spans.iter().map(|(_, s)| (&s.span_id[..], &s.trace_id[..])).collect();
    for (_, span) in spans.iter().filter(|(_, s)| !s.parent_span_id.is_empty()) {
        assert_eq!(traces.get(&span.parent_span_id[..]), Some(&&span.trace_id[..]), "{span:?}");
    }
}

#[test]
fn traces_end_within_the_second_before_now_and_children_lie_in_their_parents() {
    let spans = decode(&bodies(&shape(), 0).0);
    let by_id: HashMap<&[u8], &Span> = spans.iter().map(|(_, s)| (&s.span_id[..], s)).collect();
    for (_, span) in &spans {
        assert!(
            span.start_time_unix_nano < span.end_time_unix_nano && span.end_time_unix_nano <= NOW
        );
        let parent = by_id.get(&span.parent_span_id[..]).filter(|_| span.kind != 5);
        assert!(parent.is_none_or(|p| p.start_time_unix_nano <= span.start_time_unix_nano));
        assert!(parent.is_none_or(|p| p.end_time_unix_nano >= span.end_time_unix_nano));
    }
    let mut ends = HashMap::<&[u8], u64>::new();
    for (_, span) in &spans {
        let end = ends.entry(&span.trace_id).or_default();
        *end = (*end).max(span.end_time_unix_nano);
    }
    assert!(ends.values().all(|end| NOW - end < 1_000_000_000));
}

#[test]
fn a_span_is_the_size_and_has_the_attributes_of_the_published_comparison() {
    let (bodies, totals) = bodies(&Shape { spans: 16_000, ..shape() }, 0);
    let size = bodies.iter().map(Vec::len).sum::<usize>() as f64 / totals.spans as f64;
    assert!((size / 566.0 - 1.0).abs() < 0.02, "{size} bytes a span");
    for (_, span) in decode(&bodies) {
        assert!(
            (11..=12).contains(&span.attributes.len()),
            "{} has {}",
            span.name,
            span.attributes.len()
        );
        assert!(span.text("enduser.id").is_some_and(|user| user.len() == "user-".len() + 8));
        let address = span.text("client.address").unwrap();
        assert!(address.parse::<std::net::Ipv4Addr>().is_ok(), "{address}");
    }
}

#[test]
fn further_attributes_are_on_every_span_and_of_few_and_of_many_values() {
    let (bodies, _) = bodies(&Shape { further_attributes: 4, ..shape() }, 0);
    let spans = decode(&bodies);
    assert!(spans.iter().all(|(_, span)| (15..=16).contains(&span.attributes.len())));
    let values = |key: &str| spans.iter().filter_map(|(_, s)| s.text(key)).collect::<HashSet<_>>();
    assert_eq!(values("app.detail.00").len(), 8);
    assert!(values("app.detail.03").len() > 500, "{}", values("app.detail.03").len());
}

#[test]
fn every_transaction_asked_for_is_sent() {
    let size = Size { services: 13, front_doors: 4, routes: 200 };
    let (_, totals) = bodies(&Shape { size, ..shape() }, 0);
    assert_eq!(totals.business_transactions.len(), 200);
    check_totals(&Shape { size, ..shape() });
}

#[test]
fn the_same_seed_gives_the_same_bytes_and_another_seed_other_ids() {
    assert!(bodies(&shape(), 3).0 == bodies(&shape(), 3).0);
    let ids = |seed| {
        decode(&bodies(&Shape { seed, ..shape() }, 3).0)
            .into_iter()
            .map(|(_, s)| s.span_id)
            .collect()
    };
    let (one, other): (BTreeSet<_>, BTreeSet<_>) = (ids(1), ids(2));
    assert!(one.is_disjoint(&other));
}

#[test]
fn agents_send_one_instance_a_request() {
    let (bodies, _) = bodies(&Shape { spread: Spread::Agents, spans: 40_000, ..shape() }, 0);
    assert!(bodies.iter().all(|b| Request::decode(&b[..]).unwrap().resource_spans.len() == 1));
    assert_eq!(bodies.len(), 40);
}

#[test]
fn late_spans_are_in_a_body_of_their_own() {
    let templates = Templates::build(&Shape { late_fraction: 0.2, ..shape() });
    for template in &templates.full {
        let late: u64 = template.bodies.iter().filter(|b| b.late).map(|b| b.spans).sum();
        assert_eq!(template.bodies.len(), 2);
        assert!((150..=250).contains(&late), "{late} of 1000 spans are late");
    }
    let punctual = Templates::build(&shape());
    assert!(punctual.full.iter().flat_map(|t| &t.bodies).all(|b| !b.late));
}

#[test]
fn json_says_the_same_as_protobuf() {
    let json = Shape { notation: Notation::Json, spans: 1_000, ..shape() };
    let (json_bodies, totals) = bodies(&json, 5);
    let (proto_bodies, _) = bodies(&Shape { notation: Notation::Protobuf, ..json }, 5);
    assert_eq!(totals.spans, 1_000);
    let document: serde_json::Value =
        serde_json::from_slice(&json_bodies[0]).expect("the body is valid JSON");
    let proto = Request::decode(&proto_bodies[0][..]).unwrap();
    assert_eq!(document, otlp::to_json(&proto));
}
