//! What the table does not know: `Custom Metrics|<metric>[|attribute=value…]`.
//!
//! At most eight attributes, in the order of their names, make the path. What names a single request, client or user never
//! does, nor what a connection says of itself; values on the sanitiser's deny list are masked. How many combinations a node
//! may have is bounded by the pipeline; the rest counts in [`without_attributes`].

use super::{Kind, PER_MINUTE, Reading, is_of_host, recipe::segment};
use crate::{
    attributes::{Attributes, Value},
    naming::name,
    sanitise::{MASKED, Replacement, Sanitiser},
};

/// The folder of such metrics, with its bar.
pub(super) const FOLDER: &str = "Custom Metrics|";
/// Attributes in a path.
const MAX_ATTRIBUTES: usize = 8;

/// What a metric was measured with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Instrument {
    Gauge,
    /// Only rises.
    Counter,
    /// Rises and falls.
    UpDownCounter,
    /// A histogram or a summary.
    Distribution,
}

/// Where a metric goes that the table does not know.
#[derive(Clone, Debug, PartialEq)]
pub struct Custom {
    pub path: String,
    pub unit: String,
    pub kind: Kind,
    pub reading: Reading,
    /// What a value is multiplied by. Durations are shown in milliseconds: APIs of old know only whole numbers.
    pub factor: f64,
}

