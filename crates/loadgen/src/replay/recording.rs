//! Recorded requests, and where in their bytes stand the times and ids that are others in each copy. Field numbers are
//! those of <https://github.com/open-telemetry/opentelemetry-proto>, trace.proto and logs.proto. Both are of constant
//! width, so that a copy is the same bytes with these written over.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};

use crate::draws::Draws;
use crate::send::courier::Signal;
use crate::wire::{Field, places};

/// Bytes of a request that copies are put together to: messages written one after the other are one message.
const REQUEST: usize = 1 << 20;
const SECOND_NS: u64 = 1_000_000_000;
/// Bytes of a recording at the most: it is in memory, with its places.
const MOST: u64 = 1 << 30;

/// Fields of a span.
const TRACE_ID: u32 = 1;
const SPAN_ID: u32 = 2;
const PARENT: u32 = 4;
const START: u32 = 7;
const END: u32 = 8;
const EVENTS: u32 = 11;
const LINKS: u32 = 13;

/// Fields of a log record.
const AT: u32 = 1;
const TRACE_OF_RECORD: u32 = 9;
const SPAN_OF_RECORD: u32 = 10;
const OBSERVED: u32 = 11;

/// What was recorded, put together to a few requests.
#[derive(Debug)]
pub(super) struct Recording {
    bodies: Vec<Recorded>,
    /// When each trace began.
    began: Vec<u64>,
    first_ns: u64,
    last_ns: u64,
}

/// A request and what of it changes.
#[derive(Debug)]
struct Recorded {
    signal: Signal,
    bytes: Vec<u8>,
    items: u64,
    /// Each with the trace that it belongs to, if any.
    times: Vec<(usize, Option<usize>)>,
    trace_ids: Vec<usize>,
    span_ids: Vec<usize>,
}

/// A request to send.
#[derive(Debug)]
pub(super) struct Body {
    pub(super) signal: Signal,
    pub(super) bytes: Vec<u8>,
    /// Spans or log records.
    pub(super) items: u64,
}

/// Numbers of traces by their ids.
type Traces = HashMap<[u8; 16], usize>;

impl Recording {
    /// Reads all requests of a folder in the order of their names.
    pub(super) fn read(folder: &Path) -> Result<Recording> {
        let entries = std::fs::read_dir(folder)
            .with_context(|| format!("cannot read {}", folder.display()))?;
        let mut files: Vec<PathBuf> =
            entries.map(|entry| Ok(entry?.path())).collect::<Result<_>>()?;
        files.sort();
        let mut requests = Vec::new();
        let mut left = MOST;
        for file in &files {
            let name = file.display().to_string();
            let signal = match () {
                () if name.ends_with(".traces.pb") => Signal::Traces,
                () if name.ends_with(".logs.pb") => Signal::Logs,
                () => continue,
            };
            let size =
                std::fs::metadata(file).with_context(|| format!("cannot read {name}"))?.len();
            left = left.checked_sub(size).with_context(|| {
                let most = MOST >> 20;
                format!("{} holds more than {most} MiB; record a few minutes", folder.display())
            })?;
            let bytes = std::fs::read(file).with_context(|| format!("cannot read {name}"))?;
            requests.push((signal, name, bytes));
        }
        let recording = Recording::of(&requests)?;
        let traces = recording.bodies.iter().any(|body| body.signal == Signal::Traces);
        ensure!(traces, "{} holds no recorded spans (files *.traces.pb)", folder.display());
        Ok(recording)
    }

    fn of(requests: &[(Signal, String, Vec<u8>)]) -> Result<Recording> {
        let mut bodies: Vec<Recorded> = Vec::new();
        let mut traces = Traces::default();
        for (signal, name, request) in requests {
            let has_room = |body: &&mut Recorded| {
                body.signal == *signal && body.bytes.len() + request.len() <= REQUEST
            };
            let body = match bodies.iter_mut().rev().find(has_room) {
                Some(body) => body,
                None => {
                    bodies.push(Recorded::of(*signal));
                    bodies.last_mut().expect("one was pushed")
                }
            };
            body.add(request, &mut traces)
                .with_context(|| format!("{name} is no request of OTLP"))?;
        }
        bodies.retain(|body| body.items > 0);
        let (mut first_ns, mut last_ns) = (u64::MAX, 0);
        let mut began = vec![u64::MAX; traces.len()];
        for body in &bodies {
            for (at, trace) in &body.times {
                let time = number_at(&body.bytes, *at);
                (first_ns, last_ns) = (first_ns.min(time), last_ns.max(time));
                if let Some(trace) = trace {
                    began[*trace] = began[*trace].min(time);
                }
            }
        }
        Ok(Recording { bodies, began, first_ns, last_ns })
    }

