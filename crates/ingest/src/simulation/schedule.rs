//! One seeded schedule: what is sent when, what fails when, and what must be true at its end.

use std::collections::{BTreeMap, BTreeSet};

use metadata_store::Catalogue as _;
use model::id::{AccountId, EntityId, TraceId};
use telemetry_store::{
    reader::{LogFilter, LogQuery, Reader, Resolution, TraceQuery},
    table::Table,
    upkeep::Retention,
};

use super::{
    expected,
    machine::{Machine, RETENTION},
    random::Random,
    traffic::{self, Span, TIERS},
};
use crate::otlp::Signal;

const START_MS: i64 = 1_800_000_000_000;
const ACTIONS: u64 = 45;

/// A body on its way.
#[derive(Debug)]
struct Body {
    signal: Signal,
    request: Vec<u8>,
    due_ms: i64,
    acknowledged: bool,
    /// Index of the metric.
    metric: Option<usize>,
}

/// Bodies of logs and metrics are told by their bytes alone, for fifteen minutes: their senders try no longer.
const LOGS_AGAIN_MS: i64 = 13 * 60_000;

struct Schedule {
    random: Random,
    machine: Machine,
    spans: Vec<Span>,
    traces: u64,
    bodies: Vec<Body>,
    /// The texts of all log records.
    logs: Vec<String>,
    metrics: Vec<Metric>,
    /// The latest time that anything may be of.
    latest_ms: i64,
}

/// A metric of a tier. After a while its agent reports another: what is silent for an hour is forgotten, and a counter
/// counts from a base again.
#[derive(Debug)]
struct Metric {
    tier: usize,
    name: String,
    is_counter: bool,
    samples: Vec<(i64, f64)>,
    reported_ms: i64,
    /// A body of it came so late that it may have been forgotten or taken twice.
    is_uncertain: bool,
}

/// A metric that was not reported for so long is not reported again.
const SILENT_MS: i64 = 15 * 60_000;

/// What a schedule went through.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Report {
    pub(super) spans: u64,
    pub(super) restarts: u32,
}

/// Runs the schedule of a seed; panics where something is lost or counted twice.
pub(super) fn run(seed: u64) -> Report {
    let mut random = Random::new(seed);
    let machine = Machine::new(START_MS, Random::new(random.next()));
    let mut schedule = Schedule {
        random,
        machine,
        spans: Vec::new(),
        traces: 0,
        bodies: Vec::new(),
        logs: Vec::new(),
        metrics: Vec::new(),
        latest_ms: START_MS,
    };
    for _ in 0..ACTIONS {
        schedule.act();
        schedule.deliver();
    }
    schedule.settle();
    Report { spans: schedule.spans.len() as u64, restarts: schedule.machine.restarts }
}

impl Schedule {
    fn act(&mut self) {
        self.machine.now_ms += self.random.below(3_000) as i64;
        self.latest_ms = self.latest_ms.max(self.machine.now_ms);
        if self.random.percent(15) {
            self.machine.make_room();
        }
        match self.random.below(100) {
            0..27 => self.make_traffic(),
            27..29 => self.make_logs(),
            29..34 => self.make_samples(),
            34..62 => drop(self.machine.step()),
            62..66 => self.machine.now_ms += 60_000 * (1 + self.random.below(20)) as i64,
            66..68 => self.machine.now_ms += 3_600_000 * (1 + self.random.below(3)) as i64,
            68..69 => self.set_clock_back(),
            69..76 => drop(self.machine.upkeep(&RETENTION)),
            76..78 => self.machine.fill_disk(self.random.below(20_000)),
            78..84 => {
                let disk = &self.machine.disk;
                disk.fail_at(disk.steps() + 1 + self.random.below(40));
            }
            84..88 => self.machine.crash(),
            88..90 => {
                let nth = 1 + self.random.below(2) as u32;
                self.machine.metadata.catalogue.fail_before_commit(nth);
            }
            90..91 => {
                let nth = 1 + self.random.below(2) as u32;
                self.machine.metadata.catalogue.fail_after_commit(nth);
            }
            91..92 => self.machine.metadata.slow_down(1 + self.random.below(6) as u32),
            92..93 => self.machine.disk.fail_sync_once(),
            93..96 => self.send_again(),
            96..98 => self.send_mixed_again(),
            _ => self.check_nothing_is_counted_twice(),
        }
    }

