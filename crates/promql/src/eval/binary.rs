//! Binary operators.
//!
//! [Operators](https://prometheus.io/docs/prometheus/2.42/querying/operators/): arithmetic, comparisons that filter or,
//! with `bool`, answer 0 or 1, and sets.

use promql_parser::parser::{BinaryExpr, token};
use rustc_hash::{FxHashMap, FxHashSet};

use super::{Evaluator, expected, matching::Matching, set, unique};
use crate::{
    Error,
    labels::Labels,
    value::{ABSENT, Stepped, Steps, Value, is_absent},
};

/// An operator between two numbers.
#[derive(Clone, Copy, Debug)]
struct Operator {
    id: token::TokenId,
    /// A comparison that answers 0 or 1.
    is_bool: bool,
}

impl Operator {
    fn is_comparison(self) -> bool {
        use token::{T_EQLC, T_GTE, T_GTR, T_LSS, T_LTE, T_NEQ};
        matches!(self.id, T_EQLC | T_NEQ | T_LTE | T_LSS | T_GTE | T_GTR)
    }

    /// Whether what it results in still is what a series' name says.
    fn keeps_names(self) -> bool {
        self.is_comparison() && !self.is_bool
    }

    /// What two numbers make; of a comparison that filters `kept`, where it holds.
    fn apply(self, left: f64, right: f64, kept: f64) -> Option<f64> {
        let compared = |holds: bool| match self.is_bool {
            true => Some(f64::from(u8::from(holds))),
            false => holds.then_some(kept),
        };
        match self.id {
            token::T_ADD => Some(left + right),
            token::T_SUB => Some(left - right),
            token::T_MUL => Some(left * right),
            token::T_DIV => Some(left / right),
            token::T_MOD => Some(left % right),
            token::T_POW => Some(left.powf(right)),
            token::T_ATAN2 => Some(left.atan2(right)),
            token::T_EQLC => compared(left == right),
            token::T_NEQ => compared(left != right),
            token::T_LTE => compared(left <= right),
            token::T_LSS => compared(left < right),
            token::T_GTE => compared(left >= right),
            token::T_GTR => compared(left > right),
            _ => None,
        }
    }
}

impl Evaluator<'_> {
    pub(super) fn binary(&self, binary: &BinaryExpr, steps: &Steps) -> Result<Value, Error> {
        let left = self.eval(&binary.lhs, steps)?;
        let right = self.eval(&binary.rhs, steps)?;
        let modifier = binary.modifier.as_ref();
        let is_bool = modifier.is_some_and(|modifier| modifier.return_bool);
        let operator = Operator { id: binary.op.id(), is_bool };
        if modifier.is_some_and(|modifier| modifier.fill_values != Default::default()) {
            return Err(Error::bad("fill modifiers are not supported"));
        }
        let matching = Matching::new(modifier);
        match (left, right) {
            (Value::Scalar(left), Value::Scalar(right)) => {
                let both = left.into_iter().zip(right);
                let values = both.map(|(l, r)| operator.apply(l, r, l).unwrap_or(f64::NAN));
                Ok(Value::Scalar(values.collect()))
            }
            (Value::Vector(series), Value::Scalar(numbers)) => {
                with_numbers(series, operator, |value, step| {
                    operator.apply(value, numbers[step], value)
                })
            }
            (Value::Scalar(numbers), Value::Vector(series)) => {
                with_numbers(series, operator, |value, step| {
                    operator.apply(numbers[step], value, value)
                })
            }
            (Value::Vector(left), Value::Vector(right)) => match operator.id {
                token::T_LAND | token::T_LOR | token::T_LUNLESS => {
                    Ok(Value::Vector(set::combine(operator.id, &matching, left, right)))
                }
                _ => self.pairs(operator, &matching, left, right, steps).map(Value::Vector),
            },
            _ => Err(expected("scalars or instant vectors", &binary.lhs)),
        }
    }

    fn pairs(
        &self,
        operator: Operator,
        matching: &Matching<'_>,
        left: Vec<Stepped>,
        right: Vec<Stepped>,
        steps: &Steps,
    ) -> Result<Vec<Stepped>, Error> {
        let swapped = matching.many_on_the_right();
        let (many, ones) = if swapped { (right, left) } else { (left, right) };
        let ones = OneSide::new(matching, &ones, steps, if swapped { "left" } else { "right" })?;
        let mut results: Vec<Stepped> = Vec::new();
        let mut places: FxHashMap<Labels, usize> = FxHashMap::default();
        // Keys that have a partner already, where each may have one.
        let mut taken: FxHashSet<(usize, usize)> = FxHashSet::default();
        for series in &many {
            self.limits.go_on()?;
            let Some(group) = ones.group(matching, &series.labels) else { continue };
            for (step, value) in series.present() {
                let Some(one) = ones.at(group, step) else { continue };
                let other = one.values[step];
                let (l, r) = if swapped { (other, value) } else { (value, other) };
                let Some(result) = operator.apply(l, r, l) else { continue };
                if matching.taken_over().is_none() && !taken.insert((group.number, step)) {
                    return Err(Error::execution(
                        "multiple matches for labels: many-to-one matching must be explicit (group_left/group_right)",
                    ));
                }
                let labels = matching.result(&series.labels, &one.labels, operator.keeps_names());
                let at = *places.entry(labels).or_insert_with_key(|labels| {
                    let values = vec![ABSENT; steps.count];
                    results.push(Stepped { labels: labels.clone(), values });
                    results.len() - 1
                });
                let place = &mut results[at].values[step];
                if !is_absent(*place) {
                    return Err(Error::execution(
                        "multiple matches for labels: grouping labels must ensure unique matches",
                    ));
                }
                *place = result;
            }
        }
        self.limits.points(results.len(), steps.count)?;
        Ok(results)
    }
}

