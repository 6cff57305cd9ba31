//! A load as it goes: told to whoever waits for it, and kept by the tens of seconds.

use std::io::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::Result;
use serde::Serialize;

use crate::api::Api;
use crate::bench::process::Process;
use crate::wall;

const EVERY: Duration = Duration::from_secs(10);
/// A journal that holds so much of the most it ever held is full.
const FULL_SHARE: f64 = 0.9;

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

/// A while of a load.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(crate) struct Window {
    pub(crate) seconds: f64,
    pub(crate) sent_spans_per_second: f64,
    pub(crate) accepted_spans_per_second: f64,
    pub(crate) worked_on_spans_per_second: f64,
    /// Shares of a processor.
    pub(crate) server_cpu: f64,
    pub(crate) generator_cpu: f64,
    /// Of the server at its end.
    pub(crate) rss_mib: u64,
    pub(crate) journal_mib: u64,
}

impl Window {
    /// The one in which the least was accepted; a last short one tells nothing.
    pub(super) fn slowest(windows: &[Self]) -> Option<&Self> {
        let whole = windows.iter().filter(|window| window.seconds >= EVERY.as_secs_f64() * 0.9);
        let rate = |window: &&Self| window.accepted_spans_per_second;
        whole.min_by(|a, b| rate(a).total_cmp(&rate(b)))
    }

    /// Spans accepted each second in the half minute in which that was the least; nothing where there is none.
    pub(super) fn slowest_half_minute(windows: &[Self]) -> Option<f64> {
        let accepted = |some: &[Self]| Self::mean(some, |window| window.accepted_spans_per_second);
        windows.windows(3).map(accepted).min_by(f64::total_cmp)
    }

    /// Those at whose beginning the journal was full for the first time, and all later ones.
    pub(super) fn with_full_journal(windows: &[Self]) -> &[Self] {
        let most = windows.iter().map(|window| window.journal_mib).max().unwrap_or(0) as f64;
        let is_full = |window: &Self| window.journal_mib as f64 >= most * FULL_SHARE;
        windows.iter().position(is_full).map_or(&[], |first| &windows[first + 1..])
    }

    /// Spans worked on each second, over all of them.
    pub(super) fn worked_on_of_all(windows: &[Self]) -> f64 {
        Self::mean(windows, |window| window.worked_on_spans_per_second)
    }

    /// What server and generator used of the processors.
    pub(super) fn cpu_told(windows: &[Self]) -> String {
        let server = Self::mean(windows, |window| window.server_cpu);
        let generator = Self::mean(windows, |window| window.generator_cpu);
        let each_us = server / Self::worked_on_of_all(windows) * 1e6;
        let seconds: f64 = windows.iter().map(|window| window.seconds).sum();
        format!(
            "over {seconds:.0} s: server {server:.2} of a core ({each_us:.2} us a span worked on), generator {generator:.2}"
        )
    }

    /// By the second.
    pub(super) fn mean(windows: &[Self], value: impl Fn(&Self) -> f64) -> f64 {
        let seconds: f64 = windows.iter().map(|window| window.seconds).sum();
        let sum: f64 = windows.iter().map(|window| value(window) * window.seconds).sum();
        if seconds > 0.0 { sum / seconds } else { 0.0 }
    }

    fn tell(&self, left: Duration) {
        let Self { sent_spans_per_second: sent, accepted_spans_per_second: accepted, .. } = self;
        let Self { worked_on_spans_per_second: worked_on, server_cpu, generator_cpu, .. } = self;
        let (rss, journal, left_s) = (self.rss_mib, self.journal_mib, left.as_secs());
        let line = format!(
            "{sent:.0} spans/s sent, {accepted:.0} accepted, {worked_on:.0} worked on; server {server_cpu:.2} of a core and \
             {rss} MiB, journal {journal} MiB, generator {generator_cpu:.2} of a core; {left_s} s left"
        );
        // Nobody needs to see it.
        drop(writeln!(std::io::stderr(), "{line}"));
    }
}

/// Counters at a moment.
#[derive(Debug, Clone, Copy)]
struct Moment {
    at: Instant,
    sent: u64,
    accepted: u64,
    worked_on: f64,
    server_s: f64,
    generator_s: f64,
}

