//! One trace, span by span.

use std::{collections::BTreeSet, sync::Arc};

use api_types::{
    Exit, ExitTarget, Link, SnapshotReason, Span as SpanBody, SpanEvent, SpanRole, Trace,
    TraceTransaction,
};
use axum::{
    Json,
    extract::{Path, State},
};
use model::{
    entity::{Entity, EntityKind},
    id::{EntityId, TraceId},
    naming::name,
};
use rustc_hash::FxHashMap;
use telemetry_store::reader::{QueryError, Span, TraceQuery, TraceRow};

use super::{Refusals, logs::trace_id};
use crate::{
    any_value,
    ask::Asking,
    auth::Caller,
    context::Shared,
    entities::Entities,
    error::ApiError,
    thrown::text,
    waterfall::{Called, Role, Row, Waterfall},
};

/// Entries of one trace whose business transactions are looked up.
const MAX_ENTRIES: usize = 16;
const MS: u64 = 1_000_000;

/// One trace with all its spans.
#[utoipa::path(get, path = "/api/v1/traces/{trace_id}", tag = "traces",
    params(("trace_id" = String, Path, description = "32 hexadecimal digits", pattern = "^[0-9a-fA-F]{32}$")),
    responses((status = 200, body = Trace), Refusals))]
pub(crate) async fn read(
    State(context): State<Shared>,
    caller: Caller,
    Path(text): Path<String>,
) -> Result<Json<Trace>, ApiError> {
    let trace = trace_id(&text)?;
    let entities = context.entities(&caller);
    let told = context.queries.ask(&caller, move |asking| {
        let spans = asking.trace(trace)?;
        let waterfall = Waterfall::of(&spans);
        let entered = entered(asking, trace, &spans, &waterfall)?;
        Ok((!spans.is_empty()).then(|| body(&entities, &spans, &waterfall, &entered)))
    });
    let told = told.await?;
    let found = told.value.ok_or_else(|| {
        ApiError::NotFound(format!(
            "no trace {trace} is kept; the settings retention-traces and retention-snapshots say for how long they are"
        ))
    })?;
    Ok(Json(Trace { trace_id: trace.to_string(), partial: told.partial, ..found }))
}

/// The trace but for its id and for why it may not be whole.
fn body(entities: &Entities, spans: &[Span], waterfall: &Waterfall, entered: &[TraceRow]) -> Trace {
    let counted = entered.iter().map(|row| row.spans).max().unwrap_or(0);
    let kept = u32::try_from(spans.len()).unwrap_or(u32::MAX);
    let start_ms = waterfall.start_ns.max(0) / i128::from(MS);
    let targets = Targets::of(entities, spans);
    Trace {
        trace_id: String::new(),
        start: i64::try_from(start_ms).unwrap_or(i64::MAX),
        duration_ms: waterfall.duration_ns as f64 / MS as f64,
        bts: entered.iter().map(|row| transaction(entities, row)).collect(),
        dropped_spans: counted.saturating_sub(kept),
        spans: waterfall.rows.iter().map(|row| span_body(&targets, waterfall, row)).collect(),
        partial: None,
    }
}

/// The business transactions that the trace entered. Transactions are found by their tiers and ends, so each span that may
/// have been an entry is looked up by its own.
fn entered(
    asking: &mut Asking<'_>,
    trace: TraceId,
    spans: &[Span],
    waterfall: &Waterfall,
) -> Result<Vec<TraceRow>, QueryError> {
    let mut found: Vec<TraceRow> = Vec::new();
    for span in candidates(spans, waterfall) {
        let end_ns = spans[span].start_ns.saturating_add(spans[span].duration_ns);
        let page = asking.traces(&TraceQuery {
            account: asking.account,
            trace: Some(trace),
            application: Some(spans[span].application),
            bt: None,
            tier: Some(spans[span].tier),
            outcomes: Vec::new(),
            min_duration_us: 0,
            max_duration_us: u64::MAX,
            kept_only: false,
            from_ns: end_ns.saturating_sub(MS),
            to_ns: end_ns.saturating_add(MS),
            before: None,
            limit: MAX_ENTRIES,
        })?;
        for row in page.rows {
            let known = found.iter().any(|known| known.entry == row.entry);
            if !row.bt.is_none() && !known {
                found.push(row);
            }
        }
    }
    found.sort_by_key(|row| row.end_ns.saturating_sub(row.duration_us.saturating_mul(1000)));
    Ok(found)
}

/// Roots, and entries into an application that no entry above is in.
fn candidates(spans: &[Span], waterfall: &Waterfall) -> Vec<usize> {
    let entries: BTreeSet<usize> =
        waterfall.rows.iter().filter(|row| row.role == Role::Entry).map(|row| row.span).collect();
    let first_of_application = |span: usize| {
        // A chain may be as long as the trace; beyond this it is looked up and found to be none.
        let mut above = waterfall.tree.ancestors(span).take(256);
        !above.any(|above| {
            entries.contains(&above) && spans[above].application == spans[span].application
        })
    };
    let candidate = |span: &usize| {
        let root = waterfall.tree.parent(*span).is_none();
        root || (entries.contains(span) && first_of_application(*span))
    };
    waterfall.rows.iter().map(|row| row.span).filter(candidate).take(MAX_ENTRIES).collect()
}

