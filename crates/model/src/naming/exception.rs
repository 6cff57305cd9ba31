//! Groups exceptions: by type, and by the message with its values taken out.

use std::borrow::Cow;

use super::name;
use super::variable::is_variable;

/// Stands for a number.
const NUMBER: &str = "{n}";
/// Stands for an id, an address, a URL, a path, a token.
const ID: &str = "{id}";
/// Stands for quoted text that is no word.
const TEXT: &str = "{text}";

/// The group of an exception: its type (`Error` where none was sent) and its templated message. Only the first line of
/// a message counts: what follows quotes the input.
pub fn group(kind: &str, message: &str) -> (String, String) {
    let kind = if kind.trim().is_empty() { "Error" } else { kind.trim() };
    let line = message.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
    let template = match arguments(line) {
        Some((quote, text)) => format!("({NUMBER}, {quote}{}{quote})", template(text)),
        None => template(line),
    };
    (name::limit(kind).into_owned(), name::limit(&template).into_owned())
}

/// The quote and the text of an error number and its text, as Python prints an exception's arguments:
/// `(1146, "Table 'shop.x' doesn't exist")`. The quotes hold no input there, but the whole message.
fn arguments(line: &str) -> Option<(char, &str)> {
    let (number, text) = line.strip_prefix('(')?.strip_suffix(')')?.split_once(", ")?;
    let quote = text.chars().next().filter(|first| matches!(first, '\'' | '"'))?;
    let text = text[1..].strip_suffix(quote)?;
    is_plain_number(number).then_some((quote, text))
}

/// A message with placeholders for its values.
fn template(line: &str) -> String {
    let mut template = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(first) = rest.chars().next() {
        rest = match quoted(rest) {
            Some((quote, inside, after)) => {
                template.push(quote);
                template.push_str(&of_quoted(inside));
                template.push(quote);
                after
            }
            None if is_inside_word(first) => {
                let (word, after) = rest.split_at(word_end(rest));
                push_word(&mut template, word);
                after
            }
            None => {
                template.push(first);
                &rest[first.len_utf8()..]
            }
        };
    }
    template
}

/// Text in quotes at the start: the quote, what is inside, what follows. An apostrophe within a word is not reached.
fn quoted(text: &str) -> Option<(char, &str, &str)> {
    let quote = text.chars().next().filter(|first| matches!(first, '\'' | '"' | '`'))?;
    let inside = &text[1..];
    let end = inside.find(quote)?;
    Some((quote, &inside[..end], &inside[end + 1..]))
}

/// A quoted word names something (a property, a key, a column); anything else is input.
fn of_quoted(inside: &str) -> Cow<'_, str> {
    let is_name = inside.len() <= 48
        && inside
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'$' | b'-'));
    match is_name {
        true if is_variable(inside) => Cow::Borrowed(ID),
        true => Cow::Borrowed(inside),
        false => Cow::Borrowed(TEXT),
    }
}

fn is_inside_word(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '/' | '@' | '%' | '+' | '-' | '.' | ':' | '\\' | '~')
}

/// The end of a word: an apostrophe between letters belongs to it (`don't`).
fn word_end(text: &str) -> usize {
    let bytes = text.as_bytes();
    let belongs = |at: usize, c: char| {
        let joins = c == '\'' && bytes[..at].last().is_some_and(u8::is_ascii_alphabetic);
        is_inside_word(c) || joins && bytes.get(at + 1).is_some_and(u8::is_ascii_alphabetic)
    };
    text.char_indices().find(|&(at, c)| !belongs(at, c)).map_or(text.len(), |(at, _)| at)
}

fn push_word(template: &mut String, word: &str) {
    let bare = word.trim_end_matches(['.', ':', '-', '/']);
    let tail = &word[bare.len()..];
    template.push_str(match bare {
        "" => "",
        _ if is_plain_number(bare) => NUMBER,
        _ if is_value(bare) => ID,
        _ => return push_measured(template, bare, tail),
    });
    template.push_str(tail);
}

