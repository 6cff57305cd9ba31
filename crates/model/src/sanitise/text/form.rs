//! Secrets known by their form alone: JSON web tokens and the key ids of AWS.

use std::borrow::Cow;

use crate::sanitise::{MASKED, edit::Edit};

/// No such secret is shorter.
pub(super) const SHORTEST: usize = 2 * SHORTEST_PART + 1;
/// The shortest header and payload that a token is taken for one with.
const SHORTEST_PART: usize = 8;
/// The letters and digits of an AWS key id.
const KEY_ID: usize = 20;

/// The text without such secrets.
pub(super) fn forms(text: &str) -> Cow<'_, str> {
    let bytes = text.as_bytes();
    let mut edit = Edit::new(text);
    let mut at = 0;
    while at < bytes.len() {
        if !is_base64url(bytes[at]) {
            at += 1;
            continue;
        }
        let end = at + run(bytes, at);
        let secret =
            token_end(bytes, at, end).or_else(|| is_key_id(&bytes[at..end]).then_some(end));
        if let Some(end) = secret {
            edit.replace(at..end, MASKED);
        }
        at = secret.unwrap_or(end);
    }
    edit.finish()
}

/// The end of a token whose header, an encoded `{"…`, stands between `at` and `end`.
fn token_end(bytes: &[u8], at: usize, end: usize) -> Option<usize> {
    let is_part = |length: usize| length >= SHORTEST_PART;
    if !bytes[at..].starts_with(b"eyJ") || !is_part(end - at) {
        return None;
    }
    let mut end = end;
    let mut parts = 1;
    while bytes.get(end) == Some(&b'.') && run(bytes, end + 1) > 0 {
        let length = run(bytes, end + 1);
        if parts == 1 && !is_part(length) {
            return None;
        }
        end += 1 + length;
        parts += 1;
    }
    (parts > 1).then_some(end)
}

/// `AKIA…` of a user, `ASIA…` of a session.
fn is_key_id(word: &[u8]) -> bool {
    word.len() == KEY_ID
        && (word.starts_with(b"AKIA") || word.starts_with(b"ASIA"))
        && word.iter().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
}

fn run(bytes: &[u8], from: usize) -> usize {
    bytes[from..].iter().take_while(|byte| is_base64url(**byte)).count()
}

fn is_base64url(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        assert_eq!(forms(text), expected);
    }

    #[test]
    fn tokens_and_key_ids_are_masked() {
        check("got eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.hunter2-_x.", "got ***.");
        check("(eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0)", "(***)");
        check("key AKIAIOSFODNN7EXAMPLE, ASIAIOSFODNN7EXAMPLE", "key ***, ***");
    }

    #[test]
    fn words_like_them_stay() {
        for text in ["eyJ.eyJ.x", "eyJhbGciOiJub25lIn0", "AKIAIOSFODNN7EXAMPLEx", "AKIA", "a.b.c"] {
            assert!(matches!(forms(text), Cow::Borrowed(_)), "{text}");
        }
    }
}
