//! The OpenAPI document of `/api/v1` and of Prometheus' API under `/prometheus`, made from the handlers.

mod bodies;
mod exact;
mod examples;

use utoipa::{
    Modify, OpenApi,
    openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme},
};

pub(crate) use self::bodies::Bodies;
use self::{
    exact::{Bounds, Closed},
    examples::Examples,
};
use crate::{prometheus, v1};

#[derive(OpenApi)]
#[openapi(
    info(title = "Vedette", description = "What Vedette's page and programs ask of it. Times are UTC milliseconds."),
    paths(
        v1::about::read,
        v1::openapi::read,
        v1::session::create,
        v1::session::read,
        v1::session::delete,
        v1::connect::read,
        v1::connect::attempts,
        v1::access_keys::list,
        v1::access_keys::create,
        v1::access_keys::disable,
        v1::account::read,
        v1::account::put_time_zone,
        v1::baselines::list,
        v1::baselines::create,
        v1::baselines::put_default,
        v1::baselines::delete,
        v1::storage::read,
        v1::storage::put_retention,
        v1::storage::preview,
        v1::limits::read,
        v1::health::read,
        v1::api_clients::list,
        v1::api_clients::create,
        v1::api_clients::change,
        v1::api_clients::replace_secret,
        v1::api_clients::delete,
        v1::users::list,
        v1::users::create,
        v1::users::read,
        v1::users::change,
        v1::users::delete,
        v1::users::set_password,
        v1::users::unlock,
        v1::users::end_sessions,
        v1::groups::list,
        v1::groups::create,
        v1::groups::change,
        v1::groups::delete,
        v1::roles::permissions,
        v1::roles::list,
        v1::roles::create,
        v1::roles::change,
        v1::roles::delete,
        v1::sessions::all,
        v1::sessions::end_any,
        v1::sessions::own,
        v1::sessions::end_own,
        v1::sessions::change_password,
        v1::audit::list,
        v1::audit::export,
        v1::applications::list,
        v1::applications::read,
        v1::flow_map::read,
        v1::flow_map::put_layout,
        v1::flow_map::of_business_transaction,
        v1::flow_map::of_tier,
        v1::flow_map::of_backend,
        v1::application_map::read,
        v1::node_map::read,
        v1::layouts::list,
        v1::layouts::create,
        v1::layouts::read,
        v1::layouts::replace,
        v1::layouts::delete,
        v1::business_transactions::list,
        v1::business_transactions::read,
        v1::business_transactions::put_long_lived,
        v1::business_transactions::put_promotion,
        v1::business_transactions::put_background,
        v1::business_transactions::put_exclusion,
        v1::transaction_groups::list,
        v1::transaction_groups::create,
        v1::transaction_groups::read,
        v1::transaction_groups::change,
        v1::transaction_groups::dissolve,
        v1::transaction_groups::over_time,
        v1::transaction_groups::map,
        v1::business_transactions::waiting,
        v1::applications::put_key_figures,
        v1::tiers::list,
        v1::tiers::read,
        v1::nodes::list,
        v1::nodes::read,
        v1::backends::list,
        v1::backends::read,
        v1::statements::list,
        v1::service_endpoints::list,
        v1::errors::list,
        v1::errors::read,
        v1::error_samples::read,
        v1::comparison::read,
        v1::response_times::of_business_transaction,
        v1::response_times::of_tier,
        v1::response_times::of_backend,
        v1::series::of_application,
        v1::series::of_business_transaction,
        v1::series::of_tier,
        v1::series::of_node,
        v1::series::of_backend,
        v1::metrics::level,
        v1::metrics::search,
        v1::metrics::data,
        v1::events::list,
        v1::events::create,
        v1::events::summary,
        v1::events::read,
        v1::events::put_marks,
        v1::snapshots::list,
        v1::traces::read,
        v1::spans::list,
        v1::span_attributes::keys,
        v1::span_attributes::values,
        v1::health_rules::list,
        v1::health_rules::create,
        v1::health_rules::read,
        v1::health_rules::replace,
        v1::health_rules::put_enabled,
        v1::health_rules::delete,
        v1::health_rules::affected,
        v1::back_test::run,
        v1::rule_schedules::list,
        v1::rule_schedules::create,
        v1::rule_schedules::replace,
        v1::rule_schedules::delete,
        v1::violations::list,
        v1::violations::read,
        v1::violations::of_entities,
        v1::anomalies::list,
        v1::anomalies::read,
        v1::anomalies::add_feedback,
        v1::incidents::list,
        v1::incidents::read,
        v1::anomaly_settings::read,
        v1::anomaly_settings::replace,
        v1::anomaly_model::read,
        v1::anomaly_model::back_test,
        v1::saved_searches::list,
        v1::saved_searches::save,
        v1::saved_searches::delete,
        v1::logs::list,
        v1::log_summary::read,
        v1::metric_series::list,
        v1::metric_series::samples,
        v1::raw_series::read,
        v1::policies::options,
        v1::policies::list,
        v1::policies::create,
        v1::policies::preview,
        v1::policies::read,
        v1::policies::replace,
        v1::policies::delete,
        v1::policies::list_digests,
        v1::policies::create_digest,
        v1::policies::read_digest,
        v1::policies::replace_digest,
        v1::policies::delete_digest,
        v1::actions::list,
        v1::actions::create,
        v1::actions::preview,
        v1::actions::read,
        v1::actions::replace,
        v1::actions::delete,
        v1::actions::test,
        v1::suppressions::list,
        v1::suppressions::create,
        v1::suppressions::read,
        v1::suppressions::replace,
        v1::suppressions::delete,
        v1::deliveries::list,
        v1::deliveries::read,
        v1::notification_settings::read,
        v1::notification_settings::replace,
        v1::notification_settings::test,
        prometheus::query::instant,
        prometheus::query::range,
        prometheus::labels::series,
        prometheus::labels::names,
        prometheus::labels::values,
        prometheus::metadata::list,
        prometheus::status::build_info,
    ),
    // The bodies that only refusals have.
    components(schemas(api_types::ErrorBody, api_types::ErrorDetail, api_types::PrometheusError)),
    security(("session" = []), ("basic" = []), ("token" = [])),
    modifiers(&SignIn, &OperationIds, &Bounds, &Closed, &Examples),
)]
struct Document;

