use model::{id::EntityId, time::Minute};

use super::*;
use crate::{
    fixture::{ACCOUNT, AFTER_MS, Fixture, HOUR, push_span, trace, transaction},
    reader::Reader as _,
};

fn span_query(limit: usize) -> SpanQuery {
    SpanQuery {
        account: ACCOUNT,
        application: None,
        tier: None,
        name: None,
        bt: None,
        attributes: Vec::new(),
        min_duration_ns: 0,
        max_duration_ns: u64::MAX,
        errors_only: false,
        from_ns: 0,
        to_ns: u64::MAX,
        before: None,
        limit,
    }
}

/// All pages of a query, whose spans come once each and newest first.
fn all_spans(fixture: &Fixture, mut query: SpanQuery) -> Vec<u64> {
    let mut seen: Vec<FoundSpan> = Vec::new();
    loop {
        let page = fixture.store.spans(&query).expect("it reads").value;
        assert!(page.rows.len() <= query.limit);
        seen.extend(page.rows);
        let Some(next) = page.next else { break };
        assert!(query.before.is_none_or(|before| next < before), "pages go on");
        query.before = Some(next);
    }
    let place = |span: &FoundSpan| (span.end_ns, span.trace, span.id);
    assert!(seen.is_sorted_by(|a, b| place(a) > place(b)), "newest first, each once");
    let mut ids: Vec<u64> = seen.iter().map(|span| span.id.0).collect();
    ids.sort_unstable();
    ids
}

#[test]
fn pages_of_spans_leave_none_out_whether_in_the_head_or_stored_or_late_or_twice() {
    let mut fixture = Fixture::new();
    let minute = |minute: u32| Minute(HOUR.0 + minute);
    for number in 1..=90u64 {
        // Many end in the same instant as others of their minute.
        fixture.fill(|rows| {
            push_span(&mut rows.spans, trace(number / 3), number, minute((number % 50) as u32))
        });
        if number % 20 == 0 {
            fixture.cut();
        }
    }
    // Most of a day late, and once more for a chosen trace.
    let day_before = Minute(HOUR.0 - 20 * 60);
    fixture.fill(|rows| {
        push_span(&mut rows.spans, trace(1000), 1000, day_before);
        push_span(&mut rows.snapshots, trace(5), 15, minute(15));
    });
    let everything: Vec<u64> = (1..=90).chain([1000]).collect();
    let check = |fixture: &Fixture, when: &str| {
        for limit in [1, 2, 7, 1000] {
            assert_eq!(all_spans(fixture, span_query(limit)), everything, "{limit} {when}");
        }
        let of_hour = SpanQuery { from_ns: HOUR.start_ns(), ..span_query(10) };
        assert_eq!(all_spans(fixture, of_hour).len(), 90, "{when}");
    };
    check(&fixture, "partly in the head");
    fixture.cut();
    check(&fixture, "in segments");
    fixture.upkeep(AFTER_MS);
    check(&fixture, "merged");
}

#[test]
fn spans_of_a_business_transaction_are_those_of_the_traces_that_entered_it() {
    let mut fixture = Fixture::new();
    for number in 1..=200u64 {
        fixture.fill(|rows| {
            push_span(&mut rows.spans, trace(number), number, HOUR);
            push_span(&mut rows.spans, trace(number), 1000 + number, HOUR);
            rows.traces.push(transaction(number, number % 7, 1 + (number % 10) as u32));
        });
        if number == 120 {
            fixture.cut();
        }
    }
    let of_bt = |bt: u32| SpanQuery { bt: Some(EntityId(bt)), ..span_query(3) };
    let expected: Vec<u64> =
        (1..=200).chain(1001..=1200).filter(|number| number % 10 == 3).collect();
    assert_eq!(all_spans(&fixture, of_bt(4)), expected);
    assert_eq!(all_spans(&fixture, of_bt(77)), Vec::<u64>::new());
}