    /// From the first moment to the last, in whole seconds.
    pub(super) fn length_ns(&self) -> u64 {
        (self.last_ns.saturating_sub(self.first_ns) / SECOND_NS + 1) * SECOND_NS
    }

    /// The requests once more, so many nanoseconds earlier, with ids that no other copy has, and each trace longer or
    /// shorter from its beginning on: `vary` is the standard deviation of the logarithm of how much, once for the whole copy and
    /// once for each trace.
    pub(super) fn copy(&self, copy: u64, earlier_ns: u64, vary: f64) -> Result<Vec<Body>> {
        ensure!(
            self.first_ns > earlier_ns,
            "what was recorded lies less than {} hours after 1970",
            earlier_ns / 3_600 / SECOND_NS
        );
        let mut draws = Draws::new(copy, 0);
        let [one, other, of_spans] = std::array::from_fn(|_| draws.next());
        let whole = normal(&mut draws);
        let times: Vec<f64> =
            self.began.iter().map(|_| (vary * (whole + normal(&mut draws))).exp()).collect();
        let moved = |time: u64, trace: Option<usize>| {
            let later = trace.map_or(0.0, |trace| {
                let since = time.saturating_sub(self.began[trace]) as f64;
                since * (times[trace] - 1.0)
            });
            time.saturating_sub(earlier_ns).saturating_add_signed(later as i64)
        };
        let body = |recorded: &Recorded| {
            let mut bytes = recorded.bytes.clone();
            for (at, trace) in &recorded.times {
                let time = moved(number_at(&bytes, *at), *trace);
                bytes[*at..at + 8].copy_from_slice(&time.to_le_bytes());
            }
            for at in &recorded.trace_ids {
                change(&mut bytes[*at..at + 8], one);
                change(&mut bytes[at + 8..at + 16], other);
            }
            for at in &recorded.span_ids {
                change(&mut bytes[*at..at + 8], of_spans);
            }
            Body { signal: recorded.signal, bytes, items: recorded.items }
        };
        Ok(self.bodies.iter().map(body).collect())
    }
}

/// A draw of the normal distribution with mean 0 and deviation 1: twelve equal ones, less their mean
/// (<https://en.wikipedia.org/wiki/Irwin-Hall_distribution>). Never beyond 6.
fn normal(draws: &mut Draws) -> f64 {
    const BOUND: usize = 1 << 20;
    (0..12).map(|_| draws.below(BOUND) as f64 / BOUND as f64).sum::<f64>() - 6.0
}

fn number_at(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(bytes[at..at + 8].try_into().expect("eight bytes"))
}

/// Another id for each id, and the same one for the same.
fn change(id: &mut [u8], by: u64) {
    id.iter_mut().zip(by.to_le_bytes()).for_each(|(byte, by)| *byte ^= by);
}

impl Recorded {
    fn of(signal: Signal) -> Recorded {
        let (bytes, times, trace_ids, span_ids) = Default::default();
        Recorded { signal, bytes, items: 0, times, trace_ids, span_ids }
    }

    /// Appends a request.
    fn add(&mut self, request: &[u8], traces: &mut Traces) -> Result<()> {
        let begin = self.bytes.len();
        for (at, of_resource) in below(request, 0, 1)? {
            for (at, of_scope) in below(of_resource, at, 2)? {
                for (at, item) in below(of_scope, at, 2)? {
                    self.items += 1;
                    match self.signal {
                        Signal::Traces => self.add_span(item, begin + at, traces)?,
                        _ => self.add_record(item, begin + at, traces)?,
                    }
                }
            }
        }
        self.bytes.extend_from_slice(request);
        Ok(())
    }

