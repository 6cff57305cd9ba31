//! What Linux says of a process under /proc.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result};

use crate::wall;

/// Below this share of a core a server counts as quiet.
const QUIET_SHARE: f64 = 0.02;
const LOOK_EVERY: Duration = Duration::from_millis(250);
/// `AT_CLKTCK` of the auxiliary vector.
const AUX_CLOCK_TICKS: u64 = 17;

#[derive(Debug)]
pub(crate) struct Process {
    folder: PathBuf,
    ticks_per_second: f64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Memory {
    pub(crate) rss_kib: u64,
    /// Highest ever (VmHWM).
    pub(crate) peak_kib: u64,
    pub(crate) threads: u64,
}

impl Process {
    pub(crate) fn new(pid: u32) -> Result<Self> {
        let process =
            Self { folder: format!("/proc/{pid}").into(), ticks_per_second: ticks_per_second()? };
        process.cpu_s().with_context(|| format!("no process {pid}"))?;
        Ok(process)
    }

    pub(crate) fn own() -> Result<Self> {
        Self::new(std::process::id())
    }

    /// User and system seconds of all threads so far, ended ones included.
    pub(crate) fn cpu_s(&self) -> Result<f64> {
        let stat = self.read("stat")?;
        Ok(cpu_ticks(&stat).context("/proc/PID/stat has an unknown shape")? as f64
            / self.ticks_per_second)
    }

    pub(crate) fn memory(&self) -> Result<Memory> {
        memory(&self.read("status")?).context("/proc/PID/status has an unknown shape")
    }

    fn read(&self, name: &str) -> Result<String> {
        let file = self.folder.join(name);
        std::fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))
    }

    /// Waits until the process used under 2 % of a core for `quiet`; CPU seconds at that moment, none when it is
    /// busy at `until`.
    pub(crate) async fn wait_quiet(
        &self,
        quiet: Duration,
        until: std::time::Instant,
    ) -> Result<Option<f64>> {
        let mut since = (wall::instant(), self.cpu_s()?);
        loop {
            tokio::time::sleep(LOOK_EVERY).await;
            let (now, cpu) = (wall::instant(), self.cpu_s()?);
            let passed = now.saturating_duration_since(since.0);
            let busy = cpu - since.1 > QUIET_SHARE * quiet.as_secs_f64();
            match busy {
                true if now >= until => return Ok(None),
                true => since = (now, cpu),
                false if passed >= quiet => return Ok(Some(cpu)),
                false => {}
            }
        }
    }
}

fn ticks_per_second() -> Result<f64> {
    let vector = std::fs::read("/proc/self/auxv").context("cannot read /proc/self/auxv")?;
    let word =
        |bytes: &[u8]| u64::from_ne_bytes(bytes.try_into().expect("chunks are of eight bytes"));
    let mut pairs = vector.chunks_exact(16).map(|pair| (word(&pair[..8]), word(&pair[8..])));
    let ticks = pairs
        .find(|(key, _)| *key == AUX_CLOCK_TICKS)
        .context("the kernel does not say its clock ticks")?
        .1;
    Ok(ticks as f64)
}

/// Fields 14 and 15; the process's name in field 2 may hold blanks and parentheses.
fn cpu_ticks(stat: &str) -> Option<u64> {
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace().skip(11);
    let user: u64 = fields.next()?.parse().ok()?;
    let system: u64 = fields.next()?.parse().ok()?;
    Some(user + system)
}

fn memory(status: &str) -> Option<Memory> {
    let value = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
        line.split_whitespace().next()?.parse().ok()
    };
    Some(Memory { rss_kib: value("VmRSS")?, peak_kib: value("VmHWM")?, threads: value("Threads")? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cpu_time_is_read_past_a_name_with_parentheses() {
        let stat = "42 (a) b) S 1 42 42 0 -1 4194304 100 0 0 0 250 50 0 0 20 0 4 0 100 1000 10";
        assert_eq!(cpu_ticks(stat), Some(300));
    }

    #[test]
    fn memory_is_read_by_name() {
        let status = "Name:\tx\nVmPeak:\t 9 kB\nVmHWM:\t  300 kB\nVmRSS:\t  200 kB\nThreads:\t7\n";
        assert_eq!(memory(status), Some(Memory { rss_kib: 200, peak_kib: 300, threads: 7 }));
    }

    #[test]
    fn cpu_seconds_grow_by_what_is_burnt() {
        let own = Process::own().unwrap();
        let (before, started) = (own.cpu_s().unwrap(), wall::instant());
        while own.cpu_s().unwrap() - before < 0.05 {
            assert!(started.elapsed() < Duration::from_secs(60), "no CPU time seen");
        }
        assert!(own.memory().unwrap().rss_kib > 0);
    }
}
