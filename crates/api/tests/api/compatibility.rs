//! The compatibility table of docs/guide/controller-api.md, held to what there is: each route stands in it, what it calls not there
//! is not there, and bodies that the reference documents come back over HTTP as they went.

use http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::World;

/// The lines of the page's tables, with the methods and the path that the words above them complete.
fn rows() -> Vec<&'static str> {
    let page = include_str!("../../../../docs/guide/controller-api.md");
    page.lines().filter(|line| line.starts_with("| ")).collect()
}

/// How a path is written in the table: as much of its end as follows what all of its chapter begin with.
fn written(path: &str) -> String {
    for (start, short) in [
        ("/controller/rest/applications/{app}/", "…/{app}/"),
        ("/controller/rest/applications", "…/applications"),
        ("/controller/alerting/rest/v1/applications/{app}/health-rules", "/health-rules"),
        ("/controller/alerting/rest/v1/applications/{app}/schedules", "/schedules"),
        ("/controller/alerting/rest/v1/applications/{app}/", ""),
        ("/controller/api/rbac/v1", ""),
    ] {
        if let Some(rest) = path.strip_prefix(start) {
            return format!("{short}{rest}");
        }
    }
    path.to_owned()
}

#[test]
fn every_route_stands_in_the_table() {
    let rows = rows();
    let missing: Vec<String> = api::routes()
        .into_iter()
        .filter(|route| route.path.starts_with("/controller/"))
        .filter_map(|route| {
            let written = written(route.path);
            // A parameter is called what it is in one place and `{id}` in the other.
            let words: Vec<&str> =
                written.split('/').filter(|part| !part.starts_with('{')).collect();
            let tells = |row: &&&str| {
                row.contains(route.method.as_str())
                    && words.iter().all(|word| row.contains(word.trim_matches('…')))
            };
            let told = rows.iter().find(tells);
            told.is_none().then(|| format!("{} {}", route.method, route.path))
        })
        .collect();
    assert!(missing.is_empty(), "not in docs/guide/controller-api.md: {missing:#?}");
}

#[tokio::test]
async fn what_the_table_calls_not_there_is_refused_with_a_sentence() {
    let client = World::new().await.client();
    for (method, path, status) in [
        (Method::POST, "/controller/rest/configuration", StatusCode::METHOD_NOT_ALLOWED),
        (Method::GET, "/controller/rest/applications/shop/flow-map", StatusCode::BAD_REQUEST),
        (Method::GET, "/controller/auth?action=login", StatusCode::NOT_FOUND),
        (Method::GET, "/controller/api/accounts/myaccount", StatusCode::NOT_FOUND),
        (Method::GET, "/controller/api/accounts/2/licensemodules", StatusCode::NOT_FOUND),
        (Method::GET, "/controller/licensing/v1/account/2/info", StatusCode::NOT_FOUND),
        (Method::GET, "/controller/licensing/v1/usage/account/2", StatusCode::NOT_FOUND),
        (Method::GET, "/controller/mds/v1/license/rules", StatusCode::NOT_FOUND),
        (Method::GET, "/controller/sim/v2/user/machines", StatusCode::NOT_FOUND),
        (Method::POST, "/controller/restui/v1/tiers/list/health", StatusCode::NOT_FOUND),
        (Method::GET, "/controller/databasesui/databases/list", StatusCode::NOT_FOUND),
    ] {
        let refused = client.send(method.clone(), path, None).await;
        assert_eq!(refused.status, status, "{method} {path}: {}", refused.text);
        let sentence = refused.text.trim();
        assert!(sentence.len() > 10 && !sentence.starts_with('{'), "{method} {path}: {sentence:?}");
    }
}

