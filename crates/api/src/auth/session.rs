//! Sessions: a random cookie, of which the store has the hash.
//!
//! The cookie also says when the session began, so that its absolute end needs no column: the hash covers the whole
//! cookie, so nobody can change that time and still be found.

use std::{net::IpAddr, time::Duration};

use api_types::{HeldPermissions as Held, Session as Body, SessionUser};
use http::{HeaderMap, HeaderValue, header};
use metadata_store::{Session, SessionDetails, Sessions as _, User, Users as _};
use model::access::Rights;
use sha2::{Digest, Sha256};

use super::{Caller, address_text};
use crate::{access_key, context::Context, error::ApiError};

const NAME: &str = "vedette_session";
const SECRET: usize = 32;
/// The store is written at most so often to prolong one session.
const PROLONG_STEP_MS: i64 = 60_000;

/// What the browser keeps.
#[derive(Clone)]
pub(crate) struct SessionCookie {
    secret: [u8; SECRET],
    began_ms: i64,
}

impl std::fmt::Debug for SessionCookie {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SessionCookie").field("began_ms", &self.began_ms).finish_non_exhaustive()
    }
}

/// A session that goes on.
#[derive(Clone, Debug)]
pub(crate) struct Ongoing {
    /// What it is listed under.
    pub(crate) id: String,
    pub(crate) caller: Caller,
    pub(crate) csrf_token: String,
    pub(crate) expires_at_ms: i64,
}

impl Ongoing {
    pub(crate) fn body(&self) -> Body {
        Body {
            user: SessionUser {
                name: self.caller.name.clone(),
                display_name: self.caller.display_name.clone(),
            },
            csrf_token: self.csrf_token.clone(),
            expires_at: self.expires_at_ms,
            permissions: held(&self.caller.rights),
            must_change_password: self.caller.must_change_password,
        }
    }
}

impl SessionCookie {
    /// The cookie of a request.
    pub(crate) fn of(headers: &HeaderMap) -> Option<SessionCookie> {
        let cookies = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
        cookies
            .flat_map(|line| line.split(';'))
            .filter_map(|cookie| cookie.trim().split_once('='))
            .find(|(name, _)| *name == NAME)
            .and_then(|(_, value)| SessionCookie::read(value))
    }

    fn read(value: &str) -> Option<SessionCookie> {
        let bytes: [u8; SECRET + 8] = hex::decode(value).ok()?.try_into().ok()?;
        let (secret, began) = bytes.split_at(SECRET);
        Some(SessionCookie {
            secret: secret.try_into().ok()?,
            began_ms: i64::from_be_bytes(began.try_into().ok()?),
        })
    }

    fn value(&self) -> String {
        hex::encode([&self.secret[..], &self.began_ms.to_be_bytes()].concat())
    }

    pub(crate) fn hash(&self) -> [u8; 32] {
        Sha256::digest(self.value()).into()
    }

    /// When the session ends if nothing is asked after `now_ms`.
    fn expiry(&self, context: &Context, now_ms: i64) -> i64 {
        let idle = now_ms.saturating_add(millis(context.config.session_idle));
        let absolute = self.began_ms.saturating_add(millis(context.config.session_absolute));
        idle.min(absolute)
    }

    /// Begins a session and says what the browser is to keep.
    pub(crate) async fn begin(
        context: &Context,
        user: &User,
        address: Option<IpAddr>,
        headers: &HeaderMap,
    ) -> Result<(HeaderValue, Ongoing), ApiError> {
        let now_ms = context.now_ms();
        context.store.delete_expired_sessions(now_ms).await?;
        let cookie = SessionCookie { secret: access_key::random(), began_ms: now_ms };
        let session = Session {
            token_hash: cookie.hash(),
            user_id: user.id,
            csrf_token: hex::encode(access_key::random::<32>()),
            expires_at_ms: cookie.expiry(context, now_ms),
            details: SessionDetails {
                began_ms: now_ms,
                seen_ms: now_ms,
                address: address_text(address),
                agent: agent(headers),
            },
        };
        context.store.create_session(&session).await?;
        let seconds = context.config.session_absolute.as_secs();
        let header = set_cookie(&cookie.value(), seconds);
        let Session { csrf_token, expires_at_ms, .. } = session;
        let caller = context.sign_ins.caller(user, address).await?;
        let id = id_of(&cookie.hash());
        Ok((header, Ongoing { id, caller, csrf_token, expires_at_ms }))
    }

    /// The session of this cookie, prolonged; nothing when it has ended.
    pub(crate) async fn resume(
        &self,
        context: &Context,
        address: Option<IpAddr>,
    ) -> Result<Option<Ongoing>, ApiError> {
        let now_ms = context.now_ms();
        let hash = self.hash();
        let Some(mut session) = context.store.session(&hash).await? else { return Ok(None) };
        if session.expires_at_ms <= now_ms {
            return Ok(None);
        }
        let user = context.store.user(session.user_id).await?;
        let Some(user) = user.filter(|user| user.enabled) else { return Ok(None) };
        let expiry = self.expiry(context, now_ms);
        if expiry - session.expires_at_ms >= PROLONG_STEP_MS {
            context.store.touch_session(&hash, expiry, now_ms).await?;
            session.expires_at_ms = expiry;
        }
        let Session { csrf_token, expires_at_ms, .. } = session;
        let caller = context.sign_ins.caller(&user, address).await?;
        Ok(Some(Ongoing { id: id_of(&hash), caller, csrf_token, expires_at_ms }))
    }

    /// Ends the session.
    pub(crate) async fn end(&self, context: &Context) -> Result<(), ApiError> {
        Ok(context.store.delete_session(&self.hash()).await?)
    }
}

/// What a session is listed under: enough of its hash to tell it from others, and no way back to its cookie.
pub(crate) fn id_of(hash: &[u8; 32]) -> String {
    hex::encode(&hash[..12])
}

/// The browser as it calls itself, without what could confuse a reader.
fn agent(headers: &HeaderMap) -> String {
    let agent = headers.get(header::USER_AGENT).and_then(|agent| agent.to_str().ok());
    agent.unwrap_or_default().chars().filter(|letter| !letter.is_control()).collect()
}

/// Rights as the page reads them.
fn held(rights: &Rights) -> Held {
    let mut held = Held::default();
    for grant in rights.grants() {
        let name = grant.permission.name().to_owned();
        match grant.application {
            None => held.account.push(name),
            Some(id) => held.applications.entry(id.0).or_default().push(name),
        }
    }
    held
}

/// Makes the browser forget.
pub(crate) fn ended_cookie() -> HeaderValue {
    set_cookie("", 0)
}

fn set_cookie(value: &str, seconds: u64) -> HeaderValue {
    let cookie =
        format!("{NAME}={value}; Path=/; Max-Age={seconds}; HttpOnly; Secure; SameSite=Strict");
    HeaderValue::from_str(&cookie).expect("hexadecimal digits are a header's text")
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}
