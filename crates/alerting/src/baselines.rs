//! Baselines of series: what is expected of them in an hour, from what their hours of the past were.
//!
//! [`Baselines::expected`] answers for any number of series at once, for the hour that a minute lies in: rules and maps ask
//! that each minute. [`Baselines::over`] answers for one series in many hours: charts ask that. Both read hourly roll-ups when
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

use analysis::baseline::{
    Gathered, Hour, Kind, Slots, any_hour_before, before, expected, hours_in,
};
use daemon::clock::SharedClock;
use metadata_store::Directory;
use model::{
    id::{AccountId, EntityId},
    measured::Measured,
    time::{Minute, MinuteRange},
};
use parking_lot::Mutex;
use prometheus_client::registry::Registry;
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
    /// The application that it belongs to.
    pub fn application(&self) -> EntityId {
        match self {
            Key::Figure { application, .. } | Key::Series { application, .. } => *application,
        }
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
        let page = Page { account, baseline: baseline.clone(), hour: hour_of(at) };
        let (mut found, mut missing) = self.remembered(&page, keys);
        if missing.is_empty() {
            return Ok(Answer { value: settled(found), partial: Vec::new() });
        }
        let _turn = (missing.len() >= MANY).then(|| self.one_at_a_time.lock());
        if _turn.is_some() {
            (found, missing) = self.remembered(&page, keys);
        }
        let asked: Vec<Key> = missing.iter().map(|place| keys[*place].clone()).collect();
        let Answer { value, partial } = self.read_expected(account, baseline, &asked, page.hour)?;
        for (place, expected) in missing.iter().zip(&value) {
            found[*place] = Some(*expected);
        }
        if partial.is_empty() {
            self.remember(page, asked.into_iter().zip(value));
        }
        Ok(Answer { value: settled(found), partial })
    }

    /// What is expected of a series in each of these hours (ascending, at most [`MOST_HOURS`]), in their order.
    ///
    /// # Errors
    /// As [`Baselines::expected`]; more hours are too many.
    pub fn over(
        &self,
        account: AccountId,
        baseline: &Baseline,
        key: &Key,
        hours: &[Minute],
    ) -> Result<Answer<Vec<Option<Expected>>>, QueryError> {
        if hours.len() > MOST_HOURS {
            return Err(QueryError::TooLarge(MOST_HOURS));
        }
        let page = |hour: Minute| Page { account, baseline: baseline.clone(), hour: hour_of(hour) };
        let asked = std::slice::from_ref(key);
        let mut found: Vec<Option<Option<Expected>>> =
            hours.iter().map(|hour| self.remembered(&page(*hour), asked).0[0]).collect();
        let missing: Vec<usize> = (0..hours.len()).filter(|at| found[*at].is_none()).collect();
        if missing.is_empty() {
            return Ok(Answer { value: settled(found), partial: Vec::new() });
        }
        let mut needed: BTreeSet<Minute> = BTreeSet::new();
        for place in &missing {
            needed.extend(baseline.hours(hours[*place]));
            needed.extend(hours_in(any_hour_before(hours[*place])));
        }
        let needed: Vec<Minute> = needed.into_iter().collect();
        let mut known: Vec<(Minute, Hour)> = Vec::new();
        let partial = self.read(account, asked, &needed, |_, at, hour| known.push((at, *hour)))?;
        let range = MinuteRange {
            start: needed.first().copied().unwrap_or_default(),
            end: Minute(hours[hours.len() - 1].0 + 60),
        };
        let slots = Slots::of_hours(&baseline.calendar, baseline.season, range);
        for place in missing {
            let at = hours[place];
            let expected = expected(key.kind(), &slots, baseline.window_at(at), &known, at);
            found[place] = Some(expected);
            if partial.is_empty() {
                self.remember(page(at), [(key.clone(), expected)]);
            }
        }
        Ok(Answer { value: settled(found), partial })
    }

    /// What is remembered of each key, and the places of those of which nothing is.
    fn remembered(&self, page: &Page, keys: &[Key]) -> (Vec<Option<Option<Expected>>>, Vec<usize>) {
        let found = self.cache.lock().get(page, keys);
        let missing: Vec<usize> =
            found.iter().enumerate().filter(|(_, one)| one.is_none()).map(|(at, _)| at).collect();
        self.measures.answered(keys.len() - missing.len(), missing.len());
        (found, missing)
    }

    fn remember(&self, page: Page, found: impl IntoIterator<Item = (Key, Option<Expected>)>) {
        let mut cache = self.cache.lock();
        cache.put(page, found);
        self.measures.remembers(cache.bytes());
    }

    fn read_expected(
        &self,
        account: AccountId,
        baseline: &Baseline,
        keys: &[Key],
        hour: Minute,
    ) -> Result<Answer<Vec<Option<Expected>>>, QueryError> {
        let mut gathered: Vec<Gathered> = keys.iter().map(|key| Gathered::of(key.kind())).collect();
        let hours = baseline.hours(hour);
        let mut partial = self.read(account, keys, &hours, |at, _, hour| gathered[at].add(hour))?;
        let mut found: Vec<Option<Expected>> = gathered.iter().map(Gathered::of_season).collect();
        let young: Vec<usize> = (0..keys.len()).filter(|at| found[*at].is_none()).collect();
        let asked: Vec<Key> = young.iter().map(|at| keys[*at].clone()).collect();
        let mut gathered: Vec<Gathered> =
            asked.iter().map(|key| Gathered::of(key.kind())).collect();
        let hours: Vec<Minute> = hours_in(any_hour_before(hour)).collect();
        let lacks = self.read(account, &asked, &hours, |at, _, hour| gathered[at].add(hour))?;
        for (place, gathered) in young.into_iter().zip(&gathered) {
            found[place] = gathered.of_any_hour();
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
        let background = bt.properties.background || bt.properties.health_check;
        let counts =
            |app: EntityId| self.directory.get(app).map(|app| app.properties.background_counts);
        !background || counts(bt.key.application).unwrap_or(false)
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

fn settled(found: Vec<Option<Option<Expected>>>) -> Vec<Option<Expected>> {
    found.into_iter().map(Option::flatten).collect()
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

    /// The hours that the hour of a minute is judged by, ascending.
    fn hours(&self, at: Minute) -> Vec<Minute> {
        self.calendar.like(self.season, at, self.window_at(at))
    }
}

#[cfg(test)]
mod tests;
