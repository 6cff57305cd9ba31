//! What the process keeps, works on and is limited to, for whoever runs it.

mod refusals;
mod storage;

use std::{io, sync::Arc};

use api::{Caps, Operations, Status as _, limit};
use api_types::{
    BackgroundTask, Budget, Health, Limit, Memory, NewRetention, Refusal, RetentionLoss, Storage,
};
use daemon::{
    memory::Budgets,
    metrics::ProcessUsage,
    tasks::{Status, Tasks},
};
use ingest::pipeline;
use journal::Journal as _;
use model::id::AccountId;
use telemetry_store::Store;

use super::status::ProcessStatus;
use crate::retention::LiveRetention;

/// Metric streams of an account whose state the pipeline keeps.
const MAX_STREAMS: u64 = 1_000_000;

#[derive(Debug)]
pub(crate) struct ProcessOperations {
    pub(crate) status: Arc<ProcessStatus>,
    pub(crate) store: Arc<Store>,
    pub(crate) retention: Arc<LiveRetention>,
    pub(crate) clock: daemon::clock::SharedClock,
    pub(crate) memory: Budgets,
    pub(crate) journal_max_bytes: u64,
    /// Below this share of free disk nothing is accepted.
    pub(crate) min_free_share: f64,
    pub(crate) tasks: Arc<Tasks>,
}

impl Operations for ProcessOperations {
    fn storage(&self, account: AccountId) -> io::Result<Storage> {
        let usage = self.store.usage(account, self.now_ms());
        let retention = self.retention.now();
        let tables = usage.iter().map(|usage| storage::table(usage, &retention)).collect();
        let (disk, journal) = (self.disk()?, self.journal());
        Ok(Storage { tables, disk, journal, retentions: self.retentions() })
    }

    fn retentions(&self) -> Vec<api_types::Retention> {
        self.retention.told()
    }

    fn would_lose(&self, account: AccountId, wanted: &[NewRetention]) -> RetentionLoss {
        let lost = self.store.expired(account, self.now_ms(), &self.retention.with(wanted));
        RetentionLoss {
            bytes: lost.iter().map(|table| table.bytes).sum(),
            tables: lost.iter().map(storage::loss).collect(),
        }
    }

    fn set_retentions(&self, wanted: &[NewRetention]) {
        self.retention.set(wanted);
    }

    fn limits(&self) -> io::Result<Vec<Limit>> {
        let (disk, journal, usage) = (self.disk()?, self.journal(), self.usage());
        let fit = |bytes: u64| usize::try_from(bytes).unwrap_or(usize::MAX);
        let taken = disk.total_bytes.saturating_sub(disk.free_bytes);
        let series = self.status.stats.series.load(std::sync::atomic::Ordering::Relaxed);
        let mut limits = vec![
            limit::of("disk", "Disk of the data directory", fit(taken), disk.total_bytes - disk.refuse_below_bytes)
                .bytes()
                .remedy("Nearly full: the oldest traces, logs and samples go before their time. At the limit: agents are told to come back later. Shorten a retention, or give the data directory more room.")
                .made(),
            limit::of("journal", "Journal: accepted, not worked on yet", fit(journal.bytes), journal.max_bytes)
                .bytes()
                .remedy("At the limit agents are told to come back later. It fills while the pipeline stands still or cannot keep up: look at its lag, give more cores, or let agents sample.")
                .made(),
            limit::of("memory", "Memory", fit(usage.resident_bytes), self.memory.limit as u64)
                .bytes()
                .remedy("At the limit agents are slowed down (429). Set memory-limit higher where the machine has room.")
                .made(),
            limit::of("metric-series", "Metric series of the last hour", fit(series), MAX_STREAMS)
                .remedy("Points of further series are refused and counted below. Drop attributes that take ever new values in the agent or Collector.")
                .made(),
        ];
        if let Some(max) = usage.max_fds {
            let remedy = "At the limit connections are refused. Raise the limit of open files (LimitNOFILE in systemd).";
            let files = limit::of("files", "Open files and connections", fit(usage.open_fds), max);
            limits.push(files.remedy(remedy).made());
        }
        Ok(limits)
    }

    fn caps(&self) -> Caps {
        let limits = pipeline::Limits::default();
        Caps {
            transactions: limits.transactions as u64,
            tiers: limits.tiers as u64,
            nodes: pipeline::MAX_LIVE_NODES as u64,
            applications: limits.applications as u64,
            backends: limits.backends as u64,
            queues: limits.queues as u64,
            endpoints: limits.endpoints as u64,
            errors: limits.errors as u64,
        }
    }

    fn refusals(&self) -> Vec<Refusal> {
        let metrics = self.status.metrics.get();
        refusals::of(&metrics.map(daemon::metrics::Metrics::samples).unwrap_or_default())
    }

    fn health(&self) -> Health {
        let (readiness, usage) = (self.status.readiness(), self.usage());
        let named = self.memory.named();
        let budgets = named.into_iter().filter(|(part, _)| *part != "limit");
        Health {
            version: self.status.version(),
            started_at: (usage.start_seconds * 1000.0) as i64,
            ready: readiness.ready,
            reasons: readiness.reasons,
            application: None,
            memory: Memory {
                resident_bytes: usage.resident_bytes,
                limit_bytes: self.memory.limit as u64,
                budgets: budgets
                    .map(|(part, bytes)| Budget { part: part.to_owned(), bytes: bytes as u64 })
                    .collect(),
            },
            cpu_seconds: usage.cpu_seconds,
            threads: usage.threads,
            tasks: self.tasks.statuses().iter().map(task).collect(),
        }
    }
}

impl ProcessOperations {
    fn now_ms(&self) -> i64 {
        i64::try_from(self.clock.now().millis()).unwrap_or(i64::MAX)
    }

    fn usage(&self) -> ProcessUsage {
        ProcessUsage::read().unwrap_or_default()
    }

    pub(crate) fn disk(&self) -> io::Result<api_types::Disk> {
        let space = self.store.disk_space()?;
        let dropped = self.store.dropped_for_room().load(std::sync::atomic::Ordering::Relaxed);
        Ok(api_types::Disk {
            total_bytes: space.total,
            free_bytes: space.free,
            refuse_below_bytes: (space.total as f64 * self.min_free_share) as u64,
            make_room_below_bytes: space.total / 100
                * u64::from(self.retention.now().keep_free_percent),
            dropped_bytes: dropped,
        })
    }

    fn journal(&self) -> api_types::JournalUsage {
        api_types::JournalUsage {
            bytes: self.status.journal.bytes(),
            max_bytes: self.journal_max_bytes,
            setting: "journal-max-bytes".to_owned(),
        }
    }
}

fn task(status: &Status) -> BackgroundTask {
    let millis = |duration: std::time::Duration| duration.as_secs_f64() * 1000.0;
    let (last_result, failed) = match &status.last_result {
        Some(Ok(done)) => (done.clone(), false),
        Some(Err(error)) => (Some(error.clone()), true),
        None => (None, false),
    };
    BackgroundTask {
        name: status.name.to_owned(),
        period_ms: u64::try_from(status.period.as_millis()).unwrap_or(u64::MAX),
        running: status.running,
        runs: status.runs,
        failures: status.failures,
        last_start: status.last_start.and_then(|at| i64::try_from(at.millis()).ok()),
        last_duration_ms: status.last_duration.map(millis),
        last_result,
        failed,
    }
}
