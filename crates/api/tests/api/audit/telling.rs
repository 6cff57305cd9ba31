//! Deeds about who is told of what.

use serde_json::{Value, json};

use super::Deed;

/// In the order in which they are done. The first action of a new store is number 1; `{made}` is what was made last.
pub(super) fn deeds() -> Vec<Deed> {
    let action = |name: &str| {
        json!({
            "name": name, "application": null, "secrets": {},
            "doing": {"kind": "http", "preset": "webhook", "method": "POST", "url": "https://127.0.0.1/",
                "headers": [], "body": "{{ title }}"},
        })
    };
    let policy = |name: &str, action: u32, every_hours: Value| {
        json!({
            "name": name, "application": null, "enabled": true, "event_types": ["POLICY_OPEN_CRITICAL"],
            "rules": [], "custom_events": [], "entities": [], "actions": [action], "gather_seconds": 60,
            "every_hours": every_hours,
        })
    };
    let night = json!({
        "name": "night", "application": null, "enabled": true, "rules": [], "entities": [],
        "window": {"kind": "recurring", "days": [], "month_days": [], "from_minute": 1320,
            "until_minute": 360, "zone": "UTC"},
    });
    let mail = json!({"mail": {"host": "127.0.0.1", "port": 25, "security": "none", "user": "", "from": "v@example.com"}});
    let legacy_policy = |name: &str| {
        json!({
            "name": name, "enabled": true, "executeActionsInBatch": true,
            "actions": [{"actionName": "first", "actionType": "HTTP_REQUEST"}],
            "events": {"healthRuleEvents": {"healthRuleEventTypes": ["POLICY_OPEN_CRITICAL"],
                "healthRuleScope": {"healthRuleScopeType": "ALL_HEALTH_RULES"}}, "otherEvents": [], "customEvents": []},
            "selectedEntities": {"selectedEntityType": "ANY_ENTITY"},
        })
    };
    let mut legacy_digest = legacy_policy("daily");
    legacy_digest["frequency"] = json!(24);
    legacy_digest["actions"] = json!([{"actionName": "post", "actionType": "EMAIL"}]);
    legacy_digest.as_object_mut().expect("it is one").remove("executeActionsInBatch");
    let legacy_suppression = json!({
        "name": "once", "disableAgentReporting": false, "suppressionScheduleType": "ONE_TIME", "timezone": "UTC",
        "startTime": "2026-11-28T10:00:00", "endTime": "2026-11-28T11:00:00",
        "affects": {"affectedInfoType": "APPLICATION"},
        "healthRuleScope": {"healthRuleScopeType": "ALL_HEALTH_RULES"},
    });
    let mut all: Vec<Deed> = Vec::new();
    let mut add = |method, route: &'static str, path: &str, body| {
        all.push((method, route, path.replace("{app}", "shop"), body));
    };
    add("POST", "/api/v1/actions", "/api/v1/actions", action("first"));
    // By which digests go out, number 2.
    let post = json!({"name": "post", "application": null, "secrets": {},
        "doing": {"kind": "email", "to": ["a@b.example"], "subject": ""}});
    add("POST", "/api/v1/actions", "/api/v1/actions", post);
    let rows = [
        ("/api/v1/actions", "/api/v1/actions/{id}", action("second")),
        ("/api/v1/policies", "/api/v1/policies/{id}", policy("page", 1, Value::Null)),
        ("/api/v1/digests", "/api/v1/digests/{id}", policy("week", 2, json!(168))),
        ("/api/v1/suppressions", "/api/v1/suppressions/{id}", night),
        (
            "/controller/alerting/rest/v1/applications/{app}/actions",
            "/controller/alerting/rest/v1/applications/{app}/actions/{id}",
            json!({"actionType": "EMAIL", "name": "mail", "emails": ["a@b.example"]}),
        ),
        (
            "/controller/alerting/rest/v1/applications/{app}/policies",
            "/controller/alerting/rest/v1/applications/{app}/policies/{id}",
            legacy_policy("scripted"),
        ),
        (
            "/controller/alerting/rest/v1/applications/{app}/email-digests",
            "/controller/alerting/rest/v1/applications/{app}/email-digests/{id}",
            legacy_digest,
        ),
        (
            "/controller/alerting/rest/v1/applications/{app}/action-suppressions",
            "/controller/alerting/rest/v1/applications/{app}/action-suppressions/{id}",
            legacy_suppression,
        ),
    ];
    for (collection, one, body) in rows {
        let path = one.replace("{id}", "{made}");
        add("POST", collection, collection, body.clone());
        add("PUT", one, &path, body);
        add("DELETE", one, &path, json!({}));
    }
    add("POST", "/api/v1/actions/{id}/test", "/api/v1/actions/1/test", Value::Null);
    add("PUT", "/api/v1/notification-settings", "/api/v1/notification-settings", mail);
    let hook = json!([{"name": "hook", "host": "x.example", "method": "GET"}]);
    add(
        "POST",
        "/controller/actiontemplate/{kind}",
        "/controller/actiontemplate/httprequest",
        hook,
    );
    let dump = json!([{"name": "dump", "actionType": "ThreadDumpAction"}]);
    add("POST", "/controller/actions/{app}", "/controller/actions/{app}", dump);
    let slow = json!([{"name": "imported", "eventFilterTemplate": {"eventTypes": ["SLOW"]}}]);
    add("POST", "/controller/policies/{app}", "/controller/policies/{app}", slow);
    add("POST", "/controller/healthrules/{app}", "/controller/healthrules/{app}", json!(RULES));
    let test = "/api/v1/notification-settings/test";
    add("POST", test, test, json!({"to": "a@b.example"}));
    all
}

const RULES: &str = "<health-rules><health-rule><name>imported</name><type>OVERALL_APPLICATION</type>\
    <duration-min>5</duration-min><wait-time-min>5</wait-time-min><affected-entities-match-criteria/>\
    <critical-execution-criteria><policy-condition><type>leaf</type><condition-value>1</condition-value>\
    <operator>GREATER_THAN</operator><metric-expression><function-type>VALUE</function-type><metric-definition>\
    <logical-metric-name>Errors per Minute</logical-metric-name></metric-definition></metric-expression>\
    </policy-condition></critical-execution-criteria></health-rule></health-rules>";