    /// By some minutes, with or without a start in between: what is sent again must not lie so far ahead that intake
    /// refuses it.
    fn set_clock_back(&mut self) {
        const MOST_MS: i64 = 8 * 60_000;
        let least_ms = self.latest_ms - MOST_MS;
        let back_ms = self.random.below(MOST_MS as u64) as i64;
        self.machine.now_ms =
            (self.machine.now_ms - back_ms).max(least_ms.min(self.machine.now_ms));
        if self.random.percent(50) {
            self.machine.crash();
        }
    }

    /// Some traces, each tier's spans in a body or two of their own, on time or late.
    fn make_traffic(&mut self) {
        let now_ns = self.machine.now_ms.unsigned_abs() * 1_000_000;
        let first = self.spans.len();
        for _ in 0..1 + self.random.below(4) {
            self.traces += 1;
            self.spans.extend(traffic::trace(&mut self.random, self.traces, now_ns));
        }
        for tier in 0..TIERS.len() {
            let (random, spans) = (&mut self.random, &self.spans[first..]);
            let (one, other): (Vec<&Span>, Vec<&Span>) =
                spans.iter().filter(|span| span.tier == tier).partition(|_| random.percent(80));
            for part in [one, other].into_iter().filter(|part| !part.is_empty()) {
                let late_ms = match self.random.below(10) {
                    0..7 => 0,
                    7..9 => self.random.below(20_000),
                    _ => self.random.below(3 * 3_600_000),
                };
                self.bodies.push(Body {
                    signal: Signal::Traces,
                    request: traffic::request(tier, &part),
                    due_ms: self.machine.now_ms + late_ms as i64,
                    acknowledged: false,
                    metric: None,
                });
            }
        }
    }

    fn make_logs(&mut self) {
        let tier = self.random.below(TIERS.len() as u64) as usize;
        let first = self.logs.len();
        let count = 1 + self.random.below(5) as usize;
        self.logs.extend((first..first + count).map(|number| format!("record {number}")));
        let at_ns = self.machine.now_ms.unsigned_abs() * 1_000_000;
        self.bodies.push(Body {
            signal: Signal::Logs,
            request: traffic::logs_request(tier, at_ns, &self.logs[first..]),
            due_ms: self.machine.now_ms,
            acknowledged: false,
            metric: None,
        });
    }

    /// Some samples of a tier's gauge, or totals of its counter, which now and then begins again. They come in the order of
    /// time, or totals would not count.
    fn make_samples(&mut self) {
        let now_ms = self.machine.now_ms;
        let waits = |body: &Body| body.signal == Signal::Metrics && !body.acknowledged;
        if self.bodies.iter().any(waits) {
            return;
        }
        let tier = self.random.below(TIERS.len() as u64) as usize;
        let is_counter = self.random.percent(50);
        let lives = |metric: &Metric| {
            metric.tier == tier
                && metric.is_counter == is_counter
                && now_ms - metric.reported_ms < SILENT_MS
        };
        let at = self.metrics.iter().rposition(lives).unwrap_or_else(|| {
            let name = format!("{}.{}", TIERS[tier], self.metrics.len());
            let (samples, reported_ms, is_uncertain) = (Vec::new(), now_ms, false);
            self.metrics.push(Metric {
                tier,
                name,
                is_counter,
                samples,
                reported_ms,
                is_uncertain,
            });
            self.metrics.len() - 1
        });
        let metric = &mut self.metrics[at];
        let (last_ms, mut value) = metric.samples.last().copied().unwrap_or((0, 100.0));
        let mut at_ms = last_ms.max(now_ms - 1);
        let first = metric.samples.len();
        for _ in 0..1 + self.random.below(5) {
            at_ms += 1 + self.random.below(3_000) as i64;
            let drawn = self.random.below(1000) as f64;
            value = match is_counter {
                false => drawn / 10.0,
                true if self.random.percent(10) => drawn,
                true => value + drawn,
            };
            metric.samples.push((at_ms, value));
        }
        metric.reported_ms = now_ms;
        let (name, new) = (&metric.name, &metric.samples[first..]);
        let request = match is_counter {
            // So long ago that the first total is a base.
            true => traffic::counter_request(tier, name, START_MS - 24 * 3_600_000, new),
            false => traffic::gauge_request(tier, name, new),
        };
        self.bodies.push(Body {
            signal: Signal::Metrics,
            request,
            due_ms: now_ms,
            acknowledged: false,
            metric: Some(at),
        });
    }

