//! What every catalogue promises.

mod cuts;
mod faults;
mod fixture;
mod replacements;
mod views;

pub(crate) use cuts::*;
pub(crate) use replacements::*;
pub(crate) use views::*;
