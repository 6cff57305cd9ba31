//! Numbers for the keys and texts that come again and again, for whoever writes many batches: what was found out about a
//! text is found again by its number, and a batch that has seen the number need not look at the text.

use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use model::key_numbers::KeyNumbers;

use super::keys::Texts;

/// Keys and texts by number.
#[derive(Debug)]
pub struct Vocabulary {
    keys: KeyNumbers,
    /// By the number of the key.
    texts: Vec<Texts>,
    /// Bytes that the texts take.
    bytes: usize,
    lists: u32,
    epoch: u32,
}

/// The numbers of an attribute, of one epoch of a vocabulary.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Numbers {
    pub key: u32,
    /// Of a text whose key's texts repeat.
    pub text: Option<u32>,
}

/// The numbers of a row's attributes, in their order.
#[derive(Clone, Copy, Debug, Default)]
pub struct Known<'a> {
    /// As many as there are attributes, or none at all.
    pub numbers: &'a [Numbers],
    /// [`Vocabulary::epoch`] when they were given.
    pub epoch: u32,
}

/// All is forgotten when there are more keys, or more bytes, or after so many lists: what repeats changes over time.
const MAX_KEYS: usize = 4096;
const MAX_BYTES: usize = 4 << 20;
const MAX_LISTS: u32 = 1 << 20;
/// Texts of one key that have a number.
const MAX_TEXTS: usize = 4096;

/// No two vocabularies of a process share an epoch.
static EPOCHS: AtomicU32 = AtomicU32::new(1);

impl Default for Vocabulary {
    fn default() -> Self {
        Vocabulary {
            keys: KeyNumbers::default(),
            texts: Vec::new(),
            bytes: 0,
            lists: 0,
            epoch: EPOCHS.fetch_add(1, Relaxed),
        }
    }
}

impl Vocabulary {
    /// Says that another list of attributes begins. Gives whether all was forgotten, so that numbers mean something else from
    /// here on.
    pub fn begin(&mut self) -> bool {
        self.lists += 1;
        let is_full =
            self.keys.len() >= MAX_KEYS || self.bytes >= MAX_BYTES || self.lists >= MAX_LISTS;
        if is_full {
            *self = Vocabulary::default();
        }
        self.keys.begin();
        is_full
    }

    /// The number of a key, counted from 0, and whether it is new.
    pub fn key(&mut self, key: &str) -> (u32, bool) {
        let (number, is_new) = self.keys.number(key.as_bytes());
        if is_new {
            self.texts.push(Texts::default());
        }
        (number, is_new)
    }

    /// The number of a text among those of a key, counted from 0; nothing where they hardly repeat.
    pub fn text(&mut self, key: u32, text: &str) -> Option<u32> {
        self.texts[key as usize].number(text, MAX_TEXTS, &mut self.bytes)
    }

    /// Tells numbers given before all was forgotten from those of now.
    pub fn epoch(&self) -> u32 {
        self.epoch
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_repeats_has_a_number_and_what_does_not_has_none() {
        let mut vocabulary = Vocabulary::default();
        for at in 0..2000 {
            assert!(!vocabulary.begin());
            let (method, is_new) = vocabulary.key("http.request.method");
            assert_eq!((method, is_new), (0, at == 0));
            let name = ["GET", "POST"][at % 2];
            assert_eq!(vocabulary.text(method, name), Some(at as u32 % 2));
            let (user, _) = vocabulary.key("user.id");
            let number = vocabulary.text(user, &format!("user {at}"));
            assert_eq!(number.is_none(), at >= 127, "{at}");
        }
    }

    #[test]
    fn a_vocabulary_that_is_full_forgets_all() {
        let mut vocabulary = Vocabulary::default();
        let epoch = vocabulary.epoch();
        for at in 0..MAX_KEYS {
            assert!(!vocabulary.begin());
            vocabulary.key(&format!("key {at}"));
        }
        assert!(vocabulary.begin());
        assert_eq!(vocabulary.key("key 7"), (0, true));
        assert_ne!(vocabulary.epoch(), epoch);
    }
}
