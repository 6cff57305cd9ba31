//! Making an item that does not fit a record smaller, by what the pipeline would not store of it anyway: attributes
//! over the cap on their number, and what is over the cap of a value or text.
//!
//! Only where an item does not fit. Else the agent's bytes go on as they came, and the pipeline cuts after it has looked
//! for secrets in the whole. A value that is cut here is read for secrets in its beginning; a list or map, which has none
//! that could be read alone, gives way to a word.

use crate::otlp::{
    limits::AttributeLimits,
    value,
    wire::{Entry, Fields, WireError, write},
};
use model::attributes::Value;

/// What may be cut in a message. All else of it, fields not known yet included, stays.
pub(super) struct Parts {
    message: &'static str,
    fields: &'static [(u32, Part)],
}

enum Part {
    Text,
    Value,
    /// One of the attributes, whose number is bounded.
    Attribute,
    Inside(&'static Parts),
}

pub(super) static SPAN: Parts = Parts {
    message: "Span",
    fields: &[
        (5, Part::Text),
        (9, Part::Attribute),
        (11, Part::Inside(&EVENT)),
        (13, Part::Inside(&LINK)),
        (15, Part::Inside(&STATUS)),
    ],
};
static EVENT: Parts = Parts { message: "Event", fields: &[(2, Part::Text), (3, Part::Attribute)] };
static LINK: Parts = Parts { message: "Link", fields: &[(4, Part::Attribute)] };
static STATUS: Parts = Parts { message: "Status", fields: &[(2, Part::Text)] };
pub(super) static LOG_RECORD: Parts =
    Parts { message: "LogRecord", fields: &[(5, Part::Value), (6, Part::Attribute)] };
static KEY_VALUE: Parts =
    Parts { message: "KeyValue", fields: &[(1, Part::Text), (2, Part::Value)] };

/// What stands where a list or map was.
const LEFT_OUT: &str = "(over the limit)";

/// An item without what is over the limits.
pub(super) fn shortened(
    item: &[u8],
    parts: &'static Parts,
    limits: &AttributeLimits,
) -> Result<Vec<u8>, WireError> {
    let mut out = Vec::new();
    shorten(item, parts, limits, &mut out)?;
    Ok(out)
}

fn shorten(
    raw: &[u8],
    parts: &'static Parts,
    limits: &AttributeLimits,
    out: &mut Vec<u8>,
) -> Result<(), WireError> {
    let mut attributes = 0;
    for entry in Fields::new(raw, parts.message) {
        let entry = entry?;
        let part = parts.fields.iter().find(|(number, _)| *number == entry.number);
        match part.map(|(_, part)| part) {
            None => out.extend_from_slice(entry.whole),
            Some(Part::Text) => shorten_text(&entry, limits, out)?,
            Some(Part::Value) => {
                write::nested(out, entry.number, |out| shorten_value(&entry, limits, out))?;
            }
            Some(Part::Attribute) if attributes == limits.count => {}
            Some(Part::Attribute) => {
                attributes += 1;
                shorten_inside(&entry, &KEY_VALUE, limits, out)?;
            }
            Some(Part::Inside(inner)) => shorten_inside(&entry, inner, limits, out)?,
        }
    }
    Ok(())
}

fn shorten_inside(
    entry: &Entry<'_>,
    parts: &'static Parts,
    limits: &AttributeLimits,
    out: &mut Vec<u8>,
) -> Result<(), WireError> {
    let raw = entry.bytes()?;
    write::nested(out, entry.number, |out| shorten(raw, parts, limits, out))
}

fn shorten_text(
    entry: &Entry<'_>,
    limits: &AttributeLimits,
    out: &mut Vec<u8>,
) -> Result<(), WireError> {
    write::bytes(out, entry.number, cut_off(entry.text()?, limits).as_bytes());
    Ok(())
}

fn shorten_value(
    entry: &Entry<'_>,
    limits: &AttributeLimits,
    out: &mut Vec<u8>,
) -> Result<(), WireError> {
    let encoded = entry.bytes()?;
    let text = match value::read(encoded)? {
        Value::Str(text) if text.len() > limits.value_bytes => cut_off(text, limits),
        Value::Encoded(bytes) if bytes.len() > limits.value_bytes => LEFT_OUT,
        _ => {
            out.extend_from_slice(encoded);
            return Ok(());
        }
    };
    write::bytes(out, 1, text.as_bytes());
    Ok(())
}

fn cut_off<'t>(text: &'t str, limits: &AttributeLimits) -> &'t str {
    &text[..text.floor_char_boundary(limits.value_bytes)]
}

#[cfg(test)]
mod tests {
    use model::sanitise::{MaskList, Replacement, Sanitiser};

    use super::*;
    use crate::otlp::trace::Span;

    fn attribute(out: &mut Vec<u8>, key: &str, text: &str) {
        write::nested(out, 9, |out| {
            write::bytes(out, 1, key.as_bytes());
            write::nested(out, 2, |out| write::bytes(out, 1, text.as_bytes()));
        });
    }

    #[test]
    fn a_secret_that_is_cut_in_two_is_still_found() {
        let limits = AttributeLimits { count: 8, value_bytes: 64 };
        let secret = "s3cret".repeat(50);
        let statement = format!("SELECT a FROM users WHERE name = '{secret}'");
        let url = format!("https://shop.example/cart?token={secret}");
        let mut span = Vec::new();
        attribute(&mut span, "db.query.text", &statement);
        attribute(&mut span, "url.full", &url);
        attribute(&mut span, "http.request.header.authorization", &secret);
        let short = shortened(&span, &SPAN, &limits).expect("it is sound");
        let attributes = Span::read(&short).and_then(|span| span.attributes.read());
        let attributes = attributes.expect("it is sound");
        let sanitiser = Sanitiser::new(MaskList::default(), true);
        for (key, value) in attributes.iter() {
            assert!(value.as_str().is_some_and(|text| text.len() <= 64), "{key} is not cut");
            let clean = match sanitiser.attribute(Some("postgresql"), key, &value) {
                Some(Replacement::Text(text)) => text,
                Some(_) => String::new(),
                None => panic!("{key} is stored as it is"),
            };
            assert!(!clean.contains("s3c"), "{key}: {clean}");
        }
        assert_eq!(attributes.iter().count(), 3);
    }
}
