//! Streams: all that is known of one metric of one process and scope with one set of attributes, in one place: where its
//! points go ([`Known`]), the totals last seen, from which the next export's increase follows, and how far its samples are
//! told ([`Told`]).
//!
//! Each start time of a stream is a run of its own, so that two processes that nothing else tells apart do not look like one
//! that restarts all the time. An increase is
//! - the total less the run's total before;
//! - the whole total where it is lower than before (the counter began again at zero);
//! - the whole total of a new run that began since we know its process: such a run is as old as the process or younger,
//!   and all of it happened within our time;
//! - nothing yet for any other new run: it began before we listened, its first total is a base.
//!
//! Start times are not always true ([`Began`]): what an agent reads off the runtime or the host was counted before the agent
//! began, so that its first total is always a base. A total that is not newer than the last one is a repetition.
//!
//! Bounded: [`MAX_OF_ACCOUNT`] streams an account and [`MAX_OF_APPLICATION`] an application, [`MAX_RUNS`] runs each; what was
//! not seen for an hour is forgotten.

mod saved;

use model::{
    distribution::Distribution,
    id::{AccountId, EntityId},
};
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

use super::routes::Route;
use crate::room::{Room, Scope};
pub(super) use saved::{SavedStreams, SavedStreamsV2, SavingStreams};

/// The points of streams beyond it are refused: counted, and nothing else.
pub(super) const MAX_OF_ACCOUNT: u32 = 1_000_000;
pub(super) const MAX_OF_APPLICATION: u32 = 100_000;
/// Of more the oldest is forgotten.
const MAX_RUNS: usize = 8;
/// What is not heard of for so long is forgotten.
pub(super) const FORGET_MS: i64 = 3_600_000;
/// An agent reports for the first time up to this long after its start, given the usual interval of a minute.
const START_TOLERANCE_NS: u64 = 120_000_000_000;

/// All streams and the processes they are of.
#[derive(Debug, Default)]
pub(super) struct Streams {
    /// Each by itself: a table of them would be there twice while it grows.
    by_key: FxHashMap<u64, Box<Stream>>,
    processes: Processes,
    /// The stream that alone counts for a path of a node, the first where there are several.
    owners: FxHashMap<u64, u64>,
    of_account: FxHashMap<AccountId, u32>,
    of_application: FxHashMap<(AccountId, EntityId), u32>,
    /// So many are kept at most, of all accounts.
    pub(super) most: Option<usize>,
    /// Who is told where there is no room.
    pub(super) room: Room,
}

/// One stream.
#[derive(Debug)]
pub(super) struct Stream {
    owner: Owner,
    seen_ms: i64,
    /// Nothing since a restart until it is heard of.
    pub(super) known: Option<Known>,
    pub(super) runs: Runs,
    pub(super) told: Told,
}

impl Stream {
    /// Whether it is of this, or nobody knows of what.
    fn may_be_of(&self, scope: Scope) -> bool {
        let Owner { account, application, .. } = self.owner;
        account == AccountId(0)
            || match scope {
                Scope::Application(of, its) => (of, its) == (account, application),
                Scope::Account(of) => of == account,
                Scope::All => true,
            }
    }
}

/// The totals of a stream that were seen last, by start time.
#[derive(Clone, Debug, Default)]
pub(super) struct Runs(SmallVec<[Run; 1]>);

/// The processes that streams are of.
#[derive(Debug, Default)]
pub(super) struct Processes(FxHashMap<u64, Process>);

/// Whose a stream is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Owner {
    pub(super) account: AccountId,
    pub(super) application: EntityId,
    pub(super) process: u64,
}

/// What is worked out when a stream is first heard of.
#[derive(Debug)]
pub(super) struct Known {
    pub(super) routes: SmallVec<[Route; 1]>,
    /// Of its raw samples.
    pub(super) series: u64,
    /// Days since 1970 for which was said what its series is: the last two.
    said: [u32; 2],
    /// Nothing else counts for its only path.
    pub(super) is_sole: bool,
}

