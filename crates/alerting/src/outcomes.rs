//! What went badly, as events: slow, very slow, stalled and failed transactions, one event per business transaction, kind and
//! minute, with how many calls it were and the worst trace that is kept; and exceptions, one per group of errors and minute.
//!
//! Only kinds that an enabled policy or digest asks for, in the applications it asks for, so that nothing is flooded by what
//! nobody reads. A minute's events and the mark that it was told are one transaction; their keys are made of whom, kind and
//! minute. What was missed while the server stood still is told for an hour back, no further.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Debug,
    sync::Arc,
};

use daemon::{
    clock::SharedClock,
    tasks::{RunResult, Task},
};
use metadata_store::{
    AlertConfigKind, AlertConfigs as _, Directory, EntityRef, EventSeverity, Events as _,
    MetadataStore, NewEvent, event_key,
};
use model::{
    entity::{EntityKind, OWN_APPLICATION},
    event,
    figure::{Figure, Scope},
    id::{AccountId, EntityId},
    span::Outcome,
    time::{Minute, MinuteRange},
};
use serde_json::json;
use telemetry_store::reader::{
    Detail, FigureQuery, FigureRow, GroupBy, Points, QueryError, Reader, Resolution, TraceQuery,
    TraceRow,
};
use tokio::runtime::Handle;

use crate::{
    due::{self, Failed, Pace},
    notifier,
    policy::Policy,
};

/// The kinds of transactions that are told, the worst first.
const OUTCOMES: [Outcome; 4] = [Outcome::Error, Outcome::Stall, Outcome::VerySlow, Outcome::Slow];
/// Events of an application and minute, those with most calls first; further ones are left out.
const MAX_EVENTS: usize = 100;
/// Minutes that are told late at the most.
const MAX_BEHIND: u32 = 60;
/// Rows of figures of an application and minute.
const MAX_ROWS: usize = 1_000_000;
/// Kept traces of a business transaction, kind and minute among which the worst is looked for.
const TRACES: usize = 100;

/// Everything that the job is given.
pub struct Deps {
    pub store: MetadataStore,
    pub runtime: Handle,
    pub reader: Arc<dyn Reader>,
    pub directory: Arc<Directory>,
    pub clock: SharedClock,
    pub pace: Pace,
}

impl Debug for Deps {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Deps").finish_non_exhaustive()
    }
}

/// Tells minutes by the clock.
#[derive(Debug)]
pub struct Job {
    deps: Deps,
}

/// The kinds that are asked for in an application of an account.
type Wanted = BTreeMap<(u32, EntityId), BTreeSet<&'static str>>;

/// How often something went badly.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Counted {
    kind: &'static str,
    /// Of transactions; none of exceptions.
    outcome: Option<Outcome>,
    /// The business transaction, or the group of errors.
    whose: EntityId,
    times: f64,
    /// Of so many calls.
    calls: f64,
}

impl Job {
    /// A job that goes on where the last one ended.
    pub fn new(deps: Deps) -> Job {
        Job { deps }
    }

    /// The task that runs it.
    pub fn task(self) -> Task {
        Task::blocking("events of transactions", due::PERIOD, move || self.run())
    }

    fn run(&self) -> RunResult {
        let deps = &self.deps;
        let told = due::judge(&|| deps.pace.may_begin(), || {
            self.step(i64::try_from(deps.clock.now().millis())?)
        })?;
        let events: usize = told.iter().sum();
        Ok((events > 0).then(|| format!("{events} events")))
    }

    /// Tells the next minute that is due at `now_ms`: one is a minute after its end. How many events it came to; nothing when
    /// none is due.
    ///
    /// # Errors
    /// When a store does not answer; nothing was told then.
    pub fn step(&self, now_ms: i64) -> Result<Option<usize>, Failed> {
        let Deps { store, runtime, .. } = &self.deps;
        let newest = Minute(Minute::of_millis(now_ms).0.saturating_sub(2));
        let last = runtime.block_on(store.told_minute())?;
        let minute = match last {
            None => newest,
            Some(last) => Minute(last + 1).max(Minute(newest.0.saturating_sub(MAX_BEHIND))),
        };
        if minute > newest {
            return Ok(None);
        }
        let mut events = Vec::new();
        for ((account, application), kinds) in self.wanted()? {
            events.extend(self.events(AccountId(account), application, &kinds, minute)?);
        }
        // Whoever else told it meanwhile told the same.
        runtime.block_on(store.tell_minute(last, minute.0, &events))?;
        Ok(Some(events.len()))
    }