struct SignIn;

impl Modify for SignIn {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let cookie = ApiKeyValue::with_description(
            "vedette_session",
            "From POST /api/v1/session. POST, PUT and DELETE also need the header X-CSRF-Token.",
        );
        let basic = HttpBuilder::new()
            .scheme(HttpAuthScheme::Basic)
            .description(Some("`user` or `user@account`, and the password."))
            .build();
        let token = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .description(Some("From POST /controller/api/oauth/access_token, for five minutes."))
            .build();
        let components = document.components.get_or_insert_default();
        components.add_security_scheme("session", SecurityScheme::ApiKey(ApiKey::Cookie(cookie)));
        components.add_security_scheme("basic", SecurityScheme::Http(basic));
        components.add_security_scheme("token", SecurityScheme::Http(token));
    }
}

/// Names each operation by its method and path, `get_applications_flow_map`: handlers' own names repeat.
struct OperationIds;

impl Modify for OperationIds {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        for (path, item) in &mut document.paths.paths {
            let one = path.trim_end_matches('}').len() < path.len();
            let words: Vec<&str> = path
                .trim_start_matches("/api/v1/")
                .trim_start_matches('/')
                .split(['/', '-'])
                .filter(|word| !word.starts_with('{'))
                .collect();
            let name = words.join("_");
            let operations = [
                ("get", &mut item.get),
                ("put", &mut item.put),
                ("post", &mut item.post),
                ("patch", &mut item.patch),
                ("delete", &mut item.delete),
            ];
            for (method, operation) in operations {
                if let Some(operation) = operation {
                    let which = if one { "one_of_" } else { "" };
                    operation.operation_id = Some(format!("{method}_{which}{name}"));
                }
            }
        }
    }
}

/// The document as `openapi/controller.json` has it: pretty JSON and a line feed.
pub fn document() -> String {
    let mut document = Document::openapi();
    // The version of the interface, not of the build: the file changes only when the interface does.
    "v1".clone_into(&mut document.info.version);
    let mut text = document.to_pretty_json().expect("the document is plain data");
    text.push('\n');
    text
}
