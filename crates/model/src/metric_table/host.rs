//! The host: `system.*` of the Python, Go and Node.js host instrumentations and of the Collector's host metrics, and what
//! the JVM says of its host.
//!
//! Counters become rates, not sums a minute, so that several processes that report one host can be averaged.

use super::{
    Kind::Host,
    Unit::{Count, KilobytesPerSecond, Megabytes, Millis, PerSecond, Percent},
    recipe::{
        Recipe::{Mean, MeanOf, Percent as Share, Rest, Sum},
        Series, increase, per_second, series, value,
    },
};
use crate::attributes::Attributes;

/// What a CPU, memory, swap or volume is used as; `cpu.mode` since the conventions of 2024.
const STATE: &[&str] = &[
    "cpu.mode",
    "system.cpu.state",
    "system.memory.state",
    "system.paging.state",
    "system.filesystem.state",
    "state",
];
const IDLE: &[(&[&str], &str)] = &[(STATE, "idle")];
const USER: &[(&[&str], &str)] = &[(STATE, "user")];
const SYSTEM: &[(&[&str], &str)] = &[(STATE, "system")];
const WAIT: &[(&[&str], &str)] = &[(STATE, "wait")];
const IOWAIT: &[(&[&str], &str)] = &[(STATE, "iowait")];
const STEAL: &[(&[&str], &str)] = &[(STATE, "steal")];
const USED: &[(&[&str], &str)] = &[(STATE, "used")];
const FREE: &[(&[&str], &str)] = &[(STATE, "free")];

const DIRECTION: &[&str] = &[
    "disk.io.direction",
    "network.io.direction",
    "system.disk.direction",
    "system.network.direction",
    "direction",
];
const READ: &[(&[&str], &str)] = &[(DIRECTION, "read")];
const WRITE: &[(&[&str], &str)] = &[(DIRECTION, "write")];
const RECEIVE: &[(&[&str], &str)] = &[(DIRECTION, "receive")];
const TCP: &[(&[&str], &str)] = &[(&["network.transport", "protocol"], "tcp")];
const TRANSMIT: &[(&[&str], &str)] = &[(DIRECTION, "transmit")];

/// Each name's share of the time of all CPUs. Ready-made shares come second: the first ones that Python sends are all 0.
macro_rules! cpu {
    ($path:literal, $fold:ident, $state:expr) => {
        series(
            $path,
            Percent,
            Host,
            &[
                $fold(increase("system.cpu.time").only($state), increase("system.cpu.time")),
                $fold(
                    value("system.cpu.utilization").only($state),
                    value("system.cpu.utilization"),
                ),
            ],
        )
    };
}

const fn disk(path: &'static str, unit: super::Unit, from: &'static [super::Recipe]) -> Series {
    Series { path, unit, kind: Host, counts: is_whole_disk, from }
}

const fn network(path: &'static str, unit: super::Unit, from: &'static [super::Recipe]) -> Series {
    Series { path, unit, kind: Host, counts: is_no_loopback, from }
}

