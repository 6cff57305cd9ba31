//! Points made by hand, what agents sent, and what others published of theirs, through [`Metrics::take`].

mod conventions;
mod otlp;
mod published;
mod raw;
mod recorded;
mod scraped;

use std::collections::BTreeMap;

use model::{
    id::AccountId,
    metric_table::{Kind, MetricTable},
    remote_write,
    sanitise::{MaskList, Sanitiser},
    time::SECOND_NS,
};

use telemetry_store::segment::metrics::{Point, SeriesKey};

use self::otlp::{Made, delta, gauge, histogram, sum, up_down};
use super::*;
use crate::{otlp::limits::AttributeLimits, pipeline::registry::Place};

/// A whole minute, long after 1970, in seconds.
const T: u64 = 1_700_000_040;

/// What is asked of a pipeline's metrics.
struct Fixture {
    metrics: Metrics,
    rows: Rows,
    ignored: u64,
    repeated: u64,
}

/// A process of one node; each tier has its own node.
fn source(tier: u32, process: u32) -> Source {
    let [application, node] = [1, tier + 1000].map(EntityId);
    Source {
        place: Place { account: AccountId::FIRST, application, tier: EntityId(tier), node },
        process,
        tier_name: "shop".to_owned(),
        host: "shop-host".to_owned(),
        attributes: Vec::new(),
        id: 0,
    }
}

impl Fixture {
    fn new() -> Fixture {
        Fixture { metrics: Metrics::default(), rows: Rows::default(), ignored: 0, repeated: 0 }
    }

    /// One export of a process of tier 1, at a time in seconds.
    fn export(&mut self, process: u32, at: u64, made: &[Made]) {
        self.take(&otlp::encode(made), &source(1, process), at as i64 * 1000);
    }

    fn take(&mut self, body: &[u8], source: &Source, now_ms: i64) {
        let resource = ResourceMetrics::read(body).unwrap();
        let sanitiser = Sanitiser::new(MaskList::default(), true);
        let limits = AttributeLimits::default();
        let cleaning = Cleaning { sanitiser: &sanitiser, limits };
        let (rows, mut buffers) = (&mut self.rows, Buffers::default());
        let taken = self.metrics.take(&resource, source, cleaning, rows, &mut buffers, now_ms);
        self.ignored += taken.ignored;
        self.repeated += taken.repeated;
    }

    /// A cut: the state goes through a checkpoint, and nothing but it is left of the process.
    fn restart(&mut self) {
        let saved = postcard::to_stdvec(&self.metrics.save()).unwrap();
        self.metrics = Metrics::restore(postcard::from_bytes(&saved).unwrap());
    }

    /// A series as it is shown, minute by minute after [`T`].
    fn shown(&self, path: &str) -> Vec<(i64, f64)> {
        let table = MetricTable::new();
        let points = self.points();
        let shown: BTreeMap<i64, f64> = points
            .iter()
            .filter(|((key, _), _)| key.path() == path)
            .map(|((key, minute), point)| {
                let value = match table.kind(key.path(), key.unit()) {
                    Kind::PerMinute => point.sum,
                    _ => point.sum / point.count,
                };
                let minute = i64::from(minute.0) - (T / 60) as i64;
                (minute, (value * 1000.0).round() / 1000.0)
            })
            .collect();
        shown.into_iter().collect()
    }

    #[track_caller]
    fn check(&self, path: &str, expected: &[(i64, f64)]) {
        assert_eq!(self.shown(path), expected, "{path}; there are {:#?}", self.paths());
    }

    /// All minutes.
    fn points(&self) -> BTreeMap<(SeriesKey, Minute), Point> {
        let mut points = BTreeMap::new();
        self.rows.each_point(|key, minute, point| {
            let merged: &mut Point = points.entry((key.clone(), minute)).or_default();
            merged.merge(point);
        });
        points
    }

    fn paths(&self) -> Vec<String> {
        let points = self.points();
        let mut paths: Vec<String> = points.keys().map(|(key, _)| key.path().to_owned()).collect();
        paths.sort_unstable();
        paths.dedup();
        paths
    }
}

