//! What differs between two sets of traces: attributes that one has more often, operations that take it longer.
//!
//! An attribute differs by how much more often traces of one set have it, where chance would hardly do that in samples of
//! their sizes (Fisher's exact test). An operation differs by its self time a trace, so that what only waits for others does not stand out.

use std::collections::{BTreeMap, BTreeSet};

use model::id::EntityId;
use rustc_hash::FxHashMap;
use serde_json::Value;
use telemetry_store::reader::{OwnedValue, Span};

use crate::{any_value, waterfall::Waterfall};

/// Traces that a set needs for anything to be said.
pub(crate) const FEWEST: usize = 3;
/// Different attributes of one trace.
const MAX_FACTS: usize = 5_000;
/// Characters of a value.
const MAX_VALUE: usize = 200;
/// By how much shares have to differ at least,
const LEAST: f64 = 0.1;
/// and how likely chance alone may make them differ as much.
const CHANCE: f64 = 0.01;
/// Milliseconds a trace that an operation has to differ by at least.
const LEAST_MS: f64 = 0.05;
/// What is different for each process or connection. One that is kept open has many requests, so that its port is in many traces
/// of one time: no chance, and no reason.
const PASSING: [&str; 12] = [
    "process.pid",
    "process.parent_pid",
    "service.instance.id",
    "container.id",
    "k8s.pod.uid",
    "process.command_args",
    "thread.id",
    "client.port",
    "net.peer.port",
    "net.sock.peer.port",
    "network.peer.port",
    "network.local.port",
];

/// An attribute of any span of a tier, or of its resource.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Fact {
    pub(crate) tier: EntityId,
    pub(crate) key: String,
    pub(crate) value: String,
}

/// What a tier does under one name.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Operation {
    pub(crate) tier: EntityId,
    pub(crate) name: String,
}

/// What is compared of one trace.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Traits {
    pub(crate) facts: BTreeSet<Fact>,
    /// Milliseconds of self time, and spans.
    pub(crate) operations: BTreeMap<Operation, (f64, f64)>,
}

impl Traits {
    /// Of the spans of one trace.
    pub(crate) fn of(spans: &[Span]) -> Traits {
        let mut traits = Traits::default();
        for row in &Waterfall::of(spans).rows {
            let span = &spans[row.span];
            let operation = Operation { tier: span.tier, name: span.name.clone() };
            let (millis, calls) = traits.operations.entry(operation).or_default();
            *millis += row.self_ns as f64 / 1e6;
            *calls += 1.0;
            let lasting = |(key, _): &&(String, OwnedValue)| !PASSING.contains(&key.as_str());
            for (key, value) in span.attributes.iter().chain(&span.resource).filter(lasting) {
                traits.add(span.tier, key, value);
            }
        }
        traits
    }

    fn add(&mut self, tier: EntityId, key: &str, value: &OwnedValue) {
        if self.facts.len() < MAX_FACTS {
            let value = shown(value);
            self.facts.insert(Fact { tier, key: key.to_owned(), value });
        }
    }
}

/// A value as a person reads it, cut where it is long.
fn shown(value: &OwnedValue) -> String {
    let text = match any_value::json(value) {
        Value::String(text) => text,
        other => other.to_string(),
    };
    match text.char_indices().nth(MAX_VALUE) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

/// How many traces of each set have an attribute.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct FactDifference {
    pub(crate) fact: Fact,
    pub(crate) slow: usize,
    pub(crate) normal: usize,
    /// Share of the slow ones less share of the normal ones, -1 to 1.
    pub(crate) difference: f64,
}

/// Attributes that are in one set more often than chance tells, most unequal first. Nothing where a set is too small.
pub(crate) fn facts(slow: &[Traits], normal: &[Traits]) -> Vec<FactDifference> {
    if slow.len().min(normal.len()) < FEWEST {
        return Vec::new();
    }
    let mut counts = FxHashMap::<&Fact, [usize; 2]>::default();
    for (set, traces) in [slow, normal].into_iter().enumerate() {
        for fact in traces.iter().flat_map(|traits| &traits.facts) {
            counts.entry(fact).or_default()[set] += 1;
        }
    }
    let mut found: Vec<FactDifference> = counts
        .into_iter()
        .filter_map(|(fact, [in_slow, in_normal])| {
            let difference = difference((in_slow, slow.len()), (in_normal, normal.len()))?;
            Some(FactDifference {
                fact: fact.clone(),
                slow: in_slow,
                normal: in_normal,
                difference,
            })
        })
        .collect();
    let by_size = |a: &FactDifference, b: &FactDifference| {
        b.difference.abs().total_cmp(&a.difference.abs()).then_with(|| a.fact.cmp(&b.fact))
    };
    found.sort_by(by_size);
    found
}

