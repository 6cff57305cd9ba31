//! A run: the plan of what happens when, the search for incidents that are felt, and the minutes one by one.

use anyhow::{Result, ensure};
use serde_json::json;

use super::chance::{Chance, Purpose, chance};
use super::events;
use super::examples::Examples;
use super::fault::{Class, Incident, Kind, choose};
use super::flow::Flow;
use super::layout::Layout;
use super::simulation::{Simulation, Step};
use super::stream::{FORMAT, Stream};
use super::suffering::{Spared, Twins};
use super::truth::{Kept, truth};
use super::world::World;

/// Of each incident's share of the time, left before and after it.
const CALM_BEFORE: u64 = 20;
const CALM_AFTER: u64 = 50;
/// The longest incident with what is left around it.
pub(super) const SLOT: u64 = 90 + CALM_BEFORE + CALM_AFTER;
/// Places that a kind is tried at, and how often it is made worse at each.
const PLACES: usize = 12;
const WORSE: [f64; 4] = [1.0, 1.7, 3.0, 5.0];
/// Minutes after which a quick trial must have been felt.
const TRIAL: u64 = 8;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Which {
    Any,
    None,
    Only(Kind),
}

#[derive(Debug, Clone)]
pub(super) struct Plan {
    pub(super) start: u64,
    pub(super) minutes: u64,
    pub(super) warm_up: u64,
    pub(super) which: Which,
    /// Faults (or what was asked for), and harmless ones beside them.
    pub(super) incidents: usize,
    pub(super) harmless: usize,
    pub(super) traces: bool,
}

impl Plan {
    pub(super) fn check(&self) -> Result<()> {
        let all = self.items() as u64;
        ensure!(
            self.warm_up + all * SLOT <= self.minutes,
            "{all} incidents of up to {SLOT} minutes with the calm around them do not fit between the warm-up of {} minutes and the end after {}: make it longer with --hours, or ask for fewer with --incidents and --harmless",
            self.warm_up,
            self.minutes
        );
        Ok(())
    }

    fn items(&self) -> usize {
        match self.which {
            Which::None => 0,
            _ => self.incidents + self.harmless,
        }
    }
}

/// Runs the plan into the stream, showing each minute to `watch`, and returns the stream with the truth.
pub(super) fn run<'a>(
    world: &'a World,
    layout: &'a Layout,
    plan: &Plan,
    mut stream: Stream<'a>,
    watch: &mut dyn FnMut(&Step) -> Result<()>,
) -> Result<(Stream<'a>, serde_json::Value)> {
    let mut simulation = Simulation::new(world, layout, plan.start);
    let mut agenda = Agenda::new(world, plan);
    let (mut kept, mut incidents): (Vec<Kept>, Vec<Incident>) = (Vec::new(), Vec::new());
    stream.write(&json!({
        "type": "world",
        "format": FORMAT,
        "seed": world.seed,
        "application": world.application,
        "start_minute": plan.start,
        "minutes": plan.minutes,
        "warm_up_minutes": plan.warm_up,
    }))?;
    let mut examples = Examples::new(world, layout);
    let mut last: Option<Flow> = None;
    while simulation.minute < plan.start + plan.minutes {
        if let (Some(kinds), Some(usual)) = (agenda.due(simulation.minute), &last) {
            let found = search(&simulation, usual, &kinds, &mut agenda.chance);
            if let Some((found, _)) = found {
                incidents.push(found.incident.clone());
                kept.push(found);
            }
        }
        let step = simulation.step(&incidents);
        let events = events::of(world, &incidents, &step);
        let examples = if plan.traces { examples.of(&step) } else { Vec::new() };
        stream.minute(&step, &events, &examples)?;
        watch(&step)?;
        last = Some(step.flow);
    }
    let truth = truth(world, &stream.known, (plan.start, plan.minutes), &kept);
    Ok((stream, truth))
}

/// When something is to happen, and which kinds may be it, the first that is possible.
struct Agenda {
    items: Vec<(u64, Vec<Kind>)>,
    chance: Chance,
}

