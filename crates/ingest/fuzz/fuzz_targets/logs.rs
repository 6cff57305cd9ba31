#![no_main]

use ingest::otlp::Signal;
use libfuzzer_sys::fuzz_target;

mod bodies;

fuzz_target!(|bytes: &[u8]| bodies::cut_and_walk(Signal::Logs, bytes));
