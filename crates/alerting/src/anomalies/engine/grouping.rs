//! What a minute changes for incidents.

use std::collections::BTreeMap;

use metadata_store::{AnomalyStatus, Incident, IncidentChange, IncidentMembers, IncidentOf};
use model::{entity::EntityKind, id::EntityId, rule::Level, time::Minute};

use super::{
    DetectionError, Engine,
    change::{Changed, OpenAnomaly},
};
use crate::anomalies::{
    incident::{Open, Traces, belongs, is_quiet, join},
    readings::Observed,
    stored::IncidentBody,
    told,
    watched::metric_at,
};

/// An incident that is open.
#[derive(Clone, Debug)]
pub(super) struct OpenIncident {
    pub(super) id: u32,
    level: Level,
    open: Open,
    /// Violations that were noted.
    violations: Vec<u32>,
}

impl OpenIncident {
    pub(super) fn of(stored: Incident) -> OpenIncident {
        OpenIncident {
            id: stored.id,
            level: told::level(stored.level),
            open: Open {
                application: stored.application_id,
                body: serde_json::from_str(&stored.body).unwrap_or_default(),
            },
            // Noting one again changes nothing.
            violations: Vec::new(),
        }
    }
}

/// A change of an incident, with what it is of.
#[derive(Debug)]
pub(super) struct Grouped {
    pub(super) row: IncidentChange,
    incident: OpenIncident,
    /// Entities whose anomalies joined.
    joined: Vec<EntityId>,
}

/// An incident in this minute.
struct Draft {
    incident: OpenIncident,
    joined: Vec<usize>,
    violations: Vec<u32>,
    is_changed: bool,
}

/// What a minute does to incidents.
#[derive(Debug, Default)]
pub(super) struct Grouping {
    pub(super) grouped: Vec<Grouped>,
    /// Changes of anomalies that became part of an incident which was told already.
    pub(super) quiet: Vec<usize>,
    /// Changes of anomalies that were quiet, and are worse now than all that was told.
    pub(super) loud: Vec<usize>,
}

impl<T: Observed + ?Sized> Engine<T> {
    /// Puts new anomalies into incidents, and ends those of which nothing is left.
    pub(super) fn incidents(
        &self,
        changes: &[Changed],
        minute: Minute,
    ) -> Result<Grouping, DetectionError> {
        let stored = self.stored.as_ref().expect("it is read before a minute is judged");
        let known = stored.incidents.iter().cloned().map(|incident| Draft {
            incident,
            joined: Vec::new(),
            violations: Vec::new(),
            is_changed: false,
        });
        let mut drafts: Vec<Draft> = known.collect();
        let mut order: Vec<usize> = (0..changes.len()).collect();
        // Whoever knows its cause says where the others belong, and transactions speak before their parts.
        order.sort_by_key(|at| {
            let last = &changes[*at].last;
            (is_part(last.whose.kind), last.body.suspect.is_none())
        });
        let mut grouping = Grouping::default();
        for at in order {
            self.group(&mut drafts, changes, at, &mut grouping);
        }
        if !drafts.is_empty() {
            self.note_violations(&mut drafts, minute)?;
        }
        let is_left = |draft: &Draft| {
            let of = draft.incident.id;
            let joined = draft.joined.iter().any(|at| changes[*at].open.is_some());
            let is_open = |open: &OpenAnomaly| {
                let change = changes.iter().find(|change| change.entity == open.whose.entity);
                open.incident == of && change.is_none_or(|change| change.open.is_some())
            };
            joined || (of != 0 && stored.open.values().any(is_open))
        };
        for draft in drafts {
            let is_over = !is_left(&draft);
            if draft.is_changed || is_over {
                grouping.grouped.push(self.grouped(draft, changes, is_over));
            }
        }
        Ok(grouping)
    }

