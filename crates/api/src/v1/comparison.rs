//! What differs between slow and normal transactions of a business transaction.

use api_types::{AttributeDifference, ComparedTraces, Comparison, OperationDifference, SlowBy};
use axum::{Json, extract::State};
use model::{
    figure::Scope,
    id::{AccountId, EntityId},
    span::Outcome,
};
use telemetry_store::reader::{FigureQuery, Points, QueryError, TraceQuery, TraceRow};

use super::Refusals;
use crate::{
    ask::Asking,
    auth::Caller,
    comparison::{self, FEWEST, Traits},
    context::Shared,
    entities::Entities,
    error::ApiError,
    extract::{PathId, Range, RangeParams},
    figures::{Measured, Sums},
    sampled,
};

/// Traces of each side that are read.
const SAMPLE: usize = 30;
const MAX_ATTRIBUTES: usize = 40;
const MAX_OPERATIONS: usize = 20;
const SLOW: [Outcome; 3] = [Outcome::Slow, Outcome::VerySlow, Outcome::Stall];
/// Calls above this share are the slowest where too few are slow by their outcome.
const SLOWEST: f64 = 0.9;

/// What slow transactions have in common that normal ones have not: attributes, and where the time goes. Of at most 30 traces
/// of each side, spread over the range; a trace is kept whole for a day, so of an older range there are snapshots alone.
#[utoipa::path(get, path = "/api/v1/business-transactions/{id}/comparison", tag = "business transactions",
    params(("id" = u32, Path), RangeParams), responses((status = 200, body = Comparison), Refusals))]
pub(crate) async fn read(
    State(context): State<Shared>,
    caller: Caller,
    PathId(id): PathId,
    range: Range,
) -> Result<Json<Comparison>, ApiError> {
    let entities = context.entities(&caller);
    let application = entities.transaction(id)?.key.application;
    let told = context.queries.ask(&caller, move |asking| {
        let wanted = transactions(asking.account, application, id, &range);
        let sides = Sides::choose(asking, &wanted, &range)?;
        let slow = Side::read(asking, &sides.slow)?;
        let normal = Side::read(asking, &sides.normal)?;
        Ok(body(&entities, sides.slow_from_us, &slow, &normal))
    });
    let told = told.await?;
    Ok(Json(Comparison { partial: told.partial, ..told.value }))
}

/// All transactions of a business transaction in a range.
fn transactions(
    account: AccountId,
    application: EntityId,
    bt: EntityId,
    range: &Range,
) -> TraceQuery {
    let (from_ns, to_ns) = range.nanos();
    TraceQuery {
        account,
        trace: None,
        application: Some(application),
        bt: Some(bt),
        tier: None,
        outcomes: Vec::new(),
        min_duration_us: 0,
        max_duration_us: u64::MAX,
        kept_only: false,
        from_ns,
        to_ns,
        before: None,
        limit: 0,
    }
}

/// The transactions that are compared.
struct Sides {
    slow: Vec<TraceRow>,
    normal: Vec<TraceRow>,
    /// The response time from which on they were taken for slow, where outcomes did not tell.
    slow_from_us: Option<u64>,
}

impl Sides {
    fn choose(
        asking: &mut Asking<'_>,
        all: &TraceQuery,
        range: &Range,
    ) -> Result<Sides, QueryError> {
        let of = |outcomes: &[Outcome]| TraceQuery { outcomes: outcomes.to_vec(), ..all.clone() };
        let normal = of(&[Outcome::Normal]);
        let slow = sampled::spread(asking, &of(&SLOW), SAMPLE)?;
        if slow.len() >= FEWEST {
            let normal = sampled::spread(asking, &normal, SAMPLE)?;
            return Ok(Sides { slow, normal, slow_from_us: None });
        }
        let Some(slow_from_us) = slowest_from(asking, all, range)? else {
            return Ok(Sides { slow, normal: Vec::new(), slow_from_us: None });
        };
        let slowest = TraceQuery {
            min_duration_us: slow_from_us,
            ..of(&[Outcome::Normal, SLOW[0], SLOW[1], SLOW[2]])
        };
        let slow = sampled::spread(asking, &slowest, SAMPLE)?;
        let mut normal = sampled::spread(asking, &normal, SAMPLE)?;
        normal.retain(|row| row.duration_us < slow_from_us);
        Ok(Sides { slow, normal, slow_from_us: Some(slow_from_us) })
    }
}

/// The response time above which the slowest transactions lie, microseconds; nothing without a timed one.
fn slowest_from(
    asking: &mut Asking<'_>,
    of: &TraceQuery,
    range: &Range,
) -> Result<Option<u64>, QueryError> {
    let Some((application, bt)) = of.application.zip(of.bt) else { return Ok(None) };
    let scopes = [Scope::BusinessTransaction];
    let total = asking.query(application, &scopes, range.period.range, Points::Total);
    let rows = asking.figures(&FigureQuery { subject: Some(bt), ..total })?;
    let wanted = Measured::Transaction(bt);
    let total = Sums::of(&rows, &|_| true, |found| *found == wanted).total(wanted, None);
    Ok(total.all.quantile_micros(SLOWEST).map(|micros| micros as u64))
}

/// What was read of one side.
#[derive(Default)]
struct Side {
    traits: Vec<Traits>,
    total_us: u64,
}

impl Side {
    fn read(asking: &mut Asking<'_>, rows: &[TraceRow]) -> Result<Side, QueryError> {
        let mut side = Side::default();
        sampled::read_each(asking, rows, |row, spans| {
            side.traits.push(Traits::of(spans));
            side.total_us = side.total_us.saturating_add(row.duration_us);
        })?;
        Ok(side)
    }

    fn body(&self) -> ComparedTraces {
        let traces = self.traits.len();
        let average_ms = (traces > 0).then(|| self.total_us as f64 / 1000.0 / traces as f64);
        ComparedTraces { traces, average_ms }
    }
}

fn body(entities: &Entities, slow_from_us: Option<u64>, slow: &Side, normal: &Side) -> Comparison {
    let percent = |part: usize, side: &Side| 100.0 * part as f64 / side.traits.len().max(1) as f64;
    let attribute = |found: comparison::FactDifference| AttributeDifference {
        tier: entities.mention(found.fact.tier),
        slow_percent: percent(found.slow, slow),
        normal_percent: percent(found.normal, normal),
        key: found.fact.key,
        value: found.fact.value,
        slow: found.slow,
        normal: found.normal,
    };
    let operation = |found: comparison::OperationDifference| OperationDifference {
        tier: entities.mention(found.operation.tier),
        name: found.operation.name,
        slow_ms: found.slow.0,
        normal_ms: found.normal.0,
        slow_calls: found.slow.1,
        normal_calls: found.normal.1,
    };
    let attributes = comparison::facts(&slow.traits, &normal.traits);
    let operations = comparison::operations(&slow.traits, &normal.traits);
    Comparison {
        slow_by: if slow_from_us.is_some() { SlowBy::Slowest } else { SlowBy::Outcome },
        slow_from_ms: slow_from_us.map(|micros| micros as f64 / 1000.0),
        slow: slow.body(),
        normal: normal.body(),
        attributes: attributes.into_iter().take(MAX_ATTRIBUTES).map(attribute).collect(),
        operations: operations.into_iter().take(MAX_OPERATIONS).map(operation).collect(),
        partial: None,
    }
}
