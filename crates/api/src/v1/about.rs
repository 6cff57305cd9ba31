//! The server about itself, to anybody.

use api_types::About;
use axum::{Json, extract::State};
use model::{id::AccountId, time::Minute};

use super::Refusals;
use crate::{context::Shared, error::ApiError};

/// What the sign-in page shows.
#[utoipa::path(get, path = "/api/v1/about", tag = "server", security(()),
    responses((status = 200, body = About), Refusals))]
pub(crate) async fn read(State(context): State<Shared>) -> Result<Json<About>, ApiError> {
    let newest = context.queries.ask(AccountId::FIRST, |asking| Ok(asking.newest_minute()));
    // The sign-in page is shown to somebody even while too much is being asked.
    let newest = newest.await.ok().and_then(|told| told.value);
    Ok(Json(About {
        product: "Vedette".to_owned(),
        version: context.status.version(),
        ca_fingerprint_sha256: context.status.certificate().ca_fingerprint_sha256,
        ca_url: "/ca.pem".to_owned(),
        server_time: context.now_ms(),
        newest_complete_minute: newest.map(Minute::start_millis),
    }))
}
