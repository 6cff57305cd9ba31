//! Background work as reconcilers: each run looks at what is and brings it closer to what should be.
//!
//! A task runs when its period is over, and at once when nudged; never twice at a time, and the next run is the retry.
//! Nudges during a run make one more run. What it did last is visible ([`Tasks::statuses`]). Everything else (what to
//! do, whether to do it in parts) is the task's own business; it must be idempotent and may be dropped at any `.await`
//! only at shutdown.

use std::{panic::AssertUnwindSafe, sync::Arc, time::Duration};

use futures::{FutureExt, future::BoxFuture};
use parking_lot::Mutex;
use tokio::{sync::Notify, time};
use tracing::{debug, warn};

use crate::{
    clock::{SharedClock, UnixNanos},
    shutdown::Stage,
};

/// What a run did, in a few words; `None` when there was nothing to do.
pub type RunResult = Result<Option<String>, Box<dyn std::error::Error + Send + Sync>>;

type Run = Box<dyn FnMut() -> BoxFuture<'static, RunResult> + Send>;

/// Background work, not yet started.
pub struct Task {
    name: &'static str,
    period: Duration,
    run: Run,
}

impl Task {
    /// Work to be done each `period` and when nudged.
    pub fn new<F, R>(name: &'static str, period: Duration, mut run: F) -> Self
    where
        F: FnMut() -> R + Send + 'static,
        R: Future<Output = RunResult> + Send + 'static,
    {
        Self { name, period, run: Box::new(move || run().boxed()) }
    }

    /// The same for work that blocks; it runs on the blocking pool.
    pub fn blocking<F>(name: &'static str, period: Duration, run: F) -> Self
    where
        F: FnMut() -> RunResult + Send + 'static,
    {
        let run = Arc::new(Mutex::new(run));
        Self::new(name, period, move || {
            let run = Arc::clone(&run);
            async move { tokio::task::spawn_blocking(move || (run.lock())()).await? }
        })
    }
}

impl std::fmt::Debug for Task {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Task")
            .field("name", &self.name)
            .field("period", &self.period)
            .finish_non_exhaustive()
    }
}

/// What is known about a task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    /// The task.
    pub name: &'static str,
    /// How often it runs without a nudge.
    pub period: Duration,
    /// Runs that have ended.
    pub runs: u64,
    /// How many of them failed.
    pub failures: u64,
    /// Whether it runs just now.
    pub running: bool,
    /// When the last run began.
    pub last_start: Option<UnixNanos>,
    /// How long the last ended run took.
    pub last_duration: Option<Duration>,
    /// What the last ended run did or why it failed, as text.
    pub last_result: Option<Result<Option<String>, String>>,
}

/// The tasks of a process.
#[derive(Debug)]
pub struct Tasks {
    clock: SharedClock,
    stage: Stage,
    statuses: Mutex<Vec<Arc<Mutex<Status>>>>,
}

/// Wakes one task.
#[derive(Clone, Debug)]
pub struct Nudge {
    wake: Arc<Notify>,
}

impl Nudge {
    /// Asks for a run now, or for another one after the present one. Never blocks; many nudges are one.
    pub fn nudge(&self) {
        self.wake.notify_one();
    }
}

impl Tasks {
    /// Tasks that end with `stage`.
    pub fn new(clock: SharedClock, stage: Stage) -> Self {
        Self { clock, stage, statuses: Mutex::new(Vec::new()) }
    }

    /// Starts a task: its first run is now.
    pub fn start(&self, task: Task) -> Nudge {
        let status = Arc::new(Mutex::new(Status {
            name: task.name,
            period: task.period,
            runs: 0,
            failures: 0,
            running: false,
            last_start: None,
            last_duration: None,
            last_result: None,
        }));
        self.statuses.lock().push(Arc::clone(&status));
        let wake = Arc::new(Notify::new());
        let driver =
            Driver { task, status, wake: Arc::clone(&wake), clock: Arc::clone(&self.clock) };
        let stop = self.stage.token();
        self.stage.spawn(driver.drive(stop));
        Nudge { wake }
    }

    /// All tasks, in the order of their start.
    pub fn statuses(&self) -> Vec<Status> {
        self.statuses.lock().iter().map(|status| status.lock().clone()).collect()
    }
}

struct Driver {
    task: Task,
    status: Arc<Mutex<Status>>,
    wake: Arc<Notify>,
    clock: SharedClock,
}

impl Driver {
    async fn drive(mut self, stop: tokio_util::sync::CancellationToken) {
        while !stop.is_cancelled() {
            // Whatever was asked for until now, this run will see.
            self.wake.notified().now_or_never();
            // A run is let finish: cutting it in the middle saves little and leaves more to do at the next start.
            self.run_once().await;
            tokio::select! {
                () = stop.cancelled() => return,
                () = self.wake.notified() => {}
                () = time::sleep(self.task.period) => {}
            }
        }
    }

    async fn run_once(&mut self) {
        let began = self.clock.monotonic();
        {
            let mut status = self.status.lock();
            status.running = true;
            status.last_start = Some(self.clock.now());
        }
        // A panic is a failed run like any other: one bad record must not end retention or renewal for good.
        let run = AssertUnwindSafe(async { (self.task.run)().await }).catch_unwind().await;
        let result = run.unwrap_or_else(|panic| Err(panic_text(&*panic).into()));
        self.record(result, self.clock.monotonic().saturating_sub(began));
    }

    fn record(&self, result: RunResult, took: Duration) {
        let task = self.task.name;
        match &result {
            Ok(Some(done)) => debug!(task, ?took, %done, "task ran"),
            Ok(None) => {}
            Err(error) => warn!(task, ?took, %error, "task failed"),
        }
        let mut status = self.status.lock();
        status.running = false;
        status.runs += 1;
        status.failures += u64::from(result.is_err());
        status.last_duration = Some(took);
        status.last_result = Some(result.map_err(|error| error.to_string()));
    }
}

fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    format!("panicked: {}", text.unwrap_or("without a message"))
}

#[cfg(test)]
mod tests;
