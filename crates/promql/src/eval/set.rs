//! `and`, `or` and `unless`: which series stay, by what the other side has at the same step.

use promql_parser::parser::token;

use super::matching::Matching;
use crate::value::{ABSENT, Stepped, is_absent};

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
    let by_key = matching.by_key(others);
    for one in series {
        let partners = by_key.get(&matching.key(&one.labels)).map_or(&[][..], Vec::as_slice);
        for (step, value) in one.values.iter_mut().enumerate() {
            let has = partners.iter().any(|at| !is_absent(others[*at].values[step]));
            if has != where_present {
                *value = ABSENT;
            }
        }
    }
}