#[test]
fn a_counter_of_the_application_is_summed_by_the_minute_and_over_processes() {
    let mut fixture = Fixture::new();
    let placed = |start, time, value| sum("orders.placed", "{order}", start, &[(&[], time, value)]);
    fixture.export(1, T + 10, &[placed(T, T + 10, 4.0)]);
    fixture.export(2, T + 20, &[placed(T, T + 20, 2.0)]);
    fixture.export(1, T + 70, &[placed(T, T + 70, 9.0)]);
    fixture.export(2, T + 80, &[placed(T, T + 80, 3.0)]);
    fixture.check("Custom Metrics|orders.placed", &[(0, 6.0), (1, 6.0)]);
}

#[test]
fn a_counter_that_was_reset_counts_on() {
    let mut fixture = Fixture::new();
    let placed = |start, time, value| sum("orders.placed", "1", start, &[(&[], time, value)]);
    fixture.export(1, T, &[placed(T - 9000, T, 5000.0)]);
    fixture.export(1, T + 60, &[placed(T - 9000, T + 60, 5004.0)]);
    // The process was restarted in between.
    fixture.export(1, T + 120, &[placed(T + 90, T + 120, 3.0)]);
    fixture.export(1, T + 180, &[placed(T + 90, T + 180, 8.0)]);
    // An agent that does not tell: the value drops.
    fixture.export(1, T + 240, &[placed(T + 90, T + 240, 2.0)]);
    fixture.check("Custom Metrics|orders.placed", &[(1, 4.0), (2, 3.0), (3, 5.0), (4, 2.0)]);
}

#[test]
fn deltas_are_added_up_as_they_come() {
    let mut fixture = Fixture::new();
    let placed = |start, time, value| delta("orders.placed", "1", start, &[(&[], time, value)]);
    fixture.export(1, T + 10, &[placed(T, T + 10, 5.0)]);
    fixture.export(1, T + 20, &[placed(T + 10, T + 20, 5.0)]);
    fixture.export(2, T + 20, &[placed(T, T + 20, 1.0)]);
    fixture.check("Custom Metrics|orders.placed", &[(0, 11.0)]);
}

#[test]
fn what_happened_in_a_gap_is_spread_over_it() {
    let mut fixture = Fixture::new();
    let placed = |time, value| sum("orders.placed", "1", T, &[(&[], time, value)]);
    fixture.export(1, T, &[placed(T, 0.0)]);
    fixture.export(1, T + 180, &[placed(T + 180, 30.0)]);
    fixture.check("Custom Metrics|orders.placed", &[(0, 0.0), (1, 10.0), (2, 10.0), (3, 10.0)]);
}

#[test]
fn an_export_sent_twice_counts_once() {
    let mut fixture = Fixture::new();
    let placed = |time, value| sum("orders.placed", "1", T, &[(&[], time, value)]);
    fixture.export(1, T + 10, &[placed(T + 10, 3.0)]);
    fixture.export(1, T + 20, &[placed(T + 20, 5.0)]);
    fixture.export(1, T + 21, &[placed(T + 20, 5.0)]);
    fixture.check("Custom Metrics|orders.placed", &[(0, 5.0)]);
    assert_eq!((fixture.ignored, fixture.repeated), (0, 1));
}

#[test]
fn a_restart_of_the_pipeline_changes_nothing() {
    let run = |restart: bool| {
        let mut fixture = Fixture::new();
        for export in 1..=6u64 {
            let at = T + export * 30;
            let orders = sum("orders.placed", "1", T, &[(&[], at, 3.0 * export as f64)]);
            let threads = up_down("process.thread.count", "{thread}", &[(&[], at, 5.0)]);
            fixture.export(1, at, &[orders, threads.clone()]);
            fixture.export(2, at + 1, &[threads]);
            if restart {
                fixture.restart();
            }
        }
        ["Custom Metrics|orders.placed", "Process|Threads|Current No. of Threads"]
            .map(|path| fixture.shown(path))
    };
    assert_eq!(run(true), run(false));
    assert_eq!(run(true)[0], [(0, 3.0), (1, 6.0), (2, 6.0), (3, 3.0)]);
}

