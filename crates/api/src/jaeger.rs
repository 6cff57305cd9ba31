//! `/jaeger/api`: the query API of Jaeger's own front end, so that it and Grafana's data source can read traces here.
//!
//! Shapes as of Jaeger's `model/json` and its HTTP handlers (`cmd/query/app`). A service is a tier; an operation is a
//! span's name. Whatever is not whole, or was not looked through to the end, is a message in `errors`, beside the data.
//! `third` is its third API, which today's front end asks for services, operations and searches, and the first for all else.

pub(crate) mod dependencies;
pub(crate) mod services;
pub(crate) mod third;
pub(crate) mod traces;

mod body;
mod otlp;
mod search;

use axum::{
    Json,
    extract::Request,
    middleware::Next,
    response::{IntoResponse, Response},
};
use http::StatusCode;
use serde::Serialize;

use api_types::Partial;

use crate::error::{ApiError, word_refusals_under};

/// Every answer.
#[derive(Debug, Serialize)]
pub(crate) struct Answer<T> {
    /// Null in refusals.
    data: Option<T>,
    total: usize,
    limit: usize,
    offset: usize,
    /// Null when there is nothing to say.
    errors: Option<Vec<Message>>,
}

/// Why there is no answer, or what it lacks.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Message {
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<u16>,
    msg: String,
    #[serde(rename = "traceID", skip_serializing_if = "Option::is_none")]
    trace_id: Option<String>,
}

impl Message {
    fn of(msg: String) -> Message {
        Message { code: None, msg, trace_id: None }
    }
}

impl<T: Serialize> Answer<T> {
    fn of(data: T, total: usize, mut errors: Vec<Message>, partial: Option<Partial>) -> Json<Self> {
        errors.extend(partial.into_iter().flat_map(|it| it.reasons).map(Message::of));
        let errors = Some(errors).filter(|errors| !errors.is_empty());
        Json(Answer { data: Some(data), total, limit: 0, offset: 0, errors })
    }
}

/// Words refusals as Jaeger does.
pub(crate) async fn word_refusals(request: Request, next: Next) -> Response {
    let third = request.uri().path().starts_with("/jaeger/api/v3/");
    word_refusals_under("/jaeger", request, next, move |refused, status| match third {
        true => third::refusal(status, refused.sentence.clone()),
        false => answer_with(status, refused.sentence.clone()),
    })
    .await
}

fn answer_with(status: StatusCode, msg: String) -> Response {
    let error = Message { code: Some(status.as_u16()), msg, trace_id: None };
    let answer =
        Answer::<()> { data: None, total: 0, limit: 0, offset: 0, errors: Some(vec![error]) };
    Json(answer).into_response()
}

/// A parameter that is wrong, in one sentence.
fn wrong(name: &str, text: &str, what: &str) -> ApiError {
    ApiError::bad(format!("unable to parse param '{name}': {text:?} is not {what}"))
}
