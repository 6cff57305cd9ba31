//! The table of routes: everything that is served, and who may ask for it.
//!
//! The router, the tests that knock at every door, and the comparison with the OpenAPI document are all made from this
//! one table, so that no route can be forgotten in any of them.

use std::{fmt, sync::Arc};

use axum::{
    Router,
    extract::{DefaultBodyLimit, Request},
    middleware::{Next, from_fn, from_fn_with_state},
    response::Response,
    routing::{MethodFilter, MethodRouter, any, on},
};
use http::Method;

use crate::{
    absent, auth,
    context::Shared,
    controller,
    error::ApiError,
    extract::{MAX_BODY, MAX_LAYOUT},
    jaeger, probes, prometheus, v1,
};

/// The longest path and query.
const MAX_URI: usize = 8 * 1024;

/// Who may ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Anybody.
    Public,
    /// Whoever is signed in, and whatever runs on this machine.
    Monitoring,
    /// Whoever is signed in.
    SignedIn,
}

/// One route, for whoever enumerates them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RouteInfo {
    pub method: Method,
    /// With parameters in braces.
    pub path: &'static str,
    pub access: Access,
}

pub(crate) struct Route {
    info: RouteInfo,
    handler: MethodRouter<Shared>,
}

impl fmt::Debug for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.info.fmt(f)
    }
}

/// Everything that is served.
pub fn routes() -> Vec<RouteInfo> {
    table().into_iter().map(|route| route.info).collect()
}

macro_rules! table {
    ($($access:ident $method:ident $path:literal => $handler:expr;)*) => {
        vec![$(Route {
            info: RouteInfo { method: Method::$method, path: $path, access: Access::$access },
            handler: on(MethodFilter::$method, $handler),
        }),*]
    };
}

