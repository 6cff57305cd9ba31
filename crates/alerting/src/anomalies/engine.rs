//! Judging minutes, one after the other. Each step leaves the stores in a state from which an engine that knows nothing goes
//! on: the state of all series as it was stored last, the minutes since from the telemetry store, open anomalies and the
//! last judged minute from the metadata store.

mod change;
mod grouping;

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use analysis::{
    anomaly::Moment,
    baseline::{Calendar, Season},
};
use daemon::absence::Absence;
use metadata_store::{AnomalyOutcome, Directory, StoreError};
use model::{
    anomaly::AnomalySettings,
    entity::{Entity, EntityKind, OWN_APPLICATION},
    id::{AccountId, EntityId},
    time::{Minute, MinuteRange},
};
use rustc_hash::{FxHashMap, FxHashSet};
use telemetry_store::reader::QueryError;

use self::{change::OpenAnomaly, grouping::OpenIncident};
use super::{
    readings::{self, Observed, Readings},
    state::{Learning, Standing, State, Watch},
    store::{AnomalyStore, StateObjects},
    watched::{self, Entry},
};
use crate::away::Away;

/// Minutes that are made up for when nobody judged for longer; what lies before is passed over.
const MAX_BEHIND: u32 = 360;
/// Minutes of the past that an application is learnt from when it begins to be watched: two days, which show a season.
const LEARNT_FROM: u32 = 2 * 24 * 60;
/// Readings that are learnt in one step; the rest has its turn in the next ones, so that nobody's minutes wait for long.
const LEARNT_AT_A_TIME: usize = 1_000_000;
/// Minutes that are learnt of one application before the next has its turn.
const LEARNT_TOGETHER: u32 = 60;
/// Minutes between two times that the state is stored.
const STORED_EVERY: u32 = 5;
/// Anomalies that ended so long ago are forgotten.
const KEPT_MINUTES: u32 = 90 * 24 * 60;
const FORGOTTEN_AT_A_TIME: u32 = 1000;

