//! Roles and their wiring: what `vedette serve` starts, and what works on a data directory without a running server.
//!
//! Each part builds itself from its own `Config`; here is only who gets what, in which order it starts, and in which
//! order it stops: listeners, intake, pipeline, upkeep, journal.

mod absences;
mod adapters;
mod data_dir;
mod edge;
mod first_start;
mod notices;
pub mod offline;
mod own_health;
mod retention;
mod self_report;
mod serve;
mod stage_metrics;
mod ui;

pub use self::serve::{Started, serve, start};
