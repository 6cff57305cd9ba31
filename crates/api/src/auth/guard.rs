//! The door: finds out who asks before a handler runs.

use std::net::{IpAddr, SocketAddr};

use axum::{
    extract::{ConnectInfo, FromRequestParts, Request, State},
    middleware::Next,
    response::Response,
};
use base64::Engine as _;
use http::{HeaderMap, Method, header, request::Parts};

use super::{Caller, SessionCookie, session::Ongoing};
use crate::{
    context::{Context, Shared},
    error::ApiError,
};

/// The longest `Authorization` header that is looked at.
const MAX_CREDENTIALS: usize = 4096;

/// Lets through who is signed in, and tells the handler who it is.
pub(crate) async fn guard(
    State(context): State<Shared>,
    mut request: Request,
    next: Next,
) -> Result<Response, ApiError> {
    let address = peer(request.extensions()).map(|peer| peer.ip());
    let known = identify(&context, request.method(), request.headers(), address).await?;
    if let Known::Person(session) = &known {
        request.extensions_mut().insert(session.clone());
    }
    request.extensions_mut().insert(known.caller());
    Ok(next.run(request).await)
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
    match credentials(headers)? {
        Some(Credentials::Basic(text)) => {
            return Ok(Known::Program(context.sign_ins.by_basic(&text, address).await?));
        }
        Some(Credentials::Bearer(token)) => {
            return Ok(Known::Program(context.sign_ins.by_token(&token).await?));
        }
        None => (),
    }
    let cookie = SessionCookie::of(headers).ok_or(ApiError::NotSignedIn)?;
    let session = cookie.resume(context).await?.ok_or(ApiError::NotSignedIn)?;
    let sent = headers.get("x-csrf-token").map_or(&b""[..], |token| token.as_bytes());
    if !method.is_safe() && !same(sent, session.csrf_token.as_bytes()) {
        return Err(ApiError::Csrf);
    }
    Ok(Known::Person(session))
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
