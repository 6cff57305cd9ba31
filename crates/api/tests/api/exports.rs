//! Exports and imports of the reference: request and answer.

use http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::{Answer, Client, World};

/// As `curl -F file=@…` sends it.
async fn upload(client: &Client, path: &str, file: &str) -> Answer {
    let form = format!(
        "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"f\"\r\nContent-Type: application/octet-stream\r\n\r\n\
         {file}\r\n--x--\r\n"
    );
    let script = client.clone().with("content-type", "multipart/form-data; boundary=x");
    script.send_text(Method::POST, path, &form).await
}

#[track_caller]
fn told(answer: &Answer, status: StatusCode, part: &str) {
    assert_eq!(answer.status, status, "{}", answer.text);
    assert!(answer.text.contains(part), "{part}: {}", answer.text);
}

fn rule(name: &str) -> Value {
    json!({
        "name": name, "enabled": true, "useDataFromLastNMinutes": 30, "waitTimeAfterViolation": 5,
        "scheduleName": "Always",
        "affects": {"affectedEntityType": "BUSINESS_TRANSACTION_PERFORMANCE",
            "affectedBusinessTransactions": {"businessTransactionScope": "SPECIFIC_BUSINESS_TRANSACTIONS",
                "businessTransactions": ["GET /cart"]}},
        "evalCriterias": {"criticalCriteria": {
            "conditionAggregationType": "ALL", "conditionExpression": null, "conditions": [{
                "name": "slow", "shortName": "A", "evaluateToTrueOnNoData": false,
                "evalDetail": {"evalDetailType": "SINGLE_METRIC", "metricAggregateFunction": "VALUE",
                    "metricPath": "Average Response Time (ms)", "metricEvalDetail": {
                        "metricEvalDetailType": "BASELINE_TYPE", "baselineCondition": "GREATER_THAN_BASELINE",
                        "baselineName": "Default Baseline", "baselineUnit": "STANDARD_DEVIATIONS", "compareValue": 3}}}],
            "evalMatchingCriteria": {"matchType": "AVERAGE", "value": null}}, "warningCriteria": null},
    })
}

#[tokio::test]
async fn health_rules_are_exported_as_xml_and_imported_whole_or_not_at_all() {
    let client = World::new().await.client();
    let json_api = "/controller/alerting/rest/v1/applications/shop/health-rules";
    for name in ["slow", "slower"] {
        assert_eq!(client.post(json_api, rule(name)).await.status, StatusCode::CREATED);
    }
    let all = client.get("/controller/healthrules/shop").await;
    assert_eq!(all.header("content-type"), "application/xml;charset=UTF-8");
    told(&all, StatusCode::OK, "<health-rules controller-version=\"");
    told(&all, StatusCode::OK, "<business-transaction application-component=\"web\">GET /cart<");
    for path in ["/controller/healthrules/shop?name=slow", "/controller/healthrules/shop/slow"] {
        let one = client.get(path).await;
        assert_eq!(one.text.matches("<health-rule>").count(), 1, "{}", one.text);
    }
    let missing = client.get("/controller/healthrules/shop?name=moon").await;
    told(&missing, StatusCode::NOT_FOUND, "there is no health rule \"moon\"");
    told(&client.get("/controller/healthrules/moon").await, StatusCode::NOT_FOUND, "moon");
    // What is there stays, unless it is to be overwritten.
    let more = all.text.replacen("<name>slow<", "<name>third<", 1);
    let path = "/controller/healthrules/shop";
    let clash = upload(&client, path, &more).await;
    told(&clash, StatusCode::CONFLICT, "\"slower\"");
    assert_eq!(clash.header("content-type"), "text/plain; charset=utf-8");
    assert_eq!(client.json(json_api).await.as_array().unwrap().len(), 2, "nothing came in");
    let imported = upload(&client, &format!("{path}?overwrite=true"), &more).await;
    told(&imported, StatusCode::OK, "Imported 2 health rules: third, slower\n");
    let ids = client.json(json_api).await;
    assert_eq!(ids.as_array().unwrap().len(), 3);
    assert_eq!(ids[1]["name"], "slower", "it keeps its id");
    let third = ids[2]["id"].to_string();
    let mut read = client.json(&format!("{json_api}/{third}")).await;
    let first = client.json(&format!("{json_api}/{}", ids[0]["id"])).await;
    (read["id"], read["name"]) = (first["id"].clone(), first["name"].clone());
    assert_eq!(read, first, "but for its name the same");
    // A body without a form is the file too.
    let xml = client.clone().with("content-type", "text/xml");
    let again = xml.send_text(Method::POST, &format!("{path}?overwrite=true"), &more).await;
    assert_eq!(again.status, StatusCode::OK, "{}", again.text);
}

