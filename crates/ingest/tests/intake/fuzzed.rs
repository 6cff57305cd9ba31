//! What the fuzz targets do, over sound bodies that are cut anywhere and of which any bit is another.

use ingest::otlp::Signal;

use crate::{fixture::sound_spans, fuzz_bodies};

const JSON: &[u8] = br#"{"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"shop"}}]},
"scopeSpans":[{"spans":[{"traceId":"5b8efff798038103d269b633813fc60c","spanId":"eee19b7ec3c1b174","name":"GET /","kind":2,
"startTimeUnixNano":"1799999999000000000","endTimeUnixNano":"1799999999500000000","status":{"code":2}}]}]}]}"#;

/// The body, all its beginnings, and all that differ from it in one bit.
fn variants(body: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    let cut = (0..=body.len()).map(|length| body[..length].to_vec());
    let flipped = (0..body.len() * 8).map(|bit| {
        let mut other = body.to_vec();
        other[bit / 8] ^= 1 << (bit % 8);
        other
    });
    cut.chain(flipped)
}

fn check(body: &[u8], target: impl Fn(&[u8])) {
    variants(body).for_each(|variant| target(&variant));
}

#[test]
fn any_bytes_of_protobuf_end_or_are_refused() {
    let spans = sound_spans();
    check(&spans, fuzz_bodies::wire);
    for signal in [Signal::Traces, Signal::Metrics, Signal::Logs] {
        check(&spans, |bytes| fuzz_bodies::cut_and_walk(signal, bytes));
    }
    check(&spans, fuzz_bodies::remote_write);
}

#[test]
fn any_bytes_of_json_become_sound_protobuf_or_are_refused() {
    check(JSON, fuzz_bodies::json);
}

#[test]
fn any_body_gets_an_answer_whatever_it_says_of_itself() {
    let choose = |choice: u8, body: &[u8]| fuzz_bodies::intake(&[&[choice], body].concat());
    for choice in 0..12 {
        // Of each choice every seventh, which are some hundreds.
        variants(&sound_spans()).step_by(7).for_each(|body| choose(choice, &body));
        variants(JSON).step_by(7).for_each(|body| choose(choice, &body));
    }
}
