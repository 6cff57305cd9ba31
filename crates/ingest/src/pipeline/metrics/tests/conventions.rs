//! Runtimes of which no recording exists: points made by hand after OpenTelemetry's semantic conventions ("JVM metrics",
//! ".NET CLR metrics", "Go runtime metrics", "V8 JS engine metrics", "Node.js metrics") and their older names.

use super::{otlp::*, *};

const MB: f64 = 1024.0 * 1024.0;

type Pairs = &'static [(&'static str, &'static str)];

#[test]
fn jvm_as_the_stable_conventions_document_it() {
    let eden: Pairs = &[("jvm.memory.type", "heap"), ("jvm.memory.pool.name", "G1 Eden Space")];
    let old: Pairs = &[("jvm.memory.type", "heap"), ("jvm.memory.pool.name", "G1 Old Gen")];
    let meta: Pairs = &[("jvm.memory.type", "non_heap"), ("jvm.memory.pool.name", "Metaspace")];
    let young: Pairs =
        &[("jvm.gc.name", "G1 Young Generation"), ("jvm.gc.action", "end of minor GC")];
    let full: Pairs = &[("jvm.gc.name", "G1 Old Generation"), ("jvm.gc.action", "end of major GC")];
    let mut fixture = Fixture::new();
    for (at, more) in [(T, 0.0), (T + 60, 1.0)] {
        let collections = |before: u64, added: u64| [before + added * more as u64];
        fixture.export(
            1,
            at,
            &[
                up_down(
                    "jvm.memory.used",
                    "By",
                    &[(eden, at, 64.0 * MB), (old, at, 192.0 * MB), (meta, at, 50.0 * MB)],
                ),
                up_down("jvm.memory.committed", "By", &[(old, at, 300.0 * MB)]),
                up_down("jvm.memory.limit", "By", &[(old, at, 512.0 * MB)]),
                histogram(
                    "jvm.gc.duration",
                    "s",
                    T - 9000,
                    &[],
                    &[
                        (young, at, &collections(100, 3), 2.0 + 0.06 * more),
                        (full, at, &collections(1, 1), 0.5 + 0.2 * more),
                    ],
                ),
                up_down(
                    "jvm.thread.count",
                    "{thread}",
                    &[
                        (
                            &[("jvm.thread.daemon", "true"), ("jvm.thread.state", "waiting")],
                            at,
                            20.0,
                        ),
                        (
                            &[("jvm.thread.daemon", "false"), ("jvm.thread.state", "runnable")],
                            at,
                            4.0,
                        ),
                    ],
                ),
                sum("jvm.class.loaded", "{class}", T - 9000, &[(&[], at, 9000.0 + 12.0 * more)]),
                up_down("jvm.class.count", "{class}", &[(&[], at, 8990.0)]),
                sum("jvm.cpu.time", "s", T - 9000, &[(&[], at, 70.0 + 6.0 * more)]),
                gauge("jvm.cpu.recent_utilization", "1", &[(&[], at, 0.05)]),
                gauge("jvm.system.cpu.utilization", "1", &[(&[], at, 0.4)]),
                gauge("jvm.system.cpu.load_1m", "{run_queue_item}", &[(&[], at, 1.5)]),
            ],
        );
    }
    let both = |value: f64| [(0, value), (1, value)];
    fixture.check("JVM|Memory:Heap|Used %", &both(50.0));
    fixture.check("JVM|Memory|Heap|Current Usage (MB)", &both(256.0));
    fixture.check("JVM|Memory|Heap|Committed (MB)", &both(300.0));
    fixture.check("JVM|Memory|Heap|Max Available (MB)", &both(512.0));
    fixture.check("JVM|Memory|Non-Heap|Current Usage (MB)", &both(50.0));
    fixture.check("JVM|Memory Pools|G1 Old Gen|Used %", &both(37.5));
    fixture.check("JVM|Memory Pools|G1 Eden Space|Current Usage (MB)", &both(64.0));
    fixture.check("JVM|Garbage Collection|GC Time Spent Per Min (ms)", &[(1, 260.0)]);
    fixture.check("JVM|Garbage Collection|Number of Collections Per Min", &[(1, 4.0)]);
    fixture.check("JVM|Garbage Collection|Number of Major Collections Per Min", &[(1, 1.0)]);
    fixture.check("JVM|Garbage Collection|Minor Collection Time Spent Per Min (ms)", &[(1, 60.0)]);
    fixture.check(
        "JVM|Garbage Collection|Collectors|G1 Old Generation|GC Time Spent Per Min (ms)",
        &[(1, 200.0)],
    );
    fixture.check("JVM|Threads|Current No. of Threads", &both(24.0));
    fixture.check("JVM|Threads|Daemon Threads", &both(20.0));
    fixture.check("JVM|Threads|States|runnable", &both(4.0));
    fixture.check("JVM|Classes|Classes Loaded per Minute", &[(1, 12.0)]);
    fixture.check("JVM|Classes|Current Loaded Class Count", &both(8990.0));
    fixture.check("JVM|Process CPU Usage %", &both(5.0));
    fixture.check("JVM|Process CPU Burnt (ms/min)", &[(1, 6000.0)]);
    fixture.check("Hardware Resources|CPU|%Busy", &both(40.0));
    fixture.check("Hardware Resources|Load|Last 1 minute", &both(1.5));
}

