//! What of a snapshot is in its spans: calls out of its first segment, properties of its request, exceptions.

use std::collections::HashSet;

use serde_json::Value;
use telemetry_store::reader::{OwnedValue, Span, TraceRow};

use super::super::document::Shape;
use crate::{
    any_value,
    entities::Entities,
    reference,
    v1::traces::Targets,
    waterfall::{Called, Role, Row, Waterfall},
};

/// What was asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Wanted {
    pub(super) properties: bool,
    pub(super) exit_calls: bool,
}

impl Wanted {
    pub(super) fn any(self) -> bool {
        self.properties || self.exit_calls
    }
}

/// What was found of one snapshot; nothing where it was not asked for or its spans are not kept any more.
#[derive(Debug, Default)]
pub(super) struct Details {
    pub(super) url: Option<String>,
    pub(super) error_summary: Option<String>,
    pub(super) errors: Vec<Shape>,
    pub(super) properties: Vec<Shape>,
    pub(super) exit_calls: Vec<Shape>,
    /// A call reached somebody whom no agent watches.
    pub(super) unresolved: bool,
}

impl Details {
    /// Reads the spans of a snapshot's trace.
    pub(super) fn of(entities: &Entities, row: &TraceRow, spans: &[Span], wanted: Wanted) -> Self {
        let mut details = Details::default();
        let waterfall = Waterfall::of(spans);
        let Some(entry) = spans.iter().position(|span| span.id == row.entry) else {
            return details;
        };
        let segment = segment(&waterfall, entry);
        if wanted.properties {
            details.read_properties(spans, &spans[entry], &segment);
        }
        if wanted.exit_calls {
            details.read_exit_calls(&Targets::of(entities, spans), spans, &segment);
        }
        details
    }

    fn read_properties(&mut self, spans: &[Span], entry: &Span, segment: &[&Row]) {
        self.url = text(entry, &["url.path", "http.target"]);
        let pairs = any_value::object(&entry.attributes);
        self.properties = pairs.iter().map(|(name, value)| pair(name, &plain(value))).collect();
        for event in segment.iter().flat_map(|row| &spans[row.span].events) {
            let of = any_value::object(&event.attributes);
            let said = |name: &str| of.get(name).map(plain).unwrap_or_default();
            let (kind, message) = (said("exception.type"), said("exception.message"));
            if event.name != "exception" {
                continue;
            }
            // Stacked instrumentation repeats one throw on every span that it passes.
            let error = pair(&kind, &message);
            if !self.errors.contains(&error) {
                self.errors.push(error);
                self.error_summary.get_or_insert(format!("{kind}: {message}"));
            }
        }
    }

    fn read_exit_calls(&mut self, targets: &Targets<'_>, spans: &[Span], segment: &[&Row]) {
        for row in segment {
            let Role::Exit(called) = &row.role else { continue };
            let span = &spans[row.span];
            let target = targets.of_call(span.application, called);
            let is_tier = target.kind == "tier";
            self.unresolved |= !is_tier;
            let number = self.exit_calls.len() + 1;
            self.exit_calls.push(Shape::Object(vec![
                ("exitPointName", reference::exit_point_type(called.category).into()),
                ("detailString", detail(span, called).into()),
                ("timeTakenInMillis", (span.duration_ns / 1_000_000).into()),
                ("count", 1.into()),
                ("errors", u8::from(span.status == model::span::StatusCode::Error).into()),
                ("toComponentId", if is_tier { target.id.into() } else { Shape::from("") }),
                ("snapshotSequenceCounter", number.to_string().into()),
                ("synchronous", (!called.queue).into()),
                ("properties", Shape::List("property", vec![pair("Target", &target.name)])),
            ]));
        }
    }
}

/// The rows of the spans that run below an entry up to the next one.
fn segment(waterfall: &Waterfall, entry: usize) -> Vec<&Row> {
    let entries: HashSet<usize> =
        waterfall.rows.iter().filter(|row| row.role == Role::Entry).map(|row| row.span).collect();
    let below = |row: &&Row| {
        let mut path = std::iter::once(row.span).chain(waterfall.tree.ancestors(row.span));
        path.find(|span| *span == entry || entries.contains(span)) == Some(entry)
    };
    waterfall.rows.iter().filter(below).collect()
}

/// The statement or URL of a call, else whom it called.
fn detail(span: &Span, called: &Called) -> String {
    let known = ["db.query.text", "db.statement", "url.full", "http.url"];
    text(span, &known).unwrap_or_else(|| called.identity.clone())
}

fn text(span: &Span, names: &[&str]) -> Option<String> {
    names.iter().find_map(|name| {
        let (_, value) = span.attributes.iter().find(|(known, _)| known == name)?;
        match value {
            OwnedValue::Str(text) => Some(text.clone()),
            _ => None,
        }
    })
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn pair(name: &str, value: &str) -> Shape {
    Shape::Object(vec![("id", 0.into()), ("name", name.into()), ("value", value.into())])
}
