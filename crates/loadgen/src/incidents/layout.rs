//! What of a system has figures: edges, pairs with transactions, series, log templates. Fixed for a run; when each is first seen
//! is the stream's business.

use super::fault::Entity;
use super::world::{BackendKind, Runtime, Target, World};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum End {
    Tier(usize),
    Backend(usize),
}

#[derive(Debug)]
pub(super) struct Layout {
    pub(super) edges: Vec<(End, End)>,
    /// Edge and transaction.
    pub(super) ways: Vec<(usize, usize)>,
    /// Of each call, by the place of the transaction in its caller.
    pub(super) call_ways: Vec<Vec<usize>>,
    /// Of each call into a queue, what its consumer takes, by the place of the transaction in the consumer.
    pub(super) taken_ways: Vec<Vec<usize>>,
    /// Tier and transaction.
    pub(super) shares: Vec<(usize, usize)>,
    /// Of each operation, by the place of the transaction.
    pub(super) operation_shares: Vec<Vec<usize>>,
    pub(super) series: Vec<Series>,
    pub(super) templates: Vec<Template>,
    /// Of each tier, its templates by line.
    pub(super) lines: Vec<[usize; LINES]>,
    /// Of each operation: how it fails as a rule, and how it fails when it is broken.
    pub(super) failures: Vec<[usize; 2]>,
}

#[derive(Debug, Clone)]
pub(super) struct Series {
    pub(super) of: Entity,
    pub(super) name: &'static str,
    pub(super) pool: Option<usize>,
}

#[derive(Debug, Clone)]
pub(super) struct Template {
    pub(super) tier: usize,
    pub(super) severity: &'static str,
    pub(super) exception: Option<&'static str>,
    pub(super) text: String,
}

/// What a tier may write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Line {
    Handled,
    Verbose,
    Started,
    Timeout,
    Refused,
    NoConnection,
    UnknownHost,
    Handshake,
    Answer,
    Token,
    OutOfMemory,
    Rejected,
    LockWait,
}

pub(super) const LINES: usize = 13;

const TEXTS: [(&str, Option<&str>, &str); LINES] = [
    ("INFO", None, "handled <*> in <*> ms"),
    ("DEBUG", None, "entering <*> with <*>"),
    ("INFO", None, "started in <*> s, listening on port <*>"),
    ("ERROR", Some("TimeoutException"), "no answer from <*> within <*> ms"),
    ("ERROR", Some("ConnectException"), "connection to <*> refused"),
    (
        "ERROR",
        Some("PoolTimeoutException"),
        "no connection available after <*> ms, total <*>, idle 0",
    ),
    ("ERROR", Some("UnknownHostException"), "cannot resolve <*>"),
    ("ERROR", Some("SSLHandshakeException"), "certificate of <*> has expired"),
    ("ERROR", Some("RemoteException"), "<*> answered with status <*>"),
    ("ERROR", Some("TokenException"), "token was issued in the future: <*>"),
    ("ERROR", Some("OutOfMemoryError"), "out of memory, heap <*> MB"),
    ("WARN", None, "queue of workers is full, request rejected"),
    ("ERROR", Some("LockTimeoutException"), "lock wait on <*> exceeded <*> ms"),
];

const FAILURES: [(&str, &str); 4] = [
    ("ValidationException", "field <*> is not valid"),
    ("NotFoundException", "<*> does not exist"),
    ("ConflictException", "<*> was changed meanwhile"),
    ("IllegalArgumentException", "cannot parse <*>"),
];

impl Layout {
    pub(super) fn of(world: &World) -> Self {
        let mut layout = Self {
            edges: Vec::new(),
            ways: Vec::new(),
            call_ways: Vec::new(),
            taken_ways: Vec::new(),
            shares: Vec::new(),
            operation_shares: Vec::new(),
            series: Vec::new(),
            templates: Vec::new(),
            lines: Vec::new(),
            failures: Vec::new(),
        };
        layout.edges(world);
        layout.shares(world);
        layout.series(world);
        layout.templates(world);
        layout
    }

