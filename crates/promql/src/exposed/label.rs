//! Names of labels.

use std::borrow::Cow;

/// An attribute's key as a label's name: an underscore for each character that no label may have, and a word before what
/// may not begin one (a digit, or a single underscore).
pub fn of(key: &str) -> Cow<'_, str> {
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let first = key.as_bytes().first();
    let begins_badly =
        first.is_some_and(u8::is_ascii_digit) || first == Some(&b'_') && !key.starts_with("__");
    if !begins_badly && key.bytes().all(is_part) {
        return key.into();
    }
    let replaced = |c: char| if c.is_ascii_alphanumeric() { c } else { '_' };
    let made: String = key.chars().map(replaced).collect();
    let before = match (begins_badly, first) {
        (true, Some(b'_')) => "key",
        (true, _) => "key_",
        _ => "",
    };
    format!("{before}{made}").into()
}
