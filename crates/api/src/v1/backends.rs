//! Backends and queues.

use std::collections::BTreeMap;

use api_types::{Backend, BackendDetail, BackendTransaction, Figures, Page};
use axum::{Json, extract::State};
use model::{
    entity::{Entity, EntityKind},
    figure::Scope,
    id::EntityId,
};
use telemetry_store::reader::{FigureQuery, Points};

use super::{Refusals, application_list::ApplicationList};
use crate::{
    auth::Caller,
    context::Shared,
    entities::known,
    error::ApiError,
    extract::{PathId, Range, RangeParams},
    figures::{Measured, Sums, Total, figures},
    judge::{BaselineParams, Wanted},
    paging::PageParams,
    reference,
};

/// Business transactions that one names.
const MAX_TRANSACTIONS: usize = 50;

/// The backends of an application, then its queues, each by name.
#[utoipa::path(get, path = "/api/v1/applications/{id}/backends", tag = "backends",
    params(("id" = u32, Path), RangeParams, BaselineParams, PageParams), responses((status = 200, body = Page<Backend>), Refusals))]
pub(crate) async fn list(list: ApplicationList) -> Result<Json<Page<Backend>>, ApiError> {
    let entities = &list.entities;
    let totals = list.totals(Scope::Edge).await?;
    let mut backends = entities.all(list.application, EntityKind::Backend);
    backends.extend(entities.all(list.application, EntityKind::Queue));
    Ok(Json(list.slice.page(backends, totals.partial.clone(), |backend| {
        body(&backend, totals.figures(Measured::CallsTo(backend.id)))
    })))
}

/// One backend or queue: how it is called, and under which business transactions. Who calls it is on its flow map.
#[utoipa::path(get, path = "/api/v1/backends/{id}", tag = "backends",
    params(("id" = u32, Path), RangeParams), responses((status = 200, body = BackendDetail), Refusals))]
pub(crate) async fn read(
    State(context): State<Shared>,
    caller: Caller,
    PathId(id): PathId,
    Range { period, .. }: Range,
) -> Result<Json<BackendDetail>, ApiError> {
    let entities = context.entities(&caller);
    let backend = entities.one_of(id, &[EntityKind::Backend, EntityKind::Queue], "backend")?;
    let application = backend.key.application;
    let judge = context.judge(caller.account, application, Wanted::Default).await?;
    let told = context.queries.ask(caller.account, move |asking| {
        let all = asking.query(application, &[Scope::Edge], period.complete, Points::Total);
        let rows = asking.totals(&FigureQuery { peer: Some(id), ..all }, &period)?;
        let verdicts = judge.expect(asking, &period, [(application, Measured::CallsTo(id))]);
        Ok((Sums::of(&rows, |_| true, |_| true), verdicts))
    });
    let told = told.await?;
    let (sums, verdicts) = told.value;
    let minutes = period.complete.len();
    let total = |measured| sums.total(measured, period.filling);
    let mut under = BTreeMap::<EntityId, Total>::new();
    for measured in sums.measured() {
        if let Measured::CallUnder { bt, .. } = measured {
            under.entry(bt).or_default().merge(&total(measured));
        }
    }
    let mut transactions: Vec<BackendTransaction> = under
        .iter()
        .map(|(bt, total)| BackendTransaction {
            bt: entities.mention(*bt),
            figures: figures(total, minutes),
        })
        .collect();
    let all = total(Measured::CallsTo(id));
    let deviation = verdicts.deviation(Measured::CallsTo(id), &all);
    transactions.sort_by(|a, b| b.figures.calls.total_cmp(&a.figures.calls));
    transactions.truncate(MAX_TRANSACTIONS);
    Ok(Json(BackendDetail {
        backend: body(&backend, Figures { deviation, ..figures(&all, minutes) }),
        application: entities.mention(application),
        first_seen: backend.created_ms,
        last_seen: backend.last_seen_ms,
        business_transactions: transactions,
        partial: told.partial,
    }))
}

fn body(backend: &Entity, figures: Figures) -> Backend {
    Backend {
        id: backend.id.0,
        name: backend.key.name.clone(),
        category: reference::backend_category(backend),
        system: known(&backend.properties.system),
        address: backend.properties.address.clone(),
        figures,
    }
}
