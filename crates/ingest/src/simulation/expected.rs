//! What must be counted, worked out from the spans alone, and what the store says is.

use std::collections::BTreeMap;

use metadata_store::Directory;
use model::{
    figure::Scope,
    id::{AccountId, EntityId},
    time::{Minute, MinuteRange},
};
use telemetry_store::{
    Store,
    reader::{
        Detail, FigureQuery, GroupBy, MetricQuery, Points, Reader, Resolution, SampleQuery,
        SeriesFilter, SeriesQuery,
    },
};

use super::traffic::{Role, Span, TIERS};

/// Scope, subject, peer, business transaction and first minute of the point; names, since ids differ from run to run.
pub(crate) type Key = (u8, String, String, String, u32);

/// What is counted exactly.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Counted {
    pub(crate) calls: f64,
    pub(crate) errors: f64,
    pub(crate) spans: f64,
    pub(crate) micros: f64,
}

pub(crate) type Figures = BTreeMap<Key, Counted>;

const DATABASE: &str = "mysql db:3306";

/// The figures of these spans, each counted once, at a resolution.
pub(crate) fn figures<'s>(
    spans: impl Iterator<Item = &'s Span>,
    resolution: Resolution,
) -> Figures {
    let mut figures = Figures::new();
    for span in spans {
        let minute = resolution.floor(Minute::of_ns(span.end_ns)).0;
        for (scope, subject, peer, bt) in places(span) {
            let counted = figures.entry((scope as u8, subject, peer, bt, minute)).or_default();
            counted.calls += 1.0;
            counted.errors += if span.failed() { 1.0 } else { 0.0 };
            counted.spans += 1.0;
            counted.micros += span.micros();
        }
    }
    figures
}

fn places(span: &Span) -> Vec<(Scope, String, String, String)> {
    let tier = TIERS[span.tier];
    let node = format!("{tier}-host");
    let bt = format!("GET {}", span.transaction);
    let place = |scope, subject: &str, peer: &str, bt: &str| {
        (scope, subject.to_owned(), peer.to_owned(), bt.to_owned())
    };
    match span.role {
        Role::Work => Vec::new(),
        Role::Entry => {
            let mut places = vec![
                place(Scope::Tier, tier, "", ""),
                place(Scope::Node, &node, tier, ""),
                place(Scope::Endpoint, &format!("GET {}", span.route), &node, ""),
                place(Scope::TierInTransaction, tier, "", &bt),
            ];
            if span.parent == 0 {
                places.push(place(Scope::BusinessTransaction, &bt, &node, ""));
            }
            places
        }
        Role::Call | Role::Query => {
            let peer = match span.role {
                Role::Call => TIERS[span.tier + 1],
                _ => DATABASE,
            };
            vec![place(Scope::Edge, tier, peer, ""), place(Scope::Edge, tier, peer, &bt)]
        }
    }
}

/// The figures that the store has, at a resolution.
pub(crate) fn stored(store: &Store, directory: &Directory, resolution: Resolution) -> Figures {
    let query = FigureQuery {
        account: AccountId::FIRST,
        application: EntityId::NONE,
        scopes: Vec::new(),
        subject: None,
        peer: None,
        bt: None,
        range: MinuteRange { start: Minute(0), end: Minute(u32::MAX / 60 * 60) },
        points: Points::Every(resolution),
        detail: Detail::Whole,
        group_by: GroupBy::Key,
        max_rows: usize::MAX,
    };
    let answer = store.figures(&query).expect("every segment can be read");
    assert!(answer.partial.is_empty());
    let name = |id: EntityId| {
        id.some().map_or(String::new(), |id| {
            directory.get(id).map_or(format!("(unknown {id})"), |entity| entity.key.name.clone())
        })
    };
    let rows = answer.value.into_iter().map(|row| {
        let key = (
            row.key.scope as u8,
            name(row.key.subject),
            name(row.key.peer),
            name(row.key.bt),
            row.at.0,
        );
        let figure = row.figure;
        let counted = Counted {
            calls: figure.calls,
            errors: figure.errors,
            spans: figure.spans,
            micros: figure.sum,
        };
        (key, counted)
    });
    rows.collect()
}

/// The lines in which two sets of figures differ, wanted and found.
pub(crate) fn differences(wanted: &Figures, found: &Figures) -> Vec<String> {
    let keys: std::collections::BTreeSet<&Key> = wanted.keys().chain(found.keys()).collect();
    let differing = keys.into_iter().filter(|key| wanted.get(key) != found.get(key));
    differing
        .map(|key| format!("{key:?}: wanted {:?}, found {:?}", wanted.get(key), found.get(key)))
        .collect()
}

