//! The state of all watched series: in memory, and as the bytes of a checkpoint.
//!
//! `u16` version, `u32` minute, `u32` count and `u32` each of the applications, `u32` count of those that are still learnt and of
//! each three `u32` (application, when it began to be watched, next minute to learn), `u32` count of the series; of each `u32` entity,
//! `u32` application, `u8` what (1 to 4 as `model::anomaly` numbers measures), of a metric `u16` length and path, `u32` onset,
//! `u16` length and state; little-endian, series by their keys. The telemetry store puts the checksum behind it. Version 1 had
//! nothing of what is still learnt.

use std::collections::{BTreeMap, BTreeSet};

use analysis::anomaly::{
    Change, Config, Due, Moment, Reading, Sensitivity, Series, State as SeriesState, Verdict,
    observe_many,
};
use model::{
    anomaly::{AnomalousKind, AnomalyMeasure, AnomalySensitivity, AnomalySettings},
    id::EntityId,
    rule::Level,
    time::Minute,
};
use parking_lot::RwLock;
use rustc_hash::FxHashMap;

use super::{
    readings::Readings,
    watched::{Entry, METRICS, SeriesKey, What, sensitivity_at},
};

/// Series that are watched of one application.
pub const MAX_SERIES: usize = 100_000;
/// About what one takes in memory with its key and its part of the table, bytes.
const SERIES_BYTES: usize = 700;
/// Minutes without a reading after which nobody can say any more that a series deviates.
const UNKNOWN_FOR: u32 = 60;
const VERSION: u16 = 2;
/// Series of which first what is wanted and then the verdicts are worked out, while their states are at hand.
const TOGETHER: usize = 512;

/// What is known of a series beside its state.
#[derive(Clone, Copy, Debug)]
struct Watched {
    key: SeriesKey,
    application: EntityId,
    /// Since when it deviates, while it does.
    onset: u32,
}

/// All series under watch.
#[derive(Clone, Debug)]
pub(super) struct State {
    config: Config,
    /// Series of all applications that there is memory for.
    room: usize,
    places: FxHashMap<SeriesKey, u32>,
    /// By place: the states side by side, as one minute reads all of them.
    series: Vec<Series>,
    watched: Vec<Watched>,
    /// Applications that are watched, and how many series each has.
    applications: BTreeMap<EntityId, usize>,
    /// Those of them whose past is not learnt yet.
    learning: BTreeMap<EntityId, Learning>,
    /// Series that had no place in the last minute.
    left_out: BTreeMap<EntityId, usize>,
}

impl Default for State {
    fn default() -> State {
        State {
            config: Config::default(),
            room: usize::MAX,
            places: FxHashMap::default(),
            series: Vec::new(),
            watched: Vec::new(),
            applications: BTreeMap::new(),
            learning: BTreeMap::new(),
            left_out: BTreeMap::new(),
        }
    }
}

/// How far the past of an application is learnt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Learning {
    /// The minute in which it began to be watched, whose entities are learnt.
    pub(super) began: Minute,
    /// The next one to be learnt.
    pub(super) next: Minute,
}

/// A series that deviates in a minute.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Deviating {
    pub(super) what: What,
    pub(super) level: Level,
    /// The first minute in which it deviated.
    pub(super) onset: Minute,
    /// Of this minute; none where it has no reading or is calm just now.
    pub(super) seen: Option<Seen>,
    pub(super) shift: bool,
}

/// How a value deviates.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Seen {
    /// As shown.
    pub(super) observed: f64,
    pub(super) expected: f64,
    /// In mean deviations of the series at this hour.
    pub(super) scaled: f64,
    pub(super) rarity: f32,
}

/// What a minute did to one entity.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Standing {
    /// Those of its series that deviate, the worst first.
    pub(super) deviating: Vec<Deviating>,
    /// A series stays where it went.
    pub(super) shifted: bool,
}

impl State {
    /// Whether anything is known of an application.
    pub(super) fn is_known(&self, application: EntityId) -> bool {
        self.applications.contains_key(&application)
    }

    /// Whether an application's past is learnt, so that its minutes can be judged.
    pub(super) fn is_ready(&self, application: EntityId) -> bool {
        self.is_known(application) && !self.learning.contains_key(&application)
    }

