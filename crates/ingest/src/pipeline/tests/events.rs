//! Events that are found on the way, once each, whatever crashes.

use metadata_store::NewEvent;

use super::{
    agent::{Agent, Sent},
    bench::{Bench, MORNING_MS},
};
use crate::{otlp::Signal, pipeline::Limits};

fn request(bench: &mut Bench, trace: u64, resource: &[(&str, &str)]) {
    let span = Sent::request(trace, 1, "/cart", bench.now_ms);
    let agent =
        resource.iter().fold(Agent::new("web"), |agent, (key, value)| agent.with(key, value));
    bench.send(Signal::Traces, &agent.traces(&[span]));
}

fn told(bench: &Bench) -> Vec<String> {
    let line = |event: NewEvent| format!("{} x{}: {}", event.kind, event.repeats, event.summary);
    bench.entities.events.all().into_iter().map(line).collect()
}

/// What was told besides that something reports for the first time.
fn later(bench: &Bench) -> Vec<String> {
    let mut all = told(bench);
    all.retain(|line| !line.contains("_DISCOVERED"));
    all
}

const HOST: (&str, &str) = ("host.name", "h1");
const DEPLOYED: &str = "APPLICATION_DEPLOYMENT x1: web: version 2 after 1";

#[test]
fn who_reports_for_the_first_time_is_told_once() {
    let mut bench = Bench::new();
    request(&mut bench, 1, &[HOST]);
    bench.pass(8);
    request(&mut bench, 2, &[HOST]);
    bench.pass(60);
    let expected = [
        "APPLICATION_DISCOVERED x1: shop reports for the first time (application)",
        "TIER_DISCOVERED x1: web reports for the first time (tier)",
    ];
    assert_eq!(told(&bench), expected);
}

#[test]
fn another_version_is_one_deployment_of_its_tier_however_it_is_rolled_out() {
    let mut bench = Bench::new();
    let version = |bench: &mut Bench, trace, node: &str, version: &str| {
        let resource = [("k8s.pod.name", node), ("service.version", version)];
        request(bench, trace, &resource);
        bench.pass(7);
    };
    version(&mut bench, 1, "a1", "1");
    version(&mut bench, 2, "b1", "1");
    assert!(later(&bench).is_empty(), "the first version follows none");
    version(&mut bench, 3, "a2", "2");
    version(&mut bench, 4, "b1", "1");
    // Scaled up in the middle of it, by the version before.
    version(&mut bench, 5, "c1", "1");
    version(&mut bench, 6, "b2", "2");
    assert_eq!(later(&bench), [DEPLOYED]);
    // Rolled back, long after.
    bench.pass(1200);
    version(&mut bench, 7, "d1", "1");
    assert_eq!(later(&bench), [DEPLOYED, "APPLICATION_DEPLOYMENT x1: web: version 1 after 2"]);
    let event = bench.entities.events.all().pop().expect("it is there");
    let names: Vec<_> = event.affected.iter().map(|entity| entity.name.as_str()).collect();
    assert_eq!(names, ["shop", "web", "d1"]);
}

#[test]
fn what_is_read_again_after_a_crash_is_the_same_event() {
    let mut bench = Bench::new();
    request(&mut bench, 1, &[HOST, ("service.version", "1")]);
    bench.pass(20);
    // A cut is made, and what comes soon after is taken and not cut: nothing is told of it when the crash comes.
    request(&mut bench, 2, &[HOST, ("service.version", "1")]);
    bench.step();
    bench.now_ms += 1000;
    request(&mut bench, 3, &[HOST, ("service.version", "2")]);
    bench.step();
    assert!(later(&bench).is_empty());
    bench.restart();
    bench.pass(20);
    assert_eq!(later(&bench), [DEPLOYED]);
    bench.restart();
    request(&mut bench, 4, &[HOST, ("service.version", "2")]);
    bench.pass(20);
    assert_eq!(later(&bench), [DEPLOYED]);
}

#[test]
fn events_wait_for_a_store_that_does_not_answer() {
    let mut bench = Bench::new();
    request(&mut bench, 1, &[HOST, ("service.version", "1")]);
    bench.pass(20);
    request(&mut bench, 2, &[HOST, ("service.version", "2")]);
    bench.entities.set_down(true);
    for _ in 0..10 {
        bench.now_ms += 1000;
        drop(bench.try_step());
    }
    assert!(later(&bench).is_empty());
    bench.entities.set_down(false);
    bench.pass(10);
    assert_eq!(later(&bench), [DEPLOYED]);
}

