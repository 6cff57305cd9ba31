//! What most likely caused an anomaly: a ranked list of suspects, each with its evidence, a confidence and the path along
//! which it spread, or the answer that there is no clear cause.
//!
//! Five kinds of evidence are added up as logarithms of likelihood ratios, each kind bounded, so that none decides alone:
//!
//! 1. how much of the transaction's extra time or errors the suspect adds *itself*, and how surprising that is by its own
//!    history ([`flow`]);
//! 2. its resources, after taking out what the load or waiting for others explains ([`resource`]);
//! 3. its traces, beyond what its callees' show ([`behaviour`]);
//! 4. its log lines and exceptions, likewise;
//! 5. what was changed in it shortly before.
//!
//! Where workers are used up, an incident's consequences soon outgrow its cause: everybody waits for everybody, and all is tried
//! again. Then it is looked at in four ways: from the transaction and from all transactions together ([`system`]), and each time as a
//! whole and in its beginning alone, the first abnormal point and those just before it. Nobody knows which of them shows the cause, so a suspect is as likely
//! as it is on average; those whom the requests never come to are suspects as well.
//!
//! A suspect's prior is one over the number of suspects; against all of them stands "no clear cause". There is no
//! training, no label, no clock and no randomness: the same situation gives the same answer. Constants are in [`Config`],
//! one set for every system.

mod behaviour;
mod evidence;
mod flow;
mod limits;
mod load;
mod path;
mod resource;
mod situation;
mod surprise;
mod system;
#[cfg(test)]
mod tests;

use std::{cmp::Reverse, collections::HashMap};

pub use evidence::{Clue, Evidence};
pub use limits::{BadSituation, Limits};
pub use situation::{
    Anomaly, Calls, Change, ChangeKind, Entity, Figures, Kind, Link, Operation, Resource,
    ResourceKind, Series, Severity, Signal, Situation, Template,
};
pub use surprise::Deviation;

use behaviour::Shown;
use flow::{Flow, Own, Windows};
use path::Ways;
use surprise::Usual;

/// The constants of the ranking. The defaults are the product's: one set for every system.
#[derive(Debug, Clone)]
pub struct Config {
    /// Seconds before the onset which are neither history nor incident: an onset is rarely known to the point, and most causes
    /// build up for some minutes before a transaction feels them. At least one point.
    pub guard_s: u32,
    /// How fast probability falls beyond the largest deviation of the history: as this power of the deviation.
    pub tail_power: f64,
    /// The least scale of a response time: ms, and a share of its level.
    pub floor_ms: f64,
    pub floor_share: f64,
    /// Of how many at once counts usually come, where the history is too short to tell.
    pub usual_bunch: f64,
    /// How many points of history a resource's series needs to be judged.
    pub least_points: usize,
    /// What one kind of evidence can bring at most, nats.
    pub most_nats: f64,
    /// A share of the extra time nearer than this to 0 or 1 counts as this near.
    pub least_share: f64,
    /// The evidence at which a deviation of the transaction is taken to be certain, nats.
    pub certain_nats: f64,
    /// What a change just before the onset brings, nats.
    pub change_nats: f64,
    /// How long before the onset a change still counts, s.
    pub change_reach_s: u32,
    /// From which ratio on more calls are a surge.
    pub surge: f64,
    /// How many suspects an answer lists.
    pub most_suspects: usize,
    /// How strong an answer must be to say that anything is wrong where nobody has said so, nats.
    pub opens_nats: f64,
    /// A first suspect less likely than this, together with who calls it or whom it calls where the trouble lies between both,
    /// is no clear cause.
    pub clear: f64,
    /// The largest situation that [`try_rank`] takes.
    pub limits: Limits,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            guard_s: 300,
            tail_power: 3.0,
            floor_ms: 0.5,
            floor_share: 0.05,
            usual_bunch: 2.0,
            least_points: 3,
            most_nats: 6.0,
            least_share: 0.01,
            certain_nats: 3.0,
            change_nats: 2.5,
            change_reach_s: 3_600,
            surge: 1.25,
            most_suspects: 20,
            opens_nats: 8.0,
            clear: 0.5,
            limits: Limits::default(),
        }
    }
}

/// The answer to "what caused this".
#[derive(Debug, Clone)]
pub struct Answer {
    pub verdict: Verdict,
    /// Best first.
    pub suspects: Vec<Suspect>,
    /// How likely it is that none of the suspects is at fault.
    pub none: f64,
    /// The transaction's response time a call, ms, and what share of its calls failed.
    pub time: Option<Deviation>,
    pub errors: Option<(f64, f64)>,
    /// How strongly the figures say that anything is wrong at all: the evidence of the transaction's deviation and of the
    /// first suspect's own part in it, nats; 0 unless that part is the larger one.
    pub strength: f64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The first suspect.
    Cause,
    /// Nothing is broken: the load rose beyond what the system takes.
    Load,
    NoClearCause,
}