    /// Sends what is due; whoever gets no answer tries again.
    fn deliver(&mut self) {
        for body in &mut self.bodies {
            while !body.acknowledged && body.due_ms <= self.machine.now_ms {
                body.acknowledged = self.machine.send(body.signal, &body.request);
                if let Some(at) = body.metric {
                    let is_late = self.machine.now_ms > body.due_ms + LOGS_AGAIN_MS;
                    self.metrics[at].is_uncertain |= is_late;
                }
                if body.signal == Signal::Traces {
                    break;
                }
                // Or they would never get through.
                if !body.acknowledged {
                    self.machine.make_room();
                }
            }
        }
    }

    /// The answer got lost: the agent sends the same bytes once more.
    fn send_again(&mut self) {
        let now_ms = self.machine.now_ms;
        let late =
            |body: &Body| body.signal != Signal::Traces && now_ms > body.due_ms + LOGS_AGAIN_MS;
        let mut bodies: Vec<&mut Body> =
            self.bodies.iter_mut().filter(|body| !late(body)).collect();
        if !bodies.is_empty() {
            let at = self.random.below(bodies.len() as u64) as usize;
            bodies[at].acknowledged |= self.machine.send(bodies[at].signal, &bodies[at].request);
        }
    }

    /// A collector in between made other batches of the same spans.
    fn send_mixed_again(&mut self) {
        let tier = self.random.below(TIERS.len() as u64) as usize;
        let random = &mut self.random;
        let spans: Vec<&Span> = self
            .spans
            .iter()
            .rev()
            .take(60)
            .filter(|span| span.tier == tier && random.percent(30))
            .collect();
        if !spans.is_empty() {
            self.machine.send(Signal::Traces, &traffic::request(tier, &spans));
        }
    }

    fn check_nothing_is_counted_twice(&mut self) {
        let sent = expected::figures(self.spans.iter(), Resolution::OneMinute);
        let process = self.machine.process();
        let found = expected::stored(&process.store, &process.directory, Resolution::OneMinute);
        let excess = expected::excess(&sent, &found);
        assert!(excess.is_empty(), "counted more than was sent: {excess:#?}");
    }

    /// Everything is sent until it is acknowledged, worked on and stored; then the figures must be exact, at every
    /// resolution, before and after merging, rolling up and another start.
    fn settle(&mut self) {
        self.machine.now_ms += 1;
        self.machine.make_room();
        while self.bodies.iter().any(|body| !body.acknowledged) {
            self.machine.now_ms = self.machine.now_ms.max(
                self.bodies.iter().map(|body| body.due_ms).max().expect("there is such a body"),
            );
            self.deliver();
        }
        self.machine.stop_failing();
        self.drain();
        self.check_whole("before the last cut");
        self.machine.cut();
        self.check_whole("after the last cut");
        self.machine.now_ms += 2 * 3_600_000;
        let mut jobs = 0;
        while self.machine.upkeep(&RETENTION) {
            jobs += 1;
            assert!(jobs < 1000, "upkeep comes to an end");
            if jobs % 4 == 1 {
                self.check_figures("between two jobs of upkeep", Resolution::OneHour);
                self.check_minutes("between two jobs of upkeep", Resolution::OneHour);
            }
        }
        self.check_whole("after upkeep");
        self.machine.crash();
        self.machine.stop_failing();
        self.drain();
        self.machine.cut();
        self.check_whole("after another start");
        let stray = self.machine.stray_files();
        assert!(stray.is_empty(), "files that nobody refers to are left: {stray:?}");
        self.check_rollups();
        self.outlive_retention();
    }

