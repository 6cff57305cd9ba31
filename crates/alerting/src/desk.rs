//! The desk: what comes of events. Pure: events, configuration and the time go in, deliveries come out, and what is
//! undecided stays in [`Desk`], which is stored in the same transaction as how far events were read.
//!
//! - Events of one policy, application and cause within the policy's time of gathering are one notice.
//! - Who was told that something began is told that it ended, whatever the policy lists, whatever is suppressed then, and
//!   though the policy is off then: whoever joins notices would keep it open for ever. A policy that is off tells nothing else.
//! - What began under a suppression is told when it still goes on afterwards; what ended under it is not.

use std::collections::{BTreeMap, BTreeSet};

use metadata_store::{DeliveryState, EntityRef, Event, NewDelivery};
use serde::{Deserialize, Serialize};

use crate::{
    notice::{Entry, MAX_ENTRIES, Named, Notice, NoticeKind, Severity, severity},
    policy::{Lineage, Phase, Policy, SelectedKind, phase},
    suppression::Suppression,
};

/// Things that were told and go on, or began under a suppression; the oldest are forgotten.
const MAX_SUBJECTS: usize = 10_000;
/// Entries of all notices that are being gathered; further ones are counted.
const MAX_GATHERED_ENTRIES: usize = 800;
/// Notices that are being gathered; events beyond start no other.
const MAX_GATHERED: usize = 500;

/// Violations of one notice that are noted with it, so that it is found by them.
const MAX_VIOLATIONS: usize = 500;

/// A stored policy or digest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored<T> {
    pub id: u32,
    pub account: u32,
    /// None: of the whole account.
    pub application: Option<u32>,
    pub name: String,
    pub value: T,
}

/// What the desk decides by.
#[derive(Clone, Debug, Default)]
pub struct Rules {
    pub policies: Vec<Stored<Policy>>,
    pub suppressions: Vec<Stored<Suppression>>,
}

/// What the desk asks about the world.
pub struct World<'a> {
    pub rules: &'a Rules,
    pub lineage: Lineage<'a>,
    /// The name of an application or a tier.
    pub named: &'a dyn Fn(u32) -> String,
    /// The public URL, without a slash at its end.
    pub base: &'a str,
    pub now_ms: i64,
}

impl World<'_> {
    /// The entry of an event; a node is named with its tier.
    fn entry(&self, event: &Event) -> Entry {
        let mut entry = Entry::of(event, self.base);
        let node = SelectedKind::Node.number();
        if let Some(entity) = entry.entity.as_mut()
            && let Some(kin) = (self.lineage)(entity.id).filter(|kin| kin.kind == node)
        {
            entity.tier = Some((self.named)(kin.parent)).filter(|name| !name.is_empty());
        }
        entry
    }
}

impl std::fmt::Debug for World<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("World").field("now_ms", &self.now_ms).finish_non_exhaustive()
    }
}

/// What is undecided. Persisted as JSON: fields are only ever added.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Desk {
    gathered: BTreeMap<String, Gathered>,
    /// By policy and subject.
    subjects: BTreeMap<String, Subject>,
    /// When a digest was due last, by its id.
    digests: BTreeMap<u32, i64>,
    /// Events that found no room.
    pub lost: u64,
}

/// A notice in the making.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Gathered {
    account: u32,
    application: Option<u32>,
    policy: u32,
    /// Of what it will say it ends.
    cause: String,
    due_ms: i64,
    hidden: bool,
    notice: Notice,
    /// What it is about, entries that are only counted included.
    #[serde(default)]
    violations: BTreeSet<u32>,
}

/// Something that began and has not ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Subject {
    cause: String,
    since_ms: i64,
    told: bool,
    /// The violation or anomaly that it is.
    #[serde(default)]
    of: Option<Ongoing>,
}

/// A violation or an anomaly, by its id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Ongoing {
    Violation(u32),
    Anomaly(u32),
}

