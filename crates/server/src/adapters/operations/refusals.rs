//! What was refused since the start, from the process's own figures, with what to do about each.

use api_types::Refusal;
use daemon::metrics::Family;

/// The most first.
pub(super) fn of(families: &[Family]) -> Vec<Refusal> {
    let mut refusals = Vec::new();
    for family in families {
        let (counted, label) = match family.name.as_str() {
            "vedette_intake_refused_items" => ("items", "reason"),
            "vedette_intake_requests" => ("requests", "result"),
            _ => continue,
        };
        for sample in &family.samples {
            let reason = sample.label(label);
            if reason == "ok" || sample.value < 1.0 {
                continue;
            }
            refusals.push(Refusal {
                signal: sample.label("signal").to_owned(),
                reason: reason.to_owned(),
                counted: counted.to_owned(),
                count: sample.value as u64,
                remedy: remedy(counted, reason).to_owned(),
            });
        }
    }
    refusals = merged(refusals);
    refusals.sort_by(|a, b| b.count.cmp(&a.count).then(a.reason.cmp(&b.reason)));
    refusals
}

/// One for each signal and reason, however it came.
fn merged(mut refusals: Vec<Refusal>) -> Vec<Refusal> {
    let key = |refusal: &Refusal| {
        (refusal.counted.clone(), refusal.reason.clone(), refusal.signal.clone())
    };
    refusals.sort_by_key(key);
    refusals.dedup_by(|next, first| {
        let same = key(next) == key(first);
        first.count += if same { next.count } else { 0 };
        same
    });
    refusals
}

fn remedy(counted: &str, reason: &str) -> &'static str {
    match (counted, reason) {
        (_, "trace_id" | "span_id" | "parent_span_id") => {
            "The sender makes ids that are none: update its agent or exporter."
        }
        (_, "no_time") => "The sender leaves times out: update its agent or exporter.",
        (_, "ahead") => "The sender's clock is more than 10 minutes ahead: set it (NTP).",
        (_, "too_old") => {
            "Older than what is kept by the minute: a sender's clock is behind, or it sends what waited too long. \
             retention-minutes says how old data may be."
        }
        (_, "not_utf8" | "malformed") => {
            "The sender's exporter, or something between it and here, damages the data."
        }
        (_, "too_deep") => "Attribute values are nested too deeply: send plain values.",
        ("items", "too_big") => {
            "One record is larger than 896 KiB with its resource: shorten its attributes."
        }
        (_, "too_big") => {
            "A body is larger than max-body-bytes or max-inflated-bytes: send smaller batches, or raise the setting."
        }
        (_, "no_name" | "buckets" | "temporality" | "gauge_histogram") => {
            "The metric is not one of OpenTelemetry's kinds as the protocol has them: update the exporter."
        }
        (_, "application_streams" | "account_streams") => {
            "Too many metric series: drop attributes that take ever new values in the agent or Collector."
        }
        (_, "memory_for_streams") => {
            "Too many metric series for the memory there is: set memory-limit higher, or drop attributes."
        }
        (_, "no_key" | "unknown_key") => {
            "Set OTEL_EXPORTER_OTLP_HEADERS to x-api-key=<key>, with an enabled key of the page Access keys."
        }
        (_, "wrong_path" | "wrong_method" | "wrong_content_type" | "wrong_encoding") => {
            "Not an OTLP exporter, or one with a wrong endpoint: Last attempts says who asked for what."
        }
        (_, "too_slow") => "A body came too slowly and was given up; agents send it again.",
        (_, "no_room" | "journal_busy") => {
            "More came than memory has room for; agents send it again. If it stays so, give more cores or memory."
        }
        (_, "journal_full") => {
            "The journal or the disk was full; agents send it again. The limits above say which."
        }
        (_, "journal_unavailable") => {
            "The disk failed while data were written; agents send it again. Vedette's log says how."
        }
        _ => "Vedette's log says more.",
    }
}

#[cfg(test)]
mod tests {
    use daemon::metrics::{Kind, Sample};

    use super::*;

    fn family(name: &str, samples: &[(&[(&str, &str)], f64)]) -> Family {
        let sample = |(labels, value): &(&[(&str, &str)], f64)| Sample {
            ending: "_total".to_owned(),
            labels: labels.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect(),
            value: *value,
        };
        Family {
            name: name.to_owned(),
            help: String::new(),
            kind: Kind::Counter,
            samples: samples.iter().map(sample).collect(),
        }
    }

    #[test]
    fn what_was_refused_is_told_once_for_each_reason() {
        let grpc = [("signal", "traces"), ("transport", "grpc"), ("reason", "too_old")];
        let http = [("signal", "traces"), ("transport", "http/json"), ("reason", "too_old")];
        let ok = [("signal", "traces"), ("transport", "grpc"), ("result", "ok")];
        let full = [("signal", "logs"), ("transport", "grpc"), ("result", "journal_full")];
        let told = of(&[
            family("vedette_intake_refused_items", &[(&grpc, 3.0), (&http, 4.0)]),
            family("vedette_intake_requests", &[(&ok, 900.0), (&full, 9.0)]),
            family("vedette_spans", &[(&ok, 7.0)]),
        ]);
        let told: Vec<(&str, &str, &str, u64)> = told
            .iter()
            .map(|r| (r.signal.as_str(), r.reason.as_str(), r.counted.as_str(), r.count))
            .collect();
        assert_eq!(
            told,
            [("logs", "journal_full", "requests", 9), ("traces", "too_old", "items", 7)]
        );
    }

    #[test]
    fn every_reason_of_intake_has_a_remedy_of_its_own() {
        let unknown = remedy("items", "?");
        for refusal in ingest::otlp::slice::Refusal::ALL {
            assert_ne!(remedy("items", refusal.name()), unknown, "{}", refusal.name());
        }
    }
}
