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
            (rule, value) => sanitiser.value(rule, system, value),
        }
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
            let texts =
                ["GET /a?card=4711", "token=hunter2", "Mozilla/5.0 (X11; rv:1)", "plain", ""];
            let keys = ["user_agent.original", "app.token", "url.full", "db.query.parameter.0"];
            for text in texts.into_iter().chain(texts) {
                assert_eq!(known.text(&sanitiser, text), sanitiser.text(text), "{text}");
                for key in keys {
                    let value = Value::Str(text);
                    let said = sanitiser.attribute(None, key, &value);
                    assert_eq!(
                        known.attribute(&sanitiser, None, key, &value),
                        said,
                        "{key}={text}"
                    );
                }
            }
        }
    }
}
