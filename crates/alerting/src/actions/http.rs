//! HTTP requests.

use std::{net::SocketAddr, time::Duration};

use reqwest::{
    Certificate, Client, Method, StatusCode, Url,
    header::{HeaderMap, HeaderName, HeaderValue, LOCATION, RETRY_AFTER},
    redirect,
};

use super::{
    ATTEMPT_TIME, Hidden, Http, MAX_ANSWER, Outcome,
    outward::Allowed,
    redact::{redact, shown_url},
    render::Rendering,
    shortened,
};
use crate::notice::Notice;

const CONNECT_TIME: Duration = Duration::from_secs(10);
/// Redirects that are followed.
const MAX_REDIRECTS: usize = 3;
/// The longest time to come again that a receiver may ask for, seconds.
const MAX_RETRY_AFTER: u64 = 3_600;

/// A request with everything filled in.
#[derive(Clone, Debug)]
pub struct Made {
    pub method: Method,
    pub url: Url,
    pub headers: HeaderMap,
    pub body: String,
}

/// Fills a request's templates.
///
/// # Errors
/// A sentence about the first part that cannot be sent. No secret is in it.
pub fn make(http: &Http, notice: &Notice, secrets: &Hidden) -> Result<Made, String> {
    let rendering = Rendering::of(notice, secrets);
    let fill = |what, template: &str| {
        let filled = rendering.fill(what, template);
        filled.map_err(|error| redact(&error.to_string(), secrets))
    };
    let method = method(&http.method)?;
    let url = fill("URL", &http.url)?;
    let url: Url =
        url.trim().parse().map_err(|error| format!("the URL cannot be read: {error}"))?;
    if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
        return Err("the URL has to begin with https:// or http:// and a host".to_owned());
    }
    let mut headers = HeaderMap::new();
    for (name, value) in &http.headers {
        let wrong = || format!("the header {name:?} cannot be sent");
        let name: HeaderName = name.trim().parse().map_err(|_| wrong())?;
        let mut value: HeaderValue = fill("header", value)?.trim().parse().map_err(|_| wrong())?;
        value.set_sensitive(true);
        headers.append(name, value);
    }
    let body = if method == Method::GET { String::new() } else { fill("body", &http.body)? };
    let is_json = headers
        .get("content-type")
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| value.contains("json"));
    if is_json && method != Method::GET {
        serde_json::from_str::<serde::de::IgnoredAny>(&body)
            .map_err(|error| format!("the body is said to be JSON and is not: {error}"))?;
    }
    Ok(Made { method, url, headers, body })
}

fn method(text: &str) -> Result<Method, String> {
    match text {
        "POST" => Ok(Method::POST),
        "PUT" => Ok(Method::PUT),
        "PATCH" => Ok(Method::PATCH),
        "GET" => Ok(Method::GET),
        other => Err(format!("the method is {other:?}; use POST, PUT, PATCH or GET")),
    }
}

/// What requests are sent by.
#[derive(Clone, Debug, Default)]
pub struct Sender {
    pub allowed: Allowed,
    /// Certificates that are trusted besides the machine's, PEM.
    pub trusted: Vec<u8>,
}

impl Sender {
    /// Sends a request once and says how it ended.
    pub async fn send(&self, made: Made, secrets: &Hidden) -> Outcome {
        let target = format!("{} {}", made.method, shown_url(&made.url, secrets));
        let sent = tokio::time::timeout(ATTEMPT_TIME, self.follow(made, secrets, &target)).await;
        let outcome = sent.unwrap_or_else(|_| {
            Outcome::failed(&target, format!("no answer within {} s", ATTEMPT_TIME.as_secs()))
        });
        Outcome {
            status: redact(&outcome.status, secrets),
            answer: redact(&outcome.answer, secrets),
            ..outcome
        }
    }

