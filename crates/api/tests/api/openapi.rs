//! The document in `openapi/` is the code's.

use std::collections::BTreeSet;

use api::{openapi, routes};
use expect_test::expect_file;
use serde_json::Value;

#[test]
fn the_committed_document_is_what_the_code_says() {
    expect_file!["../../../../openapi/controller.json"].assert_eq(&openapi::document());
}

#[test]
fn the_document_has_exactly_the_routes_that_are_served() {
    let document: Value = serde_json::from_str(&openapi::document()).unwrap();
    let mut documented = BTreeSet::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        documented.extend(
            methods.as_object().unwrap().keys().map(|method| (method.to_uppercase(), path.clone())),
        );
    }
    let is_ours = |path: &str| ["/api/v1/", "/prometheus/"].iter().any(|it| path.starts_with(it));
    let ours = routes().into_iter().filter(|route| is_ours(route.path));
    let served: BTreeSet<(String, String)> =
        ours.map(|route| (route.method.to_string(), route.path.to_owned())).collect();
    assert_eq!(documented, served);
}

#[test]
fn every_operation_has_a_name_of_its_own_and_every_reference_leads_somewhere() {
    let document: Value = serde_json::from_str(&openapi::document()).unwrap();
    let mut names = BTreeSet::new();
    for methods in document["paths"].as_object().unwrap().values() {
        for operation in methods.as_object().unwrap().values() {
            let name = operation["operationId"].as_str().unwrap().to_owned();
            assert!(names.insert(name.clone()), "{name} is there twice");
        }
    }
    let text = document.to_string();
    for reference in text.split("\"#/").skip(1) {
        let pointer = format!("/{}", reference.split('"').next().unwrap());
        assert!(document.pointer(&pointer).is_some(), "{pointer} is missing");
    }
}

#[tokio::test]
async fn the_document_is_served_to_who_is_signed_in() {
    let client = crate::support::World::new().await.client();
    let answer = client.get("/api/v1/openapi.json").await;
    assert_eq!(answer.header("content-type"), "application/json");
    assert_eq!(answer.text, openapi::document());
}

#[test]
fn every_body_has_an_example() {
    let document: Value = serde_json::from_str(&openapi::document()).unwrap();
    let mut without = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let answer = operation["responses"].as_object().unwrap();
            let answer = answer
                .iter()
                .filter(|(status, _)| status.starts_with('2'))
                .map(|(_, answer)| answer);
            let bodies = answer.chain([&operation["requestBody"]]);
            let missing = |body: &Value| {
                let kinds = body["content"].as_object();
                kinds.is_some_and(|kinds| kinds.values().any(|kind| kind["example"].is_null()))
            };
            if bodies.into_iter().any(missing) {
                without.push(format!("{method} {path}"));
            }
        }
    }
    assert_eq!(without, Vec::<String>::new(), "run scripts/examples.py for what is missing");
}
