//! What a minute changes for anomalies, with the causes that are found meanwhile.

use std::collections::BTreeSet;

use metadata_store::{
    Anomaly, AnomalyOf, AnomalyStanding, AnomalyStatus, ChangedAnomaly, Directory, NewAnomalyChange,
};
use model::{
    anomaly::{AnomalyChangeKind, AnomalyMeasure},
    entity::EntityKind,
    id::{AccountId, EntityId},
    rule::Level,
    time::Minute,
};
use rustc_hash::FxHashMap;

use super::{Application, DetectionError, Engine};
use crate::anomalies::{
    cause::{self, Question},
    episode::{self, Change},
    readings::Observed,
    state::Standing,
    stored::{Body, FoundCauses},
    told::{self, Whose},
    watched::unit_of,
    words::what_happened,
};

/// Anomalies whose cause is looked for in one minute.
const CAUSES_A_MINUTE: usize = 20;
/// Bytes of a cause that are stored; what is longer loses its last suspects.
const MAX_CAUSE: usize = 400 * 1024;
/// By how much rarer a minute has to be to be the worst of an anomaly, log₁₀.
const WORSE: f64 = 0.02;

/// An anomaly that is open.
#[derive(Clone, Debug)]
pub(super) struct OpenAnomaly {
    pub(super) id: u32,
    pub(super) whose: Whose,
    pub(super) level: Level,
    pub(super) worst: Level,
    pub(super) measure: AnomalyMeasure,
    pub(super) onset: Minute,
    pub(super) opened: Minute,
    pub(super) incident: u32,
    pub(super) body: Body,
    pub(super) causes: Option<FoundCauses>,
}

impl OpenAnomaly {
    /// One that is stored, by its entity.
    pub(super) fn of(stored: Anomaly, directory: &Directory) -> (EntityId, OpenAnomaly) {
        let entity = EntityId(stored.of.entity_id);
        let open = OpenAnomaly {
            id: stored.id,
            whose: Whose {
                account: AccountId(stored.of.account_id),
                application: EntityId(stored.of.application_id),
                entity,
                kind: EntityKind::from_number(stored.of.entity_kind).unwrap_or(EntityKind::Tier),
                name: stored.of.entity_name,
                tier: told::tier_of(directory, entity),
            },
            level: told::level(stored.standing.level),
            worst: told::level(stored.standing.worst),
            measure: AnomalyMeasure::from_number(stored.standing.measure),
            onset: Minute(stored.onset_minute),
            opened: Minute(stored.opened_minute),
            incident: stored.incident_id,
            body: serde_json::from_str(&stored.standing.body).unwrap_or_default(),
            causes: None,
        };
        (entity, open)
    }

    /// Whether its cause is looked for: of whoever takes requests.
    pub(super) fn looks_for_cause(&self) -> bool {
        matches!(self.whose.kind, EntityKind::BusinessTransaction | EntityKind::Tier)
    }

    /// What happened, without why.
    fn happened(&self) -> String {
        what_happened(
            &self.whose.called(),
            (self.measure, self.body.metric.as_deref()),
            self.body.observed,
            self.body.expected,
            &self.body.unit,
        )
    }

    /// Takes over this minute's worst, if it is the worst so far.
    fn note(&mut self, standing: &Standing) -> bool {
        let Some((worst, seen)) = episode::worst(standing) else { return false };
        self.body.shift |= worst.shift;
        let rarity = f64::from(seen.rarity);
        if self.body.rarity > 0.0 && rarity <= self.body.rarity + WORSE {
            return false;
        }
        self.measure = worst.what.measure();
        self.body.metric = worst.what.metric().map(str::to_owned);
        self.body.unit = unit_of(worst.what);
        (self.body.observed, self.body.expected) = (seen.observed, seen.expected);
        (self.body.deviation, self.body.rarity) = (seen.scaled, rarity);
        true
    }

    /// Whether it is at least half as bad in this minute as at its worst: what is looked at while it fades, or is over and
    /// not yet told so, says nothing of its cause.
    fn is_at_it(&self, standing: &Standing) -> bool {
        let off = (self.body.observed - self.body.expected).abs();
        standing.deviating.iter().filter(|one| one.what.measure() == self.measure).any(|one| {
            one.seen.is_some_and(|seen| (seen.observed - seen.expected).abs() >= 0.5 * off)
        })
    }

    fn standing(&self, status: AnomalyStatus) -> AnomalyStanding {
        AnomalyStanding {
            status,
            measure: self.measure as u8,
            level: told::number(self.level),
            worst: told::number(self.worst),
            suspect_id: self.body.suspect.as_ref().map_or(0, |suspect| suspect.entity.id),
            body: serde_json::to_string(&self.body).expect("figures and texts are JSON"),
        }
    }
}