impl Ongoing {
    /// What an event tells of.
    fn of(event: &Event) -> Option<Ongoing> {
        let id = |wanted: &str| {
            let (_, id) = event.properties.iter().find(|(name, _)| name == wanted)?;
            id.parse().ok()
        };
        match event.kind.split_once('_')?.0 {
            "POLICY" => id("violation").map(Ongoing::Violation),
            "ANOMALY" => id("anomaly").map(Ongoing::Anomaly),
            _ => None,
        }
    }
}

impl Desk {
    /// Reads what was stored; nothing is an empty desk.
    ///
    /// # Errors
    /// When it is not what a desk wrote.
    pub fn read(bytes: &[u8]) -> Result<Desk, serde_json::Error> {
        if bytes.is_empty() { Ok(Desk::default()) } else { serde_json::from_slice(bytes) }
    }

    /// What is to be stored.
    pub fn bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("texts and numbers are JSON")
    }

    /// Takes one event.
    pub fn take(&mut self, event: &Event, world: &World<'_>) {
        for policy in &world.rules.policies {
            let here = policy.account == event.account_id
                && policy.application.is_none_or(|one| event.application_id == Some(one));
            if !here {
                continue;
            }
            if policy.value.enabled {
                self.take_for(policy, event, world);
            } else if phase(&event.kind) == Phase::Ends {
                self.end(policy, event, world);
            }
        }
    }

    /// Something ends: whether it was known to go on. Who was told that it began is told.
    fn end(&mut self, policy: &Stored<Policy>, event: &Event, world: &World<'_>) -> bool {
        let Some(known) = self.subjects.remove(&subject_key(policy.id, event)) else {
            return false;
        };
        if known.told {
            self.gather(policy, event, NoticeKind::Recovery, false, world);
        }
        true
    }

    /// Forgets what does not go on any more, of what is known by its id. `open` is all that went on at some moment, and all
    /// events of that moment were taken: what ended without an event, or with one that was lost, is not told as going on for ever.
    pub fn reconcile(&mut self, open: &BTreeSet<Ongoing>) {
        self.subjects.retain(|_, subject| subject.of.is_none_or(|of| open.contains(&of)));
    }

    fn take_for(&mut self, policy: &Stored<Policy>, event: &Event, world: &World<'_>) {
        let takes = policy.value.takes(event, world.lineage);
        let phase = phase(&event.kind);
        if policy.value.every_hours.is_some() || phase == Phase::Happens {
            if takes {
                let kind =
                    if phase == Phase::Ends { NoticeKind::Recovery } else { NoticeKind::Event };
                self.gather(policy, event, kind, hidden(event, world), world);
            }
            return;
        }
        let subject = subject_key(policy.id, event);
        if phase == Phase::Ends {
            if !self.end(policy, event, world) && takes {
                let hidden = hidden(event, world);
                self.gather(policy, event, NoticeKind::Recovery, hidden, world);
            }
            return;
        }
        let was_hidden = self.subjects.get(&subject).is_some_and(|known| !known.told);
        // What goes on after the suppression under which it began is news.
        let begins_anew = was_hidden
            && policy.value.takes_opening(event)
            && policy.value.takes_subject(event, world.lineage);
        if !takes && !begins_anew {
            return;
        }
        let hidden = hidden(event, world);
        if !(hidden && was_hidden) {
            self.gather(policy, event, NoticeKind::Alarm, hidden, world);
        }
        let told = !hidden || self.subjects.get(&subject).is_some_and(|known| known.told);
        let since_ms = self.subjects.get(&subject).map_or(event.time_ms, |known| known.since_ms);
        let (cause, of) = (cause_key(policy, event), Ongoing::of(event));
        self.subjects.insert(subject, Subject { cause, since_ms, told, of });
        self.forget_oldest();
    }

    fn forget_oldest(&mut self) {
        if self.subjects.len() > MAX_SUBJECTS {
            let oldest = self.subjects.iter().min_by_key(|(_, subject)| subject.since_ms);
            if let Some(key) = oldest.map(|(key, _)| key.clone()) {
                self.subjects.remove(&key);
            }
        }
    }

    fn gather(
        &mut self,
        policy: &Stored<Policy>,
        event: &Event,
        kind: NoticeKind,
        hidden: bool,
        world: &World<'_>,
    ) {
        let cause = cause_key(policy, event);
        let digest = policy.value.every_hours;
        let key = match digest {
            Some(_) => format!("digest {} {hidden}", policy.id),
            None => format!("{cause} {} {hidden}", kind == NoticeKind::Recovery),
        };
        if !self.gathered.contains_key(&key) {
            if self.gathered.len() >= MAX_GATHERED {
                self.lost += 1;
                return;
            }
            let due_ms = match digest {
                Some(hours) => self.next_digest(policy.id, hours, world.now_ms),
                None => world.now_ms + i64::from(policy.value.gather_seconds) * 1_000,
            };
            let kind = if digest.is_some() { NoticeKind::Digest } else { kind };
            let gathered = begun(policy, event, kind, cause, world);
            self.gathered.insert(key.clone(), Gathered { due_ms, hidden, ..gathered });
        }
        let held: usize = self.gathered.values().map(|one| one.notice.entries.len()).sum();
        let Some(gathered) = self.gathered.get_mut(&key) else { return };
        if gathered.violations.len() < MAX_VIOLATIONS {
            gathered.violations.extend(violation(event));
        }
        if held < MAX_GATHERED_ENTRIES || gathered.notice.entries.is_empty() {
            gathered.notice.take(world.entry(event));
        } else {
            gathered.notice.more += 1;
        }
    }

    fn next_digest(&self, id: u32, hours: u8, now_ms: i64) -> i64 {
        let last = self.digests.get(&id).copied().unwrap_or(now_ms);
        let period = i64::from(hours.max(1)) * 3_600_000;
        // Of a quiet night's digests none is made up for.
        last + ((now_ms - last).max(0) / period + 1) * period
    }

    /// Whether anything is due.
    pub fn is_due(&self, now_ms: i64) -> bool {
        self.gathered.values().any(|gathered| gathered.due_ms <= now_ms)
    }

    /// Whether it is due that something is over.
    pub fn is_end_due(&self, now_ms: i64) -> bool {
        let ends = |one: &Gathered| one.notice.kind == NoticeKind::Recovery;
        self.gathered.values().any(|gathered| gathered.due_ms <= now_ms && ends(gathered))
    }

    /// The deliveries that are due, which then are the store's.
    pub fn write(&mut self, world: &World<'_>) -> Vec<NewDelivery> {
        let due: Vec<String> = self
            .gathered
            .iter()
            .filter(|(_, gathered)| gathered.due_ms <= world.now_ms)
            .map(|(key, _)| key.clone())
            .collect();
        let mut deliveries = Vec::new();
        for key in due {
            let Some(gathered) = self.gathered.remove(&key) else { continue };
            let policy = world.rules.policies.iter().find(|policy| policy.id == gathered.policy);
            // Who deleted the policy meanwhile wants to hear nothing more of it.
            let Some(policy) = policy else { continue };
            if policy.value.every_hours.is_some() {
                // Not when it was written, which is later: the next one would be late by that too, and in a year by hours.
                self.digests.insert(policy.id, gathered.due_ms);
            }
            deliveries.extend(self.deliveries(policy, gathered, world.now_ms));
        }
        let known: BTreeSet<u32> = world.rules.policies.iter().map(|policy| policy.id).collect();
        self.digests.retain(|id, _| known.contains(id));
        deliveries
    }

    fn deliveries(
        &self,
        policy: &Stored<Policy>,
        gathered: Gathered,
        now_ms: i64,
    ) -> Vec<NewDelivery> {
        let mut notice = gathered.notice;
        notice.over = notice.kind == NoticeKind::Recovery
            && !self.subjects.values().any(|one| one.told && one.cause == gathered.cause);
        notice.at_ms = now_ms;
        notice.title = title(&notice);
        let text = serde_json::to_string(&notice).expect("texts and numbers are JSON");
        let state =
            if gathered.hidden { DeliveryState::Suppressed } else { DeliveryState::Pending };
        let ordered = match notice.kind {
            NoticeKind::Alarm | NoticeKind::Recovery => gathered.cause.clone(),
            _ => String::new(),
        };
        let of = |action: &u32| NewDelivery {
            account_id: gathered.account,
            application_id: gathered.application,
            policy_id: policy.id,
            action_id: *action,
            cause: ordered.clone(),
            state,
            created_ms: now_ms,
            due_ms: now_ms,
            title: notice.title.clone(),
            notice: text.clone(),
            log: "[]".to_owned(),
            violations: gathered.violations.iter().copied().collect(),
        };
        policy.value.actions.iter().map(of).collect()
    }

    /// How many notices are being gathered, and how many things are told and go on.
    pub fn sizes(&self) -> (usize, usize) {
        (self.gathered.len(), self.subjects.values().filter(|subject| subject.told).count())
    }
}

