//! What of a snapshot is in its segment's spans: calls out of it, properties of its request, exceptions.

use model::id::EntityId;
use serde_json::Value;
use telemetry_store::reader::{OwnedValue, Span};

use super::{super::document::Shape, segment::Segments};
use crate::{
    any_value,
    entities::Entities,
    reference,
    thrown::{Thrown, text},
    v1::traces::Targets,
    waterfall::{Called, Role},
};

/// Exceptions of one segment that are looked at.
const MOST_ERRORS: usize = 100;

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

/// What was found of one snapshot; nothing where its spans were not read or are not kept any more.
#[derive(Debug, Default)]
pub(super) struct Details {
    pub(super) url: Option<String>,
    pub(super) session: Option<String>,
    /// The groups of its exceptions.
    pub(super) error_ids: Vec<EntityId>,
    pub(super) error_summary: Option<String>,
    pub(super) errors: Vec<Shape>,
    pub(super) properties: Vec<Shape>,
    pub(super) exit_calls: Vec<Shape>,
    /// A call reached somebody whom no agent watches.
    pub(super) unresolved: bool,
}

impl Details {
    /// Reads the spans of the segment with this entry. Calls out are looked at where `targets` are given.
    pub(super) fn of(
        entities: &Entities,
        targets: Option<&Targets<'_>>,
        segments: &Segments<'_>,
        entry: usize,
        properties: bool,
    ) -> Self {
        let mut details = Details::default();
        for (span, thrown) in thrown(segments, entry) {
            details.add_error(entities, span, &thrown);
        }
        if properties {
            details.read_properties(&segments.spans[entry]);
        } else {
            (details.errors, details.error_summary) = (Vec::new(), None);
        }
        if let Some(targets) = targets {
            details.read_exit_calls(targets, segments, entry);
        }
        details
    }

    fn add_error(&mut self, entities: &Entities, span: &Span, thrown: &Thrown) {
        if let Some(group) = thrown.group(entities, span.application, span.tier)
            && !self.error_ids.contains(&group)
        {
            self.error_ids.push(group);
        }
        // Stacked instrumentation repeats one throw on every span that it passes.
        let error = pair(&thrown.kind, &thrown.message);
        if !self.errors.contains(&error) {
            self.errors.push(error);
            self.error_summary.get_or_insert(format!("{}: {}", thrown.kind, thrown.message));
        }
    }

    fn read_properties(&mut self, entry: &Span) {
        self.url = text(&entry.attributes, &["url.path", "http.target"]).map(str::to_owned);
        self.session = text(&entry.attributes, &["session.id"]).map(str::to_owned);
        let pairs = any_value::object(&entry.attributes);
        self.properties = pairs.iter().map(|(name, value)| pair(name, &plain(value))).collect();
    }

    fn read_exit_calls(&mut self, targets: &Targets<'_>, segments: &Segments<'_>, entry: usize) {
        for row in segments.rows(entry) {
            let Role::Exit(called) = &row.role else { continue };
            let span = &segments.spans[row.span];
            let target = targets.of_call(span, called);
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

/// The exceptions of a segment, each with its span.
fn thrown<'s>(
    segments: &'s Segments<'_>,
    entry: usize,
) -> impl Iterator<Item = (&'s Span, Thrown)> {
    let spans = segments.rows(entry).map(|row| &segments.spans[row.span]);
    spans.flat_map(|span| Thrown::of(span).map(move |(_, thrown)| (span, thrown))).take(MOST_ERRORS)
}

/// Whether an attribute of one of these names has this value.
pub(super) fn says(span: &Span, names: &[&str], wanted: &str) -> bool {
    let own = span.attributes.iter().filter(|(name, _)| names.contains(&name.as_str()));
    let mut values = own.map(|(_, value)| value);
    values.any(|value| match value {
        OwnedValue::Str(text) => text == wanted,
        OwnedValue::Int(number) => number.to_string() == wanted,
        _ => false,
    })
}

/// The statement or URL of a call, else whom it called.
fn detail(span: &Span, called: &Called) -> String {
    let known = ["db.query.text", "db.statement", "url.full", "http.url"];
    text(&span.attributes, &known).unwrap_or(&called.identity).to_owned()
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn pair(name: &str, value: &str) -> Shape {
    Shape::Object(vec![("id", 0.into()), ("name", name.into()), ("value", value.into())])
}
