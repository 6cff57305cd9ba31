//! What stands in a container beside its items: attributes, names, schema URLs, and fields not known yet.

use smallvec::SmallVec;

use super::writer::Level;
use crate::otlp::{
    schema::{self, Message},
    wire::{Fields, Raw, WireError},
};

/// The fields of a container that each record repeats, as the agent sent them.
pub(super) struct Head<'a> {
    fields: SmallVec<[&'a [u8]; 4]>,
    len: usize,
}

impl<'a> Head<'a> {
    /// Gathers the fields of `raw` (a `message`) whose numbers are `kept`.
    pub(super) fn read(
        raw: &'a [u8],
        message: &'static str,
        kept: impl Fn(u32) -> bool,
    ) -> Result<Head<'a>, WireError> {
        let mut head = Head { fields: SmallVec::new(), len: 0 };
        for entry in Fields::new(raw, message) {
            let entry = entry?;
            if kept(entry.number) {
                head.fields.push(entry.whole);
                head.len += entry.whole.len();
            }
        }
        Ok(head)
    }

    /// What is wrong with these fields of `raw`, which holds other ones in fields numbered `skipped`.
    pub(super) fn check(
        &self,
        raw: &[u8],
        message: &'static Message,
        skipped: u32,
    ) -> Result<(), WireError> {
        let is_sound = |field: &&[u8]| schema::check_except(field, message, skipped).is_ok();
        if self.fields.iter().all(is_sound) {
            return Ok(());
        }
        // The whole message is walked for the sake of where it is wrong.
        schema::check_except(raw, message, skipped)
    }

    /// The value of the last field `number`; empty where there is none.
    pub(super) fn last_bytes(&self, number: u32, message: &'static str) -> &'a [u8] {
        let entries = self.fields.iter().flat_map(|field| Fields::new(field, message));
        let values = entries.filter_map(|entry| match entry {
            Ok(entry) if entry.number == number => Some(entry.raw),
            _ => None,
        });
        match values.last() {
            Some(Raw::Bytes(bytes)) => bytes,
            _ => &[],
        }
    }

    /// The container that this is the head of.
    pub(super) fn level(&self, id: u32, field: u32) -> Level<'_> {
        Level { id, field, head: &self.fields, head_len: self.len }
    }
}
