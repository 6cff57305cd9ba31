//! What is in one simulated file: what everybody sees, what is durable, and what lies between them.

use std::ops::Range;

use super::random::SplitMix64;

/// Drives write whole sectors; a torn write leaves some of them and not others.
const SECTOR: usize = 512;

#[derive(Debug, Default)]
pub(super) struct Content {
    durable: Vec<u8>,
    visible: Vec<u8>,
    pending: Vec<Change>,
    /// Durable as far as the process was told, yet written to pages that a failed sync let the kernel forget.
    doubtful: Vec<Range<usize>>,
}

#[derive(Debug)]
enum Change {
    Append(Vec<u8>),
    Truncate(usize),
}

impl Content {
    pub(super) fn bytes(&self) -> &[u8] {
        &self.visible
    }

    pub(super) fn len(&self) -> u64 {
        self.visible.len() as u64
    }

    pub(super) fn append(&mut self, data: &[u8]) {
        self.visible.extend_from_slice(data);
        self.pending.push(Change::Append(data.to_vec()));
    }

    /// `len` is at most the present length.
    pub(super) fn truncate(&mut self, len: u64) {
        let len = usize::try_from(len).expect("at most the length of a vector");
        self.visible.truncate(len);
        self.pending.push(Change::Truncate(len));
    }

    pub(super) fn sync(&mut self) {
        let len = self.visible.len();
        for range in &mut self.doubtful {
            range.end = range.end.min(len);
        }
        self.doubtful.retain(|range| !range.is_empty());
        for change in self.pending.drain(..) {
            change.apply(&mut self.durable);
        }
    }

    /// The pending changes stay pending; their bytes are in doubt for ever.
    pub(super) fn sync_failed(&mut self) {
        let unsynced_from = self.first_changed();
        if unsynced_from < self.visible.len() {
            self.doubtful.push(unsynced_from..self.visible.len());
        }
    }

    /// Where the visible content begins to differ from the durable one in what was written.
    fn first_changed(&self) -> usize {
        let shortest = self.pending.iter().filter_map(|change| match change {
            Change::Truncate(len) => Some(*len),
            Change::Append(_) => None,
        });
        shortest.min().unwrap_or(usize::MAX).min(self.durable.len())
    }

    pub(super) fn crash(&mut self, random: &mut SplitMix64) {
        self.keep_a_prefix(random);
        for range in std::mem::take(&mut self.doubtful) {
            let end = range.end.min(self.durable.len());
            if range.start < end && random.one_in(2) {
                self.durable[range.start..end].fill(0);
            }
        }
        self.visible = self.durable.clone();
    }

    fn keep_a_prefix(&mut self, random: &mut SplitMix64) {
        let changes = std::mem::take(&mut self.pending);
        if changes.is_empty() {
            return;
        }
        let whole = random.below(changes.len() as u64 + 1) as usize;
        let mut untouched = self.durable.len();
        for (position, change) in changes.into_iter().enumerate() {
            match change {
                _ if position < whole => {
                    change.apply(&mut self.durable);
                    untouched = untouched.min(self.durable.len());
                }
                Change::Append(data) if position == whole => {
                    let kept = random.below(data.len() as u64 + 1) as usize;
                    self.durable.extend_from_slice(&data[..kept]);
                }
                _ => break,
            }
        }
        if random.one_in(2) {
            tear(&mut self.durable[untouched..], random);
        }
    }
}

impl Change {
    fn apply(self, content: &mut Vec<u8>) {
        match self {
            Self::Append(data) => content.extend_from_slice(&data),
            Self::Truncate(len) => content.truncate(len),
        }
    }
}

/// The length reached the drive before all of the data did.
fn tear(unsynced: &mut [u8], random: &mut SplitMix64) {
    for sector in unsynced.chunks_mut(SECTOR) {
        match random.below(4) {
            0 => sector.fill(0),
            1 => sector.iter_mut().for_each(|byte| *byte = random.next() as u8),
            _ => {}
        }
    }
}
