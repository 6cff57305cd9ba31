//! What real Java and .NET processes exported, which could not be had here: exports that others published as text, with their
//! names, attributes, units, times (to the second) and values, re-typed. Of each as much as fills the paths that factory rules use.
//!
//! Java: opentelemetry-java-instrumentation, whose own exporters wrote on standard output. Memory: 2.13.3 on HotSpot 21 with
//! the serial collector, OTLP JSON, 2025-05-02. Garbage collections: 2.20.1 on OpenJDK 19, 2025-09-27.
//!
//! .NET: the console exporter of OpenTelemetry .NET 1.13.0 in a process of ASP.NET Core on Windows that listens to the runtime's own
//! meter, `System.Runtime`, which there is since .NET 9; two exports 40 s apart, 2025-10-06.

use super::{
    otlp::{Counted, Number, histogram, sum, up_down},
    *,
};

type Pairs = &'static [(&'static str, &'static str)];

macro_rules! pool {
    ($kind:literal, $pool:literal) => {
        &[("jvm.memory.pool.name", $pool), ("jvm.memory.type", $kind)]
    };
}

const CLASSES: Pairs = pool!("non_heap", "Compressed Class Space");
const META: Pairs = pool!("non_heap", "Metaspace");
const METHODS: Pairs = pool!("non_heap", "CodeHeap 'profiled nmethods'");
const TENURED: Pairs = pool!("heap", "Tenured Gen");
const EDEN: Pairs = pool!("heap", "Eden Space");
const SURVIVOR: Pairs = pool!("heap", "Survivor Space");

/// The sum of a series over all minutes, and the mean of its points.
fn sum_and_mean(fixture: &Fixture, path: &str) -> (f64, f64) {
    let of_path = fixture.points().into_iter().filter(|((key, _), _)| key.path() == path);
    let (sum, count) =
        of_path.fold((0.0, 0.0), |(sum, count), (_, point)| (sum + point.sum, count + point.count));
    (sum, sum / count)
}

#[track_caller]
fn assert_near(found: f64, wanted: f64) {
    assert!((found - wanted).abs() < wanted * 1e-3, "{found} is not {wanted}");
}

#[test]
fn the_java_agents_memory_fills_the_heap_that_a_factory_rule_judges() {
    let at = 1_746_175_331;
    let used: &[Number<'_>] = &[
        (CLASSES, at, 6_966_080.0),
        (TENURED, at, 28_315_904.0),
        (EDEN, at, 934_328.0),
        (SURVIVOR, at, 1_297_344.0),
        (META, at, 53_485_272.0),
        (METHODS, at, 11_243_904.0),
    ];
    let limit: &[Number<'_>] = &[
        (CLASSES, at, 1_073_741_824.0),
        (TENURED, at, 167_772_160.0),
        (EDEN, at, 67_108_864.0),
        (SURVIVOR, at, 8_388_608.0),
        (METHODS, at, 122_912_768.0),
    ];
    let mut fixture = Fixture::new();
    fixture.export(
        1,
        at,
        &[up_down("jvm.memory.limit", "By", limit), up_down("jvm.memory.used", "By", used)],
    );
    let (_, share) = sum_and_mean(&fixture, "JVM|Memory:Heap|Used %");
    assert_near(share, 100.0 * 30_547_576.0 / 243_269_632.0);
}

#[test]
fn the_java_agents_collections_fill_the_time_that_a_factory_rule_judges() {
    let (start, at) = (1_759_006_736, 1_759_006_820);
    let minor: Pairs =
        &[("jvm.gc.action", "end of minor GC"), ("jvm.gc.name", "G1 Young Generation")];
    let durations: &[Counted<'_>] = &[(minor, at, &[9, 1, 0, 0, 0], 0.064)];
    let mut fixture = Fixture::new();
    let bounds = [0.01, 0.1, 1.0, 10.0];
    fixture.export(1, at, &[histogram("jvm.gc.duration", "s", start, &bounds, durations)]);
    let (sum, _) = sum_and_mean(&fixture, "JVM|Garbage Collection|GC Time Spent Per Min (ms)");
    assert_near(sum, 64.0);
}

#[test]
fn dotnets_pauses_fill_the_share_that_a_factory_rule_judges() {
    let start = 1_759_766_782;
    let mut fixture = Fixture::new();
    for (at, paused) in [(1_759_766_922, 0.042_042), (1_759_766_962, 0.044_872)] {
        fixture.export(1, at, &[sum("dotnet.gc.pause.time", "s", start, &[(&[], at, paused)])]);
    }
    // 2.83 ms of 40 s.
    let (_, share) = sum_and_mean(&fixture, "CLR|Garbage Collection|GC Time Spent (%)");
    assert_near(share, 100.0 * 0.002_83 / 40.0);
    let (millis, _) = sum_and_mean(&fixture, "CLR|Garbage Collection|GC Time Spent Per Min (ms)");
    assert_near(millis, 2.83);
}
