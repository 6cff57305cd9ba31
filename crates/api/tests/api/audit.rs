//! The audit log: no change without an entry, no secret in any.

mod telling;
mod watching;

use api::{Access, routes};
use http::{Method, StatusCode};
use metadata_store::{AuditLog as _, AuditQuery, FIRST_ACCOUNT, MetadataStore, NewAudit};
use serde_json::{Value, json};

use crate::support::{Answer, Client, World, world_password as password};

const NEW: &str = "three wise otters";
const MEDIA: &str = "application/vnd.appd.cntrl+json;v=1";

/// All entries but those of the test itself, oldest first.
async fn entries(store: &MetadataStore) -> Vec<NewAudit> {
    let query = AuditQuery {
        account_id: FIRST_ACCOUNT,
        to_ms: i64::MAX,
        limit: 1_000,
        ..AuditQuery::default()
    };
    let mut found: Vec<NewAudit> =
        store.audit(&query).await.unwrap().into_iter().map(|found| found.entry).collect();
    found.retain(|entry| entry.actor != "test");
    found.reverse();
    found
}

/// Method, path as in the table, path as sent, body.
type Deed = (&'static str, &'static str, String, Value);

/// How each route that changes something is made to do so, one after the other: method, path as in the table, path as sent,
/// body. Where ids are given out they are those of a new store.
fn deeds(shop: u32, cart: u32, node: u32) -> Vec<Deed> {
    let deed = |method, route, path: &str, body| (method, route, path.to_owned(), body);
    let user = |name: &str| {
        json!({"name": name, "display_name": "", "email": "", "enabled": true,
        "roles": [5], "groups": []})
    };
    let grants = json!([{"permission": "view", "application": null}]);
    let rbac =
        |name: &str| json!({"name": name, "security_provider_type": "INTERNAL", "password": NEW});
    let rbac_user = json!({"id": 4, "name": "script", "security_provider_type": "INTERNAL"});
    let api = "/controller/api/rbac/v1";
    let rows = [
        deed("POST", "/api/v1/access-keys", "/api/v1/access-keys", json!({"name": "k"})),
        deed("DELETE", "/api/v1/access-keys/{id}", "/api/v1/access-keys/1", json!({})),
        deed("POST", "/api/v1/api-clients", "/api/v1/api-clients", json!({"name": "c"})),
        deed(
            "PUT",
            "/api/v1/api-clients/{id}",
            "/api/v1/api-clients/1",
            json!({"description": "d", "token_seconds": 60, "roles": [4]}),
        ),
        deed(
            "POST",
            "/api/v1/api-clients/{id}/secret",
            "/api/v1/api-clients/1/secret",
            json!({"overlap_seconds": 60}),
        ),
        deed("DELETE", "/api/v1/api-clients/{id}", "/api/v1/api-clients/1", json!({})),
        deed(
            "POST",
            "/api/v1/users",
            "/api/v1/users",
            json!({"name": "ada", "password": NEW, "roles": [5]}),
        ),
        deed("PUT", "/api/v1/users/{id}", "/api/v1/users/2", user("ada")),
        deed(
            "PUT",
            "/api/v1/users/{id}/password",
            "/api/v1/users/2/password",
            json!({"password": "four loud badgers"}),
        ),
        deed("DELETE", "/api/v1/users/{id}/lock", "/api/v1/users/2/lock", json!({})),
        deed("DELETE", "/api/v1/users/{id}/sessions", "/api/v1/users/2/sessions", json!({})),
        deed("POST", "/api/v1/groups", "/api/v1/groups", json!({"name": "g", "users": [2]})),
        deed("PUT", "/api/v1/groups/{id}", "/api/v1/groups/1", json!({"name": "h", "roles": [5]})),
        deed("DELETE", "/api/v1/groups/{id}", "/api/v1/groups/1", json!({})),
        deed("POST", "/api/v1/roles", "/api/v1/roles", json!({"name": "r", "grants": grants})),
        deed("PUT", "/api/v1/roles/{id}", "/api/v1/roles/101", json!({"name": "s", "grants": []})),
        deed("DELETE", "/api/v1/roles/{id}", "/api/v1/roles/101", json!({})),
        deed("DELETE", "/api/v1/users/{id}", "/api/v1/users/2", json!({})),
        deed(
            "POST",
            "/api/v1/saved-searches",
            "/api/v1/saved-searches",
            json!({"name": "s", "query": "q"}),
        ),
        deed("DELETE", "/api/v1/saved-searches/{id}", "/api/v1/saved-searches/1", json!({})),
        deed(
            "PUT",
            "/api/v1/applications/{id}/flow-map/layout",
            &format!("/api/v1/applications/{shop}/flow-map/layout"),
            json!({"positions": []}),
        ),
        deed(
            "PUT",
            "/api/v1/applications/{id}/key-figures",
            &format!("/api/v1/applications/{shop}/key-figures"),
            json!({"background_counts": true}),
        ),
        deed(
            "PUT",
            "/api/v1/business-transactions/{id}/long-lived",
            &format!("/api/v1/business-transactions/{cart}/long-lived"),
            json!({"marked": true}),
        ),
        deed(
            "PUT",
            "/api/v1/business-transactions/{id}/promotion",
            &format!("/api/v1/business-transactions/{cart}/promotion"),
            json!({"promoted": true}),
        ),
        deed(
            "POST",
            "/controller/rest/users",
            "/controller/rest/users?user-name=bob&user-password=three+wise+otters",
            json!({}),
        ),
        deed("POST", "/controller/api/rbac/v1/users", &format!("{api}/users"), rbac("script")),
        deed("PUT", "/controller/api/rbac/v1/users/{id}", &format!("{api}/users/4"), rbac_user),
        deed("POST", "/controller/api/rbac/v1/groups", &format!("{api}/groups"), rbac("group")),
        deed(
            "PUT",
            "/controller/api/rbac/v1/groups/{id}",
            &format!("{api}/groups/2"),
            json!({"id": 2, "name": "group2", "security_provider_type": "INTERNAL"}),
        ),
        deed(
            "PUT",
            "/controller/api/rbac/v1/groups/{id}/users/{user}",
            &format!("{api}/groups/2/users/4"),
            json!({}),
        ),
        deed(
            "DELETE",
            "/controller/api/rbac/v1/groups/{id}/users/{user}",
            &format!("{api}/groups/2/users/4"),
            json!({}),
        ),
        deed(
            "POST",
            "/controller/api/rbac/v1/roles",
            &format!("{api}/roles"),
            json!({"name": "role"}),
        ),
        deed(
            "PUT",
            "/controller/api/rbac/v1/roles/{id}",
            &format!("{api}/roles/102"),
            json!({"id": 102, "name": "role2"}),
        ),
        deed(
            "PUT",
            "/controller/api/rbac/v1/roles/{id}/users/{user}",
            &format!("{api}/roles/102/users/4"),
            json!({}),
        ),
        deed(
            "DELETE",
            "/controller/api/rbac/v1/roles/{id}/users/{user}",
            &format!("{api}/roles/102/users/4"),
            json!({}),
        ),
        deed(
            "PUT",
            "/controller/api/rbac/v1/roles/{id}/groups/{group}",
            &format!("{api}/roles/102/groups/2"),
            json!({}),
        ),
        deed(
            "DELETE",
            "/controller/api/rbac/v1/roles/{id}/groups/{group}",
            &format!("{api}/roles/102/groups/2"),
            json!({}),
        ),
        deed(
            "DELETE",
            "/controller/api/rbac/v1/roles/{id}",
            &format!("{api}/roles/102"),
            json!({}),
        ),
        deed(
            "DELETE",
            "/controller/api/rbac/v1/groups/{id}",
            &format!("{api}/groups/2"),
            json!({}),
        ),
        deed("DELETE", "/controller/api/rbac/v1/users/{id}", &format!("{api}/users/4"), json!({})),
        deed(
            "PUT",
            "/api/v1/account/time-zone",
            "/api/v1/account/time-zone",
            json!({"time_zone": "Europe/Berlin"}),
        ),
        deed(
            "POST",
            "/api/v1/applications/{id}/baselines",
            &format!("/api/v1/applications/{shop}/baselines"),
            json!({"name": "Ten days", "season": "day", "window": {"kind": "rolling", "days": 10}}),
        ),
        deed(
            "PUT",
            "/api/v1/applications/{id}/baselines/default",
            &format!("/api/v1/applications/{shop}/baselines/default"),
            json!({"id": 2}),
        ),
        deed(
            "DELETE",
            "/api/v1/applications/{id}/baselines/{baseline}",
            &format!("/api/v1/applications/{shop}/baselines/{{made}}"),
            json!({}),
        ),
        deed(
            "POST",
            "/api/v1/events",
            "/api/v1/events",
            json!({"application": shop, "type": "APPLICATION_DEPLOYMENT", "summary": "x"}),
        ),
        deed(
            "PUT",
            "/api/v1/events/{id}/marks",
            "/api/v1/events/1/marks",
            json!({"is_read": true}),
        ),
        deed(
            "POST",
            "/controller/rest/applications/{app}/events",
            &format!(
                "/controller/rest/applications/{shop}/events?severity=WARN&summary=load&eventtype=CUSTOM&customeventtype=mine"
            ),
            json!({}),
        ),
        deed(
            "POST",
            "/controller/rest/mark-nodes-historical",
            &format!(
                "/controller/rest/mark-nodes-historical?application-component-node-ids={node}"
            ),
            json!({}),
        ),
        // These need a session of their own, and end it or make it another.
        deed("DELETE", "/api/v1/sessions/{session_id}", "/api/v1/sessions/{other}", json!({})),
        deed(
            "DELETE",
            "/api/v1/profile/sessions/{session_id}",
            "/api/v1/profile/sessions/{other}",
            json!({}),
        ),
        deed(
            "PUT",
            "/api/v1/profile/password",
            "/api/v1/profile/password",
            json!({"current": password(), "new": "four loud badgers"}),
        ),
        deed("DELETE", "/api/v1/session", "/api/v1/session", json!({})),
    ];
    rows.to_vec()
}

