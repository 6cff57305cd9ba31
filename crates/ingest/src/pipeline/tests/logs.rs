//! Log records as agents send them, as readers see them.

use model::id::AccountId;
use telemetry_store::reader::{LOGGER, LogFilter, LogQuery, LogRow, OwnedValue, Reader};

use super::{agent::Agent, bench::Bench};
use crate::otlp::Signal;

fn stored(body: &str) -> LogRow {
    let mut bench = Bench::new();
    let log = Agent::new("shop").log((1, 1), bench.now_ms, body, None);
    bench.send(Signal::Logs, &log);
    bench.settle();
    let query = LogQuery {
        account: AccountId::FIRST,
        filter: LogFilter { logger: Some("test".to_owned()), ..LogFilter::default() },
        from_ns: 0,
        to_ns: u64::MAX,
        before: None,
        limit: 10,
    };
    let mut rows = bench.store().logs(&query).expect("the store answers").value.rows;
    assert_eq!(rows.len(), 1);
    rows.remove(0)
}

#[test]
fn a_record_tells_its_logger() {
    let row = stored("hello");
    let logger = (LOGGER.to_owned(), OwnedValue::Str("test".to_owned()));
    assert_eq!(row.attributes, [logger]);
}

#[test]
fn terminal_colours_are_not_stored_and_hide_no_secret() {
    assert_eq!(stored("\u{1b}[31mERROR\u{1b}[0m no\n\tat x").body, "ERROR no\n\tat x");
    let plain = stored("login with password=hunter2 refused").body;
    assert!(!plain.contains("hunter2"), "{plain}");
    assert_eq!(stored("login with password\u{1b}[1m=\u{1b}[0mhunter2 refused").body, plain);
}
