use model::{
    id::{EntityId, SpanId, TraceId},
    span::{SpanKind, StatusCode},
};
use telemetry_store::reader::{OwnedValue, Span};

use super::*;

const MS: u64 = 1_000_000;

/// A span from `start` to `end` milliseconds; id 0 as parent means none.
fn span(id: u64, parent: u64, node: u32, kind: SpanKind, start: u64, end: u64) -> Span {
    Span {
        trace: TraceId([1; 16]),
        id: SpanId(id),
        parent: SpanId(parent),
        start_ns: start * MS,
        duration_ns: (end - start) * MS,
        kind,
        status: StatusCode::Unset,
        status_message: String::new(),
        flags: 0,
        name: format!("span {id}"),
        scope: String::new(),
        trace_state: String::new(),
        application: EntityId(1),
        tier: EntityId(node + 100),
        node: EntityId(node),
        attributes: Vec::new(),
        resource: Vec::new(),
        events: Vec::new(),
        links: Vec::new(),
    }
}

fn with(mut span: Span, attributes: &[(&str, &str)]) -> Span {
    let owned =
        |(key, value): &(&str, &str)| ((*key).to_owned(), OwnedValue::Str((*value).to_owned()));
    span.attributes = attributes.iter().map(owned).collect();
    span
}

use SpanKind::{Client, Consumer, Internal, Producer, Server};

/// `(id, start in ms from the trace's start, skew in ms)` by order of showing.
fn shown(spans: &[Span]) -> Vec<(u64, i128, i128)> {
    let waterfall = Waterfall::of(spans);
    let ms = i128::from(MS);
    let row = |row: &Row| {
        (spans[row.span].id.0, (row.start_ns - waterfall.start_ns) / ms, row.skew_ns / ms)
    };
    waterfall.rows.iter().map(row).collect()
}

#[test]
fn spans_are_shown_below_their_parents_by_start() {
    let spans = [
        span(3, 1, 1, Internal, 40, 50),
        span(1, 0, 1, Server, 0, 100),
        span(2, 1, 1, Internal, 10, 30),
        span(4, 2, 1, Internal, 15, 20),
    ];
    assert_eq!(shown(&spans), [(1, 0, 0), (2, 10, 0), (4, 15, 0), (3, 40, 0)]);
}

#[test]
fn a_callee_whose_clock_is_off_is_moved_into_its_call_with_all_below_it() {
    let spans = [
        span(1, 0, 1, Server, 1000, 1100),
        span(2, 1, 1, Client, 1010, 1090),
        span(3, 2, 2, Server, 400, 440),
        span(4, 3, 2, Internal, 410, 420),
    ];
    assert_eq!(shown(&spans), [(1, 0, 0), (2, 10, 0), (3, 30, 630), (4, 40, 630)]);
}

#[test]
fn a_message_may_be_handled_later_but_not_before_it_was_sent() {
    let later = [span(1, 0, 1, Producer, 100, 110), span(2, 1, 2, Consumer, 900, 950)];
    assert_eq!(shown(&later), [(1, 0, 0), (2, 800, 0)]);
    let before = [span(1, 0, 1, Producer, 100, 110), span(2, 1, 2, Consumer, 40, 50)];
    assert_eq!(shown(&before), [(1, 0, 0), (2, 0, 60)]);
}

#[test]
fn a_callee_that_outlasts_an_impatient_caller_stays_where_it_is() {
    let spans = [span(1, 0, 1, Client, 100, 110), span(2, 1, 2, Server, 102, 150)];
    assert_eq!(shown(&spans), [(1, 0, 0), (2, 2, 0)]);
}

#[test]
fn self_time_is_what_children_do_not_cover() {
    let spans = [
        span(1, 0, 1, Server, 0, 100),
        span(2, 1, 1, Internal, 10, 40),
        span(3, 1, 1, Internal, 30, 50),
        span(4, 1, 1, Internal, 90, 200),
    ];
    let waterfall = Waterfall::of(&spans);
    assert_eq!(waterfall.rows[0].self_ns, 50 * MS);
    assert_eq!(waterfall.duration_ns, u128::from(200 * MS));
}

