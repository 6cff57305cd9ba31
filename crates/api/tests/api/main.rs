//! The API as its clients meet it: requests through the router, over a small real implementation of the reader in memory
//! and a metadata store in SQLite.

mod access;
mod administration;
mod anomalies;
mod api_clients;
mod application;
mod audit;
mod baselines;
mod compatibility;
mod controller;
mod doors;
mod entities;
mod events;
mod exports;
mod flow_map;
mod health_rules;
mod jaeger;
mod layouts;
mod limits;
mod logs;
mod metric_data;
mod metric_series;
mod node_map;
mod notifications;
mod openapi;
mod prometheus;
mod rbac;
mod saved_searches;
mod sensitive_data;
mod series;
mod sign_in;
mod spans;
mod support;
mod trace;
mod transaction_groups;
mod users;
