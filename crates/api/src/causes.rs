//! What is suspected, as somebody sees it: entities of applications that are none of his have no name, and what was logged is
//! hidden from who may not see it.

use alerting::anomalies::{Brief, Named, Operation, StoredEvidence, StoredSuspect};
use api_types::{CauseEvidence, OperationChange, PathStep, Ref, Suspect, SuspectBrief};
use model::{
    anomaly::{AnomalousKind, EvidenceKind, EvidenceLink},
    id::EntityId,
};

use crate::{entities::Entities, masked::HIDDEN};

/// To whom it is shown.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shown<'a> {
    pub(crate) entities: &'a Entities,
    /// He may see what may tell of people.
    pub(crate) sensitive: bool,
}

impl Shown<'_> {
    pub(crate) fn brief(self, brief: &Brief) -> SuspectBrief {
        SuspectBrief {
            entity: self.named(&brief.entity),
            entity_kind: brief.entity.kind,
            tier: self.tier(&brief.entity),
            confidence: brief.confidence,
        }
    }

    pub(crate) fn suspect(self, of: &StoredSuspect) -> Suspect {
        let steps = |all: &[Named]| all.iter().map(|one| self.step(one)).collect();
        let evidence = match self.shows(&of.entity) {
            true => of.evidence.iter().map(|one| self.evidence(one)).collect(),
            false => Vec::new(),
        };
        Suspect {
            entity: self.named(&of.entity),
            entity_kind: of.entity.kind,
            tier: of.tier.as_ref().map(|tier| self.named(tier)),
            load: of.load,
            confidence: of.confidence,
            share_of_time: of.share_of_time,
            share_of_errors: of.share_of_errors,
            path: steps(&of.path),
            victims: steps(&of.victims),
            evidence,
        }
    }

    pub(crate) fn operation(self, of: &Operation) -> OperationChange {
        OperationChange {
            tier: self.named(&of.tier),
            name: of.name.clone(),
            before_ms: of.before_ms,
            after_ms: of.after_ms,
            before_calls: of.before_calls,
            after_calls: of.after_calls,
            before_errors: of.before_errors,
            after_errors: of.after_errors,
        }
    }

    fn evidence(self, of: &StoredEvidence) -> CauseEvidence {
        let hides = of.kind == EvidenceKind::LogTemplate && !self.sensitive;
        let (text, link) = match (&of.link, hides) {
            (EvidenceLink::Logs { tier, severity, .. }, true) => {
                let (severity, text) = (severity.clone(), String::new());
                (HIDDEN.to_owned(), EvidenceLink::Logs { tier: *tier, severity, text })
            }
            (link, _) => (of.text.clone(), link.clone()),
        };
        CauseEvidence {
            kind: of.kind,
            weight: of.weight,
            text,
            observed: of.observed,
            expected: of.expected,
            unit: of.unit.clone(),
            at: of.at,
            link,
        }
    }

    fn step(self, of: &Named) -> PathStep {
        PathStep { entity: self.named(of), entity_kind: of.kind, tier: self.tier(of) }
    }

    /// A node's tier; of what was stored without one, as it is known now.
    fn tier(self, of: &Named) -> Option<Ref> {
        match &of.tier {
            Some(tier) => Some(self.named(tier)),
            None if of.kind == AnomalousKind::Node => self.entities.tier_of_node(EntityId(of.id)),
            None => None,
        }
    }

    fn shows(self, of: &Named) -> bool {
        self.entities.get(EntityId(of.id)).is_some()
    }

    fn named(self, of: &Named) -> Ref {
        match self.shows(of) {
            true => Ref { id: of.id, name: of.name.clone() },
            false => Ref { id: of.id, name: String::new() },
        }
    }
}