#[derive(Debug, Clone)]
pub struct Suspect {
    pub entity: usize,
    /// The entity is a transaction, and the suspicion is that its load rose.
    pub load: bool,
    /// 0 to 1; all suspects' and `none` of the answer add up to at most 1.
    pub confidence: f64,
    /// Logarithm of the odds against "no clear cause".
    pub log_odds: f64,
    /// Share of the transaction's extra time, and of its extra errors, that it adds itself.
    pub share_of_time: f64,
    pub share_of_errors: f64,
    /// From the suspect to the transaction.
    pub path: Vec<usize>,
    /// Other entities that suffer from it.
    pub victims: Vec<usize>,
    /// Strongest first.
    pub clues: Vec<Clue>,
}

/// Ranks what may have caused the situation's anomaly, after a look at whether the situation can be ranked at all.
///
/// # Errors
/// When it is larger than [`Config::limits`], or names what is not there; see [`Situation::check`].
pub fn try_rank(situation: &Situation, config: &Config) -> Result<Answer, BadSituation> {
    situation.check(&config.limits)?;
    Ok(rank(situation, config))
}

/// Ranks what may have caused the situation's anomaly.
///
/// # Panics
/// When the situation names what is not there: whoever has it from others asks [`try_rank`].
#[must_use]
pub fn rank(situation: &Situation, config: &Config) -> Answer {
    let windows = Windows::of(situation, config);
    let flow = Flow::of(situation, windows.clone(), config);
    let mut seen = Seen {
        usual: resource::usual(situation, &windows, config),
        traces: behaviour::trace_clues(situation, &windows, config),
    };
    let ranking = Ranking::of(situation, &flow, &seen, config);
    let whole = ranking.candidates(flow.used_up);
    if !flow.used_up {
        return ranking.answer(whole);
    }
    let look = |at: &Situation, windows: &Windows, seen: &Seen, beside: bool| {
        let flow = Flow::of(at, windows.clone(), config);
        Ranking::of(at, &flow, seen, config).candidates(beside)
    };
    let system = system::of(situation);
    let at_all = |windows: &Windows, seen: &Seen| {
        let system = system.as_ref()?;
        let mut candidates = look(&system.situation, windows, seen, false);
        // All transactions as one are nobody who could be suspected.
        candidates.retain(|of| of.entity != system.situation.anomaly.entity);
        candidates.iter_mut().for_each(|of| system.name(&mut of.clues));
        Some(candidates)
    };
    let whole_of_all = at_all(&windows, &seen);
    let windows = windows.of_beginning(situation);
    seen.traces = behaviour::trace_clues(situation, &windows, config);
    let beginning = look(situation, &windows, &seen, true);
    let looks = [Some(whole), Some(beginning), whole_of_all, at_all(&windows, &seen)];
    ranking.answer(ranking.all_looks(looks.into_iter().flatten()))
}

/// What tells the same whoever suffers: how each resource usually is, and what the traces show in one window.
struct Seen {
    usual: Vec<Option<Usual>>,
    traces: Vec<Vec<Clue>>,
}

/// One thing that may be at fault, with its evidence by kind, nats.
#[derive(Debug, Clone, Default)]
struct Candidate {
    entity: usize,
    load: bool,
    share_of_time: f64,
    share_of_errors: f64,
    own: f64,
    resources: f64,
    traces: f64,
    logs: f64,
    changes: f64,
    /// By how much other looks at the same incident move the sum of these.
    other_looks: f64,
    strength: f64,
    clues: Vec<Clue>,
}

impl Candidate {
    fn nats(&self) -> f64 {
        self.own + self.resources + self.traces + self.logs + self.changes + self.other_looks
    }

    /// Adds clues of another look, where they tell of something new.
    fn add_clues(&mut self, clues: Vec<Clue>) {
        for clue in clues {
            if !self.clues.iter().any(|known| known.what.is_of_same(&clue.what)) {
                self.clues.push(clue);
            }
        }
    }
}

/// What an entity adds itself of one signal: its share of the transaction's extra, the largest surprise, and of how many parts.
#[derive(Clone, Copy)]
struct Part {
    share: f64,
    surprise: f64,
    of: usize,
    /// Whether it is large enough for a request to be of interest, 0 to 1.
    matters: f64,
    /// How far it is that of a cause, 0 to 1.
    explains: f64,
}

impl Part {
    /// One of the parts surprises, nobody had said which.
    fn evidence(self) -> f64 {
        (surprise::evidence(self.surprise) - (self.of.max(1) as f64).ln()).max(0.0) * self.matters
    }
}

