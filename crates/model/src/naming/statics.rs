//! Which requests fetch a file rather than do something for a user.

use crate::conventions::Facts;

/// Whether the request is for a static asset. A route of the application's own that happens to end in `.png` is none.
pub(super) fn is_static_asset(facts: &Facts<'_>) -> bool {
    let Some(path) = facts.url_path else { return false };
    if !matches!(facts.http_method, Some("GET" | "HEAD") | None) {
        return false;
    }
    let first = path.trim_start_matches('/').split('/').next().unwrap_or_default();
    if matches!(first, "static" | "_next" | "favicon.ico" | "robots.txt") {
        return true;
    }
    has_asset_extension(path) && facts.http_route.is_none_or(|route| serves_files(route, path))
}

/// A route that stands for a folder: it ends in a wildcard, or is only where the folder is mounted.
fn serves_files(route: &str, path: &str) -> bool {
    let last = route.rsplit('/').next().unwrap_or(route);
    last.contains('*')
        || last.contains("path")
        || (!last.contains([':', '{', '<']) && path.starts_with(route) && path.len() > route.len())
}

fn has_asset_extension(path: &str) -> bool {
    let file = path.rsplit('/').next().unwrap_or(path);
    let Some((_, extension)) = file.rsplit_once('.') else { return false };
    const EXTENSIONS: [&str; 24] = [
        "css",
        "js",
        "mjs",
        "map",
        "png",
        "jpg",
        "jpeg",
        "gif",
        "svg",
        "ico",
        "webp",
        "avif",
        "bmp",
        "woff",
        "woff2",
        "ttf",
        "otf",
        "eot",
        "mp3",
        "mp4",
        "webm",
        "wasm",
        "webmanifest",
        "less",
    ];
    EXTENSIONS.iter().any(|known| known.eq_ignore_ascii_case(extension))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(method: &str, path: &str, route: Option<&str>, expected: bool) {
        let facts = Facts {
            http_method: Some(method),
            url_path: Some(path),
            http_route: route,
            ..Facts::default()
        };
        assert_eq!(is_static_asset(&facts), expected, "{path}");
    }

    #[test]
    fn files_are_assets() {
        check("GET", "/app/main.3f2a.js", None, true);
        check("GET", "/img/LOGO.PNG", Some("/*"), true);
        check("GET", "/img/logo.png", Some("/img"), true);
        check("GET", "/static/package.json", Some("/static"), true);
        check("GET", "/favicon.ico", None, true);
    }

    #[test]
    fn requests_of_the_application_are_not() {
        check("GET", "/avatar/5.png", Some("/avatar/:file"), false);
        check("POST", "/upload/a.png", None, false);
        check("GET", "/api/data.json", None, false);
        check("GET", "/statistics", None, false);
    }
}
