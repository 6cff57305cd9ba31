//! What the zero-code agent of .NET is documented to report: this is not recorded. The agent could not be had where this was
//! written, so the spans follow the sources that make them: `open-telemetry/opentelemetry-dotnet-instrumentation` 1.16
//! (`Instrumentations/Kafka/KafkaInstrumentation.cs`, `Instrumentations/RabbitMqLegacy/RabbitMqInstrumentation.cs`,
//! `docs/config.md`), `open-telemetry/opentelemetry-dotnet-contrib` 1.18 (`HttpInListener.cs`,
//! `HttpHandlerDiagnosticListener.cs`, `SqlTelemetryHelper.cs`, `EntityFrameworkDiagnosticListener.cs`,
//! `RedisProfilerEntryToActivityConverter.cs`, `GrpcClientDiagnosticListener.cs`), `npgsql/npgsql` (`NpgsqlActivitySource.cs`),
//! `mysql-net/MySqlConnector` (`ActivitySourceHelper.cs`), `rabbitmq/rabbitmq-dotnet-client` 7 (`RabbitMQActivitySource.cs`) and
//! `MassTransit/MassTransit` 8 (`LogContextActivityExtensions.cs`, `DiagnosticHeaders.cs`). What the CLR measures is in
//! [`crate::pipeline::metrics`]'s tests.

use model::{entity::EntityKind, figure::Scope};

use super::{
    agent::Agent,
    documented::{play, totals, transactions},
};

fn dotnet(tier: &str) -> Agent {
    Agent::new(tier)
        .with("service.instance.id", "0b8d6a52-2f2a-4d0e-8b5f-6c9d0a4f7e21")
        .with("telemetry.sdk.language", "dotnet")
        .with("telemetry.sdk.name", "opentelemetry")
        .with("telemetry.sdk.version", "1.17.0")
        .with("telemetry.distro.name", "opentelemetry-dotnet-instrumentation")
        .with("telemetry.distro.version", "1.16.0")
        .with("process.runtime.name", ".NET")
        .with("process.runtime.version", "9.0.4")
}

#[test]
fn a_request_through_aspnet_core_is_one_transaction_with_the_calls_that_it_makes() {
    let bench = play(
        dotnet,
        "
shop SRV 'GET orders/{id}' Microsoft.AspNetCore http.request.method=GET http.route=orders/{id} url.path=/orders/7 url.scheme=http server.address=shop server.port=8080 network.protocol.version=1.1 http.response.status_code=200 user_agent.original=curl/8
  shop CLI shop OpenTelemetry.Instrumentation.EntityFrameworkCore db.system=mssql db.name=shop peer.service=db1 'db.statement=SELECT * FROM orders'
    shop CLI shop OpenTelemetry.Instrumentation.SqlClient db.system.name=microsoft.sql_server db.namespace=shop server.address=db1 'db.query.text=SELECT * FROM orders'
  shop CLI HGET OpenTelemetry.Instrumentation.StackExchangeRedis db.system=redis db.redis.database_index=0 server.address=cache server.port=6379
  shop CLI GET System.Net.Http http.request.method=GET url.full=http://stock:8080/items/7 server.address=stock server.port=8080 http.response.status_code=200
    shop INT 'HTTP wait_for_connection stock:8080' Experimental.System.Net.Http.Connections
    stock SRV 'GET items/{id}' Microsoft.AspNetCore http.request.method=GET http.route=items/{id} url.path=/items/7 http.response.status_code=200
      stock CLI stock Npgsql db.system=postgresql db.name=stock 'db.connection_string=Host=pg;Database=stock' net.transport=ip_tcp net.peer.ip=10.0.0.3 net.peer.name=pg
  shop CLI shop.Price/Ask OpenTelemetry.Instrumentation.GrpcNetClient rpc.system.name=grpc rpc.method=shop.Price/Ask rpc.response.status_code=OK server.address=price server.port=5001
    shop CLI POST System.Net.Http http.request.method=POST url.full=http://price:5001/shop.Price/Ask server.address=price server.port=5001 http.response.status_code=200
      price SRV shop.Price/Ask Microsoft.AspNetCore http.request.method=POST http.route=/shop.Price/Ask url.path=/shop.Price/Ask http.response.status_code=200 rpc.system.name=grpc rpc.method=shop.Price/Ask",
    );
    assert_eq!(transactions(&bench), ["HTTP GET /orders/{id} 1"]);
    assert_eq!(
        totals(&bench, Scope::Edge),
        [
            "shop > microsoft.sql_server db1:1433/shop 1",
            "shop > price 1",
            "shop > redis cache:6379 1",
            "shop > stock 1",
            "stock > postgresql pg:5432/stock 1",
        ]
    );
    assert_eq!(
        totals(&bench, Scope::Endpoint),
        [
            "GET /items/{id} > stock-host 1",
            "GET /orders/{id} > shop-host 1",
            "shop.Price/Ask > price-host 1",
        ]
    );
    let nodes = bench.entities(EntityKind::Node);
    assert!(nodes.iter().all(|node| node.properties.agent == "opentelemetry dotnet 1.17.0"));
}

