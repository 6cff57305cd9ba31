//! Baselines of series: what is expected of them in an hour, from what their hours of the past were.
//!
//! [`Baselines::expected`] answers for any number of series at once, for the hour that a minute lies in: rules and maps ask
//! that each minute. [`Baselines::over`] answers for several hours at once: charts ask that. Both read hourly roll-ups when
//! asked, all of one table in one pass, and remember the answer for that hour, within a bound of bytes. What is expected
//! of an hour never changes while it runs: the hour itself is no part of its own baseline.
//!
//! Which baselines there are, and which is an application's default, is in [`Definitions`]. The mathematics is in
//! [`analysis::baseline`]; there it also says from how many minutes on there is a baseline, and when a young series is
//! judged by the day before. Calls block on the disk: make them from threads of their own.

mod cache;
mod definitions;
mod gather;
mod measures;
mod metric;

use std::{collections::BTreeSet, sync::Arc};

use analysis::baseline::{Gathered, Hour, Kind, Slots, any_hour_before, before, hours_in};
use daemon::clock::SharedClock;
use metadata_store::Directory;
use model::{
    id::{AccountId, EntityId},
    leaf::Leaf,
    measured::Measured,
    time::{Minute, MinuteRange},
};
use parking_lot::Mutex;
use prometheus_client::registry::Registry;
use rustc_hash::FxHashMap;
use telemetry_store::reader::{Answer, QueryError, Reader};

use self::{
    cache::{Cache, Page},
    gather::Gather,
    measures::Measures,
};

pub use analysis::baseline::{
    Basis, Behind, Calendar, Direction, Expected, Limits, Season, State, UnknownZone, hour_of,
};

pub use self::{
    definitions::{
        Baseline, Choice, DAILY, Definition, Definitions, FACTORY, Factory, Window, season_name,
        season_number, season_of, season_of_name,
    },
    metric::Metric,
};

/// A series that may have a baseline.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Key {
    /// What is counted of calls to something.
    Figure { application: EntityId, of: Measured, metric: Metric },
    /// A metric of a node ([`EntityId::NONE`]: of the tier itself), by its path below it.
    Series { application: EntityId, tier: EntityId, node: EntityId, path: Arc<str> },
}

impl Key {
    /// The series behind a leaf of the metric tree; percentiles have none.
    pub fn of_leaf(application: EntityId, measured: Measured, leaf: Leaf) -> Option<Key> {
        let of = model::leaf::source(measured, leaf)?;
        Some(Key::Figure { application, of, metric: Metric::of_leaf(of, leaf)? })
    }

    /// The application that it belongs to.
    pub fn application(&self) -> EntityId {
        match self {
            Key::Figure { application, .. } | Key::Series { application, .. } => *application,
        }
    }

    /// Whether the metric tree shows it in all of a point, whereas a baseline is of a minute.
    pub fn is_total(&self) -> bool {
        matches!(self, Key::Figure { metric: Metric::Slow | Metric::VerySlow | Metric::Stall, .. })
    }

    /// How its values come about.
    pub fn kind(&self) -> Kind {
        match self {
            Key::Figure { metric, .. } => metric.kind(),
            Key::Series { .. } => Kind::Value,
        }
    }
}

/// Limits.
#[derive(Clone, Copy, Debug)]
pub struct Config {
    /// Bytes of answers that are remembered.
    pub cache_bytes: usize,
    /// Rows of hours held while they are read.
    pub rows: usize,
}

/// About what a row of an hour takes, bytes.
const ROW_BYTES: usize = 512;
/// Rows that count for one series, on average at most: one for each node that a business transaction enters at.
const ROWS_OF_KEY: usize = 4;
/// Hours that [`Baselines::over`] answers for: more than a chart of three months has.
pub const MOST_HOURS: usize = 2_300;
/// From so many series on, those who ask at the same time wait for one another, since they mostly ask for the same.
const MANY: usize = 1_000;

