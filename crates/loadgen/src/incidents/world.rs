//! The invented system: who runs where, who calls whom, how much work everything is. It does not change while it runs;
//! what does (load, faults, deployments) is in `conditions`, what carries over from minute to minute in `state`.

mod build;
mod names;
mod reach;
mod sizing;

pub(super) use build::build;

/// Node, tier and so on are named by their places in the lists of [`World`].
#[derive(Debug, Clone)]
pub(super) struct World {
    pub(super) seed: u64,
    pub(super) application: String,
    pub(super) hosts: Vec<Host>,
    /// Callers come before those they call.
    pub(super) tiers: Vec<Tier>,
    pub(super) nodes: Vec<Node>,
    pub(super) backends: Vec<Backend>,
    /// Callers come before those they call.
    pub(super) operations: Vec<Operation>,
    pub(super) calls: Vec<Call>,
    pub(super) pools: Vec<Pool>,
    pub(super) transactions: Vec<Transaction>,
}

#[derive(Debug, Clone)]
pub(super) struct Host {
    pub(super) name: String,
    pub(super) cores: f64,
    pub(super) memory_mb: f64,
    /// Share of the disk's time that is in use without anything of ours.
    pub(super) disk_busy: f64,
    /// Whether a monitor looks at it.
    pub(super) watched: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Runtime {
    Jvm,
    Node,
    Python,
    Go,
}

impl Runtime {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Jvm => "jvm",
            Self::Node => "node",
            Self::Python => "python",
            Self::Go => "go",
        }
    }

    /// Whether a request holds a worker until it is answered.
    pub(super) fn has_workers(self) -> bool {
        matches!(self, Self::Jvm | Self::Python)
    }
}

#[derive(Debug, Clone)]
pub(super) struct Tier {
    pub(super) name: String,
    pub(super) runtime: Runtime,
    /// Those at work at first, then those kept in reserve.
    pub(super) nodes: Vec<usize>,
    pub(super) operations: Vec<usize>,
    pub(super) pools: Vec<usize>,
    /// Of each node.
    pub(super) workers: f64,
    /// Log lines a call.
    pub(super) chatter: f64,
}

#[derive(Debug, Clone)]
pub(super) struct Node {
    pub(super) name: String,
    pub(super) tier: usize,
    pub(super) host: usize,
    /// Limit of its processor time.
    pub(super) cores: f64,
    /// Its work takes so many times that of its siblings.
    pub(super) slowness: f64,
    pub(super) heap_mb: f64,
    /// Share of the heap in use after a collection.
    pub(super) live: f64,
    /// Only at work when a scaling says so.
    pub(super) reserve: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum BackendKind {
    Database,
    Cache,
    Http,
    Queue,
}

impl BackendKind {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Database => "database",
            Self::Cache => "cache",
            Self::Http => "http",
            Self::Queue => "queue",
        }
    }
}

#[derive(Debug, Clone)]
pub(super) struct Backend {
    pub(super) name: String,
    pub(super) kind: BackendKind,
    pub(super) system: &'static str,
    pub(super) host: usize,
    /// Calls served at once.
    pub(super) servers: f64,
    /// Share of the time of a call that is spent on its disk.
    pub(super) disk: f64,
    /// Share of a cache's lookups that find something.
    pub(super) hits: f64,
    /// Messages that a queue holds before it lets publishers wait.
    pub(super) room: f64,
}

