//! The table of routes: everything that is served, and who may ask for it.
//!
//! The router, the tests that knock at every door, and the comparison with the OpenAPI document are all made from this
//! one table, so that no route can be forgotten in any of them.

use std::{fmt, sync::Arc};

use axum::{
    Router,
    extract::{DefaultBodyLimit, MatchedPath, Query, Request, State},
    middleware::{Next, from_fn, from_fn_with_state},
    response::Response,
    routing::{MethodFilter, MethodRouter, any, on},
};
use http::Method;
use model::access::Permission;

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
    /// Who has the permission over the application that the path is about, or, where it is about none, over the account.
    Needs(Permission),
    /// Who has the permission over anything: the handler shows what of it is over what.
    Somewhere(Permission),
}

/// The words of the table.
#[allow(non_upper_case_globals, reason = "they stand beside the variants in the table")]
impl Access {
    pub const View: Access = Access::Needs(Permission::View);
    pub const Configure: Access = Access::Needs(Permission::Configure);
    pub const Delete: Access = Access::Needs(Permission::Delete);
    pub const ViewSome: Access = Access::Somewhere(Permission::View);
    pub const ConfigureSome: Access = Access::Somewhere(Permission::Configure);
    pub const DeleteSome: Access = Access::Somewhere(Permission::Delete);
    pub const Users: Access = Access::Needs(Permission::AdministerUsers);
    pub const Account: Access = Access::Needs(Permission::AdministerAccount);
    pub const ViewAudit: Access = Access::Needs(Permission::ViewAudit);
    pub const ViewSystem: Access = Access::Needs(Permission::ViewSystem);
}

/// What a path is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    Account,
    /// The application whose id or name is the first parameter.
    Application,
    /// The application of the entity whose id is the first parameter.
    Entity,
}

/// What follows `/api/v1/` where the first parameter is the id of an entity of an application.
const ENTITIES: [&str; 7] = [
    "business-transactions",
    "tiers",
    "nodes",
    "backends",
    "service-endpoints",
    "errors",
    "queues",
];

/// What the id or name of an application follows besides.
const OF_APPLICATIONS: [&str; 3] =
    ["/controller/healthrules", "/controller/actions", "/controller/policies"];

/// What is asked with other methods than GET and changes nothing.
const READS: [&str; 10] = [
    "/api/v1/applications/{id}/anomaly-back-test",
    "/api/v1/applications/{id}/health-rules/affected",
    "/api/v1/applications/{id}/health-rules/back-test",
    "/api/v1/storage/retention/preview",
    "/api/v1/policies/preview",
    "/api/v1/actions/preview",
    "/prometheus/api/v1/query",
    "/prometheus/api/v1/query_range",
    "/prometheus/api/v1/series",
    "/prometheus/api/v1/labels",
];

/// One route, for whoever enumerates them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RouteInfo {
    pub method: Method,
    /// With parameters in braces.
    pub path: &'static str,
    pub access: Access,
}

impl RouteInfo {
    /// What its path is about; `None` where its handler decides what of the answer the caller may see.
    pub fn place(&self) -> Option<Place> {
        if matches!(self.access, Access::Somewhere(_)) {
            return None;
        }
        let Some((before, _)) = self.path.split_once("/{") else { return Some(Place::Account) };
        let last = before.rsplit('/').next().unwrap_or_default();
        Some(match last {
            "applications" => Place::Application,
            _ if OF_APPLICATIONS.contains(&before) => Place::Application,
            last if before.starts_with("/api/v1/") && ENTITIES.contains(&last) => Place::Entity,
            _ => Place::Account,
        })
    }