    /// What policies ask for. Of all applications Vedette's own is none: it has to be named.
    fn wanted(&self) -> Result<Wanted, Failed> {
        let Deps { store, runtime, directory, .. } = &self.deps;
        let mut wanted = Wanted::new();
        for kind in [AlertConfigKind::Policy, AlertConfigKind::Digest] {
            for config in runtime.block_on(store.alert_configs(kind, None))? {
                // The notifier says of a policy that cannot be read that it is left out.
                let Ok(policy) = notifier::read::<Policy>(&config) else { continue };
                let asked = asked_for(&policy.value);
                if asked.is_empty() {
                    continue;
                }
                let applications = match policy.application {
                    Some(one) => vec![EntityId(one)],
                    None => others(directory, AccountId(policy.account)),
                };
                for application in applications {
                    wanted.entry((policy.account, application)).or_default().extend(&asked);
                }
            }
        }
        Ok(wanted)
    }

    fn events(
        &self,
        account: AccountId,
        application: EntityId,
        kinds: &BTreeSet<&'static str>,
        minute: Minute,
    ) -> Result<Vec<NewEvent>, Failed> {
        let mut scopes = Vec::new();
        if OUTCOMES.iter().any(|outcome| kinds.contains(outcome.name())) {
            scopes.push(Scope::BusinessTransaction);
        }
        if kinds.contains(event::APPLICATION_ERROR) {
            scopes.push(Scope::Error);
        }
        let figures = self.deps.reader.figures(&FigureQuery {
            account,
            application,
            scopes,
            subject: None,
            peer: None,
            // Exceptions are counted over all and by business transaction: the former are wanted.
            bt: Some(EntityId::NONE),
            range: MinuteRange { start: minute, end: Minute(minute.0 + 1) },
            points: Points::Every(Resolution::OneMinute),
            detail: Detail::Counts,
            group_by: GroupBy::Key,
            max_rows: MAX_ROWS,
        })?;
        let mut events = Vec::new();
        for counted in counted(&figures.value, kinds) {
            let Some(entity) = self.deps.directory.get(counted.whose) else { continue };
            let worst = self.worst(account, application, &counted, minute)?;
            let whose = EntityRef {
                kind: entity.key.kind as u8,
                id: counted.whose.0,
                name: entity.key.name.chars().take(255).collect(),
            };
            events.push(told(account, application, whose, &counted, worst.as_ref(), minute));
        }
        Ok(events)
    }

    /// The longest of the newest kept traces of that kind.
    fn worst(
        &self,
        account: AccountId,
        application: EntityId,
        counted: &Counted,
        minute: Minute,
    ) -> Result<Option<TraceRow>, QueryError> {
        let Some(outcome) = counted.outcome else { return Ok(None) };
        let page = self.deps.reader.traces(&TraceQuery {
            account,
            trace: None,
            application: Some(application),
            bt: Some(counted.whose),
            tier: None,
            outcomes: vec![outcome],
            min_duration_us: 0,
            max_duration_us: u64::MAX,
            kept_only: true,
            from_ns: minute.start_ns(),
            to_ns: Minute(minute.0 + 1).start_ns(),
            before: None,
            limit: TRACES,
        })?;
        Ok(page.value.rows.into_iter().max_by_key(|row| row.duration_us))
    }
}

/// The kinds that a policy asks for.
fn asked_for(policy: &Policy) -> BTreeSet<&'static str> {
    let kinds = OUTCOMES.iter().map(|outcome| outcome.name()).chain([event::APPLICATION_ERROR]);
    kinds.filter(|kind| policy.enabled && policy.event_types.contains(*kind)).collect()
}

