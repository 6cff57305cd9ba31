//! A server's folder that is kept with what was sent to it, so that another build can be asked about the same data.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use tempfile::TempDir;

use crate::data::expected::Expected;
use crate::send::Outcome;

/// Beside the server's data.
const FILE: &str = "sent.json";

/// What asking needs to know of a load.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Kept {
    pub(crate) password: String,
    pub(crate) expected: Expected,
    /// Ids of traces sent, spread over the run.
    pub(crate) traces: Vec<String>,
    pub(crate) spans: u64,
}

impl Kept {
    pub(super) fn of(outcome: &Outcome, password: &str) -> Kept {
        Kept {
            password: password.to_owned(),
            expected: outcome.expected.clone(),
            traces: outcome.traces.clone(),
            spans: outcome.tally.acknowledged,
        }
    }

    pub(crate) fn read(folder: &Path) -> Result<Kept> {
        let file = folder.join(FILE);
        let text = std::fs::read(&file)
            .with_context(|| format!("cannot read {}, which --keep writes", file.display()))?;
        serde_json::from_slice(&text)
            .with_context(|| format!("{} does not say what was sent", file.display()))
    }

    pub(super) fn write(&self, folder: &Path) -> Result<()> {
        let file = folder.join(FILE);
        let text = serde_json::to_vec_pretty(self).context("cannot write JSON")?;
        std::fs::write(&file, text).with_context(|| format!("cannot write {}", file.display()))
    }
}

/// Where a server's data and log are.
#[derive(Debug)]
pub(crate) enum Folder {
    /// Made for one bench, and removed after it unless it is kept.
    Made(TempDir),
    /// Of a bench before.
    Kept(PathBuf),
}

impl Folder {
    pub(super) fn path(&self) -> &Path {
        match self {
            Folder::Made(folder) => folder.path(),
            Folder::Kept(folder) => folder,
        }
    }

    /// Leaves it where it is.
    pub(super) fn keep(self) -> PathBuf {
        match self {
            Folder::Made(folder) => folder.keep(),
            Folder::Kept(folder) => folder,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::expected::Totals;

    #[test]
    fn what_was_sent_is_read_again_and_a_folder_without_it_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        assert!(Kept::read(folder.path()).is_err());
        let expected = Expected {
            application: "shop".to_owned(),
            seed: 7,
            from_ms: 1,
            to_ms: 2,
            complete: true,
            totals: Totals::default(),
            sample_traces: Vec::new(),
        };
        let kept = Kept {
            password: "secret".to_owned(),
            expected,
            traces: vec!["ab".to_owned()],
            spans: 10,
        };
        kept.write(folder.path()).unwrap();
        let read = Kept::read(folder.path()).unwrap();
        assert_eq!((read.password, read.traces, read.spans), (kept.password, kept.traces, 10));
    }
}
