//! Cumulative streams: the totals last seen, from which the next export's increase follows.
//!
//! A stream is one metric of one process and scope with one set of attributes; each start time of it is a run of its own,
//! so that two processes that nothing else tells apart do not look like one that restarts all the time. An increase is
//! - the total less the run's total before;
//! - the whole total where it is lower than before (the counter began again at zero);
//! - the whole total of a new run that began since we know its process: such a run is as old as the process or younger,
//!   and all of it happened within our time;
//! - nothing yet for any other new run: it began before we listened, its first total is a base.
//!
//! Start times are not always true ([`Began`]): what an agent reads off the runtime or the host was counted before the agent
//! began, so that its first total is always a base. A total that is not newer than the last one is a repetition.
//!
//! Bounded: [`MAX_STREAMS`] streams, [`MAX_RUNS`] runs each; what was not seen for an hour is forgotten.

use model::distribution::Distribution;
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

/// Streams beyond it are counted as ignored.
pub(super) const MAX_STREAMS: usize = 200_000;
/// Of more the oldest is forgotten.
const MAX_RUNS: usize = 8;
/// What is not heard of for so long is forgotten.
pub(super) const FORGET_MS: i64 = 3_600_000;
/// An agent reports for the first time up to this long after its start, given the usual interval of a minute.
const START_TOLERANCE_NS: u64 = 120_000_000_000;

/// All cumulative state.
#[derive(Debug, Default)]
pub(super) struct Streams {
    streams: FxHashMap<u64, Stream>,
    processes: FxHashMap<u64, Process>,
    pub(super) most: Most,
}

/// How many streams are kept at most.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub(super) struct Most(pub(super) usize);

impl Default for Most {
    fn default() -> Self {
        Most(MAX_STREAMS)
    }
}

/// What of it outlives the process.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct SavedStreams {
    streams: Vec<(u64, Stream)>,
    processes: Vec<(u64, Process)>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Stream {
    process: u64,
    seen_ms: i64,
    runs: Vec<Run>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
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
    pub(super) process: u64,
    pub(super) start_ns: u64,
    pub(super) time_ns: u64,
    pub(super) now_ms: i64,
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
    /// So much more than at `since_ns`.
    Increase { amount: Total, since_ns: u64 },
    /// The first of its run: the next one will tell.
    Base,
    /// Nothing: it was told before, or later ones were.
    Repeated,
    /// There is no room for its stream.
    Full,
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
    /// Takes the next total of a stream.
    pub(super) fn step(&mut self, point: &StreamPoint, total: Total) -> Step {
        let process = self
            .processes
            .entry(point.process)
            .or_insert(Process { known_since_ns: point.time_ns, seen_ms: point.now_ms });
        process.seen_ms = point.now_ms;
        let began_in_our_time = point.start_ns != 0
            && point.began == Began::AtStart
            && point.start_ns.saturating_add(START_TOLERANCE_NS) >= process.known_since_ns;
        if self.streams.len() >= self.most.0 && !self.streams.contains_key(&point.stream) {
            return Step::Full;
        }
        let stream = self.streams.entry(point.stream).or_insert_with(|| Stream {
            process: point.process,
            seen_ms: point.now_ms,
            runs: Vec::with_capacity(1),
        });
        stream.seen_ms = point.now_ms;
        let start_ns = if point.began == Began::WithHost { 0 } else { point.start_ns };
        match stream.runs.iter_mut().find(|run| run.start_ns == start_ns) {
            Some(run) => run.step(point.time_ns, total),
            None => stream.begin(start_ns, point.time_ns, total, began_in_our_time),
        }
    }

    /// Adds a change to a level that its agent reports by changes, and returns the level.
    pub(super) fn accumulate(&mut self, point: &StreamPoint, change: f64) -> Option<f64> {
        if self.streams.len() >= self.most.0 && !self.streams.contains_key(&point.stream) {
            return None;
        }
        let stream = self.streams.entry(point.stream).or_insert_with(|| Stream {
            process: point.process,
            seen_ms: point.now_ms,
            runs: Vec::with_capacity(1),
        });
        stream.seen_ms = point.now_ms;
        if stream.runs.is_empty() {
            let total = Total::Number(0.0);
            stream.runs.push(Run { start_ns: 0, time_ns: point.time_ns, total });
        }
        match &mut stream.runs[0].total {
            Total::Number(level) => {
                *level += change;
                Some(*level)
            }
            Total::Distribution(_) => None,
        }
    }

    /// Forgets what was not heard of for an hour. A process of which a stream was forgotten is known from now on only, so
    /// that the stream's whole total does not count again when it comes back.
    pub(super) fn forget(&mut self, now_ms: i64) {
        let silent = |seen_ms: i64| seen_ms.saturating_add(FORGET_MS) < now_ms;
        self.processes.retain(|_, process| !silent(process.seen_ms));
        let processes = &mut self.processes;
        self.streams.retain(|_, stream| {
            if !silent(stream.seen_ms) {
                return true;
            }
            if let Some(process) = processes.get_mut(&stream.process) {
                let now_ns = now_ms.unsigned_abs().saturating_mul(1_000_000);
                process.known_since_ns = process.known_since_ns.max(now_ns);
            }
            false
        });
    }

    /// How many streams there are.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.streams.len()
    }

    pub(super) fn save(&self) -> SavedStreams {
        SavedStreams {
            streams: self.streams.iter().map(|(key, stream)| (*key, stream.clone())).collect(),
            processes: self
                .processes
                .iter()
                .map(|(key, process)| (*key, process.clone()))
                .collect(),
        }
    }

    pub(super) fn restore(saved: SavedStreams) -> Streams {
        Streams {
            streams: saved.streams.into_iter().collect(),
            processes: saved.processes.into_iter().collect(),
            most: Most::default(),
        }
    }
}