/// The difference of two shares (`part` of `whole`), where it is large and unlikely to be chance.
fn difference(slow: (usize, usize), normal: (usize, usize)) -> Option<f64> {
    let share = |(part, whole): (usize, usize)| part as f64 / whole as f64;
    let difference = share(slow) - share(normal);
    let chance = if difference > 0.0 { chance(slow, normal) } else { chance(normal, slow) };
    (difference.abs() >= LEAST && chance <= CHANCE).then_some(difference)
}

/// How likely it is that of all that have it (`part` of `whole`) as many as there are in `more`, or even more of them, fall into
/// it by chance: Fisher's exact test, one-sided. Right for small sets, where one of five against none of forty is nothing.
fn chance(more: (usize, usize), less: (usize, usize)) -> f64 {
    let (part, whole) = (more.0 + less.0, more.1 + less.1);
    let all = ln_choose(whole, part);
    let ways = |inside: usize| ln_choose(more.1, inside) + ln_choose(less.1, part - inside) - all;
    let most = part.min(more.1);
    (more.0..=most).filter(|inside| part - inside <= less.1).map(|inside| ways(inside).exp()).sum()
}

/// The logarithm of the number of ways to choose so many of so many.
fn ln_choose(of: usize, chosen: usize) -> f64 {
    (0..chosen).map(|n| ((of - n) as f64 / (n + 1) as f64).ln()).sum()
}

/// What an operation takes in a trace of each set: milliseconds of self time, and spans.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct OperationDifference {
    pub(crate) operation: Operation,
    pub(crate) slow: (f64, f64),
    pub(crate) normal: (f64, f64),
}

impl OperationDifference {
    fn millis(&self) -> f64 {
        self.slow.0 - self.normal.0
    }
}

/// Operations by how much longer they take in one set, most unequal first. Nothing where a set is too small.
pub(crate) fn operations(slow: &[Traits], normal: &[Traits]) -> Vec<OperationDifference> {
    if slow.len().min(normal.len()) < FEWEST {
        return Vec::new();
    }
    let (slow, normal) = (means(slow), means(normal));
    let all: BTreeSet<&Operation> = slow.keys().chain(normal.keys()).copied().collect();
    let mut found: Vec<OperationDifference> = all
        .into_iter()
        .map(|operation| OperationDifference {
            operation: operation.clone(),
            slow: slow.get(operation).copied().unwrap_or_default(),
            normal: normal.get(operation).copied().unwrap_or_default(),
        })
        .filter(|found| found.millis().abs() >= LEAST_MS)
        .collect();
    found.sort_by(|a, b| b.millis().abs().total_cmp(&a.millis().abs()));
    found
}