fn hidden(event: &Event, world: &World<'_>) -> bool {
    let at_ms = event.time_ms.min(world.now_ms);
    silencing(&world.rules.suppressions, event, at_ms, world.lineage).is_some()
}

/// The suppression because of which an event is not told at a moment.
pub(crate) fn silencing<'s>(
    suppressions: &'s [Stored<Suppression>],
    event: &Event,
    at_ms: i64,
    lineage: Lineage<'_>,
) -> Option<&'s Stored<Suppression>> {
    suppressions.iter().find(|suppression| {
        suppression.account == event.account_id
            && suppression.application.is_none_or(|one| event.application_id == Some(one))
            && suppression.value.hides(event, at_ms, lineage)
    })
}

/// The violation whose event this is.
fn violation(event: &Event) -> Option<u32> {
    let (_, id) = event.properties.iter().find(|(name, _)| name == "violation")?;
    id.parse().ok()
}

/// The cause that several events have in common.
fn cause_key(policy: &Stored<Policy>, event: &Event) -> String {
    let cause = match &event.triggered {
        Some(by) => format!("{}:{}", by.kind, by.id),
        // What deviates at the same time has one cause more often than not.
        None if event.kind.starts_with("ANOMALY_") => "anomalies".to_owned(),
        None => format!("{}:{}", event.kind, event.sub_type),
    };
    format!("{}/{}/{cause}", policy.id, event.application_id.unwrap_or(0))
}

