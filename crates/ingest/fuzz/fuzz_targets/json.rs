#![no_main]

use libfuzzer_sys::fuzz_target;

mod bodies;

fuzz_target!(|bytes: &[u8]| bodies::json(bytes));
