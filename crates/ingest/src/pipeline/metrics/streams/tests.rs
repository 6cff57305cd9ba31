use super::*;

const SECOND: u64 = 1_000_000_000;
/// Long after 1970, in seconds.
const T: u64 = 1_700_000_000;

const OWNER: Owner = Owner { account: AccountId::FIRST, application: EntityId(1), process: 1 };

fn at(start: u64, time: u64) -> StreamPoint {
    StreamPoint {
        stream: 1,
        start_ns: start * SECOND,
        time_ns: time * SECOND,
        began: Began::AtStart,
    }
}

impl Streams {
    /// The next total of a stream, which arrives at its own time.
    fn step(&mut self, point: &StreamPoint, total: Total) -> Step {
        let now_ms = (point.time_ns / 1_000_000) as i64;
        if self.get_mut(point.stream, now_ms).is_none() {
            let known = Known::new(SmallVec::new(), point.stream);
            assert_eq!(self.know(point.stream, OWNER, known, now_ms), None);
        }
        let (stream, processes) = self.get_mut(point.stream, now_ms).unwrap();
        let since = processes.known_since(OWNER.process, point.time_ns, now_ms);
        stream.runs.step(point, since, total)
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
    assert_eq!(number(streams.step(&at(T - 9000, T + 60), Total::Number(1e6 + 5.0))), Some(5.0));
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
        streams.forget((other.time_ns / 1_000_000) as i64);
    }
    assert_eq!(streams.len(), 1);
    assert_eq!(streams.step(&at(T, T + 4300), Total::Number(6.0)), Step::Base);
}

#[test]
fn there_is_no_room_beyond_the_bound_of_an_application_and_known_streams_go_on() {
    let mut streams = Streams::default();
    for stream in 0..u64::from(MAX_OF_APPLICATION) {
        assert!(streams.has_room(stream, OWNER));
        streams.step(&StreamPoint { stream, ..at(T, T) }, Total::Number(1.0));
    }
    assert!(!streams.has_room(u64::MAX, OWNER));
    assert!(streams.has_room(1, OWNER));
    assert!(streams.has_room(u64::MAX, Owner { application: EntityId(2), ..OWNER }));
    assert_eq!(streams.full(OWNER), Some(Scope::Application(OWNER.account, OWNER.application)));
    assert_eq!(number(streams.step(&at(T, T + 60), Total::Number(3.0))), Some(2.0));
    streams.forget((T as i64 + 3_630) * 1000);
    assert_eq!(streams.len(), 1);
    assert!(streams.has_room(u64::MAX, OWNER));
}

#[test]
fn totals_survive_a_checkpoint() {
    let mut streams = Streams::default();
    streams.step(&at(T, T), Total::Number(5.0));
    let bytes = postcard::to_stdvec(&streams.save()).unwrap();
    let mut streams = Streams::restore(postcard::from_bytes(&bytes).unwrap());
    assert_eq!(number(streams.step(&at(T, T + 60), Total::Number(8.0))), Some(3.0));
}
