//! What a rule would have found in the past: the same functions over stored minutes, without storing anything.
//!
//! What cannot be known of the past is left out: how long an entity was silent. Baselines are those of each hour as they
//! would be made now.

use std::{collections::BTreeSet, sync::Arc};

use metadata_store::Directory;
use model::{
    id::{AccountId, EntityId},
    rule::{ALWAYS, Evidence, Level, Rule, RuleError, Schedule},
    time::{Minute, MinuteRange},
};
use rustc_hash::{FxHashMap, FxHashSet};
use telemetry_store::reader::QueryError;

use super::{
    BaselineKey, ChangeKind, Compiled, Expectations, Source, Telemetry,
    affected::{Affected, Alive, Entities},
    evaluate::{ChartedCondition, Known, Look, Pair, Verdict},
    read::Wanted,
    source::Resolver,
    transition::{self, Open},
    windows::Windows,
};
use crate::away::Away;

/// Minutes read at a time.
const CHUNK: u32 = 60;
/// Episodes in an answer.
const MAX_EPISODES: usize = 500;
/// Bytes of windows.
const MAX_BYTES: usize = 64 << 20;

/// What is to be looked at.
#[derive(Debug)]
pub struct BackTest<'a, T: ?Sized> {
    pub telemetry: &'a T,
    pub directory: &'a Directory,
    pub expectations: &'a dyn Expectations,
    pub account: AccountId,
    pub application: EntityId,
    /// The rule's schedule, unless it is `Always`.
    pub schedule: Option<Schedule>,
    pub range: MinuteRange,
    /// Whose minutes are wanted for a chart; none: of whoever broke the rule longest.
    pub charted: Option<EntityId>,
    /// Only the one that is charted is looked at.
    pub alone: bool,
}

/// A time in which an entity broke the rule.
#[derive(Clone, Debug, PartialEq)]
pub struct Episode {
    pub entity: EntityId,
    pub name: Arc<str>,
    pub from: Minute,
    /// The minute in which it was over; none when it was not at the range's end.
    pub until: Option<Minute>,
    /// The worst that was reached.
    pub level: Level,
    /// What opened it.
    pub evidence: Evidence,
}

/// A minute of a chart.
#[derive(Clone, Debug, PartialEq)]
pub struct ChartPoint {
    pub at: Minute,
    /// Of each condition.
    pub conditions: Vec<ChartedCondition>,
    /// How the entity was.
    pub level: Option<Level>,
}

/// One entity's minutes.
#[derive(Clone, Debug, PartialEq)]
pub struct Charted {
    pub entity: EntityId,
    pub name: Arc<str>,
    /// Whose conditions these are.
    pub level: Level,
    pub conditions: Vec<String>,
    pub points: Vec<ChartPoint>,
}