#[test]
fn the_critical_path_runs_through_what_ended_last() {
    let spans = [
        span(1, 0, 1, Server, 0, 100),
        span(2, 1, 1, Internal, 0, 40),
        span(3, 1, 1, Internal, 0, 20),
        span(4, 1, 1, Internal, 45, 95),
        span(5, 4, 1, Internal, 50, 60),
        span(6, 1, 1, Internal, 50, 300),
    ];
    let waterfall = Waterfall::of(&spans);
    let critical: Vec<u64> =
        waterfall.rows.iter().filter(|row| row.critical).map(|row| spans[row.span].id.0).collect();
    assert_eq!(critical, [1, 2, 4, 5]);
}

#[test]
fn what_ends_a_moment_after_the_answer_is_on_the_critical_path() {
    let spans = [
        span(1, 0, 1, Server, 0, 1000),
        span(2, 1, 1, Internal, 2, 1005),
        span(3, 2, 1, Internal, 2, 1004),
        // It went on for longer than a moment.
        span(4, 1, 1, Internal, 900, 1020),
    ];
    let rows = Waterfall::of(&spans).rows;
    let critical = rows.iter().filter(|row| row.critical).map(|row| spans[row.span].id.0);
    assert_eq!(critical.collect::<Vec<u64>>(), [1, 2, 3]);
    // As an agent of Node.js sent it: the handler's span ended 0.8 ms after that of the request.
    let spans = [span(1, 0, 1, Server, 54_000, 141_993), span(2, 1, 1, Internal, 60_000, 142_826)];
    assert!(Waterfall::of(&spans).rows.iter().all(|row| row.critical));
}

#[test]
fn rings_orphans_and_repeated_ids_all_have_a_place() {
    let spans = [
        span(1, 2, 1, Internal, 0, 10),
        span(2, 1, 1, Internal, 0, 10),
        span(3, 3, 1, Internal, 0, 10),
        span(4, 99, 1, Internal, 0, 10),
        span(4, 1, 1, Internal, 0, 10),
    ];
    assert_eq!(Waterfall::of(&spans).rows.len(), spans.len());
}

#[test]
fn a_chain_as_long_as_a_trace_may_be_is_arranged() {
    let spans: Vec<Span> = (1..=10_000).map(|id| span(id, id - 1, 1, Client, 0, 10)).collect();
    assert_eq!(Waterfall::of(&spans).rows.len(), 10_000);
    assert!(Waterfall::of(&[]).rows.is_empty());
}

fn roles(spans: &[Span]) -> Vec<Role> {
    let waterfall = Waterfall::of(spans);
    let mut rows = waterfall.rows;
    rows.sort_by_key(|row| row.span);
    rows.into_iter().map(|row| row.role).collect()
}

#[test]
fn a_call_is_one_exit_with_its_inner_spans_as_transport_and_knows_who_answered() {
    let http = [("http.request.method", "GET"), ("server.address", "stock"), ("server.port", "80")];
    let spans = [
        span(1, 0, 1, Server, 0, 100),
        with(span(2, 1, 1, Client, 10, 90), &http),
        with(span(3, 2, 1, Client, 11, 89), &http),
        span(4, 3, 2, Server, 20, 80),
        with(
            span(5, 4, 2, Client, 30, 40),
            &[("db.system.name", "mysql"), ("server.address", "db1"), ("db.namespace", "shop")],
        ),
    ];
    let roles = roles(&spans);
    assert_eq!((&roles[0], &roles[2], &roles[3]), (&Role::Entry, &Role::Transport, &Role::Entry));
    let Role::Exit(call) = &roles[1] else { panic!("{:?}", roles[1]) };
    assert_eq!((call.category, call.answered_by), ("HTTP", Some(3)));
    let Role::Exit(query) = &roles[4] else { panic!("{:?}", roles[4]) };
    assert_eq!((query.category, query.identity.as_str()), ("DATABASE", "mysql db1:3306/shop"));
}

#[test]
fn work_within_a_process_is_no_second_entry() {
    let spans = [
        span(1, 0, 1, Server, 0, 100),
        span(2, 1, 1, Server, 0, 90),
        span(3, 2, 1, Internal, 0, 80),
    ];
    assert_eq!(roles(&spans), [Role::Entry, Role::Internal, Role::Internal]);
}