fn table() -> Vec<Route> {
    let mut table = table! {
        Public     GET    "/healthz" => probes::healthz;
        Public     GET    "/readyz" => probes::readyz;
        Public     GET    "/ca.pem" => probes::ca_pem;
        Monitoring GET    "/metrics" => probes::metrics;

        Public     GET    "/api/v1/about" => v1::about::read;
        SignedIn   GET    "/api/v1/openapi.json" => v1::openapi::read;
        Public     POST   "/api/v1/session" => v1::session::create;
        SignedIn   GET    "/api/v1/session" => v1::session::read;
        SignedIn   DELETE "/api/v1/session" => v1::session::delete;
        SignedIn   GET    "/api/v1/connect" => v1::connect::read;
        SignedIn   GET    "/api/v1/connect/attempts" => v1::connect::attempts;
        SignedIn   GET    "/api/v1/access-keys" => v1::access_keys::list;
        SignedIn   POST   "/api/v1/access-keys" => v1::access_keys::create;
        SignedIn   DELETE "/api/v1/access-keys/{id}" => v1::access_keys::disable;
        SignedIn   GET    "/api/v1/storage" => v1::storage::read;
        SignedIn   GET    "/api/v1/limits" => v1::limits::read;
        SignedIn   GET    "/api/v1/health" => v1::health::read;
        SignedIn   GET    "/api/v1/api-clients" => v1::api_clients::list;
        SignedIn   POST   "/api/v1/api-clients" => v1::api_clients::create;
        SignedIn   DELETE "/api/v1/api-clients/{id}" => v1::api_clients::delete;
        SignedIn   POST   "/api/v1/api-clients/{id}/secret" => v1::api_clients::replace_secret;
        SignedIn   GET    "/api/v1/applications" => v1::applications::list;
        SignedIn   GET    "/api/v1/applications/{id}" => v1::applications::read;
        SignedIn   GET    "/api/v1/applications/{id}/flow-map" => v1::flow_map::read;
        SignedIn   PUT    "/api/v1/applications/{id}/flow-map/layout" => v1::flow_map::put_layout;
        SignedIn   GET    "/api/v1/applications/{id}/business-transactions" => v1::business_transactions::list;
        SignedIn   GET    "/api/v1/applications/{id}/tiers" => v1::tiers::list;
        SignedIn   GET    "/api/v1/applications/{id}/nodes" => v1::nodes::list;
        SignedIn   GET    "/api/v1/applications/{id}/backends" => v1::backends::list;
        SignedIn   GET    "/api/v1/applications/{id}/service-endpoints" => v1::service_endpoints::list;
        SignedIn   GET    "/api/v1/applications/{id}/errors" => v1::errors::list;
        SignedIn   GET    "/api/v1/applications/{id}/waiting-transactions" => v1::business_transactions::waiting;
        SignedIn   PUT    "/api/v1/applications/{id}/key-figures" => v1::applications::put_key_figures;
        SignedIn   GET    "/api/v1/applications/{id}/series" => v1::series::of_application;
        SignedIn   GET    "/api/v1/applications/{id}/metrics" => v1::metrics::level;
        SignedIn   GET    "/api/v1/applications/{id}/metrics/search" => v1::metrics::search;
        SignedIn   GET    "/api/v1/applications/{id}/metric-data" => v1::metrics::data;
        SignedIn   GET    "/api/v1/business-transactions/{id}" => v1::business_transactions::read;
        SignedIn   PUT    "/api/v1/business-transactions/{id}/long-lived" => v1::business_transactions::put_long_lived;
        SignedIn   PUT    "/api/v1/business-transactions/{id}/promotion" => v1::business_transactions::put_promotion;
        SignedIn   GET    "/api/v1/business-transactions/{id}/series" => v1::series::of_business_transaction;
        SignedIn   GET    "/api/v1/business-transactions/{id}/histogram" => v1::response_times::of_business_transaction;
        SignedIn   GET    "/api/v1/business-transactions/{id}/comparison" => v1::comparison::read;
        SignedIn   GET    "/api/v1/business-transactions/{id}/flow-map" => v1::flow_map::of_business_transaction;
        SignedIn   GET    "/api/v1/tiers/{id}" => v1::tiers::read;
        SignedIn   GET    "/api/v1/tiers/{id}/histogram" => v1::response_times::of_tier;
        SignedIn   GET    "/api/v1/tiers/{id}/flow-map" => v1::flow_map::of_tier;
        SignedIn   GET    "/api/v1/tiers/{id}/series" => v1::series::of_tier;
        SignedIn   GET    "/api/v1/nodes/{id}" => v1::nodes::read;
        SignedIn   GET    "/api/v1/nodes/{id}/series" => v1::series::of_node;
        SignedIn   GET    "/api/v1/backends/{id}/series" => v1::series::of_backend;
        SignedIn   GET    "/api/v1/backends/{id}" => v1::backends::read;
        SignedIn   GET    "/api/v1/backends/{id}/histogram" => v1::response_times::of_backend;
        SignedIn   GET    "/api/v1/backends/{id}/flow-map" => v1::flow_map::of_backend;
        SignedIn   GET    "/api/v1/backends/{id}/statements" => v1::statements::list;
        SignedIn   GET    "/api/v1/errors/{id}" => v1::errors::read;
        SignedIn   GET    "/api/v1/errors/{id}/samples" => v1::error_samples::read;
        SignedIn   GET    "/api/v1/flow-map" => v1::application_map::read;
        SignedIn   GET    "/api/v1/events" => v1::events::list;
        SignedIn   POST   "/api/v1/events" => v1::events::create;
        SignedIn   GET    "/api/v1/events/summary" => v1::events::summary;
        SignedIn   GET    "/api/v1/events/{id}" => v1::events::read;
        SignedIn   PUT    "/api/v1/events/{id}/marks" => v1::events::put_marks;
        SignedIn   GET    "/api/v1/snapshots" => v1::snapshots::list;
        SignedIn   GET    "/api/v1/traces/{trace_id}" => v1::traces::read;
        SignedIn   GET    "/api/v1/spans" => v1::spans::list;
        SignedIn   GET    "/api/v1/span-attributes" => v1::span_attributes::keys;
        SignedIn   GET    "/api/v1/span-attributes/values" => v1::span_attributes::values;
        SignedIn   GET    "/api/v1/saved-searches" => v1::saved_searches::list;
        SignedIn   POST   "/api/v1/saved-searches" => v1::saved_searches::save;
        SignedIn   DELETE "/api/v1/saved-searches/{id}" => v1::saved_searches::delete;
        SignedIn   GET    "/api/v1/logs" => v1::logs::list;
        SignedIn   GET    "/api/v1/logs/summary" => v1::log_summary::read;
        SignedIn   GET    "/api/v1/metric-series" => v1::metric_series::list;
        SignedIn   GET    "/api/v1/metric-series/{series_id}/samples" => v1::metric_series::samples;
    };
    table.extend(table! {
        SignedIn   GET    "/api/v1/notice-options" => v1::policies::options;
        SignedIn   GET    "/api/v1/policies" => v1::policies::list;
        SignedIn   POST   "/api/v1/policies" => v1::policies::create;
        SignedIn   POST   "/api/v1/policies/preview" => v1::policies::preview;
        SignedIn   GET    "/api/v1/policies/{id}" => v1::policies::read;
        SignedIn   PUT    "/api/v1/policies/{id}" => v1::policies::replace;
        SignedIn   DELETE "/api/v1/policies/{id}" => v1::policies::delete;
        SignedIn   GET    "/api/v1/digests" => v1::policies::list_digests;
        SignedIn   POST   "/api/v1/digests" => v1::policies::create_digest;
        SignedIn   GET    "/api/v1/digests/{id}" => v1::policies::read_digest;
        SignedIn   PUT    "/api/v1/digests/{id}" => v1::policies::replace_digest;
        SignedIn   DELETE "/api/v1/digests/{id}" => v1::policies::delete_digest;
        SignedIn   GET    "/api/v1/actions" => v1::actions::list;
        SignedIn   POST   "/api/v1/actions" => v1::actions::create;
        SignedIn   POST   "/api/v1/actions/preview" => v1::actions::preview;
        SignedIn   GET    "/api/v1/actions/{id}" => v1::actions::read;
        SignedIn   PUT    "/api/v1/actions/{id}" => v1::actions::replace;
        SignedIn   DELETE "/api/v1/actions/{id}" => v1::actions::delete;
        SignedIn   POST   "/api/v1/actions/{id}/test" => v1::actions::test;
        SignedIn   GET    "/api/v1/suppressions" => v1::suppressions::list;
        SignedIn   POST   "/api/v1/suppressions" => v1::suppressions::create;
        SignedIn   GET    "/api/v1/suppressions/{id}" => v1::suppressions::read;
        SignedIn   PUT    "/api/v1/suppressions/{id}" => v1::suppressions::replace;
        SignedIn   DELETE "/api/v1/suppressions/{id}" => v1::suppressions::delete;
        SignedIn   GET    "/api/v1/deliveries" => v1::deliveries::list;
        SignedIn   GET    "/api/v1/deliveries/{id}" => v1::deliveries::read;
        SignedIn   GET    "/api/v1/notification-settings" => v1::notification_settings::read;
        SignedIn   PUT    "/api/v1/notification-settings" => v1::notification_settings::replace;
        SignedIn   POST   "/api/v1/notification-settings/test" => v1::notification_settings::test;
    });
    table.extend(table! {
        Public     GET    "/controller/rest/serverstatus" => controller::server_status::read;
        Public     POST   "/controller/api/oauth/access_token" => controller::access_token::issue;
        SignedIn   GET    "/controller/rest/configuration" => controller::configuration::list;
        SignedIn   GET    "/controller/rest/applications" => controller::applications::list;
        SignedIn   GET    "/controller/rest/applications/{app}" => controller::applications::read;
        SignedIn   GET    "/controller/rest/applications/{app}/tiers" => controller::tiers::list;
        SignedIn   GET    "/controller/rest/applications/{app}/tiers/{tier}" => controller::tiers::read;
        SignedIn   GET    "/controller/rest/applications/{app}/tiers/{tier}/nodes" => controller::nodes::of_tier;
        SignedIn   GET    "/controller/rest/applications/{app}/tiers/{tier}/nodes/{node}" => controller::nodes::read_of_tier;
        SignedIn   GET    "/controller/rest/applications/{app}/nodes" => controller::nodes::list;
        SignedIn   GET    "/controller/rest/applications/{app}/nodes/{node}" => controller::nodes::read;
        SignedIn   GET    "/controller/rest/applications/{app}/business-transactions" => controller::business_transactions::list;
        SignedIn   GET    "/controller/rest/applications/{app}/backends" => controller::backends::list;
        SignedIn   GET    "/controller/rest/applications/{app}/metrics" => controller::metrics::level;
        SignedIn   GET    "/controller/rest/applications/{app}/metric-data" => controller::metric_data::read;
        SignedIn   GET    "/controller/rest/applications/{app}/metric-data-v2" => controller::metric_data::read;
        SignedIn   GET    "/controller/rest/applications/{app}/request-snapshots" => controller::request_snapshots::list;
        SignedIn   GET    "/controller/rest/applications/{app}/events" => controller::events::list;
        SignedIn   POST   "/controller/rest/applications/{app}/events" => controller::events::create;
        SignedIn   POST   "/controller/rest/mark-nodes-historical" => controller::historical_nodes::mark;
        SignedIn   GET    "/controller/rest/applications/{app}/problems/healthrule-violations" => controller::problems::violations;
        SignedIn   GET    "/controller/rest/applications/{app}/problems/policy-violations" => controller::problems::violations;
    });
    table.extend(table! {
        SignedIn   GET    "/controller/alerting/rest/v1/applications/{app}/policies" => controller::responses::of_policies::list;
        SignedIn   POST   "/controller/alerting/rest/v1/applications/{app}/policies" => controller::responses::of_policies::create;
        SignedIn   GET    "/controller/alerting/rest/v1/applications/{app}/policies/{id}" => controller::responses::of_policies::read;
        SignedIn   PUT    "/controller/alerting/rest/v1/applications/{app}/policies/{id}" => controller::responses::of_policies::replace;
        SignedIn   DELETE "/controller/alerting/rest/v1/applications/{app}/policies/{id}" => controller::responses::of_policies::delete;
        SignedIn   GET    "/controller/alerting/rest/v1/applications/{app}/actions" => controller::responses::of_actions::list;
        SignedIn   POST   "/controller/alerting/rest/v1/applications/{app}/actions" => controller::responses::of_actions::create;
        SignedIn   GET    "/controller/alerting/rest/v1/applications/{app}/actions/{id}" => controller::responses::of_actions::read;
        SignedIn   PUT    "/controller/alerting/rest/v1/applications/{app}/actions/{id}" => controller::responses::of_actions::replace;
        SignedIn   DELETE "/controller/alerting/rest/v1/applications/{app}/actions/{id}" => controller::responses::of_actions::delete;
        SignedIn   GET    "/controller/alerting/rest/v1/applications/{app}/action-suppressions" => controller::responses::of_suppressions::list;
        SignedIn   POST   "/controller/alerting/rest/v1/applications/{app}/action-suppressions" => controller::responses::of_suppressions::create;
        SignedIn   GET    "/controller/alerting/rest/v1/applications/{app}/action-suppressions/{id}" => controller::responses::of_suppressions::read;
        SignedIn   PUT    "/controller/alerting/rest/v1/applications/{app}/action-suppressions/{id}" => controller::responses::of_suppressions::replace;
        SignedIn   DELETE "/controller/alerting/rest/v1/applications/{app}/action-suppressions/{id}" => controller::responses::of_suppressions::delete;
        SignedIn   GET    "/controller/alerting/rest/v1/applications/{app}/email-digests" => controller::responses::of_digests::list;
        SignedIn   POST   "/controller/alerting/rest/v1/applications/{app}/email-digests" => controller::responses::of_digests::create;
        SignedIn   GET    "/controller/alerting/rest/v1/applications/{app}/email-digests/{id}" => controller::responses::of_digests::read;
        SignedIn   PUT    "/controller/alerting/rest/v1/applications/{app}/email-digests/{id}" => controller::responses::of_digests::replace;
        SignedIn   DELETE "/controller/alerting/rest/v1/applications/{app}/email-digests/{id}" => controller::responses::of_digests::delete;
    });
    table.extend(table! {
        SignedIn   GET    "/prometheus/api/v1/query" => prometheus::query::instant;
        SignedIn   POST   "/prometheus/api/v1/query" => prometheus::query::instant;
        SignedIn   GET    "/prometheus/api/v1/query_range" => prometheus::query::range;
        SignedIn   POST   "/prometheus/api/v1/query_range" => prometheus::query::range;
        SignedIn   GET    "/prometheus/api/v1/series" => prometheus::labels::series;
        SignedIn   POST   "/prometheus/api/v1/series" => prometheus::labels::series;
        SignedIn   GET    "/prometheus/api/v1/labels" => prometheus::labels::names;
        SignedIn   POST   "/prometheus/api/v1/labels" => prometheus::labels::names;
        SignedIn   GET    "/prometheus/api/v1/label/{name}/values" => prometheus::labels::values;
        SignedIn   GET    "/prometheus/api/v1/metadata" => prometheus::metadata::list;
        SignedIn   GET    "/prometheus/api/v1/status/buildinfo" => prometheus::status::build_info;
    });
    table.extend(table! {
        SignedIn   GET    "/jaeger/api/services" => jaeger::services::list;
        SignedIn   GET    "/jaeger/api/services/{*rest}" => jaeger::services::operations_of;
        SignedIn   GET    "/jaeger/api/operations" => jaeger::services::operations;
        SignedIn   GET    "/jaeger/api/traces" => jaeger::traces::search;
        SignedIn   GET    "/jaeger/api/traces/{trace_id}" => jaeger::traces::read;
        SignedIn   GET    "/jaeger/api/dependencies" => jaeger::dependencies::list;
        // Some releases of Grafana forget the path of its data source's address when it searches.
        SignedIn   GET    "/api/traces" => jaeger::traces::search;
    });
    table
}

