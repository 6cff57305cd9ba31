//! Credentials that were found right less than a minute ago, so that programs do not pay for a password hash per request.
//!
//! Kept as a hash under a key of this process: what is in memory is no use elsewhere. A password that was changed goes
//! on working here for that minute.

use std::time::Duration;

use daemon::clock::SharedClock;
use parking_lot::Mutex;
use rustc_hash::FxHashMap;
use sha2::{Digest, Sha256};

use super::Caller;
use crate::access_key;

const FOR: Duration = Duration::from_secs(60);
const AT_MOST: usize = 1000;

pub(super) struct Verified {
    clock: SharedClock,
    key: [u8; 32],
    /// Until when (monotonic) who is known by the hash.
    known: Mutex<FxHashMap<[u8; 32], (Duration, Caller)>>,
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

    pub(super) fn find(&self, credentials: &str) -> Option<Caller> {
        let now = self.clock.monotonic();
        let known = self.known.lock();
        known
            .get(&self.hash(credentials))
            .filter(|(until, _)| now < *until)
            .map(|(_, caller)| caller.clone())
    }

    pub(super) fn remember(&self, credentials: &str, caller: Caller) {
        let now = self.clock.monotonic();
        let mut known = self.known.lock();
        if known.len() >= AT_MOST {
            known.retain(|_, (until, _)| now < *until);
        }
        if known.len() < AT_MOST {
            known.insert(self.hash(credentials), (now + FOR, caller));
        }
    }

    /// The length of the key is fixed, so that no two inputs run together.
    fn hash(&self, credentials: &str) -> [u8; 32] {
        Sha256::new().chain_update(self.key).chain_update(credentials).finalize().into()
    }
}

#[cfg(test)]
mod tests {
    use daemon::clock::{ManualClock, UnixNanos};
    use model::id::AccountId;

    use super::*;

    #[test]
    fn what_was_right_is_known_for_a_minute() {
        let clock = ManualClock::new(UnixNanos::from_secs(5));
        let verified = Verified::new(clock.shared());
        let caller = Caller {
            account: AccountId(1),
            name: "a".into(),
            display_name: String::new(),
            user: Some(1),
        };
        verified.remember("a:b", caller.clone());
        assert_eq!(verified.find("a:b"), Some(caller));
        assert_eq!(verified.find("a:c"), None);
        clock.advance(FOR);
        assert_eq!(verified.find("a:b"), None);
    }
}
