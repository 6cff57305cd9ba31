//! Log records.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::reference::Ref;

/// A log record in a list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct LogRecord {
    pub at: i64,
    /// `TRACE`, `DEBUG`, `INFO`, `WARN`, `ERROR`, `FATAL` or `UNSPECIFIED`.
    pub severity: String,
    pub body: String,
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
