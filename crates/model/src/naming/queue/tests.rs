//! Queues as agents send them.

use expect_test::{Expect, expect};

use super::*;
use crate::attributes::Value;
use crate::conventions::{SpanView, facts};
use crate::recorded::{PYTHON, SHOP, all_spans, span};
use crate::span::{SpanKind, StatusCode};

fn check(expected: Expect) {
    let mut table: Vec<String> = all_spans()
        .filter_map(|span| {
            let queue = identity(&facts(&span.view()))?;
            Some(format!("{} {:?} '{}': {}", span.tier, span.kind, span.name, queue.name()))
        })
        .collect();
    table.dedup();
    expected.assert_eq(&(table.join("\n") + "\n"));
}

#[test]
fn producers_and_consumers_meet_at_one_queue() {
    check(expect![[r#"
        worker Consumer 'jobs receive': rabbitmq jobs
        shop Producer 'jobs send': rabbitmq jobs
        shop Producer 'apply_async/tasks.mail': celery celery
        mailer Consumer 'run/tasks.mail': celery celery
        nodeweb Producer 'publish <default>': rabbitmq njobs
        nodeweb Consumer 'njobs process': rabbitmq njobs
        desk Producer 'apply_async/letters.send': celery celery
        desk Producer 'apply_async/letters.lose': celery celery
        worker Consumer 'run/letters.send': celery celery
        worker Consumer 'run/letters.lose': celery celery
        fulfilment Producer 'events send': rabbitmq events
        fulfilment Consumer 'orders receive': rabbitmq orders
        order Producer 'publish <default>': rabbitmq orders
        notify Consumer 'parcels process': rabbitmq events
    "#]]);
}

fn receive(attributes: &[(&'static str, Value<'static>)]) -> bool {
    let attributes = attributes.iter().copied().collect();
    is_empty_poll(&facts(&SpanView {
        name: "recv",
        kind: SpanKind::Consumer,
        scope: "opentelemetry.instrumentation.confluent_kafka",
        status: StatusCode::Unset,
        trace_state: "",
        flags: 0,
        attributes: &attributes,
    }))
}

#[test]
fn a_poll_that_got_nothing_is_empty() {
    assert!(receive(&[("messaging.batch.message_count", Value::Int(0))]));
    assert!(receive(&[]));
    assert!(!receive(&[("messaging.destination.name", Value::Str("orders"))]));
    assert!(!receive(&[("messaging.batch.message_count", Value::Int(2))]));
    assert!(!is_empty_poll(&facts(&span(PYTHON.line("worker CONS 'jobs receive'")).view())));
}

#[test]
fn a_message_received_and_processed_counts_on_process() {
    let received = span(SHOP.line("fulfilment CONS 'orders receive'"));
    let text = SHOP.line("fulfilment CONS 'orders receive'").replace("\"receive\"", "\"process\"");
    let processed = span(&text);
    let (received, processed) = (facts(&received.view()), facts(&processed.view()));
    assert!(supersedes(&processed, &received));
    assert!(!supersedes(&received, &processed));
    assert!(!supersedes(&processed, &processed));
}