    fn edges(&mut self, world: &World) {
        for call in &world.calls {
            let from = End::Tier(world.operations[call.from].tier);
            let transactions = &world.operations[call.from].transactions;
            let (to, taken) = match call.target {
                Target::Operation(callee) => (End::Tier(world.operations[callee].tier), None),
                Target::Backend(backend) => (End::Backend(backend), None),
                Target::Queue { backend, consumer } => (End::Backend(backend), Some(consumer)),
            };
            let ways = self.ways(from, to, transactions);
            self.call_ways.push(ways);
            let taken = taken.map(|consumer| {
                let operation = &world.operations[consumer];
                self.ways(to, End::Tier(operation.tier), &operation.transactions)
            });
            self.taken_ways.push(taken.unwrap_or_default());
        }
    }

    fn ways(&mut self, from: End, to: End, transactions: &[usize]) -> Vec<usize> {
        let edge = place(&mut self.edges, (from, to));
        transactions.iter().map(|transaction| place(&mut self.ways, (edge, *transaction))).collect()
    }

    fn shares(&mut self, world: &World) {
        for operation in &world.operations {
            let transactions = operation.transactions.iter();
            let shares =
                transactions.map(|of| place(&mut self.shares, (operation.tier, *of))).collect();
            self.operation_shares.push(shares);
        }
    }

    fn series(&mut self, world: &World) {
        for (number, node) in world.nodes.iter().enumerate() {
            let tier = &world.tiers[node.tier];
            let of = Entity::Node(number);
            let mut add = |name| self.series.push(Series { of, name, pool: None });
            ["cpu_pct", "memory_mb", "retransmits_pct", "uptime_min"]
                .into_iter()
                .for_each(&mut add);
            if tier.runtime != Runtime::Go {
                add("heap_pct");
            }
            add("gc_ms");
            if tier.runtime.has_workers() {
                ["threads_busy", "threads_pct", "waiting"].into_iter().for_each(&mut add);
            }
            for pool in &tier.pools {
                for name in ["connections_pct", "connections_pending", "connections_wait_ms"] {
                    self.series.push(Series { of, name, pool: Some(*pool) });
                }
            }
        }
        for (number, host) in world.hosts.iter().enumerate() {
            let names = [
                "cpu_pct",
                "memory_pct",
                "swap_pages_s",
                "disk_busy_pct",
                "disk_wait_ms",
                "network_mb_s",
                "retransmits_pct",
                "clock_offset_ms",
            ];
            if host.watched {
                let of = Entity::Host(number);
                self.series.extend(names.map(|name| Series { of, name, pool: None }));
            }
        }
        for (number, backend) in world.backends.iter().enumerate() {
            let names: &[&'static str] = match backend.kind {
                BackendKind::Database => &["connections", "lock_waits"],
                BackendKind::Cache => &["hit_pct"],
                BackendKind::Queue => &["depth"],
                BackendKind::Http => &[],
            };
            let of = Entity::Backend(number);
            self.series.extend(names.iter().map(|name| Series { of, name, pool: None }));
        }
    }

    fn templates(&mut self, world: &World) {
        for tier in 0..world.tiers.len() {
            let lines = TEXTS.map(|(severity, exception, text)| {
                self.template(tier, severity, exception, text.to_owned())
            });
            self.lines.push(lines);
        }
        for (number, operation) in world.operations.iter().enumerate() {
            let (exception, text) = FAILURES[number % FAILURES.len()];
            let usual = format!("{}: {text}", operation.name);
            let usual = self.template(operation.tier, "ERROR", Some(exception), usual);
            let broken = format!("{}: cannot read <*> of null", operation.name);
            let broken =
                self.template(operation.tier, "ERROR", Some("NullPointerException"), broken);
            self.failures.push([usual, broken]);
        }
    }

    fn template(
        &mut self,
        tier: usize,
        severity: &'static str,
        exception: Option<&'static str>,
        text: String,
    ) -> usize {
        self.templates.push(Template { tier, severity, exception, text });
        self.templates.len() - 1
    }
}

fn place<T: PartialEq>(items: &mut Vec<T>, item: T) -> usize {
    items.iter().position(|known| *known == item).unwrap_or_else(|| {
        items.push(item);
        items.len() - 1
    })
}
