//! SQL statements within a text (a span's name, an exception's message, a line of a log): their literals become `?`.
//!
//! Where a statement ends within prose cannot be known, so it is read to the quote that it stands in, to a stack trace,
//! or to the end of the text. What may be a literal is taken for one; an apostrophe within a word is not, nor is a name
//! in double quotes where no literal can stand.

use std::borrow::Cow;

use crate::sanitise::{
    LITERAL,
    edit::Edit,
    sql::{Dialect, Token, next},
};

/// The text without the literals of its statements.
pub(super) fn statements(text: &str) -> Cow<'_, str> {
    let mut edit = Edit::new(text);
    let mut finder = Finder::new(text);
    while let Some(start) = finder.next() {
        let wrapper = finder.wrapper(start);
        finder.at = Statement { text, start, wrapper }.clean(&mut edit);
    }
    edit.finish()
}

/// Finds where statements begin.
struct Finder<'a> {
    text: &'a str,
    at: usize,
    /// Where the last FROM stands, once looked for.
    last_from: Option<Option<usize>>,
    /// How far double quotes are counted, and whether one is open there.
    counted: usize,
    quoted: bool,
}

impl<'a> Finder<'a> {
    fn new(text: &'a str) -> Finder<'a> {
        Finder { text, at: 0, last_from: None, counted: 0, quoted: false }
    }

    fn next(&mut self) -> Option<usize> {
        let bytes = self.text.as_bytes();
        while let Some(&byte) = bytes.get(self.at) {
            if !is_word(byte) {
                self.at += 1;
                continue;
            }
            let start = self.at + usize::from(is_escape(bytes, self.at));
            let end = word_end(bytes, self.at);
            self.at = end;
            if self.begins(&bytes[start..end], end) {
                return Some(start);
            }
        }
        None
    }

    /// Whether a statement begins with this word, which ends at `end`.
    fn begins(&mut self, word: &[u8], end: usize) -> bool {
        let bytes = self.text.as_bytes();
        let is = |keyword: &str| word.eq_ignore_ascii_case(keyword.as_bytes());
        let then = |keyword| next_word(bytes, end).eq_ignore_ascii_case(keyword);
        // Words of 3 to 10 letters only, by their first.
        match (word.len(), word.first().map(u8::to_ascii_lowercase)) {
            (6, Some(b's')) => is("select") && (word == b"SELECT" || self.is_followed_by_from(end)),
            (3, Some(b's')) => is("set") && then(b"password"),
            (6, Some(b'i')) => is("insert") && then(b"into"),
            (10, Some(b'i')) => is("identified") && then(b"by"),
            (7, Some(b'r')) => is("replace") && then(b"into"),
            (5, Some(b'm')) => is("merge") && (then(b"into") || follows(bytes, end, b"using")),
            (6, Some(b'u')) => is("update") && follows(bytes, end, b"set"),
            (6, Some(b'd')) => is("delete") && then(b"from"),
            (6, Some(b'c')) => is("create") && (then(b"user") || then(b"role") || then(b"login")),
            (5, Some(b'a')) => is("alter") && (then(b"user") || then(b"role") || then(b"login")),
            (4, Some(b'c')) => is("call") && calls(bytes, end),
            (4 | 7, Some(b'e')) => matches!(word, b"EXEC" | b"EXECUTE"),
            // What database servers quote of a statement may lack its beginning.
            (6, Some(b'v')) => word == b"VALUES",
            (5, Some(b'w')) => word == b"WHERE",
            _ => false,
        }
    }

    fn is_followed_by_from(&mut self, at: usize) -> bool {
        let bytes = self.text.as_bytes();
        let last = *self.last_from.get_or_insert_with(|| {
            (0..bytes.len().saturating_sub(3)).rev().find(|at| stands(bytes, *at, b"from"))
        });
        last.is_some_and(|last| last >= at)
    }

    /// The quote in which the statement stands: the one right before it, or a double quote that is open there.
    fn wrapper(&mut self, start: usize) -> Option<Quote> {
        let bytes = self.text.as_bytes();
        while self.counted < start {
            match bytes[self.counted] {
                b'\\' => self.counted += 1,
                b'"' => self.quoted = !self.quoted,
                _ => {}
            }
            self.counted += 1;
        }
        let before = bytes[..start].iter().rposition(|byte| !matches!(byte, b' ' | b'(' | b'\n'));
        match before.map(|at| (at, bytes[at])) {
            Some((at, byte @ (b'\'' | b'"'))) => {
                let escaped = at > 0 && bytes[at - 1] == b'\\';
                Some(Quote { byte, width: 1 + usize::from(escaped) })
            }
            _ => self.quoted.then_some(Quote { byte: b'"', width: 1 }),
        }
    }
}

/// A quote, of two bytes where a backslash stands before it.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Quote {
    byte: u8,
    width: usize,
}

