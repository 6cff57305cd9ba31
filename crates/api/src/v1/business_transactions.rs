//! Business transactions.

use std::{cmp::Ordering, sync::Arc};

use api_types::{
    BackgroundMark, BusinessTransaction, BusinessTransactionDetail, Exclusion, LongLivedMark, Page,
    Promotion, Ref, WaitingTransaction,
};
use axum::{Json, extract::State};
use model::{
    entity::{Entity, EntityKind, Properties},
    figure::Scope,
};
use serde::Deserialize;
use utoipa::IntoParams;

use super::{Refusals, application_list::ApplicationList, sparklines::Sparklines};
use crate::{
    auth::Caller,
    context::{Context, Shared},
    entities::Entities,
    error::ApiError,
    extract::{Body, Params, PathId, Range, RangeParams},
    figures::Measured,
    judge::{BaselineParams, Wanted},
    paging::PageParams,
    reference,
};

/// Which, and in which order.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListParams {
    /// `name` (default), `tier`, `calls`, `errors`, `error_percent`, `average_ms`, `p95_ms`, `max_ms`, `slow`; with `-` in
    /// front the largest first.
    #[param(
        pattern = "^-?(name|tier|calls|calls_per_minute|errors|errors_per_minute|error_percent|average_ms|p95_ms|max_ms|slow)$"
    )]
    sort: Option<String>,
    /// Only those whose name or tier contains this text, in any case.
    filter: Option<String>,
    /// Those that operators excluded, instead of the others.
    #[serde(default)]
    #[param(required = false)]
    excluded: bool,
}

/// The business transactions of an application.
#[utoipa::path(get, path = "/api/v1/applications/{id}/business-transactions", tag = "business transactions",
    params(("id" = u32, Path), RangeParams, BaselineParams, ListParams, PageParams),
    responses((status = 200, body = Page<BusinessTransaction>), Refusals))]
pub(crate) async fn list(
    list: ApplicationList,
    Params(wanted): Params<ListParams>,
) -> Result<Json<Page<BusinessTransaction>>, ApiError> {
    let order = Order::read(wanted.sort.as_deref().unwrap_or("name"))?;
    let ApplicationList { context, account, entities, application: id, period, slice, baseline } =
        list;
    let lines = Sparklines::of(&context, account, id, None, (&period, baseline)).await?;
    let placed = entities.transactions(id, context.now_ms());
    let mut known = match wanted.excluded {
        true => entities.excluded(id),
        false => entities.all(id, EntityKind::BusinessTransaction),
    };
    known.retain(|bt| {
        wanted.excluded || placed.contains(bt) || lines.has(Measured::Transaction(bt.id))
    });
    let mut all: Vec<BusinessTransaction> =
        known.iter().map(|bt| body(&entities, bt, &lines)).collect();
    if let Some(filter) = wanted.filter.as_deref().map(str::to_lowercase) {
        all.retain(|bt| {
            bt.name.to_lowercase().contains(&filter)
                || bt.tier.name.to_lowercase().contains(&filter)
        });
    }
    all.sort_by(|a, b| order.compare(a, b));
    let line = |mut bt: BusinessTransaction| {
        bt.sparkline = lines.line(Measured::Transaction(model::id::EntityId(bt.id)), id);
        bt
    };
    Ok(Json(slice.page(all, lines.partial.clone(), line)))
}

/// One business transaction.
#[utoipa::path(get, path = "/api/v1/business-transactions/{id}", tag = "business transactions",
    params(("id" = u32, Path), RangeParams), responses((status = 200, body = BusinessTransactionDetail), Refusals))]
pub(crate) async fn read(
    State(context): State<Shared>,
    caller: Caller,
    PathId(id): PathId,
    Range { period, .. }: Range,
) -> Result<Json<BusinessTransactionDetail>, ApiError> {
    let entities = context.entities(&caller);
    let bt = entities.transaction(id)?;
    let application = bt.key.application;
    let judged = (&period, Wanted::Default);
    let lines = Sparklines::of(&context, caller.account, application, Some(id), judged).await?;
    let sparkline = lines.line(Measured::Transaction(id), application);
    Ok(Json(BusinessTransactionDetail {
        business_transaction: BusinessTransaction { sparkline, ..body(&entities, &bt, &lines) },
        application: entities.mention(application),
        partial: lines.partial,
    }))
}

/// Says whether a business transaction's calls are long-lived, or leaves it to Vedette.
#[utoipa::path(put, path = "/api/v1/business-transactions/{id}/long-lived", tag = "business transactions",
    params(("id" = u32, Path)), request_body = LongLivedMark,
    responses((status = 200, body = LongLivedMark), Refusals))]
