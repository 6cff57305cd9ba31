//! The HTTPS edge of one process: agents' data to intake, REST to the API, everything else to the page.

use axum::{
    Router,
    extract::{ConnectInfo, Request},
    http::header::STRICT_TRANSPORT_SECURITY,
    middleware::{self, Next},
    response::Response,
};
use daemon::listener::Peer;
use ingest::intake;
use tower::ServiceExt as _;

/// Whether browsers are told to insist on HTTPS with a certificate that they can verify.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hsts {
    Sent,
    /// A browser that was told so lets nobody pass by a certificate that it cannot verify: with a CA of our own, which
    /// is made anew with every new data directory, people would be locked out of the page for a year.
    Withheld,
}

/// Puts the parts behind one router.
pub(crate) fn router(intake: Router, api: Router, hsts: Hsts) -> Router {
    let kept = |pages| api::security_headers::apply(api::unread_bodies::apply(pages));
    // The one page under a prefix of the API's.
    let docs = kept(Router::new().route("/api/docs", crate::ui::pages()));
    let pages = kept(Router::new().fallback_service(crate::ui::pages()));
    let api = api.merge(docs).fallback_service(pages);
    let everything = tower::service_fn(move |request: Request| {
        let (intake, api) = (intake.clone(), api.clone());
        async move {
            let (parts, body) = request.into_parts();
            let to_intake = intake::claims(&parts);
            let request = Request::from_parts(parts, body);
            if to_intake { intake.oneshot(request).await } else { api.oneshot(request).await }
        }
    });
    let edge = Router::new().fallback_service(everything);
    let edge = edge.layer(middleware::from_fn(with_connect_info));
    match hsts {
        Hsts::Sent => edge,
        Hsts::Withheld => edge.layer(middleware::map_response(without_hsts)),
    }
}

async fn without_hsts(mut response: Response) -> Response {
    response.headers_mut().remove(STRICT_TRANSPORT_SECURITY);
    response
}

/// The API knows its peer in axum's own words.
async fn with_connect_info(mut request: Request, next: Next) -> Response {
    if let Some(Peer(address)) = request.extensions().get().copied() {
        request.extensions_mut().insert(ConnectInfo(address));
    }
    next.run(request).await
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    #[tokio::test]
    async fn what_documents_the_api_is_a_page_among_its_paths() {
        let api = Router::new().route("/api/{*rest}", axum::routing::get(|| async { "the api" }));
        let edge = router(Router::new(), api, Hsts::Sent);
        let answer = async |path: &str| {
            let request = Request::get(path).body(Body::empty()).expect("it is sound");
            let answer = edge.clone().oneshot(request).await.expect("it answers");
            assert!(answer.headers().contains_key("content-security-policy") || path == "/api/v1");
            axum::body::to_bytes(answer.into_body(), 1 << 20).await.expect("it is read")
        };
        assert_eq!(answer("/api/v1").await, "the api");
        assert_eq!(answer("/api/docs").await, answer("/applications").await);
        assert_ne!(answer("/api/docs").await, "the api");
    }

    #[tokio::test]
    async fn browsers_are_told_to_insist_only_where_that_is_wanted() {
        let api = || api::security_headers::apply(Router::new().fallback(|| async { "here" }));
        for (hsts, sent) in [(Hsts::Sent, true), (Hsts::Withheld, false)] {
            let edge = router(Router::new(), api(), hsts);
            let request = Request::get("/api/v1/about").body(Body::empty());
            let answer = edge.oneshot(request.expect("it is sound")).await.expect("it answers");
            assert_eq!(answer.headers().contains_key(STRICT_TRANSPORT_SECURITY), sent, "{hsts:?}");
            assert!(answer.headers().contains_key("content-security-policy"), "{hsts:?}");
        }
    }
}
