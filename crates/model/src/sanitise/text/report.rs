//! What databases quote in their errors: the values of a violated key, a row, the part of a statement that they could
//! not read.

use std::borrow::Cow;

use crate::sanitise::{LITERAL, edit::Edit};

/// A form of words that quotes a value.
struct Report {
    /// Up to here a search finds it.
    lead: &'static str,
    /// Behind the lead, up to where the value begins.
    open: &'static str,
    /// What ends the value, the likeliest first; the last of them on the line counts where none of these is found.
    ends: &'static [&'static str],
}

const REPORTS: [Report; 6] = [
    // PostgreSQL.
    Report {
        lead: "Key (",
        open: ")=(",
        ends: &[
            ") already exists",
            ") is not present",
            ") is still referenced",
            ") conflicts",
            ")",
        ],
    },
    Report { lead: "Failing row contains ", open: "(", ends: &[")"] },
    Report { lead: "invalid input syntax for ", open: ": \"", ends: &["\""] },
    Report { lead: " at or near ", open: "\"", ends: &["\" at character", "\" LINE", "\""] },
    // MySQL.
    Report { lead: "Duplicate entry ", open: "'", ends: &["' for key", "'"] },
    Report { lead: "syntax to use near ", open: "'", ends: &["' at line", "'"] },
];

/// The text without the values that databases quote.
pub(super) fn reports(text: &str) -> Cow<'_, str> {
    let mut shown = Cow::Borrowed(text);
    for report in &REPORTS {
        shown = super::then(shown, |text| report.without_values(text));
    }
    shown
}

impl Report {
    fn without_values<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let mut edit = Edit::new(text);
        let mut at = 0;
        while let Some(found) = text[at..].find(self.lead) {
            at += found + self.lead.len();
            let line = text[at..].find('\n').map_or(text.len(), |length| at + length);
            let Some(open) = text[at..line].find(self.open) else { continue };
            let from = at + open + self.open.len();
            // A value may hold a line break, and then the words behind it tell its end.
            let end = self.end(text, from, text.len()).or_else(|| {
                let last = self.ends.last()?;
                text[from..line].rfind(last).map(|length| from + length)
            });
            let end = end.unwrap_or(line);
            if from < end {
                edit.replace(from..end, LITERAL);
            }
            at = end;
        }
        edit.finish()
    }

    /// Where words that follow a value end it.
    fn end(&self, text: &str, from: usize, until: usize) -> Option<usize> {
        let (_, words) = self.ends.split_last()?;
        words.iter().filter_map(|words| text[from..until].find(words)).min().map(|at| from + at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        assert_eq!(reports(text), expected);
        assert!(matches!(reports(expected), Cow::Borrowed(_)));
    }

    #[test]
    fn values_of_keys_and_rows_go() {
        check(
            "DETAIL:  Key (email)=(bob@x.y) already exists.",
            "DETAIL:  Key (email)=(?) already exists.",
        );
        check(
            "Key (a, b)=(1, h(u)nter2) conflicts with existing key (a, b)=(1, 2).",
            "Key (a, b)=(?) conflicts with existing key (a, b)=(1, 2).",
        );
        check("Failing row contains (1, hunter2, (x)).", "Failing row contains (?).");
        check("Duplicate entry 'O'hunter2' for key 'a'", "Duplicate entry '?' for key 'a'");
        check("syntax to use near 'hunter2'' at line 1", "syntax to use near '?' at line 1");
        check(
            "invalid input syntax for type uuid: \"hunter2\"\nLINE 1",
            "invalid input syntax for type uuid: \"?\"\nLINE 1",
        );
    }

    #[test]
    fn other_parentheses_stay() {
        for text in ["Key (email) is missing", "f(x)=(y)", "Duplicate entry", "the Key ("] {
            assert!(matches!(reports(text), Cow::Borrowed(_)), "{text}");
        }
    }
}
