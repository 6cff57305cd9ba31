//! Errors: groups of exceptions.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use api_types::{ErrorGroup, ErrorGroupDetail, ErrorHit, ErrorPoint, Page, Partial};
use axum::{Json, extract::State};
use model::{
    entity::{Entity, EntityKind},
    figure::Scope,
    id::{AccountId, EntityId},
    time::Minute,
};
use serde::Deserialize;
use telemetry_store::reader::{Detail, FigureQuery, Points, QueryError};
use utoipa::IntoParams;

use super::{Refusals, application_list::ApplicationList, series::OverTime};
use crate::{
    ask::Asking,
    auth::Caller,
    context::{Context, Shared},
    entities::Entities,
    error::ApiError,
    extract::{Params, PathId, Range, RangeParams},
    figures::{Measured, Sums, figures, sparkline, sparkline_resolution},
    judge::Wanted,
    paging::PageParams,
    period::Period,
};

/// Business transactions that a group in a list names.
const MAX_NAMED: usize = 5;

/// Which errors.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListParams {
    /// Id of a business transaction: only what happened under it, counted there.
    bt: Option<u32>,
    /// Id of the tier where they were thrown.
    tier: Option<u32>,
}

/// The errors that happened in the range, most frequent first.
#[utoipa::path(get, path = "/api/v1/applications/{id}/errors", tag = "errors",
    params(("id" = u32, Path), RangeParams, ListParams, PageParams),
    responses((status = 200, body = Page<ErrorGroup>), Refusals))]
pub(crate) async fn list(
    list: ApplicationList,
    Params(wanted): Params<ListParams>,
) -> Result<Json<Page<ErrorGroup>>, ApiError> {
    let ApplicationList { context, account, entities, application, period, slice, .. } = list;
    let bt = entities.filter(wanted.bt, EntityKind::BusinessTransaction, "business transaction")?;
    let tier = entities.filter(wanted.tier, EntityKind::Tier, "tier")?;
    let asked = Asked { application, bt, error: None, period };
    let counted = Counted::of(&context, account, asked).await?;
    let mut groups: Vec<(f64, Arc<Entity>)> = entities
        .all(application, EntityKind::ErrorGroup)
        .into_iter()
        .filter(|group| tier.is_none_or(|tier| group.key.parent == tier))
        .map(|group| (counted.count(group.id), group))
        .filter(|(count, group)| *count > 0.0 || counted.has(group.id))
        .collect();
    groups.sort_by(|(a, _), (b, _)| b.total_cmp(a));
    let partial = counted.partial.clone();
    Ok(Json(slice.page(groups, partial, |(_, group)| counted.body(&entities, &group))))
}

/// One group of exceptions: how often, when, and under which business transactions.
#[utoipa::path(get, path = "/api/v1/errors/{id}", tag = "errors",
    params(("id" = u32, Path), RangeParams), responses((status = 200, body = ErrorGroupDetail), Refusals))]
pub(crate) async fn read(
    State(context): State<Shared>,
    caller: Caller,
    PathId(id): PathId,
    Range { period, .. }: Range,
) -> Result<Json<ErrorGroupDetail>, ApiError> {
    let entities = context.entities(&caller);
    let group = entities.one_of(id, &[EntityKind::ErrorGroup], "error")?;
    let application = group.key.application;
    let asked = Asked { application, bt: None, error: Some(id), period };
    let counted = Counted::of(&context, caller.account, asked).await?;
    let measured = Measured::Error(id);
    let asked = (measured, period, Wanted::Nothing);
    let over_time = OverTime::of(&context, &caller, application, asked).await?;
    let silent = model::figure::Figure::default();
    let point = |at: &Minute| ErrorPoint {
        at: at.start_millis(),
        count: over_time.points.get(at).unwrap_or(&silent).calls,
    };
    let all: BTreeSet<Minute> =
        over_time.points.keys().chain(&over_time.reported).copied().collect();
    Ok(Json(ErrorGroupDetail {
        error: counted.body(&entities, &group),
        application: entities.mention(application),
        minutes_per_point: period.resolution.minutes(),
        points: all.iter().map(point).collect(),
        filling_from: period.filling.map(Minute::start_millis),
        hits: counted
            .hits(id)
            .iter()
            .map(|(bt, count)| ErrorHit { bt: entities.mention(*bt), count: *count })
            .collect(),
        partial: counted.partial.or(over_time.partial),
    }))
}

/// What is counted: all groups of an application or one, over all business transactions or under one.
#[derive(Clone, Copy, Debug)]
struct Asked {
    application: EntityId,
    bt: Option<EntityId>,
    error: Option<EntityId>,
    period: Period,
}

