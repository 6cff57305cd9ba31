//! What is under the prefix of an API and in no table, told in the words of that API's clients.
//!
//! Jaeger's query API is not served. Its prefix is taken all the same, so that a tool that is pointed at it reads why it
//! gets nothing.

use axum::{
    Json,
    extract::OriginalUri,
    response::{IntoResponse, Response},
};
use http::{StatusCode, Uri};
use serde_json::json;

use crate::error::ApiError;

/// Under `/api`.
pub(crate) async fn api(OriginalUri(uri): OriginalUri) -> ApiError {
    ApiError::NotFound(sentence(&uri))
}

/// Under `/jaeger`.
pub(crate) async fn jaeger(OriginalUri(uri): OriginalUri) -> Response {
    let error = json!({"code": StatusCode::NOT_FOUND.as_u16(), "msg": sentence(&uri)});
    let body = json!({"data": null, "total": 0, "limit": 0, "offset": 0, "errors": [error]});
    (StatusCode::NOT_FOUND, Json(body)).into_response()
}

/// Under `/prometheus`, whose clients it is worded for on its way out.
pub(crate) async fn prometheus(OriginalUri(uri): OriginalUri) -> ApiError {
    ApiError::NotFound(sentence(&uri))
}

fn sentence(uri: &Uri) -> String {
    format!("nothing is served under {}; openapi/controller.json lists what is", uri.path())
}
