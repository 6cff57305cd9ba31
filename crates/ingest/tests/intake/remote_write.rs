//! Prometheus remote write, by its specifications 1.0 and 2.0. What the series become is the converter's own test.

use http::StatusCode;
use ingest::intake::Topic;
use prost::Message;

use crate::{
    accepted::items,
    fixture::{Fixture, NOW, PROTOBUF, post},
};

const PATH: &str = "/prometheus/api/v1/write";
const V2: &str = "application/x-protobuf;proto=io.prometheus.write.v2.Request";
const NOW_MS: i64 = (NOW / 1_000_000) as i64;

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
    #[prost(message, repeated, tag = "4")]
    histograms: Vec<Histogram>,
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

#[derive(Clone, PartialEq, Message)]
struct Histogram {
    #[prost(uint64, tag = "1")]
    count: u64,
    #[prost(int32, tag = "14")]
    reset_hint: i32,
    #[prost(int64, tag = "15")]
    timestamp: i64,
}

#[derive(Clone, PartialEq, Message)]
struct RequestV2 {
    #[prost(string, repeated, tag = "4")]
    symbols: Vec<String>,
    #[prost(message, repeated, tag = "5")]
    timeseries: Vec<TimeSeriesV2>,
}

#[derive(Clone, PartialEq, Message)]
struct TimeSeriesV2 {
    #[prost(uint32, repeated, tag = "1")]
    labels_refs: Vec<u32>,
    #[prost(message, repeated, tag = "2")]
    samples: Vec<Sample>,
    #[prost(message, repeated, tag = "3")]
    histograms: Vec<Histogram>,
}

fn series(name: &str, times: &[i64]) -> TimeSeries {
    let label = |name: &str, value: &str| Label { name: name.to_owned(), value: value.to_owned() };
    TimeSeries {
        labels: vec![label("__name__", name), label("job", "api"), label("instance", "a:80")],
        samples: times.iter().map(|&timestamp| Sample { value: 1.5, timestamp }).collect(),
        histograms: Vec::new(),
    }
}

fn snapped(message: &impl Message) -> Vec<u8> {
    snap::raw::Encoder::new().compress_vec(&message.encode_to_vec()).unwrap()
}

fn points(fixture: &Fixture) -> usize {
    let batches = fixture.journal.take();
    let slices = batches.iter().flat_map(|batch| {
        assert_eq!(batch.topic, Topic::Metrics);
        &batch.slices
    });
    slices.map(|slice| items(Topic::Metrics, &slice.bytes)).sum()
}

#[tokio::test]
async fn samples_are_taken_and_answered_without_a_body() {
    let fixture = Fixture::new();
    let request = WriteRequest {
        timeseries: vec![series("up", &[NOW_MS, NOW_MS + 1000]), series("work_total", &[NOW_MS])],
    };
    let answer = fixture.send(post(PATH, PROTOBUF, "snappy", snapped(&request))).await;
    assert_eq!((answer.status, answer.body.len()), (StatusCode::NO_CONTENT, 0), "{answer:?}");
    assert_eq!(answer.header("x-prometheus-remote-write-samples-written"), "3");
    assert_eq!(points(&fixture), 3);
    let counted =
        r#"vedette_intake_accepted_items_total{signal="metrics",transport="remote write"}"#;
    let counted = counted.trim_start_matches("vedette_");
    assert_eq!(fixture.metric(counted), "3");
    // Metadata alone, as Prometheus sends them every minute.
    let answer =
        fixture.send(post(PATH, PROTOBUF, "snappy", snapped(&WriteRequest::default()))).await;
    assert_eq!(answer.status, StatusCode::NO_CONTENT);
    fixture.assert_still_works().await;
}

#[tokio::test]
async fn version_2_is_told_how_much_of_each_kind_was_written() {
    let fixture = Fixture::new();
    let histogram = |reset_hint| Histogram { count: 1, reset_hint, timestamp: NOW_MS };
    let request = RequestV2 {
        symbols: ["", "__name__", "latency"].map(str::to_owned).to_vec(),
        timeseries: vec![
            TimeSeriesV2 {
                labels_refs: vec![1, 2],
                samples: vec![Sample { value: 2.0, timestamp: NOW_MS }],
                histograms: Vec::new(),
            },
            TimeSeriesV2 {
                labels_refs: vec![1, 2],
                samples: Vec::new(),
                histograms: vec![histogram(0), histogram(0)],
            },
        ],
    };
    let answer = fixture.send(post(PATH, V2, "snappy", snapped(&request))).await;
    assert_eq!(answer.status, StatusCode::NO_CONTENT, "{answer:?}");
    assert_eq!(answer.header("x-prometheus-remote-write-samples-written"), "1");
    assert_eq!(answer.header("x-prometheus-remote-write-histograms-written"), "2");
    assert_eq!(answer.header("x-prometheus-remote-write-exemplars-written"), "0");
    assert_eq!(points(&fixture), 3);

    let mut request = request;
    request.timeseries[1].histograms.push(histogram(3));
    let answer = fixture.send(post(PATH, V2, "snappy", snapped(&request))).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    let text = std::str::from_utf8(&answer.body).unwrap();
    assert!(text.contains("refused 1 of 4 data points: 1 are gauge histograms"), "{text}");
    assert_eq!(points(&fixture), 3, "the rest is written");
}

#[tokio::test]
async fn a_sample_that_is_too_old_is_refused_for_good_and_the_others_are_written() {
    let fixture = Fixture::new();
    let request = WriteRequest { timeseries: vec![series("up", &[NOW_MS, 5])] };
    let answer = fixture.send(post(PATH, PROTOBUF, "snappy", snapped(&request))).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    assert_eq!(answer.header("x-prometheus-remote-write-samples-written"), "1");
    let text = std::str::from_utf8(&answer.body).unwrap();
    assert!(text.contains("older than what this server keeps"), "{text}");
    assert_eq!(points(&fixture), 1);
}

#[tokio::test]
async fn what_is_no_remote_write_is_refused_in_words() {
    let fixture = Fixture::new();
    let body = snapped(&WriteRequest { timeseries: vec![series("up", &[NOW_MS])] });
    for (content_type, coding, body, status, says) in [
        ("application/json", "snappy", body.clone(), 415, "the content type must be"),
        (
            "application/x-protobuf;proto=other.Message",
            "snappy",
            body.clone(),
            415,
            "the content type",
        ),
        (PROTOBUF, "gzip", body.clone(), 415, "compressed with snappy"),
        (PROTOBUF, "snappy", b"no snappy".to_vec(), 400, "not valid Snappy"),
        (PROTOBUF, "snappy", body[..body.len() - 3].to_vec(), 400, "not valid Snappy"),
        (V2, "snappy", snapped(&WriteRequest { timeseries: vec![series("up", &[1])] }), 204, ""),
    ] {
        let answer = fixture.send(post(PATH, content_type, coding, body)).await;
        assert_eq!(answer.status.as_u16(), status, "{content_type} {coding}: {answer:?}");
        let text = std::str::from_utf8(&answer.body).unwrap();
        assert!(text.contains(says), "{text}");
        if status != 204 {
            assert_eq!(answer.header("content-type"), "text/plain; charset=utf-8");
        } else {
            // Of the other message nothing is understood, which the counts tell.
            assert_eq!(answer.header("x-prometheus-remote-write-samples-written"), "0");
        }
    }
    fixture.assert_still_works().await;
}
