//! One page of a long list, asked for by the last id seen.

/// Which part of a list: at most `limit` items whose id is above `after_id`, by rising id. The first page is
/// after 0; a page shorter than `limit` is the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page {
    pub after_id: u32,
    pub limit: u32,
}

impl Page {
    /// The first `limit` items.
    pub fn first(limit: u32) -> Self {
        Self { after_id: 0, limit }
    }
}
