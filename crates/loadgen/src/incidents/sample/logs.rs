//! Log lines, counted by template and node: what tiers write when they work, and when something fails them.

use super::super::chance::{Chance, Purpose, chance};
use super::super::conditions::Conditions;
use super::super::layout::Line;
use super::super::world::{Target, World};
use super::{Minute, Seen};

impl Minute<'_> {
    pub(super) fn logs(&self, seen: &mut Seen) {
        let mut logs = Vec::new();
        for tier in 0..self.world.tiers.len() {
            let mut chance = chance(self.world.seed, Purpose::Logs, tier, self.minute);
            self.of_nodes(tier, seen, &mut chance, &mut logs);
            self.of_calls(tier, &mut chance, &mut logs);
            self.of_failures(tier, seen, &mut chance, &mut logs);
        }
        logs.sort_unstable();
        logs.dedup_by(|one, kept| {
            let same = (one.0, one.1) == (kept.0, kept.1);
            if same {
                kept.2 += one.2;
            }
            same
        });
        seen.logs = logs;
    }

    fn of_nodes(
        &self,
        tier: usize,
        seen: &Seen,
        chance: &mut Chance,
        logs: &mut Vec<(usize, usize, u64)>,
    ) {
        let (at, condition) = (&self.world.tiers[tier], &self.conditions.tiers[tier]);
        let lines = &self.layout.lines[tier];
        for node in &at.nodes {
            let calls = seen.nodes[*node].calls as f64;
            let mut write = |line: Line, count: u64| {
                if count > 0 {
                    logs.push((lines[line as usize], *node, count));
                }
            };
            write(Line::Handled, chance.poisson(calls * at.chatter));
            if condition.chatter > 1.0 {
                write(
                    Line::Verbose,
                    chance.poisson(calls * at.chatter * (condition.chatter - 1.0)),
                );
            }
            let here = &self.conditions.nodes[*node];
            write(Line::Started, u64::from(here.restarted && here.at_work));
            write(Line::OutOfMemory, u64::from(here.restarted && here.refusing >= 1.0));
            write(Line::Rejected, chance.poisson(calls * self.flow.nodes[*node].workers.refused));
            write(Line::Token, chance.binomial(seen.nodes[*node].calls, here.error));
        }
    }

    /// What callers write of calls that failed.
    fn of_calls(&self, tier: usize, chance: &mut Chance, logs: &mut Vec<(usize, usize, u64)>) {
        let lines = &self.layout.lines[tier];
        let nodes = &self.world.tiers[tier].nodes;
        for number in self.world.tiers[tier].operations.iter().flat_map(|o| self.world.calls_of(*o))
        {
            let flow = &self.flow.calls[number];
            if flow.failed < 1e-9 || flow.rate <= 0.0 {
                continue;
            }
            let answered = ((flow.failed - flow.lost - flow.timed_out).max(0.0), Line::Answer);
            let timed_out = if self.conditions.calls[number].lock > 0.0 {
                Line::LockWait
            } else {
                Line::Timeout
            };
            let causes = [
                answered,
                (flow.timed_out, timed_out),
                (flow.lost, why_lost(self.world, self.conditions, tier, number)),
            ];
            for (share, line) in causes {
                for node in nodes {
                    let expected = flow.rate * 60.0 * share * self.flow.nodes[*node].share;
                    let count = chance.poisson(expected);
                    if count > 0 {
                        logs.push((lines[line as usize], *node, count));
                    }
                }
            }
        }
    }

    /// What operations write that fail by themselves.
    fn of_failures(
        &self,
        tier: usize,
        seen: &Seen,
        chance: &mut Chance,
        logs: &mut Vec<(usize, usize, u64)>,
    ) {
        for number in &self.world.tiers[tier].operations {
            let calls = seen.operations[*number].calls as f64;
            let [usual, broken] = self.layout.failures[*number];
            let error = self.conditions.operations[*number].error;
            for node in &self.world.tiers[tier].nodes {
                let mine = calls * self.flow.nodes[*node].share;
                let expected = self.world.operations[*number].error;
                for (template, share) in [(usual, expected), (broken, error)] {
                    let count = chance.poisson(mine * share);
                    if count > 0 {
                        logs.push((template, *node, count));
                    }
                }
            }
        }
    }
}

/// The likeliest reason why calls do not arrive.
pub(crate) fn why_lost(world: &World, conditions: &Conditions, tier: usize, number: usize) -> Line {
    let call = &world.calls[number];
    let handshake = match call.target {
        Target::Operation(callee) => {
            conditions.tiers[world.operations[callee].tier].handshake_fails
        }
        Target::Backend(backend) | Target::Queue { backend, .. } => {
            conditions.backends[backend].handshake_fails
        }
    };
    let refusing = call.backend().map_or(0.0, |backend| conditions.backends[backend].refusing);
    if conditions.tiers[tier].lookup_fails > 0.0 {
        Line::UnknownHost
    } else if handshake > 0.0 {
        Line::Handshake
    } else if call.pool.is_some() && refusing == 0.0 {
        Line::NoConnection
    } else {
        Line::Refused
    }
}
