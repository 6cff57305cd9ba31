//! Where the points of a stream go: paths, units and readings by the table of metrics, worked out once a stream.
//!
//! Paths with attributes' values in them are bounded: a node has at most [`MAX_COMBINATIONS`] of one metric, whatever the
//! agents send; the rest of an unknown metric counts in one path together, the rest of a known one is left out.

use std::{hash::Hasher, sync::Arc};

use model::{
    attributes::Attributes,
    metric_table::{
        Custom, Fold, Instrument, Kind, MetricTable, Part, Reading, custom, is_of_host,
        without_attributes,
    },
    sanitise::Sanitiser,
};
use rustc_hash::FxHashMap;
use telemetry_store::segment::metrics::SeriesName;
use twox_hash::XxHash3_64;

use super::streams::{Began, FORGET_MS, Most};

/// Paths of one metric of one node.
const MAX_COMBINATIONS: u32 = 100;
/// Paths with attributes in them, of all nodes.
const MAX_ALL_COMBINATIONS: usize = 400_000;

/// Where a point goes.
#[derive(Clone, Debug)]
pub(super) struct Route {
    pub(super) name: Arc<SeriesName>,
    /// Node and path.
    pub(super) series: u64,
    pub(super) kind: Kind,
    pub(super) reading: Reading,
    pub(super) fold: Fold,
    pub(super) part: Part,
    pub(super) factor: f64,
    /// A lower one is preferred.
    pub(super) recipe: usize,
    /// Not in the table.
    pub(super) custom: bool,
    /// What it takes of the bound on paths.
    combination: Option<(u64, u64)>,
}

/// What decides on a stream's routes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Origin<'a> {
    pub(super) stream: u64,
    pub(super) node: u64,
    pub(super) metric: &'a str,
    pub(super) unit: &'a str,
    pub(super) instrument: Instrument,
    /// Days since 1970 of the point.
    pub(super) day: u32,
    pub(super) now_ms: i64,
}

/// The table, and what was worked out by it.
#[derive(Debug)]
pub(super) struct Routes {
    table: MetricTable,
    by_stream: FxHashMap<u64, Known>,
    combinations: Combinations,
    /// Streams that are known with their routes.
    pub(super) most: Most,
}

#[derive(Debug)]
struct Known {
    seen_ms: i64,
    routes: Arc<[Route]>,
    series: u64,
    /// Days since 1970 for which was said what its series is: the last two.
    said: [u32; 2],
}

/// Where the points of a stream go.
#[derive(Clone, Debug)]
pub(super) struct Found {
    pub(super) routes: Arc<[Route]>,
    /// Nothing beyond the bound on streams: then there are no raw samples of it.
    pub(super) raw: Option<Raw>,
}

/// The series of a stream's raw samples.
#[derive(Clone, Copy, Debug)]
pub(super) struct Raw {
    pub(super) series: u64,
    /// What it is has not been said on this day.
    pub(super) is_unsaid: bool,
}

/// Which attributes' values a node has paths for: (node and metric, path) and when it was seen.
pub(super) type SavedCombinations = Vec<((u64, u64), i64)>;

#[derive(Debug, Default)]
struct Combinations {
    seen: FxHashMap<(u64, u64), i64>,
    of_metric: FxHashMap<u64, u32>,
}

impl Routes {
    pub(super) fn restore(saved: SavedCombinations) -> Routes {
        let seen = saved.into_iter().collect();
        let mut combinations = Combinations { seen, ..Combinations::default() };
        combinations.count();
        Routes {
            table: MetricTable::new(),
            by_stream: FxHashMap::default(),
            combinations,
            most: Most::default(),
        }
    }

    pub(super) fn save(&self) -> SavedCombinations {
        self.combinations.seen.iter().map(|(key, seen_ms)| (*key, *seen_ms)).collect()
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

    /// Where the points of a stream go; `attributes` are asked for when it is not known, and `series` for the id of its raw
    /// samples. Nothing where the attributes cannot be read.
    pub(super) fn of<'a>(
        &mut self,
        origin: &Origin<'_>,
        sanitiser: &Sanitiser,
        attributes: impl FnOnce() -> Option<Attributes<'a>>,
        series: impl FnOnce() -> u64,
    ) -> Option<Found> {
        if let Some(known) = self.by_stream.get_mut(&origin.stream) {
            known.seen_ms = origin.now_ms;
            let raw = Raw { series: known.series, is_unsaid: known.say(origin.day) };
            return Some(Found { routes: Arc::clone(&known.routes), raw: Some(raw) });
        }
        let routes: Arc<[Route]> = self.work_out(origin, &attributes()?, sanitiser).into();
        if self.by_stream.len() >= self.most.0 {
            return Some(Found { routes, raw: None });
        }
        let series = series();
        let known = Known {
            seen_ms: origin.now_ms,
            routes: Arc::clone(&routes),
            series,
            said: [origin.day, u32::MAX],
        };
        self.by_stream.insert(origin.stream, known);
        Some(Found { routes, raw: Some(Raw { series, is_unsaid: true }) })
    }