/// One thing that a tier does when asked: a service endpoint.
#[derive(Debug, Clone)]
pub(super) struct Operation {
    pub(super) tier: usize,
    pub(super) name: String,
    /// Processor seconds of its own work.
    pub(super) work: f64,
    /// Standard deviation of that over its mean.
    pub(super) ratio: f64,
    /// One stage after the other; the calls of a stage side by side.
    pub(super) stages: Vec<Vec<usize>>,
    /// Share that fails by itself.
    pub(super) error: f64,
    /// Those that reach it, in ascending order.
    pub(super) transactions: Vec<usize>,
    pub(super) is_consumer: bool,
    /// Messages that a node takes at once.
    pub(super) takers: f64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Target {
    Operation(usize),
    Backend(usize),
    /// Left in a queue for the operation that takes from it; nobody waits for that.
    Queue {
        backend: usize,
        consumer: usize,
    },
}

#[derive(Debug, Clone)]
pub(super) struct Call {
    pub(super) from: usize,
    pub(super) target: Target,
    /// Calls for each that the caller answers.
    pub(super) count: f64,
    /// Of a backend's answer, with an idle backend.
    pub(super) service: f64,
    pub(super) ratio: f64,
    pub(super) timeout: f64,
    pub(super) retries: u32,
    /// The caller answers well without it.
    pub(super) optional: bool,
    /// Only for what this cache does not have.
    pub(super) unless_in: Option<usize>,
    /// Way there and back, seconds.
    pub(super) network: f64,
    pub(super) statement: Option<String>,
    pub(super) pool: Option<usize>,
    /// For each of the caller's transactions, its place among those of the operation called.
    pub(super) places: Vec<usize>,
}

impl Call {
    pub(super) fn backend(&self) -> Option<usize> {
        match self.target {
            Target::Backend(backend) | Target::Queue { backend, .. } => Some(backend),
            Target::Operation(_) => None,
        }
    }
}

/// A tier's connections to one backend; each node has so many.
#[derive(Debug, Clone)]
pub(super) struct Pool {
    pub(super) tier: usize,
    pub(super) backend: usize,
    pub(super) size: f64,
    /// How long a request waits for a connection before it fails.
    pub(super) patience: f64,
}

#[derive(Debug, Clone)]
pub(super) struct Transaction {
    pub(super) name: String,
    pub(super) operation: usize,
    /// Calls a minute, over a week's mean.
    pub(super) rate: f64,
    pub(super) shape: Shape,
    pub(super) background: bool,
}

/// How load goes up and down.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shape {
    /// Of the day's wave, 0 to 1.
    pub(super) daily: f64,
    /// Hour of the day (UTC) with the most.
    pub(super) peak_hour: f64,
    /// Of the half-day's wave.
    pub(super) twice: f64,
    /// Saturday and Sunday compared with other days.
    pub(super) weekend: f64,
    /// A job's calls come in the first minutes of each of so many; 0 is no job.
    pub(super) every_min: u64,
}

const MINUTES_A_DAY: f64 = 1440.0;

impl Shape {
    /// Load in this minute (since 1970) over the mean of a working day.
    pub(super) fn at(&self, minute: u64) -> f64 {
        if self.every_min > 0 {
            return if minute % self.every_min < 3 { 1.0 } else { 0.0 };
        }
        let (day, of_day) = (minute / 1440, (minute % 1440) as f64);
        let angle = std::f64::consts::TAU * (of_day / MINUTES_A_DAY - self.peak_hour / 24.0);
        let wave = 1.0 + self.daily * angle.cos() + self.twice * (2.0 * angle).cos();
        // 1 January 1970 was a Thursday.
        let weekday = (day + 3) % 7;
        let week = if weekday >= 5 { self.weekend } else { 1.0 };
        (wave * week).max(0.02)
    }

    pub(super) fn most(&self) -> f64 {
        if self.every_min > 0 {
            1.0
        } else {
            (1.0 + self.daily + self.twice) * self.weekend.max(1.0)
        }
    }
}

impl World {
    /// Nodes that are at work when nothing was scaled.
    pub(super) fn usual_nodes(&self, tier: usize) -> impl Iterator<Item = usize> {
        self.tiers[tier].nodes.iter().copied().filter(|node| !self.nodes[*node].reserve)
    }

    pub(super) fn calls_of(&self, operation: usize) -> impl Iterator<Item = usize> {
        self.operations[operation].stages.iter().flatten().copied()
    }

    pub(super) fn consumers(&self, queue: usize) -> impl Iterator<Item = usize> {
        self.calls.iter().filter_map(move |call| match call.target {
            Target::Queue { backend, consumer } if backend == queue => Some(consumer),
            _ => None,
        })
    }
}
