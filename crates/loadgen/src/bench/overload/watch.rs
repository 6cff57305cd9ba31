//! An overload as it goes: told to whoever waits for it, and kept by the tens of seconds.

use std::io::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::Result;
use serde::Serialize;

use crate::bench::process::Process;
use crate::send::since;
use crate::wall;

const EVERY: Duration = Duration::from_secs(10);

/// Spans sent and accepted so far, by all senders.
#[derive(Debug, Default)]
pub(super) struct Progress {
    sent: AtomicU64,
    accepted: AtomicU64,
}

impl Progress {
    pub(super) fn note(&self, sent: u64, accepted: u64) {
        self.sent.fetch_add(sent, Ordering::Relaxed);
        self.accepted.fetch_add(accepted, Ordering::Relaxed);
    }

    fn so_far(&self) -> (u64, u64) {
        (self.sent.load(Ordering::Relaxed), self.accepted.load(Ordering::Relaxed))
    }
}

/// A while of an overload.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(crate) struct Window {
    pub(crate) seconds: f64,
    pub(crate) sent_spans_per_second: f64,
    pub(crate) accepted_spans_per_second: f64,
    /// Of the server at its end.
    pub(crate) rss_mib: u64,
}

impl Window {
    /// The one in which the least was accepted; a last short one tells nothing.
    pub(super) fn slowest(windows: &[Self]) -> Option<&Self> {
        let whole = windows.iter().filter(|window| window.seconds >= EVERY.as_secs_f64() * 0.9);
        let rate = |window: &&Self| window.accepted_spans_per_second;
        whole.min_by(|a, b| rate(a).total_cmp(&rate(b)))
    }
}

/// Looks on until then.
pub(super) async fn watch(
    progress: &Progress,
    server: &Process,
    until: Instant,
) -> Result<Vec<Window>> {
    let (mut windows, mut before, mut began) = (Vec::new(), (0, 0), wall::instant());
    while wall::instant() < until {
        tokio::time::sleep_until((began + EVERY).min(until).into()).await;
        let (now, seconds) = (progress.so_far(), since(began).as_secs_f64());
        let rate = |now: u64, before: u64| (now - before) as f64 / seconds;
        let window = Window {
            seconds,
            sent_spans_per_second: rate(now.0, before.0),
            accepted_spans_per_second: rate(now.1, before.1),
            rss_mib: server.memory()?.rss_kib >> 10,
        };
        window.tell(until.saturating_duration_since(wall::instant()));
        windows.push(window);
        (before, began) = (now, wall::instant());
    }
    Ok(windows)
}

impl Window {
    fn tell(&self, left: Duration) {
        let Self { sent_spans_per_second: sent, accepted_spans_per_second: accepted, .. } = self;
        let (rss, left_s) = (self.rss_mib, left.as_secs());
        let line =
            format!("{sent:.0} spans/s sent, {accepted:.0} accepted, {rss} MiB; {left_s} s left");
        // Nobody needs to see it.
        drop(writeln!(std::io::stderr(), "{line}"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_slowest_window_is_a_whole_one() {
        let window = |seconds, accepted_spans_per_second| Window {
            seconds,
            sent_spans_per_second: 0.0,
            accepted_spans_per_second,
            rss_mib: 1,
        };
        let windows = [window(10.0, 300.0), window(10.1, 200.0), window(2.0, 10.0)];
        assert_eq!(Window::slowest(&windows), Some(&windows[1]));
        assert_eq!(Window::slowest(&windows[2..]), None);
    }
}