fn transaction(entities: &Entities, row: &TraceRow) -> TraceTransaction {
    let name = entities.mention(row.bt).name;
    TraceTransaction {
        id: row.bt.0,
        name,
        application: entities.mention(row.application),
        outcome: row.outcome.into(),
        reason: SnapshotReason::of(row.reason),
    }
}

fn span_body(targets: &Targets<'_>, waterfall: &Waterfall, row: &Row) -> SpanBody {
    let entities = targets.entities;
    let span = &targets.spans[row.span];
    let event = |event: &telemetry_store::reader::SpanEvent| SpanEvent {
        offset_us: signed_micros(i128::from(event.at_ns) - i128::from(span.start_ns)),
        name: event.name.clone(),
        attributes: any_value::object(&event.attributes),
    };
    SpanBody {
        span_id: span.id.to_string(),
        parent_span_id: (!span.parent.is_none()).then(|| span.parent.to_string()),
        name: span.name.clone(),
        kind: span.kind.into(),
        role: match row.role {
            Role::Entry => SpanRole::Entry,
            Role::Exit(_) => SpanRole::Exit,
            Role::Internal => SpanRole::Internal,
            Role::Transport => SpanRole::Transport,
        },
        tier: entities.mention(span.tier),
        node: entities.mention(span.node),
        start_us: u64::try_from((row.start_ns - waterfall.start_ns) / 1000).unwrap_or(0),
        skew_us: signed_micros(row.skew_ns),
        duration_us: span.duration_ns / 1000,
        self_us: row.self_ns / 1000,
        status: span.status.into(),
        status_message: span.status_message.clone(),
        exit: match &row.role {
            Role::Exit(called) => Some(Exit {
                category: called.category.to_owned(),
                target: targets.of_call(span, called),
            }),
            _ => None,
        },
        attributes: any_value::object(&span.attributes),
        resource: any_value::object(&span.resource),
        scope: span.scope.clone(),
        events: span.events.iter().map(event).collect(),
        links: span
            .links
            .iter()
            .map(|(trace, span)| Link { trace_id: trace.to_string(), span_id: span.to_string() })
            .collect(),
        critical: row.critical,
    }
}

/// Whom calls called.
pub(crate) struct Targets<'a> {
    entities: &'a Entities,
    spans: &'a [Span],
    /// Tiers by application and an address at which they once answered.
    answered: FxHashMap<(EntityId, String), EntityId>,
}

impl<'a> Targets<'a> {
    pub(crate) fn of(entities: &'a Entities, spans: &'a [Span]) -> Targets<'a> {
        let applications: BTreeSet<EntityId> = spans.iter().map(|span| span.application).collect();
        let addresses = applications
            .into_iter()
            .filter_map(EntityId::some)
            .flat_map(|application| entities.all(application, EntityKind::Address));
        let by_name = |known: Arc<Entity>| {
            ((known.key.application, known.key.name.clone()), known.key.parent)
        };
        Targets { entities, spans, answered: addresses.map(by_name).collect() }
    }

    /// The tier that answered, else the queue or backend of the call's name, else the tier that once answered at its
    /// address, else what its spans say.
    pub(crate) fn of_call(&self, call: &Span, called: &Called) -> ExitTarget {
        let application = call.application;
        let find = |kind, name: &str| self.entities.find(kind, application, EntityId::NONE, name);
        // A loopback address is qualified by the host that it means.
        let on_host = |text: &str| Some(format!("{text} ({})", host_of(call)?));
        let named = |kind| {
            let local = || find(kind, &name::limited(on_host(&called.identity)?));
            find(kind, &called.identity).or_else(local)
        };
        if called.queue {
            let queue = named(EntityKind::Queue);
            return queue.map_or_else(|| unknown(called, "queue"), |queue| known(&queue, "queue"));
        }
        let answered =
            called.answered_by.and_then(|entry| self.entities.get(self.spans[entry].tier));
        if let Some(tier) = answered {
            return known(&tier, "tier");
        }
        if let Some(backend) = named(EntityKind::Backend) {
            return known(&backend, "backend");
        }
        let at = |address: String| self.answered.get(&(application, address));
        let address = called.address.clone().unwrap_or_default();
        let resolved = at(address.clone()).or_else(|| at(on_host(&address)?));
        let resolved = resolved.and_then(|tier| self.entities.get(*tier));
        resolved.map_or_else(|| unknown(called, "backend"), |tier| known(&tier, "tier"))
    }
}

/// What a loopback address means to a span's process, as intake read or learnt it.
fn host_of(span: &Span) -> Option<&str> {
    text(&span.resource, &["host.name", "k8s.node.name", "vedette.host"])
}

fn known(entity: &Entity, kind: &str) -> ExitTarget {
    ExitTarget { id: entity.id.0, name: entity.key.name.clone(), kind: kind.to_owned() }
}

fn unknown(called: &Called, kind: &str) -> ExitTarget {
    ExitTarget { id: 0, name: called.identity.clone(), kind: kind.to_owned() }
}

fn signed_micros(ns: i128) -> i64 {
    i64::try_from(ns / 1000).unwrap_or(if ns < 0 { i64::MIN } else { i64::MAX })
}
