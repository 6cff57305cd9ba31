//! Whether an entity breaks a rule in a minute: pure.

use std::sync::Arc;

use analysis::baseline::{Behind, Expected};
use model::{
    leaf::Leaf,
    rule::{
        BaselineUnit, Compare, Deviation, Evidence, ExpectedValue, Function, Input, Level, NoData,
        NodeMatch, Persistence, SeenCondition, SeenNode,
    },
    time::Minute,
};
use rustc_hash::FxHashMap;

use super::{
    Affected, BaselineKey, Compiled, Source,
    compiled::{CompiledCondition, CompiledLevel},
    source::{Place, Resolver},
    windows::Windows,
};
use crate::away::Away;

/// A condition in a minute of a chart.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ChartedCondition {
    /// Of the minute alone.
    pub value: Option<f64>,
    /// What is compared in that minute: of the whole window, unless the condition counts minutes.
    pub compared: Option<f64>,
    pub threshold: Option<f64>,
}

/// What an entity is, by a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Broken(Level),
    Sound,
    /// Too little is known.
    Unknown,
}

/// What is expected, as far as it was asked for.
pub(super) type Known = FxHashMap<BaselineKey, Expected>;

/// Everything that a minute is judged by.
pub(super) struct Look<'a> {
    pub(super) windows: &'a Windows,
    pub(super) known: &'a Known,
    /// Minutes since an entity was heard of, where that can be told.
    pub(super) silence: &'a dyn Fn(&Source) -> Option<f64>,
    /// Minutes that say nothing.
    pub(super) away: &'a Away,
    pub(super) at: Minute,
}

/// An entity, or a tier with its nodes, with where all conditions' metrics come from.
#[derive(Clone, Debug)]
pub(super) struct Pair {
    pub(super) affected: Affected,
    /// By level, condition and variable.
    sources: Sources,
    /// Where a level looks at nodes one by one.
    nodes: Vec<(Affected, Sources)>,
}

type Sources = Vec<Vec<Vec<Option<Source>>>>;

impl Pair {
    pub(super) fn of(
        rule: &Compiled,
        affected: Affected,
        nodes: Vec<Affected>,
        resolver: &Resolver<'_>,
    ) -> Pair {
        let nodes = nodes.into_iter().map(|node| {
            let sources = sources(rule, &node.place, resolver);
            (node, sources)
        });
        let nodes = nodes.collect();
        Pair { sources: sources(rule, &affected.place, resolver), nodes, affected }
    }

    /// Everything that it looks at, and for how many minutes.
    pub(super) fn each_source(&self, rule: &Compiled, mut each: impl FnMut(&Source, u16)) {
        let all =
            std::iter::once(&self.sources).chain(self.nodes.iter().map(|(_, sources)| sources));
        for source in all.flatten().flatten().flatten().flatten() {
            each(source, rule.rule.window_minutes);
        }
    }

    /// Every baseline that it asks for.
    pub(super) fn each_baseline(&self, rule: &Compiled, mut each: impl FnMut(BaselineKey)) {
        let all =
            std::iter::once(&self.sources).chain(self.nodes.iter().map(|(_, sources)| sources));
        for sources in all {
            for (level, conditions) in rule.levels.iter().zip(sources) {
                for (condition, variables) in level.conditions.iter().zip(conditions) {
                    if let Some(key) = baseline_key(condition, variables) {
                        each(key);
                    }
                }
            }
        }
    }
}

fn sources(rule: &Compiled, place: &Place, resolver: &Resolver<'_>) -> Sources {
    let source = |(function, path): &(Function, Arc<str>)| {
        let source = resolver.source(place, path)?;
        let grouped = matches!(source, Source::Series { .. } | Source::Host { .. });
        Some(match function {
            Function::GroupCount if grouped => Source::Group(Box::new(source)),
            _ => source,
        })
    };
    let of_level = |level: &CompiledLevel| {
        let of = |one: &CompiledCondition| one.metrics.iter().map(source).collect();
        level.conditions.iter().map(of).collect()
    };
    rule.levels.iter().map(of_level).collect()
}

fn baseline_key(
    condition: &CompiledCondition,
    variables: &[Option<Source>],
) -> Option<BaselineKey> {
    let Compare::Baseline { baseline, .. } = &condition.condition.compare else { return None };
    let source = variables.first()?.clone()?;
    Some(BaselineKey { source, baseline: baseline.clone() })
}

