//! Log records of a range, newest first: page by page, or counted.
//!
//! Heads first, then row groups in the order of their newest records, until what was found is newer than anything in those
//! left. What finds little ends after some hundred megabytes: then a page ends at the time down to which all was looked
//! through, and the next one goes on from there.

mod filter;
mod page;
mod summary;
mod walk;

pub(super) use self::{page::logs, summary::log_summary};

#[cfg(test)]
mod tests;
