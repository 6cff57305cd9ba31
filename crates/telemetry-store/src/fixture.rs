//! A store over a simulated disk and a catalogue in memory, and rows to put into it.

use std::sync::Arc;

use daemon::disk::{Disk, SimulatedDisk};
use metadata_store::{Catalogue, MemoryCatalogue};
use model::{
    figure::{Call, FigureKey, Scope},
    id::{AccountId, EntityId, SpanId, TraceId},
    span::{Outcome, SnapshotReason, SpanKind, StatusCode},
    time::{Minute, MinuteRange},
};

use crate::{
    Config, Store,
    cut::{CutOutcome, Frozen, Position},
    head::Rows,
    reader::{
        Detail, FigureQuery, GroupBy, Instrument, LogFilter, LogQuery, Points, TraceQuery, TraceRow,
    },
    segment::{self, Opened, logs::Log, series::SeriesRow},
    span_batch::{Attributes, SpanBatch, SpanRow},
    upkeep::{Job, Retention},
};

pub(crate) const ACCOUNT: AccountId = AccountId::FIRST;
pub(crate) const HOUR_MS: i64 = 3_600_000;
/// The first minute of the hour that most rows fall in.
pub(crate) const HOUR: Minute = Minute(30_000_000);
/// Long after it, when nothing of it is expected any more.
pub(crate) const AFTER_MS: i64 = HOUR.0 as i64 * 60_000 + 2 * HOUR_MS;
pub(crate) const KEEP: Retention = Retention {
    traces_ms: 24 * HOUR_MS,
    snapshots_ms: 14 * 24 * HOUR_MS,
    minutes_ms: 8 * 24 * HOUR_MS,
    ten_minutes_ms: 32 * 24 * HOUR_MS,
    hours_ms: 400 * 24 * HOUR_MS,
    logs_ms: 8 * 24 * HOUR_MS,
    samples_ms: 8 * 24 * HOUR_MS,
    keep_free_percent: 0,
};

pub(crate) struct Fixture {
    pub(crate) disk: SimulatedDisk,
    pub(crate) catalogue: MemoryCatalogue,
    pub(crate) store: Store,
    epoch: u64,
    offset: u64,
}

impl Fixture {
    pub(crate) fn new() -> Fixture {
        Fixture::within(crate::Memory::default())
    }

    /// With so much memory.
    pub(crate) fn within(memory: crate::Memory) -> Fixture {
        let (disk, catalogue) = (SimulatedDisk::new(), MemoryCatalogue::new());
        let config = Config { memory, ..config(&disk, &catalogue) };
        let store = config.open().expect("the store opens");
        let epoch = catalogue.claim("writer", &[0]).expect("memory answers").epoch;
        Fixture { disk, catalogue, store, epoch, offset: 0 }
    }

    /// Starts again, as after a power loss.
    pub(crate) fn crash(self) -> Fixture {
        let Fixture { disk, catalogue, store, offset, .. } = self;
        disk.fail_at(disk.steps() + 1);
        disk.sync_dir("".as_ref()).expect_err("it was told to fail");
        drop(store);
        disk.crash(7);
        let store = open(&disk, &catalogue);
        let epoch = catalogue.claim("writer", &[0]).expect("memory answers").epoch;
        Fixture { disk, catalogue, store, epoch, offset }
    }

    pub(crate) fn fill(&self, fill: impl FnOnce(&mut Rows)) {
        self.store.with_head(|head| fill(head.rows(ACCOUNT)));
    }

    pub(crate) fn freeze(&mut self) -> Frozen {
        let from = self.offset;
        self.offset += 1;
        let position = Position {
            consumer: "writer".to_owned(),
            epoch: self.epoch,
            from: vec![(0, from)],
            to: vec![(0, self.offset)],
        };
        self.store.freeze(position, b"checkpoint".to_vec())
    }

    pub(crate) fn cut(&mut self) {
        let frozen = self.freeze();
        let written = frozen.write(&self.store, 0).expect("the disk works");
        let outcome = self.store.commit(&written).expect("the catalogue answers");
        assert_eq!(outcome, CutOutcome::Committed);
    }

    /// Fills and cuts.
    pub(crate) fn write(&mut self, fill: impl FnOnce(&mut Rows)) {
        self.fill(fill);
        self.cut();
    }

    /// All jobs that there are by then.
    pub(crate) fn upkeep(&self, now_ms: i64) -> Vec<Job> {
        let next = || self.store.upkeep(now_ms, &KEEP).expect("disk and catalogue work");
        std::iter::from_fn(next).take(100).collect()
    }

    /// Paths of the segments that are on the disk.
    pub(crate) fn files(&self) -> Vec<String> {
        let dirs = self.disk.list("segments".as_ref()).expect("the store made it");
        let of_dir = |dir: String| {
            let names = self.disk.list(format!("segments/{dir}").as_ref()).expect("a directory");
            names.into_iter().map(move |name| format!("segments/{dir}/{name}"))
        };
        dirs.into_iter().flat_map(of_dir).collect()
    }
}

