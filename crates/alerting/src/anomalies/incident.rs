//! Which anomalies and violations are one incident: pure.
//!
//! Those that overlap in time and suspect the same entity, or of which one lies on the other's path, have one cause. Each
//! anomaly joins the first open incident of its application that it belongs to, or opens one of its own.

use std::collections::BTreeSet;

use super::stored::{Brief, FoundCauses, IncidentBody, StoredSuspect};

/// Suspects beside the first whose path still ties anomalies together.
const LIKELY: f64 = 0.3;
/// Entities that are remembered of one incident.
const MOST_TOUCHED: usize = 2_000;

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
        let on_path = likely.flat_map(|(_, suspect)| touched_by(suspect)).collect();
        Traces { application, entity, home, cause, on_path }
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
    same_cause
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
}

#[cfg(test)]
mod tests {
    use model::anomaly::AnomalousKind;

    use super::*;
    use crate::anomalies::stored::Named;

    fn brief(id: u32, confidence: f64) -> Option<Brief> {
        let entity = Named { id, name: format!("t{id}"), kind: AnomalousKind::Tier };
        Some(Brief { entity, confidence })
    }

    fn traces(entity: u32, cause: Option<Brief>, on_path: &[u32]) -> Traces {
        let on_path = on_path.iter().copied().collect();
        Traces { application: 1, entity, home: None, cause, on_path }
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
    fn the_cause_that_is_suspected_most_names_the_incident() {
        let mut open = opened_by(&traces(15, None, &[]));
        assert_eq!((&*open.body.summary, &open.body.cause), ("first", &None));
        join(&mut open.body, &traces(10, brief(20, 0.7), &[20, 10]), "second");
        join(&mut open.body, &traces(11, brief(21, 0.6), &[21, 11]), "third");
        assert_eq!((&*open.body.summary, open.body.cause), ("second", brief(20, 0.7)));
        assert_eq!(open.body.touched, [10, 11, 15, 20, 21]);
    }
}
