//! The simulator against what it promises: felt faults, quiet days, sums that agree, the same bytes again.

use std::collections::HashMap;

use serde_json::Value;

use super::chance::{Purpose, chance};
use super::fault::{Class, Entity, Incident, Kind};
use super::layout::{End, Layout};
use super::run::{self, Plan, Which, search};
use super::sample::{Row, Seen};
use super::simulation::{Simulation, Step};
use super::stream::Stream;
use super::suffering::{Twins, suffers};
use super::world::{self, Target, World};

/// 5 January 2026, a Monday, 10:00 UTC.
const MORNING: u64 = 29_459_520 + 600;
const TIERS: usize = 10;
/// Minutes before anything happens.
const BEFORE: usize = 3;

struct System {
    world: World,
    layout: Layout,
}

impl System {
    fn of(seed: u64) -> Self {
        let world = world::build(seed, TIERS);
        let layout = Layout::of(&world);
        Self { world, layout }
    }

    /// At work for a few minutes, with the last of them.
    fn at_work(&self) -> (Simulation<'_>, Step) {
        let mut simulation = Simulation::new(&self.world, &self.layout, MORNING);
        let mut step = simulation.step(&[]);
        for _ in 1..BEFORE {
            step = simulation.step(&[]);
        }
        (simulation, step)
    }

    /// An incident of the kind that does what it should, and both runs of it.
    fn strike(&self, kind: Kind) -> Option<(Incident, Twins)> {
        let (simulation, last) = self.at_work();
        let mut chance = chance(self.world.seed, Purpose::Plan, 0, 0);
        let (kept, twins) = search(&simulation, &last.flow, &[kind], &mut chance)?;
        Some((kept.incident, twins))
    }
}

/// Whether the series of the entity left its twin's by more than that one moves by itself.
fn moved(system: &System, twins: &Twins, of: Entity, name: &str) -> bool {
    let place = system.layout.series.iter().position(|s| s.of == of && s.name == name);
    let place = place.expect("a sign is a series");
    let values = |run: &[Seen]| -> Vec<f64> {
        run.iter().map(|seen| seen.series[place].unwrap_or(0.0)).collect()
    };
    let (with, without) = (values(&twins.with), values(&twins.without));
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    let usual = mean(&without);
    let deviation =
        (without.iter().map(|v| (v - usual).powi(2)).sum::<f64>() / without.len() as f64).sqrt();
    // At its worst: some come and go.
    let most = with.iter().map(|value| (value - usual).abs()).fold(0.0, f64::max);
    most > 3.0 * deviation && most > 0.02 * usual.abs()
}

#[test]
fn every_fault_is_felt_and_moves_its_own_series_where_it_is() {
    let systems: Vec<System> = (1..=2).map(System::of).collect();
    let mut complaints = Vec::new();
    for kind in Kind::of_class(Class::Fault) {
        let all: Vec<_> = systems.iter().map(|system| system.strike(kind)).collect();
        for (system, _) in systems.iter().zip(&all).filter(|(_, struck)| struck.is_none()) {
            complaints.push(format!("{} is not felt in system {}", kind.name(), system.world.seed));
        }
        let struck =
            systems.iter().zip(&all).filter_map(|(system, of)| Some((system, of.as_ref()?)));
        for (system, (incident, twins)) in struck {
            let victims = twins.transactions(|_| false);
            assert!(!victims.is_empty(), "{} was kept and nobody suffers", kind.name());
            let signs = incident.signs(&system.world);
            let first = signs.first().map(|(_, name)| *name);
            let of_first = signs.iter().filter(|(_, name)| Some(*name) == first);
            if first.is_some()
                && !of_first.clone().any(|(of, name)| moved(system, twins, *of, name))
            {
                complaints.push(format!("{}: {first:?} does not move", kind.name()));
            }
        }
    }
    assert!(complaints.is_empty(), "{complaints:#?}");
}

