//! The page: Vite's build, embedded in the binary. A build without it says how to make it.

use axum::{
    http::{StatusCode, Uri, header},
    response::{IntoResponse, Response},
    routing::{MethodRouter, get},
};
use rust_embed::RustEmbed;

#[derive(RustEmbed)]
#[folder = "../../web/dist"]
#[allow_missing = true]
struct Files;

/// All paths of the page. What is no reading is refused: who sends something to a path that no API serves must not take the
/// page for an answer.
pub(crate) fn pages() -> MethodRouter {
    let refused = "this path is a page, which takes GET and HEAD; the API is under /api/v1\n";
    get(page).fallback(move || async move { (StatusCode::METHOD_NOT_ALLOWED, refused) })
}

/// Serves a file of the page; any other path is a view of the page and gets its first file.
async fn page(uri: Uri) -> Response {
    let path = uri.path().trim_start_matches('/');
    if let Some(file) = Files::get(path).filter(|_| !path.is_empty()) {
        let forever = path.starts_with("assets/");
        return found(path, file.data.into_owned(), forever);
    }
    if path.starts_with("assets/") || path.contains('.') && !path.starts_with("applications") {
        return (StatusCode::NOT_FOUND, "no such file\n").into_response();
    }
    match Files::get("index.html") {
        Some(file) => found("index.html", file.data.into_owned(), false),
        None => {
            (StatusCode::NOT_FOUND, "this build has no page; `make build` makes one that has\n")
                .into_response()
        }
    }
}

fn found(path: &str, bytes: Vec<u8>, forever: bool) -> Response {
    // Vite puts a hash into the names below assets/, so those never change.
    let cache = if forever { "public, max-age=31536000, immutable" } else { "no-cache" };
    ([(header::CONTENT_TYPE, content_type(path)), (header::CACHE_CONTROL, cache)], bytes)
        .into_response()
}

fn content_type(path: &str) -> &'static str {
    match path.rsplit('.').next() {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("json") => "application/json",
        Some("png") => "image/png",
        Some("ico") => "image/x-icon",
        Some("woff2") => "font/woff2",
        Some("txt") => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use axum::{body::Body, http::Request};
    use tower::ServiceExt as _;

    use super::*;

    async fn status(method: &str) -> StatusCode {
        let request = Request::builder().method(method).uri("/applications/7");
        let request = request.body(Body::empty()).expect("it is a request");
        pages().oneshot(request).await.expect("it answers").status()
    }

    #[tokio::test]
    async fn a_page_is_read_and_nothing_else() {
        for method in ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"] {
            assert_eq!(status(method).await, StatusCode::METHOD_NOT_ALLOWED, "{method}");
        }
        assert_eq!(status("GET").await, status("HEAD").await);
        assert_ne!(status("GET").await, StatusCode::METHOD_NOT_ALLOWED);
    }
}
