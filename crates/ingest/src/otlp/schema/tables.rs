//! The tables. Each says what opentelemetry-proto 1.10's `.proto` files say, fields of the profiles signal left out.

use super::{
    Field,
    Kind::{self, *},
    Message as Table,
};

const fn one(number: u32, name: &'static str, kind: Kind) -> Field {
    Field { number, name, kind, repeated: false }
}

const fn many(number: u32, name: &'static str, kind: Kind) -> Field {
    Field { number, name, kind, repeated: true }
}

macro_rules! messages {
    ($($(#[$doc:meta])* $vis:vis $id:ident = $name:literal: $fields:expr;)*) => {
        $($(#[$doc])* $vis static $id: Table = Table { name: $name, fields: &$fields };)*

        /// Every table.
        pub(super) static ALL: &[&Table] = &[$(&$id),*];
    };
}

messages! {
    /// `AnyValue`: an attribute's value or a log record's body.
    pub ANY_VALUE = "AnyValue": [
        one(1, "stringValue", Text),
        one(2, "boolValue", Bool),
        one(3, "intValue", Int64),
        one(4, "doubleValue", Double),
        one(5, "arrayValue", Message(&ARRAY_VALUE)),
        one(6, "kvlistValue", Message(&KEY_VALUE_LIST)),
        one(7, "bytesValue", Bytes),
    ];
    ARRAY_VALUE = "ArrayValue": [many(1, "values", Message(&ANY_VALUE))];
    KEY_VALUE_LIST = "KeyValueList": [many(1, "values", Message(&KEY_VALUE))];
    pub(crate) KEY_VALUE = "KeyValue": [one(1, "key", Text), one(2, "value", Message(&ANY_VALUE))];
    SCOPE = "InstrumentationScope": [
        one(1, "name", Text),
        one(2, "version", Text),
        many(3, "attributes", Message(&KEY_VALUE)),
        one(4, "droppedAttributesCount", Uint32),
    ];
    ENTITY_REF = "EntityRef": [
        one(1, "schemaUrl", Text),
        one(2, "type", Text),
        many(3, "idKeys", Text),
        many(4, "descriptionKeys", Text),
    ];
    RESOURCE = "Resource": [
        many(1, "attributes", Message(&KEY_VALUE)),
        one(2, "droppedAttributesCount", Uint32),
        many(3, "entityRefs", Message(&ENTITY_REF)),
    ];

    /// A request that carries spans.
    pub EXPORT_TRACE = "ExportTraceServiceRequest": [
        many(1, "resourceSpans", Message(&RESOURCE_SPANS)),
    ];
    /// The spans of one resource.
    pub RESOURCE_SPANS = "ResourceSpans": [
        one(1, "resource", Message(&RESOURCE)),
        many(2, "scopeSpans", Message(&SCOPE_SPANS)),
        one(3, "schemaUrl", Text),
    ];
    /// The spans of one scope.
    pub SCOPE_SPANS = "ScopeSpans": [
        one(1, "scope", Message(&SCOPE)),
        many(2, "spans", Message(&SPAN)),
        one(3, "schemaUrl", Text),
    ];
    /// A span.
    pub SPAN = "Span": [
        one(1, "traceId", HexId),
        one(2, "spanId", HexId),
        one(3, "traceState", Text),
        one(4, "parentSpanId", HexId),
        one(5, "name", Text),
        one(6, "kind", Enum),
        one(7, "startTimeUnixNano", Fixed64),
        one(8, "endTimeUnixNano", Fixed64),
        many(9, "attributes", Message(&KEY_VALUE)),
        one(10, "droppedAttributesCount", Uint32),
        many(11, "events", Message(&EVENT)),
        one(12, "droppedEventsCount", Uint32),
        many(13, "links", Message(&LINK)),
        one(14, "droppedLinksCount", Uint32),
        one(15, "status", Message(&STATUS)),
        one(16, "flags", Fixed32),
    ];
    EVENT = "Event": [
        one(1, "timeUnixNano", Fixed64),
        one(2, "name", Text),
        many(3, "attributes", Message(&KEY_VALUE)),
        one(4, "droppedAttributesCount", Uint32),
    ];
    LINK = "Link": [
        one(1, "traceId", HexId),
        one(2, "spanId", HexId),
        one(3, "traceState", Text),
        many(4, "attributes", Message(&KEY_VALUE)),
        one(5, "droppedAttributesCount", Uint32),
        one(6, "flags", Fixed32),
    ];
    STATUS = "Status": [one(2, "message", Text), one(3, "code", Enum)];

    /// A request that carries log records.
    pub EXPORT_LOGS = "ExportLogsServiceRequest": [
        many(1, "resourceLogs", Message(&RESOURCE_LOGS)),
    ];
    /// The log records of one resource.
    pub RESOURCE_LOGS = "ResourceLogs": [
        one(1, "resource", Message(&RESOURCE)),
        many(2, "scopeLogs", Message(&SCOPE_LOGS)),
        one(3, "schemaUrl", Text),
    ];
    /// The log records of one scope.
    pub SCOPE_LOGS = "ScopeLogs": [
        one(1, "scope", Message(&SCOPE)),
        many(2, "logRecords", Message(&LOG_RECORD)),
        one(3, "schemaUrl", Text),
    ];
    /// A log record.
    pub LOG_RECORD = "LogRecord": [
        one(1, "timeUnixNano", Fixed64),
        one(2, "severityNumber", Enum),
        one(3, "severityText", Text),
        one(5, "body", Message(&ANY_VALUE)),
        many(6, "attributes", Message(&KEY_VALUE)),
        one(7, "droppedAttributesCount", Uint32),
        one(8, "flags", Fixed32),
        one(9, "traceId", HexId),
        one(10, "spanId", HexId),
        one(11, "observedTimeUnixNano", Fixed64),
        one(12, "eventName", Text),
    ];

    /// A request that carries metrics.
    pub EXPORT_METRICS = "ExportMetricsServiceRequest": [
        many(1, "resourceMetrics", Message(&RESOURCE_METRICS)),
    ];
    /// The metrics of one resource.
    pub RESOURCE_METRICS = "ResourceMetrics": [
        one(1, "resource", Message(&RESOURCE)),
        many(2, "scopeMetrics", Message(&SCOPE_METRICS)),
        one(3, "schemaUrl", Text),
    ];
    /// The metrics of one scope.
    pub SCOPE_METRICS = "ScopeMetrics": [
        one(1, "scope", Message(&SCOPE)),
        many(2, "metrics", Message(&METRIC)),
        one(3, "schemaUrl", Text),
    ];
    /// A metric with its points.
    pub METRIC = "Metric": [
        one(1, "name", Text),
        one(2, "description", Text),
        one(3, "unit", Text),
        one(5, "gauge", Message(&GAUGE)),
        one(7, "sum", Message(&SUM)),
        one(9, "histogram", Message(&HISTOGRAM)),
        one(10, "exponentialHistogram", Message(&EXPONENTIAL_HISTOGRAM)),
        one(11, "summary", Message(&SUMMARY)),
        many(12, "metadata", Message(&KEY_VALUE)),
    ];
    GAUGE = "Gauge": [many(1, "dataPoints", Message(&NUMBER_POINT))];
    SUM = "Sum": [
        many(1, "dataPoints", Message(&NUMBER_POINT)),
        one(2, "aggregationTemporality", Enum),
        one(3, "isMonotonic", Bool),
    ];
    HISTOGRAM = "Histogram": [
        many(1, "dataPoints", Message(&HISTOGRAM_POINT)),
        one(2, "aggregationTemporality", Enum),
    ];
    EXPONENTIAL_HISTOGRAM = "ExponentialHistogram": [
        many(1, "dataPoints", Message(&EXPONENTIAL_POINT)),
        one(2, "aggregationTemporality", Enum),
    ];
    SUMMARY = "Summary": [many(1, "dataPoints", Message(&SUMMARY_POINT))];
    NUMBER_POINT = "NumberDataPoint": [
        one(2, "startTimeUnixNano", Fixed64),
        one(3, "timeUnixNano", Fixed64),
        one(4, "asDouble", Double),
        many(5, "exemplars", Message(&EXEMPLAR)),
        one(6, "asInt", Sfixed64),
        many(7, "attributes", Message(&KEY_VALUE)),
        one(8, "flags", Uint32),
    ];
    HISTOGRAM_POINT = "HistogramDataPoint": [
        one(2, "startTimeUnixNano", Fixed64),
        one(3, "timeUnixNano", Fixed64),
        one(4, "count", Fixed64),
        one(5, "sum", Double),
        many(6, "bucketCounts", Fixed64),
        many(7, "explicitBounds", Double),
        many(8, "exemplars", Message(&EXEMPLAR)),
        many(9, "attributes", Message(&KEY_VALUE)),
        one(10, "flags", Uint32),
        one(11, "min", Double),
        one(12, "max", Double),
    ];
    EXPONENTIAL_POINT = "ExponentialHistogramDataPoint": [
        many(1, "attributes", Message(&KEY_VALUE)),
        one(2, "startTimeUnixNano", Fixed64),
        one(3, "timeUnixNano", Fixed64),
        one(4, "count", Fixed64),
        one(5, "sum", Double),
        one(6, "scale", Sint32),
        one(7, "zeroCount", Fixed64),
        one(8, "positive", Message(&BUCKETS)),
        one(9, "negative", Message(&BUCKETS)),
        one(10, "flags", Uint32),
        many(11, "exemplars", Message(&EXEMPLAR)),
        one(12, "min", Double),
        one(13, "max", Double),
        one(14, "zeroThreshold", Double),
    ];
    BUCKETS = "Buckets": [one(1, "offset", Sint32), many(2, "bucketCounts", Uint64)];
    SUMMARY_POINT = "SummaryDataPoint": [
        one(2, "startTimeUnixNano", Fixed64),
        one(3, "timeUnixNano", Fixed64),
        one(4, "count", Fixed64),
        one(5, "sum", Double),
        many(6, "quantileValues", Message(&VALUE_AT_QUANTILE)),
        many(7, "attributes", Message(&KEY_VALUE)),
        one(8, "flags", Uint32),
    ];
    VALUE_AT_QUANTILE = "ValueAtQuantile": [one(1, "quantile", Double), one(2, "value", Double)];
    EXEMPLAR = "Exemplar": [
        one(2, "timeUnixNano", Fixed64),
        one(3, "asDouble", Double),
        one(4, "spanId", HexId),
        one(5, "traceId", HexId),
        one(6, "asInt", Sfixed64),
        many(7, "filteredAttributes", Message(&KEY_VALUE)),
    ];
}

/// The message of a metric's data field (`Gauge`, `Sum`, …); nothing for its other fields.
pub(crate) fn data_of(field: u32) -> Option<&'static Table> {
    match METRIC.by_number(field)? {
        Field { kind: Message(data), repeated: false, .. } => Some(data),
        _ => None,
    }
}
