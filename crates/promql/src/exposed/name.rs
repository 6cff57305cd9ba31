//! Names of metrics: OpenTelemetry's name, its unit in words, and what kind it is.

use telemetry_store::reader::{Instrument, SampledMetric};

/// The name under which a metric of OTLP appears, without the suffixes of a histogram's parts:
/// `http.server.request.duration` in `s` is `http_server_request_duration_seconds`.
pub fn of(metric: &SampledMetric) -> String {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == ':';
    let parts = metric.name.split(|c: char| !is_part(c)).filter(|part| !part.is_empty());
    let mut parts: Vec<&str> = parts.collect();
    let (unit, per) = unit(&metric.unit);
    let words = [unit.as_str(), if per.is_empty() { "" } else { "per" }, per.as_str()];
    let words: Vec<&str> =
        words.iter().flat_map(|word| word.split('_')).filter(|word| !word.is_empty()).collect();
    if !words.is_empty() && !parts.ends_with(&words) {
        // It stands at the end, and once.
        if let [word] = words[..] {
            parts.retain(|part| *part != word);
        }
        parts.extend(words);
    }
    let last = match metric.instrument {
        Instrument::Counter => Some("total"),
        Instrument::Gauge if metric.unit == "1" => Some("ratio"),
        _ => None,
    };
    if let Some(last) = last {
        parts.retain(|part| *part != last);
        parts.push(last);
    }
    let name = parts.join("_");
    let begins_with_digit = name.as_bytes().first().is_some_and(u8::is_ascii_digit);
    if begins_with_digit { format!("_{name}") } else { name }
}

/// A UCUM unit's words: what is measured, and by what it is divided. What stands in braces only annotates.
fn unit(unit: &str) -> (String, String) {
    let (main, per) = unit.split_once('/').unwrap_or((unit, ""));
    let plain = |text: &str| !text.contains(['{', '}']);
    let word = |text: &str, known: fn(&str) -> Option<&'static str>| match text.trim() {
        "" | "1" => String::new(),
        text if !plain(text) => String::new(),
        text => known(text).map_or_else(|| clean(text), str::to_owned),
    };
    (word(main, main_word), word(per, per_word))
}

fn clean(text: &str) -> String {
    let parts = text.split(|c: char| !c.is_ascii_alphanumeric()).filter(|part| !part.is_empty());
    parts.collect::<Vec<&str>>().join("_")
}

fn main_word(unit: &str) -> Option<&'static str> {
    Some(match unit {
        "d" => "days",
        "h" => "hours",
        "min" => "minutes",
        "s" => "seconds",
        "ms" => "milliseconds",
        "us" => "microseconds",
        "ns" => "nanoseconds",
        "By" => "bytes",
        "KiBy" => "kibibytes",
        "MiBy" => "mebibytes",
        "GiBy" => "gibibytes",
        "TiBy" => "tibibytes",
        "KBy" => "kilobytes",
        "MBy" => "megabytes",
        "GBy" => "gigabytes",
        "TBy" => "terabytes",
        "m" => "meters",
        "V" => "volts",
        "A" => "amperes",
        "J" => "joules",
        "W" => "watts",
        "g" => "grams",
        "Cel" => "celsius",
        "Hz" => "hertz",
        "%" => "percent",
        _ => return None,
    })
}

fn per_word(unit: &str) -> Option<&'static str> {
    Some(match unit {
        "s" => "second",
        "m" | "min" => "minute",
        "h" => "hour",
        "d" => "day",
        "w" | "wk" => "week",
        "mo" => "month",
        "y" | "a" => "year",
        _ => return None,
    })
}