/// Where a point of an unknown metric goes.
pub fn custom(
    metric: &str,
    unit: &str,
    instrument: Instrument,
    attributes: &Attributes<'_>,
    sanitiser: &Sanitiser,
) -> Custom {
    let mut path = folder(metric);
    let mut pairs: Vec<(&str, Value<'_>)> =
        attributes.iter().filter(|(key, _)| !is_left_out(key)).collect();
    pairs.sort_by_key(|(key, _)| *key);
    pairs.dedup_by_key(|(key, _)| *key);
    for (key, value) in pairs.into_iter().take(MAX_ATTRIBUTES) {
        let Some(value) = shown(key, value, sanitiser) else { continue };
        path.push('|');
        path.push_str(&name::limit(&format!("{key}={value}")));
    }
    let (kind, reading) = reading(metric, instrument);
    let (unit, factor) = match (instrument, unit) {
        (Instrument::Distribution, "s") => ("ms", 1000.0),
        _ => (unit, 1.0),
    };
    Custom { path, unit: unit_text(unit, reading), kind, reading, factor }
}

/// Where points go whose combination of attributes is one too many.
pub fn without_attributes(metric: &str) -> String {
    let mut path = folder(metric);
    path.push_str("|(other)");
    path
}

/// The path of a percentile of a distribution's path; `quantile` is 0..=1.
pub fn percentile(path: &str, quantile: f64) -> String {
    let percent = (quantile * 100.0 * 1000.0).round() / 1000.0;
    let ordinal = match percent as u64 % 100 {
        11..=13 => "th",
        _ if percent.fract() != 0.0 => "th",
        number => match number % 10 {
            1 => "st",
            2 => "nd",
            3 => "rd",
            _ => "th",
        },
    };
    format!("{path}|{percent}{ordinal} Percentile")
}

fn folder(metric: &str) -> String {
    format!("{FOLDER}{}", name::limit(metric))
}

fn reading(metric: &str, instrument: Instrument) -> (Kind, Reading) {
    let host = is_of_host(metric);
    match instrument {
        Instrument::Counter if host => (Kind::Host, Reading::PerSecond),
        Instrument::Counter => (Kind::PerMinute, Reading::Increase),
        _ if host => (Kind::Host, Reading::Value),
        Instrument::UpDownCounter => (Kind::Level, Reading::Value),
        Instrument::Gauge | Instrument::Distribution => (Kind::Average, Reading::Value),
    }
}

/// The unit as sent, without the braces of an annotation, and what is done to the value behind it.
fn unit_text(unit: &str, reading: Reading) -> String {
    let unit = name::limit(unit);
    let unit = unit.strip_prefix('{').and_then(|unit| unit.strip_suffix('}')).unwrap_or(&unit);
    let unit = if unit.is_empty() { "1" } else { unit };
    match (reading, unit.strip_suffix(PER_MINUTE)) {
        (Reading::Increase, _) => format!("{unit}{PER_MINUTE}"),
        (Reading::PerSecond, _) => format!("{unit}/s"),
        // Measured as a rate by the agent: averaged, although it is one a minute.
        (_, Some(unit)) => format!("{unit} per min"),
        (_, None) => unit.to_owned(),
    }
}

fn shown(key: &str, value: Value<'_>, sanitiser: &Sanitiser) -> Option<String> {
    match sanitiser.attribute(None, key, &value) {
        None => segment(value),
        Some(Replacement::Text(text)) => segment(Value::Str(&text)),
        Some(Replacement::Masked) => Some(MASKED.to_owned()),
        Some(Replacement::Encoded(_)) => None,
    }
}

/// Attributes that have a value of their own for every request, client or user, and those of a connection that say the same
/// of every request. The `Host` that a request asks for is its client's choice.
fn is_left_out(key: &str) -> bool {
    const KEYS: &[&str] = &[
        "http.url",
        "url.full",
        "url.path",
        "url.query",
        "http.user_agent",
        "user_agent.original",
        "http.client_ip",
        "http.flavor",
        "http.host",
        "http.scheme",
        "http.server_name",
        "url.scheme",
        "net.host.name",
        "net.host.port",
        "net.transport",
        "network.transport",
        "network.type",
        "db.statement",
        "db.query.text",
        "messaging.message.id",
        "thread.id",
        "thread.name",
        "trace_id",
        "span_id",
        "request_id",
    ];
    const FOLDERS: &[&str] = &[
        "client.",
        "net.sock.",
        "network.peer.",
        "network.local.",
        "network.protocol.",
        "net.protocol.",
        "enduser.",
        "user.",
        "session.",
        "exception.",
    ];
    KEYS.contains(&key) || FOLDERS.iter().any(|folder| key.starts_with(folder))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sanitise::MaskList;

    fn of(unit: &str, instrument: Instrument, pairs: &[(&'static str, &'static str)]) -> Custom {
        let attributes = pairs.iter().map(|(key, value)| (*key, Value::Str(value))).collect();
        let sanitiser = Sanitiser::new(MaskList::default(), true);
        custom("orders.open", unit, instrument, &attributes, &sanitiser)
    }

    #[test]
    fn attributes_make_the_path_in_the_order_of_their_names() {
        let custom = of("{order}", Instrument::Gauge, &[("shop", "a|b"), ("kind", "express")]);
        assert_eq!(custom.path, "Custom Metrics|orders.open|kind=express|shop=a¦b");
        assert_eq!((custom.unit.as_str(), custom.kind), ("order", Kind::Average));
    }

    #[test]
    fn no_client_and_no_secret_reaches_a_path() {
        let pairs = [("client.address", "10.0.0.7"), ("password", "x"), ("user.id", "u1")];
        let custom = of("", Instrument::Gauge, &pairs);
        assert_eq!(custom.path, "Custom Metrics|orders.open|password=***");
    }

    #[test]
    fn a_counter_is_summed_by_its_unit_and_a_rate_of_the_agent_is_not() {
        assert_eq!(of("{order}", Instrument::Counter, &[]).unit, "order/min");
        assert_eq!(of("", Instrument::Counter, &[]).unit, "1/min");
        assert_eq!(of("orders/min", Instrument::Gauge, &[]).unit, "orders per min");
    }

    #[test]
    fn percentiles_are_read_aloud() {
        assert_eq!(percentile("a", 0.95), "a|95th Percentile");
        assert_eq!(percentile("a", 0.5), "a|50th Percentile");
        assert_eq!(percentile("a", 0.999), "a|99.9th Percentile");
        assert_eq!(percentile("a", 0.01), "a|1st Percentile");
    }
}