/// What would have been.
#[derive(Clone, Debug, PartialEq)]
pub struct BackTested {
    /// By their beginning.
    pub episodes: Vec<Episode>,
    /// There were more than are told.
    pub more: bool,
    /// Entities that were judged.
    pub entities: usize,
    /// Those of them of which nobody could tell anything in any minute: nothing was reported, or there is no baseline yet.
    pub unjudged: usize,
    /// The minutes that were looked at: fewer than asked for where time ran out.
    pub range: MinuteRange,
    pub chart: Option<Charted>,
    /// Why it may not be whole; sentences.
    pub lacks: BTreeSet<String>,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum BackTestError {
    #[error(transparent)]
    Rule(#[from] RuleError),
    #[error(transparent)]
    Telemetry(#[from] QueryError),
}

/// An entity's minutes, newest last: whether it broke the rule.
type Levels = Vec<Option<Level>>;

struct Run<'a> {
    rule: &'a Compiled,
    pairs: Vec<Pair>,
    open: FxHashMap<EntityId, (Open, usize)>,
    episodes: Vec<Episode>,
    more: bool,
    /// Minutes broken, by entity.
    broken: FxHashMap<EntityId, u32>,
    /// Those that broke the rule or did not, at least once.
    told: FxHashSet<EntityId>,
    /// Every entity's level in each minute, as long as that fits.
    chart: FxHashMap<EntityId, Levels>,
}

impl<T: Telemetry + ?Sized> BackTest<'_, T> {
    /// Runs a rule over the range while `may_go_on`, which is told whether it is for the chart.
    ///
    /// # Errors
    /// When the rule is not sound or the store cannot be read.
    pub fn run(
        &self,
        rule: Rule,
        may_go_on: &dyn Fn(bool) -> bool,
    ) -> Result<BackTested, BackTestError> {
        let compiled = Compiled::of(rule)?;
        let pairs = self.pairs(&compiled);
        let mut run = Run {
            rule: &compiled,
            open: FxHashMap::default(),
            episodes: Vec::new(),
            more: false,
            broken: FxHashMap::default(),
            told: FxHashSet::default(),
            chart: FxHashMap::default(),
            pairs,
        };
        let mut lacks = BTreeSet::new();
        if run.pairs.iter().any(|pair| asks_for_silence(&compiled, pair)) {
            lacks.insert(
                "how long something was silent is not known of the past; such conditions are left out".to_owned(),
            );
        }
        let done = self.walk(
            &compiled,
            &run.pairs.clone(),
            &|| may_go_on(false),
            &mut lacks,
            |look, is_on| {
                run.minute(look, is_on);
            },
        )?;
        if done < self.range.end {
            lacks.insert("there was no time for the whole range; ask for fewer days".to_owned());
        }
        let chart = match self.charted.or_else(|| run.longest()) {
            Some(entity) => self.chart(&compiled, &run, entity, may_go_on, done)?,
            None => None,
        };
        let Run { mut episodes, more, pairs, told, .. } = run;
        episodes.sort_by_key(|episode| (episode.from, episode.entity));
        Ok(BackTested {
            episodes,
            more,
            entities: pairs.len(),
            unjudged: pairs.len() - told.len(),
            range: MinuteRange { start: self.range.start, end: done },
            chart,
            lacks,
        })
    }

    fn pairs(&self, rule: &Compiled) -> Vec<Pair> {
        let (directory, account, application) = (self.directory, self.account, self.application);
        let alive = Alive::Since(self.range.start);
        let entities = Entities { directory, account, application, alive };
        let resolver = Resolver { directory, account, application };
        let pair = |affected: Affected| {
            let nodes = match rule.looks_at_nodes() {
                true => entities.nodes_of(affected.id),
                false => Vec::new(),
            };
            Pair::of(rule, affected, nodes, &resolver)
        };
        let mut affected = entities.affected(rule);
        if self.alone {
            affected.retain(|one| Some(one.id) == self.charted);
        }
        affected.into_iter().map(pair).collect()
    }

    /// Gives each minute of the range to `each`, and says up to where it came.
    fn walk(
        &self,
        rule: &Compiled,
        pairs: &[Pair],
        may_go_on: &dyn Fn() -> bool,
        lacks: &mut BTreeSet<String>,
        mut each: impl FnMut(&Look<'_>, bool),
    ) -> Result<Minute, BackTestError> {
        let mut windows = Windows::new(MAX_BYTES);
        let mut keys: FxHashSet<BaselineKey> = FxHashSet::default();
        for pair in pairs {
            pair.each_source(rule, |source, minutes| {
                windows.want(source.clone(), minutes.max(CHUNK as u16))
            });
            pair.each_baseline(rule, |key| {
                keys.insert(key);
            });
        }
        if windows.refused() > 0 {
            lacks.insert(
                "there are too many series to look at at once; narrow the rule's scope".to_owned(),
            );
        }
        let keys: Vec<BaselineKey> = keys.into_iter().collect();
        let wanted = Wanted::of(self.account, self.application, windows.sources(), self.directory);
        let before = u32::from(rule.rule.window_minutes) - 1;
        let mut start = Minute(self.range.start.0.saturating_sub(before));
        let mut known = (Minute(0), Known::default());
        while start < self.range.end {
            if !may_go_on() {
                return Ok(start.max(self.range.start));
            }
            let end = Minute(((start.0 / CHUNK + 1) * CHUNK).min(self.range.end.0));
            let mut values: FxHashMap<Minute, Vec<(Source, model::leaf::Value)>> =
                FxHashMap::default();
            let range = MinuteRange { start, end };
            lacks.extend(wanted.read(
                self.telemetry,
                self.directory,
                range,
                |source, minute, value| {
                    values.entry(minute).or_default().push((source.clone(), value));
                },
            )?);
            for minute in (start.0..end.0).map(Minute) {
                windows.begin(minute);
                for (source, value) in values.remove(&minute).unwrap_or_default() {
                    windows.put(&source, minute, value);
                }
                if minute < self.range.start {
                    continue;
                }
                let hour = Minute(minute.0 - minute.0 % 60);
                if known.0 != hour {
                    known = (hour, self.expected(&keys, hour));
                }
                let (silence, away) = (|_: &Source| None, Away::default());
                let look = Look {
                    windows: &windows,
                    known: &known.1,
                    silence: &silence,
                    away: &away,
                    at: minute,
                };
                each(&look, self.is_on(&rule.rule, minute));
            }
            start = end;
        }
        Ok(self.range.end)
    }

    fn is_on(&self, rule: &Rule, minute: Minute) -> bool {
        let schedule = self.schedule.as_ref().filter(|_| rule.schedule != ALWAYS);
        schedule.is_none_or(|schedule| schedule.is_on(minute.start_millis()))
    }

    fn expected(&self, keys: &[BaselineKey], at: Minute) -> Known {
        let expected = self.expectations.expected(self.account, keys, at);
        let found = keys.iter().cloned().zip(expected);
        found.filter_map(|(key, expected)| Some((key, expected?))).collect()
    }

    /// The minutes of one entity, with the values of the level that it broke.
    fn chart(
        &self,
        rule: &Compiled,
        run: &Run<'_>,
        entity: EntityId,
        may_go_on: &dyn Fn(bool) -> bool,
        until: Minute,
    ) -> Result<Option<Charted>, BackTestError> {
        let Some(pair) = run.pairs.iter().find(|pair| pair.affected.id == entity) else {
            return Ok(None);
        };
        let worst = run.episodes.iter().filter(|one| one.entity == entity).map(|one| one.level);
        let level = worst.max().unwrap_or(rule.levels[0].level);
        let at = rule.levels.iter().position(|one| one.level == level).unwrap_or(0);
        let (mut points, mut broken) = (Vec::new(), run.chart.get(&entity).into_iter().flatten());
        let range = MinuteRange { start: self.range.start, end: until };
        let of_one = BackTest { range, schedule: None, ..*self };
        let pairs = std::slice::from_ref(pair);
        of_one.walk(rule, pairs, &|| may_go_on(true), &mut BTreeSet::new(), |look, _| {
            let conditions = look.minute_of(rule.rule.window_minutes, &rule.levels[at], at, pair);
            let level = broken.next().copied().flatten();
            points.push(ChartPoint { at: look.at, conditions, level });
        })?;
        let conditions = &rule.levels[at].conditions;
        let names = conditions.iter().map(|condition| condition.condition.short_name.clone());
        Ok(Some(Charted {
            entity,
            name: Arc::clone(&pair.affected.name),
            level,
            conditions: names.collect(),
            points,
        }))
    }
}

impl Run<'_> {
    fn minute(&mut self, look: &Look<'_>, is_on: bool) {
        for pair in &self.pairs {
            let entity = pair.affected.id;
            let was = self.open.get(&entity).copied();
            if !is_on {
                if let Some((_, episode)) = self.open.remove(&entity) {
                    self.episodes[episode].until = Some(look.at);
                }
                self.chart.entry(entity).or_default().push(None);
                continue;
            }
            let verdict = look.verdict(self.rule, pair);
            if verdict != Verdict::Unknown {
                self.told.insert(entity);
            }
            let wait = self.rule.rule.wait_minutes;
            let open = was.map(|(open, _)| open);
            let change = transition::step(open.as_ref(), verdict, look.at, wait);
            match (change, was) {
                (None, _) => {}
                (Some(change), None) if self.episodes.len() < MAX_EPISODES => {
                    let open = Open { id: 0, level: change.level, since: look.at, told: look.at };
                    self.open.insert(entity, (open, self.episodes.len()));
                    self.episodes.push(Episode {
                        entity,
                        name: Arc::clone(&pair.affected.name),
                        from: look.at,
                        until: None,
                        level: change.level,
                        evidence: look.evidence(self.rule, pair, change.level),
                    });
                }
                (Some(_), None) => self.more = true,
                (Some(change), Some((was, episode))) => match change.kind {
                    ChangeKind::Closed | ChangeKind::Canceled => {
                        self.open.remove(&entity);
                        self.episodes[episode].until = Some(look.at);
                    }
                    _ => {
                        let open = Open { level: change.level, told: look.at, ..was };
                        self.open.insert(entity, (open, episode));
                        let worst = &mut self.episodes[episode].level;
                        *worst = change.level.max(*worst);
                    }
                },
            }
            let level = self.open.get(&entity).map(|(open, _)| open.level);
            if level.is_some() {
                *self.broken.entry(entity).or_default() += 1;
            }
            self.chart.entry(entity).or_default().push(level);
        }
    }

    /// Whoever broke the rule in most minutes.
    fn longest(&self) -> Option<EntityId> {
        let most = self.broken.iter().max_by_key(|(entity, minutes)| (**minutes, entity.0));
        most.map(|(entity, _)| *entity).or_else(|| self.pairs.first().map(|pair| pair.affected.id))
    }
}

fn asks_for_silence(rule: &Compiled, pair: &Pair) -> bool {
    let mut asks = false;
    pair.each_source(rule, |source, _| {
        asks |= matches!(source, Source::Silence(_) | Source::SilenceOfAll);
    });
    asks
}
