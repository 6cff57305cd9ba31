//! Errors: groups of exceptions.

use api_types::{ErrorGroup, Page};
use axum::Json;
use model::{entity::EntityKind, figure::Scope};

use super::{Refusals, application_list::ApplicationList};
use crate::{error::ApiError, extract::RangeParams, figures::Measured, paging::PageParams};

/// The errors that happened in the range, most frequent first.
#[utoipa::path(get, path = "/api/v1/applications/{id}/errors", tag = "errors",
    params(("id" = u32, Path), RangeParams, PageParams), responses((status = 200, body = Page<ErrorGroup>), Refusals))]
pub(crate) async fn list(list: ApplicationList) -> Result<Json<Page<ErrorGroup>>, ApiError> {
    let entities = &list.entities;
    let totals = list.totals(Scope::Error).await?;
    let mut groups: Vec<(f64, _)> = entities
        .all(list.application, EntityKind::ErrorGroup)
        .into_iter()
        .filter(|group| totals.has(Measured::Error(group.id)))
        .map(|group| (totals.figures(Measured::Error(group.id)).calls, group))
        .collect();
    groups.sort_by(|(a, _), (b, _)| b.total_cmp(a));
    Ok(Json(list.slice.page(groups, totals.partial.clone(), |(count, group)| {
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
