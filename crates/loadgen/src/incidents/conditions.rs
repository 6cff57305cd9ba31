//! What holds in one minute beside the system itself: how much comes, what is broken, what was changed. Everything starts as usual
//! and faults, non-faults and noise move it; the same fields are what a fault may touch at all.

use super::world::World;

#[derive(Debug, Clone)]
pub(super) struct Conditions {
    /// Factor on a transaction's load.
    pub(super) load: Vec<f64>,
    pub(super) hosts: Vec<HostCondition>,
    pub(super) nodes: Vec<NodeCondition>,
    pub(super) tiers: Vec<TierCondition>,
    pub(super) operations: Vec<OperationCondition>,
    pub(super) calls: Vec<CallCondition>,
    pub(super) backends: Vec<BackendCondition>,
    pub(super) pools: Vec<PoolCondition>,
}

#[derive(Debug, Clone, Copy, Default)]
pub(super) struct HostCondition {
    /// Cores that something else keeps busy.
    pub(super) other_cores: f64,
    /// Share of the disk's time that something else takes.
    pub(super) other_disk: f64,
    /// Share of the memory that something else takes.
    pub(super) other_memory: f64,
    /// Share of packets lost.
    pub(super) loss: f64,
    /// Added to each way there and back, seconds.
    pub(super) delay: f64,
    /// How far its clock is ahead, seconds.
    pub(super) clock: f64,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct NodeCondition {
    pub(super) at_work: bool,
    /// Among its siblings, of the calls to the tier.
    pub(super) weight: f64,
    /// Share of calls that find nobody.
    pub(super) refusing: f64,
    /// Share of calls that it answers with an error.
    pub(super) error: f64,
    /// Factor on its processor work.
    pub(super) work: f64,
    /// Cores of its limit that it burns on nothing.
    pub(super) spin: f64,
    /// Share of its time in collections, beyond the usual.
    pub(super) collecting: f64,
    /// Share of its heap that cannot be collected, beyond the usual.
    pub(super) leaked: f64,
    /// Workers that never come back.
    pub(super) stuck: f64,
    pub(super) loss: f64,
    pub(super) delay: f64,
    /// It was started in this minute.
    pub(super) restarted: bool,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct TierCondition {
    /// Looking up a name: seconds for each new connection.
    pub(super) lookup: f64,
    pub(super) lookup_fails: f64,
    /// Share of connections to it that fail in their handshake.
    pub(super) handshake_fails: f64,
    /// Factor on its workers.
    pub(super) workers: f64,
    /// Factor on its log lines.
    pub(super) chatter: f64,
    /// How many deployments it has had.
    pub(super) version: u32,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct OperationCondition {
    /// Factor on its processor work.
    pub(super) work: f64,
    /// It waits for nothing visible, seconds.
    pub(super) sleep: f64,
    pub(super) error: f64,
    /// Whether what fails by itself has first made its calls.
    pub(super) fails_late: bool,
    /// Factor on how many messages it takes at once.
    pub(super) takers: f64,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct CallCondition {
    pub(super) count: f64,
    /// Factor on a backend's work for it.
    pub(super) service: f64,
    /// Waiting for a lock, seconds.
    pub(super) lock: f64,
    pub(super) timeout: Option<f64>,
    pub(super) retries: Option<u32>,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct BackendCondition {
    pub(super) service: f64,
    /// Factor on how many it serves at once.
    pub(super) servers: f64,
    /// Share of calls answered with an error at once.
    pub(super) error: f64,
    /// Share of calls that find nobody.
    pub(super) refusing: f64,
    /// Factor on a cache's hits.
    pub(super) hits: f64,
    /// Calls a second beyond which it refuses.
    pub(super) limit: f64,
    /// Added to each answer, seconds.
    pub(super) delay: f64,
    pub(super) handshake_fails: f64,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct PoolCondition {
    pub(super) size: f64,
    /// Connections of each node's pool that never come back.
    pub(super) leaked: f64,
}

impl Conditions {
    pub(super) fn usual(world: &World) -> Self {
        let node = NodeCondition {
            at_work: true,
            weight: 1.0,
            refusing: 0.0,
            error: 0.0,
            work: 1.0,
            spin: 0.0,
            collecting: 0.0,
            leaked: 0.0,
            stuck: 0.0,
            loss: 0.0,
            delay: 0.0,
            restarted: false,
        };
        let tier = TierCondition {
            lookup: 0.0,
            lookup_fails: 0.0,
            handshake_fails: 0.0,
            workers: 1.0,
            chatter: 1.0,
            version: 0,
        };
        let operation = OperationCondition {
            work: 1.0,
            sleep: 0.0,
            error: 0.0,
            fails_late: false,
            takers: 1.0,
        };
        let call =
            CallCondition { count: 1.0, service: 1.0, lock: 0.0, timeout: None, retries: None };
        let backend = BackendCondition {
            service: 1.0,
            servers: 1.0,
            error: 0.0,
            refusing: 0.0,
            hits: 1.0,
            limit: f64::MAX,
            delay: 0.0,
            handshake_fails: 0.0,
        };
        let pool = PoolCondition { size: 1.0, leaked: 0.0 };
        let at_work = |n: &super::world::Node| NodeCondition { at_work: !n.reserve, ..node };
        Self {
            load: vec![1.0; world.transactions.len()],
            hosts: vec![HostCondition::default(); world.hosts.len()],
            nodes: world.nodes.iter().map(at_work).collect(),
            tiers: vec![tier; world.tiers.len()],
            operations: vec![operation; world.operations.len()],
            calls: vec![call; world.calls.len()],
            backends: vec![backend; world.backends.len()],
            pools: vec![pool; world.pools.len()],
        }
    }
}
