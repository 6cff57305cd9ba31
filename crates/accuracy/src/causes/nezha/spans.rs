//! Spans of a day as figures of services, calls, operations and their links.

use std::{
    collections::{BTreeMap, HashMap},
    path::Path,
};

use analysis::cause::{Calls, Figures, Link, Operation, Series, Situation};
use anyhow::Context;

use super::service_of_pod;

/// Minutes of the day, after one for the time without faults.
#[derive(Debug, Clone)]
pub(super) struct Bins {
    first_minute: u32,
    injections: Vec<u32>,
}

impl Bins {
    /// The bin of the time without faults.
    pub(super) const CALM: usize = 0;

    pub(super) fn of(first_minute: u32, injections: Vec<u32>) -> Self {
        Self { first_minute, injections }
    }

    pub(super) fn count(&self) -> usize {
        let last = self.injections.iter().max().map_or(self.first_minute, |second| second / 60);
        (last - self.first_minute) as usize + 8
    }

    /// The bin of a second of the day; what comes after an injection in its minute belongs to the next.
    pub(super) fn at(&self, second: f64) -> Option<usize> {
        let minute = (second / 60.0) as u32;
        let late = self
            .injections
            .iter()
            .any(|injection| injection / 60 == minute && second >= f64::from(*injection));
        let bin = (minute.checked_sub(self.first_minute)? + 1 + u32::from(late)) as usize;
        (bin < self.count()).then_some(bin)
    }

    pub(super) fn onset(&self, injection: u32) -> usize {
        (injection / 60 - self.first_minute + 2) as usize
    }
}

/// What the spans read so far add up to.
pub(super) struct Traced {
    bins: Bins,
    services: Vec<String>,
    covered: Vec<bool>,
    of_service: Vec<Sums>,
    of_call: BTreeMap<(usize, usize), CallSums>,
    operations: HashMap<(usize, String), usize>,
    of_operation: Vec<(usize, Sums)>,
    of_link: BTreeMap<(usize, usize), LinkSums>,
    spans: HashMap<String, usize>,
}

#[derive(Clone, Default)]
struct Sums {
    calls: Series,
    time_ms: Series,
    self_ms: Series,
}

#[derive(Clone, Default)]
struct CallSums {
    near: Sums,
    arrived: Series,
    far_ms: Series,
}

#[derive(Clone, Default)]
struct LinkSums {
    children: Series,
    parents_with: Series,
}

struct Span {
    service: usize,
    pod: String,
    operation: usize,
    parent: String,
    start: i64,
    end: i64,
}

impl Span {
    fn ms(&self) -> f32 {
        (self.end - self.start) as f32 / 1e6
    }
}

impl Traced {
    pub(super) fn of(bins: &Bins, services: Vec<String>) -> Self {
        Self {
            covered: vec![false; bins.count()],
            of_service: vec![Sums::default(); services.len()],
            bins: bins.clone(),
            services,
            of_call: BTreeMap::new(),
            operations: HashMap::new(),
            of_operation: Vec::new(),
            of_link: BTreeMap::new(),
            spans: HashMap::new(),
        }
    }

    pub(super) fn operation_of_span(&self, span: &str) -> Option<usize> {
        self.spans.get(span).copied()
    }

    /// A series of zeros where there are traces, of nothing elsewhere.
    pub(super) fn covered_zeros(&self) -> Series {
        self.covered.iter().map(|covered| if *covered { 0.0 } else { f32::NAN }).collect()
    }

    pub(super) fn read_calm(&mut self, path: &Path) -> anyhow::Result<()> {
        self.read_into(path, |_, _| Some(Bins::CALM))
    }

    pub(super) fn read(&mut self, path: &Path) -> anyhow::Result<()> {
        self.read_into(path, |bins, second| bins.at(second))
    }

    fn read_into(
        &mut self,
        path: &Path,
        bin_of: impl Fn(&Bins, f64) -> Option<usize>,
    ) -> anyhow::Result<()> {
        let spans = self.parse(path).with_context(|| format!("reading {}", path.display()))?;
        let mut children: HashMap<&str, Vec<&Span>> = HashMap::new();
        for span in spans.values() {
            children.entry(&span.parent).or_default().push(span);
        }
        for of_parent in children.values_mut() {
            of_parent.sort_by_key(|span| (span.start, span.end, span.operation));
        }
        let mut ids: Vec<&String> = spans.keys().collect();
        ids.sort();
        for id in ids {
            let span = &spans[id];
            // Times are of the day; the data set's zone is the fault list's.
            let second = (span.start / 1_000_000_000).rem_euclid(86_400) as f64
                + (span.start % 1_000_000_000) as f64 / 1e9;
            let Some(bin) = bin_of(&self.bins, second) else { continue };
            self.covered[bin] = true;
            let empty = Vec::new();
            self.add(
                span,
                spans.get(&span.parent),
                children.get(id.as_str()).unwrap_or(&empty),
                bin,
            );
        }
        Ok(())
    }

    fn parse(&mut self, path: &Path) -> anyhow::Result<HashMap<String, Span>> {
        let mut reader = csv::Reader::from_path(path)?;
        let mut spans = HashMap::new();
        for record in reader.records() {
            let record = record?;
            let cell = |place: usize| record.get(place).context("a row is short");
            let service = service_of_pod(cell(3)?);
            let Some(service) = self.services.iter().position(|name| *name == service) else {
                continue;
            };
            let operation = self.operation(service, cell(4)?);
            self.spans.insert(cell(1)?.to_owned(), operation);
            let span = Span {
                service,
                pod: cell(3)?.to_owned(),
                operation,
                parent: cell(2)?.to_owned(),
                start: cell(5)?.parse()?,
                end: cell(6)?.parse()?,
            };
            spans.insert(cell(1)?.to_owned(), span);
        }
        Ok(spans)
    }

