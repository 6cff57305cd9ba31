//! Judging minutes, one after the other. Each step leaves the stores in a state from which an engine that knows nothing
//! goes on: its windows come from the telemetry store, its open violations and the last judged minute from the metadata
//! store.

mod rules;
mod told;

use std::{collections::BTreeSet, sync::Arc};

use daemon::absence::Absence;
use metadata_store::{ChangeOf, Directory, JudgeOutcome, NewViolationChange, StoreError, Violated};
use model::{
    entity::{EntityKind, OWN_APPLICATION},
    id::{AccountId, EntityId},
    rule::Evidence,
    time::{Minute, MinuteRange},
};
use rustc_hash::{FxHashMap, FxHashSet};
use telemetry_store::reader::QueryError;

use self::rules::{Active, Why};
use super::{
    BaselineKey, Change, Expectations, Health, RuleStore, Source, States, Telemetry,
    affected::{Alive, Entities},
    evaluate::{Known, Look, Pair, Verdict},
    read::Wanted,
    source::Resolver,
    transition::{self, ChangeKind, Open},
    windows::Windows,
};
use crate::away::Away;

/// Minutes that are made up for when nobody judged for longer; what lies before is passed over.
const MAX_BEHIND: u32 = 360;
/// Minutes read at a time when windows are filled again.
const CHUNK: u32 = 10;
/// Violations that ended so long ago are forgotten.
const KEPT_MINUTES: u32 = 90 * 24 * 60;
const FORGOTTEN_AT_A_TIME: u32 = 1000;

/// Why a minute could not be judged. The next try begins from what is stored.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    #[error("health rules could not read or write the metadata store")]
    Metadata(#[from] StoreError),
    #[error("health rules could not read the telemetry store")]
    Telemetry(#[from] QueryError),
}

/// What judging a minute came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Judged {
    pub minute: Minute,
    /// Entities, once for each rule.
    pub pairs: usize,
    pub changes: usize,
}

/// A violation that is open, with what it is of.
#[derive(Clone, Debug)]
struct OpenViolation {
    open: Open,
    violated: Violated,
}

/// Judges minutes. See the module's documentation.
#[derive(Debug)]
pub struct Engine<T: ?Sized> {
    store: Box<dyn RuleStore>,
    telemetry: Arc<T>,
    directory: Arc<Directory>,
    expectations: Arc<dyn Expectations>,
    states: Arc<States>,
    max_bytes: usize,
    rules: rules::Rules,
    /// None: to be filled again.
    windows: Option<Windows>,
    /// None: to be read again.
    stored: Option<Stored>,
    /// All minutes in which nobody could report. They are not judged, and nobody was silent in them.
    away: Away,
}

/// What the metadata store says.
#[derive(Debug)]
struct Stored {
    judged: Option<Minute>,
    /// By rule and entity.
    open: FxHashMap<(u32, u32), OpenViolation>,
}

/// A change, with what it is of.
struct Changed {
    key: (u32, u32),
    violated: Violated,
    change: Change,
    stored: NewViolationChange,
}

impl<T: Telemetry + ?Sized> Engine<T> {
    /// An engine that keeps windows of at most `max_bytes`.
    pub fn new(
        store: Box<dyn RuleStore>,
        telemetry: Arc<T>,
        directory: Arc<Directory>,
        expectations: Arc<dyn Expectations>,
        states: Arc<States>,
        max_bytes: usize,
    ) -> Engine<T> {
        Engine {
            store,
            telemetry,
            directory,
            expectations,
            states,
            max_bytes,
            rules: rules::Rules::default(),
            windows: None,
            stored: None,
            away: Away::default(),
        }
    }

    /// Takes over when Vedette did not run: all that is known of, each time.
    pub fn was_absent(&mut self, absences: &[Absence]) {
        self.away = Away::of(absences);
    }

    /// Judges the next minute that is due at `now_ms`: one is a minute after its end. Nothing when none is.
    ///
    /// # Errors
    /// When a store does not answer; nothing has changed then, or all of the minute's changes have.
    pub fn step(&mut self, now_ms: i64) -> Result<Option<Judged>, EngineError> {
        let done = self.try_step(now_ms);
        if done.is_err() {
            // Whatever was half done is in memory only.
            (self.windows, self.stored) = (None, None);
        }
        done
    }

