//! How to connect an agent, and how the last attempts went.

use api_types::{Attempts, Connect};
use axum::{Json, extract::State};
use metadata_store::AccessKeys as _;

use super::Refusals;
use crate::{auth::Caller, context::Shared, error::ApiError};

/// Attempts in the answer.
const ATTEMPTS: usize = 50;

/// Everything that a snippet for an agent needs.
#[utoipa::path(get, path = "/api/v1/connect", tag = "connect",
    responses((status = 200, body = Connect), Refusals))]
pub(crate) async fn read(
    State(context): State<Shared>,
    caller: Caller,
) -> Result<Json<Connect>, ApiError> {
    let keys = context.store.access_keys().await?;
    let mut enabled = keys.iter().filter(|key| key.account_id == caller.account.0 && !key.disabled);
    let access_key = enabled.next().map(|key| context.sealer.shown(key).key).unwrap_or_default();
    let certificate = context.status.certificate();
    Ok(Json(Connect {
        https_url: certificate.public_url.clone(),
        otlp_http_url: certificate.public_url.clone(),
        otlp_grpc_url: certificate.public_url,
        access_key,
        ca_path: "/ca.pem".to_owned(),
        ca_fingerprint_sha256: certificate.ca_fingerprint_sha256,
        names: certificate.names,
        loopback: context.status.loopback(),
    }))
}

/// The last attempts of agents to report, newest first.
#[utoipa::path(get, path = "/api/v1/connect/attempts", tag = "connect",
    responses((status = 200, body = Attempts), Refusals))]
pub(crate) async fn attempts(State(context): State<Shared>, _: Caller) -> Json<Attempts> {
    Json(Attempts { items: context.attempts.newest(ATTEMPTS) })
}
