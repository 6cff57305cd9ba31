//! Whether a transaction suffers: its figures against those of a run without the incident, from the same state and with the same
//! random numbers.

use super::fault::{Class, Incident};
use super::flow::Flow;
use super::sample::{Row, Seen};
use super::simulation::Simulation;

/// A response time that is felt: so many times the usual, and so much more.
const TIMES: f64 = 1.3;
const MORE_US: f64 = 5_000.0;
/// Both must be beyond chance.
const STANDARD_ERRORS: f64 = 4.0;
const MORE_ERRORS: f64 = 0.02;
const LEAST_ERRORS: f64 = 4.0;
/// Minutes in which it must be felt.
const LEAST_MINUTES: usize = 5;

/// Both runs of an incident.
#[derive(Debug)]
pub(super) struct Twins {
    pub(super) onset: u64,
    pub(super) with: Vec<Seen>,
    pub(super) without: Vec<Seen>,
    /// Of the minute in which most transactions' time was lost.
    pub(super) worst: (Flow, Flow),
}

/// How much a row left its twin's in one minute.
pub(super) fn suffers(with: &Row, without: &Row) -> bool {
    if with.calls == 0 {
        return false;
    }
    let (mean, usual) = (mean_us(with), mean_us(without));
    // The upper half of the minute's own spread stands for its standard deviation.
    let spread = (without.p95_us.saturating_sub(without.p50_us)) as f64 / 1.645;
    let error = spread * (1.0 / with.calls as f64 + 1.0 / without.calls.max(1) as f64).sqrt();
    let slower = without.calls > 0
        && mean >= TIMES * usual
        && mean - usual >= MORE_US
        && mean - usual >= STANDARD_ERRORS * error;
    let more = with.errors as f64 / with.calls as f64
        - without.errors as f64 / without.calls.max(1) as f64;
    slower || (more >= MORE_ERRORS && more * with.calls as f64 >= LEAST_ERRORS)
}

pub(super) fn mean_us(row: &Row) -> f64 {
    if row.calls == 0 { 0.0 } else { row.sum_us as f64 / row.calls as f64 }
}

/// A transaction that suffered.
#[derive(Debug, Clone)]
pub(super) struct Victim {
    pub(super) number: usize,
    pub(super) first_minute: u64,
    pub(super) minutes: usize,
    pub(super) ratio: f64,
    pub(super) error_share: f64,
    pub(super) error_share_without: f64,
}

impl Victim {
    fn badness(&self) -> f64 {
        let errors = (self.error_share - self.error_share_without) * 20.0;
        self.minutes as f64 * (self.ratio - 1.0 + errors).max(0.0)
    }
}

/// The run without an incident, from where a simulation is: the same for whatever is tried there, so each of its minutes is
/// reckoned once.
#[derive(Debug)]
pub(super) struct Spared<'a> {
    simulation: Simulation<'a>,
    minutes: Vec<(Seen, Flow)>,
}

impl<'a> Spared<'a> {
    pub(super) fn from(simulation: &Simulation<'a>) -> Self {
        Self { simulation: simulation.clone(), minutes: Vec::new() }
    }

    fn minute(&mut self, place: usize) -> &(Seen, Flow) {
        while self.minutes.len() <= place {
            let step = self.simulation.step(&[]);
            self.minutes.push((step.seen, step.flow));
        }
        &self.minutes[place]
    }
}

impl Twins {
    /// Runs `incident` beside its absence from where `simulation` is. `goes_on` is asked after so many minutes whether it is
    /// worth while; nothing when it is not.
    pub(super) fn run(
        simulation: &Simulation<'_>,
        spared: &mut Spared<'_>,
        incident: &Incident,
        (after, goes_on): (u64, impl Fn(&Twins) -> bool),
    ) -> Option<Self> {
        let incidents = [incident.clone()];
        let mut struck = simulation.clone();
        let mut twins: Option<Self> = None;
        let mut most = 0.0;
        for place in 0..(incident.end - incident.onset) as usize {
            let step = struck.step(&incidents);
            let (without, usual) = spared.minute(place);
            let lost = lost_us(&step.seen, without);
            let twins = twins.get_or_insert_with(|| {
                most = lost;
                let worst = (step.flow.clone(), usual.clone());
                Self { onset: incident.onset, with: Vec::new(), without: Vec::new(), worst }
            });
            if lost > most {
                (most, twins.worst) = (lost, (step.flow, usual.clone()));
            }
            twins.with.push(step.seen);
            twins.without.push(without.clone());
            if place as u64 + 1 == after && !goes_on(twins) {
                return None;
            }
        }
        twins
    }

