//! `/controller/alerting/rest/v1`: health rules and schedules in the reference's shapes, JSON only. Each body is translated
//! into the model's rule and back; what the model has no place for is refused, and what has no meaning here is left out.

pub(crate) mod health_rules;
pub(crate) mod schedules;

mod affects;
mod criteria;

use axum::{Json, response::IntoResponse};
use http::StatusCode;
use serde_json::Value;

use crate::error::ApiError;

/// What was made.
fn created(body: Value) -> impl IntoResponse {
    (StatusCode::CREATED, Json(body))
}

/// A field that has to be a text.
fn text<'v>(value: &'v Value, field: &str) -> Result<&'v str, ApiError> {
    value[field].as_str().ok_or_else(|| ApiError::bad(format!("{field} has to be a text")))
}

/// A field that is a list of texts.
fn texts(value: &Value, field: &str) -> Result<Vec<String>, ApiError> {
    let wrong = || ApiError::bad(format!("{field} has to be a list of names"));
    let items = value[field].as_array().ok_or_else(wrong)?;
    items.iter().map(|item| item.as_str().map(str::to_owned).ok_or_else(wrong)).collect()
}

/// One of some words.
fn one_of<T: Copy>(what: &str, word: &str, known: &[(&'static str, T)]) -> Result<T, ApiError> {
    known.iter().find(|(name, _)| *name == word).map(|(_, value)| *value).ok_or_else(|| {
        let names: Vec<&str> = known.iter().map(|(name, _)| *name).collect();
        ApiError::bad(format!("{what} is {word:?}; use one of {}", names.join(", ")))
    })
}

/// The word for a value.
fn word<T: PartialEq>(value: T, known: &[(&'static str, T)]) -> &'static str {
    known.iter().find(|(_, other)| *other == value).map_or("", |(name, _)| *name)
}

#[cfg(test)]
mod tests;
