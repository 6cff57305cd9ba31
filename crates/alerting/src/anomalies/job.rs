//! The background task: judges what is due, as soon as it is.

use std::{fmt::Debug, sync::Arc, time::Duration};

use daemon::{
    clock::SharedClock,
    tasks::{RunResult, Task},
};
use metadata_store::{Directory, MetadataStore};
use telemetry_store::{Store, reader::Reader};
use tokio::runtime::Handle;

use super::{Engine, SqlAnomalies, Watch};

/// How often it is looked whether a minute is due.
const PERIOD: Duration = Duration::from_secs(5);
/// Minutes that are judged in one run, so that a stop does not wait for all that was missed.
const AT_A_TIME: usize = 30;
/// How long causes are looked for in one minute.
const CAUSES_FOR: Duration = Duration::from_secs(10);

/// Everything that the job is given.
pub struct Deps {
    pub store: MetadataStore,
    pub runtime: Handle,
    pub telemetry: Arc<Store>,
    pub directory: Arc<Directory>,
    pub watch: Arc<Watch>,
    pub clock: SharedClock,
    /// Whether everything that was accepted before now minus a minute has been counted. While it has not, minutes wait.
    pub is_caught_up: Box<dyn Fn() -> bool + Send>,
}

impl Debug for Deps {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Deps").field("watch", &self.watch.judged()).finish_non_exhaustive()
    }
}

/// Looks for anomalies by the clock.
#[derive(Debug)]
pub struct Job {
    engine: Engine<dyn Reader>,
    deps: Deps,
}

impl Job {
    /// A job that begins where the last one ended.
    pub fn new(deps: Deps) -> Job {
        let store = SqlAnomalies::new(deps.store.clone(), deps.runtime.clone());
        let engine = Engine::new(
            Box::new(store),
            Box::new(Arc::clone(&deps.telemetry)),
            Arc::clone(&deps.telemetry) as Arc<dyn Reader>,
            Arc::clone(&deps.directory),
            Arc::clone(&deps.watch),
        );
        Job { engine, deps }
    }

    /// The task that runs it.
    pub fn task(mut self) -> Task {
        Task::blocking("anomalies", PERIOD, move || self.run())
    }

    fn run(&mut self) -> RunResult {
        let (mut minutes, mut series, mut changes) = (0, 0, 0);
        while minutes < AT_A_TIME && (self.deps.is_caught_up)() {
            let clock = &self.deps.clock;
            let now_ms = i64::try_from(clock.now().millis())?;
            let until = clock.monotonic() + CAUSES_FOR;
            let Some(judged) = self.engine.step(now_ms, &|| clock.monotonic() < until)? else {
                break;
            };
            minutes += 1;
            series = judged.series;
            changes += judged.changes;
        }
        let left_out: usize = self.deps.watch.watching().iter().map(|one| one.left_out).sum();
        Ok((minutes > 0).then(|| {
            let lack = match left_out {
                0 => String::new(),
                count => format!(", {count} series beyond the limit are not watched"),
            };
            format!("{minutes} minutes judged, {series} series, {changes} changes{lack}")
        }))
    }
}
