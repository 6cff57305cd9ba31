//! Groups of business transactions: several that an operator looks at as one.
//!
//! A group is a number and a name among its application's properties, and the number among each member's. It holds for all
//! time: figures of the past are put together as those of now.

use std::{collections::BTreeSet, sync::Arc};

use api_types::{
    BusinessTransaction, FlowMap, NewTransactionGroup, Page, Partial, Ref, Series,
    TransactionGroup, TransactionGroupDetail,
};
use axum::{Json, extract::State};
use http::StatusCode;
use model::{
    entity::{Entity, EntityKind, Properties, TransactionGroup as Group},
    id::EntityId,
};

use super::{
    Refusals,
    application_list::ApplicationList,
    business_transactions::body,
    flow_map::{Part, draw},
    series,
    sparklines::Sparklines,
};
use crate::{
    auth::Caller,
    context::Shared,
    entities::Entities,
    error::ApiError,
    extract::{Body, PathId, PathIds, Range, RangeParams, short},
    figures::Measured,
    judge::Wanted,
    paging::PageParams,
};

/// Groups of an application.
const MOST: usize = 100;
/// Members of a group.
const MOST_MEMBERS: usize = 1000;
/// Members of a group whose calls are put together on a map.
const MOST_ON_A_MAP: usize = 100;
/// Characters of a name.
const MAX_NAME: usize = 100;

/// The groups of an application's business transactions.
#[utoipa::path(get, path = "/api/v1/applications/{id}/transaction-groups", tag = "business transactions",
    params(("id" = u32, Path), RangeParams, PageParams),
    responses((status = 200, body = Page<TransactionGroup>), Refusals))]
pub(crate) async fn list(list: ApplicationList) -> Result<Json<Page<TransactionGroup>>, ApiError> {
    let ApplicationList { context, account, entities, application: id, period, slice, .. } = list;
    let judged = (&period, Wanted::Nothing);
    let lines = Sparklines::of(&context, account, id, None, judged).await?;
    let groups = entities.groups(id);
    let of = |group: Group| told(&entities, id, group, &lines);
    Ok(Json(slice.page(groups, lines.partial.clone(), of)))
}

/// Makes a group.
#[utoipa::path(post, path = "/api/v1/applications/{id}/transaction-groups", tag = "business transactions",
    params(("id" = u32, Path)), request_body = NewTransactionGroup,
    responses(
        (status = 201, body = Ref),
        (status = 409, description = "The application has a group of that name.", body = api_types::ErrorBody),
        Refusals))]
pub(crate) async fn create(
    State(context): State<Shared>,
    caller: Caller,
    PathId(EntityId(id)): PathId,
    Body(wanted): Body<NewTransactionGroup>,
) -> Result<(StatusCode, Json<Ref>), ApiError> {
    let entities = context.entities(&caller);
    let id = entities.application(EntityId(id))?.id;
    let name = name(wanted.name)?;
    let members = members(&entities, id, &wanted.business_transactions)?;
    // A number that a transaction still names is not given again.
    let known = entities.all(id, EntityKind::BusinessTransaction);
    let named = known.iter().filter_map(|bt| bt.properties.group).max().unwrap_or(0);
    let given = name.clone();
    let group = context.try_change_all(with(id, &members), move |all| {
        let ((_, properties), members) =
            all.split_first_mut().expect("the application is asked for");
        if properties.groups.len() >= MOST {
            return Err(ApiError::Unprocessable(format!(
                "the application has {MOST} groups, and there cannot be more; dissolve one"
            )));
        }
        is_free(properties, &given, None)?;
        let highest = properties.groups.iter().map(|group| group.id).max().unwrap_or(0);
        let group = highest.max(named) + 1;
        properties.groups.push(Group { id: group, name: given });
        members.iter_mut().for_each(|(_, member)| member.group = Some(group));
        Ok(group)
    });
    let group = group.await?;
    tracing::info!(application = id.0, group, name, user = caller.name, "a group was made");
    Ok((StatusCode::CREATED, Json(Ref { id: group, name })))
}

/// One group with its members.
#[utoipa::path(get, path = "/api/v1/applications/{id}/transaction-groups/{group}", tag = "business transactions",
    params(("id" = u32, Path), ("group" = u32, Path), RangeParams),
    responses((status = 200, body = TransactionGroupDetail), Refusals))]