#[test]
fn what_is_harmless_is_not_felt_and_a_surge_is() {
    let system = System::of(4);
    for kind in Kind::of_class(Class::Benign) {
        if let Some((_, twins)) = system.strike(kind) {
            assert!(twins.transactions(|_| false).is_empty(), "{} is felt", kind.name());
        }
    }
    let (surge, twins) = system.strike(Kind::Surge).expect("more load is felt at last");
    let Entity::Transaction(transaction) = surge.entity else { panic!("{:?}", surge.entity) };
    let calls =
        |run: &[Seen]| run.iter().map(|seen| seen.transactions[transaction].calls).sum::<u64>();
    assert!(calls(&twins.with) as f64 > 1.3 * calls(&twins.without) as f64);
}

#[test]
fn a_quiet_day_stays_quiet() {
    let system = System::of(5);
    let mut simulation = Simulation::new(&system.world, &system.layout, MORNING);
    let steps: Vec<Seen> = (0..90).map(|_| simulation.step(&[]).seen).collect();
    let mut felt = 0;
    for number in 0..system.world.transactions.len() {
        for pair in steps.windows(11) {
            // Against ten minutes before, in which the hour's load hardly differs.
            let (before, now) = (&pair[0].transactions[number], &pair[10].transactions[number]);
            felt += usize::from(before.calls > 0 && suffers(now, before));
        }
    }
    let looked_at = 80 * system.world.transactions.len();
    assert!(felt * 200 <= looked_at, "{felt} of {looked_at} quiet minutes look like suffering");
}

#[test]
fn retries_multiply_the_load_below_and_not_above() {
    let struck = (1..=6).find_map(|seed| {
        let system = System::of(seed);
        let struck = system.strike(Kind::RetryStorm)?;
        Some((system, struck))
    });
    let (system, (incident, twins)) = struck.expect("a system with calls between tiers");
    let ways = &system.layout.call_ways[incident.calls[0]];
    let attempts = |run: &[Seen]| {
        let of = |seen: &Seen| ways.iter().map(|way| seen.ways[*way].calls).sum::<u64>();
        run.iter().map(of).sum::<u64>() as f64
    };
    let asked = |run: &[Seen]| {
        run.iter().flat_map(|seen| &seen.transactions).map(|row| row.calls).sum::<u64>() as f64
    };
    let below = attempts(&twins.with) / attempts(&twins.without);
    let above = asked(&twins.with) / asked(&twins.without);
    assert!(below > 1.4 && (0.98..1.02).contains(&above), "{below} below, {above} above");
}

/// Calls out of callers that arrived, and a tier's own transactions', are its calls.
fn assert_adds_up(system: &System, seen: &Seen) {
    let (world, layout) = (&system.world, &system.layout);
    let mut into: HashMap<usize, u64> = HashMap::new();
    for (way, (edge, _)) in seen.ways.iter().zip(&layout.ways) {
        assert!(way.arrived <= way.calls && way.errors <= way.calls, "{way:?}");
        if let End::Tier(tier) = layout.edges[*edge].1 {
            *into.entry(tier).or_default() += way.arrived;
        }
    }
    for (number, transaction) in world.transactions.iter().enumerate() {
        let tier = world.operations[transaction.operation].tier;
        *into.entry(tier).or_default() += seen.transactions[number].calls;
    }
    for (number, tier) in world.tiers.iter().enumerate() {
        let row = &seen.tiers[number];
        assert_eq!(into.get(&number).copied().unwrap_or(0), row.calls, "{}", tier.name);
        let of_nodes =
            |of: fn(&Row) -> u64| tier.nodes.iter().map(|n| of(&seen.nodes[*n])).sum::<u64>();
        assert_eq!(of_nodes(|r| r.calls), row.calls);
        assert_eq!(of_nodes(|r| r.errors), row.errors);
        assert_eq!(of_nodes(|r| r.sum_us), row.sum_us);
        let shares = seen.shares.iter().zip(&layout.shares).filter(|(_, of)| of.0 == number);
        let add = |sum: (u64, u64, u64), (share, _): (&super::sample::Share, _)| {
            (sum.0 + share.calls, sum.1 + share.errors, sum.2 + share.sum_us)
        };
        assert_eq!(shares.fold((0, 0, 0), add), (row.calls, row.errors, row.sum_us));
    }
}