/// Why a minute could not be judged. The next try begins from what is stored.
#[derive(Debug, thiserror::Error)]
pub enum DetectionError {
    #[error("detection could not read or write the metadata store")]
    Metadata(#[from] StoreError),
    #[error("detection could not read the telemetry store")]
    Telemetry(#[from] QueryError),
    #[error("{0}; start the version that wrote it")]
    Newer(String),
    #[error("the state of detection could not be read or written")]
    Objects(#[from] telemetry_store::StoreError),
}

/// What judging a minute came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Judged {
    pub minute: Minute,
    pub series: usize,
    /// Anomalies that opened, changed or ended.
    pub changes: usize,
}

/// Judges minutes. See the module's documentation.
#[derive(Debug)]
pub struct Engine<T: ?Sized> {
    store: Box<dyn AnomalyStore>,
    objects: Box<dyn StateObjects>,
    telemetry: Arc<T>,
    directory: Arc<Directory>,
    watch: Arc<Watch>,
    /// Readings that are learnt in one step.
    pub(super) learnt_at_a_time: usize,
    /// None: to be read again.
    stored: Option<Stored>,
    /// Minutes that say nothing.
    away: Away,
}

/// What the metadata store says.
#[derive(Debug)]
struct Stored {
    judged: Option<Minute>,
    /// By entity.
    open: BTreeMap<EntityId, OpenAnomaly>,
    incidents: Vec<OpenIncident>,
}

/// An application as it is watched in a minute.
#[derive(Debug)]
struct Application {
    account: AccountId,
    id: EntityId,
    settings: AnomalySettings,
    entries: Vec<Entry>,
}

impl<T: Observed + ?Sized> Engine<T> {
    /// An engine that shares its state through `watch`.
    pub fn new(
        store: Box<dyn AnomalyStore>,
        objects: Box<dyn StateObjects>,
        telemetry: Arc<T>,
        directory: Arc<Directory>,
        watch: Arc<Watch>,
    ) -> Engine<T> {
        let learnt_at_a_time = LEARNT_AT_A_TIME;
        let (stored, away) = (None, Away::default());
        Engine { store, objects, telemetry, directory, watch, learnt_at_a_time, stored, away }
    }

    /// Takes over when Vedette did not run: all that is known of, each time. That little was counted in such minutes is nothing
    /// that a series did, whether they are judged, taken again after a stop, or learnt.
    pub fn was_absent(&mut self, absences: &[Absence]) {
        self.away = Away::of(absences);
    }

    /// Judges the next minute that is due at `now_ms`: one is a minute after its end. Nothing when none is. Causes are looked
    /// for as long as `may_go_on` says so; what is left over has its turn in the next minute.
    ///
    /// # Errors
    /// When a store does not answer; nothing has changed then, or all of the minute's changes have.
    pub fn step(
        &mut self,
        now_ms: i64,
        may_go_on: &dyn Fn() -> bool,
    ) -> Result<Option<Judged>, DetectionError> {
        let done = self.try_step(now_ms, may_go_on);
        if done.is_err() {
            // Whatever was half done is in memory only.
            self.stored = None;
        }
        done
    }

    /// Goes on learning the past of applications that are new, without judging anything; whether there is more to learn.
    ///
    /// # Errors
    /// When a store does not answer. What was learnt stays learnt.
    pub fn learn(&mut self) -> Result<bool, DetectionError> {
        let judged = self.stored.as_ref().and_then(|stored| stored.judged);
        let Some(judged) = judged.filter(|_| !self.watch.state.read().learning().is_empty()) else {
            return Ok(false);
        };
        let calendar = self.store.calendar(AccountId::FIRST)?;
        let settings = self.settings()?;
        self.learn_on(&settings, Minute(judged.0 + 1), &calendar)?;
        let learning = self.watch.state.read().learning();
        Ok(learning.iter().any(|(_, learning)| learning.next <= judged))
    }

    fn try_step(
        &mut self,
        now_ms: i64,
        may_go_on: &dyn Fn() -> bool,
    ) -> Result<Option<Judged>, DetectionError> {
        if self.stored.is_none() {
            self.load()?;
        }
        let newest = Minute(Minute::of_millis(now_ms).0.saturating_sub(2));
        let judged = self.stored.as_ref().and_then(|stored| stored.judged);
        let minute = match judged {
            None => newest,
            Some(judged) => Minute(judged.0 + 1).max(Minute(newest.0.saturating_sub(MAX_BEHIND))),
        };
        if minute > newest {
            return Ok(None);
        }
        let calendar = self.store.calendar(AccountId::FIRST)?;
        let settings = self.settings()?;
        let applications = self.applications(&settings, minute);
        let has_learnt = self.learn_past(&settings, &applications, minute, &calendar)?;
        let range = MinuteRange { start: minute, end: Minute(minute.0 + 1) };
        let mut lacks = BTreeSet::new();
        let minutes =
            readings::read(&*self.telemetry, AccountId::FIRST, EntityId::NONE, range, &mut lacks)?;
        let nothing = Readings::default();
        let readings = self.told(minute, minutes.get(&minute).unwrap_or(&nothing));
        let standings = self.observe(&applications, &readings, moment(minute, &calendar));
        let mut changes = self.changes(&applications, standings, minute, may_go_on)?;
        let grouping = self.incidents(&changes, minute)?;
        grouping.quiet.iter().for_each(|at| changes[*at].hush());
        grouping.loud.iter().for_each(|at| changes[*at].speak(minute));
        let count = changes.iter().filter(|change| change.row.happened.is_some()).count();
        self.commit(minute, changes, grouping.grouped, has_learnt)?;
        if minute.0.is_multiple_of(60) {
            self.forget_gone(&applications);
            let before = minute.0.saturating_sub(KEPT_MINUTES);
            self.store.forget(before, FORGOTTEN_AT_A_TIME)?;
        }
        let series = self.watch.watching().iter().map(|one| one.series).sum();
        Ok(Some(Judged { minute, series, changes: count }))
    }

    /// Reads what is stored, and the minutes that were judged since the state was stored again.
    fn load(&mut self) -> Result<(), DetectionError> {
        let detection = self.store.detection()?;
        let object = detection.checkpoint.as_ref().map(|(_, object)| object);
        let bytes = object.map(|object| self.objects.read(object)).transpose()?.flatten();
        let known = match bytes.as_deref().map(State::from_bytes).transpose() {
            Ok(known) => known,
            Err(error) if error.is_newer() => return Err(DetectionError::Newer(error.to_string())),
            Err(error) => {
                tracing::error!(%error, "the state of detection cannot be read; it is learnt anew");
                None
            }
        };
        self.objects.remove_others(object)?;
        let judged = detection.judged.map(Minute);
        let open = self.store.open()?;
        let incidents = self.store.open_incidents()?;
        let (from, state) = match known {
            Some((minute, state)) => (Some(minute), state),
            None => (None, State::default()),
        };
        self.watch.put(state, judged);
        if let (Some(from), Some(judged)) = (from, judged) {
            self.catch_up(MinuteRange { start: Minute(from.0 + 1), end: Minute(judged.0 + 1) })?;
        }
        let mut stored = Stored {
            judged,
            open: open.into_iter().map(|one| OpenAnomaly::of(one, &self.directory)).collect(),
            incidents: incidents.into_iter().map(OpenIncident::of).collect(),
        };
        for open in stored.open.values_mut().filter(|open| open.looks_for_cause()) {
            if let Some(cause) = self.store.cause(open.id)? {
                open.causes = serde_json::from_str(&cause.body).ok();
            }
        }
        self.stored = Some(stored);
        Ok(())
    }

    /// Takes minutes again that were judged already: everything that followed from them is stored.
    fn catch_up(&self, range: MinuteRange) -> Result<(), DetectionError> {
        if range.is_empty() {
            return Ok(());
        }
        let calendar = self.store.calendar(AccountId::FIRST)?;
        let start = Minute(range.start.0.max(range.end.0.saturating_sub(MAX_BEHIND)));
        let range = MinuteRange { start, end: range.end };
        let (account, all) = (AccountId::FIRST, EntityId::NONE);
        let mut lacks = BTreeSet::new();
        let settings = self.settings()?;
        readings::read_through(
            &*self.telemetry,
            account,
            all,
            range,
            &mut lacks,
            |at, readings| {
                let known = self.applications(&settings, at);
                drop(self.observe(&known, &self.told(at, readings), moment(at, &calendar)));
            },
        )?;
        Ok(())
    }

    /// How applications want to be watched, as far as they say so.
    fn settings(&self) -> Result<FxHashMap<u32, AnomalySettings>, DetectionError> {
        let all = self.store.settings()?.into_iter().map(|stored| {
            // Settings that a newer version wrote must not switch detection off.
            (stored.application_id, serde_json::from_str(&stored.body).unwrap_or_default())
        });
        Ok(all.collect())
    }

    /// The applications that want to be watched, with the entities that are.
    fn applications(
        &self,
        settings: &FxHashMap<u32, AnomalySettings>,
        minute: Minute,
    ) -> Vec<Application> {
        let (account, none) = (AccountId::FIRST, EntityId::NONE);
        let all = self.directory.of_application(account, none, EntityKind::Application);
        all.iter().filter_map(|one| self.application(settings, one, minute)).collect()
    }

    fn application(
        &self,
        settings: &FxHashMap<u32, AnomalySettings>,
        application: &Entity,
        minute: Minute,
    ) -> Option<Application> {
        let settings = settings.get(&application.id.0).cloned();
        let settings = settings.unwrap_or_else(|| first_settings(&application.key.name));
        if !settings.enabled {
            return None;
        }
        let (account, id) = (application.key.account, application.id);
        let entries = watched::entries(&self.directory, account, id, &settings, minute);
        Some(Application { account, id, settings, entries })
    }

    /// Learns what is new to be watched from its stored past, as far as one step may; whether the minute of one of them can be
    /// judged from now on.
    fn learn_past(
        &self,
        settings: &FxHashMap<u32, AnomalySettings>,
        applications: &[Application],
        minute: Minute,
        calendar: &Calendar,
    ) -> Result<bool, DetectionError> {
        let watched: BTreeSet<EntityId> = applications.iter().map(|one| one.id).collect();
        {
            let mut state = self.watch.state.write();
            state.keep_applications(&watched);
            for new in watched.iter().filter(|one| !state.is_known(**one)).collect::<Vec<_>>() {
                let next = Minute(minute.0.saturating_sub(LEARNT_FROM));
                state.begin(*new, Learning { began: minute, next });
            }
        }
        self.learn_on(settings, minute, calendar)?;
        let mut state = self.watch.state.write();
        let is_learnt = |(_, learning): &(EntityId, Learning)| learning.next >= minute;
        let learnt: Vec<_> = state.learning().into_iter().filter(is_learnt).collect();
        learnt.iter().for_each(|(application, _)| state.finish(*application));
        Ok(!learnt.is_empty())
    }

    /// Learns the next minutes before `end` of who is still learnt, one after the other, as far as one step may.
    fn learn_on(
        &self,
        settings: &FxHashMap<u32, AnomalySettings>,
        end: Minute,
        calendar: &Calendar,
    ) -> Result<(), DetectionError> {
        let mut left = self.learnt_at_a_time;
        loop {
            let learning = self.watch.state.read().learning();
            let mut any = false;
            for (id, learning) in learning.into_iter().filter(|(_, one)| one.next < end) {
                if left == 0 {
                    return Ok(());
                }
                // The entities of one moment, so that whoever goes on after a stop learns the same.
                let known = self.directory.get(id);
                let application =
                    known.and_then(|one| self.application(settings, &one, learning.began));
                let Some(application) = application else { continue };
                let known = self.watch.state.read().count_of(id).max(application.entries.len());
                let minutes = (left / known.max(1)).clamp(1, LEARNT_TOGETHER as usize) as u32;
                let next = Minute((learning.next.0 + minutes).min(end.0));
                self.learn_piece(
                    &application,
                    MinuteRange { start: learning.next, end: next },
                    calendar,
                )?;
                left = left.saturating_sub(known * minutes as usize);
                any = true;
            }
            if !any {
                return Ok(());
            }
        }
    }

    fn learn_piece(
        &self,
        application: &Application,
        range: MinuteRange,
        calendar: &Calendar,
    ) -> Result<(), DetectionError> {
        let (account, id, mut lacks) = (application.account, application.id, BTreeSet::new());
        readings::read_through(
            &*self.telemetry,
            account,
            id,
            range,
            &mut lacks,
            |at, readings| {
                let Application { settings, entries, .. } = application;
                let readings = self.told(at, readings);
                let mut state = self.watch.state.write();
                drop(state.observe(id, settings, entries, &readings, moment(at, calendar)));
                state.learnt(id, Minute(at.0 + 1));
            },
        )?;
        Ok(())
    }

    /// What the readings of a minute say: nothing when nobody could report them.
    fn told<'r>(&self, minute: Minute, readings: &'r Readings) -> Cow<'r, Readings> {
        if self.away.contains(minute) {
            return Cow::Owned(Readings::default());
        }
        Cow::Borrowed(readings)
    }

