//! What Linux says of memory: how much this process may use, and how much it does.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// Bytes that this process may use: of the machine, or of the control group that it is in where that has less. Nothing
/// where there is no such thing as `/proc`.
pub fn usable_bytes() -> Option<u64> {
    let machine = total_bytes(&fs::read_to_string("/proc/meminfo").ok()?)?;
    let groups = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
    let limits = limit_files(&groups).into_iter().filter_map(|file| group_limit(&file));
    Some(limits.fold(machine, u64::min))
}

/// Bytes of this process that are in memory.
pub(super) fn resident_bytes() -> Option<u64> {
    let statm = fs::read_to_string("/proc/self/statm").ok()?;
    let pages: u64 = statm.split_whitespace().nth(1)?.parse().ok()?;
    Some(pages * rustix::param::page_size() as u64)
}

fn total_bytes(meminfo: &str) -> Option<u64> {
    let line = meminfo.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    let kib: u64 = line.split_whitespace().next()?.parse().ok()?;
    Some(kib * 1024)
}

/// Where the limits of a process's group and of those above it stand, as `/proc/self/cgroup` names them: `0::/path` of the
/// unified hierarchy, `n:memory:/path` of the older one. In a container the path may be one that only its host has; then
/// the root, which is the container's, tells.
fn limit_files(groups: &str) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for line in groups.lines() {
        let mut parts = line.splitn(3, ':');
        let [_, Some(controllers), Some(path)] = [parts.next(), parts.next(), parts.next()] else {
            continue;
        };
        let (root, file) = match controllers {
            "" => ("/sys/fs/cgroup", "memory.max"),
            names if names.split(',').any(|name| name == "memory") => {
                ("/sys/fs/cgroup/memory", "memory.limit_in_bytes")
            }
            _ => continue,
        };
        let path = Path::new(path.trim_start_matches('/'));
        files.extend(path.ancestors().map(|group| Path::new(root).join(group).join(file)));
    }
    files
}

/// Nothing where there is no limit: `max`, or a number beyond every machine.
fn group_limit(file: &Path) -> Option<u64> {
    fs::read_to_string(file).ok()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limits_of_a_group_and_of_those_above_it_are_looked_at() {
        let files = |groups| -> Vec<String> {
            limit_files(groups).iter().map(|file| file.display().to_string()).collect()
        };
        assert_eq!(
            files("0::/system.slice/vedette.service\n"),
            [
                "/sys/fs/cgroup/system.slice/vedette.service/memory.max",
                "/sys/fs/cgroup/system.slice/memory.max",
                "/sys/fs/cgroup/memory.max",
            ]
        );
        assert_eq!(
            files("5:cpu,cpuacct:/a\n4:memory:/docker\n"),
            [
                "/sys/fs/cgroup/memory/docker/memory.limit_in_bytes",
                "/sys/fs/cgroup/memory/memory.limit_in_bytes",
            ]
        );
    }

    #[test]
    fn a_machine_and_a_process_tell_of_their_memory() {
        assert_eq!(total_bytes("MemFree: 1 kB\nMemTotal:       2048 kB\n"), Some(2 << 20));
        let (usable, resident) = (usable_bytes().unwrap(), resident_bytes().unwrap());
        assert!(0 < resident && resident < usable, "{resident} of {usable}");
    }
}
