//! Examples of requests and answers: recorded from a server that the demo application reports to
//! (`scripts/examples.py`), shortened, and kept in `openapi/examples.json` by operation.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;
use utoipa::{
    Modify,
    openapi::{
        Content, RefOr,
        path::{Operation, PathItem},
    },
};

/// Of each operation, by its id.
static RECORDED: &str = include_str!("../../../../openapi/examples.json");

/// What one operation was asked and what it answered.
#[derive(Debug, Default, Deserialize)]
struct Example {
    request: Option<Value>,
    response: Option<Value>,
}

/// Puts the examples at the operations they belong to.
pub(super) struct Examples;

impl Modify for Examples {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let mut recorded: BTreeMap<String, Example> =
            serde_json::from_str(RECORDED).expect("the examples are JSON by operation");
        for operation in document.paths.paths.values_mut().flat_map(operations) {
            let id = operation.operation_id.as_deref().unwrap_or_default();
            if let Some(example) = recorded.remove(id) {
                put(operation, example);
            }
        }
    }
}

/// The operations of one path.
pub(super) fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    [&mut item.get, &mut item.put, &mut item.post, &mut item.patch, &mut item.delete]
        .into_iter()
        .flatten()
}

fn put(operation: &mut Operation, Example { request, response }: Example) {
    if let Some(request) = request
        && let Some(body) = &mut operation.request_body
    {
        set(body.content.values_mut(), &request);
    }
    let good = operation.responses.responses.iter_mut().find(|(status, _)| status.starts_with('2'));
    if let Some(response) = response
        && let Some((_, RefOr::T(good))) = good
    {
        set(good.content.values_mut(), &response);
    }
}

fn set<'a>(content: impl Iterator<Item = &'a mut Content>, example: &Value) {
    for content in content {
        content.example = Some(example.clone());
    }
}