fn others(directory: &Directory, account: AccountId) -> Vec<EntityId> {
    let all = directory.of_application(account, EntityId::NONE, EntityKind::Application);
    all.iter().filter(|one| one.key.name != OWN_APPLICATION).map(|one| one.id).collect()
}

/// What of these figures of a minute is to be told, most calls first.
fn counted(rows: &[FigureRow], kinds: &BTreeSet<&'static str>) -> Vec<Counted> {
    let mut sums: BTreeMap<(Scope, EntityId), Figure> = BTreeMap::new();
    for row in rows {
        sums.entry((row.key.scope, row.key.subject)).or_default().merge(&row.figure);
    }
    let mut all = Vec::new();
    for ((scope, whose), figure) in sums {
        let of =
            |kind, outcome, times| Counted { kind, outcome, whose, times, calls: figure.calls };
        if scope == Scope::Error {
            all.push(of(event::APPLICATION_ERROR, None, figure.calls));
            continue;
        }
        all.extend(OUTCOMES.into_iter().map(|outcome| {
            let times = match outcome {
                Outcome::Error => figure.errors,
                Outcome::Stall => figure.stall,
                Outcome::VerySlow => figure.very_slow,
                Outcome::Slow => figure.slow,
                Outcome::Normal => 0.0,
            };
            of(outcome.name(), Some(outcome), times)
        }));
    }
    // Figures move by signed differences, and a call may stand for part of one.
    all.retain(|one| one.times >= 0.5 && kinds.contains(one.kind));
    all.sort_by(|a, b| b.times.total_cmp(&a.times).then(a.whose.cmp(&b.whose)));
    all.truncate(MAX_EVENTS);
    all
}

fn told(
    account: AccountId,
    application: EntityId,
    whose: EntityRef,
    counted: &Counted,
    worst: Option<&TraceRow>,
    minute: Minute,
) -> NewEvent {
    let Counted { kind, outcome, times, calls, .. } = *counted;
    let (times, calls) = (times.round(), calls.max(times).round());
    let name: String = whose.name.chars().take(200).collect();
    let (metric, severity, summary) = match outcome {
        None => {
            let many = if times > 1.0 { format!("{times} times") } else { "once".to_owned() };
            ("Exceptions", EventSeverity::Error, format!("{name}: {many} in a minute"))
        }
        Some(outcome) => {
            let (metric, severity, were) = match outcome {
                Outcome::Error => ("Failed calls", EventSeverity::Error, "failed"),
                Outcome::Stall => ("Stalled calls", EventSeverity::Error, "stalled"),
                Outcome::VerySlow => ("Very slow calls", EventSeverity::Warn, "very slow"),
                Outcome::Slow | Outcome::Normal => ("Slow calls", EventSeverity::Warn, "slow"),
            };
            (metric, severity, format!("{name}: {times} of {calls} calls {were} in a minute"))
        }
    };
    let mut properties = vec![("count".to_owned(), times.to_string())];
    if let Some(worst) = worst {
        properties.push(("trace".to_owned(), worst.trace.to_string()));
        properties.push(("duration ms".to_owned(), (worst.duration_us / 1_000).to_string()));
    }
    let parts = [&whose.id.to_be_bytes()[..], &minute.0.to_be_bytes(), kind.as_bytes()];
    let detail = json!({ "since_ms": minute.start_millis(), "metric": metric, "value": times });
    NewEvent {
        account_id: account.0,
        application_id: Some(application.0),
        kind: kind.to_owned(),
        sub_type: String::new(),
        severity,
        // It was known once the minute was over.
        time_ms: Minute(minute.0 + 1).start_millis(),
        summary,
        comment: String::new(),
        key: Some(event_key(&[b"outcome", parts[0], parts[1], parts[2]])),
        affected: vec![whose],
        triggered: None,
        properties,
        repeats: 1,
        detail: detail.to_string(),
    }
}

#[cfg(test)]
mod tests;