    /// The applications whose past is still learnt.
    pub(super) fn learning(&self) -> Vec<(EntityId, Learning)> {
        self.learning.iter().map(|(application, learning)| (*application, *learning)).collect()
    }

    /// Begins to watch an application, of which nothing is known.
    pub(super) fn begin(&mut self, application: EntityId, learning: Learning) {
        self.applications.entry(application).or_insert(0);
        self.learning.insert(application, learning);
    }

    /// Notes up to where an application is learnt.
    pub(super) fn learnt(&mut self, application: EntityId, next: Minute) {
        if let Some(learning) = self.learning.get_mut(&application) {
            learning.next = next;
        }
    }

    /// An application's past is learnt.
    pub(super) fn finish(&mut self, application: EntityId) {
        self.learning.remove(&application);
    }

    /// How many series there are of an application.
    pub(super) fn count_of(&self, application: EntityId) -> usize {
        self.applications.get(&application).copied().unwrap_or(0)
    }

    /// Forgets what `keeps` does not keep, by application and key.
    pub(super) fn retain(&mut self, mut keeps: impl FnMut(EntityId, SeriesKey) -> bool) {
        let mut at = 0;
        while let Some(watched) = self.watched.get(at) {
            if keeps(watched.application, watched.key) {
                at += 1;
                continue;
            }
            self.places.remove(&watched.key);
            self.watched.swap_remove(at);
            self.series.swap_remove(at);
            if let Some(moved) = self.watched.get(at) {
                self.places.insert(moved.key, place(at));
            }
        }
        let mut counted: BTreeMap<EntityId, usize> = BTreeMap::new();
        for watched in &self.watched {
            *counted.entry(watched.application).or_insert(0) += 1;
        }
        for (application, count) in &mut self.applications {
            *count = counted.get(application).copied().unwrap_or(0);
        }
    }

    /// Forgets applications that are not watched any more, with their series.
    pub(super) fn keep_applications(&mut self, watched: &BTreeSet<EntityId>) {
        let gone = self.applications.keys().any(|one| !watched.contains(one));
        if gone {
            self.applications.retain(|one, _| watched.contains(one));
            self.learning.retain(|one, _| watched.contains(one));
            self.left_out.retain(|one, _| watched.contains(one));
            self.retain(|application, _| watched.contains(&application));
        }
    }

    /// Takes a minute of an application, and tells how each of its entities stands.
    pub(super) fn observe(
        &mut self,
        application: EntityId,
        settings: &AnomalySettings,
        entries: &[Entry],
        readings: &Readings,
        moment: Moment,
    ) -> FxHashMap<EntityId, Standing> {
        let visits = self.visits(application, entries, readings);
        let mut standings: FxHashMap<EntityId, Standing> = FxHashMap::default();
        for group in visits.chunks(TOGETHER) {
            let mut verdicts = self.verdicts(group, settings, moment).into_iter().peekable();
            for visit in group {
                let verdict = verdicts.next_if(|(place, _)| *place == visit.place);
                self.stand(visit, verdict.map(|(_, verdict)| verdict), moment, &mut standings);
            }
        }
        for standing in standings.values_mut() {
            standing.deviating.sort_by(|left, right| {
                let rarity = |one: &Deviating| one.seen.map_or(0.0, |seen| seen.rarity);
                (right.level, rarity(right))
                    .partial_cmp(&(left.level, rarity(left)))
                    .unwrap_or(std::cmp::Ordering::Equal)
                    .then(left.what.cmp(&right.what))
            });
        }
        standings
    }

