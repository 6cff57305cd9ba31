//! What one span says: name, kind and 11 or 12 attributes in today's stable OpenTelemetry conventions (databases in
//! the generation before, which most agents still send). Values that differ from span to span are marked, not
//! filled in; `encoding` notes where they lie.

use std::sync::LazyLock;

use super::expected::{CACHE_HOST, database_host, queue_name, service_name};
use super::topology::{Plan, Step, What};
use crate::draws::Draws;

/// Attributes that a span may have beyond its usual ones.
pub(crate) const MAX_FURTHER: usize = 100;

#[derive(Debug, Clone)]
pub(crate) struct SpanText {
    pub(crate) name: String,
    pub(crate) kind: Kind,
    pub(crate) has_parent: bool,
    pub(crate) failed: bool,
    pub(crate) attributes: Vec<Attribute>,
    /// Message of the exception recorded on the span where the failure began.
    pub(crate) exception: Option<&'static str>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Internal = 1,
    Server = 2,
    Client = 3,
    Producer = 4,
    Consumer = 5,
}

impl Kind {
    /// W3C flags with "is remote" known, as current SDKs send them.
    pub(crate) fn flags(self) -> u32 {
        if matches!(self, Kind::Server | Kind::Consumer) { 0x301 } else { 0x101 }
    }
}

