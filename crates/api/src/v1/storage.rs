//! What is stored and what it takes.

use api_types::Storage;
use axum::{Json, extract::State};

use super::Refusals;
use crate::{auth::Caller, context::Shared, error::ApiError};

/// What each table takes, how long it is kept, and how full the disk is.
#[utoipa::path(get, path = "/api/v1/storage", tag = "administration",
    responses((status = 200, body = Storage), Refusals))]
pub(crate) async fn read(
    State(context): State<Shared>,
    caller: Caller,
) -> Result<Json<Storage>, ApiError> {
    context.operations(move |operations| operations.storage(caller.account)).await.map(Json)
}
