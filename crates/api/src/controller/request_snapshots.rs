//! Snapshots, with the filters of the reference.

mod details;

use std::collections::HashSet;

use model::{
    id::{EntityId, TraceId},
    span::{Outcome, SnapshotReason},
};
use serde_json::Value;
use telemetry_store::reader::{TraceQuery, TraceRow};
use twox_hash::XxHash3_64;

use self::details::{Details, Wanted};
use super::{
    asked::Asked,
    document::{Document, Shape},
    time_range::TimeRange,
};
use crate::{
    ask::Asking,
    entities::Entities,
    error::ApiError,
    extract::nanos,
    v1::{
        logs::trace_id,
        snapshots::{outcomes, start_ms},
    },
};

const DEFAULT_RESULTS: i64 = 100;
const MOST_RESULTS: i64 = 600;
/// Pages that are looked through for what the filters want.
const PAGES: usize = 20;
/// Snapshots of one answer whose spans are read.
const MOST_DETAILED: usize = 100;

/// Filters on what Vedette does not keep: answering without them would answer another question.
const UNSUPPORTED: [&str; 11] = [
    "session-id",
    "user-principal-id",
    "error-ids",
    "bad-request",
    "diagnostic-snapshot",
    "diagnostic-session-guid",
    "starting-request-id",
    "ending-request-id",
    "data-collector-name",
    "data-collector-type",
    "data-collector-value",
];

pub(crate) async fn list(asked: Asked) -> Result<Document, ApiError> {
    let app = asked.application()?;
    let filter = Filter::of(&asked)?;
    let range = TimeRange::of(&asked)?;
    let query = TraceQuery {
        account: asked.caller.account,
        application: Some(app.id),
        bt: filter.one_bt(),
        tier: None,
        outcomes: filter.outcomes.clone(),
        min_duration_us: filter.min_duration_us,
        kept_only: true,
        from_ns: nanos(range.from_ms),
        to_ns: nanos(range.to_ms),
        before: None,
        limit: MOST_RESULTS as usize,
    };
    let entities = asked.entities();
    let asked_entities = entities.clone();
    let told = asked.context().queries.ask(asked.caller.account, move |asking| {
        let rows = matching(asking, query, &filter)?;
        detailed(asking, &asked_entities, rows, filter.details)
    });
    let told = told.await?;
    let items = told.value.into_iter().map(|(row, details)| shape(&entities, &row, details));
    let items = items.collect();
    Ok(asked.partial_list("request-segment-datas", "request-segment-data", items, told.partial))
}

/// What is wanted beyond what the store can be asked.
#[derive(Clone, Debug)]
struct Filter {
    guids: HashSet<TraceId>,
    policies: HashSet<String>,
    tiers: HashSet<EntityId>,
    nodes: HashSet<EntityId>,
    bts: HashSet<EntityId>,
    outcomes: Vec<Outcome>,
    min_duration_us: u64,
    error_occurred: Option<bool>,
    details: Wanted,
    /// Nothing is archived, and every snapshot is the first of its chain.
    nothing: bool,
    results: usize,
}

impl Filter {
    fn of(asked: &Asked) -> Result<Filter, ApiError> {
        if let Some(name) = UNSUPPORTED.into_iter().find(|name| asked.param(name).is_some()) {
            return Err(ApiError::bad(format!("snapshots cannot be filtered by {name}")));
        }
        let list = |name| {
            let text = asked.param(name).unwrap_or_default();
            text.split(',').map(str::trim).filter(|part| !part.is_empty())
        };
        let results = asked.number("maximum-results")?.unwrap_or(DEFAULT_RESULTS);
        if results < 1 {
            return Err(ApiError::bad(format!(
                "maximum-results is {results}; it has to be 1 to {MOST_RESULTS}"
            )));
        }
        let min_ms = asked.number("execution-time-in-millis")?.unwrap_or(0);
        let archived = asked.flag("archived")? == Some(true);
        let later = asked.flag("first-in-chain")? == Some(false);
        Ok(Filter {
            guids: list("guids").map(trace_id).collect::<Result<_, _>>()?,
            policies: list("deep-dive-policy").map(str::to_uppercase).collect(),
            tiers: asked.ids("application-component-ids")?.into_iter().collect(),
            nodes: asked.ids("application-component-node-ids")?.into_iter().collect(),
            bts: asked.ids("business-transaction-ids")?.into_iter().collect(),
            outcomes: outcomes(asked.param("user-experience").unwrap_or_default())?,
            min_duration_us: u64::try_from(min_ms).unwrap_or(0).saturating_mul(1000),
            error_occurred: asked.flag("error-occurred")?,
            details: Wanted {
                properties: asked.flag("need-props")? == Some(true),
                exit_calls: asked.flag("need-exit-calls")? == Some(true),
            },
            nothing: archived || later,
            results: usize::try_from(results.min(MOST_RESULTS)).unwrap_or(usize::MAX),
        })
    }

    /// The store can be asked for one business transaction.
    fn one_bt(&self) -> Option<EntityId> {
        let mut bts = self.bts.iter().copied();
        bts.next().filter(|_| bts.next().is_none())
    }

    fn takes(&self, row: &TraceRow) -> bool {
        let any = |ids: &HashSet<EntityId>, id| ids.is_empty() || ids.contains(&id);
        let policy = deep_dive_policy(row.reason);
        (self.guids.is_empty() || self.guids.contains(&row.trace))
            && (self.policies.is_empty() || self.policies.contains(policy))
            && any(&self.tiers, row.tier)
            && any(&self.nodes, row.node)
            && any(&self.bts, row.bt)
            && self.error_occurred.is_none_or(|wanted| wanted == (row.outcome == Outcome::Error))
    }
}

