//! Any request gets an answer: frames of gRPC, gzip, zstd, content types. The first byte chooses, the rest is the body.
#![no_main]

use std::sync::{Arc, LazyLock};

use axum::{Router, body::Body};
use daemon::clock::{ManualClock, UnixNanos};
use http::Request;
use http_body_util::BodyExt;
use ingest::intake::{Appending, Batch, Config, Deps, Journal, KeyRule, Keys, Limits};
use libfuzzer_sys::fuzz_target;
use model::id::AccountId;
use prometheus_client::registry::Registry;
use tokio::runtime::Runtime;
use tower::ServiceExt;

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

fuzz_target!(|bytes: &[u8]| {
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
});