/// Who is looked at.
#[derive(Debug)]
pub(super) struct Watch<'a> {
    progress: &'a Progress,
    server: &'a Process,
    own: Process,
    api: Api,
}

impl<'a> Watch<'a> {
    pub(super) fn new(progress: &'a Progress, server: &'a Process, api: Api) -> Result<Self> {
        Ok(Self { progress, server, own: Process::own()?, api })
    }

    /// Looks on until then.
    pub(super) async fn until(mut self, end: Instant) -> Result<Vec<Window>> {
        let (mut windows, (mut before, _)) = (Vec::new(), self.look().await?);
        while wall::instant() < end {
            tokio::time::sleep_until((before.at + EVERY).min(end).into()).await;
            let (now, journal_mib) = self.look().await?;
            let window = self.window(before, now, journal_mib)?;
            window.tell(end.saturating_duration_since(wall::instant()));
            windows.push(window);
            before = now;
        }
        Ok(windows)
    }

    /// The counters, and the journal's mebibytes.
    async fn look(&mut self) -> Result<(Moment, u64)> {
        let told = self.api.metrics().await?;
        let (sent, accepted) = self.progress.so_far();
        let moment = Moment {
            at: wall::instant(),
            sent,
            accepted,
            worked_on: told.value("vedette_pipeline_spans_total").unwrap_or(0.0),
            server_s: self.server.cpu_s()?,
            generator_s: self.own.cpu_s()?,
        };
        let journal = told.value("vedette_journal_bytes").unwrap_or(0.0);
        Ok((moment, journal as u64 >> 20))
    }

    fn window(&self, before: Moment, now: Moment, journal_mib: u64) -> Result<Window> {
        let seconds = now.at.saturating_duration_since(before.at).as_secs_f64();
        let rate = |now: u64, before: u64| (now - before) as f64 / seconds;
        Ok(Window {
            seconds,
            sent_spans_per_second: rate(now.sent, before.sent),
            accepted_spans_per_second: rate(now.accepted, before.accepted),
            worked_on_spans_per_second: (now.worked_on - before.worked_on) / seconds,
            server_cpu: (now.server_s - before.server_s) / seconds,
            generator_cpu: (now.generator_s - before.generator_s) / seconds,
            rss_mib: self.server.memory()?.rss_kib >> 10,
            journal_mib,
        })
    }
}

#[cfg(test)]
impl Window {
    /// In which nothing happened.
    pub(super) fn of_seconds(seconds: f64) -> Self {
        Self {
            seconds,
            sent_spans_per_second: 0.0,
            accepted_spans_per_second: 0.0,
            worked_on_spans_per_second: 0.0,
            server_cpu: 0.0,
            generator_cpu: 0.0,
            rss_mib: 1,
            journal_mib: 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_slowest_window_is_a_whole_one() {
        let window = |seconds, accepted_spans_per_second| Window {
            accepted_spans_per_second,
            ..Window::of_seconds(seconds)
        };
        let windows = [window(10.0, 300.0), window(10.1, 200.0), window(2.0, 10.0)];
        assert_eq!(Window::slowest(&windows), Some(&windows[1]));
        assert_eq!(Window::slowest(&windows[2..]), None);
    }

    #[test]
    fn the_slowest_half_minute_is_any_three_windows_in_a_row() {
        let windows = [300.0, 100.0, 100.0, 400.0, 250.0].map(|accepted_spans_per_second| Window {
            accepted_spans_per_second,
            ..Window::of_seconds(10.0)
        });
        assert_eq!(Window::slowest_half_minute(&windows), Some(500.0 / 3.0));
        assert_eq!(Window::slowest_half_minute(&windows[..2]), None);
    }

    #[test]
    fn a_journal_is_full_behind_the_window_that_filled_it() {
        let windows = [1_000, 3_900, 4_000, 3_000]
            .map(|journal_mib| Window { journal_mib, ..Window::of_seconds(10.0) });
        assert_eq!(Window::with_full_journal(&windows), &windows[2..]);
        assert!(Window::with_full_journal(&windows[..1]).is_empty());
        assert!(Window::with_full_journal(&[]).is_empty());
    }
}
