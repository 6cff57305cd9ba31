//! The door: finds out who asks before a handler runs.

use std::net::{IpAddr, SocketAddr};

use axum::{
    extract::{ConnectInfo, FromRequestParts, Request, State},
    middleware::Next,
    response::Response,
};
use base64::Engine as _;
use http::{HeaderMap, HeaderValue, Method, header, request::Parts};

use super::{
    Caller, SessionCookie,
    door::admit,
    session::Ongoing,
    trail::{Trail, last_param},
};
use crate::{
    context::{Context, Shared},
    error::ApiError,
    routes::RouteInfo,
};

/// The longest `Authorization` header that is looked at.
const MAX_CREDENTIALS: usize = 4096;

/// Lets through who is signed in and may take the route, and tells the handler who it is. What the request changes is in the
/// audit log when the answer goes out.
pub(crate) async fn guard(
    State((context, route)): State<(Shared, RouteInfo)>,
    request: Request,
    next: Next,
) -> Result<Response, ApiError> {
    let (mut parts, body) = request.into_parts();
    let address = peer(&parts.extensions).map(|peer| peer.ip());
    let known = identify(&context, &parts.method, &parts.headers, address).await?;
    if let Known::Person(session) = &known {
        parts.extensions.insert(session.clone());
    }
    let caller = known.caller();
    admit(&context, &caller, &route, &mut parts).await?;
    let trail = if route.changes() {
        let id = last_param(&mut parts).await;
        let trail = Trail::begin(&context, &caller, &parts.method, route.path, &id);
        parts.extensions.insert(trail.clone());
        Some(trail)
    } else {
        None
    };
    parts.extensions.insert(caller);
    let response = next.run(Request::from_parts(parts, body)).await;
    if let Some(trail) = trail {
        trail.end(&context, response.status()).await;
    }
    Ok(response)
}

/// Lets through what runs on this machine, or is signed in.
pub(crate) async fn guard_monitoring(
    State(context): State<Shared>,
    request: Request,
    next: Next,
) -> Result<Response, ApiError> {
    let peer = peer(request.extensions());
    if !peer.is_some_and(|peer| peer.ip().to_canonical().is_loopback()) {
        let address = peer.map(|peer| peer.ip());
        identify(&context, request.method(), request.headers(), address).await?;
    }
    Ok(next.run(request).await)
}

enum Known {
    Person(Ongoing),
    Program(Caller),
}

impl Known {
    fn caller(self) -> Caller {
        match self {
            Known::Person(session) => session.caller,
            Known::Program(caller) => caller,
        }
    }
}

/// A header that a program sent on purpose counts before a cookie that a browser sends by itself.
async fn identify(
    context: &Context,
    method: &Method,
    headers: &HeaderMap,
    address: Option<IpAddr>,
) -> Result<Known, ApiError> {
    let credentials = credentials(headers)?;
    // A token is sent on purpose; a password of HTTP Basic may be one that a browser remembers, as it does cookies.
    if !method.is_safe() && !matches!(credentials, Some(Credentials::Bearer(_))) {
        refuse_other_sites(headers)?;
    }
    match credentials {
        Some(Credentials::Basic(text)) => {
            return Ok(Known::Program(context.sign_ins.by_basic(&text, address).await?));
        }
        Some(Credentials::Bearer(token)) => {
            return Ok(Known::Program(context.sign_ins.by_token(&token, address).await?));
        }
        None => (),
    }
    let cookie = SessionCookie::of(headers).ok_or(ApiError::NotSignedIn)?;
    let session = cookie.resume(context, address).await?.ok_or(ApiError::NotSignedIn)?;
    let sent = headers.get("x-csrf-token").map_or(&b""[..], |token| token.as_bytes());
    if !method.is_safe() && !same(sent, session.csrf_token.as_bytes()) {
        return Err(ApiError::Csrf);
    }
    Ok(Known::Person(session))
}

