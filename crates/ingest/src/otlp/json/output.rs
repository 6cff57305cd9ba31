//! The protobuf that is being written, and where in the JSON document the reader stands.

use std::fmt::Write;

use crate::otlp::{
    limits::MAX_CONTAINERS,
    schema::{Field, Kind},
};

/// Where resources hold their scopes.
const SCOPES: u32 = 2;

/// Paths beyond this many steps are cut: a value can be nested a hundred deep.
const MAX_STEPS_SHOWN: usize = 16;

pub(super) struct Output {
    pub(super) bytes: Vec<u8>,
    max_bytes: usize,
    path: Vec<Step>,
    /// Messages that are open.
    pub(super) depth: u32,
    /// Resources and scopes so far.
    containers: u32,
}

/// One step into the document.
#[derive(Clone, Copy)]
pub(super) enum Step {
    Field(&'static str),
    Index(usize),
}

impl Output {
    pub(super) fn new(max_bytes: usize) -> Output {
        Output { bytes: Vec::new(), max_bytes, path: Vec::new(), depth: 0, containers: 0 }
    }

    /// Whether more was written than may be.
    pub(super) fn is_full(&self) -> bool {
        self.bytes.len() > self.max_bytes
    }

    /// Counts an item of the list `field` where it is a resource or a scope; `false` means too many.
    pub(super) fn count_container(&mut self, field: &Field) -> bool {
        let is_container = match self.depth {
            1 => matches!(field.kind, Kind::Message(_)),
            2 => field.number == SCOPES,
            _ => false,
        };
        self.containers += u32::from(is_container);
        self.containers <= MAX_CONTAINERS
    }

    pub(super) fn enter(&mut self, step: Step) {
        self.path.push(step);
    }

    /// Steps back out; after an error nobody does, so that the path tells where it was.
    pub(super) fn leave(&mut self) {
        self.path.pop();
    }

    /// The path as people write it.
    pub(super) fn path(&self) -> String {
        if self.path.is_empty() {
            return "body".to_owned();
        }
        let mut text = String::new();
        for step in self.path.iter().take(MAX_STEPS_SHOWN) {
            let dot = if text.is_empty() { "" } else { "." };
            match step {
                Step::Field(name) => write!(text, "{dot}{name}"),
                Step::Index(index) => write!(text, "[{index}]"),
            }
            .expect("writing to a String cannot fail");
        }
        if self.path.len() > MAX_STEPS_SHOWN {
            text.push('…');
        }
        text
    }
}
