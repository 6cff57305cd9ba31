//! The metric tree: what operators of such systems address by paths like
//! `Business Transaction Performance|Business Transactions|web|GET /cart|Calls per Minute`.
//!
//! The tree is not stored. [`Tree`] derives a level of it from entities, observed calls and names of metric series;
//! walking levels gives listing, addressing and wildcards by the same few rules ([`Place::children`]). What a metric's
//! value is stands in [`model::leaf`]. Both are pure; [`load`] and [`data`] ask the stores.

mod data;
mod internal_name;
mod load;
mod path;
mod place;
mod search;

use crate::error::ApiError;

pub(crate) use self::{
    data::{Metric, Point, Rollup, read},
    load::{Level, last_day, load, load_all},
    path::Pattern,
    search::{Search, search},
};

/// The refusal of a path that matches too much.
pub(crate) fn too_many() -> ApiError {
    ApiError::bad("the metric path matches more than 1000 metrics; name more of its segments")
}

#[cfg(test)]
mod tests;
