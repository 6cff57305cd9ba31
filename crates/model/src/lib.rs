//! What Vedette talks about: typed ids, entities, figures, telemetry records, and the pure rules that name them.
//!
//! No IO, no async, no clock (invariant 1 of docs/architecture.md). Everything here is a value or a function of values,
//! so that the same input gives the same answer in the pipeline, in a test and in a later release.

pub mod access;
pub mod anomaly;
pub mod attributes;
pub mod conventions;
pub mod distribution;
pub mod entity;
pub mod event;
pub mod excluded;
pub mod figure;
pub mod histogram;
pub mod id;
pub mod key_numbers;
pub mod leaf;
pub mod long_lived;
pub mod measured;
pub mod metric_path;
pub mod metric_table;
pub mod naming;
pub mod remote_write;
pub mod rule;
pub mod sanitise;
pub mod span;
pub mod spells;
pub mod time;
pub mod varint;

#[cfg(test)]
mod recorded;
