//! The background task: judges what is due, as soon as it is.

use std::{fmt::Debug, sync::Arc, time::Duration};

use daemon::{
    absence::Absences,
    clock::SharedClock,
    tasks::{RunResult, Task},
};
use metadata_store::{Directory, MetadataStore};
use telemetry_store::{Store, reader::Reader};
use tokio::runtime::Handle;

use super::{Engine, SqlAnomalies, Watch};
use crate::due::{self, Pace};

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
    pub absences: Arc<Absences>,
    pub pace: Pace,
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
        Task::blocking("anomalies", due::PERIOD, move || self.run())
    }

    fn run(&mut self) -> RunResult {
        let Job { engine, deps } = self;
        let pace = &deps.pace;
        let judged = due::judge(&|| pace.may_begin(), || {
            let until = deps.clock.monotonic() + CAUSES_FOR;
            let now_ms = i64::try_from(deps.clock.now().millis())?;
            engine.was_absent(&deps.absences.known());
            let may_go_on = || !pace.is_stopping() && deps.clock.monotonic() < until;
            Ok(engine.step(now_ms, &may_go_on)?)
        })?;
        let is_learning = !pace.is_stopping() && engine.learn()?;
        let Some(last) = judged.last() else {
            return Ok(is_learning.then(|| "the past of new applications is learnt".to_owned()));
        };
        let changes: usize = judged.iter().map(|minute| minute.changes).sum();
        let left_out: usize = deps.watch.watching().iter().map(|one| one.left_out).sum();
        let lack = match left_out {
            0 => String::new(),
            count => format!(", {count} series beyond the limit are not watched"),
        };
        let (minutes, series) = (judged.len(), last.series);
        Ok(Some(format!("{minutes} minutes judged, {series} series, {changes} changes{lack}")))
    }
}