pub(crate) async fn put_long_lived(
    State(context): State<Shared>,
    caller: Caller,
    PathId(id): PathId,
    Body(mark): Body<LongLivedMark>,
) -> Result<Json<LongLivedMark>, ApiError> {
    let bt = context.entities(&caller).transaction(id)?;
    let change = move |properties: &mut Properties| properties.long_lived.marked = mark.marked;
    context.change_properties(id, change).await?;
    tracing::info!(id = id.0, name = bt.key.name, ?mark.marked, user = caller.name, "long-lived");
    let now = match mark.marked {
        Some(true) => "long-lived",
        Some(false) => "not long-lived",
        None => "long-lived when its calls are",
    };
    let summary = format!("{} was marked as {now}", bt.key.name);
    context.note_change(&caller, Some(id), summary).await;
    Ok(Json(mark))
}

/// Says whether a business transaction is background work, or leaves it to what its name or kind tells.
#[utoipa::path(put, path = "/api/v1/business-transactions/{id}/background", tag = "business transactions",
    params(("id" = u32, Path)), request_body = BackgroundMark,
    responses((status = 200, body = BackgroundMark), Refusals))]
pub(crate) async fn put_background(
    State(context): State<Shared>,
    caller: Caller,
    PathId(id): PathId,
    Body(mark): Body<BackgroundMark>,
) -> Result<Json<BackgroundMark>, ApiError> {
    let bt = context.entities(&caller).transaction(id)?;
    let change = move |properties: &mut Properties| properties.background_marked = mark.marked;
    context.change_properties(id, change).await?;
    tracing::info!(id = id.0, name = bt.key.name, ?mark.marked, user = caller.name, "background");
    Ok(Json(mark))
}

/// Excludes a business transaction, or restores one: from the next minute on its requests count for no business transaction,
/// or for it again.
#[utoipa::path(put, path = "/api/v1/business-transactions/{id}/exclusion", tag = "business transactions",
    params(("id" = u32, Path)), request_body = Exclusion,
    responses((status = 200, body = Exclusion), Refusals))]
pub(crate) async fn put_exclusion(
    State(context): State<Shared>,
    caller: Caller,
    PathId(id): PathId,
    Body(wanted): Body<Exclusion>,
) -> Result<Json<Exclusion>, ApiError> {
    let bt = context.entities(&caller).transaction(id)?;
    exclude(&context, &caller, &bt, wanted.excluded).await?;
    Ok(Json(wanted))
}

/// Excludes or restores one.
pub(crate) async fn exclude(
    context: &Context,
    caller: &Caller,
    bt: &Entity,
    excluded: bool,
) -> Result<(), ApiError> {
    if bt.properties.other_traffic && excluded {
        return Err(ApiError::Unprocessable(format!(
            "{:?} holds what has no business transaction of its own and cannot be excluded",
            bt.key.name
        )));
    }
    let change = move |properties: &mut Properties| properties.excluded.wanted = excluded;
    context.change_properties(bt.id, change).await?;
    tracing::info!(id = bt.id.0, name = bt.key.name, excluded, user = caller.name, "exclusion");
    Ok(())
}

/// Which of those that wait.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct WaitingParams {
    /// Only those that enter at this tier.
    tier: Option<u32>,
}

/// The business transactions of an application that wait for a place of their own, the busiest first.
#[utoipa::path(get, path = "/api/v1/applications/{id}/waiting-transactions", tag = "business transactions",
    params(("id" = u32, Path), RangeParams, BaselineParams, WaitingParams, PageParams),
    responses((status = 200, body = Page<WaitingTransaction>), Refusals))]
pub(crate) async fn waiting(
    list: ApplicationList,
    Params(wanted): Params<WaitingParams>,
) -> Result<Json<Page<WaitingTransaction>>, ApiError> {
    let totals = list.totals(Scope::Endpoint).await?;
    let ApplicationList { context, entities, application, slice, .. } = list;
    let line = |bt: Arc<Entity>| {
        let (tier, name) = (bt.key.parent, &bt.key.name);
        let endpoint = entities.find(EntityKind::ServiceEndpoint, application, tier, name);
        WaitingTransaction {
            id: bt.id.0,
            name: name.clone(),
            tier: entities.mention(tier),
            entry_type: reference::entry_type(&bt),
            promoted: bt.properties.waiting.is_some_and(|waiting| waiting.promoted),
            may_be_piece: bt.properties.is_piece(),
            last_seen_ms: bt.last_seen_ms,
            figures: endpoint.map(|endpoint| totals.figures(Measured::Endpoint(endpoint.id))),
        }
    };
    let mut all: Vec<WaitingTransaction> = entities
        .waiting(application, context.now_ms())
        .into_iter()
        .filter(|bt| wanted.tier.is_none_or(|tier| bt.key.parent.0 == tier))
        .map(line)
        .collect();
    let calls = |bt: &WaitingTransaction| bt.figures.as_ref().map_or(0.0, |figures| figures.calls);
    all.sort_by(|a, b| calls(b).total_cmp(&calls(a)).then_with(|| a.name.cmp(&b.name)));
    Ok(Json(slice.page(all, totals.partial.clone(), |bt| bt)))
}