#[test]
fn what_is_sent_and_not_lost_arrives_to_the_call() {
    let system = System::of(6);
    let (_, last) = system.at_work();
    assert_adds_up(&system, &last.seen);
    for kind in [Kind::PacketLoss, Kind::ErrorPath, Kind::CrashLoop, Kind::Certificate] {
        let Some((_, twins)) = system.strike(kind) else { continue };
        twins.with.iter().for_each(|seen| assert_adds_up(&system, seen));
        let lost: u64 = twins.with.iter().flat_map(|s| &s.ways).map(|w| w.calls - w.arrived).sum();
        if kind == Kind::Certificate {
            assert!(lost > 0, "nothing is lost to a certificate that has expired");
        }
    }
}

#[test]
fn days_and_weeks_have_their_shape() {
    let system = System::of(7);
    let by_people = system.world.transactions.iter().find(|t| !t.background).expect("one is");
    let shape = by_people.shape;
    let monday = MORNING - 600;
    let day: Vec<f64> = (0..1440).map(|minute| shape.at(monday + minute)).collect();
    let (least, most) = day.iter().fold((f64::MAX, 0.0_f64), |(l, m), v| (l.min(*v), m.max(*v)));
    assert!(most > 1.25 && least < 0.8, "{least} to {most}");
    let saturday = shape.at(monday + 5 * 1440 + 700) / shape.at(monday + 700);
    assert!((saturday - shape.weekend).abs() < 1e-9, "{saturday} and {}", shape.weekend);
    assert!((shape.at(monday + 7 * 1440) - shape.at(monday)).abs() < 1e-9);
    let counted = |minute: u64| {
        let mut simulation = Simulation::new(&system.world, &system.layout, minute);
        let people = system.world.transactions.iter().enumerate().filter(|(_, t)| !t.background);
        let seen = simulation.step(&[]).seen;
        people.map(|(number, _)| seen.transactions[number].calls).sum::<u64>()
    };
    let peak = (shape.peak_hour * 60.0) as u64 % 1440;
    let (busy, idle) = (counted(monday + peak), counted(monday + (peak + 720) % 1440));
    assert!(busy as f64 > 1.3 * idle as f64, "{busy} and {idle}");
}

/// Whether the operation's calls, or theirs, reach the backend.
fn reaches(world: &World, operation: usize, backend: usize) -> bool {
    world.calls_of(operation).any(|call| match world.calls[call].target {
        Target::Operation(callee) => reaches(world, callee, backend),
        Target::Backend(at) => at == backend,
        Target::Queue { .. } => false,
    })
}

fn is_called(world: &World, from: usize, to: Entity) -> bool {
    world.calls.iter().any(|call| {
        let tier = world.operations[call.from].tier;
        tier == from
            && match (call.target, to) {
                (Target::Operation(callee), Entity::Tier(tier)) => {
                    world.operations[callee].tier == tier
                }
                (Target::Backend(backend), Entity::Backend(at)) => backend == at,
                _ => false,
            }
    })
}

