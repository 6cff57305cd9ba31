//! What the sanitiser said of keys and texts: spans repeat both.

use std::hash::BuildHasher;

use model::{
    attributes::Value,
    key_numbers::KeyNumbers,
    sanitise::{Replacement, Rule, Sanitiser},
};
use rustc_hash::FxBuildHasher;

/// Keys whose rule is known; an agent that makes up keys has all of them looked at again and again.
const MAX_KEYS: usize = 4096;
/// Texts that are known to be clean, each at the place its hash gives, and the longest that is remembered.
const TEXTS: usize = 1024;
const MAX_TEXT: usize = 256;

/// See the module's documentation.
#[derive(Debug, Default)]
pub(super) struct Known {
    keys: KeyNumbers,
    /// By the number of the key.
    rules: Vec<Rule>,
    /// Empty until there is one.
    clean: Vec<Box<str>>,
    /// Clean statements, each with the database's system.
    statements: Vec<(Box<str>, Box<str>)>,
}

impl Known {
    /// Says that another list of attributes begins.
    pub(super) fn begin(&mut self) {
        self.keys.begin();
    }

    /// [`Sanitiser::attribute`].
    pub(super) fn attribute(
        &mut self,
        sanitiser: &Sanitiser,
        system: Option<&str>,
        key: &str,
        value: &Value<'_>,
    ) -> Option<Replacement> {
        match (self.rule(sanitiser, key), value) {
            (Rule::Text, Value::Str(text)) => self.text(sanitiser, text).map(Replacement::Text),
            (Rule::Statement, Value::Str(text)) if text.len() <= MAX_TEXT => {
                self.statement(sanitiser, system, text)
            }
            (rule, value) => sanitiser.value(rule, system, value),
        }
    }

    /// Statements with placeholders repeat; those with literals hardly do, and are looked through each time.
    fn statement(
        &mut self,
        sanitiser: &Sanitiser,
        system: Option<&str>,
        text: &str,
    ) -> Option<Replacement> {
        let hash = FxBuildHasher.hash_one((system, text));
        let place = hash as usize % TEXTS;
        let is =
            |(of, known): &(Box<str>, Box<str>)| **of == *system.unwrap_or("") && **known == *text;
        if self.statements.get(place).is_some_and(is) {
            return None;
        }
        let replacement = sanitiser.value(Rule::Statement, system, &Value::Str(text));
        if replacement.is_none() && !text.is_empty() {
            self.statements.resize(TEXTS, Default::default());
            self.statements[place] = (system.unwrap_or("").into(), text.into());
        }
        replacement
    }

    fn rule(&mut self, sanitiser: &Sanitiser, key: &str) -> Rule {
        if self.rules.len() >= MAX_KEYS {
            self.keys.clear();
            self.rules.clear();
        }
        let (number, is_new) = self.keys.number(key.as_bytes());
        if is_new {
            self.rules.push(sanitiser.rule(key));
        }
        self.rules[number as usize]
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
                    assert_eq!(
                        known.attribute(&sanitiser, system, key, &value),
                        said,
                        "{key}={text} ({system:?})"
                    );
                }
            }
        }
    }
}
