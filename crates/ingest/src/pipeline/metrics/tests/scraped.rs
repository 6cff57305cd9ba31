//! What came by Prometheus remote write, from its message to raw samples.

use prost::Message;
use telemetry_store::{attribute::owned_list, reader::OwnedValue};

use super::*;
use crate::{
    otlp::metrics::RequestView,
    remote_write::{Version, convert},
};

#[derive(Clone, PartialEq, Message)]
struct WriteRequest {
    #[prost(message, repeated, tag = "1")]
    timeseries: Vec<TimeSeries>,
}

#[derive(Clone, PartialEq, Message)]
struct TimeSeries {
    #[prost(message, repeated, tag = "1")]
    labels: Vec<Label>,
    #[prost(message, repeated, tag = "2")]
    samples: Vec<Sample>,
}

#[derive(Clone, PartialEq, Message)]
struct Label {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(string, tag = "2")]
    value: String,
}

#[derive(Clone, PartialEq, Message)]
struct Sample {
    #[prost(double, tag = "1")]
    value: f64,
    #[prost(int64, tag = "2")]
    timestamp: i64,
}

#[test]
fn a_scraped_series_keeps_its_labels_and_every_value_and_its_end() {
    let labels = [("__name__", "level"), ("job", "a/b"), ("instance", "c:90"), ("zone", "z")];
    let label = |(name, value): (&str, &str)| Label { name: name.into(), value: value.into() };
    let values = [1.5, f64::NAN, f64::INFINITY, f64::from_bits(remote_write::ENDED)];
    let sample = |(at, value): (i64, f64)| Sample { value, timestamp: (T as i64 + at) * 1000 };
    let request = WriteRequest {
        timeseries: vec![TimeSeries {
            labels: labels.map(label).to_vec(),
            samples: (0..).zip(values).map(sample).collect(),
        }],
    };
    let made = convert(Version::V1, &request.encode_to_vec(), 1 << 20).expect("it is sound");
    let mut fixture = Fixture::new();
    for resource in RequestView::read(&made.samples).expect("it is OTLP").resources() {
        let raw = resource.expect("it is one").raw;
        fixture.take(raw, &source(1, 1), T as i64 * 1000);
    }
    let series: Vec<_> = fixture.rows.series.iter().collect();
    let [series] = series[..] else { panic!("{series:?}") };
    let text = |(key, value): (&str, &str)| (key.to_owned(), OwnedValue::Str(value.to_owned()));
    let sent = [("instance", "c:90"), ("job", "a/b"), ("zone", "z")].map(text);
    assert_eq!(owned_list(&series.attributes), sent);
    assert_eq!((series.name.as_str(), series.scope.as_str()), ("level", remote_write::SCOPE));
    let kept: Vec<u64> =
        fixture.rows.samples.numbers.iter().map(|one| one.value.to_bits()).collect();
    // The first one counts, and lies where those do.
    assert_eq!(kept, values.map(f64::to_bits)[1..]);
    assert_eq!(fixture.shown("Custom Metrics|level|zone=z"), [(0, 1.5)]);
}
