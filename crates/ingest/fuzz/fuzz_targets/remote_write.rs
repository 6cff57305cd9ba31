//! What remote writes are converted to is cut and read without a fault, whatever the bytes.
#![no_main]

use ingest::{
    otlp::Signal,
    remote_write::{Version, convert},
};
use libfuzzer_sys::fuzz_target;

mod cutting;

fuzz_target!(|request: &[u8]| {
    for version in [Version::V1, Version::V2] {
        if let Ok(converted) = convert(version, request, 1 << 20) {
            cutting::cut_and_walk(Signal::Metrics, &converted.samples);
            cutting::cut_and_walk(Signal::Metrics, &converted.histograms);
        }
    }
});