/// How far the samples of a stream are told as counted ones.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Told {
    /// In which head its last one is; 0 for none.
    pub(super) head: u32,
    /// Of that one's run.
    pub(super) start_ns: u64,
    /// Its time, Unix milliseconds.
    pub(super) at_ms: i64,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Run {
    start_ns: u64,
    time_ns: u64,
    total: Total,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Process {
    /// No stream that began later has been missed.
    known_since_ns: u64,
    seen_ms: i64,
}

/// A cumulative value.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) enum Total {
    Number(f64),
    Distribution(Box<Distribution>),
}

/// Which stream a point belongs to, and when.
#[derive(Clone, Copy, Debug)]
pub(super) struct StreamPoint {
    pub(super) stream: u64,
    pub(super) start_ns: u64,
    pub(super) time_ns: u64,
    pub(super) began: Began,
}

/// Since when a stream counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Began {
    /// At its start time.
    AtStart,
    /// Perhaps before it: the agent passes on a counter of the runtime (seen: Python's first total of `process.cpu.time`
    /// has the time of the sample itself as its start).
    Before,
    /// With the host, whoever reports it and whenever that one started.
    WithHost,
}

/// What a total says.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Step {
    /// So much more than at `since_ns`, when a number was `before`.
    Increase { amount: Total, since_ns: u64, before: f64 },
    /// The first of its run: the next one will tell.
    Base,
    /// Nothing: it was told before, or later ones were.
    Repeated,
}

impl Total {
    fn since(&self, before: &Total) -> Option<Total> {
        match (self, before) {
            (Total::Number(new), Total::Number(old)) => {
                (new >= old).then(|| Total::Number(new - old))
            }
            (Total::Distribution(new), Total::Distribution(old)) => {
                new.since(old).map(Box::new).map(Total::Distribution)
            }
            // The metric changed its type; what it was before says nothing.
            _ => None,
        }
    }
}

impl Streams {
    /// A stream that is known and heard of now, and the processes.
    pub(super) fn get_mut(
        &mut self,
        key: u64,
        now_ms: i64,
    ) -> Option<(&mut Stream, &mut Processes)> {
        let stream = self.by_key.get_mut(&key).filter(|stream| stream.known.is_some())?;
        stream.seen_ms = now_ms;
        Some((stream.as_mut(), &mut self.processes))
    }

    /// A stream that is not heard of by that.
    pub(super) fn silent_mut(&mut self, key: u64) -> Option<&mut Stream> {
        self.by_key.get_mut(&key).map(Box::as_mut)
    }

    /// Whether there is room for another stream, unless it is known. Where there is none, intake is told.
    pub(super) fn has_room(&self, key: u64, owner: Owner) -> bool {
        let full = self.full(owner);
        if let Some(scope) = full
            && !self.by_key.contains_key(&key)
        {
            let known = self.by_key.iter().filter(|(_, stream)| stream.may_be_of(scope));
            self.room.fill(scope, known.map(|(key, _)| *key));
            return false;
        }
        true
    }

    /// How many streams there may be, and are, of an application or, where none is told, of the account or the memory.
    pub(super) fn reached(
        &self,
        account: AccountId,
        application: EntityId,
    ) -> Option<(Option<EntityId>, usize)> {
        Some(match self.full(Owner { account, application, process: 0 })? {
            Scope::Application(_, of) => (Some(of), MAX_OF_APPLICATION as usize),
            Scope::Account(_) => (None, MAX_OF_ACCOUNT as usize),
            Scope::All => (None, self.most.unwrap_or(self.by_key.len())),
        })
    }

