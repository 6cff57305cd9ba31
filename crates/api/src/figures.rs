//! From stored figures to shown ones.
//!
//! Stored rows say what happened at one key; pages ask about applications, tiers, business transactions, backends. What a
//! row counts for is decided in [`Measured::of`], once; everything else here sums and divides. Pure functions.

mod body;
mod response_times;
mod sums;

pub(crate) use model::measured::Measured;

pub(crate) use self::{
    body::{figures, series, sparkline, sparkline_resolution},
    response_times::response_times,
    sums::{Points, Sums, Total},
};

#[cfg(test)]
mod tests;