    async fn follow(&self, mut made: Made, secrets: &Hidden, target: &str) -> Outcome {
        for _ in 0..=MAX_REDIRECTS {
            match self.once(&made, target).await {
                Err(outcome) => return outcome,
                Ok(response) => match next(&made, &response) {
                    None => return answered(response, target).await,
                    Some(Err(why)) => {
                        return Outcome::refused(target, redact(&why, secrets));
                    }
                    Some(Ok(url)) => {
                        // What was meant for one host is not shown to another.
                        if url.origin() != made.url.origin() {
                            if redact(&made.body, secrets) != made.body {
                                let host = url.host_str().unwrap_or_default();
                                let why = format!(
                                    "sent on to {host}, whom the secrets in the body are not meant for: enter the new address"
                                );
                                return Outcome::refused(target, redact(&why, secrets));
                            }
                            let kind = made.headers.get("content-type").cloned();
                            made.headers.clear();
                            made.headers
                                .extend(kind.map(|kind| (reqwest::header::CONTENT_TYPE, kind)));
                        }
                        made.url = url;
                    }
                },
            }
        }
        Outcome::refused(target, format!("redirected more than {MAX_REDIRECTS} times"))
    }

    async fn once(&self, made: &Made, target: &str) -> Result<reqwest::Response, Outcome> {
        let host = made.url.host_str().unwrap_or_default();
        let port = made.url.port_or_known_default().unwrap_or(443);
        let addresses = self.allowed.addresses(host, port).await.map_err(|refused| Outcome {
            retry: refused.may_pass(),
            ..Outcome::refused(target, refused.to_string())
        })?;
        let client = self
            .client(host, &addresses)
            .map_err(|error| Outcome::refused(target, chain(&error)))?;
        let request = client
            .request(made.method.clone(), made.url.clone())
            .headers(made.headers.clone())
            .body(made.body.clone());
        let sent = request.send().await;
        sent.map_err(|error| Outcome::failed(target, chain(&error.without_url())))
    }

    /// A client that connects to these addresses only.
    fn client(&self, host: &str, addresses: &[SocketAddr]) -> reqwest::Result<Client> {
        let mut builder = Client::builder()
            .user_agent(concat!("Vedette/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(CONNECT_TIME)
            .timeout(ATTEMPT_TIME)
            .redirect(redirect::Policy::none())
            .no_proxy()
            .resolve_to_addrs(host, addresses);
        if !self.trusted.is_empty() {
            for certificate in Certificate::from_pem_bundle(&self.trusted)? {
                builder = builder.add_root_certificate(certificate);
            }
        }
        builder.build()
    }
}

/// Where a redirect leads, if the answer is one.
fn next(made: &Made, response: &reqwest::Response) -> Option<Result<Url, String>> {
    let status = response.status();
    if !status.is_redirection() || status == StatusCode::NOT_MODIFIED {
        return None;
    }
    let location = response.headers().get(LOCATION)?.to_str().ok()?;
    let Ok(url) = made.url.join(location) else {
        return Some(Err(format!("answered {status} to something that is no URL")));
    };
    // Browsers make a GET of these; a notice that nobody reads would count as delivered.
    let keeps_body = matches!(status.as_u16(), 307 | 308) || made.method == Method::GET;
    if !keeps_body {
        return Some(Err(format!(
            "answered {status}: it has moved; enter the new address {}",
            shown_url(&url, &Hidden::default())
        )));
    }
    let downgrade = made.url.scheme() == "https" && url.scheme() != "https";
    if downgrade || !matches!(url.scheme(), "http" | "https") {
        return Some(Err(format!(
            "answered {status} to {}://, which is not followed",
            url.scheme()
        )));
    }
    Some(Ok(url))
}

async fn answered(mut response: reqwest::Response, target: &str) -> Outcome {
    let status = response.status();
    let retry_after = response
        .headers()
        .get(RETRY_AFTER)
        .and_then(|value| value.to_str().ok()?.parse::<u64>().ok())
        .map(|seconds| seconds.min(MAX_RETRY_AFTER));
    let mut answer = Vec::new();
    while let Ok(Some(chunk)) = response.chunk().await {
        answer.extend_from_slice(&chunk[..chunk.len().min(MAX_ANSWER - answer.len())]);
        if answer.len() >= MAX_ANSWER {
            break;
        }
    }
    Outcome {
        ok: status.is_success(),
        retry: status.is_server_error() || matches!(status.as_u16(), 408 | 409 | 425 | 429),
        target: target.to_owned(),
        status: format!("HTTP {status}"),
        answer: shortened(&answer),
        retry_after,
    }
}

/// An error with its causes, in one line.
fn chain(error: &dyn std::error::Error) -> String {
    let mut line = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let text = error.to_string();
        if !line.contains(&text) {
            line.push_str(": ");
            line.push_str(&text);
        }
        cause = error.source();
    }
    line
}
