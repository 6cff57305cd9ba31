//! Statements of SQL and its relatives (CQL, N1QL, Cypher, InfluxQL): literals become `?`, comments go, lists of literals
//! behind IN become one.

use std::borrow::Cow;

use super::LITERAL;
use super::edit::Edit;

mod token;

pub(super) use token::{Dialect, Token, next};

/// The statement without its literals.
pub(super) fn sql(text: &str, dialect: Dialect) -> Cow<'_, str> {
    let mut edit = Edit::new(text);
    let mut at = 0;
    while at < text.len() {
        let (token, mut end) = next(text, at, dialect);
        match token {
            Token::Literal => edit.replace(at..end, LITERAL),
            Token::Comment => {
                let glue = if edit.at_space(at) || end == text.len() { "" } else { " " };
                edit.replace(at..end, glue);
            }
            Token::Word if text[at..end].eq_ignore_ascii_case("in") => {
                if let Some(list) = literal_list(text, end, dialect) {
                    edit.replace(list.open..list.end, if list.closed { "(?)" } else { "(?" });
                    end = list.end;
                }
            }
            Token::Word | Token::Placeholder | Token::Space | Token::Other => {}
        }
        at = end;
    }
    edit.finish()
}

/// A list in parentheses that holds literals and placeholders only.
struct LiteralList {
    open: usize,
    end: usize,
    /// Not where the agent cut the statement within the list.
    closed: bool,
}

fn literal_list(text: &str, from: usize, dialect: Dialect) -> Option<LiteralList> {
    let mut open = from;
    while let (Token::Space, end) = next(text, open, dialect) {
        open = end;
    }
    if text.as_bytes().get(open) != Some(&b'(') {
        return None;
    }
    let mut at = open + 1;
    let mut items = 0;
    while at < text.len() {
        let (token, end) = next(text, at, dialect);
        match token {
            Token::Literal | Token::Placeholder => items += 1,
            Token::Word if is_constant(&text[at..end]) => items += 1,
            Token::Space | Token::Comment => {}
            Token::Other if matches!(&text[at..end], "," | "-" | "+") => {}
            Token::Other if &text[at..end] == ")" => {
                return (items > 0).then_some(LiteralList { open, end, closed: true });
            }
            Token::Other | Token::Word => return None,
        }
        at = end;
    }
    (items > 0).then_some(LiteralList { open, end: at, closed: false })
}

fn is_constant(word: &str) -> bool {
    ["null", "true", "false"].iter().any(|constant| constant.eq_ignore_ascii_case(word))
}

#[cfg(test)]
mod tests;
