//! Numbers for keys that come in nearly the same order again and again, as those of spans' attributes do.

use rustc_hash::FxHashMap;

/// Gives each key a number, counted from 0. What came behind a key the last times is tried before the key is looked up.
#[derive(Clone, Debug, Default)]
pub struct KeyNumbers {
    keys: Vec<Box<[u8]>>,
    numbers: FxHashMap<Box<[u8]>, u32>,
    /// The two keys that came last behind each, [`NONE`] for none; the first entry is for those that begin a list.
    after: Vec<[u32; 2]>,
    /// Where in `after` the next key is looked for.
    at: usize,
    bytes: usize,
}

const NONE: u32 = u32::MAX;

impl KeyNumbers {
    /// Says that a new list begins.
    pub fn begin(&mut self) {
        self.at = 0;
    }

    /// The number of a key, and whether it is new.
    pub fn number(&mut self, key: &[u8]) -> (u32, bool) {
        let [latest, earlier] = self.after.get(self.at).copied().unwrap_or([NONE; 2]);
        if self.is(latest, key) {
            self.at = latest as usize + 1;
            return (latest, false);
        }
        let (number, is_new) = match self.is(earlier, key) {
            true => (earlier, false),
            false => self.look_up(key),
        };
        self.after[self.at] = [number, latest];
        self.at = number as usize + 1;
        (number, is_new)
    }

    fn is(&self, number: u32, key: &[u8]) -> bool {
        self.keys.get(number as usize).is_some_and(|known| **known == *key)
    }

    fn look_up(&mut self, key: &[u8]) -> (u32, bool) {
        if let Some(&number) = self.numbers.get(key) {
            return (number, false);
        }
        let number = u32::try_from(self.keys.len()).expect("nobody keeps 2^32 keys");
        self.keys.push(key.into());
        self.numbers.insert(key.into(), number);
        self.after.resize(self.keys.len() + 1, [NONE; 2]);
        self.bytes += 2 * key.len() + 72;
        (number, true)
    }

    /// How many keys have a number.
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// Whether none has.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// About how much memory they take, in bytes.
    pub fn memory(&self) -> usize {
        self.bytes
    }

    /// Forgets all.
    pub fn clear(&mut self) {
        *self = KeyNumbers::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_keeps_its_number_whatever_order_keys_come_in() {
        let mut numbers = KeyNumbers::default();
        let lists = [vec!["a", "b", "c"], vec!["a", "c", "b", "a"], vec![], vec!["c", "", "b"]];
        let mut known = std::collections::HashMap::new();
        for list in lists.iter().cycle().take(40) {
            numbers.begin();
            for key in list {
                let next = known.len() as u32;
                let expected = *known.entry(*key).or_insert(next);
                assert_eq!(numbers.number(key.as_bytes()), (expected, expected == next), "{key}");
            }
        }
        assert_eq!(numbers.len(), 4);
    }
}
