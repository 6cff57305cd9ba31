//! Cuts a statement into tokens, just finely enough to tell literals from everything else.

/// What a token is to the sanitiser.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Token {
    Literal,
    Comment,
    /// `?`, `?1`, `$1`, `:name`, `@name`, `%s`.
    Placeholder,
    /// A keyword or name, quoted or not.
    Word,
    Space,
    /// One character of anything else.
    Other,
}

/// Where dialects disagree about what is a literal.
#[derive(Clone, Copy, Debug)]
pub(in super::super) struct Dialect {
    /// `\'` does not end a string.
    backslash: bool,
    /// `"…"` is text rather than a name.
    double_quotes: bool,
    /// `#` begins a comment.
    hash_comment: bool,
    /// `$tag$…$tag$` is text.
    dollar_quotes: bool,
    /// `[…]` is a name.
    brackets: bool,
    /// `/* /* */ */` is one comment.
    nested_comments: bool,
}

impl Dialect {
    /// `--` aside, which no document holds, GraphQL's literals and comments are read by the same rules.
    pub(in super::super) const GRAPHQL: Dialect =
        Dialect { hash_comment: true, dollar_quotes: false, ..Dialect::UNKNOWN };

    /// Reads as much as possible as text.
    pub(in super::super) const UNKNOWN: Dialect = Dialect {
        backslash: true,
        double_quotes: true,
        hash_comment: false,
        dollar_quotes: true,
        brackets: false,
        nested_comments: false,
    };

    /// Double quotes are names, as the standard wants them.
    const STANDARD: Dialect = Dialect {
        backslash: false,
        double_quotes: false,
        dollar_quotes: false,
        ..Dialect::UNKNOWN
    };

    /// The dialect of a system, by its stable name.
    pub(in super::super) fn of(system: &str) -> Dialect {
        match system {
            "mysql" | "mariadb" => {
                Dialect { hash_comment: true, dollar_quotes: false, ..Dialect::UNKNOWN }
            }
            "postgresql" | "cockroachdb" | "aws.redshift" => {
                Dialect { dollar_quotes: true, nested_comments: true, ..Dialect::STANDARD }
            }
            "microsoft.sql_server" => {
                Dialect { brackets: true, nested_comments: true, ..Dialect::STANDARD }
            }
            "cassandra" => Dialect { dollar_quotes: true, ..Dialect::STANDARD },
            "oracle.db" | "ibm.db2" | "sqlite" | "h2database" | "hsqldb" | "derby" | "sap.hana"
            | "teradata" | "trino" | "firebirdsql" | "vertica" => Dialect::STANDARD,
            _ => Dialect::UNKNOWN,
        }
    }
}

/// The token at `at`, which is a character boundary within the text, and its end. At the end of the text: an empty one.
pub(in super::super) fn next(text: &str, at: usize, dialect: Dialect) -> (Token, usize) {
    let bytes = text.as_bytes();
    let Some(&first) = bytes.get(at) else { return (Token::Other, at) };
    let second = bytes.get(at + 1).copied().unwrap_or_default();
    match first {
        b' ' | b'\t' | b'\n' | b'\r' => {
            (Token::Space, run(bytes, at, |byte| byte.is_ascii_whitespace()))
        }
        b'\'' => (Token::Literal, quoted_end(bytes, at, dialect.backslash)),
        b'"' if text[at..].starts_with("\"\"\"") && dialect.double_quotes => block_string(text, at),
        b'"' => quoted_name(bytes, at, dialect.double_quotes, dialect.backslash),
        b'`' => quoted_name(bytes, at, false, false),
        b'[' if dialect.brackets => bracketed(text, at),
        b'-' if second == b'-' => (Token::Comment, line_end(text, at)),
        b'#' if dialect.hash_comment => (Token::Comment, line_end(text, at)),
        b'/' if second == b'*' => (Token::Comment, comment_end(text, at, dialect.nested_comments)),
        b'?' => (Token::Placeholder, run(bytes, at + 1, |byte| byte.is_ascii_digit())),
        b'$' => dollar(text, at, dialect),
        b':' if second == b':' => (Token::Other, at + 1),
        b':' | b'@' if is_name(second) => (Token::Placeholder, run(bytes, at + 1, is_name)),
        b'%' if second == b's' => (Token::Placeholder, at + 2),
        b'0'..=b'9' => (Token::Literal, number_end(bytes, at)),
        first if is_name(first) => word(text, at, dialect),
        // An ASCII character: every other byte is part of a name.
        _ => (Token::Other, at + 1),
    }
}

fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80
}

/// The end of the run of bytes that are `wanted`.
fn run(bytes: &[u8], from: usize, wanted: impl Fn(u8) -> bool) -> usize {
    bytes[from..].iter().position(|byte| !wanted(*byte)).map_or(bytes.len(), |length| from + length)
}