/// Figures of entries that are more than all that was ever sent.
pub(crate) fn excess(sent: &Figures, found: &Figures) -> Vec<String> {
    let entries = [Scope::Tier as u8, Scope::Node as u8, Scope::Endpoint as u8];
    let counted = found.iter().filter(|(key, _)| entries.contains(&key.0));
    counted
        .filter(|(key, found)| sent.get(key).is_none_or(|sent| found.calls > sent.calls))
        .map(|(key, found)| format!("{key:?}: sent {:?}, found {found:?}", sent.get(key)))
        .collect()
}

/// How many samples a series' minutes have, and what they add up to, by path and minute.
pub(crate) type Minutes = BTreeMap<(String, u32), (f64, f64)>;

/// The minutes of all metric series that the store has, at a resolution.
pub(crate) fn minutes(store: &Store, resolution: Resolution) -> Minutes {
    let query = MetricQuery {
        account: AccountId::FIRST,
        application: EntityId::NONE,
        tier: None,
        paths: Vec::new(),
        range: MinuteRange { start: Minute(0), end: Minute(u32::MAX / 60 * 60) },
        points: Points::Every(resolution),
        names_only: false,
        max_series: 1000,
    };
    let answer = store.metrics(&query).expect("every segment can be read");
    assert!(answer.partial.is_empty());
    let series = answer.value.into_iter().flat_map(|series| {
        let path = series.path.clone();
        series.points.into_iter().map(move |of| ((path.clone(), of.at.0), (of.count, of.sum)))
    });
    series.collect()
}

/// The minutes of a gauge's samples.
pub(crate) fn gauge_minutes(
    metric: &str,
    samples: &[(i64, f64)],
    resolution: Resolution,
    minutes: &mut Minutes,
) {
    for (at_ms, value) in samples {
        count(metric, Minute::of_millis(*at_ms), *value, resolution, minutes);
    }
}

/// The minutes of a counter's totals, the first of which is nothing but the one from which the others count. What happened
/// in several minutes is spread evenly over at most an hour of them.
pub(crate) fn counter_minutes(
    metric: &str,
    totals: &[(i64, f64)],
    resolution: Resolution,
    minutes: &mut Minutes,
) {
    for pair in totals.windows(2) {
        let ((since_ms, before), (at_ms, total)) = (pair[0], pair[1]);
        let grown = if total >= before { total - before } else { total };
        let last = Minute::of_millis(at_ms).0;
        let over = (last - Minute::of_millis(since_ms).0).clamp(1, 60);
        for minute in last - over + 1..=last {
            count(metric, Minute(minute), grown / f64::from(over), resolution, minutes);
        }
    }
}

fn count(metric: &str, at: Minute, value: f64, resolution: Resolution, minutes: &mut Minutes) {
    let place = (format!("Custom Metrics|{metric}"), resolution.floor(at).0);
    let counted = minutes.entry(place).or_default();
    counted.0 += 1.0;
    counted.1 += value;
}

/// The lines in which they differ, wanted and found: numbers are added in another order.
pub(crate) fn differing_minutes(wanted: &Minutes, found: &Minutes) -> Vec<String> {
    let is_near = |a: f64, b: f64| (a - b).abs() <= 1e-9 * a.abs().max(b.abs()).max(1.0);
    let same = |key: &(String, u32)| match (wanted.get(key), found.get(key)) {
        (Some(wanted), Some(found)) => wanted.0 == found.0 && is_near(wanted.1, found.1),
        _ => false,
    };
    let keys: std::collections::BTreeSet<&(String, u32)> =
        wanted.keys().chain(found.keys()).collect();
    let differing = keys.into_iter().filter(|key| !same(key));
    differing
        .map(|key| format!("{key:?}: wanted {:?}, found {:?}", wanted.get(key), found.get(key)))
        .collect()
}

/// All raw samples that are stored, by series, with their metric's name.
pub(crate) fn samples(store: &Store) -> Vec<(String, Vec<(i64, f64)>)> {
    let query = SeriesQuery {
        account: AccountId::FIRST,
        application: None,
        tier: None,
        node: None,
        name: None,
        only: SeriesFilter::default(),
        from_ns: 0,
        to_ns: u64::MAX,
        after: None,
        limit: 1000,
    };
    let series = store.series(&query).expect("every segment can be read").value.rows;
    let query = SampleQuery {
        account: AccountId::FIRST,
        series: series.iter().map(|series| series.id).collect(),
        from_ms: 0,
        to_ms: i64::MAX,
        max_samples: 1_000_000,
    };
    let samples = store.samples(&query).expect("every segment can be read").value;
    let name = |id| series.iter().find(|series| series.id == id).map(|series| series.name.clone());
    let named = samples.into_iter().map(|of| (name(of.series).unwrap_or_default(), of.numbers));
    named.collect()
}
