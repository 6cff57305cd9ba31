//! Permissions from both sides, over all of the table of routes: who has exactly the one that a route needs passes its door, who
//! has all others does not.

use api::{Access, Place, RouteInfo, routes};
use http::{Method, StatusCode};
use model::{
    access::{Grant, Permission},
    entity::EntityKind,
    id::EntityId,
};
use serde_json::{Value, json};

use crate::support::{Answer, Client, Ids, World, world_password as password};

/// What any signed-in user may: rows with these paths, and no others, say `SignedIn`.
const OF_EVERYBODY: [&str; 11] = [
    "/api/v1/account",
    "/api/v1/openapi.json",
    "/api/v1/session",
    "/api/v1/permissions",
    "/api/v1/profile/password",
    "/api/v1/profile/sessions",
    "/api/v1/profile/sessions/{session_id}",
    "/api/v1/saved-searches",
    "/api/v1/saved-searches/{id}",
    "/controller/rest/configuration",
    "/prometheus/api/v1/status/buildinfo",
];

/// The permission that a route needs.
fn needed(route: &RouteInfo) -> Option<Permission> {
    match route.access {
        Access::Needs(permission) | Access::Somewhere(permission) => Some(permission),
        Access::Public | Access::Monitoring | Access::SignedIn => None,
    }
}

/// The path with the shop, or something of the shop, where it wants an application or entity.
fn concrete(route: &RouteInfo, ids: &Ids) -> String {
    let mut first = true;
    let mut before = "";
    let part = |part| {
        let concrete = match (part, route.place(), before) {
            (part, ..) if !str::starts_with(part, '{') => part.to_owned(),
            (_, Some(Place::Application), _) if first => ids.shop.to_string(),
            (_, Some(Place::Entity), "business-transactions") if first => ids.cart.to_string(),
            (_, Some(Place::Entity), "tiers") if first => ids.web.to_string(),
            (_, Some(Place::Entity), "nodes") if first => ids.web1.to_string(),
            (_, Some(Place::Entity), "backends") if first => ids.mysql.to_string(),
            (_, Some(Place::Entity), "errors") if first => ids.error.to_string(),
            (_, Some(Place::Entity), before) if first => panic!("what is an entity of {before}?"),
            _ => "987654".to_owned(),
        };
        first &= !str::starts_with(part, '{');
        before = part;
        concrete
    };
    route.path.split('/').map(part).collect::<Vec<_>>().join("/")
}

async fn knock(client: &Client, route: &RouteInfo, ids: &Ids) -> Answer {
    let body = (!route.method.is_safe()).then(|| json!({}));
    client.send(route.method.clone(), &concrete(route, ids), body).await
}

/// Whether the door was shut for want of this permission.
fn is_shut(answer: &Answer, permission: Permission) -> bool {
    let sentence = format!("you lack the permission {permission}");
    answer.status == StatusCode::FORBIDDEN && answer.text.contains(&sentence)
}

fn all_but(permission: Permission) -> Vec<Grant> {
    let others = Permission::ALL.into_iter().filter(|other| *other != permission);
    others.map(Grant::everywhere).collect()
}

#[test]
fn only_these_rows_are_for_whoever_is_signed_in() {
    let signed_in = routes().into_iter().filter(|route| route.access == Access::SignedIn);
    for route in signed_in {
        assert!(
            OF_EVERYBODY.contains(&route.path),
            "{} {} says SignedIn",
            route.method,
            route.path
        );
    }
}

#[test]
fn a_permission_of_the_account_is_asked_of_no_application() {
    for route in routes() {
        let Some(permission) = needed(&route) else { continue };
        let of_one = matches!(route.place(), Some(Place::Application | Place::Entity) | None);
        assert!(permission.is_of_applications() || !of_one, "{} {}", route.method, route.path);
    }
}

