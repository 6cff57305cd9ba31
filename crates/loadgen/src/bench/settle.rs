//! Waits until a server has nothing left to do, and says so in words when it does not come to that in the time given.
//!
//! Quiet alone is not enough: between its last answer and its next cut a server may sleep with the whole load in its
//! journal. Settled means no CPU to speak of, nothing pending by its own gauges and on the disk, and the same
//! number of segments for longer than it pauses between two merges.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::Result;

use super::process::Process;
use super::work::Work;
use crate::api::Api;
use crate::send::since;
use crate::wall;

/// A server looks for segments to merge every five seconds, and merges what a burst of samples left after fifteen.
const SEGMENTS_UNCHANGED_FOR: Duration = Duration::from_secs(22);

pub(crate) struct Settling<'a> {
    process: &'a Process,
    /// None when no address is known to ask at; the journal's folder is looked at all the same.
    api: Option<Api>,
    journal: Option<PathBuf>,
    quiet_for: Duration,
    /// What was pending before the load.
    rest: Work,
    /// CPU seconds that answering our questions took.
    asking_s: f64,
}

/// The server at the end of a wait.
#[derive(Debug)]
pub(crate) struct Calm {
    /// CPU seconds of the process, without those that answering our questions took.
    pub(crate) cpu_s: f64,
    /// Why it is not settled.
    pub(crate) pending: Option<String>,
}

impl<'a> Settling<'a> {
    /// To be called before the load: what the server keeps pending then is its state of rest.
    pub(crate) async fn before_load(
        process: &'a Process,
        api: Option<Api>,
        journal: Option<PathBuf>,
        quiet_for: Duration,
    ) -> Result<Self> {
        let rest = Work::default();
        let mut settling = Self { process, api, journal, quiet_for, rest, asking_s: 0.0 };
        settling.rest = settling.work().await?;
        Ok(settling)
    }

    /// Until it is settled, or `deadline` has passed.
    pub(crate) async fn wait(&mut self, deadline: Instant) -> Result<Calm> {
        let mut segments = (None, wall::instant());
        loop {
            let quiet = self.process.wait_quiet(self.quiet_for, deadline).await?;
            let cpu_s = quiet.map_or_else(|| self.process.cpu_s(), Ok)?;
            let work = self.work().await?;
            if segments.0 != Some(work.segments) {
                segments = (Some(work.segments), wall::instant());
            }
            let unchanged_for = since(segments.1);
            self.leave_out_since(cpu_s)?;
            let pending = match quiet {
                None => Some("it is still busy".to_owned()),
                Some(_) => work.pending(&self.rest).or_else(|| merging(unchanged_for)),
            };
            if pending.is_none() || wall::instant() >= deadline {
                return Ok(Calm { cpu_s: cpu_s - self.asking_s, pending });
            }
        }
    }

    /// Whatever the process used since it had used `cpu_s` was for answering us.
    pub(crate) fn leave_out_since(&mut self, cpu_s: f64) -> Result<()> {
        self.asking_s += self.process.cpu_s()? - cpu_s;
        Ok(())
    }

    async fn work(&mut self) -> Result<Work> {
        let shown = match &mut self.api {
            Some(api) => Work::shown(&api.metrics().await?),
            None => Work::default(),
        };
        self.journal.as_deref().map_or(Ok(shown), |folder| shown.with_journal(folder))
    }
}

fn merging(unchanged_for: Duration) -> Option<String> {
    (unchanged_for < SEGMENTS_UNCHANGED_FOR)
        .then(|| "segments have just been made or merged".to_owned())
}
