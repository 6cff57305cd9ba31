//! Deeds about how an application is watched and shown.

use serde_json::{Value, json};

use super::Deed;

/// A health rule as `/api/v1` has it.
fn rule() -> Value {
    json!({
        "name": "Carts fail", "enabled": true, "window_minutes": 5, "wait_minutes": 30, "schedule": "Always",
        "affects": {"kind": "BUSINESS_TRANSACTIONS", "scope": {"type": "ALL"}, "runtime": "ANY", "custom_entity": null},
        "critical": {
            "conditions": [{
                "short_name": "A", "name": "errors", "no_data": "UNKNOWN", "persistence": null,
                "input": {"type": "METRIC", "function": "VALUE", "path": "Errors per Minute"},
                "compare": {"type": "VALUE", "operator": "GREATER", "value": 0.5},
            }],
            "combine": {"type": "ALL"}, "nodes": {"type": "AVERAGE"},
        },
        "warning": null,
    })
}

/// One as scripts of a Controller write it.
fn script_rule() -> Value {
    json!({
        "name": "Busy", "enabled": true, "useDataFromLastNMinutes": 30, "waitTimeAfterViolation": 5, "scheduleName": "Always",
        "affects": {"affectedEntityType": "TIER_NODE_HARDWARE", "affectedEntities": {
            "tierOrNode": "TIER_AFFECTED_ENTITIES", "affectedTiers": {"affectedTierScope": "ALL_TIERS"}}},
        "evalCriterias": {"criticalCriteria": {"conditionAggregationType": "ALL", "conditionExpression": null,
            "conditions": [{"name": "A", "shortName": "A", "evaluateToTrueOnNoData": false, "violationStatusOnNoData": "UNKNOWN",
                "evalDetail": {"evalDetailType": "SINGLE_METRIC", "metricAggregateFunction": "VALUE",
                    "metricPath": "Hardware Resources|CPU|%Busy",
                    "metricEvalDetail": {"metricEvalDetailType": "SPECIFIC_TYPE",
                        "compareCondition": "GREATER_THAN_SPECIFIC_VALUE", "compareValue": 90}}}],
            "evalMatchingCriteria": {"matchType": "AVERAGE", "value": null}}, "warningCriteria": null},
    })
}

/// In the order in which they are done; `{made}` is the id of what was made last.
pub(super) fn deeds(shop: u32, cart: u32) -> Vec<Deed> {
    let nights = json!({
        "name": "Nights", "description": "", "timezone": "Europe/Berlin",
        "times": {"type": "DAILY", "start_time": "22:00", "end_time": "06:00"},
    });
    let mondays = json!({"name": "Mondays", "timezone": "Europe/Berlin", "scheduleConfiguration":
        {"scheduleFrequency": "WEEKLY", "days": ["MONDAY"], "startTime": "09:00", "endTime": "17:00"}});
    let layout = json!({"scope": format!("application:{shop}"), "name": "Day", "default": false});
    let group = json!({"name": "Buying", "business_transactions": [cart]});
    let excluded = format!(
        "<business-transactions><business-transaction><id>{cart}</id></business-transaction></business-transactions>"
    );
    let rows = [
        ("POST", "/api/v1/applications/{id}/health-rules", rule()),
        ("PUT", "/api/v1/applications/{id}/health-rules/{rule}/enabled", json!({"enabled": false})),
        ("PUT", "/api/v1/applications/{id}/health-rules/{rule}", rule()),
        ("DELETE", "/api/v1/applications/{id}/health-rules/{rule}", json!({})),
        (
            "PUT",
            "/api/v1/applications/{id}/anomaly-settings",
            json!({"enabled": true, "sensitivity": "HIGH", "min_deviation_percent": 5.0, "min_deviation_ms": 1.0,
                "min_calls": 2.0, "transactions": []}),
        ),
        ("POST", "/api/v1/anomalies/{id}/feedback", json!({"verdict": "NOISE"})),
        ("POST", "/api/v1/applications/{id}/schedules", nights.clone()),
        ("PUT", "/api/v1/applications/{id}/schedules/{schedule}", nights),
        ("DELETE", "/api/v1/applications/{id}/schedules/{schedule}", json!({})),
        ("POST", "/controller/alerting/rest/v1/applications/{app}/health-rules", script_rule()),
        (
            "PUT",
            "/controller/alerting/rest/v1/applications/{app}/health-rules/{rule}",
            script_rule(),
        ),
        (
            "DELETE",
            "/controller/alerting/rest/v1/applications/{app}/health-rules/{rule}",
            json!({}),
        ),
        ("POST", "/controller/alerting/rest/v1/applications/{app}/schedules", mondays.clone()),
        ("PUT", "/controller/alerting/rest/v1/applications/{app}/schedules/{schedule}", mondays),
        (
            "DELETE",
            "/controller/alerting/rest/v1/applications/{app}/schedules/{schedule}",
            json!({}),
        ),
        ("POST", "/api/v1/applications/{id}/transaction-groups", group.clone()),
        ("PUT", "/api/v1/applications/{id}/transaction-groups/{group}", group),
        ("DELETE", "/api/v1/applications/{id}/transaction-groups/{group}", json!({})),
        ("POST", "/api/v1/flow-map-layouts", layout.clone()),
        ("PUT", "/api/v1/flow-map-layouts/{made}", layout),
        ("DELETE", "/api/v1/flow-map-layouts/{made}", json!({})),
        ("PUT", "/api/v1/business-transactions/{id}/exclusion", json!({"excluded": true})),
        ("PUT", "/api/v1/business-transactions/{id}/background", json!({"marked": true})),
        ("POST", "/controller/rest/applications/{app}/business-transactions", json!(excluded)),
        (
            "PUT",
            "/api/v1/storage/retention",
            json!({"retentions": [{"setting": "retention-traces", "ms": 172_800_000}], "confirmed": false}),
        ),
    ];
    rows.map(|(method, route, body)| {
        let path = route
            .replace("business-transactions/{id}", &format!("business-transactions/{cart}"))
            .replace("applications/{id}", &format!("applications/{shop}"))
            .replace("{app}", "shop")
            // The only one there is.
            .replace("anomalies/{id}", "anomalies/1")
            .replace("shop/business-transactions", "shop/business-transactions?exclude=true");
        let path = ["{rule}", "{schedule}", "{group}"]
            .iter()
            .fold(path, |path, name| path.replace(name, "{made}"));
        // The table of routes names what stands here for the newest.
        (
            method,
            route.strip_suffix("{made}").map_or(route, |_| "/api/v1/flow-map-layouts/{id}"),
            path,
            body,
        )
    })
    .into()
}
