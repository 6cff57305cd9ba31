//! PromQL over raw samples: Prometheus' query language, as its documentation of version 2.42 describes it.
//!
//! A [`query`] is parsed by the `promql-parser` crate, and evaluated here: [`eval`] works out each part of the expression
//! at all steps at once, over samples that a [`source::Source`] selects. [`stored`] is the source over the telemetry store;
//! [`exposed`] says under which names and labels stored series appear.
//!
//! Nothing here does IO of its own or knows the time. What a query may take is bounded by [`Limits`]; a number of steps,
//! series, samples or results beyond them is an [`Error`] that says what to ask for instead.
//!
//! Left out: native histograms and their functions, and the experimental functions and modifiers of later versions.

pub mod exposed;
pub mod labels;
pub mod number;
pub mod query;
pub mod source;
pub mod stored;
pub mod value;

mod error;
mod eval;
mod limits;

pub use self::{error::Error, limits::Limits};
