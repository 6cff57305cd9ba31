//! What real agents sent (testdata/agents), whole.

use std::{collections::BTreeSet, fmt::Write as _, path::Path};

use expect_test::expect_file;
use model::naming::{resource, template::Template};

use super::*;
use crate::otlp::metrics::RequestView;

/// A recorded file's bodies.
fn bodies(file: &str) -> Vec<Vec<u8>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/agents").join(file);
    let mut rest: &[u8] = &std::fs::read(path).unwrap();
    let mut bodies = Vec::new();
    while let Some((length, after)) = rest.split_first_chunk::<4>() {
        let (body, after) = after.split_at(u32::from_le_bytes(*length) as usize);
        bodies.push(body.to_vec());
        rest = after;
    }
    bodies
}

/// Tiers by number, and everything taken. Every process is a node of its own, as the registry has it.
fn take_all() -> (Vec<String>, Fixture) {
    let mut fixture = Fixture::new();
    let (mut tiers, mut processes) = (Vec::new(), Vec::new());
    let files = ["shop-metrics.bin", "python-extras-metrics.bin", "node-extras-metrics.bin"];
    for body in files.into_iter().flat_map(bodies) {
        for resource in RequestView::read(&body).unwrap().resources() {
            let resource = resource.unwrap();
            let attributes = resource.resource_attributes().unwrap().read().unwrap();
            let identity = resource::identify(&attributes, None, &Template::default());
            let tier = number_of(&mut tiers, identity.tier);
            let process = number_of(&mut processes, identity.process);
            let mut source = source(tier, process);
            source.place.node = EntityId(5000 + process);
            fixture.take(resource.raw, &source, T as i64 * 1000);
        }
    }
    (tiers, fixture)
}

fn number_of<T: PartialEq>(known: &mut Vec<T>, wanted: T) -> u32 {
    let at = known.iter().position(|one| *one == wanted).unwrap_or_else(|| {
        known.push(wanted);
        known.len() - 1
    });
    at as u32 + 1
}

/// `path [unit] kind: smallest..largest over n points`, sorted.
fn table(fixture: &Fixture) -> String {
    let kinds = MetricTable::new();
    let mut series: BTreeMap<(&str, &str), Vec<f64>> = BTreeMap::new();
    let points = fixture.points();
    for ((key, _), point) in &points {
        let shown = match kinds.kind(key.path(), key.unit()) {
            Kind::PerMinute => point.sum,
            _ => point.sum / point.count,
        };
        series.entry((key.path(), key.unit())).or_default().push(shown);
    }
    let mut table = String::new();
    for ((path, unit), values) in series {
        let kind = kinds.kind(path, unit);
        let low = values.iter().copied().fold(f64::INFINITY, f64::min);
        let high = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        writeln!(table, "{path} [{unit}] {kind:?}: {low:.3}..{high:.3} over {}", values.len())
            .unwrap();
    }
    table
}

#[test]
fn recorded_metrics_become_the_paths_that_operators_know() {
    let (_, fixture) = take_all();
    expect_file!["recorded.txt"].assert_eq(&table(&fixture));
    assert_eq!(fixture.ignored, 0);
}

#[test]
fn every_path_that_a_factory_rule_looks_at_is_filled_by_agents() {
    // Java and .NET could not be recorded: what others published of theirs is taken in by tests of its own.
    let published = include_str!("published.rs");
    let (_, fixture) = take_all();
    let points = fixture.points();
    let recorded: BTreeSet<&str> = points.iter().map(|((key, _), _)| key.path()).collect();
    let mut filled: BTreeMap<String, &str> = BTreeMap::new();
    for rule in model::rule::factory_rules() {
        let conditions = rule.levels().flat_map(|(_, criteria)| &criteria.conditions);
        for (_, path) in conditions.flat_map(|condition| condition.input.metrics()) {
            let by = if model::leaf::Leaf::named(path).is_some() {
                // `pipeline::tests::shop`: the figures of what the recorded spans cause.
                "recorded spans"
            } else if path == model::metric_path::SILENCE {
                "when anything came last"
            } else if recorded.contains(path) {
                "recorded metrics"
            } else if published.contains(&format!("\"{path}\"")) {
                "a published export"
            } else {
                "nobody"
            };
            filled.insert(path.to_owned(), by);
        }
    }
    expect_test::expect![[r#"
        {
            "Average Response Time (ms)": "recorded spans",
            "CLR|Garbage Collection|GC Time Spent (%)": "a published export",
            "Calls per Minute": "recorded spans",
            "Errors per Minute": "recorded spans",
            "Hardware Resources|CPU|%Busy": "recorded metrics",
            "Hardware Resources|Memory|Used %": "recorded metrics",
            "Hardware Resources|Network|Dropped packets/sec": "recorded metrics",
            "JVM|Garbage Collection|GC Time Spent Per Min (ms)": "a published export",
            "JVM|Memory:Heap|Used %": "a published export",
            "Minutes Since Last Report": "when anything came last",
        }
    "#]]
    .assert_debug_eq(&filled);
}

#[test]
fn recorded_shares_lie_within_0_and_100() {
    let (_, fixture) = take_all();
    let mut seen = BTreeSet::new();
    let points = fixture.points();
    for ((key, _), point) in &points {
        let of_host = key.path().starts_with("Hardware Resources|");
        if of_host && key.unit() == "%" || key.path().ends_with("Utilization %") {
            assert!(point.min >= 0.0 && point.max <= 100.0, "{}: {point:?}", key.path());
            seen.insert(key.path());
        }
    }
    for path in ["CPU|%Busy", "CPU|%Idle", "Memory|Used %"] {
        assert!(seen.contains(format!("Hardware Resources|{path}").as_str()), "{path} in {seen:?}");
    }
}

#[test]
fn every_recorded_tier_says_how_many_requests_it_served() {
    let (tiers, fixture) = take_all();
    let mut served: BTreeMap<&str, f64> = BTreeMap::new();
    for (tier, _, count) in fixture.metrics.request_counts() {
        *served.entry(&tiers[tier.0 as usize - 1]).or_default() += count;
    }
    expect_test::expect![[r#"{"cart": 26.0, "catalog": 30.0, "desk": 10.0, "lobby": 6.0, "order": 7.0, "payment": 7.0, "web": 40.0}"#]].assert_eq(&format!("{served:?}"));
}
