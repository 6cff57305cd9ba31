//! Which request is next and when it is due, shared by all agents.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::data::template::Templates;

/// Traces noted for being asked for, over the whole run.
const SAMPLES: u64 = 1000;

#[derive(Debug)]
pub(crate) struct Schedule {
    next: AtomicU64,
    full_rounds: u64,
    rounds: u64,
    started: Instant,
    /// Seconds between rounds; 0 without a rate.
    interval_s: f64,
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct Turn {
    pub(crate) due: Instant,
    /// The last, smaller round.
    pub(crate) rest: bool,
    pub(crate) sampled: bool,
    /// How much of the whole lies behind it, from 0 to 1.
    pub(crate) done: f64,
}

impl Schedule {
    pub(crate) fn new(templates: &Templates, rate: f64, started: Instant) -> Self {
        let rounds = templates.rounds + u64::from(templates.rest.is_some());
        let interval_s =
            if rate > 0.0 { templates.full[0].totals.spans as f64 / rate } else { 0.0 };
        Self { next: AtomicU64::new(0), full_rounds: templates.rounds, rounds, started, interval_s }
    }

    pub(crate) fn take(&self) -> Option<Turn> {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let due = self.started + Duration::from_secs_f64(self.interval_s * number as f64);
        let sampled = number.is_multiple_of(self.rounds.div_ceil(SAMPLES));
        let done = (number as f64 + 0.5) / self.rounds.max(1) as f64;
        let rest = number >= self.full_rounds;
        (number < self.rounds).then_some(Turn { due, rest, sampled, done })
    }
}
