//! What a server has still to do after the last answer, by its own gauges and by the size of its journal's folder.
//!
//! Acknowledged data stay in the journal until the next cut has written them to segments: a data directory measured
//! before that counts them twice. Merges follow the cut. All decisions here are pure.

use std::path::Path;

use anyhow::Result;

use super::disk;
use crate::api::exposition::Exposition;

/// An empty journal has a head of some bytes, and a server's own records may be in it.
const SMALL_JOURNAL_BYTES: u64 = 64 << 10;

/// A gauge that the server does not show counts as nothing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Work {
    pub(crate) journal_bytes: u64,
    /// Telemetry that is in no segment yet.
    pub(crate) head_bytes: u64,
    /// Records of the journal that wait to be worked on.
    pub(crate) waiting_records: u64,
    pub(crate) open_traces: u64,
    pub(crate) segments: u64,
}

impl Work {
    pub(crate) fn shown(told: &Exposition) -> Self {
        let gauge = |name| told.value(name).map_or(0, |value| value as u64);
        Self {
            journal_bytes: gauge("vedette_journal_bytes"),
            head_bytes: gauge("vedette_head_bytes"),
            waiting_records: gauge("vedette_pipeline_lag_records"),
            open_traces: gauge("vedette_pipeline_open_traces"),
            segments: gauge("vedette_segments"),
        }
    }

    /// With what the disk says of the journal, which is what is measured in the end.
    pub(crate) fn with_journal(self, folder: &Path) -> Result<Self> {
        if !folder.is_dir() {
            return Ok(self);
        }
        let journal_bytes = disk::usage(folder)?.apparent_bytes.max(self.journal_bytes);
        Ok(Self { journal_bytes, ..self })
    }

    /// What is left to do, in words; none when the server is as it was at `rest`, before the load.
    pub(crate) fn pending(&self, rest: &Self) -> Option<String> {
        if self.waiting_records > rest.waiting_records {
            return Some(format!("{} records wait to be worked on", self.waiting_records));
        }
        if self.open_traces > rest.open_traces {
            return Some(format!("{} traces are open", self.open_traces));
        }
        if self.journal_bytes > rest.journal_bytes + SMALL_JOURNAL_BYTES {
            return Some(format!("{} are in the journal", mib(self.journal_bytes)));
        }
        (self.head_bytes > rest.head_bytes)
            .then(|| format!("{} are in no segment", mib(self.head_bytes)))
    }
}

fn mib(bytes: u64) -> String {
    format!("{:.1} MiB", bytes as f64 / f64::from(1 << 20))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(work: Work, pending: Option<&str>) {
        let rest = Work { journal_bytes: 40, segments: 3, ..Work::default() };
        assert_eq!(work.pending(&rest).as_deref(), pending);
    }

    #[test]
    fn a_journal_of_its_empty_size_is_settled_and_a_full_one_is_not() {
        check(Work { journal_bytes: 40, ..Work::default() }, None);
        check(Work { journal_bytes: 5_000, segments: 9, ..Work::default() }, None);
        check(
            Work { journal_bytes: 70 << 20, ..Work::default() },
            Some("70.0 MiB are in the journal"),
        );
    }

    #[test]
    fn what_is_not_cut_yet_is_named() {
        check(Work { head_bytes: 3 << 19, ..Work::default() }, Some("1.5 MiB are in no segment"));
        check(Work { open_traces: 2, ..Work::default() }, Some("2 traces are open"));
        let behind = Work { waiting_records: 7, journal_bytes: 70 << 20, ..Work::default() };
        check(behind, Some("7 records wait to be worked on"));
    }

    #[test]
    fn gauges_are_read_by_their_names() {
        let told = "vedette_journal_bytes 40\nvedette_head_bytes 7\nvedette_segments 8\n";
        let wanted = Work { journal_bytes: 40, head_bytes: 7, segments: 8, ..Work::default() };
        assert_eq!(Work::shown(&Exposition::parse(told)), wanted);
    }

    #[test]
    fn the_folder_is_believed_over_a_gauge_that_says_less() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("1.journal"), [0; 5000]).unwrap();
        let shown = Work { journal_bytes: 40, ..Work::default() };
        assert_eq!(shown.with_journal(folder.path()).unwrap().journal_bytes, 5000);
        assert_eq!(shown.with_journal(&folder.path().join("none")).unwrap(), shown);
    }
}
