//! Policies, actions, suppressions, deliveries and the mail server, in both APIs.

use http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::{Client, NOW, World};

fn hook(url: &str, secrets: Value) -> Value {
    json!({
        "name": "hook", "application": null, "secrets": secrets,
        "doing": {"kind": "http", "preset": "webhook", "method": "POST", "url": url,
            "headers": [{"name": "X-Token", "value": "{{ secrets.token }}"}], "body": "{{ title }}"},
    })
}

fn policy(actions: &[&Value]) -> Value {
    json!({
        "name": "page", "application": null, "enabled": true, "event_types": ["POLICY_OPEN_CRITICAL"],
        "rules": [], "custom_events": [], "entities": [], "actions": actions, "gather_seconds": 60,
        "every_hours": null,
    })
}

fn with(mut body: Value, member: &str, value: Value) -> Value {
    body[member] = value;
    body
}

/// A rule of the shop of this name.
async fn make_rule(client: &Client, name: &str) -> String {
    let shop = &client.json("/api/v1/applications").await["items"][0]["id"];
    let path = format!("/api/v1/applications/{shop}/health-rules");
    let made = post(client, &path, rule(name)).await;
    format!("{path}/{}", made["id"])
}

fn rule(name: &str) -> Value {
    json!({"name": name, "enabled": true, "window_minutes": 5, "wait_minutes": 5, "schedule": "Always",
        "affects": {"kind": "OVERALL_APPLICATION", "scope": {"type": "ALL"}}, "warning": null,
        "critical": {"nodes": {"type": "AVERAGE"}, "combine": {"type": "ALL"}, "conditions": [{
            "short_name": "A", "name": "calls", "no_data": "UNKNOWN", "persistence": null,
            "input": {"type": "METRIC", "function": "VALUE", "path": "Calls per Minute"},
            "compare": {"type": "BASELINE", "deviation": "ABOVE", "baseline": null,
                "unit": "STANDARD_DEVIATIONS", "value": 3.0}}]}})
}

async fn post(client: &Client, path: &str, body: Value) -> Value {
    let answer = client.post(path, body).await;
    assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.text);
    answer.json()
}

#[tokio::test]
async fn a_secret_is_kept_and_shown_in_no_answer() {
    let client = World::new().await.client();
    let secrets = json!({"token": "planted-token", "other": "planted-other"});
    let action = post(&client, "/api/v1/actions", hook("https://x.example/", secrets)).await;
    assert_eq!(action["secret_names"], json!(["other", "token"]));
    let path = format!("/api/v1/actions/{}", action["id"]);
    // Null keeps what there is, what is not named goes.
    let kept = hook("https://127.0.0.1/{{ secrets.token }}", json!({"token": null}));
    let answer = client.send(Method::PUT, &path, Some(kept.clone())).await;
    assert_eq!(answer.json()["secret_names"], json!(["token"]), "{}", answer.text);
    let preview = client
        .post(
            "/api/v1/actions/preview",
            hook("https://x.example/{{ secrets.token }}", json!({"token": "planted-token"})),
        )
        .await;
    assert!(preview.text.contains("https://x.example/•••"), "{}", preview.text);
    let tried = client.post(&format!("{path}/test"), json!(null)).await;
    let outcome = tried.json();
    assert_eq!(outcome["ok"], false, "{}", tried.text);
    assert!(tried.text.contains("notice-allow"), "{}", tried.text);
    let deliveries = client.send(Method::GET, "/api/v1/deliveries", None).await;
    let one = format!("/api/v1/deliveries/{}", deliveries.json()["items"][0]["id"]);
    let texts = [
        answer.text,
        preview.text,
        tried.text,
        client.send(Method::GET, &one, None).await.text,
        deliveries.text,
        client.send(Method::GET, "/api/v1/actions", None).await.text,
        client
            .send(Method::GET, "/controller/alerting/rest/v1/applications/shop/actions", None)
            .await
            .text,
    ];
    for text in texts {
        assert!(!text.contains("planted"), "{text}");
    }
}

