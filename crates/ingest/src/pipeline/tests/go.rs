//! What Go programs report. The first test plays a recording of one, the Collector. All others are documented output, not
//! recorded: no server could be built where this was written. Their spans follow the sources that make them:
//! `open-telemetry/opentelemetry-go-contrib` 0.70 (`otelhttp/internal/semconv/server.go`, `otelhttp/transport.go`,
//! `otelgrpc/internal/parse.go`), `open-telemetry/opentelemetry-go-instrumentation` 0.24 (the `probe.go` of `net/http`,
//! `google.golang.org/grpc`, `database/sql` and `kafka-go`, and the end-to-end tests beside them), `XSAM/otelsql`
//! (`methods.go`, `rows.go`, `config.go`) and `dnwe/otelsarama` (`test/consumer_test.go`). What the
//! runtime measures is in [`crate::pipeline::metrics`]'s tests.

use model::{entity::EntityKind, figure::Scope};

use super::{
    agent::Agent,
    bench::Bench,
    documented::{play, totals, transactions},
    recorded,
};
use crate::{otlp::Signal, pipeline::Limits};

#[test]
fn a_program_that_works_by_itself_has_a_background_transaction() {
    let bodies = recorded::bodies("go-collector-traces.bin");
    let mut bench = Bench::at(recorded::end_ms(&bodies) + 1000, Limits::default());
    bodies.iter().for_each(|body| bench.send(Signal::Traces, body));
    bench.settle();
    // What only notes that a line was read calls nobody.
    assert_eq!(transactions(&bench), ["(BACKGROUND exporter/enqueue 3)"]);
    assert_eq!(totals(&bench, Scope::Edge), ["gate > localhost:53791 (gate) 3"]);
    assert!(totals(&bench, Scope::Tier).is_empty(), "nobody enters it");
    assert_eq!(bench.entities(EntityKind::Node)[0].key.name, "gate");
}

/// A program with the SDK: it does not name its host.
fn sdk(tier: &str) -> Agent {
    Agent::default()
        .with("service.name", tier)
        .with("service.namespace", "shop")
        .with("telemetry.sdk.language", "go")
        .with("telemetry.sdk.name", "opentelemetry")
        .with("telemetry.sdk.version", "1.45.0")
}

/// A program that eBPF probes watch from outside.
fn probed(tier: &str) -> Agent {
    sdk(tier).with("telemetry.distro.version", "v0.24.0").with("process.runtime.name", "go")
}

#[test]
fn a_program_with_the_sdk_is_counted_by_its_routes_and_methods() {
    let bench = play(
        sdk,
        "
shop SRV 'POST /orders/{id}' go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp http.request.method=POST http.route=/orders/{id} url.path=/orders/7 url.scheme=http server.address=shop server.port=8080 network.peer.address=10.0.0.9 client.address=10.0.0.9 http.response.status_code=201 http.response.body.size=2
  shop CLI 'HTTP GET' go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp http.request.method=GET url.full=http://bank:8081/rate server.address=bank server.port=8081 http.response.status_code=200
    shop CLI http.getconn go.opentelemetry.io/contrib/instrumentation/net/http/httptrace/otelhttptrace net.host.name=bank:8081
      shop CLI http.dns go.opentelemetry.io/contrib/instrumentation/net/http/httptrace/otelhttptrace
  shop CLI shop.Stock/Reserve go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc rpc.system.name=grpc rpc.method=shop.Stock/Reserve rpc.response.status_code=OK server.address=stock server.port=9090
    stock SRV shop.Stock/Reserve go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc rpc.system.name=grpc rpc.method=shop.Stock/Reserve rpc.response.status_code=OK network.peer.address=10.0.0.7 network.peer.port=40000
      stock CLI sql.conn.reset_session github.com/XSAM/otelsql db.system=postgresql server.address=pg
      stock CLI sql.conn.query github.com/XSAM/otelsql db.system=postgresql 'db.statement=select 1' server.address=pg
      stock CLI sql.rows github.com/XSAM/otelsql db.system=postgresql server.address=pg
  shop PROD 'orders publish' github.com/dnwe/otelsarama messaging.system=kafka messaging.operation=publish messaging.destination.kind=topic messaging.destination.name=orders messaging.kafka.destination.partition=0
    fulfil CONS 'orders receive' github.com/dnwe/otelsarama messaging.system=kafka messaging.operation=receive messaging.destination.kind=topic messaging.destination.name=orders messaging.message.id=0",
    );
    assert_eq!(transactions(&bench), ["HTTP POST /orders/{id} 1"]);
    assert_eq!(
        totals(&bench, Scope::Edge),
        [
            "kafka orders > fulfil 1",
            "shop > bank:8081 1",
            "shop > kafka orders 1",
            "shop > stock 1",
            "stock > postgresql pg:5432 1",
        ]
    );
    let nodes = bench.entities(EntityKind::Node);
    let mut names: Vec<_> = nodes.iter().map(|node| node.key.name.as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, ["fulfil", "shop", "stock"], "no host and no sender is named");
}

