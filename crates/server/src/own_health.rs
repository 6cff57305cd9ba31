//! Vedette's own troubles as events of the account, for policies: the disk is short of room, intake refuses what is sent for
//! lack of room, the pipeline stands still, background work fails. Told as they begin and as they are over; what flickers is
//! told once. That the whole process did not run for a while is told when it runs again.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use api::{Operations as _, Status as _};
use daemon::{
    absence::{Absence, Absences},
    clock::{SharedClock, UnixNanos},
    tasks::Task,
};
use metadata_store::{
    EventSeverity, Events as _, FIRST_ACCOUNT, MetadataStore, NewEvent, event_key,
};
use model::event;

use crate::adapters::{operations::ProcessOperations, status::ProcessStatus};

const EVERY: Duration = Duration::from_secs(30);
/// Looks in a row that find a trouble until it is told, and that do not until it is over.
const BEGINS_AFTER: u32 = 2;
const ENDS_AFTER: u32 = 10;
/// So long an absence leaves a gap in what is shown by the minute.
const WORTH_TELLING: Duration = Duration::from_secs(60);
/// Reasons of refusals that are Vedette's own, and no sender's.
const OWN_REASONS: [&str; 4] = ["no_room", "journal_busy", "journal_full", "journal_unavailable"];

/// What is looked at.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    /// Nothing is accepted any more.
    DiskFull,
    /// The oldest data go before their time.
    DiskLow,
    Intake,
    Pipeline,
    Task(String),
}

impl Part {
    fn kind(&self) -> &'static str {
        match self {
            Part::DiskFull | Part::DiskLow => event::DISK_SPACE,
            Part::Intake | Part::Pipeline | Part::Task(_) => event::OWN_HEALTH,
        }
    }

    fn severity(&self) -> EventSeverity {
        match self {
            Part::DiskFull | Part::Intake | Part::Pipeline => EventSeverity::Error,
            Part::DiskLow | Part::Task(_) => EventSeverity::Warn,
        }
    }

    fn name(&self) -> String {
        match self {
            Part::DiskFull => "room on the disk to accept data".to_owned(),
            Part::DiskLow => "room on the disk".to_owned(),
            Part::Intake => "intake".to_owned(),
            Part::Pipeline => "the pipeline".to_owned(),
            Part::Task(name) => format!("background work: {name}"),
        }
    }
}

/// What is wrong now, in a sentence each.
type Troubles = BTreeMap<Part, String>;

/// What was seen of the parts that are or were in trouble.
#[derive(Debug, Default)]
struct Watched {
    parts: BTreeMap<Part, Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    told: bool,
    /// Looks in a row that found the opposite of what was told.
    against: u32,
}

/// A change to be told: what is wrong, or none when it is over.
type Change = (Part, Option<String>);

impl Watched {
    /// One look.
    fn look(&mut self, troubles: &Troubles) -> Vec<Change> {
        for part in troubles.keys() {
            self.parts.entry(part.clone()).or_default();
        }
        let mut changes = Vec::new();
        for (part, seen) in &mut self.parts {
            let wrong = troubles.get(part);
            if wrong.is_some() == seen.told {
                seen.against = 0;
                continue;
            }
            seen.against += 1;
            let enough = if seen.told { ENDS_AFTER } else { BEGINS_AFTER };
            if seen.against >= enough {
                *seen = Seen { told: !seen.told, against: 0 };
                changes.push((part.clone(), wrong.cloned()));
            }
        }
        self.parts.retain(|part, seen| seen.told || troubles.contains_key(part));
        changes
    }
}