async fn sign_in(stranger: &Client) -> Client {
    let body = json!({"user": "admin", "password": password()});
    let answer = stranger.post("/api/v1/session", body).await;
    let token = answer.json()["csrf_token"].as_str().unwrap().to_owned();
    let cookie = answer.header("set-cookie").split(';').next().unwrap().to_owned();
    stranger.clone().with("cookie", &cookie).with("x-csrf-token", &token)
}

async fn do_it(admin: &Client, method: &str, path: &str, body: &Value) -> Answer {
    let method = Method::from_bytes(method.as_bytes()).unwrap();
    if path.starts_with("/controller/api/rbac") {
        let script = admin.clone().with("accept", MEDIA).with("content-type", MEDIA);
        return script.send_text(method, path, &body.to_string()).await;
    }
    if let Value::String(xml) = body {
        let script = admin.clone().with("content-type", "application/xml");
        return script.send_text(method, path, xml).await;
    }
    admin.send(method, path, Some(body.clone())).await
}

#[tokio::test]
async fn every_route_that_changes_something_leaves_an_entry() {
    let world = World::new().await;
    let ids = world.ids;
    let (shop, cart, node, store) = (ids.shop.0, ids.cart.0, ids.web1.0, world.store.clone());
    crate::anomalies::with_anomaly(&world).await;
    let stranger = world.stranger();
    let admin = sign_in(&stranger).await;
    let mut deeds = deeds(shop, cart, node);
    // The last of them end the session.
    deeds.splice(0..0, [watching::deeds(shop, cart), telling::deeds()].concat());
    for route in
        routes().into_iter().filter(|route| route.changes() && route.access != Access::Public)
    {
        let known =
            deeds.iter().any(|(method, path, ..)| route.method == *method && route.path == *path);
        assert!(
            known,
            "say in `deeds` how {} {} is made to change something",
            route.method, route.path
        );
    }
    let mut made = String::new();
    for (method, _, path, body) in deeds {
        let path = match path.contains("{other}") {
            true => path.replace("{other}", &other_session(&stranger, &admin).await),
            false => path.replace("{made}", &made),
        };
        let before = entries(&store).await.len();
        let answer = do_it(&admin, method, &path, &body).await;
        assert!(answer.status.is_success(), "{method} {path}: {} {}", answer.status, answer.text);
        let id = answer.text.starts_with('{').then(|| answer.json()["id"].as_u64()).flatten();
        if let Some(id) = id.filter(|_| method == "POST") {
            made = id.to_string();
        }
        let entries = entries(&store).await;
        assert_eq!(entries.len(), before + 1, "{method} {path} is in the audit log once");
        let entry = entries.last().unwrap();
        assert_eq!((&*entry.actor, &*entry.address), ("admin", "192.0.2.7"), "{method} {path}");
        assert!(!entry.action.is_empty() && !entry.object_type.is_empty(), "{entry:?}");
        if path.ends_with("/test") {
            let object = &*entry.object_type;
            assert!(entry.action == "try" && ["action", "mail server"].contains(&object));
        }
        let written = format!("{entry:?}");
        for secret in [NEW, "four loud badgers", "argon2", "vs_", "vk_", password()] {
            assert!(!written.contains(secret), "{method} {path}: {written}");
        }
    }
}

