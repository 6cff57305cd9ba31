//! What the Java agent is documented to report: this is not recorded. The agent could not be had where this was written, so
//! the spans follow its own tests and the list of its telemetry (`open-telemetry/opentelemetry-java-instrumentation`, 2.32):
//! `docs/instrumentation-list.yaml` for scopes, kinds and attributes as sent without any setting, and for the order and
//! parents of spans the tests `RabbitMqTest` (rabbitmq-2.7), `SpringRabbitMqTest` (spring-rabbit-1.0),
//! `AbstractSpringKafkaNoReceiveTelemetryTest` and `AbstractSpringKafkaTest` (spring-kafka-2.7), `SpringSchedulingTest`
//! (spring-scheduling-3.1), `AbstractJdbcInstrumentationTest` (jdbc), `ProcedureCallTest` (hibernate-6.0),
//! `AbstractSpringBootBasedTest` (spring-webmvc-3.1). What the JVM measures is in [`crate::pipeline::metrics`]'s tests.

use model::{entity::EntityKind, figure::Scope};

use super::{
    agent::Agent,
    documented::{play, totals, transactions},
};
use crate::otlp::Signal;

/// The resource of a process under the agent.
fn java(tier: &str) -> Agent {
    Agent::new(tier)
        .with("service.instance.id", "5e2cf3d4-6b1d-4b6e-9d1c-0f6f4b1f6a11")
        .with("deployment.environment.name", "production")
        .with("telemetry.sdk.language", "java")
        .with("telemetry.sdk.name", "opentelemetry")
        .with("telemetry.sdk.version", "1.65.0")
        .with("telemetry.distro.name", "opentelemetry-java-instrumentation")
        .with("telemetry.distro.version", "2.31.0")
        .with("process.runtime.name", "OpenJDK Runtime Environment")
        .with("process.pid", "4711")
}

const CHECKOUT: &str = "
shop SRV 'POST /checkout/{id}' io.opentelemetry.tomcat-10.0 http.request.method=POST http.route=/checkout/{id} url.path=/checkout/7 url.scheme=http http.response.status_code=200 server.address=shop server.port=8080 client.address=10.0.0.9 network.peer.address=10.0.0.9 user_agent.original=curl/8
  shop INT CheckoutController.checkout io.opentelemetry.spring-webmvc-6.0 code.namespace=shop.CheckoutController code.function=checkout
    shop INT OrderRepository.save io.opentelemetry.spring-data-1.8 code.namespace=shop.OrderRepository code.function=save
      shop INT 'Session.persist shop.Order' io.opentelemetry.hibernate-6.0
      shop CLI 'INSERT shop.orders' io.opentelemetry.jdbc db.system=mysql db.name=shop db.user=app db.connection_string=mysql://db1:3307 server.address=db1 server.port=3307 db.operation=INSERT db.sql.table=orders 'db.statement=insert into orders (item) values (?)'
      shop INT Transaction.commit io.opentelemetry.hibernate-6.0
    shop CLI GET io.opentelemetry.lettuce-5.1 db.system=redis db.operation=GET 'db.statement=GET cart' server.address=cache server.port=6379 network.peer.address=10.0.0.5 network.peer.port=6379 network.type=ipv4
    shop CLI GET io.opentelemetry.jedis-4.0 db.system=redis db.operation=GET 'db.statement=GET cart' server.address=cache server.port=6379 network.peer.address=10.0.0.5 network.peer.port=6379
    shop CLI POST io.opentelemetry.java-http-client http.request.method=POST url.full=https://bank.example/pay server.address=bank.example server.port=443 http.response.status_code=503 error.type=503 failed
    shop CLI shop.Stock/Reserve io.opentelemetry.grpc-1.6 rpc.system=grpc rpc.service=shop.Stock rpc.method=Reserve rpc.grpc.status_code=0 server.address=stock server.port=9090
      stock SRV shop.Stock/Reserve io.opentelemetry.grpc-1.6 rpc.system=grpc rpc.service=shop.Stock rpc.method=Reserve rpc.grpc.status_code=0 server.address=stock server.port=9090 network.peer.address=10.0.0.7 network.peer.port=40000
        stock CLI 'SELECT stock' io.opentelemetry.jdbc db.system=h2 db.name=stock db.connection_string=h2:mem: db.operation=SELECT 'db.statement=select * from stock'
    shop CLI GET io.opentelemetry.elasticsearch-rest-7.0 db.system=elasticsearch http.request.method=GET url.full=http://search:9200/items/_search server.address=search server.port=9200
      shop CLI GET io.opentelemetry.apache-httpasyncclient-4.1 http.request.method=GET url.full=http://search:9200/items/_search server.address=search server.port=9200 http.response.status_code=200
";

