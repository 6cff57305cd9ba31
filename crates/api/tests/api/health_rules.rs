//! Health rules, schedules, back-tests and violations.

use http::{Method, StatusCode};
use metadata_store::{
    Baselines as _, Deliveries as _, DeliveryState, FIRST_ACCOUNT, HealthRules as _, NewDelivery,
    NewHealthRule, RuleNeeds,
};
use model::rule::{Rule, factory_rules};
use serde_json::{Value, json};

use crate::support::{Client, NOW, World};

/// Broken by `GET /cart`, of which one call a minute fails.
fn failing() -> Value {
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

fn with(mut rule: Value, pointer: &str, value: Value) -> Value {
    *rule.pointer_mut(pointer).unwrap() = value;
    rule
}

async fn put(client: &Client, path: &str, body: Value) -> (StatusCode, Value) {
    let answer = client.send(Method::PUT, path, Some(body)).await;
    (answer.status, answer.json())
}

#[tokio::test]
async fn a_rule_is_added_read_changed_and_deleted() {
    let world = World::new().await;
    let rules = format!("/api/v1/applications/{}/health-rules", world.ids.shop);
    let client = world.client();
    let made = client.post(&rules, failing()).await;
    assert_eq!(made.status, StatusCode::OK, "{}", made.text);
    let made = made.json();
    assert_eq!((&made["rule"], &made["version"]), (&failing(), &json!(1)));
    assert_eq!(made["application"]["name"], "shop");
    let path = format!("{rules}/{}", made["id"]);
    assert_eq!(client.json(&path).await, made);
    let (status, changed) = put(&client, &path, with(failing(), "/window_minutes", json!(7))).await;
    assert_eq!((status, &changed["rule"]["window_minutes"]), (StatusCode::OK, &json!(7)));
    let (_, off) = put(&client, &format!("{path}/enabled"), json!({"enabled": false})).await;
    assert_eq!((&off["rule"]["enabled"], &off["version"]), (&json!(false), &json!(3)));
    let (_, same) = put(&client, &format!("{path}/enabled"), json!({"enabled": false})).await;
    assert_eq!(same["version"], 3, "what changes nothing is no change");
    let list = client.json(&rules).await;
    assert_eq!(list["items"], json!([off]));
    assert_eq!(client.send(Method::DELETE, &path, None).await.status, StatusCode::NO_CONTENT);
    for (method, body) in
        [(Method::GET, None), (Method::DELETE, None), (Method::PUT, Some(failing()))]
    {
        let answer = client.send(method.clone(), &path, body).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{method} {}", answer.text);
    }
}

#[tokio::test]
async fn a_rule_that_is_not_sound_is_refused_with_what_to_change() {
    let world = World::new().await;
    let rules = format!("/api/v1/applications/{}/health-rules", world.ids.shop);
    let nobodys = format!("/api/v1/applications/{}/health-rules", world.ids.web);
    let client = world.client();
    client.post(&rules, failing()).await;
    let refused = async |rule: Value, status: u16, part: &str| {
        let answer = client.post(&rules, rule).await;
        assert_eq!(answer.status.as_u16(), status, "{}", answer.text);
        assert!(answer.text.contains(part), "{}", answer.text);
    };
    refused(failing(), 409, "already").await;
    refused(
        with(failing(), "/window_minutes", json!(0)),
        400,
        "window_minutes has to be at least 1",
    )
    .await;
    refused(with(failing(), "/schedule", json!("Nights")), 422, "there is no schedule").await;
    let scope = json!({"type": "MATCHING", "how": "REGEX", "value": "("});
    refused(with(failing(), "/affects/scope", scope), 422, "no regular expression").await;
    refused(with(failing(), "/affects/kind", json!("CARTS")), 400, "CARTS").await;
    refused(json!({"name": "x"}), 400, "missing field").await;
    assert_eq!(client.post(&nobodys, failing()).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn schedules_are_kept_while_a_rule_goes_by_them() {
    let world = World::new().await;
    let application = format!("/api/v1/applications/{}", world.ids.shop);
    let client = world.client();
    let nights = json!({
        "name": "Nights", "description": "", "timezone": "Europe/Berlin",
        "times": {"type": "DAILY", "start_time": "22:00", "end_time": "06:00"},
    });
    let schedules = format!("{application}/schedules");
    let made = client.post(&schedules, nights.clone()).await.json();
    assert_eq!(made["schedule"], nights);
    assert_eq!(client.post(&schedules, nights.clone()).await.status, StatusCode::CONFLICT);
    let zone = with(nights.clone(), "/timezone", json!("Mars/Olympus"));
    assert_eq!(client.post(&schedules, zone).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    let rule = with(failing(), "/schedule", json!("Nights"));
    let rule = client.post(&format!("{application}/health-rules"), rule).await.json();
    let path = format!("{schedules}/{}", made["id"]);
    let other = with(nights.clone(), "/times/end_time", json!("07:00"));
    assert_eq!(
        put(&client, &path, other.clone()).await,
        (StatusCode::OK, json!({"id": made["id"], "schedule": other}))
    );
    let renamed = with(nights, "/name", json!("Evenings"));
    assert_eq!(put(&client, &path, renamed).await.0, StatusCode::CONFLICT);
    let refused = client.send(Method::DELETE, &path, None).await;
    assert!(
        refused.text.contains("the rule \\\"Carts fail\\\" goes by this schedule"),
        "{}",
        refused.text
    );
    let gone = format!("{application}/health-rules/{}", rule["id"]);
    client.send(Method::DELETE, &gone, None).await;
    assert_eq!(client.send(Method::DELETE, &path, None).await.status, StatusCode::NO_CONTENT);
    assert_eq!(client.json(&schedules).await["items"], json!([]));
}

#[tokio::test]
async fn a_rule_is_tried_on_the_past_before_it_is_saved() {
    let world = World::new().await;
    let ids = world.ids;
    let application = format!("/api/v1/applications/{}", ids.shop);
    let client = world.client();
    let path = format!("{application}/health-rules/back-test");
    let found = client.post(&path, json!({"rule": failing(), "hours": 1})).await;
    assert_eq!(found.status, StatusCode::OK, "{}", found.text);
    let found = found.json();
    let to = NOW.start_millis();
    assert_eq!((&found["from"], &found["to"]), (&json!(to - 3_600_000), &json!(to)));
    let episode = &found["episodes"][0];
    assert_eq!(episode["entity"], json!({"id": ids.cart.0, "name": "GET /cart"}));
    assert_eq!((&episode["from"], &episode["to"]), (&found["from"], &Value::Null));
    assert_eq!(episode["level"], "CRITICAL");
    assert_eq!(episode["summary"], "Errors per Minute is 1 (compared with 0.5)");
    assert_eq!(found["episodes"].as_array().unwrap().len(), 1);
    let series = &found["chart"]["conditions"][0];
    assert_eq!(series["values"].as_array().unwrap().len(), 60);
    assert_eq!((&series["values"][0], &series["thresholds"][0]), (&json!(1.0), &json!(0.5)));
    assert_eq!(series["values"][30], Value::Null, "nothing was reported then");
    assert_eq!(series["compared"].as_array().unwrap().len(), 60);
    // Ended where somebody wants it, and of one entity only: a violation's own chart.
    let until = to - 600_000;
    let alone =
        json!({"rule": failing(), "hours": 1, "entity": ids.cart.0, "alone": true, "until": until});
    let alone = client.post(&path, alone).await.json();
    assert_eq!((&alone["entities"], &alone["to"]), (&json!(1), &json!(until)));
    assert_eq!(alone["chart"]["entity"]["name"], "GET /cart");
    let nobody = client.post(&path, json!({"rule": failing(), "hours": 1, "alone": true})).await;
    assert_eq!(nobody.status, StatusCode::UNPROCESSABLE_ENTITY);
    // Whoever is asked for is charted, whether it broke the rule or not.
    let wanted = json!({"rule": failing(), "hours": 1, "entity": ids.health.0});
    let other = client.post(&path, wanted).await.json();
    assert_eq!(other["chart"]["entity"]["name"], "Health Checks");
    for (hours, status) in [(0, 400), (193, 400), (192, 200)] {
        let answer = client.post(&path, json!({"rule": failing(), "hours": hours})).await;
        assert_eq!(answer.status.as_u16(), status, "{hours} {}", answer.text);
    }
    let unsound = with(failing(), "/schedule", json!("Nights"));
    let refused = client.post(&path, json!({"rule": unsound, "hours": 1})).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    // What began under a suppression is marked: nobody would have been told then.
    assert_eq!(episode.get("silenced_by"), None, "{episode}");
    let silence = |name: &str, rules: Value, from: i64| {
        json!({"name": name, "application": null, "enabled": true, "rules": rules,
            "entities": [{"kind": "tier", "ids": [ids.web.0]}],
            "window": {"kind": "one_time", "from": from, "to": to + 3_600_000}})
    };
    let begun = to - 3_600_000 + 60_000;
    // A suppression names rules that there are.
    let rules = format!("{application}/health-rules");
    for name in ["Carts fail", "Another rule"] {
        let made = client.post(&rules, with(failing(), "/name", json!(name))).await;
        assert_eq!(made.status, StatusCode::OK, "{}", made.text);
    }
    let saved = client.json(&rules).await["items"].clone();
    for other in [
        silence("of others", json!(["Another rule"]), begun),
        silence("later", json!([]), begun + 60_000),
    ] {
        let made = client.post("/api/v1/suppressions", other).await;
        assert_eq!(made.status, StatusCode::OK, "{}", made.text);
    }
    let asked = json!({"rule": failing(), "hours": 1});
    let found = client.post(&path, asked.clone()).await.json();
    assert_eq!(found["episodes"][0].get("silenced_by"), None, "{found}");
    client.post("/api/v1/suppressions", silence("release", json!(["Carts fail"]), begun)).await;
    let found = client.post(&path, asked).await.json();
    assert_eq!(found["episodes"][0]["silenced_by"]["name"], "release", "{found}");
    // Nothing is saved by that.
    assert_eq!(client.json(&rules).await["items"], saved);
}

#[tokio::test]
async fn whom_a_rule_affects_is_told_before_it_is_saved() {
    let world = World::new().await;
    let ids = world.ids;
    let path = format!("/api/v1/applications/{}/health-rules/affected", ids.shop);
    let client = world.client();
    let all = json!({"kind": "BUSINESS_TRANSACTIONS", "scope": {"type": "ALL"}});
    let found = client.post(&path, all.clone()).await;
    assert_eq!(found.status, StatusCode::OK, "{}", found.text);
    let found = found.json();
    let cart = json!({"id": ids.cart.0, "name": "GET /cart"});
    assert!(found["entities"].as_array().unwrap().contains(&cart), "{found}");
    assert_eq!(found["total"], found["entities"].as_array().unwrap().len());
    let one = json!({"type": "MATCHING", "how": "ENDS_WITH", "value": "/cart"});
    let one = client.post(&path, with(all.clone(), "/scope", one)).await.json();
    assert_eq!(one, json!({"entities": [cart], "total": 1}));
    let pattern = json!({"type": "MATCHING", "how": "REGEX", "value": "("});
    let refused = client.post(&path, with(all, "/scope", pattern)).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", refused.text);
}

async fn with_rule(world: &World, rule: Value) {
    let read: Rule = serde_json::from_value(rule.clone()).unwrap();
    let new = NewHealthRule {
        application_id: world.ids.shop.0,
        name: read.name,
        enabled: true,
        body: rule.to_string(),
        changed_ms: 0,
        needs: RuleNeeds::default(),
    };
    world.store.create_health_rule(&new).await.unwrap();
}

#[tokio::test]
async fn violations_are_listed_with_what_decided_and_colour_entities() {
    let world = World::new().await;
    let ids = world.ids;
    let rule = with(failing(), "/wait_minutes", json!(2));
    with_rule(&world, rule.clone()).await;
    let store = world.store.clone();
    let client = world.judged(4).await;
    let list = client.json("/api/v1/violations").await;
    let violation = &list["items"][0];
    assert_eq!(list["items"].as_array().unwrap().len(), 1, "{list}");
    assert_eq!(violation["entity"], json!({"id": ids.cart.0, "name": "GET /cart"}));
    assert_eq!(violation["entity_kind"], "BUSINESS_TRANSACTION");
    assert_eq!((&violation["level"], &violation["status"]), (&json!("CRITICAL"), &json!("OPEN")));
    assert_eq!(violation["rule"]["name"], "Carts fail");
    assert_eq!(
        (&violation["opened_at"], &violation["closed_at"]),
        (&json!(Value::from((NOW.0 as i64 - 3) * 60_000)), &Value::Null)
    );
    let detail = client.json(&format!("/api/v1/violations/{}", violation["id"])).await;
    let kinds: Vec<&Value> =
        detail["changes"].as_array().unwrap().iter().map(|one| &one["kind"]).collect();
    assert_eq!(kinds, ["OPENED", "CONTINUED"]);
    let condition = &detail["changes"][0]["evidence"]["conditions"][0];
    assert_eq!((&condition["value"], &condition["threshold"]), (&json!(1.0), &json!(0.5)));
    // As it was when it was broken, whatever it is now.
    let rules = format!("/api/v1/applications/{}/health-rules", ids.shop);
    let path = format!("{rules}/{}", violation["rule"]["id"]);
    let (status, _) = put(&client, &path, with(failing(), "/window_minutes", json!(9))).await;
    assert_eq!(status, StatusCode::OK);
    let again = client.json(&format!("/api/v1/violations/{}", violation["id"])).await;
    assert_eq!((&detail["rule"], &again["rule"]), (&rule, &rule));
    // Deliveries are found by what they are about.
    let about = NewDelivery {
        account_id: FIRST_ACCOUNT,
        application_id: Some(ids.shop.0),
        policy_id: 0,
        action_id: 1,
        cause: String::new(),
        state: DeliveryState::Delivered,
        created_ms: 0,
        due_ms: 0,
        title: "Carts fail".to_owned(),
        notice: "{}".to_owned(),
        log: "[]".to_owned(),
        violations: vec![u32::try_from(violation["id"].as_u64().unwrap()).unwrap()],
    };
    store.add_delivery(&about).await.unwrap();
    store.add_delivery(&NewDelivery { violations: Vec::new(), ..about }).await.unwrap();
    let told = async |violation: &str| {
        let list = client.json(&format!("/api/v1/deliveries?violation={violation}")).await;
        list["items"].as_array().unwrap().len()
    };
    assert_eq!((told(&violation["id"].to_string()).await, told("999").await), (1, 0));
    let count = async |filter: String| {
        let list = client.json(&format!("/api/v1/violations?{filter}")).await;
        list["items"].as_array().unwrap().len()
    };
    assert_eq!(
        count(format!("application={}&entity={}&status=OPEN&level=CRITICAL", ids.shop, ids.cart))
            .await,
        1
    );
    for nothing in
        ["entity=4000000", "status=RESOLVED", "level=WARNING", "application=999", "rule=999"]
    {
        assert_eq!(count(nothing.to_owned()).await, 0, "{nothing}");
    }
    let long_ago = NOW.start_millis() - 3_600_000;
    assert_eq!(count(format!("from={}&to={long_ago}", long_ago - 60_000)).await, 0);
    let health = client.json(&format!("/api/v1/applications/{}/entity-health", ids.shop)).await;
    let of = |id: u32| health["entities"].as_array().unwrap().iter().find(|one| one["id"] == id);
    assert_eq!(of(ids.cart.0).unwrap()["health"], "CRITICAL");
    assert_eq!(of(ids.web.0).map(|one| &one["health"]), Some(&json!("NORMAL")));
    assert_eq!(health["at"], json!(NOW.start_millis()));
    for missing in ["/api/v1/violations/999", "/api/v1/applications/999/entity-health"] {
        assert_eq!(client.get(missing).await.status, StatusCode::NOT_FOUND);
    }
}

#[tokio::test]
async fn an_application_has_the_factory_rules_once_a_minute_was_judged() {
    let world = World::new().await;
    let rules = format!("/api/v1/applications/{}/health-rules?limit=2", world.ids.shop);
    let client = world.judged(1).await;
    let (mut names, mut next) = (Vec::new(), String::new());
    loop {
        let page = client.json(&format!("{rules}{next}")).await;
        let items = page["items"].as_array().unwrap();
        names.extend(items.iter().map(|item| item["rule"]["name"].as_str().unwrap().to_owned()));
        match page["next"].as_str() {
            Some(cursor) => next = format!("&cursor={cursor}"),
            None => break,
        }
    }
    let expected: Vec<String> = factory_rules().into_iter().map(|rule| rule.name).collect();
    assert_eq!(names, expected);
}

#[tokio::test]
async fn schedules_that_an_application_begins_with_go_by_the_account_s_clocks() {
    for zone in ["UTC", "Europe/Berlin"] {
        let world = World::new().await;
        let schedules = format!("/api/v1/applications/{}/schedules", world.ids.shop);
        world.store.set_time_zone(FIRST_ACCOUNT, zone).await.unwrap();
        let client = world.judged(1).await;
        let all = client.json(&schedules).await;
        let all = all["items"].as_array().unwrap();
        assert_eq!(all.len(), 6);
        assert!(all.iter().all(|one| one["schedule"]["timezone"] == zone), "{all:?}");
        // What there is stays as it is: it may be meant so.
        let body = Some(json!({"time_zone": "Asia/Tokyo"}));
        client.send(Method::PUT, "/api/v1/account/time-zone", body).await;
        assert_eq!(client.json(&schedules).await["items"], json!(all));
    }
}

#[tokio::test]
async fn scripts_read_and_change_rules_and_schedules_as_they_know_them() {
    let world = World::new().await;
    with_rule(&world, failing()).await;
    let client = world.judged(3).await;
    let base = "/controller/alerting/rest/v1/applications/shop";
    let list = client.json(&format!("{base}/health-rules")).await;
    let first = &list[0];
    let expected = ["Carts fail", "BUSINESS_TRANSACTION_PERFORMANCE"];
    assert_eq!([&first["name"], &first["affectedEntityType"]], expected);
    let mut rule = client.json(&format!("{base}/health-rules/{}", first["id"])).await;
    assert_eq!(rule["useDataFromLastNMinutes"], 5);
    rule["name"] = "Copy".into();
    let made = client.post(&format!("{base}/health-rules"), rule).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
    let mut made = made.json();
    let path = format!("{base}/health-rules/{}", made["id"]);
    made["enabled"] = false.into();
    assert_eq!(put(&client, &path, made.clone()).await, (StatusCode::OK, made.clone()));
    assert_eq!(client.json(&path).await, made);
    assert_eq!(client.send(Method::DELETE, &path, None).await.status, StatusCode::NO_CONTENT);
    let gone = client.get(&path).await;
    assert_eq!(
        (gone.status, gone.header("content-type").starts_with("text/plain")),
        (StatusCode::NOT_FOUND, true)
    );
    let schedules = client.json(&format!("{base}/schedules")).await;
    assert_eq!(schedules.as_array().unwrap().len(), 6);
    let mut schedule = client.json(&format!("{base}/schedules/{}", schedules[0]["id"])).await;
    schedule["name"] = "Other hours".into();
    let made = client.post(&format!("{base}/schedules"), schedule).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
    let path = format!("{base}/schedules/{}", made.json()["id"]);
    assert_eq!(put(&client, &path, made.json()).await.0, StatusCode::OK);
    assert_eq!(client.send(Method::DELETE, &path, None).await.status, StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn scripts_are_told_of_violations() {
    let world = World::new().await;
    let ids = world.ids;
    with_rule(&world, failing()).await;
    let client = world.judged(2).await;
    let path = "/controller/rest/applications/shop/problems/healthrule-violations\
                ?time-range-type=BEFORE_NOW&duration-in-mins=60&output=JSON";
    let all = client.json(path).await;
    let told = all.as_array().unwrap().iter().find(|one| one["name"] == "Carts fail").unwrap();
    assert_eq!((&told["severity"], &told["incidentStatus"]), (&json!("CRITICAL"), &json!("OPEN")));
    let affected =
        json!({"entityType": "BUSINESS_TRANSACTION", "entityId": ids.cart.0, "name": "GET /cart"});
    assert_eq!(told["affectedEntityDefinition"], affected);
    assert_eq!(
        (&told["endTimeInMillis"], &told["startTimeInMillis"]),
        (&json!(0), &json!(NOW.start_millis() - 60_000))
    );
    assert!(
        told["deepLinkUrl"].as_str().unwrap().ends_with(&format!("/violations/{}", told["id"]))
    );
    let xml = client.get(&path.replace("&output=JSON", "")).await.text;
    assert!(xml.contains("<policy-violation>") && xml.contains("<name>Carts fail</name>"), "{xml}");
}