/// Says that a business transaction that waits for a place counts by itself from the next minute on, or takes it back
/// before that.
#[utoipa::path(put, path = "/api/v1/business-transactions/{id}/promotion", tag = "business transactions",
    params(("id" = u32, Path)), request_body = Promotion,
    responses(
        (status = 200, body = Promotion),
        (status = 409, description = "It counts by itself already.", body = api_types::ErrorBody),
        Refusals))]
pub(crate) async fn put_promotion(
    State(context): State<Shared>,
    caller: Caller,
    PathId(id): PathId,
    Body(wanted): Body<Promotion>,
) -> Result<Json<Promotion>, ApiError> {
    let bt = context.entities(&caller).transaction(id)?;
    if !bt.properties.is_waiting() {
        return match wanted.promoted {
            true => Ok(Json(wanted)),
            false => Err(ApiError::Conflict(format!(
                "{:?} counts by itself already; that cannot be taken back",
                bt.key.name
            ))),
        };
    }
    let change = move |properties: &mut Properties| {
        if let Some(waiting) = &mut properties.waiting
            && waiting.from_ns.is_none()
        {
            waiting.promoted = wanted.promoted;
        }
    };
    context.change_properties(id, change).await?;
    tracing::info!(id = id.0, name = bt.key.name, wanted.promoted, user = caller.name, "promotion");
    let now = if wanted.promoted { "will count by itself" } else { "will wait for a place" };
    context.note_change(&caller, Some(id), format!("{} {now}", bt.key.name)).await;
    Ok(Json(wanted))
}

/// Without its sparkline, which is made only for what is on the page.
pub(super) fn body(
    entities: &Entities,
    bt: &Arc<Entity>,
    lines: &Sparklines,
) -> BusinessTransaction {
    let total = lines.total(Measured::Transaction(bt.id)).all;
    let long_lived = &bt.properties.long_lived;
    BusinessTransaction {
        id: bt.id.0,
        name: bt.key.name.clone(),
        tier: entities.mention(bt.key.parent),
        entry_type: reference::entry_type(bt),
        background: bt.properties.is_background(),
        health_check: bt.properties.health_check,
        other_traffic: bt.properties.other_traffic,
        long_lived: long_lived.is_now() || total.calls > 0.0 && total.timed == 0.0,
        long_lived_marked: long_lived.marked,
        background_marked: bt.properties.background_marked,
        excluded: bt.properties.excluded.wanted,
        group: entities.group(bt).map(|group| Ref { id: group.id, name: group.name }),
        figures: lines.figures(Measured::Transaction(bt.id)),
        sparkline: Vec::new(),
    }
}

/// The order of the list.
#[derive(Clone, Copy, Debug)]
struct Order {
    by: By,
    descending: bool,
}

#[derive(Clone, Copy, Debug)]
enum By {
    Name,
    Tier,
    Figure(fn(&BusinessTransaction) -> f64),
}

impl Order {
    fn read(text: &str) -> Result<Order, ApiError> {
        let (descending, field) = match text.strip_prefix('-') {
            Some(field) => (true, field),
            None => (false, text),
        };
        // Without a call there is no time: such a row sorts below the fastest.
        let by = match field {
            "name" => By::Name,
            "tier" => By::Tier,
            "calls" | "calls_per_minute" => By::Figure(|bt| bt.figures.calls),
            "errors" | "errors_per_minute" => By::Figure(|bt| bt.figures.errors),
            "error_percent" => By::Figure(|bt| bt.figures.error_percent),
            "average_ms" => By::Figure(|bt| bt.figures.average_ms.unwrap_or(-1.0)),
            "p95_ms" => By::Figure(|bt| bt.figures.p95_ms.unwrap_or(-1.0)),
            "max_ms" => By::Figure(|bt| bt.figures.max_ms.unwrap_or(-1.0)),
            "slow" => By::Figure(|bt| bt.figures.slow + bt.figures.very_slow + bt.figures.stall),
            _ => {
                return Err(ApiError::bad(format!(
                    "the list cannot be sorted by {field:?}; use name, tier, calls, errors, error_percent, \
                     average_ms, p95_ms, max_ms or slow, with - in front for the largest first"
                )));
            }
        };
        Ok(Order { by, descending })
    }

    fn compare(self, a: &BusinessTransaction, b: &BusinessTransaction) -> Ordering {
        let ascending = match self.by {
            By::Name => a.name.cmp(&b.name),
            By::Tier => a.tier.name.cmp(&b.tier.name),
            By::Figure(of) => of(a).total_cmp(&of(b)),
        };
        let wanted = if self.descending { ascending.reverse() } else { ascending };
        wanted.then_with(|| a.name.cmp(&b.name)).then(a.id.cmp(&b.id))
    }
}
