//! What was cut from any bytes reads without a fault.
#![no_main]

use ingest::otlp::Signal;
use libfuzzer_sys::fuzz_target;

mod cutting;

fuzz_target!(|request: &[u8]| cutting::cut_and_walk(Signal::Logs, request));
