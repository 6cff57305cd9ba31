//! OTLP's messages for prost, from opentelemetry-proto's `.proto` files, and requests made of them.

use prost::{Message, Oneof};

/// Declares a message with its fields.
macro_rules! message {
    ($name:ident { $($(#[$attr:meta])* $field:ident: $type:ty,)* }) => {
        #[derive(Clone, PartialEq, Message)]
        pub(crate) struct $name { $($(#[$attr])* pub(crate) $field: $type,)* }
    };
}

#[derive(Clone, PartialEq, Oneof)]
pub(crate) enum Value {
    #[prost(string, tag = "1")]
    String(String),
    #[prost(bool, tag = "2")]
    Bool(bool),
    #[prost(int64, tag = "3")]
    Int(i64),
    #[prost(double, tag = "4")]
    Double(f64),
    #[prost(message, tag = "5")]
    Array(ArrayValue),
    #[prost(message, tag = "6")]
    Map(KeyValueList),
    #[prost(bytes, tag = "7")]
    Bytes(Vec<u8>),
}

message!(AnyValue { #[prost(oneof = "Value", tags = "1, 2, 3, 4, 5, 6, 7")] value: Option<Value>, });
message!(ArrayValue { #[prost(message, repeated, tag = "1")] values: Vec<AnyValue>, });
message!(KeyValue {
    #[prost(string, tag = "1")] key: String,
    #[prost(message, optional, tag = "2")] value: Option<AnyValue>,
});
message!(KeyValueList { #[prost(message, repeated, tag = "1")] values: Vec<KeyValue>, });
message!(EntityRef {
    #[prost(string, tag = "1")] schema_url: String,
    #[prost(string, tag = "2")] kind: String,
    #[prost(string, repeated, tag = "3")] id_keys: Vec<String>,
    #[prost(string, repeated, tag = "4")] description_keys: Vec<String>,
});
message!(Resource {
    #[prost(message, repeated, tag = "1")] attributes: Vec<KeyValue>,
    #[prost(uint32, tag = "2")] dropped: u32,
    #[prost(message, repeated, tag = "3")] entities: Vec<EntityRef>,
});
message!(Scope {
    #[prost(string, tag = "1")] name: String,
    #[prost(string, tag = "2")] version: String,
    #[prost(message, repeated, tag = "3")] attributes: Vec<KeyValue>,
    #[prost(uint32, tag = "4")] dropped: u32,
});

message!(TraceRequest { #[prost(message, repeated, tag = "1")] resources: Vec<ResourceSpans>, });
message!(ResourceSpans {
    #[prost(message, optional, tag = "1")] resource: Option<Resource>,
    #[prost(message, repeated, tag = "2")] scopes: Vec<ScopeSpans>,
    #[prost(string, tag = "3")] schema_url: String,
    #[prost(string, tag = "99")] not_known_yet: String,
});
message!(ScopeSpans {
    #[prost(message, optional, tag = "1")] scope: Option<Scope>,
    #[prost(message, repeated, tag = "2")] spans: Vec<Span>,
    #[prost(string, tag = "3")] schema_url: String,
    #[prost(fixed32, tag = "98")] not_known_yet: u32,
});
message!(Span {
    #[prost(bytes, tag = "1")] trace_id: Vec<u8>,
    #[prost(bytes, tag = "2")] span_id: Vec<u8>,
    #[prost(string, tag = "3")] trace_state: String,
    #[prost(bytes, tag = "4")] parent_span_id: Vec<u8>,
    #[prost(string, tag = "5")] name: String,
    #[prost(int32, tag = "6")] kind: i32,
    #[prost(fixed64, tag = "7")] start: u64,
    #[prost(fixed64, tag = "8")] end: u64,
    #[prost(message, repeated, tag = "9")] attributes: Vec<KeyValue>,
    #[prost(uint32, tag = "10")] dropped_attributes: u32,
    #[prost(uint32, tag = "12")] dropped_events: u32,
    #[prost(uint32, tag = "14")] dropped_links: u32,
    #[prost(message, repeated, tag = "11")] events: Vec<Event>,
    #[prost(message, repeated, tag = "13")] links: Vec<Link>,
    #[prost(message, optional, tag = "15")] status: Option<Status>,
    #[prost(fixed32, tag = "16")] flags: u32,
    #[prost(double, repeated, tag = "97")] not_known_yet: Vec<f64>,
});
message!(Event {
    #[prost(fixed64, tag = "1")] time: u64,
    #[prost(string, tag = "2")] name: String,
    #[prost(message, repeated, tag = "3")] attributes: Vec<KeyValue>,
    #[prost(uint32, tag = "4")] dropped: u32,
});
message!(Link {
    #[prost(bytes, tag = "1")] trace_id: Vec<u8>,
    #[prost(bytes, tag = "2")] span_id: Vec<u8>,
    #[prost(string, tag = "3")] trace_state: String,
    #[prost(message, repeated, tag = "4")] attributes: Vec<KeyValue>,
    #[prost(uint32, tag = "5")] dropped: u32,
    #[prost(fixed32, tag = "6")] flags: u32,
});
message!(Status {
    #[prost(string, tag = "2")]
    message: String,
    #[prost(int32, tag = "3")]
    code: i32,
});

message!(LogsRequest { #[prost(message, repeated, tag = "1")] resources: Vec<ResourceLogs>, });
message!(ResourceLogs {
    #[prost(message, optional, tag = "1")] resource: Option<Resource>,
    #[prost(message, repeated, tag = "2")] scopes: Vec<ScopeLogs>,
    #[prost(string, tag = "3")] schema_url: String,
});
message!(ScopeLogs {
    #[prost(message, optional, tag = "1")] scope: Option<Scope>,
    #[prost(message, repeated, tag = "2")] records: Vec<LogRecord>,
    #[prost(string, tag = "3")] schema_url: String,
});
message!(LogRecord {
    #[prost(fixed64, tag = "1")] time: u64,
    #[prost(int32, tag = "2")] severity: i32,
    #[prost(message, optional, tag = "5")] body: Option<AnyValue>,
    #[prost(message, repeated, tag = "6")] attributes: Vec<KeyValue>,
    #[prost(bytes, tag = "9")] trace_id: Vec<u8>,
    #[prost(bytes, tag = "10")] span_id: Vec<u8>,
    #[prost(fixed64, tag = "11")] observed: u64,
});

message!(MetricsRequest { #[prost(message, repeated, tag = "1")] resources: Vec<ResourceMetrics>, });
message!(ResourceMetrics {
    #[prost(message, optional, tag = "1")] resource: Option<Resource>,
    #[prost(message, repeated, tag = "2")] scopes: Vec<ScopeMetrics>,
    #[prost(string, tag = "3")] schema_url: String,
});
message!(ScopeMetrics {
    #[prost(message, optional, tag = "1")] scope: Option<Scope>,
    #[prost(message, repeated, tag = "2")] metrics: Vec<Metric>,
    #[prost(string, tag = "3")] schema_url: String,
});
message!(Metric {
    #[prost(string, tag = "1")] name: String,
    #[prost(string, tag = "2")] description: String,
    #[prost(string, tag = "3")] unit: String,
    #[prost(oneof = "Data", tags = "5, 7, 9, 10, 11")] data: Option<Data>,
    #[prost(message, repeated, tag = "12")] metadata: Vec<KeyValue>,
});

#[derive(Clone, PartialEq, Oneof)]
pub(crate) enum Data {
    #[prost(message, tag = "5")]
    Gauge(Numbers),
    #[prost(message, tag = "7")]
    Sum(Numbers),
    #[prost(message, tag = "9")]
    Histogram(Histogram),
    #[prost(message, tag = "10")]
    Exponential(Exponential),
    #[prost(message, tag = "11")]
    Summary(Summary),
}

message!(Numbers {
    #[prost(message, repeated, tag = "1")] points: Vec<Number>,
    #[prost(int32, tag = "2")] temporality: i32,
    #[prost(bool, tag = "3")] monotonic: bool,
});
message!(Number {
    #[prost(fixed64, tag = "2")] start: u64,
    #[prost(fixed64, tag = "3")] time: u64,
    #[prost(oneof = "NumberValue", tags = "4, 6")] value: Option<NumberValue>,
    #[prost(message, repeated, tag = "7")] attributes: Vec<KeyValue>,
});

#[derive(Clone, PartialEq, Oneof)]
pub(crate) enum NumberValue {
    #[prost(double, tag = "4")]
    Double(f64),
    #[prost(sfixed64, tag = "6")]
    Int(i64),
}

message!(Histogram {
    #[prost(message, repeated, tag = "1")] points: Vec<HistogramPoint>,
    #[prost(int32, tag = "2")] temporality: i32,
});
message!(HistogramPoint {
    #[prost(fixed64, tag = "3")] time: u64,
    #[prost(fixed64, tag = "4")] count: u64,
    #[prost(double, optional, tag = "5")] sum: Option<f64>,
    #[prost(fixed64, repeated, tag = "6")] counts: Vec<u64>,
    #[prost(double, repeated, tag = "7")] bounds: Vec<f64>,
    #[prost(message, repeated, tag = "9")] attributes: Vec<KeyValue>,
});
message!(Exponential {
    #[prost(message, repeated, tag = "1")] points: Vec<ExponentialPoint>,
    #[prost(int32, tag = "2")] temporality: i32,
});
message!(ExponentialPoint {
    #[prost(fixed64, tag = "3")] time: u64,
    #[prost(fixed64, tag = "4")] count: u64,
    #[prost(sint32, tag = "6")] scale: i32,
    #[prost(message, optional, tag = "8")] positive: Option<Buckets>,
});
message!(Buckets {
    #[prost(sint32, tag = "1")] offset: i32,
    #[prost(uint64, repeated, tag = "2")] counts: Vec<u64>,
});
message!(Summary { #[prost(message, repeated, tag = "1")] points: Vec<SummaryPoint>, });
message!(SummaryPoint {
    #[prost(fixed64, tag = "3")] time: u64,
    #[prost(fixed64, tag = "4")] count: u64,
    #[prost(message, repeated, tag = "6")] quantiles: Vec<Quantile>,
});
message!(Quantile {
    #[prost(double, tag = "1")]
    quantile: f64,
    #[prost(double, tag = "2")]
    value: f64,
});

message!(Response { #[prost(message, optional, tag = "1")] partial_success: Option<PartialSuccess>, });
message!(PartialSuccess {
    #[prost(int64, tag = "1")]
    rejected: i64,
    #[prost(string, tag = "2")]
    error_message: String,
});
message!(RpcStatus {
    #[prost(int32, tag = "1")] code: i32,
    #[prost(string, tag = "2")] message: String,
    #[prost(message, repeated, tag = "3")] details: Vec<Any>,
});
message!(Any {
    #[prost(string, tag = "1")] type_url: String,
    #[prost(bytes, tag = "2")] value: Vec<u8>,
});
message!(RetryInfo { #[prost(message, optional, tag = "1")] retry_delay: Option<Duration>, });
message!(Duration {
    #[prost(int64, tag = "1")]
    seconds: i64,
    #[prost(int32, tag = "2")]
    nanos: i32,
});
message!(BadRequest { #[prost(message, repeated, tag = "1")] violations: Vec<Violation>, });
message!(Violation {
    #[prost(string, tag = "1")]
    field: String,
    #[prost(string, tag = "2")]
    description: String,
});

pub(crate) fn text(key: &str, value: &str) -> KeyValue {
    let value = AnyValue { value: Some(Value::String(value.to_owned())) };
    KeyValue { key: key.to_owned(), value: Some(value) }
}

pub(crate) fn resource(service: &str) -> Option<Resource> {
    Some(Resource { attributes: vec![text("service.name", service)], ..Resource::default() })
}

pub(crate) fn scope(name: &str) -> Option<Scope> {
    Some(Scope { name: name.to_owned(), version: "1.2".to_owned(), ..Scope::default() })
}

/// A sound span that ends at `end`; `id` tells it from others.
pub(crate) fn span(id: u8, end: u64) -> Span {
    Span {
        trace_id: vec![id; 16],
        span_id: vec![id; 8],
        name: format!("span {id}"),
        kind: 2,
        start: end - 1_000_000,
        end,
        attributes: vec![text("http.route", "/x")],
        ..Span::default()
    }
}

/// The spans of one scope of one resource.
pub(crate) fn spans(spans: Vec<Span>) -> TraceRequest {
    let scopes = vec![ScopeSpans { scope: scope("lib"), spans, ..ScopeSpans::default() }];
    let resource = ResourceSpans { resource: resource("shop"), scopes, ..Default::default() };
    TraceRequest { resources: vec![resource] }
}

/// One gauge of one resource.
pub(crate) fn gauge(times: &[u64]) -> MetricsRequest {
    let point =
        |time: &u64| Number { time: *time, value: Some(NumberValue::Int(5)), ..Number::default() };
    let points = Numbers { points: times.iter().map(point).collect(), ..Numbers::default() };
    metric(Metric {
        name: "queue.length".into(),
        data: Some(Data::Gauge(points)),
        ..Metric::default()
    })
}

/// One metric of one resource.
pub(crate) fn metric(metric: Metric) -> MetricsRequest {
    let scopes =
        vec![ScopeMetrics { scope: scope("lib"), metrics: vec![metric], ..Default::default() }];
    let resource = ResourceMetrics { resource: resource("shop"), scopes, ..Default::default() };
    MetricsRequest { resources: vec![resource] }
}

/// Log records of one resource, outside of any trace.
pub(crate) fn logs(times: &[u64]) -> LogsRequest {
    let body = Some(AnyValue { value: Some(Value::String("hello".into())) });
    let record = |time: &u64| LogRecord {
        time: *time,
        severity: 9,
        body: body.clone(),
        ..LogRecord::default()
    };
    let records = times.iter().map(record).collect();
    let scopes = vec![ScopeLogs { scope: scope("lib"), records, ..ScopeLogs::default() }];
    let resource = ResourceLogs { resource: resource("shop"), scopes, ..Default::default() };
    LogsRequest { resources: vec![resource] }
}