    /// What there are as many streams of as there may be.
    fn full(&self, owner: Owner) -> Option<Scope> {
        let Owner { account, application, .. } = owner;
        let is_at = |counted: Option<&u32>, most| counted.is_some_and(|count| *count >= most);
        if is_at(self.of_application.get(&(account, application)), MAX_OF_APPLICATION) {
            Some(Scope::Application(account, application))
        } else if is_at(self.of_account.get(&account), MAX_OF_ACCOUNT) {
            Some(Scope::Account(account))
        } else if self.most.is_some_and(|most| self.by_key.len() >= most) {
            Some(Scope::All)
        } else {
            None
        }
    }

    /// Notes what was worked out of a stream. Gives back the stream that until now counted alone for the path of this one.
    pub(super) fn know(
        &mut self,
        key: u64,
        owner: Owner,
        known: Known,
        now_ms: i64,
    ) -> Option<u64> {
        let mut known = known;
        let mut shared_with = None;
        for route in &known.routes {
            let first = *self.owners.entry(route.series).or_insert(key);
            if first == key {
                continue;
            }
            known.is_sole = false;
            if let Some(other) = self.by_key.get_mut(&first).and_then(|of| of.known.as_mut())
                && other.is_sole
            {
                other.is_sole = false;
                shared_with = Some(first);
            }
        }
        match self.by_key.get_mut(&key) {
            Some(stream) => {
                let before = std::mem::replace(&mut stream.owner, owner);
                (stream.known, stream.seen_ms) = (Some(known), now_ms);
                // It was not known whose it is.
                if before != owner {
                    self.count(owner);
                }
            }
            None => {
                self.count(owner);
                let (runs, told) = Default::default();
                let known = Some(known);
                let stream = Stream { owner, seen_ms: now_ms, known, runs, told };
                self.by_key.insert(key, Box::new(stream));
            }
        }
        shared_with
    }

    fn count(&mut self, owner: Owner) {
        let Owner { account, application, .. } = owner;
        *self.of_account.entry(account).or_default() += 1;
        *self.of_application.entry((account, application)).or_default() += 1;
    }

    /// Forgets what was not heard of for an hour. A process of which a stream was forgotten is known from now on only, so
    /// that the stream's whole total does not count again when it comes back.
    pub(super) fn forget(&mut self, now_ms: i64) {
        let silent = |seen_ms: i64| seen_ms.saturating_add(FORGET_MS) < now_ms;
        let Processes(processes) = &mut self.processes;
        processes.retain(|_, process| !silent(process.seen_ms));
        let before = self.by_key.len();
        self.by_key.retain(|_, stream| {
            if !silent(stream.seen_ms) {
                return true;
            }
            if let Some(process) = processes.get_mut(&stream.owner.process)
                && !stream.runs.0.is_empty()
            {
                let now_ns = now_ms.unsigned_abs().saturating_mul(1_000_000);
                process.known_since_ns = process.known_since_ns.max(now_ns);
            }
            false
        });
        if self.by_key.len() < before {
            self.room.clear();
            self.count_anew();
        }
    }

    /// Counts the streams, and finds out which of them count alone for their paths.
    fn count_anew(&mut self) {
        (self.of_account, self.of_application) = Default::default();
        let mut users: FxHashMap<u64, (u64, u32)> = FxHashMap::default();
        let owners: Vec<Owner> = self.by_key.values().map(|stream| stream.owner).collect();
        owners.into_iter().for_each(|owner| self.count(owner));
        for (key, stream) in &self.by_key {
            for route in stream.known.iter().flat_map(|known| &known.routes) {
                let user = users.entry(route.series).or_insert((*key, 0));
                user.1 += 1;
            }
        }
        for stream in self.by_key.values_mut() {
            if let Some(known) = &mut stream.known {
                known.is_sole = known.routes.iter().all(|route| users[&route.series].1 == 1);
            }
        }
        self.owners = users.into_iter().map(|(path, (key, _))| (path, key)).collect();
    }

