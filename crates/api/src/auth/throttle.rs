//! Failed sign-ins slow down whoever makes them: per user and address, and per address over all users.
//!
//! Never per user alone, which would let a stranger lock others out. Addresses in an IPv6 /64 are one. At the bound of
//! what is remembered the oldest failures are forgotten; guessing stays bounded by how many passwords are checked at once.

use std::{
    net::{IpAddr, Ipv6Addr},
    time::Duration,
};

use daemon::clock::SharedClock;
use parking_lot::Mutex;
use rustc_hash::FxHashMap;

use crate::error::ApiError;

const WINDOW: Duration = Duration::from_secs(60);
const PER_USER: u32 = 5;
const PER_ADDRESS: u32 = 30;
const AT_MOST: usize = 10_000;
/// A name is remembered up to here; longer ones share a count.
const NAME: usize = 64;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Who {
    /// None: everybody at that address.
    user: Option<String>,
    address: Option<IpAddr>,
}

#[derive(Clone, Copy, Debug)]
struct Failures {
    count: u32,
    /// Monotonic.
    since: Duration,
}

#[derive(Debug)]
pub(super) struct Throttle {
    clock: SharedClock,
    failures: Mutex<FxHashMap<Who, Failures>>,
}

impl Throttle {
    pub(super) fn new(clock: SharedClock) -> Throttle {
        Throttle { clock, failures: Mutex::default() }
    }

    /// Whether one more password may be tried now.
    pub(super) fn admit(&self, user: &str, address: Option<IpAddr>) -> Result<(), ApiError> {
        let now = self.clock.monotonic();
        let failures = self.failures.lock();
        for (who, most) in whom(user, address) {
            let Some(found) = failures.get(&who) else { continue };
            let over = found.since + WINDOW;
            if found.count >= most && now < over {
                return Err(ApiError::TooManySignIns {
                    retry_after: (over - now).as_secs().max(1),
                });
            }
        }
        Ok(())
    }

    pub(super) fn failed(&self, user: &str, address: Option<IpAddr>) {
        let now = self.clock.monotonic();
        let mut failures = self.failures.lock();
        make_room(&mut failures, now);
        for (who, _) in whom(user, address) {
            let found = failures.entry(who).or_insert(Failures { count: 0, since: now });
            if now >= found.since + WINDOW {
                *found = Failures { count: 0, since: now };
            }
            found.count += 1;
        }
    }

    /// Forgets what the user mistyped; failures of others at the same address stay.
    pub(super) fn succeeded(&self, user: &str, address: Option<IpAddr>) {
        let [(who, _), _] = whom(user, address);
        self.failures.lock().remove(&who);
    }
}

fn whom(user: &str, address: Option<IpAddr>) -> [(Who, u32); 2] {
    let address = address.map(network);
    let user = user.chars().take(NAME).collect();
    [(Who { user: Some(user), address }, PER_USER), (Who { user: None, address }, PER_ADDRESS)]
}

/// Whoever has an IPv6 address usually has its /64.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() & (u128::MAX << 64))),
        v4 => v4,
    }
}

fn make_room(failures: &mut FxHashMap<Who, Failures>, now: Duration) {
    if failures.len() + 2 <= AT_MOST {
        return;
    }
    failures.retain(|_, found| now < found.since + WINDOW);
    if failures.len() + 2 <= AT_MOST {
        return;
    }
    let mut ages: Vec<Duration> = failures.values().map(|found| found.since).collect();
    let middle = ages.len() / 2;
    let (_, &mut middle, _) = ages.select_nth_unstable(middle);
    failures.retain(|_, found| found.since > middle);
}

#[cfg(test)]
mod tests {
    use daemon::clock::{ManualClock, UnixNanos};

    use super::*;

    const HERE: Option<IpAddr> = Some(IpAddr::V6(Ipv6Addr::new(0xfd00, 0, 0, 1, 0, 0, 0, 1)));
    const NEXT_DOOR: Option<IpAddr> = Some(IpAddr::V6(Ipv6Addr::new(0xfd00, 0, 0, 1, 0, 0, 0, 2)));
    const ELSEWHERE: Option<IpAddr> = Some(IpAddr::V6(Ipv6Addr::new(0xfd00, 0, 0, 2, 0, 0, 0, 1)));

    fn throttle() -> (ManualClock, Throttle) {
        let clock = ManualClock::new(UnixNanos::from_secs(5));
        let throttle = Throttle::new(clock.shared());
        (clock, throttle)
    }

    #[test]
    fn five_failures_make_a_user_wait_at_that_address_only() {
        let (clock, throttle) = throttle();
        for _ in 0..PER_USER {
            throttle.admit("admin", HERE).unwrap();
            throttle.failed("admin", HERE);
        }
        assert!(matches!(
            throttle.admit("admin", NEXT_DOOR),
            Err(ApiError::TooManySignIns { retry_after: 60 })
        ));
        throttle.admit("admin", ELSEWHERE).unwrap();
        throttle.admit("other", HERE).unwrap();
        clock.advance(WINDOW);
        throttle.admit("admin", HERE).unwrap();
    }

    #[test]
    fn an_address_that_tries_many_users_waits_whoever_it_tries_next() {
        let (_, throttle) = throttle();
        for n in 0..PER_ADDRESS {
            throttle.failed(&format!("user{n}"), HERE);
        }
        assert!(throttle.admit("somebody", HERE).is_err());
        throttle.admit("somebody", ELSEWHERE).unwrap();
    }

    #[test]
    fn a_success_forgets_earlier_mistakes() {
        let (_, throttle) = throttle();
        for _ in 1..PER_USER {
            throttle.failed("admin", HERE);
        }
        throttle.succeeded("admin", HERE);
        throttle.failed("admin", HERE);
        throttle.admit("admin", HERE).unwrap();
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let (clock, throttle) = throttle();
        for n in 0..AT_MOST {
            throttle.failed(&format!("user{n}"), None);
            clock.advance(Duration::from_millis(1));
        }
        assert!(throttle.failures.lock().len() <= AT_MOST);
    }
}