/// The task that looks.
pub(crate) fn task(
    operations: Arc<ProcessOperations>,
    status: Arc<ProcessStatus>,
    absences: Arc<Absences>,
    metadata: &MetadataStore,
    clock: &SharedClock,
) -> Task {
    let (metadata, clock) = (metadata.clone(), Arc::clone(clock));
    let runtime = tokio::runtime::Handle::current();
    let (mut watched, mut refused) = (Watched::default(), None);
    // What is known of before that was told, or was a stop.
    let mut told_until = absences.known().last().map_or(clock.now(), |one| one.to.max(clock.now()));
    // Changes that the store did not take yet.
    let mut waiting: Vec<NewEvent> = Vec::new();
    Task::blocking("own health", EVERY, move || {
        let now_refused = own_refusals(&operations);
        let more = now_refused.saturating_sub(refused.unwrap_or(now_refused));
        refused = Some(now_refused);
        let troubles = troubles(&operations, &status, more)?;
        let now_ms = i64::try_from(clock.now().millis())?;
        let changes = watched.look(&troubles);
        waiting.extend(changes.into_iter().map(|change| told(change, now_ms)));
        for absence in absences_after(&mut told_until, &absences.known()) {
            waiting.push(told_of(&absence));
        }
        if waiting.is_empty() {
            return Ok(None);
        }
        runtime.block_on(metadata.add_events(&waiting))?;
        let texts: Vec<String> = waiting.drain(..).map(|event| event.summary).collect();
        Ok(Some(texts.join("; ")))
    })
}

/// Requests and items that were refused since the start for reasons of our own.
fn own_refusals(operations: &ProcessOperations) -> u64 {
    let all = operations.refusals();
    let own = all.iter().filter(|one| OWN_REASONS.contains(&one.reason.as_str()));
    own.map(|one| one.count).sum()
}

fn troubles(
    operations: &ProcessOperations,
    status: &ProcessStatus,
    refused: u64,
) -> std::io::Result<Troubles> {
    let mut troubles = Troubles::new();
    let disk = operations.disk()?;
    let free_mib = disk.free_bytes >> 20;
    if disk.free_bytes < disk.refuse_below_bytes {
        let text = format!("the disk is full ({free_mib} MiB free): nothing is accepted");
        troubles.insert(Part::DiskFull, text);
    } else if disk.free_bytes < disk.make_room_below_bytes {
        let text =
            format!("the disk is low ({free_mib} MiB free): the oldest data go before their time");
        troubles.insert(Part::DiskLow, text);
    }
    if refused > 0 {
        let text = format!("intake refused {refused} requests and items for lack of room");
        troubles.insert(Part::Intake, text);
    }
    let readiness = status.readiness();
    if !readiness.ready {
        troubles.insert(Part::Pipeline, readiness.reasons.join("; "));
    }
    for task in operations.health().tasks.into_iter().filter(|task| task.failed) {
        let why = task.last_result.unwrap_or_default();
        troubles.insert(Part::Task(task.name), format!("background work fails: {why}"));
    }
    Ok(troubles)
}

/// Those worth telling that ended after what was told of; it is told of them then.
fn absences_after(told_until: &mut UnixNanos, known: &[Absence]) -> Vec<Absence> {
    let is_new =
        |absence: &&Absence| absence.to > *told_until && absence.duration() >= WORTH_TELLING;
    let new: Vec<Absence> = known.iter().filter(is_new).copied().collect();
    if let Some(last) = new.last() {
        *told_until = last.to;
    }
    new
}

fn told_of(absence: &Absence) -> NewEvent {
    let seconds = absence.duration().as_secs();
    let lasted = match (seconds / 60, seconds % 60) {
        (minutes, 0) => format!("{minutes} min"),
        (minutes, seconds) => format!("{minutes} min {seconds} s"),
    };
    let text = format!(
        "did not run for {lasted} (the machine was suspended, or had no processor for it): what was sent meanwhile may be missing, and nobody counts as silent in that time"
    );
    let now_ms = i64::try_from(absence.to.millis()).unwrap_or(i64::MAX);
    event(EventSeverity::Warn, event::OWN_HEALTH, "Vedette", format!("Vedette {text}"), now_ms)
}

