//! Each rule on a system small enough to reckon by hand: calls a minute go down a graph, every part takes its time, and
//! one thing is broken from the onset on.

use super::*;

const POINTS: usize = 70;
const ONSET: usize = 60;

/// Before the onset, and after it.
#[derive(Clone, Copy)]
struct Step(f32, f32);

impl Step {
    fn steady(value: f32) -> Self {
        Self(value, value)
    }

    fn at(self, point: usize) -> f32 {
        if point < ONSET { self.0 } else { self.1 }
    }
}

struct Service {
    kind: Kind,
    self_ms: Step,
    /// Share of its calls that it fails by itself.
    fails: Step,
}

struct Edge {
    caller: usize,
    callee: usize,
    rate: Step,
    way_ms: Step,
    /// Share of its calls that the callee never sees, and that fail.
    lost: Step,
    wait_ms: Step,
}

struct World {
    services: Vec<Service>,
    edges: Vec<Edge>,
    requests: Step,
    situation: Situation,
}

/// Small, without a pattern, the same every time.
fn jitter(what: usize, point: usize) -> f32 {
    let mixed = (what * 7_919 + point * 104_729).wrapping_mul(2_654_435_761) >> 7;
    0.97 + 0.06 * ((mixed % 1_000) as f32 / 1_000.0)
}

impl World {
    /// Services take 10 ms each; they call each other as `edges` say, callers before callees.
    fn of(services: usize, edges: &[(usize, usize)]) -> Self {
        let service =
            |_| Service { kind: Kind::Tier, self_ms: Step::steady(10.0), fails: Step::steady(0.0) };
        let edge = |(caller, callee): &(usize, usize)| Edge {
            caller: *caller,
            callee: *callee,
            rate: Step::steady(1.0),
            way_ms: Step::steady(1.0),
            lost: Step::steady(0.0),
            wait_ms: Step::steady(0.0),
        };
        Self {
            services: (0..services).map(service).collect(),
            edges: edges.iter().map(edge).collect(),
            requests: Step::steady(600.0),
            situation: Situation { step_s: 60, ..Situation::default() },
        }
    }

    fn edge(&mut self, caller: usize, callee: usize) -> &mut Edge {
        self.edges
            .iter_mut()
            .find(|edge| edge.caller == caller && edge.callee == callee)
            .expect("there is such an edge")
    }

    fn resource(&mut self, entity: usize, kind: ResourceKind, value: Step) {
        let index = self.situation.resources.len() + 31;
        let values = (0..POINTS).map(|point| value.at(point) * jitter(index, point)).collect();
        self.situation.resources.push(Resource { entity, kind, values });
    }

    /// Fills in the figures; entities beyond the services are already in the situation's list.
    fn build(mut self) -> Situation {
        let count = self.services.len();
        let extra = std::mem::take(&mut self.situation.entities);
        self.situation.entities =
            self.services.iter().map(|service| Entity::new(service.kind)).collect();
        self.situation.entities.extend(extra);
        self.situation.calls = self
            .edges
            .iter()
            .map(|edge| Calls { caller: edge.caller, callee: edge.callee, ..Calls::default() })
            .collect();
        for point in 0..POINTS {
            let mut calls = vec![0.0_f32; count];
            calls[0] = self.requests.at(point) * jitter(0, point);
            for edge in &self.edges {
                calls[edge.callee] +=
                    calls[edge.caller] * edge.rate.at(point) * (1.0 - edge.lost.at(point));
            }
            let (mut time, mut fails) = (vec![0.0_f32; count], vec![0.0_f32; count]);
            for service in (0..count).rev() {
                let own = self.services[service].self_ms.at(point) * jitter(service + 1, point);
                (time[service], fails[service]) = (own, self.services[service].fails.at(point));
                for edge in self.edges.iter().filter(|edge| edge.caller == service) {
                    let rate = edge.rate.at(point);
                    time[service] +=
                        rate * (edge.way_ms.at(point) + edge.wait_ms.at(point) + time[edge.callee]);
                    fails[service] += rate.min(1.0) * (edge.lost.at(point) + fails[edge.callee]);
                }
                let backend = self.services[service].kind == Kind::Backend;
                if !backend {
                    let figures = &mut self.situation.entities[service].figures;
                    figures.calls.push(calls[service]);
                    figures.errors.push((calls[service] * fails[service]).round());
                    figures.time_ms.push(calls[service] * time[service]);
                }
            }
            for (edge, of) in self.edges.iter().zip(&mut self.situation.calls) {
                let made = calls[edge.caller] * edge.rate.at(point);
                let arrived = made * (1.0 - edge.lost.at(point));
                let (way, wait) = (edge.way_ms.at(point), edge.wait_ms.at(point));
                of.figures.calls.push(made);
                of.figures.errors.push((made * (edge.lost.at(point) + fails[edge.callee])).round());
                of.figures.time_ms.push(made * (way + wait + time[edge.callee]));
                of.pool_wait_ms.push(made * wait);
                if self.services[edge.callee].kind != Kind::Backend {
                    of.arrived.push(arrived);
                    of.far_ms.push(arrived * time[edge.callee]);
                }
            }
        }
        self.situation.anomaly = Anomaly { entity: 0, onset: ONSET, now: ONSET + 4, what: None };
        self.situation
    }
}

#[track_caller]
fn first(situation: &Situation) -> Suspect {
    let answer = rank(situation, &Config::default());
    assert_eq!(answer.verdict, Verdict::Cause, "{answer:#?}");
    answer.suspects.into_iter().next().expect("a cause is a suspect")
}