/// A change, with what it is of.
#[derive(Debug)]
pub(super) struct Changed {
    pub(super) entity: EntityId,
    pub(super) row: NewAnomalyChange,
    pub(super) is_new: bool,
    /// It was looked for a cause in this minute.
    pub(super) has_looked: bool,
    /// As it is from now on; none when it is over.
    pub(super) open: Option<OpenAnomaly>,
    /// As it was at last.
    pub(super) last: OpenAnomaly,
}

impl Changed {
    /// An incident that was told explains it: it raises no events, of this change nor of those that follow.
    pub(super) fn hush(&mut self) {
        self.row.event = None;
        self.set_quiet(true);
    }

    /// It is worse than what was told so far: it is told as if it opened now.
    pub(super) fn speak(&mut self, minute: Minute) {
        self.set_quiet(false);
        let anomaly = &self.last;
        let change = Change { kind: AnomalyChangeKind::Opened, level: anomaly.level };
        let (measure, onset) = (anomaly.measure, anomaly.onset);
        let event = told::event(&anomaly.whose, change, measure, &anomaly.body, onset, minute);
        self.row.event = Some(event);
    }

    fn set_quiet(&mut self, quiet: bool) {
        self.last.body.quiet = quiet;
        if let Some(open) = &mut self.open {
            open.body.quiet = quiet;
        }
        self.row.standing = self.last.standing(self.row.standing.status);
    }
}

/// An anomaly in this minute, before it is told.
struct Draft {
    anomaly: OpenAnomaly,
    change: Option<Change>,
    is_new: bool,
    is_worse: bool,
    is_at_it: bool,
    looked: Option<FoundCauses>,
}

impl<T: Observed + ?Sized> Engine<T> {
    /// What the standings of a minute change.
    pub(super) fn changes(
        &self,
        applications: &[Application],
        standings: FxHashMap<EntityId, Standing>,
        minute: Minute,
        may_go_on: &dyn Fn() -> bool,
    ) -> Result<Vec<Changed>, DetectionError> {
        let stored = self.stored.as_ref().expect("it is read before a minute is judged");
        let mut drafts = Vec::new();
        let mut visited: BTreeSet<EntityId> = BTreeSet::new();
        for application in applications {
            if !self.watch.state.read().is_ready(application.id) {
                // What was open of it before a stop is judged again once it is learnt again.
                let of_it = |open: &&OpenAnomaly| open.whose.application == application.id;
                visited.extend(stored.open.values().filter(of_it).map(|open| open.whose.entity));
                continue;
            }
            for entry in &application.entries {
                visited.insert(entry.id);
                let standing = standings.get(&entry.id);
                let open = stored.open.get(&entry.id);
                let change = episode::step(open.map(|open| open.level), standing);
                let whose = || Whose {
                    account: application.account,
                    application: application.id,
                    entity: entry.id,
                    kind: entry.entity_kind,
                    name: entry.name.to_string(),
                    tier: told::tier_of(&self.directory, entry.id),
                };
                let standing = standing.cloned().unwrap_or_default();
                drafts.extend(draft(open, change, &standing, whose, minute));
            }
        }
        // Whoever is watched no more, or has not reported for long, is over.
        for (_, open) in stored.open.iter().filter(|(entity, _)| !visited.contains(*entity)) {
            let change = episode::step(Some(open.level), None);
            drafts.extend(draft(
                Some(open),
                change,
                &Standing::default(),
                || open.whose.clone(),
                minute,
            ));
        }
        self.look_for_causes(&mut drafts, minute, may_go_on)?;
        Ok(drafts.into_iter().filter_map(|draft| changed(draft, minute)).collect())
    }

    /// Looks for causes: of what is new first, then of what was not looked at for longest.
    fn look_for_causes(
        &self,
        drafts: &mut [Draft],
        minute: Minute,
        may_go_on: &dyn Fn() -> bool,
    ) -> Result<(), DetectionError> {
        let is_due = |draft: &&mut Draft| {
            let minutes_open = minute.0.saturating_sub(draft.anomaly.opened.0);
            let may_tell = draft.is_at_it || draft.anomaly.causes.is_none();
            draft.anomaly.looks_for_cause() && may_tell && cause::is_due(minutes_open, draft.change)
        };
        let mut due: Vec<&mut Draft> = drafts.iter_mut().filter(is_due).collect();
        due.sort_by_key(|draft| {
            let is_transaction = draft.anomaly.whose.kind == EntityKind::BusinessTransaction;
            (
                !draft.is_new,
                !is_transaction,
                draft.anomaly.causes.is_some(),
                draft.anomaly.whose.entity,
            )
        });
        for draft in due.into_iter().take(CAUSES_A_MINUTE) {
            if !may_go_on() {
                tracing::info!("not all causes of anomalies were looked for in this minute");
                break;
            }
            let anomaly = &draft.anomaly;
            let question = Question {
                telemetry: &*self.telemetry,
                store: &*self.store,
                directory: &self.directory,
                account: anomaly.whose.account,
                application: anomaly.whose.application,
                entity: anomaly.whose.entity,
                kind: anomaly.whose.kind,
                onset: anomaly.onset,
                now: minute,
                what: match anomaly.measure {
                    AnomalyMeasure::ResponseTime => Some(analysis::cause::Signal::Time),
                    AnomalyMeasure::ErrorShare => Some(analysis::cause::Signal::Errors),
                    AnomalyMeasure::Calls | AnomalyMeasure::Metric => None,
                },
                may_go_on,
            };
            match question.answer() {
                Ok(found) => draft.looked = Some(fitting(found)),
                // An anomaly without a cause is told all the same.
                Err(error) => {
                    tracing::warn!(
                        error = &error as &dyn std::error::Error,
                        "no cause was looked for"
                    );
                }
            }
        }
        Ok(())
    }
}

