//! Free text (log bodies, messages): URLs lose credentials and values, and what follows a key on the deny list is masked.

use std::borrow::Cow;

use super::edit::Edit;
use super::mask::MaskList;
use super::{MASKED, url};

/// Masking may bring together what reads as another secret; so often it is looked at again.
const PASSES: usize = 8;

/// The text without the secrets that say that they are one.
pub(super) fn text<'a>(text: &'a str, mask: &MaskList) -> Cow<'a, str> {
    let mut shown = pass(text, mask);
    for _ in 1..PASSES {
        let Cow::Owned(masked) = &shown else { break };
        let Cow::Owned(again) = pass(masked, mask) else { break };
        shown = Cow::Owned(again);
    }
    shown
}

fn pass<'a>(text: &'a str, mask: &MaskList) -> Cow<'a, str> {
    if !text.bytes().any(|byte| matches!(byte, b'=' | b':' | b'?' | b' ')) {
        return Cow::Borrowed(text);
    }
    let bytes = text.as_bytes();
    let mut edit = Edit::new(text);
    let mut at = 0;
    // Where the word began, to know a `?` that follows a path.
    let mut word = 0;
    while let Some(&byte) = bytes.get(at) {
        let end = match byte {
            b':' if text[at..].starts_with("://") => credentials(&mut edit, text, at + 3),
            b':' | b'=' => keyed(&mut edit, text, at, mask),
            b'?' if bytes[word..at].contains(&b'/') => query(&mut edit, text, at + 1),
            b' ' => bearer(&mut edit, text, word, at),
            _ => at + 1,
        };
        if is_break(byte) {
            word = at + 1;
        }
        at = end;
    }
    edit.finish()
}

fn is_break(byte: u8) -> bool {
    byte.is_ascii_whitespace() || matches!(byte, b'"' | b'\'' | b'<' | b'>' | b'(' | b')' | b'`')
}

/// The end of what is written without a break.
fn unbroken_end(text: &str, from: usize) -> usize {
    text.as_bytes()[from..]
        .iter()
        .position(|byte| is_break(*byte))
        .map_or(text.len(), |length| from + length)
}

/// Takes `user:password@` out of a URL; gives back where to read on.
fn credentials(edit: &mut Edit<'_>, text: &str, from: usize) -> usize {
    let word = unbroken_end(text, from);
    let end = text[from..word].find(['/', '?', '#']).map_or(word, |length| from + length);
    match text[from..end].rfind('@') {
        Some(at) => {
            edit.replace(from..from + at + 1, "");
            from + at + 1
        }
        None => from,
    }
}

/// Masks the values of a URL's query; gives back its end.
fn query(edit: &mut Edit<'_>, text: &str, from: usize) -> usize {
    let end = unbroken_end(text, from);
    // A question at the end of a sentence has no key.
    if text[from..end].contains('=') {
        url::pairs(edit, text, from, end);
        return end;
    }
    from
}

/// Masks the token behind the word `Bearer`, which ends at `at`; gives back where to read on.
fn bearer(edit: &mut Edit<'_>, text: &str, word: usize, at: usize) -> usize {
    if !text.as_bytes()[word..at].eq_ignore_ascii_case(b"bearer") {
        return at + 1;
    }
    let end = unbroken_end(text, at + 1);
    let token = text[at + 1..end].trim_end_matches([',', ';', '.']);
    // What is masked in part has been read before.
    if token.len() >= 8 && !token.contains(MASKED) {
        edit.replace(at + 1..at + 1 + token.len(), MASKED);
        return at + 1 + token.len();
    }
    at + 1
}

/// Masks the value behind the `=` or `:` at `at` where the key before it is on the deny list; gives back where to read on.
fn keyed(edit: &mut Edit<'_>, text: &str, at: usize, mask: &MaskList) -> usize {
    let key = key_before(text, at);
    if key.is_empty() || !mask.matches(key) {
        return at + 1;
    }
    let (from, end) = value_behind(text, at + 1, key);
    if from < end {
        edit.replace(from..end, MASKED);
    }
    end.max(at + 1)
}

