//! Slow, very slow, stalled: how a transaction's response time is judged, and which ones are kept as snapshots.
//!
//! Thresholds come once a minute from the merged minutes of the last two hours: more than 3 (4) standard deviations above
//! the mean, and at least 10 ms and 20 % above it. Until 60 calls over 10 minutes there is no slow class. Slower than
//! 45 s is a stall whatever is usual.

use model::{
    figure::Figure,
    id::EntityId,
    span::{Outcome, SnapshotReason},
};
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};
use telemetry_store::reader::FigureRow;

const STALL_MICROS: f64 = 45e6;
const MIN_CALLS: f64 = 60.0;
/// For so long a transaction must have been called.
pub(super) const MIN_MINUTES: u32 = 10;
/// So many minutes say what is usual.
pub(super) const MINUTES: u32 = 120;

/// From which response time on a transaction is slow, microseconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Threshold {
    slow: f64,
    very_slow: f64,
}

impl Threshold {
    /// What the last two hours say; nothing while they say too little.
    pub(super) fn of(figure: &Figure) -> Option<Threshold> {
        if figure.timed < MIN_CALLS {
            return None;
        }
        let mean = figure.average_micros()?;
        let variance = (figure.sum_squares / figure.timed - mean * mean).max(0.0);
        let least = mean + (0.2 * mean).max(10_000.0);
        let above = |deviations: f64| (mean + deviations * variance.sqrt()).max(least);
        Some(Threshold { slow: above(3.0), very_slow: above(4.0) })
    }
}

/// How a transaction went.
pub(super) fn judge(
    micros: f64,
    failed: bool,
    long_lived: bool,
    threshold: Option<&Threshold>,
) -> Outcome {
    if failed {
        return Outcome::Error;
    }
    if long_lived {
        return Outcome::Normal;
    }
    match threshold {
        _ if micros > STALL_MICROS => Outcome::Stall,
        Some(threshold) if micros > threshold.very_slow => Outcome::VerySlow,
        Some(threshold) if micros > threshold.slow => Outcome::Slow,
        _ => Outcome::Normal,
    }
}

/// What is usual for each business transaction, from its figures of the last two hours: up to [`MIN_MINUTES`] ago, and
/// after that. For one that was not called so long ago nothing is usual yet.
pub(super) fn usual(earlier: Vec<FigureRow>, later: Vec<FigureRow>) -> FxHashMap<EntityId, Figure> {
    let mut usual: FxHashMap<EntityId, Figure> = FxHashMap::default();
    for row in earlier {
        usual.entry(row.key.subject).or_default().merge(&row.figure);
    }
    for row in later {
        if let Some(figure) = usual.get_mut(&row.key.subject) {
            figure.merge(&row.figure);
        }
    }
    usual
}

const BUDGET: u32 = 5;
const BUDGET_MS: i64 = 5 * 60_000;
const PERIOD_MS: i64 = 10 * 60_000;

/// What was kept of each business transaction of late.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Snapshots {
    budgets: FxHashMap<EntityId, Budget>,
}

#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
struct Budget {
    window_ms: i64,
    kept: u32,
    period_ms: i64,
    slowest: f64,
}

impl Snapshots {
    /// Whether to keep a transaction, and why: every bad one within 5 in 5 minutes; of each 10 minutes the first one and
    /// each that is slower than all before it.
    pub(super) fn choose(
        &mut self,
        bt: EntityId,
        outcome: Outcome,
        micros: f64,
        at_ms: i64,
    ) -> SnapshotReason {
        let budget = self.budgets.entry(bt).or_default();
        let periodic = at_ms >= budget.period_ms + PERIOD_MS || budget.period_ms == 0;
        if periodic {
            budget.period_ms = at_ms;
        }
        let slowest = !periodic && micros > budget.slowest;
        if periodic || slowest {
            budget.slowest = micros;
        }
        let bad = match outcome {
            Outcome::Normal => SnapshotReason::None,
            Outcome::Slow => SnapshotReason::Slow,
            Outcome::VerySlow => SnapshotReason::VerySlow,
            Outcome::Stall => SnapshotReason::Stall,
            Outcome::Error => SnapshotReason::Error,
        };
        if bad != SnapshotReason::None && budget.takes(at_ms) {
            return bad;
        }
        match (periodic, slowest) {
            (true, _) => SnapshotReason::Periodic,
            (_, true) => SnapshotReason::Slowest,
            _ => SnapshotReason::None,
        }
    }

    /// Forgets transactions that have long been silent.
    pub(super) fn forget(&mut self, now_ms: i64) {
        self.budgets
            .retain(|_, budget| now_ms < budget.period_ms.max(budget.window_ms) + 2 * PERIOD_MS);
    }
}

impl Budget {
    fn takes(&mut self, at_ms: i64) -> bool {
        if at_ms >= self.window_ms + BUDGET_MS {
            self.window_ms = at_ms;
            self.kept = 0;
        }
        self.kept += 1;
        self.kept <= BUDGET
    }
}

#[cfg(test)]
mod tests {
    use model::figure::Call;

    use super::*;

    fn figure(times: impl Iterator<Item = f64>) -> Figure {
        let mut figure = Figure::default();
        for micros in times {
            figure.add(&Call {
                micros,
                weight: 1.0,
                failed: false,
                http_error: false,
                outcome: Outcome::Normal,
                long_lived: false,
                at_ms: 0,
            });
        }
        figure
    }

    #[test]
    fn slow_is_three_deviations_and_at_least_a_fifth_above_the_mean() {
        let steady = figure((0..100).map(|n| 100_000.0 + f64::from(n % 2) * 1000.0));
        let threshold = Threshold::of(&steady);
        assert_eq!(judge(119_000.0, false, false, threshold.as_ref()), Outcome::Normal);
        assert_eq!(judge(121_000.0, false, false, threshold.as_ref()), Outcome::VerySlow);
        let wide = figure((0..100).map(|n| 50_000.0 + f64::from(n) * 1000.0));
        let threshold = Threshold::of(&wide);
        assert_eq!(judge(190_000.0, false, false, threshold.as_ref()), Outcome::Slow);
        assert_eq!(judge(190_000.0, true, false, threshold.as_ref()), Outcome::Error);
        assert_eq!(judge(46e6, false, false, None), Outcome::Stall);
        assert_eq!(judge(46e6, false, true, None), Outcome::Normal);
    }

    #[test]
    fn few_calls_know_no_slow_one() {
        assert_eq!(Threshold::of(&figure((0..59).map(f64::from))), None);
    }

    #[test]
    fn five_bad_ones_in_five_minutes_are_kept_and_one_of_ten_minutes() {
        let mut snapshots = Snapshots::default();
        let bt = EntityId(1);
        let mut kept = 0;
        for n in 1..=20 {
            let reason = snapshots.choose(bt, Outcome::Error, 10.0, 1_000_000 + n);
            kept += u32::from(reason == SnapshotReason::Error);
        }
        assert_eq!(kept, 5);
        assert_eq!(
            snapshots.choose(bt, Outcome::Normal, 10.0, 1_000_000 + PERIOD_MS + 1),
            SnapshotReason::Periodic
        );
        assert_eq!(
            snapshots.choose(bt, Outcome::Normal, 10.0, 1_000_001 + PERIOD_MS + 1),
            SnapshotReason::None
        );
        assert_eq!(
            snapshots.choose(bt, Outcome::Normal, 11.0, 1_000_002 + PERIOD_MS + 1),
            SnapshotReason::Slowest
        );
    }
}