/// All routes behind their doors. What is not in the table under the prefixes of an API is refused, strangers first: a
/// program must never take the page for an answer.
pub(crate) fn router(context: Shared) -> Router {
    let guard = from_fn_with_state(Arc::clone(&context), auth::guard);
    let monitoring = from_fn_with_state(Arc::clone(&context), auth::guard_monitoring);
    let mut router = Router::new();
    for Route { info, handler } in table() {
        let handler = match info.access {
            Access::Public => handler,
            Access::Monitoring => handler.route_layer(monitoring.clone()),
            Access::SignedIn => handler.route_layer(guard.clone()),
        };
        let handler = match info.path.ends_with("/layout") {
            true => handler.layer(DefaultBodyLimit::max(MAX_LAYOUT)),
            false => handler,
        };
        router = router.route(info.path, handler);
    }
    for path in ["/api", "/api/", "/api/{*rest}"] {
        router = router.route(path, any(absent::anywhere).layer(guard.clone()));
    }
    for path in ["/controller", "/controller/", "/controller/{*rest}"] {
        router = router.route(path, any(controller::unsupported).layer(guard.clone()));
    }
    for path in ["/jaeger", "/jaeger/", "/jaeger/{*rest}"] {
        router = router.route(path, any(absent::anywhere).layer(guard.clone()));
    }
    for path in ["/prometheus", "/prometheus/", "/prometheus/{*rest}"] {
        router = router.route(path, any(absent::anywhere).layer(guard.clone()));
    }
    router
        .method_not_allowed_fallback(|| async { ApiError::MethodNotAllowed })
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .layer(from_fn(short_uri))
        .layer(from_fn(controller::word_refusals))
        .layer(from_fn(jaeger::word_refusals))
        .layer(from_fn(prometheus::word_refusals))
        .with_state(context)
}

async fn short_uri(request: Request, next: Next) -> Result<Response, ApiError> {
    let length = request.uri().path_and_query().map_or(0, |text| text.as_str().len());
    if length > MAX_URI {
        return Err(ApiError::bad(format!("path and query are longer than {MAX_URI} bytes")));
    }
    Ok(next.run(request).await)
}