impl Look<'_> {
    /// What the entity is.
    pub(super) fn verdict(&self, rule: &Compiled, pair: &Pair) -> Verdict {
        let mut is_known = true;
        for (at, level) in rule.levels.iter().enumerate() {
            match self.level(rule, level, at, pair) {
                Some(true) => return Verdict::Broken(level.level),
                Some(false) => {}
                None => is_known = false,
            }
        }
        if is_known { Verdict::Sound } else { Verdict::Unknown }
    }

    fn level(
        &self,
        rule: &Compiled,
        level: &CompiledLevel,
        at: usize,
        pair: &Pair,
    ) -> Option<bool> {
        let window = rule.rule.window_minutes;
        if level.nodes == NodeMatch::Average {
            return self.holds(window, level, &pair.sources[at]);
        }
        let (mut broken, mut judged) = (0usize, 0usize);
        for (_, sources) in &pair.nodes {
            if let Some(holds) = self.holds(window, level, &sources[at]) {
                judged += 1;
                broken += usize::from(holds);
            }
        }
        (judged > 0).then(|| enough(level.nodes, broken, judged))
    }

    fn holds(
        &self,
        window: u16,
        level: &CompiledLevel,
        sources: &[Vec<Option<Source>>],
    ) -> Option<bool> {
        // At most eight, so that this stays off the heap.
        let mut known = [None; model::rule::MAX_CONDITIONS];
        for (at, (condition, variables)) in level.conditions.iter().zip(sources).enumerate() {
            known[at] = self.condition(window, condition, variables).holds;
        }
        level.logic.holds(&known[..level.conditions.len()])
    }

    /// What the criteria of a level looked like, whether they held or not.
    pub(super) fn evidence(&self, rule: &Compiled, pair: &Pair, level: Level) -> Evidence {
        let evidence = Evidence {
            level: Some(level),
            minute_ms: self.at.start_millis(),
            window_minutes: rule.rule.window_minutes,
            ..Evidence::default()
        };
        let Some(at) = rule.levels.iter().position(|one| one.level == level) else {
            return evidence;
        };
        let (of, window) = (&rule.levels[at], rule.rule.window_minutes);
        let seen = |sources: &Sources| -> Vec<SeenCondition> {
            let conditions = of.conditions.iter().zip(&sources[at]);
            conditions
                .map(|(condition, variables)| {
                    self.condition(window, condition, variables).told(condition)
                })
                .collect()
        };
        if of.nodes == NodeMatch::Average {
            return Evidence { conditions: seen(&pair.sources), ..evidence };
        }
        let (mut broken, mut judged) = (Vec::new(), 0);
        for (node, sources) in &pair.nodes {
            let Some(holds) = self.holds(window, of, &sources[at]) else { continue };
            judged += 1;
            if holds {
                let name = node.name.to_string();
                broken.push(SeenNode { id: node.id.0, name, conditions: seen(sources) });
            }
        }
        evidence.with_nodes(broken, judged)
    }

    /// One minute of each condition of a level, for a chart. What counts minutes compares each of them; all else compares
    /// its window.
    pub(super) fn minute_of(
        &self,
        window: u16,
        level: &CompiledLevel,
        at: usize,
        pair: &Pair,
    ) -> Vec<ChartedCondition> {
        let conditions = level.conditions.iter().zip(&pair.sources[at]);
        conditions
            .map(|(condition, variables)| {
                let minutes = if condition.condition.persistence.is_some() { 1 } else { window };
                let compared = self.value(condition, variables, self.at, minutes);
                let known = self.band(condition, variables, self.at, minutes);
                let threshold = threshold(&condition.condition.compare, known, compared);
                ChartedCondition {
                    value: self.value(condition, variables, self.at, 1),
                    compared,
                    threshold: threshold.map(|threshold| threshold.at),
                }
            })
            .collect()
    }

    fn condition(
        &self,
        window: u16,
        condition: &CompiledCondition,
        variables: &[Option<Source>],
    ) -> Met {
        match condition.condition.persistence {
            Some(persistence) => self.persistent(persistence, condition, variables),
            None => {
                let value = self.value(condition, variables, self.at, window);
                let known = self.band(condition, variables, self.at, window);
                Met::of(condition, value, known)
            }
        }
    }

    fn persistent(
        &self,
        Persistence { violations, of_minutes }: Persistence,
        condition: &CompiledCondition,
        variables: &[Option<Source>],
    ) -> Met {
        let first = (self.at.0 + 1).saturating_sub(u32::from(of_minutes));
        let mut last: Option<Met> = None;
        let mut met = 0u16;
        let minutes = (first..=self.at.0).filter(|minute| !self.away.contains(Minute(*minute)));
        for minute in minutes {
            let value = self.value(condition, variables, Minute(minute), 1);
            if value.is_none() && condition.condition.no_data != NoData::True {
                continue;
            }
            let known = self.band(condition, variables, Minute(minute), 1);
            let of_minute = Met::of(condition, value, known);
            met += u16::from(of_minute.holds == Some(true));
            last = Some(of_minute);
        }
        match last {
            None => Met::of(condition, None, None),
            Some(last) => {
                Met { holds: last.holds.map(|_| met >= violations), minutes: Some(met), ..last }
            }
        }
    }

    fn value(
        &self,
        condition: &CompiledCondition,
        variables: &[Option<Source>],
        at: Minute,
        minutes: u16,
    ) -> Option<f64> {
        let one = |((function, _), source): (&(Function, Arc<str>), &Option<Source>)| match source
            .as_ref(
        )? {
            silence @ (Source::Silence(_) | Source::SilenceOfAll) => (self.silence)(silence),
            source => self.windows.value(source, *function, at, minutes),
        };
        let mut metrics = condition.metrics.iter().zip(variables);
        if let Input::Metric { .. } = condition.condition.input {
            return one(metrics.next()?);
        }
        let values: Vec<Option<f64>> = metrics.map(one).collect();
        condition.formula.value(&values)
    }

    /// What is expected over so many minutes, as wide as what stands behind the value makes it.
    fn band(
        &self,
        condition: &CompiledCondition,
        variables: &[Option<Source>],
        at: Minute,
        minutes: u16,
    ) -> Option<Band> {
        let key = baseline_key(condition, variables)?;
        let expected = self.known.get(&key)?;
        let count = |function| self.windows.value(&key.source, function, at, minutes);
        let calls = match key.source {
            Source::Figure { leaf: Leaf::AverageResponseTime, .. } => count(Function::Count),
            _ => count(Function::Sum),
        };
        let behind = Behind { minutes: f64::from(minutes), calls: calls.unwrap_or(0.0) };
        let scale = scale(condition, minutes);
        let deviation = expected.deviation_of(behind) * scale;
        Some(Band { mean: expected.mean * scale, deviation })
    }
}

