//! Who calls whom: tiers by their services' names, and what they call that nobody instruments by its own.

use std::collections::BTreeMap;

use axum::{Json, extract::State};
use model::{entity::EntityKind, figure::Scope, id::EntityId};
use serde::Serialize;
use telemetry_store::reader::{Detail, FigureQuery, Points};

use super::{Answer, services::Services, wrong};
use crate::{
    auth::Caller, context::Shared, entities::Entities, error::ApiError, period::Period,
    prometheus::Asked,
};

/// Without `lookback`, milliseconds: a day, as Jaeger does.
const DEFAULT_LOOKBACK_MS: i64 = 24 * 3_600_000;

/// Calls of one to the other.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Dependency {
    parent: String,
    child: String,
    call_count: u64,
}

/// `/dependencies?endTs=…&lookback=…`, both in milliseconds; `service` leaves those of one service.
pub(crate) async fn list(
    State(context): State<Shared>,
    caller: Caller,
    asked: Asked,
) -> Result<Json<Answer<Vec<Dependency>>>, ApiError> {
    let end_ms = millis(&asked, "endTs")?.unwrap_or_else(|| context.now_ms());
    let lookback_ms = millis(&asked, "lookback")?.unwrap_or(DEFAULT_LOOKBACK_MS);
    let from_ms = end_ms.saturating_sub(lookback_ms).max(0);
    let period = Period::between(from_ms, end_ms, context.now_minute())?;
    let told = context.queries.ask(&caller, move |asking| {
        let query = FigureQuery {
            bt: Some(EntityId::NONE),
            detail: Detail::Counts,
            ..asking.query(EntityId::NONE, &[Scope::Edge], period.range, Points::Total)
        };
        asking.figures(&query)
    });
    let told = told.await?;
    let entities = context.entities(&caller);
    let services = Services::of(&entities);
    let mut calls = BTreeMap::<(String, String), f64>::new();
    for row in &told.value {
        let (from, to) = (row.key.subject, row.key.peer);
        let ends = (name(&entities, &services, from), name(&entities, &services, to));
        if let (Some(parent), Some(child)) = ends {
            *calls.entry((parent, child)).or_default() += row.figure.calls;
        }
    }
    let service = asked.text("service");
    let wanted = |name: &str| service.is_none_or(|service| name == service);
    let links: Vec<Dependency> = calls
        .into_iter()
        .filter(|((parent, child), _)| wanted(parent) || wanted(child))
        .map(|((parent, child), calls)| Dependency {
            parent,
            child,
            call_count: calls.round().max(0.0) as u64,
        })
        .collect();
    Ok(Answer::of(links, 0, Vec::new(), told.partial))
}

/// Nothing for what is gone.
fn name(entities: &Entities, services: &Services, id: EntityId) -> Option<String> {
    let entity = entities.get(id)?;
    Some(match entity.key.kind {
        EntityKind::Tier => services.name(id).to_owned(),
        _ => entity.key.name.clone(),
    })
}

fn millis(asked: &Asked, name: &str) -> Result<Option<i64>, ApiError> {
    let read = |text: &str| {
        let number = text.parse().ok().filter(|number: &i64| *number >= 0);
        number.ok_or_else(|| wrong(name, text, "a whole number of milliseconds"))
    };
    asked.text(name).map(read).transpose()
}
