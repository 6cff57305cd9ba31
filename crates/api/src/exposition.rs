//! The two text formats of metrics: OpenMetrics, which the registry writes, and Prometheus' own 0.0.4, which everything else
//! reads and which is given unless OpenMetrics is asked for.
//!
//! They differ in what a family of counters is called (its samples have `_total` at the end, and so has the family in
//! 0.0.4), in kinds that only OpenMetrics has, in units, and in the mark at the end. Pure functions.

use std::{borrow::Cow, collections::BTreeSet};

use http::{HeaderMap, header};

pub(crate) const OPENMETRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
pub(crate) const PROMETHEUS: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Whether a client reads OpenMetrics: it has to say so by name, which a browser does not.
pub(crate) fn wants_openmetrics(headers: &HeaderMap) -> bool {
    let accepted = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    accepted.flat_map(|value| value.split(',')).any(|range| {
        let mut parts = range.split(';').map(str::trim);
        let named = parts
            .next()
            .is_some_and(|kind| kind.eq_ignore_ascii_case("application/openmetrics-text"));
        // A weight of 0 says "not this".
        named && !parts.filter_map(|part| part.strip_prefix("q=")).any(|q| q.parse() == Ok(0.0))
    })
}

/// OpenMetrics text as format 0.0.4 has it.
pub(crate) fn prometheus_text(openmetrics: &str) -> String {
    let counters = families(openmetrics, "counter");
    let infos = families(openmetrics, "info");
    let family = |name: &str| match name {
        _ if counters.contains(name) => format!("{name}_total"),
        _ if infos.contains(name) => format!("{name}_info"),
        _ => name.to_owned(),
    };
    let mut text = String::with_capacity(openmetrics.len());
    for line in openmetrics.lines() {
        let line = match split(line) {
            Some(("HELP", name, rest)) => Cow::Owned(format!("# HELP {} {rest}", family(name))),
            Some(("TYPE", name, kind)) => {
                Cow::Owned(format!("# TYPE {} {}", family(name), known(kind)))
            }
            _ if line == "# EOF" || line.starts_with("# UNIT ") => continue,
            _ => Cow::Borrowed(line),
        };
        text.push_str(&line);
        text.push('\n');
    }
    text
}

/// The families of a kind.
fn families<'t>(text: &'t str, wanted: &str) -> BTreeSet<&'t str> {
    let of_kind = |line| match split(line) {
        Some(("TYPE", name, kind)) if kind == wanted => Some(name),
        _ => None,
    };
    text.lines().filter_map(of_kind).collect()
}

/// Keyword, family and the rest of a line about a family.
fn split(line: &str) -> Option<(&str, &str, &str)> {
    let mut words = line.strip_prefix("# ")?.splitn(3, ' ');
    Some((words.next()?, words.next()?, words.next()?))
}

/// The kinds that 0.0.4 has.
fn known(kind: &str) -> &str {
    match kind {
        "counter" | "gauge" | "histogram" | "summary" => kind,
        "info" | "stateset" => "gauge",
        _ => "untyped",
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;
    use prometheus_client::{
        encoding::text::encode,
        metrics::{counter::Counter, gauge::Gauge, histogram::Histogram, info::Info},
        registry::{Registry, Unit},
    };

    use super::*;

    #[test]
    fn what_the_registry_writes_is_told_in_the_older_format() {
        let mut registry = Registry::default();
        registry.register("requests", "Answered requests", Counter::<u64>::default());
        registry.register("open", "Open requests", Gauge::<i64>::default());
        registry.register("build", "What runs", Info::new([("version", "0.1.0")]));
        let seconds = Histogram::new([0.5]);
        seconds.observe(0.2);
        registry.register_with_unit("took", "How long", Unit::Seconds, seconds);
        let mut text = String::new();
        encode(&mut text, &registry).unwrap();
        expect![[r#"
            # HELP requests_total Answered requests.
            # TYPE requests_total counter
            requests_total 0
            # HELP open Open requests.
            # TYPE open gauge
            open 0
            # HELP build_info What runs.
            # TYPE build_info gauge
            build_info{version="0.1.0"} 1
            # HELP took_seconds How long.
            # TYPE took_seconds histogram
            took_seconds_sum 0.2
            took_seconds_count 1
            took_seconds_bucket{le="0.5"} 1
            took_seconds_bucket{le="+Inf"} 1
        "#]]
        .assert_eq(&prometheus_text(&text));
    }

    #[track_caller]
    fn check(accept: &str, expected: bool) {
        let headers = HeaderMap::from_iter([(header::ACCEPT, accept.parse().unwrap())]);
        assert_eq!(wants_openmetrics(&headers), expected, "{accept}");
    }

    #[test]
    fn openmetrics_is_for_who_asks_for_it() {
        check("*/*", false);
        check("text/plain;version=0.0.4;q=0.5,*/*;q=0.1", false);
        check("application/openmetrics-text;version=1.0.0;q=0.6,text/plain;q=0.5", true);
        check("text/html, Application/OpenMetrics-Text", true);
        check("application/openmetrics-text;q=0", false);
        assert!(!wants_openmetrics(&HeaderMap::new()));
    }
}
