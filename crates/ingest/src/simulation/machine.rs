//! The simulated machine: a disk that forgets, a database that stays, and the process that dies and comes back.

use std::{
    path::PathBuf,
    sync::{Arc, atomic::Ordering::Relaxed},
    time::Duration,
};

use bytes::Bytes;
use daemon::disk::{Disk, SimulatedDisk};
use journal::{Journal, Log, LogConfig, Record};
use metadata_store::{Catalogue, Directory};
use model::{
    id::{AccountId, PARTITIONS},
    naming::template::Template,
    sanitise::Sanitiser,
};
use telemetry_store::{Store, upkeep::Retention};

use super::{journal::StepJournal, metadata::SlowMetadata, random::Random};
use crate::{
    otlp::{
        Signal,
        limits::AttributeLimits,
        slice::{self, Rules},
    },
    pipeline::{self, Limits, Pipeline, PipelineError, Stats},
    room::Room,
};

const DAY_MS: i64 = 86_400_000;
/// Longer than any schedule lasts: nothing may be missing at its end.
pub(super) const RETENTION: Retention = Retention {
    traces_ms: 30 * DAY_MS,
    snapshots_ms: 30 * DAY_MS,
    minutes_ms: 30 * DAY_MS,
    ten_minutes_ms: 30 * DAY_MS,
    hours_ms: 400 * DAY_MS,
    logs_ms: 30 * DAY_MS,
    samples_ms: 30 * DAY_MS,

    keep_free_percent: 0,
};

type Failure = Box<dyn std::error::Error>;

/// See the module's documentation.
#[derive(Debug)]
pub(super) struct Machine {
    pub(super) disk: SimulatedDisk,
    pub(super) metadata: SlowMetadata,
    pub(super) now_ms: i64,
    process: Option<Process>,
    random: Random,
    pub(super) restarts: u32,
    is_full: bool,
}

/// What a process has in memory.
#[derive(Debug)]
pub(super) struct Process {
    journal: Arc<StepJournal>,
    pub(super) store: Arc<Store>,
    pub(super) directory: Arc<Directory>,
    pub(super) pipeline: Pipeline,
    stats: Arc<Stats>,
}

impl Machine {
    /// A machine that has never run, now running.
    pub(super) fn new(now_ms: i64, random: Random) -> Machine {
        let mut machine = Machine {
            disk: SimulatedDisk::new(),
            metadata: SlowMetadata::default(),
            now_ms,
            process: None,
            random,
            restarts: 0,
            is_full: false,
        };
        machine.process = Some(machine.start().expect("an empty disk works"));
        machine
    }

    pub(super) fn process(&mut self) -> &mut Process {
        self.process.as_mut().expect("it runs between two actions")
    }

    fn start(&self) -> Result<Process, Failure> {
        let disk: Arc<dyn Disk> = Arc::new(self.disk.clone());
        let config = LogConfig {
            dir: PathBuf::from("journal"),
            file_bytes: 4 * 1024,
            max_bytes: 64 << 20,
            min_free_share: 0.0,
            producer: 1,
        };
        let journal = Arc::new(StepJournal::new(Log::open(Arc::clone(&disk), config)?));
        let catalogue: Arc<dyn Catalogue> = Arc::new(self.metadata.clone());
        let store = telemetry_store::Config {
            disk,
            catalogue: Arc::clone(&catalogue),
            memory: telemetry_store::Memory::default(),
        };
        let store = Arc::new(store.open()?);
        let directory = Arc::new(Directory::load(Arc::new(self.metadata.clone()))?);
        let stats = Arc::default();
        let config = pipeline_config(&journal, &store, &directory, &stats, &self.metadata);
        let pipeline = config.build(self.now_ms)?;
        Ok(Process { journal, store, directory, pipeline, stats })
    }

    /// Ends the process now, with or without the power, and starts it again; it may die in its recovery too.
    pub(super) fn crash(&mut self) {
        // Dying in a `sync_dir` has no effect, so this is a death between two steps.
        self.disk.fail_at(self.disk.steps() + 1);
        self.disk.sync_dir(&PathBuf::new()).expect_err("it was told to fail");
        self.recover();
    }