impl Stream {
    fn begin(&mut self, start_ns: u64, time_ns: u64, total: Total, in_our_time: bool) -> Step {
        if self.runs.len() >= MAX_RUNS
            && let Some(oldest) = (0..self.runs.len()).min_by_key(|at| self.runs[*at].time_ns)
        {
            self.runs.remove(oldest);
        }
        self.runs.push(Run { start_ns, time_ns, total: total.clone() });
        if in_our_time {
            Step::Increase { amount: total, since_ns: start_ns.min(time_ns) }
        } else {
            Step::Base
        }
    }
}

impl Run {
    fn step(&mut self, time_ns: u64, total: Total) -> Step {
        if time_ns <= self.time_ns {
            return Step::Repeated;
        }
        let amount = total.since(&self.total).unwrap_or_else(|| total.clone());
        let since_ns = self.time_ns;
        (self.time_ns, self.total) = (time_ns, total);
        Step::Increase { amount, since_ns }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000_000;
    /// Long after 1970, in seconds.
    const T: u64 = 1_700_000_000;

    fn at(start: u64, time: u64) -> StreamPoint {
        StreamPoint {
            stream: 1,
            process: 1,
            start_ns: start * SECOND,
            time_ns: time * SECOND,
            now_ms: time as i64 * 1000,
            began: Began::AtStart,
        }
    }

    fn number(step: Step) -> Option<f64> {
        match step {
            Step::Increase { amount: Total::Number(amount), .. } => Some(amount),
            _ => None,
        }
    }

    #[test]
    fn the_first_total_of_an_old_process_is_only_a_base() {
        let mut streams = Streams::default();
        assert_eq!(streams.step(&at(T - 9000, T), Total::Number(1e6)), Step::Base);
        assert_eq!(
            number(streams.step(&at(T - 9000, T + 60), Total::Number(1e6 + 5.0))),
            Some(5.0)
        );
    }

    #[test]
    fn the_first_total_of_a_process_that_just_started_counts() {
        let mut streams = Streams::default();
        assert_eq!(number(streams.step(&at(T - 50, T), Total::Number(7.0))), Some(7.0));
    }

    #[test]
    fn a_stream_that_appears_later_in_a_known_process_counts_from_its_first_total() {
        let mut streams = Streams::default();
        streams.step(&at(T - 50, T), Total::Number(7.0));
        let late = StreamPoint { stream: 2, ..at(T - 50, T + 3000) };
        assert_eq!(number(streams.step(&late, Total::Number(1.0))), Some(1.0));
        // Of a process older than our knowledge nobody can say since when it counts.
        let mut streams = Streams::default();
        streams.step(&at(T - 9000, T), Total::Number(7.0));
        let late = StreamPoint { stream: 2, ..at(T - 9000, T + 3000) };
        assert_eq!(streams.step(&late, Total::Number(1.0)), Step::Base);
    }

    #[test]
    fn a_restart_counts_from_zero_whether_told_by_start_time_or_by_value() {
        let mut streams = Streams::default();
        streams.step(&at(T, T), Total::Number(100.0));
        assert_eq!(number(streams.step(&at(T + 30, T + 60), Total::Number(150.0))), Some(150.0));
        assert_eq!(number(streams.step(&at(T + 30, T + 120), Total::Number(4.0))), Some(4.0));
    }

    #[test]
    fn two_processes_that_look_the_same_both_count() {
        let mut streams = Streams::default();
        streams.step(&at(T, T), Total::Number(100.0));
        streams.step(&at(T + 1, T + 2), Total::Number(10.0));
        assert_eq!(number(streams.step(&at(T, T + 60), Total::Number(103.0))), Some(3.0));
        assert_eq!(number(streams.step(&at(T + 1, T + 62), Total::Number(14.0))), Some(4.0));
    }

    #[test]
    fn a_counter_of_the_host_outlives_its_reporter() {
        let mut streams = Streams::default();
        let host = |start, time| StreamPoint { began: Began::WithHost, ..at(start, time) };
        assert_eq!(streams.step(&host(T, T), Total::Number(9e9)), Step::Base);
        let step = streams.step(&host(T + 50, T + 60), Total::Number(9e9 + 6.0));
        assert_eq!(number(step), Some(6.0));
    }

    #[test]
    fn a_counter_of_the_runtime_counts_from_its_second_total() {
        let mut streams = Streams::default();
        let observed = |time| StreamPoint { began: Began::Before, ..at(T, time) };
        assert_eq!(streams.step(&observed(T), Total::Number(670.0)), Step::Base);
        assert_eq!(number(streams.step(&observed(T + 60), Total::Number(680.0))), Some(10.0));
    }

    #[test]
    fn a_repeated_total_counts_once() {
        let mut streams = Streams::default();
        streams.step(&at(T, T), Total::Number(5.0));
        streams.step(&at(T, T + 60), Total::Number(8.0));
        assert_eq!(streams.step(&at(T, T + 60), Total::Number(8.0)), Step::Repeated);
        assert_eq!(streams.step(&at(T, T), Total::Number(5.0)), Step::Repeated);
    }

    #[test]
    fn what_is_silent_for_an_hour_is_forgotten_and_counts_from_a_base_when_it_returns() {
        let mut streams = Streams::default();
        streams.step(&at(T, T), Total::Number(5.0));
        // The process goes on reporting something else.
        for minute in 1..=70 {
            let other = StreamPoint { stream: 2, ..at(T, T + minute * 60) };
            streams.step(&other, Total::Number(minute as f64));
            streams.forget(other.now_ms);
        }
        assert_eq!(streams.len(), 1);
        assert_eq!(streams.step(&at(T, T + 4300), Total::Number(6.0)), Step::Base);
    }

    #[test]
    fn full_is_said_and_known_streams_go_on() {
        let mut streams = Streams::default();
        for stream in 0..MAX_STREAMS as u64 {
            streams.step(&StreamPoint { stream, ..at(T, T) }, Total::Number(1.0));
        }
        let one_more = StreamPoint { stream: MAX_STREAMS as u64, ..at(T, T) };
        assert_eq!(streams.step(&one_more, Total::Number(1.0)), Step::Full);
        assert_eq!(number(streams.step(&at(T, T + 60), Total::Number(3.0))), Some(2.0));
    }

    #[test]
    fn totals_survive_a_checkpoint() {
        let mut streams = Streams::default();
        streams.step(&at(T, T), Total::Number(5.0));
        let bytes = postcard::to_stdvec(&streams.save()).unwrap();
        let mut streams = Streams::restore(postcard::from_bytes(&bytes).unwrap());
        assert_eq!(number(streams.step(&at(T, T + 60), Total::Number(8.0))), Some(3.0));
    }
}
