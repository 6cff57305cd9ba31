//! Cases worked out by hand from the documentation.

mod operators;
mod ranges;
mod vectors;

use promql_parser::label::Matchers;

use crate::{
    Error, Limits, number,
    query::{self, points, steps},
    source::{Source, matches},
    value::{ABSENT, Sampled, Value},
};

/// Series in memory.
struct Memory(Vec<Sampled>);

impl Source for Memory {
    fn select(&self, matchers: &Matchers, from_ms: i64, to_ms: i64) -> Result<Vec<Sampled>, Error> {
        let mut found: Vec<Sampled> =
            self.0.iter().filter(|one| matches(matchers, &one.labels)).cloned().collect();
        let inside = from_ms..=to_ms;
        found.iter_mut().for_each(|one| one.samples.retain(|(at, _)| inside.contains(at)));
        Ok(found)
    }
}

/// Reads lines such as `up{job="a"} 1 _ 2 stale`: a sample every ten seconds from 0 on, `_` where there is none.
fn load(text: &str) -> Memory {
    let series = text.lines().map(str::trim).filter(|line| !line.is_empty()).map(|line| {
        let end = line.find("} ").map_or_else(|| line.find(' '), |brace| Some(brace + 1));
        let (selector, values) = line.split_at(end.expect("a line has values"));
        let selector = query::selector(selector).expect("a line begins with a series");
        let labels = selector
            .matchers
            .iter()
            .map(|matcher| (matcher.name.as_str(), matcher.value.as_str()))
            .collect();
        let sample = |(at, value): (usize, &str)| match value {
            "_" => None,
            "stale" => Some((at as i64 * 10_000, ABSENT)),
            value => Some((at as i64 * 10_000, number::read(value).expect("a number"))),
        };
        let samples = values.split_whitespace().enumerate().filter_map(sample).collect();
        Sampled { labels, samples }
    });
    Memory(series.collect())
}

/// What an expression is at an instant, one series a line.
fn at(source: &Memory, expression: &str, seconds: i64) -> String {
    match query::instant(source, &Limits::default(), expression, seconds * 1000) {
        Err(error) => format!("error: {error}"),
        Ok(Value::Scalar(values)) => number::text(values[0]),
        Ok(Value::Text(text)) => text,
        Ok(Value::Vector(series)) => lines(
            series
                .iter()
                .map(|one| format!("{} {}", one.labels, number::text(rounded(one.values[0])))),
        ),
        Ok(Value::Matrix(series)) => lines(series.iter().map(written)),
    }
}

/// What an expression is every ten seconds from `from` through `to`, one series a line.
fn over(source: &Memory, expression: &str, from: i64, to: i64) -> String {
    let steps = steps(from * 1000, to * 1000, 10_000).expect("few steps");
    match query::range(source, &Limits::default(), expression, &steps) {
        Err(error) => format!("error: {error}"),
        Ok(series) => lines(series.iter().map(|one| written(&points(one, &steps)))),
    }
}

fn written(series: &Sampled) -> String {
    let sample =
        |(at, value): &(i64, f64)| format!(" {}@{}", number::text(rounded(*value)), at / 1000);
    format!("{}{}", series.labels, series.samples.iter().map(sample).collect::<String>())
}

fn lines(lines: impl Iterator<Item = String>) -> String {
    lines.collect::<Vec<String>>().join("\n")
}

/// To nine digits, so that expectations are what a hand works out.
fn rounded(value: f64) -> f64 {
    let rounded = (value * 1e9).round() / 1e9;
    if rounded.is_finite() { rounded } else { value }
}

/// Each expression at an instant, and what it is, its lines joined by `; `.
fn check(source: &Memory, seconds: i64, cases: &[(&str, &str)]) {
    for (expression, expected) in cases {
        let found = at(source, expression, seconds).replace('\n', "; ");
        assert_eq!(found, *expected, "{expression}");
    }
}