pub(super) const SERIES: &[Series] = &[
    series(
        "Hardware Resources|CPU|%Busy",
        Percent,
        Host,
        &[
            Rest(increase("system.cpu.time").only(IDLE), increase("system.cpu.time")),
            Rest(value("system.cpu.utilization").only(IDLE), value("system.cpu.utilization")),
            Mean(value("jvm.system.cpu.utilization")),
            Mean(value("process.runtime.jvm.system.cpu.utilization")),
        ],
    ),
    cpu!("Hardware Resources|CPU|%Idle", Share, IDLE),
    cpu!("Hardware Resources|CPU|%User", Share, USER),
    cpu!("Hardware Resources|CPU|%System", Share, SYSTEM),
    series(
        "Hardware Resources|CPU|%IOWait",
        Percent,
        Host,
        &[
            Share(increase("system.cpu.time").only(IOWAIT), increase("system.cpu.time")),
            Share(increase("system.cpu.time").only(WAIT), increase("system.cpu.time")),
            Share(value("system.cpu.utilization").only(IOWAIT), value("system.cpu.utilization")),
            Share(value("system.cpu.utilization").only(WAIT), value("system.cpu.utilization")),
        ],
    ),
    cpu!("Hardware Resources|CPU|%Stolen", Share, STEAL),
    series(
        "Hardware Resources|Load|Last 1 minute",
        Count,
        Host,
        &[
            Mean(value("system.cpu.load_average.1m")),
            Mean(value("jvm.system.cpu.load_1m")),
            Mean(value("process.runtime.jvm.system.cpu.load_1m")),
        ],
    ),
    series(
        "Hardware Resources|Load|Last 5 minutes",
        Count,
        Host,
        &[Mean(value("system.cpu.load_average.5m"))],
    ),
    series(
        "Hardware Resources|Load|Last 15 minutes",
        Count,
        Host,
        &[Mean(value("system.cpu.load_average.15m"))],
    ),
    series(
        "Hardware Resources|Memory|Used %",
        Percent,
        Host,
        &[
            Sum(value("system.memory.utilization").only(USED)),
            Share(value("system.memory.usage").only(USED), value("system.memory.usage")),
        ],
    ),
    series(
        "Hardware Resources|Memory|Free %",
        Percent,
        Host,
        &[
            Sum(value("system.memory.utilization").only(FREE)),
            Share(value("system.memory.usage").only(FREE), value("system.memory.usage")),
        ],
    ),
    series(
        "Hardware Resources|Memory|Used (MB)",
        Megabytes,
        Host,
        &[Sum(value("system.memory.usage").only(USED))],
    ),
    series(
        "Hardware Resources|Memory|Free (MB)",
        Megabytes,
        Host,
        &[Sum(value("system.memory.usage").only(FREE))],
    ),
    series(
        "Hardware Resources|Memory|Available (MB)",
        Megabytes,
        Host,
        &[Sum(value("system.memory.linux.available")), Sum(value("system.linux.memory.available"))],
    ),
    series(
        "Hardware Resources|Memory|Total (MB)",
        Megabytes,
        Host,
        &[Sum(value("system.memory.limit")), Sum(value("system.memory.usage"))],
    ),
    series(
        "Hardware Resources|Swap|Used %",
        Percent,
        Host,
        &[
            Sum(value("system.paging.utilization").only(USED)),
            Sum(value("system.swap.utilization").only(USED)),
            Share(value("system.paging.usage").only(USED), value("system.paging.usage")),
        ],
    ),
    series(
        "Hardware Resources|Swap|Used (MB)",
        Megabytes,
        Host,
        &[Sum(value("system.paging.usage").only(USED)), Sum(value("system.swap.usage").only(USED))],
    ),
    disk(
        "Hardware Resources|Disks|Reads/sec",
        PerSecond,
        &[Sum(per_second("system.disk.operations").only(READ))],
    ),
    disk(
        "Hardware Resources|Disks|Writes/sec",
        PerSecond,
        &[Sum(per_second("system.disk.operations").only(WRITE))],
    ),
    disk(
        "Hardware Resources|Disks|KB read/sec",
        KilobytesPerSecond,
        &[Sum(per_second("system.disk.io").only(READ))],
    ),
    disk(
        "Hardware Resources|Disks|KB written/sec",
        KilobytesPerSecond,
        &[Sum(per_second("system.disk.io").only(WRITE))],
    ),
    disk(
        "Hardware Resources|Disks|Average read time (ms)",
        Millis,
        &[
            MeanOf(
                increase("system.disk.operation_time").only(READ),
                increase("system.disk.operations").only(READ),
            ),
            MeanOf(
                increase("system.disk.time").only(READ),
                increase("system.disk.operations").only(READ),
            ),
        ],
    ),
    disk(
        "Hardware Resources|Disks|Average write time (ms)",
        Millis,
        &[
            MeanOf(
                increase("system.disk.operation_time").only(WRITE),
                increase("system.disk.operations").only(WRITE),
            ),
            MeanOf(
                increase("system.disk.time").only(WRITE),
                increase("system.disk.operations").only(WRITE),
            ),
        ],
    ),
    disk("Hardware Resources|Disks|%Busy", Percent, &[Mean(per_second("system.disk.io_time"))]),
    series(
        "Hardware Resources|Volumes|{system.filesystem.mountpoint/mountpoint}|Used %",
        Percent,
        Host,
        &[
            Share(value("system.filesystem.usage").only(USED), value("system.filesystem.usage")),
            Mean(value("system.filesystem.utilization").only(USED)),
        ],
    ),
    series(
        "Hardware Resources|Volumes|{system.filesystem.mountpoint/mountpoint}|Used (MB)",
        Megabytes,
        Host,
        &[Mean(value("system.filesystem.usage").only(USED))],
    ),
    network(
        "Hardware Resources|Network|Incoming KB/sec",
        KilobytesPerSecond,
        &[Sum(per_second("system.network.io").only(RECEIVE))],
    ),
    network(
        "Hardware Resources|Network|Outgoing KB/sec",
        KilobytesPerSecond,
        &[Sum(per_second("system.network.io").only(TRANSMIT))],
    ),
    network(
        "Hardware Resources|Network|Incoming packets/sec",
        PerSecond,
        &[
            Sum(per_second("system.network.packet.count").only(RECEIVE)),
            Sum(per_second("system.network.packets").only(RECEIVE)),
        ],
    ),
    network(
        "Hardware Resources|Network|Outgoing packets/sec",
        PerSecond,
        &[
            Sum(per_second("system.network.packet.count").only(TRANSMIT)),
            Sum(per_second("system.network.packets").only(TRANSMIT)),
        ],
    ),
    network(
        "Hardware Resources|Network|Dropped packets/sec",
        PerSecond,
        &[
            Sum(per_second("system.network.packet.dropped")),
            Sum(per_second("system.network.dropped")),
            Sum(per_second("system.network.dropped_packets")),
        ],
    ),
    network(
        "Hardware Resources|Network|Errors/sec",
        PerSecond,
        &[Sum(per_second("system.network.errors"))],
    ),
    series(
        "Hardware Resources|Network|TCP Connections|{network.connection.state/system.network.state/state}",
        Count,
        Host,
        &[
            Sum(value("system.network.connection.count").only(TCP)),
            Sum(value("system.network.connections").only(TCP)),
        ],
    ),
];