    fn recover(&mut self) {
        loop {
            // While the disk is dead: what its destructors would still do is never done by a killed process.
            self.process = None;
            self.restarts += 1;
            match self.random.percent(70) {
                true => self.disk.crash(self.random.next()),
                false => self.disk.kill(),
            }
            if self.random.percent(25) {
                self.disk.fail_at(self.disk.steps() + 1 + self.random.below(12));
            }
            self.now_ms += self.random.below(3_000) as i64;
            let was_slow = self.metadata.is_slow();
            match self.start() {
                Ok(process) if !self.disk.is_dead() => return self.process = Some(process),
                Ok(process) => drop(process),
                Err(error) if self.disk.is_dead() => drop(error),
                // Its operator sees why.
                Err(_) if self.is_full => self.make_room(),
                Err(_) if was_slow => {}
                Err(error) => panic!("the process does not start: {}", chain(error.as_ref())),
            }
        }
    }

    /// Fills the disk, but for so many bytes.
    pub(super) fn fill_disk(&mut self, left: u64) {
        if !self.is_full {
            let space = self.disk.free_space(&PathBuf::new()).expect("it can tell");
            self.disk.set_capacity(space.total - space.free + left);
            self.is_full = true;
        }
    }

    /// The disk has room again.
    pub(super) fn make_room(&mut self) {
        self.disk.set_capacity(u64::MAX);
        self.is_full = false;
    }

    /// Restarts if the process died in what was just done.
    pub(super) fn notice_death(&mut self) -> bool {
        let dead = self.disk.is_dead();
        if dead {
            self.recover();
        }
        dead
    }

    /// What intake does with a body: cuts it, appends it, and answers whether it is durable.
    pub(super) fn send(&mut self, signal: Signal, request: &[u8]) -> bool {
        let rules = Rules {
            now_ns: self.now_ms.unsigned_abs() * 1_000_000,
            retention: Duration::from_secs(8 * 86_400),
            max_slice_bytes: slice::MAX_SLICE_BYTES,
            partitions: PARTITIONS,
            limits: AttributeLimits::default(),
        };
        let cut = slice::cut(signal, &Bytes::copy_from_slice(request), &rules)
            .expect("the traffic is sound");
        assert_eq!(cut.refused.total(), 0, "nothing of it is refused");
        let fingerprint = twox_hash::XxHash3_64::oneshot(request);
        let records = cut.slices.into_iter().map(|slice| Record {
            topic: signal.topic(),
            partition: slice.partition,
            account: AccountId::FIRST,
            fingerprint,
            received_ns: self.now_ms.unsigned_abs() * 1_000_000,
            sender: None,
            items: slice.items,
            payload: slice.bytes,
        });
        let (answer, answered) = std::sync::mpsc::channel();
        let done = Box::new(move |result| answer.send(result).expect("somebody waits"));
        let records = records.collect();
        self.process().journal.append(records, done);
        let result = answered.recv().expect("every append is answered");
        let acknowledged = result.is_ok();
        if matches!(result, Err(journal::AppendError::DiskFull { .. })) {
            return false;
        }
        // A journal that failed takes nothing more until the process is started again.
        if !self.notice_death() && !acknowledged {
            self.crash();
        }
        acknowledged
    }

    /// One step of the pipeline; whether it succeeded. A failed cut is done again by a later one.
    pub(super) fn step(&mut self) -> bool {
        let now_ms = self.now_ms;
        if self.process().pipeline.is_broken() && !self.rebuild() {
            return false;
        }
        let result = self.process().pipeline.step(now_ms, Duration::ZERO);
        let succeeded = result.is_ok();
        self.notice_failure("a step", result.map(drop));
        succeeded
    }