struct Ranking<'a> {
    situation: &'a Situation,
    flow: &'a Flow,
    config: &'a Config,
    /// How certain it is that the transaction is slow, and that it fails, 0 to 1.
    slow: f64,
    failing: f64,
    /// The transaction's extra time, ms, and errors, a request; never less than what any entity adds itself.
    extra_ms: f64,
    extra_errors: f64,
    /// The clues of each entity's resources, traces and logs.
    resources: Vec<Vec<Clue>>,
    traces: Shown,
    logs: Shown,
    nodes: Vec<Vec<usize>>,
    changes: Vec<Vec<usize>>,
    /// By entity: a host on which several are in trouble at once, and itself.
    struck: Vec<bool>,
}

impl<'a> Ranking<'a> {
    fn of(situation: &'a Situation, flow: &'a Flow, seen: &Seen, config: &'a Config) -> Self {
        let count = situation.entities.len();
        let certain = |nats: f64| (nats / config.certain_nats).clamp(0.0, 1.0);
        let mut nodes = vec![Vec::new(); count];
        for (entity, of) in situation.entities.iter().enumerate() {
            if let Some(tier) = of.tier {
                nodes[tier].push(entity);
            }
        }
        let mut changes = vec![Vec::new(); count];
        for (index, change) in situation.changes.iter().enumerate() {
            changes[change.entity].push(index);
        }
        let seen_slow = flow.time.map_or(0.0, |time| certain(time.of_rise()));
        let seen_failing = flow.errors.map_or(0.0, |found| {
            if found.fell { 0.0 } else { certain(surprise::evidence(found.surprise)) }
        });
        let (slow, failing) = match situation.anomaly.what {
            None => (seen_slow, seen_failing),
            Some(Signal::Time) => (1.0, 0.0),
            Some(Signal::Errors) => (0.0, 1.0),
        };
        let mut resources = resource::clues(situation, flow, &seen.usual, slow, config);
        let mut of_entity = vec![Vec::new(); count];
        for (index, resource) in situation.resources.iter().enumerate() {
            of_entity[resource.entity].push(index);
        }
        for entity in 0..count {
            // A tier that nobody calls is not gone while its nodes report.
            let reported: Vec<usize> = std::iter::once(entity)
                .chain(nodes[entity].iter().copied())
                .flat_map(|member| of_entity[member].iter().copied())
                .collect();
            let nats = resource::silent(entity, &reported, situation, flow);
            if nats > 0.0 {
                resources[entity] = vec![Clue { nats, what: Evidence::Silent { entity } }];
            }
        }
        let struck = resource::struck_hosts(situation, &resources, config);
        for (entity, of) in situation.entities.iter().enumerate() {
            // What nodes on a host in trouble say of themselves is the host's doing.
            if of.host.is_some_and(|host| struck[host]) && of.kind == Kind::Node {
                resources[entity].retain(|clue| !resource::is_of_machine(clue, situation));
            }
        }
        let callees: Vec<Vec<usize>> = flow
            .out
            .iter()
            .map(|edges| edges.iter().map(|edge| flow.calls[*edge].callee).collect())
            .collect();
        let most_own = |of: fn(&Own) -> f64| flow.own.iter().map(of).fold(0.0, f64::max);
        let extra_ms = flow.time.map_or(0.0, |time| time.change());
        let extra_errors =
            flow.errors.map_or(0.0, |found| (found.observed - found.expected) / found.of);
        Self {
            slow,
            failing,
            extra_ms: extra_ms.max(most_own(|own| own.time_ms)),
            extra_errors: extra_errors.max(most_own(|own| own.errors)),
            traces: behaviour::traces(seen.traces.clone(), &callees),
            logs: behaviour::logs(situation, flow, &callees, config),
            situation,
            flow,
            config,
            resources,
            nodes,
            changes,
            struck,
        }
    }

    /// `beside`: those included to whom the requests never come.
    fn candidates(&self, beside: bool) -> Vec<Candidate> {
        let mut candidates = self.units();
        candidates.extend(self.hosts(&candidates));
        self.add_load(&mut candidates);
        if beside {
            candidates.extend(self.beside());
        }
        candidates
    }

    /// Units to which the requests never come: they explain none of the trouble themselves, only what they show speaks for them.
    fn beside(&self) -> Vec<Candidate> {
        let kind = |entity: &usize| self.situation.entities[*entity].kind;
        let beside = self.flow.beside(self.situation).into_iter();
        beside
            .filter(|entity| matches!(kind(entity), Kind::Tier | Kind::Backend))
            .map(|entity| Candidate { own: self.odds(0.0), ..self.unit(entity) })
            .collect()
    }

