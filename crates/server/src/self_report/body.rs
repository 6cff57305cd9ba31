//! The bodies that Vedette sends to itself: OTLP in JSON. Pure but for the random ids of spans.
//!
//! Names follow OpenTelemetry's semantic conventions where they have one, else `vedette.` and the name on `/metrics`.

use api::Answered;
use daemon::metrics::{Family, Kind, Sample};
use model::entity::OWN_APPLICATION;
use serde_json::{Value, json};

/// The cumulative temporality's number in OTLP.
const CUMULATIVE: u8 = 2;
const SERVER: u8 = 2;
const ERROR: u8 = 2;

/// Who reports.
#[derive(Debug)]
pub(super) struct Origin {
    pub(super) version: &'static str,
    pub(super) host: String,
    /// When the process started, Unix nanoseconds.
    pub(super) start_ns: u64,
}

impl Origin {
    fn resource(&self) -> Value {
        json!({"attributes": [
            text("service.namespace", OWN_APPLICATION),
            text("service.name", "vedette"),
            text("service.version", self.version),
            text("host.name", &self.host),
            text("telemetry.sdk.name", "vedette"),
            text("telemetry.sdk.language", "rust"),
            text("telemetry.sdk.version", self.version),
        ]})
    }

    fn scope(&self) -> Value {
        json!({"name": "vedette", "version": self.version})
    }
}

/// A request for `/v1/metrics`.
pub(super) fn metrics(origin: &Origin, families: &[Family], now_ns: u64) -> String {
    let metrics: Vec<Value> =
        families.iter().filter_map(|family| metric(family, origin, now_ns)).collect();
    let scope = json!({"scope": origin.scope(), "metrics": metrics});
    json!({"resourceMetrics": [{"resource": origin.resource(), "scopeMetrics": [scope]}]})
        .to_string()
}

fn metric(family: &Family, origin: &Origin, now_ns: u64) -> Option<Value> {
    let (name, unit) = named(&family.name)?;
    let point = |sample: &Sample| {
        json!({
            "attributes": attributes(sample),
            "startTimeUnixNano": origin.start_ns.to_string(),
            "timeUnixNano": now_ns.to_string(),
            "asDouble": sample.value,
        })
    };
    let finite = family.samples.iter().filter(|sample| sample.value.is_finite());
    let told = match family.kind {
        Kind::Counter => {
            let points: Vec<Value> = finite.map(point).collect();
            json!({"sum": {"dataPoints": points, "aggregationTemporality": CUMULATIVE, "isMonotonic": true}})
        }
        Kind::Gauge if name.starts_with("process.") => {
            let points: Vec<Value> = finite.map(point).collect();
            json!({"sum": {"dataPoints": points, "aggregationTemporality": CUMULATIVE, "isMonotonic": false}})
        }
        Kind::Gauge => json!({"gauge": {"dataPoints": finite.map(point).collect::<Vec<_>>()}}),
        Kind::Histogram => {
            let points = histograms(family, origin, now_ns);
            json!({"histogram": {"dataPoints": points, "aggregationTemporality": CUMULATIVE}})
        }
        Kind::Other => return None,
    };
    let mut metric = json!({"name": name, "unit": unit, "description": family.help});
    merge(&mut metric, told);
    Some(metric)
}

fn merge(metric: &mut Value, told: Value) {
    if let (Value::Object(metric), Value::Object(told)) = (metric, told) {
        metric.extend(told);
    }
}

/// Name and unit; nothing for what says nothing over time.
fn named(name: &str) -> Option<(String, &'static str)> {
    let standard = match name {
        "process_cpu_seconds" => ("process.cpu.time", "s"),
        "process_resident_memory_bytes" => ("process.memory.usage", "By"),
        "process_virtual_memory_bytes" => ("process.memory.virtual", "By"),
        "process_open_fds" => ("process.unix.file_descriptor.count", "{file_descriptor}"),
        "process_threads" => ("process.thread.count", "{thread}"),
        _ => {
            let own = name.strip_prefix("vedette_")?;
            let unit = match own.rsplit('_').next() {
                Some("bytes") => "By",
                Some("seconds") => "s",
                _ => "1",
            };
            return Some((format!("vedette.{own}"), unit));
        }
    };
    Some((standard.0.to_owned(), standard.1))
}

/// The lines of each set of labels as one point: their counts up to each bound become counts between the bounds.
fn histograms(family: &Family, origin: &Origin, now_ns: u64) -> Vec<Value> {
    let of = |ending: &str, labels: &[Value]| {
        let lines = family.samples.iter().filter(|line| line.ending == ending);
        lines.filter(|line| attributes(line) == labels).cloned().collect::<Vec<Sample>>()
    };
    let totals = family.samples.iter().filter(|line| line.ending == "_count");
    let point = |total: &Sample| {
        let labels = attributes(total);
        let (mut bounds, mut counts, mut below) = (Vec::new(), Vec::new(), 0.0);
        for bucket in of("_bucket", &labels) {
            counts.push(((bucket.value - below) as u64).to_string());
            below = bucket.value;
            bounds.extend(bucket.label("le").parse::<f64>().ok().filter(|le| le.is_finite()));
        }
        let sum = of("_sum", &labels).first().map_or(0.0, |line| line.value);
        json!({
            "attributes": labels,
            "startTimeUnixNano": origin.start_ns.to_string(),
            "timeUnixNano": now_ns.to_string(),
            "count": (total.value as u64).to_string(),
            "sum": sum,
            "explicitBounds": bounds,
            "bucketCounts": counts,
        })
    };
    totals.map(point).collect()
}