#[test]
fn a_node_that_keeps_restarting_is_one_event_an_interval_that_counts() {
    let mut bench = Bench::new();
    for n in 0..8u64 {
        let process = n.to_string();
        request(&mut bench, n + 1, &[HOST, ("service.instance.id", &process)]);
        bench.pass(130);
    }
    let all = later(&bench);
    assert!(
        all.len() <= 3 && all.iter().all(|line| line.starts_with("APP_SERVER_RESTART")),
        "{all:?}"
    );
    let times = |line: &String| line[20..21].parse::<u32>().expect("below ten");
    assert_eq!(all.iter().map(times).sum::<u32>(), 7, "{all:?}");
    assert!(all.iter().any(|line| line.contains("h1 of web restarted")), "{all:?}");
}

#[test]
fn a_process_that_began_at_once_after_another_ended_is_a_restart_and_one_beside_it_is_not() {
    let mut bench = Bench::new();
    for n in 0..15u64 {
        // One process goes on, another one is replaced within seconds.
        request(&mut bench, 100 + n, &[("host.name", "h2"), ("service.instance.id", "stays")]);
        request(&mut bench, 200 + n, &[("host.name", "h2"), ("service.instance.id", "beside")]);
        let process = if n < 3 { "before" } else { "after" };
        request(&mut bench, 300 + n, &[HOST, ("service.instance.id", process)]);
        bench.pass(21);
    }
    assert_eq!(later(&bench), ["APP_SERVER_RESTART x1: h1 of web restarted"]);
}

#[test]
fn another_version_of_an_agent_is_told_of_its_tier_and_known_from_then_on() {
    let mut bench = Bench::new();
    let agent = |version| {
        [
            ("telemetry.sdk.name", "opentelemetry"),
            ("telemetry.sdk.language", "go"),
            ("telemetry.sdk.version", version),
        ]
    };
    for (n, version) in [(1, "1.0"), (2, "1.1"), (3, "1.1")] {
        for host in ["h1", "h2"] {
            let mut resource = agent(version).to_vec();
            resource.push(("host.name", host));
            request(&mut bench, n * 10 + u64::from(host == "h2"), &resource);
        }
        bench.pass(21);
    }
    let all = later(&bench);
    let expected =
        "AGENT_EVENT x2: web: opentelemetry go 1.1 after opentelemetry go 1.0 on 2 nodes";
    assert_eq!(all, [expected]);
}

#[test]
fn a_limit_that_is_reached_is_told_once_a_day() {
    let limits = Limits { transactions: 1, errors: 1, ..Limits::default() };
    let mut bench = Bench::at(MORNING_MS, limits);
    for n in 0..4 {
        let span = Sent::request(n + 1, 1, &format!("/path{n}"), bench.now_ms);
        let span = span.raising("E", &format!("kind {}", ["a", "b", "c", "d"][n as usize]));
        bench.send(Signal::Traces, &Agent::new("web").traces(&[span]));
        bench.pass(10);
    }
    let expected = [
        "CONTROLLER_LIMIT_REACHED x1: there are 1 business transactions of shop, as many as may be: further ones count together",
        "CONTROLLER_LIMIT_REACHED x1: there are 1 kinds of errors of web, as many as may be: further ones count together",
    ];
    let mut all = later(&bench);
    all.sort();
    assert_eq!(all, expected);
}

#[test]
fn the_limit_of_metric_series_is_told_once_a_day() {
    let mut bench = Bench::new();
    // Room for one of them.
    bench.memory.series = 2_000;
    bench.restart();
    for _ in 0..3 {
        let at = bench.now_ms;
        for tier in ["web", "stock"] {
            let metrics = Agent::new(tier).served(10, at - 60_000, at);
            bench.send(Signal::Metrics, &metrics);
        }
        bench.pass(60);
    }
    let expected = "CONTROLLER_LIMIT_REACHED x1: there are 1 metric series, as many as may be: points of further ones are refused";
    assert_eq!(later(&bench), [expected]);
}
