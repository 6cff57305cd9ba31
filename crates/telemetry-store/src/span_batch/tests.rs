use model::time::Minute;

use super::*;
use crate::fixture::{push_span, trace};

#[test]
fn rows_stay_in_the_order_they_came_in_whatever_parts_they_lie() {
    let mut batch = SpanBatch::default();
    let mut id = 0;
    for rows in [3, 2000, 5, 9000, 1, 1200, 0, 40] {
        let mut other = SpanBatch::default();
        for _ in 0..rows {
            id += 1;
            push_span(&mut other, trace(id % 7), id, Minute(60));
        }
        batch.absorb(other);
    }
    assert_eq!(batch.len() as u64, id);
    assert!((0..batch.len()).all(|at| batch.row(at).id.0 == at as u64 + 1));
    let of_two: Vec<u64> =
        batch.rows_of(&BTreeSet::from([trace(2), trace(5)])).map(|row| row.id.0).collect();
    assert_eq!(of_two, (1..=id).filter(|id| [2, 5].contains(&(id % 7))).collect::<Vec<_>>());
    let keys: Vec<_> = batch
        .order()
        .into_iter()
        .map(|(part, at)| batch.parts()[part as usize].key(at as usize))
        .collect();
    assert!(keys.len() == batch.len() && keys.is_sorted());
}