/// Refuses what a page of another site makes a browser send, beside what the token of the session does: browsers say where
/// a request comes from, other programs say nothing.
pub(crate) fn refuse_other_sites(headers: &HeaderMap) -> Result<(), ApiError> {
    let site = headers.get("sec-fetch-site").map(|site| site.as_bytes());
    let foreign = match site {
        Some(site) => !matches!(site, b"same-origin" | b"none"),
        // Browsers too old to say so name the page's origin.
        None => headers.get(header::ORIGIN).is_some_and(|origin| !is_own(origin, headers)),
    };
    if foreign { Err(ApiError::OtherSite) } else { Ok(()) }
}

/// Whether an origin, `https://host:port`, is that of the host which the request was sent to.
fn is_own(origin: &HeaderValue, headers: &HeaderMap) -> bool {
    let host = headers.get(header::HOST).map(|host| host.as_bytes());
    let origin = origin.to_str().ok().and_then(|origin| origin.split_once("://"));
    origin.is_some_and(|(_, authority)| Some(authority.as_bytes()) == host)
}

/// What an `Authorization` header holds.
enum Credentials {
    /// `user:password`.
    Basic(String),
    /// A token.
    Bearer(String),
}

fn credentials(headers: &HeaderMap) -> Result<Option<Credentials>, ApiError> {
    let Some(header) = headers.get(header::AUTHORIZATION) else { return Ok(None) };
    let text = header.to_str().ok().filter(|text| text.len() <= MAX_CREDENTIALS);
    let (scheme, rest) = text.and_then(|text| text.split_once(' ')).ok_or(ApiError::NotSignedIn)?;
    let rest = rest.trim();
    if scheme.eq_ignore_ascii_case("bearer") {
        return Ok(Some(Credentials::Bearer(rest.to_owned())));
    }
    if !scheme.eq_ignore_ascii_case("basic") {
        return Err(ApiError::NotSignedIn);
    }
    let bytes = base64::engine::general_purpose::STANDARD.decode(rest);
    let text = bytes.ok().and_then(|bytes| String::from_utf8(bytes).ok());
    Ok(Some(Credentials::Basic(text.ok_or(ApiError::NotSignedIn)?)))
}

/// User and password of HTTP Basic, `user:password`, if that is what the header holds.
pub(crate) fn basic(headers: &HeaderMap) -> Result<Option<String>, ApiError> {
    Ok(match credentials(headers)? {
        Some(Credentials::Basic(text)) => Some(text),
        _ => None,
    })
}

/// Compares without telling by its time where two texts differ.
pub(super) fn same(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len() && a.iter().zip(b).fold(0, |differs, (a, b)| differs | (a ^ b)) == 0
}

fn peer(extensions: &http::Extensions) -> Option<SocketAddr> {
    extensions.get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(peer)| *peer)
}

/// The address a request comes from, for handlers before the door.
#[derive(Debug)]
pub(crate) struct Peer(pub(crate) Option<IpAddr>);

impl<S: Send + Sync> FromRequestParts<S> for Peer {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        Ok(Peer(peer(&parts.extensions).map(|peer| peer.ip())))
    }
}

/// Behind the door every request has a caller.
impl<S: Send + Sync> FromRequestParts<S> for Caller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        parts.extensions.get::<Caller>().cloned().ok_or(ApiError::NotSignedIn)
    }
}

/// The caller, who has to be a user and no API client.
#[derive(Debug)]
pub(crate) struct UserOnly(pub(crate) Caller);

impl<S: Send + Sync> FromRequestParts<S> for UserOnly {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let caller = Caller::from_request_parts(parts, state).await?;
        if caller.user.is_some() { Ok(UserOnly(caller)) } else { Err(ApiError::UsersOnly) }
    }
}

/// The caller's session; a program has none.
impl<S: Send + Sync> FromRequestParts<S> for Ongoing {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let session = parts.extensions.get::<Ongoing>().cloned();
        session.ok_or_else(|| {
            ApiError::NotFound("a program that signs each request has no session".to_owned())
        })
    }
}
