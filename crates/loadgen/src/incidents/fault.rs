//! What can happen to a system: faults, and what only looks like one.
//!
//! Each kind names the entity that it breaks (`choose`) and what it changes there (`effect`). How that spreads is not said
//! anywhere: it follows from the flow of calls.

mod choose;
mod effect;

pub(super) use choose::choose;

use super::world::World;

/// What the right answer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Class {
    /// The entity that was broken.
    Fault,
    /// The load, by itself.
    Surge,
    /// Silence.
    Benign,
}

macro_rules! kinds {
    ($($kind:ident $name:literal $class:ident $about:literal;)*) => {
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub(super) enum Kind { $($kind),* }

        impl Kind {
            pub(super) const ALL: &[Kind] = &[$(Kind::$kind),*];

            pub(super) fn name(self) -> &'static str {
                match self { $(Self::$kind => $name),* }
            }

            pub(super) fn class(self) -> Class {
                match self { $(Self::$kind => Class::$class),* }
            }

            pub(super) fn about(self) -> &'static str {
                match self { $(Self::$kind => $about),* }
            }
        }
    };
}

kinds! {
    Cpu "cpu" Fault "threads of a node, or of all nodes of a tier, spin on nothing";
    Gc "gc" Fault "the live heap of a tier rises at once and collections take much of its time";
    Leak "memory-leak" Fault "the heap of a node or tier fills up until it is restarted, again and again";
    PoolExhaustion "pool-exhaustion" Fault "something of a tier holds most connections of its pool";
    ConnectionLeak "connection-leak" Fault "connections of a tier's pool do not come back, one after the other";
    SlowStatement "slow-statement" Fault "one statement of a database needs many times its work";
    Lock "lock" Fault "rows of a database are locked; statements wait for them";
    Disk "disk" Fault "something else keeps a database host's disk busy";
    PacketLoss "packet-loss" Fault "a node or host loses packets";
    NetworkDelay "network-delay" Fault "each way to and from a host takes longer";
    Dns "dns" Fault "a tier looks up names slowly, and some in vain";
    BadDeployment "bad-deployment" Fault "a new version needs more work, or fails for some requests";
    ChattyRelease "chatty-release" Fault "a new version asks its database many times instead of once";
    ErrorPath "error-path" Fault "an operation fails for some requests, without any change";
    LostCache "lost-cache" Fault "a cache has lost what it held; its callers go to the database";
    RetryStorm "retry-storm" Fault "a tier's time-outs are set too short and its retries too many";
    NoisyNeighbour "noisy-neighbour" Fault "something unseen takes a host's processors";
    SlowPartner "third-party-slow" Fault "a third party answers late";
    FailingPartner "third-party-errors" Fault "a third party answers with errors";
    RateLimit "rate-limit" Fault "a third party refuses what is over a limit";
    NodeLoss "node-loss" Fault "a node is gone";
    Clock "clock" Fault "a host's clock is off; what is signed there is not accepted";
    Starvation "thread-starvation" Fault "workers of a tier are stuck";
    Herd "thundering-herd" Fault "entries of a cache expire together, every few minutes";
    QueueBacklog "queue-backlog" Fault "a consumer takes too little; its queue fills up and publishers wait";
    Config "config-change" Fault "a setting of a tier makes it slow: verbose logs or too few workers";
    Certificate "certificate-expired" Fault "connections to a tier fail in their handshake";
    MemoryPressure "memory-pressure" Fault "something unseen takes a host's memory; pages go to the disk";
    BackendDown "backend-down" Fault "a database or cache refuses connections";
    CrashLoop "crash-loop" Fault "a node, or all of a tier, stops and starts again and again";
    Imbalance "load-imbalance" Fault "one node gets several times its share of calls";
    ScaledTooFar "scaled-too-far" Fault "a tier is left with too few nodes";
    Surge "traffic-surge" Surge "more comes, and the system is too small for it";
    Busy "busy-hour" Benign "more comes, and the system takes it";
    Deployment "deployment" Benign "a new version that does no harm; its nodes are restarted in turn";
    AsyncDrift "async-drift" Benign "the work behind a queue gets slower and keeps up";
    CronBatch "cron-batch" Benign "a job on a host takes idle processors and some of its disk";
    ScaleUp "scale-up" Benign "a tier gets a node more";
    ScaleDown "scale-down" Benign "a tier loses a node that it does not need";
    HarmlessConfig "harmless-config" Benign "a setting changes, and nothing else does";
}

impl Kind {
    pub(super) fn of_class(class: Class) -> impl Iterator<Item = Kind> {
        Self::ALL.iter().copied().filter(move |kind| kind.class() == class)
    }

