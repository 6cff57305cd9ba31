//! Tells the variable parts of paths, names and messages from the words: ids, UUIDs, numbers, hashes, tokens.
//!
//! It judges one segment by its letters alone. A word taken for an id merges two names; an id taken for a word makes
//! a name per request, so doubtful cases are ids.

/// What stands for a variable part. One for all kinds: a parameter that is now a number and now a UUID is one parameter.
pub(super) const PLACEHOLDER: &str = "{id}";

/// Counts by which a segment is judged.
#[derive(Default)]
struct Shape {
    digits: usize,
    hex_digits: usize,
    letters: usize,
    others: usize,
    /// Neighbours of different classes (digit, lower case, upper case): camelCase has few, random text many.
    changes: usize,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    Digit,
    Lower,
    Upper,
    Other,
}

impl Shape {
    fn of(text: &str) -> Shape {
        let mut shape = Shape::default();
        let mut before = None;
        for byte in text.bytes() {
            let class = match byte {
                b'0'..=b'9' => Class::Digit,
                b'a'..=b'z' => Class::Lower,
                b'A'..=b'Z' => Class::Upper,
                _ => Class::Other,
            };
            match class {
                Class::Digit => shape.digits += 1,
                Class::Lower | Class::Upper => shape.letters += 1,
                Class::Other => shape.others += 1,
            }
            shape.hex_digits += usize::from(byte.is_ascii_hexdigit());
            shape.changes += usize::from(before.is_some_and(|before| before != class));
            before = Some(class);
        }
        shape
    }
}

/// Whether a segment (no `/`, no white space) varies from request to request.
pub(super) fn is_variable(segment: &str) -> bool {
    // Templated already: `{id}`, `:id`, `<int:i>`.
    if segment.starts_with(['{', ':', '<']) {
        return false;
    }
    let length = segment.len();
    let shape = Shape::of(segment);
    if shape.digits == 0 && length < 16 {
        return segment.contains('@') || segment.contains("%40");
    }
    is_number(&shape)
        || is_hexadecimal(&shape, length)
        || shape.digits >= 5
        || ends_in_number(segment)
        || is_random(&shape, length)
        || length > 64
        || segment.contains('@')
        || segment.contains("%40")
}

/// `42`, `1.5`, `2024-05-01`, `-7`.
fn is_number(shape: &Shape) -> bool {
    shape.digits > 0 && shape.letters == 0
}

/// UUIDs and hashes: only hexadecimal digits (dashes aside), long, and not a word.
fn is_hexadecimal(shape: &Shape, length: usize) -> bool {
    shape.hex_digits >= 8
        && shape.hex_digits + shape.others == length
        && (shape.digits >= 2 || shape.hex_digits >= 16 && shape.others == 0)
}

/// `order-42`, `ord_77`, `item:5`; but `v2`, `oauth2` and `sha256` are words.
fn ends_in_number(segment: &str) -> bool {
    segment.rsplit_once(['-', '_', ':']).is_some_and(|(before, last)| {
        !before.is_empty() && !last.is_empty() && last.bytes().all(|byte| byte.is_ascii_digit())
    })
}

/// Tokens of letters and digits as chance puts them.
fn is_random(shape: &Shape, length: usize) -> bool {
    length >= 16
        && shape.changes * 5 >= length * 2
        && shape.digits + shape.letters >= shape.others * 4
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_every_kind_are_variable() {
        for id in [
            "5",
            "2024-05-01",
            "-7",
            "550e8400-e29b-41d4-a716-446655440000",
            "550E8400E29B41D4A716446655440000",
            "507f1f77bcf86cd799439011",
            "d41d8cd9",
            "deadbeefdeadbeefdeadbeef",
            "01ARZ3NDEKTSV4RRFFQ69G5FAV",
            "V1StGXR8_Z5jdHi6B-myT",
            "order-42",
            "ord_1NpVgK2eZvKYlo2C",
            "INV20240077",
            "ann@example.com",
            "ann%40example.com",
            "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U",
        ] {
            assert!(is_variable(id), "{id}");
        }
    }

    #[test]
    fn words_are_not() {
        for word in [
            "cart",
            "v1",
            "v2beta1",
            "oauth2",
            "sha256",
            "ipv4",
            "s3",
            "facade",
            "getCustomerAccountDetailsV2",
            "order-history",
            "index.html",
            "log4j",
            "covid19-statistics",
            "{id}",
            ":id",
            "<int:i>",
            "internationalization",
            "",
        ] {
            assert!(!is_variable(word), "{word}");
        }
    }
}
