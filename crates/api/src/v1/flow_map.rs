//! The flow map of an application, and where its nodes are drawn.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use api_types::{
    Figures, FlowMap, FlowMapEdge, FlowMapNode, FlowMapNodeKind, Layout, LayoutPosition,
};
use axum::{Json, extract::State};
use http::StatusCode;
use metadata_store::{Layouts as _, NodePosition};
use model::{
    entity::{Entity, EntityKind},
    figure::Scope,
    id::EntityId,
    time::Minute,
};
use rustc_hash::FxHashMap;
use serde::Deserialize;
use telemetry_store::reader::{FigureQuery, FigureRow, Points, QueryError};
use utoipa::IntoParams;

use super::Refusals;
use crate::{
    ask::Asking,
    auth::Caller,
    context::{Context, Shared},
    entities::{Entities, hints_of, known},
    error::ApiError,
    extract::{Body, Params, PathId, Range, RangeParams},
    figures::{Belonging as _, Measured, Sums, Total, figures},
    judge::{BaselineParams, Verdicts, Wanted},
    period::Period,
    reference::{CallCategories, backend_category},
};

/// Positions in one request.
const MAX_POSITIONS: usize = 5000;
/// How far from the middle a node may be.
const MAX_COORDINATE: f64 = 1e7;

/// Which part of the map.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct MapParams {
    /// Id of a business transaction: only what happens under it.
    bt: Option<u32>,
}

/// Who calls whom.
#[utoipa::path(get, path = "/api/v1/applications/{id}/flow-map", tag = "flow map",
    params(("id" = u32, Path), RangeParams, BaselineParams, MapParams), responses((status = 200, body = FlowMap), Refusals))]
pub(crate) async fn read(
    State(context): State<Shared>,
    caller: Caller,
    PathId(id): PathId,
    Range { period, .. }: Range,
    Params(baseline): Params<BaselineParams>,
    Params(wanted): Params<MapParams>,
) -> Result<Json<FlowMap>, ApiError> {
    let entities = context.entities(&caller);
    entities.application(id)?;
    let bt = wanted.bt.map(|bt| transaction_of(&entities, EntityId(bt), id)).transpose()?;
    let part = bt.map_or(Part::Whole, |bt| Part::Under(vec![bt]));
    draw(&context, &caller, id, part, (period, baseline.read(Wanted::Default)?)).await
}

/// Who calls whom under one business transaction.
#[utoipa::path(get, path = "/api/v1/business-transactions/{id}/flow-map", tag = "flow map",
    params(("id" = u32, Path), RangeParams, BaselineParams), responses((status = 200, body = FlowMap), Refusals))]
pub(crate) async fn of_business_transaction(
    State(context): State<Shared>,
    caller: Caller,
    PathId(id): PathId,
    Range { period, .. }: Range,
    Params(baseline): Params<BaselineParams>,
) -> Result<Json<FlowMap>, ApiError> {
    let application = context.entities(&caller).transaction(id)?.key.application;
    let part = Part::Under(vec![id]);
    draw(&context, &caller, application, part, (period, baseline.read(Wanted::Default)?)).await
}

/// Who calls a tier, and whom it calls. Figures of anything but tiers are those of the calls on this map.
#[utoipa::path(get, path = "/api/v1/tiers/{id}/flow-map", tag = "flow map",
    params(("id" = u32, Path), RangeParams, BaselineParams), responses((status = 200, body = FlowMap), Refusals))]
pub(crate) async fn of_tier(
    State(context): State<Shared>,
    caller: Caller,
    PathId(id): PathId,
    Range { period, .. }: Range,
    Params(baseline): Params<BaselineParams>,
) -> Result<Json<FlowMap>, ApiError> {
    let tier = context.entities(&caller).one_of(id, &[EntityKind::Tier], "tier")?;
    draw(
        &context,
        &caller,
        tier.key.application,
        Part::Around(id),
        (period, baseline.read(Wanted::Default)?),
    )
    .await
}

/// Who calls a backend or queue, and whom a queue delivers to.
#[utoipa::path(get, path = "/api/v1/backends/{id}/flow-map", tag = "flow map",
    params(("id" = u32, Path), RangeParams, BaselineParams), responses((status = 200, body = FlowMap), Refusals))]
