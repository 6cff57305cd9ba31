//! A pipeline on a bench: journal, disk, catalogue and entities in memory, and a time that moves when told to.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use daemon::disk::SimulatedDisk;
use journal::{Journal, Record};
use metadata_store::{
    Directory, Entity, EntityBackend, EventLog, MemoryCatalogue, MemoryEntities, MemoryEvents,
    NewEntity, NewEvent, Page, StoreError,
};
use model::{
    entity::{Entity as Known, EntityKind},
    figure::{Figure, Scope},
    id::{AccountId, EntityId, PARTITIONS, TraceId},
    naming::template::Template,
    sanitise::{MaskList, Sanitiser},
    time::{Minute, MinuteRange},
};
use telemetry_store::{
    Store,
    reader::{Detail, FigureQuery, FigureRow, GroupBy, Points, Reader, TraceQuery, TraceRow},
};

use super::journal::MemoryJournal;
use crate::{
    otlp::{
        Signal,
        limits::AttributeLimits,
        slice::{self, Rules},
    },
    pipeline::{Config, CutBy, Limits, Memory, Pipeline, PipelineError, Stats},
    room::Room,
};

/// See the module's documentation.
#[derive(Debug)]
pub(super) struct Bench {
    pub(super) journal: Arc<MemoryJournal>,
    pub(super) disk: SimulatedDisk,
    pub(super) catalogue: MemoryCatalogue,
    pub(super) entities: Unreliable,
    pub(super) now_ms: i64,
    pub(super) limits: Limits,
    pub(super) memory: Memory,
    pub(super) cut_by: CutBy,
    pub(super) stats: Arc<Stats>,
    pub(super) room: Room,
    process: Option<Process>,
}

/// What goes with the process.
#[derive(Debug)]
pub(super) struct Process {
    pub(super) store: Arc<Store>,
    pub(super) directory: Arc<Directory>,
    pub(super) pipeline: Pipeline,
}

/// Entities in a store that answers only while it is reachable.
#[derive(Clone, Debug, Default)]
pub(super) struct Unreliable {
    entities: MemoryEntities,
    pub(super) events: MemoryEvents,
    down: Arc<AtomicBool>,
}

impl Unreliable {
    pub(super) fn set_down(&self, down: bool) {
        self.down.store(down, Ordering::Relaxed);
    }

    fn up(&self) -> Result<&MemoryEntities, StoreError> {
        match self.down.load(Ordering::Relaxed) {
            true => Err(StoreError::Database {
                operation: "answer",
                source: Box::from("connection refused"),
            }),
            false => Ok(&self.entities),
        }
    }
}

impl EventLog for Unreliable {
    fn add(&self, events: &[NewEvent]) -> Result<(), StoreError> {
        self.up().and_then(|_| self.events.add(events))
    }
}

impl EntityBackend for Unreliable {
    fn page(&self, page: Page) -> Result<Vec<Entity>, StoreError> {
        self.up()?.page(page)
    }

    fn resolve(&self, entities: &[NewEntity]) -> Result<Vec<u32>, StoreError> {
        self.up()?.resolve(entities)
    }

    fn touch(&self, seen: &[(u32, i64)]) -> Result<(), StoreError> {
        self.up()?.touch(seen)
    }

    fn set_properties(&self, changed: &[(u32, String)]) -> Result<(), StoreError> {
        self.up()?.set_properties(changed)
    }
}

/// 2026-01-01T00:00:30Z: the middle of a minute.
pub(super) const MORNING_MS: i64 = 1_767_225_630_000;

impl Bench {
    pub(super) fn new() -> Bench {
        Bench::at(MORNING_MS, Limits::default())
    }

    pub(super) fn at(now_ms: i64, limits: Limits) -> Bench {
        let mut bench = Bench {
            journal: Arc::default(),
            disk: SimulatedDisk::new(),
            catalogue: MemoryCatalogue::new(),
            entities: Unreliable::default(),
            now_ms,
            limits,
            memory: Memory::default(),
            cut_by: CutBy::Step,
            stats: Arc::default(),
            room: Room::default(),
            process: None,
        };
        bench.start();
        bench
    }

