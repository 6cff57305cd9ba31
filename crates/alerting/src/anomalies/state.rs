//! The state of all watched series: in memory, and as the bytes of a checkpoint.
//!
//! `u16` version, `u32` minute, `u32` count and `u32` each of the applications, `u32` count of the series; of each `u32` entity,
//! `u32` application, `u8` what (1 to 4 as `model::anomaly` numbers measures), of a metric `u16` length and path, `u32` onset,
//! `u16` length and state; little-endian, series by their keys. The telemetry store puts the checksum behind it.

use std::collections::{BTreeMap, BTreeSet};

use analysis::anomaly::{Change, Config, Moment, Reading, Series, State as SeriesState, Verdict};
use model::{
    anomaly::{AnomalyMeasure, AnomalySettings},
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
const VERSION: u16 = 1;

/// A series under watch.
#[derive(Clone, Debug, PartialEq)]
struct Watched {
    application: EntityId,
    series: Series,
    /// Since when it deviates, while it does.
    onset: u32,
}

/// All series under watch.
#[derive(Clone, Debug)]
pub(super) struct State {
    config: Config,
    /// Series of all applications that there is memory for.
    room: usize,
    series: FxHashMap<SeriesKey, Watched>,
    /// Applications that are watched, and how many series each has.
    applications: BTreeMap<EntityId, usize>,
    /// Series that had no place in the last minute.
    left_out: BTreeMap<EntityId, usize>,
}

impl Default for State {
    fn default() -> State {
        State {
            config: Config::default(),
            room: usize::MAX,
            series: FxHashMap::default(),
            applications: BTreeMap::new(),
            left_out: BTreeMap::new(),
        }
    }
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
    pub(super) fn is_watched(&self, application: EntityId) -> bool {
        self.applications.contains_key(&application)
    }

    /// Begins to watch an application, of which nothing is known.
    pub(super) fn begin(&mut self, application: EntityId) {
        self.applications.entry(application).or_insert(0);
    }

    /// Forgets what `keeps` does not keep, by application and key.
    pub(super) fn retain(&mut self, mut keeps: impl FnMut(EntityId, SeriesKey) -> bool) {
        self.series.retain(|key, watched| keeps(watched.application, *key));
        let mut counted: BTreeMap<EntityId, usize> = BTreeMap::new();
        for watched in self.series.values() {
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
        let mut standings: FxHashMap<EntityId, Standing> = FxHashMap::default();
        let mut left_out = 0;
        let reported = readings.reported(application);
        for entry in entries {
            let sums = readings.sums(entry.measured);
            let counted = sums.or(reported.then(Default::default));
            for what in [What::ResponseTime, What::ErrorShare, What::Calls] {
                let reading = counted.and_then(|sums| sums.reading(what));
                // What never had a call has nothing to miss.
                let begins = sums.is_some_and(|sums| sums.calls > 0.0);
                let key = SeriesKey { entity: entry.id, what };
                let one = One { application, settings, entry, key, moment, begins };
                left_out += usize::from(!self.take(one, reading, &mut standings));
            }
            if entry.kind == model::anomaly::AnomalousKind::Node {
                for metric in METRICS {
                    let reading = readings.metric(entry.id, metric.path).map(Reading::of);
                    let key = SeriesKey { entity: entry.id, what: What::Metric(metric.path) };
                    let begins = reading.is_some();
                    let one = One { application, settings, entry, key, moment, begins };
                    left_out += usize::from(!self.take(one, reading, &mut standings));
                }
            }
        }
        self.left_out.insert(application, left_out);
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

    /// Takes a reading of one series; false when there is no place for it.
    fn take(
        &mut self,
        one: One<'_>,
        reading: Option<Reading>,
        standings: &mut FxHashMap<EntityId, Standing>,
    ) -> bool {
        let config = self.config;
        if !self.series.contains_key(&one.key) {
            if !one.begins || reading.is_none() {
                return true;
            }
            let has_room = self.series.len() < self.room;
            let count = self.applications.entry(one.application).or_insert(0);
            if *count >= MAX_SERIES || !has_room {
                return false;
            }
            *count += 1;
            let series = Series::new(one.key.what.kind(), &config);
            self.series.insert(one.key, Watched { application: one.application, series, onset: 0 });
        }
        let watched = self.series.get_mut(&one.key).expect("it was just made");
        let verdict = reading.map(|reading| {
            let sensitivity = sensitivity_at(
                one.settings,
                one.entry.wanted,
                one.key.what,
                &watched.series,
                &config,
                one.moment,
                reading.calls,
            );
            (reading, watched.series.observe(&config, &sensitivity, one.moment, reading))
        });
        let shifted = verdict.as_ref().is_some_and(|(_, verdict)| {
            if let Some(Change::Opened { onset } | Change::Reopened { onset }) = verdict.change {
                watched.onset = onset;
            }
            verdict.change == Some(Change::Shifted)
        });
        let level = watched.level(&config, one.moment.minute);
        if level.is_none() && !shifted {
            return true;
        }
        let standing = standings.entry(one.key.entity).or_default();
        standing.shifted |= shifted;
        standing.deviating.extend(level.map(|level| Deviating {
            what: one.key.what,
            level,
            onset: Minute(watched.onset),
            seen: verdict.and_then(|(reading, verdict)| seen(one.key.what, reading, &verdict)),
            shift: verdict.is_some_and(|(_, verdict)| verdict.shift),
        }));
        true
    }

    /// A series as it is now.
    pub(super) fn series(&self, key: SeriesKey) -> Option<&Series> {
        self.series.get(&key).map(|watched| &watched.series)
    }

    /// The bytes of a checkpoint.
    pub(super) fn to_bytes(&self, minute: Minute) -> Vec<u8> {
        let mut out = Vec::with_capacity(64 + self.series.len() * 420);
        out.extend(VERSION.to_le_bytes());
        out.extend(minute.0.to_le_bytes());
        let count = |count: usize| u32::try_from(count).unwrap_or(u32::MAX).to_le_bytes();
        out.extend(count(self.applications.len()));
        self.applications.keys().for_each(|one| out.extend(one.0.to_le_bytes()));
        out.extend(count(self.series.len()));
        let mut all: Vec<(&SeriesKey, &Watched)> = self.series.iter().collect();
        all.sort_unstable_by_key(|(key, _)| **key);
        for (key, watched) in all {
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
            watched.series.to_bytes(&mut out);
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
        if version != VERSION {
            return Err(BadCheckpoint::Version(version));
        }
        let minute = Minute(rest.word()?);
        let mut state = State::default();
        for _ in 0..rest.word()? {
            state.applications.insert(EntityId(rest.word()?), 0);
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
                state.series.insert(key, Watched { application, series, onset });
            }
        }
        Ok((minute, state))
    }
}

/// A reading's whereabouts.
#[derive(Clone, Copy)]
struct One<'a> {
    application: EntityId,
    settings: &'a AnomalySettings,
    entry: &'a Entry,
    key: SeriesKey,
    moment: Moment,
    /// A series that is not known may begin with it.
    begins: bool,
}

impl Watched {
    /// How bad it is, as far as anybody can say.
    fn level(&self, config: &Config, minute: u32) -> Option<Level> {
        let last = self.series.last()?;
        if minute.saturating_sub(last) >= UNKNOWN_FOR {
            return None;
        }
        // A silent series is as bad as it was when it was heard of last.
        match self.series.state_at(config, last) {
            SeriesState::Warning => Some(Level::Warning),
            SeriesState::Critical => Some(Level::Critical),
            SeriesState::Learning | SeriesState::Normal | SeriesState::NoData => None,
        }
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
    #[error("the state of detection has version {0}; this program reads version {VERSION}")]
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