    /// The candidates of several looks at one incident, the first of them this ranking's own: which of them tells the cause nobody
    /// knows, so each is as likely as it is on average.
    fn all_looks(&self, looks: impl Iterator<Item = Vec<Candidate>>) -> Vec<Candidate> {
        let key = |of: &Candidate| (resource::unit_of(of.entity, self.situation), of.load);
        let mut all: Vec<Candidate> = Vec::new();
        let mut places: HashMap<(usize, bool), usize> = HashMap::new();
        let mut seen: Vec<Vec<(usize, f64)>> = Vec::new();
        for look in looks {
            let mut of_look = Vec::new();
            for of in look {
                let nats = of.nats();
                let place = *places.entry(key(&of)).or_insert(all.len());
                match all.get_mut(place) {
                    Some(known) => known.add_clues(of.clues),
                    None => all.push(of),
                }
                of_look.push((place, nats));
            }
            seen.push(of_look);
        }
        let prior = prior(&all);
        let mut likely = vec![0.0; all.len()];
        // That nobody is at fault is for the first look to say: others, in which nothing is wrong yet, or nothing for most transactions,
        // tell nothing.
        let mut none = None;
        for look in &seen {
            let best = look.iter().map(|of| of.1).fold(prior, f64::max);
            let sum = (prior - best).exp() + look.iter().map(|of| (of.1 - best).exp()).sum::<f64>();
            none = none.or(Some((prior - best).exp() / sum));
            look.iter().for_each(|(place, nats)| likely[*place] += (nats - best).exp() / sum);
        }
        let none = none.unwrap_or(1.0).max(LEAST_LIKELY);
        let total = likely.iter().sum::<f64>().max(LEAST_LIKELY);
        for (of, likely) in all.iter_mut().zip(likely) {
            let odds = (likely / total).max(LEAST_LIKELY) * (1.0 - none) / none;
            of.other_looks = odds.max(LEAST_LIKELY).ln() + prior - of.nats();
        }
        all
    }

    fn answer(&self, mut candidates: Vec<Candidate>) -> Answer {
        let prior = prior(&candidates);
        candidates.sort_by(|left, right| {
            right.nats().total_cmp(&left.nats()).then(left.entity.cmp(&right.entity))
        });
        let best = candidates.first().map_or(0.0, |first| first.nats() - prior).max(0.0);
        let sum = (-best).exp()
            + candidates.iter().map(|of| (of.nats() - prior - best).exp()).sum::<f64>();
        candidates.truncate(self.config.most_suspects);
        let strength = candidates.first().map_or(0.0, |first| first.strength);
        let ways = self.ways();
        let suspects: Vec<Suspect> = candidates
            .into_iter()
            .map(|candidate| {
                let log_odds = candidate.nats() - prior;
                self.suspect(candidate, log_odds, (log_odds - best).exp() / sum, &ways)
            })
            .collect();
        let verdict = match suspects.first() {
            Some(first) if first.confidence >= self.config.clear && first.load => Verdict::Load,
            Some(first) if first.confidence + other_end(&suspects) >= self.config.clear => {
                Verdict::Cause
            }
            _ => Verdict::NoClearCause,
        };
        Answer {
            verdict,
            none: (-best).exp() / sum,
            strength,
            time: self.flow.time,
            errors: self
                .flow
                .errors
                .map(|found| (found.expected / found.of, found.observed / found.of)),
            suspects,
        }
    }

    /// Tiers with their nodes, and backends: whatever takes calls.
    fn units(&self) -> Vec<Candidate> {
        let entities = &self.situation.entities;
        (0..entities.len())
            .filter(|entity| {
                matches!(entities[*entity].kind, Kind::Tier | Kind::Backend)
                    && self.flow.reached[*entity]
            })
            .map(|entity| self.unit(entity))
            .collect()
    }

    fn unit(&self, entity: usize) -> Candidate {
        let own = &self.flow.own[entity];
        let (share_of_time, share_of_errors) = self.shares(own.time_ms, own.errors);
        let time = Part {
            share: share_of_time,
            surprise: own.time_surprise,
            of: own.time_parts,
            matters: self.matters(own.time_ms),
            explains: 1.0,
        };
        let errors = Part {
            share: share_of_errors,
            surprise: own.error_surprise,
            of: own.error_parts,
            matters: 1.0,
            explains: 1.0,
        };
        let members: Vec<usize> =
            std::iter::once(entity).chain(self.nodes[entity].iter().copied()).collect();
        let mut candidate = Candidate {
            entity,
            share_of_time,
            share_of_errors,
            own: self.of_own(time, errors),
            resources: self.of_resources(&members),
            traces: self.bounded(self.traces.nats[entity]),
            logs: self.bounded(self.logs.nats[entity]),
            strength: self.strength(time, errors),
            clues: own.clues.clone(),
            ..Candidate::default()
        };
        for member in &members {
            candidate
                .clues
                .extend(self.resources[*member].iter().filter(|clue| clue.nats > 0.0).cloned());
        }
        for shown in [&self.traces, &self.logs] {
            candidate
                .clues
                .extend(shown.clues[entity].iter().filter(|clue| clue.nats > 0.0).cloned());
        }
        self.add_changes(&mut candidate, &members);
        if let Some(node) = self.one_node(entity) {
            candidate.entity = node;
        }
        candidate
    }

