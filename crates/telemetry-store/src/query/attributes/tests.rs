use model::{
    id::{EntityId, SpanId},
    span::{SpanKind, StatusCode},
    time::Minute,
};

use super::*;
use crate::{
    attribute,
    fixture::{ACCOUNT, Fixture, HOUR, trace},
    reader::Reader as _,
    span_batch::{Attributes, SpanRow},
};

fn encoded(list: &[(&str, Value<'_>)]) -> Vec<u8> {
    let mut bytes = Vec::new();
    list.iter().for_each(|(key, value)| attribute::encode(&mut bytes, key, *value));
    bytes
}

/// One span of a tier with a route, a status, something cached one time in two, a list, and the host of its resource.
fn push(batch: &mut SpanBatch, number: u64, tier: u32, minute: Minute) {
    let route = format!("/route/{}", number % 3);
    let mut list = vec![
        ("http.route", Value::Str(&route)),
        ("http.status", Value::Int(200 + (number % 2) as i64 * 300)),
        ("tags", Value::Encoded(&[1, 2])),
    ];
    if number.is_multiple_of(2) {
        list.push(("cached", Value::Bool(true)));
    }
    batch.push(&SpanRow {
        trace: trace(number),
        id: SpanId(number),
        parent: SpanId::NONE,
        start_ns: minute.start_ns() + number,
        duration_ns: 5,
        kind: SpanKind::Server,
        status: StatusCode::Unset,
        flags: 0,
        application: EntityId(1),
        tier: EntityId(tier),
        node: EntityId(3),
        name: "GET /",
        scope: "",
        trace_state: "",
        status_message: "",
        resource: &encoded(&[("host.name", Value::Str(&format!("host-{tier}")))]),
        resource_id: 0,
        attributes: Attributes::Encoded(&encoded(&list)),
        events: &[],
        links: &[],
    });
}

fn query(key: Option<&str>, part: &str) -> AttributeQuery {
    AttributeQuery {
        account: ACCOUNT,
        application: None,
        tier: None,
        key: key.map(str::to_owned),
        part: part.to_owned(),
        from_ns: 0,
        to_ns: u64::MAX,
        limit: 10,
    }
}

fn ask(fixture: &Fixture, query: &AttributeQuery) -> AttributeSample {
    fixture.store.attributes(query).expect("it reads").value
}

fn lines(sample: &AttributeSample) -> String {
    let line = |(text, spans): &(String, u64)| format!("{text} {spans}");
    sample.found.iter().map(line).collect::<Vec<_>>().join(", ")
}

#[test]
fn keys_and_values_are_those_of_the_spans_in_the_head_and_in_segments() {
    let mut fixture = Fixture::new();
    for number in 1..=60 {
        fixture.fill(|rows| push(&mut rows.spans, number, 2 + (number % 2) as u32, HOUR));
        if number == 30 {
            fixture.cut();
        }
    }
    let check = |fixture: &Fixture, query: AttributeQuery, expected: &str| {
        let sample = ask(fixture, &query);
        assert_eq!(lines(&sample), expected, "{query:?}");
        sample
    };
    for when in ["half in the head", "all in segments"] {
        let keys = "host.name 60, http.route 60, http.status 60, cached 30";
        let keys = check(&fixture, query(None, ""), keys);
        assert_eq!((keys.spans, keys.whole, keys.more), (60, true, false), "{when}");
        let first_ns = HOUR.start_ns() + 1 + 5;
        assert_eq!(keys.ends_ns, Some((first_ns, first_ns + 59)), "{when}");
        check(&fixture, query(None, "HTTP."), "http.route 60, http.status 60");
        check(&fixture, query(Some("http.status"), ""), "200 30, 500 30");
        check(&fixture, query(Some("host.name"), "-2"), "host-2 30");
        check(&fixture, query(Some("cached"), ""), "true 30");
        check(&fixture, query(Some("tags"), ""), "");
        check(&fixture, query(Some("http"), ""), "");
        let of_tier = AttributeQuery { tier: Some(EntityId(3)), ..query(Some("http.status"), "") };
        assert_eq!(check(&fixture, of_tier, "500 30").spans, 30, "{when}");
        let later = AttributeQuery { from_ns: HOUR.start_ns() + 56, ..query(Some("cached"), "") };
        check(&fixture, later, "true 5");
        let one = AttributeQuery { limit: 1, ..query(Some("http.route"), "") };
        assert!(check(&fixture, one, "/route/0 20").more, "{when}");
        fixture.cut();
    }
}

#[test]
fn of_many_spans_some_are_looked_at_from_all_over_the_range_and_the_answer_says_so() {
    let mut fixture = Fixture::new();
    // More segments than are looked into, with more spans than are looked at.
    for cut in 0..30u64 {
        fixture.write(|rows| {
            let minute = Minute(HOUR.0 + cut as u32);
            (0..1000).for_each(|number| push(&mut rows.spans, cut * 1000 + number, 2, minute));
        });
    }
    let keys = ask(&fixture, &query(None, ""));
    assert_eq!((keys.spans, keys.whole), ((ROWS_OF_ALL / SEGMENTS * SEGMENTS) as u64, false));
    let (oldest_ns, newest_ns) = keys.ends_ns.expect("spans were met");
    assert_eq!((Minute::of_ns(oldest_ns), Minute::of_ns(newest_ns)), (HOUR, Minute(HOUR.0 + 29)));
    let values = ask(&fixture, &query(Some("http.route"), ""));
    assert_eq!((values.spans, values.found.len()), (SEGMENTS as u64 * 1000, 3));
    fixture.fill(|rows| (0..20_000).for_each(|number| push(&mut rows.spans, number, 9, HOUR)));
    let of_head = AttributeQuery { tier: Some(EntityId(9)), ..query(None, "") };
    assert_eq!(ask(&fixture, &of_head).spans, IN_HEAD as u64);
}

#[test]
fn places_are_spread_from_the_first_to_the_last() {
    let check = |count, most, expected: &[usize]| {
        assert_eq!(spread(count, most).collect::<Vec<_>>(), expected, "{most} of {count}");
    };
    check(0, 8, &[]);
    check(1, 8, &[0]);
    check(3, 8, &[0, 1, 2]);
    check(9, 3, &[0, 4, 8]);
    check(9, 1, &[0]);
}