impl Agenda {
    fn new(world: &World, plan: &Plan) -> Self {
        let mut chance = chance(world.seed, Purpose::Plan, 0, 0);
        let count = plan.items();
        let mut harmful: Vec<bool> = (0..count).map(|item| item < plan.incidents).collect();
        chance.shuffle(&mut harmful);
        let slot = (plan.minutes - plan.warm_up) / (count as u64).max(1);
        let mut faults = 0;
        let mut items = Vec::new();
        for (item, harmful) in harmful.into_iter().enumerate() {
            let first = plan.start + plan.warm_up + item as u64 * slot;
            let spare = slot.saturating_sub(SLOT) as usize;
            let at = first + CALM_BEFORE + chance.below(spare + 1) as u64;
            let kinds = if harmful {
                faults += 1;
                Self::harmful(plan.which, world.seed as usize + (faults - 1) * 11)
            } else {
                let mut kinds: Vec<Kind> = Kind::of_class(Class::Benign).collect();
                chance.shuffle(&mut kinds);
                kinds
            };
            items.push((at, kinds));
        }
        Self { items, chance }
    }

    /// The kinds take turns by seed, so that a batch has about as many of each.
    fn harmful(which: Which, turn: usize) -> Vec<Kind> {
        match which {
            Which::Only(kind) => vec![kind],
            _ => {
                let kinds: Vec<Kind> =
                    Kind::of_class(Class::Fault).chain(Kind::of_class(Class::Surge)).collect();
                (0..kinds.len()).map(|next| kinds[(turn + next) % kinds.len()]).collect()
            }
        }
    }

    fn due(&mut self, minute: u64) -> Option<Vec<Kind>> {
        let due = self.items.first().is_some_and(|(at, _)| *at <= minute);
        due.then(|| self.items.remove(0).1)
    }
}

/// The first kind and place at which the incident does what its class says, beginning now; with both runs that showed it.
pub(super) fn search(
    simulation: &Simulation<'_>,
    usual: &Flow,
    kinds: &[Kind],
    chance: &mut Chance,
) -> Option<(Kept, Twins)> {
    let mut spared = Spared::from(simulation);
    kinds.iter().find_map(|kind| {
        // What is slow to be felt takes long to try.
        let places = if is_slow(*kind) { PLACES / 2 } else { PLACES };
        (0..places).find_map(|_| {
            let mut incident = choose(*kind, simulation.world, usual, chance)?;
            incident.onset = simulation.minute;
            incident.end += simulation.minute;
            try_at(simulation, &mut spared, incident)
        })
    })
}

fn try_at(
    simulation: &Simulation<'_>,
    spared: &mut Spared<'_>,
    incident: Incident,
) -> Option<(Kept, Twins)> {
    let class = incident.kind.class();
    let worse: &[f64] = if class == Class::Benign { &[1.0] } else { &WORSE };
    let background = |number: usize| simulation.world.transactions[number].background;
    for factor in worse {
        let severity = incident.severity * factor;
        let incident = Incident { severity, ..incident.clone() };
        let goes_on = |twins: &Twins| match class {
            // The first minute that is felt is one too many.
            Class::Benign => twins.is_fit(class, &[]),
            Class::Fault | Class::Surge => twins.is_felt_early(background),
        };
        let after = if is_slow(incident.kind) { u64::MAX } else { incident.ramp + TRIAL };
        let Some(twins) = Twins::run(simulation, spared, &incident, (after, goes_on)) else {
            continue;
        };
        let victims = twins.transactions(background);
        if twins.is_fit(class, &victims) {
            let kept = Kept::new(simulation.world, incident, &twins, victims);
            return Some((kept, twins));
        }
    }
    None
}

/// Kinds that take longer to be felt than a quick trial.
fn is_slow(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::Leak | Kind::ConnectionLeak | Kind::QueueBacklog | Kind::Herd | Kind::CrashLoop
    )
}
