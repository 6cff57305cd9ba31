//! Which series are watched, what each of them counts, and how much operators want to hear of it.

use std::sync::Arc;

use analysis::{
    anomaly::{Kind, Sensitivity, Series},
    cause::ResourceKind,
};
use metadata_store::Directory;
use model::{
    anomaly::{AnomalousKind, AnomalyMeasure, AnomalySensitivity, AnomalySettings},
    entity::{Entity, EntityKind},
    id::{AccountId, EntityId},
    measured::Measured,
    metric_table,
    time::Minute,
};

use crate::rules::{Alive, Entities};

/// A metric of a node that is watched.
#[derive(Debug)]
pub(super) struct Metric {
    pub(super) path: &'static str,
    kind: Kind,
    pub(super) resource: ResourceKind,
    /// It is of the whole host, whichever node reports it.
    pub(super) of_host: bool,
}

const fn metric(path: &'static str, kind: Kind, resource: ResourceKind) -> Metric {
    Metric { path, kind, resource, of_host: false }
}

const fn of_host(path: &'static str, kind: Kind, resource: ResourceKind) -> Metric {
    Metric { path, kind, resource, of_host: true }
}

/// Processor, memory, garbage collection, threads, disks and network of nodes, by the paths of the standard table. What only
/// says how much was done, not how well, is not among them.
pub(super) const METRICS: &[Metric] = &[
    of_host("Hardware Resources|CPU|%Busy", Kind::Percent, ResourceKind::Cpu),
    of_host("Hardware Resources|CPU|%Stolen", Kind::Percent, ResourceKind::Cpu),
    of_host("Hardware Resources|CPU|%IOWait", Kind::Percent, ResourceKind::Disk),
    of_host("Hardware Resources|Memory|Used %", Kind::Percent, ResourceKind::Memory),
    of_host("Hardware Resources|Swap|Used %", Kind::Percent, ResourceKind::Memory),
    of_host("Hardware Resources|Disks|%Busy", Kind::Percent, ResourceKind::Disk),
    of_host("Hardware Resources|Disks|Average read time (ms)", Kind::Gauge, ResourceKind::Disk),
    of_host("Hardware Resources|Disks|Average write time (ms)", Kind::Gauge, ResourceKind::Disk),
    of_host("Hardware Resources|Network|Dropped packets/sec", Kind::Gauge, ResourceKind::Network),
    of_host("Hardware Resources|Network|Errors/sec", Kind::Gauge, ResourceKind::Network),
    metric("Process|CPU|Usage %", Kind::Percent, ResourceKind::Cpu),
    metric("Process|Memory|Resident (MB)", Kind::Megabytes, ResourceKind::Memory),
    metric("Process|Threads|Current No. of Threads", Kind::Gauge, ResourceKind::Threads),
    metric("JVM|Process CPU Usage %", Kind::Percent, ResourceKind::Cpu),
    metric("JVM|Memory:Heap|Used %", Kind::Percent, ResourceKind::Memory),
    metric(
        "JVM|Garbage Collection|GC Time Spent Per Min (ms)",
        Kind::Gauge,
        ResourceKind::GarbageCollection,
    ),
    metric("JVM|Threads|Current No. of Threads", Kind::Gauge, ResourceKind::Threads),
    metric("CLR|Process CPU Usage %", Kind::Percent, ResourceKind::Cpu),
    metric("CLR|Memory|Heap|Current Usage (MB)", Kind::Megabytes, ResourceKind::Memory),
    metric(
        "CLR|Garbage Collection|GC Time Spent Per Min (ms)",
        Kind::Gauge,
        ResourceKind::GarbageCollection,
    ),
    metric("CLR|Locks and Threads|Thread Pool Queue Length", Kind::Gauge, ResourceKind::Threads),
    metric("Node.js|Event Loop|Utilization %", Kind::Percent, ResourceKind::Cpu),
    metric("Node.js|Event Loop|Delay Mean (ms)", Kind::Gauge, ResourceKind::Cpu),
    metric("Node.js|Memory|Heap|Current Usage (MB)", Kind::Megabytes, ResourceKind::Memory),
    metric(
        "Node.js|Garbage Collection|GC Time Spent Per Min (ms)",
        Kind::Gauge,
        ResourceKind::GarbageCollection,
    ),
    metric(
        "Python|Garbage Collection|Number of Collections Per Min",
        Kind::Gauge,
        ResourceKind::GarbageCollection,
    ),
    metric("Go|Memory|Used %", Kind::Percent, ResourceKind::Memory),
    metric("Go|Memory|Heap|Current Usage (MB)", Kind::Megabytes, ResourceKind::Memory),
    metric(
        "Go|Garbage Collection|GC Time Spent Per Min (ms)",
        Kind::Gauge,
        ResourceKind::GarbageCollection,
    ),
    metric("Go|Scheduler|Mean Latency (ms)", Kind::Gauge, ResourceKind::Cpu),
    metric("Go|Goroutines|Current No. of Goroutines", Kind::Gauge, ResourceKind::Threads),
];

