//! Limits: how near they are, and what was refused for their sake.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use alerting::anomalies::MAX_SERIES;
use api_types::{Limit, Limits};
use axum::{Json, extract::State};
use model::{
    entity::{Entity, EntityKind},
    figure::Scope,
    id::EntityId,
};
use rustc_hash::FxHashMap;
use telemetry_store::reader::{Detail, FigureQuery, Points, QueryError};

use super::Refusals;
use crate::{
    auth::Caller,
    context::{Context, Shared},
    deps::Caps,
    entities::{Entities, is_historical},
    error::ApiError,
    limit::{self, Draft},
    metric_tree, reference,
};

/// Limits that are worth a look, the nearest first: those of the process always, those of entities from half of them on, at
/// most 500. With what was refused since the start.
#[utoipa::path(get, path = "/api/v1/limits", tag = "administration",
    responses((status = 200, body = Limits), Refusals))]
pub(crate) async fn read(
    State(context): State<Shared>,
    caller: Caller,
) -> Result<Json<Limits>, ApiError> {
    let (caps, mut items, refusals, since) = context
        .operations(|operations| {
            let health = operations.health();
            Ok((operations.caps(), operations.limits()?, operations.refusals(), health.started_at))
        })
        .await?;
    let entities = context.entities(&caller);
    let called = Called::of(&calls(&context, &caller).await?, &entities);
    items.extend(of_entities(&entities, caps, &called, context.now_ms()));
    items.extend(of_detection(&context, &entities));
    limit::sort(&mut items);
    items.truncate(500);
    Ok(Json(Limits { items, refusals, since }))
}

/// Series that are watched for anomalies: of applications from half of what they may have on, and of all together.
fn of_detection(context: &Context, entities: &Entities) -> Vec<Limit> {
    let watching = context.watch.watching();
    let remedy = "further series are not watched for anomalies; switch detection off for an application, or raise memory-limit";
    let mut limits = Vec::new();
    for one in &watching {
        // Those without a place count as used.
        let used = one.series + one.left_out;
        if used * 2 >= MAX_SERIES && entities.get(one.application).is_some() {
            let limit = limit::of(
                "watched-series",
                "series watched for anomalies",
                used,
                MAX_SERIES as u64,
            );
            let application = entities.mention(one.application);
            limits.push(limit.application(&application).remedy(remedy).made());
        }
    }
    let all = watching.iter().map(|one| one.series + one.left_out).sum();
    let room = u64::try_from(context.watch.room()).unwrap_or(u64::MAX);
    limits.push(
        limit::of(
            "watched-series-of-all",
            "series watched for anomalies, of all applications",
            all,
            room,
        )
        .remedy(remedy)
        .made(),
    );
    limits
}

/// Entities counted by tier and kind, each kind once.
struct Counted<'a> {
    entities: &'a Entities,
    application: EntityId,
    by: BTreeMap<EntityKind, FxHashMap<EntityId, Vec<Arc<Entity>>>>,
}

impl Counted<'_> {
    fn new(entities: &Entities, application: EntityId) -> Counted<'_> {
        Counted { entities, application, by: BTreeMap::new() }
    }

    fn all(&mut self, kind: EntityKind, tier: EntityId) -> &[Arc<Entity>] {
        let by_tier = self.by.entry(kind).or_insert_with(|| {
            let mut by_tier = FxHashMap::<EntityId, Vec<Arc<Entity>>>::default();
            for entity in self.entities.all(self.application, kind) {
                by_tier.entry(entity.key.parent).or_default().push(entity);
            }
            by_tier
        });
        by_tier.get(&tier).map_or(&[], Vec::as_slice)
    }

    fn of_tier(&mut self, kind: EntityKind, tier: EntityId) -> usize {
        self.all(kind, tier).len()
    }

    fn nodes(&mut self, tier: EntityId, now_ms: i64) -> usize {
        let nodes = self.all(EntityKind::Node, tier);
        nodes.iter().filter(|node| !is_historical(node, now_ms)).count()
    }
}

/// How many backends of each type each tier called.
#[derive(Debug, Default)]
struct Called(BTreeMap<EntityId, BTreeMap<String, usize>>);