pub(crate) async fn read(
    State(context): State<Shared>,
    caller: Caller,
    PathIds(id, group): PathIds,
    Range { period, .. }: Range,
) -> Result<Json<TransactionGroupDetail>, ApiError> {
    let entities = context.entities(&caller);
    let id = EntityId(id);
    let group = one(&entities, id, group)?;
    let judged = (&period, Wanted::Default);
    let lines = Sparklines::of(&context, caller.account, id, None, judged).await?;
    let member = |bt: &Arc<Entity>| {
        let sparkline = lines.line(Measured::Transaction(bt.id), id);
        BusinessTransaction { sparkline, ..body(&entities, bt, &lines) }
    };
    let members = members_of(&entities, id, group.id).iter().map(member).collect();
    Ok(Json(TransactionGroupDetail {
        group: told(&entities, id, group, &lines),
        application: entities.mention(id),
        members,
        partial: lines.partial.clone(),
    }))
}

/// Renames a group and says which its members are.
#[utoipa::path(put, path = "/api/v1/applications/{id}/transaction-groups/{group}", tag = "business transactions",
    params(("id" = u32, Path), ("group" = u32, Path)), request_body = NewTransactionGroup,
    responses(
        (status = 200, body = Ref),
        (status = 409, description = "The application has another group of that name.", body = api_types::ErrorBody),
        Refusals))]
pub(crate) async fn change(
    State(context): State<Shared>,
    caller: Caller,
    PathIds(id, group): PathIds,
    Body(wanted): Body<NewTransactionGroup>,
) -> Result<Json<Ref>, ApiError> {
    let entities = context.entities(&caller);
    let id = EntityId(id);
    one(&entities, id, group)?;
    let name = name(wanted.name)?;
    let members = members(&entities, id, &wanted.business_transactions)?;
    let given = name.clone();
    let before = members_of(&entities, id, group).into_iter().map(|bt| bt.id);
    let concerned: BTreeSet<EntityId> = before.chain(members.iter().copied()).collect();
    let changed = context.try_change_all(with(id, &concerned), move |all| {
        let ((_, properties), concerned) =
            all.split_first_mut().expect("the application is asked for");
        is_free(properties, &given, Some(group))?;
        let known = properties.groups.iter_mut().find(|known| known.id == group);
        known.ok_or_else(|| missing(group))?.name = given;
        for (bt, of) in concerned {
            if members.contains(bt) {
                of.group = Some(group);
            } else if of.group == Some(group) {
                of.group = None;
            }
        }
        Ok(())
    });
    changed.await?;
    tracing::info!(application = id.0, group, name, user = caller.name, "a group was changed");
    Ok(Json(Ref { id: group, name }))
}

/// Dissolves a group; its members stay.
#[utoipa::path(delete, path = "/api/v1/applications/{id}/transaction-groups/{group}", tag = "business transactions",
    params(("id" = u32, Path), ("group" = u32, Path)),
    responses((status = 204, description = "It is no more"), Refusals))]
pub(crate) async fn dissolve(
    State(context): State<Shared>,
    caller: Caller,
    PathIds(id, group): PathIds,
) -> Result<StatusCode, ApiError> {
    let entities = context.entities(&caller);
    let id = EntityId(id);
    one(&entities, id, group)?;
    let members = members_of(&entities, id, group).into_iter().map(|bt| bt.id).collect();
    let dissolved = context.try_change_all(with(id, &members), move |all| {
        let ((_, properties), members) =
            all.split_first_mut().expect("the application is asked for");
        properties.groups.retain(|known| known.id != group);
        members.iter_mut().for_each(|(_, member)| member.group = None);
        Ok(())
    });
    dissolved.await?;
    tracing::info!(application = id.0, group, user = caller.name, "a group was dissolved");
    Ok(StatusCode::NO_CONTENT)
}

/// A group over time.
#[utoipa::path(get, path = "/api/v1/applications/{id}/transaction-groups/{group}/series", tag = "business transactions",
    params(("id" = u32, Path), ("group" = u32, Path), RangeParams),
    responses((status = 200, body = Series), Refusals))]