    fn group(
        &self,
        drafts: &mut Vec<Draft>,
        changes: &[Changed],
        at: usize,
        grouping: &mut Grouping,
    ) {
        let change = &changes[at];
        let anomaly = &change.last;
        let traces = self.traces(anomaly);
        if !change.is_new {
            let of = drafts.iter_mut().find(|draft| draft.incident.id == anomaly.incident);
            if let Some(draft) = of.filter(|_| anomaly.incident != 0) {
                let worse = anomaly.level > draft.incident.level;
                if worse && anomaly.body.quiet {
                    grouping.loud.push(at);
                }
                if worse || change.has_looked {
                    let before = draft.incident.clone();
                    draft.incident.level = draft.incident.level.max(anomaly.level);
                    join(&mut draft.incident.open.body, &traces, &anomaly.body.summary);
                    draft.is_changed |=
                        before.level != draft.incident.level || before.open != draft.incident.open;
                }
            }
            return;
        }
        let place = drafts.iter().position(|draft| belongs(&draft.incident.open, &traces));
        let told = place.map(|place| drafts[place].incident.level);
        if told.is_some_and(|told| is_quiet(&traces, anomaly.level, told)) {
            grouping.quiet.push(at);
        }
        let place = place.unwrap_or_else(|| {
            drafts.push(Draft {
                incident: OpenIncident {
                    id: 0,
                    level: anomaly.level,
                    open: Open { application: traces.application, body: IncidentBody::default() },
                    violations: Vec::new(),
                },
                joined: Vec::new(),
                violations: Vec::new(),
                is_changed: true,
            });
            drafts.len() - 1
        });
        let draft = &mut drafts[place];
        draft.incident.level = draft.incident.level.max(anomaly.level);
        join(&mut draft.incident.open.body, &traces, &anomaly.body.summary);
        draft.joined.push(at);
        draft.is_changed = true;
    }

    fn traces(&self, anomaly: &OpenAnomaly) -> Traces {
        let whose = &anomaly.whose;
        let entity = self.directory.get(whose.entity);
        let home = entity.as_ref().and_then(|entity| entity.key.parent.some()).map(|tier| tier.0);
        let cause = anomaly.body.suspect.clone();
        let of_host =
            anomaly.body.metric.as_deref().and_then(metric_at).is_some_and(|metric| metric.of_host);
        let host = entity.map(|entity| entity.properties.host.clone());
        let host = host.filter(|host| of_host && !host.is_empty());
        let found = anomaly.causes.as_ref();
        let traces = Traces::of(whose.application.0, whose.entity.0, home, cause, found);
        Traces { is_part: is_part(whose.kind), host: host.or(traces.host), ..traces }
    }

    /// Open violations of whom an incident touches belong to it.
    fn note_violations(&self, drafts: &mut [Draft], minute: Minute) -> Result<(), DetectionError> {
        for violation in self.store.open_violations()? {
            if violation.opened_minute > minute.0 {
                continue;
            }
            let violated = &violation.violated;
            // A rule on a whole application tells nothing of where.
            if EntityKind::from_number(violated.entity_kind) == Some(EntityKind::Application) {
                continue;
            }
            let entity = self.directory.get(EntityId(violated.entity_id));
            let home = entity.and_then(|entity| entity.key.parent.some()).map(|tier| tier.0);
            let traces = Traces::of(violated.application_id, violated.entity_id, home, None, None);
            let of = drafts.iter_mut().find(|draft| belongs(&draft.incident.open, &traces));
            if let Some(draft) = of
                && !draft.incident.violations.contains(&violation.id)
            {
                draft.incident.violations.push(violation.id);
                draft.violations.push(violation.id);
                draft.is_changed = true;
            }
        }
        Ok(())
    }

    fn grouped(&self, draft: Draft, changes: &[Changed], is_over: bool) -> Grouped {
        let incident = draft.incident;
        let of = match incident.id {
            0 => {
                let account_id = draft.joined.first().map(|at| changes[*at].last.whose.account.0);
                IncidentOf::Opened {
                    account_id: account_id.unwrap_or(model::id::AccountId::FIRST.0),
                    application_id: incident.open.application,
                }
            }
            id => IncidentOf::Known(id),
        };
        let row = IncidentChange {
            of,
            status: if is_over { AnomalyStatus::Closed } else { AnomalyStatus::Open },
            level: told::number(incident.level),
            body: serde_json::to_string(&incident.open.body).expect("texts and numbers are JSON"),
            joined: IncidentMembers { changed: draft.joined.clone(), violations: draft.violations },
        };
        let joined = draft.joined.iter().map(|at| changes[*at].entity).collect();
        Grouped { row, incident, joined }
    }
}

/// Whether something is what transactions go through, not one itself.
fn is_part(kind: EntityKind) -> bool {
    kind != EntityKind::BusinessTransaction
}

/// Takes over what was stored.
pub(super) fn take_over(
    incidents: &mut Vec<OpenIncident>,
    open: &mut BTreeMap<EntityId, OpenAnomaly>,
    grouped: Vec<Grouped>,
    ids: &[u32],
) {
    for (one, id) in grouped.into_iter().zip(ids) {
        incidents.retain(|known| known.id != *id);
        for entity in one.joined {
            if let Some(anomaly) = open.get_mut(&entity) {
                anomaly.incident = *id;
            }
        }
        if one.row.status == AnomalyStatus::Open {
            incidents.push(OpenIncident { id: *id, ..one.incident });
        }
    }
    incidents.sort_by_key(|incident| incident.id);
}