/// 0 → 1 → 2 → 3, and 0 → 4.
fn chain() -> World {
    World::of(5, &[(0, 1), (1, 2), (2, 3), (0, 4)])
}

#[test]
fn who_adds_time_is_told_from_who_passes_it_on() {
    let mut world = chain();
    world.services[2].self_ms = Step(10.0, 60.0);
    let suspect = first(&world.build());
    assert_eq!(suspect.entity, 2);
    assert_eq!(suspect.path, [2, 1, 0]);
    assert!(suspect.share_of_time > 0.9, "{suspect:#?}");
    assert!(suspect.victims.contains(&1) && !suspect.victims.contains(&4), "{:?}", suspect.victims);
    assert!(
        matches!(suspect.clues[0].what, Evidence::OwnTime { entity: 2, .. }),
        "{:?}",
        suspect.clues
    );
}

#[test]
fn who_fails_is_told_from_who_reports_a_failure() {
    let mut world = chain();
    world.services[3].fails = Step(0.001, 0.08);
    let suspect = first(&world.build());
    assert_eq!(suspect.entity, 3);
    assert_eq!(suspect.path, [3, 2, 1, 0]);
    assert!(suspect.share_of_errors > 0.9, "{suspect:#?}");
}

#[test]
fn a_callee_that_is_cut_off_at_its_callers_timeout_is_found() {
    let mut world = chain();
    // Every third call hangs until the caller gives up after 500 ms; the callee sees it not finish.
    let edge = world.edge(1, 2);
    edge.lost = Step(0.0, 0.33);
    edge.way_ms = Step(1.0, 160.0);
    let suspect = first(&world.build());
    assert_eq!(suspect.entity, 2, "{suspect:#?}");
    assert!(
        suspect.clues.iter().any(|clue| matches!(clue.what, Evidence::FailedCalls { .. })),
        "{:?}",
        suspect.clues
    );
}

#[test]
fn a_caller_all_of_whose_calls_are_slow_on_the_way_is_slow_itself() {
    let mut world = World::of(6, &[(0, 1), (1, 2), (1, 3), (1, 4), (0, 2), (0, 3), (0, 5)]);
    for callee in [2, 3, 4] {
        world.edge(1, callee).way_ms = Step(1.0, 25.0);
    }
    assert_eq!(first(&world.build()).entity, 1);
}

#[test]
fn a_callee_to_whom_all_calls_are_slow_on_the_way_is_slow_itself() {
    let mut world = World::of(5, &[(0, 1), (0, 2), (0, 4), (1, 3), (2, 3)]);
    for caller in [1, 2] {
        world.edge(caller, 3).way_ms = Step(1.0, 40.0);
    }
    assert_eq!(first(&world.build()).entity, 3);
}

#[test]
fn a_shared_host_explains_several_services_at_once() {
    let mut world = World::of(4, &[(0, 1), (0, 2), (0, 3)]);
    for service in [1, 2] {
        world.services[service].self_ms = Step(10.0, 35.0);
    }
    world.situation.entities.push(Entity::new(Kind::Host));
    let host = 4;
    world.resource(host, ResourceKind::Cpu, Step(30.0, 98.0));
    for service in [1, 2, 3] {
        world.resource(service, ResourceKind::Cpu, Step::steady(20.0));
    }
    let mut situation = world.build();
    situation.entities[1].host = Some(host);
    situation.entities[2].host = Some(host);
    let suspect = first(&situation);
    assert_eq!(suspect.entity, host, "{suspect:#?}");
    assert_eq!((suspect.path.first(), suspect.path.last()), (Some(&host), Some(&0)));
}

#[test]
fn a_shared_database_is_named_rather_than_its_callers() {
    let mut world = World::of(4, &[(0, 1), (0, 2), (1, 3), (2, 3)]);
    world.services[3].kind = Kind::Backend;
    world.services[3].self_ms = Step(5.0, 45.0);
    let suspect = first(&world.build());
    assert_eq!(suspect.entity, 3);
    assert!(matches!(suspect.clues[0].what, Evidence::Between { .. }), "{:?}", suspect.clues);
}

#[test]
fn a_pool_that_runs_dry_at_an_unchanged_database_is_its_callers() {
    let mut world = World::of(3, &[(0, 1), (1, 2)]);
    world.services[2].kind = Kind::Backend;
    world.edge(1, 2).wait_ms = Step(0.0, 80.0);
    world.resource(1, ResourceKind::Pool, Step(30.0, 100.0));
    assert_eq!(first(&world.build()).entity, 1);
}

#[test]
fn a_wait_that_is_not_measured_to_the_last_does_not_make_its_database_slow() {
    let mut world = World::of(3, &[(0, 1), (1, 2)]);
    world.services[2].kind = Kind::Backend;
    world.edge(1, 2).wait_ms = Step(0.0, 2_000.0);
    // Most get no connection, and so never come to the database.
    world.edge(1, 2).lost = Step(0.0, 0.9);
    let mut situation = world.build();
    situation.calls[1].pool_wait_ms.iter_mut().for_each(|wait| *wait *= 0.98);
    let suspect = first(&situation);
    assert_eq!(suspect.entity, 1, "{suspect:#?}");
    assert!(suspect.share_of_errors > 0.8, "{suspect:#?}");
}

#[test]
fn a_pool_runs_dry_because_of_a_database_that_answers_others_late_too() {
    let mut world = World::of(4, &[(0, 1), (0, 2), (1, 3), (2, 3)]);
    world.services[3].kind = Kind::Backend;
    world.services[3].self_ms = Step(5.0, 45.0);
    world.edge(1, 3).wait_ms = Step(0.0, 2_000.0);
    assert_eq!(first(&world.build()).entity, 3);
}

