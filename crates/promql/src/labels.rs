//! The labels of a series, its name among them.

use std::{fmt, sync::Arc};

/// The label that holds a series' name.
pub const NAME: &str = "__name__";
/// The label that holds the upper bound of a classic histogram's bucket.
pub const BOUND: &str = "le";

/// Labels, by name; each name once, no value empty.
#[derive(Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Labels(Vec<(Arc<str>, Arc<str>)>);

impl Labels {
    /// Of pairs in any order; of a name that is there twice the last counts, and an empty value is none.
    pub fn new(pairs: impl IntoIterator<Item = (Arc<str>, Arc<str>)>) -> Labels {
        let mut pairs: Vec<_> = pairs.into_iter().collect();
        // Stable: the last of a name stays the last.
        pairs.sort_by(|a, b| a.0.cmp(&b.0));
        pairs.reverse();
        pairs.dedup_by(|a, b| a.0 == b.0);
        pairs.reverse();
        pairs.retain(|(_, value)| !value.is_empty());
        Labels(pairs)
    }

    /// A label's value; empty where there is none, which is the same.
    pub fn get(&self, name: &str) -> &str {
        self.value(name).map_or("", |value| value)
    }

    fn value(&self, name: &str) -> Option<&Arc<str>> {
        self.0.iter().find(|(known, _)| &**known == name).map(|(_, value)| value)
    }

    /// All, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (&**name, &**value))
    }

    /// Sets a label; an empty value removes it.
    pub(crate) fn set(&mut self, name: &str, value: &str) {
        match self.0.binary_search_by(|(known, _)| (**known).cmp(name)) {
            Ok(at) if value.is_empty() => drop(self.0.remove(at)),
            Ok(at) => self.0[at].1 = value.into(),
            Err(_) if value.is_empty() => {}
            Err(at) => self.0.insert(at, (name.into(), value.into())),
        }
    }

    /// Removes the series' name: most operations leave something that it no longer names.
    pub(crate) fn drop_name(&mut self) {
        self.0.retain(|(name, _)| &**name != NAME);
    }

    /// Only labels whose names are wanted.
    pub(crate) fn only(&self, wanted: impl Fn(&str) -> bool) -> Labels {
        Labels(self.0.iter().filter(|(name, _)| wanted(name)).cloned().collect())
    }
}

impl fmt::Debug for Labels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for Labels {
    /// As selectors are written: `up{job="a"}`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.get(NAME))?;
        let mut opened = false;
        for (name, value) in self.iter().filter(|(name, _)| *name != NAME) {
            write!(f, "{}{name}={value:?}", if opened { ", " } else { "{" })?;
            opened = true;
        }
        f.write_str(if opened {
            "}"
        } else if self.get(NAME).is_empty() {
            "{}"
        } else {
            ""
        })
    }
}

impl<'a> FromIterator<(&'a str, &'a str)> for Labels {
    fn from_iter<I: IntoIterator<Item = (&'a str, &'a str)>>(pairs: I) -> Self {
        Labels::new(pairs.into_iter().map(|(name, value)| (name.into(), value.into())))
    }
}

/// Whether a text may be a label's name: letters, digits and underscores, no digit first.
pub fn is_label_name(text: &str) -> bool {
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    !text.is_empty() && !text.as_bytes()[0].is_ascii_digit() && text.bytes().all(is_part)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(pairs: &[(&str, &str)]) -> Labels {
        pairs.iter().copied().collect()
    }

    #[test]
    fn labels_stand_by_name_and_the_empty_ones_are_none() {
        let some = labels(&[("b", "2"), ("a", "1"), ("c", ""), ("b", "3"), (NAME, "up")]);
        assert_eq!(some.to_string(), r#"up{a="1", b="3"}"#);
        assert_eq!((some.get("b"), some.get("c")), ("3", ""));
        assert_eq!(Labels::default().to_string(), "{}");
        assert_eq!(labels(&[(NAME, "up")]).to_string(), "up");
    }

    #[test]
    fn setting_a_label_to_nothing_removes_it() {
        let mut some = labels(&[("a", "1")]);
        some.set("b", "2");
        some.set("a", "");
        some.set("c", "");
        assert_eq!(some, labels(&[("b", "2")]));
        some.set("b", "4");
        some.drop_name();
        assert_eq!(some.to_string(), r#"{b="4"}"#);
    }

    #[test]
    fn a_label_begins_with_no_digit() {
        for (text, is) in [("a_1", true), ("_", true), ("1a", false), ("", false), ("a-b", false)] {
            assert_eq!(is_label_name(text), is, "{text}");
        }
    }
}