/// What begins and ends: a rule at an entity.
fn subject_key(policy: u32, event: &Event) -> String {
    let part = |entity: Option<&EntityRef>| {
        entity.map_or_else(String::new, |one| format!("{}:{}", one.kind, one.id))
    };
    let family = event.kind.split('_').next().unwrap_or_default();
    let rule = part(event.triggered.as_ref());
    let entity = part(event.affected.iter().find(|one| one.kind < 100));
    format!("{policy}/{}/{family}/{rule}/{entity}", event.application_id.unwrap_or(0))
}

fn begun(
    policy: &Stored<Policy>,
    event: &Event,
    kind: NoticeKind,
    cause: String,
    world: &World<'_>,
) -> Gathered {
    let named = event.triggered.as_ref().map(|by| Named { id: by.id, name: by.name.clone() });
    let application = match kind {
        NoticeKind::Digest => policy.application,
        _ => event.application_id,
    };
    let by_type = || Named { id: 0, name: type_name(event) };
    let page = crate::notice::page_of(application, None);
    Gathered {
        account: event.account_id,
        application,
        policy: policy.id,
        due_ms: 0,
        hidden: false,
        violations: BTreeSet::new(),
        notice: Notice {
            kind,
            severity: Severity::Info,
            title: String::new(),
            key: format!("vedette/{cause}"),
            policy: Named { id: policy.id, name: policy.name.clone() },
            application: application.map(|id| Named { id, name: (world.named)(id) }),
            cause: named.unwrap_or_else(by_type),
            since_ms: event.time_ms,
            at_ms: world.now_ms,
            entries: Vec::new(),
            more: 0,
            over: false,
            link: format!("{}{page}", world.base),
        },
        cause,
    }
}