/// A word, or a number with its unit: `30s`, `5000ms`, `12MB`.
fn push_measured(template: &mut String, bare: &str, tail: &str) {
    let digits = bare.bytes().take_while(|byte| byte.is_ascii_digit() || *byte == b'.').count();
    if digits > 0 && bare.len() - digits <= 3 {
        template.push_str(NUMBER);
        template.push_str(&bare[digits..]);
    } else {
        template.push_str(bare);
    }
    template.push_str(tail);
}

fn is_plain_number(word: &str) -> bool {
    let number = word.trim_start_matches(['+', '-']).trim_end_matches('%');
    !number.is_empty()
        && number.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
        && number.bytes().filter(|byte| *byte == b'.').count() <= 1
}

/// An id, an address with a port, a URL, a file.
fn is_value(word: &str) -> bool {
    is_variable(word)
        || word.contains("://")
        || (word.contains('/')
            && word.split('/').any(|part| is_variable(part) && !is_version(part)))
        || word.starts_with("0x")
            && word.len() > 2
            && word[2..].bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// `1.1` of `HTTP/1.1`.
fn is_version(part: &str) -> bool {
    part.contains('.') && part.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(message: &str, expected: &str) {
        assert_eq!(group("E", message).1, expected);
    }

    #[test]
    fn messages_that_differ_by_their_values_are_one_group() {
        check("order 4711 not found", "order {n} not found");
        check("timeout after 5000ms (limit 1.5s)", "timeout after {n}ms (limit {n}s)");
        check(
            "HTTPConnectionPool(host='127.0.0.1', port=4499): Max retries exceeded with url: /stock/1",
            "HTTPConnectionPool(host='{id}', port={n}): Max retries exceeded with url: {id}",
        );
        check("connect ECONNREFUSED 127.0.0.1:15673", "connect ECONNREFUSED {id}");
        check("no user ann@example.com in https://a.b/c?d=e", "no user {id} in {id}?d=e");
        check("<Job object at 0x7f3a12> died", "<Job object at {id}> died");
        check(
            "invalid literal for int() with base 10: 'a b'",
            "invalid literal for int() with base {n}: '{text}'",
        );
        check("task 550e8400-e29b-41d4-a716-446655440000: gone", "task {id}: gone");
    }

    #[test]
    fn an_error_number_and_its_text_are_grouped_by_the_text() {
        check(
            r#"(1146, "Table 'shop.prices' doesn't exist")"#,
            r#"({n}, "Table 'shop.prices' doesn't exist")"#,
        );
        check(
            r#"(1062, "Duplicate entry 'ann b@example.com' for key 'users.email'")"#,
            r#"({n}, "Duplicate entry '{text}' for key 'users.email'")"#,
        );
        check(
            "(2003, 'connection to 10.0.0.7:3306 failed after 30s')",
            "({n}, 'connection to {id} failed after {n}s')",
        );
        check("('a b', 7)", "('{text}', {n})");
    }

    #[test]
    fn words_stay_what_tells_groups_apart() {
        check(
            "Cannot read properties of undefined (reading 'foo')",
            "Cannot read properties of undefined (reading 'foo')",
        );
        check("it doesn't work - can't say why...", "it doesn't work - can't say why...");
        check("HTTP/1.1 and oauth2 are words", "HTTP/1.1 and oauth2 are words");
        check("java.lang.IllegalStateException: closed", "java.lang.IllegalStateException: closed");
    }

    #[test]
    fn only_the_first_line_counts() {
        check("\n nope\n\nGraphQL request:1:2\n1 | {bad}\n", "nope");
    }

    #[test]
    fn an_exception_without_a_type_is_an_error() {
        assert_eq!(group(" ", "x"), ("Error".to_owned(), "x".to_owned()));
        assert_eq!(group("a|b", "").0, "a¦b");
    }

    proptest! {
        #[test]
        fn any_message_has_a_group(message in "\\PC{0,80}") {
            group("E", &message);
        }
    }
}
