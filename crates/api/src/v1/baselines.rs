//! The baselines of an application.

use alerting::baselines::{Definition, Definitions, Season, Window, season_number};
use api_types::{Baseline, BaselineChoice, BaselineSeason, BaselineWindow, NewBaseline, Page};
use axum::{Json, extract::State};
use http::StatusCode;
use metadata_store::{
    BaselineWindow as StoredWindow, Baselines as _, FIRST_OWN_BASELINE, MayUse,
    NewBaseline as Stored,
};
use model::id::EntityId;

use super::Refusals;
use crate::{
    access_key::sound_name,
    auth::{Caller, Trail},
    context::{Context, Shared},
    error::ApiError,
    extract::{Body, PathId, PathIds},
    health_rules,
    paging::{PageParams, Slice},
};

/// Days that a rolling baseline reaches back: as far as hours are kept.
const MOST_DAYS: u32 = 400;

/// The baselines of an application: four that every application has, then its own.
#[utoipa::path(get, path = "/api/v1/applications/{id}/baselines", tag = "baselines",
    params(("id" = u32, Path), PageParams), responses((status = 200, body = Page<Baseline>), Refusals))]
pub(crate) async fn list(
    State(context): State<Shared>,
    caller: Caller,
    PathId(id): PathId,
    slice: Slice,
) -> Result<Json<Page<Baseline>>, ApiError> {
    let all = definitions(&context, &caller, id).await?.of_application(id);
    Ok(Json(slice.page(all, None, body)))
}

/// Adds a baseline to an application: at most 50 of its own.
#[utoipa::path(post, path = "/api/v1/applications/{id}/baselines", tag = "baselines",
    params(("id" = u32, Path)), request_body = NewBaseline,
    responses(
        (status = 200, body = Baseline),
        (status = 409, body = api_types::ErrorBody, description = "There is one of that name"),
        (status = 422, body = api_types::ErrorBody, description = "The range is empty, or there are 50 already"),
        Refusals))]
pub(crate) async fn create(
    State(context): State<Shared>,
    caller: Caller,
    trail: Trail,
    PathId(id): PathId,
    Body(wanted): Body<NewBaseline>,
) -> Result<Json<Baseline>, ApiError> {
    let before = definitions(&context, &caller, id).await?;
    let name = sound_name(&wanted.name).map_err(ApiError::bad)?.to_owned();
    if before.of_application(id).iter().any(|one| one.name == name) {
        return Err(ApiError::Conflict(format!(
            "application {id} has a baseline {name:?} already; choose another name"
        )));
    }
    let new = Stored {
        account_id: caller.account.0,
        application_id: id.0,
        name,
        season: season_number(season_of(wanted.season)),
        window: window_of(wanted.window)?,
    };
    let added = context.store.add_baseline(&new).await?;
    tracing::info!(id = added, application = id.0, name = new.name, user = caller.name, "baseline");
    let all = definitions(&context, &caller, id).await?.of_application(id);
    let added = all.into_iter().find(|one| one.id == added);
    let added = added.map(body).ok_or_else(|| ApiError::missing("baseline", &new.name))?;
    trail.tell_made("baseline", (added.id, &added.name), &added);
    Ok(Json(added))
}

/// Makes a baseline the application's default: states, and rules that name none, go by it from then on.
#[utoipa::path(put, path = "/api/v1/applications/{id}/baselines/default", tag = "baselines",
    params(("id" = u32, Path)), request_body = BaselineChoice,
    responses(
        (status = 200, body = Baseline),
        (status = 422, body = api_types::ErrorBody, description = "The application has no such baseline"),
        Refusals))]
pub(crate) async fn put_default(
    State(context): State<Shared>,
    caller: Caller,
    trail: Trail,
    PathId(id): PathId,
    Body(wanted): Body<BaselineChoice>,
) -> Result<Json<Baseline>, ApiError> {
    let all = definitions(&context, &caller, id).await?.of_application(id);
    let was = all.iter().find(|one| one.is_default).cloned().map(body);
    let chosen = all.into_iter().find(|one| one.id == wanted.id).ok_or_else(|| {
        ApiError::Unprocessable(format!("application {id} has no baseline {}", wanted.id))
    })?;
    context.store.set_default_baseline(caller.account.0, id.0, wanted.id).await?;
    tracing::info!(id = wanted.id, application = id.0, user = caller.name, "default baseline");
    let now = body(Definition { is_default: true, ..chosen });
    trail.tell_changed("default baseline", (now.id, &now.name), was.as_ref(), &now);
    Ok(Json(now))
}