pub(crate) type Attribute = (&'static str, Value);

#[derive(Debug, Clone)]
pub(crate) enum Value {
    Text(String),
    Number(u64),
    /// `user-` and eight random digits.
    User,
    /// An IPv4 address in 10/8, three random octets.
    Address,
    /// A path or URL that ends with eight random digits.
    Url(String),
}

const AGENT: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0";

/// The span of `step`, failed or not; `origin` when the failure began here.
pub(crate) fn describe(plan: &Plan, step: &Step, failed: bool, origin: bool) -> SpanText {
    let (name, kind, mut attributes) = match step.what {
        What::Entry | What::Served => server(plan, step, failed),
        What::Call { to } => client(plan, to, failed),
        What::Database => database(step.service),
        What::Cache => cache(),
        What::Publish => message(step.service, Kind::Producer),
        What::Process { from } => message(from, Kind::Consumer),
        What::Internal => internal(plan, step.service),
    };
    attributes.extend(everywhere(step));
    let exception = origin.then_some("connection reset by peer while reading the answer");
    SpanText { name, kind, has_parent: step.parent.is_some(), failed, attributes, exception }
}

fn text(value: impl Into<String>) -> Value {
    Value::Text(value.into())
}

/// What instrumentation and an enriching processor put on each span.
fn everywhere(step: &Step) -> Vec<Attribute> {
    let thread = 20 + (step.service * 3 + step.start_us as usize) % 40;
    vec![
        ("enduser.id", Value::User),
        ("client.address", Value::Address),
        ("thread.id", Value::Number(thread as u64)),
        ("thread.name", text(format!("shop-request-executor-worker-pool-{thread}"))),
    ]
}

/// Keys of what an application's own code adds to its spans.
static FURTHER: LazyLock<Vec<String>> =
    LazyLock::new(|| (0..MAX_FURTHER).map(|number| format!("app.detail.{number:02}")).collect());
/// Values of a further attribute: every second one is one of a few, the others of many.
const FEW: usize = 8;
const MANY: usize = 1_000;

/// So many attributes more.
pub(crate) fn further(count: usize, draws: &mut Draws) -> Vec<Attribute> {
    let attribute = |(number, key): (usize, &'static String)| {
        let values = if number.is_multiple_of(2) { FEW } else { MANY };
        (key.as_str(), text(format!("{key} is {:03}", draws.below(values))))
    };
    FURTHER.iter().take(count).enumerate().map(attribute).collect()
}

fn status(failed: bool) -> Value {
    Value::Number(if failed { 500 } else { 200 })
}

fn path(plan: &Plan, step: &Step) -> String {
    match step.what {
        What::Entry => plan.route.prefix.clone(),
        _ => internal_path(step.service),
    }
}

fn internal_path(service: usize) -> String {
    format!("/internal/v1/service-{service}/")
}

fn server(plan: &Plan, step: &Step, failed: bool) -> (String, Kind, Vec<Attribute>) {
    let method = if step.what == What::Entry { plan.route.method } else { "GET" };
    let prefix = path(plan, step);
    let route = format!("{prefix}{{id}}");
    let attributes = vec![
        ("http.request.method", text(method)),
        ("http.route", text(route.clone())),
        ("url.path", Value::Url(prefix)),
        ("url.scheme", text("http")),
        ("server.address", text(service_name(step.service))),
        ("server.port", Value::Number(8080)),
        ("http.response.status_code", status(failed)),
        ("user_agent.original", text(AGENT)),
    ];
    (format!("{method} {route}"), Kind::Server, attributes)
}

fn client(plan: &Plan, to: usize, failed: bool) -> (String, Kind, Vec<Attribute>) {
    let host = service_name(to);
    let attributes = vec![
        ("http.request.method", text("GET")),
        ("url.full", Value::Url(format!("http://{host}:8080{}", internal_path(to)))),
        ("server.address", text(host)),
        ("server.port", Value::Number(8080)),
        ("http.response.status_code", status(failed)),
        ("network.protocol.version", text("1.1")),
        ("user_agent.original", text("loadgen-http-client/4.12.0 (connection pool; keep-alive)")),
        ("app.request.origin", text(plan.route.name())),
    ];
    ("GET".to_owned(), Kind::Client, attributes)
}

fn database(service: usize) -> (String, Kind, Vec<Attribute>) {
    let table = format!("orders_{service}");
    let statement = format!(
        "SELECT id, state, total, updated_at FROM {table} WHERE owner = $1 AND state = $2 ORDER BY id LIMIT 20"
    );
    let attributes = vec![
        ("db.system", text("postgresql")),
        ("db.name", text("shop")),
        ("db.statement", text(statement)),
        ("db.operation", text("SELECT")),
        ("db.user", text("shop_app")),
        ("server.address", text(database_host(service))),
        ("server.port", Value::Number(5432)),
        ("app.url", Value::Url(internal_path(service))),
    ];
    (format!("SELECT shop.{table}"), Kind::Client, attributes)
}

fn cache() -> (String, Kind, Vec<Attribute>) {
    let attributes = vec![
        ("db.system", text("redis")),
        ("db.statement", text("HMGET session:? user locale currency basket last_seen")),
        ("db.operation", text("HMGET")),
        ("db.redis.database_index", Value::Number(0)),
        ("server.address", text(CACHE_HOST)),
        ("server.port", Value::Number(6379)),
        ("network.transport", text("tcp")),
        ("app.url", Value::Url("/session/".to_owned())),
    ];
    ("HMGET".to_owned(), Kind::Client, attributes)
}

fn message(producer: usize, kind: Kind) -> (String, Kind, Vec<Attribute>) {
    let queue = queue_name(producer);
    let operation = if kind == Kind::Producer { "publish" } else { "process" };
    let attributes = vec![
        ("messaging.system", text("rabbitmq")),
        ("messaging.destination.name", text(queue.clone())),
        ("messaging.operation", text(operation)),
        ("messaging.rabbitmq.destination.routing_key", text(queue.clone())),
        ("messaging.message.body.size", Value::Number(1840)),
        ("server.address", text("queue-0.loadgen.internal")),
        ("server.port", Value::Number(5672)),
        ("app.url", Value::Url("/messages/".to_owned())),
    ];
    (format!("{queue} {operation}"), kind, attributes)
}

fn internal(plan: &Plan, service: usize) -> (String, Kind, Vec<Attribute>) {
    let attributes = vec![
        (
            "code.function.name",
            text(format!("com.example.shop.service{service}.PriceCalculator.applyDiscounts")),
        ),
        ("code.file.path", text("src/main/java/com/example/shop/PriceCalculator.java")),
        ("code.line.number", Value::Number(118)),
        ("app.feature", text("discounts")),
        ("app.request.origin", text(plan.route.name())),
        ("app.currency", text("EUR")),
        ("app.url", Value::Url(internal_path(service))),
    ];
    ("PriceCalculator.applyDiscounts".to_owned(), Kind::Internal, attributes)
}

pub(crate) fn pod_name(service: usize, instance: usize) -> String {
    format!("{}-6c9d7b5f4-{instance:05}", service_name(service))
}

/// Ten resource attributes of one instance.
pub(crate) fn resource(namespace: &str, service: usize, instance: usize) -> Vec<Attribute> {
    let name = service_name(service);
    vec![
        ("service.name", text(name.clone())),
        ("service.namespace", text(namespace)),
        ("service.version", text("4.12.3")),
        (
            "service.instance.id",
            text(format!("5f1d0c9e-7a34-4b7e-9c55-{service:06x}{instance:06x}")),
        ),
        ("deployment.environment.name", text("production")),
        ("k8s.pod.name", text(pod_name(service, instance))),
        ("k8s.namespace.name", text("shop")),
        ("telemetry.sdk.name", text("opentelemetry")),
        ("telemetry.sdk.language", text("java")),
        ("telemetry.sdk.version", text("1.52.0")),
    ]
}