    /// The series of an application that have a place, with what was read of them.
    fn visits(
        &mut self,
        application: EntityId,
        entries: &[Entry],
        readings: &Readings,
    ) -> Vec<Visit> {
        let mut visits = Vec::with_capacity(3 * entries.len());
        let mut left_out = 0;
        let reported = readings.reported(application);
        for entry in entries {
            let mut visit = |what, reading, begins| {
                let key = SeriesKey { entity: entry.id, what };
                match self.place_of(application, key, begins) {
                    Place::At(place) => visits.push(Visit { place, reading, wanted: entry.wanted }),
                    Place::Unknown => {}
                    Place::NoRoom => left_out += 1,
                }
            };
            let sums = readings.sums(entry.measured);
            let counted = sums.or(reported.then(Default::default));
            // What never had a call has nothing to miss.
            let had_calls = sums.is_some_and(|sums| sums.calls > 0.0);
            for what in [What::ResponseTime, What::ErrorShare, What::Calls] {
                let reading = counted.and_then(|sums| sums.reading(what));
                visit(what, reading, had_calls && reading.is_some());
            }
            if entry.kind == AnomalousKind::Node {
                for metric in METRICS {
                    let reading = readings.metric(entry.id, metric.path).map(Reading::of);
                    visit(What::Metric(metric.path), reading, reading.is_some());
                }
            }
        }
        self.left_out.insert(application, left_out);
        visits
    }

    /// The place of a series, which is made where it may begin and there is room.
    fn place_of(&mut self, application: EntityId, key: SeriesKey, begins: bool) -> Place {
        if let Some(place) = self.places.get(&key) {
            return Place::At(*place);
        }
        if !begins {
            return Place::Unknown;
        }
        let has_room = self.series.len() < self.room;
        let count = self.applications.entry(application).or_insert(0);
        if *count >= MAX_SERIES || !has_room {
            return Place::NoRoom;
        }
        *count += 1;
        let series = Series::new(key.what.kind(), &self.config);
        Place::At(self.put(Watched { key, application, onset: 0 }, series))
    }

    fn put(&mut self, watched: Watched, series: Series) -> u32 {
        let place = place(self.series.len());
        self.places.insert(watched.key, place);
        self.watched.push(watched);
        self.series.push(series);
        place
    }

    /// The verdicts on those that were read, by place, in order.
    fn verdicts(
        &mut self,
        visits: &[Visit],
        settings: &AnomalySettings,
        moment: Moment,
    ) -> Vec<(u32, Verdict)> {
        let config = self.config;
        let read = visits.iter().filter_map(|visit| Some((visit, visit.reading?)));
        let wishes: Vec<Sensitivity> = read
            .clone()
            .map(|(visit, reading)| {
                let place = visit.place as usize;
                let (what, series) = (self.watched[place].key.what, &self.series[place]);
                let calls = reading.calls;
                sensitivity_at(settings, visit.wanted, what, series, &config, moment, calls)
            })
            .collect();
        let due = read.zip(&wishes).map(|((visit, reading), sensitivity)| Due {
            series: visit.place,
            at: moment,
            reading,
            sensitivity,
        });
        let due: Vec<Due<'_>> = due.collect();
        let mut verdicts = Vec::with_capacity(due.len());
        observe_many(&mut self.series, &config, &due, |due, verdict| {
            verdicts.push((due.series, verdict));
        });
        verdicts
    }

    /// What a verdict says of the entity whose series it is.
    fn stand(
        &mut self,
        visit: &Visit,
        verdict: Option<Verdict>,
        moment: Moment,
        standings: &mut FxHashMap<EntityId, Standing>,
    ) {
        let watched = &mut self.watched[visit.place as usize];
        let change = verdict.as_ref().and_then(|verdict| verdict.change);
        if let Some(Change::Opened { onset } | Change::Reopened { onset }) = change {
            watched.onset = onset;
        }
        let (what, onset) = (watched.key.what, Minute(watched.onset));
        let shifted = change == Some(Change::Shifted);
        let series = &self.series[visit.place as usize];
        let level = level_of(series, &self.config, moment.minute);
        if level.is_none() && !shifted {
            return;
        }
        let standing = standings.entry(watched.key.entity).or_default();
        standing.shifted |= shifted;
        standing.deviating.extend(level.map(|level| {
            Deviating {
                what,
                level,
                onset,
                seen: visit
                    .reading
                    .zip(verdict.as_ref())
                    .and_then(|(reading, verdict)| seen(what, reading, verdict)),
                shift: verdict.as_ref().is_some_and(|verdict| verdict.shift),
            }
        }));
    }

