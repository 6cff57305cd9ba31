//! The only place of the project that reads the time.
//!
//! Everything else is handed a time or a [`SharedClock`], so that a test or a simulation drives weeks through the real
//! code in seconds. A clock gives two different things: wall time, which people and telemetry talk about and which may
//! jump, and monotonic time, which only measures durations. Timers (tokio's) are not a clock's business.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

/// A clock that parts of one process share.
pub type SharedClock = Arc<dyn Clock>;

/// Reads the time.
pub trait Clock: Send + Sync + fmt::Debug + 'static {
    /// Wall time, UTC. May jump in either direction when an operator or NTP sets it.
    fn now(&self) -> UnixNanos;

    /// Time since an arbitrary moment before the clock was made. Never goes back.
    fn monotonic(&self) -> Duration;
}

/// Wall time as nanoseconds since 1970-01-01T00:00:00Z; reaches to the year 2554.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UnixNanos(pub u64);

impl UnixNanos {
    /// From whole seconds since the epoch; saturates at the far end.
    pub const fn from_secs(secs: u64) -> Self {
        Self(secs.saturating_mul(1_000_000_000))
    }

    /// From milliseconds since the epoch; saturates at the far end.
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis.saturating_mul(1_000_000))
    }

    /// Start of a minute given as minutes since the epoch.
    pub const fn from_minute(minute: u32) -> Self {
        Self::from_secs(minute as u64 * 60)
    }

    /// Nanoseconds since the epoch.
    pub const fn nanos(self) -> u64 {
        self.0
    }

    /// Whole milliseconds since the epoch.
    pub const fn millis(self) -> u64 {
        self.0 / 1_000_000
    }

    /// Whole seconds since the epoch.
    pub const fn secs(self) -> u64 {
        self.0 / 1_000_000_000
    }

    /// Whole minutes since the epoch.
    pub const fn minute(self) -> u32 {
        // The largest value is 307,445,734 minutes, so nothing is cut off.
        (self.0 / 60_000_000_000) as u32
    }

    /// This much later; saturates at the far end.
    pub const fn saturating_add(self, by: Duration) -> Self {
        Self(self.0.saturating_add(nanos_of(by)))
    }

    /// This much earlier; saturates at the epoch.
    pub const fn saturating_sub(self, by: Duration) -> Self {
        Self(self.0.saturating_sub(nanos_of(by)))
    }

    /// How long after `earlier` this is; zero when it is not after.
    pub const fn since(self, earlier: Self) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }
}

const fn nanos_of(duration: Duration) -> u64 {
    let nanos = duration.as_nanos();
    if nanos > u64::MAX as u128 { u64::MAX } else { nanos as u64 }
}

/// The machine's clock.
#[derive(Clone, Copy, Debug)]
pub struct SystemClock {
    started: std::time::Instant,
}

impl SystemClock {
    /// A clock whose monotonic time starts now.
    #[allow(clippy::disallowed_methods, reason = "the one home of the time")]
    pub fn new() -> Self {
        Self { started: std::time::Instant::now() }
    }

    /// The same, ready to be handed around.
    pub fn shared() -> SharedClock {
        Arc::new(Self::new())
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for SystemClock {
    #[allow(clippy::disallowed_methods, reason = "the one home of the time")]
    fn now(&self) -> UnixNanos {
        // A machine set before 1970 has no usable wall clock; the epoch is the least surprising answer.
        let since_epoch =
            std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        UnixNanos(nanos_of(since_epoch))
    }

    fn monotonic(&self) -> Duration {
        self.started.elapsed()
    }
}

/// A clock that stands still until it is told otherwise; for tests and simulations. Clones share the same time.
#[derive(Clone, Debug)]
pub struct ManualClock {
    hands: Arc<Hands>,
}

#[derive(Debug)]
struct Hands {
    wall: AtomicU64,
    monotonic: AtomicU64,
}

impl ManualClock {
    /// Shows `now`; its monotonic time starts at zero.
    pub fn new(now: UnixNanos) -> Self {
        Self {
            hands: Arc::new(Hands { wall: AtomicU64::new(now.0), monotonic: AtomicU64::new(0) }),
        }
    }

    /// Moves wall and monotonic time forward together.
    pub fn advance(&self, by: Duration) {
        self.hands.wall.fetch_add(nanos_of(by), Ordering::SeqCst);
        self.hands.monotonic.fetch_add(nanos_of(by), Ordering::SeqCst);
    }

    /// Sets wall time, backwards too, and leaves monotonic time alone: what NTP or an operator does to a machine.
    pub fn set(&self, now: UnixNanos) {
        self.hands.wall.store(now.0, Ordering::SeqCst);
    }

    /// The same clock, ready to be handed around; this one keeps driving it.
    pub fn shared(&self) -> SharedClock {
        Arc::new(self.clone())
    }
}

impl Clock for ManualClock {
    fn now(&self) -> UnixNanos {
        UnixNanos(self.hands.wall.load(Ordering::SeqCst))
    }

    fn monotonic(&self) -> Duration {
        Duration::from_nanos(self.hands.monotonic.load(Ordering::SeqCst))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manual_clock_moves_only_when_told_and_its_clones_move_with_it() {
        let clock = ManualClock::new(UnixNanos::from_secs(1_000));
        let seen_by_others = clock.shared();
        assert_eq!(seen_by_others.now(), UnixNanos::from_secs(1_000));
        clock.advance(Duration::from_secs(61));
        assert_eq!(seen_by_others.now().secs(), 1_061);
        assert_eq!(seen_by_others.monotonic(), Duration::from_secs(61));
    }

    #[test]
    fn setting_the_wall_clock_back_leaves_monotonic_time_alone() {
        let clock = ManualClock::new(UnixNanos::from_secs(1_000));
        clock.advance(Duration::from_secs(5));
        clock.set(UnixNanos::from_secs(10));
        assert_eq!((clock.now().secs(), clock.monotonic().as_secs()), (10, 5));
    }

    #[test]
    fn minutes_and_milliseconds_round_down() {
        let time = UnixNanos(119_999_999_999);
        assert_eq!((time.minute(), time.secs(), time.millis()), (1, 119, 119_999));
        assert_eq!(UnixNanos::from_minute(2).nanos(), 120_000_000_000);
        assert_eq!(UnixNanos(u64::MAX).minute(), 307_445_734);
    }

    #[test]
    fn differences_and_shifts_never_wrap() {
        let early = UnixNanos::from_secs(1);
        let late = UnixNanos::from_secs(3);
        assert_eq!(late.since(early), Duration::from_secs(2));
        assert_eq!(early.since(late), Duration::ZERO);
        assert_eq!(early.saturating_sub(Duration::from_secs(9)), UnixNanos(0));
        assert_eq!(UnixNanos(u64::MAX).saturating_add(Duration::MAX), UnixNanos(u64::MAX));
    }

    #[test]
    fn the_system_clock_shows_this_century_and_runs_forward() {
        let clock = SystemClock::new();
        assert!(clock.now() > UnixNanos::from_secs(1_700_000_000));
        let before = clock.monotonic();
        assert!(clock.monotonic() >= before);
    }
}
