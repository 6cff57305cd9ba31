//! Node.js: `nodejs.*` and `v8js.*`.
//!
//! V8 reports what it has set aside for the heap, not how far the heap may grow, so there is no `Used %` to alert on.

use super::{
    Kind::{Average, Level, PerMinute},
    Unit::{Count, Megabytes, Millis, MillisPerMinute, PerMinute as EachMinute, Percent},
    recipe::{
        Recipe::{Mean, Percent as Share, Sum},
        Series, count_of, increase, series, sum_of, value,
    },
};

const ACTIVE: &[(&[&str], &str)] = &[(&["nodejs.eventloop.state"], "active")];

macro_rules! delay {
    ($path:literal, $metric:literal) => {
        series($path, Millis, Average, &[Mean(value($metric))])
    };
}

pub(crate) const SERIES: &[Series] = &[
    series(
        "Node.js|Event Loop|Utilization %",
        Percent,
        Average,
        &[
            Mean(value("nodejs.eventloop.utilization")),
            Share(
                increase("nodejs.eventloop.time").only(ACTIVE),
                increase("nodejs.eventloop.time"),
            ),
            Mean(value("nodejs.event_loop.utilization")),
        ],
    ),
    delay!("Node.js|Event Loop|Delay Mean (ms)", "nodejs.eventloop.delay.mean"),
    delay!("Node.js|Event Loop|Delay Min (ms)", "nodejs.eventloop.delay.min"),
    delay!("Node.js|Event Loop|Delay Max (ms)", "nodejs.eventloop.delay.max"),
    delay!("Node.js|Event Loop|Delay Standard Deviation (ms)", "nodejs.eventloop.delay.stddev"),
    delay!("Node.js|Event Loop|Delay 50th Percentile (ms)", "nodejs.eventloop.delay.p50"),
    delay!("Node.js|Event Loop|Delay 90th Percentile (ms)", "nodejs.eventloop.delay.p90"),
    delay!("Node.js|Event Loop|Delay 99th Percentile (ms)", "nodejs.eventloop.delay.p99"),
    series(
        "Node.js|Event Loop|Time Per Min (ms)|{nodejs.eventloop.state}",
        MillisPerMinute,
        PerMinute,
        &[Sum(increase("nodejs.eventloop.time"))],
    ),
    series(
        "Node.js|Memory|Heap|Current Usage (MB)",
        Megabytes,
        Level,
        &[Sum(value("v8js.memory.heap.used"))],
    ),
    series(
        "Node.js|Memory|Heap|Set Aside (MB)",
        Megabytes,
        Level,
        &[Sum(value("v8js.memory.heap.space.size")), Sum(value("v8js.memory.heap.limit"))],
    ),
    series(
        "Node.js|Memory|Heap|Committed (MB)",
        Megabytes,
        Level,
        &[
            Sum(value("v8js.memory.heap.space.physical_size")),
            Sum(value("v8js.heap.space.physical_size")),
        ],
    ),
    series(
        "Node.js|Memory|Heap|Available (MB)",
        Megabytes,
        Level,
        &[
            Sum(value("v8js.memory.heap.space.available_size")),
            Sum(value("v8js.heap.space.available_size")),
        ],
    ),
    series(
        "Node.js|Memory|Heap Spaces|{v8js.heap.space.name/heap.space.name}|Current Usage (MB)",
        Megabytes,
        Level,
        &[Sum(value("v8js.memory.heap.used"))],
    ),
    series(
        "Node.js|Garbage Collection|GC Time Spent Per Min (ms)",
        MillisPerMinute,
        PerMinute,
        &[Sum(sum_of("v8js.gc.duration")), Sum(sum_of("nodejs.gc.duration"))],
    ),
    series(
        "Node.js|Garbage Collection|Number of Collections Per Min",
        EachMinute,
        PerMinute,
        &[Sum(count_of("v8js.gc.duration")), Sum(count_of("nodejs.gc.duration"))],
    ),
    series(
        "Node.js|Garbage Collection|Types|{v8js.gc.type/gc.type}|GC Time Spent Per Min (ms)",
        MillisPerMinute,
        PerMinute,
        &[Sum(sum_of("v8js.gc.duration"))],
    ),
    series(
        "Node.js|Active Resources|{v8js.resource.type}",
        Count,
        Level,
        &[Sum(value("v8js.resource.active"))],
    ),
];