    /// Those that suffered long enough, worst first.
    pub(super) fn transactions(&self, background: impl Fn(usize) -> bool) -> Vec<Victim> {
        let all = 0..self.with[0].transactions.len();
        let mut victims: Vec<Victim> = all
            .filter(|number| !background(*number))
            .filter_map(|number| self.victim(number, |seen| &seen.transactions[number]))
            .collect();
        victims.sort_by(|a, b| b.badness().total_cmp(&a.badness()).then(a.number.cmp(&b.number)));
        victims
    }

    pub(super) fn tiers(&self) -> Vec<Victim> {
        let all = 0..self.with[0].tiers.len();
        all.filter_map(|number| self.victim(number, |seen| &seen.tiers[number])).collect()
    }

    fn victim<'s>(&'s self, number: usize, row: impl Fn(&'s Seen) -> &'s Row) -> Option<Victim> {
        let pairs =
            || self.with.iter().zip(&self.without).map(|(one, other)| (row(one), row(other)));
        let felt: Vec<u64> = pairs()
            .zip(self.onset..)
            .filter(|((with, without), _)| suffers(with, without))
            .map(|(_, minute)| minute)
            .collect();
        let least = LEAST_MINUTES.min(self.with.len().div_ceil(2));
        if felt.len() < least {
            return None;
        }
        let sums = |of: fn(&Row) -> u64| {
            let add =
                |sum: (u64, u64), (one, other): (&Row, &Row)| (sum.0 + of(one), sum.1 + of(other));
            pairs().fold((0, 0), add)
        };
        let (calls, errors, times) = (sums(|r| r.calls), sums(|r| r.errors), sums(|r| r.sum_us));
        let share = |part: u64, all: u64| if all == 0 { 0.0 } else { part as f64 / all as f64 };
        let (mean, usual) = (share(times.0, calls.0), share(times.1, calls.1));
        Some(Victim {
            number,
            first_minute: felt[0],
            minutes: felt.len(),
            ratio: if usual > 0.0 { mean / usual } else { 1.0 },
            error_share: share(errors.0, calls.0),
            error_share_without: share(errors.1, calls.1),
        })
    }

    /// Whether a short trial lets expect that a transaction suffers.
    pub(super) fn is_felt_early(&self, background: impl Fn(usize) -> bool) -> bool {
        let all = (0..self.with[0].transactions.len()).filter(|number| !background(*number));
        let felt = |number: usize| {
            let pairs = self.with.iter().zip(&self.without);
            pairs
                .filter(|(one, other)| {
                    suffers(&one.transactions[number], &other.transactions[number])
                })
                .count()
        };
        all.map(felt).any(|minutes| minutes >= 3)
    }

    /// Whether the system answers the class's question: faults and surges are felt, what is harmless is not.
    pub(super) fn is_fit(&self, class: Class, victims: &[Victim]) -> bool {
        match class {
            Class::Fault | Class::Surge => !victims.is_empty(),
            Class::Benign => {
                let felt = |number: usize| {
                    self.with.iter().zip(&self.without).any(|(with, without)| {
                        let (with, without) =
                            (&with.transactions[number], &without.transactions[number]);
                        suffers(with, without)
                    })
                };
                !(0..self.with[0].transactions.len()).any(felt)
            }
        }
    }
}

/// Time that transactions lost in a minute; an error counts as a second.
fn lost_us(with: &Seen, without: &Seen) -> f64 {
    let pairs = with.transactions.iter().zip(&without.transactions);
    pairs
        .map(|(one, other)| {
            let slower = (mean_us(one) - mean_us(other)) * one.calls.min(other.calls) as f64;
            slower.max(0.0) + 1e6 * one.errors.saturating_sub(other.errors) as f64
        })
        .sum()
}
