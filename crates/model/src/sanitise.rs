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

/// What the values of a key are looked through for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// Nothing: switched off.
    Off,
    /// The key is on the deny list.
    Masked,
    /// A statement's parameter.
    Parameter,
    Statement,
    GraphQl,
    Url,
    Query,
    CommandLine,
    /// A command's arguments as a list.
    Arguments,
    /// Free text.
    Text,
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
        self.value(self.rule(key), system, value)
    }

    /// What the values of a key are looked through for: the same for a key at all times.
    pub fn rule(&self, key: &str) -> Rule {
        match key {
            _ if !self.enabled => Rule::Off,
            _ if self.mask.matches(key) => Rule::Masked,
            _ if is_parameter(key) => Rule::Parameter,
            "db.query.text" | "db.statement" | "sql.query" => Rule::Statement,
            "graphql.document" | "graphql.source" => Rule::GraphQl,
            "url.full" | "http.url" | "http.target" => Rule::Url,
            "url.query" => Rule::Query,
            "process.command_line" => Rule::CommandLine,
            "process.command_args" => Rule::Arguments,
            _ => Rule::Text,
        }
    }

    /// [`Sanitiser::attribute`] for a value of a key whose rule is known.
    pub fn value(
        &self,
        rule: Rule,
        system: Option<&str>,
        value: &Value<'_>,
    ) -> Option<Replacement> {
        match rule {
            Rule::Off => return None,
            Rule::Masked => return (value.as_str() != Some(MASKED)).then_some(Replacement::Masked),
            Rule::Parameter => {
                let literal = || Replacement::Text(LITERAL.to_owned());
                return (value.as_str() != Some(LITERAL)).then(literal);
            }
            _ => {}
        }
        match value {
            Value::Str(text) => changed(self.text_attribute(rule, system, text)),
            Value::Encoded(bytes) if rule == Rule::Arguments => {
                encoded::arguments(bytes).map(Replacement::Encoded)
            }
            Value::Encoded(bytes) => encoded::masked(bytes, &self.mask).map(Replacement::Encoded),
            Value::Int(_) | Value::Double(_) | Value::Bool(_) => None,
        }
    }

    fn text_attribute<'a>(&self, rule: Rule, system: Option<&str>, text: &'a str) -> Cow<'a, str> {
        match rule {
            Rule::Statement => statement(text, system.unwrap_or_default()),
            Rule::GraphQl => graphql(text),
            Rule::Url => url(text),
            Rule::Query => query(text),
            Rule::CommandLine => command_line(text),
            _ => text::text(text, &self.mask),
        }
    }

    /// Whether [`Sanitiser::text`] changes nothing of the text, told by a look at its bytes; `false` means only that it
    /// takes the longer way to tell.
    pub fn is_plain(&self, text: &str) -> bool {
        !self.enabled || text::is_plain(text)
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