/// A word, or a literal with its prefix: `N'…'`, `E'…'`, `x'…'`, `_utf8'…'`.
fn word(text: &str, at: usize, dialect: Dialect) -> (Token, usize) {
    let bytes = text.as_bytes();
    let end = run(bytes, at, |byte| is_name(byte) || byte == b'$');
    let prefix = &text[at..end];
    let is_prefix =
        bytes.get(end) == Some(&b'\'') && (prefix.len() <= 2 || prefix.starts_with('_'));
    if !is_prefix {
        return (Token::Word, end);
    }
    if prefix.eq_ignore_ascii_case("q") || prefix.eq_ignore_ascii_case("nq") {
        return (Token::Literal, oracle_end(text, end));
    }
    let backslash = dialect.backslash || prefix.eq_ignore_ascii_case("e");
    (Token::Literal, quoted_end(bytes, end, backslash))
}

/// The end of a quoted text; a doubled quote is one of its characters. Cut within the text, it ends with the statement.
fn quoted_end(bytes: &[u8], at: usize, backslash: bool) -> usize {
    let quote = bytes[at];
    let mut end = at + 1;
    while let Some(&byte) = bytes.get(end) {
        if byte == b'\\' && backslash {
            end += 2;
        } else if byte != quote {
            end += 1;
        } else if bytes.get(end + 1) == Some(&quote) {
            end += 2;
        } else {
            return end + 1;
        }
    }
    bytes.len()
}

/// A quoted name stays; one that is cut may be the beginning of a text.
fn quoted_name(bytes: &[u8], at: usize, is_text: bool, backslash: bool) -> (Token, usize) {
    let end = quoted_end(bytes, at, backslash);
    let closed = end > at + 1 && bytes[end - 1] == bytes[at];
    if is_text || !closed { (Token::Literal, end) } else { (Token::Word, end) }
}

fn block_string(text: &str, at: usize) -> (Token, usize) {
    let end = text[at + 3..].find("\"\"\"").map_or(text.len(), |length| at + 3 + length + 3);
    (Token::Literal, end)
}

fn bracketed(text: &str, at: usize) -> (Token, usize) {
    match text[at..].find(']') {
        Some(length) => (Token::Word, at + length + 1),
        None => (Token::Literal, text.len()),
    }
}

fn line_end(text: &str, at: usize) -> usize {
    text[at..].find('\n').map_or(text.len(), |length| at + length)
}

fn comment_end(text: &str, at: usize, nested: bool) -> usize {
    let bytes = text.as_bytes();
    let mut depth = 1;
    let mut end = at + 2;
    while end + 1 < bytes.len() {
        match &bytes[end..end + 2] {
            b"*/" => {
                depth -= 1;
                end += 2;
                if depth == 0 {
                    return end;
                }
            }
            b"/*" if nested => {
                depth += 1;
                end += 2;
            }
            _ => end += 1,
        }
    }
    bytes.len()
}

/// `$1`, or `$tag$ text $tag$` where the dialect has it.
fn dollar(text: &str, at: usize, dialect: Dialect) -> (Token, usize) {
    let bytes = text.as_bytes();
    let name_end = run(bytes, at + 1, is_name);
    if bytes.get(at + 1).is_some_and(u8::is_ascii_digit) {
        return (Token::Placeholder, run(bytes, at + 1, |byte| byte.is_ascii_digit()));
    }
    if dialect.dollar_quotes && bytes.get(name_end) == Some(&b'$') {
        let tag = &text[at..=name_end];
        let inside = name_end + 1;
        let end = text[inside..].find(tag).map_or(text.len(), |length| inside + length + tag.len());
        return (Token::Literal, end);
    }
    match name_end > at + 1 {
        true => (Token::Placeholder, name_end),
        false => (Token::Other, at + 1),
    }
}

/// `q'[…]'`: the text ends at the counterpart of its first character, followed by the quote.
fn oracle_end(text: &str, quote: usize) -> usize {
    let Some(open) = text[quote + 1..].chars().next() else { return text.len() };
    let inside = quote + 1 + open.len_utf8();
    let close = match open {
        '[' => ']',
        '(' => ')',
        '{' => '}',
        '<' => '>',
        same => same,
    };
    let mut end = [0; 5];
    let length = close.encode_utf8(&mut end).len();
    end[length] = b'\'';
    let found =
        text.as_bytes()[inside..].windows(length + 1).position(|window| window == &end[..=length]);
    found.map_or(text.len(), |at| inside + at + length + 1)
}

/// Digits with all that may belong to a number: `1.5e-10`, `0xFF`, `1_000`, `10.0.0.1`.
fn number_end(bytes: &[u8], at: usize) -> usize {
    let mut end = at;
    while let Some(&byte) = bytes.get(end) {
        let sign = matches!(byte, b'+' | b'-')
            && matches!(bytes[end - 1], b'e' | b'E')
            && bytes[at..end - 1].iter().all(|byte| byte.is_ascii_digit() || *byte == b'.')
            && bytes.get(end + 1).is_some_and(u8::is_ascii_digit);
        if !is_name(byte) && byte != b'.' && !sign {
            break;
        }
        end += 1;
    }
    end
}
