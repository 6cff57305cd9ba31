//! The JVM: `jvm.*`, and `process.runtime.jvm.*` of Java agents before 2.0.

use super::{
    Kind::{Average, Level, PerMinute},
    Unit::{Count, Megabytes, MillisPerMinute, PerMinute as EachMinute, Percent},
    recipe::{
        Recipe::{Mean, Percent as Share, Sum},
        Series, count_of, increase, series, sum_of, value,
    },
};

const TYPE: &[&str] = &["jvm.memory.type", "type"];
const HEAP: &[(&[&str], &str)] = &[(TYPE, "heap")];
const NON_HEAP: &[(&[&str], &str)] = &[(TYPE, "non_heap")];

const ACTION: &[&str] = &["jvm.gc.action", "action"];
const MINOR: &[(&[&str], &str)] = &[(ACTION, "end of minor GC")];
const MAJOR: &[(&[&str], &str)] = &[(ACTION, "end of major GC")];

const DAEMON: &[(&[&str], &str)] = &[(&["jvm.thread.daemon", "thread.daemon", "daemon"], "true")];

/// A histogram's or its old name's, with the same attributes.
macro_rules! gc {
    ($path:literal, $unit:ident, $read:ident $(, $when:expr)?) => {
        series($path, $unit, PerMinute, &[
            Sum($read("jvm.gc.duration")$(.only($when))?),
            Sum($read("process.runtime.jvm.gc.duration")$(.only($when))?),
        ])
    };
}

macro_rules! memory {
    ($path:literal, $new:literal, $old:literal $(, $when:expr)?) => {
        series($path, Megabytes, Level, &[
            Sum(value($new)$(.only($when))?),
            Sum(value($old)$(.only($when))?),
        ])
    };
}

