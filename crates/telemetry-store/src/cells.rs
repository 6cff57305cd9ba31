//! Many byte strings that grow by a few bytes at a time, side by side: each is a chain of small cells, so that none is copied
//! when it grows and little of the last cell is left over.

/// Bytes of a cell that are not its link.
const CELL: usize = 28;
/// Cells of a block: 64 KiB.
const BLOCK: usize = 2048;

/// The cells of all chains.
#[derive(Clone, Debug, Default)]
pub(crate) struct Cells {
    blocks: Vec<Vec<Cell>>,
}

#[derive(Clone, Copy, Debug)]
struct Cell {
    /// Where the chain goes on; of its last cell how many bytes are used.
    next: u32,
    bytes: [u8; CELL],
}

/// One string.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Chain {
    first: u32,
    last: u32,
}

impl Cells {
    /// A new string, empty.
    pub(crate) fn chain(&mut self) -> Chain {
        let cell = self.add();
        Chain { first: cell, last: cell }
    }

    /// Appends to a string.
    pub(crate) fn append(&mut self, chain: &mut Chain, mut bytes: &[u8]) {
        loop {
            let cell = self.cell_mut(chain.last);
            let used = cell.next as usize;
            let fits = bytes.len().min(CELL - used);
            cell.bytes[used..used + fits].copy_from_slice(&bytes[..fits]);
            cell.next += fits as u32;
            bytes = &bytes[fits..];
            if bytes.is_empty() {
                return;
            }
            let next = self.add();
            self.cell_mut(chain.last).next = next;
            chain.last = next;
        }
    }

    /// Appends a string to `out`.
    pub(crate) fn read(&self, chain: &Chain, out: &mut Vec<u8>) {
        let mut at = chain.first;
        while at != chain.last {
            let cell = self.cell(at);
            out.extend_from_slice(&cell.bytes);
            at = cell.next;
        }
        let last = self.cell(at);
        out.extend_from_slice(&last.bytes[..last.next as usize]);
    }

    /// Bytes of memory.
    pub(crate) fn memory(&self) -> usize {
        self.blocks.len() * BLOCK * size_of::<Cell>()
    }

    fn add(&mut self) -> u32 {
        if self.blocks.last().is_none_or(|block| block.len() == BLOCK) {
            self.blocks.push(Vec::with_capacity(BLOCK));
        }
        let before = (self.blocks.len() - 1) * BLOCK;
        let block = self.blocks.last_mut().expect("there is one");
        block.push(Cell { next: 0, bytes: [0; CELL] });
        u32::try_from(before + block.len() - 1).expect("a head is far smaller than 128 GiB")
    }

    fn cell(&self, at: u32) -> &Cell {
        &self.blocks[at as usize / BLOCK][at as usize % BLOCK]
    }

    fn cell_mut(&mut self, at: u32) -> &mut Cell {
        &mut self.blocks[at as usize / BLOCK][at as usize % BLOCK]
    }
}
