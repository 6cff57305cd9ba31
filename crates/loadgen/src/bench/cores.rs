//! Which processors a server runs on, and which the generator that measures it: apart, so that what a heavier load costs
//! the generator is not taken from the server.

use anyhow::{Context, Result};
use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::unistd::Pid;

/// Of so many processors one is the generator's: it sends a span for a tenth of what the server works on it.
const SERVERS_PER_GENERATOR: usize = 3;

/// The processors that this process may use, in two parts.
#[derive(Debug, Clone)]
pub(crate) struct Cores {
    server: Vec<usize>,
    generator: Vec<usize>,
}

impl Cores {
    /// Keeps this thread, and all that it starts from now on, to the generator's part. None where there is one processor
    /// only.
    ///
    /// # Errors
    /// When the kernel does not let a thread choose.
    pub(crate) fn apart() -> Result<Option<Self>> {
        let Some(cores) = Self::parted(&allowed()?) else { return Ok(None) };
        stay_on(&cores.generator)?;
        Ok(Some(cores))
    }

    fn parted(all: &[usize]) -> Option<Self> {
        let generators = (all.len() / (SERVERS_PER_GENERATOR + 1)).max(1);
        let (server, generator) = all.split_at(all.len().checked_sub(generators)?);
        let cores = Self { server: server.to_vec(), generator: generator.to_vec() };
        (!cores.server.is_empty()).then_some(cores)
    }

    /// Starts a process on the server's part. `spawn` starts it from the thread that calls.
    pub(crate) fn start_server<T>(&self, spawn: impl FnOnce() -> Result<T>) -> Result<T> {
        let before = allowed()?;
        stay_on(&self.server)?;
        let spawned = spawn();
        stay_on(&before)?;
        spawned
    }

    pub(crate) fn told(&self) -> String {
        let list = |cores: &[usize]| {
            let numbers: Vec<String> = cores.iter().map(ToString::to_string).collect();
            numbers.join(", ")
        };
        format!("server on {}, generator on {}", list(&self.server), list(&self.generator))
    }
}

/// The processors that this thread may use.
fn allowed() -> Result<Vec<usize>> {
    let set = sched_getaffinity(Pid::from_raw(0)).context("cannot ask for the processors")?;
    Ok((0..CpuSet::count()).filter(|core| set.is_set(*core).unwrap_or(false)).collect())
}

fn stay_on(cores: &[usize]) -> Result<()> {
    let mut set = CpuSet::new();
    for core in cores {
        set.set(*core).with_context(|| format!("there is no processor {core}"))?;
    }
    sched_setaffinity(Pid::from_raw(0), &set).context("cannot choose processors")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_has_processors_of_its_own() {
        let parted = |all: &[usize]| {
            Cores::parted(all).map(|Cores { server, generator }| (server.len(), generator.len()))
        };
        assert_eq!(parted(&[]), None);
        assert_eq!(parted(&[3]), None);
        assert_eq!(parted(&[0, 1]), Some((1, 1)));
        assert_eq!(parted(&[0, 1, 2, 3]), Some((3, 1)));
        assert_eq!(parted(&[0, 1, 2, 3, 4, 5, 6, 7]), Some((6, 2)));
        let cores = Cores::parted(&[2, 5]).unwrap();
        assert_eq!(cores.told(), "server on 2, generator on 5");
    }

    #[test]
    fn a_server_is_started_on_its_part_alone() {
        // Other tests run on threads of their own, which this one does not touch.
        let Some(cores) = Cores::apart().unwrap() else { return };
        assert_eq!(allowed().unwrap(), cores.generator);
        let started = cores.start_server(|| {
            let status = std::process::Command::new("cat").arg("/proc/self/status").output()?;
            Ok(String::from_utf8(status.stdout)?)
        });
        let started = started.unwrap();
        let line = started.lines().find_map(|line| line.strip_prefix("Cpus_allowed_list:"));
        let first = cores.server[0].to_string();
        assert!(line.unwrap().trim().starts_with(&first), "{line:?}");
        assert!(!line.unwrap().contains(&cores.generator[0].to_string()), "{line:?}");
        assert_eq!(allowed().unwrap(), cores.generator);
    }
}
