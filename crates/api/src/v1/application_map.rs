//! All applications on one map: which of them call which.

use std::collections::{BTreeMap, BTreeSet};

use api_types::{FlowMap, FlowMapEdge, FlowMapNode, FlowMapNodeKind, Ref};
use axum::{Json, extract::State};
use model::{
    entity::{Entity, EntityKind},
    figure::Scope,
    id::EntityId,
    time::Minute,
};
use telemetry_store::reader::{FigureQuery, Points};

use super::Refusals;
use crate::{
    auth::Caller,
    context::Shared,
    entities::known,
    error::ApiError,
    extract::{Range, RangeParams},
    figures::{Measured, Sums, Total, figures},
    reference::backend_category,
};

/// Backends that several applications call, on the map.
const MOST_SHARED: usize = 200;

/// All applications, the calls between their tiers, and the backends and queues that at least two of them call: of the same type,
/// system and name. At most 200 of those, the most called first. A loopback address is its host's own.
#[utoipa::path(get, path = "/api/v1/flow-map", tag = "flow map",
    params(RangeParams), responses((status = 200, body = FlowMap), Refusals))]
pub(crate) async fn read(
    State(context): State<Shared>,
    caller: Caller,
    Range { period, .. }: Range,
) -> Result<Json<FlowMap>, ApiError> {
    let entities = context.entities(&caller);
    let asked = entities.clone();
    let told = context.queries.ask(&caller, move |asking| {
        let scopes = [Scope::Edge, Scope::BusinessTransaction];
        let all = asking.query(EntityId::NONE, &scopes, period.complete, Points::Total);
        let rows = asking.totals(&FigureQuery { bt: Some(EntityId::NONE), ..all }, &period)?;
        let wanted = |measured: &Measured| {
            matches!(measured, Measured::Application(_) | Measured::Call { .. })
        };
        Ok(Sums::of(&rows, &asked, wanted))
    });
    let told = told.await?;
    let sums = told.value;
    let minutes = period.complete.len();
    let application_of = |id: EntityId| {
        let entity = entities.get(id)?;
        entity.key.application.some()
    };
    let mut calls = BTreeMap::<(EntityId, EntityId), Total>::new();
    let mut backends = Backends::default();
    for measured in sums.measured() {
        let Measured::Call { from, to } = measured else { continue };
        let (Some(caller), Some(called)) = (entities.get(from), entities.get(to)) else { continue };
        let total = sums.total(measured, period.filling);
        if is_backend(&called) {
            backends.add(&called, caller.key.application, Way::To, &total);
        } else if is_backend(&caller) {
            backends.add(&caller, called.key.application, Way::From, &total);
        }
        let Some(ends) = application_of(from).zip(application_of(to)) else { continue };
        if ends.0 != ends.1 {
            calls.entry(ends).or_default().merge(&total);
        }
    }
    let shared = backends.shared();
    let now_ms = context.now_ms();
    let node = |id: EntityId, name: &str| {
        let measured = Measured::Application(id);
        let total = sums.has(measured).then(|| sums.total(measured, period.filling));
        FlowMapNode {
            id: id.0,
            kind: FlowMapNodeKind::Application,
            name: name.to_owned(),
            category: "application".to_owned(),
            system: None,
            figures: total.map(|total| figures(&total, minutes)),
            nodes: entities.live_nodes(id, period.range, now_ms).len(),
            x: None,
            y: None,
            pinned: false,
            entry: sums.has(measured),
            hints: Vec::new(),
        }
    };
    let applications = entities.all(EntityId::NONE, EntityKind::Application);
    let drawn = |shared: &SharedBackend| FlowMapNode {
        id: shared.id.0,
        kind: match shared.queue {
            true => FlowMapNodeKind::Queue,
            false => FlowMapNodeKind::Backend,
        },
        name: shared.name.clone(),
        category: shared.category.clone(),
        system: known(&shared.system),
        figures: Some(figures(&shared.calls(), minutes)),
        nodes: 0,
        x: None,
        y: None,
        pinned: false,
        entry: false,
        hints: Vec::new(),
    };
    let to_shared = shared.iter().flat_map(|shared| shared.edges(minutes));
    Ok(Json(FlowMap {
        application: Ref { id: 0, name: "All applications".to_owned() },
        nodes: applications
            .iter()
            .map(|app| node(app.id, &app.key.name))
            .chain(shared.iter().map(drawn))
            .collect(),
        edges: calls
            .iter()
            .map(|((from, to), total)| FlowMapEdge {
                from: from.0,
                to: to.0,
                category: "HTTP".to_owned(),
                asynchronous: false,
                figures: figures(total, minutes),
                resolved: true,
            })
            .chain(to_shared)
            .collect(),
        filling_from: period.filling.map(Minute::start_millis),
        partial: told.partial,
    }))
}

fn is_backend(entity: &Entity) -> bool {
    matches!(entity.key.kind, EntityKind::Backend | EntityKind::Queue)
}

/// Which way a call goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Way {
    /// An application calls the backend.
    To,
    /// A queue delivers to an application.
    From,
}

/// Backends of all applications: those of the same identity are one.
#[derive(Debug, Default)]
struct Backends(BTreeMap<(EntityKind, String, String, String), SharedBackend>);

