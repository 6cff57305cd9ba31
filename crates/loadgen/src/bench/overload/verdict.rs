//! What an overload is judged by: each criterion with what was found, met or not.

use std::fmt::{Display, Formatter};

use serde::Serialize;

use super::Overload;
use super::press::Refusal;
use super::watch::Window;
use crate::bench::queries::Answered;

/// Of its plateau a server accepts so much on the whole, once its journal is full.
const KEPT_SHARE: f64 = 0.95;
/// And so much in every half minute, of the lesser of its plateaus. In ten seconds chance tells: room is made by whole files.
const KEPT_SHARE_OF_HALF_A_MINUTE: f64 = 0.8;
/// So much of what was to be sent must have been sent, or the overload was less than it is called.
const SENT_SHARE: f64 = 0.95;
/// What people ask is answered within this, milliseconds, nineteen times of twenty.
const LONGEST_ANSWER_MS: f64 = 1_000.0;

/// Something that a server must keep to under an overload.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Criterion {
    pub(crate) wanted: String,
    pub(crate) found: String,
    pub(crate) met: bool,
}

impl Criterion {
    fn new(wanted: impl Into<String>, found: impl Into<String>, met: bool) -> Self {
        Self { wanted: wanted.into(), found: found.into(), met }
    }
}

impl Display for Criterion {
    fn fmt(&self, out: &mut Formatter<'_>) -> std::fmt::Result {
        let verdict = if self.met { "met    " } else { "NOT MET" };
        write!(out, "{verdict}  {}: {}", self.wanted, self.found)
    }
}

/// All of them, in the order in which they are told.
pub(super) fn criteria(measured: &Overload) -> Vec<Criterion> {
    let mut all = vec![sent(measured)];
    let lesser = Window::worked_on_of_all(&measured.plateau_windows)
        .min(Window::worked_on_of_all(&measured.plateau_windows_after));
    all.extend(accepted(&measured.windows, measured.plateau_spans_per_second, lesser));
    all.push(in_time(&measured.queries));
    all.push(answered(&measured.worst_queries));
    all.extend(measured.memory.as_ref().map(|memory| {
        let peak_mib = measured.cost.peak_rss_kib >> 10;
        Criterion::new(
            format!("resident within {} MiB", memory.limit_mib),
            format!("{peak_mib} MiB at the most"),
            peak_mib <= memory.limit_mib,
        )
    }));
    all.push(retryable(&measured.refusals));
    all.push(Criterion::new(
        "no connection breaks",
        format!("{} broke", measured.broken_connections),
        measured.broken_connections == 0,
    ));
    let exact = measured.differences.is_empty();
    let found = if exact { "all, exactly".to_owned() } else { measured.differences.join("; ") };
    all.push(Criterion::new("what was accepted is stored", found, exact));
    all
}

fn sent(measured: &Overload) -> Criterion {
    let share = measured.sent_spans_per_second / measured.offered_spans_per_second;
    Criterion::new(
        format!("{} times the plateau is sent", measured.factor),
        format!("{:.2} times", share * measured.factor),
        share >= SENT_SHARE,
    )
}

/// On the whole, and by the half minute, while the journal is full.
fn accepted(windows: &[Window], plateau: f64, lesser_plateau: f64) -> [Criterion; 2] {
    let full = Window::with_full_journal(windows);
    let seconds: f64 = full.iter().map(|window| window.seconds).sum();
    let share = Window::mean(full, |window| window.accepted_spans_per_second) / plateau;
    let least = Window::slowest_half_minute(full).map(|accepted| accepted / lesser_plateau);
    let percent = |share: f64| format!("{:.0} %", share * 100.0);
    let of = |share| format!("of the plateau {} at least", percent(share));
    let whole = match full {
        [] => "the journal was never full: too short to tell".to_owned(),
        _ => format!("{} over {seconds:.0} s", percent(share)),
    };
    let by_half = least.map_or_else(|| "too short to tell".to_owned(), percent);
    [
        Criterion::new(
            format!("with a full journal accepted {}", of(KEPT_SHARE)),
            whole,
            share >= KEPT_SHARE,
        ),
        Criterion::new(
            format!(
                "and in every half minute, of the lesser, {}",
                percent(KEPT_SHARE_OF_HALF_A_MINUTE)
            ),
            by_half,
            least.is_some_and(|least| least >= KEPT_SHARE_OF_HALF_A_MINUTE),
        ),
    ]
}

