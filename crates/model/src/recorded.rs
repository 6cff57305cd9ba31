//! What real agents sent, for tests: one line a resource or span, as recorded (duplicates left out).

use crate::attributes::{Attributes, Value};
use crate::conventions::SpanView;
use crate::span::{SpanKind, StatusCode};

/// Flask, FastAPI, Celery, pika, redis and requests under the Python agent 0.66b1.
pub(crate) const PYTHON: Recording = Recording(include_str!("recorded/python.txt"));
/// Express, amqplib, ioredis and undici under the Node.js agent 0.81.2; FastAPI with a WebSocket and GraphQL.
pub(crate) const NODEJS: Recording = Recording(include_str!("recorded/nodejs.txt"));
/// The example shop (MariaDB, redis, RabbitMQ), Celery and GraphQL under the same agents, with whole scopes.
pub(crate) const SHOP: Recording = Recording(include_str!("recorded/shop.txt"));

/// The lines of one recording.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Recording(&'static str);

impl Recording {
    /// The first line that begins so (behind `SPAN` or `RES`).
    pub(crate) fn line(self, begins: &str) -> &'static str {
        self.spans()
            .chain(self.resources())
            .find(|line| line.split_once(' ').unwrap().1.starts_with(begins))
            .unwrap()
    }

    /// All lines of spans.
    pub(crate) fn spans(self) -> impl Iterator<Item = &'static str> {
        self.0.lines().filter(|line| line.starts_with("SPAN "))
    }

    /// All lines of resources.
    pub(crate) fn resources(self) -> impl Iterator<Item = &'static str> {
        self.0.lines().filter(|line| line.starts_with("RES "))
    }
}

/// All spans of all recordings.
pub(crate) fn all_spans() -> impl Iterator<Item = RecordedSpan> {
    [PYTHON, NODEJS, SHOP].into_iter().flat_map(Recording::spans).map(span)
}

/// A recorded span whose texts live as long as the test.
#[derive(Clone, Debug)]
pub(crate) struct RecordedSpan {
    pub(crate) tier: &'static str,
    pub(crate) name: &'static str,
    pub(crate) kind: SpanKind,
    pub(crate) scope: &'static str,
    pub(crate) status: StatusCode,
    pub(crate) flags: u32,
    pub(crate) attributes: Attributes<'static>,
}

impl RecordedSpan {
    /// What the rules are given.
    pub(crate) fn view(&self) -> SpanView<'static, '_> {
        SpanView {
            name: self.name,
            kind: self.kind,
            scope: self.scope,
            status: self.status,
            trace_state: "",
            flags: self.flags,
            attributes: &self.attributes,
        }
    }
}

/// Reads `SPAN tier KIND 'name' scope=… st=… fl=… {attributes}`.
pub(crate) fn span(line: &str) -> RecordedSpan {
    let line: &'static str = Box::leak(line.to_owned().into_boxed_str());
    let (head, name_on) = line.split_once(" '").unwrap();
    let (name, fields) = name_on.split_once("' scope=").unwrap();
    let scope = fields.split_once(" schema=").unwrap().0;
    let field = |name: &str| fields.split_once(name).unwrap().1.split(' ').next().unwrap();
    RecordedSpan {
        tier: head.split(' ').nth(1).unwrap(),
        name,
        kind: match head.rsplit(' ').next().unwrap() {
            "SRV" => SpanKind::Server,
            "CLI" => SpanKind::Client,
            "PROD" => SpanKind::Producer,
            "CONS" => SpanKind::Consumer,
            _ => SpanKind::Internal,
        },
        scope,
        status: StatusCode::from_wire(field(" st=").parse().unwrap()),
        flags: u32::from_str_radix(field(" fl="), 16).unwrap(),
        attributes: attributes(line),
    }
}

/// Reads the JSON object at the end of a line.
pub(crate) fn attributes(line: &str) -> Attributes<'static> {
    let json = &line[line.find(" {\"").map_or(line.len() - 2, |at| at + 1)..];
    let object: serde_json::Map<String, serde_json::Value> = serde_json::from_str(json).unwrap();
    let leak = |text: &str| -> &'static str { Box::leak(text.to_owned().into_boxed_str()) };
    object
        .iter()
        .filter_map(|(key, value)| {
            let value = match value {
                serde_json::Value::String(text) => Value::Str(leak(text)),
                serde_json::Value::Bool(flag) => Value::Bool(*flag),
                serde_json::Value::Number(number) => Value::Int(number.as_i64().unwrap()),
                _ => return None,
            };
            Some((leak(key), value))
        })
        .collect()
}