impl Config {
    /// The limits that a part of the memory for queries allows.
    pub fn within(bytes: usize) -> Config {
        Config { cache_bytes: bytes / 4, rows: (bytes / 2 / ROW_BYTES).max(10_000) }
    }

    /// Registers what is measured of it.
    pub fn build(
        self,
        reader: Arc<dyn Reader>,
        directory: Arc<Directory>,
        clock: SharedClock,
        registry: &mut Registry,
    ) -> Baselines {
        Baselines {
            config: self,
            reader,
            directory,
            clock,
            cache: Mutex::new(Cache::within(self.cache_bytes)),
            one_at_a_time: Mutex::new(()),
            measures: Measures::register(registry),
        }
    }
}

/// Answers what is expected of series. See the module's documentation.
#[derive(Debug)]
pub struct Baselines {
    config: Config,
    reader: Arc<dyn Reader>,
    directory: Arc<Directory>,
    clock: SharedClock,
    cache: Mutex<Cache>,
    one_at_a_time: Mutex<()>,
    measures: Measures,
}

impl Baselines {
    /// What is expected of each of these series in the hour of the minute `at`, in their order; nothing where too little is
    /// known ("no baseline"). The series may be of different applications of the account.
    ///
    /// # Errors
    /// When the store cannot be read, or there are more rows of an hour than there is room for.
    pub fn expected(
        &self,
        account: AccountId,
        baseline: &Baseline,
        keys: &[Key],
        at: Minute,
    ) -> Result<Answer<Vec<Option<Expected>>>, QueryError> {
        let Answer { value, partial } = self.over(account, baseline, keys, &[at])?;
        Ok(Answer { value: value.into_iter().next().unwrap_or_default(), partial })
    }

    /// The same for several hours (ascending, at most [`MOST_HOURS`]) at once: for each of them what is expected of each series.
    ///
    /// # Errors
    /// As [`Baselines::expected`]; more hours are too many.
    pub fn over(
        &self,
        account: AccountId,
        baseline: &Baseline,
        keys: &[Key],
        hours: &[Minute],
    ) -> Result<Answer<Vec<Vec<Option<Expected>>>>, QueryError> {
        if hours.len() > MOST_HOURS {
            return Err(QueryError::TooLarge(MOST_HOURS));
        }
        let pages: Vec<Page> = hours
            .iter()
            .map(|at| Page { account, baseline: baseline.clone(), hour: hour_of(*at) })
            .collect();
        let mut found = self.remembered(&pages, keys);
        let mut missing = missing_of(&found, keys.len());
        let turn = (missing.len() >= MANY).then(|| self.one_at_a_time.lock());
        if turn.is_some() {
            found = self.remembered(&pages, keys);
            missing = missing_of(&found, keys.len());
        }
        self.measures.answered(keys.len() - missing.len(), missing.len());
        if missing.is_empty() {
            return Ok(Answer { value: settled(found), partial: Vec::new() });
        }
        let asked: Vec<Key> = missing.iter().map(|place| keys[*place].clone()).collect();
        let open = |of_hour: &[Option<Option<Expected>>]| {
            missing.iter().any(|key| of_hour[*key].is_none())
        };
        let open: Vec<usize> = (0..hours.len()).filter(|hour| open(&found[*hour])).collect();
        let at: Vec<Minute> = open.iter().map(|hour| pages[*hour].hour).collect();
        let Answer { value, partial } = self.read_expected(account, baseline, &asked, &at)?;
        for (hour, expected) in open.into_iter().zip(value) {
            for (key, expected) in missing.iter().zip(&expected) {
                found[hour][*key] = Some(*expected);
            }
            if partial.is_empty() {
                self.remember(&pages[hour], asked.iter().cloned().zip(expected));
            }
        }
        Ok(Answer { value: settled(found), partial })
    }