#[test]
fn a_route_for_all_that_has_none_is_named_by_its_path() {
    // `http.HandleFunc(\"/\", …)` serves every path; Gin, chi and Echo write a wildcard.
    let server = "go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp";
    let request = |route: &str, path: &str| {
        format!(
            "shop SRV x {server} http.request.method=GET http.route={route} url.path={path} http.response.status_code=200"
        )
    };
    let traces = [
        request("/", "/"),
        request("/", "/cart/7"),
        request("/*path", "/stock/7"),
        request("/{rest...}", "/bank/7"),
    ];
    let bench = play(sdk, &traces.join("\n\n"));
    assert_eq!(
        transactions(&bench),
        [
            "HTTP GET / 1",
            "HTTP GET /bank/{id} 1",
            "HTTP GET /cart/{id} 1",
            "HTTP GET /stock/{id} 1"
        ]
    );
}

#[test]
fn a_program_watched_from_outside_is_counted_like_any_other() {
    // The probes tell neither whether a parent is remote nor which database a statement is for, and they write a method's
    // whole name where its service belongs.
    let bench = play(
        probed,
        "
shop SRV 'GET /cart/{id}' go.opentelemetry.io/auto/net/http http.request.method=GET http.route=/cart/{id} url.path=/cart/7 http.response.status_code=200 server.address=shop server.port=8080 network.peer.address=10.0.0.9 network.protocol.version=1.1 flagless
  shop CLI 'SELECT items' go.opentelemetry.io/auto/database/sql 'db.query.text=SELECT * FROM items' db.operation.name=SELECT db.collection.name=items flagless
  shop CLI DB go.opentelemetry.io/auto/database/sql 'db.query.text=DROP TABLE items' flagless
  shop CLI /shop.Stock/Reserve go.opentelemetry.io/auto/google.golang.org/grpc rpc.system=grpc rpc.service=/shop.Stock/Reserve server.address=stock server.port=9090 rpc.grpc.status_code=0 flagless
    stock SRV /shop.Stock/Reserve go.opentelemetry.io/auto/google.golang.org/grpc rpc.system=grpc rpc.service=/shop.Stock/Reserve rpc.grpc.status_code=0 server.address=10.0.0.8 server.port=9090 flagless
  shop PROD 'orders publish' go.opentelemetry.io/auto/github.com/segmentio/kafka-go messaging.system=kafka messaging.operation.type=send messaging.destination.name=orders messaging.batch.message_count=1 flagless
    fulfil CONS 'orders receive' go.opentelemetry.io/auto/github.com/segmentio/kafka-go messaging.system=kafka messaging.operation.type=receive messaging.destination.name=orders messaging.destination.partition.id=0 messaging.consumer.group.name=fulfil flagless",
    );
    assert_eq!(transactions(&bench), ["HTTP GET /cart/{id} 1"]);
    assert_eq!(
        totals(&bench, Scope::Edge),
        [
            "kafka orders > fulfil 1",
            "shop > kafka orders 1",
            "shop > other_sql 2",
            "shop > stock 1",
        ]
    );
    assert_eq!(
        totals(&bench, Scope::Endpoint),
        ["GET /cart/{id} > shop 1", "orders receive > fulfil 1", "shop.Stock/Reserve > stock 1"]
    );
}
