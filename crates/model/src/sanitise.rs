//! Takes secrets out of telemetry before anything is written: literals of statements, arguments of commands, values and
//! credentials in URLs, attributes whose names are on the deny list.
//!
//! Errs on the side of removing: what cannot be read to its end is taken for a literal to its end. Every function gives
//! back what it was given where nothing is to be removed, and its own output unchanged. Of secrets that only their form
//! tells, web tokens and AWS' key ids are known: a card number in a free text stays.

mod arguments;
mod command;
mod document;
mod edit;
mod encoded;
mod mask;
mod sql;
mod text;
mod url;

use std::borrow::Cow;

pub use arguments::command_line;
pub use mask::MaskList;
pub use url::{query, url};

use crate::attributes::Value;

/// Stands for a literal, an argument, a value in a URL.
pub(crate) const LITERAL: &str = "?";
/// Stands for the value of an attribute or key on the deny list.
pub const MASKED: &str = "***";

/// A database statement of a system (by its stable name; empty where unknown) without its literals.
pub fn statement<'a>(text: &'a str, system: &str) -> Cow<'a, str> {
    match system {
        "redis" | "valkey" | "memcached" => command::command(text),
        "mongodb" | "elasticsearch" | "opensearch" | "couchdb" => document::document(text),
        _ if text.trim_start().starts_with(['{', '[']) => document::document(text),
        _ => sql::sql(text, sql::Dialect::of(system)),
    }
}

/// A GraphQL document without its literals.
pub fn graphql(text: &str) -> Cow<'_, str> {
    sql::sql(text, sql::Dialect::GRAPHQL)
}

/// What to store in place of an attribute's value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Replacement {
    /// The whole value is on the deny list: store [`MASKED`].
    Masked,
    Text(String),
    /// An encoded `AnyValue`.
    Encoded(Vec<u8>),
}

/// The rules of one application.
#[derive(Clone, Debug, Default)]
pub struct Sanitiser {
    mask: MaskList,
    enabled: bool,
}

impl Sanitiser {
    /// Rules with a deny list; `enabled` is the application's switch.
    pub fn new(mask: MaskList, enabled: bool) -> Sanitiser {
        Sanitiser { mask, enabled }
    }

    /// Looks at one attribute of a span, event, log record or resource. `system` is the span's database system. Nothing
    /// where the value may be stored as it is; a replacement is to be stored and counted.
    pub fn attribute(
        &self,
        system: Option<&str>,
        key: &str,
        value: &Value<'_>,
    ) -> Option<Replacement> {
        if !self.enabled {
            return None;
        }
        if self.mask.matches(key) {
            return (value.as_str() != Some(MASKED)).then_some(Replacement::Masked);
        }
        if is_parameter(key) {
            let literal = || Replacement::Text(LITERAL.to_owned());
            return (value.as_str() != Some(LITERAL)).then(literal);
        }
        match value {
            Value::Str(text) => changed(self.text_attribute(system, key, text)),
            Value::Encoded(bytes) if key == "process.command_args" => {
                encoded::arguments(bytes).map(Replacement::Encoded)
            }
            Value::Encoded(bytes) => encoded::masked(bytes, &self.mask).map(Replacement::Encoded),
            Value::Int(_) | Value::Double(_) | Value::Bool(_) => None,
        }
    }

    fn text_attribute<'a>(&self, system: Option<&str>, key: &str, text: &'a str) -> Cow<'a, str> {
        match key {
            "db.query.text" | "db.statement" | "sql.query" => {
                statement(text, system.unwrap_or_default())
            }
            "graphql.document" | "graphql.source" => graphql(text),
            "url.full" | "http.url" | "http.target" => url(text),
            "url.query" => query(text),
            "process.command_line" => command_line(text),
            _ => text::text(text, &self.mask),
        }
    }

    /// A log record's body, an exception's message, a status message, a span's or event's name: text that may quote a
    /// URL, a statement, a command line, a `key=value` on the deny list. Nothing where it may be stored as it is.
    pub fn text(&self, text: &str) -> Option<String> {
        if !self.enabled {
            return None;
        }
        match text::text(text, &self.mask) {
            Cow::Owned(text) => Some(text),
            Cow::Borrowed(_) => None,
        }
    }

    /// A log record's body, whatever its type.
    pub fn log_body(&self, body: &Value<'_>) -> Option<Replacement> {
        self.attribute(None, "body", body)
    }
}

fn is_parameter(key: &str) -> bool {
    key.strip_prefix("db.").is_some_and(|rest| {
        rest.starts_with("query.parameter")
            || rest.starts_with("operation.parameter")
            || rest == "statement.parameters"
            // Go's otelsql.
            || rest.starts_with("args.")
    })
}

fn changed(text: Cow<'_, str>) -> Option<Replacement> {
    match text {
        Cow::Owned(text) => Some(Replacement::Text(text)),
        Cow::Borrowed(_) => None,
    }
}

#[cfg(test)]
mod tests;
