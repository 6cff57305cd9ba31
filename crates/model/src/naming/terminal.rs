//! What programs write for terminals: colours, cursor movements, titles. No page shows them.

use std::borrow::Cow;

/// A text without what only a terminal understands. Line feeds and tabs stay; a plain text comes back as it is.
pub fn plain(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_for_terminals) {
        return Cow::Borrowed(text);
    }
    let mut plain = String::with_capacity(text.len());
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        match c {
            '\u{1b}' => rest = after_escape(rest.as_str()).chars(),
            '\u{9b}' => rest = after_parameters(rest.as_str()).chars(),
            c if is_for_terminals(c) => {}
            c => plain.push(c),
        }
    }
    Cow::Owned(plain)
}

fn is_for_terminals(c: char) -> bool {
    c.is_control() && !matches!(c, '\n' | '\t')
}

/// What follows a terminal's escape sequence whose ESC has been read (ECMA-35 and ECMA-48).
pub(super) fn after_escape(rest: &str) -> &str {
    if let Some(rest) = rest.strip_prefix('[') {
        return after_parameters(rest);
    }
    // An operating system command, a title or link say, ends with BEL or ST; one that does not end is no command.
    if let Some(command) = rest.strip_prefix(']') {
        let end = command.find(['\u{7}', '\u{1b}', '\u{9c}']).map(|end| &command[end..]);
        let after = end.map(|end| {
            let one = end.chars().next().map_or(0, char::len_utf8);
            end.strip_prefix("\u{1b}\\").unwrap_or(&end[one..])
        });
        return after.unwrap_or(command);
    }
    // Intermediates lead to one further character: a character set, say.
    let intermediates = rest.bytes().take_while(|byte| (0x20..=0x2f).contains(byte)).count();
    match rest.as_bytes().get(intermediates) {
        Some(0x30..=0x7e) if intermediates > 0 => &rest[intermediates + 1..],
        _ => rest,
    }
}

/// What follows a control sequence: parameters and intermediates end at a byte of `@` to `~` (ECMA-48, 5.4).
pub(super) fn after_parameters(rest: &str) -> &str {
    let end = rest.bytes().position(|byte| !(0x20..=0x3f).contains(&byte)).unwrap_or(rest.len());
    match rest.as_bytes().get(end) {
        Some(b'@'..=b'~') => &rest[end + 1..],
        _ => &rest[end..],
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn colours_and_titles_go_and_lines_stay() {
        assert!(matches!(plain("a\n\tb – Größe"), Cow::Borrowed(_)));
        assert_eq!(plain("\u{1b}[31;1mERROR\u{1b}[0m no\r\n\tat x"), "ERROR no\n\tat x");
        assert_eq!(plain("\u{1b}[38;5;208mwarm\u{1b}[m"), "warm");
        assert_eq!(plain("\u{9b}1mbold\u{85}"), "bold");
        assert_eq!(plain("\u{1b}]0;title\u{7}text\u{1b}]8;;http://x\u{1b}\\link"), "textlink");
        assert_eq!(plain("\u{1b}(Bascii"), "ascii");
        assert_eq!(plain("cut \u{1b}[3"), "cut ");
    }

    proptest! {
        #[test]
        fn a_plain_text_stays_what_it_is(text in "(\\PC|[\n\t\u{1b}\\[\u{9b}m0-9;\\]\u{7}]){0,300}") {
            let once = plain(&text).into_owned();
            prop_assert!(!once.chars().any(is_for_terminals));
            prop_assert_eq!(plain(&once).into_owned(), once);
        }
    }
}