    /// What part of the transaction's extra time and errors an entity's own make.
    fn shares(&self, time_ms: f64, errors: f64) -> (f64, f64) {
        let share =
            |part: f64, whole: f64| if whole > 0.0 { (part / whole).clamp(0.0, 1.0) } else { 0.0 };
        (share(time_ms, self.extra_ms), share(errors, self.extra_errors))
    }

    /// How much it matters that an entity adds so much itself, ms a request: fully from the least scale of a request's time on.
    fn matters(&self, time_ms: f64) -> f64 {
        let Some(time) = self.flow.time else { return 1.0 };
        let least = self.config.floor_ms.max(self.config.floor_share * time.expected);
        (time_ms / least).clamp(0.0, 1.0)
    }

    /// Evidence of what an entity adds itself, of time or of errors: whichever tells more. Where it has been decided which
    /// of the two deviates, the other one is a sign at best.
    fn of_own(&self, time: Part, errors: Part) -> f64 {
        let of_time = self.of_share(time, self.slow);
        let of_errors = self.of_share(errors, self.failing);
        match self.situation.anomaly.what {
            None => of_time.max(of_errors),
            Some(Signal::Time) => of_time.max(0.5 * of_errors),
            Some(Signal::Errors) => of_errors.max(0.5 * of_time),
        }
    }

    fn strength(&self, time: Part, errors: Part) -> f64 {
        let of_time = self.flow.time.filter(|found| found.change() > 0.0 && time.share >= 0.5);
        let of_errors = self.flow.errors.filter(|found| !found.fell && errors.share >= 0.5);
        let of_time =
            of_time.map_or(0.0, |found| found.evidence() + surprise::evidence(time.surprise));
        let of_errors = of_errors.map_or(0.0, |found| {
            surprise::evidence(found.surprise) + surprise::evidence(errors.surprise)
        });
        match self.situation.anomaly.what {
            None => of_time.max(of_errors),
            Some(Signal::Time) => of_time,
            Some(Signal::Errors) => of_errors,
        }
    }

    /// Evidence of a share in the transaction's trouble: the odds of that share, as far as the transaction is in
    /// trouble and the share is not chance, and the surprise at it.
    fn of_share(&self, part: Part, trouble: f64) -> f64 {
        let sure = part.share * (1.0 - (-part.surprise).exp());
        trouble * self.odds(sure) + part.explains * self.bounded(part.evidence())
    }

    /// Logarithm of the odds that a share of the trouble stands for.
    fn odds(&self, share: f64) -> f64 {
        let least = self.config.least_share;
        ((share + least) / (1.0 - share + least)).ln()
    }

    fn certain(&self, nats: f64) -> f64 {
        (nats / self.config.certain_nats).clamp(0.0, 1.0)
    }

    fn bounded(&self, nats: f64) -> f64 {
        evidence::bounded(nats, self.config.most_nats)
    }

    fn of_resources(&self, members: &[usize]) -> f64 {
        // A node of many is at fault as likely as another: the mean over nodes, of the mean over each node's series.
        let of_member = members
            .iter()
            .filter(|member| !self.resources[**member].is_empty())
            .map(|member| evidence::one_of(self.resources[*member].iter().map(|clue| clue.nats)));
        self.bounded(evidence::one_of(of_member))
    }

    fn add_changes(&self, candidate: &mut Candidate, members: &[usize]) {
        let onset = self.situation.anomaly.onset;
        let reach = (self.config.change_reach_s / self.situation.step_s.max(1)) as usize;
        for &member in members {
            for &index in &self.changes[member] {
                let change = &self.situation.changes[index];
                // What was changed a little after the onset may be late by the clock, or the onset early.
                if change.at > onset + 1 || change.at + reach < onset {
                    continue;
                }
                let points_before = onset.saturating_sub(change.at);
                let often = self.changes[member]
                    .iter()
                    .filter(|other| self.situation.changes[**other].kind == change.kind)
                    .count();
                let by_chance =
                    (often as f64 * (points_before + 1) as f64 / (onset.max(1) as f64)).min(1.0);
                let nats = match change.kind {
                    ChangeKind::Deployment | ChangeKind::Configuration => self.config.change_nats,
                    ChangeKind::Restart | ChangeKind::Scaling | ChangeKind::Job => {
                        0.5 * self.config.change_nats
                    }
                } * (1.0 - by_chance);
                candidate.changes = candidate.changes.max(nats);
                candidate
                    .clues
                    .push(Clue { nats, what: Evidence::Change { change: index, points_before } });
            }
        }
    }

