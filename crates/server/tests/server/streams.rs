//! Metric streams beyond a limit: whoever sends them is told, and nobody else.

use std::net::SocketAddr;

use daemon::clock::{Clock as _, SystemClock};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::task::spawn_blocking;

use crate::process::{post, settings, started};

/// What the least memory limit has room for: 13 % of it, at 1536 bytes a stream.
const ROOM: u64 = (256 << 20) / 100 * 13 / 1536;
/// The pipeline works on what was sent within some of these.
const REQUESTS: u64 = 5_000;

/// One point of each of these streams of a service.
fn body(service: &str, streams: std::ops::Range<u64>) -> String {
    let now = SystemClock::new().now().nanos();
    let point = |stream: u64| {
        let attributes = json!([{"key": "id", "value": {"stringValue": stream.to_string()}}]);
        json!({"timeUnixNano": now.to_string(), "asDouble": 1.5, "attributes": attributes})
    };
    let points: Vec<Value> = streams.map(point).collect();
    let resource = json!([{"key": "service.name", "value": {"stringValue": service}}]);
    let metric = json!({"name": "queue.depth", "gauge": {"dataPoints": points}});
    json!({"resourceMetrics": [{
        "resource": {"attributes": resource},
        "scopeMetrics": [{"scope": {"name": "depths"}, "metrics": [metric]}],
    }]})
    .to_string()
}

/// How many points were rejected, and what was said.
fn sent(address: SocketAddr, body: &str) -> (u64, String) {
    let answer = post(address, "/v1/metrics", body);
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    let (_, body) = answer.split_once("\r\n\r\n").expect("it has a body");
    let body: Value = serde_json::from_str(body).expect("it is JSON");
    let partial = &body["partialSuccess"];
    let rejected = partial["rejectedDataPoints"].as_str().map_or(0, |text| text.parse().unwrap());
    (rejected, partial["errorMessage"].as_str().unwrap_or_default().to_owned())
}

/// How many earlier points it says are not kept.
fn untold(message: &str) -> u64 {
    let words: Vec<&str> = message.split(' ').collect();
    let said = words.windows(2).find(|pair| pair[1] == "earlier");
    said.map_or(0, |pair| pair[0].parse().expect("it is a number"))
}

#[tokio::test(flavor = "multi_thread")]
async fn points_of_streams_beyond_a_limit_are_refused_or_told_of_and_known_streams_go_on() {
    let dir = TempDir::new().expect("there is room for a directory");
    let (process, _) = started(settings(&dir, &[("memory-limit", "256MiB")])).await;
    let address = process.otlp[1].expect("it listens");
    let sending = spawn_blocking(move || {
        // Nothing is known yet, and all of it is acknowledged.
        let first = ROOM + 300;
        assert_eq!(sent(address, &body("shop", 0..first)), (0, String::new()));
        let (mut acknowledged, mut told) = (300, 0);
        let refused = (first..first + REQUESTS).find_map(|stream| {
            let both = body("shop", stream..stream + 1);
            let (rejected, message) = sent(address, &both);
            told += untold(&message);
            acknowledged += 1 - rejected;
            (rejected > 0).then_some(message)
        });
        let refused = refused.expect("sooner or later it is known");
        assert!(
            refused.starts_with("refused 1 of 1 data points: 1 are of metric streams beyond"),
            "{refused}"
        );
        assert!(refused.contains("memory-limit"), "{refused}");
        // Known streams go on, beside those that are refused.
        let (rejected, message) = sent(address, &body("shop", ROOM - 1_000..ROOM + 200));
        assert_eq!(rejected, 200, "{message}");
        told += untold(&message);
        // What was under way when the first was refused.
        for _ in 0..REQUESTS {
            if told == acknowledged {
                break;
            }
            let (rejected, message) = sent(address, &body("shop", 0..1));
            assert_eq!(rejected, 0, "{message}");
            told += untold(&message);
        }
        assert_eq!(told, acknowledged, "each point that is not kept was refused or told of");
        assert_eq!(sent(address, &body("shop", 0..1_000)), (0, String::new()));
    });
    sending.await.expect("it holds");
    process.stop().await;
}
