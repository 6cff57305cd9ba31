//! Stops a process in order: stage after stage, each told to stop and given time to end, ten seconds in all.
//!
//! Whoever starts something that runs registers it in a [`Stage`], takes the stage's token, and ends when that is
//! cancelled. The stages stop in the order in which they were made, so that what takes data in is made first and what
//! keeps it last. A stage that does not end in its time is left behind, named in the log and in the outcome; what it
//! had acknowledged is durable anyway.

mod signals;

use std::{sync::Arc, time::Duration};

use parking_lot::Mutex;
use tokio::{task::JoinHandle, time};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tracing::{info, warn};

use crate::clock::SharedClock;
pub use signals::Signals;

/// All stages together; what a service manager waits for before it kills is usually longer, orchestrators' 30 s too.
pub const TOTAL: Duration = Duration::from_secs(10);

/// The stages of one process.
#[derive(Debug)]
pub struct Shutdown {
    clock: SharedClock,
    stages: Mutex<Vec<Stage>>,
    requested: CancellationToken,
}

/// A part of the process that stops as one.
#[derive(Clone, Debug)]
pub struct Stage {
    name: &'static str,
    deadline: Duration,
    stop: CancellationToken,
    tasks: TaskTracker,
}

/// What a shutdown came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Stages that did not end in their time.
    pub unfinished: Vec<&'static str>,
}

impl Shutdown {
    /// No stages yet.
    pub fn new(clock: SharedClock) -> Arc<Self> {
        Arc::new(Self {
            clock,
            stages: Mutex::new(Vec::new()),
            requested: CancellationToken::new(),
        })
    }

    /// Adds a stage that stops after those added before and may take up to `deadline`.
    pub fn stage(&self, name: &'static str, deadline: Duration) -> Stage {
        let stage =
            Stage { name, deadline, stop: CancellationToken::new(), tasks: TaskTracker::new() };
        self.stages.lock().push(stage.clone());
        stage
    }

    /// Asks for the shutdown, from anywhere; [`Shutdown::requested`] tells whoever runs it.
    pub fn request(&self) {
        self.requested.cancel();
    }

    /// Returns once the shutdown is asked for.
    pub async fn requested(&self) {
        self.requested.cancelled().await;
    }

    /// Cancelled when the shutdown is asked for, before the first stage stops: for streams that would never end.
    pub fn requested_token(&self) -> CancellationToken {
        self.requested.clone()
    }

    /// Tells every stage that has not stopped to stop, all at once, and waits for none.
    pub fn abandon(&self) {
        self.request();
        for stage in std::mem::take(&mut *self.stages.lock()) {
            stage.stop.cancel();
        }
    }

    /// Stops every stage in order. Takes [`TOTAL`] at most; a stage's unused time is the next ones'.
    pub async fn run(&self) -> Outcome {
        self.request();
        let started = self.clock.monotonic();
        let stages = std::mem::take(&mut *self.stages.lock());
        let mut outcome = Outcome::default();
        for stage in stages {
            let left = TOTAL.saturating_sub(self.clock.monotonic().saturating_sub(started));
            if !stage.end(stage.deadline.min(left)).await {
                warn!(stage = stage.name, "did not stop in time");
                outcome.unfinished.push(stage.name);
            }
        }
        info!(took = ?self.clock.monotonic().saturating_sub(started), "stopped");
        outcome
    }
}

impl Stage {
    /// Cancelled when it is this stage's turn to stop.
    pub fn token(&self) -> CancellationToken {
        self.stop.clone()
    }