/// A metric that is watched, by its path.
pub(super) fn metric_at(path: &str) -> Option<&'static Metric> {
    METRICS.iter().find(|metric| metric.path == path)
}

/// The unit of what is watched, as people read it.
pub fn unit_of(what: What) -> String {
    match what {
        What::Metric(path) => {
            metric_table::unit_of(path).map_or_else(String::new, |unit| unit.text().to_owned())
        }
        _ => what.measure().unit().to_owned(),
    }
}

/// What of an entity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum What {
    ResponseTime,
    ErrorShare,
    Calls,
    /// The path of a metric that is watched.
    Metric(&'static str),
}

impl What {
    /// That of a measure; none for a metric that is not watched.
    pub fn of(measure: AnomalyMeasure, metric: Option<&str>) -> Option<What> {
        match measure {
            AnomalyMeasure::ResponseTime => Some(What::ResponseTime),
            AnomalyMeasure::ErrorShare => Some(What::ErrorShare),
            AnomalyMeasure::Calls => Some(What::Calls),
            AnomalyMeasure::Metric => metric_at(metric?).map(|metric| What::Metric(metric.path)),
        }
    }

    pub fn measure(self) -> AnomalyMeasure {
        match self {
            What::ResponseTime => AnomalyMeasure::ResponseTime,
            What::ErrorShare => AnomalyMeasure::ErrorShare,
            What::Calls => AnomalyMeasure::Calls,
            What::Metric(_) => AnomalyMeasure::Metric,
        }
    }

    /// The path of a metric.
    pub fn metric(self) -> Option<&'static str> {
        match self {
            What::Metric(path) => Some(path),
            _ => None,
        }
    }

    /// By what a value of the series is multiplied to stand in its unit: shares are shown in percent.
    pub fn shown(self) -> f64 {
        if self == What::ErrorShare { 100.0 } else { 1.0 }
    }

    pub(super) fn kind(self) -> Kind {
        match self {
            What::ResponseTime => Kind::Milliseconds,
            What::ErrorShare => Kind::Share,
            What::Calls => Kind::Count,
            What::Metric(path) => metric_at(path).map_or(Kind::Gauge, |metric| metric.kind),
        }
    }

    /// By how much rarer (log₁₀) it has to be before it is told. Response times and failures are what users feel; calls come
    /// and go with them, and a node has many metrics, which say why rather than that.
    fn rarer(self) -> f32 {
        match self {
            What::ResponseTime | What::ErrorShare => 0.0,
            What::Calls => 0.5,
            What::Metric(_) => 1.0,
        }
    }
}

/// Which series.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SeriesKey {
    pub entity: EntityId,
    pub what: What,
}

/// Readings before a share of what is expected means something.
const KNOWN: f32 = 10.0;

/// How much is wanted to be heard of a series whose next value is `expected`, in the series' own unit.
pub fn sensitivity(
    settings: &AnomalySettings,
    wanted: AnomalySensitivity,
    what: What,
    expected: f32,
) -> Sensitivity {
    let share = (settings.min_deviation_percent / 100.0) as f32 * expected.abs();
    let least = match what {
        What::ResponseTime => share.max(settings.min_deviation_ms as f32),
        // Of few failures a tenth more is nothing; of none the noise of few calls is bounded already.
        What::ErrorShare => share,
        What::Calls | What::Metric(_) => share,
    };
    let rarity = match wanted {
        AnomalySensitivity::Low => 0.5,
        AnomalySensitivity::Medium => 0.0,
        AnomalySensitivity::High => -0.5,
    };
    Sensitivity {
        rarity: rarity + what.rarer(),
        min_deviation: least,
        min_calls: settings.min_calls as f32,
    }
}

