//! Limits of the API, and putting it together.

use std::{sync::Arc, time::Duration};

use axum::Router;
use prometheus_client::registry::Registry;

use crate::{
    context::Context, deps::Deps, metrics::RequestMetrics, routes, security_headers, unread_bodies,
};

/// Rows of figures in one answer, however much memory there is.
const MAX_ROWS: usize = 200_000;
/// About what one of them takes, bytes.
const ROW_BYTES: usize = 256;

/// Limits. The default is meant for one machine of few cores.
#[derive(Clone, Debug)]
pub struct Config {
    /// Requests that read the telemetry store at the same time.
    pub queries_at_once: usize,
    /// Requests that may wait for their turn; more are told to come back.
    pub queries_waiting: usize,
    /// Rows of figures in one answer.
    pub rows: usize,
    /// How long a request may wait for and work on its answer.
    pub query_deadline: Duration,
    /// What one query in PromQL may take.
    pub sample_queries: promql::Limits,
    /// Queries in PromQL that run at the same time.
    pub sample_queries_at_once: usize,
    /// Settings under the names by which scripts written for the reference product read them.
    pub variables: Vec<Variable>,
    /// A session ends after so long without a request,
    pub session_idle: Duration,
    /// and so long after signing in whatever happens.
    pub session_absolute: Duration,
    /// So many wrong passwords in a row lock a user,
    pub lock_after: u32,
    /// for so long.
    pub lock_for: Duration,
}

/// A setting as `/controller/rest/configuration` shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Variable {
    pub name: &'static str,
    pub value: String,
    pub description: &'static str,
}

impl Default for Config {
    fn default() -> Self {
        Config {
            queries_at_once: 4,
            queries_waiting: 64,
            rows: MAX_ROWS,
            query_deadline: Duration::from_secs(20),
            sample_queries: promql::Limits::default(),
            sample_queries_at_once: 1,
            variables: Vec::new(),
            session_idle: Duration::from_secs(30 * 60),
            session_absolute: Duration::from_secs(12 * 3600),
            lock_after: 10,
            lock_for: Duration::from_secs(15 * 60),
        }
    }
}

impl Config {
    /// The default, with queries that take so many bytes of memory together: five eighths of it are for the one in PromQL.
    pub fn within(bytes: usize) -> Config {
        let default = Config::default();
        let of_samples = bytes / 8 * 5;
        let rows = MAX_ROWS.min((bytes - of_samples) / default.queries_at_once / ROW_BYTES);
        let of_one = of_samples / default.sample_queries_at_once;
        Config { rows, sample_queries: promql::Limits::of_memory(of_one), ..default }
    }

    /// The API as a router. Registers its request metrics.
    pub fn build(self, deps: Deps, registry: &mut Registry) -> Router {
        let observer = Arc::clone(&deps.observer);
        let metrics = RequestMetrics::register(registry, Arc::clone(&deps.clock), observer);
        let context = Arc::new(Context::new(self, deps, registry));
        let router = metrics.around(routes::router(context));
        security_headers::apply(unread_bodies::apply(router))
    }
}
