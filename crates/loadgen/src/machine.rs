//! The machine that was measured on, as Linux describes it.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};
use serde::Serialize;

use crate::wall;

const DAY_S: u64 = 24 * 3600;

#[derive(Debug, Clone, Serialize)]
pub(crate) struct Machine {
    pub(crate) cpu: String,
    pub(crate) cores: usize,
    pub(crate) memory_gib: f64,
    pub(crate) kernel: String,
    /// Of the data directories.
    pub(crate) file_system: String,
    /// Processes that wanted to run before the first measure: others on the machine make figures worse.
    pub(crate) load_average: String,
}

impl Machine {
    pub(crate) fn of(data_root: &Path) -> Result<Self> {
        let read = |path: &str| {
            std::fs::read_to_string(path).with_context(|| format!("cannot read {path}"))
        };
        let data_root = data_root.canonicalize().context("the data root is not there")?;
        let (cpu, cores) = processors(&read("/proc/cpuinfo")?);
        let kib = memory_kib(&read("/proc/meminfo")?).context("/proc/meminfo has no MemTotal")?;
        let mounted = mounted_at(&read("/proc/self/mountinfo")?, &data_root);
        Ok(Self {
            cpu,
            cores,
            memory_gib: kib as f64 / f64::from(1 << 20),
            kernel: read("/proc/sys/kernel/osrelease")?.trim().to_owned(),
            file_system: mounted.unwrap_or_else(|| "unknown".to_owned()),
            load_average: read("/proc/loadavg")?.split(' ').next().unwrap_or("").to_owned(),
        })
    }
}

/// What the program calls itself and its version.
pub(crate) fn version_of(binary: &Path) -> Result<String> {
    let told = Command::new(binary).arg("--version").output();
    let told = told.with_context(|| format!("cannot run {}", binary.display()))?;
    Ok(String::from_utf8_lossy(&told.stdout).trim().to_owned())
}

/// Today in UTC, as in 2026-11-27.
pub(crate) fn today() -> String {
    let (year, month, day) = civil(wall::unix_nanos() / 1_000_000_000 / DAY_S);
    format!("{year}-{month:02}-{day:02}")
}

/// Model and number of the processors; those of some architectures do not say their model.
fn processors(cpuinfo: &str) -> (String, usize) {
    let values = |key: &str| -> Vec<&str> {
        let pairs = cpuinfo.lines().filter_map(|line| line.split_once(':'));
        pairs.filter(|(name, _)| name.trim() == key).map(|(_, value)| value.trim()).collect()
    };
    let model = values("model name").first().copied().unwrap_or(std::env::consts::ARCH);
    (model.to_owned(), values("processor").len())
}

fn memory_kib(meminfo: &str) -> Option<u64> {
    let total = meminfo.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    total.split_whitespace().next()?.parse().ok()
}

/// Type of the file system that holds `path`: that of the longest mount point above it, the last of equal ones.
fn mounted_at(mountinfo: &str, path: &Path) -> Option<String> {
    let mounts = mountinfo.lines().filter_map(|line| {
        let (mount, system) = line.split_once(" - ")?;
        Some((mount.split(' ').nth(4)?, system.split(' ').next()?))
    });
    let above = mounts.filter(|(point, _)| path.starts_with(point));
    above.max_by_key(|(point, _)| point.len()).map(|(_, system)| system.to_owned())
}

/// Year, month and day of a number of days since 1970, counted from 1 March of the year 0 in eras of 400 years.
fn civil(days: u64) -> (u64, u64, u64) {
    let days = days + 719_468;
    let (era, of_era) = (days / 146_097, days % 146_097);
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let from_january = if month < 10 { month + 3 } else { month - 9 };
    (year + era * 400 + u64::from(from_january <= 2), from_january, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processors_are_counted_and_the_first_model_is_told() {
        let two = "processor\t: 0\nmodel name\t: Fast CPU @ 3 GHz\nflags\t: a\n\nprocessor\t: 1\nmodel name\t: Fast CPU @ 3 GHz\n";
        assert_eq!(processors(two), ("Fast CPU @ 3 GHz".to_owned(), 2));
        assert_eq!(processors("processor : 0\n"), (std::env::consts::ARCH.to_owned(), 1));
    }

    #[test]
    fn memory_is_that_of_the_machine() {
        assert_eq!(memory_kib("MemTotal:       24576 kB\nMemFree: 1 kB\n"), Some(24_576));
    }

    #[test]
    fn the_file_system_is_that_of_the_nearest_mount_point() {
        let mounts = "1 0 8:1 / / rw - ext4 /dev/a rw\n2 1 0:5 / /data rw shared:1 - xfs /dev/b rw\n3 1 0:6 / /dat rw - tmpfs tmpfs rw\n";
        let at = |path: &str| mounted_at(mounts, Path::new(path));
        assert_eq!(at("/data/bench").as_deref(), Some("xfs"));
        assert_eq!(at("/database").as_deref(), Some("ext4"));
    }

    #[test]
    fn days_are_told_as_dates() {
        let dates = [(0, (1970, 1, 1)), (11_016, (2000, 2, 29)), (20_784, (2026, 11, 27))];
        for (days, date) in dates {
            assert_eq!(civil(days), date);
        }
    }
}
