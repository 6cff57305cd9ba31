//! What an entry span is called: the name of its service endpoint, and of its business transaction where it starts one.

use std::borrow::Cow;

use super::variable::{PLACEHOLDER, is_variable};
use super::{health, name, path, statics};
use crate::conventions::{Facts, SpanView};
use crate::span::SpanKind;

/// Types of entry points, as pages name them.
pub mod category {
    pub const HTTP: &str = "HTTP";
    pub const RPC: &str = "RPC";
    pub const MESSAGING: &str = "MESSAGING";
    pub const GRAPHQL: &str = "GRAPHQL";
    pub const BACKGROUND: &str = "BACKGROUND";
    pub const OTHER: &str = "OTHER";
}

/// The one business transaction of a tier that holds its health checks.
pub const HEALTH_CHECKS: &str = "Health Checks";

/// The one business transaction of a tier that holds what has no name of its own.
pub fn other_traffic(tier: &str) -> String {
    name::limited(format!("All Other Traffic - {tier}"))
}

/// How an entry span is counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntryName {
    /// One of [`category`].
    pub category: &'static str,
    pub kind: EntryKind,
    /// Shown apart and out of response times: a connection that stays.
    pub long_lived: bool,
}

/// Under which name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EntryKind {
    Named(String),
    HealthCheck,
    OtherTraffic,
}

impl EntryName {
    /// Whether no user waits for it, so that it stays out of an application's key figures.
    pub fn background(&self) -> bool {
        self.category == category::BACKGROUND || self.kind == EntryKind::HealthCheck
    }
}

/// Names an entry span; also an INTERNAL root, which makes a business transaction only if it has an exit call below it.
pub fn entry(facts: &Facts<'_>, span: &SpanView<'_, '_>) -> EntryName {
    let (category, kind) = categorised(facts, span);
    EntryName { category, kind, long_lived: facts.upgraded }
}

fn categorised(facts: &Facts<'_>, span: &SpanView<'_, '_>) -> (&'static str, EntryKind) {
    if !span.kind.may_enter() {
        return (category::BACKGROUND, named(of_span(span.name)));
    }
    if let Some(task) = facts.celery_task {
        return (category::MESSAGING, named(task));
    }
    if let Some(operation) = graphql_operation(facts) {
        return (category::GRAPHQL, EntryKind::Named(operation));
    }
    if let Some(method) = facts.rpc_method.filter(|_| facts.rpc_system.is_some()) {
        return (category::RPC, named(of_rpc(facts.rpc_service, method)));
    }
    if let Some(message) =
        of_message(facts).filter(|_| span.kind == SpanKind::Consumer || !facts.is_http())
    {
        return (category::MESSAGING, named(message));
    }
    if facts.is_http() {
        return (category::HTTP, of_http(facts));
    }
    let category = match facts.faas_trigger {
        Some("timer") => category::BACKGROUND,
        Some("http") => category::HTTP,
        Some("pubsub") => category::MESSAGING,
        _ if facts.is_messaging() => category::MESSAGING,
        _ if facts.rpc_system.is_some() => category::RPC,
        _ => category::OTHER,
    };
    (category, named(of_span(span.name)))
}

/// The name of a GraphQL operation, `query Cart`: also that of an INTERNAL span, whose entry it then names. Nothing for
/// an operation without a name, which says no more than its route.
pub fn graphql_operation(facts: &Facts<'_>) -> Option<String> {
    let operation = facts.graphql_operation_name?;
    let kind = facts.graphql_operation_type.unwrap_or("query");
    Some(name::limited(format!("{kind} {operation}")))
}

fn named(text: impl Into<String>) -> EntryKind {
    EntryKind::Named(name::limited(text.into()))
}

fn of_rpc(service: Option<&str>, method: &str) -> String {
    match service {
        Some(service) => [service, "/", method].concat(),
        None => method.to_owned(),
    }
}

fn of_message(facts: &Facts<'_>) -> Option<String> {
    Some([facts.messaging_destination?, " ", facts.messaging_operation?.name()].concat())
}

fn of_http(facts: &Facts<'_>) -> EntryKind {
    if health::is_health_check(facts) {
        return EntryKind::HealthCheck;
    }
    let route = facts.http_route.filter(|route| !is_catch_all(route, facts.url_path));
    let client_error = facts.http_status.is_some_and(|status| (400..500).contains(&status));
    if (route.is_none() && client_error) || statics::is_static_asset(facts) {
        return EntryKind::OtherTraffic;
    }
    let path = match route {
        Some(route) => Cow::Borrowed(route),
        None => Cow::Owned(path::template(facts.url_path.unwrap_or("/"))),
    };
    let slash = if path.starts_with('/') { "" } else { "/" };
    named([method(facts.http_method), " ", slash, &path].concat())
}

/// A route that matches whatever no other does says nothing: `/*`, `{*path:nonfile}`, `/{rest...}`, a Go server's `/`
/// for every path; nor does the pattern by which ASP.NET's MVC finds any controller.
fn is_catch_all(route: &str, path: Option<&str>) -> bool {
    let bare = route.trim_matches('/');
    if bare.is_empty() {
        return path.is_some_and(|path| !path.trim_matches('/').is_empty());
    }
    if bare.contains("{controller") && bare.contains("{action") {
        return true;
    }
    let inside = bare.strip_prefix('{').and_then(|bare| bare.strip_suffix('}'));
    !bare.contains('/')
        && match inside {
            Some(inside) => {
                inside.starts_with('*') || inside.ends_with("...") || inside.ends_with(":path")
            }
            None => bare.starts_with('*') || bare == "(.*)",
        }
}

/// The known methods; whatever else a client makes up is `HTTP`, as the conventions name it.
fn method(sent: Option<&str>) -> &'static str {
    const KNOWN: [&str; 10] =
        ["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "CONNECT", "TRACE", "QUERY"];
    let sent = sent.unwrap_or_default();
    KNOWN.into_iter().find(|known| known.eq_ignore_ascii_case(sent)).unwrap_or("HTTP")
}

/// A span's own name, should an agent have put an id into it. What stands before a number says what it is a number of:
/// `worker-3` is `worker-{id}`.
fn of_span(span_name: &str) -> Cow<'_, str> {
    if !span_name.split([' ', '/']).any(is_variable) {
        return Cow::Borrowed(span_name);
    }
    let words = span_name.split_inclusive([' ', '/']).map(|word| {
        let bare = word.trim_end_matches([' ', '/']);
        if is_variable(bare) {
            let name = numbered(bare).unwrap_or_default();
            Cow::Owned(format!("{name}{PLACEHOLDER}{}", &word[bare.len()..]))
        } else {
            Cow::Borrowed(word)
        }
    });
    Cow::Owned(words.collect())
}

/// What stands before the number at a word's end, with the dash between them; nothing where that varies too.
fn numbered(word: &str) -> Option<&str> {
    let before = word.trim_end_matches(|c: char| c.is_ascii_digit());
    let name = before.strip_suffix(['-', '_', ':'])?;
    let is_name = name.starts_with(char::is_alphabetic) && !is_variable(name);
    (is_name && before.len() < word.len()).then_some(before)
}

#[cfg(test)]
mod tests;