    /// Each path that is in use, and when last.
    pub(super) fn routes(&self) -> impl Iterator<Item = (&Route, i64)> {
        self.by_key.values().flat_map(|stream| {
            let routes = stream.known.iter().flat_map(|known| &known.routes);
            routes.map(|route| (route, stream.seen_ms))
        })
    }

    /// How many streams there are.
    pub(super) fn len(&self) -> usize {
        self.by_key.len()
    }
}

impl Processes {
    /// Since when no stream of a process has been missed; it is heard of now.
    pub(super) fn known_since(&mut self, process: u64, time_ns: u64, now_ms: i64) -> u64 {
        let process =
            self.0.entry(process).or_insert(Process { known_since_ns: time_ns, seen_ms: now_ms });
        process.seen_ms = now_ms;
        process.known_since_ns
    }
}

impl Known {
    pub(super) fn new(routes: SmallVec<[Route; 1]>, series: u64) -> Known {
        Known { routes, series, said: [u32::MAX; 2], is_sole: true }
    }

    /// Whether it was not said yet on a day what its series is. Then it will have been.
    pub(super) fn say(&mut self, day: u32) -> bool {
        let is_unsaid = !self.said.contains(&day);
        if is_unsaid {
            self.said = [day, self.said[0]];
        }
        is_unsaid
    }

    /// Its route, if its samples can be told as counted ones.
    pub(super) fn sole_route(&self) -> Option<&Route> {
        match self.routes.as_slice() {
            [route] if self.is_sole && route.is_plain() => Some(route),
            _ => None,
        }
    }
}

impl Runs {
    /// Takes its next total; `known_since_ns` is of its process.
    pub(super) fn step(&mut self, point: &StreamPoint, known_since_ns: u64, total: Total) -> Step {
        let start_ns = point.start_of_run();
        match self.0.iter_mut().find(|run| run.start_ns == start_ns) {
            Some(run) => run.step(point.time_ns, total),
            None => {
                let in_our_time = point.start_ns != 0
                    && point.began == Began::AtStart
                    && point.start_ns.saturating_add(START_TOLERANCE_NS) >= known_since_ns;
                self.begin(start_ns, point.time_ns, total, in_our_time)
            }
        }
    }

    /// Adds a change to a level that its agent reports by changes, and returns the level.
    pub(super) fn accumulate(&mut self, point: &StreamPoint, change: f64) -> Option<f64> {
        if self.0.is_empty() {
            let total = Total::Number(0.0);
            self.0.push(Run { start_ns: 0, time_ns: point.time_ns, total });
        }
        match &mut self.0[0].total {
            Total::Number(level) => {
                *level += change;
                Some(*level)
            }
            Total::Distribution(_) => None,
        }
    }

    fn begin(&mut self, start_ns: u64, time_ns: u64, total: Total, in_our_time: bool) -> Step {
        if self.0.len() >= MAX_RUNS
            && let Some(oldest) = (0..self.0.len()).min_by_key(|at| self.0[*at].time_ns)
        {
            self.0.remove(oldest);
        }
        self.0.push(Run { start_ns, time_ns, total: total.clone() });
        if in_our_time {
            Step::Increase { amount: total, since_ns: start_ns.min(time_ns), before: 0.0 }
        } else {
            Step::Base
        }
    }
}

impl StreamPoint {
    /// What tells its run from the stream's others.
    pub(super) fn start_of_run(&self) -> u64 {
        if self.began == Began::WithHost { 0 } else { self.start_ns }
    }
}

impl Run {
    fn step(&mut self, time_ns: u64, total: Total) -> Step {
        if time_ns <= self.time_ns {
            return Step::Repeated;
        }
        let amount = total.since(&self.total).unwrap_or_else(|| total.clone());
        let since_ns = self.time_ns;
        let before = match self.total {
            Total::Number(before) => before,
            Total::Distribution(_) => 0.0,
        };
        (self.time_ns, self.total) = (time_ns, total);
        Step::Increase { amount, since_ns, before }
    }
}

#[cfg(test)]
mod tests;