#[test]
fn jvm_as_agents_before_2_0_name_it_and_both_names_count_once() {
    let old: Pairs = &[("type", "heap"), ("pool", "PS Old Gen")];
    let new: Pairs = &[("jvm.memory.type", "heap"), ("jvm.memory.pool.name", "PS Old Gen")];
    let collector: Pairs = &[("gc", "PS MarkSweep"), ("action", "end of major GC")];
    let mut fixture = Fixture::new();
    for (at, count, took) in [(T, 1, 100.0), (T + 60, 3, 340.0)] {
        fixture.export(
            1,
            at,
            &[
                up_down("process.runtime.jvm.memory.usage", "By", &[(old, at, 30.0 * MB)]),
                up_down("process.runtime.jvm.memory.limit", "By", &[(old, at, 40.0 * MB)]),
                up_down("jvm.memory.used", "By", &[(new, at, 30.0 * MB)]),
                histogram(
                    "process.runtime.jvm.gc.duration",
                    "ms",
                    T - 9000,
                    &[],
                    &[(collector, at, &[count], took)],
                ),
                up_down(
                    "process.runtime.jvm.threads.count",
                    "{thread}",
                    &[(&[("daemon", "true")], at, 9.0)],
                ),
            ],
        );
    }
    fixture.check("JVM|Memory|Heap|Current Usage (MB)", &[(0, 30.0), (1, 30.0)]);
    fixture.check("JVM|Memory:Heap|Used %", &[(0, 75.0), (1, 75.0)]);
    fixture.check("JVM|Garbage Collection|GC Time Spent Per Min (ms)", &[(1, 240.0)]);
    fixture.check("JVM|Threads|Daemon Threads", &[(0, 9.0), (1, 9.0)]);
}