struct Statement<'a> {
    text: &'a str,
    start: usize,
    wrapper: Option<Quote>,
}

impl Statement<'_> {
    /// Replaces the literals; gives back where the statement ends.
    fn clean(&self, edit: &mut Edit<'_>) -> usize {
        let bytes = self.text.as_bytes();
        let mut at = self.start;
        while let Some(&byte) = bytes.get(at) {
            at = match byte {
                b'\'' | b'"' => match self.quote(edit, at, Quote { byte, width: 1 }) {
                    Ok(end) => end,
                    Err(end) => return end,
                },
                b'\\' => match bytes.get(at + 1) {
                    Some(&byte @ (b'\'' | b'"')) => {
                        match self.quote(edit, at, Quote { byte, width: 2 }) {
                            Ok(end) => end,
                            Err(end) => return end,
                        }
                    }
                    _ => at + 2,
                },
                b'\n' if self.wrapper.is_none() && is_frame(&bytes[at + 1..]) => return at + 1,
                b'$' => match next(self.text, at, Dialect::UNKNOWN) {
                    (Token::Literal, end) => replaced(edit, at, end),
                    (_, end) => end,
                },
                b'0'..=b'9' => {
                    let end = at + bytes[at..].iter().take_while(|byte| is_number(**byte)).count();
                    if self.number_may_stand(at) { replaced(edit, at, end) } else { end }
                }
                byte if is_word(byte) => self.word(edit, at),
                _ => at + 1,
            };
        }
        bytes.len()
    }

    /// Reads on behind a quote, or ends the statement there.
    fn quote(&self, edit: &mut Edit<'_>, at: usize, quote: Quote) -> Result<usize, usize> {
        let bytes = self.text.as_bytes();
        if self.opens(at) {
            if let Some(end) = self.name_end(at, quote) {
                return Ok(end);
            }
            return Ok(replaced(edit, at, literal_end(bytes, at, quote)));
        }
        if self.wrapper == Some(quote) { Err(at + quote.width) } else { Ok(at + quote.width) }
    }

    /// Whether a quote at `at` opens something, rather than closing it or standing in a word.
    fn opens(&self, at: usize) -> bool {
        let bytes = self.text.as_bytes();
        let before = &bytes[self.start..at];
        let Some(&last) = before.last() else { return true };
        let escaped = matches!(before, [.., b'\\', b'n' | b't' | b'r']);
        last.is_ascii_whitespace()
            || is_operator(last)
            || matches!(last, b'-' | b'/' | b'*' | b'%')
            || escaped
            || is_word(last) && before_literal(last_word(before))
    }

    /// The end of a name in double quotes: one that is part of a dotted name, or follows what no literal does.
    fn name_end(&self, at: usize, quote: Quote) -> Option<usize> {
        let bytes = self.text.as_bytes();
        if quote.byte != b'"' {
            return None;
        }
        let inside = at + quote.width;
        let length = bytes[inside..].iter().take(64).take_while(|byte| is_word(**byte)).count();
        let end = inside + length + quote.width;
        let closed = bytes.get(inside + length..end)? == &bytes[at..inside];
        let dotted = bytes.get(end) == Some(&b'.');
        let before = bytes[self.start..at].trim_ascii_end();
        let after_name =
            before.last().is_some_and(|byte| is_word(*byte)) && !before_literal(last_word(before));
        (closed && length > 0 && (dotted || after_name)).then_some(end)
    }

    /// Whether a number at `at` is a literal of the statement rather than of the prose behind it.
    fn number_may_stand(&self, at: usize) -> bool {
        let before = &self.text.as_bytes()[self.start..at];
        let is_sign = |byte: &u8| byte.is_ascii_whitespace() || matches!(byte, b'-' | b'+');
        let signs = before.iter().rev().take_while(|byte| is_sign(byte)).count();
        let before = &before[..before.len() - signs];
        match before.last() {
            Some(b'=' | b'<' | b'>' | b'(' | b',') => true,
            Some(_) if signs > 0 => {
                let word = last_word(before);
                word.eq_ignore_ascii_case(b"between")
                    || matches!(word, b"AND" | b"LIMIT" | b"OFFSET" | b"LIKE")
            }
            _ => false,
        }
    }

    /// Reads on behind a word, or behind the literal that it is the prefix of: `N'…'`, `E'…'`, `_utf8'…'`.
    fn word(&self, edit: &mut Edit<'_>, at: usize) -> usize {
        let bytes = self.text.as_bytes();
        let end = word_end(bytes, at);
        let word = &bytes[at..end];
        if bytes.get(end) != Some(&b'\'') {
            return end;
        }
        if matches!(word, b"q" | b"Q") {
            return replaced(edit, at, next(self.text, at, Dialect::UNKNOWN).1);
        }
        let is_prefix = matches!(word, [b'n' | b'N' | b'e' | b'E' | b'x' | b'X' | b'b' | b'B'])
            || word.first() == Some(&b'_');
        if is_prefix {
            return replaced(edit, at, literal_end(bytes, end, Quote { byte: b'\'', width: 1 }));
        }
        end
    }
}

