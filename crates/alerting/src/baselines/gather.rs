//! From rows of hours to what each series was in each hour: several rows may count for one series, and one row for several.

use std::{collections::BTreeSet, sync::Arc};

use analysis::baseline::{Hour, Kind, Values, Weighted};
use model::{
    figure::{Figure, FigureKey, Scope},
    id::{AccountId, EntityId},
    measured::Measured,
    time::Minute,
};
use rustc_hash::FxHashMap;
use telemetry_store::reader::{FigureHours, MetricHour, MetricHours};

use super::{Key, Metric};

/// Subjects that a query names at most; beyond them all of the scope are read.
const SUBJECTS: usize = 20_000;
/// Paths that it names at most.
const PATHS: usize = 200;

/// Series that hours are gathered for.
#[derive(Debug)]
pub(super) struct Gather {
    /// The keys' places by what counts for them.
    figures: FxHashMap<Measured, Vec<(usize, Metric)>>,
    metrics: FxHashMap<[EntityId; 3], FxHashMap<Arc<str>, usize>>,
    applications: BTreeSet<EntityId>,
    /// What is known of the hour that is being read, by place.
    parts: FxHashMap<usize, Parts>,
    hour: Minute,
}

/// The parts of a series in one hour.
#[derive(Clone, Copy, Debug)]
struct Parts {
    kind: Kind,
    sum: Values,
    average: Weighted,
    calls: Values,
}

impl Gather {
    pub(super) fn of(keys: &[Key]) -> Gather {
        let mut gather = Gather {
            figures: FxHashMap::default(),
            metrics: FxHashMap::default(),
            applications: keys.iter().map(Key::application).collect(),
            parts: FxHashMap::default(),
            hour: Minute(0),
        };
        for (place, key) in keys.iter().enumerate() {
            match key {
                Key::Figure { of, metric, .. } => {
                    gather.figures.entry(*of).or_default().push((place, *metric));
                }
                Key::Series { application, tier, node, path } => {
                    let of = gather.metrics.entry([*application, *tier, *node]).or_default();
                    of.insert(Arc::clone(path), place);
                }
            }
        }
        gather
    }

    fn application(&self) -> EntityId {
        let mut all = self.applications.iter();
        match (all.next(), all.next()) {
            (Some(only), None) => *only,
            _ => EntityId::NONE,
        }
    }

    /// The question for the figures among the keys, if there are any.
    pub(super) fn figures(
        &self,
        account: AccountId,
        hours: &[Minute],
        max_rows: usize,
    ) -> Option<FigureHours> {
        if self.figures.is_empty() {
            return None;
        }
        let scopes: BTreeSet<Scope> = self.figures.keys().map(|of| of.scope()).collect();
        let subjects: Option<BTreeSet<EntityId>> =
            self.figures.keys().map(|of| of.subject()).collect();
        let subjects = subjects.filter(|subjects| subjects.len() <= SUBJECTS).unwrap_or_default();
        let bts: BTreeSet<Option<EntityId>> = self.figures.keys().map(|of| of.bt()).collect();
        Some(FigureHours {
            account,
            application: self.application(),
            scopes: scopes.into_iter().collect(),
            subjects: subjects.into_iter().collect(),
            bt: if bts.len() == 1 { bts.into_iter().next().flatten() } else { None },
            hours: hours.to_vec(),
            max_rows,
        })
    }

    /// The question for the metric series among them.
    pub(super) fn series(
        &self,
        account: AccountId,
        hours: &[Minute],
        max_rows: usize,
    ) -> Option<MetricHours> {
        if self.metrics.is_empty() {
            return None;
        }
        let tiers: BTreeSet<EntityId> = self.metrics.keys().map(|[_, tier, _]| *tier).collect();
        let paths: BTreeSet<&Arc<str>> = self.metrics.values().flat_map(|of| of.keys()).collect();
        let paths = if paths.len() > PATHS { BTreeSet::new() } else { paths };
        Some(MetricHours {
            account,
            application: self.application(),
            tier: if tiers.len() == 1 { tiers.into_iter().next() } else { None },
            paths: paths.into_iter().map(|path| path.to_string()).collect(),
            hours: hours.to_vec(),
            max_rows,
        })
    }

    /// Adds a row to what it counts for; hours ascend. What was gathered of the hour before goes to `each`.
    pub(super) fn add(
        &mut self,
        key: &FigureKey,
        at: Minute,
        figure: &Figure,
        is_key: impl Fn(EntityId) -> bool,
        each: &mut impl FnMut(usize, Minute, &Hour),
    ) {
        if at != self.hour {
            self.end_hour(each);
            self.hour = at;
        }
        let Some(minutes) = figure.minutes.as_deref() else { return };
        for of in Measured::of(key, is_key).into_iter().flatten() {
            for (place, metric) in self.figures.get(&of).into_iter().flatten() {
                let (hour, weight) = metric.hour(figure, minutes);
                let parts = self.parts.entry(*place).or_insert_with(|| Parts::of(metric.kind()));
                parts.add(&hour, weight);
            }
        }
    }

    /// Gives what was gathered of the hour to `each`.
    pub(super) fn end_hour(&mut self, each: &mut impl FnMut(usize, Minute, &Hour)) {
        for (place, parts) in self.parts.drain() {
            if let Some(hour) = parts.together() {
                each(place, self.hour, &hour);
            }
        }
    }

    /// The place of a metric series, and what it was.
    pub(super) fn place_of(&self, hour: &MetricHour<'_>) -> Option<(usize, Hour)> {
        let of = self.metrics.get(&[hour.application, hour.tier, hour.node])?;
        let MetricHour { minutes: count, sum, squares, .. } = *hour;
        let minutes = Values { count, sum, squares };
        of.get(hour.path).map(|place| (*place, Hour { minutes, calls: Values::default() }))
    }
}

impl Parts {
    fn of(kind: Kind) -> Parts {
        let nothing = Values::default();
        Parts { kind, sum: nothing, average: Weighted::default(), calls: nothing }
    }

    fn add(&mut self, part: &Hour, weight: f64) {
        match self.kind {
            Kind::MeanOfCalls => {
                self.average.add(part.minutes, weight);
                self.calls = self.calls.with(part.calls);
            }
            Kind::Count | Kind::Value => self.sum = self.sum.summed(part.minutes),
        }
    }

    /// Nothing where there was no value.
    fn together(&self) -> Option<Hour> {
        let minutes = match self.kind {
            Kind::MeanOfCalls => self.average.values(),
            Kind::Count | Kind::Value => self.sum,
        };
        (minutes.count > 0.0).then_some(Hour { minutes, calls: self.calls })
    }
}
