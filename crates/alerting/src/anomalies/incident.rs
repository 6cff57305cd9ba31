//! Which anomalies and violations are one incident: pure.
//!
//! Those that overlap in time and suspect the same entity, or of which one lies on the other's path, have one cause. Each
//! anomaly joins the first open incident of its application that it belongs to, or opens one of its own.
//!
//! When a machine is busy or a database slow, everything that calls go through is slower at once. What people feel are
//! transactions; the endpoints, nodes, tiers and backends on a suffering transaction's way, and what the same host is short
//! of, are parts of its slowness as long as nothing else is suspected behind them. A part that joins says nothing of its own
//! ([`is_quiet`]) unless it is worse than all that the incident had so far.

use std::collections::BTreeSet;

use model::{anomaly::AnomalousKind, rule::Level};

use super::stored::{Brief, FoundCauses, IncidentBody, StoredSuspect};

/// Suspects beside the first whose path still ties anomalies together.
const LIKELY: f64 = 0.3;
/// Entities that are remembered of one incident.
const MOST_TOUCHED: usize = 2_000;
/// Others that its transactions go through, and hosts: with the former they fit a row's 64 KiB.
const MOST_THROUGH: usize = 1_000;
const MOST_HOSTS: usize = 50;

/// What of an anomaly says where it belongs.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Traces {
    pub(super) application: u32,
    /// Who suffers.
    pub(super) entity: u32,
    /// What stands or falls with it: an endpoint's or node's tier, the tier where a transaction enters.
    pub(super) home: Option<u32>,
    pub(super) cause: Option<Brief>,
    /// Entities on the way from likely suspects.
    pub(super) on_path: BTreeSet<u32>,
    /// Not a transaction, but something that transactions go through.
    pub(super) is_part: bool,
    /// Tiers and backends that its calls go through.
    pub(super) through: Vec<u32>,
    /// The host that is short of something.
    pub(super) host: Option<String>,
}

impl Traces {
    /// Those of an anomaly with what was found of its cause.
    pub(super) fn of(
        application: u32,
        entity: u32,
        home: Option<u32>,
        cause: Option<Brief>,
        found: Option<&FoundCauses>,
    ) -> Traces {
        let suspects = found.map_or(&[][..], |found| &found.suspects);
        let likely =
            suspects.iter().enumerate().filter(|(at, one)| *at == 0 || one.confidence >= LIKELY);
        let on_path = likely.clone().flat_map(|(_, suspect)| touched_by(suspect)).collect();
        let mut suspects = likely.map(|(_, suspect)| &suspect.entity);
        let host = suspects.find(|entity| entity.kind == AnomalousKind::Server);
        Traces {
            application,
            entity,
            home,
            cause,
            on_path,
            is_part: false,
            through: found.map(|found| found.through.clone()).unwrap_or_default(),
            host: host.map(|host| host.name.clone()),
        }
    }

    fn touched(&self) -> impl Iterator<Item = u32> + '_ {
        [self.entity].into_iter().chain(self.home).chain(self.on_path.iter().copied())
    }
}

fn touched_by(suspect: &StoredSuspect) -> impl Iterator<Item = u32> + '_ {
    let tier = suspect.tier.iter().map(|tier| tier.id);
    let around = suspect.path.iter().chain(&suspect.victims).map(|one| one.id);
    [suspect.entity.id].into_iter().chain(tier).chain(around).filter(|id| *id != 0)
}

/// An open incident.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Open {
    pub(super) application: u32,
    pub(super) body: IncidentBody,
}

/// Whether an anomaly belongs to an incident.
pub(super) fn belongs(open: &Open, traces: &Traces) -> bool {
    if open.application != traces.application {
        return false;
    }
    let same_cause = match (&open.body.cause, &traces.cause) {
        (Some(one), Some(other)) => one.entity.id == other.entity.id,
        _ => false,
    };
    let is_touched = |id: u32| open.body.touched.binary_search(&id).is_ok();
    let cause = traces.cause.as_ref().map(|cause| cause.entity.id);
    let goes_through = |id: u32| open.body.through.binary_search(&id).is_ok();
    let is_part = traces.is_part
        && (goes_through(traces.entity) || traces.home.is_some_and(goes_through))
        && cause.is_none_or(|cause| goes_through(cause) || is_touched(cause));
    let same_host = traces.host.as_ref().is_some_and(|host| open.body.hosts.contains(host));
    same_cause
        || is_part
        || same_host
        || is_touched(traces.entity)
        || traces.home.is_some_and(is_touched)
        || cause.is_some_and(is_touched)
}

