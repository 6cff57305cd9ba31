//! Views of `Resource` and `InstrumentationScope`, which all three signals share.

use super::{
    value::AttributeList,
    wire::{Fields, WireError},
};

/// The attributes of an encoded `Resource`.
pub fn attributes(resource: &[u8]) -> Result<AttributeList<'_>, WireError> {
    let mut attributes = AttributeList::default();
    for entry in Fields::new(resource, "Resource") {
        let entry = entry?;
        if entry.number == 1 {
            attributes.0.note(resource, &entry)?;
        }
    }
    Ok(attributes)
}

/// The instrumentation that made what it scopes.
#[derive(Clone, Copy, Debug, Default)]
pub struct Scope<'a> {
    pub name: &'a str,
    pub version: &'a str,
    pub attributes: AttributeList<'a>,
}

impl<'a> Scope<'a> {
    /// Reads an encoded `InstrumentationScope`.
    pub fn read(scope: &'a [u8]) -> Result<Scope<'a>, WireError> {
        let mut view = Scope::default();
        for entry in Fields::new(scope, "InstrumentationScope") {
            let entry = entry?;
            match entry.number {
                1 => view.name = entry.text()?,
                2 => view.version = entry.text()?,
                3 => view.attributes.0.note(scope, &entry)?,
                _ => {}
            }
        }
        Ok(view)
    }
}