    /// What the thread that drives a pipeline does with one that a failure left in the middle of something; whether it
    /// could.
    fn rebuild(&mut self) -> bool {
        let (metadata, now_ms) = (self.metadata.clone(), self.now_ms);
        let Process { journal, store, directory, stats, .. } = self.process();
        let config = pipeline_config(journal, store, directory, stats, &metadata);
        match config.build(now_ms) {
            Ok(pipeline) => self.process().pipeline = pipeline,
            Err(_) if self.notice_death() => return false,
            Err(_) if self.metadata.is_slow() || self.is_full => return false,
            // The last call that was given up was one of its own.
            Err(PipelineError::Catalogue(_) | PipelineError::Store(_)) => return false,
            Err(error) => panic!("the pipeline cannot be made again: {}", chain(&error)),
        }
        true
    }

    /// A cut of whatever there is.
    pub(super) fn cut(&mut self) {
        let now_ms = self.now_ms;
        let result = self.process().pipeline.cut_now(now_ms);
        self.notice_failure("a cut", result);
    }

    fn notice_failure(&mut self, what: &str, result: Result<(), PipelineError>) {
        match result {
            Ok(()) => drop(self.notice_death()),
            Err(_) if self.notice_death() => {}
            Err(
                PipelineError::Store(_) | PipelineError::Catalogue(_) | PipelineError::Metadata(_),
            ) => {}
            Err(error) => panic!("{what} failed on a sound disk: {}", chain(&error)),
        }
    }

    /// Nothing fails from now on but what is told to.
    pub(super) fn stop_failing(&mut self) {
        self.disk.fail_at(u64::MAX);
        self.make_room();
        self.metadata.slow_down(0);
        self.metadata.catalogue.fail_before_commit(u32::MAX);
        self.metadata.catalogue.fail_after_commit(u32::MAX);
    }

    /// Whether the pipeline has worked on everything and no trace is open.
    pub(super) fn is_quiet(&mut self) -> bool {
        let process = self.process();
        process.pipeline.lag() == 0 && process.stats.open_traces.load(Relaxed) == 0
    }

    /// One job of upkeep; whether there was one.
    pub(super) fn upkeep(&mut self, retention: &Retention) -> bool {
        let now_ms = self.now_ms;
        let result = self.process().store.upkeep(now_ms, retention);
        if self.notice_death() {
            return true;
        }
        // Failures on demand of catalogue and disk are met by the next run.
        !matches!(result, Ok(None))
    }

    /// Files of the store that nothing refers to.
    pub(super) fn stray_files(&mut self) -> Vec<String> {
        let listed = self.metadata.catalogue.snapshot().expect("memory answers").segments;
        let mut known: Vec<String> = listed.into_iter().map(|segment| segment.path).collect();
        let claimed =
            self.metadata.catalogue.claim(pipeline::CONSUMER, &[0]).expect("memory answers");
        known.extend(claimed.checkpoint.map(|object| object.path));
        let mut stray = Vec::new();
        let mut dirs = vec![PathBuf::from("segments"), PathBuf::from("checkpoints")];
        while let Some(dir) = dirs.pop() {
            for name in self.disk.list(&dir).expect("it is a directory") {
                let path = dir.join(name);
                match self.disk.len(&path) {
                    Ok(_) => stray.push(path.display().to_string()),
                    Err(_) => dirs.push(path),
                }
            }
        }
        stray.retain(|path| !known.contains(path));
        stray
    }
}

/// How the pipeline of a process is made.
fn pipeline_config(
    journal: &Arc<StepJournal>,
    store: &Arc<Store>,
    directory: &Arc<Directory>,
    stats: &Arc<Stats>,
    metadata: &SlowMetadata,
) -> pipeline::Config {
    pipeline::Config {
        journal: Arc::clone(journal) as journal::SharedJournal,
        store: Arc::clone(store),
        catalogue: Arc::new(metadata.clone()),
        directory: Arc::clone(directory),
        events: Arc::new(metadata.clone()),
        template: Template::default(),
        sanitiser: Sanitiser::default(),
        attribute_limits: AttributeLimits::default(),
        limits: Limits::default(),
        memory: pipeline::Memory::default(),
        cut_interval_ms: 5_000,
        cut_by: pipeline::CutBy::Step,
        stats: Arc::clone(stats),
        room: Room::default(),
    }
}

/// An error with all its causes.
pub(super) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}