pub(crate) async fn of_backend(
    State(context): State<Shared>,
    caller: Caller,
    PathId(id): PathId,
    Range { period, .. }: Range,
    Params(baseline): Params<BaselineParams>,
) -> Result<Json<FlowMap>, ApiError> {
    let kinds = [EntityKind::Backend, EntityKind::Queue];
    let backend = context.entities(&caller).one_of(id, &kinds, "backend")?;
    draw(
        &context,
        &caller,
        backend.key.application,
        Part::Around(id),
        (period, baseline.read(Wanted::Default)?),
    )
    .await
}

/// Which part of an application's map is drawn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Whole,
    /// What happens under any of these business transactions.
    Under(Vec<EntityId>),
    /// A tier, backend or queue, and whatever it calls or is called by.
    Around(EntityId),
}

impl Part {
    /// Of what figures it shows, as far as that is less than what was counted.
    fn near(&self, sums: &Sums) -> Near {
        let Part::Around(middle) = *self else { return Near(None) };
        let ends = sums.measured().filter_map(|measured| match measured {
            Measured::Call { from, to } => Some([from, to]),
            _ => None,
        });
        Near(Some((middle, ends.flatten().chain([middle]).collect())))
    }
}

/// The middle of a map and whoever is drawn around it; nothing where everything is drawn.
struct Near(Option<(EntityId, BTreeSet<EntityId>)>);

impl Near {
    fn has(&self, measured: &Measured) -> bool {
        let Some((middle, drawn)) = &self.0 else { return true };
        match measured {
            Measured::Tier(tier) => drawn.contains(tier),
            Measured::CallsTo(to) => to == middle,
            _ => true,
        }
    }
}

/// What was counted of a part of an application.
fn rows_of(
    asking: &mut Asking<'_>,
    application: EntityId,
    part: &Part,
    period: &Period,
) -> Result<Vec<FigureRow>, QueryError> {
    use Scope::{BusinessTransaction, Edge, Tier, TierInTransaction};
    let of_all = |scopes: &[Scope]| FigureQuery {
        bt: Some(EntityId::NONE),
        ..asking.query(application, scopes, period.complete, Points::Total)
    };
    let queries = match part {
        // All three are counted over all business transactions.
        Part::Whole => vec![of_all(&[Edge, Tier, BusinessTransaction])],
        Part::Around(middle) => vec![
            of_all(&[Tier, BusinessTransaction]),
            FigureQuery { subject: Some(*middle), ..of_all(&[Edge]) },
            FigureQuery { peer: Some(*middle), ..of_all(&[Edge]) },
        ],
        Part::Under(bts) => {
            let under = |bt: EntityId| {
                let inside = FigureQuery { bt: Some(bt), ..of_all(&[Edge, TierInTransaction]) };
                [inside, FigureQuery { subject: Some(bt), ..of_all(&[BusinessTransaction]) }]
            };
            bts.iter().copied().flat_map(under).collect()
        }
    };
    let mut rows = Vec::new();
    for query in &queries {
        let found = asking.totals(query, period)?;
        // Who calls itself was found as a caller, before it was looked for as one who is called.
        let is_new = |row: &FigureRow| query.peer != Some(row.key.subject);
        rows.extend(found.into_iter().filter(is_new));
    }
    Ok(rows)
}

