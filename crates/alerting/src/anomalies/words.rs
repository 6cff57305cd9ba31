//! Figures and findings in words.

use model::anomaly::{AnomalousKind, AnomalyMeasure};

use crate::notice;

/// A figure with its unit, in as many digits as people read: `120 ms`, `1.9 s`, `4.2 %`.
pub(super) fn figure(value: f64, unit: &str) -> String {
    if unit == "ms" && value.abs() >= 1_000.0 {
        return format!("{} s", digits(value / 1_000.0));
    }
    match unit {
        "" | "1" => digits(value),
        unit => format!("{} {unit}", digits(value)),
    }
}

fn digits(value: f64) -> String {
    let size = value.abs();
    let places = match size {
        _ if size >= 100.0 => 0,
        _ if size >= 10.0 => 1,
        _ if size >= 1.0 => 1,
        _ if size == 0.0 => 0,
        _ => 2,
    };
    let text = format!("{value:.places$}");
    match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => text,
    }
}

/// A share of 1 as percent.
pub(super) fn percent(share: f64) -> String {
    format!("{} %", digits(share * 100.0))
}

/// `tier inventory`, `node vm-1 of inventory`; business transactions go by their name alone, which says what they are. A node's
/// `tier` is told, that of others is none.
pub(super) fn called(kind: AnomalousKind, name: &str, tier: Option<&str>) -> String {
    match kind {
        AnomalousKind::BusinessTransaction => name.to_owned(),
        kind => format!("{} {}", kind.name(), notice::called(name, tier)),
    }
}

/// What happened to what is called so, without a full stop: `Response time of GET /checkout rose from 120 ms to 1.9 s`.
pub(super) fn what_happened(
    of: &str,
    (measure, metric): (AnomalyMeasure, Option<&str>),
    observed: f64,
    expected: f64,
    unit: &str,
) -> String {
    let what = match measure {
        AnomalyMeasure::ResponseTime => "Response time",
        AnomalyMeasure::ErrorShare => "Share of failed calls",
        AnomalyMeasure::Calls => "Load",
        AnomalyMeasure::Metric => metric.unwrap_or("A metric"),
    };
    let verb = if observed >= expected { "rose" } else { "fell" };
    format!("{what} of {of} {verb} from {} to {}", figure(expected, unit), figure(observed, unit))
}

/// A text cut to fit, at a character's end.
pub(super) fn cut(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_read_as_people_write_them() {
        let check = |value, unit, expected: &str| assert_eq!(figure(value, unit), expected);
        check(120.0, "ms", "120 ms");
        check(1_900.0, "ms", "1.9 s");
        check(20_000.0, "ms", "20 s");
        check(4.26, "%", "4.3 %");
        check(0.034, "%", "0.03 %");
        check(0.0, "calls/min", "0 calls/min");
        check(2.0, "1", "2");
    }

    #[test]
    fn what_happened_names_whom_and_from_what_to_what() {
        let told = what_happened(
            &called(AnomalousKind::BusinessTransaction, "GET /checkout", None),
            (AnomalyMeasure::ResponseTime, None),
            1_900.0,
            120.0,
            "ms",
        );
        assert_eq!(told, "Response time of GET /checkout rose from 120 ms to 1.9 s");
        let told = what_happened(
            &called(AnomalousKind::Tier, "cart", None),
            (AnomalyMeasure::Calls, None),
            3.0,
            80.0,
            "calls/min",
        );
        assert_eq!(told, "Load of tier cart fell from 80 calls/min to 3 calls/min");
        let told = what_happened(
            &called(AnomalousKind::Node, "vm-1", Some("catalog")),
            (AnomalyMeasure::Metric, Some("Process|CPU|Usage %")),
            90.0,
            20.0,
            "%",
        );
        assert_eq!(told, "Process|CPU|Usage % of node vm-1 of catalog rose from 20 % to 90 %");
    }
}
