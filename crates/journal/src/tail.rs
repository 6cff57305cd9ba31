//! The newest durable records in memory, so that a consumer that keeps up never reads the disk.

use std::collections::VecDeque;

use crate::record::Stored;

/// A window over the end of the log, bounded by bytes.
#[derive(Debug)]
pub(crate) struct Tail {
    records: VecDeque<Stored>,
    bytes: usize,
    max_bytes: usize,
}

impl Tail {
    pub(crate) fn new(max_bytes: usize) -> Tail {
        Tail { records: VecDeque::new(), bytes: 0, max_bytes }
    }

    /// Adds durable records behind the last one and lets go of the oldest over the bound.
    pub(crate) fn push(&mut self, records: Vec<Stored>) {
        self.bytes += records.iter().map(cost).sum::<usize>();
        self.records.extend(records);
        while self.bytes > self.max_bytes {
            let Some(oldest) = self.records.pop_front() else { break };
            self.bytes -= cost(&oldest);
        }
    }

    /// Lets go of everything below `offset`: every consumer has it. One that begins again reads the disk.
    pub(crate) fn forget(&mut self, offset: u64) {
        while self.records.front().is_some_and(|stored| stored.offset < offset) {
            let oldest = self.records.pop_front().expect("front was there");
            self.bytes -= cost(&oldest);
        }
    }

    /// Records from `offset` on; nothing when they are no longer (or not yet) here.
    pub(crate) fn read(&self, offset: u64, max_bytes: usize) -> Option<Vec<Stored>> {
        let first = self.records.front()?.offset;
        if offset < first {
            return None;
        }
        let start = self.records.partition_point(|stored| stored.offset < offset);
        let mut taken = 0;
        let wanted = self.records.range(start..).take_while(|stored| {
            let before = taken;
            taken += cost(stored);
            before == 0 || taken <= max_bytes
        });
        Some(wanted.cloned().collect())
    }
}

fn cost(stored: &Stored) -> usize {
    stored.record.payload.len() + std::mem::size_of::<Stored>()
}