    fn work_out(
        &mut self,
        origin: &Origin<'_>,
        attributes: &Attributes<'_>,
        sanitiser: &Sanitiser,
    ) -> Vec<Route> {
        if self.table.uses(origin.metric).is_empty() {
            return vec![self.custom(origin, attributes, sanitiser)];
        }
        let mut routes = Vec::new();
        for place in self.table.uses(origin.metric) {
            let Some(path) = place.path(attributes) else { continue };
            let template = hash(origin.node, place.series.path);
            let series = hash(origin.node, &path);
            let combination = place.series.path.contains('{').then_some((template, series));
            if combination.is_some_and(|paths| !self.combinations.admit(paths, origin.now_ms)) {
                continue;
            }
            routes.push(Route {
                name: SeriesName::new(&path, place.series.unit.text()),
                series,
                kind: place.series.kind,
                reading: place.pick.reading,
                fold: place.fold,
                part: place.part,
                factor: place.factor(origin.unit),
                recipe: place.recipe,
                custom: false,
                combination,
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
        let mut combination = Some((hash(origin.node, origin.metric), series));
        if combination.is_some_and(|paths| !self.combinations.admit(paths, origin.now_ms)) {
            combination = None;
            path = without_attributes(origin.metric);
            series = hash(origin.node, &path);
        }
        let adds = kind == Kind::PerMinute || kind == Kind::Level || reading == Reading::PerSecond;
        Route {
            name: SeriesName::new(&path, &unit),
            series,
            kind,
            reading,
            fold: if adds { Fold::Sum } else { Fold::Mean },
            part: Part::Part,
            factor,
            recipe: 0,
            custom: true,
            combination,
        }
    }

    /// Forgets what was not used for an hour.
    pub(super) fn forget(&mut self, now_ms: i64) {
        let used = |seen_ms: i64| seen_ms.saturating_add(FORGET_MS) >= now_ms;
        self.by_stream.retain(|_, known| used(known.seen_ms));
        for known in self.by_stream.values() {
            for combination in known.routes.iter().filter_map(|route| route.combination) {
                let seen_ms = self.combinations.seen.entry(combination).or_default();
                *seen_ms = known.seen_ms.max(*seen_ms);
            }
        }
        self.combinations.seen.retain(|_, seen_ms| used(*seen_ms));
        self.combinations.count();
    }
}

impl Known {
    /// Whether it was not said yet on a day what its series is. Then it will have been.
    fn say(&mut self, day: u32) -> bool {
        let is_unsaid = !self.said.contains(&day);
        if is_unsaid {
            self.said = [day, self.said[0]];
        }
        is_unsaid
    }
}

impl Combinations {
    /// Counts anew how many each metric has.
    fn count(&mut self) {
        self.of_metric.clear();
        for (metric, _) in self.seen.keys() {
            *self.of_metric.entry(*metric).or_default() += 1;
        }
    }

    /// Whether a path may be used.
    fn admit(&mut self, (metric, path): (u64, u64), now_ms: i64) -> bool {
        if let Some(seen_ms) = self.seen.get_mut(&(metric, path)) {
            *seen_ms = now_ms;
            return true;
        }
        let count = self.of_metric.entry(metric).or_default();
        if *count >= MAX_COMBINATIONS || self.seen.len() >= MAX_ALL_COMBINATIONS {
            return false;
        }
        *count += 1;
        self.seen.insert((metric, path), now_ms);
        true
    }
}

/// A hash of a text under another one.
pub(super) fn hash(seed: u64, text: &str) -> u64 {
    let mut hasher = XxHash3_64::with_seed(seed);
    hasher.write(text.as_bytes());
    hasher.finish()
}