#[test]
fn clr_as_the_stable_conventions_document_it() {
    let mut fixture = Fixture::new();
    let user: Pairs = &[("cpu.mode", "user")];
    let kernel: Pairs = &[("cpu.mode", "system")];
    let gen0: Pairs = &[("gc.heap.generation", "gen0")];
    let gen2: Pairs = &[("gc.heap.generation", "gen2")];
    for (at, more) in [(T, 0.0), (T + 60, 1.0)] {
        let counter = |name, unit, value| sum(name, unit, T - 9000, &[(&[], at, value)]);
        fixture.export(
            1,
            at,
            &[
                counter("dotnet.gc.pause.time", "s", 4.0 + 0.6 * more),
                sum(
                    "dotnet.gc.collections",
                    "{collection}",
                    T - 9000,
                    &[(gen0, at, 50.0 + 5.0 * more), (gen2, at, 3.0 + more)],
                ),
                up_down(
                    "dotnet.gc.last_collection.heap.size",
                    "By",
                    &[(gen0, at, MB), (gen2, at, 9.0 * MB)],
                ),
                counter("dotnet.gc.heap.total_allocated", "By", MB + 120.0 * 1024.0 * more),
                up_down("dotnet.process.memory.working_set", "By", &[(&[], at, 80.0 * MB)]),
                sum(
                    "dotnet.process.cpu.time",
                    "s",
                    T - 9000,
                    &[(user, at, 10.0 + 20.0 * more), (kernel, at, 10.0 + 10.0 * more)],
                ),
                up_down("dotnet.thread_pool.thread.count", "{thread}", &[(&[], at, 8.0)]),
                up_down("dotnet.thread_pool.queue.length", "{work_item}", &[(&[], at, 2.0)]),
                sum(
                    "dotnet.exceptions",
                    "{exception}",
                    T - 9000,
                    &[(&[("error.type", "System.IO.IOException")], at, 7.0 + 2.0 * more)],
                ),
            ],
        );
    }
    fixture.check("CLR|Garbage Collection|GC Time Spent (%)", &[(1, 1.0)]);
    fixture.check("CLR|Garbage Collection|GC Time Spent Per Min (ms)", &[(1, 600.0)]);
    fixture.check("CLR|Garbage Collection|Number of Collections Per Min", &[(1, 6.0)]);
    fixture.check("CLR|Garbage Collection|Generations|gen2|Collections Per Min", &[(1, 1.0)]);
    fixture.check("CLR|Memory|Heap|Current Usage (MB)", &[(0, 10.0), (1, 10.0)]);
    fixture.check("CLR|Memory|Heap|Allocated KB/sec", &[(1, 2.0)]);
    fixture.check("CLR|Memory|Working Set (MB)", &[(0, 80.0), (1, 80.0)]);
    fixture.check("CLR|Process CPU Usage %", &[(1, 50.0)]);
    fixture.check("CLR|Locks and Threads|Thread Pool Threads", &[(0, 8.0), (1, 8.0)]);
    fixture.check("CLR|Exceptions|Exceptions per Minute", &[(1, 2.0)]);
}

#[test]
fn clr_as_the_runtime_instrumentation_before_net_9_names_it() {
    let mut fixture = Fixture::new();
    for (at, more) in [(T, 0.0), (T + 60, 1.0)] {
        let counter = |name, unit, value| {
            sum(name, unit, T - 9000, &[(&[("generation", "gen1")], at, value)])
        };
        fixture.export(
            1,
            at,
            &[
                counter("process.runtime.dotnet.gc.duration", "ns", 1e9 + 6e8 * more),
                counter("process.runtime.dotnet.gc.collections.count", "{collections}", 9.0 + more),
            ],
        );
    }
    fixture.check("CLR|Garbage Collection|GC Time Spent (%)", &[(1, 1.0)]);
    fixture.check("CLR|Garbage Collection|GC Time Spent Per Min (ms)", &[(1, 600.0)]);
    fixture.check("CLR|Garbage Collection|Generations|gen1|Collections Per Min", &[(1, 1.0)]);
}