/// The same, looking up what is expected.
pub(super) fn sensitivity_at(
    settings: &AnomalySettings,
    wanted: AnomalySensitivity,
    what: What,
    series: &Series,
    config: &analysis::anomaly::Config,
    at: analysis::anomaly::Moment,
    calls: Option<f32>,
) -> Sensitivity {
    let plain = sensitivity(settings, wanted, what, 0.0);
    if settings.min_deviation_percent <= 0.0 {
        return plain;
    }
    let known = series.explain(config, &plain, at, calls);
    match known.readings as f32 > KNOWN {
        true => sensitivity(settings, wanted, what, known.expected),
        false => plain,
    }
}

/// An entity under watch.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) id: EntityId,
    pub(super) kind: AnomalousKind,
    /// The number of its kind in events and rows.
    pub(super) entity_kind: EntityKind,
    pub(super) name: Arc<str>,
    pub(super) measured: Measured,
    pub(super) wanted: AnomalySensitivity,
}

/// The entities of an application that are watched in a minute.
pub(super) fn entries(
    directory: &Directory,
    account: AccountId,
    application: EntityId,
    settings: &AnomalySettings,
    minute: Minute,
) -> Vec<Entry> {
    let alive = Alive::At(minute);
    let entities = Entities { directory, account, application, alive };
    let kinds = [
        EntityKind::BusinessTransaction,
        EntityKind::Tier,
        EntityKind::ServiceEndpoint,
        EntityKind::Backend,
        EntityKind::Queue,
        EntityKind::Node,
    ];
    let all = kinds.into_iter().flat_map(|kind| entities.all(kind));
    all.filter_map(|entity| entry(&entity, settings)).collect()
}

fn entry(entity: &Entity, settings: &AnomalySettings) -> Option<Entry> {
    let kind = AnomalousKind::of(entity.key.kind)?;
    let wanted = match kind {
        AnomalousKind::BusinessTransaction => settings.of_transaction(entity.id.0)?,
        _ => settings.sensitivity,
    };
    Some(Entry {
        id: entity.id,
        kind,
        entity_kind: entity.key.kind,
        name: entity.key.name.as_str().into(),
        measured: measured_of(entity.id, entity.key.kind)?,
        wanted,
    })
}

/// What an entity's figures are counted under.
pub(super) fn measured_of(id: EntityId, kind: EntityKind) -> Option<Measured> {
    Some(match kind {
        EntityKind::BusinessTransaction => Measured::Transaction(id),
        EntityKind::Tier => Measured::Tier(id),
        EntityKind::ServiceEndpoint => Measured::Endpoint(id),
        EntityKind::Backend | EntityKind::Queue => Measured::CallsTo(id),
        EntityKind::Node => Measured::Node(id),
        EntityKind::Application | EntityKind::ErrorGroup | EntityKind::Address => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_watched_metric_is_one_of_the_standard_table() {
        for metric in METRICS {
            assert!(metric_table::unit_of(metric.path).is_some(), "{}", metric.path);
            assert_eq!(metric_at(metric.path).map(|found| found.path), Some(metric.path));
        }
    }

    #[test]
    fn limits_and_wishes_make_the_sensitivity() {
        let settings = AnomalySettings::default();
        let check = |wanted, what, expected: f32, rarity: f32, least: f32| {
            let found = sensitivity(&settings, wanted, what, expected);
            assert!((found.rarity - rarity).abs() < 1e-6, "{found:?}");
            assert!((found.min_deviation - least).abs() < 1e-4, "{found:?}");
        };
        use AnomalySensitivity::{High, Low, Medium};
        // Ten percent, and never less than two milliseconds.
        check(Medium, What::ResponseTime, 100.0, 0.0, 10.0);
        check(High, What::ResponseTime, 5.0, -0.5, 2.0);
        check(Low, What::Calls, 50.0, 1.0, 5.0);
        check(Medium, What::Metric(METRICS[0].path), 40.0, 1.0, 4.0);
        assert_eq!(sensitivity(&settings, Medium, What::ErrorShare, 0.0).min_calls, 3.0);
    }
}