fn draft(
    open: Option<&OpenAnomaly>,
    change: Option<Change>,
    standing: &Standing,
    whose: impl FnOnce() -> Whose,
    minute: Minute,
) -> Option<Draft> {
    let mut anomaly = match (open, change) {
        (Some(open), _) => open.clone(),
        (None, Some(change)) => OpenAnomaly {
            id: 0,
            whose: whose(),
            level: change.level,
            worst: change.level,
            // What it is of is noted next: nothing opens unseen.
            measure: AnomalyMeasure::ResponseTime,
            onset: onset(standing, minute),
            opened: minute,
            incident: 0,
            body: Body::default(),
            causes: None,
        },
        (None, None) => return None,
    };
    let is_worse = anomaly.note(standing);
    if let Some(change) = change {
        anomaly.level = change.level;
        anomaly.worst = anomaly.worst.max(change.level);
    }
    let is_at_it = anomaly.is_at_it(standing);
    Some(Draft { anomaly, change, is_new: open.is_none(), is_worse, is_at_it, looked: None })
}

/// The first minute in which anything of an entity deviated.
fn onset(standing: &Standing, minute: Minute) -> Minute {
    let onsets = standing.deviating.iter().map(|one| one.onset).filter(|onset| onset.0 > 0);
    onsets.min().unwrap_or(minute).min(minute)
}

/// A draft as it is stored; nothing where nothing changed.
fn changed(draft: Draft, minute: Minute) -> Option<Changed> {
    let Draft { mut anomaly, change, is_new, is_worse, looked, .. } = draft;
    let has_looked = looked.is_some();
    if change.is_none() && !is_worse && !has_looked {
        return None;
    }
    let happened = anomaly.happened();
    let found = looked.or_else(|| anomaly.causes.take());
    match &found {
        Some(found) => cause::explain(&mut anomaly.body, &happened, found),
        None => anomaly.body.summary = cause::plain(&happened),
    }
    let json =
        has_looked.then(|| serde_json::to_string(&found).expect("figures and texts are JSON"));
    anomaly.causes = found;
    let is_over = change.is_some_and(Change::ends);
    let status = if is_over { AnomalyStatus::Closed } else { AnomalyStatus::Open };
    let of = AnomalyOf {
        account_id: anomaly.whose.account.0,
        application_id: anomaly.whose.application.0,
        entity_kind: anomaly.whose.kind as u8,
        entity_id: anomaly.whose.entity.0,
        entity_name: anomaly.whose.name.clone(),
    };
    let row = NewAnomalyChange {
        id: match is_new {
            true => ChangedAnomaly::Opened { of, onset_minute: anomaly.onset.0 },
            false => ChangedAnomaly::Known(anomaly.id),
        },
        standing: anomaly.standing(status),
        happened: change.map(|change| {
            let sentence = told::sentence(&anomaly.whose, change, &anomaly.body);
            (change.kind as u8, sentence)
        }),
        event: change.filter(|_| !anomaly.body.quiet).map(|change| {
            let (measure, onset) = (anomaly.measure, anomaly.onset);
            told::event(&anomaly.whose, change, measure, &anomaly.body, onset, minute)
        }),
        cause: json,
    };
    Some(Changed {
        entity: anomaly.whose.entity,
        row,
        is_new,
        has_looked,
        open: (!is_over).then(|| anomaly.clone()),
        last: anomaly,
    })
}

/// A cause that fits its column.
fn fitting(mut found: FoundCauses) -> FoundCauses {
    let size = |found: &FoundCauses| serde_json::to_vec(found).map_or(0, |bytes| bytes.len());
    while found.suspects.len() > 1 && size(&found) > MAX_CAUSE {
        found.suspects.pop();
    }
    found
}