fn in_time(queries: &[Answered]) -> Criterion {
    let failed: usize = queries.iter().map(|query| query.failed).sum();
    let unanswered = queries.iter().any(|query| query.times.is_none());
    let times = || queries.iter().filter_map(|query| Some((query, query.times?)));
    let slowest = times().max_by(|a, b| a.1.p95_ms.total_cmp(&b.1.p95_ms));
    let max_ms = times().map(|(_, times)| times.max_ms).fold(0.0, f64::max);
    let (name, p95_ms) =
        slowest.map_or(("none", f64::INFINITY), |(query, times)| (&*query.name, times.p95_ms));
    Criterion::new(
        format!("what people ask is answered within {LONGEST_ANSWER_MS} ms (p95 of each)"),
        format!("{p95_ms:.0} ms ({name}), {max_ms:.0} ms at the most, {failed} failed"),
        failed == 0 && !unanswered && p95_ms < LONGEST_ANSWER_MS,
    )
}

fn answered(worst: &[Answered]) -> Criterion {
    let failed: usize = worst.iter().map(|query| query.failed).sum();
    let asked: usize = worst.iter().map(|query| query.requests).sum();
    Criterion::new(
        "the worst that can be asked is answered",
        format!("{failed} of {asked} failed"),
        failed == 0 && asked > 0,
    )
}

fn retryable(refusals: &[Refusal]) -> Criterion {
    let may_come_again =
        |refusal: &&Refusal| refusal.retryable && refusal.with_retry_after == refusal.requests;
    let sum = |refusals: &mut dyn Iterator<Item = &Refusal>| -> u64 {
        refusals.map(|refusal| refusal.requests).sum()
    };
    let all = sum(&mut refusals.iter());
    let for_good = all - sum(&mut refusals.iter().filter(may_come_again));
    Criterion::new(
        "what is refused may come again, and is told when",
        format!("{for_good} of {all} refusals are not so"),
        for_good == 0,
    )
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use super::*;
    use crate::bench::times::Times;

    fn window(accepted_spans_per_second: f64, journal_mib: u64) -> Window {
        Window { accepted_spans_per_second, journal_mib, ..Window::of_seconds(10.0) }
    }

    #[test]
    fn what_is_accepted_counts_once_the_journal_is_full() {
        let met = |accepted_after_it_filled: &[f64]| {
            let mut windows = vec![window(300.0, 2_000), window(200.0, 4_000)];
            windows.extend(accepted_after_it_filled.iter().map(|rate| window(*rate, 4_000)));
            accepted(&windows, 100.0, 90.0).map(|criterion| criterion.met)
        };
        assert_eq!(met(&[96.0, 70.0, 130.0, 96.0]), [true, true]);
        assert_eq!(met(&[60.0, 70.0, 75.0, 200.0, 110.0]), [true, false]);
        assert_eq!(met(&[90.0, 92.0, 91.0]), [false, true]);
        assert_eq!(met(&[120.0, 120.0]), [true, false]);
        assert_eq!(met(&[]), [false, false]);
    }

    #[test]
    fn one_kind_of_question_that_takes_too_long_is_too_much() {
        let query = |name: &'static str, p95_ms, failed| Answered {
            name: Cow::Borrowed(name),
            requests: 10,
            times: Some(Times { p50_ms: 1.0, p95_ms, max_ms: 2_000.0 }),
            bytes_per_answer: 0.0,
            partial: 0,
            failed,
            first_failure: None,
        };
        let quick = query("quick", 10.0, 0);
        assert!(in_time(std::slice::from_ref(&quick)).met);
        let found = in_time(&[quick.clone(), query("slow", 1_200.0, 0)]);
        assert!(!found.met && found.found.starts_with("1200 ms (slow), 2000"), "{found}");
        assert!(!in_time(&[quick.clone(), query("failed", 10.0, 1)]).met);
        assert!(!in_time(&[Answered { times: None, ..quick }]).met);
        assert!(!in_time(&[]).met);
    }

    #[test]
    fn a_refusal_for_good_or_without_a_time_is_too_much() {
        let refusal = |status, retryable, with_retry_after| Refusal {
            status,
            requests: 3,
            retryable,
            with_retry_after,
        };
        assert!(retryable(&[]).met);
        assert!(retryable(&[refusal(503, true, 3)]).met);
        let found = retryable(&[refusal(503, true, 3), refusal(429, true, 2)]);
        assert!(!found.met && found.found == "3 of 6 refusals are not so", "{found}");
        assert!(!retryable(&[refusal(413, false, 3)]).met);
    }
}
