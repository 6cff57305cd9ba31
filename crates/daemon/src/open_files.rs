//! How many files and connections this process may have open at a time.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// What the disk, the metadata database and the process itself need beside connections.
const OTHERS: u64 = 384;
/// However few there may be, so many connections are taken.
const LEAST_CONNECTIONS: usize = 16;

/// Takes as much as the system allows without asking anybody, and says how much that is.
pub fn raise_limit() -> Option<u64> {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    if current != maximum
        && setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }).is_ok()
    {
        return maximum;
    }
    current
}

/// How many connections each of `listeners` may take of so many open files, at most `most`.
pub fn connections(open_files: Option<u64>, listeners: usize, most: usize) -> usize {
    let Some(open_files) = open_files else { return most };
    let left = open_files.saturating_sub(OTHERS) / listeners.max(1) as u64;
    usize::try_from(left).unwrap_or(most).clamp(LEAST_CONNECTIONS, most)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_leave_files_to_the_disk() {
        assert_eq!(connections(None, 3, 4096), 4096);
        assert_eq!(connections(Some(1 << 20), 3, 4096), 4096);
        assert_eq!(connections(Some(1024), 2, 4096), 320);
        assert_eq!(connections(Some(100), 3, 4096), LEAST_CONNECTIONS);
    }

    #[test]
    fn the_limit_is_raised_as_far_as_it_goes() {
        let raised = raise_limit();
        assert_eq!(getrlimit(Resource::Nofile).current, raised);
    }
}