#[test]
fn databases_of_one_name_at_two_servers_are_two() {
    // Without a span of the driver below, Entity Framework's is all that is known.
    let bench = play(
        dotnet,
        "
shop SRV 'GET orders' Microsoft.AspNetCore http.request.method=GET http.route=orders url.path=/orders http.response.status_code=200
  shop CLI shop OpenTelemetry.Instrumentation.EntityFrameworkCore db.system=firebird db.name=shop peer.service=db1
  shop CLI shop OpenTelemetry.Instrumentation.EntityFrameworkCore db.system=firebird db.name=shop peer.service=db2",
    );
    assert_eq!(
        totals(&bench, Scope::Edge),
        ["shop > firebirdsql db1 shop 1", "shop > firebirdsql db2 shop 1"]
    );
}

#[test]
fn a_controllers_route_without_words_is_named_by_its_path() {
    // The pattern that every project made from the MVC template has, and the fallback of a single-page application.
    let bench = play(
        dotnet,
        "
shop SRV 'GET {controller=Home}/{action=Index}/{id?}' Microsoft.AspNetCore http.request.method=GET http.route={controller=Home}/{action=Index}/{id?} url.path=/Cart/Show/7 http.response.status_code=200

shop SRV 'GET {controller=Home}/{action=Index}/{id?}' Microsoft.AspNetCore http.request.method=GET http.route={controller=Home}/{action=Index}/{id?} url.path=/ http.response.status_code=200

shop SRV 'GET {*path:nonfile}' Microsoft.AspNetCore http.request.method=GET http.route={*path:nonfile} url.path=/account/orders http.response.status_code=200",
    );
    assert_eq!(
        transactions(&bench),
        ["HTTP GET / 1", "HTTP GET /Cart/Show 1", "HTTP GET /account/orders 1"]
    );
}

#[test]
fn a_kafka_consumer_starts_its_own_transaction() {
    // The agent's consumers have links, no parent.
    let bench = play(
        dotnet,
        "
shop SRV 'POST orders' Microsoft.AspNetCore http.request.method=POST http.route=orders url.path=/orders http.response.status_code=202
  shop PROD 'orders publish' OpenTelemetry.AutoInstrumentation.Kafka messaging.operation=publish messaging.system=kafka messaging.destination.name=orders messaging.client_id=rdkafka-1 messaging.kafka.destination.partition=0

fulfil CONS 'orders receive' OpenTelemetry.AutoInstrumentation.Kafka messaging.operation=receive messaging.system=kafka messaging.destination.name=orders messaging.kafka.consumer.group=fulfil messaging.kafka.message.offset=4",
    );
    assert_eq!(totals(&bench, Scope::Edge), ["kafka orders > fulfil 1", "shop > kafka orders 1"]);
    assert_eq!(transactions(&bench), ["HTTP POST /orders 1", "MESSAGING orders receive 1"]);
}

