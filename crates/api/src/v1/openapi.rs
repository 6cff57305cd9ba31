//! The OpenAPI document, for programs and for the page that shows it at `/api/docs`.

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use http::header;

use super::Refusals;
use crate::{auth::Caller, context::Shared};

/// This document, as OpenAPI 3.1.
#[utoipa::path(get, path = "/api/v1/openapi.json", tag = "server",
    responses((status = 200, description = "The document", body = serde_json::Value), Refusals))]
pub(crate) async fn read(State(context): State<Shared>, _: Caller) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], context.openapi().to_string()).into_response()
}