#[tokio::test]
async fn rules_that_there_is_no_counterpart_of_are_named_and_may_be_left_out() {
    let client = World::new().await.client();
    let json_api = "/controller/alerting/rest/v1/applications/shop/health-rules";
    client.post(json_api, rule("slow")).await;
    let path = "/controller/healthrules/shop";
    let one = client.get(path).await.text.replace("<name>slow<", "<name>new<");
    let begin = one.find("    <health-rule>").unwrap();
    let end = one.find("</health-rules>").unwrap();
    let foreign = one[begin..end]
        .replace("<name>new<", "<name>packets<")
        .replace("<type>BUSINESS_TRANSACTION<", "<type>NETVIZ<");
    let both = one.replace("</health-rules>", &format!("{foreign}</health-rules>"));
    let refused = upload(&client, path, &both).await;
    told(
        &refused,
        StatusCode::UNPROCESSABLE_ENTITY,
        "\"packets\": Vedette has no rules of the type NETVIZ",
    );
    assert_eq!(client.json(json_api).await.as_array().unwrap().len(), 1);
    let partly = upload(&client, &format!("{path}?skip-unsupported=true"), &both).await;
    told(
        &partly,
        StatusCode::OK,
        "Imported 1 health rules: new\nNot imported: The health rule \"packets\"",
    );
    let schedule = one.replace("<always-enabled>true<", "<always-enabled>false<").replace(
        "<affected-entities-match-criteria>",
        "<schedule>Moonlight</schedule><affected-entities-match-criteria>",
    );
    let refused = upload(&client, &format!("{path}?overwrite=true"), &schedule).await;
    told(&refused, StatusCode::UNPROCESSABLE_ENTITY, "there is no schedule \"Moonlight\"");
    // What names something that is not there is left out like what there is no counterpart of, and nothing else is lost.
    let baseline = "<use-active-baseline>false</use-active-baseline><metric-baseline><name>Moon</name></metric-baseline>";
    let odd = one[begin..end]
        .replace("<name>new<", "<name>odd<")
        .replace("<use-active-baseline>true</use-active-baseline>", baseline);
    let both = one.replace("</health-rules>", &format!("{odd}</health-rules>"));
    let refused = upload(&client, &format!("{path}?overwrite=true"), &both).await;
    told(&refused, StatusCode::UNPROCESSABLE_ENTITY, "there is no baseline \"Moon\"");
    let partly =
        upload(&client, &format!("{path}?overwrite=true&skip-unsupported=true"), &both).await;
    told(&partly, StatusCode::OK, "Not imported: The health rule \"odd\": there is no baseline");
    let twice = one.replace("</health-rules>", &format!("{}</health-rules>", &one[begin..end]));
    let refused = upload(&client, &format!("{path}?overwrite=true"), &twice).await;
    told(&refused, StatusCode::UNPROCESSABLE_ENTITY, "several of this name");
}

