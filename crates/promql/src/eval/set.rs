//! `and`, `or` and `unless`: which series stay, by what the other side has at the same step.

use promql_parser::parser::token;

use super::matching::Matching;
use rustc_hash::FxHashMap;

use crate::{
    labels::Labels,
    value::{ABSENT, Stepped},
};

/// The series of a set operator.
pub(super) fn combine(
    operator: token::TokenId,
    matching: &Matching<'_>,
    mut left: Vec<Stepped>,
    mut right: Vec<Stepped>,
) -> Vec<Stepped> {
    if operator == token::T_LOR {
        keep(&mut right, &left, matching, false);
        left.append(&mut right);
    } else {
        keep(&mut left, &right, matching, operator == token::T_LAND);
    }
    left.retain(|one| !one.is_empty());
    left
}

/// Leaves the values for which the other side has one, or has none.
fn keep(series: &mut [Stepped], others: &[Stepped], matching: &Matching<'_>, where_present: bool) {
    // By key whether some series of it has a value, step by step.
    let mut by_key: FxHashMap<Labels, Vec<bool>> = FxHashMap::default();
    for other in others {
        let has = by_key.entry(matching.key(&other.labels));
        let has = has.or_insert_with(|| vec![false; other.values.len()]);
        other.present().for_each(|(step, _)| has[step] = true);
    }
    for one in series {
        let others_have = by_key.get(&matching.key(&one.labels));
        for (step, value) in one.values.iter_mut().enumerate() {
            if others_have.is_some_and(|has| has[step]) != where_present {
                *value = ABSENT;
            }
        }
    }
}
