//! `/controller`: the part of the reference product's REST API that scripts and dashboards call, in its shapes.
//!
//! XML unless `output=JSON` is asked for; applications, tiers and nodes by id or by name; refusals are sentences in plain
//! text. What Vedette has no counterpart of is empty, zero or refused with a sentence, never invented. Where an answer is
//! not whole, the header `Vedette-Partial` says why, since the shapes have no place for it.

pub(crate) mod access_token;
pub(crate) mod alerting;
pub(crate) mod applications;
pub(crate) mod audit_history;
pub(crate) mod backends;
pub(crate) mod business_transactions;
pub(crate) mod configuration;
pub(crate) mod events;
pub(crate) mod exports;
pub(crate) mod historical_nodes;
pub(crate) mod metric_data;
pub(crate) mod metrics;
pub(crate) mod nodes;
pub(crate) mod problems;
pub(crate) mod rbac;
pub(crate) mod request_snapshots;
pub(crate) mod responses;
pub(crate) mod server_status;
pub(crate) mod tiers;
pub(crate) mod users;

mod agent;
mod asked;
mod document;
mod time_range;
mod xml;

use axum::{
    extract::{OriginalUri, Request},
    middleware::Next,
    response::Response,
};

use crate::error::{ApiError, word_refusals_under};

/// What is under the prefix and not in the table: below `/rest` the reference answers 400, not 404.
pub(crate) async fn unsupported(OriginalUri(uri): OriginalUri) -> ApiError {
    if let Some(sentence) = exports::absent::sentence(uri.path()) {
        return ApiError::NotFound(sentence.to_owned());
    }
    let sentence = format!("the URI {} is not supported", uri.path());
    match uri.path().starts_with("/controller/rest/") {
        true => ApiError::BadRequest(sentence),
        false => ApiError::NotFound(sentence),
    }
}

/// Words refusals under `/controller` as plain text.
pub(crate) async fn word_refusals(request: Request, next: Next) -> Response {
    word_refusals_under("/controller", request, next, |refused, _| {
        format!("{}\n", refused.sentence)
    })
    .await
}
