//! `/api/v1`: one file per resource. Each handler parses, asks once, and maps.

pub(crate) mod about;
pub(crate) mod access_keys;
pub(crate) mod actions;
pub(crate) mod api_clients;
pub(crate) mod application_map;
pub(crate) mod applications;
pub(crate) mod backends;
pub(crate) mod business_transactions;
pub(crate) mod comparison;
pub(crate) mod connect;
pub(crate) mod deliveries;
pub(crate) mod error_samples;
pub(crate) mod errors;
pub(crate) mod flow_map;
pub(crate) mod health;
pub(crate) mod limits;
pub(crate) mod log_summary;
pub(crate) mod logs;
pub(crate) mod metric_series;
pub(crate) mod metrics;
pub(crate) mod nodes;
pub(crate) mod notification_settings;
pub(crate) mod openapi;
pub(crate) mod policies;
pub(crate) mod response_times;
pub(crate) mod saved_searches;
pub(crate) mod series;
pub(crate) mod service_endpoints;
pub(crate) mod session;
pub(crate) mod snapshots;
pub(crate) mod span_attributes;
pub(crate) mod spans;
pub(crate) mod statements;
pub(crate) mod storage;
pub(crate) mod suppressions;
pub(crate) mod tiers;
pub(crate) mod traces;

mod application_list;
mod attribute_params;
mod log_filter;
mod refusals;
mod sparklines;
mod totals;

pub(crate) use refusals::Refusals;
