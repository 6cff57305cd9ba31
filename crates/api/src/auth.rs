//! Who asks: a person with a session cookie, or a program with HTTP Basic or with a token.
//!
//! Who asks, and what he may, is found out for every request anew: what is taken away is gone with the next one. Which route
//! needs which permission is decided in the table of routes; that it is held, in `door`.

mod door;
mod failures;
mod guard;
mod session;
mod throttle;
mod tokens;
mod trail;
mod verified;
mod verifier;

use std::{net::IpAddr, sync::Arc, time::Duration};

use daemon::clock::SharedClock;
use metadata_store::{
    Accounts as _, ActorKind, AuditLog as _, FIRST_ACCOUNT, LockAfter, MetadataStore, Roles as _,
    User, Users as _,
};
use model::{access::Rights, id::AccountId};

use self::{failures::Failures, throttle::Throttle, verified::Verified, verifier::Verifier};
pub(crate) use self::{
    guard::{Peer, UserOnly, basic, guard, guard_monitoring, refuse_other_sites},
    session::{Ongoing, SessionCookie, ended_cookie},
    trail::{Deed, Trail, Who},
};
use crate::{config::Config, error::ApiError};

/// Who asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Caller {
    pub(crate) account: AccountId,
    /// The user's or the API client's.
    pub(crate) name: String,
    pub(crate) display_name: String,
    /// The user's id; an API client has none.
    pub(crate) user: Option<u32>,
    pub(crate) rights: Arc<Rights>,
    /// A user who may do nothing else before.
    pub(crate) must_change_password: bool,
    pub(crate) address: Option<IpAddr>,
}

/// Passwords: checked by few at once, remembered for a minute when right, slowed down when wrong. And tokens.
#[derive(Debug)]
pub(crate) struct SignIns {
    store: MetadataStore,
    clock: SharedClock,
    verifier: Verifier,
    throttle: Throttle,
    verified: Verified,
    failures: Failures,
    lock_after: u32,
    lock_for: Duration,
}

impl SignIns {
    pub(crate) fn new(config: &Config, store: MetadataStore, clock: SharedClock) -> SignIns {
        SignIns {
            store,
            clock: Arc::clone(&clock),
            verifier: Verifier::new(),
            throttle: Throttle::new(Arc::clone(&clock)),
            verified: Verified::new(Arc::clone(&clock)),
            failures: Failures::new(clock),
            lock_after: config.lock_after,
            lock_for: config.lock_for,
        }
    }

    /// Checks a password that a person typed, and writes into the audit log how it went.
    pub(crate) async fn by_password(
        &self,
        user: &str,
        password: &str,
        address: Option<IpAddr>,
    ) -> Result<User, ApiError> {
        self.throttle.admit(user, address)?;
        let found = self.find(user).await?;
        let stored = found.as_ref().map(|user| user.password_hash.clone());
        let right = self.verifier.verify(password.to_owned(), stored).await?;
        let may = found.as_ref().is_some_and(|user| right && self.lets_in(user, address));
        match found {
            Some(found) if may => {
                self.throttle.succeeded(user, address);
                let (at_ms, address) = (self.now_ms(), address_text(address));
                let entry = self.entry(&found, "sign in", at_ms, &address);
                self.store.note_sign_in(found.id, at_ms, &address, &entry).await?;
                Ok(found)
            }
            found => {
                self.throttle.failed(user, address);
                self.note_failure(found, right, address).await?;
                Err(ApiError::WrongCredentials)
            }
        }
    }

    /// Whether a user with the right password gets in. A lock does not hold where the user came from the last time: nobody
    /// shall lock out somebody else by guessing.
    fn lets_in(&self, user: &User, address: Option<IpAddr>) -> bool {
        let locked = user.locked_until_ms > self.now_ms();
        let is_known = !user.last_address.is_empty() && user.last_address == address_text(address);
        user.enabled && (!locked || is_known)
    }