#[test]
fn who_is_called_no_more_is_not_gone() {
    let mut world = chain();
    world.services[2].fails = Step(0.0, 1.0);
    world.edge(2, 3).rate = Step(1.0, 0.0);
    assert_eq!(first(&world.build()).entity, 2);
}

#[test]
fn what_nodes_on_a_host_in_trouble_say_of_themselves_is_the_hosts_doing() {
    let mut world = World::of(3, &[(0, 1), (0, 2)]);
    world.services[1].self_ms = Step(10.0, 60.0);
    let (host, nodes) = (3, [4, 5]);
    world.situation.entities.push(Entity::new(Kind::Host));
    for tier in [1, 2] {
        let node = Entity { tier: Some(tier), host: Some(host), ..Entity::new(Kind::Node) };
        world.situation.entities.push(node);
    }
    world.resource(host, ResourceKind::Cpu, Step(10.0, 99.0));
    world.resource(nodes[0], ResourceKind::Cpu, Step(30.0, 75.0));
    world.resource(nodes[0], ResourceKind::Threads, Step(5.0, 98.0));
    world.resource(nodes[1], ResourceKind::Cpu, Step(20.0, 50.0));
    let mut situation = world.build();
    for (node, tier) in nodes.into_iter().zip([1, 2]) {
        situation.entities[node].figures = situation.entities[tier].figures.clone();
    }
    assert_eq!(first(&situation).entity, host);
}

#[test]
fn where_the_trouble_lies_is_clear_though_it_is_open_at_which_end() {
    let mut world = World::of(4, &[(0, 1), (1, 2), (3, 2)]);
    let (caller, database) = (1, 2);
    world.services[database] =
        Service { kind: Kind::Backend, self_ms: Step::steady(0.0), fails: Step::steady(0.0) };
    world.edge(0, caller).way_ms = Step::steady(0.2);
    world.edge(caller, database).way_ms = Step(30.0, 300.0);
    let mut situation = world.build();
    // Others call it too, and none of them waits longer.
    for _ in 0..2 {
        let calls = (0..POINTS).map(|point| 100.0 * jitter(70, point)).collect();
        let time_ms = (0..POINTS).map(|point| 3_000.0 * jitter(71, point)).collect();
        let figures = Figures { calls, time_ms, ..Figures::default() };
        situation.overall.push(Calls { caller: 3, callee: database, figures, ..Calls::default() });
    }
    let config = Config { clear: 0.95, ..Config::default() };
    let answer = rank(&situation, &config);
    let [first, second] = &answer.suspects[..2] else { panic!("{answer:#?}") };
    assert!(first.confidence < config.clear && second.confidence > 0.03, "{answer:#?}");
    assert_eq!(answer.verdict, Verdict::Cause, "{answer:#?}");
}

/// A busy host, on which everything is a little slower, and one statement of a database that takes ten times as long.
#[test]
fn a_busy_host_does_not_take_what_one_statement_shows_tenfold() {
    let mut world = World::of(5, &[(0, 1), (1, 2), (2, 3), (2, 4)]);
    let (database, cache, host) = (3, 4, 8);
    for backend in [database, cache] {
        world.services[backend] =
            Service { kind: Kind::Backend, self_ms: Step::steady(0.0), fails: Step::steady(0.0) };
    }
    for tier in 0..3 {
        world.services[tier].self_ms = Step(10.0, 25.0);
        let node = Entity { tier: Some(tier), host: Some(host), ..Entity::new(Kind::Node) };
        world.situation.entities.push(node);
    }
    world.situation.entities.push(Entity::new(Kind::Host));
    for edge in &mut world.edges {
        edge.way_ms = Step(2.0, 7.0);
    }
    world.edge(2, database).way_ms = Step(30.0, 380.0);
    world.resource(host, ResourceKind::Cpu, Step(40.0, 95.0));
    for node in 5..8 {
        world.resource(node, ResourceKind::Cpu, Step(5.0, 9.0));
        world.resource(node, ResourceKind::GarbageCollection, Step(20.0, 35.0));
    }
    let mut situation = world.build();
    for tier in 0..3 {
        situation.entities[5 + tier].figures = situation.entities[tier].figures.clone();
    }
    let found = first(&situation);
    assert!([2, database].contains(&found.entity), "{found:?}");
}

#[test]
fn who_uses_the_processor_much_more_than_others_on_its_host_is_no_victim_of_it() {
    let mut world = World::of(3, &[(0, 1), (0, 2)]);
    world.services[1].self_ms = Step(10.0, 60.0);
    let (host, nodes) = (3, [4, 5, 6]);
    world.situation.entities.push(Entity::new(Kind::Host));
    for tier in [1, 2, 2] {
        let node = Entity { tier: Some(tier), host: Some(host), ..Entity::new(Kind::Node) };
        world.situation.entities.push(node);
    }
    world.resource(host, ResourceKind::Cpu, Step(40.0, 99.0));
    world.resource(nodes[0], ResourceKind::Cpu, Step(15.0, 100.0));
    world.resource(nodes[1], ResourceKind::Cpu, Step(40.0, 55.0));
    world.resource(nodes[2], ResourceKind::Cpu, Step(40.0, 55.0));
    let suspect = first(&world.build());
    let of_first = |clue: &Clue| matches!(clue.what, Evidence::Resource { resource: 1, .. });
    assert!(suspect.entity == 1 && suspect.clues.iter().any(of_first), "{suspect:#?}");
}

#[test]
fn calls_tried_again_are_the_failing_callees() {
    let mut world = chain();
    // Half of the calls to 2 fail, each is tried once more.
    world.services[2].fails = Step(0.0, 0.5);
    world.edge(1, 2).rate = Step(1.0, 1.5);
    assert_eq!(first(&world.build()).entity, 2);
}