/// What an incident is once an anomaly has joined it. The cause that is suspected most is its cause.
pub(super) fn join(body: &mut IncidentBody, traces: &Traces, summary: &str) {
    let confidence = |cause: &Option<Brief>| cause.as_ref().map_or(0.0, |cause| cause.confidence);
    if body.summary.is_empty() || confidence(&traces.cause) > confidence(&body.cause) {
        summary.clone_into(&mut body.summary);
        if traces.cause.is_some() {
            body.cause.clone_from(&traces.cause);
        }
    }
    let mut touched: BTreeSet<u32> = body.touched.iter().copied().collect();
    touched.extend(traces.touched());
    body.touched = touched.into_iter().take(MOST_TOUCHED).collect();
    if !traces.is_part {
        let mut through: BTreeSet<u32> = body.through.iter().copied().collect();
        through.extend(&traces.through);
        body.through = through.into_iter().take(MOST_THROUGH).collect();
    }
    if let Some(host) = &traces.host
        && !body.hosts.contains(host)
        && body.hosts.len() < MOST_HOSTS
    {
        body.hosts.push(host.clone());
    }
}

/// Whether a part that joins an incident, which was at a level, tells nothing that was not told.
pub(super) fn is_quiet(traces: &Traces, level: Level, told: Level) -> bool {
    traces.is_part && level <= told
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::anomalies::stored::Named;

    fn brief(id: u32, confidence: f64) -> Option<Brief> {
        let entity = Named::new(id, &format!("t{id}"), AnomalousKind::Tier);
        Some(Brief { entity, confidence })
    }

    fn traces(entity: u32, cause: Option<Brief>, on_path: &[u32]) -> Traces {
        let on_path = on_path.iter().copied().collect();
        Traces { application: 1, entity, cause, on_path, ..Traces::default() }
    }

    fn opened_by(first: &Traces) -> Open {
        let mut body = IncidentBody::default();
        join(&mut body, first, "first");
        Open { application: 1, body }
    }

    #[test]
    fn one_cause_or_one_path_is_one_incident() {
        let open = opened_by(&traces(10, brief(20, 0.9), &[20, 15, 10]));
        let check = |one: Traces, expected| assert_eq!(belongs(&open, &one), expected, "{one:?}");
        check(traces(11, brief(20, 0.6), &[20, 11]), true);
        check(traces(15, None, &[]), true);
        check(traces(11, brief(15, 0.9), &[15, 11]), true);
        check(traces(11, brief(21, 0.9), &[21, 11]), false);
        check(traces(11, None, &[]), false);
        check(Traces { application: 2, ..traces(10, brief(20, 0.9), &[]) }, false);
        check(Traces { home: Some(15), ..traces(99, None, &[]) }, true);
    }

    #[test]
    fn what_a_suffering_transaction_goes_through_is_part_of_it() {
        let suffers = Traces {
            through: vec![30, 31],
            host: Some("rack-1".to_owned()),
            ..traces(10, brief(20, 0.9), &[20, 10])
        };
        let open = opened_by(&suffers);
        let part =
            |entity, home, cause| Traces { home, is_part: true, ..traces(entity, cause, &[]) };
        let check = |one: Traces, expected| assert_eq!(belongs(&open, &one), expected, "{one:?}");
        check(part(30, None, None), true);
        check(part(40, Some(31), None), true);
        check(part(40, Some(32), None), false);
        // Something else is behind it, or it is no part: another transaction that comes by there.
        check(part(30, None, brief(50, 0.9)), false);
        check(part(30, None, brief(31, 0.9)), true);
        check(Traces { home: Some(31), ..traces(41, None, &[]) }, false);
        check(Traces { host: Some("rack-1".to_owned()), ..part(40, Some(32), None) }, true);
        // A part that joined spreads no further.
        let mut body = open.body.clone();
        join(&mut body, &Traces { through: vec![60], ..part(30, None, None) }, "part");
        assert_eq!(body.through, [30, 31]);
    }

    #[test]
    fn a_part_speaks_only_where_it_is_worse_than_what_was_told() {
        use Level::{Critical, Warning};
        let part = Traces { is_part: true, ..traces(30, None, &[]) };
        assert!(is_quiet(&part, Warning, Critical) && is_quiet(&part, Critical, Critical));
        assert!(!is_quiet(&part, Critical, Warning));
        assert!(!is_quiet(&traces(10, None, &[]), Warning, Critical), "transactions always do");
    }

    #[test]
    fn the_cause_that_is_suspected_most_names_the_incident() {
        let mut open = opened_by(&traces(15, None, &[]));
        assert_eq!((&*open.body.summary, &open.body.cause), ("first", &None));
        join(&mut open.body, &traces(10, brief(20, 0.7), &[20, 10]), "second");
        join(&mut open.body, &traces(11, brief(21, 0.6), &[21, 11]), "third");
        assert_eq!((&*open.body.summary, open.body.cause), ("second", brief(20, 0.7)));
        assert_eq!(open.body.touched, [10, 11, 15, 20, 21]);
    }
}
