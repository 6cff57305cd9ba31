//! The one table that normalises both generations of OpenTelemetry's semantic conventions.
//!
//! Agents still send the old names beside the stable ones, and some send neither where the scope or the span's name
//! says it. [`facts`] reads a span once and answers in one vocabulary; nothing behind it looks at an attribute's name to
//! decide what a span is. It decides no names and no identities: that is [`crate::naming`].

mod address;
mod collected;
mod messaging;
mod names;
mod systems;

pub(crate) use address::without_query;
pub use address::{HostPort, Url};
pub use messaging::MessagingOperation;
pub use names::Name;

use crate::attributes::Attributes;
use crate::span::{SpanKind, StatusCode};
use collected::Collected;

/// A span as the rules see it, borrowed from the agent's own bytes.
#[derive(Clone, Copy, Debug)]
pub struct SpanView<'a, 'b> {
    pub name: &'a str,
    pub kind: SpanKind,
    /// The instrumentation scope's name.
    pub scope: &'a str,
    pub status: StatusCode,
    /// The W3C tracestate.
    pub trace_state: &'a str,
    /// The span's flags as sent: bits 0–7 the W3C's, 8 "has is-remote", 9 "is remote".
    pub flags: u32,
    pub attributes: &'b Attributes<'a>,
}

/// What a span says about itself, in one vocabulary. Empty texts read as absent.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Facts<'a> {
    /// As sent; see [`crate::naming::transaction`] for the known ones.
    pub http_method: Option<&'a str>,
    pub http_route: Option<&'a str>,
    pub http_status: Option<u16>,
    /// Without query and fragment.
    pub url_path: Option<&'a str>,
    pub url_full: Option<&'a str>,
    pub url_scheme: Option<&'a str>,
    /// The logical server: of this span for SERVER, of the far end for every other kind. Never holds a port.
    pub server_address: Option<&'a str>,
    /// The port that was sent with that address; defaults are not filled in.
    pub server_port: Option<u16>,
    pub client_address: Option<&'a str>,
    pub user_agent: Option<&'a str>,
    /// By its stable name: `microsoft.sql_server` also where an agent sent `mssql`.
    pub db_system: Option<&'a str>,
    pub db_namespace: Option<&'a str>,
    /// A numbered database (Redis), where it is not the default one.
    pub db_index: Option<i64>,
    pub db_statement: Option<&'a str>,
    pub db_operation: Option<&'a str>,
    pub db_collection: Option<&'a str>,
    pub rpc_system: Option<&'a str>,
    /// Split off a fully qualified `rpc.method` where that is all that was sent.
    pub rpc_service: Option<&'a str>,
    pub rpc_method: Option<&'a str>,
    pub messaging_system: Option<&'a str>,
    /// The same on the producer's and on the consumer's side.
    pub messaging_destination: Option<&'a str>,
    pub messaging_operation: Option<MessagingOperation>,
    pub messaging_message_id: Option<&'a str>,
    pub messaging_batch_size: Option<i64>,
    pub celery_task: Option<&'a str>,
    pub graphql_operation_name: Option<&'a str>,
    /// `query`, `mutation` or `subscription`.
    pub graphql_operation_type: Option<&'a str>,
    pub faas_trigger: Option<&'a str>,
    pub faas_name: Option<&'a str>,
    pub peer_service: Option<&'a str>,
    pub error_type: Option<&'a str>,
    /// A connection that stays: `ws`, `wss`, or answered by 101.
    pub upgraded: bool,
}

impl Facts<'_> {
    /// Whether the span speaks of an HTTP request.
    pub fn is_http(&self) -> bool {
        self.http_method.is_some() || self.http_status.is_some() || self.http_route.is_some()
    }

    /// Whether the span speaks of messages.
    pub fn is_messaging(&self) -> bool {
        self.messaging_operation.is_some()
    }
}

/// Reads a span's attributes in one pass.
pub fn facts<'a>(span: &SpanView<'a, '_>) -> Facts<'a> {
    facts_by_name(span, span.attributes.iter().map(|(key, _)| Name::of(key)))
}

/// As [`facts`], with the names of the attributes in their order: keys repeat from span to span.
pub fn facts_by_name<'a>(
    span: &SpanView<'a, '_>,
    names: impl IntoIterator<Item = Name>,
) -> Facts<'a> {
    let mut collected = Collected::default();
    for (name, (_, value)) in names.into_iter().zip(span.attributes.iter()) {
        collected.take(name, value);
    }
    collected.resolve(span)
}

/// What an `exception` event of a span, or a log record, says of an exception.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Exception<'a> {
    /// `exception.type`, as the runtime names it.
    pub name: &'a str,
    pub message: &'a str,
    pub stacktrace: &'a str,
}

/// The exception of an event or log record; nothing where neither type nor message is given.
pub fn exception<'a>(attributes: &Attributes<'a>) -> Option<Exception<'a>> {
    let text = |key| attributes.text(key).unwrap_or_default();
    let found = Exception {
        name: text("exception.type"),
        message: text("exception.message"),
        stacktrace: text("exception.stacktrace"),
    };
    (!found.name.is_empty() || !found.message.is_empty()).then_some(found)
}

#[cfg(test)]
mod tests;
