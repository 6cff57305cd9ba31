//! What attributes spans have, for whoever is about to search by them.

use api_types::{LookedAt, Suggestion, Suggestions};
use axum::{Json, extract::State};
use model::entity::EntityKind;
use serde::Deserialize;
use telemetry_store::reader::{AttributeQuery, AttributeSample};
use utoipa::IntoParams;

use super::Refusals;
use crate::{
    ask::Told,
    auth::Caller,
    context::{Context, Shared},
    error::ApiError,
    extract::{Params, Range, RangeParams},
};

const DEFAULT: usize = 20;
const MOST: usize = 200;
/// Characters of a key and of a part.
const MAX_TEXT: usize = 256;

/// Attributes of which spans, and how many of them.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct SampleParams {
    /// Id of the application that the spans are of.
    application: Option<u32>,
    /// Id of the tier that the spans are of.
    tier: Option<u32>,
    /// Only those that have this in them, in capital or small letters.
    #[param(max_length = 256)]
    part: Option<String>,
    /// Items in the answer, 1 to 200; 20 when not given.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<usize>,
}

/// Which attribute.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct KeyParams {
    /// The key of the attribute.
    #[param(example = "http.route", min_length = 1, max_length = 256)]
    key: String,
}

/// Keys of attributes of spans and their resources, those of most spans first. A sample of the range's spans is looked at.
#[utoipa::path(get, path = "/api/v1/span-attributes", tag = "traces", params(RangeParams, SampleParams),
    responses((status = 200, body = Suggestions), Refusals))]
pub(crate) async fn keys(
    State(context): State<Shared>,
    caller: Caller,
    range: Range,
    Params(sample): Params<SampleParams>,
) -> Result<Json<Suggestions>, ApiError> {
    suggestions(&context, &caller, range, sample, None).await
}

/// Values of one attribute, those of most spans first, as a search for `key=value` takes them. A sample of the range's spans
/// is looked at; lists, maps and values over 256 bytes are left out.
#[utoipa::path(get, path = "/api/v1/span-attributes/values", tag = "traces", params(RangeParams, KeyParams, SampleParams),
    responses((status = 200, body = Suggestions), Refusals))]
pub(crate) async fn values(
    State(context): State<Shared>,
    caller: Caller,
    range: Range,
    Params(of): Params<KeyParams>,
    Params(sample): Params<SampleParams>,
) -> Result<Json<Suggestions>, ApiError> {
    if of.key.is_empty() {
        return Err(ApiError::bad("key has to be the key of an attribute"));
    }
    let key = short("key", of.key)?;
    suggestions(&context, &caller, range, sample, Some(key)).await
}

fn short(name: &str, text: String) -> Result<String, ApiError> {
    match text.chars().count() {
        0..=MAX_TEXT => Ok(text),
        _ => Err(ApiError::bad(format!("{name} is longer than {MAX_TEXT} characters"))),
    }
}

async fn suggestions(
    context: &Context,
    caller: &Caller,
    range: Range,
    sample: SampleParams,
    key: Option<String>,
) -> Result<Json<Suggestions>, ApiError> {
    let limit = sample.limit.unwrap_or(DEFAULT);
    if !(1..=MOST).contains(&limit) {
        return Err(ApiError::bad(format!("limit is {limit}; it has to be between 1 and {MOST}")));
    }
    let entities = context.entities(caller);
    let (from_ns, to_ns) = range.nanos();
    let query = AttributeQuery {
        account: caller.account,
        application: entities.counted_application(sample.application)?,
        tier: entities.filter(sample.tier, EntityKind::Tier, "tier")?,
        key,
        part: short("part", sample.part.unwrap_or_default())?,
        from_ns,
        to_ns,
        limit,
    };
    let told = context.queries.ask(caller, move |asking| asking.attributes(&query)).await?;
    Ok(Json(body(told)))
}

fn body(told: Told<AttributeSample>) -> Suggestions {
    let sample = told.value;
    let (from_ns, to_ns) = sample.ends_ns.unzip();
    let millis = |ns: u64| i64::try_from(ns / 1_000_000).unwrap_or(i64::MAX);
    let item = |(text, spans)| Suggestion { text, spans };
    Suggestions {
        items: sample.found.into_iter().map(item).collect(),
        more: sample.more,
        looked_at: LookedAt {
            spans: sample.spans,
            from: from_ns.map(millis),
            to: to_ns.map(millis),
            all: sample.whole,
        },
        partial: told.partial,
    }
}
