use std::collections::HashSet;

use super::*;
use crate::attributes::Value;

#[test]
fn a_unit_tells_sums_from_averages() {
    for series in all() {
        assert_eq!(is_sum(series.unit.text()), series.kind == Kind::PerMinute, "{}", series.path);
    }
}

#[test]
fn a_path_stands_once_in_the_table() {
    let mut paths = HashSet::new();
    for series in all() {
        assert!(paths.insert(series.path), "{} stands twice", series.path);
        assert!(!series.from.is_empty() && !series.path.split('|').any(str::is_empty));
    }
}

#[test]
fn what_the_host_reports_is_read_as_the_hosts() {
    for series in all() {
        let of_host = series.path.starts_with("Hardware Resources|");
        assert_eq!(series.kind == Kind::Host, of_host, "{}", series.path);
        let reads = |reading: Reading| {
            series.from.iter().flat_map(Recipe::parts).any(|(_, pick)| pick.reading == reading)
        };
        let adds =
            matches!(series.from[0].fold(), Fold::Sum | Fold::Mean) && reads(Reading::Increase);
        assert!(!of_host || !adds, "{} would count the host once for each process", series.path);
    }
}

#[test]
fn a_stored_series_is_read_by_its_path_and_unit() {
    let table = MetricTable::new();
    let check = |path, unit, kind| assert_eq!(table.kind(path, unit), kind, "{path}");
    check("Hardware Resources|CPU|%Busy", "%", Kind::Host);
    check("Hardware Resources|Volumes|/var|Used %", "%", Kind::Host);
    check("JVM|Memory|Heap|Current Usage (MB)", "MB", Kind::Level);
    check("JVM|Memory Pools|G1 Old Gen|Current Usage (MB)", "MB", Kind::Level);
    check("JVM|Memory:Heap|Used %", "%", Kind::Average);
    check("JVM|Garbage Collection|GC Time Spent Per Min (ms)", "ms/min", Kind::PerMinute);
    check("Custom Metrics|orders.placed|shop=a", "order/min", Kind::PerMinute);
    check("Custom Metrics|orders.open", "order", Kind::Average);
    check("Custom Metrics|system.disk.time|device=sda", "s/s", Kind::Host);
}

#[test]
fn old_and_new_names_of_an_attribute_pick_the_same_points() {
    let table = MetricTable::new();
    let busy = |pairs: &[(&'static str, Value<'static>)]| {
        let attributes: Attributes<'_> = pairs.iter().copied().collect();
        table
            .uses("system.cpu.time")
            .iter()
            .filter(|place| {
                place.series.path.ends_with("%Busy") && place.path(&attributes).is_some()
            })
            .count()
    };
    // Above and below the line of the fraction.
    assert_eq!(busy(&[("state", Value::Str("idle")), ("cpu", Value::Int(1))]), 2);
    assert_eq!(busy(&[("cpu.mode", Value::Str("idle")), ("cpu.logical_number", Value::Int(1))]), 2);
    assert_eq!(busy(&[("cpu.mode", Value::Str("user"))]), 1);
}

#[test]
fn a_pools_name_stands_in_its_path_and_no_pool_gives_no_path() {
    let table = MetricTable::new();
    let path = |key: &'static str| {
        let attributes: Attributes<'_> = [(key, Value::Str("G1 Old|Gen"))].into_iter().collect();
        let uses = table.uses("jvm.memory.used").iter();
        uses.filter(|place| place.series.path.contains("Memory Pools"))
            .find_map(|place| place.path(&attributes))
    };
    assert_eq!(
        path("jvm.memory.pool.name").as_deref(),
        Some("JVM|Memory Pools|G1 Old¦Gen|Current Usage (MB)")
    );
    assert_eq!(path("something.else"), None);
}

#[test]
fn a_connection_pool_is_known_by_the_names_that_agents_give_it() {
    let table = MetricTable::new();
    let path = |metric: &str, key: &'static str| {
        let attributes: Attributes<'_> = [(key, Value::Str("HikariPool-1"))].into_iter().collect();
        let place = table.uses(metric).first().expect("the metric has a place");
        place.path(&attributes).map(|path| (path.into_owned(), place.factor("s")))
    };
    let wait = Some(("Connection Pools|HikariPool-1|Wait Time Per Min (ms)".to_owned(), 1000.0));
    assert_eq!(path("db.client.connection.wait_time", "db.client.connection.pool.name"), wait);
    assert_eq!(path("db.client.connections.wait_time", "pool.name"), wait);
    assert_eq!(path("hikaricp.connections.acquire", "pool"), wait);
    assert_eq!(path("db.client.connection.wait_time", "db.system"), None);
}

#[test]
fn every_metric_that_a_runtime_documents_has_a_place() {
    // open-telemetry/semantic-conventions, docs/runtime/{jvm,dotnet,go}-metrics.md of August 2026.
    const JVM: &str = "memory.used memory.committed memory.limit memory.used_after_last_gc memory.init gc.duration \
        thread.count class.loaded class.unloaded class.count cpu.time cpu.count cpu.recent_utilization \
        system.cpu.utilization system.cpu.load_1m buffer.memory.used buffer.memory.limit buffer.count \
        file_descriptor.count file_descriptor.limit";
    const DOTNET: &str = "process.cpu.count process.cpu.time process.memory.working_set gc.collections \
        gc.heap.total_allocated gc.last_collection.memory.committed_size gc.last_collection.heap.size \
        gc.last_collection.heap.fragmentation.size gc.pause.time jit.compiled_il.size jit.compiled_methods \
        jit.compilation.time thread_pool.thread.count thread_pool.work_item.count thread_pool.queue.length \
        monitor.lock_contentions timer.count assembly.count exceptions";
    const GO: &str = "memory.used memory.limit memory.allocated memory.allocations memory.gc.goal memory.gc.cycles \
        memory.gc.pause.duration cpu.time goroutine.count processor.limit schedule.duration config.gogc";
    // open-telemetry/opentelemetry-dotnet-contrib, src/OpenTelemetry.Instrumentation.Runtime/README.md: before .NET 9.
    const OLD_DOTNET: &str = "gc.collections.count gc.objects.size gc.allocations.size gc.committed_memory.size \
        gc.heap.size gc.heap.fragmentation.size gc.duration jit.il_compiled.size jit.methods_compiled.count \
        jit.compilation_time monitor.lock_contention.count thread_pool.threads.count \
        thread_pool.completed_items.count thread_pool.queue.length timer.count assemblies.count exceptions.count";
    let table = MetricTable::new();
    let documented =
        [("jvm", JVM), ("dotnet", DOTNET), ("go", GO), ("process.runtime.dotnet", OLD_DOTNET)];
    for (runtime, names) in documented {
        for name in names.split_whitespace() {
            let metric = format!("{runtime}.{name}");
            assert!(!table.uses(&metric).is_empty(), "{metric} would be a custom metric");
        }
    }
}
