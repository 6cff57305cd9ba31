use model::{attributes::Value, id::EntityId};

use super::{
    super::{Lacks, answer},
    page::logs_within,
    summary::log_summary_within,
};
use crate::{
    attribute,
    fixture::{ACCOUNT, Fixture, HOUR, log, log_query, trace},
    reader::{LOGGER, LogBar, LogFilter, LogQuery, LogSummary, LogSummaryQuery, Reader, Severity},
    segment::logs::Log,
};

const SECOND: u64 = 1_000_000_000;

/// Twelve records, one a second: every third an error of the tier 5 by `audit`, the others information of the tier 2 by
/// `web`; half of them in a segment.
fn fixture() -> Fixture {
    let mut fixture = Fixture::new();
    for half in [0..6u64, 6..12] {
        fixture.fill(|rows| half.clone().for_each(|second| rows.log(record(second))));
        if half.start == 0 {
            fixture.cut();
        }
    }
    fixture
}

fn record(second: u64) -> Log {
    let grave = second.is_multiple_of(3);
    let mut attributes = Vec::new();
    let logger = if grave { "audit" } else { "web" };
    attribute::encode(&mut attributes, LOGGER, Value::Str(logger));
    attribute::encode(&mut attributes, "order", Value::Int(second as i64 % 4));
    Log {
        tier: EntityId(if grave { 5 } else { 2 }),
        node: EntityId(if grave { 6 } else { 3 }),
        trace: grave.then(|| trace(second)),
        severity: if grave { 17 } else { 9 },
        attributes,
        ..log(second, &format!("Order {second} was {}", if grave { "LOST" } else { "sent" }))
    }
}

/// The seconds of the records that a filter takes, newest first.
fn seconds(filter: LogFilter) -> Vec<u64> {
    let query = LogQuery { filter, ..log_query(100) };
    let page = fixture().store.logs(&query).expect("it reads").value;
    page.rows.iter().map(|row| (row.at_ns - HOUR.start_ns()) / SECOND).collect()
}

#[test]
fn each_filter_takes_what_is_so() {
    let filter = LogFilter::default;
    assert_eq!(seconds(filter()).len(), 12);
    assert_eq!(seconds(LogFilter { tier: Some(EntityId(5)), ..filter() }), [9, 6, 3, 0]);
    assert_eq!(seconds(LogFilter { node: Some(EntityId(6)), ..filter() }), [9, 6, 3, 0]);
    assert_eq!(seconds(LogFilter { trace: Some(trace(6)), ..filter() }), [6]);
    let errors = LogFilter { severities: vec![Severity::Error, Severity::Fatal], ..filter() };
    assert_eq!(seconds(errors), [9, 6, 3, 0]);
    assert_eq!(seconds(LogFilter { logger: Some("audit".to_owned()), ..filter() }), [9, 6, 3, 0]);
    assert_eq!(seconds(LogFilter { text: "was lost".to_owned(), ..filter() }), [9, 6, 3, 0]);
    assert_eq!(seconds(LogFilter { text: "order 1".to_owned(), ..filter() }), [11, 10, 1]);
    let order = |value: &str| vec![("order".to_owned(), value.to_owned())];
    assert_eq!(seconds(LogFilter { attributes: order("3"), ..filter() }), [11, 7, 3]);
    let both = LogFilter { attributes: order("3"), tier: Some(EntityId(5)), ..filter() };
    assert_eq!(seconds(both), [3]);
    assert_eq!(seconds(LogFilter { text: "no such".to_owned(), ..filter() }), [0; 0]);
}

fn summary(filter: LogFilter) -> LogSummary {
    let query = LogSummaryQuery {
        account: ACCOUNT,
        filter,
        from_ns: HOUR.start_ns(),
        to_ns: HOUR.start_ns() + 60 * SECOND,
        bar_ns: 6 * SECOND,
        values: 1,
    };
    fixture().store.log_summary(&query).expect("it reads").value
}

