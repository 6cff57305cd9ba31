//! What was answered, by the hour that it was answered for.

use analysis::baseline::Expected;
use model::{id::AccountId, time::Minute};
use rustc_hash::FxHashMap;

use super::{Baseline, Key};

/// What an answer was about, besides the series.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Page {
    pub(super) account: AccountId,
    pub(super) baseline: Baseline,
    /// Its first minute.
    pub(super) hour: Minute,
}

/// Answers by page, of which those that nobody has asked for longest go first.
#[derive(Debug)]
pub(super) struct Cache {
    most: usize,
    bytes: usize,
    pages: FxHashMap<Page, Held>,
    /// How often it was asked.
    turn: u64,
}

#[derive(Debug, Default)]
struct Held {
    answers: FxHashMap<Key, Option<Expected>>,
    bytes: usize,
    asked: u64,
}

/// A hash table is at most seven eighths full and has a byte of control for each entry.
const ENTRY: usize = (size_of::<(Key, Option<Expected>)>() + 1) * 8 / 7 + 1;

impl Cache {
    pub(super) fn within(most: usize) -> Cache {
        Cache { most, bytes: 0, pages: FxHashMap::default(), turn: 0 }
    }

    /// What is known of each key.
    pub(super) fn get(&mut self, page: &Page, keys: &[Key]) -> Vec<Option<Option<Expected>>> {
        self.turn += 1;
        let Some(held) = self.pages.get_mut(page) else { return vec![None; keys.len()] };
        held.asked = self.turn;
        keys.iter().map(|key| held.answers.get(key).copied()).collect()
    }

    /// Remembers answers, as far as there is room.
    pub(super) fn put(
        &mut self,
        page: Page,
        answers: impl IntoIterator<Item = (Key, Option<Expected>)>,
    ) {
        self.turn += 1;
        let mut held = self.pages.remove(&page).unwrap_or_default();
        held.asked = self.turn;
        self.bytes -= held.bytes;
        for (key, answer) in answers {
            let bytes = bytes_of(&key);
            if self.bytes + held.bytes + bytes > self.most && !self.make_room(held.bytes + bytes) {
                break;
            }
            if held.answers.insert(key, answer).is_none() {
                held.bytes += bytes;
            }
        }
        self.bytes += held.bytes;
        self.pages.insert(page, held);
    }

    /// Drops pages until there is room for one of so many bytes. Whether there is.
    fn make_room(&mut self, bytes: usize) -> bool {
        while self.bytes + bytes > self.most {
            let oldest = self.pages.iter().min_by_key(|(_, held)| held.asked);
            let Some(page) = oldest.map(|(page, _)| page.clone()) else { return false };
            self.bytes -= self.pages.remove(&page).map_or(0, |held| held.bytes);
        }
        true
    }

    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }
}

fn bytes_of(key: &Key) -> usize {
    let path = match key {
        Key::Figure { .. } => 0,
        // Beside the text, its two counters; it is mostly shared.
        Key::Series { path, .. } => path.len() + 16,
    };
    ENTRY + path
}
