//! Services and their operations.
//!
//! A service is a tier. It has the tier's name where no other tier of the account has it, else `application/tier`; both ways
//! of naming it are understood. Operations are the names of its newest spans: no list of all names that ever were is kept.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use api_types::Partial;
use axum::{
    Json,
    extract::{Path, State},
};
use model::{
    entity::{Entity, EntityKind},
    id::{AccountId, EntityId},
    span::SpanKind,
};
use rustc_hash::FxHashMap;
use serde::Serialize;
use telemetry_store::reader::SpanQuery;

use super::{Answer, wrong};
use crate::{
    auth::Caller,
    context::{Context, Shared},
    entities::Entities,
    error::ApiError,
    prometheus::Asked,
};

/// Spans whose names are the operations of a service: so many pages of so many.
const PAGES: usize = 5;
const PAGE: usize = 1000;

/// The tiers of an account as services.
#[derive(Debug)]
pub(super) struct Services {
    by_name: BTreeMap<String, Arc<Entity>>,
    names: FxHashMap<EntityId, String>,
}

impl Services {
    pub(super) fn of(entities: &Entities) -> Services {
        let tiers = entities.all(EntityId::NONE, EntityKind::Tier);
        let mut seen = FxHashMap::<&str, usize>::default();
        tiers.iter().for_each(|tier| *seen.entry(&tier.key.name).or_default() += 1);
        let mut services = Services { by_name: BTreeMap::new(), names: FxHashMap::default() };
        for tier in &tiers {
            let name = match seen[&*tier.key.name] {
                1 => tier.key.name.clone(),
                _ => qualified(entities, tier),
            };
            services.names.insert(tier.id, name.clone());
            services.by_name.insert(name, Arc::clone(tier));
        }
        services
    }

    /// The name of a tier's service; empty for one that has gone.
    pub(super) fn name(&self, tier: EntityId) -> &str {
        self.names.get(&tier).map_or("", String::as_str)
    }

    /// The tier of a service, by its name or as `application/tier`.
    pub(super) fn find(&self, entities: &Entities, name: &str) -> Option<Arc<Entity>> {
        let named = self.by_name.get(name);
        let mut tiers = self.by_name.values();
        named.or_else(|| tiers.find(|tier| qualified(entities, tier) == name)).cloned()
    }

    pub(super) fn all(self) -> Vec<String> {
        self.by_name.into_keys().collect()
    }
}

fn qualified(entities: &Entities, tier: &Entity) -> String {
    format!("{}/{}", entities.mention(tier.key.application).name, tier.key.name)
}

/// The names of all services.
pub(crate) async fn list(
    State(context): State<Shared>,
    caller: Caller,
) -> Json<Answer<Vec<String>>> {
    let names = Services::of(&context.entities(&caller)).all();
    let total = names.len();
    Answer::of(names, total, Vec::new(), None)
}

/// An operation of a service.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Operation {
    pub(super) name: String,
    pub(super) span_kind: &'static str,
}

/// `/operations?service=…&spanKind=…`.
pub(crate) async fn operations(
    State(context): State<Shared>,
    caller: Caller,
    asked: Asked,
) -> Result<Json<Answer<BTreeSet<Operation>>>, ApiError> {
    let service =
        asked.text("service").ok_or_else(|| ApiError::bad("parameter 'service' is required"))?;
    let kind = asked.text("spanKind").map(|text| {
        kind_of(text).ok_or_else(|| {
            wrong("spanKind", text, "one of server, client, producer, consumer, internal")
        })
    });
    let kind = kind.transpose()?;
    let (mut found, partial) = of_service(&context, &caller, service).await?;
    found.retain(|operation| kind.is_none_or(|kind| operation.span_kind == kind_name(kind)));
    let total = found.len();
    Ok(Answer::of(found, total, Vec::new(), partial))
}

/// `/services/{service}/operations`, where a service's name may have slashes of its own, written as they are.
pub(crate) async fn operations_of(
    State(context): State<Shared>,
    caller: Caller,
    Path(rest): Path<String>,
) -> Result<Json<Answer<BTreeSet<String>>>, ApiError> {
    let service = rest.strip_suffix("/operations").ok_or_else(|| {
        ApiError::NotFound("under services there is only {service}/operations".to_owned())
    })?;
    let (found, partial) = of_service(&context, &caller, service).await?;
    let names: BTreeSet<String> = found.into_iter().map(|operation| operation.name).collect();
    let total = names.len();
    Ok(Answer::of(names, total, Vec::new(), partial))
}

/// Names and kinds of the newest spans of a service; none of one that is not known, as Jaeger answers.
pub(super) async fn of_service(
    context: &Context,
    caller: &Caller,
    service: &str,
) -> Result<(BTreeSet<Operation>, Option<Partial>), ApiError> {
    let entities = context.entities(caller);
    let account = caller.account;
    let Some(tier) = Services::of(&entities).find(&entities, service) else {
        return Ok((BTreeSet::new(), None));
    };
    let told = context.queries.ask(caller, move |asking| {
        let mut query = of_tier(account, tier.id);
        let mut found = BTreeSet::new();
        for _ in 0..PAGES {
            let page = asking.spans(&query)?;
            found.extend(
                page.rows
                    .into_iter()
                    .map(|span| Operation { name: span.name, span_kind: kind_name(span.kind) }),
            );
            query.before = page.next;
            if query.before.is_none() {
                break;
            }
        }
        Ok(found)
    });
    let told = told.await?;
    Ok((told.value, told.partial))
}

/// All spans of a tier.
pub(super) fn of_tier(account: AccountId, tier: EntityId) -> SpanQuery {
    SpanQuery {
        account,
        application: None,
        tier: Some(tier),
        name: None,
        bt: None,
        attributes: Vec::new(),
        min_duration_ns: 0,
        max_duration_ns: u64::MAX,
        errors_only: false,
        from_ns: 0,
        to_ns: u64::MAX,
        before: None,
        limit: PAGE,
    }
}

const KINDS: [(SpanKind, &str); 5] = [
    (SpanKind::Internal, "internal"),
    (SpanKind::Server, "server"),
    (SpanKind::Client, "client"),
    (SpanKind::Producer, "producer"),
    (SpanKind::Consumer, "consumer"),
];

/// As Jaeger writes it; empty when it is not specified.
pub(super) fn kind_name(kind: SpanKind) -> &'static str {
    KINDS.iter().find(|(known, _)| *known == kind).map_or("", |(_, name)| name)
}

pub(super) fn kind_of(name: &str) -> Option<SpanKind> {
    KINDS.iter().find(|(_, known)| *known == name).map(|(kind, _)| *kind)
}