fn replaced(edit: &mut Edit<'_>, from: usize, end: usize) -> usize {
    edit.replace(from..end, LITERAL);
    end
}

/// The end of a literal. A quote with a letter right behind it is an apostrophe that somebody forgot to escape.
fn literal_end(bytes: &[u8], at: usize, quote: Quote) -> usize {
    let mut end = at + quote.width;
    while let Some(&byte) = bytes.get(end) {
        let closes = bytes[end..].starts_with(&bytes[at..at + quote.width]);
        let behind = bytes.get(end + quote.width..).unwrap_or_default();
        if closes && behind.starts_with(&bytes[at..at + quote.width]) {
            end += 2 * quote.width;
        } else if closes && behind.first().is_some_and(|byte| is_word(*byte)) {
            end += quote.width;
        } else if closes {
            return end + quote.width;
        } else {
            end += if byte == b'\\' { 2 } else { 1 };
        }
    }
    bytes.len()
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80
}

fn is_number(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.')
}

/// What may stand right before a literal.
fn is_operator(byte: u8) -> bool {
    matches!(
        byte,
        b'=' | b'<' | b'>' | b'(' | b',' | b'!' | b'|' | b'+' | b'[' | b'{' | b':' | b'~' | b'&'
    )
}

/// Whether a literal may follow the word.
fn before_literal(word: &[u8]) -> bool {
    const WORDS: [&[u8]; 15] = [
        b"like",
        b"ilike",
        b"values",
        b"in",
        b"then",
        b"else",
        b"when",
        b"by",
        b"select",
        b"between",
        b"and",
        b"or",
        b"password",
        b"return",
        b"regexp",
    ];
    WORDS.iter().any(|known| known.eq_ignore_ascii_case(word))
}

fn word_end(bytes: &[u8], at: usize) -> usize {
    at + bytes[at..].iter().take_while(|byte| is_word(**byte)).count()
}

/// The word that ends with the bytes.
fn last_word(bytes: &[u8]) -> &[u8] {
    let length = bytes.iter().rev().take(64).take_while(|byte| is_word(**byte)).count();
    &bytes[bytes.len() - length..]
}

/// Whether the letter at `at` belongs to an escaped line break or tab before a word.
fn is_escape(bytes: &[u8], at: usize) -> bool {
    at > 0 && bytes[at - 1] == b'\\' && matches!(bytes[at], b'n' | b't' | b'r')
}

/// Whether the word stands at `at`.
fn stands(bytes: &[u8], at: usize, word: &[u8]) -> bool {
    let end = at + word.len();
    bytes.get(at..end).is_some_and(|found| found.eq_ignore_ascii_case(word))
        && (at == 0 || !is_word(bytes[at - 1]) || is_escape(bytes, at - 1))
        && bytes.get(end).is_none_or(|byte| !is_word(*byte))
}

/// The word after white space.
fn next_word(bytes: &[u8], from: usize) -> &[u8] {
    let rest = &bytes[from..];
    let spaces = rest.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
    match spaces {
        0 => b"",
        _ => &bytes[from + spaces..word_end(bytes, from + spaces)],
    }
}

/// How far from its verb a clause may begin.
const CLAUSE_WITHIN: usize = 256;

fn follows(bytes: &[u8], from: usize, word: &[u8]) -> bool {
    let until = bytes.len().min(from + CLAUSE_WITHIN);
    (from..until).any(|at| stands(bytes, at, word))
}

