//! Any bytes end or are refused, and what was read adds up.
#![no_main]

use ingest::otlp::wire::Fields;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let mut read = 0;
    for entry in Fields::new(bytes, "Fuzzed") {
        match entry {
            Ok(entry) => read += entry.whole.len(),
            Err(error) => {
                assert!(error.at >= read);
                return;
            }
        }
    }
    assert_eq!(read, bytes.len());
});
