//! One minute as a monitor counts it: whole calls, drawn with the means that the flow has.
//!
//! What arrives anywhere is what was sent there and not lost, drawn once and counted on both sides, so that sums agree to the call.

mod logs;
mod series;

pub(super) use logs::why_lost;

use super::chance::{Chance, Purpose, chance};
use super::conditions::Conditions;
use super::flow::Flow;
use super::latency::Latency;
use super::layout::Layout;
use super::world::{Target, World};

/// Of an entity and minute.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Row {
    pub(super) calls: u64,
    pub(super) errors: u64,
    pub(super) sum_us: u64,
    pub(super) p50_us: u64,
    pub(super) p95_us: u64,
    pub(super) p99_us: u64,
}

/// A tier's part of a transaction.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Share {
    pub(super) calls: u64,
    pub(super) errors: u64,
    pub(super) sum_us: u64,
    pub(super) self_us: u64,
}

/// Calls over an edge for a transaction.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Way {
    pub(super) calls: u64,
    pub(super) errors: u64,
    pub(super) sum_us: u64,
    pub(super) p95_us: u64,
    pub(super) arrived: u64,
    pub(super) far_us: u64,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Seen {
    pub(super) minute: u64,
    pub(super) transactions: Vec<Row>,
    pub(super) tiers: Vec<Row>,
    pub(super) nodes: Vec<Row>,
    pub(super) operations: Vec<Row>,
    /// By [`Layout::shares`].
    pub(super) shares: Vec<Share>,
    /// By [`Layout::ways`].
    pub(super) ways: Vec<Way>,
    /// By [`Layout::series`].
    pub(super) series: Vec<Option<f64>>,
    /// Template, node, count.
    pub(super) logs: Vec<(usize, usize, u64)>,
}

/// What the drawing needs to know.
#[derive(Debug, Clone, Copy)]
pub(super) struct Minute<'a> {
    pub(super) world: &'a World,
    pub(super) layout: &'a Layout,
    pub(super) conditions: &'a Conditions,
    pub(super) flow: &'a Flow,
    /// The minute in which each node was started.
    pub(super) started: &'a [u64],
    pub(super) minute: u64,
}

const ROW: Row = Row { calls: 0, errors: 0, sum_us: 0, p50_us: 0, p95_us: 0, p99_us: 0 };

