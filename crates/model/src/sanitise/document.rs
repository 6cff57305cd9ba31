//! Queries that are documents (MongoDB, Elasticsearch): keys stay, values become `?`. Reads JSON and what resembles it:
//! Python's and JavaScript's notations, several documents after one another, a command's words in front.

use std::borrow::Cow;

use super::LITERAL;
use super::edit::Edit;

/// The query without its values.
pub(super) fn document(text: &str) -> Cow<'_, str> {
    let bytes = text.as_bytes();
    let mut edit = Edit::new(text);
    let mut depth = 0usize;
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let end = token_end(bytes, at);
        match byte {
            b'{' | b'[' | b'(' => depth += 1,
            b'}' | b']' | b')' => depth = depth.saturating_sub(1),
            b'"' | b'\'' | b'`' => {
                let inside = text[at..end].trim_matches(byte as char);
                let kept =
                    inside == LITERAL || depth > 0 && is_before_colon(bytes, end) && is_key(inside);
                if !kept {
                    edit.replace(at..end, LITERAL);
                }
            }
            byte if is_word(byte) => {
                let word = &text[at..end];
                let kept = match depth {
                    0 => is_command(word),
                    _ => is_before_colon(bytes, end) && is_key(word),
                };
                if !kept {
                    edit.replace(at..end, LITERAL);
                }
            }
            _ => {}
        }
        at = end;
    }
    edit.finish()
}

fn token_end(bytes: &[u8], at: usize) -> usize {
    match bytes[at] {
        b'"' | b'\'' | b'`' => quoted_end(bytes, at),
        byte if is_word(byte) => bytes[at..]
            .iter()
            .position(|byte| !is_word(*byte))
            .map_or(bytes.len(), |length| at + length),
        _ => at + 1,
    }
}

fn quoted_end(bytes: &[u8], at: usize) -> usize {
    let mut end = at + 1;
    while let Some(&byte) = bytes.get(end) {
        match byte {
            b'\\' => end += 2,
            byte if byte == bytes[at] => return end + 1,
            _ => end += 1,
        }
    }
    bytes.len()
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(byte, b'_' | b'$' | b'.' | b'-' | b'+' | b'@')
        || byte >= 0x80
}

fn is_before_colon(bytes: &[u8], end: usize) -> bool {
    bytes[end.min(bytes.len())..].iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b':')
}

/// A field's or operator's name, rather than data that were made a key.
fn is_key(key: &str) -> bool {
    let mut bytes = key.bytes();
    key.len() <= 64
        && bytes
            .next()
            .is_some_and(|first| first.is_ascii_alphabetic() || matches!(first, b'_' | b'$'))
        && bytes
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$' | b'.' | b'-'))
}

/// A command or collection in front of the document.
fn is_command(word: &str) -> bool {
    word.len() <= 64
        && word.bytes().all(|byte| byte.is_ascii_alphabetic() || matches!(byte, b'_' | b'.'))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        assert_eq!(document(text), expected);
    }

    #[test]
    fn values_go_and_keys_stay() {
        check(
            r#"{"find":"users","filter":{"email":"ann@example.com","age":{"$gt":30},"tags":["a","b"]},"ok":true}"#,
            r#"{"find":?,"filter":{"email":?,"age":{"$gt":?},"tags":[?,?]},"ok":?}"#,
        );
        check("find {'name': 'it\\'s hunter2', \"n\": -1.5}", "find {'name': ?, \"n\": ?}");
        check(
            "{_id: ObjectId(\"507f1f77bcf86cd799439011\"), name: /^hunter2/i}",
            "{_id: ?(?), name: /^?/?}",
        );
        check(
            "{\"index\":\"a\"}\n{\"query\":{\"match\":{\"q\":\"hunter2\"}}}",
            "{\"index\":?}\n{\"query\":{\"match\":{\"q\":?}}}",
        );
    }

    #[test]
    fn data_that_were_made_a_key_go() {
        check(r#"{"ann@example.com":1,"4711":2}"#, "{?:?,?:?}");
    }

    #[test]
    fn what_is_cut_reveals_nothing() {
        check(r#"{"find":"users","filter":{"email":"hunter2"#, r#"{"find":?,"filter":{"email":?"#);
        check("find users", "find users");
        check("hunter2", "?");
    }

    #[test]
    fn what_agents_have_sanitised_is_not_copied() {
        assert!(matches!(document(r#"{"find":"?","filter":{"email":"?"}}"#), Cow::Borrowed(_)));
    }

    proptest! {
        #[test]
        fn a_query_stays_what_it_is(text in "([{}\\[\\]():,\"'\\\\ ?a1$]|\\PC){0,40}") {
            let once = document(&text).into_owned();
            prop_assert_eq!(document(&once).into_owned(), once);
        }
    }
}
