//! Recorded bodies of real agents (`testdata/agents`), as they came.

use std::path::PathBuf;

use crate::otlp::trace::RequestView;

fn path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../testdata/agents").join(name)
}

/// The bodies of a recording, in order of arrival.
pub(super) fn bodies(name: &str) -> Vec<Vec<u8>> {
    let bytes = std::fs::read(path(name)).expect("the recording is committed");
    let mut rest = bytes.as_slice();
    let mut bodies = Vec::new();
    while let Some((length, after)) = rest.split_first_chunk::<4>() {
        let (body, after) = after.split_at(u32::from_le_bytes(*length) as usize);
        bodies.push(body.to_vec());
        rest = after;
    }
    bodies
}

/// What the driver says it caused.
pub(super) fn expected(name: &str) -> serde_json::Value {
    let text = std::fs::read_to_string(path(name)).expect("the expectations are committed");
    serde_json::from_str(&text).expect("the expectations are JSON")
}

/// When the last span of a recording ended, Unix milliseconds.
pub(super) fn end_ms(bodies: &[Vec<u8>]) -> i64 {
    let last = bodies.iter().flat_map(|body| {
        let request = RequestView::read(body).expect("agents send sound bodies");
        let spans = request.resources().flat_map(|resource| {
            resource.expect("sound").scopes().flat_map(|scope| scope.expect("sound").spans())
        });
        spans.map(|span| span.expect("sound").end_ns).collect::<Vec<_>>()
    });
    i64::try_from(last.max().expect("there are spans") / 1_000_000).expect("a sane time")
}

/// The tier that a body comes from.
pub(super) fn tier(body: &[u8]) -> String {
    let request = RequestView::read(body).expect("agents send sound bodies");
    let resource = request.resources().next().expect("one resource").expect("sound");
    let attributes = resource.resource_attributes().expect("sound").read().expect("sound");
    attributes.text("service.name").expect("agents name their service").to_owned()
}