/// The map of a part of an application.
pub(super) async fn draw(
    context: &Context,
    caller: &Caller,
    id: EntityId,
    part: Part,
    (period, wanted): (Period, Wanted),
) -> Result<Json<FlowMap>, ApiError> {
    let entities = context.entities(caller);
    let judge = context.judge(caller.account, id, wanted).await?;
    let (asked, drawn_part) = (entities.clone(), part.clone());
    let told = context.queries.ask(caller.account, move |asking| {
        let rows = rows_of(asking, id, &drawn_part, &period)?;
        let sums = Sums::of(&rows, &asked, |_| true);
        let near = drawn_part.near(&sums);
        let is_judged = |measured: &Measured| is_drawn(measured) && near.has(measured);
        let drawn = sums.measured().filter(is_judged).map(|measured| (id, measured));
        let verdicts = judge.expect(asking, &period, drawn);
        Ok((sums, verdicts))
    });
    let told = told.await?;
    let (sums, verdicts) = told.value;
    let layout = context.store.layout(caller.account.0, &layout_of(id)).await?;
    let drawing = Drawing {
        entities: &entities,
        categories: CallCategories::of(&entities),
        application: id,
        part,
        period: &period,
        sums: &sums,
        verdicts: &verdicts,
        positions: layout.iter().map(|at| (EntityId(at.entity_id), *at)).collect(),
        now_ms: context.now_ms(),
    };
    let edges = drawing.edges();
    Ok(Json(FlowMap {
        application: entities.mention(id),
        nodes: drawing.nodes(&edges),
        edges: edges.iter().map(|(ends, figure)| drawing.edge(*ends, figure)).collect(),
        filling_from: period.filling.map(Minute::start_millis),
        partial: told.partial,
    }))
}

/// Stores where nodes are drawn.
#[utoipa::path(put, path = "/api/v1/applications/{id}/flow-map/layout", tag = "flow map",
    params(("id" = u32, Path)), request_body = Layout,
    responses((status = 204, description = "Stored"), Refusals))]
pub(crate) async fn put_layout(
    State(context): State<Shared>,
    caller: Caller,
    PathId(id): PathId,
    Body(layout): Body<Layout>,
) -> Result<StatusCode, ApiError> {
    let entities = context.entities(&caller);
    entities.application(id)?;
    check_positions(&layout.positions)?;
    if let Some(stranger) =
        layout.positions.iter().find(|at| entities.get(EntityId(at.id)).is_none())
    {
        return Err(ApiError::Unprocessable(format!(
            "there is no node {} to be placed",
            stranger.id
        )));
    }
    let positions: Vec<NodePosition> = layout
        .positions
        .iter()
        .map(|at| NodePosition { entity_id: at.id, x: at.x, y: at.y, pinned: at.pinned })
        .collect();
    context.store.save_layout(caller.account.0, &layout_of(id), &positions).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Refuses more positions than a layout has, and such far out.
pub(super) fn check_positions(positions: &[LayoutPosition]) -> Result<(), ApiError> {
    if positions.len() > MAX_POSITIONS {
        return Err(ApiError::bad(format!("a layout has at most {MAX_POSITIONS} positions")));
    }
    let near = |value: f64| value.is_finite() && value.abs() <= MAX_COORDINATE;
    match positions.iter().find(|at| !near(at.x) || !near(at.y)) {
        Some(far) => Err(ApiError::bad(format!("node {} is placed too far out", far.id))),
        None => Ok(()),
    }
}

fn layout_of(application: EntityId) -> String {
    format!("application:{application}")
}

fn transaction_of(
    entities: &Entities,
    bt: EntityId,
    application: EntityId,
) -> Result<EntityId, ApiError> {
    let found = entities.transaction(bt)?;
    match found.key.application == application {
        true => Ok(bt),
        false => Err(ApiError::Unprocessable(format!(
            "business transaction {bt} is not one of application {application}"
        ))),
    }
}

/// Whether it may stand on a map.
fn is_drawn(measured: &Measured) -> bool {
    use Measured::{Call, CallUnder, CallsTo, Tier, TierUnder};
    matches!(measured, Tier(_) | TierUnder { .. } | Call { .. } | CallUnder { .. } | CallsTo(_))
}

type Ends = (EntityId, EntityId);

/// Everything that the map is drawn from.
struct Drawing<'a> {
    entities: &'a Entities,
    categories: CallCategories,
    application: EntityId,
    part: Part,
    period: &'a Period,
    sums: &'a Sums,
    verdicts: &'a Verdicts,
    positions: BTreeMap<EntityId, NodePosition>,
    now_ms: i64,
}

