//! Which snapshots are wanted: the filters that the reference documents.
//!
//! What is said of a request (its ids, how it felt, how long it took, why it was kept, whose session it was) holds for
//! each of its segments; tier, node, failure, error ids and snapshot ids are of the one segment. A flag that is `false` is
//! as good as none.
//!
//! Vedette archives nothing, has no diagnostic sessions and no data collectors: who asks for those gets what there is,
//! which is nothing. Sessions and users are those that agents report as `session.id`, `user.id`, `user.name` and
//! `enduser.id`.

use std::{collections::HashSet, hash::Hash, ops::RangeInclusive};

use model::{
    id::{EntityId, TraceId},
    span::{Outcome, SnapshotReason},
};
use telemetry_store::reader::{Span, TraceRow};

use super::{
    super::asked::Asked,
    details::{self, Details, Wanted},
    segment::Segment,
};
use crate::{
    error::ApiError,
    v1::{logs::trace_id, snapshots::outcomes},
};

const DEFAULT_RESULTS: i64 = 100;
pub(super) const MOST_RESULTS: i64 = 600;

/// Of what no snapshot in Vedette has any.
const OF_NOTHING: [&str; 4] = [
    "diagnostic-session-guid",
    "data-collector-name",
    "data-collector-type",
    "data-collector-value",
];

/// What is wanted beyond what the store can be asked.
#[derive(Clone, Debug)]
pub(super) struct Filter {
    guids: HashSet<TraceId>,
    policies: HashSet<String>,
    bts: HashSet<EntityId>,
    pub(super) outcomes: Vec<Outcome>,
    pub(super) min_duration_us: u64,
    bad_only: bool,
    session: Option<String>,
    user: Option<String>,
    tiers: HashSet<EntityId>,
    nodes: HashSet<EntityId>,
    /// Error groups.
    errors: HashSet<EntityId>,
    failed_only: bool,
    ids: RangeInclusive<u64>,
    /// Only the segment in which a transaction began.
    pub(super) first_only: bool,
    pub(super) details: Wanted,
    /// Something is asked for that no snapshot has.
    pub(super) nothing: bool,
    pub(super) results: usize,
}

impl Filter {
    pub(super) fn of(asked: &Asked) -> Result<Filter, ApiError> {
        let list = |name| {
            let text = asked.param(name).unwrap_or_default();
            text.split(',').map(str::trim).filter(|part| !part.is_empty())
        };
        let ids = |name| asked.ids(name).map(|ids| ids.into_iter().collect::<HashSet<_>>());
        let set = |name| Ok::<_, ApiError>(asked.flag(name)? == Some(true));
        let results = asked.number("maximum-results")?.unwrap_or(DEFAULT_RESULTS);
        if results < 1 {
            return Err(ApiError::bad(format!(
                "maximum-results is {results}; it has to be 1 to {MOST_RESULTS}"
            )));
        }
        // Both spellings are about in clients.
        let min_ms = match asked.number("execution-time-in-millis")? {
            Some(min_ms) => Some(min_ms),
            None => asked.number("execution-time-in-milis")?,
        };
        let min_us = u64::try_from(min_ms.unwrap_or(0)).unwrap_or(0).saturating_mul(1000);
        let of_nothing = OF_NOTHING.into_iter().any(|name| asked.param(name).is_some());
        Ok(Filter {
            guids: list("guids").map(trace_id).collect::<Result<_, _>>()?,
            policies: list("deep-dive-policy").map(str::to_uppercase).collect(),
            bts: ids("business-transaction-ids")?,
            outcomes: outcomes(asked.param("user-experience").unwrap_or_default())?,
            min_duration_us: min_us,
            bad_only: set("bad-request")?,
            session: asked.param("session-id").map(str::to_owned),
            user: asked.param("user-principal-id").map(str::to_owned),
            tiers: ids("application-component-ids")?,
            nodes: ids("application-component-node-ids")?,
            errors: ids("error-ids")?,
            failed_only: set("error-occurred")? || set("error-occured")?,
            ids: id(asked, "starting-request-id")?.unwrap_or(0)
                ..=id(asked, "ending-request-id")?.unwrap_or(u64::MAX),
            first_only: set("first-in-chain")?,
            details: Wanted { properties: set("need-props")?, exit_calls: set("need-exit-calls")? },
            nothing: of_nothing || set("archived")? || set("diagnostic-snapshot")?,
            results: usize::try_from(results.min(MOST_RESULTS)).unwrap_or(usize::MAX),
        })
    }

    /// The store can be asked for one business transaction.
    pub(super) fn one_bt(&self) -> Option<EntityId> {
        let mut bts = self.bts.iter().copied();
        bts.next().filter(|_| bts.next().is_none())
    }

    /// Whether spans have to be read for the answer.
    pub(super) fn reads_spans(&self) -> bool {
        !self.first_only || self.details.any() || self.needs_spans()
    }

    /// Whether only spans can tell if a snapshot is wanted.
    pub(super) fn needs_spans(&self) -> bool {
        self.session.is_some() || self.user.is_some() || !self.errors.is_empty()
    }

    pub(super) fn takes_transaction(&self, row: &TraceRow) -> bool {
        any(&self.guids, &row.trace)
            && any(&self.policies, deep_dive_policy(row.reason))
            && any(&self.bts, &row.bt)
            && (!self.bad_only || row.outcome != Outcome::Normal)
    }

    /// Whether one of a transaction's spans tells the session and the user.
    pub(super) fn takes_spans<'s>(&self, spans: impl Iterator<Item = &'s Span> + Clone) -> bool {
        let said = |wanted: &Option<String>, names: &[&str]| match wanted {
            Some(wanted) => spans.clone().any(|span| details::says(span, names, wanted)),
            None => true,
        };
        said(&self.session, &["session.id"])
            && said(&self.user, &["user.id", "user.name", "enduser.id"])
    }

    pub(super) fn takes_segment(&self, segment: &Segment) -> bool {
        any(&self.tiers, &segment.tier)
            && any(&self.nodes, &segment.node)
            && (segment.first || !self.first_only)
            && (segment.failed || !self.failed_only)
            && self.ids.contains(&segment.id)
    }

    pub(super) fn takes_errors(&self, details: &Details) -> bool {
        self.errors.is_empty() || details.error_ids.iter().any(|id| self.errors.contains(id))
    }
}

/// Whether a value is one of those wanted; an empty set wants all.
fn any<T, Q>(wanted: &HashSet<T>, value: &Q) -> bool
where
    T: Eq + Hash + std::borrow::Borrow<Q>,
    Q: Eq + Hash + ?Sized,
{
    wanted.is_empty() || wanted.contains(value)
}

/// The id of a snapshot.
fn id(asked: &Asked, name: &str) -> Result<Option<u64>, ApiError> {
    Ok(asked.number(name)?.map(|id| u64::try_from(id).unwrap_or(0)))
}

/// Why a snapshot was taken, as the reference says it.
pub(super) fn deep_dive_policy(reason: SnapshotReason) -> &'static str {
    match reason {
        SnapshotReason::Slow | SnapshotReason::VerySlow | SnapshotReason::Stall => "SLA_FAILURE",
        SnapshotReason::Error => "ERROR_SAMPLING",
        SnapshotReason::Periodic | SnapshotReason::Slowest => "TIME_SAMPLING",
        SnapshotReason::None => "NONE",
    }
}