#[tokio::test]
async fn what_cannot_work_is_refused_with_what_to_change() {
    let client = World::new().await.client();
    let hook =
        post(&client, "/api/v1/actions", hook("https://x.example/", json!({"token": "t"}))).await;
    let hook = hook["id"].clone();
    let once = |from: i64, to: i64| {
        json!({"name": "once", "application": null, "enabled": true, "rules": [], "entities": [],
            "window": {"kind": "one_time", "from": from, "to": to}})
    };
    let email = |to: &str| {
        json!({"name": "mail", "application": null, "secrets": {},
        "doing": {"kind": "email", "to": [to], "subject": ""}})
    };
    for (path, body, says) in [
        ("/api/v1/actions", email("nobody"), "\\\"nobody\\\" is no email address"),
        (
            "/api/v1/actions",
            self::hook("ftp://x/", json!({"token": "t"})),
            "has to begin with https://",
        ),
        ("/api/v1/actions", self::hook("https://x/", json!({})), "the template of the header"),
        ("/api/v1/policies", policy(&[&json!(77)]), "there is no action 77"),
        ("/api/v1/digests", policy(&[]), "a digest has every_hours"),
        ("/api/v1/policies", policy(&[]), "without an action tells nobody"),
        (
            "/api/v1/policies",
            with(policy(&[&hook]), "rules", json!(["moon"])),
            "no health rule \\\"moon\\\"",
        ),
        (
            "/api/v1/policies",
            with(policy(&[&hook]), "event_types", json!(["POLICY_OPEN_CRITICAL", "FULL_MOON"])),
            "no events of the type \\\"FULL_MOON\\\"",
        ),
        (
            "/api/v1/digests",
            with(policy(&[&hook]), "every_hours", json!(24)),
            "a digest goes out by email",
        ),
        ("/api/v1/suppressions", once(1_000, 2_000), "the window is over already"),
        (
            "/api/v1/suppressions",
            with(once(1_000, 4_000_000_000_000_i64), "rules", json!(["moon"])),
            "no health rule \\\"moon\\\"",
        ),
    ] {
        let refused = client.post(path, body).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", refused.text);
        assert!(refused.text.contains(says), "{}", refused.text);
    }
    let mail = json!({"mail": {"host": "smtp.example.com", "port": 25, "security": "none", "user": "u",
        "from": "v@example.com"}, "password": "planted"});
    let refused = client.send(Method::PUT, "/api/v1/notification-settings", Some(mail)).await;
    assert!(refused.text.contains("not sent in the clear"), "{}", refused.text);
}

