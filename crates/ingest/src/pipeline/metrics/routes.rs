//! Where the points of a stream go: paths, units and readings by the table of metrics, worked out once a stream.
//!
//! Paths with attributes' values in them are bounded: a node has at most [`MAX_COMBINATIONS`] of one metric, whatever the
//! agents send; the rest of an unknown metric counts in one path together, the rest of a known one is left out.

use std::{collections::HashSet, hash::Hasher, sync::Arc};

use model::{
    attributes::Attributes,
    metric_table::{
        Custom, Fold, Instrument, Kind, MetricTable, Part, Reading, custom, is_of_host, percentile,
        without_attributes,
    },
    sanitise::Sanitiser,
};
use rustc_hash::{FxBuildHasher, FxHashMap};
use serde::{Serialize, Serializer, ser::SerializeSeq as _};
use smallvec::{SmallVec, smallvec};
use telemetry_store::segment::metrics::SeriesName;
use twox_hash::XxHash3_64;

use super::streams::{Began, FORGET_MS, Streams};

/// The percentile that is kept of a histogram.
pub(super) const PERCENTILE: f64 = 0.95;
/// Paths of one metric of one node.
const MAX_COMBINATIONS: u32 = 100;
/// Paths with attributes in them, of all nodes.
const MAX_ALL_COMBINATIONS: usize = 1_000_000;

/// Where a point goes.
#[derive(Clone, Debug)]
pub(super) struct Route {
    pub(super) name: Arc<SeriesName>,
    /// Of a distribution that is not in the table: what its percentile is called.
    pub(super) percentile: Option<Arc<SeriesName>>,
    /// Node and path.
    pub(super) series: u64,
    pub(super) kind: Kind,
    pub(super) reading: Reading,
    pub(super) fold: Fold,
    pub(super) part: Part,
    pub(super) factor: f64,
    /// A lower one is preferred.
    pub(super) recipe: u16,
    /// Not in the table.
    pub(super) custom: bool,
    /// The metric of whose bound on paths it takes.
    bounded_by: Option<u64>,
}

impl Route {
    /// Whether a value comes of one point alone, so that a sample can stand for it.
    pub(super) fn is_plain(&self) -> bool {
        self.part == Part::Part
            && matches!(self.fold, Fold::Sum | Fold::Mean)
            && matches!(self.reading, Reading::Value | Reading::Increase)
    }
}

/// What decides on a stream's routes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Origin<'a> {
    pub(super) node: u64,
    pub(super) metric: &'a str,
    pub(super) unit: &'a str,
    pub(super) instrument: Instrument,
    pub(super) now_ms: i64,
}

/// The table, and what was worked out by it.
#[derive(Debug)]
pub(super) struct Routes {
    table: MetricTable,
    combinations: Combinations,
    /// Names that streams share.
    names: HashSet<Arc<SeriesName>, FxBuildHasher>,
}

/// Which attributes' values a node has paths for: node and metric, and part of the path's hash; and when it was seen, Unix
/// seconds.
pub(super) type SavedCombinations = Vec<(u64, Vec<(u32, u32)>)>;
/// The same before version 3 of the checkpoint: (node and metric, path), Unix milliseconds.
pub(super) type SavedCombinationsV2 = Vec<((u64, u64), i64)>;

/// The same as it is written, metric by metric.
#[derive(Debug)]
pub(super) struct SavingCombinations<'c>(&'c Combinations);

impl Serialize for SavingCombinations<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let seen = self.0.seen.iter().map(|(of, seen_s)| (of.metric(), (of.path, *seen_s)));
        let mut seen: Vec<(u64, (u32, u32))> = seen.collect();
        seen.sort_unstable();
        let metrics = || seen.chunk_by(|a, b| a.0 == b.0);
        let mut all = serializer.serialize_seq(Some(metrics().count()))?;
        for of_metric in metrics() {
            let paths: Vec<(u32, u32)> = of_metric.iter().map(|(_, path)| *path).collect();
            all.serialize_element(&(of_metric[0].0, paths))?;
        }
        all.end()
    }
}

#[derive(Debug, Default)]
struct Combinations {
    seen: FxHashMap<Combination, u32>,
    of_metric: FxHashMap<u64, u32>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Combination {
    metric: [u32; 2],
    path: u32,
}

impl Combination {
    fn new(metric: u64, path: u64) -> Combination {
        Combination { metric: [metric as u32, (metric >> 32) as u32], path: path as u32 }
    }

    fn metric(self) -> u64 {
        u64::from(self.metric[0]) | u64::from(self.metric[1]) << 32
    }
}

/// Unix milliseconds as seconds.
fn seconds(ms: i64) -> u32 {
    u32::try_from(ms / 1000).unwrap_or_default()
}

impl Routes {
    pub(super) fn restore(saved: SavedCombinations) -> Routes {
        let paths = saved.into_iter().flat_map(|(metric, paths)| {
            let of_path = move |(path, seen_s)| (Combination::new(metric, u64::from(path)), seen_s);
            paths.into_iter().map(of_path)
        });
        Routes::with(paths.collect())
    }

    pub(super) fn restore_v2(saved: SavedCombinationsV2) -> Routes {
        let paths = saved
            .into_iter()
            .map(|((metric, path), seen_ms)| (Combination::new(metric, path), seconds(seen_ms)));
        Routes::with(paths.collect())
    }