    /// The one node of several to which the tier's extra time or errors are confined.
    fn one_node(&self, tier: usize) -> Option<usize> {
        let nodes = &self.nodes[tier];
        if nodes.len() < 2 {
            return None;
        }
        let windows = &self.flow.windows;
        let extra: Vec<f64> = nodes
            .iter()
            .map(|node| {
                let figures = &self.situation.entities[*node].figures;
                let of = if self.slow >= self.failing { &figures.time_ms } else { &figures.errors };
                let (before, calls_before) =
                    Windows::sums(of, &figures.calls, windows.history.clone());
                let (now, calls_now) = Windows::sums(of, &figures.calls, windows.incident.clone());
                if calls_before > 0.0 {
                    (now - before * calls_now / calls_before).max(0.0)
                } else {
                    0.0
                }
            })
            .collect();
        let sum: f64 = extra.iter().sum();
        let (place, most) =
            extra.iter().enumerate().max_by(|left, right| left.1.total_cmp(right.1))?;
        // Failures which no node saw lie between the callers and the tier: no node that answers is to be named for them.
        let suffering = &self.situation.entities[self.situation.anomaly.entity].figures.calls;
        let requests: f64 = Windows::values(suffering, windows.incident.clone()).sum();
        let seen = self.slow >= self.failing || sum >= 0.5 * self.flow.own[tier].errors * requests;
        let confined = sum > 0.0 && *most > ONE_NODE * sum && seen;
        let gone = nodes.iter().copied().find(|node| {
            matches!(
                self.resources[*node].first(),
                Some(Clue { what: Evidence::Silent { .. }, .. })
            )
        });
        // Where none of them is called any more, that is their callers' doing.
        let some_are_called = nodes.iter().any(|node| !self.takes_no_more(*node));
        let left_out = nodes.iter().copied().find(|node| self.takes_no_more(*node));
        gone.or(left_out.filter(|_| some_are_called)).or_else(|| confined.then(|| nodes[place]))
    }

    /// Whether hardly any calls still come to an entity that used to take them.
    fn takes_no_more(&self, entity: usize) -> bool {
        let calls = &self.situation.entities[entity].figures.calls;
        let windows = &self.flow.windows;
        let sum = |points: std::ops::Range<usize>| Windows::values(calls, points).sum::<f64>();
        let before = sum(windows.history.clone()) / windows.history.len().max(1) as f64;
        let now = sum(windows.incident.clone()) / windows.incident.len().max(1) as f64;
        before >= 1.0 && now < 0.1 * before
    }

    /// Hosts on which several units slowed down, or whose own resources speak.
    fn hosts(&self, units: &[Candidate]) -> Vec<Candidate> {
        let entities = &self.situation.entities;
        let mut on_host: Vec<Vec<usize>> = vec![Vec::new(); entities.len()];
        for (place, unit) in units.iter().enumerate() {
            let entity = resource::unit_of(unit.entity, self.situation);
            let mut hosts: Vec<usize> = self.nodes[entity]
                .iter()
                .copied()
                .chain(std::iter::once(entity))
                .filter_map(|member| entities[member].host)
                .collect();
            hosts.sort_unstable();
            hosts.dedup();
            for host in hosts {
                on_host[host].push(place);
            }
        }
        (0..entities.len())
            .filter(|host| entities[*host].kind == Kind::Host && !on_host[*host].is_empty())
            .filter_map(|host| self.host(host, &on_host[host], units))
            .collect()
    }

    fn host(&self, host: usize, on_it: &[usize], units: &[Candidate]) -> Option<Candidate> {
        let resources = self.of_resources(&[host]);
        let slowed = on_it
            .iter()
            .filter(|place| {
                let own = &self.flow.own[resource::unit_of(units[**place].entity, self.situation)];
                surprise::evidence(own.slow_surprise.max(own.error_surprise)) > 1.0
            })
            .count();
        if resources < 1.0 && slowed < 2 {
            return None;
        }
        let (mut time_ms, mut errors, mut time_surprise, mut error_surprise) = (0.0, 0.0, 0.0, 0.0);
        let mut clues: Vec<Clue> =
            self.resources[host].iter().filter(|clue| clue.nats > 0.0).cloned().collect();
        let (mut traces, mut logs) = (0.0_f64, 0.0_f64);
        let most_way_ms = self.alike_way_ms(on_it, units);
        for place in on_it {
            let unit = resource::unit_of(units[*place].entity, self.situation);
            let part_of_time = self.part_on(unit, host, |figures| &figures.time_ms);
            let part_of_errors = self.part_on(unit, host, |figures| &figures.errors);
            let own = &self.flow.own[unit];
            // No machine makes what runs on it call more often.
            let beyond_ms = (own.way_ms - most_way_ms).max(0.0);
            time_ms += part_of_time * (own.time_ms - own.called_ms - beyond_ms).max(0.0);
            errors += part_of_errors * own.errors.max(0.0);
            // Several at once by chance: their probabilities multiply.
            time_surprise += part_of_time * own.slow_surprise;
            error_surprise += part_of_errors * own.error_surprise;
            let part = part_of_time.max(part_of_errors);
            traces = traces.max(part * units[*place].traces);
            logs = logs.max(part * units[*place].logs);
            let of_machine = |clue: &&Clue| !matches!(clue.what, Evidence::MoreCalls { .. });
            clues.extend(own.clues.iter().filter(of_machine).cloned());
        }
        // What several write on a host that is in trouble itself, they write because of it.
        if resources < 1.0 || (slowed < 2 && !self.struck[host]) {
            (traces, logs) = (0.0, 0.0);
        }
        let (share_of_time, share_of_errors) = self.shares(time_ms, errors);
        // That it is in trouble tells as much as it explains.
        let explains = self.explains(share_of_time, share_of_errors);
        let mut candidate = Candidate {
            entity: host,
            share_of_time,
            share_of_errors,
            own: self.of_own(
                Part {
                    share: share_of_time,
                    surprise: time_surprise,
                    of: on_it.len(),
                    matters: self.matters(time_ms),
                    explains,
                },
                Part {
                    share: share_of_errors,
                    surprise: error_surprise,
                    of: on_it.len(),
                    matters: 1.0,
                    explains,
                },
            ),
            resources: resources * explains,
            traces,
            logs,
            clues,
            ..Candidate::default()
        };
        self.add_changes(&mut candidate, &[host]);
        Some(candidate)
    }