impl Called {
    fn of(calls: &BTreeSet<(EntityId, EntityId)>, entities: &Entities) -> Called {
        let mut called = Called::default();
        for (tier, backend) in calls {
            let backend = entities.get(*backend);
            if let Some(backend) = backend.filter(|it| it.key.kind == EntityKind::Backend) {
                let category = reference::backend_category(&backend);
                *called.0.entry(*tier).or_default().entry(category).or_default() += 1;
            }
        }
        called
    }

    fn of_tier(&self, tier: EntityId) -> impl Iterator<Item = (&String, &usize)> {
        self.0.get(&tier).into_iter().flatten()
    }
}

/// Who called whom within the last day.
async fn calls(
    context: &Context,
    caller: &Caller,
) -> Result<BTreeSet<(EntityId, EntityId)>, ApiError> {
    let range = metric_tree::last_day(context.now_minute());
    let told = context.queries.ask(caller.account, move |asking| {
        let edges = asking.query(EntityId::NONE, &[Scope::Edge], range, Points::Total);
        let edges = FigureQuery { detail: Detail::Counts, bt: Some(EntityId::NONE), ..edges };
        match asking.figures(&edges) {
            Ok(rows) => Ok(rows.iter().map(|row| (row.key.subject, row.key.peer)).collect()),
            // Limits without those of backends are better than none.
            Err(QueryError::TooLarge(_)) => Ok(BTreeSet::new()),
            Err(error) => Err(error),
        }
    });
    Ok(told.await?.value)
}

fn of_entities(entities: &Entities, caps: Caps, called: &Called, now_ms: i64) -> Vec<Limit> {
    let applications = entities.all(EntityId::NONE, EntityKind::Application);
    let mut limits = vec![limit::of("applications", "Applications", applications.len(), caps.applications)
        .remedy("Further ones are one application, All other applications. Let services of one system share their service.namespace.")
        .made()];
    for application in &applications {
        let mention = entities.mention(application.id);
        let transactions = entities.transactions(application.id, now_ms).len();
        limits.push(
            limit::of("business-transactions", "Business transactions", transactions, caps.transactions)
                .application(&mention)
                .remedy(
                    "Further ones count in All Other Traffic of their tier, where each can be promoted. One that was not \
                     called for 7 days frees its place. Many alike show that paths hold ids: set http.route in the service.",
                )
                .made(),
        );
        let tiers = entities.all(application.id, EntityKind::Tier);
        limits.push(
            limit::of("tiers", "Tiers", tiers.len(), caps.tiers)
                .application(&mention)
                .remedy("Further ones are one tier, All other tiers. Let service.name name what a service is, not one process of it.")
                .made(),
        );
        let mut of = Counted::new(entities, application.id);
        let queues = entities.all(application.id, EntityKind::Queue).len();
        limits.push(
            limit::of("queues", "Queues", queues, caps.queues)
                .application(&mention)
                .remedy("Further ones are one queue, All other traffic for MESSAGING. Let agents name what a queue is for, not one request: temporary reply queues need no name of their own.")
                .made(),
        );
        for tier in &tiers {
            let live = of.nodes(tier.id, now_ms);
            let made = |limit: Draft, remedy: &str| {
                limit.application(&mention).tier(entities.mention(tier.id)).remedy(remedy).made()
            };
            limits.push(made(
                limit::of("nodes", "Live nodes", live, caps.nodes),
                "Processes on further hosts are one node, All other nodes. A node is historical after an hour without data.",
            ));
            let endpoints = of.of_tier(EntityKind::ServiceEndpoint, tier.id);
            limits.push(made(
                limit::of("service-endpoints", "Service endpoints", endpoints, caps.endpoints),
                "Further ones count in All Other Traffic of the tier. Many alike show that paths hold ids: set http.route in the service.",
            ));
            let errors = of.of_tier(EntityKind::ErrorGroup, tier.id);
            limits.push(made(
                limit::of("error-groups", "Groups of errors", errors, caps.errors),
                "Further exceptions are one group. Many alike show that messages or types hold what changes: let the service put it into attributes.",
            ));
            for (category, backends) in called.of_tier(tier.id) {
                let what = format!("Backends of the type {category} called within a day");
                limits.push(made(
                    limit::of("backends", &what, *backends, caps.backends),
                    "Further ones are one backend, All other traffic for their type. Many alike show that addresses change with each call: let the agent name the service, not the address.",
                ));
            }
        }
    }
    limits.retain(|limit| limit.used * 2 >= limit.max);
    limits
}
