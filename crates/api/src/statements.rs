//! What a backend is asked, of the calls to it that were looked at: calls with the same text together, by time.

use std::collections::BTreeMap;

use model::{
    id::{EntityId, SpanId, TraceId},
    naming::path,
    span::StatusCode,
};
use telemetry_store::reader::Span;

use crate::thrown::text;

/// Statements in an answer.
pub(crate) const MOST: usize = 50;
/// Characters of one.
const MAX_TEXT: usize = 4_000;

/// Calls of one tier with the same text.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Asked {
    pub(crate) tier: EntityId,
    pub(crate) text: String,
    pub(crate) calls: usize,
    pub(crate) errors: usize,
    pub(crate) total_ms: f64,
    pub(crate) max_ms: f64,
    /// The call that took longest.
    pub(crate) slowest: (TraceId, SpanId),
}

/// Puts calls together.
#[derive(Debug, Default)]
pub(crate) struct Statements {
    by: BTreeMap<(EntityId, String), Asked>,
}

impl Statements {
    /// Counts one call out of a tier.
    pub(crate) fn add(&mut self, call: &Span) {
        let text = text_of(call);
        let millis = call.duration_ns as f64 / 1e6;
        let of = (call.trace, call.id);
        let asked = self.by.entry((call.tier, text.clone())).or_insert(Asked {
            tier: call.tier,
            text,
            calls: 0,
            errors: 0,
            total_ms: 0.0,
            max_ms: 0.0,
            slowest: of,
        });
        asked.calls += 1;
        asked.errors += usize::from(call.status == StatusCode::Error);
        asked.total_ms += millis;
        if millis > asked.max_ms {
            (asked.max_ms, asked.slowest) = (millis, of);
        }
    }

    /// All of them, those that took most time first.
    pub(crate) fn by_time(self) -> Vec<Asked> {
        let mut all: Vec<Asked> = self.by.into_values().collect();
        all.sort_by(|a, b| b.total_ms.total_cmp(&a.total_ms).then_with(|| a.text.cmp(&b.text)));
        all
    }
}

/// The statement of a call, else its method and the path it asks for, else its name. Paths are
/// shortened as in names of business transactions.
fn text_of(call: &Span) -> String {
    let statement = text(&call.attributes, &["db.query.text", "db.statement"]);
    let said = match statement {
        Some(statement) => statement.to_owned(),
        None => request_of(call).unwrap_or_else(|| call.name.clone()),
    };
    match said.char_indices().nth(MAX_TEXT) {
        Some((end, _)) => format!("{}…", &said[..end]),
        None => said,
    }
}

fn request_of(call: &Span) -> Option<String> {
    let method = text(&call.attributes, &["http.request.method", "http.method"])?;
    let url = text(
        &call.attributes,
        &["url.template", "url.full", "http.url", "url.path", "http.target"],
    )?;
    let path = match url.split_once("://") {
        Some((_, rest)) => rest.find('/').map_or("/", |start| &rest[start..]),
        None => url,
    };
    Some(format!("{method} {}", path::template(path)))
}

#[cfg(test)]
mod tests {
    use telemetry_store::reader::OwnedValue;

    use super::*;

    fn call(id: u64, millis: u64, failed: bool, attributes: &[(&str, &str)]) -> Span {
        let attribute =
            |(key, value): &(&str, &str)| ((*key).to_owned(), OwnedValue::Str((*value).to_owned()));
        Span {
            trace: TraceId([1; 16]),
            id: SpanId(id),
            parent: SpanId(0),
            start_ns: 0,
            duration_ns: millis * 1_000_000,
            kind: model::span::SpanKind::Client,
            status: if failed { StatusCode::Error } else { StatusCode::Unset },
            status_message: String::new(),
            flags: 0,
            name: "GET".to_owned(),
            scope: String::new(),
            trace_state: String::new(),
            application: EntityId(1),
            tier: EntityId(2),
            node: EntityId(3),
            attributes: attributes.iter().map(attribute).collect(),
            resource: Vec::new(),
            events: Vec::new(),
            links: Vec::new(),
        }
    }

    #[test]
    fn calls_with_the_same_statement_are_one_line_and_the_longest_in_all_comes_first() {
        let mut statements = Statements::default();
        for (id, millis, text) in [(1, 2, "SELECT a"), (2, 30, "SELECT b"), (3, 29, "SELECT a")] {
            statements.add(&call(id, millis, id == 3, &[("db.query.text", text)]));
        }
        let found = statements.by_time();
        let brief: Vec<_> =
            found.iter().map(|it| (it.text.as_str(), it.calls, it.errors, it.total_ms)).collect();
        assert_eq!(brief, [("SELECT a", 2, 1, 31.0), ("SELECT b", 1, 0, 30.0)]);
        assert_eq!((found[0].max_ms, found[0].slowest.1), (29.0, SpanId(3)));
    }

    #[test]
    fn a_call_without_a_statement_is_told_by_its_request_or_its_name() {
        let text = |attributes: &[(&str, &str)]| text_of(&call(1, 1, false, attributes));
        let url = ("url.full", "https://pay.example.com/charges/4711?key=1");
        assert_eq!(text(&[("http.request.method", "POST"), url]), "POST /charges/{id}");
        assert_eq!(text(&[("http.method", "GET"), ("http.target", "/stock/7")]), "GET /stock/{id}");
        assert_eq!(text(&[]), "GET");
        assert_eq!(text(&[("db.statement", "GET ?")]), "GET ?");
    }
}