impl Minute<'_> {
    /// Counts with `rates` of each transaction a second.
    pub(super) fn sample(&self, rates: &[f64]) -> Seen {
        let world = self.world;
        let mut seen = Seen {
            minute: self.minute,
            transactions: vec![ROW; world.transactions.len()],
            tiers: vec![ROW; world.tiers.len()],
            nodes: vec![ROW; world.nodes.len()],
            operations: vec![ROW; world.operations.len()],
            shares: vec![Share::default(); self.layout.shares.len()],
            ways: vec![Way::default(); self.layout.ways.len()],
            series: Vec::new(),
            logs: Vec::new(),
        };
        let mut counts: Vec<Vec<u64>> =
            world.operations.iter().map(|o| vec![0; o.transactions.len()]).collect();
        for (number, transaction) in world.transactions.iter().enumerate() {
            let tier = world.operations[transaction.operation].tier;
            let answered = 1.0 - self.refusing(tier);
            let mut chance = chance(world.seed, Purpose::Load, number, self.minute);
            let place = self.place(transaction.operation, number);
            counts[transaction.operation][place] += chance.poisson(rates[number] * 60.0 * answered);
        }
        let mut messages: Vec<Vec<u64>> = vec![Vec::new(); world.calls.len()];
        let mut arrivals: Vec<(usize, usize, u64)> = Vec::new();
        for operation in 0..world.operations.len() {
            let mut chance = chance(world.seed, Purpose::Counts, operation, self.minute);
            if world.operations[operation].is_consumer {
                self.take(operation, &messages, &mut counts, &mut chance, &mut seen);
            }
            let here = std::mem::take(&mut counts[operation]);
            self.calls(
                operation,
                &here,
                &mut counts,
                &mut messages,
                &mut arrivals,
                &mut chance,
                &mut seen,
            );
            self.answers(operation, &here, &mut seen);
            counts[operation] = here;
        }
        self.far_ends(&counts, &arrivals, &mut seen);
        self.consumed(&counts, &mut seen);
        self.percentiles(&counts, &mut seen);
        for (number, transaction) in world.transactions.iter().enumerate() {
            seen.transactions[number] = seen.operations[transaction.operation];
        }
        self.series(&mut seen);
        self.logs(&mut seen);
        seen
    }

    fn place(&self, operation: usize, transaction: usize) -> usize {
        let transactions = &self.world.operations[operation].transactions;
        transactions.binary_search(&transaction).expect("a transaction reaches where it enters")
    }

    fn refusing(&self, tier: usize) -> f64 {
        let answering = |node: &usize| {
            self.flow.nodes[*node].share * (1.0 - self.conditions.nodes[*node].refusing)
        };
        1.0 - self.world.tiers[tier].nodes.iter().map(answering).sum::<f64>()
    }

    #[allow(clippy::too_many_arguments, reason = "the sums that one operation adds to")]
    fn calls(
        &self,
        operation: usize,
        here: &[u64],
        counts: &mut [Vec<u64>],
        messages: &mut [Vec<u64>],
        arrivals: &mut Vec<(usize, usize, u64)>,
        chance: &mut Chance,
        seen: &mut Seen,
    ) {
        let mut passed = here.to_vec();
        let mut reached = 1.0;
        for stage in &self.world.operations[operation].stages {
            let now = self.flow.calls[stage[0]].reached;
            let goes_on = if reached > 0.0 { (now / reached).min(1.0) } else { 0.0 };
            for count in &mut passed {
                *count = chance.binomial(*count, goes_on);
            }
            reached = now;
            for number in stage {
                let (call, flow) = (&self.world.calls[*number], &self.flow.calls[*number]);
                let mut attempts = Vec::with_capacity(passed.len());
                for (place, count) in passed.iter().enumerate() {
                    let whole = flow.count.floor();
                    let wanted = count * whole as u64 + chance.binomial(*count, flow.count - whole);
                    let (mut all, mut again) = (wanted, wanted);
                    for _ in 0..flow.retries {
                        again = chance.binomial(again, flow.failed);
                        all += again;
                    }
                    let lost = chance.binomial(all, flow.lost);
                    let arrived = all - lost;
                    let fails = (flow.failed - flow.lost) / (1.0 - flow.lost).max(1e-9);
                    let failed = lost + chance.binomial(arrived, fails.clamp(0.0, 1.0));
                    let way = &mut seen.ways[self.layout.call_ways[*number][place]];
                    way.calls += all;
                    way.errors += failed;
                    way.arrived += arrived;
                    attempts.push(all);
                    match call.target {
                        Target::Operation(callee) => {
                            counts[callee][call.places[place]] += arrived;
                            let way = self.layout.call_ways[*number][place];
                            arrivals.push((way, callee, arrived));
                        }
                        Target::Queue { .. } => messages[*number].push(arrived),
                        Target::Backend(_) => {}
                    }
                }
                let all: u64 = attempts.iter().sum();
                let total = total_us(flow.attempt, all, chance);
                for (place, count) in attempts.iter().enumerate().filter(|(_, count)| **count > 0) {
                    let way = &mut seen.ways[self.layout.call_ways[*number][place]];
                    way.sum_us += part(total, *count, all);
                    way.p95_us =
                        way.p95_us.max(quantile_us(flow.attempt, NINETY_FIFTH, *count, chance));
                }
            }
        }
    }

    /// Messages that a consumer takes, in the shares in which they are left now.
    fn take(
        &self,
        operation: usize,
        messages: &[Vec<u64>],
        counts: &mut [Vec<u64>],
        chance: &mut Chance,
        seen: &mut Seen,
    ) {
        for (number, call) in self.world.calls.iter().enumerate() {
            let Target::Queue { consumer, .. } = call.target else { continue };
            if consumer != operation {
                continue;
            }
            let left: u64 = messages[number].iter().sum();
            let taken = self.flow.operations[operation].rate * 60.0;
            for (place, count) in messages[number].iter().enumerate() {
                let share = if left > 0 {
                    *count as f64 / left as f64
                } else {
                    1.0 / messages[number].len() as f64
                };
                let drawn = if (taken - left as f64).abs() < 0.5 * (left as f64).sqrt() {
                    *count
                } else {
                    chance.poisson(taken * share)
                };
                let there = call.places[place];
                counts[operation][there] += drawn;
                seen.ways[self.layout.taken_ways[number][there]].calls += drawn;
                seen.ways[self.layout.taken_ways[number][there]].arrived += drawn;
            }
        }
    }

    /// What an operation's nodes answered.
    fn answers(&self, number: usize, here: &[u64], seen: &mut Seen) {
        let operation = &self.world.operations[number];
        let all: u64 = here.iter().sum();
        if all == 0 {
            return;
        }
        let mut chance = chance(self.world.seed, Purpose::Nodes, number, self.minute);
        let nodes = &self.world.tiers[operation.tier].nodes;
        let share = |node: usize| {
            self.flow.nodes[node].share * (1.0 - self.conditions.nodes[node].refusing)
        };
        let mut left_share: f64 = nodes.iter().map(|node| share(*node)).sum();
        let (mut left, mut total, mut own) = (all, ROW, 0);
        for (place, node) in nodes.iter().enumerate() {
            let mine = share(*node);
            let taken = if left_share <= mine * 1.000_001 {
                left
            } else {
                chance.binomial(left, mine / left_share)
            };
            (left, left_share) = (left - taken, left_share - mine);
            if taken == 0 {
                continue;
            }
            let at = &self.flow.operations[number].at[place];
            let errors = chance.binomial(taken, at.error);
            let sum = total_us(at.latency, taken, &mut chance);
            let of_own =
                if at.latency.mean > 0.0 { (at.own.mean / at.latency.mean).min(1.0) } else { 1.0 };
            own += (sum as f64 * of_own) as u64;
            let row = &mut seen.nodes[*node];
            row.calls += taken;
            row.errors += errors;
            row.sum_us += sum;
            total.calls += taken;
            total.errors += errors;
            total.sum_us += sum;
        }
        let row = &mut seen.tiers[operation.tier];
        row.calls += total.calls;
        row.errors += total.errors;
        row.sum_us += total.sum_us;
        seen.operations[number] = total;
        self.apportion(number, here, total, own, &mut chance, seen);
    }

    /// An operation's calls over its transactions.
    fn apportion(
        &self,
        number: usize,
        here: &[u64],
        total: Row,
        own: u64,
        chance: &mut Chance,
        seen: &mut Seen,
    ) {
        let (mut calls, mut errors) = (total.calls, total.errors);
        let (mut sum, mut own) = (total.sum_us, own);
        for (place, count) in here.iter().enumerate().filter(|(_, count)| **count > 0) {
            let failed = chance.binomial(errors, *count as f64 / calls as f64);
            let failed = failed.min(*count).max((errors + count).saturating_sub(calls));
            let (mine, mine_own) = (part(sum, *count, calls), part(own, *count, calls));
            let share = &mut seen.shares[self.layout.operation_shares[number][place]];
            share.calls += count;
            share.errors += failed;
            share.sum_us += mine;
            share.self_us += mine_own;
            (calls, errors) = (calls - count, errors - failed);
            (sum, own) = (sum - mine, own - mine_own);
        }
    }

    /// What those who were called took, on the edges that led to them.
    fn far_ends(&self, counts: &[Vec<u64>], arrivals: &[(usize, usize, u64)], seen: &mut Seen) {
        for (way, callee, arrived) in arrivals {
            let all: u64 = counts[*callee].iter().sum();
            if all > 0 {
                seen.ways[*way].far_us += part(seen.operations[*callee].sum_us, *arrived, all);
            }
        }
    }

    fn consumed(&self, counts: &[Vec<u64>], seen: &mut Seen) {
        for (number, call) in self.world.calls.iter().enumerate() {
            let Target::Queue { consumer, .. } = call.target else { continue };
            let all: u64 = counts[consumer].iter().sum();
            let row = seen.operations[consumer];
            for (place, way) in self.layout.taken_ways[number].iter().enumerate() {
                let count = counts[consumer][place];
                if count > 0 && seen.ways[*way].sum_us == 0 {
                    let sum = part(row.sum_us, count, all);
                    let way = &mut seen.ways[*way];
                    (way.sum_us, way.far_us) = (sum, sum);
                    way.errors += part(row.errors, count, all);
                }
            }
        }
    }

    fn percentiles(&self, counts: &[Vec<u64>], seen: &mut Seen) {
        let world = self.world;
        let mut chance = chance(world.seed, Purpose::Jitter, 0, self.minute);
        let of = |operation: usize| counts[operation].iter().sum::<u64>() as f64;
        for (number, row) in seen.operations.iter_mut().enumerate() {
            row.measure(self.flow.operations[number].latency, &mut chance);
        }
        for (number, row) in seen.tiers.iter_mut().enumerate() {
            let parts = world.tiers[number].operations.iter();
            let mixed = Latency::mixture(parts.map(|o| (of(*o), self.flow.operations[*o].latency)));
            row.measure(mixed, &mut chance);
        }
        for at in &world.tiers {
            for (place, node) in at.nodes.iter().enumerate() {
                let parts = at.operations.iter();
                let mixed = parts.map(|o| (of(*o), self.flow.operations[*o].at[place].latency));
                seen.nodes[*node].measure(Latency::mixture(mixed), &mut chance);
            }
        }
    }
}