/// The key that ends before `at`, with or without quotes: `"password":`, `\"password\":`, `password =`.
fn key_before(text: &str, at: usize) -> &str {
    let before =
        text[..at].trim_end_matches(' ').trim_end_matches(['"', '\'']).trim_end_matches('\\');
    let is_key = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-');
    let length = before.bytes().rev().take(64).take_while(is_key).count();
    &before[before.len() - length..]
}

/// Where the value begins and ends.
fn value_behind(text: &str, from: usize, key: &str) -> (usize, usize) {
    let bytes = text.as_bytes();
    let start = from + bytes[from..].iter().take_while(|byte| **byte == b' ').count();
    let escaped = text[start..].starts_with("\\\"");
    match bytes.get(start) {
        Some(b'\\') if escaped => {
            let inside = start + 2;
            (inside, text[inside..].find("\\\"").map_or(text.len(), |length| inside + length))
        }
        Some(&quote @ (b'"' | b'\'')) => (start + 1, quote_end(bytes, start + 1, quote)),
        _ if is_header(key) => (start, line_end(text, start)),
        _ => (start, bare_end(text, start)),
    }
}

fn quote_end(bytes: &[u8], from: usize, quote: u8) -> usize {
    let mut end = from;
    while let Some(&byte) = bytes.get(end) {
        match byte {
            b'\\' => end += 2,
            byte if byte == quote => return end,
            _ => end += 1,
        }
    }
    bytes.len()
}

/// Headers whose value is the rest of the line.
fn is_header(key: &str) -> bool {
    ["cookie", "authorization"].iter().any(|name| {
        key.len() >= name.len()
            && key.as_bytes()[key.len() - name.len()..].eq_ignore_ascii_case(name.as_bytes())
    })
}

fn line_end(text: &str, from: usize) -> usize {
    text[from..].find(['\n', '\r', '"', '\'']).map_or(text.len(), |length| from + length)
}

fn bare_end(text: &str, from: usize) -> usize {
    let ends =
        |c: char| c.is_whitespace() || matches!(c, ',' | ';' | '&' | ')' | ']' | '}' | '"' | '\'');
    text[from..].find(ends).map_or(text.len(), |length| from + length)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(body: &str, expected: &str) {
        assert_eq!(text(body, &MaskList::default()), expected);
    }

    #[test]
    fn what_says_that_it_is_a_secret_is_masked() {
        check("login user=ann password=hunter2, ok", "login user=ann password=***, ok");
        check(
            r#"{"user":"ann","apiKey":"hunter\"2","n":1}"#,
            r#"{"user":"ann","apiKey":"***","n":1}"#,
        );
        check(r#"body={\"token\": \"hunter2\"}"#, r#"body={\"token\": \"***\"}"#);
        check("{'db_password': 'hunter2'}", "{'db_password': '***'}");
        check("Authorization: Bearer hunter2hunter2\nnext", "Authorization: ***\nnext");
        check("Cookie: a=hunter2; b=hunter2", "Cookie: ***");
        check("sent bearer hunter2hunter2.", "sent bearer ***.");
    }

    #[test]
    fn urls_lose_credentials_and_values() {
        check("GET /order?card=4711&t=1 HTTP/1.1", "GET /order?card=?&t=? HTTP/1.1");
        check("to <redis://:hunter2@localhost:6379/0>", "to <redis://localhost:6379/0>");
        check("at https://ann:hunter2@shop/a?b=c#d (x)", "at https://shop/a?b=? (x)");
    }

    #[test]
    fn other_text_is_not_copied() {
        for plain in [
            "Exception on /boom [GET]",
            "HTTPConnectionPool(host='127.0.0.1', port=4499): Max retries",
            "really? yes: x=1, http://shop/a",
            "the bearer of it",
            "password: ",
        ] {
            assert!(matches!(text(plain, &MaskList::default()), Cow::Borrowed(_)), "{plain}");
        }
    }

    proptest! {
        #[test]
        fn a_text_stays_what_it_is(
            body in "(token|Cookie|bearer |://|[=:?/@&;'\"\\\\ \na1]|\\PC){0,30}"
        ) {
            let list = MaskList::default();
            let once = text(&body, &list).into_owned();
            prop_assert_eq!(text(&once, &list).into_owned(), once);
        }
    }
}
