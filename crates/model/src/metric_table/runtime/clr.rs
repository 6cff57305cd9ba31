//! The CLR: `dotnet.*` of .NET 9 and later, and `process.runtime.dotnet.*` of the runtime instrumentation before it.

use super::{
    Kind::{Average, Level, PerMinute},
    Unit::{
        Count, KilobytesPerSecond, Megabytes, MillisPerMinute, PerMinute as EachMinute, Percent,
    },
    recipe::{
        Recipe::{Mean, Sum},
        Series, increase, per_second, series, value,
    },
};

macro_rules! both {
    ($path:literal, $unit:ident, $kind:ident, $read:ident, $new:literal, $old:literal) => {
        series($path, $unit, $kind, &[Sum($read($new)), Sum($read($old))])
    };
}

pub(crate) const SERIES: &[Series] = &[
    both!(
        "CLR|Garbage Collection|GC Time Spent (%)",
        Percent,
        Average,
        per_second,
        "dotnet.gc.pause.time",
        "process.runtime.dotnet.gc.duration"
    ),
    both!(
        "CLR|Garbage Collection|GC Time Spent Per Min (ms)",
        MillisPerMinute,
        PerMinute,
        increase,
        "dotnet.gc.pause.time",
        "process.runtime.dotnet.gc.duration"
    ),
    both!(
        "CLR|Garbage Collection|Number of Collections Per Min",
        EachMinute,
        PerMinute,
        increase,
        "dotnet.gc.collections",
        "process.runtime.dotnet.gc.collections.count"
    ),
    both!(
        "CLR|Garbage Collection|Generations|{gc.heap.generation/dotnet.gc.heap.generation/generation}|Collections Per Min",
        EachMinute,
        PerMinute,
        increase,
        "dotnet.gc.collections",
        "process.runtime.dotnet.gc.collections.count"
    ),
    both!(
        "CLR|Memory|Heap|Current Usage (MB)",
        Megabytes,
        Level,
        value,
        "dotnet.gc.last_collection.heap.size",
        "process.runtime.dotnet.gc.heap.size"
    ),
    both!(
        "CLR|Memory|Heap|Committed (MB)",
        Megabytes,
        Level,
        value,
        "dotnet.gc.last_collection.memory.committed_size",
        "process.runtime.dotnet.gc.committed_memory.size"
    ),
    both!(
        "CLR|Memory|Heap|Fragmentation (MB)",
        Megabytes,
        Level,
        value,
        "dotnet.gc.last_collection.heap.fragmentation.size",
        "process.runtime.dotnet.gc.heap.fragmentation.size"
    ),
    both!(
        "CLR|Memory|Heap|Allocated KB/sec",
        KilobytesPerSecond,
        Level,
        per_second,
        "dotnet.gc.heap.total_allocated",
        "process.runtime.dotnet.gc.allocations.size"
    ),
    series(
        "CLR|Memory|Heap|Objects (MB)",
        Megabytes,
        Level,
        &[Sum(value("process.runtime.dotnet.gc.objects.size"))],
    ),
    series(
        "CLR|Memory|Working Set (MB)",
        Megabytes,
        Level,
        &[Sum(value("dotnet.process.memory.working_set"))],
    ),
    series("CLR|CPUs", Count, Average, &[Mean(value("dotnet.process.cpu.count"))]),
    // Of one CPU: a process that keeps two busy has 200 %.
    series(
        "CLR|Process CPU Usage %",
        Percent,
        Level,
        &[Sum(per_second("dotnet.process.cpu.time"))],
    ),
    series(
        "CLR|Process CPU Burnt (ms/min)",
        MillisPerMinute,
        PerMinute,
        &[Sum(increase("dotnet.process.cpu.time"))],
    ),
    both!(
        "CLR|Locks and Threads|Thread Pool Threads",
        Count,
        Level,
        value,
        "dotnet.thread_pool.thread.count",
        "process.runtime.dotnet.thread_pool.threads.count"
    ),
    both!(
        "CLR|Locks and Threads|Thread Pool Queue Length",
        Count,
        Level,
        value,
        "dotnet.thread_pool.queue.length",
        "process.runtime.dotnet.thread_pool.queue.length"
    ),
    both!(
        "CLR|Locks and Threads|Work Items per Minute",
        EachMinute,
        PerMinute,
        increase,
        "dotnet.thread_pool.work_item.count",
        "process.runtime.dotnet.thread_pool.completed_items.count"
    ),
    both!(
        "CLR|Locks and Threads|Lock Contentions per Minute",
        EachMinute,
        PerMinute,
        increase,
        "dotnet.monitor.lock_contentions",
        "process.runtime.dotnet.monitor.lock_contention.count"
    ),
    both!(
        "CLR|Locks and Threads|Timers",
        Count,
        Level,
        value,
        "dotnet.timer.count",
        "process.runtime.dotnet.timer.count"
    ),
    both!(
        "CLR|Exceptions|Exceptions per Minute",
        EachMinute,
        PerMinute,
        increase,
        "dotnet.exceptions",
        "process.runtime.dotnet.exceptions.count"
    ),
    both!(
        "CLR|Classes|Loaded Assemblies",
        Count,
        Level,
        value,
        "dotnet.assembly.count",
        "process.runtime.dotnet.assemblies.count"
    ),
    both!(
        "CLR|JIT|Methods Compiled per Minute",
        EachMinute,
        PerMinute,
        increase,
        "dotnet.jit.compiled_methods",
        "process.runtime.dotnet.jit.methods_compiled.count"
    ),
    both!(
        "CLR|JIT|Compiled KB/sec",
        KilobytesPerSecond,
        Level,
        per_second,
        "dotnet.jit.compiled_il.size",
        "process.runtime.dotnet.jit.il_compiled.size"
    ),
    both!(
        "CLR|JIT|Compilation Time Per Min (ms)",
        MillisPerMinute,
        PerMinute,
        increase,
        "dotnet.jit.compilation.time",
        "process.runtime.dotnet.jit.compilation_time"
    ),
];
