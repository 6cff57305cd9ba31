//! Single spans, found by what they are and have.

use api_types::{FoundSpan as Body, Page};
use axum::{
    Json,
    extract::{FromRequestParts, State},
};
use http::request::Parts;
use model::entity::EntityKind;
use serde::Deserialize;
use telemetry_store::reader::{FoundSpan, SpanQuery};
use utoipa::{
    IntoParams,
    openapi::schema::{ArrayBuilder, ObjectBuilder, Schema, Type},
};

use super::{
    Refusals,
    snapshots::{micros, read_place, write_place},
};
use crate::{
    auth::Caller,
    context::Shared,
    entities::Entities,
    error::ApiError,
    extract::{Params, Range, RangeParams},
    paging::{PageParams, Paging},
};

/// Attributes in one question.
const MAX_ATTRIBUTES: usize = 8;
/// Bytes of one, key and value.
const MAX_ATTRIBUTE: usize = 1024;

/// Which spans: those for which all of this is so.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListParams {
    /// Id of an application.
    application: Option<u32>,
    /// Id of a business transaction that their trace entered.
    bt: Option<u32>,
    /// Id of the tier that they are of.
    tier: Option<u32>,
    #[param(minimum = 0, maximum = 10_000_000_000_i64)]
    min_duration_ms: Option<f64>,
    /// `true`: only those with the status `ERROR`.
    error: Option<bool>,
}

/// Attributes that spans are to have.
#[derive(Clone, Debug, Default, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Attributes {
    #[param(required = false, schema_with = pairs_schema)]
    attribute: Vec<String>,
}

/// With its description: utoipa leaves out what is written above a field whose schema is made so.
fn pairs_schema() -> Schema {
    let description = "`key=value` of an attribute of the span or of its resource; may be given up to 8 times, and all \
                       have to be there. A value is a text, and what number or truth it reads as.";
    let pair = ObjectBuilder::new()
        .schema_type(Type::String)
        .pattern(Some("^[^=]+=.*$"))
        .max_length(Some(MAX_ATTRIBUTE));
    ArrayBuilder::new()
        .description(Some(description))
        .items(pair)
        .max_items(Some(MAX_ATTRIBUTES))
        .build()
        .into()
}

impl<S: Send + Sync> FromRequestParts<S> for Attributes {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let Params(all) = Params::<Vec<(String, String)>>::from_request_parts(parts, state).await?;
        let of_name = all.into_iter().filter(|(name, _)| name == "attribute");
        Ok(Attributes { attribute: of_name.map(|(_, value)| value).collect() })
    }
}

impl Attributes {
    fn pairs(&self) -> Result<Vec<(String, String)>, ApiError> {
        if self.attribute.len() > MAX_ATTRIBUTES {
            return Err(ApiError::bad(format!(
                "attribute is given more than {MAX_ATTRIBUTES} times"
            )));
        }
        let pair = |text: &String| match text.split_once('=') {
            Some((key, value)) if !key.is_empty() && text.len() <= MAX_ATTRIBUTE => {
                Ok((key.to_owned(), value.to_owned()))
            }
            _ => Err(ApiError::bad(format!(
                "attribute has to be key=value, at most {MAX_ATTRIBUTE} bytes"
            ))),
        };
        self.attribute.iter().map(pair).collect()
    }
}

/// Spans, those that ended last first. A page that ends before all was looked through says so, and the next one goes on.
#[utoipa::path(get, path = "/api/v1/spans", tag = "traces", params(RangeParams, ListParams, Attributes, PageParams),
    responses((status = 200, body = Page<Body>), Refusals))]
pub(crate) async fn list(
    State(context): State<Shared>,
    caller: Caller,
    range: Range,
    Params(wanted): Params<ListParams>,
    attributes: Attributes,
    paging: Paging,
) -> Result<Json<Page<Body>>, ApiError> {
    let entities = context.entities(caller.account);
    let (from_ns, to_ns) = range.nanos();
    let min_duration_us = wanted.min_duration_ms.map_or(Ok(0), micros)?;
    let query = SpanQuery {
        account: caller.account,
        application: entities.filter(wanted.application, EntityKind::Application, "application")?,
        tier: entities.filter(wanted.tier, EntityKind::Tier, "tier")?,
        name: None,
        bt: entities.filter(wanted.bt, EntityKind::BusinessTransaction, "business transaction")?,
        attributes: attributes.pairs()?,
        min_duration_ns: min_duration_us.saturating_mul(1000),
        errors_only: wanted.error.unwrap_or(false),
        from_ns,
        to_ns,
        before: paging.place(read_place)?,
        limit: paging.limit,
    };
    let told = context.queries.ask(caller.account, move |asking| asking.spans(&query)).await?;
    Ok(Json(Page {
        items: told.value.rows.iter().map(|span| body(&entities, span)).collect(),
        next: told.value.next.map(|place| paging.next(write_place(place))),
        partial: told.partial,
    }))
}

fn body(entities: &Entities, span: &FoundSpan) -> Body {
    let start_ms = span.end_ns.saturating_sub(span.duration_ns) / 1_000_000;
    Body {
        trace_id: span.trace.to_string(),
        span_id: span.id.to_string(),
        name: span.name.clone(),
        kind: span.kind.into(),
        application: entities.mention(span.application),
        tier: entities.mention(span.tier),
        node: entities.mention(span.node),
        start: i64::try_from(start_ms).unwrap_or(i64::MAX),
        duration_ms: span.duration_ns as f64 / 1e6,
        status: span.status.into(),
    }
}
