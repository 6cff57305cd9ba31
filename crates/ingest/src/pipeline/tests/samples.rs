//! Tiers whose spans are a sample that nothing but their own metrics tells of.

use model::entity::EntityKind;

use super::{
    agent::{Agent, Sent},
    bench::Bench,
};
use crate::otlp::Signal;

fn spans_show(bench: &Bench) -> Vec<(String, Option<u8>)> {
    let tiers = bench.entities(EntityKind::Tier);
    let said = |tier: &std::sync::Arc<model::entity::Entity>| {
        (tier.key.name.clone(), tier.properties.spans_show_percent)
    };
    tiers.iter().map(said).collect()
}

/// So many requests of each of some minutes, of which so many have a span.
fn serve(bench: &mut Bench, tier: &str, minutes: u64, requests: u64, traced: u64) {
    let agent = Agent::new(tier);
    for minute in 0..minutes {
        let at = bench.now_ms;
        let first = at.unsigned_abs() / 1000 * 1000 + minute;
        let spans: Vec<Sent> =
            (0..traced).map(|n| Sent::request(first + n, 1, "/cart", at)).collect();
        bench.send(Signal::Traces, &agent.traces(&spans));
        bench.send(Signal::Metrics, &agent.served(requests, at - 60_000, at));
        bench.pass(60);
    }
}

#[test]
fn a_tier_that_serves_more_than_its_spans_show_says_how_much_they_show() {
    let mut bench = Bench::new();
    serve(&mut bench, "web", 8, 100, 10);
    serve(&mut bench, "stock", 8, 100, 100);
    assert_eq!(spans_show(&bench), [("web".to_owned(), Some(10)), ("stock".to_owned(), None)]);
    bench.restart();
    // It reports all from now on; what it sampled before is forgotten.
    serve(&mut bench, "web", 20, 100, 100);
    assert_eq!(spans_show(&bench)[0], ("web".to_owned(), None));
}

#[test]
fn a_tier_whose_metrics_stop_says_nothing_after_an_hour() {
    let mut bench = Bench::new();
    serve(&mut bench, "web", 8, 100, 10);
    bench.now_ms += 2 * 3_600_000;
    bench.pass(61);
    assert_eq!(spans_show(&bench), [("web".to_owned(), None)]);
}
