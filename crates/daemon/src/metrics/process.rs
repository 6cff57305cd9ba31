//! Memory, processor time, files and threads of this process, read from `/proc/self` at each scrape.
//!
//! The names are those that Prometheus's own client libraries use, so that existing dashboards know them.

use std::{fmt, fs};

use prometheus_client::{
    collector,
    encoding::{DescriptorEncoder, EncodeMetric},
    metrics::{counter::ConstCounter, gauge::ConstGauge},
};

/// What the process uses just now.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ProcessUsage {
    /// Memory in RAM, in bytes.
    pub resident_bytes: u64,
    /// Address space, in bytes.
    pub virtual_bytes: u64,
    /// User and system time of all threads since the start, in seconds.
    pub cpu_seconds: f64,
    /// Open file descriptors.
    pub open_fds: u64,
    /// How many there may be; `None` when unlimited.
    pub max_fds: Option<u64>,
    /// Threads.
    pub threads: u64,
    /// When the process started, in seconds since the epoch.
    pub start_seconds: f64,
}

impl ProcessUsage {
    /// Reads `/proc/self`; `None` where there is no such thing.
    pub fn read() -> Option<Self> {
        let stat = fs::read_to_string("/proc/self/stat").ok()?;
        let boot = fs::read_to_string("/proc/stat").ok()?;
        let mut usage =
            Self::parse(&stat, boot_seconds(&boot)?, rustix::param::clock_ticks_per_second())?;
        usage.resident_bytes *= rustix::param::page_size() as u64;
        usage.open_fds = fs::read_dir("/proc/self/fd").ok()?.count() as u64;
        usage.max_fds = rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
        Some(usage)
    }

    /// From the line of `/proc/self/stat`, with resident memory still in pages; see proc(5).
    fn parse(stat: &str, boot_seconds: u64, ticks: u64) -> Option<Self> {
        // The name in parentheses may hold blanks and parentheses; the fields are counted behind it, from number 3 on.
        let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
        let field = |number: usize| fields.get(number - 3)?.parse::<u64>().ok();
        let seconds = |ticks_field: u64| ticks_field as f64 / ticks as f64;
        Some(Self {
            cpu_seconds: seconds(field(14)? + field(15)?),
            threads: field(20)?,
            start_seconds: boot_seconds as f64 + seconds(field(22)?),
            virtual_bytes: field(23)?,
            resident_bytes: field(24)?,
            open_fds: 0,
            max_fds: None,
        })
    }
}

fn boot_seconds(stat: &str) -> Option<u64> {
    stat.lines().find_map(|line| line.strip_prefix("btime "))?.trim().parse().ok()
}

/// Reads anew at each scrape.
#[derive(Debug)]
pub(super) struct Collector;

impl collector::Collector for Collector {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let Some(usage) = ProcessUsage::read() else { return Ok(()) };
        let gauges = [
            (
                "process_resident_memory_bytes",
                "Resident memory size in bytes",
                usage.resident_bytes as f64,
            ),
            (
                "process_virtual_memory_bytes",
                "Virtual memory size in bytes",
                usage.virtual_bytes as f64,
            ),
            ("process_open_fds", "Number of open file descriptors", usage.open_fds as f64),
            (
                "process_max_fds",
                "Maximum number of open file descriptors",
                usage.max_fds.map_or(f64::INFINITY, |max| max as f64),
            ),
            ("process_threads", "Number of threads", usage.threads as f64),
            (
                "process_start_time_seconds",
                "Start time since the epoch in seconds",
                usage.start_seconds,
            ),
        ];
        let cpu = ConstCounter::new(usage.cpu_seconds);
        cpu.encode(encoder.encode_descriptor(
            "process_cpu_seconds",
            "User and system CPU time in seconds",
            None,
            cpu.metric_type(),
        )?)?;
        for (name, help, value) in gauges {
            let gauge = ConstGauge::new(value);
            gauge.encode(encoder.encode_descriptor(name, help, None, gauge.metric_type())?)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stat_line_is_read_behind_a_name_with_blanks_and_parentheses() {
        let stat = "42 (a (b) c) S 1 42 42 0 -1 4194560 1 0 0 0 250 50 0 0 20 0 7 0 1000 8192000 300 18446744073709551615";
        let usage = ProcessUsage::parse(stat, 1_700_000_000, 100).unwrap();
        let expected = ProcessUsage {
            resident_bytes: 300,
            virtual_bytes: 8_192_000,
            cpu_seconds: 3.0,
            threads: 7,
            start_seconds: 1_700_000_010.0,
            ..ProcessUsage::default()
        };
        assert_eq!(usage, expected);
        assert_eq!(ProcessUsage::parse("42 (cut) S 1", 0, 100), None);
    }

    #[test]
    fn the_boot_time_is_found_among_the_rest() {
        assert_eq!(boot_seconds("cpu 1 2\nbtime 1700000000\nprocesses 5\n"), Some(1_700_000_000));
        assert_eq!(boot_seconds("cpu 1 2\n"), None);
    }
}
