//! How large an event and how many of them there may be.

use super::NewEvent;
use crate::StoreError;
use crate::error::at_most;
use crate::name::{MAX_NAME_CHARS, fits};

/// Events of one account.
pub const MAX_EVENTS: usize = 100_000;
/// How many of these may be without a key: what people and scripts post leaves room for violations.
pub const MAX_UNKEYED_EVENTS: usize = 90_000;
/// Characters of a summary.
pub const MAX_EVENT_SUMMARY_CHARS: usize = 1_000;
/// Characters of a comment.
pub const MAX_EVENT_COMMENT_CHARS: usize = 4_000;
/// Entities that one event affects.
pub const MAX_AFFECTED: usize = 100;
/// Properties of one event.
pub const MAX_EVENT_PROPERTIES: usize = 50;
/// Characters of the name and of the value of a property.
pub const MAX_EVENT_PROPERTY_CHARS: usize = 1_000;
/// Bytes of what its writer adds.
pub const MAX_EVENT_DETAIL_BYTES: usize = 32 << 10;

/// Refuses what its columns should not hold.
pub(crate) fn check(event: &NewEvent) -> Result<(), StoreError> {
    fits("the type of an event", &event.kind)?;
    fits("the custom type of an event", &event.sub_type)?;
    chars(MAX_EVENT_SUMMARY_CHARS, "the summary of an event", &event.summary)?;
    chars(MAX_EVENT_COMMENT_CHARS, "the comment of an event", &event.comment)?;
    at_most(MAX_EVENT_DETAIL_BYTES, "the detail of an event", event.detail.len())?;
    at_most(MAX_AFFECTED, "the list of entities that an event affects", event.affected.len())?;
    for entity in event.affected.iter().chain(&event.triggered) {
        chars(MAX_NAME_CHARS, "the name of an entity of an event", &entity.name)?;
    }
    at_most(MAX_EVENT_PROPERTIES, "the list of an event's properties", event.properties.len())?;
    for (name, value) in &event.properties {
        chars(MAX_EVENT_PROPERTY_CHARS, "the name of an event's property", name)?;
        chars(MAX_EVENT_PROPERTY_CHARS, "the value of an event's property", value)?;
    }
    Ok(())
}

fn chars(limit: usize, what: &'static str, text: &str) -> Result<(), StoreError> {
    at_most(limit, what, text.chars().count())
}

/// How many events there may be at the most, this one among them.
pub(super) fn most_with(event: &NewEvent) -> usize {
    if event.key.is_some() { MAX_EVENTS } else { MAX_UNKEYED_EVENTS }
}
