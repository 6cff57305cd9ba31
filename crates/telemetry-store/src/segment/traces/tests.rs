use proptest::prelude::*;

use super::*;
use crate::fixture::{reopened, transaction};

fn read(segment: &Opened, wanted: &Wanted) -> Vec<TraceRow> {
    let mut found = Vec::new();
    each_trace(segment, wanted, |row| found.push(row)).expect("it reads");
    found.sort_by_key(|row| (row.end_ns, row.trace));
    found
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn all_transactions_come_back(rows in prop::collection::vec((0u64..3000, 0u32..5, 0u8..5, 0u8..7), 1..200)) {
        let rows = (0..).zip(rows).map(|(number, (second, bt, outcome, reason))| TraceRow {
            outcome: Outcome::from_number(outcome).expect("five outcomes have numbers"),
            reason: SnapshotReason::from_number(reason),
            ..transaction(number, second, bt)
        });
        let mut written: Vec<TraceRow> = rows.collect();
        let segment = reopened(&encode_traces(&mut written).expect("it encodes"));
        written.sort_by_key(|row| (row.end_ns, row.trace));
        prop_assert_eq!(read(&segment, &Wanted::ALL), written);
    }
}

#[test]
fn a_row_group_of_other_transactions_is_not_read() {
    let row =
        |number: u64| transaction(number, number % 3000, 1 + (number / ROW_GROUP as u64) as u32);
    let mut written: Vec<TraceRow> = (0..3 * ROW_GROUP as u64).map(row).collect();
    let segment = reopened(&encode_traces(&mut written).expect("it encodes"));
    let wanted = Wanted { bt: Some(EntityId(2)), ..Wanted::ALL };
    let found = read(&segment, &wanted);
    assert_eq!(found.len(), ROW_GROUP);
    assert!(found.iter().all(|row| row.bt == EntityId(2)));
    let long_ago = Wanted { to_ns: 5, ..Wanted::ALL };
    assert_eq!(read(&segment, &long_ago).len(), 0);
}

#[test]
fn of_two_rows_about_a_transaction_under_one_name_the_last_stays() {
    let (first, other) = (transaction(1, 5, 1), transaction(1, 5, 2));
    let last = TraceRow { spans: 9, ..first };
    assert_eq!(newest_of([first, transaction(2, 5, 1), last]), [transaction(2, 5, 1), last]);
    assert_eq!(newest_of([first, other, last]), [other, last]);
}