/// One backend, and who calls it.
#[derive(Debug)]
struct SharedBackend {
    /// Of the oldest of those that are the same: it stands for all.
    id: EntityId,
    queue: bool,
    name: String,
    category: String,
    system: String,
    by: BTreeMap<(EntityId, Way), Total>,
}

impl Backends {
    fn add(&mut self, backend: &Entity, application: EntityId, way: Way, total: &Total) {
        let properties = &backend.properties;
        // What stands for many others is not one thing, and a loopback name is qualified by its host.
        if properties.other_traffic || backend.key.name.starts_with("All other traffic for ") {
            return;
        }
        let category = backend_category(backend);
        let system = properties.system.clone();
        let key = (backend.key.kind, category.clone(), system.clone(), backend.key.name.clone());
        let known = self.0.entry(key).or_insert_with(|| SharedBackend {
            id: backend.id,
            queue: backend.key.kind == EntityKind::Queue,
            name: backend.key.name.clone(),
            category,
            system,
            by: BTreeMap::new(),
        });
        known.id = known.id.min(backend.id);
        known.by.entry((application, way)).or_default().merge(total);
    }

    /// Those that at least two applications use, the most called first.
    fn shared(self) -> Vec<SharedBackend> {
        let users = |backend: &SharedBackend| {
            backend.by.keys().map(|(application, _)| *application).collect::<BTreeSet<_>>().len()
        };
        let mut shared: Vec<SharedBackend> =
            self.0.into_values().filter(|backend| users(backend) > 1).collect();
        let calls = |backend: &SharedBackend| backend.calls().all.calls;
        shared.sort_by(|a, b| calls(b).total_cmp(&calls(a)).then(a.id.cmp(&b.id)));
        shared.truncate(MOST_SHARED);
        shared
    }
}

impl SharedBackend {
    /// All calls to it.
    fn calls(&self) -> Total {
        let mut calls = Total::default();
        let to_it = self.by.iter().filter(|((_, way), _)| *way == Way::To);
        to_it.for_each(|(_, total)| calls.merge(total));
        calls
    }

    fn edges(&self, minutes: u32) -> impl Iterator<Item = FlowMapEdge> + '_ {
        self.by.iter().map(move |((application, way), total)| {
            let (from, to) = match way {
                Way::To => (*application, self.id),
                Way::From => (self.id, *application),
            };
            FlowMapEdge {
                from: from.0,
                to: to.0,
                category: self.category.clone(),
                asynchronous: self.queue,
                figures: figures(total, minutes),
                resolved: self.queue,
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use model::{
        entity::{EntityKey, Properties},
        figure::Figure,
        id::AccountId,
    };

    use super::*;

    fn backend(id: u32, application: u32, kind: EntityKind, name: &str) -> Entity {
        let key = EntityKey {
            account: AccountId::FIRST,
            kind,
            application: EntityId(application),
            parent: EntityId::NONE,
            name: name.to_owned(),
        };
        let properties = Properties {
            system: "mysql".to_owned(),
            category: "DATABASE".to_owned(),
            ..Properties::default()
        };
        Entity { id: EntityId(id), key, properties, created_ms: 0, last_seen_ms: 0 }
    }

    fn calls(calls: f64) -> Total {
        let figure = Figure { calls, ..Figure::default() };
        Total { all: figure.clone(), complete: figure }
    }

    #[test]
    fn what_two_applications_call_is_one_node_and_what_one_calls_is_none() {
        let mut backends = Backends::default();
        let of = |application, id, name: &str| backend(id, application, EntityKind::Backend, name);
        for (application, id, name, number) in [
            (1, 12, "db:3306", 5.0),
            (2, 11, "db:3306", 7.0),
            (1, 13, "own:3306", 90.0),
            (1, 12, "db:3306", 1.0),
        ] {
            backends.add(
                &of(application, id, name),
                EntityId(application),
                Way::To,
                &calls(number),
            );
        }
        let others = of(1, 14, "All other traffic for DATABASE");
        backends.add(&others, EntityId(1), Way::To, &calls(1.0));
        backends.add(&others, EntityId(2), Way::To, &calls(1.0));
        let shared = backends.shared();
        assert_eq!(shared.len(), 1);
        assert_eq!((shared[0].id, shared[0].calls().all.calls), (EntityId(11), 13.0));
        let edges: Vec<(u32, u32, f64)> =
            shared[0].edges(1).map(|edge| (edge.from, edge.to, edge.figures.calls)).collect();
        assert_eq!(edges, [(1, 11, 6.0), (2, 11, 7.0)]);
    }

    #[test]
    fn a_queue_that_one_writes_and_another_reads_joins_them() {
        let mut backends = Backends::default();
        let queue = |application, id| backend(id, application, EntityKind::Queue, "orders");
        backends.add(&queue(1, 5), EntityId(1), Way::To, &calls(3.0));
        backends.add(&queue(2, 6), EntityId(2), Way::From, &calls(3.0));
        let shared = backends.shared();
        let edges: Vec<(u32, u32, bool)> =
            shared[0].edges(1).map(|edge| (edge.from, edge.to, edge.asynchronous)).collect();
        assert_eq!(edges, [(1, 5, true), (5, 2, true)]);
        assert_eq!(shared[0].calls().all.calls, 3.0);
    }
}
