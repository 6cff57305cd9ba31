//! The process as its operating system sees it: `process.*`, whatever runs in it.

use super::{
    Kind::{Average, Level, PerMinute},
    Unit::{
        Count, KilobytesPerSecond, Megabytes, MillisPerMinute, PerMinute as EachMinute, Percent,
        Seconds,
    },
    recipe::{
        Recipe::{Mean, Sum},
        Series, increase, per_second, series, value,
    },
};

const DIRECTION: &[&str] = &["disk.io.direction", "network.io.direction", "direction"];
const READ: &[(&[&str], &str)] = &[(DIRECTION, "read")];
const WRITE: &[(&[&str], &str)] = &[(DIRECTION, "write")];
const RECEIVE: &[(&[&str], &str)] = &[(DIRECTION, "receive")];
const TRANSMIT: &[(&[&str], &str)] = &[(DIRECTION, "transmit")];

const SWITCH: &[&str] = &["process.context_switch.type", "process.context_switch_type", "type"];
const VOLUNTARY: &[(&[&str], &str)] = &[(SWITCH, "voluntary")];
const INVOLUNTARY: &[(&[&str], &str)] = &[(SWITCH, "involuntary")];

const RSS: &[(&[&str], &str)] = &[(&["type"], "rss")];
const VMS: &[(&[&str], &str)] = &[(&["type"], "vms")];

pub(super) const SERIES: &[Series] = &[
    // Of one CPU: a process that keeps two busy has 200 %.
    series(
        "Process|CPU|Usage %",
        Percent,
        Level,
        &[
            Sum(per_second("process.cpu.time")),
            Sum(per_second("process.runtime.cpython.cpu_time")),
            Sum(value("process.cpu.utilization")),
            Sum(value("process.runtime.cpython.cpu.utilization")),
        ],
    ),
    series(
        "Process|CPU|CPU Burnt (ms/min)",
        MillisPerMinute,
        PerMinute,
        &[Sum(increase("process.cpu.time")), Sum(increase("process.runtime.cpython.cpu_time"))],
    ),
    series(
        "Process|Memory|Resident (MB)",
        Megabytes,
        Level,
        &[
            Sum(value("process.memory.usage")),
            Sum(value("process.runtime.cpython.memory").only(RSS)),
        ],
    ),
    series(
        "Process|Memory|Virtual (MB)",
        Megabytes,
        Level,
        &[
            Sum(value("process.memory.virtual")),
            Sum(value("process.runtime.cpython.memory").only(VMS)),
        ],
    ),
    series(
        "Process|Threads|Current No. of Threads",
        Count,
        Level,
        &[
            Sum(value("process.thread.count")),
            Sum(value("process.threads")),
            Sum(value("process.runtime.cpython.thread_count")),
            // Python's own threads, whatever the name says (seen).
            Sum(value("system.thread_count")),
        ],
    ),
    series(
        "Process|File Descriptors|Open",
        Count,
        Level,
        &[
            Sum(value("process.unix.file_descriptor.count")),
            Sum(value("process.open_file_descriptor.count")),
            Sum(value("process.open_file_descriptors")),
        ],
    ),
    series(
        "Process|Context Switches|Voluntary per Minute",
        EachMinute,
        PerMinute,
        &[
            Sum(increase("process.context_switches").only(VOLUNTARY)),
            Sum(increase("process.runtime.cpython.context_switches").only(VOLUNTARY)),
        ],
    ),
    series(
        "Process|Context Switches|Involuntary per Minute",
        EachMinute,
        PerMinute,
        &[
            Sum(increase("process.context_switches").only(INVOLUNTARY)),
            Sum(increase("process.runtime.cpython.context_switches").only(INVOLUNTARY)),
        ],
    ),
    series(
        "Process|Disks|KB read/sec",
        KilobytesPerSecond,
        Level,
        &[Sum(per_second("process.disk.io").only(READ))],
    ),
    series(
        "Process|Disks|KB written/sec",
        KilobytesPerSecond,
        Level,
        &[Sum(per_second("process.disk.io").only(WRITE))],
    ),
    series(
        "Process|Network|Incoming KB/sec",
        KilobytesPerSecond,
        Level,
        &[Sum(per_second("process.network.io").only(RECEIVE))],
    ),
    series(
        "Process|Network|Outgoing KB/sec",
        KilobytesPerSecond,
        Level,
        &[Sum(per_second("process.network.io").only(TRANSMIT))],
    ),
    series(
        "Process|Page Faults|Page Faults per Minute",
        EachMinute,
        PerMinute,
        &[Sum(increase("process.paging.faults"))],
    ),
    series("Process|Uptime (s)", Seconds, Average, &[Mean(value("process.uptime"))]),
];