#[test]
fn a_path_leads_from_the_cause_along_calls_to_where_the_transaction_enters() {
    let mut followed = 0;
    for seed in 8..=10 {
        let system = System::of(seed);
        let (simulation, last) = system.at_work();
        let mut chance = chance(seed, Purpose::Plan, 0, 0);
        let kept = search(&simulation, &last.flow, &[Kind::SlowStatement], &mut chance);
        let Some((kept, _)) = kept else { continue };
        let Entity::Backend(backend) = kept.incident.entity else { panic!("a statement's") };
        for (victim, path) in &kept.victims {
            let entry = system.world.transactions[victim.number].operation;
            let tier = system.world.operations[entry].tier;
            assert_eq!(path.first(), Some(&kept.incident.entity));
            assert_eq!(path.last(), Some(&Entity::Tier(tier)));
            // Those that do not call it suffer by what they share with those that do.
            if !reaches(&system.world, entry, backend) {
                continue;
            }
            followed += 1;
            for step in path.windows(2) {
                let Entity::Tier(caller) = step[1] else { panic!("{path:?}") };
                assert!(is_called(&system.world, caller, step[0]), "{path:?}");
            }
        }
    }
    assert!(followed > 0, "no transaction that suffers calls the database");
}

fn written(seed: u64) -> (String, Value) {
    let system = System::of(seed);
    let plan = Plan {
        start: MORNING,
        minutes: run::SLOT + 10,
        warm_up: 10,
        which: Which::Any,
        incidents: 1,
        harmless: 0,
        traces: true,
    };
    let mut bytes = Vec::new();
    let stream = Stream::new(&system.world, &system.layout, Box::new(&mut bytes));
    let (stream, truth) =
        run::run(&system.world, &system.layout, &plan, stream, &mut |_| Ok(())).unwrap();
    stream.finish().unwrap();
    (String::from_utf8(bytes).unwrap(), truth)
}

#[test]
fn the_same_seed_gives_the_same_bytes_and_every_id_was_introduced() {
    let (once, truth) = written(9);
    assert!(once == written(9).0, "two runs of one seed differ");
    assert_eq!(truth["incidents"].as_array().map(Vec::len), Some(1), "{truth:#}");
    let mut introduced: HashMap<&str, u64> = HashMap::new();
    let (mut minutes, mut traces) = (0, 0);
    let lists = [("bts", 7), ("tiers", 7), ("nodes", 7), ("endpoints", 7), ("edges", 8)];
    for line in once.lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        match line["type"].as_str().unwrap() {
            "entities" => {
                for name in lists.map(|(name, _)| name).iter().chain(&["series", "templates"]) {
                    for item in line[*name].as_array().into_iter().flatten() {
                        let count = introduced.entry(name).or_default();
                        assert_eq!(item["id"].as_u64(), Some(*count), "{name}");
                        *count += 1;
                    }
                }
            }
            "minute" => {
                minutes += 1;
                for (name, width) in lists {
                    for row in line[name].as_array().unwrap() {
                        let row = row.as_array().unwrap();
                        assert_eq!(row.len(), width, "{name}");
                        assert!(row[0].as_u64().unwrap() < introduced[name], "{name}: {row:?}");
                    }
                }
                let series = line["series"].as_array().unwrap().len() as u64;
                assert_eq!(series, introduced["series"]);
            }
            "trace" => {
                traces += 1;
                assert!(!line["spans"].as_array().unwrap().is_empty());
            }
            other => assert_eq!(other, "world"),
        }
    }
    assert_eq!(minutes, run::SLOT + 10);
    assert!(traces > 10, "{traces} traces");
}

#[test]
fn requests_take_as_long_as_the_minute_says() {
    let system = System::of(10);
    let (_, step) = system.at_work();
    let walk = super::trace::Walk {
        world: &system.world,
        layout: &system.layout,
        conditions: &step.conditions,
        flow: &step.flow,
    };
    let mut chance = chance(10, Purpose::Traces, 0, 0);
    for (number, transaction) in system.world.transactions.iter().enumerate() {
        let expected = step.flow.operations[transaction.operation].latency.mean;
        let count = 400;
        let walked: f64 =
            (0..count).map(|_| walk.request(number, &mut chance)[0].duration).sum::<f64>();
        let ratio = walked / f64::from(count) / expected;
        assert!((0.75..1.3).contains(&ratio), "{}: {ratio} of what was expected", transaction.name);
    }
}
