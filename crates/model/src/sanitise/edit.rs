//! A text with parts replaced, copied only once a part is.

use std::borrow::Cow;
use std::ops::Range;

/// Replacements from left to right.
#[derive(Debug)]
pub(super) struct Edit<'a> {
    source: &'a str,
    /// Up to here the source is in `edited`, as it was or replaced.
    done: usize,
    edited: Option<String>,
}

impl<'a> Edit<'a> {
    pub(super) fn new(source: &'a str) -> Edit<'a> {
        Edit { source, done: 0, edited: None }
    }

    /// Replaces a range that begins at or after the end of the last one and lies on character boundaries.
    pub(super) fn replace(&mut self, range: Range<usize>, with: &str) {
        if &self.source[range.clone()] == with {
            return;
        }
        let edited = self.edited.get_or_insert_with(|| String::with_capacity(self.source.len()));
        edited.push_str(&self.source[self.done..range.start]);
        edited.push_str(with);
        self.done = range.end;
    }

    /// Whether what was read up to `at` ends in white space, or is empty.
    pub(super) fn at_space(&self, at: usize) -> bool {
        let copied = self.edited.as_deref().unwrap_or_default();
        let before =
            self.source[self.done..at].chars().next_back().or_else(|| copied.chars().next_back());
        before.is_none_or(char::is_whitespace)
    }

    pub(super) fn finish(self) -> Cow<'a, str> {
        match self.edited {
            None => Cow::Borrowed(self.source),
            Some(mut edited) => {
                edited.push_str(&self.source[self.done..]);
                Cow::Owned(edited)
            }
        }
    }
}
