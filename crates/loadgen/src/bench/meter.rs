//! What a load cost the server: CPU until it is settled, memory, and the bytes on its disk.

use std::time::{Duration, Instant};

use anyhow::Result;

use super::disk;
use super::process::Process;
use super::report::Cost;
use super::settle::{Calm, Settling};
use super::subject::Subject;
use crate::api::Api;
use crate::args::BenchArgs;
use crate::send::since;
use crate::wall;

pub(super) struct Meter<'a> {
    subject: &'a Subject,
    settling: Settling<'a>,
    own: Process,
    /// CPU seconds of the server and of this process before the load.
    before_s: f64,
    own_before_s: f64,
    max_wait: Duration,
}

/// The moment of the last answer.
#[derive(Debug, Clone, Copy)]
pub(super) struct LastAnswer {
    at: Instant,
    cpu_s: f64,
    own_cpu_s: f64,
}

impl<'a> Meter<'a> {
    /// To be called just before the first request.
    pub(super) async fn start(subject: &'a Subject, args: &BenchArgs) -> Result<Self> {
        let process = &subject.process;
        let journal = subject.data_dir.as_ref().map(|folder| folder.join("journal"));
        let quiet_for = Duration::from_secs(args.quiet_s);
        let settling =
            Settling::before_load(process, subject.watcher(args)?, journal, quiet_for).await?;
        let own = Process::own()?;
        Ok(Self {
            subject,
            settling,
            before_s: process.cpu_s()?,
            own_before_s: own.cpu_s()?,
            own,
            max_wait: Duration::from_secs(args.max_wait_s),
        })
    }

    /// To be called at the last answer.
    pub(super) fn last_answer(&self) -> Result<LastAnswer> {
        Ok(LastAnswer {
            at: wall::instant(),
            cpu_s: self.subject.process.cpu_s()? - self.before_s,
            own_cpu_s: self.own.cpu_s()? - self.own_before_s,
        })
    }

    /// Waits until the server is settled and `compare` finds no difference, or the longest wait is over.
    pub(super) async fn settle(
        &mut self,
        sent: LastAnswer,
        api: &mut Option<Api>,
        compare: impl AsyncFn(&mut Api) -> Result<Vec<String>>,
    ) -> Result<(Cost, Vec<String>)> {
        let deadline = sent.at + self.max_wait;
        loop {
            let calm = self.settling.wait(deadline).await?;
            let asked = self.subject.process.cpu_s()?;
            let cost = self.cost(sent, calm)?;
            let Some(api) = api else { return Ok((cost, Vec::new())) };
            let differences = compare(api).await?;
            self.settling.leave_out_since(asked)?;
            if differences.is_empty() || wall::instant() >= deadline {
                return Ok((cost, differences));
            }
        }
    }

    fn cost(&self, sent: LastAnswer, calm: Calm) -> Result<Cost> {
        let memory = self.subject.process.memory()?;
        Ok(Cost {
            cpu_s: calm.cpu_s - self.before_s,
            cpu_while_sending_s: sent.cpu_s,
            settled_after_s: since(sent.at).as_secs_f64(),
            pending: calm.pending,
            peak_rss_kib: memory.peak_kib,
            rss_after_kib: memory.rss_kib,
            threads: memory.threads,
            disk: self.subject.data_dir.as_deref().map(disk::usage).transpose()?,
            disk_parts: match &self.subject.data_dir {
                Some(folder) => disk::parts(folder)?,
                None => Vec::new(),
            },
            generator_cpu_s: sent.own_cpu_s,
        })
    }
}