    /// Whether it changes something.
    pub fn changes(&self) -> bool {
        !self.method.is_safe() && !READS.contains(&self.path)
    }
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
        Account    GET    "/api/v1/connect" => v1::connect::read;
        ViewSystem GET    "/api/v1/connect/attempts" => v1::connect::attempts;
        Account    GET    "/api/v1/access-keys" => v1::access_keys::list;
        Account    POST   "/api/v1/access-keys" => v1::access_keys::create;
        Account    DELETE "/api/v1/access-keys/{id}" => v1::access_keys::disable;
        SignedIn   GET    "/api/v1/account" => v1::account::read;
        Account    PUT    "/api/v1/account/time-zone" => v1::account::put_time_zone;
        ViewSystem GET    "/api/v1/storage" => v1::storage::read;
        ViewSystem GET    "/api/v1/limits" => v1::limits::read;
        ViewSystem GET    "/api/v1/health" => v1::health::read;
        Account    GET    "/api/v1/api-clients" => v1::api_clients::list;
        Account    POST   "/api/v1/api-clients" => v1::api_clients::create;
        Account    DELETE "/api/v1/api-clients/{id}" => v1::api_clients::delete;
        Account    POST   "/api/v1/api-clients/{id}/secret" => v1::api_clients::replace_secret;
        Users      GET    "/api/v1/users" => v1::users::list;
        Users      POST   "/api/v1/users" => v1::users::create;
        Users      GET    "/api/v1/users/{id}" => v1::users::read;
        Users      PUT    "/api/v1/users/{id}" => v1::users::change;
        Users      DELETE "/api/v1/users/{id}" => v1::users::delete;
        Users      PUT    "/api/v1/users/{id}/password" => v1::users::set_password;
        Users      DELETE "/api/v1/users/{id}/lock" => v1::users::unlock;
        Users      DELETE "/api/v1/users/{id}/sessions" => v1::users::end_sessions;
        Users      GET    "/api/v1/groups" => v1::groups::list;
        Users      POST   "/api/v1/groups" => v1::groups::create;
        Users      PUT    "/api/v1/groups/{id}" => v1::groups::change;
        Users      DELETE "/api/v1/groups/{id}" => v1::groups::delete;
        Users      GET    "/api/v1/roles" => v1::roles::list;
        Users      POST   "/api/v1/roles" => v1::roles::create;
        Users      PUT    "/api/v1/roles/{id}" => v1::roles::change;
        Users      DELETE "/api/v1/roles/{id}" => v1::roles::delete;
        SignedIn   GET    "/api/v1/permissions" => v1::roles::permissions;
        Users      GET    "/api/v1/sessions" => v1::sessions::all;
        Users      DELETE "/api/v1/sessions/{session_id}" => v1::sessions::end_any;
        SignedIn   PUT    "/api/v1/profile/password" => v1::sessions::change_password;
        SignedIn   GET    "/api/v1/profile/sessions" => v1::sessions::own;
        SignedIn   DELETE "/api/v1/profile/sessions/{session_id}" => v1::sessions::end_own;
        ViewAudit  GET    "/api/v1/audit" => v1::audit::list;
        ViewAudit  GET    "/api/v1/audit/export" => v1::audit::export;
        ViewSome   GET    "/api/v1/applications" => v1::applications::list;
        View       GET    "/api/v1/applications/{id}" => v1::applications::read;
        View       GET    "/api/v1/applications/{id}/baselines" => v1::baselines::list;
        Configure  POST   "/api/v1/applications/{id}/baselines" => v1::baselines::create;
        Configure  PUT    "/api/v1/applications/{id}/baselines/default" => v1::baselines::put_default;
        Delete     DELETE "/api/v1/applications/{id}/baselines/{baseline}" => v1::baselines::delete;
        View       GET    "/api/v1/applications/{id}/flow-map" => v1::flow_map::read;
        Configure  PUT    "/api/v1/applications/{id}/flow-map/layout" => v1::flow_map::put_layout;
        View       GET    "/api/v1/applications/{id}/business-transactions" => v1::business_transactions::list;
        View       GET    "/api/v1/applications/{id}/tiers" => v1::tiers::list;
        View       GET    "/api/v1/applications/{id}/nodes" => v1::nodes::list;
        View       GET    "/api/v1/applications/{id}/backends" => v1::backends::list;
        View       GET    "/api/v1/applications/{id}/service-endpoints" => v1::service_endpoints::list;
        View       GET    "/api/v1/applications/{id}/errors" => v1::errors::list;
        View       GET    "/api/v1/applications/{id}/waiting-transactions" => v1::business_transactions::waiting;
        Configure  PUT    "/api/v1/applications/{id}/key-figures" => v1::applications::put_key_figures;
        View       GET    "/api/v1/applications/{id}/series" => v1::series::of_application;
        View       GET    "/api/v1/applications/{id}/metrics" => v1::metrics::level;
        View       GET    "/api/v1/applications/{id}/metrics/search" => v1::metrics::search;
        View       GET    "/api/v1/applications/{id}/metric-data" => v1::metrics::data;
        View       GET    "/api/v1/business-transactions/{id}" => v1::business_transactions::read;
        Configure  PUT    "/api/v1/business-transactions/{id}/long-lived" => v1::business_transactions::put_long_lived;
        Configure  PUT    "/api/v1/business-transactions/{id}/promotion" => v1::business_transactions::put_promotion;
        View       GET    "/api/v1/business-transactions/{id}/series" => v1::series::of_business_transaction;
        View       GET    "/api/v1/business-transactions/{id}/histogram" => v1::response_times::of_business_transaction;
        View       GET    "/api/v1/business-transactions/{id}/comparison" => v1::comparison::read;
        View       GET    "/api/v1/business-transactions/{id}/flow-map" => v1::flow_map::of_business_transaction;
        View       GET    "/api/v1/tiers/{id}" => v1::tiers::read;
        View       GET    "/api/v1/tiers/{id}/histogram" => v1::response_times::of_tier;
        View       GET    "/api/v1/tiers/{id}/flow-map" => v1::flow_map::of_tier;
        View       GET    "/api/v1/tiers/{id}/series" => v1::series::of_tier;
        View       GET    "/api/v1/nodes/{id}" => v1::nodes::read;
        View       GET    "/api/v1/nodes/{id}/series" => v1::series::of_node;
        View       GET    "/api/v1/backends/{id}/series" => v1::series::of_backend;
        View       GET    "/api/v1/backends/{id}" => v1::backends::read;
        View       GET    "/api/v1/backends/{id}/histogram" => v1::response_times::of_backend;
        View       GET    "/api/v1/backends/{id}/flow-map" => v1::flow_map::of_backend;
        View       GET    "/api/v1/backends/{id}/statements" => v1::statements::list;
        View       GET    "/api/v1/errors/{id}" => v1::errors::read;
        View       GET    "/api/v1/errors/{id}/samples" => v1::error_samples::read;
        ViewSome   GET    "/api/v1/flow-map" => v1::application_map::read;
        ViewSome   GET    "/api/v1/events" => v1::events::list;
        ConfigureSome POST "/api/v1/events" => v1::events::create;
        ViewSome   GET    "/api/v1/events/summary" => v1::events::summary;
        ViewSome   GET    "/api/v1/events/{id}" => v1::events::read;
        ConfigureSome PUT "/api/v1/events/{id}/marks" => v1::events::put_marks;
        ViewSome   GET    "/api/v1/snapshots" => v1::snapshots::list;
        ViewSome   GET    "/api/v1/traces/{trace_id}" => v1::traces::read;
        ViewSome   GET    "/api/v1/spans" => v1::spans::list;
        ViewSome   GET    "/api/v1/span-attributes" => v1::span_attributes::keys;
        ViewSome   GET    "/api/v1/span-attributes/values" => v1::span_attributes::values;
        Account    PUT    "/api/v1/api-clients/{id}" => v1::api_clients::change;
        View       GET    "/api/v1/applications/{id}/health-rules" => v1::health_rules::list;
        Configure  POST   "/api/v1/applications/{id}/health-rules" => v1::health_rules::create;
        View       POST   "/api/v1/applications/{id}/health-rules/affected" => v1::health_rules::affected;
        View       POST   "/api/v1/applications/{id}/health-rules/back-test" => v1::back_test::run;
        View       GET    "/api/v1/applications/{id}/health-rules/{rule}" => v1::health_rules::read;
        Configure  PUT    "/api/v1/applications/{id}/health-rules/{rule}" => v1::health_rules::replace;
        Delete     DELETE "/api/v1/applications/{id}/health-rules/{rule}" => v1::health_rules::delete;
        Configure  PUT    "/api/v1/applications/{id}/health-rules/{rule}/enabled" => v1::health_rules::put_enabled;
        View       GET    "/api/v1/applications/{id}/schedules" => v1::rule_schedules::list;
        Configure  POST   "/api/v1/applications/{id}/schedules" => v1::rule_schedules::create;
        Configure  PUT    "/api/v1/applications/{id}/schedules/{schedule}" => v1::rule_schedules::replace;
        Delete     DELETE "/api/v1/applications/{id}/schedules/{schedule}" => v1::rule_schedules::delete;
        View       GET    "/api/v1/applications/{id}/entity-health" => v1::violations::of_entities;
        ViewSome   GET    "/api/v1/violations" => v1::violations::list;
        ViewSome   GET    "/api/v1/violations/{id}" => v1::violations::read;
        ViewSome   GET    "/api/v1/anomalies" => v1::anomalies::list;
        ViewSome   GET    "/api/v1/anomalies/{id}" => v1::anomalies::read;
        ConfigureSome POST "/api/v1/anomalies/{id}/feedback" => v1::anomalies::add_feedback;
        ViewSome   GET    "/api/v1/incidents" => v1::incidents::list;
        ViewSome   GET    "/api/v1/incidents/{id}" => v1::incidents::read;
        View       GET    "/api/v1/applications/{id}/anomaly-settings" => v1::anomaly_settings::read;
        Configure  PUT    "/api/v1/applications/{id}/anomaly-settings" => v1::anomaly_settings::replace;
        View       GET    "/api/v1/applications/{id}/anomaly-model" => v1::anomaly_model::read;
        View       POST   "/api/v1/applications/{id}/anomaly-back-test" => v1::anomaly_model::back_test;
        SignedIn   GET    "/api/v1/saved-searches" => v1::saved_searches::list;
        SignedIn   POST   "/api/v1/saved-searches" => v1::saved_searches::save;
        SignedIn   DELETE "/api/v1/saved-searches/{id}" => v1::saved_searches::delete;
        ViewSome   GET    "/api/v1/logs" => v1::logs::list;
        ViewSome   GET    "/api/v1/logs/summary" => v1::log_summary::read;
        ViewSome   GET    "/api/v1/metric-series" => v1::metric_series::list;
        ViewSome   GET    "/api/v1/metric-series/{series_id}/samples" => v1::metric_series::samples;
        Account    PUT    "/api/v1/storage/retention" => v1::storage::put_retention;
        Account    POST   "/api/v1/storage/retention/preview" => v1::storage::preview;
        View       GET    "/api/v1/applications/{id}/transaction-groups" => v1::transaction_groups::list;
        Configure  POST   "/api/v1/applications/{id}/transaction-groups" => v1::transaction_groups::create;
        View       GET    "/api/v1/applications/{id}/transaction-groups/{group}" => v1::transaction_groups::read;
        Configure  PUT    "/api/v1/applications/{id}/transaction-groups/{group}" => v1::transaction_groups::change;
        Delete     DELETE "/api/v1/applications/{id}/transaction-groups/{group}" => v1::transaction_groups::dissolve;
        View       GET    "/api/v1/applications/{id}/transaction-groups/{group}/flow-map" => v1::transaction_groups::map;
        View       GET    "/api/v1/applications/{id}/transaction-groups/{group}/series" => v1::transaction_groups::over_time;
        Configure  PUT    "/api/v1/business-transactions/{id}/background" => v1::business_transactions::put_background;
        Configure  PUT    "/api/v1/business-transactions/{id}/exclusion" => v1::business_transactions::put_exclusion;
        View       GET    "/api/v1/nodes/{id}/flow-map" => v1::node_map::read;
        ViewSome   GET    "/api/v1/flow-map-layouts" => v1::layouts::list;
        ConfigureSome POST   "/api/v1/flow-map-layouts" => v1::layouts::create;
        ViewSome   GET    "/api/v1/flow-map-layouts/{id}" => v1::layouts::read;
        ConfigureSome PUT    "/api/v1/flow-map-layouts/{id}" => v1::layouts::replace;
        ConfigureSome DELETE "/api/v1/flow-map-layouts/{id}" => v1::layouts::delete;
        ViewSome   GET    "/api/v1/metric-series/points" => v1::raw_series::read;
    };
    table.extend(table! {
        ViewSome GET "/api/v1/notice-options" => v1::policies::options;
        ViewSome GET "/api/v1/policies" => v1::policies::list;
        ConfigureSome POST "/api/v1/policies" => v1::policies::create;
        ViewSome POST "/api/v1/policies/preview" => v1::policies::preview;
        ViewSome GET "/api/v1/policies/{id}" => v1::policies::read;
        ConfigureSome PUT "/api/v1/policies/{id}" => v1::policies::replace;
        DeleteSome DELETE "/api/v1/policies/{id}" => v1::policies::delete;
        ViewSome GET "/api/v1/digests" => v1::policies::list_digests;
        ConfigureSome POST "/api/v1/digests" => v1::policies::create_digest;
        ViewSome GET "/api/v1/digests/{id}" => v1::policies::read_digest;
        ConfigureSome PUT "/api/v1/digests/{id}" => v1::policies::replace_digest;
        DeleteSome DELETE "/api/v1/digests/{id}" => v1::policies::delete_digest;
        ViewSome GET "/api/v1/actions" => v1::actions::list;
        ConfigureSome POST "/api/v1/actions" => v1::actions::create;
        ViewSome POST "/api/v1/actions/preview" => v1::actions::preview;
        ViewSome GET "/api/v1/actions/{id}" => v1::actions::read;
        ConfigureSome PUT "/api/v1/actions/{id}" => v1::actions::replace;
        DeleteSome DELETE "/api/v1/actions/{id}" => v1::actions::delete;
        ConfigureSome POST "/api/v1/actions/{id}/test" => v1::actions::test;
        ViewSome GET "/api/v1/suppressions" => v1::suppressions::list;
        ConfigureSome POST "/api/v1/suppressions" => v1::suppressions::create;
        ViewSome GET "/api/v1/suppressions/{id}" => v1::suppressions::read;
        ConfigureSome PUT "/api/v1/suppressions/{id}" => v1::suppressions::replace;
        DeleteSome DELETE "/api/v1/suppressions/{id}" => v1::suppressions::delete;
        ViewSome GET "/api/v1/deliveries" => v1::deliveries::list;
        ViewSome GET "/api/v1/deliveries/{id}" => v1::deliveries::read;
        Account    GET    "/api/v1/notification-settings" => v1::notification_settings::read;
        Account    PUT    "/api/v1/notification-settings" => v1::notification_settings::replace;
        Account    POST   "/api/v1/notification-settings/test" => v1::notification_settings::test;
    });
    table.extend(table! {
        Public     GET    "/controller/rest/serverstatus" => controller::server_status::read;
        Public     POST   "/controller/api/oauth/access_token" => controller::access_token::issue;
        Users      POST   "/controller/rest/users" => controller::users::save;
        ViewAudit  GET    "/controller/ControllerAuditHistory" => controller::audit_history::read;
        Users      GET    "/controller/api/rbac/v1/users" => controller::rbac::users::list;
        Users      POST   "/controller/api/rbac/v1/users" => controller::rbac::users::create;
        Users      GET    "/controller/api/rbac/v1/users/{id}" => controller::rbac::users::read;
        Users      PUT    "/controller/api/rbac/v1/users/{id}" => controller::rbac::users::change;
        Users      DELETE "/controller/api/rbac/v1/users/{id}" => controller::rbac::users::delete;
        Users      GET    "/controller/api/rbac/v1/users/name/{name}" => controller::rbac::users::read_named;
        Users      GET    "/controller/api/rbac/v1/groups" => controller::rbac::groups::list;
        Users      POST   "/controller/api/rbac/v1/groups" => controller::rbac::groups::create;
        Users      GET    "/controller/api/rbac/v1/groups/{id}" => controller::rbac::groups::read;
        Users      PUT    "/controller/api/rbac/v1/groups/{id}" => controller::rbac::groups::change;
        Users      DELETE "/controller/api/rbac/v1/groups/{id}" => controller::rbac::groups::delete;
        Users      GET    "/controller/api/rbac/v1/groups/name/{name}" => controller::rbac::groups::read_named;
        Users      PUT    "/controller/api/rbac/v1/groups/{id}/users/{user}" => controller::rbac::groups::add_user;
        Users      DELETE "/controller/api/rbac/v1/groups/{id}/users/{user}" => controller::rbac::groups::remove_user;
        Users      GET    "/controller/api/rbac/v1/roles" => controller::rbac::roles::list;
        Users      POST   "/controller/api/rbac/v1/roles" => controller::rbac::roles::create;
        Users      GET    "/controller/api/rbac/v1/roles/{id}" => controller::rbac::roles::read;
        Users      PUT    "/controller/api/rbac/v1/roles/{id}" => controller::rbac::roles::change;
        Users      DELETE "/controller/api/rbac/v1/roles/{id}" => controller::rbac::roles::delete;
        Users      GET    "/controller/api/rbac/v1/roles/name/{name}" => controller::rbac::roles::read_named;
        Users      PUT    "/controller/api/rbac/v1/roles/{id}/users/{user}" => controller::rbac::roles::add_to_user;
        Users      DELETE "/controller/api/rbac/v1/roles/{id}/users/{user}" => controller::rbac::roles::take_from_user;
        Users      PUT    "/controller/api/rbac/v1/roles/{id}/groups/{group}" => controller::rbac::roles::add_to_group;
        Users      DELETE "/controller/api/rbac/v1/roles/{id}/groups/{group}" => controller::rbac::roles::take_from_group;
        SignedIn   GET    "/controller/rest/configuration" => controller::configuration::list;
        ViewSome   GET    "/controller/rest/applications" => controller::applications::list;
        View       GET    "/controller/rest/applications/{app}" => controller::applications::read;
        View       GET    "/controller/rest/applications/{app}/tiers" => controller::tiers::list;
        View       GET    "/controller/rest/applications/{app}/tiers/{tier}" => controller::tiers::read;
        View       GET    "/controller/rest/applications/{app}/tiers/{tier}/nodes" => controller::nodes::of_tier;
        View       GET    "/controller/rest/applications/{app}/tiers/{tier}/nodes/{node}" => controller::nodes::read_of_tier;
        View       GET    "/controller/rest/applications/{app}/nodes" => controller::nodes::list;
        View       GET    "/controller/rest/applications/{app}/nodes/{node}" => controller::nodes::read;
        View       GET    "/controller/rest/applications/{app}/business-transactions" => controller::business_transactions::list;
        View       GET    "/controller/rest/applications/{app}/backends" => controller::backends::list;
        View       GET    "/controller/rest/applications/{app}/metrics" => controller::metrics::level;
        View       GET    "/controller/rest/applications/{app}/metric-data" => controller::metric_data::read;
        View       GET    "/controller/rest/applications/{app}/metric-data-v2" => controller::metric_data::read;
        View       GET    "/controller/rest/applications/{app}/request-snapshots" => controller::request_snapshots::list;
        View       GET    "/controller/rest/applications/{app}/events" => controller::events::list;
        Configure  POST   "/controller/rest/applications/{app}/events" => controller::events::create;
        ConfigureSome POST "/controller/rest/mark-nodes-historical" => controller::historical_nodes::mark;
        View       GET    "/controller/rest/applications/{app}/problems/healthrule-violations" => controller::problems::violations;
        View       GET    "/controller/rest/applications/{app}/problems/policy-violations" => controller::problems::violations;
        View       GET    "/controller/alerting/rest/v1/applications/{app}/health-rules" => controller::alerting::health_rules::list;
        Configure  POST   "/controller/alerting/rest/v1/applications/{app}/health-rules" => controller::alerting::health_rules::create;
        View       GET    "/controller/alerting/rest/v1/applications/{app}/health-rules/{rule}" => controller::alerting::health_rules::one;
        Configure  PUT    "/controller/alerting/rest/v1/applications/{app}/health-rules/{rule}" => controller::alerting::health_rules::replace;
        Delete     DELETE "/controller/alerting/rest/v1/applications/{app}/health-rules/{rule}" => controller::alerting::health_rules::delete;
        View       GET    "/controller/alerting/rest/v1/applications/{app}/schedules" => controller::alerting::schedules::list;
        Configure  POST   "/controller/alerting/rest/v1/applications/{app}/schedules" => controller::alerting::schedules::create;
        View       GET    "/controller/alerting/rest/v1/applications/{app}/schedules/{schedule}" => controller::alerting::schedules::one;
        Configure  PUT    "/controller/alerting/rest/v1/applications/{app}/schedules/{schedule}" => controller::alerting::schedules::replace;
        Delete     DELETE "/controller/alerting/rest/v1/applications/{app}/schedules/{schedule}" => controller::alerting::schedules::delete;
        Configure  POST   "/controller/rest/applications/{app}/business-transactions" => controller::business_transactions::change;
    });
    table.extend(table! {
        View       GET    "/controller/alerting/rest/v1/applications/{app}/policies" => controller::responses::of_policies::list;
        Configure  POST   "/controller/alerting/rest/v1/applications/{app}/policies" => controller::responses::of_policies::create;
        View       GET    "/controller/alerting/rest/v1/applications/{app}/policies/{id}" => controller::responses::of_policies::read;
        Configure  PUT    "/controller/alerting/rest/v1/applications/{app}/policies/{id}" => controller::responses::of_policies::replace;
        Delete     DELETE "/controller/alerting/rest/v1/applications/{app}/policies/{id}" => controller::responses::of_policies::delete;
        View       GET    "/controller/alerting/rest/v1/applications/{app}/actions" => controller::responses::of_actions::list;
        Configure  POST   "/controller/alerting/rest/v1/applications/{app}/actions" => controller::responses::of_actions::create;
        View       GET    "/controller/alerting/rest/v1/applications/{app}/actions/{id}" => controller::responses::of_actions::read;
        Configure  PUT    "/controller/alerting/rest/v1/applications/{app}/actions/{id}" => controller::responses::of_actions::replace;
        Delete     DELETE "/controller/alerting/rest/v1/applications/{app}/actions/{id}" => controller::responses::of_actions::delete;
        View       GET    "/controller/alerting/rest/v1/applications/{app}/action-suppressions" => controller::responses::of_suppressions::list;
        Configure  POST   "/controller/alerting/rest/v1/applications/{app}/action-suppressions" => controller::responses::of_suppressions::create;
        View       GET    "/controller/alerting/rest/v1/applications/{app}/action-suppressions/{id}" => controller::responses::of_suppressions::read;
        Configure  PUT    "/controller/alerting/rest/v1/applications/{app}/action-suppressions/{id}" => controller::responses::of_suppressions::replace;
        Delete     DELETE "/controller/alerting/rest/v1/applications/{app}/action-suppressions/{id}" => controller::responses::of_suppressions::delete;
        View       GET    "/controller/alerting/rest/v1/applications/{app}/email-digests" => controller::responses::of_digests::list;
        Configure  POST   "/controller/alerting/rest/v1/applications/{app}/email-digests" => controller::responses::of_digests::create;
        View       GET    "/controller/alerting/rest/v1/applications/{app}/email-digests/{id}" => controller::responses::of_digests::read;
        Configure  PUT    "/controller/alerting/rest/v1/applications/{app}/email-digests/{id}" => controller::responses::of_digests::replace;
        Delete     DELETE "/controller/alerting/rest/v1/applications/{app}/email-digests/{id}" => controller::responses::of_digests::delete;
        View       GET    "/controller/healthrules/{app}" => controller::exports::health_rules::export;
        Configure  POST   "/controller/healthrules/{app}" => controller::exports::health_rules::import;
        View       GET    "/controller/healthrules/{app}/{name}" => controller::exports::health_rules::export;
        View       GET    "/controller/actions/{app}" => controller::exports::actions::export;
        Configure  POST   "/controller/actions/{app}" => controller::exports::actions::import;
        View       GET    "/controller/policies/{app}" => controller::exports::policies::export;
        Configure  POST   "/controller/policies/{app}" => controller::exports::policies::import;
        View       GET    "/controller/actiontemplate/{kind}" => controller::exports::templates::export;
        Configure  POST   "/controller/actiontemplate/{kind}" => controller::exports::templates::import;
    });
    table.extend(table! {
        ViewSome   GET    "/prometheus/api/v1/query" => prometheus::query::instant;
        ViewSome   POST   "/prometheus/api/v1/query" => prometheus::query::instant;
        ViewSome   GET    "/prometheus/api/v1/query_range" => prometheus::query::range;
        ViewSome   POST   "/prometheus/api/v1/query_range" => prometheus::query::range;
        ViewSome   GET    "/prometheus/api/v1/series" => prometheus::labels::series;
        ViewSome   POST   "/prometheus/api/v1/series" => prometheus::labels::series;
        ViewSome   GET    "/prometheus/api/v1/labels" => prometheus::labels::names;
        ViewSome   POST   "/prometheus/api/v1/labels" => prometheus::labels::names;
        ViewSome   GET    "/prometheus/api/v1/label/{name}/values" => prometheus::labels::values;
        ViewSome   GET    "/prometheus/api/v1/metadata" => prometheus::metadata::list;
        SignedIn   GET    "/prometheus/api/v1/status/buildinfo" => prometheus::status::build_info;
    });
    table.extend(table! {
        ViewSome   GET    "/jaeger/api/services" => jaeger::services::list;
        ViewSome   GET    "/jaeger/api/services/{*rest}" => jaeger::services::operations_of;
        ViewSome   GET    "/jaeger/api/operations" => jaeger::services::operations;
        ViewSome   GET    "/jaeger/api/traces" => jaeger::traces::search;
        ViewSome   GET    "/jaeger/api/traces/{trace_id}" => jaeger::traces::read;
        ViewSome   GET    "/jaeger/api/dependencies" => jaeger::dependencies::list;
        ViewSome   GET    "/jaeger/api/v3/services" => jaeger::third::services;
        ViewSome   GET    "/jaeger/api/v3/operations" => jaeger::third::operations;
        ViewSome   GET    "/jaeger/api/v3/trace-summaries" => jaeger::third::summaries;
        ViewSome   GET    "/jaeger/api/v3/traces" => jaeger::third::search;
        ViewSome   GET    "/jaeger/api/v3/traces/{trace_id}" => jaeger::third::trace;
        // Some releases of Grafana forget the path of its data source's address when it searches.
        ViewSome   GET    "/api/traces" => jaeger::traces::search;
    });
    table
}

