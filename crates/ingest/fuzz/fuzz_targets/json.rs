//! What any JSON became is protobuf within the cap, and is cut without a fault of the whole.
#![no_main]

use ingest::otlp::{
    Signal,
    json::to_protobuf,
    schema::{self, EXPORT_LOGS, EXPORT_METRICS, EXPORT_TRACE},
};
use libfuzzer_sys::fuzz_target;

mod cutting;

const CAP: usize = 1 << 20;

fuzz_target!(|json: &[u8]| {
    for (signal, message) in [
        (Signal::Traces, &EXPORT_TRACE),
        (Signal::Metrics, &EXPORT_METRICS),
        (Signal::Logs, &EXPORT_LOGS),
    ] {
        let Ok(request) = to_protobuf(json, message, CAP) else { continue };
        assert!(request.len() <= CAP);
        if let Err(error) = schema::check(&request, message) {
            assert!(error.spares_the_request(), "{error}");
        }
        cutting::cut_and_walk(signal, &request);
    }
});