#[tokio::test]
async fn who_has_exactly_the_permission_passes_and_who_has_all_others_does_not() {
    let world = World::new().await;
    let ids = world.ids;
    for permission in Permission::ALL {
        world.user(&format!("exactly-{permission}"), &[Grant::everywhere(permission)]).await;
        world.user(&format!("but-{permission}"), &all_but(permission)).await;
    }
    let stranger = world.stranger();
    let mut used = Vec::new();
    for route in routes() {
        let Some(permission) = needed(&route) else { continue };
        used.push(permission);
        let exactly = stranger.clone().with_basic(&format!("exactly-{permission}"), password());
        let passed = knock(&exactly, &route, &ids).await;
        assert!(
            !is_shut(&passed, permission)
                && passed.status != StatusCode::UNAUTHORIZED
                && (!passed.status.is_server_error() || route.path.contains("/rbac/")),
            "{} {}: {} {}",
            route.method,
            route.path,
            passed.status,
            passed.text
        );
        let but = stranger.clone().with_basic(&format!("but-{permission}"), password());
        let refused = knock(&but, &route, &ids).await;
        assert!(
            is_shut(&refused, permission),
            "{} {}: {} {}",
            route.method,
            route.path,
            refused.status,
            refused.text
        );
    }
    for permission in [Permission::View, Permission::Configure, Permission::AdministerAccount] {
        assert!(used.contains(&permission), "{permission} opens nothing");
    }
}

#[tokio::test]
async fn a_permission_over_one_application_opens_that_one_and_no_other() {
    let world = World::new().await;
    let ids = world.ids;
    let none = EntityId::NONE;
    let bank = world.entity(EntityKind::Application, none, none, "bank");
    for permission in Permission::ALL.into_iter().filter(|one| one.is_of_applications()) {
        let within = |application| [Grant::within(permission, application)];
        world.user(&format!("shop-{permission}"), &within(ids.shop)).await;
        let mut elsewhere = all_but(permission);
        elsewhere.extend(within(bank));
        world.user(&format!("bank-{permission}"), &elsewhere).await;
    }
    let stranger = world.stranger();
    for route in routes() {
        let Some(permission) = needed(&route) else { continue };
        let in_shop = stranger.clone().with_basic(&format!("shop-{permission}"), password());
        let in_bank = stranger.clone().with_basic(&format!("bank-{permission}"), password());
        match route.place() {
            // Open to both: what they see is tested with what is answered.
            None => assert!(!is_shut(&knock(&in_shop, &route, &ids).await, permission)),
            Some(Place::Account) if !permission.is_of_applications() => continue,
            Some(Place::Account) => {
                assert!(
                    is_shut(&knock(&in_shop, &route, &ids).await, permission),
                    "{}",
                    route.path
                );
            }
            Some(Place::Application | Place::Entity) => {
                let passed = knock(&in_shop, &route, &ids).await;
                assert!(!is_shut(&passed, permission), "{} {}", route.path, passed.text);
                let refused = knock(&in_bank, &route, &ids).await;
                assert!(is_shut(&refused, permission), "{} {}", route.path, refused.text);
            }
        }
    }
}

#[tokio::test]
async fn what_goes_over_several_applications_shows_those_that_one_may_see() {
    let world = World::new().await;
    let ids = world.ids;
    let none = EntityId::NONE;
    let bank = world.entity(EntityKind::Application, none, none, "bank");
    world.user("teller", &[Grant::within(Permission::View, bank)]).await;
    world.user("clerk", &[Grant::within(Permission::View, ids.shop)]).await;
    let stranger = world.stranger();
    let teller = stranger.clone().with_basic("teller", password());
    let clerk = stranger.with_basic("clerk", password());
    let hour = crate::support::hour();

    for (client, name) in [(&teller, "bank"), (&clerk, "shop")] {
        let ours = client.json(&format!("/api/v1/applications?{hour}")).await;
        assert_eq!(ours["items"].as_array().unwrap().len(), 1, "{ours}");
        assert_eq!(ours["items"][0]["name"], name);
        let theirs = client.json("/controller/rest/applications?output=JSON").await;
        assert_eq!(theirs.as_array().unwrap().len(), 1, "{theirs}");
        assert_eq!(theirs[0]["name"], name);
    }
    for path in ["snapshots", "logs", "metric-series"] {
        let path = format!("/api/v1/{path}?{hour}");
        assert_eq!(teller.json(&path).await["items"], json!([]), "{path}");
        assert_ne!(clerk.json(&path).await["items"], json!([]), "{path}");
    }
    let samples = format!("/api/v1/metric-series/1000000000000000/samples?{hour}");
    assert_eq!(teller.json(&samples).await["items"], json!([]));
    assert_ne!(clerk.json(&samples).await["items"], json!([]));
    let trace = format!("/api/v1/traces/{}", "01".repeat(16));
    assert_eq!(teller.get(&trace).await.status, StatusCode::NOT_FOUND);
    // A filter by what one may not see finds nothing to filter by.
    let shop = format!("/api/v1/logs?{hour}&application={}", ids.shop);
    assert_eq!(teller.get(&shop).await.status, StatusCode::NOT_FOUND);
    // By name as by id.
    let named = teller.get("/controller/rest/applications/shop?output=JSON").await;
    assert_eq!(named.status, StatusCode::FORBIDDEN, "{}", named.text);
}

