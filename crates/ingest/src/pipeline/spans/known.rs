//! What the sanitiser said of keys and texts: spans repeat both.

use std::hash::BuildHasher;

use model::{
    attributes::{Attributes, Value},
    conventions::Name,
    sanitise::{Replacement, Rule, Sanitiser},
};
use rustc_hash::FxBuildHasher;
use telemetry_store::span_batch::{Numbers, Vocabulary};

/// Texts that are known to be clean, each at the place its hash gives, and the longest that is remembered.
const TEXTS: usize = 1024;
const MAX_TEXT: usize = 256;

/// See the module's documentation.
#[derive(Debug, Default)]
pub(super) struct Known {
    vocabulary: Vocabulary,
    /// By the number of the key.
    keys: Vec<Key>,
    /// Empty until there is one.
    clean: Vec<Box<str>>,
}

#[derive(Debug)]
struct Key {
    rule: Rule,
    name: Name,
    /// Whether a text may be stored as it is, by its number.
    texts: Vec<Verdict>,
}

/// What is known of a text.
#[derive(Clone, Debug)]
enum Verdict {
    Unknown,
    /// It may be stored as it is.
    Clean(System),
    Replaced(System, Box<str>, Option<u32>),
}

/// The database system of whose statements something is known; empty where it is the same for all, or the span names none.
type System = Box<str>;

/// Equality that looks at no bytes of empty texts: these lie nowhere, and reading there costs a hundred times as much.
fn is_same(a: &str, b: &str) -> bool {
    a.len() == b.len() && (a.is_empty() || a == b)
}

impl Known {
    /// The numbers and names of a list's keys, in their order.
    pub(super) fn keys(
        &mut self,
        sanitiser: &Sanitiser,
        list: &Attributes<'_>,
        out: &mut Vec<(u32, Name)>,
    ) {
        if self.vocabulary.begin() {
            self.keys.clear();
        }
        out.clear();
        for (key, _) in list.iter() {
            let (number, is_new) = self.vocabulary.key(key);
            if is_new {
                let (rule, name) = (sanitiser.rule(key), Name::of(key));
                self.keys.push(Key { rule, name, texts: Vec::new() });
            }
            out.push((number, self.keys[number as usize].name));
        }
    }

    /// To what the numbers of the list belong.
    pub(super) fn epoch(&self) -> u32 {
        self.vocabulary.epoch()
    }

    /// [`Sanitiser::attribute`], and the numbers of what was sent, by the number of its key.
    pub(super) fn attribute(
        &mut self,
        sanitiser: &Sanitiser,
        system: Option<&str>,
        number: u32,
        value: &Value<'_>,
    ) -> (Option<Replacement>, Numbers) {
        let known = &mut self.keys[number as usize];
        let text = match value {
            Value::Str(text) => self.vocabulary.text(number, text),
            _ => None,
        };
        let numbers = Numbers { key: number, text };
        let Some(at) = text.map(|text| text as usize) else {
            let replacement = match (known.rule, value) {
                (Rule::Text, Value::Str(text)) if sanitiser.is_plain(text) => None,
                (rule, value) => sanitiser.value(rule, system, value),
            };
            return (replacement, numbers);
        };
        if at >= known.texts.len() {
            known.texts.resize(at + 1, Verdict::Unknown);
        }
        let system_of_verdict = match known.rule {
            Rule::Statement => system.unwrap_or(""),
            _ => "",
        };
        match &known.texts[at] {
            Verdict::Clean(of) if is_same(of, system_of_verdict) => return (None, numbers),
            Verdict::Replaced(of, text, number) if is_same(of, system_of_verdict) => {
                let replacement = Replacement::Text(text.as_ref().to_owned());
                return (Some(replacement), Numbers { text: *number, ..numbers });
            }
            _ => {}
        }
        let replacement = sanitiser.value(known.rule, system, value);
        let (verdict, text) = match &replacement {
            None => (Verdict::Clean(system_of_verdict.into()), text),
            Some(Replacement::Text(by)) => {
                let number = self.vocabulary.text(number, by);
                let by = by.as_str().into();
                (Verdict::Replaced(system_of_verdict.into(), by, number), number)
            }
            Some(_) => (Verdict::Unknown, None),
        };
        self.keys[numbers.key as usize].texts[at] = verdict;
        (replacement, Numbers { text, ..numbers })
    }

    /// [`Sanitiser::text`].
    pub(super) fn text(&mut self, sanitiser: &Sanitiser, text: &str) -> Option<String> {
        if sanitiser.is_plain(text) {
            return None;
        }
        if text.len() > MAX_TEXT {
            return sanitiser.text(text);
        }
        let place = FxBuildHasher.hash_one(text) as usize % TEXTS;
        if self.clean.get(place).is_some_and(|clean| **clean == *text) {
            return None;
        }
        let replaced = sanitiser.text(text);
        if replaced.is_none() {
            self.clean.resize(TEXTS, Box::default());
            self.clean[place] = text.into();
        }
        replaced
    }
}

#[cfg(test)]
mod tests {
    use model::sanitise::MaskList;

    use super::*;

    #[test]
    fn what_is_remembered_is_what_the_sanitiser_says() {
        let mut known = Known::default();
        for enabled in [true, false] {
            let sanitiser = Sanitiser::new(MaskList::default(), enabled);
            known = if enabled { known } else { Known::default() };
            let texts = [
                "GET /a?card=4711",
                "token=hunter2",
                "Mozilla/5.0 (X11; rv:1)",
                "SELECT * FROM users WHERE id = ?",
                "SET \"a\"",
                "plain",
                "",
            ];
            let keys = [
                "user_agent.original",
                "app.token",
                "url.full",
                "db.query.parameter.0",
                "db.query.text",
            ];
            for text in texts.into_iter().chain(texts) {
                assert_eq!(known.text(&sanitiser, text), sanitiser.text(text), "{text}");
                for (key, system) in keys.into_iter().flat_map(|key| {
                    [None, Some("mysql"), Some("redis")].map(|system| (key, system))
                }) {
                    let value = Value::Str(text);
                    let said = sanitiser.attribute(system, key, &value);
                    let list = [(key, value)].into_iter().collect();
                    let mut numbers = Vec::new();
                    known.keys(&sanitiser, &list, &mut numbers);
                    let number = numbers[0].0;
                    let (replaced, numbers) = known.attribute(&sanitiser, system, number, &value);
                    assert_eq!(replaced, said, "{key}={text} ({system:?})");
                    let shown = match &replaced {
                        None => Some(text),
                        Some(Replacement::Text(by)) => Some(by.as_str()),
                        Some(_) => None,
                    };
                    let expected = shown.and_then(|text| known.vocabulary.text(numbers.key, text));
                    assert_eq!(numbers.text, expected);
                }
            }
        }
    }
}
