//! The telemetry store: what the pipeline wrote, and what readers may ask of it.
//!
//! Writers fill the [`head`] and make [`cut`]s: a cut writes the head as immutable Parquet segments and makes them visible
//! in one catalogue transaction together with the writer's offset and checkpoint. [`upkeep`] merges small segments, rolls
//! minutes up and drops what is over its retention. Readers see head and segments as one state through [`reader::Reader`].
//!
//! Everything that changes something is a synchronous step over `Disk` and `Catalogue`, so that a simulation can stop the
//! machine between any two. This is the only home of Parquet and Arrow.

pub mod attribute;
pub mod blocks;
mod cells;
pub mod checkpoint;
mod counted;
pub mod cut;
#[cfg(test)]
mod fixture;
pub mod head;
pub mod reader;
mod recency;
pub mod segment;
pub mod span_batch;
pub mod store;
pub mod table;
pub mod upkeep;

mod query;

pub use store::{Config, Expired, Memory, Store, StoreError, TableUsage};