#[test]
fn more_calls_without_failures_are_the_callers_own() {
    let mut world = World::of(3, &[(0, 1), (1, 2)]);
    world.services[2].kind = Kind::Backend;
    // A cache is gone: the database is asked eight times as often, and answers as fast as before.
    world.edge(1, 2).rate = Step(1.0, 8.0);
    let suspect = first(&world.build());
    assert_eq!(suspect.entity, 1, "{suspect:#?}");
    assert!(suspect.clues.iter().any(|clue| matches!(clue.what, Evidence::MoreCalls { .. })));
}

#[test]
fn calls_that_a_cache_used_to_spare_are_the_caches() {
    // 1 looks in 2 first, and asks 3 for the tenth that is not there; now half is not.
    let mut world = World::of(4, &[(0, 1), (1, 2), (1, 3)]);
    for backend in [2, 3] {
        world.services[backend].kind = Kind::Backend;
    }
    world.edge(1, 3).rate = Step(0.1, 0.5);
    world.edge(1, 3).way_ms = Step(100.0, 100.0);
    world.resource(2, ResourceKind::Hits, Step(90.0, 50.0));
    let suspect = first(&world.build());
    assert_eq!(suspect.entity, 2, "{suspect:#?}");
    assert!(suspect.clues.iter().any(|clue| matches!(clue.what, Evidence::MoreCalls { .. })));
}

#[test]
fn who_slows_down_under_more_calls_is_the_victim_of_who_makes_them() {
    let mut world = World::of(3, &[(0, 1), (1, 2)]);
    world.edge(1, 2).rate = Step(1.0, 5.0);
    world.services[2].self_ms = Step(10.0, 25.0);
    assert_eq!(first(&world.build()).entity, 1);
}

#[test]
fn who_gives_up_sooner_than_it_used_to_be_answered_is_at_fault() {
    let mut world = chain();
    // Its time-out is below what 2 takes: two thirds of the calls fail at the caller, and all of them are answered at 2.
    world.edge(1, 2).rate = Step(1.0, 3.0);
    world.edge(1, 2).way_ms = Step(1.0, 1.0);
    let mut situation = world.build();
    for point in ONSET..POINTS {
        let figures = &mut situation.calls[1].figures;
        figures.errors[point] = (figures.calls[point] * 0.66).round();
        figures.time_ms[point] *= 0.8;
    }
    assert_eq!(first(&situation).entity, 1);
}

#[test]
fn calls_tried_again_are_the_first_ones_that_fail() {
    let mut world = World::of(4, &[(0, 1), (1, 2), (2, 3)]);
    world.services[3].kind = Kind::Backend;
    // The backend refuses half of the calls; 1 tries all again that fail.
    world.edge(2, 3).lost = Step(0.0, 0.5);
    world.edge(1, 2).rate = Step(1.0, 1.5);
    let mut situation = world.build();
    situation.templates.push(Template {
        entity: 2,
        within: None,
        severity: Severity::Error,
        counts: (0..POINTS).map(|point| Step(0.0, 400.0).at(point)).collect(),
    });
    let suspect = first(&situation);
    assert_eq!(suspect.entity, 3, "{suspect:#?}");
    assert!(suspect.share_of_time > 0.5, "{suspect:#?}");
}

/// Our requests only come to 0; others go on to 1 and 2 from there.
fn beside(held_ms: Step) -> Situation {
    let mut world = World::of(1, &[]);
    world.services[0].self_ms = Step(10.0, 900.0);
    for (kind, tier) in [(Kind::Tier, None), (Kind::Tier, None), (Kind::Node, Some(0))] {
        world.situation.entities.push(Entity { tier, ..Entity::new(kind) });
    }
    world.resource(3, ResourceKind::Threads, Step(20.0, 100.0));
    let mut situation = world.build();
    let node = situation.entities[0].figures.clone();
    situation.entities[3].figures = node;
    for (caller, callee) in [(0, 1), (1, 2)] {
        let figures = Figures {
            calls: vec![300.0; POINTS],
            errors: vec![0.0; POINTS],
            time_ms: (0..POINTS).map(|point| 300.0 * held_ms.at(point)).collect(),
            self_ms: Series::new(),
        };
        situation.overall.push(Calls { caller, callee, figures, ..Calls::default() });
    }
    situation
}

#[test]
fn who_holds_the_workers_is_at_fault_for_those_who_never_call_it() {
    let suspect = first(&beside(Step(20.0, 2_000.0)));
    assert_eq!(suspect.entity, 2, "{suspect:#?}");
    assert_eq!(suspect.path, [2, 1, 0]);
}

#[test]
fn who_holds_the_workers_of_who_holds_the_workers_is_at_fault() {
    let mut situation = beside(Step(20.0, 2_000.0));
    // The workers of 1 are used up as well; it waits for them itself, and less for 2.
    let entity = situation.entities.len();
    let node = situation.entities[0].figures.clone();
    let of_first = Entity { tier: Some(1), figures: node, ..Entity::new(Kind::Node) };
    situation.entities.push(of_first);
    let values = situation.resources[0].values.clone();
    situation.resources.push(Resource { entity, kind: ResourceKind::Threads, values });
    for (point, time) in situation.overall[0].figures.time_ms.iter_mut().enumerate() {
        *time = 300.0 * Step(20.0, 9_000.0).at(point);
    }
    let suspect = first(&situation);
    assert_eq!(suspect.entity, 2, "{suspect:#?}");
    assert_eq!(suspect.path, [2, 1, 0]);
}