#[test]
fn records_are_counted_over_time_and_by_what_they_are_of() {
    let found = summary(LogFilter::default());
    let bar = |second: u64| LogBar {
        at_ns: HOUR.start_ns() + second * SECOND,
        counts: [0, 0, 0, 4, 0, 2, 0],
    };
    assert_eq!(found.bars, [bar(0), bar(6)]);
    assert_eq!(found.severities, [0, 0, 0, 8, 0, 4, 0]);
    assert_eq!((found.tiers.values, found.tiers.others), (vec![(EntityId(2), 8)], 4));
    assert_eq!((found.nodes.values, found.nodes.others), (vec![(EntityId(3), 8)], 4));
    assert_eq!((found.loggers.values, found.loggers.others), (vec![("web".to_owned(), 8)], 4));
    assert_eq!(found.complete_from_ns, None);
}

#[test]
fn a_facet_counts_what_passes_all_filters_but_its_own() {
    let text = "order 1".to_owned();
    let found =
        summary(LogFilter { severities: vec![Severity::Error], text, ..LogFilter::default() });
    // Of the three none is an error: nothing is left over time, and the other severities could be chosen.
    assert_eq!(found.bars, []);
    assert_eq!(found.severities, [0, 0, 0, 3, 0, 0, 0]);
    assert_eq!(found.tiers.values, []);
    let found = summary(LogFilter { tier: Some(EntityId(5)), ..LogFilter::default() });
    assert_eq!(found.tiers.values, [(EntityId(2), 8)]);
    assert_eq!(found.severities, [0, 0, 0, 0, 0, 4, 0]);
    assert_eq!(found.nodes.values, [(EntityId(6), 4)]);
    let found = summary(LogFilter { application: Some(EntityId(77)), ..LogFilter::default() });
    assert_eq!((found.bars, found.tiers.values), (vec![], vec![]));
    assert_eq!(found.applications.values, [(EntityId(1), 12)]);
}

/// Segments of ten records, each ten seconds later, three of which are written out of order.
fn many() -> Fixture {
    let mut fixture = Fixture::new();
    for segment in [0u64, 3, 1, 2, 4, 5] {
        fixture.write(|rows| (0..10).for_each(|n| rows.log(record(10 * segment + n))));
    }
    fixture
}

#[test]
fn pages_that_end_where_looking_ended_go_on_until_all_was_seen() {
    let fixture = many();
    for limit in [3, 7, 100] {
        let filter = LogFilter { text: "lost".to_owned(), ..LogFilter::default() };
        let mut query = LogQuery { filter, ..log_query(limit) };
        let (mut seen, mut cut) = (Vec::new(), 0);
        loop {
            let find = |lacks: &mut Lacks| logs_within(&fixture.store, &query, 1, lacks);
            let page = answer(find).expect("it reads");
            cut += page.partial.len();
            assert!(page.value.rows.len() <= limit);
            seen.extend(page.value.rows.iter().map(|row| (row.at_ns - HOUR.start_ns()) / SECOND));
            let Some(next) = page.value.next else { break };
            assert!(query.before.is_none_or(|before| next < before), "it gets on");
            query.before = Some(next);
        }
        assert_eq!(seen, (0..60).rev().filter(|n| n % 3 == 0).collect::<Vec<u64>>(), "{limit}");
        assert!(cut > 0, "{limit}");
    }
}

#[test]
fn what_is_too_much_to_count_is_counted_down_to_a_time() {
    let fixture = many();
    let query = LogSummaryQuery {
        account: ACCOUNT,
        filter: LogFilter::default(),
        from_ns: 0,
        to_ns: u64::MAX,
        bar_ns: SECOND,
        values: 10,
    };
    let mut lacks = Lacks::default();
    let found = log_summary_within(&fixture.store, &query, 1, &mut lacks).expect("it reads");
    // The newest segment, which ends a second before 60, and nothing of the one before, which ends a second before 50.
    assert_eq!(found.severities.iter().sum::<u64>(), 10);
    assert_eq!(found.complete_from_ns, Some(HOUR.start_ns() + 49 * SECOND + 1));
}