/// Standard deviations of the logarithm above its mean.
const MEDIAN: f64 = 0.0;
const NINETY_FIFTH: f64 = 1.644_854;
const NINETY_NINTH: f64 = 2.326_348;

impl Row {
    fn measure(&mut self, latency: Latency, chance: &mut Chance) {
        if self.calls == 0 {
            return;
        }
        let p50 = quantile_us(latency, MEDIAN, self.calls, chance);
        let p95 = quantile_us(latency, NINETY_FIFTH, self.calls, chance).max(p50);
        let p99 = quantile_us(latency, NINETY_NINTH, self.calls, chance).max(p95);
        (self.p50_us, self.p95_us, self.p99_us) = (p50, p95, p99);
    }
}

/// The time of so many calls together: log-normal with the moments of their sum.
fn total_us(latency: Latency, calls: u64, chance: &mut Chance) -> u64 {
    if calls == 0 {
        return 0;
    }
    let calls = calls as f64;
    let sum = Latency { mean: latency.mean * calls, variance: latency.variance * calls };
    (sum.at(chance.normal()) * 1e6).round() as u64
}

/// A quantile of so many calls: its own error is that of an order statistic.
fn quantile_us(latency: Latency, z: f64, calls: u64, chance: &mut Chance) -> u64 {
    // Of n calls nothing is known beyond their largest.
    let known = (2.0 * (calls as f64 + 1.0).ln()).sqrt();
    let z = z.min(known);
    let density = (-z * z / 2.0).exp() / std::f64::consts::TAU.sqrt();
    let below = super::latency::normal_below(z);
    let error = (below * (1.0 - below) / calls as f64).sqrt() / density;
    (latency.at(z + error.min(0.5) * chance.normal()) * 1e6).round() as u64
}

fn part(of: u64, mine: u64, all: u64) -> u64 {
    if all == 0 { 0 } else { (u128::from(of) * u128::from(mine) / u128::from(all)) as u64 }
}