/// A policy, an action, a suppression or a digest that is of an application, or of the whole account.
fn told(collection: &str, application: Option<EntityId>) -> Value {
    let application = application.map(|id| id.0);
    match collection {
        "actions" => json!({"name": "mail", "application": application, "secrets": {},
            "doing": {"kind": "email", "to": ["ops@example.com"], "subject": ""}}),
        "suppressions" => {
            json!({"name": "night", "application": application, "enabled": true, "rules": [],
            "entities": [], "window": {"kind": "recurring", "days": [], "month_days": [], "from_minute": 0,
                "until_minute": 60, "zone": "UTC"}})
        }
        _ => json!({"name": "page", "application": application, "enabled": true,
            "event_types": ["POLICY_OPEN_CRITICAL"], "rules": [], "custom_events": [], "entities": [],
            "actions": [], "gather_seconds": 60,
            "every_hours": (collection == "digests").then_some(24)}),
    }
}

const COLLECTIONS: [&str; 4] = ["actions", "policies", "digests", "suppressions"];

#[tokio::test]
async fn who_may_change_one_application_manages_what_is_told_of_it_and_of_nothing_else() {
    let world = World::new().await;
    let ids = world.ids;
    let none = EntityId::NONE;
    let bank = world.entity(EntityKind::Application, none, none, "bank");
    let of_shop = [Permission::View, Permission::Configure, Permission::Delete];
    let of_shop = of_shop.map(|permission| Grant::within(permission, ids.shop));
    world.user("clerk", &of_shop).await;
    world.user("guest", &of_shop[..1]).await;
    let stranger = world.stranger();
    let admin = stranger.clone().with_basic("admin", password());
    let clerk = stranger.clone().with_basic("clerk", password());
    let guest = stranger.with_basic("guest", password());

    let mut action = Value::Null;
    for collection in COLLECTIONS {
        let list = format!("/api/v1/{collection}");
        let body = |application| {
            let mut body = told(collection, application);
            if body["actions"].is_array() {
                body["actions"] = json!([action]);
            }
            body
        };
        let post = async |client: &Client, application| client.post(&list, body(application)).await;
        let made = post(&clerk, Some(ids.shop)).await;
        assert_eq!(made.status, StatusCode::OK, "{collection}: {}", made.text);
        let own = format!("{list}/{}", made.json()["id"]);
        let change = async |client: &Client, path: &str, application| {
            client.send(Method::PUT, path, Some(body(application))).await.status
        };
        assert_eq!(change(&clerk, &own, Some(ids.shop)).await, StatusCode::OK);
        assert_eq!(change(&guest, &own, Some(ids.shop)).await, StatusCode::FORBIDDEN);
        assert_eq!(change(&clerk, &own, None).await, StatusCode::FORBIDDEN, "gives it to all");
        assert_eq!(guest.get(&own).await.status, StatusCode::OK);

        // What is of all, or of another application, is neither shown nor made nor changed.
        assert_eq!(post(&clerk, None).await.status, StatusCode::FORBIDDEN);
        assert_eq!(post(&clerk, Some(bank)).await.status, StatusCode::UNPROCESSABLE_ENTITY);
        for application in [None, Some(bank)] {
            let made = admin.post(&list, body(application)).await.json();
            let other = format!("{list}/{}", made["id"]);
            assert_eq!(clerk.get(&other).await.status, StatusCode::NOT_FOUND);
            assert_eq!(change(&clerk, &other, Some(ids.shop)).await, StatusCode::NOT_FOUND);
            let deleted = clerk.send(Method::DELETE, &other, None).await;
            assert_eq!(deleted.status, StatusCode::NOT_FOUND);
        }
        for (client, seen) in [(&clerk, 1), (&guest, 1), (&admin, 3)] {
            let shown = client.json(&list).await;
            assert_eq!(shown["items"].as_array().unwrap().len(), seen, "{collection}: {shown}");
        }
        if collection == "actions" {
            action = made.json()["id"].clone();
        }
    }
    assert_eq!(clerk.get("/api/v1/notice-options").await.status, StatusCode::OK);
    // Of the account are the emails' server, and what a preview would read of all applications.
    assert_eq!(clerk.get("/api/v1/notification-settings").await.status, StatusCode::FORBIDDEN);
    for (application, status) in [(Some(ids.shop), 200), (None, 403), (Some(bank), 422)] {
        for preview in ["actions", "policies"] {
            let path = format!("/api/v1/{preview}/preview");
            let answer = clerk.post(&path, told(preview, application)).await;
            assert_eq!(answer.status.as_u16(), status, "{path}: {}", answer.text);
        }
    }
    let policies = clerk.json("/api/v1/policies").await;
    let path = format!("/api/v1/policies/{}", policies["items"][0]["id"]);
    assert_eq!(guest.send(Method::DELETE, &path, None).await.status, StatusCode::FORBIDDEN);
    assert_eq!(clerk.send(Method::DELETE, &path, None).await.status, StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn deliveries_are_seen_by_who_sees_the_application_they_tell_of() {
    let world = World::new().await;
    let ids = world.ids;
    let none = EntityId::NONE;
    let bank = world.entity(EntityKind::Application, none, none, "bank");
    world.user("clerk", &[Grant::within(Permission::View, ids.shop)]).await;
    let stranger = world.stranger();
    let admin = stranger.clone().with_basic("admin", password());
    let clerk = stranger.with_basic("clerk", password());
    for application in [Some(ids.shop), Some(bank), None] {
        let action = admin.post("/api/v1/actions", told("actions", application)).await.json();
        let tried =
            admin.post(&format!("/api/v1/actions/{}/test", action["id"]), json!(null)).await;
        assert_eq!(tried.status, StatusCode::OK, "{}", tried.text);
        let status =
            clerk.post(&format!("/api/v1/actions/{}/test", action["id"]), json!(null)).await;
        assert!(status.status.is_client_error(), "{}", status.text);
    }
    let all = admin.json("/api/v1/deliveries").await;
    assert_eq!(all["items"].as_array().unwrap().len(), 3);
    let seen = clerk.json("/api/v1/deliveries").await;
    assert_eq!(seen["items"].as_array().unwrap().len(), 1, "{seen}");
    assert_eq!(seen["items"][0]["application"]["name"], "shop");
    for delivery in all["items"].as_array().unwrap() {
        let path = format!("/api/v1/deliveries/{}", delivery["id"]);
        let is_seen = delivery["application"]["name"] == "shop";
        assert_eq!(clerk.get(&path).await.status == StatusCode::OK, is_seen, "{delivery}");
    }
    let elsewhere = format!("/api/v1/deliveries?application={bank}");
    assert_eq!(clerk.json(&elsewhere).await["items"], json!([]));
}

#[tokio::test]
async fn a_refusal_says_what_is_missing_and_who_can_grant_it() {
    let world = World::new().await;
    let ids = world.ids;
    world.user("clerk", &[Grant::within(Permission::View, ids.shop)]).await;
    let clerk = world.stranger().with_basic("clerk", password());
    let path = format!("/api/v1/applications/{}/key-figures", ids.shop);
    let refused = clerk.send(Method::PUT, &path, Some(json!({"background": true}))).await;
    assert_eq!(refused.json()["error"]["code"], "forbidden");
    assert_eq!(
        refused.json()["error"]["message"],
        "you lack the permission configure over the application shop: it allows to change how applications are watched; \
         it can be granted by admin"
    );
}