    fn try_step(&mut self, now_ms: i64) -> Result<Option<Judged>, EngineError> {
        let newest = Minute(Minute::of_millis(now_ms).0.saturating_sub(2));
        let judged = self.stored()?.judged;
        let minute = match judged {
            None => newest,
            Some(judged) => Minute(judged.0 + 1).max(Minute(newest.0.saturating_sub(MAX_BEHIND))),
        };
        let minute = self.away.present_from(minute);
        if minute > newest {
            return Ok(None);
        }
        let rules = self.rules.load(&*self.store, &self.directory, minute, now_ms)?;
        if rules.changed {
            self.windows = None;
        }
        let pairs = self.pairs(&rules.active, minute);
        let mut health = Health { at: Some(minute), ..Health::default() };
        self.fill(&rules.active, &pairs, minute, &mut health)?;
        let known = self.known(&rules.active, &pairs, minute);
        let changes = self.judge(&rules.active, &pairs, &known, &rules.gone, minute, &mut health);
        self.commit(minute, &changes)?;
        self.states.put(health);
        if minute.0.is_multiple_of(60) {
            let before = minute.0.saturating_sub(KEPT_MINUTES);
            self.store.forget(before, FORGOTTEN_AT_A_TIME)?;
        }
        Ok(Some(Judged { minute, pairs: pairs.len(), changes: changes.len() }))
    }

    fn stored(&mut self) -> Result<&Stored, EngineError> {
        if self.stored.is_none() {
            let judged = self.store.judged()?.map(Minute);
            let open = self.store.open()?.into_iter().map(|violation| {
                let open = Open {
                    id: violation.id,
                    level: told::level(violation.level),
                    since: Minute(violation.opened_minute),
                    told: Minute(violation.told_minute),
                };
                let violated = violation.violated;
                let key = (violated.rule_id, violated.entity_id);
                (key, OpenViolation { open, violated })
            });
            self.stored = Some(Stored { judged, open: open.collect() });
        }
        Ok(self.stored.as_ref().expect("it was just read"))
    }

    /// Everything that is to be judged: the place of the rule, and whom it affects.
    fn pairs(&self, rules: &[Active], minute: Minute) -> Vec<(usize, Pair)> {
        let mut pairs = Vec::new();
        for (at, rule) in rules.iter().enumerate() {
            let (account, application) = (rule.account, rule.application);
            let directory = &*self.directory;
            let alive = Alive::At(minute);
            let entities = Entities { directory, account, application, alive };
            let resolver = Resolver { directory, account, application };
            for affected in entities.affected(&rule.compiled) {
                let nodes = match rule.compiled.looks_at_nodes() {
                    true => entities.nodes_of(affected.id),
                    false => Vec::new(),
                };
                pairs.push((at, Pair::of(&rule.compiled, affected, nodes, &resolver)));
            }
        }
        pairs
    }

    /// Brings the windows up to the minute.
    fn fill(
        &mut self,
        rules: &[Active],
        pairs: &[(usize, Pair)],
        minute: Minute,
        health: &mut Health,
    ) -> Result<(), EngineError> {
        let mut wanted: FxHashMap<AccountId, FxHashMap<Source, u16>> = FxHashMap::default();
        for (at, pair) in pairs {
            let of_account = wanted.entry(rules[*at].account).or_default();
            pair.each_source(&rules[*at].compiled, |source, minutes| {
                match of_account.get_mut(source) {
                    Some(known) => *known = minutes.max(*known),
                    None => drop(of_account.insert(source.clone(), minutes)),
                }
            });
        }
        let longest = wanted.values().flat_map(FxHashMap::values).max().copied().unwrap_or(1);
        let is_fresh = self.windows.is_none();
        let mut windows = self.windows.take().unwrap_or_else(|| Windows::new(self.max_bytes));
        windows.retain(|source| wanted.values().any(|known| known.contains_key(source)));
        for (source, minutes) in wanted.values().flatten() {
            windows.want(source.clone(), *minutes);
        }
        if windows.refused() > 0 {
            health.lacks.push(format!(
                "{} series have no place in the memory for health rules ({} bytes); shorten windows or disable rules",
                windows.refused(),
                self.max_bytes
            ));
        }
        let first = match is_fresh {
            true => Minute((minute.0 + 1).saturating_sub(u32::from(longest))),
            false => minute,
        };
        let reading: Vec<Wanted> = wanted
            .iter()
            .map(|(account, sources)| {
                let kept = sources.keys().filter(|source| windows.has(source));
                Wanted::of(*account, EntityId::NONE, kept, &self.directory)
            })
            .collect();
        health.lacks.extend(self.read(&reading, &mut windows, first, minute)?);
        self.windows = Some(windows);
        Ok(())
    }