#[tokio::test]
async fn actions_policies_and_templates_come_back_as_they_came() {
    let client = World::new().await.client();
    let templates = json!([{
        "actionPlanType": "httprequest", "name": "hook", "oneRequestPerEvent": false, "eventClampLimit": -1,
        "defaultCustomProperties": [], "method": "POST", "scheme": "HTTPS", "host": "hooks.example.com", "port": 0,
        "path": "/in", "query": "", "urlCharset": "UTF_8", "authType": "NONE", "authUsername": null,
        "authPassword": "", "headers": [{"id": 0, "version": 0, "name": "X-Api-Key", "value": "planted-key"}],
        "payloadTemplate": {"httpRequestActionMediaType": "application/json", "charset": "UTF_8", "formDataPairs": [],
            "payload": "{\"text\": \"${latestEvent.summaryMessage}\"}"},
        "connectTimeoutInMillis": 5000, "socketTimeoutInMillis": 15000, "maxFollowRedirects": 0,
        "responseMatchCriteriaAnyTemplate": [], "responseMatchCriteriaNoneTemplate": [], "testLogLevel": "DEBUG",
        "testPropertiesPairs": [], "eventTypeCountPairs": []
    }]);
    let actions = json!([
        {"actionType": "EmailAction", "name": "mail", "priority": 1, "description": null,
            "toAddress": "user1@example.com", "subject": "", "timeZone": null},
        {"actionType": "HttpRequestAction", "name": "call", "priority": 0, "description": null,
            "httpRequestActionPlanName": "hook", "customProperties": null},
        {"actionType": "DiagnosticSessionAction", "name": "dig", "priority": 0, "description": null,
            "businessTransactionTemplates": [], "numberOfSnapshotsPerMinute": 5, "durationInMinutes": 10,
            "adjudicate": false, "adjudicatorEmail": null},
    ]);
    let policies = json!([{
        "applicationName": "shop", "reactorType": "POLICY", "name": "page", "enabled": true,
        "batchActionsPerMinute": true,
        "eventFilterTemplate": {"eventTypes": ["POLICY_OPEN_CRITICAL", "HEALTH_RULE_CLOSE_CRITICAL", "SLOW"],
            "healthRuleNames": [{"entityType": "POLICY", "entityName": "slow"}], "customEventFilters": []},
        "entityFilterTemplates": [
            {"entityType": "BUSINESS_TRANSACTION", "matchCriteriaType": "SpecificEntities",
                "entityNames": [{"entityType": "BUSINESS_TRANSACTION", "entityName": "GET /cart"}]},
            {"entityType": "APPLICATION_COMPONENT", "matchCriteriaType": "AllEntities"}],
        "actionWrapperTemplates": [{"actionTag": "mail"}, {"actionTag": "call"}],
    }]);
    let early = upload(&client, "/controller/policies/shop", &policies.to_string()).await;
    told(&early, StatusCode::UNPROCESSABLE_ENTITY, "there is no action \\\"mail\\\"");
    assert_eq!(early.json()["success"], "False");
    let early = upload(&client, "/controller/actions/shop", &actions.to_string()).await;
    told(&early, StatusCode::UNPROCESSABLE_ENTITY, "there is no template \\\"hook\\\"");
    assert_eq!(client.json("/controller/actions/shop").await, json!([]), "nothing came in");

    for (path, file, warnings) in [
        ("/controller/actiontemplate/httprequest", &templates, 0),
        ("/controller/actions/shop", &actions, 1),
        ("/controller/policies/shop", &policies, 1),
    ] {
        let imported = upload(&client, path, &file.to_string()).await;
        assert_eq!(imported.status, StatusCode::OK, "{}", imported.text);
        let answer = imported.json();
        assert_eq!((&answer["success"], &answer["errors"]), (&json!("True"), &json!([])));
        assert_eq!(answer["warnings"].as_array().unwrap().len(), warnings, "{answer}");
        let again = upload(&client, path, &file.to_string()).await;
        told(&again, StatusCode::CONFLICT, "already exists");
        assert!(again.json()["errors"][0].as_str().unwrap().contains("overwrite=true"));
        let over = upload(&client, &format!("{path}?overwrite=true"), &file.to_string()).await;
        assert_eq!(over.status, StatusCode::OK, "{}", over.text);
        let exported = client.get(path).await;
        assert!(!exported.text.contains("planted"), "{}", exported.text);
        let mut as_it_came = file.clone();
        if let Some(secret) = as_it_came.pointer_mut("/0/headers/0/value") {
            *secret = json!("");
        }
        assert_eq!(exported.json(), as_it_came);
        // What was exported can be imported, secrets that are left out included.
        let back = upload(&client, &format!("{path}?overwrite=true"), &exported.text).await;
        assert_eq!(back.status, StatusCode::OK, "{}", back.text);
    }
    let read = client.json("/api/v1/policies").await;
    let policy = &read["items"][0];
    assert_eq!(
        policy["event_types"],
        json!(["POLICY_CLOSE_CRITICAL", "POLICY_OPEN_CRITICAL", "SLOW"])
    );
    assert_eq!(
        (&policy["rules"], policy["entities"].as_array().unwrap().len()),
        (&json!(["slow"]), 2)
    );
    assert_eq!(policy["actions"][1]["name"], "call");
    let actions = client.json("/api/v1/actions").await;
    let of = |name: &str| {
        actions["items"].as_array().unwrap().iter().find(|one| one["name"] == name).unwrap().clone()
    };
    assert_eq!(of("hook")["secret_names"], json!(["x_api_key"]));
    assert_eq!(of("call")["doing"], of("hook")["doing"], "it does what its template says");
    assert_eq!(of("call")["secret_names"], json!(["x_api_key"]));
    assert_eq!(of("dig")["doing"]["kind"], "unsupported");
}