/// The documented answer of a rule.
fn documented_rule() -> Value {
    json!({
        "name": "CPU of tier 1", "enabled": true, "useDataFromLastNMinutes": 30, "waitTimeAfterViolation": 5,
        "scheduleName": "Always",
        "affects": {"affectedEntityType": "TIER_NODE_HARDWARE", "affectedEntities": {
            "tierOrNode": "TIER_AFFECTED_ENTITIES",
            "affectedTiers": {"affectedTierScope": "SPECIFIC_TIERS", "tiers": ["web"], "shouldNot": false}}},
        "evalCriterias": {
            "criticalCriteria": {
                "conditionAggregationType": "ALL", "conditionExpression": null,
                "conditions": [{
                    "name": "A", "shortName": "A", "evaluateToTrueOnNoData": false,
                    "violationStatusOnNoData": "UNKNOWN",
                    "evalDetail": {
                        "evalDetailType": "SINGLE_METRIC", "metricAggregateFunction": "VALUE",
                        "metricPath": "Hardware Resources|CPU|%Busy",
                        "metricEvalDetail": {"metricEvalDetailType": "SPECIFIC_TYPE",
                            "compareCondition": "GREATER_THAN_SPECIFIC_VALUE", "compareValue": 90}}}],
                "evalMatchingCriteria": {"matchType": "AVERAGE", "value": null}},
            "warningCriteria": null},
    })
}

/// Whether all that was sent is in what came back, which may tell more.
fn has_all(back: &Value, sent: &Value) -> bool {
    match (sent, back) {
        (Value::Object(sent), Value::Object(back)) => {
            sent.iter().all(|(name, sent)| back.get(name).is_some_and(|back| has_all(back, sent)))
        }
        (Value::Array(sent), Value::Array(back)) => {
            sent.len() == back.len()
                && back.iter().zip(sent).all(|(back, sent)| has_all(back, sent))
        }
        (sent, back) => sent == back,
    }
}

#[tokio::test]
async fn documented_rules_and_schedules_go_round_over_http() {
    let client = World::new().await.client();
    let base = "/controller/alerting/rest/v1/applications/shop";
    let on = |name: &str, configuration: Value| {
        let schedule = json!({"name": name, "description": "as documented", "timezone": "America/Los_Angeles",
            "scheduleConfiguration": configuration});
        ("schedules", schedule)
    };
    let documents = [
        on("d", json!({"scheduleFrequency": "DAILY", "startTime": "06:00", "endTime": "18:00"})),
        on(
            "w",
            json!({"scheduleFrequency": "WEEKLY", "days": ["MONDAY"], "startTime": "09:00",
            "endTime": "17:00"}),
        ),
        on(
            "o",
            json!({"scheduleFrequency": "ONE_TIME", "startDate": "12/24/2026", "startTime": "06:00",
            "endDate": "12/25/2026", "endTime": "18:00"}),
        ),
        on(
            "md",
            json!({"scheduleFrequency": "MONTHLY_SPECIFIC_DATE", "startDate": 1, "startTime": "06:00",
            "endDate": 2, "endTime": "18:00"}),
        ),
        on(
            "mw",
            json!({"scheduleFrequency": "MONTHLY_SPECIFIC_DAY", "occurrence": "FIRST", "day": "SUNDAY",
            "startTime": "06:00", "endTime": "18:00"}),
        ),
        on(
            "c",
            json!({"scheduleFrequency": "CUSTOM", "startCron": "0 0 8 ? * 2-6", "endCron": "0 0 18 ? * 2-6"}),
        ),
        ("health-rules", documented_rule()),
    ];
    for (collection, document) in documents {
        let name = document["name"].as_str().unwrap().to_owned();
        let made = client.post(&format!("{base}/{collection}"), document.clone()).await;
        assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
        let made = made.json();
        assert!(has_all(&made, &document), "{made:#}");
        let path = format!("{base}/{collection}/{}", made["id"]);
        assert_eq!(client.json(&path).await, made);
        let put = client.send(Method::PUT, &path, Some(document.clone())).await;
        assert_eq!((put.status, put.json()), (StatusCode::OK, made));
        let listed = client.json(&format!("{base}/{collection}")).await;
        let item = listed.as_array().unwrap().iter().find(|one| one["name"] == name).unwrap();
        let fields: Vec<&String> = item.as_object().unwrap().keys().collect();
        let documented = match collection {
            "health-rules" => ["affectedEntityType", "enabled", "id", "name"],
            _ => ["description", "id", "name", "timezone"],
        };
        assert_eq!(fields, documented);
        let twin = client.post(&format!("{base}/{collection}"), document).await;
        assert_eq!(twin.status, StatusCode::CONFLICT, "{}", twin.text);
        let gone = client.send(Method::DELETE, &path, None).await;
        assert_eq!((gone.status, gone.text.as_str()), (StatusCode::NO_CONTENT, ""));
        assert_eq!(client.get(&path).await.status, StatusCode::NOT_FOUND);
    }
}
