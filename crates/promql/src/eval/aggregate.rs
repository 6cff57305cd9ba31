//! Aggregations: many series become few.
//!
//! [Operators](https://prometheus.io/docs/prometheus/2.42/querying/operators/#aggregation-operators).

use promql_parser::parser::{AggregateExpr, LabelModifier, token};
use rustc_hash::FxHashMap;

use super::{
    Evaluator,
    over_time::{Sum, mean_of, variance_of},
    quantile::quantile,
    text,
    unique::unique,
};
use crate::{
    Error,
    labels::{Labels, NAME, is_label_name},
    number::write_plain,
    value::{ABSENT, Stepped, Steps, is_absent},
};

/// Series that become one.
struct Group {
    labels: Labels,
    members: Vec<Stepped>,
}

impl Evaluator<'_> {
    pub(super) fn aggregate(
        &self,
        aggregate: &AggregateExpr,
        steps: &Steps,
    ) -> Result<Vec<Stepped>, Error> {
        let series = self.vector(&aggregate.expr, steps)?;
        let groups = groups(series, aggregate.modifier.as_ref());
        let parameter = || {
            let parameter = aggregate.param.as_deref();
            parameter.ok_or_else(|| Error::bad("the aggregation needs a parameter"))
        };
        let mut results = match aggregate.op.id() {
            token::T_SUM => each(groups, steps, sum),
            token::T_AVG => each(groups, steps, |values, _| mean_of(values.iter().copied())),
            token::T_MIN => each(groups, steps, |values, _| extreme(values, f64::min)),
            token::T_MAX => each(groups, steps, |values, _| extreme(values, f64::max)),
            token::T_COUNT => each(groups, steps, |values, _| values.len() as f64),
            token::T_GROUP => each(groups, steps, |_, _| 1.0),
            token::T_STDVAR => each(groups, steps, |values, _| variance(values)),
            token::T_STDDEV => each(groups, steps, |values, _| variance(values).sqrt()),
            token::T_QUANTILE => {
                let shares = self.scalar(parameter()?, steps)?;
                each(groups, steps, |values, step| quantile(shares[step], values))
            }
            token::T_TOPK | token::T_BOTTOMK => {
                let counts = self.scalar(parameter()?, steps)?;
                let top = aggregate.op.id() == token::T_TOPK;
                return Ok(groups
                    .into_iter()
                    .flat_map(|group| first(group, &counts, top))
                    .collect());
            }
            token::T_COUNT_VALUES => {
                let label = text(parameter()?)?;
                if !is_label_name(label) {
                    return Err(Error::execution(format!("invalid label name {label:?}")));
                }
                self.limits
                    .points(groups.iter().map(|group| group.members.len()).sum(), steps.count)?;
                unique(groups.iter().flat_map(|group| count_values(group, label, steps)).collect())?
            }
            _ => return Err(Error::bad(format!("{} is not supported", aggregate.op))),
        };
        results.sort_by(|a, b| a.labels.cmp(&b.labels));
        Ok(results)
    }
}

fn groups(series: Vec<Stepped>, modifier: Option<&LabelModifier>) -> Vec<Group> {
    let mut places: FxHashMap<Labels, usize> = FxHashMap::default();
    let mut groups: Vec<Group> = Vec::new();
    for one in series {
        let labels = labels_of_group(&one.labels, modifier);
        match places.get(&labels) {
            Some(&at) => groups[at].members.push(one),
            None => {
                places.insert(labels.clone(), groups.len());
                groups.push(Group { labels, members: vec![one] });
            }
        }
    }
    groups
}

fn labels_of_group(labels: &Labels, modifier: Option<&LabelModifier>) -> Labels {
    let is_listed = |list: &[String], name: &str| list.iter().any(|listed| listed == name);
    match modifier {
        None => Labels::default(),
        Some(LabelModifier::Include(list)) => labels.only(|name| is_listed(&list.labels, name)),
        Some(LabelModifier::Exclude(list)) => {
            labels.only(|name| name != NAME && !is_listed(&list.labels, name))
        }
    }
}

/// What `of` makes of the values of a group at each step at which there are some.
fn each(groups: Vec<Group>, steps: &Steps, of: impl Fn(&mut [f64], usize) -> f64) -> Vec<Stepped> {
    let mut here = Vec::new();
    let of_group = |Group { labels, members }| {
        let value = |step: usize| {
            here.clear();
            let values = members.iter().map(|member: &Stepped| member.values[step]);
            here.extend(values.filter(|value| !is_absent(*value)));
            if here.is_empty() { ABSENT } else { of(&mut here, step) }
        };
        Stepped { values: (0..steps.count).map(value).collect(), labels }
    };
    groups.into_iter().map(of_group).collect()
}

fn sum(values: &mut [f64], _: usize) -> f64 {
    let mut sum = Sum::default();
    values.iter().for_each(|value| sum.add(*value));
    sum.value()
}

/// NaN only where there is no other value.
fn extreme(values: &[f64], of: fn(f64, f64) -> f64) -> f64 {
    values.iter().copied().fold(f64::NAN, of)
}

fn variance(values: &[f64]) -> f64 {
    variance_of(values.iter().copied())
}

/// The series with the greatest, or least, values at each step, by the value at the last one.
fn first(group: Group, counts: &[f64], top: bool) -> Vec<Stepped> {
    let mut members = group.members;
    let ordered = |a: f64, b: f64| {
        let by_value = if top { b.total_cmp(&a) } else { a.total_cmp(&b) };
        a.is_nan().cmp(&b.is_nan()).then(by_value)
    };
    let mut order: Vec<usize> = Vec::new();
    for (step, count) in counts.iter().enumerate() {
        order.clear();
        order.extend((0..members.len()).filter(|at| !is_absent(members[*at].values[step])));
        order.sort_by(|a, b| ordered(members[*a].values[step], members[*b].values[step]));
        // Of a count that is no number there is none.
        for at in order.iter().skip(*count as usize) {
            members[*at].values[step] = ABSENT;
        }
    }
    members.retain(|member| !member.is_empty());
    let last = counts.len() - 1;
    members.sort_by(|a, b| ordered(a.values[last], b.values[last]));
    members
}

fn count_values(group: &Group, label: &str, steps: &Steps) -> Vec<Stepped> {
    let mut counts: FxHashMap<u64, Vec<f64>> = FxHashMap::default();
    for (step, value) in group.members.iter().flat_map(Stepped::present) {
        let counts = counts.entry(value.to_bits());
        let count = &mut counts.or_insert_with(|| vec![ABSENT; steps.count])[step];
        *count = if is_absent(*count) { 1.0 } else { *count + 1.0 };
    }
    let counted = counts.into_iter().map(|(bits, values)| {
        let (mut labels, mut text) = (group.labels.clone(), String::new());
        write_plain(f64::from_bits(bits), &mut text);
        labels.set(label, &text);
        Stepped { labels, values }
    });
    counted.collect()
}