/// What each operation takes in a trace on average, those without it counted.
fn means(traces: &[Traits]) -> BTreeMap<&Operation, (f64, f64)> {
    let mut sums = BTreeMap::<&Operation, (f64, f64)>::new();
    for (operation, (millis, calls)) in traces.iter().flat_map(|traits| &traits.operations) {
        let sum = sums.entry(operation).or_default();
        *sum = (sum.0 + millis, sum.1 + calls);
    }
    let traces = traces.len() as f64;
    sums.values_mut().for_each(|sum| *sum = (sum.0 / traces, sum.1 / traces));
    sums
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A trace with these attributes (`key=value`) and operations (name, milliseconds).
    fn trace(facts: &[&str], operations: &[(&str, f64)]) -> Traits {
        let tier = EntityId(7);
        let fact = |text: &&str| {
            let (key, value) = text.split_once('=').expect("key=value");
            Fact { tier, key: key.to_owned(), value: value.to_owned() }
        };
        let operation = |(name, millis): &(&str, f64)| {
            (Operation { tier, name: (*name).to_owned() }, (*millis, 1.0))
        };
        Traits {
            facts: facts.iter().map(fact).collect(),
            operations: operations.iter().map(operation).collect(),
        }
    }

    fn texts(found: &[FactDifference]) -> Vec<String> {
        let text = |found: &FactDifference| {
            let Fact { key, value, .. } = &found.fact;
            format!("{key}={value} {}:{}", found.slow, found.normal)
        };
        found.iter().map(text).collect()
    }

    #[test]
    fn what_slow_traces_have_and_normal_ones_have_not_comes_first() {
        let old = || trace(&["version=1", "method=GET"], &[]);
        let new = || trace(&["version=2", "method=GET"], &[]);
        let slow: Vec<Traits> = (0..20).map(|n| if n < 18 { new() } else { old() }).collect();
        let normal: Vec<Traits> = (0..20).map(|n| if n < 1 { new() } else { old() }).collect();
        // What all have does not differ.
        assert_eq!(texts(&facts(&slow, &normal)), ["version=1 2:19", "version=2 18:1"]);
        assert_eq!(texts(&facts(&normal, &slow)), ["version=1 19:2", "version=2 1:18"]);
    }

    #[test]
    fn what_chance_does_is_no_difference() {
        // An id of its own for every trace, and a coin that fell a little unequally.
        let of = |set: usize, heads: usize| -> Vec<Traits> {
            let one = |n: usize| {
                let id = format!("id={set}-{n}");
                trace(&[&id, if n < heads { "coin=heads" } else { "coin=tails" }], &[])
            };
            (0..20).map(one).collect()
        };
        assert_eq!(texts(&facts(&of(0, 12), &of(1, 9))), Vec::<String>::new());
        assert_eq!(texts(&facts(&of(0, 19), &of(1, 3))), ["coin=heads 19:3", "coin=tails 1:17"]);
    }

    #[test]
    fn the_chance_of_a_difference_is_that_of_fisher_s_exact_test() {
        let near = |found: f64, wanted: f64| assert!((found - wanted).abs() < 1e-6, "{found}");
        // Five of five, none of five: one way of C(10, 5) = 252.
        near(chance((5, 5), (0, 5)), 1.0 / 252.0);
        // The lady tasting tea: three of her four right, or all.
        near(chance((3, 4), (1, 4)), 17.0 / 70.0);
        near(chance((0, 4), (0, 4)), 1.0);
        // A port that one of five slow traces has is no difference, however many normal ones there are.
        assert_eq!(difference((1, 5), (0, 40)), None);
        assert_eq!(difference((2, 5), (0, 40)), None);
        assert_eq!(difference((3, 5), (0, 40)), Some(0.6));
    }

    #[test]
    fn too_few_traces_say_nothing() {
        let slow = vec![trace(&["a=1"], &[("q", 900.0)]); 2];
        let normal = vec![trace(&["a=2"], &[("q", 1.0)]); 50];
        assert!(facts(&slow, &normal).is_empty() && operations(&slow, &normal).is_empty());
        assert!(facts(&[], &[]).is_empty());
    }

    #[test]
    fn an_operation_differs_by_its_mean_over_all_traces_of_a_set() {
        let slow = [
            trace(&[], &[("query", 90.0), ("render", 5.0)]),
            trace(&[], &[("query", 30.0), ("render", 5.0)]),
            trace(&[], &[("render", 5.0)]),
        ];
        let normal = vec![trace(&[], &[("query", 4.0), ("render", 5.01), ("cache", 1.0)]); 3];
        let found = operations(&slow, &normal);
        let names: Vec<&str> = found.iter().map(|found| found.operation.name.as_str()).collect();
        assert_eq!(names, ["query", "cache"]);
        assert_eq!((found[0].slow, found[0].normal), ((40.0, 2.0 / 3.0), (4.0, 1.0)));
        assert_eq!((found[1].slow, found[1].normal), ((0.0, 0.0), (1.0, 1.0)));
    }

    #[test]
    fn long_values_are_cut_between_characters() {
        let shown = shown(&OwnedValue::Str("ä".repeat(300)));
        assert_eq!(shown.chars().count(), MAX_VALUE + 1);
        assert_eq!(super::shown(&OwnedValue::Int(7)), "7");
    }
}