/// How often exceptions happened.
struct Counted {
    asked: Asked,
    totals: Sums,
    over_time: Sums,
    /// Business transactions that each happened under, most frequent first.
    hits: BTreeMap<EntityId, Vec<(EntityId, f64)>>,
    partial: Option<Partial>,
}

impl Counted {
    async fn of(context: &Context, account: AccountId, asked: Asked) -> Result<Counted, ApiError> {
        let entities = context.every_entity(account);
        let told = context.queries.ask(account, move |asking| ask(asking, &entities, asked));
        let told = told.await?;
        let (totals, over_time) = told.value;
        let hits = hits(&totals);
        Ok(Counted { asked, totals, over_time, hits, partial: told.partial })
    }

    fn measured(&self, error: EntityId) -> Measured {
        match self.asked.bt {
            Some(bt) => Measured::ErrorUnder { bt, error },
            None => Measured::Error(error),
        }
    }

    fn has(&self, error: EntityId) -> bool {
        self.totals.has(self.measured(error))
    }

    fn count(&self, error: EntityId) -> f64 {
        self.totals.total(self.measured(error), self.asked.period.filling).all.calls
    }

    fn hits(&self, error: EntityId) -> &[(EntityId, f64)] {
        self.hits.get(&error).map_or(&[], Vec::as_slice)
    }

    fn body(&self, entities: &Entities, group: &Entity) -> ErrorGroup {
        let Asked { application, period, .. } = self.asked;
        let (exception, message) = split(&group.key.name);
        let measured = self.measured(group.id);
        let totals = self.totals.total(measured, period.filling);
        let hits = self.hits(group.id);
        let reported = self.over_time.reported(application);
        let named = hits.iter().take(MAX_NAMED);
        ErrorGroup {
            id: group.id.0,
            exception: exception.to_owned(),
            message: message.to_owned(),
            tier: entities.mention(group.key.parent),
            count: totals.all.calls,
            per_minute: figures(&totals, period.complete.len()).calls_per_minute,
            first_seen: group.created_ms,
            last_seen: group.last_seen_ms,
            sparkline: sparkline(self.over_time.points(measured), &reported, period.complete),
            business_transactions: named.map(|(bt, _)| entities.mention(*bt)).collect(),
            business_transaction_count: hits.len(),
        }
    }
}

/// Business transactions that each error happened under, most frequent first.
fn hits(totals: &Sums) -> BTreeMap<EntityId, Vec<(EntityId, f64)>> {
    let mut hits = BTreeMap::<EntityId, Vec<(EntityId, f64)>>::new();
    for measured in totals.measured() {
        let Measured::ErrorUnder { bt, error } = measured else { continue };
        let count = totals.total(measured, None).all.calls;
        if count > 0.0 {
            hits.entry(error).or_default().push((bt, count));
        }
    }
    for of in hits.values_mut() {
        of.sort_by(|(a, count), (b, other)| other.total_cmp(count).then(a.cmp(b)));
    }
    hits
}

/// Totals over all business transactions and under each, and what happened over time.
fn ask(
    asking: &mut Asking<'_>,
    entities: &Entities,
    asked: Asked,
) -> Result<(Sums, Sums), QueryError> {
    let Asked { application, bt, error, period } = asked;
    let sum = |rows: &[_]| Sums::of(rows, entities, |_| true);
    let counts = |asking: &Asking<'_>, scope, points| FigureQuery {
        detail: Detail::Counts,
        ..asking.query(application, &[scope], period.complete, points)
    };
    let all = FigureQuery { subject: error, bt, ..counts(asking, Scope::Error, Points::Total) };
    let totals = match asking.totals(&all, &period) {
        // How often they happened matters more than where.
        Err(QueryError::TooLarge(_)) if bt.is_none() => {
            asking.lacks("under which business transactions errors happened was left out: there are too many");
            asking.totals(&FigureQuery { bt: Some(EntityId::NONE), ..all }, &period)?
        }
        rows => rows?,
    };
    let resolution = sparkline_resolution(period.complete.len());
    let points = Points::Every(resolution);
    let bt = Some(bt.unwrap_or(EntityId::NONE));
    let every = FigureQuery { subject: error, bt, ..counts(asking, Scope::Error, points) };
    let mut lines = Sums::default();
    asking.over_time(&every, &mut |rows| lines.add(rows, entities, |_| true))?;
    let range = (period.complete, resolution);
    let known = lines.all_points();
    let reported = asking.reported(entities, application, range, known)?;
    lines.note_reported(application, reported);
    Ok((sum(&totals), lines))
}

/// A group is named `Type: message`, or `Type` where there is no message.
fn split(name: &str) -> (&str, &str) {
    name.split_once(": ").unwrap_or((name, ""))
}