/// The labels, without a bucket's bound.
fn attributes(sample: &Sample) -> Vec<Value> {
    let labels = sample.labels.iter().filter(|(name, _)| name != "le");
    labels.map(|(name, value)| text(name, value)).collect()
}

fn text(key: &str, value: &str) -> Value {
    json!({"key": key, "value": {"stringValue": value}})
}

/// A request for `/v1/traces`: each answered request is a trace of one span.
pub(super) fn spans(origin: &Origin, answered: &[Answered]) -> String {
    let spans: Vec<Value> = answered.iter().map(span).collect();
    let scope = json!({"scope": origin.scope(), "spans": spans});
    json!({"resourceSpans": [{"resource": origin.resource(), "scopeSpans": [scope]}]}).to_string()
}

fn span(request: &Answered) -> Value {
    let took_ns = u64::try_from(request.took.as_nanos()).unwrap_or(u64::MAX);
    let status = if request.status >= 500 { json!({"code": ERROR}) } else { json!({}) };
    json!({
        "traceId": random_hex::<16>(),
        "spanId": random_hex::<8>(),
        "name": format!("{} {}", request.method, request.route),
        "kind": SERVER,
        "startTimeUnixNano": request.began.0.to_string(),
        "endTimeUnixNano": request.began.0.saturating_add(took_ns).to_string(),
        "attributes": [
            text("http.request.method", request.method),
            text("http.route", &request.route),
            {"key": "http.response.status_code", "value": {"intValue": request.status.to_string()}},
        ],
        "status": status,
    })
}

fn random_hex<const N: usize>() -> String {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the operating system gives random bytes");
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use daemon::{clock::UnixNanos, metrics::Metrics};
    use prometheus_client::metrics::{family::Family as Labelled, histogram::Histogram};

    use super::*;

    const ORIGIN: fn() -> Origin =
        || Origin { version: "0.1.0", host: "h1".to_owned(), start_ns: 1_000 };

    fn of(families: &[Family], name: &str) -> Value {
        let body: Value = serde_json::from_str(&metrics(&ORIGIN(), families, 2_000)).unwrap();
        let metrics = &body["resourceMetrics"][0]["scopeMetrics"][0]["metrics"];
        let found = metrics.as_array().unwrap().iter().find(|metric| metric["name"] == name);
        found.unwrap_or_else(|| panic!("no {name} in {metrics}")).clone()
    }

    #[test]
    fn a_process_tells_its_use_by_the_names_of_the_conventions() {
        let families = Metrics::new().samples();
        let cpu = of(&families, "process.cpu.time");
        assert_eq!((&cpu["unit"], &cpu["sum"]["isMonotonic"]), (&json!("s"), &json!(true)));
        assert_eq!(cpu["sum"]["dataPoints"][0]["startTimeUnixNano"], "1000");
        let memory = of(&families, "process.memory.usage");
        assert!(memory["sum"]["dataPoints"][0]["asDouble"].as_f64().unwrap() > 1e6);
    }

    #[test]
    fn counts_up_to_each_bound_become_counts_between_them() {
        let mut metrics = Metrics::new();
        let new: fn() -> Histogram = || Histogram::new([0.5, 2.0]);
        let seconds =
            Labelled::<[(&str, &str); 1], Histogram, fn() -> Histogram>::new_with_constructor(new);
        metrics.registry().register("took_seconds", "How long", seconds.clone());
        for value in [0.1, 0.2, 1.0, 9.0] {
            seconds.get_or_create(&[("route", "/a")]).observe(value);
        }
        seconds.get_or_create(&[("route", "/b")]).observe(1.0);
        let took = of(&metrics.samples(), "vedette.took_seconds");
        let points = took["histogram"]["dataPoints"].as_array().unwrap();
        let a = points
            .iter()
            .find(|point| point["attributes"] == json!([text("route", "/a")]))
            .unwrap();
        assert_eq!(a["bucketCounts"], json!(["2", "1", "1"]));
        assert_eq!((&a["explicitBounds"], &a["count"]), (&json!([0.5, 2.0]), &json!("4")));
        assert_eq!((points.len(), &took["unit"]), (2, &json!("s")));
    }

    #[test]
    fn a_request_is_a_trace_of_one_span() {
        let request = Answered {
            method: "GET",
            route: "/api/v1/traces/{trace_id}".to_owned(),
            status: 503,
            began: UnixNanos(5_000),
            took: Duration::from_nanos(70),
        };
        let body: Value =
            serde_json::from_str(&spans(&ORIGIN(), &[request.clone(), request])).unwrap();
        let told = &body["resourceSpans"][0]["scopeSpans"][0]["spans"];
        assert_eq!(told[0]["name"], "GET /api/v1/traces/{trace_id}");
        assert_eq!(
            (&told[0]["endTimeUnixNano"], &told[0]["status"]["code"]),
            (&json!("5070"), &json!(2))
        );
        assert_eq!(told[0]["traceId"].as_str().unwrap().len(), 32);
        assert_ne!(told[0]["traceId"], told[1]["traceId"]);
    }
}
