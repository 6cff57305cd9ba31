//! What a messaging span does and with which destination, where attributes, scope and name each tell a part of it.

use super::SpanView;
use crate::span::SpanKind;

/// What a span does with messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MessagingOperation {
    /// A message is made, to be sent by another span.
    Create,
    Publish,
    /// Messages are fetched; their processing may be spans of their own.
    Receive,
    Process,
    /// An acknowledgement.
    Settle,
    /// Something else that is said to a broker: a queue is declared, an exchange bound.
    Manage,
}

impl MessagingOperation {
    /// The word in names.
    pub fn name(self) -> &'static str {
        match self {
            MessagingOperation::Create => "create",
            MessagingOperation::Publish => "publish",
            MessagingOperation::Receive => "receive",
            MessagingOperation::Process => "process",
            MessagingOperation::Settle => "settle",
            MessagingOperation::Manage => "manage",
        }
    }

    /// Whether the span is on the consuming side.
    pub fn consumes(self) -> bool {
        matches!(
            self,
            MessagingOperation::Receive | MessagingOperation::Process | MessagingOperation::Settle
        )
    }

    /// Reads what agents write, in attributes of either generation and in span names.
    pub(super) fn from_word(word: &str) -> Option<MessagingOperation> {
        Some(match word {
            "create" => MessagingOperation::Create,
            "publish" | "send" | "produce" | "apply_async" => MessagingOperation::Publish,
            "receive" | "poll" | "recv" | "fetch" => MessagingOperation::Receive,
            "process" | "deliver" | "run" | "consume" => MessagingOperation::Process,
            "settle" | "ack" | "nack" | "reject" | "complete" | "commit" => {
                MessagingOperation::Settle
            }
            _ => return None,
        })
    }

    /// What the span's kind alone says.
    pub(super) fn of_kind(kind: SpanKind) -> Option<MessagingOperation> {
        match kind {
            SpanKind::Producer => Some(MessagingOperation::Publish),
            SpanKind::Consumer => Some(MessagingOperation::Process),
            _ => None,
        }
    }
}

/// A span's name taken apart: `jobs send`, `publish <default>`, `run/tasks.mail`.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct NameParts<'a> {
    pub(super) operation: Option<MessagingOperation>,
    /// What is left without the operation; none where nothing is, or where it stands for "no name".
    pub(super) rest: Option<&'a str>,
}

/// Takes the name of a messaging span apart.
pub(super) fn name_parts<'a>(span: &SpanView<'a, '_>) -> NameParts<'a> {
    let name = span.name.trim();
    let last = name.rsplit_once(' ').map(|(rest, word)| (word, rest));
    let first = name.split_once([' ', '/']);
    let parts = [last, first, Some((name, ""))].into_iter().flatten().find_map(|(word, rest)| {
        MessagingOperation::from_word(word).map(|operation| (Some(operation), rest.trim()))
    });
    let (operation, rest) = parts.unwrap_or((None, name));
    NameParts { operation, rest: (!is_nameless(rest)).then_some(rest) }
}

/// Whether an agent wrote this where the destination has no name: what goes through RabbitMQ's default exchange is told
/// apart by its routing key alone.
pub(super) fn is_nameless(destination: &str) -> bool {
    matches!(destination, "" | "<default>" | "(default)" | "amq.default" | "<unknown>" | "unknown")
}

/// What the .NET client of RabbitMQ calls a fetch that got nothing.
pub(super) fn is_empty(operation_name: &str) -> bool {
    operation_name.ends_with("(empty)")
}

/// The destination on which both sides agree: RabbitMQ's consumers append their queue to `exchange:routing key`.
pub(super) fn without_queue<'a>(destination: &'a str, routing_key: Option<&str>) -> &'a str {
    let Some(key) = routing_key.filter(|key| !key.is_empty()) else { return destination };
    let mut from = 0;
    while let Some(colon) = destination[from..].find(':') {
        let at = from + colon + 1;
        if destination[at..].strip_prefix(key).is_some_and(|rest| rest.starts_with(':')) {
            return &destination[..at + key.len()];
        }
        from = at;
    }
    destination
}