    async fn note_failure(
        &self,
        found: Option<User>,
        right: bool,
        address: Option<IpAddr>,
    ) -> Result<(), ApiError> {
        let (at_ms, address) = (self.now_ms(), address_text(address));
        let Some(missed) = self.failures.admit() else { return Ok(()) };
        // A name that nobody has may be a password in the wrong field: it is not written down.
        let mut entry = match &found {
            Some(user) => self.entry(user, "failed sign-in", at_ms, &address),
            None => {
                let (kind, name) = (ActorKind::Stranger, "(unknown)".to_owned());
                let who = Who { account: FIRST_ACCOUNT, kind, name, address: None };
                let deed = Deed { action: "failed sign-in", object: "user", id: "", name: "" };
                metadata_store::NewAudit { address, ..who.entry(at_ms, deed) }
            }
        };
        if missed > 0 {
            entry.after = format!("{{\"failures_not_listed\":{missed}}}");
        }
        match found.filter(|_| !right) {
            Some(user) => {
                let lock_for = i64::try_from(self.lock_for.as_millis()).unwrap_or(i64::MAX);
                let until_ms = at_ms.saturating_add(lock_for);
                let lock = LockAfter { failures: self.lock_after, until_ms };
                if self.store.note_failed_sign_in(user.id, lock, &entry).await? {
                    tracing::warn!(user = user.user_name, "locked after wrong passwords");
                }
            }
            None => self.store.record_audit(&entry).await?,
        }
        Ok(())
    }

    fn entry(
        &self,
        user: &User,
        action: &str,
        at_ms: i64,
        address: &str,
    ) -> metadata_store::NewAudit {
        let name = user.user_name.clone();
        let who = Who { account: user.account_id, kind: ActorKind::User, name, address: None };
        let id = user.id.to_string();
        let deed = Deed { action, object: "user", id: &id, name: &user.user_name };
        metadata_store::NewAudit { address: address.to_owned(), ..who.entry(at_ms, deed) }
    }

    /// Checks a password that comes with every request of a program.
    async fn by_basic(
        &self,
        credentials: &str,
        address: Option<IpAddr>,
    ) -> Result<Caller, ApiError> {
        if let Some(known) = self.verified.find(credentials) {
            let user = self.store.user(known.user).await?;
            let unchanged = user.filter(|user| user.enabled && user.password_hash == known.hash);
            if let Some(user) = unchanged {
                return self.caller(&user, address).await;
            }
        }
        let (user, password) = credentials.split_once(':').ok_or(ApiError::NotSignedIn)?;
        let user = self.by_password(user, password, address).await?;
        self.verified.remember(credentials, &user);
        self.caller(&user, address).await
    }

    /// A user as it may be of now.
    pub(crate) async fn caller(
        &self,
        user: &User,
        address: Option<IpAddr>,
    ) -> Result<Caller, ApiError> {
        Ok(Caller {
            account: AccountId(user.account_id),
            name: user.user_name.clone(),
            display_name: user.display_name.clone(),
            user: Some(user.id),
            rights: Arc::new(self.store.rights_of_user(user.id).await?),
            must_change_password: user.must_change_password,
            address,
        })
    }

    /// Whether this is the user's password; for somebody who is signed in already.
    pub(crate) async fn is_password(&self, user: &User, password: &str) -> Result<bool, ApiError> {
        self.verifier.verify(password.to_owned(), Some(user.password_hash.clone())).await
    }

    /// The hash of a new password, made off the async threads.
    pub(crate) async fn hash(&self, password: String) -> Result<String, ApiError> {
        self.verifier.hash(password).await
    }

    async fn find(&self, user: &str) -> Result<Option<User>, ApiError> {
        let (account, name) = self.place_of(user).await?;
        Ok(self.store.user_by_name(account, name).await?)
    }

    /// Account and name of `name@account`, or of `name` in the first account. The name itself may hold an `@`.
    async fn place_of<'a>(&self, text: &'a str) -> Result<(u32, &'a str), ApiError> {
        if let Some((name, account)) = text.rsplit_once('@') {
            let accounts = self.store.accounts().await?;
            if let Some(account) = accounts.iter().find(|known| known.name == account) {
                return Ok((account.id, name));
            }
        }
        Ok((FIRST_ACCOUNT, text))
    }
}

fn address_text(address: Option<IpAddr>) -> String {
    address.map(|address| address.to_canonical().to_string()).unwrap_or_default()
}