fn device<'a>(attributes: &Attributes<'a>) -> Option<&'a str> {
    ["system.device", "network.interface.name", "device"]
        .into_iter()
        .find_map(|key| attributes.text(key))
}

/// The host talking to itself is no traffic.
fn is_no_loopback(attributes: &Attributes<'_>) -> bool {
    !matches!(device(attributes), Some("lo" | "lo0"))
}

/// Partitions, and what is laid over disks, would be counted with the disk again.
fn is_whole_disk(attributes: &Attributes<'_>) -> bool {
    device(attributes).is_none_or(|name| {
        let name = name.strip_prefix("/dev/").unwrap_or(name);
        let laid_over = ["loop", "ram", "zram", "dm-", "md", "sr"];
        !laid_over.iter().any(|prefix| name.starts_with(prefix)) && !is_partition(name)
    })
}

/// `sda1`, `nvme0n1p2`, `mmcblk0p1`. Not `xvda1`: virtual machines have it without an `xvda`.
fn is_partition(name: &str) -> bool {
    let stem = name.trim_end_matches(|c: char| c.is_ascii_digit());
    if stem.len() == name.len() {
        return false;
    }
    let numbered = ["nvme", "mmcblk"].iter().any(|prefix| name.starts_with(prefix));
    let lettered = ["sd", "hd", "vd"].iter().any(|prefix| name.starts_with(prefix));
    lettered || (numbered && stem.ends_with('p'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attributes::Value;

    #[test]
    fn a_disk_counts_once_and_the_loopback_does_not() {
        let with = |name: &'static str| Attributes::from_iter([("device", Value::Str(name))]);
        for disk in ["sda", "vdb", "nvme0n1", "mmcblk0", "xvda1", "C:", "PhysicalDrive0", "disk0"] {
            assert!(is_whole_disk(&with(disk)), "{disk}");
        }
        for part in ["sda1", "vda15", "nvme0n1p1", "mmcblk0p2", "loop0", "dm-3", "/dev/sda2"] {
            assert!(!is_whole_disk(&with(part)), "{part}");
        }
        assert!(is_no_loopback(&with("eth0")) && !is_no_loopback(&with("lo")));
    }
}
