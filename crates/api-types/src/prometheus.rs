use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// An answer in Prometheus' shape.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PrometheusAnswer {
    /// `success`.
    pub status: String,
    /// What the documentation of Prometheus' HTTP API says for the path.
    #[schema(value_type = serde_json::Value)]
    pub data: serde_json::Value,
    /// Why the answer is not whole; left out where it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub warnings: Option<Vec<String>>,
}

/// A refusal in Prometheus' shape.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PrometheusError {
    /// `error`.
    pub status: String,
    /// `bad_data`, `execution`, `timeout`, `unavailable`, `not_found` or `unauthorized`.
    #[serde(rename = "errorType")]
    pub error_type: String,
    /// A sentence.
    pub error: String,
}
