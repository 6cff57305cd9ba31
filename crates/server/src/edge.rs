//! The HTTPS edge of one process: agents' data to intake, REST to the API, everything else to the page.

use axum::{
    Router,
    extract::{ConnectInfo, Request},
    middleware::{self, Next},
    response::Response,
};
use daemon::listener::Peer;
use ingest::intake;
use tower::ServiceExt as _;

/// Puts the parts behind one router.
pub(crate) fn router(intake: Router, api: Router) -> Router {
    let pages = Router::new().fallback_service(crate::ui::pages());
    let pages = api::security_headers::apply(api::unread_bodies::apply(pages));
    let api = api.fallback_service(pages);
    let everything = tower::service_fn(move |request: Request| {
        let (intake, api) = (intake.clone(), api.clone());
        async move {
            let (parts, body) = request.into_parts();
            let to_intake = intake::claims(&parts);
            let request = Request::from_parts(parts, body);
            if to_intake { intake.oneshot(request).await } else { api.oneshot(request).await }
        }
    });
    Router::new().fallback_service(everything).layer(middleware::from_fn(with_connect_info))
}

/// The API knows its peer in axum's own words.
async fn with_connect_info(mut request: Request, next: Next) -> Response {
    if let Some(Peer(address)) = request.extensions().get().copied() {
        request.extensions_mut().insert(ConnectInfo(address));
    }
    next.run(request).await
}