#[tokio::test]
async fn a_policy_is_previewed_kept_changed_and_deleted() {
    let client = World::new().await.client();
    let action =
        post(&client, "/api/v1/actions", hook("https://x.example/", json!({"token": "t"}))).await;
    let body = policy(&[&action["id"]]);
    let preview = post(&client, "/api/v1/policies/preview", body.clone()).await;
    assert_eq!((&preview["matched"], &preview["made_up"]), (&json!(0), &json!(true)));
    let html = preview["notice"]["html"].as_str().unwrap().replace("&#x2f;", "/");
    assert!(html.contains("812 ms") && html.contains("https://apm.example.com/"), "{html}");
    let made = post(&client, "/api/v1/policies", body.clone()).await;
    assert_eq!(made["actions"], json!([{"id": action["id"], "name": "hook"}]));
    let again = client.post("/api/v1/policies", body.clone()).await;
    assert_eq!(again.status, StatusCode::CONFLICT, "{}", again.text);
    let path = format!("/api/v1/policies/{}", made["id"]);
    let mut changed = body;
    changed["enabled"] = json!(false);
    let answer = client.send(Method::PUT, &path, Some(changed)).await;
    assert_eq!(answer.json()["enabled"], false);
    assert_eq!(client.json("/api/v1/actions").await["items"][0]["used_by"][0]["name"], "page");
    assert_eq!(client.send(Method::DELETE, &path, None).await.status, StatusCode::NO_CONTENT);
    assert_eq!(client.send(Method::GET, &path, None).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn what_others_use_is_not_taken_away() {
    let client = World::new().await.client();
    let action =
        post(&client, "/api/v1/actions", hook("https://x.example/", json!({"token": "t"}))).await;
    let mail = json!({"name": "mail", "application": null, "secrets": {},
        "doing": {"kind": "email", "to": ["a@b.example"], "subject": ""}});
    let mail = post(&client, "/api/v1/actions", mail).await;
    let slow = make_rule(&client, "slow").await;
    let page = with(policy(&[&action["id"]]), "rules", json!(["slow"]));
    let page = post(&client, "/api/v1/policies", page).await;
    let daily =
        with(with(policy(&[&mail["id"]]), "every_hours", json!(24)), "name", json!("daily"));
    let daily = post(&client, "/api/v1/digests", daily).await;
    let of = |one: &Value| format!("/api/v1/actions/{}", one["id"]);
    for (path, says) in [
        (of(&action), "the policy \\\"page\\\" tells by this action; give it another"),
        (of(&mail), "the digest \\\"daily\\\" tells by this action"),
        (slow.clone(), "the policy \\\"page\\\" names this health rule"),
    ] {
        let refused = client.send(Method::DELETE, &path, None).await;
        assert_eq!(refused.status, StatusCode::CONFLICT, "{}", refused.text);
        assert!(refused.text.contains(says), "{}", refused.text);
    }
    // Nor does a digest's action become a request.
    let request = hook("https://x.example/", json!({"token": "t"}));
    let refused =
        client.send(Method::PUT, &of(&mail), Some(with(request, "name", json!("mail")))).await;
    assert_eq!(refused.status, StatusCode::CONFLICT, "{}", refused.text);
    assert!(refused.text.contains("digests are emails"), "{}", refused.text);
    for path in [
        format!("/api/v1/policies/{}", page["id"]),
        format!("/api/v1/digests/{}", daily["id"]),
        of(&action),
        of(&mail),
        slow,
    ] {
        let gone = client.send(Method::DELETE, &path, None).await;
        assert_eq!(gone.status, StatusCode::NO_CONTENT, "{path}: {}", gone.text);
    }
}

#[tokio::test]
async fn what_a_document_names_since_before_may_stay() {
    let client = World::new().await.client();
    let scripts = "/controller/alerting/rest/v1/applications/shop";
    let mail = json!({"actionType": "EMAIL", "name": "mail", "emails": ["a@b.example"]});
    assert_eq!(client.post(&format!("{scripts}/actions"), mail).await.status, StatusCode::CREATED);
    // Types of events that are never made here are kept of a script's policy.
    let wanted = json!({"name": "p", "actions": [{"actionName": "mail"}],
        "events": {"otherEvents": ["FULL_MOON"]}});
    let made = client.post(&format!("{scripts}/policies"), wanted).await.json();
    let path = format!("/api/v1/policies/{}", made["id"]);
    let shown = client.json(&path).await;
    let body = json!({"name": "p", "application": shown["application"]["id"], "enabled": false,
        "event_types": ["FULL_MOON", "SLOW"], "rules": [], "custom_events": [], "entities": [],
        "actions": [shown["actions"][0]["id"]], "gather_seconds": 60, "every_hours": null});
    let changed = client.send(Method::PUT, &path, Some(body)).await;
    assert_eq!(changed.json()["event_types"], json!(["FULL_MOON", "SLOW"]), "{}", changed.text);
}

#[tokio::test]
async fn policies_and_suppressions_follow_a_rule_that_is_renamed() {
    let client = World::new().await.client();
    let slow = make_rule(&client, "slow").await;
    let action =
        post(&client, "/api/v1/actions", hook("https://x.example/", json!({"token": "t"}))).await;
    let page = with(policy(&[&action["id"]]), "rules", json!(["slow"]));
    post(&client, "/api/v1/policies", page).await;
    let scripted = json!({"name": "weekly", "suppressionScheduleType": "RECURRING", "timezone": "UTC",
        "recurringSchedule": {"scheduleFrequency": "DAILY", "startTime": "22:00", "endTime": "06:00"},
        "affects": {"affectedInfoType": "APPLICATION"},
        "healthRuleScope": {"healthRuleScopeType": "SPECIFIC_HEALTH_RULES", "healthRules": ["slow"]}});
    let scripts = "/controller/alerting/rest/v1/applications/shop/action-suppressions";
    let made = client.post(scripts, scripted).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
    let renamed = client.send(Method::PUT, &slow, Some(rule("late"))).await;
    assert_eq!(renamed.status, StatusCode::OK, "{}", renamed.text);
    for list in ["policies", "suppressions"] {
        let shown = client.json(&format!("/api/v1/{list}")).await;
        assert_eq!(shown["items"][0]["rules"], json!(["late"]), "{shown}");
    }
    let written = client.json(&format!("{scripts}/weekly")).await;
    assert_eq!(written["healthRuleScope"]["healthRules"], json!(["late"]), "{written}");
}

#[tokio::test]
async fn a_suppression_tells_when_it_is_on() {
    let client = World::new().await.client();
    let body = json!({"name": "night", "application": null, "enabled": true, "rules": [], "entities": [],
        "window": {"kind": "recurring", "days": [], "month_days": [], "from_minute": 1320,
            "until_minute": 360, "zone": "UTC"}});
    post(&client, "/api/v1/suppressions", body).await;
    let day = 86_400_000u64;
    let begin = 20_000 * day;
    let list = client.json(&format!("/api/v1/suppressions?begin={begin}&days=1")).await;
    let hour = 3_600_000;
    assert_eq!(
        list["items"][0]["stretches"],
        json!([{"from": begin, "to": begin + 6 * hour}, {"from": begin + 22 * hour, "to": begin + day}])
    );
}

#[tokio::test]
async fn a_suppressions_days_begin_today_by_the_account_s_clocks() {
    let world = World::new().await;
    // 23:40 UTC.
    let now = NOW.start_millis().rem_euclid(86_400_000);
    let late = NOW.start_millis() - now + 23 * 3_600_000 + 2_400_000;
    world.clock.set(daemon::clock::UnixNanos::from_millis(late.unsigned_abs()));
    let client = world.client();
    let body = json!({"name": "night", "application": null, "enabled": true, "rules": [], "entities": [],
        "window": {"kind": "recurring", "days": [], "month_days": [], "from_minute": 0,
            "until_minute": 1440, "zone": "UTC"}});
    post(&client, "/api/v1/suppressions", body).await;
    let today = async || {
        let list = client.json("/api/v1/suppressions?days=1").await;
        list["items"][0]["stretches"][0]["from"].as_i64().unwrap()
    };
    let midnight = NOW.start_millis() - now;
    assert_eq!(today().await, midnight);
    // In Berlin it is the day after already, in New York the same day, which began later.
    for (zone, hours) in [("Europe/Berlin", 22), ("America/New_York", 4)] {
        let body = Some(json!({"time_zone": zone}));
        let set = client.send(Method::PUT, "/api/v1/account/time-zone", body).await;
        assert_eq!(set.status, StatusCode::OK, "{}", set.text);
        assert_eq!(today().await, midnight + hours * 3_600_000, "{zone}");
    }
}

#[tokio::test]
async fn every_document_of_the_reference_comes_back_as_it_was() {
    let client = World::new().await.client();
    make_rule(&client, "CPU").await;
    let base = "/controller/alerting/rest/v1/applications/shop";
    let documents = [
        ("actions", json!({"actionType": "EMAIL", "name": "mail", "emails": ["a@b.example"]})),
        (
            "actions",
            json!({"actionType": "THREAD_DUMP", "name": "dump", "numberOfThreadDumps": 3,
            "intervalInMs": 500, "approvalBeforeExecution": null}),
        ),
        (
            "actions",
            json!({"actionType": "HTTP_REQUEST", "name": "request", "httpRequestTemplateName": "t"}),
        ),
        (
            "policies",
            json!({"name": "p", "enabled": true, "executeActionsInBatch": true,
            "actions": [{"actionName": "mail", "actionType": "EMAIL"}],
            "events": {"healthRuleEvents": {"healthRuleEventTypes": ["POLICY_OPEN_CRITICAL", "HEALTH_RULE_UPGRADED"],
                "healthRuleScope": {"healthRuleScopeType": "SPECIFIC_HEALTH_RULES", "healthRules": ["CPU"]}},
                "otherEvents": ["STALL"], "anomalyEvents": null,
                "customEvents": [{"customEventType": "backup", "properties": []}]},
            "selectedEntities": {"selectedEntityType": "SPECIFIC_ENTITIES", "entities": [
                {"entityType": "BUSINESS_TRANSACTION", "selectedBusinessTransactions": {
                    "businessTransactionScope": "SPECIFIC_BUSINESS_TRANSACTIONS",
                    "businessTransactions": ["GET /cart"], "shouldNot": false}},
                {"entityType": "TIER_NODE", "selectedTiers": {"affectedTierScope": "SPECIFIC_TIERS",
                    "tiers": ["web"]}}]}}),
        ),
        (
            "email-digests",
            json!({"name": "d", "enabled": true, "frequency": 24,
            "actions": [{"actionName": "mail", "actionType": "EMAIL"}],
            "events": {"healthRuleEvents": null, "otherEvents": ["APPLICATION_ERROR"], "anomalyEvents": [],
                "customEvents": []},
            "selectedEntities": {"selectedEntityType": "ANY_ENTITY"}}),
        ),
        (
            "action-suppressions",
            json!({"name": "once", "disableAgentReporting": false,
            "suppressionScheduleType": "ONE_TIME", "timezone": "Europe/Berlin",
            "startTime": "2026-11-28T22:00:00", "endTime": "2026-11-29T06:00:00",
            "affects": {"affectedInfoType": "APPLICATION"},
            "healthRuleScope": {"healthRuleScopeType": "SPECIFIC_HEALTH_RULES", "healthRules": ["CPU"]}}),
        ),
        (
            "action-suppressions",
            json!({"name": "weekly", "disableAgentReporting": false,
            "suppressionScheduleType": "RECURRING", "timezone": "UTC",
            "recurringSchedule": {"scheduleFrequency": "WEEKLY", "days": ["MONDAY"], "startTime": "22:00",
                "endTime": "06:00"},
            "affects": {"affectedInfoType": "TIERS", "tiers": ["web"]}, "healthRuleScope": null}),
        ),
        (
            "action-suppressions",
            json!({"name": "daily", "disableAgentReporting": true,
            "suppressionScheduleType": "RECURRING", "timezone": "Asia/Tokyo",
            "recurringSchedule": {"scheduleFrequency": "DAILY", "startTime": "01:00", "endTime": "02:30"},
            "affects": {"affectedInfoType": "APPLICATION"}, "healthRuleScope": null}),
        ),
        (
            "action-suppressions",
            json!({"name": "monthly", "disableAgentReporting": false,
            "suppressionScheduleType": "RECURRING", "timezone": "UTC",
            "recurringSchedule": {"scheduleFrequency": "MONTHLY_SPECIFIC_DATE", "day": 31, "startTime": "22:00",
                "endTime": "23:00"},
            "affects": {"affectedInfoType": "APPLICATION"}, "healthRuleScope": null}),
        ),
    ];
    for (collection, document) in documents {
        let made = client.post(&format!("{base}/{collection}"), document.clone()).await;
        assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
        let made = made.json();
        let mut expected = document.clone();
        expected["id"] = made["id"].clone();
        assert_eq!(made, expected);
        let name = document["name"].as_str().unwrap();
        for which in [made["id"].to_string(), name.to_owned()] {
            assert_eq!(client.json(&format!("{base}/{collection}/{which}")).await, expected);
        }
        let path = format!("{base}/{collection}/{}", made["id"]);
        let put = client.send(Method::PUT, &path, Some(expected.clone())).await;
        assert_eq!(put.json(), expected, "{}", put.text);
        let listed = client.json(&format!("{base}/{collection}")).await;
        let item = listed.as_array().unwrap().iter().find(|one| one["name"] == name).unwrap();
        assert_eq!(item["id"], made["id"]);
    }
    let read = client.json("/api/v1/policies").await;
    let policy = &read["items"][0];
    assert_eq!(
        (&policy["event_types"], &policy["rules"], policy["entities"].as_array().unwrap().len()),
        (&json!(["POLICY_OPEN_CRITICAL", "POLICY_UPGRADED", "STALL"]), &json!(["CPU"]), 2)
    );
    let gone =
        client.send(Method::DELETE, &format!("{base}/policies/{}", policy["id"]), None).await;
    assert_eq!(gone.status, StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn what_the_reference_refuses_is_refused_in_plain_text() {
    let client = World::new().await.client();
    let base = "/controller/alerting/rest/v1/applications/shop";
    for (collection, document, says) in [
        (
            "email-digests",
            json!({"name": "d", "frequency": 24, "executeActionsInBatch": true}),
            "executeActionsInBatch",
        ),
        ("email-digests", json!({"name": "d", "frequency": 169}), "1 to 168"),
        (
            "policies",
            json!({"name": "p", "actions": [{"actionName": "nothing"}]}),
            "no action \"nothing\"",
        ),
        ("policies", json!({"enabled": true}), "name has to have"),
        ("actions", json!({"name": "a", "actionType": "FAX"}), "use one of EMAIL"),
        (
            "action-suppressions",
            json!({"name": "s", "suppressionScheduleType": "ONE_TIME", "startTime": 5, "endTime": 4}),
            "end after it begins",
        ),
        (
            "policies",
            json!({"name": "p", "selectedEntities": {"selectedEntityType": "SPECIFIC_ENTITIES",
            "entities": [{"entityType": "TIER", "tiers": ["nowhere"]}]}}),
            "\"nowhere\"",
        ),
    ] {
        let refused = client.post(&format!("{base}/{collection}"), document).await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{}", refused.text);
        assert!(refused.text.contains(says) && !refused.text.starts_with('{'), "{}", refused.text);
    }
    let mail = json!({"actionType": "EMAIL", "name": "mail", "emails": ["a@b.example"]});
    assert_eq!(client.post(&format!("{base}/actions"), mail).await.status, StatusCode::CREATED);
    let moon = json!({"healthRuleScopeType": "SPECIFIC_HEALTH_RULES", "healthRules": ["moon"]});
    for (collection, document, says) in [
        (
            "policies",
            json!({"name": "p", "actions": [{"actionName": "mail"}],
                "events": {"healthRuleEvents": {"healthRuleEventTypes": [], "healthRuleScope": moon}}}),
            "no health rule \"moon\"",
        ),
        ("policies", json!({"name": "p"}), "without an action tells nobody"),
        (
            "action-suppressions",
            json!({"name": "s", "suppressionScheduleType": "ONE_TIME", "startTime": 5, "endTime": 6}),
            "the window is over already",
        ),
    ] {
        let refused = client.post(&format!("{base}/{collection}"), document).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", refused.text);
        assert!(refused.text.contains(says), "{}", refused.text);
    }
    let missing = client.send(Method::GET, &format!("{base}/policies/99"), None).await;
    assert_eq!(missing.status, StatusCode::NOT_FOUND);
}