#[tokio::test]
async fn what_was_made_here_is_exported_so_that_it_can_come_back() {
    let client = World::new().await.client();
    let shop = client.json("/api/v1/applications").await["items"][0].clone();
    assert_eq!(shop["name"], "shop", "{shop}");
    let hook = json!({
        "name": "own hook", "application": shop["id"], "secrets": {"token": "planted"},
        "doing": {"kind": "http", "preset": "webhook", "method": "POST", "url": "https://x.example/{{ secrets.token }}",
            "headers": [], "body": "{{ title }}"}});
    let mail = json!({
        "name": "own mail", "application": shop["id"], "secrets": {},
        "doing": {"kind": "email", "to": ["a@b.example", "c@d.example"], "subject": "{{ title }}"}});
    let everywhere = json!({"name": "of all", "application": null, "secrets": {"token": "planted"},
        "doing": hook["doing"]});
    let mut ids = Vec::new();
    for action in [hook, mail, everywhere] {
        let made = client.post("/api/v1/actions", action).await;
        assert_eq!(made.status, StatusCode::OK, "{}", made.text);
        ids.push(made.json()["id"].clone());
    }
    let slow = "/controller/alerting/rest/v1/applications/shop/health-rules";
    assert_eq!(client.post(slow, rule("slow")).await.status, StatusCode::CREATED);
    let policy = json!({
        "name": "own policy", "application": shop["id"], "enabled": false, "event_types": ["STALL"], "rules": ["slow"],
        "custom_events": [{"event_type": "backup", "properties": [{"name": "a", "value": "b"}], "any_property": true}],
        "entities": [{"kind": "application", "ids": [shop["id"]]}, {"kind": "tier", "ids": []}],
        "actions": ids, "gather_seconds": 7, "every_hours": null});
    let made = client.post("/api/v1/policies", policy).await;
    assert_eq!(made.status, StatusCode::OK, "{}", made.text);
    for (path, list) in [
        ("/controller/actions/shop", "/api/v1/actions"),
        ("/controller/actiontemplate/httprequest", "/api/v1/actions"),
        ("/controller/policies/shop", "/api/v1/policies"),
    ] {
        let exported = client.get(path).await;
        assert!(!exported.text.contains("planted"), "{}", exported.text);
        let before = client.json(list).await;
        let back = upload(&client, &format!("{path}?overwrite=true"), &exported.text).await;
        assert_eq!(back.status, StatusCode::OK, "{}", back.text);
        assert_eq!(back.json()["warnings"], json!([]), "its secrets are kept");
        let without_time = |mut page: Value| {
            for item in page["items"].as_array_mut().unwrap() {
                item.as_object_mut().unwrap().remove("changed_at");
            }
            page
        };
        assert_eq!(without_time(client.json(list).await), without_time(before), "{path}");
    }
    // Elsewhere its secret is missing, which the importer is told.
    let elsewhere = World::new().await.client();
    let exported = client.get("/controller/actions/shop").await.text;
    let imported = upload(&elsewhere, "/controller/actions/shop", &exported).await;
    told(&imported, StatusCode::OK, "set the secret \\\"token\\\"");
}