    fn with(seen: FxHashMap<Combination, u32>) -> Routes {
        let mut combinations = Combinations { seen, ..Combinations::default() };
        combinations.count();
        Routes { table: MetricTable::new(), combinations, names: HashSet::default() }
    }

    pub(super) fn save(&self) -> SavingCombinations<'_> {
        SavingCombinations(&self.combinations)
    }

    /// Since when a counter counts: those of the table are the runtime's and the host's own, others the application's.
    pub(super) fn began(&self, metric: &str) -> Began {
        if is_of_host(metric) {
            Began::WithHost
        } else if self.table.uses(metric).is_empty() {
            Began::AtStart
        } else {
            Began::Before
        }
    }

    /// Where the points of a stream go.
    pub(super) fn work_out(
        &mut self,
        origin: &Origin<'_>,
        attributes: &Attributes<'_>,
        sanitiser: &Sanitiser,
    ) -> SmallVec<[Route; 1]> {
        if self.table.uses(origin.metric).is_empty() {
            return smallvec![self.custom(origin, attributes, sanitiser)];
        }
        let mut routes = SmallVec::new();
        for place in self.table.uses(origin.metric) {
            let Some(path) = place.path(attributes) else { continue };
            let template = hash(origin.node, place.series.path);
            let series = hash(origin.node, &path);
            let bounded_by = place.series.path.contains('{').then_some(template);
            if bounded_by.is_some_and(|by| !self.combinations.admit(by, series, origin.now_ms)) {
                continue;
            }
            routes.push(Route {
                name: share(&mut self.names, &path, place.series.unit.text()),
                percentile: None,
                series,
                kind: place.series.kind,
                reading: place.pick.reading,
                fold: place.fold,
                part: place.part,
                factor: place.factor(origin.unit),
                recipe: place.recipe as u16,
                custom: false,
                bounded_by,
            });
        }
        routes
    }

    fn custom(
        &mut self,
        origin: &Origin<'_>,
        attributes: &Attributes<'_>,
        sanitiser: &Sanitiser,
    ) -> Route {
        let Custom { mut path, unit, kind, reading, factor } =
            custom(origin.metric, origin.unit, origin.instrument, attributes, sanitiser);
        let mut series = hash(origin.node, &path);
        let mut bounded_by = Some(hash(origin.node, origin.metric));
        if bounded_by.is_some_and(|by| !self.combinations.admit(by, series, origin.now_ms)) {
            bounded_by = None;
            path = without_attributes(origin.metric);
            series = hash(origin.node, &path);
        }
        let adds = kind == Kind::PerMinute || kind == Kind::Level || reading == Reading::PerSecond;
        let percentile = (origin.instrument == Instrument::Distribution)
            .then(|| share(&mut self.names, &percentile(&path, PERCENTILE), &unit));
        Route {
            name: share(&mut self.names, &path, &unit),
            percentile,
            series,
            kind,
            reading,
            fold: if adds { Fold::Sum } else { Fold::Mean },
            part: Part::Part,
            factor,
            recipe: 0,
            custom: true,
            bounded_by,
        }
    }

    /// Forgets what was not used for an hour.
    pub(super) fn forget(&mut self, streams: &Streams, now_ms: i64) {
        for (route, seen_ms) in streams.routes() {
            if let Some(metric) = route.bounded_by {
                let combination = Combination::new(metric, route.series);
                let seen_s = self.combinations.seen.entry(combination).or_default();
                *seen_s = seconds(seen_ms).max(*seen_s);
            }
        }
        let oldest = seconds(now_ms - FORGET_MS);
        self.combinations.seen.retain(|_, seen_s| *seen_s >= oldest);
        self.combinations.count();
        self.names.retain(|name| Arc::strong_count(name) > 1);
    }
}

/// A name that may be shared with other streams.
fn share(
    names: &mut HashSet<Arc<SeriesName>, FxBuildHasher>,
    path: &str,
    unit: &str,
) -> Arc<SeriesName> {
    let name = SeriesName::new(path, unit);
    if let Some(known) = names.get(&name) {
        return Arc::clone(known);
    }
    names.insert(Arc::clone(&name));
    name
}

impl Combinations {
    /// Counts anew how many each metric has.
    fn count(&mut self) {
        self.of_metric.clear();
        for combination in self.seen.keys() {
            *self.of_metric.entry(combination.metric()).or_default() += 1;
        }
    }

    /// Whether a path may be used.
    fn admit(&mut self, metric: u64, path: u64, now_ms: i64) -> bool {
        let combination = Combination::new(metric, path);
        if let Some(seen_s) = self.seen.get_mut(&combination) {
            *seen_s = seconds(now_ms);
            return true;
        }
        let count = self.of_metric.entry(metric).or_default();
        if *count >= MAX_COMBINATIONS || self.seen.len() >= MAX_ALL_COMBINATIONS {
            return false;
        }
        *count += 1;
        self.seen.insert(combination, seconds(now_ms));
        true
    }
}

/// A hash of a text under another one.
pub(super) fn hash(seed: u64, text: &str) -> u64 {
    let mut hasher = XxHash3_64::with_seed(seed);
    hasher.write(text.as_bytes());
    hasher.finish()
}