#[test]
fn a_request_through_spring_is_one_transaction_with_the_calls_that_it_makes() {
    let bench = play(java, CHECKOUT);
    assert_eq!(transactions(&bench), ["HTTP POST /checkout/{id} 1"]);
    assert_eq!(
        totals(&bench, Scope::Edge),
        [
            "shop > bank.example:443 1/1",
            "shop > elasticsearch search:9200 1",
            "shop > mysql db1:3307/shop 1",
            "shop > redis cache:6379 2",
            "shop > stock 1",
            "stock > h2database stock 1",
        ]
    );
    assert_eq!(totals(&bench, Scope::Tier), ["shop > - 1", "stock > - 1"]);
    assert_eq!(
        totals(&bench, Scope::Endpoint),
        ["POST /checkout/{id} > shop-host 1", "shop.Stock/Reserve > stock-host 1"]
    );
}

#[test]
fn an_agents_resource_tells_application_tier_and_node() {
    let bench = play(java, CHECKOUT);
    let names = |kind| {
        let entities = bench.entities(kind);
        let mut names: Vec<_> = entities.iter().map(|entity| entity.key.name.clone()).collect();
        names.sort();
        names
    };
    assert_eq!(names(EntityKind::Application), ["shop-production"]);
    assert_eq!(names(EntityKind::Tier), ["shop", "stock"]);
    assert_eq!(names(EntityKind::Node), ["shop-host", "stock-host"]);
    let node = &bench.entities(EntityKind::Node)[0];
    assert_eq!(node.properties.agent, "opentelemetry java 1.65.0");
}

#[test]
fn kafka_is_a_queue_between_producer_and_consumer() {
    let bench = play(
        java,
        "
shop SRV 'POST /orders' io.opentelemetry.tomcat-10.0 http.request.method=POST http.route=/orders url.path=/orders http.response.status_code=202
  shop PROD 'orders publish' io.opentelemetry.kafka-clients-0.11 messaging.system=kafka messaging.operation=publish messaging.destination.name=orders messaging.client_id=producer-1 messaging.destination.partition.id=0 messaging.kafka.message.offset=41
    fulfil CONS 'orders process' io.opentelemetry.spring-kafka-2.7 messaging.system=kafka messaging.operation=process messaging.destination.name=orders messaging.kafka.consumer.group=fulfil messaging.destination.partition.id=0 messaging.kafka.message.offset=41 'raises=java.lang.IllegalStateException:order 7 is gone' failed
      fulfil CLI 'UPDATE shop.orders' io.opentelemetry.jdbc db.system=mysql db.name=shop server.address=db1 db.connection_string=mysql://db1:3306",
    );
    assert_eq!(
        totals(&bench, Scope::Edge),
        ["fulfil > mysql db1:3306/shop 1", "kafka orders > fulfil 1/1", "shop > kafka orders 1",]
    );
    assert_eq!(transactions(&bench), ["HTTP POST /orders 1"], "its consumer works for it");
    assert_eq!(
        totals(&bench, Scope::Error),
        ["java.lang.IllegalStateException: order {n} is gone > fulfil 1"]
    );
}

#[test]
fn a_batch_that_was_received_counts_by_the_messages_processed() {
    // `otel.instrumentation.messaging.experimental.receive-telemetry.enabled=true`: links only, a trace of its own.
    let bench = play(
        java,
        "
fulfil CONS 'orders receive' io.opentelemetry.kafka-clients-0.11 messaging.system=kafka messaging.operation=receive messaging.destination.name=orders messaging.batch.message_count=2
  fulfil CONS 'orders process' io.opentelemetry.kafka-clients-0.11 messaging.system=kafka messaging.operation=process messaging.destination.name=orders
  fulfil CONS 'orders process' io.opentelemetry.kafka-clients-0.11 messaging.system=kafka messaging.operation=process messaging.destination.name=orders",
    );
    assert_eq!(totals(&bench, Scope::Edge), ["kafka orders > fulfil 2"]);
    assert_eq!(transactions(&bench), ["MESSAGING orders process 2"]);
}

const DECLARE: &str = "
shop SRV 'POST /orders' io.opentelemetry.tomcat-10.0 http.request.method=POST http.route=/orders url.path=/orders http.response.status_code=202
  shop CLI exchange.declare io.opentelemetry.rabbitmq-2.7 messaging.system=rabbitmq network.peer.address=10.0.0.6 network.peer.port=5672 network.type=ipv4
  shop CLI queue.declare io.opentelemetry.rabbitmq-2.7 messaging.system=rabbitmq network.peer.address=10.0.0.6 network.peer.port=5672
  shop CLI queue.bind io.opentelemetry.rabbitmq-2.7 messaging.system=rabbitmq network.peer.address=10.0.0.6 network.peer.port=5672
  shop PROD '<default> publish' io.opentelemetry.rabbitmq-2.7 messaging.system=rabbitmq messaging.operation=publish messaging.destination.name=<default> messaging.rabbitmq.destination.routing_key=jobs network.peer.address=10.0.0.6 network.peer.port=5672