/// The id of a session of the same user that was begun only now.
async fn other_session(stranger: &Client, admin: &Client) -> String {
    sign_in(stranger).await;
    let sessions = admin.json("/api/v1/profile/sessions").await;
    let other =
        sessions["items"].as_array().unwrap().iter().find(|session| session["own"] == false);
    other.unwrap()["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn what_is_configured_of_alerting_is_told_with_name_id_and_what_changed() {
    let world = World::new().await;
    let (shop, cart, store) = (world.ids.shop.0, world.ids.cart.0, world.store.clone());
    let admin = world.client();
    admin.get("/api/v1/applications").await;
    let secret = "planted-secret";
    let mut mail = json!({"mail": {"host": "mail.example.com", "port": 25, "security": "start_tls",
        "user": "v", "from": "v@example.com"}, "password": secret});
    admin.send(Method::PUT, "/api/v1/notification-settings", Some(mail.clone())).await;
    mail["mail"]["port"] = json!(587);
    admin.send(Method::PUT, "/api/v1/notification-settings", Some(mail)).await;
    let told = entries(&store).await.pop().unwrap();
    assert_eq!((&*told.object_type, &*told.object_name), ("mail server", "mail.example.com"));
    assert!(
        told.before.contains(r#""port":25"#) && told.after.contains(r#""port":587"#),
        "{told:?}"
    );
    assert!(!format!("{told:?}").contains(secret), "{told:?}");

    let all = [watching::deeds(shop, cart), telling::deeds()].concat();
    let body = |route: &str| {
        let found = all.iter().find(|(method, path, ..)| *method == "POST" && *path == route);
        found.unwrap().3.clone()
    };
    let post =
        all.iter().filter(|(_, path, ..)| *path == "/api/v1/actions").nth(1).unwrap().3.clone();
    let mut action = body("/api/v1/actions");
    action["secrets"] = json!({"token": secret});
    // What scripts change is told like what is changed by the page.
    let scripts = [
        "policies",
        "email-digests",
        "action-suppressions",
        "actions",
        "health-rules",
        "schedules",
    ];
    let objects = ["policy", "digest", "suppression", "action", "health rule", "schedule"];
    let scripts = objects.into_iter().zip(scripts).map(|(object, collection)| {
        let route = format!("/controller/alerting/rest/v1/applications/{{app}}/{collection}");
        let mut wanted = body(&route);
        if object == "policy" {
            wanted["actions"] = json!([{"actionName": "post", "actionType": "EMAIL"}]);
        }
        (object, "a script's", route.replace("{app}", "shop"), wanted)
    });
    for (object, route, path, wanted) in [
        ("action", "/api/v1/actions", "/api/v1/actions".to_owned(), action),
        ("policy", "/api/v1/policies", "/api/v1/policies".to_owned(), body("/api/v1/policies")),
        ("digest", "/api/v1/digests", "/api/v1/digests".to_owned(), body("/api/v1/digests")),
        (
            "suppression",
            "/api/v1/suppressions",
            "/api/v1/suppressions".to_owned(),
            body("/api/v1/suppressions"),
        ),
        (
            "health rule",
            "/api/v1/applications/{id}/health-rules",
            format!("/api/v1/applications/{shop}/health-rules"),
            body("/api/v1/applications/{id}/health-rules"),
        ),
        (
            "schedule",
            "/api/v1/applications/{id}/schedules",
            format!("/api/v1/applications/{shop}/schedules"),
            body("/api/v1/applications/{id}/schedules"),
        ),
    ]
    .into_iter()
    .chain(scripts)
    {
        let made = admin.post(&path, wanted.clone()).await;
        assert!(made.status.is_success(), "{route}: {}", made.text);
        let (id, name) = (made.json()["id"].to_string(), wanted["name"].as_str().unwrap());
        let one = format!("{path}/{id}");
        let renamed = json!("renamed");
        let mut other = wanted.clone();
        other["name"] = renamed;
        let changed = admin.send(Method::PUT, &one, Some(other)).await;
        assert!(changed.status.is_success(), "{route}: {}", changed.text);
        let told = entries(&store).await;
        let [.., create, change] = &told[..] else { panic!("{told:?}") };
        let of = |entry: &NewAudit| {
            [&entry.action, &entry.object_type, &entry.object_id, &entry.object_name]
                .map(Clone::clone)
        };
        assert_eq!(of(create), ["create", object, id.as_str(), name]);
        assert_eq!(of(change), ["change", object, id.as_str(), name]);
        assert!(create.before.is_empty() && create.after.contains(name), "{create:?}");
        assert!(change.before.contains(name) && change.after.contains("renamed"), "{change:?}");
        assert!(!format!("{told:?}").contains(secret), "{object}");
        // By actions the policies and digests tell that come next.
        if route == "/api/v1/actions" {
            admin.post(&path, post.clone()).await;
            continue;
        }
        admin.send(Method::DELETE, &one, None).await;
        let delete = entries(&store).await.pop().unwrap();
        assert_eq!(of(&delete), ["delete", object, id.as_str(), "renamed"]);
        assert!(delete.before.contains("renamed") && delete.after.is_empty(), "{delete:?}");
    }
}

#[tokio::test]
async fn what_was_refused_changed_nothing_and_is_not_told_as_done() {
    let world = World::new().await;
    let store = world.store.clone();
    let admin = world.client();
    admin.get("/api/v1/applications").await;
    let before = entries(&store).await.len();
    let refused = admin.post("/api/v1/users", json!({"name": "ada", "password": "short"})).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
    let twin = admin.post("/api/v1/users", json!({"name": "admin", "password": NEW})).await;
    assert_eq!(twin.status, StatusCode::CONFLICT);
    assert_eq!(entries(&store).await.len(), before);
}

#[tokio::test]
async fn sign_ins_failures_and_tokens_are_told_without_names_that_nobody_has() {
    let world = World::new().await;
    let store = world.store.clone();
    let stranger = world.stranger();
    let sign_in = async |user: &str, password: &str| {
        stranger.post("/api/v1/session", json!({"user": user, "password": password})).await
    };
    sign_in("admin", password()).await;
    sign_in("admin", "wrong").await;
    sign_in("my secret in the wrong field", "x").await;
    let admin = stranger.clone().with_basic("admin", password());
    let client = admin.post("/api/v1/api-clients", json!({"name": "ci"})).await.json();
    let secret = client["secret"].as_str().unwrap();
    for secret in [secret, "wrong"] {
        let form = format!("grant_type=client_credentials&client_id=ci&client_secret={secret}");
        stranger.form("/controller/api/oauth/access_token", &form).await;
    }
    let told: Vec<(String, String)> =
        entries(&store).await.into_iter().map(|entry| (entry.actor, entry.action)).collect();
    let told: Vec<(&str, &str)> = told.iter().map(|(who, what)| (&**who, &**what)).collect();
    assert_eq!(
        told,
        [
            ("admin", "sign in"),
            ("admin", "failed sign-in"),
            ("(unknown)", "failed sign-in"),
            ("admin", "sign in"),
            ("admin", "create"),
            ("ci", "token"),
            ("ci", "failed sign-in"),
        ]
    );
}

#[tokio::test]
async fn the_log_is_searched_paged_and_exported() {
    let admin = World::new().await.client();
    for name in ["ada", "bob", "=SUM(A1)"] {
        admin.post("/api/v1/users", json!({"name": name, "password": NEW, "roles": [5]})).await;
    }
    let all = admin.json("/api/v1/audit?limit=2").await;
    assert_eq!(all["items"][0]["object_name"], "=SUM(A1)", "newest first");
    assert_eq!(all["items"][0]["after"]["roles"], json!([5]), "{all}");
    let cursor = all["next"].as_str().unwrap();
    let more = admin.json(&format!("/api/v1/audit?limit=2&cursor={cursor}")).await;
    assert_eq!(more["items"][0]["object_name"], "ada");
    let found = admin.json("/api/v1/audit?q=BOB&action=create&object_type=user&actor=admin").await;
    assert_eq!(found["items"].as_array().unwrap().len(), 1, "{found}");
    assert_eq!(admin.json("/api/v1/audit?actor=nobody").await["items"], json!([]));

    let csv = admin.get("/api/v1/audit/export?object_type=user&action=create").await;
    assert!(csv.header("content-type").starts_with("text/csv"));
    assert_eq!(csv.text.lines().count(), 4, "{}", csv.text);
    assert!(csv.text.contains("\"'=SUM(A1)\""), "no formula: {}", csv.text);
    let json = admin.get("/api/v1/audit/export?format=json&q=ada").await;
    let first: Value = serde_json::from_str(json.text.lines().next().unwrap()).unwrap();
    assert_eq!(first["object_name"], "ada");
}

#[tokio::test]
async fn the_reference_products_history_has_its_names() {
    let admin = World::new().await.client();
    admin.post("/api/v1/users", json!({"name": "ada", "password": NEW})).await;
    // The world's minute is in March of 2023.
    let path = "/controller/ControllerAuditHistory?startTime=2023-03-01T00:00:00.000-0000&endTime=2023-04-01T00:00:00.000-0000";
    let history = admin.json(path).await;
    let first = &history[0];
    assert_eq!(
        (&first["action"], &first["objectType"], &first["objectName"]),
        (&json!("OBJECT_CREATED"), &json!("USER"), &json!("ada"))
    );
    assert_eq!((&first["userName"], &first["accountName"]), (&json!("admin"), &json!("customer1")));
    assert_eq!(history[1]["action"], "LOGIN");
    let csv = admin.get(&format!("{path}&output=CSV")).await;
    assert!(csv.text.starts_with("timeStamp,auditDateTime,"), "{}", csv.text);
    let wrong = admin.get("/controller/ControllerAuditHistory?startTime=yesterday").await;
    assert_eq!(wrong.status, StatusCode::BAD_REQUEST);
    assert!(wrong.text.contains("2026-11-28T03:00:00.000-0000"), "{}", wrong.text);
}
