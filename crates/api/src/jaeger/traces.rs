//! Traces by their ids, and searched.

use std::collections::BTreeSet;

use api_types::Partial;
use axum::{
    Json,
    extract::{Path, State},
};
use model::id::TraceId;
use telemetry_store::reader::{QueryError, Span};

use super::{
    Answer, Message,
    body::{self, Trace},
    search::{Search, Tags},
    services::Services,
};
use crate::{
    ask::Asking,
    auth::Caller,
    context::{Context, Shared},
    error::ApiError,
    prometheus::Asked,
};

/// Traces that one request may name.
const MAX_IDS: usize = 100;
/// Spans in one answer; a trace that would go over it is left out, unless it is the first.
const MAX_SPANS: usize = 20_000;
/// Pages of spans that one search looks through.
const PAGES: usize = 10;

/// `/traces/{id}`.
pub(crate) async fn read(
    State(context): State<Shared>,
    caller: Caller,
    Path(text): Path<String>,
) -> Result<Json<Answer<Vec<Trace>>>, ApiError> {
    let id = trace_id(&text)?;
    let (found, missing, partial) = by_ids(&context, &caller, vec![id], body::trace).await?;
    match missing.is_empty() {
        true => Ok(Answer::of(found, 0, Vec::new(), partial)),
        false => Err(ApiError::NotFound("trace not found".to_owned())),
    }
}

/// `/traces?traceID=…` or `/traces?service=…`.
pub(crate) async fn search(
    State(context): State<Shared>,
    caller: Caller,
    asked: Asked,
) -> Result<Json<Answer<Vec<Trace>>>, ApiError> {
    let ids: Vec<TraceId> = asked.all("traceID").map(trace_id).collect::<Result<_, _>>()?;
    if ids.len() > MAX_IDS {
        return Err(ApiError::bad(format!("there are at most {MAX_IDS} traceID in a request")));
    }
    if !ids.is_empty() {
        let (found, missing, partial) = by_ids(&context, &caller, ids, body::trace).await?;
        let errors = missing.into_iter().map(|id| Message {
            trace_id: Some(id.to_string()),
            ..Message::of("trace not found".to_owned())
        });
        return Ok(Answer::of(found, 0, errors.collect(), partial));
    }
    let search = Search::read(&asked, context.now_ms())?;
    let (found, partial) = searched(&context, &caller, search, body::trace).await?;
    Ok(Answer::of(found, 0, Vec::new(), partial))
}

/// What `tell` makes of the traces that a search finds.
pub(super) async fn searched<T: Send + 'static>(
    context: &Context,
    caller: &Caller,
    search: Search,
    tell: impl Fn(TraceId, &[Span], &Services) -> T + Send + 'static,
) -> Result<(Vec<T>, Option<Partial>), ApiError> {
    let entities = context.entities(caller);
    let services = Services::of(&entities);
    let Some(tier) = services.find(&entities, &search.service) else {
        return Ok((Vec::new(), None));
    };
    let told = context.queries.ask(caller, move |asking| {
        let ids = found(asking, &search, tier.id)?;
        read_all(asking, ids, |id, spans| tell(id, spans, &services)).map(|(traces, _)| traces)
    });
    let told = told.await?;
    Ok((told.value, told.partial))
}

/// Shorter ids are of agents that write no leading zeros.
pub(super) fn trace_id(text: &str) -> Result<TraceId, ApiError> {
    TraceId::from_hex(&format!("{text:0>32}")).ok_or_else(|| {
        ApiError::bad(format!(
            "cannot parse traceID {text:?}: it has to be 1 to 32 hexadecimal digits, not all of them 0"
        ))
    })
}

pub(super) async fn by_ids<T: Send + 'static>(
    context: &Context,
    caller: &Caller,
    ids: Vec<TraceId>,
    tell: impl Fn(TraceId, &[Span], &Services) -> T + Send + 'static,
) -> Result<(Vec<T>, Vec<TraceId>, Option<Partial>), ApiError> {
    let services = Services::of(&context.entities(caller));
    let told = context
        .queries
        .ask(caller, move |asking| read_all(asking, ids, |id, spans| tell(id, spans, &services)));
    let told = told.await?;
    let (found, missing) = told.value;
    Ok((found, missing, told.partial))
}

/// What is told of the traces of these ids, and the ids that are of none.
fn read_all<T>(
    asking: &mut Asking<'_>,
    ids: Vec<TraceId>,
    tell: impl Fn(TraceId, &[Span]) -> T,
) -> Result<(Vec<T>, Vec<TraceId>), QueryError> {
    let (mut found, mut missing, mut total) = (Vec::new(), Vec::new(), 0);
    for id in ids {
        let spans = asking.trace(id)?;
        total += spans.len();
        if spans.is_empty() {
            missing.push(id);
        } else if total <= MAX_SPANS || found.is_empty() {
            found.push(tell(id, &spans));
        } else {
            asking.lacks(&format!(
                "these are the newest traces, with {MAX_SPANS} spans together at most; ask for fewer (limit), or for a \
                 shorter range"
            ));
            break;
        }
    }
    Ok((found, missing))
}

/// The traces of the newest spans of a tier for which all of this is so, the newest first.
fn found(
    asking: &mut Asking<'_>,
    search: &Search,
    tier: model::id::EntityId,
) -> Result<Vec<TraceId>, QueryError> {
    let mut query = search.query(asking.account, tier);
    let mut seen = BTreeSet::new();
    let mut found = Vec::new();
    let takes = |span: &_| Tags::take(&search.tags, span);
    for _ in 0..PAGES {
        let page = asking.spans(&query)?;
        for span in page.rows.iter().filter(|span| takes(span)) {
            if seen.insert(span.trace) {
                found.push(span.trace);
            }
            if found.len() == search.limit {
                return Ok(found);
            }
        }
        query.before = page.next;
        if query.before.is_none() {
            return Ok(found);
        }
    }
    asking.lacks("there are more spans than one search looks through; name an operation, tags or a shorter range");
    Ok(found)
}