    /// A series as it is now.
    pub(super) fn series(&self, key: SeriesKey) -> Option<&Series> {
        self.places.get(&key).map(|place| &self.series[*place as usize])
    }

    /// The bytes of a checkpoint.
    pub(super) fn to_bytes(&self, minute: Minute) -> Vec<u8> {
        let mut out = Vec::with_capacity(64 + self.series.len() * 420);
        out.extend(VERSION.to_le_bytes());
        out.extend(minute.0.to_le_bytes());
        let count = |count: usize| u32::try_from(count).unwrap_or(u32::MAX).to_le_bytes();
        out.extend(count(self.applications.len()));
        self.applications.keys().for_each(|one| out.extend(one.0.to_le_bytes()));
        out.extend(count(self.learning.len()));
        for (application, learning) in &self.learning {
            let words = [application.0, learning.began.0, learning.next.0];
            words.into_iter().for_each(|word| out.extend(word.to_le_bytes()));
        }
        out.extend(count(self.series.len()));
        let mut all: Vec<(&Watched, &Series)> = self.watched.iter().zip(&self.series).collect();
        all.sort_unstable_by_key(|(watched, _)| watched.key);
        for (watched, series) in all {
            let key = watched.key;
            out.extend(key.entity.0.to_le_bytes());
            out.extend(watched.application.0.to_le_bytes());
            out.push(key.what.measure() as u8);
            if let Some(path) = key.what.metric() {
                out.extend(u16::try_from(path.len()).unwrap_or(u16::MAX).to_le_bytes());
                out.extend(path.as_bytes());
            }
            out.extend(watched.onset.to_le_bytes());
            let place = out.len();
            out.extend([0, 0]);
            series.to_bytes(&mut out);
            let length =
                u16::try_from(out.len() - place - 2).expect("a state is at most 400 bytes");
            out[place..place + 2].copy_from_slice(&length.to_le_bytes());
        }
        out
    }

    /// Reads a checkpoint back, with its minute. Series of metrics that this version does not watch are left out.
    pub(super) fn from_bytes(bytes: &[u8]) -> Result<(Minute, State), BadCheckpoint> {
        let mut rest = Bytes(bytes);
        let version = rest.short()?;
        if !(1..=VERSION).contains(&version) {
            return Err(BadCheckpoint::Version(version));
        }
        let minute = Minute(rest.word()?);
        let mut state = State::default();
        for _ in 0..rest.word()? {
            state.applications.insert(EntityId(rest.word()?), 0);
        }
        for _ in 0..if version > 1 { rest.word()? } else { 0 } {
            let application = EntityId(rest.word()?);
            let (began, next) = (Minute(rest.word()?), Minute(rest.word()?));
            state.learning.insert(application, Learning { began, next });
        }
        for _ in 0..rest.word()? {
            let (entity, application) = (EntityId(rest.word()?), EntityId(rest.word()?));
            let measure = AnomalyMeasure::from_number(rest.take::<1>()?[0]);
            let what = match measure {
                AnomalyMeasure::Metric => {
                    let length = rest.short()?;
                    let path = rest.slice(usize::from(length))?;
                    let path = std::str::from_utf8(path).map_err(|_| BadCheckpoint::Short)?;
                    What::of(measure, Some(path))
                }
                _ => What::of(measure, None),
            };
            let onset = rest.word()?;
            let length = rest.short()?;
            let series = Series::from_bytes(rest.slice(usize::from(length))?)?;
            if let Some(what) = what {
                *state.applications.entry(application).or_insert(0) += 1;
                let key = SeriesKey { entity, what };
                state.put(Watched { key, application, onset }, series);
            }
        }
        Ok((minute, state))
    }
}

/// A series in a minute.
#[derive(Clone, Copy, Debug)]
struct Visit {
    place: u32,
    reading: Option<Reading>,
    wanted: AnomalySensitivity,
}

/// Where a series is.
#[derive(Clone, Copy, Debug)]
enum Place {
    At(u32),
    /// It is not known, and does not begin either.
    Unknown,
    NoRoom,
}

fn place(at: usize) -> u32 {
    u32::try_from(at).expect("there are fewer series than numbers")
}