    /// The most extra time on the way to their callees that a host brings upon one of several units on it: twice what it brings
    /// upon the next one. One whose calls to a database take much longer, while its neighbours' calls do not, has that of itself.
    fn alike_way_ms(&self, on_it: &[usize], units: &[Candidate]) -> f64 {
        let way = |place: &usize| {
            self.flow.own[resource::unit_of(units[*place].entity, self.situation)].way_ms
        };
        let mut ways: Vec<f64> = on_it.iter().map(way).collect();
        ways.sort_by(|left, right| right.total_cmp(left));
        ways.get(1).map_or(f64::INFINITY, |next| 2.0 * next.max(0.0))
    }

    /// How far a suspect's part in the transaction's trouble is that of a cause, 0 to 1: fully from half of it on.
    fn explains(&self, share_of_time: f64, share_of_errors: f64) -> f64 {
        let part = (self.slow * share_of_time).max(self.failing * share_of_errors);
        (2.0 * part).clamp(0.0, 1.0).powi(2)
    }

    /// Which part of a unit's extra time, or errors, comes from its nodes on a host. What none of them saw lies on the way to
    /// them, and is spread as their calls are.
    fn part_on(&self, unit: usize, host: usize, what: fn(&Figures) -> &Series) -> f64 {
        let entities = &self.situation.entities;
        if self.nodes[unit].is_empty() {
            return 1.0;
        }
        let windows = &self.flow.windows;
        let (mut all, mut here) = (0.0, 0.0);
        let (mut calls, mut calls_here) = (0.0, 0.0);
        for &node in &self.nodes[unit] {
            let figures = &entities[node].figures;
            let sums = |points| Windows::sums(what(figures), &figures.calls, points);
            let (before, calls_before) = sums(windows.history.clone());
            let (now, calls_now) = sums(windows.incident.clone());
            let extra = if calls_before > 0.0 {
                (now - before * calls_now / calls_before).max(0.0)
            } else {
                0.0
            };
            let is_here = if entities[node].host == Some(host) { 1.0 } else { 0.0 };
            (all, here) = (all + extra, here + is_here * extra);
            (calls, calls_here) = (calls + calls_before, calls_here + is_here * calls_before);
        }
        if all > 0.0 {
            here / all
        } else if calls > 0.0 {
            calls_here / calls
        } else {
            0.0
        }
    }

    /// Transactions whose load rose. What the load explains is taken from what speaks for the others: who has to do more than it
    /// can is slow, refuses, and writes lines about it.
    fn add_load(&self, candidates: &mut Vec<Candidate>) {
        let entities = &self.situation.entities;
        let suffering = self.situation.anomaly.entity;
        let sources = (0..entities.len())
            .filter(|entity| {
                entities[*entity].kind == Kind::BusinessTransaction || *entity == suffering
            })
            .filter_map(|entity| self.load(entity));
        let mut loads: Vec<Candidate> = sources.collect();
        if !loads.is_empty() {
            let explains = self.under_more_calls();
            loads.iter_mut().for_each(|load| load.own *= explains);
        }
        let explained = loads.iter().map(Candidate::nats).fold(0.0, f64::max);
        for candidate in candidates.iter_mut() {
            for of in [&mut candidate.own, &mut candidate.traces, &mut candidate.logs] {
                *of -= explained.min(of.max(0.0)) * 0.5;
            }
        }
        candidates.extend(loads);
    }