    /// Reads minutes of all accounts, some at a time.
    fn read(
        &self,
        wanted: &[Wanted],
        windows: &mut Windows,
        first: Minute,
        last: Minute,
    ) -> Result<BTreeSet<String>, EngineError> {
        let mut lacks = BTreeSet::new();
        let mut start = first;
        while start <= last {
            let end = Minute((start.0 + CHUNK).min(last.0 + 1));
            (start.0..end.0).for_each(|minute| windows.begin(Minute(minute)));
            let range = MinuteRange { start, end };
            for of_account in wanted {
                lacks.extend(of_account.read(
                    &*self.telemetry,
                    &self.directory,
                    range,
                    |source, minute, value| {
                        if !self.away.contains(minute) {
                            windows.put(source, minute, value);
                        }
                    },
                )?);
            }
            start = end;
        }
        Ok(lacks)
    }

    /// What is expected, of everything that is compared with a baseline.
    fn known(&self, rules: &[Active], pairs: &[(usize, Pair)], minute: Minute) -> Known {
        let mut asked: FxHashMap<AccountId, FxHashSet<BaselineKey>> = FxHashMap::default();
        for (at, pair) in pairs {
            let of_account = asked.entry(rules[*at].account).or_default();
            pair.each_baseline(&rules[*at].compiled, |key| {
                of_account.insert(key);
            });
        }
        let mut known = Known::default();
        for (account, keys) in asked {
            let keys: Vec<BaselineKey> = keys.into_iter().collect();
            let expected = self.expectations.expected(account, &keys, minute);
            let found = keys.into_iter().zip(expected);
            known.extend(found.filter_map(|(key, expected)| Some((key, expected?))));
        }
        known
    }

    fn judge(
        &self,
        rules: &[Active],
        pairs: &[(usize, Pair)],
        known: &Known,
        gone: &FxHashMap<u32, Why>,
        minute: Minute,
        health: &mut Health,
    ) -> Vec<Changed> {
        let open = &self.stored.as_ref().expect("it is read before a minute is judged").open;
        let windows = self.windows.as_ref().expect("they are filled before a minute is judged");
        let silence = |source: &Source| self.silence(source, minute);
        let look = Look { windows, known, silence: &silence, away: &self.away, at: minute };
        let mut changes = Vec::new();
        let mut visited: FxHashSet<(u32, u32)> = FxHashSet::default();
        for (at, pair) in pairs {
            let rule = &rules[*at];
            let key = (rule.id, pair.affected.id.0);
            visited.insert(key);
            let was = open.get(&key);
            if let Some(was) = was.filter(|was| was.violated.rule_version != rule.version) {
                changes.push(self.canceled(was, "the rule was changed", minute));
                continue;
            }
            let verdict = look.verdict(&rule.compiled, pair);
            health.note(pair.affected.id, verdict);
            let wait = rule.compiled.rule.wait_minutes;
            let was_open = was.map(|was| was.open);
            let Some(change) = transition::step(was_open.as_ref(), verdict, minute, wait) else {
                continue;
            };
            let evidence = evidence(&look, rule, pair, change, verdict);
            let violated = match was {
                Some(was) => was.violated.clone(),
                None => rule.violated_by(&pair.affected),
            };
            let whose = self.with_tier(violated);
            changes.push(told::changed(key, whose, was_open, change, &evidence, minute));
        }
        for (key, was) in open.iter().filter(|(key, _)| !visited.contains(*key)) {
            let why = gone.get(&key.0).copied();
            let known = rules.iter().any(|rule| rule.id == key.0);
            changes.push(self.canceled(was, Why::sentence(why, known), minute));
        }
        changes
    }