fn told((part, wrong): Change, now_ms: i64) -> NewEvent {
    let name = part.name();
    let (severity, summary) = match &wrong {
        Some(wrong) => (part.severity(), format!("{name}: {wrong}")),
        None => (EventSeverity::Info, format!("{name}: well again")),
    };
    event(severity, part.kind(), &name, summary, now_ms)
}

fn event(
    severity: EventSeverity,
    kind: &str,
    part: &str,
    summary: String,
    now_ms: i64,
) -> NewEvent {
    let key = event_key(&[b"own health", part.as_bytes(), &now_ms.to_be_bytes()]);
    NewEvent {
        account_id: FIRST_ACCOUNT,
        application_id: None,
        kind: kind.to_owned(),
        sub_type: String::new(),
        severity,
        time_ms: now_ms,
        summary: summary.chars().take(900).collect(),
        comment: String::new(),
        affected: Vec::new(),
        triggered: None,
        properties: vec![("part".to_owned(), part.to_owned())],
        key: Some(key),
        repeats: 1,
        detail: String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is(part: &Part, wrong: bool) -> Troubles {
        wrong.then(|| (part.clone(), "wrong".to_owned())).into_iter().collect()
    }

    #[test]
    fn a_trouble_is_told_as_it_begins_and_as_it_is_over() {
        let part = Part::Task("segments".to_owned());
        let mut watched = Watched::default();
        assert!(watched.look(&is(&part, true)).is_empty(), "it may pass");
        assert_eq!(watched.look(&is(&part, true)), [(part.clone(), Some("wrong".to_owned()))]);
        for _ in 0..5 {
            assert!(watched.look(&is(&part, true)).is_empty());
        }
        for _ in 1..ENDS_AFTER {
            assert!(watched.look(&is(&part, false)).is_empty());
        }
        assert_eq!(watched.look(&is(&part, false)), [(part, None)]);
        assert!(watched.parts.is_empty());
    }

    #[test]
    fn what_flickers_is_told_once() {
        let part = Part::DiskLow;
        let mut watched = Watched::default();
        let mut told = 0;
        for look in 0..300 {
            // Wrong for three looks, well for one.
            told += watched.look(&is(&part, look % 4 != 3)).len();
        }
        assert_eq!(told, 1);
        let mut watched = Watched::default();
        let often: usize = (0..300).map(|look| watched.look(&is(&part, look % 2 == 0)).len()).sum();
        assert_eq!(often, 0, "a single look is no trouble");
    }

    #[test]
    fn an_absence_of_a_minute_is_told_once_it_is_over_and_a_short_one_is_not() {
        let absence =
            |from, to| Absence { from: UnixNanos::from_secs(from), to: UnixNanos::from_secs(to) };
        let mut told_until = UnixNanos::from_secs(100);
        let mut known = vec![absence(20, 90), absence(200, 230), absence(300, 440)];
        assert_eq!(absences_after(&mut told_until, &known), [absence(300, 440)]);
        assert_eq!(absences_after(&mut told_until, &known), []);
        known.push(absence(500, 560));
        assert_eq!(absences_after(&mut told_until, &known), [absence(500, 560)]);
        let event = told_of(&absence(300, 440));
        assert_eq!((event.kind.as_str(), event.time_ms), ("VEDETTE_HEALTH", 440_000));
        assert!(event.summary.starts_with("Vedette did not run for 2 min 20 s ("));
        assert!(told_of(&absence(500, 560)).summary.contains("for 1 min ("));
    }

    #[test]
    fn an_event_says_what_is_wrong_and_what_kind_it_is() {
        let full = told((Part::DiskFull, Some("the disk is full".to_owned())), 5);
        assert_eq!((full.kind.as_str(), full.severity), ("DISK_SPACE", EventSeverity::Error));
        let well = told((Part::Intake, None), 6);
        assert_eq!((well.kind.as_str(), well.severity), ("VEDETTE_HEALTH", EventSeverity::Info));
        assert_eq!(well.summary, "intake: well again");
        assert_ne!(full.key, well.key);
    }
}
