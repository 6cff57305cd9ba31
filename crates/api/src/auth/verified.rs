//! Credentials that were found right less than a minute ago, so that programs do not pay for a password hash per request.
//!
//! Kept as a hash under a key of this process: what is in memory is no use elsewhere. Whether the user still has that
//! password is for the caller to compare.

use std::time::Duration;

use daemon::clock::SharedClock;
use parking_lot::Mutex;
use rustc_hash::FxHashMap;
use sha2::{Digest, Sha256};

use metadata_store::User;

use crate::access_key;

const FOR: Duration = Duration::from_secs(60);
const AT_MOST: usize = 1000;

/// Whose credentials they were, and the stored hash that they fitted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Known {
    pub(super) user: u32,
    pub(super) hash: String,
}

pub(super) struct Verified {
    clock: SharedClock,
    key: [u8; 32],
    /// Until when (monotonic) who is known by the hash.
    known: Mutex<FxHashMap<[u8; 32], (Duration, Known)>>,
}

impl std::fmt::Debug for Verified {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Verified").field("known", &self.known.lock().len()).finish_non_exhaustive()
    }
}

impl Verified {
    pub(super) fn new(clock: SharedClock) -> Verified {
        Verified { clock, key: access_key::random(), known: Mutex::default() }
    }

    pub(super) fn find(&self, credentials: &str) -> Option<Known> {
        let now = self.clock.monotonic();
        let known = self.known.lock();
        known
            .get(&self.hash(credentials))
            .filter(|(until, _)| now < *until)
            .map(|(_, found)| found.clone())
    }

    pub(super) fn remember(&self, credentials: &str, user: &User) {
        let now = self.clock.monotonic();
        let mut known = self.known.lock();
        if known.len() >= AT_MOST {
            known.retain(|_, (until, _)| now < *until);
        }
        let found = Known { user: user.id, hash: user.password_hash.clone() };
        if known.len() < AT_MOST {
            known.insert(self.hash(credentials), (now + FOR, found));
        }
    }

    /// The length of the key is fixed, so that no two inputs run together.
    fn hash(&self, credentials: &str) -> [u8; 32] {
        Sha256::new().chain_update(self.key).chain_update(credentials).finalize().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use daemon::clock::{ManualClock, UnixNanos};

    #[test]
    fn what_was_right_is_known_for_a_minute() {
        let clock = ManualClock::new(UnixNanos::from_secs(5));
        let verified = Verified::new(clock.shared());
        let user = User {
            id: 7,
            account_id: 1,
            user_name: "a".to_owned(),
            display_name: String::new(),
            email: String::new(),
            password_hash: "h".to_owned(),
            enabled: true,
            must_change_password: false,
            failed_sign_ins: 0,
            locked_until_ms: 0,
            last_sign_in_ms: None,
            last_address: String::new(),
            created_ms: 0,
            password_changed_ms: 0,
        };
        verified.remember("a:b", &user);
        assert_eq!(verified.find("a:b"), Some(Known { user: 7, hash: "h".to_owned() }));
        assert_eq!(verified.find("a:c"), None);
        clock.advance(FOR);
        assert_eq!(verified.find("a:b"), None);
    }
}
