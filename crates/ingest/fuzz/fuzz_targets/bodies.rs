//! What each target does with its bytes. The tests of intake run them too, on a stable toolchain and over a few thousand
//! bodies of their own, so that targets still compile and hold when nobody fuzzes.
#![allow(dead_code, reason = "each target does one of these")]

use std::{
    sync::{Arc, LazyLock},
    time::Duration,
};

use axum::{
    Router,
    body::{Body, Bytes},
};
use daemon::clock::{ManualClock, UnixNanos};
use http::Request;
use http_body_util::BodyExt;
use ingest::{
    intake::{Appending, Batch, Config, Deps, Journal, KeyRule, Keys, Limits},
    otlp::{
        Signal,
        json::to_protobuf,
        limits::AttributeLimits,
        schema::{self, EXPORT_LOGS, EXPORT_METRICS, EXPORT_TRACE},
        slice::{Rules, cut},
        wire::Fields,
    },
    remote_write::{Version, convert},
};
use model::id::{AccountId, PARTITIONS};
use prometheus_client::registry::Registry;
use tokio::runtime::Runtime;
use tower::ServiceExt;

#[path = "../../tests/intake/walk.rs"]
pub(crate) mod walk;

/// Most bytes that a conversion may make.
const CAP: usize = 1 << 20;

/// Any bytes end or are refused, and what was read adds up.
pub(crate) fn wire(bytes: &[u8]) {
    let mut read = 0;
    for entry in Fields::new(bytes, "Fuzzed") {
        match entry {
            Ok(entry) => read += entry.whole.len(),
            Err(error) => {
                assert!(error.at >= read);
                return;
            }
        }
    }
    assert_eq!(read, bytes.len());
}

/// What was cut from any bytes reads without a fault, as the pipeline reads it.
pub(crate) fn cut_and_walk(signal: Signal, request: &[u8]) {
    [PARTITIONS, 1].into_iter().for_each(|partitions| cut_into(signal, request, partitions));
}

fn cut_into(signal: Signal, request: &[u8], partitions: u16) {
    let rules = Rules {
        now_ns: 1_800_000_000_000_000_000,
        // Old enough that a fuzzer need not guess today's time.
        retention: Duration::from_secs(1 << 40),
        max_slice_bytes: 4096,
        partitions,
        limits: AttributeLimits { count: 4, value_bytes: 64 },
    };
    let Ok(cut) = cut(signal, &Bytes::copy_from_slice(request), &rules) else { return };
    let mut items = 0;
    for slice in &cut.slices {
        assert!(slice.bytes.len() <= rules.max_slice_bytes);
        assert_eq!(walk::walk(signal, &slice.bytes), Ok(slice.items));
        items += u64::from(slice.items);
    }
    assert_eq!(items, cut.accepted);
}

/// What any JSON became is protobuf within the cap, and is cut without a fault of the whole.
pub(crate) fn json(json: &[u8]) {
    for (signal, message) in [
        (Signal::Traces, &EXPORT_TRACE),
        (Signal::Metrics, &EXPORT_METRICS),
        (Signal::Logs, &EXPORT_LOGS),
    ] {
        let Ok(request) = to_protobuf(json, message, CAP) else { continue };
        assert!(request.len() <= CAP);
        if let Err(error) = schema::check(&request, message) {
            assert!(error.spares_the_request(), "{error}");
        }
        cut_and_walk(signal, &request);
    }
}

/// What remote writes are converted to is cut and read without a fault, whatever the bytes.
pub(crate) fn remote_write(request: &[u8]) {
    for version in [Version::V1, Version::V2] {
        if let Ok(converted) = convert(version, request, CAP) {
            cut_and_walk(Signal::Metrics, &converted.samples);
            cut_and_walk(Signal::Metrics, &converted.histograms);
        }
    }
}

struct Swallows;

impl Journal for Swallows {
    fn append(&self, _: Batch) -> Appending {
        Box::pin(std::future::ready(Ok(())))
    }
}

impl Keys for Swallows {
    fn account_of(&self, _: &str) -> Option<AccountId> {
        None
    }
}

static SERVED: LazyLock<(Runtime, Router)> = LazyLock::new(|| {
    let limits = Limits { inflated_bytes: 1 << 20, in_flight_bytes: 8 << 20, ..Limits::default() };
    let deps = Deps {
        journal: Arc::new(Swallows),
        keys: Arc::new(Swallows),
        clock: ManualClock::new(UnixNanos::from_secs(1_800_000_000)).shared(),
        memory: daemon::memory::Guard::unlimited(),
        room: ingest::room::Room::default(),
    };
    let intake = Config { limits, ..Config::default() }.build(deps, &mut Registry::default());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
    (runtime.expect("a runtime starts"), intake.router(KeyRule::Optional))
});

const GRPC: &str = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";

/// Any request gets an answer: frames of gRPC, gzip, zstd, content types. The first byte chooses, the rest is the body.
pub(crate) fn intake(bytes: &[u8]) {
    let Some((choice, body)) = bytes.split_first() else { return };
    let coding = ["identity", "gzip", "zstd"][usize::from(choice % 3)];
    let (path, content_type) = [
        ("/v1/traces", "application/x-protobuf"),
        ("/v1/metrics", "application/json"),
        ("/v1/logs", "application/x-protobuf"),
        (GRPC, "application/grpc"),
    ][usize::from(choice / 3 % 4)];
    let request = Request::post(path)
        .header("content-type", content_type)
        .header("content-encoding", coding)
        .header("grpc-encoding", coding)
        .body(Body::from(body.to_vec()))
        .expect("the request is sound but for its body");
    let (runtime, router) = &*SERVED;
    runtime.block_on(async {
        let Ok(response) = router.clone().oneshot(request).await;
        assert_ne!(response.status().as_u16(), 500);
        response.into_body().collect().await.expect("answers are whole");
    });
}