/// Deletes one of the application's own baselines. If it was the default, the daily one is again.
#[utoipa::path(delete, path = "/api/v1/applications/{id}/baselines/{baseline}", tag = "baselines",
    params(("id" = u32, Path), ("baseline" = u32, Path)),
    responses(
        (status = 204, description = "Deleted"),
        (status = 409, body = api_types::ErrorBody, description = "Every application has it, or health rules go by it"),
        Refusals))]
pub(crate) async fn delete(
    State(context): State<Shared>,
    caller: Caller,
    trail: Trail,
    PathIds(id, baseline): PathIds,
) -> Result<StatusCode, ApiError> {
    let all = definitions(&context, &caller, EntityId(id)).await?.of_application(EntityId(id));
    let known = all.into_iter().find(|one| one.id == baseline).map(body);
    if known.is_some() && baseline < FIRST_OWN_BASELINE {
        return Err(ApiError::Conflict(
            "every application has this baseline; it cannot be deleted".to_owned(),
        ));
    }
    let unused = |of: &MayUse| {
        let what = "this baseline, which cannot be deleted; give them another one first";
        health_rules::rules_go_by(of, what, |rule| rule.baselines().contains(of.name.as_str()))
    };
    context.store.delete_baseline(caller.account.0, id, baseline, &unused).await?;
    tracing::info!(id = baseline, application = id, user = caller.name, "baseline deleted");
    if let Some(known) = known {
        trail.tell_deleted("baseline", (baseline, &known.name), Some(&known));
    }
    Ok(StatusCode::NO_CONTENT)
}

async fn definitions(
    context: &Context,
    caller: &Caller,
    application: EntityId,
) -> Result<Definitions, ApiError> {
    context.entities(caller).application(application)?;
    Ok(Definitions::load(&context.store, caller.account).await?)
}

fn window_of(window: BaselineWindow) -> Result<StoredWindow, ApiError> {
    match window {
        BaselineWindow::Rolling { days } if (1..=MOST_DAYS).contains(&days) => {
            Ok(StoredWindow::Rolling { days })
        }
        BaselineWindow::Rolling { .. } => {
            Err(ApiError::bad(format!("days has to be from 1 to {MOST_DAYS}")))
        }
        BaselineWindow::Fixed { from, to } => {
            const FAR: i64 = 4_102_444_800_000;
            if !(0..=FAR).contains(&from) || !(0..=FAR).contains(&to) {
                return Err(ApiError::bad("from and to have to be milliseconds from 1970 to 2100"));
            }
            let hour_ms = 3_600_000;
            if to / hour_ms <= (from + hour_ms - 1) / hour_ms {
                return Err(ApiError::Unprocessable(
                    "the range from..to has to hold at least one whole hour".to_owned(),
                ));
            }
            Ok(StoredWindow::Fixed { from_ms: from, to_ms: to })
        }
    }
}

fn season_of(season: BaselineSeason) -> Season {
    match season {
        BaselineSeason::None => Season::None,
        BaselineSeason::Day => Season::Day,
        BaselineSeason::Week => Season::Week,
        BaselineSeason::Month => Season::Month,
    }
}

fn body(definition: Definition) -> Baseline {
    Baseline {
        id: definition.id,
        name: definition.name,
        season: match definition.season {
            Season::None => BaselineSeason::None,
            Season::Day => BaselineSeason::Day,
            Season::Week => BaselineSeason::Week,
            Season::Month => BaselineSeason::Month,
        },
        window: match definition.window {
            Window::Rolling { days } => BaselineWindow::Rolling { days },
            Window::Fixed(range) => BaselineWindow::Fixed {
                from: range.start.start_millis(),
                to: range.end.start_millis(),
            },
        },
        factory: definition.is_factory,
        default: definition.is_default,
    }
}