pub(crate) const SERIES: &[Series] = &[
    // Pools without a limit of their own (G1's Eden) send none; the sum of the others is the heap's.
    series(
        "JVM|Memory:Heap|Used %",
        Percent,
        Average,
        &[
            Share(value("jvm.memory.used").only(HEAP), value("jvm.memory.limit").only(HEAP)),
            Share(
                value("process.runtime.jvm.memory.usage").only(HEAP),
                value("process.runtime.jvm.memory.limit").only(HEAP),
            ),
        ],
    ),
    memory!(
        "JVM|Memory|Heap|Current Usage (MB)",
        "jvm.memory.used",
        "process.runtime.jvm.memory.usage",
        HEAP
    ),
    memory!(
        "JVM|Memory|Heap|Committed (MB)",
        "jvm.memory.committed",
        "process.runtime.jvm.memory.committed",
        HEAP
    ),
    memory!(
        "JVM|Memory|Heap|Max Available (MB)",
        "jvm.memory.limit",
        "process.runtime.jvm.memory.limit",
        HEAP
    ),
    memory!(
        "JVM|Memory|Heap|Initial (MB)",
        "jvm.memory.init",
        "process.runtime.jvm.memory.init",
        HEAP
    ),
    memory!(
        "JVM|Memory|Heap|Used After Last Collection (MB)",
        "jvm.memory.used_after_last_gc",
        "process.runtime.jvm.memory.usage_after_last_gc",
        HEAP
    ),
    memory!(
        "JVM|Memory|Non-Heap|Current Usage (MB)",
        "jvm.memory.used",
        "process.runtime.jvm.memory.usage",
        NON_HEAP
    ),
    memory!(
        "JVM|Memory|Non-Heap|Committed (MB)",
        "jvm.memory.committed",
        "process.runtime.jvm.memory.committed",
        NON_HEAP
    ),
    memory!(
        "JVM|Memory Pools|{jvm.memory.pool.name/pool}|Current Usage (MB)",
        "jvm.memory.used",
        "process.runtime.jvm.memory.usage"
    ),
    memory!(
        "JVM|Memory Pools|{jvm.memory.pool.name/pool}|Max Available (MB)",
        "jvm.memory.limit",
        "process.runtime.jvm.memory.limit"
    ),
    series(
        "JVM|Memory Pools|{jvm.memory.pool.name/pool}|Used %",
        Percent,
        Average,
        &[
            Share(value("jvm.memory.used"), value("jvm.memory.limit")),
            Share(
                value("process.runtime.jvm.memory.usage"),
                value("process.runtime.jvm.memory.limit"),
            ),
        ],
    ),
    memory!(
        "JVM|Buffer Pools|{jvm.buffer.pool.name/pool}|Current Usage (MB)",
        "jvm.buffer.memory.used",
        "process.runtime.jvm.buffer.usage"
    ),
    memory!(
        "JVM|Buffer Pools|{jvm.buffer.pool.name/pool}|Capacity (MB)",
        "jvm.buffer.memory.limit",
        "process.runtime.jvm.buffer.limit"
    ),
    series(
        "JVM|Buffer Pools|{jvm.buffer.pool.name/pool}|Buffers",
        Count,
        Level,
        &[Sum(value("jvm.buffer.count")), Sum(value("process.runtime.jvm.buffer.count"))],
    ),
    gc!("JVM|Garbage Collection|GC Time Spent Per Min (ms)", MillisPerMinute, sum_of),
    gc!("JVM|Garbage Collection|Number of Collections Per Min", EachMinute, count_of),
    gc!(
        "JVM|Garbage Collection|Minor Collection Time Spent Per Min (ms)",
        MillisPerMinute,
        sum_of,
        MINOR
    ),
    gc!("JVM|Garbage Collection|Number of Minor Collections Per Min", EachMinute, count_of, MINOR),
    gc!(
        "JVM|Garbage Collection|Major Collection Time Spent Per Min (ms)",
        MillisPerMinute,
        sum_of,
        MAJOR
    ),
    gc!("JVM|Garbage Collection|Number of Major Collections Per Min", EachMinute, count_of, MAJOR),
    gc!(
        "JVM|Garbage Collection|Collectors|{jvm.gc.name/name/gc}|GC Time Spent Per Min (ms)",
        MillisPerMinute,
        sum_of
    ),
    series(
        "JVM|Threads|Current No. of Threads",
        Count,
        Level,
        &[Sum(value("jvm.thread.count")), Sum(value("process.runtime.jvm.threads.count"))],
    ),
    series(
        "JVM|Threads|Daemon Threads",
        Count,
        Level,
        &[
            Sum(value("jvm.thread.count").only(DAEMON)),
            Sum(value("process.runtime.jvm.threads.count").only(DAEMON)),
        ],
    ),
    series(
        "JVM|Threads|States|{jvm.thread.state}",
        Count,
        Level,
        &[Sum(value("jvm.thread.count"))],
    ),
    series(
        "JVM|Classes|Current Loaded Class Count",
        Count,
        Level,
        &[Sum(value("jvm.class.count")), Sum(value("process.runtime.jvm.classes.current_loaded"))],
    ),
    series(
        "JVM|Classes|Classes Loaded per Minute",
        EachMinute,
        PerMinute,
        &[Sum(increase("jvm.class.loaded")), Sum(increase("process.runtime.jvm.classes.loaded"))],
    ),
    series(
        "JVM|Classes|Classes Unloaded per Minute",
        EachMinute,
        PerMinute,
        &[
            Sum(increase("jvm.class.unloaded")),
            Sum(increase("process.runtime.jvm.classes.unloaded")),
        ],
    ),
    // Of all CPUs that the JVM may use.
    series(
        "JVM|Process CPU Usage %",
        Percent,
        Average,
        &[
            Mean(value("jvm.cpu.recent_utilization")),
            Mean(value("process.runtime.jvm.cpu.utilization")),
        ],
    ),
    series(
        "JVM|Process CPU Burnt (ms/min)",
        MillisPerMinute,
        PerMinute,
        &[Sum(increase("jvm.cpu.time"))],
    ),
    series("JVM|CPUs", Count, Average, &[Mean(value("jvm.cpu.count"))]),
    series(
        "JVM|File Descriptors|Limit",
        Count,
        Average,
        &[Mean(value("jvm.file_descriptor.limit"))],
    ),
    series("JVM|File Descriptors|Open", Count, Level, &[Sum(value("jvm.file_descriptor.count"))]),
];