    pub(super) fn config(&self, store: &Arc<Store>, directory: &Arc<Directory>) -> Config {
        Config {
            journal: Arc::clone(&self.journal) as journal::SharedJournal,
            store: Arc::clone(store),
            catalogue: Arc::new(self.catalogue.clone()),
            directory: Arc::clone(directory),
            events: Arc::new(self.entities.clone()),
            template: Template::default(),
            sanitiser: Sanitiser::new(MaskList::default(), true),
            attribute_limits: AttributeLimits::default(),
            limits: self.limits,
            memory: self.memory.clone(),
            cut_interval_ms: 5_000,
            cut_by: self.cut_by,
            stats: Arc::clone(&self.stats),
            room: self.room.clone(),
        }
    }

    fn start(&mut self) {
        let store = telemetry_store::Config {
            disk: Arc::new(self.disk.clone()),
            catalogue: Arc::new(self.catalogue.clone()),
            memory: telemetry_store::Memory::default(),
        };
        let store = Arc::new(store.open().expect("the store opens"));
        let directory = Directory::load(Arc::new(self.entities.clone())).expect("entities load");
        let directory = Arc::new(directory);
        let pipeline = self.config(&store, &directory).build(self.now_ms).expect("it is made");
        self.process = Some(Process { store, directory, pipeline });
    }

    /// Ends the process as `kill -9` does and starts another.
    pub(super) fn restart(&mut self) {
        self.process = None;
        self.disk.kill();
        self.start();
    }

    /// A new pipeline in the same process, as after an error.
    pub(super) fn rebuild(&mut self) -> Result<(), PipelineError> {
        let process = self.process.take().expect("it runs");
        let config = self.config(&process.store, &process.directory);
        let made = config.build(self.now_ms);
        let (pipeline, result) = match made {
            Ok(pipeline) => (pipeline, Ok(())),
            Err(error) => (process.pipeline, Err(error)),
        };
        self.process = Some(Process { pipeline, ..process });
        result
    }

    /// Another process that takes the journal over.
    pub(super) fn other_process(&self) -> Pipeline {
        let process = self.process.as_ref().expect("it runs");
        let store = telemetry_store::Config {
            disk: Arc::new(self.disk.clone()),
            catalogue: Arc::new(self.catalogue.clone()),
            memory: telemetry_store::Memory::default(),
        };
        let store = Arc::new(store.open().expect("the store opens"));
        self.config(&store, &process.directory).build(self.now_ms).expect("it is made")
    }

    pub(super) fn process(&mut self) -> &mut Process {
        self.process.as_mut().expect("it runs")
    }

    pub(super) fn store(&self) -> &Store {
        &self.process.as_ref().expect("it runs").store
    }

    pub(super) fn directory(&self) -> &Directory {
        &self.process.as_ref().expect("it runs").directory
    }

    pub(super) fn send(&mut self, signal: Signal, body: &[u8]) {
        self.send_as(AccountId::FIRST, signal, body);
    }

    /// What intake does with a body.
    pub(super) fn send_as(&mut self, account: AccountId, signal: Signal, body: &[u8]) {
        let now_ns = self.now_ms.unsigned_abs() * 1_000_000;
        let rules = Rules {
            now_ns,
            retention: Duration::from_secs(8 * 86_400),
            max_slice_bytes: slice::MAX_SLICE_BYTES,
            partitions: PARTITIONS,
            limits: AttributeLimits::default(),
        };
        let cut =
            slice::cut(signal, &Bytes::copy_from_slice(body), &rules).expect("the body is sound");
        assert_eq!(cut.refused.total(), 0, "nothing is refused: {:?}", cut.refused);
        let fingerprint = twox_hash::XxHash3_64::oneshot(body);
        let record = |slice: slice::Slice| Record {
            topic: signal.topic(),
            partition: slice.partition,
            account,
            fingerprint,
            received_ns: now_ns,
            sender: None,
            items: slice.items,
            payload: slice.bytes,
        };
        let records = cut.slices.into_iter().map(record).collect();
        self.journal.append(records, Box::new(|result| result.expect("memory takes it")));
    }

    pub(super) fn try_step(&mut self) -> Result<(), PipelineError> {
        let now_ms = self.now_ms;
        self.process().pipeline.step(now_ms, Duration::ZERO).map(drop)
    }

    pub(super) fn step(&mut self) {
        self.try_step().expect("nothing fails");
    }

    /// Lets time pass, a step each second.
    pub(super) fn pass(&mut self, seconds: i64) {
        for _ in 0..seconds {
            self.step();
            self.now_ms += 1000;
        }
        self.step();
    }

    /// Lets go of what memory has of closed traces.
    pub(super) fn forget_skeletons(&mut self) {
        self.process().pipeline.traces.drop_skeletons(0);
    }

