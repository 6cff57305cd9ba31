//! Compares what the server shows with what was sent, exactly: every difference is a sentence. What was not sent
//! must not be shown either, unless it counts nothing.

mod places;
pub(crate) mod points;

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::time::{Duration, Instant};

use anyhow::Result;

use crate::api::{Api, Range, Shown};
use crate::data::expected::{Count, Expected, Place};
use crate::data::topology::SPANS_PER_TRACE;
use crate::wall;

const MINUTE_MS: u64 = 60_000;
const ASK_EVERY: Duration = Duration::from_secs(1);

/// Differences between the two, none when the server is right.
pub(crate) fn compare(expected: &Expected, shown: &Shown) -> Vec<String> {
    let totals = &expected.totals;
    let edge = |(from, to): &(Place, Place)| format!("edge {} → {}", place(from), place(to));
    let mut differences: Vec<String> =
        shown.partial.iter().map(|why| format!("answer is partial: {why}")).collect();
    let (sent, seen) = (&totals.business_transactions, &shown.business_transactions);
    differences.extend(places::differences(sent, seen));
    differences.extend(differing(&totals.tiers, &shown.tiers, |tier| format!("tier {tier}")));
    differences.extend(differing(&totals.edges, &shown.edges, edge));
    differences
}

fn differing<K: Ord + Debug>(
    expected: &BTreeMap<K, Count>,
    shown: &BTreeMap<K, Count>,
    name: impl Fn(&K) -> String,
) -> Vec<String> {
    let mut differences = Vec::new();
    for (key, sent) in expected {
        match shown.get(key) {
            None => differences.push(format!("{}: {}, not shown", name(key), said(*sent))),
            Some(seen) if seen != sent => {
                differences.push(format!(
                    "{}: {} sent, {} shown",
                    name(key),
                    said(*sent),
                    said(*seen)
                ));
            }
            Some(_) => {}
        }
    }
    let unknown = shown
        .iter()
        .filter(|(key, seen)| !expected.contains_key(key) && **seen != Count::default());
    differences.extend(
        unknown.map(|(key, seen)| format!("{}: never sent, {} shown", name(key), said(*seen))),
    );
    differences
}

fn said(count: Count) -> String {
    format!("{} calls and {} errors", count.calls, count.errors)
}

fn place(place: &Place) -> &str {
    match place {
        Place::Tier(name) | Place::Backend(name) | Place::Queue(name) => name,
    }
}

/// Asks until the figures agree or `deadline` has passed; the differences of the last answer.
pub(crate) async fn verify_until(
    api: &mut Api,
    expected: &Expected,
    deadline: Instant,
) -> Result<Vec<String>> {
    until(api, deadline, async |api| verify(api, expected).await).await
}

/// The same with any comparison.
pub(crate) async fn until(
    api: &mut Api,
    deadline: Instant,
    compare: impl AsyncFn(&mut Api) -> Result<Vec<String>>,
) -> Result<Vec<String>> {
    loop {
        let differences = compare(api).await?;
        if differences.is_empty() || wall::instant() + ASK_EVERY > deadline {
            return Ok(differences);
        }
        tokio::time::sleep(ASK_EVERY).await;
    }
}

/// One comparison: figures, and the sampled traces.
pub(crate) async fn verify(api: &mut Api, expected: &Expected) -> Result<Vec<String>> {
    let shown = api.shown(&expected.application, range(expected)).await?;
    let mut differences = compare(expected, &shown);
    for trace in &expected.sample_traces {
        match api.trace_spans(trace).await? {
            Some(SPANS_PER_TRACE) => {}
            Some(spans) => differences
                .push(format!("trace {trace}: {SPANS_PER_TRACE} spans sent, {spans} shown")),
            None => differences.push(format!("trace {trace}: not found")),
        }
    }
    Ok(differences)
}

/// Whole minutes around all that was sent; spans end within a second before they are sent.
pub(crate) fn range(expected: &Expected) -> Range {
    minutes(expected.from_ms - 2_000, expected.to_ms)
}

/// Whole minutes around both.
pub(crate) fn minutes(from_ms: u64, to_ms: u64) -> Range {
    let floor = |ms: u64| ms / MINUTE_MS * MINUTE_MS;
    Range { from_ms: floor(from_ms), to_ms: floor(to_ms) + MINUTE_MS }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::expected::Totals;

    fn count(calls: u64, errors: u64) -> Count {
        Count { calls, errors }
    }

    fn expected() -> Expected {
        let edge = (Place::Tier("service-0".to_owned()), Place::Backend("db:5432".to_owned()));
        let totals = Totals {
            spans: 20,
            traces: 2,
            business_transactions: [(("service-0".to_owned(), "GET /a".to_owned()), count(2, 1))]
                .into(),
            tiers: [("service-0".to_owned(), count(2, 1))].into(),
            edges: [(edge, count(4, 0))].into(),
        };
        let (application, sample_traces) = ("loadgen-production".to_owned(), Vec::new());
        Expected {
            application,
            seed: 1,
            from_ms: 120_500,
            to_ms: 185_000,
            complete: true,
            totals,
            sample_traces,
        }
    }

    fn right() -> Shown {
        let totals = expected().totals;
        let (business_transactions, tiers, edges) =
            (totals.business_transactions, totals.tiers, totals.edges);
        Shown { business_transactions, tiers, edges, partial: Vec::new() }
    }

    fn check(change: impl FnOnce(&mut Shown), differences: &[&str]) {
        let mut shown = right();
        change(&mut shown);
        assert_eq!(compare(&expected(), &shown), differences);
    }

    #[test]
    fn equal_figures_have_no_difference_and_entities_without_calls_are_none() {
        check(|_| {}, &[]);
        check(|shown| shown.tiers.extend([("old".to_owned(), count(0, 0))]), &[]);
    }

    #[test]
    fn every_kind_of_difference_is_a_sentence() {
        let one_less =
            |shown: &mut Shown| shown.tiers.extend([("service-0".to_owned(), count(1, 1))]);
        check(one_less, &["tier service-0: 2 calls and 1 errors sent, 1 calls and 1 errors shown"]);
        let no_edge = |shown: &mut Shown| shown.edges.clear();
        check(no_edge, &["edge service-0 → db:5432: 4 calls and 0 errors, not shown"]);
        let more = |shown: &mut Shown| shown.tiers.extend([("ghost".to_owned(), count(1, 0))]);
        check(more, &["tier ghost: never sent, 1 calls and 0 errors shown"]);
        let partial =
            |shown: &mut Shown| shown.partial.push("journal replay is at 40 %".to_owned());
        check(partial, &["answer is partial: journal replay is at 40 %"]);
    }

    #[test]
    fn the_range_holds_whole_minutes_around_all_spans() {
        let range = range(&expected());
        assert_eq!((range.from_ms, range.to_ms), (60_000, 240_000));
    }

    #[test]
    fn expected_totals_survive_their_file() {
        let text = serde_json::to_string(&expected()).unwrap();
        let read: Expected = serde_json::from_str(&text).unwrap();
        assert_eq!(read.totals, expected().totals);
    }
}
