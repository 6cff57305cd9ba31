//! Traces written down as text, for agents that could not be recorded, and what the pipeline made of them.
//!
//! A line is a span: its tier, its kind, its name in quotes, its scope, and `attribute=value` words (in quotes where there
//! is a space in them). What stands under a span is its child; a child in another tier has a remote parent. `failed` is
//! status ERROR, `raises=Type:message` an exception event, `flagless` an agent that does not say where its parent is.

use std::collections::BTreeMap;

use model::figure::{Figure, Scope};

use super::{
    agent::{Agent, LOCAL, REMOTE, SILENT, Sent, Value},
    bench::Bench,
};
use crate::otlp::Signal;

/// Plays traces, divided by empty lines, each tier's spans in one body; `agent` makes the process of a tier.
pub(super) fn play(agent: impl Fn(&str) -> Agent, traces: &str) -> Bench {
    let mut bench = Bench::new();
    for (number, text) in traces.split("\n\n").enumerate() {
        let mut by_tier: BTreeMap<&str, Vec<Sent>> = BTreeMap::new();
        for (tier, span) in spans(text, number as u64 + 1, bench.now_ms) {
            by_tier.entry(tier).or_default().push(span);
        }
        for (tier, spans) in by_tier {
            bench.send(Signal::Traces, &agent(tier).traces(&spans));
        }
    }
    bench.settle();
    bench
}

fn spans(text: &str, trace: u64, now_ms: i64) -> Vec<(&str, Sent)> {
    let mut above: Vec<(usize, u64, &str)> = Vec::new();
    let mut spans = Vec::new();
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        let depth = line.len() - line.trim_start().len();
        let id = spans.len() as u64 + 1;
        above.retain(|(of, ..)| *of < depth);
        let words = words(line);
        let tier = words[0];
        let mut span = span(&words[1..], trace, id, now_ms);
        if let Some((_, parent, of)) = above.last() {
            span.parent = *parent;
            span.flags = match (span.flags, *of == tier) {
                (SILENT, _) => SILENT,
                (_, true) => LOCAL,
                (_, false) => REMOTE,
            };
        }
        above.push((depth, id, tier));
        spans.push((tier, span));
    }
    spans
}

fn span(words: &[&str], trace: u64, id: u64, now_ms: i64) -> Sent {
    let [kind, name, scope, rest @ ..] = words else { panic!("too short: {words:?}") };
    let kind = match *kind {
        "INT" => 1,
        "SRV" => 2,
        "CLI" => 3,
        "PROD" => 4,
        "CONS" => 5,
        other => panic!("no kind {other}"),
    };
    // A child ends before its parent does.
    let end_ms = now_ms - id as i64;
    let scope = (*scope).to_owned();
    let mut span = Sent { kind, scope, ..Sent::work(trace, id, name, end_ms) };
    for word in rest {
        span = match word.split_once('=') {
            None if *word == "failed" => Sent { failed: true, ..span },
            None if *word == "flagless" => Sent { flags: SILENT, ..span },
            None => panic!("{word} says nothing"),
            Some(("raises", raised)) => {
                let (kind, message) = raised.split_once(':').expect("a type and a message");
                span.raising(kind, message)
            }
            Some((key, value)) => span.with(key, typed(key, value)),
        };
    }
    span
}

/// Ports, status codes and counts are numbers.
fn typed(key: &str, value: &str) -> Value {
    let number = ["port", "status_code", "count", "index", "size", "offset", "tag"]
        .iter()
        .any(|end| key.ends_with(end));
    match value.parse::<i64>() {
        Ok(value) if number => value.into(),
        _ => value.into(),
    }
}

/// Words divided by spaces; one with a quote in it goes on to the next quote, and the quotes go if they are around it.
fn words(line: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let mut rest = line.trim();
    while !rest.is_empty() {
        let end = match rest.strip_prefix('\'') {
            Some(inside) => inside.find('\'').map(|end| end + 2),
            None => rest.find(' '),
        };
        let (word, after) = rest.split_at(end.unwrap_or(rest.len()));
        words.push(word.trim_matches('\''));
        rest = after.trim_start();
    }
    words
}

/// Figures of a scope, all transactions together: `name calls/errors`.
pub(super) fn totals(bench: &Bench, scope: Scope) -> Vec<String> {
    let named = bench.named(scope);
    let totals = named.iter().filter_map(|(name, figure)| {
        Some(format!("{} {}", name.strip_suffix(" [-]")?, counts(figure)))
    });
    totals.collect()
}

fn counts(figure: &Figure) -> String {
    match figure.errors {
        0.0 => figure.calls.to_string(),
        errors => format!("{}/{errors}", figure.calls),
    }
}

/// The business transactions: `type name calls/errors`, in brackets where nobody waits for it.
pub(super) fn transactions(bench: &Bench) -> Vec<String> {
    use model::entity::EntityKind;
    let mut figures: BTreeMap<_, Figure> = BTreeMap::new();
    for row in bench.figures(Scope::BusinessTransaction) {
        figures.entry(row.key.subject).or_default().merge(&row.figure);
    }
    let mut lines: Vec<String> = bench
        .entities(EntityKind::BusinessTransaction)
        .iter()
        .map(|bt| {
            let counts = counts(&figures[&bt.id]);
            let line = format!("{} {} {counts}", bt.properties.category, bt.key.name);
            if bt.properties.background { format!("({line})") } else { line }
        })
        .collect();
    lines.sort();
    lines
}