    /// Runs `task` as part of this stage; the stage has ended when all its tasks have. `task` must end soon after
    /// [`Stage::token`] is cancelled.
    pub fn spawn<F>(&self, task: F) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        self.tasks.spawn(task)
    }

    /// The same for a thread that blocks.
    pub fn spawn_blocking<F, T>(&self, task: F) -> JoinHandle<T>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        self.tasks.spawn_blocking(task)
    }

    /// Whether it ended within `time`.
    async fn end(&self, time: Duration) -> bool {
        self.stop.cancel();
        self.tasks.close();
        time::timeout(time, self.tasks.wait()).await.is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::{Clock, UnixNanos};

    /// Tokio's paused time, which the runtime moves on when everything waits.
    #[derive(Debug)]
    struct TokioClock(time::Instant);

    impl Clock for TokioClock {
        fn now(&self) -> UnixNanos {
            UnixNanos(0)
        }

        fn monotonic(&self) -> Duration {
            self.0.elapsed()
        }
    }

    #[allow(clippy::disallowed_methods, reason = "tokio's paused time, not the machine's")]
    fn shutdown() -> Arc<Shutdown> {
        Shutdown::new(Arc::new(TokioClock(time::Instant::now())))
    }

    /// A stage that needs `needs` to end and then writes its name.
    fn stage(
        shutdown: &Shutdown,
        name: &'static str,
        needs: Duration,
        log: &Arc<Mutex<Vec<&'static str>>>,
    ) {
        let stage = shutdown.stage(name, Duration::from_secs(4));
        let (token, log) = (stage.token(), Arc::clone(log));
        stage.spawn(async move {
            token.cancelled().await;
            time::sleep(needs).await;
            log.lock().push(name);
        });
    }

    #[tokio::test(start_paused = true)]
    async fn stages_stop_in_order_each_after_the_one_before_has_ended() {
        let (shutdown, log) = (shutdown(), Arc::default());
        stage(&shutdown, "listeners", Duration::from_secs(2), &log);
        stage(&shutdown, "pipeline", Duration::ZERO, &log);
        stage(&shutdown, "stores", Duration::from_secs(1), &log);
        assert_eq!(shutdown.run().await, Outcome::default());
        assert_eq!(*log.lock(), ["listeners", "pipeline", "stores"]);
        assert_eq!(shutdown.clock.monotonic(), Duration::from_secs(3));
    }

    #[tokio::test(start_paused = true)]
    async fn a_stage_that_hangs_is_named_and_the_others_still_stop() {
        let (shutdown, log) = (shutdown(), Arc::default());
        stage(&shutdown, "listeners", Duration::from_secs(60), &log);
        stage(&shutdown, "stores", Duration::ZERO, &log);
        assert_eq!(shutdown.run().await.unfinished, ["listeners"]);
        assert_eq!(*log.lock(), ["stores"]);
        assert_eq!(shutdown.clock.monotonic(), Duration::from_secs(4));
    }

    #[tokio::test(start_paused = true)]
    async fn the_whole_takes_ten_seconds_at_most() {
        let (shutdown, log) = (shutdown(), Arc::default());
        for name in ["a", "b", "c", "d"] {
            stage(&shutdown, name, Duration::from_secs(60), &log);
        }
        assert_eq!(shutdown.run().await.unfinished, ["a", "b", "c", "d"]);
        assert_eq!(shutdown.clock.monotonic(), TOTAL);
    }

    #[tokio::test(start_paused = true)]
    async fn an_abandoned_one_tells_all_and_waits_for_none() {
        let (shutdown, log) = (shutdown(), Arc::default());
        stage(&shutdown, "listeners", Duration::from_secs(2), &log);
        stage(&shutdown, "stores", Duration::from_secs(1), &log);
        shutdown.abandon();
        assert_eq!(shutdown.clock.monotonic(), Duration::ZERO);
        time::sleep(Duration::from_secs(3)).await;
        assert_eq!(*log.lock(), ["stores", "listeners"]);
    }

    #[tokio::test(start_paused = true)]
    async fn asking_from_anywhere_wakes_whoever_runs_it() {
        let shutdown = shutdown();
        let asked = Arc::clone(&shutdown);
        let waiting = tokio::spawn(async move { asked.requested().await });
        assert!(!shutdown.requested_token().is_cancelled());
        shutdown.request();
        waiting.await.unwrap();
        assert!(shutdown.requested_token().is_cancelled());
    }
}