    /// Every minute stands in its roll-ups, once.
    fn check_rollups(&mut self) {
        let listed = self.machine.metadata.catalogue.snapshot().expect("memory answers").segments;
        let missing: Vec<_> = listed
            .iter()
            .filter(|segment| [Table::Figures as u8, Table::Metrics as u8].contains(&segment.table))
            .filter(|segment| !segment.rolled_up)
            .collect();
        assert!(missing.is_empty(), "minutes that are not rolled up: {missing:?}");
        // The roll-ups by themselves, without any minute that would have made up for one.
        let keep_rolled = Retention { minutes_ms: 0, ..RETENTION };
        self.drop_by(&keep_rolled, 0);
        assert_eq!(self.rows(Table::Figures), 0);
        self.check_figures("in roll-ups alone", Resolution::TenMinutes);
        self.check_figures("in roll-ups alone", Resolution::OneHour);
    }

    /// What is over its time goes, and nothing else.
    fn outlive_retention(&mut self) {
        const HOUR_MS: i64 = 3_600_000;
        const KEPT: Retention = Retention {
            traces_ms: 24 * HOUR_MS,
            snapshots_ms: 72 * HOUR_MS,
            minutes_ms: 48 * HOUR_MS,
            ten_minutes_ms: 96 * HOUR_MS,
            hours_ms: 240 * HOUR_MS,
            logs_ms: 96 * HOUR_MS,
            samples_ms: 48 * HOUR_MS,
            keep_free_percent: 0,
        };
        self.drop_by(&KEPT, 40 * HOUR_MS);
        assert_eq!(self.rows(Table::Spans), 0, "traces are over their time");
        self.check_logs("while they are kept");
        self.drop_by(&KEPT, 50 * HOUR_MS);
        self.check_figures("while they are kept", Resolution::TenMinutes);
        self.machine.crash();
        self.machine.stop_failing();
        self.drop_by(&KEPT, 130 * HOUR_MS);
        for table in [Table::FiguresTen, Table::Logs] {
            assert_eq!(self.rows(table), 0, "{table:?} is over its time");
        }
        self.check_figures("while they are kept", Resolution::OneHour);
        self.drop_by(&KEPT, 300 * HOUR_MS);
        let left = self.machine.metadata.catalogue.snapshot().expect("memory answers").segments;
        assert!(left.is_empty(), "everything is over its time: {left:?}");
        let stray = self.machine.stray_files();
        assert!(stray.is_empty(), "files of what is gone are left: {stray:?}");
    }

    /// Lets time pass after the newest data, and upkeep do what there is to do.
    fn drop_by(&mut self, retention: &Retention, later_ms: i64) {
        let newest_ms = self.spans.iter().map(|span| span.end_ns / 1_000_000).max().unwrap_or(0);
        self.machine.now_ms = self.machine.now_ms.max(newest_ms as i64 + later_ms);
        for _ in 0..1000 {
            if !self.machine.upkeep(retention) {
                return;
            }
        }
        panic!("upkeep does not come to an end");
    }

    fn rows(&mut self, table: Table) -> u64 {
        let sizes = self.machine.process().store.sizes();
        sizes.iter().find(|(of, ..)| *of == table).map_or(0, |(.., rows)| *rows)
    }

    /// Works until nothing waits and nothing is open.
    fn drain(&mut self) {
        for _ in 0..100 {
            self.machine.now_ms += 10_000;
            if self.machine.step() && self.machine.is_quiet() {
                return;
            }
        }
        panic!("the pipeline does not come to rest");
    }

    fn check_whole(&mut self, when: &str) {
        self.check_figures(when, Resolution::OneMinute);
        if when == "after upkeep" {
            self.check_figures(when, Resolution::TenMinutes);
            self.check_figures(when, Resolution::OneHour);
            self.check_minutes(when, Resolution::TenMinutes);
            self.check_minutes(when, Resolution::OneHour);
        }
        self.check_minutes(when, Resolution::OneMinute);
        self.check_spans(when);
        self.check_index(when);
        self.check_logs(when);
        self.check_samples(when);
    }

    fn check_samples(&mut self, when: &str) {
        let mut found = expected::samples(&self.machine.process().store);
        found.sort_by(|a, b| a.0.cmp(&b.0));
        let sent = self.metrics.iter().map(|of| (of.name.clone(), of.samples.clone()));
        let mut wanted: Vec<(String, Vec<(i64, f64)>)> = sent.collect();
        wanted.sort_by(|a, b| a.0.cmp(&b.0));
        assert_eq!(found, wanted, "samples {when}");
    }

