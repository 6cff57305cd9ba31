//! What any name must obey before it is shown or stored: no vertical bar, no control characters, at most 255 characters.

use std::borrow::Cow;

use twox_hash::XxHash3_64;

use super::terminal::{after_escape, after_parameters};

/// The longest name, in characters.
pub const MAX_CHARACTERS: usize = 255;
/// `~` and sixteen hexadecimal digits.
const SUFFIX: usize = 17;

/// Makes any text a name. A vertical bar, which joins the segments of metric paths, becomes `¦`; control characters and
/// terminal colours go; what is over 255 characters is cut, with a hash of the whole that keeps two names distinct.
/// A name comes back as it is.
pub fn limit(text: &str) -> Cow<'_, str> {
    let clean = if text.bytes().any(is_suspect) { clean(text) } else { Cow::Borrowed(text) };
    if clean.len() <= MAX_CHARACTERS || clean.chars().count() <= MAX_CHARACTERS {
        return clean;
    }
    let cut = clean.char_indices().nth(MAX_CHARACTERS - SUFFIX).map_or(clean.len(), |(at, _)| at);
    Cow::Owned(format!("{}~{:016x}", &clean[..cut], XxHash3_64::oneshot(clean.as_bytes())))
}

/// [`limit`] for a text that is owned already.
pub fn limited(text: String) -> String {
    match limit(&text) {
        Cow::Owned(limited) => limited,
        // It came back whole.
        Cow::Borrowed(_) => text,
    }
}

/// A byte that may begin something to be replaced; 0xc2 leads the C1 control characters.
fn is_suspect(byte: u8) -> bool {
    byte < 0x20 || byte == 0x7f || byte == b'|' || byte == 0xc2
}

fn clean(text: &str) -> Cow<'_, str> {
    if !text.chars().any(|c| c.is_control() || c == '|') {
        return Cow::Borrowed(text);
    }
    let mut clean = String::with_capacity(text.len());
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        match c {
            '|' => clean.push('¦'),
            '\u{1b}' => rest = after_escape(rest.as_str()).chars(),
            '\u{9b}' => rest = after_parameters(rest.as_str()).chars(),
            c if c.is_control() => {}
            c => clean.push(c),
        }
    }
    Cow::Owned(clean)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_plain_name_is_not_copied() {
        assert!(matches!(limit("GET /cart/:id – Größe"), Cow::Borrowed(_)));
    }

    #[test]
    fn bars_control_characters_and_colours_do_not_reach_a_name() {
        assert_eq!(limit("a|b"), "a¦b");
        assert_eq!(limit("\u{1b}[31;1mred\u{1b}[0m\u{7}\n!"), "red!");
        assert_eq!(limit("\u{9b}1mbold\u{85}"), "bold");
        assert_eq!(limit("\u{1b}"), "");
    }

    #[test]
    fn two_long_names_stay_two() {
        let (one, other) = (format!("{}1", "é".repeat(300)), format!("{}2", "é".repeat(300)));
        let (one, other) = (limit(&one), limit(&other));
        assert_eq!(one.chars().count(), MAX_CHARACTERS);
        assert_ne!(one, other);
        assert!(matches!(limit(&"é".repeat(255)), Cow::Borrowed(_)));
    }

    proptest! {
        #[test]
        fn a_name_stays_what_it_is(text in "(\\PC|[|\u{1b}\\[\n\u{9b}m0-9]){0,300}") {
            let once = limit(&text).into_owned();
            prop_assert!(once.chars().count() <= MAX_CHARACTERS);
            prop_assert!(!once.chars().any(|c| c.is_control() || c == '|'));
            prop_assert_eq!(limit(&once).into_owned(), once);
        }
    }
}
