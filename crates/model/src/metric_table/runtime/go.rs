//! Go: `go.*`, and `process.runtime.go.*` (earlier `runtime.go.*`) of the runtime instrumentation before it.

use super::{
    Kind::{Average, Level, PerMinute},
    Unit::{
        Count, KilobytesPerSecond, Megabytes, Millis, MillisPerMinute, PerMinute as EachMinute,
        Percent,
    },
    recipe::{
        Recipe::{Mean, MeanOf, Percent as Share, Sum},
        Series, count_of, increase, per_second, series, sum_of, value,
    },
};

const STACK: &[(&[&str], &str)] = &[(&["go.memory.type"], "stack")];

pub(crate) const SERIES: &[Series] = &[
    series(
        "Go|Memory|Current Usage (MB)",
        Megabytes,
        Level,
        &[
            Sum(value("go.memory.used")),
            Sum(value("process.runtime.go.mem.heap_sys")),
            Sum(value("runtime.go.mem.heap_sys")),
        ],
    ),
    series("Go|Memory|Stack (MB)", Megabytes, Level, &[Sum(value("go.memory.used").only(STACK))]),
    // Only where GOMEMLIMIT is set.
    series(
        "Go|Memory|Used %",
        Percent,
        Average,
        &[Share(value("go.memory.used"), value("go.memory.limit"))],
    ),
    series("Go|Memory|Limit (MB)", Megabytes, Level, &[Sum(value("go.memory.limit"))]),
    series(
        "Go|Memory|Heap|Current Usage (MB)",
        Megabytes,
        Level,
        &[Sum(value("process.runtime.go.mem.heap_inuse")), Sum(value("runtime.go.mem.heap_inuse"))],
    ),
    series(
        "Go|Memory|Heap|Objects",
        Count,
        Level,
        &[
            Sum(value("process.runtime.go.mem.heap_objects")),
            Sum(value("process.runtime.go.mem.live_objects")),
        ],
    ),
    series(
        "Go|Memory|Heap|Released (MB)",
        Megabytes,
        Level,
        &[Sum(value("process.runtime.go.mem.heap_released"))],
    ),
    series(
        "Go|Memory|Allocated KB/sec",
        KilobytesPerSecond,
        Level,
        &[Sum(per_second("go.memory.allocated"))],
    ),
    series(
        "Go|Memory|Allocations per Minute",
        EachMinute,
        PerMinute,
        &[Sum(increase("go.memory.allocations"))],
    ),
    series(
        "Go|Garbage Collection|Heap Goal (MB)",
        Megabytes,
        Level,
        &[Sum(value("go.memory.gc.goal"))],
    ),
    series(
        "Go|Garbage Collection|GC Time Spent Per Min (ms)",
        MillisPerMinute,
        PerMinute,
        &[
            Sum(sum_of("go.memory.gc.pause.duration")),
            Sum(increase("process.runtime.go.gc.pause_total_ns")),
            Sum(increase("runtime.go.gc.pause_total_ns")),
        ],
    ),
    series(
        "Go|Garbage Collection|Number of Collections Per Min",
        EachMinute,
        PerMinute,
        &[
            Sum(increase("go.memory.gc.cycles")),
            Sum(increase("process.runtime.go.gc.count")),
            Sum(increase("runtime.go.gc.count")),
        ],
    ),
    // How far the heap may grow over what is alive before the next collection: 100 unless GOGC says otherwise.
    series("Go|Garbage Collection|GOGC (%)", Percent, Average, &[Mean(value("go.config.gogc"))]),
    series(
        "Go|CPU Time Per Min (ms)|{go.cpu.state}",
        MillisPerMinute,
        PerMinute,
        &[Sum(increase("go.cpu.time"))],
    ),
    series(
        "Go|Goroutines|Current No. of Goroutines",
        Count,
        Level,
        &[
            Sum(value("go.goroutine.count")),
            Sum(value("process.runtime.go.goroutines")),
            Sum(value("runtime.go.goroutines")),
        ],
    ),
    series(
        "Go|Scheduler|Mean Latency (ms)",
        Millis,
        Average,
        &[MeanOf(sum_of("go.schedule.duration"), count_of("go.schedule.duration"))],
    ),
    series("Go|Scheduler|Processor Limit", Count, Average, &[Mean(value("go.processor.limit"))]),
];