    /// Lets time pass until nothing is open.
    pub(super) fn settle(&mut self) {
        self.pass(1);
        for _ in 0..700 {
            if self.process().pipeline.traces.size().0 == 0 {
                return;
            }
            self.pass(1);
        }
        panic!("traces stay open");
    }

    /// All figures of a scope, whenever.
    pub(super) fn figures(&self, scope: Scope) -> Vec<FigureRow> {
        let query = FigureQuery {
            account: AccountId::FIRST,
            application: EntityId::NONE,
            scopes: vec![scope],
            subject: None,
            peer: None,
            bt: None,
            range: MinuteRange { start: Minute(0), end: Minute(u32::MAX / 60 * 60) },
            points: Points::Total,
            detail: Detail::Whole,
            group_by: GroupBy::Key,
            max_rows: 1_000_000,
        };
        self.store().figures(&query).expect("the store answers").value
    }

    pub(super) fn name(&self, id: EntityId) -> String {
        match self.directory().get(id) {
            _ if id.is_none() => "-".to_owned(),
            Some(entity) => entity.key.name.clone(),
            None => format!("unknown {id}"),
        }
    }

    pub(super) fn entities(&self, kind: EntityKind) -> Vec<Arc<Known>> {
        self.directory().of_application(AccountId::FIRST, EntityId::NONE, kind)
    }

    /// Figures by the names of what they are of: `subject > peer [bt]`.
    pub(super) fn named(&self, scope: Scope) -> BTreeMap<String, Figure> {
        let mut named: BTreeMap<String, Figure> = BTreeMap::new();
        for row in self.figures(scope) {
            let key = row.key;
            let name = format!(
                "{} > {} [{}]",
                self.name(key.subject),
                self.name(key.peer),
                self.name(key.bt)
            );
            named.entry(name).or_default().merge(&row.figure);
        }
        named
    }

    /// Everything that was counted, as text: the same whatever ids were given and in whatever order things came.
    pub(super) fn all_figures(&self) -> Vec<String> {
        let scopes = [
            Scope::Tier,
            Scope::Node,
            Scope::Endpoint,
            Scope::BusinessTransaction,
            Scope::TierInTransaction,
            Scope::Edge,
            Scope::Error,
        ];
        let lines = scopes.into_iter().flat_map(|scope| {
            let text = move |(name, figure)| format!("{scope:?} {name}: {}", text_of(&figure));
            self.named(scope).into_iter().map(text)
        });
        lines.collect()
    }

    /// Rows of the trace index.
    pub(super) fn traces(&self) -> Vec<TraceRow> {
        self.traces_of(None)
    }

    /// Only those of a business transaction, if one is given.
    pub(super) fn traces_of(&self, bt: Option<EntityId>) -> Vec<TraceRow> {
        let query = TraceQuery {
            account: AccountId::FIRST,
            trace: None,
            application: None,
            bt,
            tier: None,
            outcomes: Vec::new(),
            min_duration_us: 0,
            max_duration_us: u64::MAX,
            kept_only: false,
            from_ns: 0,
            to_ns: u64::MAX,
            before: None,
            limit: 100_000,
        };
        self.store().traces(&query).expect("the store answers").value.rows
    }

    /// Two days pass, after which only the spans of kept traces are there.
    pub(super) fn outlive_traces(&mut self) {
        self.now_ms += 2 * 86_400_000;
        const DAY_MS: i64 = 86_400_000;
        let retention = telemetry_store::upkeep::Retention {
            traces_ms: DAY_MS,
            snapshots_ms: 14 * DAY_MS,
            minutes_ms: 8 * DAY_MS,
            ten_minutes_ms: 32 * DAY_MS,
            hours_ms: 400 * DAY_MS,
            logs_ms: DAY_MS,
            samples_ms: DAY_MS,

            keep_free_percent: 0,
        };
        while self.store().upkeep(self.now_ms, &retention).expect("nothing fails").is_some() {}
    }

    pub(super) fn spans_of(&self, trace: TraceId) -> Vec<telemetry_store::reader::Span> {
        self.store().trace(AccountId::FIRST, trace).expect("the store answers").value
    }
}

/// What is exact of a figure: counts, and the sum of times as the whole microseconds they are.
fn text_of(figure: &Figure) -> String {
    let Figure { calls, errors, http_errors, timed, spans, sum, .. } = figure;
    format!(
        "calls {calls} errors {errors} http {http_errors} timed {timed} spans {spans} sum {sum}"
    )
}
