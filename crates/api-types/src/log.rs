//! Log records.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::{page::Partial, reference::Ref};

/// A log record in a list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "id": "9f2c4be01d77a3c5",
    "at": 1_764_288_007_412_i64,
    "severity": "ERROR",
    "body": "payment of order 4711 was refused",
    "logger": "app.checkout",
    "application": {"id": 1, "name": "shop-production"},
    "tier": {"id": 12, "name": "orders"},
    "node": {"id": 31, "name": "orders-1"},
    "trace_id": "5b8efff798038103d269b633813fc60c",
    "span_id": "eee19b7ec3c1b174",
    "attributes": {"otel.scope.name": "app.checkout", "order.id": 4711}
}))]
pub struct LogRecord {
    /// 16 hexadecimal digits, made of all that the record is: two pages that overlap show the same record under the same id.
    pub id: String,
    pub at: i64,
    /// `TRACE`, `DEBUG`, `INFO`, `WARN`, `ERROR`, `FATAL` or `UNSPECIFIED`.
    pub severity: String,
    pub body: String,
    /// Whose it is: the name of the instrumentation scope.
    #[schema(required)]
    pub logger: Option<String>,
    pub application: Ref,
    pub tier: Ref,
    #[schema(required)]
    pub node: Option<Ref>,
    #[schema(required)]
    pub trace_id: Option<String>,
    #[schema(required)]
    pub span_id: Option<String>,
    #[schema(value_type = Object)]
    pub attributes: BTreeMap<String, Value>,
}

/// How many log records there are: over time, and by what they are of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "bar_ms": 60_000,
    "bars": [{"at": 1_764_288_000_000_i64, "counts": [0, 0, 0, 41, 2, 1, 0]}],
    "severities": ["UNSPECIFIED", "TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"],
    "total": 44,
    "by_severity": [{"value": "INFO", "count": 41}, {"value": "WARN", "count": 2}, {"value": "ERROR", "count": 1}],
    "by_application": {"items": [{"id": 1, "name": "shop-production", "application": {"id": 1, "name": "shop-production"}, "count": 44}], "others": 0},
    "by_tier": {"items": [{"id": 12, "name": "orders", "application": {"id": 1, "name": "shop-production"}, "count": 44}], "others": 0},
    "by_node": {"items": [{"id": 31, "name": "orders-1", "application": {"id": 1, "name": "shop-production"}, "tier": {"id": 12, "name": "orders"}, "count": 44}], "others": 0},
    "by_logger": {"items": [{"value": "app.checkout", "count": 44}], "others": 0},
    "complete_from": null,
    "partial": null
}))]
pub struct LogSummary {
    /// How wide a bar is.
    pub bar_ms: u64,
    /// Every bar of the range by time, those without records too.
    pub bars: Vec<LogBar>,
    /// What the counts of a bar are of, from the least grave to the gravest.
    pub severities: Vec<String>,
    /// Records that pass all filters.
    pub total: u64,
    /// The records that pass all filters but that by severity, the gravest first; without severities that none has.
    pub by_severity: Vec<LogValue>,
    /// The records that pass all filters but that by application.
    pub by_application: LogEntities,
    /// The records that pass all filters but that by tier.
    pub by_tier: LogEntities,
    /// The records that pass all filters but that by node.
    pub by_node: LogEntities,
    /// The records that have a logger and pass all filters but that by logger.
    pub by_logger: LogValues,
    /// Set where there was too much to count: records from here on were counted, earlier ones were not.
    #[schema(required)]
    pub complete_from: Option<i64>,
    #[schema(required)]
    pub partial: Option<Partial>,
}

/// The records of a time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LogBar {
    pub at: i64,
    /// By severity, as `severities` names them.
    pub counts: Vec<u64>,
}

/// The most frequent values, and how many records have another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LogValues {
    pub items: Vec<LogValue>,
    pub others: u64,
}

/// A value that records have.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LogValue {
    pub value: String,
    pub count: u64,
}

/// The most frequent applications, tiers or nodes, and how many records are of another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LogEntities {
    pub items: Vec<LogEntity>,
    pub others: u64,
}

/// An application, tier or node that records are of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LogEntity {
    pub id: u32,
    pub name: String,
    /// That it is of, or itself: tiers and nodes of several may have the same name.
    pub application: Ref,
    /// A node's tier: nodes of several tiers are often called the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tier: Option<Ref>,
    pub count: u64,
}
