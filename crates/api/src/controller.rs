//! `/controller`: the part of the reference product's REST API that scripts and dashboards call, in its shapes.
//!
//! XML unless `output=JSON` is asked for; applications, tiers and nodes by id or by name; refusals are sentences in plain
//! text. What Vedette has no counterpart of is empty, zero or refused with a sentence, never invented. Where an answer is
//! not whole, the header `Vedette-Partial` says why, since the shapes have no place for it.

pub(crate) mod access_token;
pub(crate) mod applications;
pub(crate) mod backends;
pub(crate) mod business_transactions;
pub(crate) mod metric_data;
pub(crate) mod metrics;
pub(crate) mod nodes;
pub(crate) mod request_snapshots;
pub(crate) mod server_status;
pub(crate) mod tiers;

mod agent;
mod asked;
mod document;
mod time_range;
mod xml;

use axum::{
    extract::{OriginalUri, Request},
    middleware::Next,
    response::{IntoResponse, Response},
};

use crate::error::{ApiError, Refused, keep_headers};

/// What is under the prefix and not in the table: below `/rest` the reference answers 400, not 404.
pub(crate) async fn unsupported(OriginalUri(uri): OriginalUri) -> ApiError {
    let sentence = format!("the URI {} is not supported", uri.path());
    match uri.path().starts_with("/controller/rest/") {
        true => ApiError::BadRequest(sentence),
        false => ApiError::NotFound(sentence),
    }
}

/// Words refusals under `/controller` as plain text, and tells programs how to sign in.
pub(crate) async fn word_refusals(request: Request, next: Next) -> Response {
    let path = request.uri().path();
    let ours = path == "/controller" || path.starts_with("/controller/");
    let response = next.run(request).await;
    match response.extensions().get::<Refused>() {
        Some(refused) if ours => worded(refused.sentence.clone(), &response),
        _ => response,
    }
}

fn worded(sentence: String, refused: &Response) -> Response {
    let mut response = (refused.status(), format!("{sentence}\n")).into_response();
    keep_headers(refused, &mut response);
    response
}