#[test]
fn go_as_the_conventions_and_the_instrumentation_before_them_name_it() {
    let mut fixture = Fixture::new();
    let (stack, other): (Pairs, Pairs) =
        (&[("go.memory.type", "stack")], &[("go.memory.type", "other")]);
    for (at, more) in [(T, 0.0), (T + 60, 1.0)] {
        let counter = |name, unit, value| sum(name, unit, T - 9000, &[(&[], at, value)]);
        let latencies = [10 + 4 * more as u64, 0];
        fixture.export(
            1,
            at,
            &[
                up_down("go.memory.used", "By", &[(stack, at, 2.0 * MB), (other, at, 18.0 * MB)]),
                up_down("go.memory.limit", "By", &[(&[], at, 80.0 * MB)]),
                counter("go.memory.allocated", "By", 1e9 + 60.0 * 4096.0 * more),
                up_down("go.memory.gc.goal", "By", &[(&[], at, 30.0 * MB)]),
                up_down("go.goroutine.count", "{goroutine}", &[(&[], at, 14.0)]),
                histogram(
                    "go.schedule.duration",
                    "s",
                    T - 9000,
                    &[1.0],
                    &[(&[], at, &latencies, 0.1 + 0.02 * more)],
                ),
                counter("process.runtime.go.gc.pause_total_ns", "", 1e6 + 3e6 * more),
                counter("process.runtime.go.gc.count", "", 40.0 + 2.0 * more),
                up_down("process.runtime.go.goroutines", "", &[(&[], at, 14.0)]),
            ],
        );
    }
    let both = |value: f64| [(0, value), (1, value)];
    fixture.check("Go|Memory|Current Usage (MB)", &both(20.0));
    fixture.check("Go|Memory|Stack (MB)", &both(2.0));
    fixture.check("Go|Memory|Used %", &both(25.0));
    fixture.check("Go|Memory|Allocated KB/sec", &[(1, 4.0)]);
    fixture.check("Go|Goroutines|Current No. of Goroutines", &both(14.0));
    fixture.check("Go|Scheduler|Mean Latency (ms)", &[(1, 5.0)]);
    fixture.check("Go|Garbage Collection|GC Time Spent Per Min (ms)", &[(1, 3.0)]);
    fixture.check("Go|Garbage Collection|Number of Collections Per Min", &[(1, 2.0)]);
}

#[test]
fn node_js_as_the_conventions_document_it() {
    let mut fixture = Fixture::new();
    let new_space: Pairs = &[("v8js.heap.space.name", "new_space")];
    let old_space: Pairs = &[("v8js.heap.space.name", "old_space")];
    let (active, idle): (Pairs, Pairs) =
        (&[("nodejs.eventloop.state", "active")], &[("nodejs.eventloop.state", "idle")]);
    for (at, more) in [(T, 0.0), (T + 60, 1.0)] {
        let collections = [6 + 2 * more as u64];
        fixture.export(
            1,
            at,
            &[
                sum(
                    "nodejs.eventloop.time",
                    "s",
                    T - 9000,
                    &[(active, at, 5.0 + 15.0 * more), (idle, at, 90.0 + 45.0 * more)],
                ),
                gauge("nodejs.eventloop.delay.p99", "s", &[(&[], at, 0.025)]),
                up_down(
                    "v8js.memory.heap.limit",
                    "By",
                    &[(new_space, at, 16.0 * MB), (old_space, at, 48.0 * MB)],
                ),
                up_down(
                    "v8js.memory.heap.used",
                    "By",
                    &[(new_space, at, 4.0 * MB), (old_space, at, 28.0 * MB)],
                ),
                histogram(
                    "v8js.gc.duration",
                    "s",
                    T - 9000,
                    &[],
                    &[(&[("v8js.gc.type", "minor")], at, &collections, 0.1 + 0.03 * more)],
                ),
            ],
        );
    }
    let both = |value: f64| [(0, value), (1, value)];
    fixture.check("Node.js|Event Loop|Utilization %", &[(1, 25.0)]);
    fixture.check("Node.js|Event Loop|Delay 99th Percentile (ms)", &both(25.0));
    fixture.check("Node.js|Memory|Heap|Current Usage (MB)", &both(32.0));
    fixture.check("Node.js|Memory|Heap|Set Aside (MB)", &both(64.0));
    fixture.check("Node.js|Memory|Heap Spaces|old_space|Current Usage (MB)", &both(28.0));
    fixture.check("Node.js|Garbage Collection|GC Time Spent Per Min (ms)", &[(1, 30.0)]);
    fixture.check("Node.js|Garbage Collection|Number of Collections Per Min", &[(1, 2.0)]);
}