/// Whether a procedure's name and a parenthesis follow.
fn calls(bytes: &[u8], from: usize) -> bool {
    let name = next_word(bytes, from);
    let rest = bytes[from..].trim_ascii_start();
    let length = rest.iter().take_while(|byte| is_word(**byte) || **byte == b'.').count();
    !name.is_empty() && rest[length..].trim_ascii_start().first() == Some(&b'(')
}

/// Whether a line is of a stack trace: Java's and JavaScript's, Python's.
fn is_frame(line: &[u8]) -> bool {
    let line = line.trim_ascii_start();
    [b"at ".as_slice(), b"File \"", b"Traceback ("].iter().any(|start| line.starts_with(start))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        assert_eq!(statements(text), expected);
    }

    #[track_caller]
    fn unchanged(text: &str) {
        assert!(matches!(statements(text), Cow::Borrowed(_)), "{}", statements(text));
    }

    #[test]
    fn literals_of_a_statement_go_wherever_it_stands() {
        check("SELECT * FROM t WHERE a='hunter2'", "SELECT * FROM t WHERE a=?");
        check(
            "select * from t where a = 'hunter2' and b = 5",
            "select * from t where a = ? and b = ?",
        );
        check("db: INSERT INTO t VALUES ('hunter2', 4711)", "db: INSERT INTO t VALUES (?, ?)");
        check("UPDATE t SET a = \"hunter2\" failed", "UPDATE t SET a = ? failed");
        check("DELETE FROM t WHERE a LIKE'hunter2%'", "DELETE FROM t WHERE a LIKE?");
        check("MERGE INTO t USING (SELECT 'hunter2' a) s", "MERGE INTO t USING (SELECT ? a) s");
        check("CALL shop.login('ann', 'hunter2')", "CALL shop.login(?, ?)");
        check("EXEC login @p = N'hunter2'", "EXEC login @p = ?");
        check("ALTER USER ann PASSWORD 'hunter2'", "ALTER USER ann PASSWORD ?");
        check("SELECT a FROM t WHERE b = $$hunter2$$", "SELECT a FROM t WHERE b = ?");
    }

    #[test]
    fn an_error_loses_the_literals_and_the_parameters_behind_the_statement() {
        check(
            "[SQL: INSERT INTO t (a) VALUES (%(a)s)]\n[parameters: {'a': 'hunter2'}]",
            "[SQL: INSERT INTO t (a) VALUES (%(a)s)]\n[parameters: {?: ?}]",
        );
        check(
            "ERROR at 12: INSERT INTO t VALUES ('hunter2')\n\tat shop.Db.run(Db.java:12) 'x'",
            "ERROR at 12: INSERT INTO t VALUES (?)\n\tat shop.Db.run(Db.java:12) 'x'",
        );
        check("WHERE a = 'hunter2'' at line 1", "WHERE a = ?");
    }

    #[test]
    fn a_literal_that_breaks_its_statement_goes_whole() {
        check("SELECT a FROM t WHERE b='O'hunter2'", "SELECT a FROM t WHERE b=?");
        check("failed 'INSERT INTO t VALUES (''hunter2'')'", "failed 'INSERT INTO t VALUES (?");
        check("SELECT a FROM t WHERE b='hunter2", "SELECT a FROM t WHERE b=?");
        check("SELECT a FROM t WHERE b='it''s hunter2'", "SELECT a FROM t WHERE b=?");
    }

    #[test]
    fn a_statement_in_quotes_ends_with_them() {
        check(
            r#"{"sql":"SELECT a FROM t WHERE b='hunter2'","user":"ann"}"#,
            r#"{"sql":"SELECT a FROM t WHERE b=?","user":"ann"}"#,
        );
        check(
            r#"{"msg":"run\nSELECT a\nFROM t WHERE b=\"hunter2\"","user":"ann"}"#,
            r#"{"msg":"run\nSELECT a\nFROM t WHERE b=?","user":"ann"}"#,
        );
        check(
            "cur.execute(\"SELECT a FROM t WHERE b='hunter2'\") in \"main\"",
            "cur.execute(\"SELECT a FROM t WHERE b=?\") in \"main\"",
        );
    }

    #[test]
    fn names_and_prose_stay() {
        for text in [
            "GET /users/:id",
            "SELECT shop.users",
            "SELECT \"user\".\"id\" FROM \"user\" WHERE \"user\".\"id\" = $1",
            "INSERT INTO orders took 30 ms",
            "O'Reilly",
            "SELECT shop.users of O'Reilly",
            "select a value, it's in the list",
            "can't update 'a' of 5",
            "the user's selection comes from 'b'",
            "callback (5)",
        ] {
            unchanged(text);
        }
    }
}
