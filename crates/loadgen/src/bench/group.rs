//! A control group that holds a server to a limit of memory, where this machine lets us make one.
//!
//! The kernel ends a process of the group that wants more than the limit and finds nothing to give back, so a server that
//! lives through a load kept to it. Of both hierarchies, the unified one and the older one.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

const UNIFIED: &str = "/sys/fs/cgroup";
const OLDER: &str = "/sys/fs/cgroup/memory";

/// A group; removed when dropped, once its processes have ended.
#[derive(Debug)]
pub(crate) struct Group {
    folder: PathBuf,
    files: &'static Files,
}

/// What a hierarchy calls its files.
#[derive(Debug)]
struct Files {
    limit: &'static str,
    swap: (&'static str, &'static str),
    peak: &'static str,
}

static OF_UNIFIED: Files =
    Files { limit: "memory.max", swap: ("memory.swap.max", "0"), peak: "memory.peak" };
static OF_OLDER: Files = Files {
    limit: "memory.limit_in_bytes",
    swap: ("memory.swappiness", "0"),
    peak: "memory.max_usage_in_bytes",
};

impl Group {
    /// A group of its own for the server that is started next.
    ///
    /// # Errors
    /// When this machine has no control groups, or does not let this user make one.
    pub(crate) fn with_limit(bytes: u64) -> Result<Self> {
        let name = format!("loadgen-{}", std::process::id());
        let (root, files) = if Path::new(UNIFIED).join("cgroup.controllers").exists() {
            let told = fs::write(Path::new(UNIFIED).join("cgroup.subtree_control"), "+memory");
            told.context("the control groups do not count memory")?;
            (UNIFIED, &OF_UNIFIED)
        } else if Path::new(OLDER).join(OF_OLDER.limit).exists() {
            (OLDER, &OF_OLDER)
        } else {
            bail!("there are no control groups that count memory");
        };
        let folder = Path::new(root).join(name);
        fs::create_dir(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
        let group = Self { folder, files };
        group.write(files.limit, &bytes.to_string())?;
        // Where there is no swap there is nothing to switch off.
        drop(group.write(files.swap.0, files.swap.1));
        Ok(group)
    }

    fn write(&self, file: &str, text: &str) -> Result<()> {
        let path = self.folder.join(file);
        fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))
    }

    /// The file that takes the ids of processes.
    pub(crate) fn entrance(&self) -> PathBuf {
        self.folder.join("cgroup.procs")
    }

    /// The most that was in use, files in the kernel's memory included; none where the kernel does not say.
    pub(crate) fn peak_bytes(&self) -> Option<u64> {
        fs::read_to_string(self.folder.join(self.files.peak)).ok()?.trim().parse().ok()
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        // A process that still ends keeps it; an empty folder is all that stays then.
        drop(fs::remove_dir(&self.folder));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_is_gone_with_its_last_process() {
        // Where groups cannot be made there is nothing to see.
        let Ok(group) = Group::with_limit(64 << 20) else { return };
        let folder = group.folder.clone();
        let limit = fs::read_to_string(folder.join(group.files.limit)).unwrap();
        assert_eq!(limit.trim(), (64u64 << 20).to_string());
        drop(group);
        assert!(!folder.exists());
    }
}
