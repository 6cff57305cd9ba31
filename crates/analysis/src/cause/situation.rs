//! What the ranking is given: what calls what, what was measured, what was changed, and which anomaly is to be explained.
//!
//! Everything lies on one grid of points `step_s` seconds apart. A series is a value a point, NaN where nothing was
//! measured; an empty series was never measured. Indices point into the lists of [`Situation`]; how they map to the
//! product's ids is the caller's affair, and whatever the answer names it names by these indices.

use std::ops::RangeInclusive;

/// A value a point of the grid, NaN where there is none.
pub type Series = Vec<f32>;

/// All that is known about an anomaly when its cause is asked for.
#[derive(Debug, Clone, Default)]
pub struct Situation {
    /// Seconds between points.
    pub step_s: u32,
    pub entities: Vec<Entity>,
    pub calls: Vec<Calls>,
    /// The same for all transactions together, this one included: who waits for a worker waits for whatever holds one. Only
    /// calls, errors, times and waits for connections are looked at. Empty: not known.
    pub overall: Vec<Calls>,
    pub resources: Vec<Resource>,
    pub operations: Vec<Operation>,
    pub links: Vec<Link>,
    pub templates: Vec<Template>,
    pub changes: Vec<Change>,
    pub anomaly: Anomaly,
}

impl Situation {
    /// The calls that a clue names: [`Situation::calls`] first, then [`Situation::overall`].
    ///
    /// # Panics
    /// When there are no such calls.
    #[must_use]
    pub fn named_calls(&self, index: usize) -> &Calls {
        self.calls.get(index).unwrap_or_else(|| &self.overall[index - self.calls.len()])
    }
}

/// The anomaly to be explained.
#[derive(Debug, Clone, Copy, Default)]
pub struct Anomaly {
    /// The entity that suffers: a business transaction, or the service where its requests enter.
    pub entity: usize,
    /// The first point that is abnormal.
    pub onset: usize,
    /// The last point to be looked at.
    pub now: usize,
    /// What deviates, where that has been decided; nothing: to be judged from the figures.
    pub what: Option<Signal>,
}

/// What of a transaction deviates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    Time,
    Errors,
}

impl Anomaly {
    /// The points of the incident.
    #[must_use]
    pub fn incident(&self) -> RangeInclusive<usize> {
        self.onset..=self.now
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    BusinessTransaction,
    Tier,
    Node,
    Host,
    Backend,
}

/// Something that can be at fault, or suffer.
#[derive(Debug, Clone)]
pub struct Entity {
    pub kind: Kind,
    /// A node's tier.
    pub tier: Option<usize>,
    /// The host on which a node, a tier or a backend runs.
    pub host: Option<usize>,
    /// Calls taken. Those of the transaction under anomaly alone where they are known apart, else all.
    pub figures: Figures,
}

impl Entity {
    /// An entity of which nothing was measured yet.
    #[must_use]
    pub fn new(kind: Kind) -> Self {
        Self { kind, tier: None, host: None, figures: Figures::default() }
    }
}

/// Calls in each point, and sums over them.
#[derive(Debug, Clone, Default)]
pub struct Figures {
    pub calls: Series,
    pub errors: Series,
    /// Sum of response times, ms.
    pub time_ms: Series,
    /// Sum of the time not spent waiting for exit calls, ms. Empty: reckoned from the exit calls.
    pub self_ms: Series,
}

/// Calls of one entity to another.
#[derive(Debug, Clone, Default)]
pub struct Calls {
    pub caller: usize,
    pub callee: usize,
    /// The caller does not wait for the answer: a queue's consumer, a message sent.
    pub asynchronous: bool,
    /// As the caller measured them. Empty: they are known to happen, and the callee's figures are shared out among its callers.
    pub figures: Figures,
    /// How many the callee saw, and how long they took there, ms. Empty for callees that do not report.
    pub arrived: Series,
    pub far_ms: Series,
    /// Time waited for a pooled connection, ms, part of the caller's time.
    pub pool_wait_ms: Series,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResourceKind {
    Cpu,
    Memory,
    GarbageCollection,
    /// Worker threads in use, and requests that wait for one.
    Threads,
    /// Connections of a pool in use, and requests that wait for one.
    Pool,
    Disk,
    Network,
    /// Lock waits, connections, depth of a queue: what a backend says of itself.
    Backend,
    /// A share of good outcomes, such as hits of a cache: a fall is bad.
    Hits,
    /// A response time by another path than the figures.
    ResponseTime,
    /// Seconds or minutes since start: a fall is a restart.
    Uptime,
    /// Bytes, packets, system calls: how much is done, not how well. No evidence, shown beside it.
    Throughput,
    Other,
}

/// One series of a resource.
#[derive(Debug, Clone)]
pub struct Resource {
    pub entity: usize,
    pub kind: ResourceKind,
    pub values: Series,
}

/// What happens inside of an entity, by name of span. Figures are of the spans: `self_ms` without child spans.
#[derive(Debug, Clone, Default)]
pub struct Operation {
    pub entity: usize,
    pub figures: Figures,
    /// Spans in error without a child span in error, a point.
    pub deepest_errors: Series,
}

/// Child spans under the spans of one operation.
#[derive(Debug, Clone, Default)]
pub struct Link {
    pub parent: usize,
    pub child: usize,
    /// Child spans, a point.
    pub children: Series,
    /// Parent spans that had at least one, a point.
    pub parents_with: Series,
    /// For children in another entity: time of the calling span not covered by the called one, ms, a point.
    pub gap_ms: Series,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    Info,
    Warning,
    Error,
}

/// How often a kind of log line or exception was written.
#[derive(Debug, Clone)]
pub struct Template {
    pub entity: usize,
    /// In the spans of which operation, where that is known.
    pub within: Option<usize>,
    pub severity: Severity,
    pub counts: Series,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChangeKind {
    Deployment,
    Configuration,
    Restart,
    Scaling,
    /// A scheduled job began.
    Job,
}

#[derive(Debug, Clone, Copy)]
pub struct Change {
    pub entity: usize,
    pub kind: ChangeKind,
    /// The point in which it took effect.
    pub at: usize,
}