    /// What is remembered of each hour and key.
    fn remembered(&self, pages: &[Page], keys: &[Key]) -> Vec<Vec<Option<Option<Expected>>>> {
        let mut cache = self.cache.lock();
        pages.iter().map(|page| cache.get(page, keys)).collect()
    }

    fn remember(&self, page: &Page, found: impl IntoIterator<Item = (Key, Option<Expected>)>) {
        let mut cache = self.cache.lock();
        cache.put(page.clone(), found);
        self.measures.remembers(cache.bytes());
    }

    /// Reads what is expected in some hours, ascending, of some keys.
    fn read_expected(
        &self,
        account: AccountId,
        baseline: &Baseline,
        keys: &[Key],
        at: &[Minute],
    ) -> Result<Answer<Vec<Vec<Option<Expected>>>>, QueryError> {
        let nothing: Vec<Gathered> = keys.iter().map(|key| Gathered::of(key.kind())).collect();
        let season = Judged::of(baseline, at);
        let mut gathered = vec![nothing.clone(); at.len()];
        let mut partial = self.read(account, keys, &season.needed(), |key, hour, values| {
            season.judged_by(hour).for_each(|judged| gathered[judged][key].add(values));
        })?;
        let mut found: Vec<Vec<Option<Expected>>> = gathered
            .iter()
            .map(|of_hour| of_hour.iter().map(Gathered::of_season).collect())
            .collect();
        let is_young = |key: &usize| found.iter().any(|of_hour| of_hour[*key].is_none());
        let young: Vec<usize> = (0..keys.len()).filter(is_young).collect();
        let asked: Vec<Key> = young.iter().map(|key| keys[*key].clone()).collect();
        let mut needed: BTreeSet<Minute> = BTreeSet::new();
        at.iter().for_each(|at| needed.extend(hours_in(any_hour_before(*at))));
        let needed: Vec<Minute> = needed.into_iter().collect();
        let nothing: Vec<Gathered> = young.iter().map(|key| nothing[*key]).collect();
        let mut gathered = vec![nothing; at.len()];
        let lacks = self.read(account, &asked, &needed, |key, hour, values| {
            let from = at.partition_point(|at| at.0 < hour.0 + 60);
            let judged = at.iter().enumerate().skip(from);
            let judged = judged.take_while(|(_, at)| any_hour_before(**at).contains(hour));
            judged.for_each(|(judged, _)| gathered[judged][key].add(values));
        })?;
        for (of_hour, gathered) in found.iter_mut().zip(&gathered) {
            for (key, gathered) in young.iter().zip(gathered) {
                of_hour[*key] = of_hour[*key].or_else(|| gathered.of_any_hour());
            }
        }
        partial.extend(lacks);
        partial.sort();
        partial.dedup();
        Ok(Answer { value: found, partial })
    }

    /// Gives each hour of each key to `each`, by the key's place; of a key hours ascend. Answers what it lacks.
    fn read(
        &self,
        account: AccountId,
        keys: &[Key],
        hours: &[Minute],
        mut each: impl FnMut(usize, Minute, &Hour),
    ) -> Result<Vec<String>, QueryError> {
        if keys.is_empty() || hours.is_empty() {
            return Ok(Vec::new());
        }
        let began = self.clock.monotonic();
        let mut partial = BTreeSet::new();
        let mut gather = Gather::of(keys);
        let at_once = self.config.rows / (keys.len() * ROWS_OF_KEY);
        for hours in in_parts(hours, at_once) {
            if let Some(query) = gather.figures(account, hours, self.config.rows) {
                let is_key = |bt| self.is_key(bt);
                let answer = self.reader.figure_hours(&query, &mut |key, at, figure| {
                    gather.add(&key, at, figure, is_key, &mut each);
                });
                gather.end_hour(&mut each);
                partial.extend(answer?.partial);
            }
            if let Some(query) = gather.series(account, hours, self.config.rows) {
                let answer = self.reader.metric_hours(&query, &mut |hour| {
                    if let Some((place, values)) = gather.place_of(&hour) {
                        each(place, hour.at, &values);
                    }
                });
                partial.extend(answer?.partial);
            }
        }
        self.measures.read(self.clock.monotonic().saturating_sub(began));
        Ok(partial.into_iter().collect())
    }