    /// Notes what changes of a span that stands at `at`.
    fn add_span(&mut self, span: &[u8], at: usize, traces: &mut Traces) -> Result<()> {
        let fields = places(span)?;
        let trace = trace_of(&fields, TRACE_ID, traces)?;
        for (field, value, place) in fields {
            match (field, value) {
                (TRACE_ID, Field::Bytes(id)) => self.trace_id(id, at + place)?,
                (SPAN_ID | PARENT, Field::Bytes(id)) => self.span_id(id, at + place)?,
                (START | END, Field::Number(time)) => self.time(time, at + place, trace),
                (EVENTS, Field::Bytes(event)) => {
                    for (field, value, below) in places(event)? {
                        if let (1, Field::Number(time)) = (field, value) {
                            self.time(time, at + place + below, trace);
                        }
                    }
                }
                (LINKS, Field::Bytes(link)) => {
                    for (field, value, below) in places(link)? {
                        match (field, value) {
                            (1, Field::Bytes(id)) => self.trace_id(id, at + place + below)?,
                            (2, Field::Bytes(id)) => self.span_id(id, at + place + below)?,
                            _ => {}
                        }
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Notes what changes of a log record that stands at `at`.
    fn add_record(&mut self, record: &[u8], at: usize, traces: &mut Traces) -> Result<()> {
        let fields = places(record)?;
        let trace = trace_of(&fields, TRACE_OF_RECORD, traces)?;
        for (field, value, place) in fields {
            match (field, value) {
                (AT | OBSERVED, Field::Number(time)) => self.time(time, at + place, trace),
                (TRACE_OF_RECORD, Field::Bytes(id)) if !id.is_empty() => {
                    self.trace_id(id, at + place)?;
                }
                (SPAN_OF_RECORD, Field::Bytes(id)) => self.span_id(id, at + place)?,
                _ => {}
            }
        }
        Ok(())
    }

    /// One that is not set stays so.
    fn time(&mut self, time: u64, at: usize, trace: Option<usize>) {
        if time > 0 {
            self.times.push((at, trace));
        }
    }

    fn trace_id(&mut self, id: &[u8], at: usize) -> Result<()> {
        ensure!(id.len() == 16, "a trace id of {} bytes", id.len());
        self.trace_ids.push(at);
        Ok(())
    }

    fn span_id(&mut self, id: &[u8], at: usize) -> Result<()> {
        match id.len() {
            // A root names no parent.
            0 => Ok(()),
            8 => {
                self.span_ids.push(at);
                Ok(())
            }
            other => bail!("a span id of {other} bytes"),
        }
    }
}

/// The number of the trace that a field names; none where there is no such field.
fn trace_of(
    fields: &[(u32, Field<'_>, usize)],
    wanted: u32,
    traces: &mut Traces,
) -> Result<Option<usize>> {
    let named = fields.iter().find_map(|(field, value, _)| match value {
        Field::Bytes(id) if *field == wanted && !id.is_empty() => Some(*id),
        _ => None,
    });
    let Some(id) = named else { return Ok(None) };
    let next = traces.len();
    let id: [u8; 16] =
        id.try_into().ok().with_context(|| format!("a trace id of {} bytes", id.len()))?;
    Ok(Some(*traces.entry(id).or_insert(next)))
}

/// The messages in a field of a message that stands at `at`, each with where it stands.
fn below(message: &[u8], at: usize, wanted: u32) -> Result<Vec<(usize, &[u8])>> {
    let mut found = Vec::new();
    for (field, value, place) in places(message)? {
        if let (Field::Bytes(below), true) = (value, field == wanted) {
            found.push((at + place, below));
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{fields, put_bytes, put_fixed64};

    const BEGIN: u64 = 1_000_000_000_000_000;

    fn wrapped(field: u32, message: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        put_bytes(&mut out, field, message);
        out
    }

    /// A request of one span with a parent, an event and a link.
    fn request(second: u64) -> (Signal, String, Vec<u8>) {
        let at = BEGIN + second * 1_000_000_000;
        let mut span = Vec::new();
        put_bytes(&mut span, 1, &[7; 16]);
        put_bytes(&mut span, 2, &[1; 8]);
        put_bytes(&mut span, 4, &[2; 8]);
        put_bytes(&mut span, 5, b"GET /");
        put_fixed64(&mut span, 7, at);
        put_fixed64(&mut span, 8, at + 5);
        let mut event = Vec::new();
        put_fixed64(&mut event, 1, at + 3);
        put_bytes(&mut span, 11, &event);
        let mut link = Vec::new();
        put_bytes(&mut link, 1, &[7; 16]);
        put_bytes(&mut link, 2, &[2; 8]);
        put_bytes(&mut span, 13, &link);
        let mut resource = wrapped(1, b"");
        resource.extend(wrapped(2, &wrapped(2, &span)));
        (Signal::Traces, second.to_string(), wrapped(1, &resource))
    }

    fn spans(body: &[u8]) -> Vec<Vec<u8>> {
        let mut found = Vec::new();
        for (_, of_resource) in below(body, 0, 1).unwrap() {
            for (_, of_scope) in below(of_resource, 0, 2).unwrap() {
                found.extend(below(of_scope, 0, 2).unwrap().into_iter().map(|(_, s)| s.to_vec()));
            }
        }
        found
    }

    fn number(message: &[u8], wanted: u32) -> u64 {
        match fields(message).unwrap().into_iter().find(|(field, _)| *field == wanted) {
            Some((_, Field::Number(value))) => value,
            other => panic!("{other:?}"),
        }
    }

    fn bytes(message: &[u8], wanted: u32) -> Vec<u8> {
        match fields(message).unwrap().into_iter().find(|(field, _)| *field == wanted) {
            Some((_, Field::Bytes(value))) => value.to_vec(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_copy_lies_earlier_and_has_ids_of_its_own_that_still_name_each_other() {
        let recording = Recording::of(&[request(0), request(9)]).unwrap();
        assert_eq!(recording.length_ns(), 10_000_000_000);
        let earlier = 60_000_000_000;
        let [first, second] = [1, 2].map(|copy| recording.copy(copy, copy * earlier, 0.0).unwrap());
        assert_eq!((first.len(), first[0].items), (1, 2));
        for (copy, bodies) in [(1, &first), (2, &second)] {
            let found = spans(&bodies[0].bytes);
            assert_eq!(found.len(), 2);
            let at = BEGIN - copy * earlier;
            assert_eq!((number(&found[0], 7), number(&found[0], 8)), (at, at + 5));
            assert_eq!(number(&bytes(&found[0], 11), 1), at + 3);
            assert_eq!(number(&found[1], 7), at + 9_000_000_000);
            assert_eq!(bytes(&found[0], 5), b"GET /");
            let link = bytes(&found[0], 13);
            assert_eq!(bytes(&link, 1), bytes(&found[1], 1), "the same trace");
            assert_eq!(bytes(&link, 2), bytes(&found[0], 4), "the same span");
            assert_ne!(bytes(&found[0], 1), [7; 16]);
            assert_ne!(bytes(&found[0], 2), [1; 8]);
        }
        let ids = [&first, &second].map(|bodies| bytes(&spans(&bodies[0].bytes)[0], 1));
        assert_ne!(ids[0], ids[1]);
    }

    #[test]
    fn a_trace_is_longer_or_shorter_with_its_log_and_begins_when_it_did() {
        let mut record = Vec::new();
        put_fixed64(&mut record, AT, BEGIN + 4_000);
        put_bytes(&mut record, TRACE_OF_RECORD, &[7; 16]);
        let log = wrapped(1, &wrapped(2, &wrapped(2, &record)));
        let (_, name, mut spans_of_both) = request(0);
        let mut longer = Vec::new();
        put_bytes(&mut longer, 1, &[7; 16]);
        put_fixed64(&mut longer, 7, BEGIN);
        put_fixed64(&mut longer, 8, BEGIN + 8_000);
        spans_of_both.extend(wrapped(1, &wrapped(2, &wrapped(2, &longer))));
        let requests =
            [(Signal::Traces, name, spans_of_both), (Signal::Logs, "log".to_owned(), log)];
        let recording = Recording::of(&requests).unwrap();
        let mut lengths = Vec::new();
        for copy in 1..=50 {
            let bodies = recording.copy(copy, 0, 0.3).unwrap();
            let [of_spans, of_log] = [0, 1].map(|place| spans(&bodies[place].bytes));
            assert_eq!((number(&of_spans[1], 7), bodies[1].signal), (BEGIN, Signal::Logs));
            let took = number(&of_spans[1], 8) - BEGIN;
            let logged = number(&of_log[0], AT) - BEGIN;
            assert!(logged.abs_diff(took / 2) <= 1, "{logged} of {took}");
            assert_eq!(bytes(&of_log[0], TRACE_OF_RECORD), bytes(&of_spans[1], 1));
            lengths.push(took);
        }
        assert!(lengths.iter().any(|took| *took > 9_000), "{lengths:?}");
        assert!(lengths.iter().any(|took| *took < 7_000), "{lengths:?}");
    }

    #[test]
    fn what_is_no_request_is_refused_by_its_name() {
        let broken = (Signal::Logs, "a.pb".to_owned(), b"nothing of the kind".to_vec());
        let error = Recording::of(&[broken]).unwrap_err();
        assert!(format!("{error:#}").starts_with("a.pb is no request"), "{error:#}");
        let short = wrapped(1, &wrapped(2, &wrapped(2, &wrapped(1, b"short"))));
        let error = Recording::of(&[(Signal::Traces, "b.pb".to_owned(), short)]).unwrap_err();
        assert!(format!("{error:#}").contains("a trace id of 5 bytes"), "{error:#}");
    }

    #[test]
    fn a_recording_that_memory_could_not_hold_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let file = std::fs::File::create(folder.path().join("1.traces.pb")).unwrap();
        file.set_len(MOST + 1).unwrap();
        let refused = Recording::read(folder.path()).unwrap_err().to_string();
        assert!(refused.ends_with("holds more than 1024 MiB; record a few minutes"), "{refused}");
    }
}