/// The newest transactions that the filter takes.
fn matching(
    asking: &mut Asking<'_>,
    mut query: TraceQuery,
    filter: &Filter,
) -> Result<Vec<TraceRow>, telemetry_store::reader::QueryError> {
    let mut found = Vec::new();
    if filter.nothing {
        return Ok(found);
    }
    for _ in 0..PAGES {
        let page = asking.traces(&query)?;
        found.extend(page.rows.into_iter().filter(|row| filter.takes(row)));
        found.truncate(filter.results);
        query.before = page.next;
        if found.len() == filter.results || query.before.is_none() {
            return Ok(found);
        }
    }
    asking.lacks("only the newest 12000 snapshots of the range were looked through");
    Ok(found)
}

/// Each with what is wanted of its spans.
fn detailed(
    asking: &mut Asking<'_>,
    entities: &Entities,
    rows: Vec<TraceRow>,
    wanted: Wanted,
) -> Result<Vec<(TraceRow, Details)>, telemetry_store::reader::QueryError> {
    if wanted.any() && rows.len() > MOST_DETAILED {
        asking.lacks("only the newest 100 snapshots have their properties and exit calls");
    }
    let mut all = Vec::with_capacity(rows.len());
    for row in rows {
        let details = match wanted.any() && all.len() < MOST_DETAILED {
            true => Details::of(entities, &row, &asking.trace(row.trace)?, wanted),
            false => Details::default(),
        };
        all.push((row, details));
    }
    Ok(all)
}

/// Why a snapshot was taken, as the reference says it.
fn deep_dive_policy(reason: SnapshotReason) -> &'static str {
    match reason {
        SnapshotReason::Slow | SnapshotReason::VerySlow | SnapshotReason::Stall => "SLA_FAILURE",
        SnapshotReason::Error => "ERROR_SAMPLING",
        SnapshotReason::Periodic | SnapshotReason::Slowest => "TIME_SAMPLING",
        SnapshotReason::None => "NONE",
    }
}

fn shape(entities: &Entities, row: &TraceRow, details: Details) -> Shape {
    let start = start_ms(row);
    let failed = row.outcome == Outcome::Error;
    let name = entities.mention(row.bt).name;
    let reason = row.reason.name().unwrap_or("kept");
    let none = || Shape::Scalar(Value::Null);
    let empty = |item: &'static str| Shape::List(item, Vec::new());
    Shape::Object(vec![
        ("id", id(row).into()),
        ("requestGUID", row.trace.to_string().into()),
        ("localID", row.entry.to_string().into()),
        ("summary", format!("[{reason}] {name}").into()),
        ("URL", details.url.unwrap_or_else(|| route(&name).to_owned()).into()),
        ("businessTransactionId", row.bt.0.into()),
        ("applicationId", row.application.0.into()),
        ("applicationComponentId", row.tier.0.into()),
        ("applicationComponentNodeId", row.node.0.into()),
        ("serverStartTime", start.into()),
        ("localStartTime", start.into()),
        ("timeTakenInMilliSecs", (row.duration_us / 1000).into()),
        ("cpuTimeTakenInMilliSecs", 0.into()),
        ("userExperience", row.outcome.name().into()),
        ("warningThreshold", "".into()),
        ("criticalThreshold", "".into()),
        ("callChain", format!("Component:{}", row.tier).into()),
        ("firstInChain", true.into()),
        ("snapshotExitSequence", "".into()),
        ("exitCallsDataTruncated", false.into()),
        ("unresolvedCallInCallChain", details.unresolved.into()),
        ("hasDeepDiveData", true.into()),
        ("deepDivePolicy", deep_dive_policy(row.reason).into()),
        ("delayedDeepDive", false.into()),
        ("diagnosticSessionGUID", none()),
        ("errorOccured", failed.into()),
        ("errorSummary", Shape::Scalar(details.error_summary.map_or(Value::Null, Value::from))),
        ("errorDetails", Shape::List("errorDetail", details.errors)),
        ("errorIDs", empty("errorID")),
        ("stallDump", none()),
        ("async", false.into()),
        ("archived", false.into()),
        ("threadID", "".into()),
        ("threadName", "".into()),
        ("httpParameters", empty("httpParameter")),
        ("cookies", empty("cookie")),
        ("httpHeaders", empty("httpHeader")),
        ("sessionKeys", empty("sessionKey")),
        ("responseHeaders", empty("responseHeader")),
        ("businessData", empty("businessData")),
        ("logMessages", empty("logMessage")),
        ("transactionProperties", Shape::List("transactionProperty", details.properties)),
        ("transactionEvents", empty("transactionEvent")),
        ("dotnetProperty", empty("dotnetProperty")),
        ("snapshotExitCalls", Shape::List("snapshotExitCall", details.exit_calls)),
    ])
}

/// The same for the same transaction for ever, and exact in a JSON number.
fn id(row: &TraceRow) -> u64 {
    XxHash3_64::oneshot_with_seed(row.entry.0, &row.trace.0) >> 11
}

/// The route in a business transaction's name, `GET /cart`; empty where it is no HTTP request.
fn route(name: &str) -> &str {
    match name.split_once(' ') {
        Some((_, path)) if path.starts_with('/') => path,
        _ => "",
    }
}
