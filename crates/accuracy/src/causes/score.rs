//! Scores of a method over cases.

use analysis::cause::{Answer, Config, Series, rank};

use super::case::{Case, Scored};

/// A share with the bounds of Wilson's interval at 95 %.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Share {
    pub(crate) share: f64,
    pub(crate) low: f64,
    pub(crate) high: f64,
}

impl Share {
    pub(crate) fn of(hits: f64, all: usize) -> Self {
        const Z: f64 = 1.959_964;
        if all == 0 {
            return Self { share: 0.0, low: 0.0, high: 1.0 };
        }
        let count = all as f64;
        let share = hits / count;
        let middle = share + Z * Z / (2.0 * count);
        let half = Z * (share * (1.0 - share) / count + Z * Z / (4.0 * count * count)).sqrt();
        let by = 1.0 + Z * Z / count;
        Self { share, low: ((middle - half) / by).max(0.0), high: ((middle + half) / by).min(1.0) }
    }
}

impl std::fmt::Display for Share {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(to, "{:.2} [{:.2}, {:.2}]", self.share, self.low, self.high)
    }
}

/// The share of cases whose truth is among the first `most`.
pub(crate) fn within(ranks: &[usize], most: usize) -> Share {
    Share::of(ranks.iter().filter(|rank| **rank <= most).count() as f64, ranks.len())
}

/// The same for a method which draws its order from a hat.
pub(crate) fn random_within(cases: &[&Case], most: usize) -> Share {
    let expected = cases.iter().map(|case| chance(case, most)).sum();
    Share::of(expected, cases.len())
}

/// The chance that none of `most` draws without putting back is right, taken from one.
fn chance(case: &Case, most: usize) -> f64 {
    let all = case.candidates.len();
    let right =
        case.truth.entities.iter().filter(|entity| case.candidates.contains(entity)).count();
    let missed: f64 = (0..most.min(all))
        .map(|drawn| (all.saturating_sub(right + drawn)) as f64 / (all - drawn) as f64)
        .product();
    if all == 0 { 0.0 } else { 1.0 - missed }
}

/// What the product's ranking lists.
pub(crate) fn ours(case: &Case, config: &Config) -> (Answer, Vec<Scored>) {
    let answer = rank(&case.situation, config);
    let list = answer
        .suspects
        .iter()
        .filter(|suspect| suspect.load || case.candidates.contains(&suspect.entity))
        .map(|suspect| Scored {
            entity: suspect.entity,
            load: suspect.load,
            score: suspect.log_odds,
        })
        .collect();
    (answer, list)
}

pub(crate) fn our_ranks(cases: &[&Case], config: &Config) -> Vec<usize> {
    cases.iter().map(|case| case.rank_of_truth(&ours(case, config).1)).collect()
}

pub(crate) fn naive_ranks(cases: &[&Case]) -> Vec<usize> {
    cases.iter().map(|case| case.rank_of_truth(&naive(case))).collect()
}

/// By the largest deviation of any series, in standard deviations over the whole history.
fn naive(case: &Case) -> Vec<Scored> {
    let situation = &case.situation;
    let mut scores = vec![0.0_f64; situation.entities.len()];
    let anomaly = situation.anomaly;
    let mut see = |entity: usize, series: &Series| {
        if let Some(deviation) = standard_deviations(series, anomaly.onset, anomaly.now) {
            scores[entity] = scores[entity].max(deviation);
        }
    };
    for (entity, of) in situation.entities.iter().enumerate() {
        see(entity, &of.figures.calls);
        see(entity, &quotient(&of.figures.errors, &of.figures.calls));
        see(entity, &quotient(&of.figures.time_ms, &of.figures.calls));
    }
    for calls in &situation.calls {
        see(calls.callee, &quotient(&calls.figures.time_ms, &calls.figures.calls));
    }
    for resource in &situation.resources {
        see(resource.entity, &resource.values);
    }
    case.candidates
        .iter()
        .map(|entity| Scored { entity: *entity, load: false, score: scores[*entity] })
        .collect()
}

fn quotient(of: &Series, per: &Series) -> Series {
    of.iter()
        .zip(per)
        .map(|(value, calls)| if *calls > 0.0 { value / calls } else { f32::NAN })
        .collect()
}

fn standard_deviations(series: &Series, onset: usize, now: usize) -> Option<f64> {
    let values = |from: usize, to: usize| -> Vec<f64> {
        let to = to.min(series.len());
        series[from.min(to)..to]
            .iter()
            .filter(|value| value.is_finite())
            .map(|value| f64::from(*value))
            .collect()
    };
    let (history, incident) = (values(0, onset), values(onset, now + 1));
    if history.len() < 3 || incident.is_empty() {
        return None;
    }
    let mean = history.iter().sum::<f64>() / history.len() as f64;
    let variance =
        history.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / history.len() as f64;
    let furthest = incident.iter().map(|value| (value - mean).abs()).fold(0.0, f64::max);
    (variance > 0.0).then(|| furthest / variance.sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::causes::case::Truth;

    fn case(candidates: usize, right: Vec<usize>) -> Case {
        Case {
            name: String::new(),
            kind: String::new(),
            situation: analysis::cause::Situation::default(),
            names: Vec::new(),
            candidates: (0..candidates).collect(),
            truth: Truth { entities: right, ..Truth::default() },
        }
    }

    fn scored(scores: &[f64]) -> Vec<Scored> {
        scores
            .iter()
            .enumerate()
            .map(|(entity, score)| Scored { entity, load: false, score: *score })
            .collect()
    }

    #[test]
    fn ties_count_at_their_worst_rank() {
        assert_eq!(case(4, vec![1]).rank_of_truth(&scored(&[3.0, 3.0, 3.0, 1.0])), 3);
        assert_eq!(case(4, vec![1]).rank_of_truth(&scored(&[3.0, 4.0, 3.0, 1.0])), 1);
        assert_eq!(case(4, vec![3]).rank_of_truth(&scored(&[3.0, 4.0])), 4);
        assert_eq!(case(4, vec![0, 1]).rank_of_truth(&scored(&[3.0, 3.0, 2.0])), 1);
    }

    #[test]
    fn a_random_order_hits_by_its_share() {
        let one = case(10, vec![4]);
        assert!((random_within(&[&one], 1).share - 0.1).abs() < 1e-12);
        assert!((random_within(&[&one], 3).share - 0.3).abs() < 1e-12);
        let two = case(10, vec![4, 5]);
        assert!((random_within(&[&two], 1).share - 0.2).abs() < 1e-12);
    }

    #[test]
    fn intervals_are_wilsons() {
        let share = Share::of(24.0, 26);
        assert!((share.low - 0.7587).abs() < 1e-3 && (share.high - 0.9786).abs() < 1e-3, "{share}");
    }
}
