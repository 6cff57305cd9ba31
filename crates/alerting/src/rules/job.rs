//! The background task: judges what is due, as soon as it is.

use std::{fmt::Debug, sync::Arc};

use daemon::{
    absence::Absences,
    clock::SharedClock,
    tasks::{RunResult, Task},
};
use metadata_store::{Directory, MetadataStore};
use telemetry_store::reader::Reader;
use tokio::runtime::Handle;

use super::{Engine, Expectations, SqlRules, States};
use crate::due::{self, Pace};

/// Everything that the job is given.
pub struct Deps {
    pub store: MetadataStore,
    pub runtime: Handle,
    pub reader: Arc<dyn Reader>,
    pub directory: Arc<Directory>,
    pub expectations: Arc<dyn Expectations>,
    pub states: Arc<States>,
    pub clock: SharedClock,
    pub absences: Arc<Absences>,
    pub pace: Pace,
    /// Bytes of windows.
    pub memory: usize,
}

impl Debug for Deps {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Deps").field("memory", &self.memory).finish_non_exhaustive()
    }
}

/// Judges minutes by the clock.
#[derive(Debug)]
pub struct Job {
    engine: Engine<dyn Reader>,
    deps: Deps,
}

impl Job {
    /// A job that begins where the last one ended.
    pub fn new(deps: Deps) -> Job {
        let store = SqlRules::new(deps.store.clone(), deps.runtime.clone());
        let engine = Engine::new(
            Box::new(store),
            Arc::clone(&deps.reader),
            Arc::clone(&deps.directory),
            Arc::clone(&deps.expectations),
            Arc::clone(&deps.states),
            deps.memory,
        );
        Job { engine, deps }
    }

    /// The task that runs it.
    pub fn task(mut self) -> Task {
        Task::blocking("health rules", due::PERIOD, move || self.run())
    }

    fn run(&mut self) -> RunResult {
        let Job { engine, deps } = self;
        let judged = due::judge(&|| deps.pace.may_begin(), || {
            // In this order: what happened between the two is known of, and no minute is due yet that lies after it.
            let now_ms = i64::try_from(deps.clock.now().millis())?;
            engine.was_absent(&deps.absences.known());
            Ok(engine.step(now_ms)?)
        })?;
        let changes: usize = judged.iter().map(|minute| minute.changes).sum();
        Ok(judged.last().map(|last| {
            let (minutes, pairs) = (judged.len(), last.pairs);
            format!(
                "{minutes} minutes judged, the last for {pairs} entities by rule, {changes} changes"
            )
        }))
    }
}