    fn load(&self, entity: usize) -> Option<Candidate> {
        let windows = &self.flow.windows;
        let calls = &self.situation.entities[entity].figures.calls;
        let history: Vec<f64> = Windows::values(calls, windows.history.clone()).collect();
        let incident: Vec<f64> = Windows::values(calls, windows.incident.clone()).collect();
        let level = history.iter().sum::<f64>() / history.len().max(1) as f64;
        // Calls that come independently of each other already vary by the root of their number.
        let floor = (2.0 * self.config.floor_share * level).max(level.sqrt());
        let found = surprise::deviation(&history, &incident, floor, self.config)?;
        let ratio = found.observed / found.expected.max(f64::MIN_POSITIVE);
        if ratio < self.config.surge || history.len() < self.config.least_points {
            return None;
        }
        let trouble = self.slow.max(self.failing);
        let own = trouble
            * (self.bounded(found.evidence())
                + (ratio / self.config.surge).ln().min(1.0)
                    * self.certain(found.evidence())
                    * self.config.most_nats);
        let clues =
            vec![Clue { nats: found.evidence(), what: Evidence::Load { entity, calls: found } }];
        Some(Candidate { entity, load: true, own, clues, ..Candidate::default() })
    }

    /// Which part of the extra time and errors arises where more calls come, those of other transactions included: load can
    /// explain no other. 1 where it is not known who else calls.
    fn under_more_calls(&self) -> f64 {
        if self.situation.overall.is_empty() {
            return 1.0;
        }
        let (mut all, mut there) = (0.0, 0.0);
        for (entity, own) in self.flow.own.iter().enumerate() {
            let (time, errors) = self.shares(own.time_ms, own.errors);
            let share = (self.slow * time).max(self.failing * errors);
            all += share;
            if share > 0.0 {
                there += share * self.surge_of(entity);
            }
        }
        if all > 0.0 { there / all } else { 1.0 }
    }

    /// How much of a surge comes to an entity, all transactions together: 0 of none, 1 of one.
    fn surge_of(&self, entity: usize) -> f64 {
        let entities = &self.situation.entities;
        let windows = &self.flow.windows;
        let a_point =
            |calls: &Series, points: &std::ops::Range<usize>| load::a_point(calls, points.clone());
        let sum = |points: &std::ops::Range<usize>| -> f64 {
            if self.nodes[entity].is_empty() {
                let into = self.situation.overall.iter().filter(|edge| edge.callee == entity);
                into.map(|edge| a_point(&edge.figures.calls, points)).sum()
            } else {
                let nodes = self.nodes[entity].iter();
                nodes.map(|node| a_point(&entities[*node].figures.calls, points)).sum()
            }
        };
        let (before, now) = (sum(&windows.history), sum(&windows.incident));
        if before > 0.0 {
            ((now / before - 1.0) / (self.config.surge - 1.0)).clamp(0.0, 1.0)
        } else {
            1.0
        }
    }

    fn ways(&self) -> Ways {
        let weight = |carried: &flow::Carried| {
            let (time, errors) = self.shares(carried.time_ms, carried.errors);
            self.slow * time + self.failing * errors
        };
        let weights: Vec<f64> = self.flow.carried.iter().map(weight).collect();
        let of_own = |own: &Own| {
            let (time, errors) = self.shares(own.time_ms, own.errors);
            self.slow * time + self.failing * errors
        };
        let own = self.flow.own.iter().map(of_own).collect();
        Ways::of(self.situation.anomaly.entity, self.flow, weights, own)
    }

    fn suspect(
        &self,
        candidate: Candidate,
        log_odds: f64,
        confidence: f64,
        ways: &Ways,
    ) -> Suspect {
        let path = ways.suspects_way(candidate.entity, self.situation, self.flow);
        let victims = path::victims(&path, self.situation, self.flow);
        let mut clues = candidate.clues;
        clues.sort_by_key(|clue| Reverse(ordered(clue.nats)));
        clues.truncate(MOST_CLUES);
        Suspect {
            entity: candidate.entity,
            load: candidate.load,
            confidence,
            log_odds,
            share_of_time: candidate.share_of_time,
            share_of_errors: candidate.share_of_errors,
            path,
            victims,
            clues,
        }
    }
}

/// How likely it is that the other end of a call is at fault whose time between both ends speaks against the first suspect: which
/// of the two it is may be open while it is clear where the trouble lies.
fn other_end(suspects: &[Suspect]) -> f64 {
    let between = |suspect: &Suspect| {
        suspect.clues.iter().find_map(|clue| match clue.what {
            Evidence::Between { calls, .. } if clue.nats > 0.0 => Some(calls),
            _ => None,
        })
    };
    let Some((first, others)) = suspects.split_first() else { return 0.0 };
    let Some(calls) = between(first) else { return 0.0 };
    let other = others.iter().find(|other| !other.load && between(other) == Some(calls));
    other.map_or(0.0, |other| other.confidence)
}

/// Logarithm of how many may be at fault.
fn prior(candidates: &[Candidate]) -> f64 {
    (candidates.iter().filter(|of| !of.load).count().max(1) as f64).ln()
}

/// No sum of probabilities tells less than this from none.
const LEAST_LIKELY: f64 = 1e-12;
const ONE_NODE: f64 = 0.75;
const MOST_CLUES: usize = 24;

/// Millionths of a nat, for sorting.
fn ordered(nats: f64) -> i64 {
    (nats * 1e6) as i64
}