/// A type of event as people read it.
fn type_name(event: &Event) -> String {
    if event.kind == "CUSTOM" && !event.sub_type.is_empty() {
        return event.sub_type.clone();
    }
    let words = event.kind.to_lowercase().replace('_', " ");
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

impl Notice {
    /// One more entry. What is known of its entity already becomes what is known now.
    fn take(&mut self, entry: Entry) {
        self.severity = self.severity.max(entry.severity);
        self.since_ms = self.since_ms.min(entry.since_ms);
        let replaces = self.kind == NoticeKind::Alarm && entry.entity.is_some();
        let known = |known: &Entry| replaces && known.entity == entry.entity;
        match self.entries.iter().position(known) {
            Some(at) => {
                let since_ms = self.entries[at].since_ms.min(entry.since_ms);
                self.entries[at] = Entry { since_ms, ..entry };
            }
            None if self.entries.len() < MAX_ENTRIES => self.entries.push(entry),
            None => self.more += 1,
        }
        if let [only] = &self.entries[..] {
            self.link.clone_from(&only.link);
        }
    }

    /// How many things it is about.
    pub fn count(&self) -> usize {
        self.entries.len() + self.more as usize
    }
}

/// The line under which a notice is seen first.
fn title(notice: &Notice) -> String {
    let at = match &notice.entries[..] {
        [only] if notice.more == 0 => only
            .entity
            .as_ref()
            .map_or_else(String::new, |entity| format!(" on {}", entity.called())),
        _ => format!(" on {} entities", notice.count()),
    };
    let application = notice.application.as_ref().map(|one| format!(" · {}", one.name));
    let application = application.unwrap_or_default();
    match notice.kind {
        NoticeKind::Alarm => {
            let level = if notice.severity == Severity::Critical { "Critical" } else { "Warning" };
            format!("{level}: {}{at}{application}", notice.cause.name)
        }
        NoticeKind::Recovery => {
            let (how, why) = ending(notice);
            format!("{how}: {}{at}{application}{why}", notice.cause.name)
        }
        NoticeKind::Digest => {
            format!("{}: {}{application}", notice.policy.name, events(notice.count()))
        }
        NoticeKind::Test => format!("Test: {}{application}", notice.cause.name),
        NoticeKind::Event => match &notice.entries[..] {
            [only] if notice.more == 0 => {
                format!("{}: {}{application}", notice.cause.name, first_line(&only.summary))
            }
            _ => format!("{}: {}{application}", notice.cause.name, events(notice.count())),
        },
    }
}

fn events(count: usize) -> String {
    if count == 1 { "1 event".to_owned() } else { format!("{count} events") }
}

/// How a recovery ended, and why where that is to be said: what nobody judges any more has not recovered.
pub(crate) fn ending(notice: &Notice) -> (&'static str, String) {
    let unjudged: BTreeSet<&str> =
        notice.entries.iter().filter_map(|one| one.unjudged_because.as_deref()).collect();
    let all = notice.entries.iter().all(|one| one.unjudged_because.is_some());
    let how = match (unjudged.is_empty(), notice.over) {
        (false, _) if all => "No longer judged",
        (false, _) => "Recovered or no longer judged",
        (true, true) => "Recovered",
        (true, false) => "Partly recovered",
    };
    let why = match unjudged.first() {
        Some(why) if all && unjudged.len() == 1 && !why.is_empty() => {
            format!(" ({})", first_line(why))
        }
        _ => String::new(),
    };
    (how, why)
}

fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().chars().take(150).collect()
}

/// A notice of one event as a policy would write it: for previews and tests.
pub fn preview(policy: &Stored<Policy>, event: &Event, world: &World<'_>) -> Notice {
    let kind = match phase(&event.kind) {
        Phase::Ends => NoticeKind::Recovery,
        Phase::Happens => NoticeKind::Event,
        Phase::Opens | Phase::GoesOn => NoticeKind::Alarm,
    };
    let kind = if policy.value.every_hours.is_some() { NoticeKind::Digest } else { kind };
    let mut notice = begun(policy, event, kind, cause_key(policy, event), world).notice;
    notice.take(world.entry(event));
    notice.severity = severity(event);
    notice.over = kind == NoticeKind::Recovery;
    notice.title = title(&notice);
    notice
}

#[cfg(test)]
mod tests;
