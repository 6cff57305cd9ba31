//! What intake may be told: how much it takes, and from when.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use model::id::{AccountId, PARTITIONS};

use crate::otlp::limits::AttributeLimits;

/// How intake behaves.
#[derive(Clone, Debug)]
pub struct Config {
    pub limits: Limits,
    /// What is older is refused: as long as figures of one minute are kept.
    pub retention: Kept,
    /// Into how many partitions requests are cut: 1 where all of them have one consumer.
    pub partitions: u16,
    /// Who owns what is sent without a key, on listeners that allow that.
    pub account_without_key: AccountId,
}

impl Default for Config {
    fn default() -> Self {
        Config {
            limits: Limits::default(),
            retention: Kept::for_(Duration::from_secs(8 * 86_400)),
            partitions: PARTITIONS,
            account_without_key: AccountId::FIRST,
        }
    }
}

/// How long something is kept: clones share it, and it may change while intake runs.
#[derive(Clone, Debug)]
pub struct Kept(Arc<AtomicU64>);

impl Kept {
    /// So long, to the millisecond.
    pub fn for_(duration: Duration) -> Kept {
        let kept = Kept(Arc::default());
        kept.set(duration);
        kept
    }

    /// From now on so long.
    pub fn set(&self, duration: Duration) {
        let millis = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
        self.0.store(millis, Ordering::Relaxed);
    }

    pub fn get(&self) -> Duration {
        Duration::from_millis(self.0.load(Ordering::Relaxed))
    }
}

/// Caps on what is sent.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Bytes of a body as sent. OTLP recommends 64 MiB; agents send well below 1 MiB.
    pub body_bytes: usize,
    /// Bytes of a body once inflated or converted from JSON.
    pub inflated_bytes: usize,
    /// Bytes that all requests under way may hold together: bodies, inflated bodies and records. Where it is less than
    /// `body_bytes` plus twice `inflated_bytes`, the largest bodies are too big.
    pub in_flight_bytes: usize,
    /// How long a body may take to come.
    pub body_timeout: Duration,
    /// How many large bodies are worked on at a time; more wait, paid for from `in_flight_bytes`.
    pub workers: usize,
    /// What the pipeline will keep of attributes; here only counted.
    pub attributes: AttributeLimits,
    /// What a sender is told to wait when there is no room for its request.
    pub retry_after: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            body_bytes: 16 << 20,
            inflated_bytes: 64 << 20,
            in_flight_bytes: 160 << 20,
            body_timeout: Duration::from_secs(30),
            workers: 2,
            attributes: AttributeLimits::default(),
            retry_after: Duration::from_secs(2),
        }
    }
}