#[test]
fn a_full_queue_is_the_doing_of_who_takes_too_little() {
    // 1 leaves messages in 2, and 3 takes them.
    let mut world = World::of(4, &[(0, 1), (1, 2), (2, 3)]);
    world.services[2].kind = Kind::Backend;
    world.services[3].self_ms = Step::steady(5.0);
    world.edge(1, 2).way_ms = Step(10.0, 900.0);
    let mut situation = world.build();
    situation.calls[2].asynchronous = true;
    for point in 0..POINTS {
        let taken = Step(600.0, 60.0).at(point) * jitter(3, point);
        situation.calls[2].figures.calls[point] = taken;
        situation.entities[3].figures.calls[point] = taken;
    }
    let suspect = first(&situation);
    assert_eq!(suspect.entity, 3, "{suspect:#?}");
    assert_eq!(suspect.path, [3, 2, 1, 0]);
}

/// 1 leaves messages in 2, from which 3 takes as many as come in, while 2 says that it holds ever more.
fn queue(left: Step, taken: Step) -> Situation {
    let mut world = World::of(4, &[(0, 1), (1, 2), (2, 3)]);
    world.services[2].kind = Kind::Backend;
    world.services[3].self_ms = Step::steady(5.0);
    world.edge(1, 2).way_ms = Step(10.0, 900.0);
    world.resource(2, ResourceKind::Backend, Step(1.0, 900.0));
    let mut situation = world.build();
    situation.calls[2].asynchronous = true;
    for point in 0..POINTS {
        situation.calls[1].figures.calls[point] = left.at(point) * jitter(1, point);
        situation.calls[2].figures.calls[point] = taken.at(point) * jitter(3, point);
    }
    situation
}

#[test]
fn a_queue_that_stays_full_is_its_takers_doing_though_all_is_taken_that_is_left() {
    assert_eq!(first(&queue(Step(600.0, 590.0), Step(600.0, 590.0))).entity, 3);
    // Nor is it that of who leaves a little more where hardly less is taken than before.
    assert_eq!(first(&queue(Step(600.0, 690.0), Step(600.0, 560.0))).entity, 3);
}

#[test]
fn what_a_full_queue_refuses_is_its_takers_doing() {
    let mut situation = queue(Step(600.0, 590.0), Step(600.0, 590.0));
    let refused: Series = (0..POINTS).map(|point| Step(0.0, 200.0).at(point)).collect();
    for entity in [0, 1] {
        situation.entities[entity].figures.errors.clone_from(&refused);
    }
    for edge in [0, 1] {
        situation.calls[edge].figures.errors.clone_from(&refused);
    }
    situation.anomaly.what = Some(Signal::Errors);
    assert_eq!(first(&situation).entity, 3);
}

#[test]
fn a_queue_in_which_far_more_is_left_is_not_its_takers_doing() {
    let answer = rank(&queue(Step(600.0, 1_900.0), Step(600.0, 600.0)), &Config::default());
    assert_ne!(answer.suspects[0].entity, 3, "{answer:#?}");
}

/// Calls of all transactions, of so many ms each.
fn of_all(caller: usize, callee: usize, count: Step, ms: Step) -> Calls {
    let calls: Series = (0..POINTS).map(|point| count.at(point) * jitter(callee, point)).collect();
    let time_ms = calls.iter().enumerate().map(|(point, calls)| calls * ms.at(point)).collect();
    let errors = vec![0.0; POINTS];
    let figures = Figures { calls, errors, time_ms, self_ms: Series::new() };
    Calls { caller, callee, figures, ..Calls::default() }
}

#[test]
fn a_database_that_others_ask_more_often_is_the_victim_of_what_used_to_spare_it() {
    // Our requests come to 0 and the databases 1 and 2. Another transaction's tier, 3, looks in the cache 4 and asks 1 for what is
    // not there.
    let situation = |hits: Step| {
        let mut world = World::of(3, &[(0, 1), (0, 2)]);
        for database in [1, 2] {
            world.services[database].kind = Kind::Backend;
        }
        world.edge(0, 1).way_ms = Step(5.0, 40.0);
        for (kind, tier) in [(Kind::Tier, None), (Kind::Backend, None), (Kind::Node, Some(3))] {
            world.situation.entities.push(Entity { tier, ..Entity::new(kind) });
        }
        world.resource(4, ResourceKind::Hits, hits);
        let mut situation = world.build();
        situation.overall = situation.calls.clone();
        let asks = of_all(3, 1, Step(200.0, 2_000.0), Step(5.0, 40.0));
        let looks = of_all(3, 4, Step::steady(2_000.0), Step::steady(1.0));
        situation.entities[5].figures = looks.figures.clone();
        situation.overall.extend([asks, looks]);
        situation
    };
    let suspect = first(&situation(Step(90.0, 5.0)));
    assert_eq!((suspect.entity, suspect.path), (4, vec![4, 1, 0]));
    assert_eq!(first(&situation(Step::steady(90.0))).entity, 3);
}