#[test]
fn levels_add_over_processes_and_gauges_average() {
    let mut fixture = Fixture::new();
    for at in [T, T + 10, T + 20] {
        let open = |value| up_down("orders.open", "1", &[(&[], at, value)]);
        let temperature = |value| gauge("oven.temperature", "Cel", &[(&[], at, value)]);
        fixture.export(1, at, &[open(5.0), temperature(200.0)]);
        fixture.export(2, at, &[open(7.0), temperature(100.0)]);
    }
    fixture.check("Custom Metrics|oven.temperature", &[(0, 150.0)]);
    // The first sample was before the second process was known: (5 + 12 + 12 + 12 + 12 + 12) ÷ 6.
    fixture.check("Custom Metrics|orders.open", &[(0, 10.833)]);
    let open = |value| up_down("orders.open", "1", &[(&[], T + 70, value)]);
    fixture.export(1, T + 70, &[open(6.0)]);
    fixture.export(2, T + 70, &[open(7.0)]);
    fixture.check("Custom Metrics|orders.open", &[(0, 10.833), (1, 13.0)]);
}

#[test]
fn a_host_reported_by_several_processes_is_averaged_and_never_added() {
    let mut fixture = Fixture::new();
    for (export, at) in [T, T + 60].into_iter().enumerate() {
        let grown = export as f64;
        let idle: &[(&'static str, &'static str)] = &[("state", "idle"), ("cpu", "0")];
        let user: &[(&'static str, &'static str)] = &[("state", "user"), ("cpu", "0")];
        let eth0: &[(&'static str, &'static str)] = &[("device", "eth0"), ("direction", "receive")];
        let made = [
            sum(
                "system.cpu.time",
                "s",
                at,
                &[(idle, at, 9000.0 + 45.0 * grown), (user, at, 500.0 + 15.0 * grown)],
            ),
            gauge(
                "system.memory.usage",
                "By",
                &[
                    (&[("state", "used")], at, 2.0 * 1024.0 * 1024.0),
                    (&[("state", "free")], at, 6.0 * 1024.0 * 1024.0),
                ],
            ),
            sum("system.network.io", "By", at, &[(eth0, at, 1e9 + 60.0 * 2048.0 * grown)]),
        ];
        for process in 1..=3 {
            fixture.export(process, at, &made);
        }
    }
    fixture.check("Hardware Resources|CPU|%Busy", &[(1, 25.0)]);
    fixture.check("Hardware Resources|CPU|%User", &[(1, 25.0)]);
    fixture.check("Hardware Resources|Memory|Used (MB)", &[(0, 2.0), (1, 2.0)]);
    fixture.check("Hardware Resources|Memory|Used %", &[(0, 25.0), (1, 25.0)]);
    fixture.check("Hardware Resources|Network|Incoming KB/sec", &[(1, 2.0)]);
}

#[test]
fn a_share_of_cpu_that_the_agent_worked_out_serves_where_there_are_no_times() {
    let mut fixture = Fixture::new();
    let utilization = |idle, user| {
        gauge(
            "system.cpu.utilization",
            "1",
            &[
                (&[("cpu", "0"), ("state", "idle")], T, idle),
                (&[("cpu", "0"), ("state", "user")], T, user),
            ],
        )
    };
    // Python's first one.
    fixture.export(1, T, &[utilization(0.0, 0.0)]);
    fixture.check("Hardware Resources|CPU|%Busy", &[]);
    fixture.export(1, T, &[utilization(0.7, 0.3)]);
    fixture.check("Hardware Resources|CPU|%Busy", &[(0, 30.0)]);
    assert!(
        !fixture.paths().contains(&"Hardware Resources|CPU|%IOWait".to_owned()),
        "nobody measured it"
    );
}

