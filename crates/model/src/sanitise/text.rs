//! Free text (log bodies, messages, names): URLs lose credentials and values, statements and databases' errors lose
//! literals, command lines lose credentials, and what follows a key on the deny list or has a secret's form is masked.

mod form;
mod option;
mod report;
mod statement;

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

/// Whether the text's bytes rule out every rule.
pub(super) fn is_plain(text: &str) -> bool {
    let signs = Signs::of(text);
    let looked_through = signs.any(KEYED | DASH)
        || signs.any(SPACE) && signs.any(LETTER_B | QUOTE | PARENTHESIS)
        || signs.any(DOT) && signs.any(CAPITAL_J)
        || signs.any(DIGIT) && signs.any(CAPITAL_A);
    !looked_through
}

/// One look with each rule that the text's bytes do not rule out.
fn pass<'a>(text: &'a str, mask: &MaskList) -> Cow<'a, str> {
    let signs = Signs::of(text);
    let mut shown = Cow::Borrowed(text);
    if signs.any(KEYED) || signs.any(SPACE) && signs.any(LETTER_B) {
        shown = keys_and_urls(text, mask);
    }
    let quotes = signs.any(QUOTE);
    if signs.any(SPACE) && (quotes || signs.any(DIGIT) && signs.any(KEYED | PARENTHESIS)) {
        shown = then(shown, statement::statements);
    }
    if signs.any(SPACE) && (quotes || signs.any(PARENTHESIS)) {
        shown = then(shown, report::reports);
    }
    if signs.any(DASH) && option::may_begin(text) {
        shown = then(shown, |text| option::options(text, mask));
    }
    let formed = signs.any(DOT) && signs.any(CAPITAL_J) || signs.any(DIGIT) && signs.any(CAPITAL_A);
    if formed && text.len() >= form::SHORTEST {
        shown = then(shown, form::forms);
    }
    shown
}

/// The text after one more rule.
fn then<'a>(
    shown: Cow<'a, str>,
    rule: impl for<'t> FnOnce(&'t str) -> Cow<'t, str>,
) -> Cow<'a, str> {
    match shown {
        Cow::Borrowed(text) => rule(text),
        Cow::Owned(text) => {
            let changed = match rule(&text) {
                Cow::Owned(changed) => Some(changed),
                Cow::Borrowed(_) => None,
            };
            Cow::Owned(changed.unwrap_or(text))
        }
    }
}

/// Which of the bytes that some rule needs a text holds: most names hold hardly any.
#[derive(Clone, Copy)]
struct Signs(u16);

const KEYED: u16 = 1;
const SPACE: u16 = 1 << 1;
const QUOTE: u16 = 1 << 2;
const DIGIT: u16 = 1 << 3;
const PARENTHESIS: u16 = 1 << 4;
const DASH: u16 = 1 << 5;
/// A dot joins the parts of a web token, `eyJ` begins one.
const DOT: u16 = 1 << 6;
const CAPITAL_J: u16 = 1 << 7;
/// `AKIA` begins a key id.
const CAPITAL_A: u16 = 1 << 8;
/// `Bearer` announces a token.
const LETTER_B: u16 = 1 << 9;

impl Signs {
    const OF_BYTE: [u16; 256] = {
        let mut signs = [0; 256];
        let mut byte = 0;
        while byte < 256 {
            signs[byte] = match byte as u8 {
                b'=' | b':' | b'?' | b'<' | b'>' => KEYED,
                b' ' | b'\t' | b'\n' | b'\r' => SPACE,
                b'\'' | b'"' | b'$' => QUOTE,
                b'0'..=b'9' => DIGIT,
                b'(' | b',' => PARENTHESIS,
                b'-' => DASH,
                b'.' => DOT,
                b'J' => CAPITAL_J,
                b'A' => CAPITAL_A,
                b'B' | b'b' => LETTER_B,
                _ => 0,
            };
            byte += 1;
        }
        signs
    };

    fn of(text: &str) -> Signs {
        Signs(text.bytes().fold(0, |signs, byte| signs | Signs::OF_BYTE[usize::from(byte)]))
    }

    /// Whether one of `wanted` is there.
    fn any(self, wanted: u16) -> bool {
        self.0 & wanted != 0
    }
}

fn keys_and_urls<'a>(text: &'a str, mask: &MaskList) -> Cow<'a, str> {
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
    fn statements_errors_commands_and_forms_are_read_together() {
        check(
            "INSERT INTO t (token) VALUES ('hunter2'): Key (token)=(hunter2) already exists",
            "INSERT INTO t (token) VALUES (?): Key (token)=(?) already exists",
        );
        check(
            "SELECT a FROM t WHERE password='hunter2' via mysql -u root -phunter2",
            "SELECT a FROM t WHERE password=*** via mysql -u root -p***",
        );
        check("sent eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbg", "sent ***");
        check("as AKIAIOSFODNN7EXAMPLE", "as ***");
    }

    #[test]
    fn other_text_is_not_copied() {
        for plain in [
            "GET /users/:id",
            "SELECT shop.users",
            "O'Reilly",
            "select a value from the list, it's all there",
            "orders-1 publish",
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
        fn what_is_plain_is_not_changed(
            body in "(SELECT |FROM |VALUES|Key \\(|\\)=\\(|use near |-u |-p|--token|bearer |eyJhbGciOi|AKIAIOSFODNN7EXAMPLE|[$=,.?:'\"\\\\ \n()a1é-]|\\PC){0,12}"
        ) {
            if is_plain(&body) {
                prop_assert!(matches!(text(&body, &MaskList::default()), Cow::Borrowed(_)), "{}", body);
            }
        }

        #[test]
        fn a_text_of_statements_and_commands_stays_what_it_is(
            body in "(SELECT |FROM |INSERT INTO |VALUES|WHERE |LIKE|Key \\(|\\)=\\(|Duplicate entry '|use near '|-u |-p|--token|mysql |eyJhbGciOi|AKIAIOSFODNN7EXAMPLE|\\\\[n\"']|[$=,.?:'\"\\\\ \n()a1é-]){0,24}"
        ) {
            let list = MaskList::default();
            let once = text(&body, &list).into_owned();
            prop_assert_eq!(text(&once, &list).into_owned(), once);
        }

        #[test]
        fn a_quoted_literal_never_comes_through(
            before in "[a-z ]{0,12}",
            verb in "(SELECT \\* FROM t WHERE a ?= ?|insert into t values \\(|UPDATE t SET a = |call p\\(1, )",
            inside in "([a-z ,=()]|''|\\\\'){0,8}",
            behind in "(\\)|;|, 'b'| and it's over| at line 1){0,3}",
        ) {
            let body = format!("{before} {verb}'{inside}hunter2{inside}'{behind}");
            let shown = text(&body, &MaskList::default());
            prop_assert!(!shown.contains("hunter2"), "{} from {}", shown, body);
        }

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