#[test]
fn where_workers_are_used_up_who_fails_others_is_suspected_by_what_all_transactions_show() {
    // Only others go on from 0, whose workers are used up, to 1 and the backend 2, which refuses nine calls of ten in no time.
    let mut situation = beside(Step(20.0, 60.0));
    situation.entities[2].kind = Kind::Backend;
    let refused = of_all(1, 2, Step(300.0, 600.0), Step::steady(5.0));
    situation.overall[1] = Calls {
        figures: Figures {
            errors: (0..POINTS).map(|point| Step(0.0, 540.0).at(point)).collect(),
            ..refused.figures
        },
        ..refused
    };
    for (point, errors) in situation.overall[0].figures.errors.iter_mut().enumerate() {
        *errors = Step(0.0, 270.0).at(point);
    }
    let figures = situation.overall[0].figures.clone();
    situation.entities.push(Entity { tier: Some(1), figures, ..Entity::new(Kind::Node) });
    let answer = rank(&situation, &Config::default());
    let backend = answer.suspects.iter().take(3).find(|suspect| suspect.entity == 2);
    let backend = backend.expect("it is among the first three");
    assert_eq!(backend.path, [2, 1, 0]);
    let failed = backend.clues.iter().find_map(|clue| match clue.what {
        Evidence::FailedCalls { calls, .. } => Some(situation.named_calls(calls)),
        _ => None,
    });
    let failed = failed.expect("it says which calls failed");
    assert_eq!((failed.caller, failed.callee), (1, 2));
}

#[test]
fn workers_that_nobody_else_holds_are_its_own() {
    assert_eq!(first(&beside(Step::steady(20.0))).entity, 0);
}

#[test]
fn a_job_that_comes_as_it_always_does_is_no_surge() {
    let mut world = chain();
    world.services[3].self_ms = Step(10.0, 60.0);
    let mut situation = world.build();
    let calls = (0..POINTS).map(|point| if point % 15 < 3 { 40.0 } else { 0.0 }).collect();
    let figures = Figures { calls, ..Figures::default() };
    situation.entities.push(Entity { figures, ..Entity::new(Kind::BusinessTransaction) });
    let answer = rank(&situation, &Config::default());
    assert_eq!(answer.suspects[0].entity, 3);
    let of_load = answer.suspects.iter().find(|suspect| suspect.load);
    assert!(of_load.is_none_or(|load| load.log_odds < 1.0), "{of_load:#?}");
}

#[test]
fn a_host_whose_clock_is_off_is_named_for_what_fails_on_it() {
    // A node of 1 and one of 2 stand on the host; each has another elsewhere.
    let mut world = World::of(3, &[(0, 1), (1, 2)]);
    for service in [1, 2] {
        world.services[service].fails = Step(0.0, 0.2);
    }
    let host = 3;
    world.situation.entities.push(Entity::new(Kind::Host));
    for (tier, host) in [(1, Some(host)), (1, None), (2, Some(host)), (2, None)] {
        let tier = Some(tier);
        world.situation.entities.push(Entity { tier, host, ..Entity::new(Kind::Node) });
    }
    world.resource(host, ResourceKind::Other, Step(1.0, 90_000.0));
    let mut situation = world.build();
    for (place, node) in (4..8).enumerate() {
        let fails = if place % 2 == 0 { Step(0.0, 120.0) } else { Step::steady(0.0) };
        situation.entities[node].figures = Figures {
            calls: vec![300.0; POINTS],
            errors: (0..POINTS).map(|point| fails.at(point)).collect(),
            time_ms: (0..POINTS).map(|point| 3_000.0 * jitter(place, point)).collect(),
            self_ms: Series::new(),
        };
    }
    for entity in [1, 2] {
        situation.templates.push(Template {
            entity,
            within: None,
            severity: Severity::Error,
            counts: (0..POINTS).map(|point| Step(0.0, 120.0).at(point)).collect(),
        });
    }
    assert_eq!(first(&situation).entity, host);
}

#[test]
fn a_surge_of_load_is_named_as_such() {
    let mut world = chain();
    world.requests = Step(600.0, 1_500.0);
    for service in &mut world.services {
        service.self_ms = Step(10.0, 18.0);
    }
    let answer = rank(&world.build(), &Config::default());
    assert_eq!(answer.verdict, Verdict::Load, "{answer:#?}");
    assert!(answer.suspects[0].load && answer.suspects[0].entity == 0);
}

/// The chain with its last service slower, another transaction called so often, and the places of both.
fn beside_another_transaction(self_ms: Step, called: Step) -> (Situation, usize, usize) {
    let mut world = chain();
    let (last, other) = (world.services.len() - 1, world.services.len());
    world.services[last].self_ms = self_ms;
    world.situation.entities.push(Entity::new(Kind::BusinessTransaction));
    let mut situation = world.build();
    let calls = (0..POINTS).map(|point| called.at(point) * jitter(other, point));
    situation.entities[other].figures.calls = calls.collect();
    (situation, last, other)
}

#[test]
fn more_load_of_another_transaction_explains_only_what_takes_its_calls() {
    let surge = Step(600.0, 1_500.0);
    let (mut situation, last, other) = beside_another_transaction(Step(10.0, 25.0), surge);
    situation.overall = situation.calls.clone();
    let elsewhere = first(&situation);
    assert!(!elsewhere.load && elsewhere.entity == last, "{elsewhere:?}");
    for edge in situation.overall.iter_mut().filter(|edge| edge.callee == last) {
        for (point, calls) in edge.figures.calls.iter_mut().enumerate() {
            *calls += surge.at(point);
        }
    }
    let there = rank(&situation, &Config::default());
    assert_eq!((there.verdict, there.suspects[0].entity), (Verdict::Load, other), "{there:#?}");
}

#[test]
fn few_calls_that_come_a_little_more_often_are_no_surge() {
    let (situation, last, _) = beside_another_transaction(Step(10.0, 16.0), Step(17.0, 25.0));
    let found = first(&situation);
    assert!(!found.load && found.entity == last, "{found:?}");
}

