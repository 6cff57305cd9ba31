//! Who asks: a person with a session cookie, or a program with HTTP Basic.
//!
//! Every user of an account may do everything in it; there are no roles yet. What needs no sign-in is decided in the
//! table of routes, not here.

mod guard;
mod session;
mod throttle;
mod verified;
mod verifier;

use std::{net::IpAddr, sync::Arc};

use daemon::clock::SharedClock;
use metadata_store::{Accounts as _, FIRST_ACCOUNT, MetadataStore, User, Users as _};
use model::id::AccountId;

pub(crate) use self::{
    guard::{Peer, guard, guard_monitoring},
    session::{Ongoing, SessionCookie, ended_cookie},
};
use self::{throttle::Throttle, verified::Verified, verifier::Verifier};
use crate::error::ApiError;

/// Who asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Caller {
    pub(crate) user_id: u32,
    pub(crate) account: AccountId,
    pub(crate) name: String,
    pub(crate) display_name: String,
}

impl Caller {
    fn of(user: &User) -> Caller {
        Caller {
            user_id: user.id,
            account: AccountId(user.account_id),
            name: user.user_name.clone(),
            display_name: user.display_name.clone(),
        }
    }
}

/// Passwords: checked by few at once, remembered for a minute when right, slowed down when wrong.
#[derive(Debug)]
pub(crate) struct SignIns {
    store: MetadataStore,
    verifier: Verifier,
    throttle: Throttle,
    verified: Verified,
}

impl SignIns {
    pub(crate) fn new(store: MetadataStore, clock: SharedClock) -> SignIns {
        SignIns {
            store,
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
    ) -> Result<Caller, ApiError> {
        self.throttle.admit(user, address)?;
        let found = self.find(user).await?;
        let stored = found.as_ref().map(|user| user.password_hash.clone());
        let right = self.verifier.verify(password.to_owned(), stored).await?;
        match found.filter(|_| right) {
            Some(found) => {
                self.throttle.succeeded(user, address);
                Ok(Caller::of(&found))
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
        let caller = self.by_password(user, password, address).await?;
        self.verified.remember(credentials, caller.clone());
        Ok(caller)
    }

    /// The user of `user@account`, or of `user` in the first account. A user's own name may hold an `@`.
    async fn find(&self, user: &str) -> Result<Option<User>, ApiError> {
        if let Some((name, account)) = user.rsplit_once('@') {
            let accounts = self.store.accounts().await?;
            if let Some(account) = accounts.iter().find(|known| known.name == account) {
                return Ok(self.store.user_by_name(account.id, name).await?);
            }
        }
        Ok(self.store.user_by_name(FIRST_ACCOUNT, user).await?)
    }
}