/// All routes behind their doors. What is not in the table under the prefixes of an API is refused, strangers first: a
/// program must never take the page for an answer.
pub(crate) fn router(context: Shared) -> Router {
    let guard_of =
        |info: &RouteInfo| from_fn_with_state((Arc::clone(&context), info.clone()), auth::guard);
    let guard = guard_of(&RouteInfo { method: Method::GET, path: "", access: Access::SignedIn });
    let monitoring = from_fn_with_state(Arc::clone(&context), auth::guard_monitoring);
    let mut router = Router::new();
    let named = from_fn_with_state(Arc::clone(&context), named_parameters);
    for Route { info, handler } in table() {
        let handler = match info.path.starts_with("/api/v1/") {
            true => handler.route_layer(named.clone()),
            false => handler,
        };
        let handler = match info.access {
            Access::Public => handler,
            Access::Monitoring => handler.route_layer(monitoring.clone()),
            _ => handler.route_layer(guard_of(&info)),
        };
        let handler = match most_of_body(info.path) {
            Some(most) => handler.layer(DefaultBodyLimit::max(most)),
            None => handler,
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

/// Bytes of a body where it may be larger than others.
fn most_of_body(path: &str) -> Option<usize> {
    if path.ends_with("/layout") || path.contains("/flow-map-layouts") {
        return Some(MAX_LAYOUT);
    }
    let imports = OF_APPLICATIONS.into_iter().chain(["/controller/actiontemplate"]);
    imports
        .filter_map(|begin| path.strip_prefix(begin))
        .any(|rest| rest.starts_with('/'))
        .then_some(controller::exports::MAX_IMPORT)
}

/// Refuses query parameters that the document does not name. Other APIs are other people's: theirs are passed over, as there.
async fn named_parameters(
    State(context): State<Shared>,
    path: MatchedPath,
    request: Request,
    next: Next,
) -> Result<Response, ApiError> {
    // What cannot be read is refused by whoever reads it.
    if request.uri().query().is_some()
        && let Ok(Query(all)) = Query::<Vec<(String, String)>>::try_from_uri(request.uri())
    {
        let names = all.iter().map(|(name, _)| name.as_str());
        let checked = context.bodies().check_names(request.method(), path.as_str(), names);
        checked.map_err(ApiError::bad)?;
    }
    Ok(next.run(request).await)
}

async fn short_uri(request: Request, next: Next) -> Result<Response, ApiError> {
    let length = request.uri().path_and_query().map_or(0, |text| text.as_str().len());
    if length > MAX_URI {
        return Err(ApiError::bad(format!("path and query are longer than {MAX_URI} bytes")));
    }
    Ok(next.run(request).await)
}