    fn operation(&mut self, service: usize, name: &str) -> usize {
        let next = self.of_operation.len();
        let index = *self.operations.entry((service, name.to_owned())).or_insert(next);
        if index == next {
            self.of_operation.push((service, Sums::default()));
        }
        index
    }

    fn add(&mut self, span: &Span, parent: Option<&Span>, children: &[&Span], bin: usize) {
        let count = self.bins.count();
        let own_ms = span.ms() - covered_ms(span, children);
        if parent.is_none_or(|parent| parent.pod != span.pod) {
            let of = &mut self.of_service[span.service];
            add(&mut of.calls, bin, 1.0, count);
            add(&mut of.time_ms, bin, span.ms(), count);
        }
        let remote: Vec<&&Span> =
            children.iter().filter(|child| child.service != span.service).collect();
        if let Some(first) = remote.first() {
            let of = self.of_call.entry((span.service, first.service)).or_default();
            add(&mut of.near.calls, bin, 1.0, count);
            add(&mut of.near.time_ms, bin, span.ms(), count);
            add(&mut of.arrived, bin, 1.0, count);
            add(&mut of.far_ms, bin, span.ms() - own_ms, count);
        } else {
            add(&mut self.of_service[span.service].self_ms, bin, own_ms, count);
        }
        let of = &mut self.of_operation[span.operation].1;
        add(&mut of.calls, bin, 1.0, count);
        add(&mut of.time_ms, bin, span.ms(), count);
        add(&mut of.self_ms, bin, own_ms, count);
        let mut seen = Vec::new();
        for child in children {
            let of = self.of_link.entry((span.operation, child.operation)).or_default();
            add(&mut of.children, bin, 1.0, count);
            if !seen.contains(&child.operation) {
                seen.push(child.operation);
                add(&mut of.parents_with, bin, 1.0, count);
            }
        }
    }

    pub(super) fn write_to(self, situation: &mut Situation) {
        let covered = self.covered.clone();
        let only_covered = |series: Series| -> Series {
            covered
                .iter()
                .enumerate()
                .map(
                    |(bin, covered)| {
                        if *covered { series.get(bin).copied().unwrap_or(0.0) } else { f32::NAN }
                    },
                )
                .collect()
        };
        let figures = |sums: Sums, with_self: bool| Figures {
            calls: only_covered(sums.calls),
            errors: Series::new(),
            time_ms: only_covered(sums.time_ms),
            self_ms: if with_self { only_covered(sums.self_ms) } else { Series::new() },
        };
        for (service, sums) in self.of_service.into_iter().enumerate() {
            situation.entities[service].figures = figures(sums, true);
        }
        for ((caller, callee), sums) in self.of_call {
            situation.calls.push(Calls {
                caller,
                callee,
                figures: figures(sums.near, false),
                arrived: only_covered(sums.arrived),
                far_ms: only_covered(sums.far_ms),
                ..Calls::default()
            });
        }
        for (entity, sums) in self.of_operation {
            situation.operations.push(Operation {
                entity,
                figures: figures(sums, true),
                ..Operation::default()
            });
        }
        for ((parent, child), sums) in self.of_link {
            situation.links.push(Link {
                parent,
                child,
                children: only_covered(sums.children),
                parents_with: only_covered(sums.parents_with),
                ..Link::default()
            });
        }
    }
}

fn add(series: &mut Series, bin: usize, value: f32, count: usize) {
    if series.is_empty() {
        series.resize(count, 0.0);
    }
    series[bin] += value;
}

/// How long a span waited for its children, those that overlap counted once. They are in order of start.
fn covered_ms(span: &Span, children: &[&Span]) -> f32 {
    let (mut at, mut covered) = (span.start, 0);
    for child in children {
        let (from, to) = (child.start.max(at), child.end.min(span.end));
        if to > from {
            covered += to - from;
            at = to;
        }
    }
    covered as f32 / 1e6
}

/// Calls `change` with every series of a situation.
pub(super) fn for_each_series(situation: &mut Situation, mut change: impl FnMut(&mut Series)) {
    let figures = |figures: &mut Figures, change: &mut dyn FnMut(&mut Series)| {
        for series in
            [&mut figures.calls, &mut figures.errors, &mut figures.time_ms, &mut figures.self_ms]
        {
            change(series);
        }
    };
    for entity in &mut situation.entities {
        figures(&mut entity.figures, &mut change);
    }
    for calls in &mut situation.calls {
        figures(&mut calls.figures, &mut change);
        for series in [&mut calls.arrived, &mut calls.far_ms, &mut calls.pool_wait_ms] {
            change(series);
        }
    }
    for operation in &mut situation.operations {
        figures(&mut operation.figures, &mut change);
        change(&mut operation.deepest_errors);
    }
    for link in &mut situation.links {
        for series in [&mut link.children, &mut link.parents_with, &mut link.gap_ms] {
            change(series);
        }
    }
    situation.resources.iter_mut().for_each(|resource| change(&mut resource.values));
    situation.templates.iter_mut().for_each(|template| change(&mut template.counts));
}
