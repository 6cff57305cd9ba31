//! A system at work, minute by minute.

use super::chance::{Purpose, chance};
use super::conditions::Conditions;
use super::fault::{Incident, Kind};
use super::flow::{self, Flow};
use super::layout::Layout;
use super::sample::{Minute, Seen};
use super::state::State;
use super::world::World;

/// How much of a transaction's mood a minute keeps, and how much it adds.
const MOOD_KEPT: f64 = 0.93;
const MOOD_ADDED: f64 = 0.016;
/// Deployments that a tier has by itself, a minute of working hours.
const RELEASES: f64 = 1.0 / (4.0 * 600.0);

#[derive(Debug, Clone)]
pub(super) struct Simulation<'a> {
    pub(super) world: &'a World,
    pub(super) layout: &'a Layout,
    pub(super) state: State,
    /// The next one.
    pub(super) minute: u64,
}

/// All there is to know of a minute.
#[derive(Debug)]
pub(super) struct Step {
    pub(super) seen: Seen,
    pub(super) flow: Flow,
    pub(super) conditions: Conditions,
    /// Tiers that got a new version by themselves.
    pub(super) released: Vec<usize>,
}

impl<'a> Simulation<'a> {
    pub(super) fn new(world: &'a World, layout: &'a Layout, start: u64) -> Self {
        let mut state = State::fresh(world);
        for (number, started) in state.started.iter_mut().enumerate() {
            let mut chance = chance(world.seed, Purpose::Plan, number, 1);
            *started = start - chance.whole(600, 40_000) as u64;
        }
        Self { world, layout, state, minute: start }
    }

    /// Works for a minute, with these incidents.
    pub(super) fn step(&mut self, incidents: &[Incident]) -> Step {
        let world = self.world;
        let mut conditions = Conditions::usual(world);
        self.noise(&mut conditions);
        let released = self.release(&mut conditions);
        for incident in incidents.iter().filter(|incident| incident.is_on(self.minute)) {
            incident.apply(world, self.minute, &mut conditions);
        }
        for (number, node) in conditions.nodes.iter().enumerate() {
            if node.restarted {
                self.state.started[number] = self.minute;
            }
        }
        let rates = self.rates(&conditions);
        let flow = flow::solve(world, &conditions, &mut self.state, &rates);
        let minute = Minute {
            world,
            layout: self.layout,
            conditions: &conditions,
            flow: &flow,
            started: &self.state.started,
            minute: self.minute,
        };
        let seen = minute.sample(&rates);
        self.settle(incidents);
        self.minute += 1;
        Step { seen, flow, conditions, released }
    }

    /// Calls of each transaction a second.
    fn rates(&mut self, conditions: &Conditions) -> Vec<f64> {
        let mut rates = Vec::with_capacity(self.world.transactions.len());
        for (number, transaction) in self.world.transactions.iter().enumerate() {
            let mut chance = chance(self.world.seed, Purpose::Jitter, 1 + number, self.minute);
            let mood = &mut self.state.moods[number];
            *mood = *mood * MOOD_KEPT + MOOD_ADDED * chance.normal();
            let expected = transaction.rate * transaction.shape.at(self.minute) / 60.0;
            rates.push(expected * mood.exp() * conditions.load[number]);
        }
        rates
    }

    /// What is never quite the same, and now and then a minute that is worse for no reason.
    fn noise(&self, conditions: &mut Conditions) {
        let mut chance = chance(self.world.seed, Purpose::Jitter, usize::MAX, self.minute);
        for node in &mut conditions.nodes {
            node.work *= chance.jitter(0.03);
        }
        for backend in &mut conditions.backends {
            backend.service *= chance.jitter(0.04);
            if chance.is(0.000_3) {
                backend.service *= chance.within(1.3, 2.2);
            }
        }
        for (host, at) in conditions.hosts.iter_mut().zip(&self.world.hosts) {
            host.other_cores += at.cores * 0.01 * chance.jitter(0.5);
            host.other_disk += 0.01 * chance.jitter(0.7);
        }
    }

    /// Versions that come by themselves, in working hours, and change nothing that can be felt.
    fn release(&mut self, conditions: &mut Conditions) -> Vec<usize> {
        let (hour, weekday) = (self.minute / 60 % 24, (self.minute / 1440 + 3) % 7);
        let working = (8..18).contains(&hour) && weekday < 5;
        let mut released = Vec::new();
        for tier in 0..self.world.tiers.len() {
            let mut chance = chance(self.world.seed, Purpose::Plan, 2 + tier, self.minute);
            if working && chance.is(RELEASES / self.world.tiers.len().max(20) as f64 * 20.0) {
                self.state.releases[tier] += 1;
                released.push(tier);
                for node in self.world.usual_nodes(tier) {
                    self.state.started[node] = self.minute;
                }
            }
            conditions.tiers[tier].version += self.state.releases[tier];
        }
        released
    }

    /// A harmless version stays when its roll-out is over.
    fn settle(&mut self, incidents: &[Incident]) {
        for incident in incidents.iter().filter(|incident| incident.end == self.minute + 1) {
            if let (Kind::Deployment, Some(tier)) = (incident.kind, incident.tier(self.world)) {
                self.state.releases[tier] += 1;
            }
        }
    }
}