    pub(super) fn named(name: &str) -> Option<Kind> {
        Self::ALL.iter().copied().find(|kind| kind.name() == name)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Entity {
    Tier(usize),
    Node(usize),
    Host(usize),
    Backend(usize),
    Transaction(usize),
}

impl Entity {
    pub(super) fn type_name(self) -> &'static str {
        match self {
            Self::Tier(_) => "tier",
            Self::Node(_) => "node",
            Self::Host(_) => "host",
            Self::Backend(_) => "backend",
            Self::Transaction(_) => "bt",
        }
    }

    pub(super) fn name(self, world: &World) -> &str {
        match self {
            Self::Tier(at) => &world.tiers[at].name,
            Self::Node(at) => &world.nodes[at].name,
            Self::Host(at) => &world.hosts[at].name,
            Self::Backend(at) => &world.backends[at].name,
            Self::Transaction(at) => &world.transactions[at].name,
        }
    }
}

#[derive(Debug, Clone)]
pub(super) struct Incident {
    pub(super) kind: Kind,
    pub(super) entity: Entity,
    /// The operations that are affected, where not all of the entity are.
    pub(super) operations: Vec<usize>,
    pub(super) calls: Vec<usize>,
    pub(super) pool: Option<usize>,
    /// Which of several forms of the kind.
    pub(super) form: usize,
    /// What is set where that depends on what is usual: a time-out in seconds, a limit a second.
    pub(super) setting: f64,
    /// 1 is clearly felt; more is worse.
    pub(super) severity: f64,
    pub(super) onset: u64,
    pub(super) end: u64,
    /// Minutes until it is at its worst.
    pub(super) ramp: u64,
}

impl Incident {
    pub(super) fn is_on(&self, minute: u64) -> bool {
        (self.onset..self.end).contains(&minute)
    }

    /// The nodes that it is about: of a node itself, of a tier all.
    pub(super) fn nodes(&self, world: &World) -> Vec<usize> {
        match self.entity {
            Entity::Node(node) => vec![node],
            Entity::Tier(tier) => world.tiers[tier].nodes.clone(),
            Entity::Host(host) => {
                (0..world.nodes.len()).filter(|node| world.nodes[*node].host == host).collect()
            }
            Entity::Backend(_) | Entity::Transaction(_) => Vec::new(),
        }
    }

    pub(super) fn tier(&self, world: &World) -> Option<usize> {
        match self.entity {
            Entity::Tier(tier) => Some(tier),
            Entity::Node(node) => Some(world.nodes[node].tier),
            _ => None,
        }
    }

    /// Series that the mechanism itself moves.
    pub(super) fn signs(&self, world: &World) -> Vec<(Entity, &'static str)> {
        let on_nodes = |names: &[&'static str]| -> Vec<(Entity, &'static str)> {
            let usual = |node: &usize| !world.nodes[*node].reserve;
            let nodes: Vec<usize> = self.nodes(world).into_iter().filter(usual).collect();
            let each = |name: &&'static str| {
                let name = *name;
                nodes.iter().map(move |node| (Entity::Node(*node), name)).collect::<Vec<_>>()
            };
            names.iter().flat_map(each).collect()
        };
        let own = |names: &[&'static str]| names.iter().map(|name| (self.entity, *name)).collect();
        match self.kind {
            Kind::Cpu => on_nodes(&["cpu_pct"]),
            Kind::Gc | Kind::Leak => on_nodes(&["gc_ms", "heap_pct"]),
            Kind::PoolExhaustion | Kind::ConnectionLeak => on_nodes(&["connections_pct"]),
            Kind::Lock => own(&["lock_waits"]),
            Kind::Disk => own(&["disk_busy_pct", "disk_wait_ms"]),
            Kind::PacketLoss => match self.entity {
                Entity::Node(_) => on_nodes(&["retransmits_pct"]),
                _ => own(&["retransmits_pct"]),
            },
            Kind::BadDeployment if self.form == 0 => on_nodes(&["cpu_pct"]),
            Kind::Config if self.form == 0 => on_nodes(&["cpu_pct"]),
            Kind::Config => on_nodes(&["threads_pct"]),
            Kind::LostCache | Kind::Herd => own(&["hit_pct"]),
            Kind::NoisyNeighbour | Kind::CronBatch => own(&["cpu_pct"]),
            Kind::NodeLoss => Vec::new(),
            Kind::Clock => own(&["clock_offset_ms"]),
            Kind::Starvation => on_nodes(&["threads_pct"]),
            Kind::QueueBacklog => {
                let queue = self.calls.first().and_then(|call| world.calls[*call].backend());
                queue.map(|queue| (Entity::Backend(queue), "depth")).into_iter().collect()
            }
            Kind::MemoryPressure => own(&["memory_pct", "swap_pages_s"]),
            Kind::CrashLoop => on_nodes(&["uptime_min"]),
            Kind::Imbalance => on_nodes(&["cpu_pct"]),
            _ => Vec::new(),
        }
    }
}