#[test]
fn a_deployment_just_before_decides_between_equals() {
    let slow_twice = || {
        let mut world = World::of(3, &[(0, 1), (0, 2)]);
        for service in [1, 2] {
            world.services[service].self_ms = Step(10.0, 40.0);
        }
        world.build()
    };
    let mut situation = slow_twice();
    situation.changes.push(Change { entity: 2, kind: ChangeKind::Deployment, at: ONSET - 1 });
    let answer = rank(&situation, &Config::default());
    assert_eq!(answer.suspects[0].entity, 2);
    assert!(
        answer.suspects[0]
            .clues
            .iter()
            .any(|clue| matches!(clue.what, Evidence::Change { change: 0, points_before: 1 }))
    );
    // Long ago, it says nothing.
    situation.anomaly = Anomaly { onset: ONSET, ..situation.anomaly };
    situation.changes[0].at = 0;
    let long_ago = rank(&situation, &Config { change_reach_s: 600, ..Config::default() });
    assert!((long_ago.suspects[0].log_odds - long_ago.suspects[1].log_odds).abs() < 1.0);
}

#[test]
fn calls_that_are_no_longer_made_point_at_who_made_them() {
    let mut world = World::of(3, &[(0, 1), (1, 2)]);
    // The requests get no slower: half of them end early.
    world.situation.operations = vec![
        Operation {
            entity: 1,
            figures: Figures { calls: vec![600.0; POINTS], ..Figures::default() },
            ..Operation::default()
        },
        Operation {
            entity: 1,
            figures: Figures { calls: vec![600.0; POINTS], ..Figures::default() },
            ..Operation::default()
        },
    ];
    let with: Series = (0..POINTS).map(|point| if point < ONSET { 600.0 } else { 300.0 }).collect();
    world.situation.links = vec![Link {
        parent: 0,
        child: 1,
        children: with.clone(),
        parents_with: with,
        ..Link::default()
    }];
    let suspect = first(&world.build());
    assert_eq!(suspect.entity, 1);
    assert!(
        matches!(suspect.clues[0].what, Evidence::LostCalls { link: 0, .. }),
        "{:?}",
        suspect.clues
    );
}

#[test]
fn a_new_exception_counts_for_the_deepest_that_writes_one() {
    let mut world = chain();
    for (entity, after) in [(1, 40.0), (2, 40.0)] {
        let counts = (0..POINTS).map(|point| if point < ONSET { 0.0 } else { after }).collect();
        world.situation.templates.push(Template {
            entity,
            within: None,
            severity: Severity::Error,
            counts,
        });
    }
    assert_eq!(first(&world.build()).entity, 2);
}

#[test]
fn nothing_wrong_has_no_clear_cause() {
    let answer = rank(&chain().build(), &Config::default());
    assert_eq!(answer.verdict, Verdict::NoClearCause, "{answer:#?}");
    assert!(answer.suspects.iter().all(|suspect| suspect.confidence < answer.none), "{answer:#?}");
}

#[test]
fn an_anomaly_outside_of_what_is_measured_has_no_clear_cause() {
    let mut situation = World::of(3, &[(0, 1), (1, 2)]).build();
    // All that is known of the transaction's parts is missing.
    for entity in &mut situation.entities {
        entity.figures.calls.fill(f32::NAN);
    }
    let answer = rank(&situation, &Config::default());
    assert_eq!(answer.verdict, Verdict::NoClearCause);
}

#[test]
fn a_node_that_reports_no_more_is_found_among_its_tiers_others() {
    let mut world = World::of(2, &[(0, 1)]);
    world.services[1].self_ms = Step(10.0, 30.0);
    for node in 0..3 {
        world.situation.entities.push(Entity { tier: Some(1), ..Entity::new(Kind::Node) });
        world.resource(2 + node, ResourceKind::Cpu, Step::steady(40.0));
    }
    let mut situation = world.build();
    situation.resources[1].values[ONSET..].fill(f32::NAN);
    let suspect = first(&situation);
    assert_eq!(suspect.entity, 3);
    assert_eq!(suspect.path, [3, 1, 0]);
    assert!(suspect.clues.iter().any(|clue| matches!(clue.what, Evidence::Silent { entity: 3 })));
}

#[test]
fn the_slow_one_of_several_nodes_is_named() {
    let mut world = World::of(2, &[(0, 1)]);
    world.services[1].self_ms = Step(10.0, 40.0);
    for _ in 0..3 {
        world.situation.entities.push(Entity { tier: Some(1), ..Entity::new(Kind::Node) });
    }
    let mut situation = world.build();
    for node in 0..3 {
        let after = if node == 2 { 100.0 } else { 10.0 };
        situation.entities[2 + node].figures = Figures {
            calls: vec![200.0; POINTS],
            errors: vec![0.0; POINTS],
            time_ms: (0..POINTS)
                .map(|point| 200.0 * Step(10.0, after).at(point) * jitter(node, point))
                .collect(),
            self_ms: Series::new(),
        };
    }
    assert_eq!(first(&situation).entity, 4);
}

#[test]
fn threads_held_while_waiting_for_others_are_a_victims_sign() {
    let mut world = chain();
    world.services[3].self_ms = Step(10.0, 80.0);
    for service in [1, 2] {
        world.resource(service, ResourceKind::Threads, Step(20.0, 95.0));
    }
    assert_eq!(first(&world.build()).entity, 3);
}

#[test]
fn edges_that_nobody_measured_are_shared_out() {
    let mut world = chain();
    world.services[3].self_ms = Step(10.0, 80.0);
    let mut situation = world.build();
    for calls in &mut situation.calls {
        *calls = Calls { caller: calls.caller, callee: calls.callee, ..Calls::default() };
    }
    let suspect = first(&situation);
    assert_eq!(suspect.entity, 3);
    assert_eq!(suspect.path, [3, 2, 1, 0]);
}