    fn canceled(&self, was: &OpenViolation, reason: &str, minute: Minute) -> Changed {
        let change = Change::canceled(&was.open);
        let evidence = Evidence { minute_ms: minute.start_millis(), ..Evidence::canceled(reason) };
        let key = (was.violated.rule_id, was.violated.entity_id);
        let whose = self.with_tier(was.violated.clone());
        told::changed(key, whose, Some(was.open), change, &evidence, minute)
    }

    /// Beside who violates a rule the name of his tier, if he is a node.
    fn with_tier(&self, violated: Violated) -> (Violated, Option<String>) {
        let is_node = violated.entity_kind == EntityKind::Node as u8;
        let node = self.directory.get(EntityId(violated.entity_id)).filter(|_| is_node);
        let tier = node.and_then(|node| self.directory.get(node.key.parent));
        let name = tier.map(|tier| tier.key.name.clone());
        (violated, name)
    }

    /// Minutes between the one that is judged and the last in which an entity was heard of, without those in which it could not
    /// have been.
    fn silence(&self, source: &Source, minute: Minute) -> Option<f64> {
        let last_seen = match source {
            Source::SilenceOfAll => {
                let applications = self.directory.of_application(
                    AccountId::FIRST,
                    EntityId::NONE,
                    EntityKind::Application,
                );
                let others = applications.iter().filter(|one| one.key.name != OWN_APPLICATION);
                others.filter_map(|one| self.last_seen(one.id)).max()?
            }
            Source::Silence(id) => self.last_seen(*id)?,
            _ => return None,
        };
        let last_seen = Minute::of_millis(last_seen);
        let since = MinuteRange { start: last_seen, end: minute };
        let silent = minute.0.saturating_sub(last_seen.0);
        Some(f64::from(silent.saturating_sub(self.away.count_in(since))))
    }

    /// When an entity was heard of last; an application when one of its tiers was.
    fn last_seen(&self, id: EntityId) -> Option<i64> {
        let entity = self.directory.get(id)?;
        if entity.key.kind != EntityKind::Application {
            return Some(entity.last_seen_ms);
        }
        let tiers = self.directory.of_application(entity.key.account, id, EntityKind::Tier);
        tiers.iter().map(|tier| tier.last_seen_ms).max()
    }

    /// Stores the minute, and takes over what that changed.
    fn commit(&mut self, minute: Minute, changes: &[Changed]) -> Result<(), EngineError> {
        let stored = self.stored.as_mut().expect("it is read before a minute is judged");
        let rows: Vec<NewViolationChange> =
            changes.iter().map(|changed| changed.stored.clone()).collect();
        let after = stored.judged.map(|judged| judged.0);
        let ids = match self.store.judge(after, minute.0, &rows)? {
            JudgeOutcome::Stored(ids) => ids,
            JudgeOutcome::Elsewhere { judged } => {
                tracing::warn!(?judged, minute = minute.0, "another process judges health rules");
                self.stored = None;
                return Ok(());
            }
        };
        stored.judged = Some(minute);
        for (changed, id) in changes.iter().zip(ids) {
            match changed.change.kind {
                ChangeKind::Closed | ChangeKind::Canceled => {
                    stored.open.remove(&changed.key);
                }
                _ => {
                    let was = stored.open.get(&changed.key);
                    let since = was.map_or(minute, |was| was.open.since);
                    let open = Open { id, level: changed.change.level, since, told: minute };
                    let violated = changed.violated.clone();
                    stored.open.insert(changed.key, OpenViolation { open, violated });
                }
            }
        }
        Ok(())
    }
}

/// What decided: the conditions of the level that is broken, or was.
fn evidence(
    look: &Look<'_>,
    rule: &Active,
    pair: &Pair,
    change: Change,
    verdict: Verdict,
) -> Evidence {
    let mut evidence = look.evidence(&rule.compiled, pair, change.level);
    if change.kind == ChangeKind::Canceled && verdict == Verdict::Unknown {
        "nothing was reported for an hour".clone_into(&mut evidence.reason);
    }
    evidence
}

/// Which violation a change is of, as it is stored.
fn change_of(open: Option<Open>, violated: &Violated) -> ChangeOf {
    match open {
        Some(open) => ChangeOf::Known(open.id),
        None => ChangeOf::Opened(violated.clone()),
    }
}
