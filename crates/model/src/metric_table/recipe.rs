//! What a line of the table is made of: picks of points, how they are read, how they fold into one value.

use std::borrow::Cow;

use super::{Kind, Unit};
use crate::{
    attributes::{Attributes, Value},
    naming::name,
};

/// One line of the metric tree, or, with `{attribute/old attribute}` in its path, one line for each value of it.
#[derive(Debug)]
pub struct Series {
    pub path: &'static str,
    pub unit: Unit,
    pub kind: Kind,
    /// Which devices, interfaces, … count at all.
    pub counts: fn(&Attributes<'_>) -> bool,
    /// The best first.
    pub from: &'static [Recipe],
}

/// How the points of one export give one value. Points that differ in other attributes only (pools, CPUs, devices) fold
/// together.
#[derive(Debug)]
pub enum Recipe {
    /// They add.
    Sum(Pick),
    /// Their mean.
    Mean(Pick),
    /// 100 × all of the first ÷ all of the second.
    Percent(Pick, Pick),
    /// 100 − [`Recipe::Percent`].
    Rest(Pick, Pick),
    /// All of the first ÷ all of the second, in the unit of the first.
    MeanOf(Pick, Pick),
}

/// How the points of a recipe become one value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Fold {
    Sum,
    Mean,
    Percent,
    Rest,
    MeanOf,
}

/// Whether a point stands above or below the line of a fraction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Part {
    Part,
    Whole,
}

/// Points of one metric.
#[derive(Debug)]
pub struct Pick {
    pub metric: &'static str,
    /// Each of these attributes (under any of its names) must have this value.
    pub when: &'static [(&'static [&'static str], &'static str)],
    pub reading: Reading,
}

/// What of a point is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reading {
    /// The value as it is.
    Value,
    /// By how much it grew since the export before.
    Increase,
    /// That, divided by the seconds between.
    PerSecond,
    /// By how much a histogram's sum grew.
    SumIncrease,
    /// By how much a histogram's count grew.
    CountIncrease,
}

impl Recipe {
    /// Its picks and where they stand.
    pub(super) fn parts(&'static self) -> impl Iterator<Item = (Part, &'static Pick)> {
        let (part, whole) = match self {
            Recipe::Sum(pick) | Recipe::Mean(pick) => (pick, None),
            Recipe::Percent(part, whole)
            | Recipe::Rest(part, whole)
            | Recipe::MeanOf(part, whole) => (part, Some(whole)),
        };
        [(Part::Part, Some(part)), (Part::Whole, whole)]
            .into_iter()
            .filter_map(|(at, pick)| Some((at, pick?)))
    }

    pub(super) fn fold(&self) -> Fold {
        match self {
            Recipe::Sum(_) => Fold::Sum,
            Recipe::Mean(_) => Fold::Mean,
            Recipe::Percent(..) => Fold::Percent,
            Recipe::Rest(..) => Fold::Rest,
            Recipe::MeanOf(..) => Fold::MeanOf,
        }
    }
}

type When = &'static [(&'static [&'static str], &'static str)];

/// The value itself of every point of a metric.
pub(super) const fn value(metric: &'static str) -> Pick {
    Pick { metric, when: &[], reading: Reading::Value }
}

/// The increase of every point of a metric.
pub(super) const fn increase(metric: &'static str) -> Pick {
    Pick { metric, when: &[], reading: Reading::Increase }
}

/// The increase a second of every point of a metric.
pub(super) const fn per_second(metric: &'static str) -> Pick {
    Pick { metric, when: &[], reading: Reading::PerSecond }
}

/// The increase of a histogram's sum.
pub(super) const fn sum_of(metric: &'static str) -> Pick {
    Pick { metric, when: &[], reading: Reading::SumIncrease }
}

/// The increase of a histogram's count.
pub(super) const fn count_of(metric: &'static str) -> Pick {
    Pick { metric, when: &[], reading: Reading::CountIncrease }
}

impl Pick {
    /// Only points with these attributes.
    pub(super) const fn only(self, when: When) -> Pick {
        Pick { when, ..self }
    }

    /// Whether a point with these attributes is picked.
    pub(super) fn takes(&self, attributes: &Attributes<'_>) -> bool {
        self.when.iter().all(|(keys, wanted)| {
            keys.iter().any(|key| attributes.text(key) == Some(wanted))
                || is_flag(keys, wanted, attributes)
        })
    }
}

fn is_flag(keys: &[&str], wanted: &str, attributes: &Attributes<'_>) -> bool {
    keys.iter().any(|key| match attributes.get(key) {
        Some(Value::Bool(flag)) => wanted == if flag { "true" } else { "false" },
        _ => false,
    })
}

/// A line that takes every device, interface and so on.
pub(super) const fn series(
    path: &'static str,
    unit: Unit,
    kind: Kind,
    from: &'static [Recipe],
) -> Series {
    Series { path, unit, kind, counts: any, from }
}

fn any(_: &Attributes<'_>) -> bool {
    true
}

/// Puts attributes' values into a path; nothing where one of them is missing.
pub(super) fn fill(
    template: &'static str,
    attributes: &Attributes<'_>,
) -> Option<Cow<'static, str>> {
    if !template.contains('{') {
        return Some(Cow::Borrowed(template));
    }
    let mut path = String::with_capacity(template.len() + 16);
    let mut rest = template;
    while let Some((before, behind)) = rest.split_once('{') {
        let (keys, after) = behind.split_once('}').expect("the table's braces are closed");
        path.push_str(before);
        let value = keys.split('/').find_map(|key| attributes.get(key))?;
        path.push_str(&segment(value)?);
        rest = after;
    }
    path.push_str(rest);
    Some(Cow::Owned(path))
}

/// An attribute's value as a segment of a path; nothing for an empty one, an array or a map.
pub(super) fn segment(value: Value<'_>) -> Option<String> {
    let text = match value {
        Value::Str(text) => name::limit(text).into_owned(),
        Value::Int(number) => number.to_string(),
        Value::Double(number) => number.to_string(),
        Value::Bool(flag) => flag.to_string(),
        Value::Encoded(_) => return None,
    };
    (!text.is_empty()).then_some(text)
}

/// Whether a path was made from a template.
pub(super) fn fits(template: &str, path: &str) -> bool {
    let mut wanted = template.split('|');
    let mut given = path.split('|');
    loop {
        match (wanted.next(), given.next()) {
            (None, None) => return true,
            (Some(wanted), Some(given)) if segment_fits(wanted, given) => {}
            _ => return false,
        }
    }
}

/// `Generation {x}` fits `Generation 2`; no segment of the table holds two attributes.
fn segment_fits(template: &str, given: &str) -> bool {
    match template.split_once('{') {
        None => template == given,
        Some((before, behind)) => {
            let after = behind.split_once('}').map_or("", |(_, after)| after);
            given.strip_prefix(before).is_some_and(|rest| rest.ends_with(after))
        }
    }
}