fn with_numbers(
    mut series: Vec<Stepped>,
    operator: Operator,
    of: impl Fn(f64, usize) -> Option<f64>,
) -> Result<Value, Error> {
    for one in &mut series {
        for (step, value) in one.values.iter_mut().enumerate() {
            if !is_absent(*value) {
                *value = of(*value, step).unwrap_or(ABSENT);
            }
        }
    }
    series.retain(|one| !one.is_empty());
    let series = match operator.keeps_names() {
        true => series,
        false => unique::without_names(series)?,
    };
    Ok(Value::Vector(series))
}

/// The side of which at most one series may have a value for a key at a step.
struct OneSide<'s> {
    series: &'s [Stepped],
    groups: FxHashMap<Labels, Group>,
}

/// The series of one key.
struct Group {
    /// The key's number.
    number: usize,
    /// Which of the series has a value, step by step.
    places: Vec<Option<usize>>,
}

impl<'s> OneSide<'s> {
    fn new(
        matching: &Matching<'_>,
        series: &'s [Stepped],
        steps: &Steps,
        side: &str,
    ) -> Result<OneSide<'s>, Error> {
        let mut groups: FxHashMap<Labels, Group> = FxHashMap::default();
        for (at, one) in series.iter().enumerate() {
            let key = matching.key(&one.labels);
            let number = groups.len();
            let group = groups
                .entry(key)
                .or_insert_with(|| Group { number, places: vec![None; steps.count] });
            for (step, _) in one.present() {
                if let Some(other) = group.places[step].replace(at) {
                    let key = matching.key(&one.labels);
                    let pair = [&series[other].labels, &one.labels];
                    return Err(duplicate(&key, side, pair));
                }
            }
        }
        Ok(OneSide { series, groups })
    }

    fn group(&self, matching: &Matching<'_>, labels: &Labels) -> Option<&Group> {
        self.groups.get(&matching.key(labels))
    }

    fn at(&self, group: &Group, step: usize) -> Option<&'s Stepped> {
        group.places[step].map(|at| &self.series[at])
    }
}

fn duplicate(key: &Labels, side: &str, [one, other]: [&Labels; 2]) -> Error {
    Error::execution(format!(
        "found duplicate series for the match group {key} on the {side} hand-side of the operation: [{one}, {other}]; \
         many-to-many matching not allowed: matching labels must be unique on one side"
    ))
}