mailer CLI basic.ack io.opentelemetry.rabbitmq-2.7 messaging.system=rabbitmq network.peer.address=10.0.0.6 network.peer.port=5672";

#[test]
fn what_is_said_to_a_broker_about_its_queues_is_no_message() {
    let bench = play(java, DECLARE);
    assert_eq!(totals(&bench, Scope::Edge), ["shop > rabbitmq jobs 1"]);
}

#[test]
fn a_rabbitmq_consumer_meets_its_producer_at_the_queue() {
    let bench = play(
        java,
        "
shop PROD '<default> publish' io.opentelemetry.rabbitmq-2.7 messaging.system=rabbitmq messaging.operation=publish messaging.destination.name=<default> messaging.rabbitmq.destination.routing_key=jobs
  mailer CONS 'jobs process' io.opentelemetry.rabbitmq-2.7 messaging.system=rabbitmq messaging.operation=process messaging.destination.name=<default> messaging.rabbitmq.destination.routing_key=jobs
    mailer CLI SET io.opentelemetry.jedis-4.0 db.system=redis db.operation=SET server.address=cache",
    );
    assert_eq!(
        totals(&bench, Scope::Edge),
        ["mailer > redis cache:6379 1", "rabbitmq jobs > mailer 1", "shop > rabbitmq jobs 1",]
    );
    assert_eq!(totals(&bench, Scope::Tier), ["mailer > - 1"]);
    assert_eq!(transactions(&bench), ["MESSAGING jobs process 1"]);
}

#[test]
fn a_message_that_the_client_hands_to_spring_counts_once() {
    // The client's own span and Spring's both have the producer for a parent, and only Spring's has children.
    let bench = play(
        java,
        "
shop PROD 'orders publish' io.opentelemetry.rabbitmq-2.7 messaging.system=rabbitmq messaging.operation=publish messaging.destination.name=orders messaging.rabbitmq.destination.routing_key=paid
  mailer CONS 'mails process' io.opentelemetry.rabbitmq-2.7 messaging.system=rabbitmq messaging.operation=process messaging.destination.name=orders messaging.rabbitmq.destination.routing_key=paid
  mailer CONS 'paid process' io.opentelemetry.spring-rabbit-1.0 messaging.system=rabbitmq messaging.operation=process messaging.destination.name=paid
    mailer CLI SET io.opentelemetry.jedis-4.0 db.system=redis db.operation=SET server.address=cache",
    );
    assert_eq!(
        totals(&bench, Scope::Edge),
        ["mailer > redis cache:6379 1", "rabbitmq orders > mailer 1", "shop > rabbitmq orders 1",]
    );
    assert_eq!(totals(&bench, Scope::Tier), ["mailer > - 1"]);
    assert_eq!(transactions(&bench), ["MESSAGING paid process 1"]);
}

#[test]
fn a_scheduled_job_is_a_background_transaction_if_it_calls_somebody() {
    let bench = play(
        java,
        "
shop INT CleanUp.run io.opentelemetry.spring-scheduling-3.1 code.namespace=shop.CleanUp code.function=run
  shop CLI 'DELETE shop.carts' io.opentelemetry.jdbc db.system=postgresql db.name=shop server.address=db2 db.connection_string=postgresql://db2:5432

shop INT Heartbeat.run io.opentelemetry.spring-scheduling-3.1 code.namespace=shop.Heartbeat code.function=run",
    );
    assert_eq!(transactions(&bench), ["(BACKGROUND CleanUp.run 1)"]);
    assert_eq!(totals(&bench, Scope::Edge), ["shop > postgresql db2:5432/shop 1"]);
}

#[test]
fn an_exception_of_a_controller_counts_once_with_its_log_record() {
    let mut bench = play(
        java,
        "
shop SRV 'GET /boom' io.opentelemetry.tomcat-10.0 http.request.method=GET http.route=/boom url.path=/boom http.response.status_code=500 error.type=500 failed 'raises=java.lang.RuntimeException:boom 7'
  shop INT BoomController.boom io.opentelemetry.spring-webmvc-6.0 failed 'raises=java.lang.RuntimeException:boom 7'
  shop INT BasicErrorController.error io.opentelemetry.spring-webmvc-6.0",
    );
    let log = java("shop").log(
        (1, 1),
        bench.now_ms - 1000,
        "Servlet.service() threw",
        Some(("java.lang.RuntimeException", "boom 7")),
    );
    bench.send(Signal::Logs, &log);
    bench.settle();
    assert_eq!(totals(&bench, Scope::Error), ["java.lang.RuntimeException: boom {n} > shop 1"]);
    assert_eq!(transactions(&bench), ["HTTP GET /boom 1/1"]);
}