    fn check_minutes(&mut self, when: &str, resolution: Resolution) {
        let mut wanted = expected::Minutes::new();
        for metric in self.metrics.iter().filter(|metric| !metric.is_uncertain) {
            let count = match metric.is_counter {
                true => expected::counter_minutes,
                false => expected::gauge_minutes,
            };
            count(&metric.name, &metric.samples, resolution, &mut wanted);
        }
        let mut found = expected::minutes(&self.machine.process().store, resolution);
        for metric in self.metrics.iter().filter(|metric| metric.is_uncertain) {
            let path = format!("Custom Metrics|{}", metric.name);
            found.retain(|(of, _), _| *of != path);
        }
        let differences = expected::differing_minutes(&wanted, &found);
        assert!(differences.is_empty(), "minutes {when}, {resolution:?}: {differences:#?}");
    }

    fn check_logs(&mut self, when: &str) {
        let query = LogQuery {
            account: AccountId::FIRST,
            filter: LogFilter::default(),
            from_ns: 0,
            to_ns: u64::MAX,
            before: None,
            limit: 100_000,
        };
        let page = self.machine.process().store.logs(&query).expect("every segment can be read");
        let mut found: Vec<String> = page.value.rows.into_iter().map(|row| row.body).collect();
        let mut wanted = self.logs.clone();
        found.sort();
        wanted.sort();
        assert_eq!(found, wanted, "log records {when}");
    }

    fn check_figures(&mut self, when: &str, resolution: Resolution) {
        let wanted = expected::figures(self.spans.iter(), resolution);
        let process = self.machine.process();
        let found = expected::stored(&process.store, &process.directory, resolution);
        let differences = expected::differences(&wanted, &found);
        assert!(differences.is_empty(), "figures {when}, {resolution:?}: {differences:#?}");
    }

    fn check_spans(&mut self, when: &str) {
        let mut wanted: BTreeMap<TraceId, BTreeSet<u64>> = BTreeMap::new();
        for span in &self.spans {
            wanted.entry(TraceId(span.trace)).or_default().insert(span.id);
        }
        // All of them once, else some: each costs a look into every segment.
        let every = if when == "after upkeep" { 1 } else { 1 + wanted.len() / 4 };
        let store = &self.machine.process().store;
        for (trace, ids) in wanted.into_iter().step_by(every) {
            let answer = store.trace(AccountId::FIRST, trace).expect("every segment can be read");
            let found: Vec<u64> = answer.value.iter().map(|span| span.id.0).collect();
            let distinct: BTreeSet<u64> = found.iter().copied().collect();
            assert_eq!(distinct, ids, "spans of {trace} {when}");
        }
        if when != "before the last cut" {
            let sizes = store.sizes();
            let rows = sizes.iter().find(|(table, ..)| *table == Table::Spans).map(|size| size.2);
            assert_eq!(rows, Some(self.spans.len() as u64), "stored spans {when}");
        }
    }

    fn check_index(&mut self, when: &str) {
        let wanted: Vec<(TraceId, String)> = self
            .spans
            .iter()
            .filter(|span| span.parent == 0)
            .map(|span| (TraceId(span.trace), format!("GET {}", span.transaction)))
            .collect();
        let process = self.machine.process();
        let query = TraceQuery {
            account: AccountId::FIRST,
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
            limit: 100_000,
        };
        let page = process.store.traces(&query).expect("every segment can be read").value;
        let of_bt = page.rows.iter().filter(|row| row.bt != EntityId::NONE);
        let found: Vec<(TraceId, String)> = of_bt
            .map(|row| {
                let bt = process.directory.get(row.bt).expect("it has a name");
                (row.trace, bt.key.name.clone())
            })
            .collect();
        let missing: Vec<_> = wanted.iter().filter(|row| !found.contains(row)).collect();
        let wrong: Vec<_> = found.iter().filter(|row| !wanted.contains(row)).collect();
        let right = missing.is_empty() && wrong.is_empty() && found.len() == wanted.len();
        assert!(right, "the index {when} lacks {missing:?} and has {wrong:?}");
    }
}
