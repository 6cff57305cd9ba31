use proptest::prelude::*;

use super::*;
use crate::fixture::{log, reopened, trace};

fn read(segment: &Opened, time: std::ops::Range<u64>) -> Vec<Log> {
    let mut found = Vec::new();
    each_log(segment, time, |log| found.push(log)).expect("it reads");
    found
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn all_records_come_back_by_time(rows in prop::collection::vec((0u64..3000, ".*", prop::option::of(1u64..9), any::<Vec<u8>>()), 1..200)) {
        let row = |(second, body, of, attributes): (u64, String, Option<u64>, Vec<u8>)| Log {
            trace: of.map(trace),
            span: SpanId(of.unwrap_or(0)),
            attributes,
            ..log(second, &body)
        };
        let mut written: Vec<Log> = rows.into_iter().map(row).collect();
        let segment = reopened(&encode_logs(&mut written).expect("it encodes"));
        prop_assert_eq!(read(&segment, 0..u64::MAX), written);
    }
}

#[test]
fn row_groups_of_other_times_are_not_read() {
    let mut written: Vec<Log> = (0..3 * ROW_GROUP as u64).map(|second| log(second, "x")).collect();
    let segment = reopened(&encode_logs(&mut written).expect("it encodes"));
    let at_ns = log(ROW_GROUP as u64 + 5, "").at_ns;
    assert_eq!(read(&segment, at_ns..at_ns + 1).len(), ROW_GROUP);
}
