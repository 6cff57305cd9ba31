//! Events, under `/api/v1` and in the reference's shapes.

use expect_test::expect;
use http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::{Client, NOW, World};

const EVENTS: &str = "/api/v1/events";
const REST: &str = "/controller/rest/applications/shop/events";
const LAST_HOUR: &str = "time-range-type=BEFORE_NOW&duration-in-mins=60";

/// A client, and the time of the world.
async fn world() -> (Client, i64) {
    (World::new().await.client(), NOW.start_millis() + 20_000)
}

async fn post(client: &Client, event: Value) -> Value {
    let answer = client.post(EVENTS, event).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text);
    answer.json()
}

async fn listed(client: &Client, query: &str) -> Vec<String> {
    let page = client.json(&format!("{EVENTS}?{query}")).await;
    let items = page["items"].as_array().unwrap().iter();
    items.map(|event| event["summary"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_posted_event_is_read_back_whole() {
    let (client, now) = world().await;
    let event = json!({
        "application": 1, "type": "CUSTOM", "custom_type": "load test", "severity": "WARN", "at": now - 1000,
        "summary": " peak\nload ", "comment": "a\nb", "affected": [5],
        "properties": [{"name": "users", "value": "50"}, {"name": "a", "value": ""}],
    });
    let made = post(&client, event).await;
    expect![[r#"{"affected":[{"id":1,"kind":"APPLICATION","name":"shop"},{"id":2,"kind":"TIER","name":"web"},{"id":5,"kind":"NODE","name":"web1","tier":{"id":2,"name":"web"}}],"application":{"id":1,"name":"shop"},"at":1680000019000,"comment":"a\nb","custom_type":"load test","id":1,"is_read":false,"is_resolved":false,"properties":[{"name":"users","value":"50"},{"name":"a","value":""}],"repeats":1,"severity":"WARN","summary":"peak load","triggered":null,"type":"CUSTOM"}"#]]
    .assert_eq(&made.to_string());
    assert_eq!(client.json("/api/v1/events/1").await, made);
    assert_eq!(client.json(EVENTS).await["items"], json!([made]));
    assert_eq!(client.get("/api/v1/events/2").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn events_are_filtered_counted_and_paged() {
    let (client, now) = world().await;
    let event = |n: i64, kind: &str, affected: Value| json!({"application": 1, "type": kind, "summary": format!("no. {n}"), "at": now - 1000 * n, "affected": affected});
    post(&client, event(1, "APPLICATION_DEPLOYMENT", json!([2]))).await;
    post(&client, event(2, "CUSTOM", json!([5]))).await;
    post(&client, event(3, "CUSTOM", json!([3]))).await;
    for (query, expected) in [
        ("", &["no. 1", "no. 2", "no. 3"][..]),
        ("application=1", &["no. 1", "no. 2", "no. 3"]),
        ("entity=2", &["no. 1", "no. 2"]),
        ("entity=5", &["no. 2"]),
        ("type=CUSTOM,OTHER", &["no. 2", "no. 3"]),
        ("severity=WARN,ERROR", &[]),
        ("text=NO.%202", &["no. 2"]),
        (&format!("from={}&to={}", now - 3000, now - 1500), &["no. 2", "no. 3"]),
    ] {
        assert_eq!(listed(&client, query).await, expected, "{query}");
    }
    let summary = client.json("/api/v1/events/summary?entity=2").await;
    let count = |kind: &str| json!({"type": kind, "severity": "INFO", "count": 1});
    let counts = [count("APPLICATION_DEPLOYMENT"), count("CUSTOM")];
    assert_eq!(summary, json!({"counts": counts, "total": 2}));
    let first = client.json(&format!("{EVENTS}?limit=2")).await;
    assert_eq!(first["items"].as_array().unwrap().len(), 2);
    let next = first["next"].as_str().unwrap();
    let second = client.json(&format!("{EVENTS}?limit=2&cursor={next}")).await;
    assert_eq!((&second["items"][0]["summary"], &second["next"]), (&"no. 3".into(), &Value::Null));
}

#[tokio::test]
async fn marks_are_kept() {
    let (client, _) = world().await;
    let deployed = json!({"application": 1, "type": "APPLICATION_DEPLOYMENT", "summary": "x"});
    post(&client, deployed).await;
    let put = async |marks: Value| {
        client.send(Method::PUT, "/api/v1/events/1/marks", Some(marks)).await.json()
    };
    put(json!({"is_resolved": true})).await;
    let marked = put(json!({"is_read": true})).await;
    assert_eq!((&marked["is_read"], &marked["is_resolved"]), (&true.into(), &true.into()));
    assert!(listed(&client, "unresolved=true").await.is_empty());
    let nobody = client.send(Method::PUT, "/api/v1/events/9/marks", Some(json!({}))).await;
    assert_eq!(nobody.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn events_that_make_no_sense_are_refused_with_a_sentence() {
    let (client, now) = world().await;
    let (bad, unprocessable) = (StatusCode::BAD_REQUEST, StatusCode::UNPROCESSABLE_ENTITY);
    for (change, status, part) in [
        (
            json!({"type": "POLICY_OPEN_CRITICAL"}),
            bad,
            "type has to match the pattern ^(APPLICATION_DEPLOYMENT",
        ),
        (json!({"summary": " \n"}), bad, "summary has to say something"),
        (json!({"summary": "x".repeat(1001)}), bad, "summary has to have at most 1000 characters"),
        (json!({"affected": vec![2; 51]}), bad, "affected has to hold at most 50"),
        (json!({"application": 2}), unprocessable, "no application 2"),
        (json!({"affected": [99]}), unprocessable, "nothing of the id 99"),
        (json!({"custom_type": "x"}), unprocessable, "only a CUSTOM event"),
        (json!({"at": now - 15 * 86_400_000}), unprocessable, "within the last 14 days"),
    ] {
        let mut event = json!({"application": 1, "type": "APPLICATION_DEPLOYMENT", "summary": "x"});
        event.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        let refused = client.post(EVENTS, event).await;
        assert_eq!(refused.status, status, "{change}");
        assert!(refused.text.contains(part), "{}", refused.text);
    }
    for query in ["type=lower", "severity=FATAL", &format!("text={}", "x".repeat(1025))] {
        assert_eq!(client.get(&format!("{EVENTS}?{query}")).await.status, bad, "{query}");
    }
    assert!(listed(&client, "").await.is_empty());
}

#[tokio::test]
async fn what_people_change_is_an_event() {
    let (client, _) = world().await;
    let path = "/api/v1/applications/1/key-figures";
    client.send(Method::PUT, path, Some(json!({"background_counts": true}))).await;
    client.post("/api/v1/access-keys", json!({"name": "ci"})).await;
    let page = client.json(&format!("{EVENTS}?type=APPLICATION_CONFIG_CHANGE")).await;
    let told = |n: usize| {
        let event = &page["items"][n];
        (event["summary"].as_str().unwrap(), event["application"]["name"].as_str())
    };
    assert_eq!(told(0), ("access key ci made", None));
    assert_eq!(told(1), ("background work counts in the figures of shop", Some("shop")));
    assert_eq!(page["items"][1]["properties"], json!([{"name": "user", "value": "admin"}]));
}

#[tokio::test]
async fn the_reference_form_is_taken_and_answered_in_plain_text() {
    let (client, _) = world().await;
    let form = "summary=Version+2&comment=all+hosts&severity=INFO&eventtype=APPLICATION_DEPLOYMENT&tier=web&node=web1\
                &bt=GET+%2Fcart&propertynames=a&propertyvalues=1&propertynames=b,c&propertyvalues=";
    let answer = client.form(REST, form).await;
    assert_eq!(
        (answer.status, &*answer.text),
        (StatusCode::OK, "Successfully created the event id:1")
    );
    assert_eq!(answer.header("content-type"), "text/plain; charset=utf-8");
    // As the reference's own examples send it: nothing in the body.
    let behind = "?severity=WARN&summary=load&eventtype=CUSTOM&customeventtype=mine&tier=2";
    let answer = client.form(&format!("{REST}{behind}"), "").await;
    assert_eq!(answer.text, "Successfully created the event id:2");
    let as_json = client
        .get(&format!("{REST}?{LAST_HOUR}&output=JSON&severities=INFO&event-types=ALL"))
        .await;
    expect![[r#"[{"id":1,"type":"APPLICATION_DEPLOYMENT","subType":"","summary":"Version 2","severity":"INFO","eventTime":1680000020000,"deepLinkUrl":"https://apm.example.com/applications/1/events?event=1","markedAsRead":false,"markedAsResolved":false,"archived":false,"affectedEntities":[{"entityType":"APPLICATION","entityId":1,"name":"shop"},{"entityType":"APPLICATION_COMPONENT","entityId":2,"name":"web"},{"entityType":"APPLICATION_COMPONENT_NODE","entityId":5,"name":"web1"},{"entityType":"BUSINESS_TRANSACTION","entityId":8,"name":"GET /cart"}],"triggeredEntity":null,"properties":[{"name":"a","value":"1"},{"name":"b,c","value":""}]}]"#]].assert_eq(&as_json.text);
    let as_xml = client.get(&format!("{REST}?{LAST_HOUR}&event-types=CUSTOM")).await;
    expect![[r#"
        <events>
        <event>
        <id>2</id>
        <type>CUSTOM</type>
        <subType>mine</subType>
        <summary>load</summary>
        <severity>WARN</severity>
        <eventTime>1680000020000</eventTime>
        <deepLinkUrl>https://apm.example.com/applications/1/events?event=2</deepLinkUrl>
        <markedAsRead>false</markedAsRead>
        <markedAsResolved>false</markedAsResolved>
        <archived>false</archived>
        <affectedEntities>
        <entity-definition>
        <entityType>APPLICATION</entityType>
        <entityId>1</entityId>
        <name>shop</name>
        </entity-definition>
        <entity-definition>
        <entityType>APPLICATION_COMPONENT</entityType>
        <entityId>2</entityId>
        <name>web</name>
        </entity-definition>
        </affectedEntities>
        <properties/>
        </event>
        </events>"#]]
    .assert_eq(&as_xml.text.replace("><", ">\n<"));
    for (query, found) in
        [("tier=web", 2), ("tier=2", 2), ("node=web1", 1), ("bt=8", 1), ("tier=stock", 0)]
    {
        let path = format!("{REST}?{LAST_HOUR}&output=JSON&{query}");
        assert_eq!(client.json(&path).await.as_array().unwrap().len(), found, "{query}");
    }
}

#[tokio::test]
async fn forms_that_make_no_sense_are_refused_in_plain_text() {
    let (client, _) = world().await;
    for (form, status, part) in [
        ("eventtype=CUSTOM", StatusCode::BAD_REQUEST, "summary is missing"),
        ("summary=x", StatusCode::BAD_REQUEST, "eventtype is missing"),
        (
            "summary=x&eventtype=POLICY_OPEN_WARNING",
            StatusCode::BAD_REQUEST,
            "one of APPLICATION_DEPLOYMENT",
        ),
        (
            "summary=x&eventtype=CUSTOM&severity=FATAL",
            StatusCode::BAD_REQUEST,
            "use INFO, WARN or ERROR",
        ),
        ("summary=x&eventtype=CUSTOM&tier=nothing", StatusCode::NOT_FOUND, "no tier nothing"),
        ("summary=x&eventtype=CUSTOM&tier=stock&node=web1", StatusCode::NOT_FOUND, "no node web1"),
        (
            "summary=x&eventtype=CUSTOM&propertynames=a",
            StatusCode::BAD_REQUEST,
            "as many propertynames",
        ),
    ] {
        let refused = client.form(REST, form).await;
        assert_eq!(refused.status, status, "{form}");
        assert!(refused.text.contains(part) && !refused.text.contains('{'), "{}", refused.text);
    }
    assert_eq!(client.get(REST).await.status, StatusCode::BAD_REQUEST, "without a time");
}

#[tokio::test]
async fn nodes_that_a_script_says_are_gone_are_out_of_lists_until_they_report() {
    let world = World::new().await;
    let node = world.ids.web1;
    let minute = NOW.start_millis();
    let client = world.client();
    let nodes = async || {
        let nodes = client.json("/controller/rest/applications/shop/nodes?output=JSON").await;
        nodes.as_array().unwrap().len()
    };
    assert_eq!(nodes().await, 3);
    let mark = "/controller/rest/mark-nodes-historical";
    for (form, status) in [
        ("", StatusCode::BAD_REQUEST),
        ("application-component-node-ids=x", StatusCode::BAD_REQUEST),
        ("application-component-node-ids=5,2", StatusCode::NOT_FOUND),
    ] {
        assert_eq!(client.form(mark, form).await.status, status, "{form}");
        assert_eq!(nodes().await, 3, "{form}");
    }
    let answer = client.form(mark, "application-component-node-ids=5,6").await;
    assert_eq!(answer.text, "Successfully marked 2 nodes as historical");
    assert_eq!(nodes().await, 1);
    assert_eq!(
        client.form(&format!("{mark}?application-component-node-ids=7"), "").await.status,
        StatusCode::OK
    );
    assert_eq!(nodes().await, 0);
    let again = World::new().await;
    again.change(node, |properties| properties.retired_ms = Some(minute + 20_000));
    again.seen(node, minute + 60_000);
    let nodes = again.client().json("/controller/rest/applications/shop/nodes?output=JSON").await;
    assert_eq!(nodes.as_array().unwrap().len(), 3, "it reported again");
}
