//! Where requests queue: processors, worker threads, pools of connections, databases.
//!
//! Within a minute a station is taken for stationary: the wait in a queue of several servers by Sakasegawa's
//! approximation (1977), `S·ρ^(√(2(c+1))−1) / (c(1−ρ))`. Where more comes than it can take, what is left over waits for the next minute
//! as a fluid, and what its queue has no room for is refused.

/// Up to here the wait is that of a stationary queue; beyond it the fluid takes over.
const STATIONARY: f64 = 0.96;
const MINUTE_S: f64 = 60.0;

/// What comes to a station in a minute.
#[derive(Debug, Clone, Copy)]
pub(super) struct Demand {
    /// A second.
    pub(super) rate: f64,
    /// Seconds that each needs of one server.
    pub(super) service: f64,
    pub(super) servers: f64,
    /// Left over from the minute before.
    pub(super) backlog: f64,
    /// Most that may wait.
    pub(super) room: f64,
}

#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Queue {
    /// Mean wait before service, seconds.
    pub(super) wait: f64,
    /// Share that finds no room.
    pub(super) refused: f64,
    /// Share of the servers in use, 0 to 1.
    pub(super) busy: f64,
    /// What waits at the minute's end.
    pub(super) backlog: f64,
    /// How many wait, on average over the minute.
    pub(super) waiting: f64,
}

/// A queue which is left by those who have waited as long as they would.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Impatient {
    /// Mean wait of those who are served, seconds.
    pub(super) wait: f64,
    /// Share that waits for nothing.
    pub(super) in_vain: f64,
    /// Share of the servers in use, 0 to 1.
    pub(super) busy: f64,
    pub(super) backlog: f64,
    /// Mean wait of all who came, those in vain included, seconds.
    pub(super) waited: f64,
    /// How many wait, on average over the minute: by Little's law.
    pub(super) waiting: f64,
    /// How many come, a second.
    pub(super) rate: f64,
}

impl Demand {
    /// As a pool sees it: nobody is turned away, who finds no server waits up to `patience` seconds for one and goes. Without
    /// any server that is everybody. Waits being nearly exponential with mean `w`, `e^(−p/w)` of them are longer than `p`, and
    /// the mean of what is waited is `w·(1 − e^(−p/w))`.
    pub(super) fn impatient(&self, patience: f64) -> Impatient {
        let queue = self.queue();
        let longer = if queue.wait > 0.0 { (-patience / queue.wait).exp() } else { 0.0 };
        let stayed = queue.wait * (1.0 - longer);
        let waited = (1.0 - queue.refused) * stayed + queue.refused * patience;
        // Only while all servers are in use does anybody wait for long.
        let gave_up = longer * queue.busy.powi(4);
        Impatient {
            wait: queue.wait,
            in_vain: 1.0 - (1.0 - queue.refused) * (1.0 - gave_up),
            busy: queue.busy,
            backlog: queue.backlog,
            waited,
            waiting: self.rate * waited,
            rate: self.rate,
        }
    }

    pub(super) fn queue(&self) -> Queue {
        if self.servers <= 0.0 {
            return Queue { wait: 0.0, refused: 1.0, busy: 1.0, backlog: 0.0, waiting: 0.0 };
        }
        if self.service <= 0.0 {
            return Queue::default();
        }
        let capacity = self.servers / self.service;
        let load = self.rate / capacity;
        let left = (self.backlog + (self.rate - capacity) * MINUTE_S).max(0.0);
        let backlog = left.min(self.room);
        let arrived = (self.rate * MINUTE_S).max(1e-9);
        let refused = ((left - backlog) / arrived).min(1.0);
        let steady = self.steady_wait(load.min(STATIONARY));
        let waits_over = (self.backlog + backlog) / 2.0 / capacity;
        let drained = self.backlog - backlog;
        let busy = (load * (1.0 - refused) + drained.max(0.0) / (capacity * MINUTE_S)).min(1.0);
        let wait = steady + waits_over;
        Queue { wait, refused, busy, backlog, waiting: wait * self.rate * (1.0 - refused) }
    }

    fn steady_wait(&self, load: f64) -> f64 {
        let servers = self.servers.max(1.0);
        self.service * load.powf((2.0 * (servers + 1.0)).sqrt() - 1.0) / (servers * (1.0 - load))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn demand(rate: f64, servers: f64, backlog: f64) -> Demand {
        Demand { rate, service: 0.1, servers, backlog, room: 500.0 }
    }

    #[test]
    fn one_server_waits_as_in_the_textbook() {
        // M/M/1: ρ S / (1 − ρ).
        let queue = demand(5.0, 1.0, 0.0).queue();
        assert!((queue.wait - 0.1).abs() < 1e-9, "{queue:?}");
        assert!((queue.busy - 0.5).abs() < 1e-9 && queue.backlog == 0.0, "{queue:?}");
    }

    #[test]
    fn more_servers_wait_less_at_the_same_load() {
        let (one, many) = (demand(8.0, 1.0, 0.0).queue(), demand(64.0, 8.0, 0.0).queue());
        assert!(many.wait < one.wait / 4.0, "{one:?} {many:?}");
    }

    #[test]
    fn what_is_too_much_waits_for_the_next_minute_and_then_finds_no_room() {
        let first = demand(12.0, 1.0, 0.0).queue();
        assert!((first.backlog - 120.0).abs() < 1e-9 && first.refused == 0.0, "{first:?}");
        let later = demand(12.0, 1.0, 450.0).queue();
        assert_eq!(later.backlog, 500.0);
        assert!((later.refused - 70.0 / 720.0).abs() < 1e-9, "{later:?}");
        assert!(later.wait > 40.0, "{later:?}");
    }

    #[test]
    fn a_backlog_drains_with_what_is_spare() {
        let queue = demand(5.0, 1.0, 100.0).queue();
        assert_eq!(queue.backlog, 0.0);
        assert!(queue.wait > demand(5.0, 1.0, 0.0).queue().wait);
    }

    #[test]
    fn who_finds_every_connection_held_waits_as_long_as_it_would_and_is_seen_to_wait() {
        let held = demand(5.0, 0.0, 0.0).impatient(2.0);
        assert_eq!((held.in_vain, held.busy, held.backlog), (1.0, 1.0, 0.0));
        assert_eq!((held.waited, held.waiting), (2.0, 10.0), "Little: 5 a second, 2 s each");
    }

    #[test]
    fn waits_for_a_connection_are_bounded_by_patience() {
        let mut pool = demand(30.0, 1.0, 0.0);
        pool.room = 2.0 / pool.service;
        let (mut seen, mut in_vain) = (pool.impatient(2.0), Vec::new());
        for _ in 0..5 {
            pool.backlog = seen.backlog;
            seen = pool.impatient(2.0);
            assert!(seen.waited <= 2.0 && seen.waiting <= 30.0 * 2.0, "{seen:?}");
            in_vain.push(seen.in_vain);
        }
        // Three times what it can serve: two of three go unserved.
        assert!(in_vain.iter().all(|share| (0.66..0.9).contains(share)), "{in_vain:?}");
        let idle = demand(1.0, 8.0, 0.0).impatient(2.0);
        assert!(idle.in_vain < 1e-6 && idle.waited < 1e-3, "{idle:?}");
    }
}
