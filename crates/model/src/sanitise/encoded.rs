//! Lists and maps, which stay encoded (`opentelemetry.proto.common.v1.AnyValue`): their strings are read as text, and
//! what lies under a key on the deny list is masked. A value is encoded anew only when something in it changes.

use std::borrow::Cow;

use super::arguments::option_name;
use super::mask::MaskList;
use super::{LITERAL, MASKED, text};
use crate::varint;

// Fields of AnyValue, ArrayValue, KeyValueList and KeyValue that hold something to look into.
const STRING: u64 = 1;
const ARRAY: u64 = 5;
const MAP: u64 = 6;
const ITEM: u64 = 1;
const KEY: u64 = 1;
const VALUE: u64 = 2;
/// Wire type 2: a length and as many bytes.
const DELIMITED: u64 = 2;
/// Deeper values are masked whole, as nothing reads them and a stack is finite.
const MAX_DEPTH: usize = 16;

/// The value without secrets; nothing where it may stay as it is.
pub(super) fn masked(value: &[u8], mask: &MaskList) -> Option<Vec<u8>> {
    any_value(value, 0, &|string| text::text(string, mask), &|key| mask.matches(key))
}

/// A process' arguments: the first is the program, of the others the names of options stay.
pub(super) fn arguments(value: &[u8]) -> Option<Vec<u8>> {
    let (ARRAY, items) = only_field(value)? else { return None };
    let mut first = true;
    let items = rewrite(items, |field, item| {
        let program = std::mem::replace(&mut first, false);
        if field != ITEM || program {
            return None;
        }
        any_value(item, 0, &argument, &|_| false)
    })?;
    Some(delimited(ARRAY, &items))
}

fn argument(argument: &str) -> Cow<'_, str> {
    let kept = option_name(argument);
    if kept == argument.len() || &argument[kept..] == LITERAL {
        return Cow::Borrowed(argument);
    }
    Cow::Owned(format!("{}{LITERAL}", &argument[..kept]))
}

type OnText<'f> = dyn for<'t> Fn(&'t str) -> Cow<'t, str> + 'f;
type OnKey<'f> = dyn Fn(&str) -> bool + 'f;

fn any_value(
    value: &[u8],
    depth: usize,
    on_text: &OnText<'_>,
    denied: &OnKey<'_>,
) -> Option<Vec<u8>> {
    if value.is_empty() {
        return None;
    }
    if depth > MAX_DEPTH {
        return (value != masked_string()).then(masked_string);
    }
    rewrite_or_mask(value, |field, content| match field {
        STRING => match on_text(std::str::from_utf8(content).ok()?) {
            Cow::Owned(text) => Some(text.into_bytes()),
            Cow::Borrowed(_) => None,
        },
        ARRAY => rewrite(content, |_, item| any_value(item, depth + 1, on_text, denied)),
        MAP => rewrite(content, |_, pair| key_value(pair, depth + 1, on_text, denied)),
        _ => None,
    })
}

fn key_value(
    pair: &[u8],
    depth: usize,
    on_text: &OnText<'_>,
    denied: &OnKey<'_>,
) -> Option<Vec<u8>> {
    let is_denied = Fields(pair)
        .map_while(|field| field)
        .any(|field| field.number == KEY && std::str::from_utf8(field.content).is_ok_and(denied));
    rewrite(pair, |field, content| match field {
        VALUE if is_denied => (content != masked_string()).then(masked_string),
        VALUE => any_value(content, depth, on_text, denied),
        _ => None,
    })
}

fn masked_string() -> Vec<u8> {
    delimited(STRING, MASKED.as_bytes())
}

/// The one length-delimited field of a message.
fn only_field(message: &[u8]) -> Option<(u64, &[u8])> {
    let mut fields = Fields(message);
    let field = fields.next()??;
    (field.wire_type == DELIMITED && fields.next().is_none())
        .then_some((field.number, field.content))
}

/// [`rewrite`], but a message that cannot be read is masked.
fn rewrite_or_mask(
    message: &[u8],
    change: impl FnMut(u64, &[u8]) -> Option<Vec<u8>>,
) -> Option<Vec<u8>> {
    if Fields(message).any(|field| field.is_none()) {
        return Some(masked_string());
    }
    rewrite(message, change)
}

/// Encodes a message anew with some of its delimited fields changed; nothing where none is. Stops at damage, so that a
/// part which cannot be read is dropped with what follows it.
fn rewrite(
    message: &[u8],
    mut change: impl FnMut(u64, &[u8]) -> Option<Vec<u8>>,
) -> Option<Vec<u8>> {
    let mut changed = None;
    let mut read = 0;
    for field in Fields(message) {
        let Some(field) = field else {
            changed.get_or_insert_with(|| message[..read].to_vec());
            break;
        };
        let new =
            (field.wire_type == DELIMITED).then(|| change(field.number, field.content)).flatten();
        match (new, &mut changed) {
            (Some(new), changed) => {
                let out = changed.get_or_insert_with(|| message[..read].to_vec());
                out.extend_from_slice(&delimited(field.number, &new));
            }
            (None, Some(out)) => out.extend_from_slice(field.raw),
            (None, None) => {}
        }
        read += field.raw.len();
    }
    changed
}

fn delimited(number: u64, content: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(content.len() + 4);
    varint::put(&mut out, number << 3 | DELIMITED);
    varint::put(&mut out, content.len() as u64);
    out.extend_from_slice(content);
    out
}

/// One field of a message.
struct Field<'a> {
    number: u64,
    wire_type: u64,
    /// A delimited field's bytes.
    content: &'a [u8],
    /// With tag and length.
    raw: &'a [u8],
}

/// The fields of a message; a damaged one is the last, and none.
struct Fields<'a>(&'a [u8]);

impl<'a> Iterator for Fields<'a> {
    type Item = Option<Field<'a>>;

    fn next(&mut self) -> Option<Option<Field<'a>>> {
        if self.0.is_empty() {
            return None;
        }
        let field = field(self.0);
        self.0 = field.as_ref().map_or(&[], |field| &self.0[field.raw.len()..]);
        Some(field)
    }
}

fn field(message: &[u8]) -> Option<Field<'_>> {
    let mut rest = message;
    let tag = varint::take(&mut rest)?;
    let length = match tag & 7 {
        0 => {
            varint::take(&mut rest)?;
            0
        }
        1 => 8,
        DELIMITED => usize::try_from(varint::take(&mut rest)?).ok()?,
        5 => 4,
        _ => return None,
    };
    let content = rest.get(..length)?;
    let raw = &message[..message.len() - rest.len() + length];
    Some(Field { number: tag >> 3, wire_type: tag & 7, content, raw })
}

#[cfg(test)]
mod tests;
