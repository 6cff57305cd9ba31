//! Errors: groups of exceptions.

use api_types::{ErrorGroup, Page};
use axum::{Json, extract::State};
use model::{entity::EntityKind, figure::Scope};

use super::{Refusals, totals::Totals};
use crate::{
    auth::Caller,
    context::Shared,
    error::ApiError,
    extract::{Params, PathId, Range, RangeParams},
    figures::Measured,
    paging::PageParams,
};

/// The errors that happened in the range, most frequent first.
#[utoipa::path(get, path = "/api/v1/applications/{id}/errors", tag = "errors",
    params(("id" = u32, Path), RangeParams, PageParams), responses((status = 200, body = Page<ErrorGroup>), Refusals))]
pub(crate) async fn list(
    State(context): State<Shared>,
    caller: Caller,
    PathId(id): PathId,
    Range { period, .. }: Range,
    Params(page): Params<PageParams>,
) -> Result<Json<Page<ErrorGroup>>, ApiError> {
    let slice = page.slice()?;
    let entities = context.entities(caller.account);
    entities.application(id)?;
    let totals = Totals::of(&context, caller.account, id, Scope::Error, &period).await?;
    let mut groups: Vec<(f64, _)> = entities
        .all(id, EntityKind::ErrorGroup)
        .into_iter()
        .filter(|group| totals.has(Measured::Error(group.id)))
        .map(|group| (totals.figures(Measured::Error(group.id)).calls, group))
        .collect();
    groups.sort_by(|(a, _), (b, _)| b.total_cmp(a));
    Ok(Json(slice.page(groups, totals.partial.clone(), |(count, group)| {
        let (exception, message) = split(&group.key.name);
        ErrorGroup {
            id: group.id.0,
            exception: exception.to_owned(),
            message: message.to_owned(),
            tier: entities.mention(group.key.parent),
            count,
            first_seen: group.created_ms,
            last_seen: group.last_seen_ms,
        }
    })))
}

/// A group is named `Type: message`, or `Type` where there is no message.
fn split(name: &str) -> (&str, &str) {
    name.split_once(": ").unwrap_or((name, ""))
}
