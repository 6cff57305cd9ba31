//! The values of one export: points that differ in attributes which the path does not show (pools, CPUs, devices) become
//! one value, fractions are taken, and of several recipes for one path the best that gives a value is kept.
//!
//! A body may hold several exports of one process (a collector gathers them): a stream's second point begins the second
//! export. Points are not told apart by their times, since some agents read the clock anew for each metric.

use std::sync::Arc;

use model::metric_table::{Fold, Kind, Part};
use rustc_hash::FxHashMap;
use smallvec::SmallVec;
use telemetry_store::segment::metrics::SeriesName;

use super::routes::Route;

/// Values being put together.
#[derive(Debug, Default)]
pub(super) struct Collection {
    /// How many points each stream had.
    exports: FxHashMap<u64, u32>,
    /// By series and export.
    index: FxHashMap<(u64, u32), usize>,
    groups: Vec<Group>,
}

#[derive(Debug)]
struct Group {
    name: Arc<SeriesName>,
    series: u64,
    kind: Kind,
    recipes: SmallVec<[Gathered; 1]>,
}

#[derive(Clone, Copy, Debug)]
struct Gathered {
    recipe: u16,
    fold: Fold,
    part: f64,
    parts: u32,
    whole: f64,
    since_ns: u64,
    time_ns: u64,
}

/// One value of a series.
#[derive(Debug)]
pub(super) struct Value {
    pub(super) name: Arc<SeriesName>,
    /// Node and path.
    pub(super) series: u64,
    pub(super) kind: Kind,
    pub(super) value: f64,
    /// From when an increase counts.
    pub(super) since_ns: u64,
    pub(super) time_ns: u64,
}

/// From when to when a value counts; of a level both are the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) since_ns: u64,
    pub(super) time_ns: u64,
}

impl Collection {
    /// Which export of the body a stream's next point belongs to.
    pub(super) fn export_of(&mut self, stream: u64) -> u32 {
        let next = self.exports.entry(stream).or_default();
        let export = *next;
        *next += 1;
        export
    }

    /// Adds what a route reads in a point.
    pub(super) fn add(&mut self, route: &Route, export: u32, value: f64, span: Span) {
        let groups = &mut self.groups;
        let at = *self.index.entry((route.series, export)).or_insert_with(|| {
            groups.push(Group {
                name: Arc::clone(&route.name),
                series: route.series,
                kind: route.kind,
                recipes: SmallVec::new(),
            });
            groups.len() - 1
        });
        groups[at].add(route, value * route.factor, span);
    }

    /// The values, in the order in which their series were met.
    pub(super) fn values(self) -> impl Iterator<Item = Value> {
        self.groups.into_iter().filter_map(Group::value)
    }
}

impl Group {
    fn add(&mut self, route: &Route, value: f64, span: Span) {
        let at = self.recipes.iter().position(|gathered| gathered.recipe == route.recipe);
        let at = at.unwrap_or_else(|| {
            self.recipes.push(Gathered {
                recipe: route.recipe,
                fold: route.fold,
                part: 0.0,
                parts: 0,
                whole: 0.0,
                since_ns: u64::MAX,
                time_ns: 0,
            });
            self.recipes.len() - 1
        });
        self.recipes[at].add(route.part, value, span);
    }

    fn value(self) -> Option<Value> {
        let mut recipes = self.recipes;
        recipes.sort_by_key(|gathered| gathered.recipe);
        let (value, best) = recipes
            .iter()
            .find_map(|gathered| Some((gathered.value().filter(|v| v.is_finite())?, gathered)))?;
        Some(Value {
            name: self.name,
            series: self.series,
            kind: self.kind,
            value,
            since_ns: best.since_ns,
            time_ns: best.time_ns,
        })
    }
}

impl Gathered {
    fn add(&mut self, part: Part, value: f64, span: Span) {
        match part {
            Part::Part => {
                self.part += value;
                self.parts += 1;
            }
            Part::Whole => self.whole += value,
        }
        self.since_ns = self.since_ns.min(span.since_ns);
        self.time_ns = self.time_ns.max(span.time_ns);
    }

    fn value(&self) -> Option<f64> {
        let fraction = || (self.whole > 0.0).then(|| self.part / self.whole);
        if self.parts == 0 {
            return None;
        }
        match self.fold {
            Fold::Sum => Some(self.part),
            Fold::Mean => Some(self.part / f64::from(self.parts)),
            Fold::Percent => fraction().map(|share| share * 100.0),
            Fold::Rest => fraction().map(|share| 100.0 - share * 100.0),
            Fold::MeanOf => fraction(),
        }
    }
}