#[test]
fn the_default_exchange_of_rabbitmq_is_not_one_queue() {
    let bench = play(
        dotnet,
        "
shop SRV 'POST orders' Microsoft.AspNetCore http.request.method=POST http.route=orders url.path=/orders http.response.status_code=202
  shop PROD 'jobs publish' OpenTelemetry.AutoInstrumentation.RabbitMq messaging.system=rabbitmq messaging.operation=publish messaging.destination.name=amq.default messaging.rabbitmq.destination.routing_key=jobs server.address=mq server.port=5672
  shop PROD 'publish mails' RabbitMQ.Client.Publisher messaging.system=rabbitmq messaging.operation.type=send messaging.operation.name=publish messaging.destination.name=amq.default messaging.rabbitmq.destination.routing_key=mails server.address=mq server.port=5672

mailer CONS 'jobs deliver' OpenTelemetry.AutoInstrumentation.RabbitMq messaging.system=rabbitmq messaging.operation=deliver messaging.destination.name=amq.default messaging.rabbitmq.destination.routing_key=jobs

mailer CONS 'deliver mails' RabbitMQ.Client.Subscriber messaging.system=rabbitmq messaging.operation.type=process messaging.operation.name=deliver messaging.destination.name=amq.default messaging.rabbitmq.destination.routing_key=mails",
    );
    assert_eq!(
        totals(&bench, Scope::Edge),
        [
            "rabbitmq jobs > mailer 1",
            "rabbitmq mails > mailer 1",
            "shop > rabbitmq jobs 1",
            "shop > rabbitmq mails 1",
        ]
    );
}

#[test]
fn a_rabbitmq_client_that_found_its_queue_empty_received_nothing() {
    let bench = play(
        dotnet,
        "
mailer CONS 'fetch (empty) mails' RabbitMQ.Client.Subscriber messaging.system=rabbitmq messaging.operation.type=receive 'messaging.operation.name=fetch (empty)' messaging.destination.name=amq.default

mailer CONS 'fetch mails' RabbitMQ.Client.Subscriber messaging.system=rabbitmq messaging.operation.type=receive messaging.operation.name=fetch messaging.destination.name=amq.default messaging.rabbitmq.destination.routing_key=mails",
    );
    assert_eq!(totals(&bench, Scope::Edge), ["rabbitmq mails > mailer 1"]);
    assert_eq!(totals(&bench, Scope::Tier), ["mailer > - 1"]);
}

#[test]
fn masstransit_names_no_system_where_it_receives_and_meets_its_producer_all_the_same() {
    let bench = play(
        dotnet,
        "
shop SRV 'POST orders' Microsoft.AspNetCore http.request.method=POST http.route=orders url.path=/orders http.response.status_code=202
  shop PROD 'submit-order send' MassTransit messaging.operation=send messaging.system=rabbitmq messaging.destination.name=submit-order messaging.masstransit.destination_address=rabbitmq://mq/submit-order
    fulfil CONS 'submit-order receive' MassTransit messaging.operation=receive messaging.destination.name=submit-order messaging.masstransit.input_address=rabbitmq://mq/submit-order
      fulfil CONS 'submit-order process' MassTransit messaging.operation=process messaging.masstransit.consumer_type=SubmitOrderConsumer messaging.masstransit.destination_address=rabbitmq://mq/submit-order
        fulfil CLI Execute MySqlConnector db.system=mysql db.name=shop net.transport=ip_tcp net.peer.name=db1 net.peer.port=3306",
    );
    assert_eq!(
        totals(&bench, Scope::Edge),
        [
            "fulfil > mysql db1:3306/shop 1",
            "rabbitmq submit-order > fulfil 1",
            "shop > rabbitmq submit-order 1",
        ]
    );
    assert_eq!(transactions(&bench), ["HTTP POST /orders 1"]);
    assert_eq!(totals(&bench, Scope::Tier), ["fulfil > - 1", "shop > - 1"]);
}

#[test]
fn an_exception_that_aspnet_core_records_counts_once() {
    let bench = play(
        dotnet,
        "
shop SRV 'GET boom' Microsoft.AspNetCore http.request.method=GET http.route=boom url.path=/boom http.response.status_code=500 error.type=System.InvalidOperationException failed 'raises=System.InvalidOperationException:order 7 is gone'
  shop CLI GET System.Net.Http http.request.method=GET url.full=http://bank:80/ server.address=bank server.port=80 error.type=connection_error failed 'raises=System.Net.Http.HttpRequestException:Connection refused (bank:80)'",
    );
    assert_eq!(
        totals(&bench, Scope::Error),
        [
            "System.InvalidOperationException: order {n} is gone > shop 1",
            "System.Net.Http.HttpRequestException: Connection refused ({id}) > shop 1",
        ]
    );
    assert_eq!(transactions(&bench), ["HTTP GET /boom 1/1"]);
}