    fn observe(
        &self,
        applications: &[Application],
        readings: &Readings,
        moment: Moment,
    ) -> FxHashMap<EntityId, Standing> {
        let mut state = self.watch.state.write();
        let mut standings = FxHashMap::default();
        for one in applications {
            if state.is_ready(one.id) {
                standings.extend(state.observe(
                    one.id,
                    &one.settings,
                    &one.entries,
                    readings,
                    moment,
                ));
            }
        }
        standings
    }

    /// Forgets series of entities that are watched no more.
    fn forget_gone(&self, applications: &[Application]) {
        let known: FxHashSet<EntityId> =
            applications.iter().flat_map(|one| one.entries.iter().map(|entry| entry.id)).collect();
        self.watch.state.write().retain(|_, key| known.contains(&key.entity));
    }

    /// Stores the minute, and takes over what that changed.
    fn commit(
        &mut self,
        minute: Minute,
        changes: Vec<change::Changed>,
        incidents: Vec<grouping::Grouped>,
        has_learnt: bool,
    ) -> Result<(), DetectionError> {
        let stored = self.stored.as_mut().expect("it is read before a minute is judged");
        let is_due = minute.0.is_multiple_of(STORED_EVERY) || has_learnt || stored.judged.is_none();
        let object = match is_due {
            true => {
                let bytes = self.watch.state.read().to_bytes(minute);
                Some(self.objects.write(u64::from(minute.0), &bytes)?)
            }
            false => None,
        };
        let rows: Vec<_> = changes.iter().map(|change| change.row.clone()).collect();
        let of_incidents: Vec<_> = incidents.iter().map(|one| one.row.clone()).collect();
        let after = stored.judged.map(|judged| judged.0);
        let outcome = self.store.judge(after, minute.0, &rows, &of_incidents, object.as_ref())?;
        let (ids, incident_ids) = match outcome {
            AnomalyOutcome::Stored { anomalies, incidents, replaced } => {
                if let Some(path) = replaced {
                    self.objects.remove(&path);
                }
                (anomalies, incidents)
            }
            AnomalyOutcome::Elsewhere { judged } => {
                tracing::warn!(?judged, minute = minute.0, "another process looks for anomalies");
                self.stored = None;
                return Ok(());
            }
        };
        stored.judged = Some(minute);
        *self.watch.judged.write() = Some(minute);
        for (change, id) in changes.into_iter().zip(&ids) {
            match change.open {
                Some(open) => {
                    drop(stored.open.insert(change.entity, OpenAnomaly { id: *id, ..open }))
                }
                None => drop(stored.open.remove(&change.entity)),
            }
        }
        grouping::take_over(&mut stored.incidents, &mut stored.open, incidents, &incident_ids);
        Ok(())
    }
}

/// As applications are watched before somebody says otherwise. Vedette's own requests are few and of many kinds: it is not.
fn first_settings(name: &str) -> AnomalySettings {
    AnomalySettings { enabled: name != OWN_APPLICATION, ..AnomalySettings::default() }
}

fn moment(minute: Minute, calendar: &Calendar) -> Moment {
    Moment { minute: minute.0, hour_of_week: calendar.slot(Season::Week, minute) }
}
