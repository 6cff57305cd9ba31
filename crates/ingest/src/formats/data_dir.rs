//! A data directory as a process has it open: the real disk, SQLite, and every part that keeps something there.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, atomic::Ordering::Relaxed},
    time::Duration,
};

use bytes::Bytes;
use daemon::disk::{Disk, LocalDisk};
use journal::{Journal, Log, LogConfig, Record};
use metadata_store::{Catalogue, Directory, MetadataStore, SqlCatalogue, SqlEntities, Url};
use model::{
    id::{AccountId, PARTITIONS},
    naming::template::Template,
    sanitise::Sanitiser,
};
use telemetry_store::{Store, upkeep::Retention};
use tokio::runtime::Runtime;

use crate::{
    otlp::{
        Signal,
        limits::AttributeLimits,
        slice::{self, Rules},
    },
    pipeline::{self, Limits, Pipeline, Stats},
    room::Room,
    simulation::journal::StepJournal,
};

pub(super) const DAY_MS: i64 = 86_400_000;
const RETENTION: Retention = Retention {
    traces_ms: 30 * DAY_MS,
    snapshots_ms: 30 * DAY_MS,
    minutes_ms: 30 * DAY_MS,
    ten_minutes_ms: 30 * DAY_MS,
    hours_ms: 400 * DAY_MS,
    logs_ms: 30 * DAY_MS,
    samples_ms: 30 * DAY_MS,

    keep_free_percent: 0,
};
pub(super) const METADATA: &str = "metadata.sqlite";

pub(super) type Failure = Box<dyn std::error::Error>;

/// See the module's documentation.
pub(super) struct DataDir {
    journal: Arc<StepJournal>,
    pub(super) store: Arc<Store>,
    pub(super) catalogue: Arc<SqlCatalogue>,
    pub(super) directory: Arc<Directory>,
    pipeline: Pipeline,
    stats: Arc<Stats>,
    metadata: MetadataStore,
    pub(super) now_ms: i64,
    /// Last, so that it outlives those who wait on it.
    runtime: Runtime,
}

impl DataDir {
    /// Opens a directory in the order of a server's start, or makes it.
    pub(super) fn open(dir: &Path, now_ms: i64) -> Result<DataDir, Failure> {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        let url = Url::Sqlite(dir.join(METADATA));
        let metadata = runtime.block_on(metadata_store::Config { url }.open())?;
        let catalogue = Arc::new(SqlCatalogue::new(metadata.clone(), runtime.handle().clone()));
        let entities = SqlEntities::new(metadata.clone(), runtime.handle().clone());
        let directory = Arc::new(Directory::load(Arc::new(entities))?);
        let disk: Arc<dyn Disk> = Arc::new(LocalDisk::new(dir)?);
        let shared: Arc<dyn Catalogue> = Arc::clone(&catalogue) as _;
        let store = telemetry_store::Config {
            disk: Arc::clone(&disk),
            catalogue: shared,
            memory: telemetry_store::Memory::default(),
        };
        let store = Arc::new(store.open()?);
        let log = LogConfig {
            dir: PathBuf::from("journal"),
            file_bytes: 16 * 1024,
            max_bytes: 64 << 20,
            min_free_share: 0.0,
            producer: 1,
        };
        let journal = Arc::new(StepJournal::new(Log::open(disk, log)?));
        let stats = Arc::<Stats>::default();
        let config = pipeline::Config {
            journal: Arc::clone(&journal) as journal::SharedJournal,
            store: Arc::clone(&store),
            catalogue: Arc::clone(&catalogue) as _,
            directory: Arc::clone(&directory),
            events: Arc::<metadata_store::MemoryEvents>::default(),
            template: Template::default(),
            sanitiser: Sanitiser::default(),
            attribute_limits: AttributeLimits::default(),
            limits: Limits::default(),
            memory: pipeline::Memory::default(),
            cut_interval_ms: DAY_MS,
            cut_by: pipeline::CutBy::Step,
            stats: Arc::clone(&stats),
            room: Room::default(),
        };
        let pipeline = config.build(now_ms)?;
        Ok(DataDir {
            journal,
            store,
            catalogue,
            directory,
            pipeline,
            stats,
            metadata,
            now_ms,
            runtime,
        })
    }

    /// Accepts a body as intake does.
    pub(super) fn send(&self, signal: Signal, request: &[u8]) {
        let rules = Rules {
            now_ns: self.now_ms.unsigned_abs() * 1_000_000,
            retention: Duration::from_secs(8 * 86_400),
            max_slice_bytes: slice::MAX_SLICE_BYTES,
            partitions: PARTITIONS,
            limits: AttributeLimits::default(),
        };
        let cut = slice::cut(signal, &Bytes::copy_from_slice(request), &rules)
            .expect("the body is sound");
        assert_eq!(cut.refused.total(), 0, "nothing of it is refused");
        let record = |slice: slice::Slice| Record {
            topic: signal.topic(),
            partition: slice.partition,
            account: AccountId::FIRST,
            fingerprint: twox_hash::XxHash3_64::oneshot(request),
            received_ns: rules.now_ns,
            sender: None,
            items: slice.items,
            payload: slice.bytes,
        };
        let done = Box::new(|result: Result<(), _>| result.expect("there is room"));
        self.journal.append(cut.slices.into_iter().map(record).collect(), done);
    }

    /// Takes what is in the journal, without waiting for traces to end.
    pub(super) fn take(&mut self) {
        self.pipeline.step(self.now_ms, Duration::ZERO).expect("the directory is sound");
    }

    /// Works until nothing waits and nothing is open.
    pub(super) fn drain(&mut self) {
        for _ in 0..20 {
            self.now_ms += 10_000;
            self.take();
            if self.pipeline.lag() == 0 && self.stats.open_traces.load(Relaxed) == 0 {
                return;
            }
        }
        panic!("the pipeline does not come to rest");
    }

    pub(super) fn cut(&mut self) {
        self.pipeline.cut_now(self.now_ms).expect("the directory is sound");
    }

    pub(super) fn upkeep(&self) {
        while self.store.upkeep(self.now_ms, &RETENTION).expect("the directory is sound").is_some()
        {
        }
    }

    /// Gives the files back, the database as one of them.
    pub(super) fn close(self) {
        self.runtime.block_on(self.metadata.close());
    }
}