pub(crate) async fn over_time(
    State(context): State<Shared>,
    caller: Caller,
    PathIds(id, group): PathIds,
    Range { period, .. }: Range,
) -> Result<Json<Series>, ApiError> {
    let application = EntityId(id);
    one(&context.entities(&caller), application, group)?;
    let measured = Measured::Group { application, group };
    series::read(&context, &caller, (application, measured), (period, Wanted::Nothing)).await
}

/// What happens under the members of a group: who calls whom. Of at most 100 of them.
#[utoipa::path(get, path = "/api/v1/applications/{id}/transaction-groups/{group}/flow-map", tag = "flow map",
    params(("id" = u32, Path), ("group" = u32, Path), RangeParams),
    responses((status = 200, body = FlowMap), Refusals))]
pub(crate) async fn map(
    State(context): State<Shared>,
    caller: Caller,
    PathIds(id, group): PathIds,
    Range { period, .. }: Range,
) -> Result<Json<FlowMap>, ApiError> {
    let entities = context.entities(&caller);
    let id = EntityId(id);
    let group = one(&entities, id, group)?;
    let mut members = members_of(&entities, id, group.id);
    let all = members.len();
    members.truncate(MOST_ON_A_MAP);
    let part = Part::Under(members.iter().map(|bt| bt.id).collect());
    let Json(mut drawn) = draw(&context, &caller, id, part, (period, Wanted::Nothing)).await?;
    if all > members.len() {
        let reason = format!("the map is of {MOST_ON_A_MAP} of the group's {all} transactions");
        let known = drawn.partial.map(|partial| partial.reasons).unwrap_or_default();
        drawn.partial = Partial::of(known.into_iter().chain([reason]).collect());
    }
    Ok(Json(drawn))
}

fn told(entities: &Entities, id: EntityId, group: Group, lines: &Sparklines) -> TransactionGroup {
    let measured = Measured::Group { application: id, group: group.id };
    let members = members_of(entities, id, group.id);
    TransactionGroup {
        id: group.id,
        business_transactions: members.iter().map(|bt| entities.mention(bt.id)).collect(),
        figures: lines.figures(measured),
        sparkline: lines.line(measured, id),
        name: group.name,
    }
}

fn one(entities: &Entities, application: EntityId, group: u32) -> Result<Group, ApiError> {
    let application = entities.application(application)?;
    let groups = &application.properties.groups;
    groups.iter().find(|known| known.id == group).cloned().ok_or_else(|| missing(group))
}

fn missing(group: u32) -> ApiError {
    ApiError::missing("group of business transactions", group)
}

fn members_of(entities: &Entities, application: EntityId, group: u32) -> Vec<Arc<Entity>> {
    let mut all = entities.all(application, EntityKind::BusinessTransaction);
    all.retain(|bt| bt.properties.group == Some(group));
    all
}

/// A name that a group may have: it is a segment of metric paths.
fn name(text: String) -> Result<String, ApiError> {
    let text = short("name", text.trim().to_owned(), MAX_NAME)?;
    match text.is_empty() || text.contains('|') || text.chars().any(char::is_control) {
        true => Err(ApiError::Unprocessable(
            "a group has a name without | and control characters".to_owned(),
        )),
        false => Ok(text),
    }
}

/// Refuses a name that another group than `own` has.
fn is_free(properties: &Properties, name: &str, own: Option<u32>) -> Result<(), ApiError> {
    let taken = |group: &Group| Some(group.id) != own && group.name == name;
    match properties.groups.iter().any(taken) {
        true => Err(ApiError::Conflict(format!("the application has a group {name:?} already"))),
        false => Ok(()),
    }
}

/// The business transactions of the application that are to be members.
fn members(
    entities: &Entities,
    application: EntityId,
    wanted: &[u32],
) -> Result<BTreeSet<EntityId>, ApiError> {
    if wanted.len() > MOST_MEMBERS {
        return Err(ApiError::bad(format!("a group has at most {MOST_MEMBERS} members")));
    }
    let member = |id: &u32| {
        let bt = entities.transaction(EntityId(*id))?;
        match bt.key.application == application {
            true => Ok(bt.id),
            false => Err(ApiError::Unprocessable(format!(
                "the business transaction {id} is of another application"
            ))),
        }
    };
    wanted.iter().map(member).collect()
}

/// An application, and after it some of its business transactions.
fn with(application: EntityId, transactions: &BTreeSet<EntityId>) -> Vec<EntityId> {
    std::iter::once(application).chain(transactions.iter().copied()).collect()
}