pub(crate) fn open(disk: &SimulatedDisk, catalogue: &MemoryCatalogue) -> Store {
    config(disk, catalogue).open().expect("the store opens")
}

pub(crate) fn config(disk: &SimulatedDisk, catalogue: &MemoryCatalogue) -> Config {
    Config {
        disk: Arc::new(disk.clone()),
        catalogue: Arc::new(catalogue.clone()),
        memory: crate::Memory::default(),
    }
}

/// Stores encoded bytes and opens them again.
pub(crate) fn reopened(bytes: &[u8]) -> Opened {
    let disk: Arc<dyn Disk> = Arc::new(SimulatedDisk::new());
    segment::store(disk.as_ref(), "a".as_ref(), bytes).expect("the disk works");
    Opened::open_with_pages(disk, "a".as_ref()).expect("it opens")
}

pub(crate) fn key(subject: u32) -> FigureKey {
    FigureKey {
        scope: Scope::Tier,
        application: EntityId(1),
        subject: EntityId(subject),
        peer: EntityId::NONE,
        bt: EntityId::NONE,
    }
}

pub(crate) fn call(micros: u32) -> Call {
    Call {
        micros: f64::from(micros),
        weight: 1.0,
        failed: micros.is_multiple_of(3),
        http_error: false,
        outcome: Outcome::Normal,
        long_lived: false,
        at_ms: i64::from(micros),
    }
}

pub(crate) fn trace(number: u64) -> TraceId {
    let mut id = [7; 16];
    id[..8].copy_from_slice(&number.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes());
    TraceId(id)
}

/// A transaction that ended so many seconds after [`HOUR`] began.
pub(crate) fn transaction(number: u64, second: u64, bt: u32) -> TraceRow {
    TraceRow {
        trace: trace(number),
        entry: SpanId(number),
        application: EntityId(1),
        bt: EntityId(bt),
        tier: EntityId(2),
        node: EntityId(3),
        end_ns: HOUR.start_ns() + second * 1_000_000_000,
        duration_us: 1000 + number,
        outcome: Outcome::Normal,
        reason: SnapshotReason::None,
        spans: 4,
    }
}

pub(crate) fn log(second: u64, body: &str) -> Log {
    Log {
        at_ns: HOUR.start_ns() + second * 1_000_000_000,
        application: EntityId(1),
        tier: EntityId(2),
        node: EntityId(3),
        trace: None,
        span: SpanId::NONE,
        severity: 9,
        body: body.to_owned(),
        attributes: Vec::new(),
    }
}

/// A series of the day of [`HOUR`].
pub(crate) fn series_row(name: &str, id: u64) -> SeriesRow {
    SeriesRow {
        id,
        application: EntityId(1),
        tier: EntityId(2),
        node: EntityId(3),
        instrument: Instrument::Gauge,
        is_delta: false,
        name: name.to_owned(),
        unit: "1".to_owned(),
        scope: String::new(),
        attributes: Vec::new(),
        at_ns: HOUR.start_ns(),
        counts: None,
    }
}

/// A span that ended in a minute.
pub(crate) fn push_span(batch: &mut SpanBatch, trace: TraceId, id: u64, minute: Minute) {
    batch.push(&SpanRow {
        trace,
        id: SpanId(id),
        parent: SpanId::NONE,
        start_ns: minute.start_ns() + id,
        duration_ns: 5,
        kind: SpanKind::Server,
        status: StatusCode::Unset,
        flags: 0,
        application: EntityId(1),
        tier: EntityId(2),
        node: EntityId(3),
        name: "GET /",
        scope: "",
        trace_state: "",
        status_message: "",
        resource: b"",
        resource_id: 0,
        attributes: Attributes::Encoded(b""),
        events: &[],
        links: &[],
    });
}

pub(crate) fn figure_query(range: MinuteRange, points: Points) -> FigureQuery {
    FigureQuery {
        account: ACCOUNT,
        application: EntityId::NONE,
        scopes: Vec::new(),
        subject: None,
        peer: None,
        bt: None,
        range,
        points,
        detail: Detail::Whole,
        group_by: GroupBy::Key,
        max_rows: 100_000,
    }
}

pub(crate) fn trace_query(limit: usize) -> TraceQuery {
    TraceQuery {
        account: ACCOUNT,
        trace: None,
        application: None,
        bt: None,
        tier: None,
        outcomes: Vec::new(),
        min_duration_us: 0,
        max_duration_us: u64::MAX,
        kept_only: false,
        from_ns: 0,
        to_ns: u64::MAX,
        before: None,
        limit,
    }
}

pub(crate) fn log_query(limit: usize) -> LogQuery {
    LogQuery {
        account: ACCOUNT,
        filter: LogFilter::default(),
        from_ns: 0,
        to_ns: u64::MAX,
        before: None,
        limit,
    }
}