impl Drawing<'_> {
    /// Calls by their ends. Everything of another application is one node.
    fn edges(&self) -> BTreeMap<Ends, Total> {
        let mut edges = BTreeMap::<Ends, Total>::new();
        for measured in self.sums.measured() {
            let (Measured::Call { from, to } | Measured::CallUnder { from, to, .. }) = measured
            else {
                continue;
            };
            if !self.is_of_part(from, to) {
                continue;
            }
            let (Some(from), Some(to)) = (self.drawn_as(from), self.drawn_as(to)) else { continue };
            edges.entry((from, to)).or_default().merge(&self.total(measured));
        }
        edges
    }

    fn is_of_part(&self, from: EntityId, to: EntityId) -> bool {
        match &self.part {
            Part::Around(middle) => from == *middle || to == *middle,
            Part::Whole | Part::Under(_) => true,
        }
    }

    /// The node that stands for an entity; nothing for one that is gone.
    fn drawn_as(&self, id: EntityId) -> Option<EntityId> {
        let entity = self.entities.get(id)?;
        let foreign =
            entity.key.kind == EntityKind::Tier && entity.key.application != self.application;
        Some(if foreign { entity.key.application } else { id })
    }

    fn nodes(&self, edges: &BTreeMap<Ends, Total>) -> Vec<FlowMapNode> {
        let mut drawn: BTreeSet<EntityId> =
            edges.keys().flat_map(|(from, to)| [*from, *to]).collect();
        let live = self.entities.live_nodes(self.application, self.period.range, self.now_ms);
        let measured = || {
            self.sums.measured().filter_map(|measured| match measured {
                Measured::Tier(tier) | Measured::TierUnder { tier, .. } => self.drawn_as(tier),
                _ => None,
            })
        };
        match &self.part {
            Part::Around(middle) => drawn.extend([*middle]),
            // Where they enter, even if nothing did.
            Part::Under(bts) => {
                drawn.extend(measured());
                drawn.extend(bts.iter().filter_map(|bt| Some(self.entities.get(*bt)?.key.parent)));
            }
            Part::Whole => {
                drawn.extend(measured());
                drawn.extend(live.iter().map(|node| node.key.parent));
            }
        }
        let entries = self.entries();
        let mut nodes = FxHashMap::<EntityId, usize>::default();
        live.iter().for_each(|node| *nodes.entry(node.key.parent).or_default() += 1);
        let mut calls_to = FxHashMap::<EntityId, (Total, Vec<EntityId>)>::default();
        for ((from, to), total) in edges {
            if self.is_measured_by_calls(*to) {
                let (sum, callers) = calls_to.entry(*to).or_default();
                sum.merge(total);
                callers.push(*from);
            }
        }
        let node = |id: EntityId| {
            let entity = self.entities.get(id)?;
            let (figure, callers) = match self.is_measured_by_calls(id) {
                true => {
                    let (sum, callers) = calls_to.remove(&id).unwrap_or_default();
                    (Some(sum), callers)
                }
                false => (self.tier_figure(id), Vec::new()),
            };
            let nodes = nodes.get(&id).copied().unwrap_or_default();
            let judged = self.judged_by(id, &callers);
            Some(self.node(&entity, nodes, entries.contains(&id), (figure, judged)))
        };
        drawn.into_iter().filter_map(node).collect()
    }

    /// Tiers where transactions enter that somebody waits for; of one business transaction, whatever it is.
    fn entries(&self) -> BTreeSet<EntityId> {
        let entered = self.sums.measured().filter_map(|measured| match measured {
            Measured::Transaction(bt) if self.is_under() || self.entities.is_key(bt) => {
                Some(self.entities.get(bt)?.key.parent)
            }
            _ => None,
        });
        entered.collect()
    }

    fn node(
        &self,
        entity: &Entity,
        nodes: usize,
        entry: bool,
        (figure, judged): (Option<Total>, Option<Measured>),
    ) -> FlowMapNode {
        let at = self.positions.get(&entity.id);
        let kind = node_kind(entity.key.kind);
        FlowMapNode {
            id: entity.id.0,
            kind,
            name: entity.key.name.clone(),
            category: match kind {
                FlowMapNodeKind::Tier | FlowMapNodeKind::Node => "tier".to_owned(),
                FlowMapNodeKind::Application => "application".to_owned(),
                FlowMapNodeKind::Backend | FlowMapNodeKind::Queue => backend_category(entity),
            },
            system: known(&entity.properties.system),
            figures: figure.map(|total| {
                let deviation = judged.and_then(|judged| self.verdicts.deviation(judged, &total));
                Figures { deviation, ..figures(&total, self.minutes()) }
            }),
            nodes,
            x: at.map(|at| at.x),
            y: at.map(|at| at.y),
            pinned: at.is_some_and(|at| at.pinned),
            entry,
            hints: hints_of(entity),
        }
    }

    /// Whether its figures are those of the calls to it: of anything but a tier.
    fn is_measured_by_calls(&self, id: EntityId) -> bool {
        self.entities.get(id).is_some_and(|entity| entity.key.kind != EntityKind::Tier)
    }

    /// What a node of the map is judged by. All calls to something are not those of one business transaction or one caller:
    /// on such a map what only one calls is judged as that call is, and of several callers together nothing is expected.
    fn judged_by(&self, id: EntityId, callers: &[EntityId]) -> Option<Measured> {
        let whole = match &self.part {
            Part::Whole => true,
            Part::Around(middle) => *middle == id,
            Part::Under(_) => false,
        };
        match (self.is_measured_by_calls(id), self.bt(), callers) {
            (true, _, _) if whole => Some(Measured::CallsTo(id)),
            (true, _, [from]) => Some(self.call(*from, id)),
            (true, _, _) => None,
            (false, Some(bt), _) => Some(Measured::TierUnder { bt, tier: id }),
            (false, None, _) => Some(Measured::Tier(id)),
        }
    }

    fn call(&self, from: EntityId, to: EntityId) -> Measured {
        match self.bt() {
            Some(bt) => Measured::CallUnder { bt, from, to },
            None => Measured::Call { from, to },
        }
    }

    /// A tier's entry calls.
    fn tier_figure(&self, tier: EntityId) -> Option<Total> {
        let measured: Vec<Measured> = match &self.part {
            Part::Under(bts) => {
                bts.iter().map(|bt| Measured::TierUnder { bt: *bt, tier }).collect()
            }
            Part::Whole | Part::Around(_) => vec![Measured::Tier(tier)],
        };
        let mut found = measured.into_iter().filter(|measured| self.sums.has(*measured));
        let first = self.total(found.next()?);
        Some(found.fold(first, |mut total, measured| {
            total.merge(&self.total(measured));
            total
        }))
    }

    fn is_under(&self) -> bool {
        matches!(self.part, Part::Under(_))
    }

    /// The business transaction that the map is of; of several together nothing is expected.
    fn bt(&self) -> Option<EntityId> {
        match &self.part {
            Part::Under(bts) => bts.first().copied(),
            Part::Whole | Part::Around(_) => None,
        }
    }

    fn edge(&self, (from, to): Ends, figure: &Total) -> FlowMapEdge {
        let called = self.entities.get(to);
        let is = |entity: &Option<Arc<Entity>>, kind| {
            entity.as_ref().is_some_and(|entity| entity.key.kind == kind)
        };
        let deviation = self.verdicts.deviation(self.call(from, to), figure);
        let queued =
            is(&self.entities.get(from), EntityKind::Queue) || is(&called, EntityKind::Queue);
        FlowMapEdge {
            from: from.0,
            to: to.0,
            category: match &called {
                Some(called) if !queued => self.categories.to(called),
                _ => "MESSAGING".to_owned(),
            },
            asynchronous: queued,
            figures: Figures { deviation, ..figures(figure, self.minutes()) },
            resolved: !is(&called, EntityKind::Backend),
        }
    }

    fn total(&self, measured: Measured) -> Total {
        self.sums.total(measured, self.period.filling)
    }

    fn minutes(&self) -> u32 {
        self.period.complete.len()
    }
}

fn node_kind(kind: EntityKind) -> FlowMapNodeKind {
    match kind {
        EntityKind::Application => FlowMapNodeKind::Application,
        EntityKind::Backend => FlowMapNodeKind::Backend,
        EntityKind::Queue => FlowMapNodeKind::Queue,
        // Figures of calls name nothing else.
        _ => FlowMapNodeKind::Tier,
    }
}
