//! Recorded requests, and where in their bytes stand the times and ids that are others in each copy. Field numbers are
//! those of <https://github.com/open-telemetry/opentelemetry-proto>, trace.proto. Both are of constant width, so that a
//! copy is the same bytes with these written over.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};

use crate::draws::Draws;
use crate::wire::{Field, places};

/// Bytes of a request that copies are put together to: messages written one after the other are one message.
const REQUEST: usize = 1 << 20;

/// Fields of a span.
const TRACE_ID: u32 = 1;
const SPAN_ID: u32 = 2;
const PARENT: u32 = 4;
const START: u32 = 7;
const END: u32 = 8;
const EVENTS: u32 = 11;
const LINKS: u32 = 13;

/// What was recorded, put together to a few requests.
#[derive(Debug)]
pub(super) struct Recording {
    bodies: Vec<Recorded>,
    first_ns: u64,
    last_ns: u64,
}

/// A request and what of it changes.
#[derive(Debug, Default)]
struct Recorded {
    bytes: Vec<u8>,
    spans: u64,
    times: Vec<usize>,
    trace_ids: Vec<usize>,
    span_ids: Vec<usize>,
}

/// A request to send.
#[derive(Debug)]
pub(super) struct Body {
    pub(super) bytes: Vec<u8>,
    pub(super) spans: u64,
}

impl Recording {
    /// Reads all requests of a folder in the order of their names.
    pub(super) fn read(folder: &Path) -> Result<Recording> {
        let entries = std::fs::read_dir(folder)
            .with_context(|| format!("cannot read {}", folder.display()))?;
        let mut files: Vec<PathBuf> =
            entries.map(|entry| Ok(entry?.path())).collect::<Result<_>>()?;
        files.retain(|file| file.extension().is_some_and(|end| end == "pb"));
        files.sort();
        let mut requests = Vec::with_capacity(files.len());
        for file in &files {
            let bytes =
                std::fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
            requests.push((file.display().to_string(), bytes));
        }
        let recording = Recording::of(&requests)?;
        let spans: u64 = recording.bodies.iter().map(|body| body.spans).sum();
        ensure!(spans > 0, "{} holds no recorded spans (files *.pb)", folder.display());
        Ok(recording)
    }

    fn of(requests: &[(String, Vec<u8>)]) -> Result<Recording> {
        let mut recording =
            Recording { bodies: vec![Recorded::default()], first_ns: u64::MAX, last_ns: 0 };
        for (name, request) in requests {
            if recording.bodies.last().is_none_or(|body| body.bytes.len() + request.len() > REQUEST)
            {
                recording.bodies.push(Recorded::default());
            }
            let body = recording.bodies.last_mut().expect("one was pushed");
            body.add(request).with_context(|| format!("{name} is no request of OTLP traces"))?;
        }
        for body in &recording.bodies {
            for time in body.times.iter().map(|at| number_at(&body.bytes, *at)) {
                recording.first_ns = recording.first_ns.min(time);
                recording.last_ns = recording.last_ns.max(time);
            }
        }
        Ok(recording)
    }

    /// From the first moment to the last, in whole seconds.
    pub(super) fn length_ns(&self) -> u64 {
        const SECOND: u64 = 1_000_000_000;
        (self.last_ns.saturating_sub(self.first_ns) / SECOND + 1) * SECOND
    }

    /// The requests once more, so many nanoseconds earlier, with ids that no other copy has.
    pub(super) fn copy(&self, copy: u64, earlier_ns: u64) -> Result<Vec<Body>> {
        ensure!(
            self.first_ns > earlier_ns,
            "what was recorded lies less than {} hours after 1970",
            earlier_ns / 3_600_000_000_000
        );
        let mut draws = Draws::new(copy, 0);
        let [one, other, of_spans] = std::array::from_fn(|_| draws.next());
        let body = |recorded: &Recorded| {
            let mut bytes = recorded.bytes.clone();
            for at in &recorded.times {
                let time = number_at(&bytes, *at);
                // An event without a time stays without one.
                bytes[*at..at + 8].copy_from_slice(&time.saturating_sub(earlier_ns).to_le_bytes());
            }
            for at in &recorded.trace_ids {
                change(&mut bytes[*at..at + 8], one);
                change(&mut bytes[at + 8..at + 16], other);
            }
            for at in &recorded.span_ids {
                change(&mut bytes[*at..at + 8], of_spans);
            }
            Body { bytes, spans: recorded.spans }
        };
        Ok(self.bodies.iter().map(body).collect())
    }
}

fn number_at(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(bytes[at..at + 8].try_into().expect("eight bytes"))
}

/// Another id for each id, and the same one for the same.
fn change(id: &mut [u8], by: u64) {
    id.iter_mut().zip(by.to_le_bytes()).for_each(|(byte, by)| *byte ^= by);
}

impl Recorded {
    /// Appends a request.
    fn add(&mut self, request: &[u8]) -> Result<()> {
        let begin = self.bytes.len();
        for (at, of_resource) in below(request, 0, 1)? {
            for (at, of_scope) in below(of_resource, at, 2)? {
                for (at, span) in below(of_scope, at, 2)? {
                    self.add_span(span, begin + at)?;
                }
            }
        }
        self.bytes.extend_from_slice(request);
        Ok(())
    }

    /// Notes what changes of a span that stands at `at`.
    fn add_span(&mut self, span: &[u8], at: usize) -> Result<()> {
        self.spans += 1;
        for (field, value, place) in places(span)? {
            match (field, value) {
                (TRACE_ID, Field::Bytes(id)) => self.trace_id(id, at + place)?,
                (SPAN_ID | PARENT, Field::Bytes(id)) => self.span_id(id, at + place)?,
                (START | END, Field::Number(_)) => self.times.push(at + place),
                (EVENTS, Field::Bytes(event)) => self.add_event(event, at + place)?,
                (LINKS, Field::Bytes(link)) => self.add_link(link, at + place)?,
                _ => {}
            }
        }
        Ok(())
    }

    fn add_event(&mut self, event: &[u8], at: usize) -> Result<()> {
        for (field, value, place) in places(event)? {
            if let (1, Field::Number(time)) = (field, value)
                && time > 0
            {
                self.times.push(at + place);
            }
        }
        Ok(())
    }

    fn add_link(&mut self, link: &[u8], at: usize) -> Result<()> {
        for (field, value, place) in places(link)? {
            match (field, value) {
                (1, Field::Bytes(id)) => self.trace_id(id, at + place)?,
                (2, Field::Bytes(id)) => self.span_id(id, at + place)?,
                _ => {}
            }
        }
        Ok(())
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
    fn request(second: u64) -> (String, Vec<u8>) {
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
        (second.to_string(), wrapped(1, &resource))
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
        let [first, second] = [1, 2].map(|copy| recording.copy(copy, copy * earlier).unwrap());
        assert_eq!((first.len(), first[0].spans), (1, 2));
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
    fn what_is_no_request_is_refused_by_its_name() {
        let broken = ("a.pb".to_owned(), b"nothing of the kind".to_vec());
        let error = Recording::of(&[broken]).unwrap_err();
        assert!(format!("{error:#}").starts_with("a.pb is no request"), "{error:#}");
        let short = wrapped(1, &wrapped(2, &wrapped(2, &wrapped(1, b"short"))));
        let error = Recording::of(&[("b.pb".to_owned(), short)]).unwrap_err();
        assert!(format!("{error:#}").contains("a trace id of 5 bytes"), "{error:#}");
    }
}