#[test]
fn two_exports_in_one_body_are_two() {
    let mut fixture = Fixture::new();
    let heap = |pool: &'static str| -> Vec<(&'static str, &'static str)> {
        vec![("jvm.memory.type", "heap"), ("jvm.memory.pool.name", pool)]
    };
    let (eden, old) = (heap("Eden"), heap("Old"));
    let megabyte = 1024.0 * 1024.0;
    fixture.export(
        1,
        T,
        &[up_down(
            "jvm.memory.used",
            "By",
            &[
                (&eden, T, 10.0 * megabyte),
                (&old, T, 30.0 * megabyte),
                (&eden, T + 60, 20.0 * megabyte),
                (&old, T + 60, 30.0 * megabyte),
            ],
        )],
    );
    fixture.check("JVM|Memory|Heap|Current Usage (MB)", &[(0, 40.0), (1, 50.0)]);
    fixture.check("JVM|Memory Pools|Eden|Current Usage (MB)", &[(0, 10.0), (1, 20.0)]);
}

#[test]
fn a_histogram_gives_its_mean_and_its_percentile() {
    let mut fixture = Fixture::new();
    let bounds = [10.0, 20.0];
    let took = |time, counts: [u64; 3], total| {
        histogram("oven.time", "s", T, &bounds, &[(&[], time, &counts, total)])
    };
    fixture.export(1, T + 10, &[took(T + 10, [1, 1, 0], 20.0)]);
    fixture.export(1, T + 70, &[took(T + 70, [1, 5, 0], 80.0)]);
    // In milliseconds.
    fixture.check("Custom Metrics|oven.time", &[(0, 10_000.0), (1, 15_000.0)]);
    fixture.check("Custom Metrics|oven.time|95th Percentile", &[(0, 19_000.0), (1, 19_500.0)]);
    let key = fixture.rows.points.keys().find(|(key, _)| key.path() == "Custom Metrics|oven.time");
    assert_eq!(key.unwrap().0.unit(), "ms");
}

#[test]
fn attributes_without_end_fold_into_one_path() {
    let mut fixture = Fixture::new();
    for order in 0..500 {
        let order: &'static str = Box::leak(format!("order-{order}").into_boxed_str());
        fixture.export(1, T, &[gauge("order.weight", "kg", &[(&[("order", order)], T, 2.0)])]);
    }
    let paths = fixture.paths();
    assert_eq!(paths.len(), 101);
    assert!(paths.contains(&"Custom Metrics|order.weight|(other)".to_owned()));
    fixture.check("Custom Metrics|order.weight|(other)", &[(0, 2.0)]);
}

#[test]
fn requests_are_counted_by_tier_whatever_the_name_of_their_metric() {
    let mut fixture = Fixture::new();
    let counts = [2, 3];
    let both = ["http.server.request.duration", "http.server.duration"]
        .map(|name| histogram(name, "s", T, &[1.0], &[(&[], T + 5, &counts, 4.0)]));
    fixture.export(1, T + 5, &both);
    fixture.export(2, T + 6, &both[..1]);
    let counted: Vec<(EntityId, Minute, f64)> = fixture.metrics.request_counts().collect();
    assert_eq!(counted, [(EntityId(1), Minute::of_ns(T * SECOND_NS), 10.0)]);
}

#[test]
fn what_is_no_number_is_kept_as_it_came_and_is_in_no_figure() {
    let mut fixture = Fixture::new();
    fixture.export(1, T, &[gauge("a", "1", &[(&[], T, f64::NAN), (&[("b", "c")], T, 1.0)])]);
    assert_eq!((fixture.ignored, fixture.paths()), (0, vec!["Custom Metrics|a|b=c".to_owned()]));
    let values: Vec<f64> = fixture.rows.samples.numbers.iter().map(|one| one.value).collect();
    // The other one counts, and lies where those do.
    assert!(values.len() == 1 && values[0].is_nan(), "{values:?}");
}
