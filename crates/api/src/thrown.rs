//! Exceptions on spans, and the groups that they were counted in.

use model::{
    entity::EntityKind,
    id::EntityId,
    naming::{exception, name},
};
use telemetry_store::reader::{OwnedValue, Span, SpanEvent};

use crate::entities::Entities;

/// An exception as an agent sent it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Thrown {
    pub(crate) kind: String,
    pub(crate) message: String,
    /// Empty where none was sent.
    pub(crate) stack: String,
}

impl Thrown {
    /// The exceptions of a span, and when they were thrown.
    pub(crate) fn of(span: &Span) -> impl Iterator<Item = (&SpanEvent, Thrown)> {
        let events = span.events.iter().filter(|event| event.name == "exception");
        events.map(|event| (event, Thrown::read(&event.attributes)))
    }

    /// What the attributes of an event or log record say of one.
    pub(crate) fn read(attributes: &[(String, OwnedValue)]) -> Thrown {
        let said = |name: &str| text(attributes, &[name]).unwrap_or_default().to_owned();
        Thrown {
            kind: said("exception.type"),
            message: said("exception.message"),
            stack: said("exception.stacktrace"),
        }
    }

    /// The group that it was counted in where it was thrown on this tier.
    pub(crate) fn group(
        &self,
        entities: &Entities,
        application: EntityId,
        tier: EntityId,
    ) -> Option<EntityId> {
        let (kind, message) = exception::group(&self.kind, &self.message);
        let name = name::limited(format!("{kind}: {message}"));
        entities.find(EntityKind::ErrorGroup, application, tier, &name).map(|group| group.id)
    }
}

/// The text of the first of these attributes that is there.
pub(crate) fn text<'a>(attributes: &'a [(String, OwnedValue)], names: &[&str]) -> Option<&'a str> {
    names.iter().find_map(|name| {
        let (_, value) = attributes.iter().find(|(known, _)| known == name)?;
        match value {
            OwnedValue::Str(text) => Some(text.as_str()),
            _ => None,
        }
    })
}