/// How bad a series is in a minute, as far as anybody can say.
fn level_of(series: &Series, config: &Config, minute: u32) -> Option<Level> {
    let last = series.last()?;
    if minute.saturating_sub(last) >= UNKNOWN_FOR {
        return None;
    }
    // A silent series is as bad as it was when it was heard of last.
    match series.state_at(config, last) {
        SeriesState::Warning => Some(Level::Warning),
        SeriesState::Critical => Some(Level::Critical),
        SeriesState::Learning | SeriesState::Normal | SeriesState::NoData => None,
    }
}

fn seen(what: What, reading: Reading, verdict: &Verdict) -> Option<Seen> {
    let deviation = verdict.deviation?;
    Some(Seen {
        observed: reading.value * what.shown(),
        expected: f64::from(verdict.expected).max(0.0) * what.shown(),
        scaled: f64::from(deviation.scaled),
        rarity: verdict.rarity,
    })
}

/// Bytes that are no checkpoint of detection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum BadCheckpoint {
    #[error("the state of detection has version {0}; this program reads versions up to {VERSION}")]
    Version(u16),
    #[error("the state of detection is cut short")]
    Short,
    #[error(transparent)]
    Series(#[from] analysis::anomaly::BadState),
}

impl BadCheckpoint {
    /// A newer version wrote it, which goes on from it: it must not be replaced.
    pub(super) fn is_newer(self) -> bool {
        match self {
            BadCheckpoint::Version(version) => version > VERSION,
            BadCheckpoint::Series(analysis::anomaly::BadState::Version(_)) => true,
            BadCheckpoint::Short | BadCheckpoint::Series(_) => false,
        }
    }
}

struct Bytes<'b>(&'b [u8]);

impl<'b> Bytes<'b> {
    fn take<const N: usize>(&mut self) -> Result<[u8; N], BadCheckpoint> {
        let (first, rest) = self.0.split_first_chunk::<N>().ok_or(BadCheckpoint::Short)?;
        self.0 = rest;
        Ok(*first)
    }

    fn short(&mut self) -> Result<u16, BadCheckpoint> {
        self.take().map(u16::from_le_bytes)
    }

    fn word(&mut self) -> Result<u32, BadCheckpoint> {
        self.take().map(u32::from_le_bytes)
    }

    fn slice(&mut self, length: usize) -> Result<&'b [u8], BadCheckpoint> {
        let (first, rest) = self.0.split_at_checked(length).ok_or(BadCheckpoint::Short)?;
        self.0 = rest;
        Ok(first)
    }
}

/// The state of detection, shared with whoever shows it.
#[derive(Debug, Default)]
pub struct Watch {
    pub(super) state: RwLock<State>,
    pub(super) judged: RwLock<Option<Minute>>,
}

/// How much is watched of an application.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Watching {
    pub application: EntityId,
    pub series: usize,
    /// Series without a place among [`MAX_SERIES`].
    pub left_out: usize,
}

impl Watch {
    /// One whose series take about so many bytes at most.
    pub fn within(bytes: usize) -> Watch {
        let state = State { room: bytes / SERIES_BYTES, ..State::default() };
        Watch { state: RwLock::new(state), judged: RwLock::default() }
    }

    /// How many series there may be of all applications together.
    pub fn room(&self) -> usize {
        self.state.read().room
    }

    /// Takes over a state that was stored, and the minute up to which it was judged.
    pub(super) fn put(&self, mut state: State, judged: Option<Minute>) {
        let mut known = self.state.write();
        state.room = known.room;
        *known = state;
        *self.judged.write() = judged;
    }

    /// A copy of a series as it is now; none where it is not watched yet.
    pub fn series(&self, key: SeriesKey) -> Option<Series> {
        self.state.read().series(key).cloned()
    }

    /// The last minute that was judged.
    pub fn judged(&self) -> Option<Minute> {
        *self.judged.read()
    }

    /// How much is watched, by application.
    pub fn watching(&self) -> Vec<Watching> {
        let state = self.state.read();
        let of = |(application, series): (&EntityId, &usize)| Watching {
            application: *application,
            series: *series,
            left_out: state.left_out.get(application).copied().unwrap_or(0),
        };
        state.applications.iter().map(of).collect()
    }
}