    /// Whether a business transaction counts in its application's figures.
    fn is_key(&self, bt: EntityId) -> bool {
        let Some(bt) = self.directory.get(bt) else { return true };
        let counts =
            |app: EntityId| self.directory.get(app).map(|app| app.properties.background_counts);
        !bt.properties.is_background() || counts(bt.key.application).unwrap_or(false)
    }
}

/// Hours in parts of which each has so many of a day at most; all at once where that is a whole day's.
fn in_parts(hours: &[Minute], at_once: usize) -> Vec<&[Minute]> {
    if at_once >= 24 {
        return vec![hours];
    }
    let days = hours.chunk_by(|a, b| a.0 / 1440 == b.0 / 1440);
    days.flat_map(|day| day.chunks(at_once.max(1))).collect()
}

/// The places of the keys of which something is missing in any hour.
fn missing_of(found: &[Vec<Option<Option<Expected>>>], keys: usize) -> Vec<usize> {
    let is_missing = |key: &usize| found.iter().any(|of_hour| of_hour[*key].is_none());
    (0..keys).filter(is_missing).collect()
}

fn settled(found: Vec<Vec<Option<Option<Expected>>>>) -> Vec<Vec<Option<Expected>>> {
    let of_hour =
        |one: Vec<Option<Option<Expected>>>| one.into_iter().map(Option::flatten).collect();
    found.into_iter().map(of_hour).collect()
}

/// Hours that are judged, and which hours each of them is judged by.
struct Judged<'b> {
    slots: Slots<'b>,
    by_slot: FxHashMap<u16, Vec<usize>>,
    windows: Vec<MinuteRange>,
    range: MinuteRange,
}

impl<'b> Judged<'b> {
    fn of(baseline: &'b Baseline, at: &[Minute]) -> Judged<'b> {
        let windows: Vec<MinuteRange> = at.iter().map(|at| baseline.window_at(*at)).collect();
        let range = MinuteRange {
            start: windows.iter().map(|window| window.start).min().unwrap_or_default(),
            end: windows.iter().map(|window| window.end).max().unwrap_or_default(),
        };
        let slots = Slots::of_hours(&baseline.calendar, baseline.season, range);
        let mut by_slot: FxHashMap<u16, Vec<usize>> = FxHashMap::default();
        for (judged, at) in at.iter().enumerate() {
            by_slot.entry(slots.of(*at)).or_default().push(judged);
        }
        Judged { slots, by_slot, windows, range }
    }

    /// Which of them an hour of the past counts for.
    fn judged_by(&self, hour: Minute) -> impl Iterator<Item = usize> + '_ {
        let alike = self.by_slot.get(&self.slots.of(hour)).into_iter().flatten().copied();
        alike.filter(move |judged| {
            let window = self.windows[*judged];
            window.start <= hour && hour.0 + 60 <= window.end.0
        })
    }

    /// The hours that count for any of them, ascending.
    fn needed(&self) -> Vec<Minute> {
        hours_in(self.range).filter(|hour| self.judged_by(*hour).next().is_some()).collect()
    }
}

impl Baseline {
    /// What it is learnt from when an hour is judged; only what lies before that hour counts.
    fn window_at(&self, at: Minute) -> MinuteRange {
        let end = hour_of(at);
        let all = match self.window {
            Window::Rolling { days } => {
                MinuteRange { start: Minute(end.0.saturating_sub(days * 1440)), end }
            }
            Window::Fixed(range) => range,
        };
        before(all, at)
    }
}

#[cfg(test)]
mod tests;
