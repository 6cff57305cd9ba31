//! The REST API: `/api/v1` for the page and for programs, the documented surface of the reference product under
//! `/controller`, Prometheus' query API under `/prometheus`, and Jaeger's under `/jaeger`.
//!
//! [`Config::build`] gives a router. It authenticates, parses, asks the stores below and maps what they say; the
//! arithmetic between stored figures and shown ones is in [`figures`], [`waterfall`] and [`metric_tree`], which are pure.
//! It serves no page and opens no socket: the server puts the router behind its listeners, gives each request a
//! `ConnectInfo<SocketAddr>`, and adds the UI as fallback, with [`security_headers::apply`] and
//! [`unread_bodies::apply`] around both.

pub mod access_key;
pub mod limit;
pub mod openapi;
pub mod password;
pub mod security_headers;
pub mod unread_bodies;

mod absent;
mod any_value;
mod ask;
mod auth;
mod causes;
mod comparison;
mod config;
mod context;
mod controller;
mod deps;
mod entities;
mod error;
mod event;
mod exposition;
mod extract;
mod figures;
mod health_rules;
mod jaeger;
mod judge;
mod masked;
mod metric_tree;
mod metrics;
mod notification;
mod paging;
mod period;
mod probes;
mod prometheus;
mod raw_series;
mod reference;
mod routes;
mod sampled;
mod sight;
mod statements;
mod thrown;
mod v1;
mod waterfall;

pub use self::{
    config::Config,
    deps::{
        Answered, AttemptsSource, Caps, Certificate, Deps, HeldKeys, Observer, Operations,
        Readiness, Status,
    },
    error::ApiError,
    routes::{Access, Place, RouteInfo, routes},
    v1::storage::RETENTIONS,
};