#[tokio::test]
async fn what_cannot_be_imported_is_refused_with_what_to_change() {
    let client = World::new().await.client();
    let hook = |change: &str| format!("[{{\"name\": \"h\", \"host\": \"x.example\", {change}}}]");
    let action = |change: &str| format!("[{{\"name\": \"a\", {change}}}]");
    let policy = |change: &str| {
        format!(
            "[{{\"name\": \"p\", \"eventFilterTemplate\": {{\"eventTypes\": [\"SLOW\"]}}, {change}}}]"
        )
    };
    let criteria = |of: &str| policy(&format!("\"entityFilterTemplates\": [{of}]"));
    for (path, file, status, part) in [
        ("healthrules/shop", "<x".to_owned(), 400, "cannot be read as XML"),
        ("healthrules/shop", " ".to_owned(), 400, "no file"),
        ("actions/shop", "<x/>".to_owned(), 400, "cannot be read as JSON"),
        ("actions/shop", "[]".to_owned(), 400, "1 to 1000 documents"),
        ("actions/shop", "[7]".to_owned(), 400, "list of JSON objects"),
        ("actions/shop", action("\"actionType\": \"Smoke\""), 422, "actionType is \\\"Smoke\\\""),
        ("actions/shop", action("\"actionType\": \"EmailAction\", \"toAddress\": \"nobody\""), 422, "no email address"),
        ("actions/shop", "[{\"actionType\": \"SMSAction\"}]".to_owned(), 400, "name"),
        (
            "actions/shop",
            "[{\"actionType\": \"SMSAction\", \"name\": \"a\"}, {\"actionType\": \"SMSAction\", \"name\": \"a\"}]".to_owned(),
            422,
            "several of the name",
        ),
        ("policies/shop", "[{\"name\": \"p\"}]".to_owned(), 422, "eventFilterTemplate"),
        ("policies/shop", policy("\"actionWrapperTemplates\": [{\"actionTag\": \"moon\"}]"), 422, "no action \\\"moon\\\""),
        ("policies/shop", criteria("{\"entityType\": \"JMX_INSTANCE_NAME\"}"), 422, "JMX_INSTANCE_NAME"),
        (
            "policies/shop",
            criteria("{\"entityType\": \"ERROR\", \"matchCriteriaType\": \"CustomEntities\"}"),
            422,
            "chosen by \\\"CustomEntities\\\"",
        ),
        (
            "policies/shop",
            criteria(
                "{\"entityType\": \"APPLICATION_COMPONENT\", \"matchCriteriaType\": \"SpecificEntities\", \
                 \"entityNames\": [{\"entityName\": \"moon\"}]}",
            ),
            422,
            "moon",
        ),
        ("actiontemplate/httprequest", hook("\"authType\": \"NTLM\""), 422, "NTLM"),
        ("actiontemplate/email", hook("\"x\": 1"), 422, "writes the text of its emails itself"),
        ("actiontemplate/pigeon", hook("\"x\": 1"), 404, "no templates of the kind"),
        ("actions/shop?overwrite=perhaps", "[{}]".to_owned(), 400, "use true or false"),
    ] {
        let refused = upload(&client, &format!("/controller/{path}"), &file).await;
        told(&refused, StatusCode::from_u16(status).unwrap(), part);
    }
    assert_eq!(client.json("/api/v1/actions").await["items"], json!([]));
    assert_eq!(client.json("/api/v1/policies").await["items"], json!([]));
    assert_eq!(client.json("/controller/actiontemplate/email").await, json!([]));

    let large = "x".repeat(5 << 20);
    let path = "/controller/healthrules/shop";
    told(&upload(&client, path, &large).await, StatusCode::PAYLOAD_TOO_LARGE, "4194304 bytes");
    let plain = client.clone().with("content-type", "text/xml");
    let refused = plain.send_text(Method::POST, path, &large).await;
    told(&refused, StatusCode::PAYLOAD_TOO_LARGE, "4194304 bytes");
    let form = client.clone().with("content-type", "multipart/form-data; boundary=x");
    for broken in [
        "--x\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\nabc",
        "--x--\r\n",
        "--y\r\n\r\n",
    ] {
        let refused = form.send_text(Method::POST, path, broken).await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{broken}: {}", refused.text);
    }
    let two = "--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n--x\r\nContent-Disposition: form-data; \
               name=\"b\"\r\n\r\n2\r\n--x--\r\n";
    told(&form.send_text(Method::POST, path, two).await, StatusCode::BAD_REQUEST, "several parts");
    let unbounded = client.clone().with("content-type", "multipart/form-data");
    told(&unbounded.send_text(Method::POST, path, two).await, StatusCode::BAD_REQUEST, "form");
}

#[tokio::test]
async fn what_is_exported_elsewhere_and_is_not_there_is_said() {
    let client = World::new().await.client();
    for (path, part) in [
        ("/controller/CustomDashboardImportExportServlet?dashboardId=3", "no custom dashboards"),
        (
            "/controller/transactiondetection/7/custom/java/rule",
            "no rules of transaction detection",
        ),
        (
            "/controller/ConfigObjectImportExportServlet?applicationId=7",
            "/controller/healthrules/{app}",
        ),
        ("/controller/analyticsdynamicservice/7", "no analytics of agents"),
        ("/controller/api/accounts/2/applications/7/actionsuppressions", "/action-suppressions"),
    ] {
        told(&client.get(path).await, StatusCode::NOT_FOUND, part);
        told(&client.send(Method::POST, path, None).await, StatusCode::NOT_FOUND, part);
    }
}