#[test]
fn services_that_call_each_other_in_a_circle_end() {
    let mut world = chain();
    world.services[2].self_ms = Step(10.0, 80.0);
    let mut situation = world.build();
    let mut back = situation.calls[1].clone();
    (back.caller, back.callee) = (back.callee, back.caller);
    situation.calls.push(back);
    assert!(!rank(&situation, &Config::default()).suspects.is_empty());
}

#[test]
fn the_same_situation_gives_the_same_answer() {
    let mut world = chain();
    world.services[1].self_ms = Step(10.0, 30.0);
    let situation = world.build();
    let (one, two) = (rank(&situation, &Config::default()), rank(&situation, &Config::default()));
    assert_eq!(format!("{one:?}"), format!("{two:?}"));
}

#[test]
fn a_situation_that_is_too_large_or_names_what_is_not_there_is_refused_with_words() {
    let config = Config::default();
    let good = chain().build();
    assert!(try_rank(&good, &config).is_ok());
    let small = Config { limits: Limits { entities: 2, ..Limits::default() }, ..Config::default() };
    let refused = try_rank(&good, &small).expect_err("three services");
    assert_eq!(
        refused.to_string(),
        format!(
            "there are {} entities and at most 2 are looked at: leave out what the transaction does not reach, or look at less time",
            good.entities.len()
        )
    );
    let mut long = good.clone();
    long.entities[1].figures.calls.resize(2_000, 1.0);
    let refused = try_rank(&long, &config);
    assert_eq!(
        refused.err(),
        Some(BadSituation::TooMany { what: "points", count: 2_000, most: 1_440 })
    );
    let mut lost = good.clone();
    lost.calls[0].callee = 99;
    let count = lost.entities.len();
    let no_such =
        BadSituation::NoSuch { what: "calls", index: 0, named: "entity", place: 99, count };
    assert_eq!(try_rank(&lost, &config).err(), Some(no_such));
    let mut reversed = good;
    reversed.anomaly.now = ONSET - 1;
    let ends = BadSituation::EndsBefore { onset: ONSET, now: ONSET - 1 };
    assert_eq!(try_rank(&reversed, &config).err(), Some(ends));
}

#[test]
fn who_answers_late_is_not_suspected_of_failures() {
    let mut world = chain();
    world.services[3].fails = Step(0.001, 0.08);
    world.resource(4, ResourceKind::ResponseTime, Step(10.0, 400.0));
    let situation = world.build();
    let suspect = first(&situation);
    assert_eq!(suspect.entity, 3, "{suspect:#?}");
    // Where the transaction is slow, the same is evidence.
    let mut slow = chain();
    slow.services[4].self_ms = Step(10.0, 60.0);
    slow.resource(4, ResourceKind::ResponseTime, Step(10.0, 400.0));
    let suspect = first(&slow.build());
    assert!(
        suspect.clues.iter().any(|clue| matches!(clue.what, Evidence::Resource { .. })),
        "{suspect:#?}"
    );
}

#[test]
fn what_is_hardly_felt_by_a_request_is_hardly_evidence() {
    // One in a thousand requests comes to 4, which takes three times as long; the way to it is unchanged.
    let mut world = chain();
    world.edge(0, 4).rate = Step::steady(0.001);
    world.requests = Step::steady(60_000.0);
    world.services[4].self_ms = Step(10.0, 30.0);
    world.services[3].self_ms = Step(10.0, 11.0);
    let answer = rank(&world.build(), &Config::default());
    let of_four = answer.suspects.iter().find(|suspect| suspect.entity == 4);
    assert!(of_four.is_none_or(|suspect| suspect.confidence < 0.3), "{answer:#?}");
}

#[test]
fn where_workers_are_used_up_the_beginning_tells_a_cause_from_what_outgrows_it() {
    let mut world = World::of(3, &[(0, 1), (0, 2)]);
    world.services[2].self_ms = Step(10.0, 300.0);
    world.situation.entities.push(Entity { tier: Some(0), ..Entity::new(Kind::Node) });
    world.resource(3, ResourceKind::Threads, Step(20.0, 100.0));
    let mut situation = world.build();
    // One point later 1 is slower than 2 by far.
    for point in ONSET + 1..POINTS {
        let more = 3_000.0 * situation.entities[1].figures.calls[point];
        for entity in [0, 1] {
            situation.entities[entity].figures.time_ms[point] += more;
        }
        situation.calls[0].figures.time_ms[point] += more;
        situation.calls[0].far_ms[point] += more;
    }
    assert_eq!(first(&situation).entity, 2);
}

#[test]
fn who_is_never_called_is_suspected_where_workers_are_used_up_and_nowhere_else() {
    let suspects = |threads: Step| -> Vec<usize> {
        let mut world = World::of(1, &[]);
        world.services[0].self_ms = Step(10.0, 900.0);
        // Another tier calls ours, and a database to which our requests never come.
        for (kind, tier) in [(Kind::Tier, None), (Kind::Backend, None), (Kind::Node, Some(0))] {
            world.situation.entities.push(Entity { tier, ..Entity::new(kind) });
        }
        world.resource(2, ResourceKind::Disk, Step(10.0, 100.0));
        world.resource(3, ResourceKind::Threads, threads);
        let mut situation = world.build();
        for callee in [0, 2] {
            situation.overall.push(Calls { caller: 1, callee, ..Calls::default() });
        }
        let answer = rank(&situation, &Config::default());
        answer.suspects.iter().map(|suspect| suspect.entity).collect()
    };
    assert!(suspects(Step(20.0, 100.0)).contains(&2));
    assert!(!suspects(Step::steady(20.0)).contains(&2));
}
