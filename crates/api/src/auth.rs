//! Who asks: a person with a session cookie, or a program with HTTP Basic or with a token.
//!
//! Every user of an account may do everything in it; there are no roles yet. What needs no sign-in is decided in the
//! table of routes, not here.

mod guard;
mod session;
mod throttle;
mod tokens;
mod verified;
mod verifier;

use std::{net::IpAddr, sync::Arc};

use daemon::clock::SharedClock;
use metadata_store::{Accounts as _, FIRST_ACCOUNT, MetadataStore, User, Users as _};
use model::id::AccountId;

pub(crate) use self::{
    guard::{Peer, UserOnly, basic, guard, guard_monitoring},
    session::{Ongoing, SessionCookie, ended_cookie},
    tokens::LIFETIME_SECONDS,
};
use self::{throttle::Throttle, verified::Verified, verifier::Verifier};
use crate::error::ApiError;

/// Who asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Caller {
    pub(crate) account: AccountId,
    /// The user's or the API client's.
    pub(crate) name: String,
    pub(crate) display_name: String,
    /// The user's id; an API client has none.
    pub(crate) user: Option<u32>,
}

impl Caller {
    fn of(user: &User) -> Caller {
        Caller {
            account: AccountId(user.account_id),
            name: user.user_name.clone(),
            display_name: user.display_name.clone(),
            user: Some(user.id),
        }
    }
}

/// Passwords: checked by few at once, remembered for a minute when right, slowed down when wrong. And tokens.
#[derive(Debug)]
pub(crate) struct SignIns {
    store: MetadataStore,
    clock: SharedClock,
    verifier: Verifier,
    throttle: Throttle,
    verified: Verified,
}

impl SignIns {
    pub(crate) fn new(store: MetadataStore, clock: SharedClock) -> SignIns {
        SignIns {
            store,
            clock: Arc::clone(&clock),
            verifier: Verifier::new(),
            throttle: Throttle::new(Arc::clone(&clock)),
            verified: Verified::new(clock),
        }
    }

    /// Checks a password that a person typed.
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
        match found.filter(|_| right) {
            Some(found) => {
                self.throttle.succeeded(user, address);
                Ok(found)
            }
            None => {
                self.throttle.failed(user, address);
                Err(ApiError::WrongCredentials)
            }
        }
    }

    /// Checks a password that comes with every request of a program.
    async fn by_basic(
        &self,
        credentials: &str,
        address: Option<IpAddr>,
    ) -> Result<Caller, ApiError> {
        if let Some(caller) = self.verified.find(credentials) {
            return Ok(caller);
        }
        let (user, password) = credentials.split_once(':').ok_or(ApiError::NotSignedIn)?;
        let caller = Caller::of(&self.by_password(user, password, address).await?);
        self.verified.remember(credentials, caller.clone());
        Ok(caller)
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