/// What is expected of a value.
#[derive(Clone, Copy, Debug)]
struct Band {
    mean: f64,
    deviation: f64,
}

/// A baseline tells of one minute: what adds up over a window is compared with as many.
fn scale(condition: &CompiledCondition, window: u16) -> f64 {
    let adds_up = match condition.metrics.first() {
        Some((Function::Sum, _)) => true,
        Some((Function::Value, path)) => {
            matches!(Leaf::named(path), Some(Leaf::Slow | Leaf::VerySlow | Leaf::Stall))
        }
        _ => false,
    };
    if adds_up { f64::from(window) } else { 1.0 }
}

fn enough(nodes: NodeMatch, broken: usize, judged: usize) -> bool {
    match nodes {
        NodeMatch::Average | NodeMatch::AnyNode => broken > 0,
        NodeMatch::PercentageNodes { value } => {
            broken > 0 && broken as f64 * 100.0 >= value * judged as f64
        }
        NodeMatch::NumberOfNodes { value } => broken >= value as usize,
    }
}

/// A condition that was looked at.
#[derive(Clone, Copy, Debug)]
struct Met {
    value: Option<f64>,
    threshold: Option<f64>,
    expected: Option<(f64, f64)>,
    minutes: Option<u16>,
    holds: Option<bool>,
}

impl Met {
    fn of(condition: &CompiledCondition, value: Option<f64>, known: Option<Band>) -> Met {
        let threshold = threshold(&condition.condition.compare, known, value);
        let holds = match (value, threshold) {
            (None, _) => match condition.condition.no_data {
                NoData::Unknown => None,
                NoData::True => Some(true),
                NoData::False => Some(false),
            },
            (Some(_), threshold) => threshold.map(|threshold| threshold.holds),
        };
        let expected = known.map(|known| (known.mean, known.deviation));
        Met { value, threshold: threshold.map(|one| one.at), expected, minutes: None, holds }
    }

    fn told(self, condition: &CompiledCondition) -> SeenCondition {
        let metric = match &condition.condition.input {
            Input::Metric { path, .. } => path.clone(),
            Input::Expression { expression, .. } => expression.clone(),
        };
        SeenCondition {
            short_name: condition.condition.short_name.clone(),
            name: condition.condition.name.clone(),
            metric,
            compare: condition.condition.compare.clone(),
            value: self.value,
            unit: condition.condition.input.unit().to_owned(),
            threshold: self.threshold,
            expected: self.expected.map(|(mean, deviation)| ExpectedValue { mean, deviation }),
            minutes: self.minutes,
            holds: self.holds,
        }
    }
}

/// What a value is compared with, and whether it is so.
#[derive(Clone, Copy, Debug)]
struct Threshold {
    at: f64,
    holds: bool,
}

/// None where there is no baseline to compare with. Without a value it is not so.
fn threshold(compare: &Compare, known: Option<Band>, value: Option<f64>) -> Option<Threshold> {
    match compare {
        Compare::Value { operator, value: at } => Some(Threshold {
            at: *at,
            holds: value.is_some_and(|value| operator.holds(value, *at)),
        }),
        Compare::Baseline { deviation, unit, value: width, .. } => {
            let Band { mean, deviation: sigma } = known?;
            let by = match unit {
                BaselineUnit::StandardDeviations => sigma * width,
                BaselineUnit::Percent => mean.abs() * width / 100.0,
            };
            let (low, high) = (mean - by, mean + by);
            let seen = value.unwrap_or(mean);
            let nearer = if seen < mean { low } else { high };
            let (at, holds) = match deviation {
                Deviation::Above => (high, seen > high),
                Deviation::Below => (low, seen < low),
                Deviation::Outside => (nearer, seen > high || seen < low),
                Deviation::Within => (nearer, low <= seen && seen <= high),
            };
            Some(Threshold { at, holds: holds && value.is_some() })
        }
    }
}
