//! What each entity adds itself to the time and the errors of the requests under anomaly, beyond what it passes on.
//!
//! A request's time is taken apart along the calls. A call of `v` takes its self time and, for each exit call, the way
//! there and back, the wait for a connection, and the callee's time; so the transaction's extra time per request is, to the first order, the
//! sum over entities of *calls per request* × *extra time per call* of each of these parts. Errors likewise: those
//! of an entity less those that its exit calls reported to it.
//!
//! A part between two entities is shared out between them by how widespread it is on each side: a caller all of whose
//! calls are slow on the way is slow itself, a callee to whom every call is slow is slow itself. Calls that arrive, and fail
//! sooner than they used to be answered, their caller gave up too early.
//!
//! Some of what an entity adds was brought upon it: calls that a cache used to spare its callers are the cache's doing, and
//! who slows down under calls that somebody began to make more often passes so much of it on to whoever does, and who has no
//! worker left to whoever holds them ([`super::load`]).

use super::{
    Config,
    evidence::{Clue, Evidence},
    load::{self, Brought, Held, Missed},
    resource,
    situation::{Calls, Figures, Kind, Series, Situation},
    surprise::{self, Deviation},
};

/// The points of the history and of the incident, as positions in every series.
#[derive(Debug, Clone)]
pub(super) struct Windows {
    pub(super) history: std::ops::Range<usize>,
    pub(super) incident: std::ops::Range<usize>,
}

impl Windows {
    pub(super) fn of(situation: &Situation, config: &Config) -> Self {
        let anomaly = situation.anomaly;
        let suffering = &situation.entities[anomaly.entity].figures.calls;
        let measured = Self::values(suffering, 0..anomaly.onset).count();
        // A short history cannot spare as much.
        let guard = (config.guard_s / situation.step_s.max(1)) as usize;
        let guard = guard.min(measured / GUARD_PART).max(1);
        let end = if anomaly.onset > 4 * guard { anomaly.onset - guard } else { anomaly.onset };
        Self { history: 0..end, incident: anomaly.onset..anomaly.now + 1 }
    }

    /// The same history against the beginning alone: the first abnormal point and those just before it.
    pub(super) fn of_beginning(&self, situation: &Situation) -> Self {
        let onset = situation.anomaly.onset;
        let first = onset.saturating_sub(BEFORE_ONSET).max(self.history.end.min(onset));
        Self { history: self.history.clone(), incident: first..onset + 1 }
    }

    pub(super) fn values(
        series: &Series,
        points: std::ops::Range<usize>,
    ) -> impl Iterator<Item = f64> + '_ {
        let end = points.end.min(series.len());
        series[points.start.min(end)..end]
            .iter()
            .filter(|value| value.is_finite())
            .map(|value| f64::from(*value))
    }

    /// Sums over a window of the points in which both were measured.
    pub(super) fn sums(of: &Series, per: &Series, points: std::ops::Range<usize>) -> (f64, f64) {
        let end = points.end.min(of.len()).min(per.len());
        let mut sums = (0.0, 0.0);
        for at in points.start.min(end)..end {
            if of[at].is_finite() && per[at].is_finite() {
                sums.0 += f64::from(of[at]);
                sums.1 += f64::from(per[at]);
            }
        }
        sums
    }

    /// A quotient of two sums: a value a point of the history, and the incident's as a whole.
    fn quotient(&self, of: &Series, per: &Series) -> Option<(Vec<f64>, f64)> {
        let end = self.history.end.min(of.len()).min(per.len());
        let history: Vec<f64> = (self.history.start..end)
            .filter(|at| per[*at] > 0.0 && of[*at].is_finite())
            .map(|at| f64::from(of[at]) / f64::from(per[at]))
            .collect();
        let (of_now, per_now) = Self::sums(of, per, self.incident.clone());
        (!history.is_empty() && per_now > 0.0).then(|| (history, of_now / per_now))
    }

    /// The deviation of a time per call, ms.
    fn time_per_call(&self, of: &Series, calls: &Series, config: &Config) -> Option<Deviation> {
        self.rest_per_call(of, calls, 0.0, config)
    }

    /// The same of what is left after another time was taken off, of which there now are `taken_off` ms a call: the rest is known no
    /// better than that.
    fn rest_per_call(
        &self,
        of: &Series,
        calls: &Series,
        taken_off: f64,
        config: &Config,
    ) -> Option<Deviation> {
        let (history, now) = self.quotient(of, calls)?;
        let level = history.iter().sum::<f64>().abs() / history.len() as f64;
        let floor = config.floor_ms.max(config.floor_share * level.max(taken_off));
        Some(surprise::deviation_of(&history, now, floor, config))
    }

    /// The deviation of calls per call.
    pub(super) fn calls_per_call(
        &self,
        of: &Series,
        per: &Series,
        config: &Config,
    ) -> Option<Deviation> {
        let (history, now) = self.quotient(of, per)?;
        let level = history.iter().sum::<f64>() / history.len() as f64;
        Some(surprise::deviation_of(&history, now, (config.floor_share * level).max(0.01), config))
    }

    /// How surprising a count is, given how many there were a call before; in bunches as large as the history shows.
    pub(super) fn count(&self, of: &Series, per: &Series, config: &Config) -> Option<Counted> {
        let (before, per_before) = Self::sums(of, per, self.history.clone());
        let (now, per_now) = Self::sums(of, per, self.incident.clone());
        if per_before <= 0.0 || per_now <= 0.0 {
            return None;
        }
        let bunch = self.bunch(of, per, before / per_before, config);
        let found = surprise::count_surprise(before, now, per_now / per_before, bunch);
        Some(Counted {
            expected: found.expected,
            observed: now,
            fell: found.fell,
            of: per_now,
            surprise: found.surprise,
        })
    }

    /// The index of dispersion of a count around its expectation: variance over mean, at least 1.
    fn bunch(&self, of: &Series, per: &Series, rate: f64, config: &Config) -> f64 {
        let end = self.history.end.min(of.len()).min(per.len());
        let (mut squares, mut points) = (0.0, 0.0);
        for at in self.history.start..end {
            let expected = rate * f64::from(per[at]);
            if of[at].is_finite() && expected > 0.0 {
                // An earlier incident in the history is not how the count usually comes.
                squares += ((f64::from(of[at]) - expected).powi(2) / expected).min(MOST_OF_POINT);
                points += 1.0;
            }
        }
        // As if one more point had the dispersion that is usual.
        ((squares + config.usual_bunch * PRIOR_POINTS) / (points + PRIOR_POINTS)).max(1.0)
    }
}

/// How many points before the onset are part of an incident's beginning: who is at fault is in trouble before who suffers.
const BEFORE_ONSET: usize = 2;
/// The guard takes no more than this part of what was measured.
const GUARD_PART: usize = 20;
const PRIOR_POINTS: f64 = 4.0;
const MOST_OF_POINT: f64 = 9.0;

/// A count in the incident against the history's rate.
#[derive(Debug, Clone, Copy)]
pub(super) struct Counted {
    pub(super) expected: f64,
    pub(super) observed: f64,
    pub(super) fell: bool,
    pub(super) of: f64,
    pub(super) surprise: f64,
}

/// What one entity adds itself to a request of the transaction.
#[derive(Debug, Clone, Default)]
pub(super) struct Own {
    /// Extra ms a request.
    pub(super) time_ms: f64,
    /// Extra errors a request.
    pub(super) errors: f64,
    pub(super) clues: Vec<Clue>,
    /// Of that, in calls which it makes more often, and on the way to whom it calls.
    pub(super) called_ms: f64,
    pub(super) way_ms: f64,
    /// The largest surprise among its parts of time, the same without calls made more often, and of errors.
    pub(super) time_surprise: f64,
    pub(super) slow_surprise: f64,
    pub(super) error_surprise: f64,
    /// How surprising it is that calls to it fail without it saying so.
    pub(super) unanswered: f64,
    /// Among how many parts.
    pub(super) time_parts: usize,
    pub(super) error_parts: usize,
}

impl Own {
    fn add_time(&mut self, ms: f64, surprise: f64, clue: Evidence) {
        self.time_ms += ms;
        self.time_parts += 1;
        if ms > 0.0 {
            self.time_surprise = self.time_surprise.max(surprise);
            self.slow_surprise = self.slow_surprise.max(surprise);
            self.clues.push(Clue { nats: surprise::evidence(surprise), what: clue });
        }
    }

    /// Time in calls which it makes more often than it did.
    fn add_called(&mut self, ms: f64, surprise: f64, clue: Evidence) {
        let slow_surprise = self.slow_surprise;
        self.add_time(ms, surprise, clue);
        self.slow_surprise = slow_surprise;
        self.called_ms += ms;
    }

    /// Time that others take because of it: none of the parts that were looked at for its own sake.
    fn add_brought(&mut self, ms: f64, surprise: f64, clue: Evidence) {
        self.add_time(ms, surprise, clue);
        self.time_parts -= 1;
    }

    fn add_errors(&mut self, errors: f64, surprise: f64, clue: Evidence) {
        self.errors += errors;
        self.error_parts += 1;
        if errors > 0.0 {
            self.error_surprise = self.error_surprise.max(surprise);
            self.clues.push(Clue { nats: surprise::evidence(surprise), what: clue });
        }
    }
}

/// The transaction's own deviations and everybody's part in them.
#[derive(Debug)]
pub(super) struct Flow {
    pub(super) windows: Windows,
    /// Extra ms a request and errors a request of the transaction.
    pub(super) time: Option<Deviation>,
    pub(super) errors: Option<Counted>,
    /// Requests of the transaction against the history.
    pub(super) own: Vec<Own>,
    /// Calls of each entity a request of the transaction, in the history; 0: never waited for.
    pub(super) visits: Vec<f64>,
    /// Every entity the transaction's requests come to, those included for which nobody waits.
    pub(super) reached: Vec<bool>,
    /// Whether workers are used up where the requests pass: from then on everybody waits for everybody, and tries again.
    pub(super) used_up: bool,
    /// Extra time and errors which each edge carries, a request of the transaction.
    pub(super) carried: Vec<Carried>,
    /// The edges with figures: measured, or shared out.
    pub(super) calls: Vec<Calls>,
    /// Outgoing and incoming edges of each entity.
    pub(super) out: Vec<Vec<usize>>,
    pub(super) into: Vec<Vec<usize>>,
    /// What of each entity's own part is the doing of who makes more calls, or holds its workers.
    pub(super) brought: Vec<Option<Brought>>,
    pub(super) held: Vec<Option<Held>>,
    /// Calls to backends that only other transactions make, by callee and by caller.
    beside_into: Vec<Vec<EdgeParts>>,
    beside_out: Vec<Vec<EdgeParts>>,
}

#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Carried {
    pub(super) time_ms: f64,
    pub(super) errors: f64,
}

impl Flow {
    pub(super) fn of(situation: &Situation, windows: Windows, config: &Config) -> Self {
        let count = situation.entities.len();
        let (mut out, mut into) = (vec![Vec::new(); count], vec![Vec::new(); count]);
        for (edge, calls) in situation.calls.iter().enumerate() {
            out[calls.caller].push(edge);
            into[calls.callee].push(edge);
        }
        let calls = shared_out(situation, &into);
        let suffering = &situation.entities[situation.anomaly.entity].figures;
        let mut flow = Self {
            time: windows.time_per_call(&suffering.time_ms, &suffering.calls, config),
            errors: windows.count(&suffering.errors, &suffering.calls, config),
            own: vec![Own::default(); count],
            visits: vec![0.0; count],
            reached: vec![false; count],
            used_up: false,
            carried: vec![Carried::default(); calls.len()],
            windows,
            calls,
            out,
            into,
            brought: Vec::new(),
            held: Vec::new(),
            beside_into: vec![Vec::new(); count],
            beside_out: vec![Vec::new(); count],
        };
        flow.visit(situation);
        flow.look_beside(situation, config);
        let missed = load::missed(situation, &flow.windows, config);
        let parts = flow.parts(situation, config);
        let rates: Vec<Option<Deviation>> = parts.iter().map(|part| part.rate).collect();
        flow.brought = load::brought(situation, &flow, &rates, &missed, config);
        let short = resource::short_of_workers(situation, &flow.windows, config);
        flow.used_up =
            short.iter().zip(&flow.visits).any(|(short, visits)| *short && *visits > 0.0);
        let of_callers: Vec<f64> =
            (0..flow.calls.len()).map(|edge| flow.part_of_caller(&parts, edge)).collect();
        flow.held = load::held(situation, &flow, &of_callers, &short);
        for (entity, held) in flow.held.iter().enumerate() {
            let Some(held) = held else { continue };
            flow.brought[entity] = Some(held.brought);
        }
        flow.find_hands();
        flow.add_self(situation, config);
        flow.add_edges(&parts, &missed);
        flow.carry(situation);
        flow
    }

    /// Calls a request by following the calls from the transaction, and whom it reaches at all.
    fn visit(&mut self, situation: &Situation) {
        let start = situation.anomaly.entity;
        let rates: Vec<f64> = self
            .calls
            .iter()
            .map(|edge| {
                let (calls, of) = Windows::sums(
                    &edge.figures.calls,
                    &situation.entities[edge.caller].figures.calls,
                    self.windows.history.clone(),
                );
                if of > 0.0 { calls / of } else { 0.0 }
            })
            .collect();
        let mut wave = vec![(start, 1.0)];
        self.visits[start] = 1.0;
        for _ in 0..MOST_HOPS {
            let mut next: Vec<f64> = Vec::new();
            let mut touched = Vec::new();
            for (entity, visits) in wave.drain(..) {
                for &edge in &self.out[entity] {
                    let came = visits * rates[edge];
                    if self.calls[edge].asynchronous || came < LEAST_VISITS {
                        continue;
                    }
                    if next.is_empty() {
                        next.resize(self.visits.len(), 0.0);
                    }
                    let callee = self.calls[edge].callee;
                    if next[callee] == 0.0 {
                        touched.push(callee);
                    }
                    next[callee] += came;
                }
            }
            if touched.is_empty() {
                break;
            }
            for entity in touched {
                self.visits[entity] += next[entity];
                wave.push((entity, next[entity]));
            }
        }
        let mut open = vec![start];
        self.reached[start] = true;
        while let Some(entity) = open.pop() {
            for &edge in &self.out[entity] {
                let callee = self.calls[edge].callee;
                if !self.reached[callee] {
                    self.reached[callee] = true;
                    open.push(callee);
                }
            }
        }
    }

    /// Who brings something upon those that our requests come to: they need not come there themselves to wait for it.
    fn find_hands(&mut self) {
        let mut open: Vec<usize> =
            (0..self.visits.len()).filter(|entity| self.visits[*entity] > 0.0).collect();
        let mut seen = vec![false; self.visits.len()];
        while let Some(entity) = open.pop() {
            if let Some(brought) = self.brought[entity]
                && !std::mem::replace(&mut seen[brought.by], true)
            {
                self.reached[brought.by] = true;
                open.push(brought.by);
            }
        }
    }

    /// Whom the requests never come to, and who may still hold what they wait for: who calls one of theirs, and who is called by
    /// such callers or by theirs.
    pub(super) fn beside(&self, situation: &Situation) -> Vec<usize> {
        let count = self.reached.len();
        let mut out = vec![Vec::new(); count];
        for calls in &situation.overall {
            out[calls.caller].push(calls.callee);
        }
        let mut seen = self.reached.clone();
        let mut open: Vec<usize> = (0..count).filter(|entity| seen[*entity]).collect();
        for calls in &situation.overall {
            if self.reached[calls.callee] && !std::mem::replace(&mut seen[calls.caller], true) {
                open.push(calls.caller);
            }
        }
        while let Some(entity) = open.pop() {
            for callee in &out[entity] {
                if !std::mem::replace(&mut seen[*callee], true) {
                    open.push(*callee);
                }
            }
        }
        (0..count).filter(|entity| seen[*entity] && !self.reached[*entity]).collect()
    }

    /// Self time and errors of its own of every entity that is waited for.
    fn add_self(&mut self, situation: &Situation, config: &Config) {
        for (entity, of) in situation.entities.iter().enumerate() {
            let visits = self.visits[entity];
            if visits <= 0.0 || matches!(of.kind, Kind::Node | Kind::Host) {
                continue;
            }
            // A backend's time is that of the calls to it; a transaction's that of the tier where it enters.
            let own_time = self.self_time(entity, &of.figures);
            if let Some(per_call) = self.windows.time_per_call(&own_time, &of.figures.calls, config)
            {
                let ms = visits * per_call.change();
                let clue = Evidence::OwnTime { entity, per_call };
                self.add_time(entity, ms, per_call.surprise, clue);
            }
            let own_errors = self.own_errors(entity, &of.figures);
            if let Some(found) = self.windows.count(&own_errors, &of.figures.calls, config) {
                let share = (found.observed - found.expected) / found.of;
                let surprise = if found.fell { 0.0 } else { found.surprise };
                let clue = Evidence::OwnErrors {
                    entity,
                    expected: found.expected / found.of,
                    observed: found.observed / found.of,
                };
                self.add_errors(entity, visits * share, surprise, clue);
            }
        }
    }

    /// Adds to what an entity takes itself, less what was brought upon it, which goes on to whoever brought it.
    fn add_time(&mut self, entity: usize, ms: f64, surprise: f64, clue: Evidence) {
        let (mut at, mut ms, mut surprise) = (entity, ms, surprise);
        for _ in 0..MOST_HANDS {
            let Some(Brought { by, share }) = self.brought[at].filter(|_| ms > 0.0) else { break };
            let kept = 1.0 - share;
            if at == entity {
                self.own[at].add_time(ms * kept, surprise * kept, clue.clone());
            } else {
                self.own[at].add_brought(ms * kept, surprise * kept, clue.clone());
            }
            (at, ms, surprise) = (by, ms * share, surprise * share);
        }
        if at == entity {
            self.own[at].add_time(ms, surprise, clue);
        } else {
            self.own[at].add_brought(ms, surprise, clue);
        }
    }

    /// Likewise of errors: who has no worker left, or is asked too often, refuses.
    fn add_errors(&mut self, entity: usize, errors: f64, surprise: f64, clue: Evidence) {
        let (mut at, mut errors, mut surprise) = (entity, errors, surprise);
        for _ in 0..MOST_HANDS {
            let Some(Brought { by, share }) = self.brought[at].filter(|_| errors > 0.0) else {
                break;
            };
            let kept = 1.0 - share;
            self.own[at].add_errors(errors * kept, surprise * kept, clue.clone());
            self.own[at].error_parts -= usize::from(at != entity);
            (at, errors, surprise) = (by, errors * share, surprise * share);
        }
        self.own[at].add_errors(errors, surprise, clue);
        self.own[at].error_parts -= usize::from(at != entity);
    }

    /// Time which an entity did not spend waiting for what it calls, ms a point.
    fn self_time(&self, entity: usize, figures: &Figures) -> Series {
        if !figures.self_ms.is_empty() {
            return figures.self_ms.clone();
        }
        let mut own = figures.time_ms.clone();
        for edge in self.waited_for(entity) {
            subtract(&mut own, &self.calls[edge].figures.time_ms);
        }
        own
    }

    /// The exit calls which an entity used to make and waits for. What a call brings that it never made before is its own doing.
    fn waited_for(&self, entity: usize) -> impl Iterator<Item = usize> + '_ {
        self.out[entity].iter().copied().filter(|edge| {
            let calls = &self.calls[*edge];
            !calls.asynchronous
                && Windows::values(&calls.figures.calls, self.windows.history.clone())
                    .any(|count| count > 0.0)
        })
    }

    /// Errors that no exit call had reported to it, a point.
    fn own_errors(&self, entity: usize, figures: &Figures) -> Series {
        let mut own = figures.errors.clone();
        for edge in self.waited_for(entity) {
            subtract(&mut own, &self.calls[edge].figures.errors);
        }
        own.iter_mut().for_each(|value| *value = value.max(0.0));
        own
    }

    /// Looks at the calls to backends that only other transactions make: whether a caller or a callee is at fault shows there too.
    fn look_beside(&mut self, situation: &Situation, config: &Config) {
        for calls in &situation.overall {
            let mut own = self.out[calls.caller].iter().map(|edge| self.calls[*edge].callee);
            let is_backend = situation.entities[calls.callee].kind == Kind::Backend;
            if calls.asynchronous || !is_backend || own.any(|callee| callee == calls.callee) {
                continue;
            }
            let figures = &calls.figures;
            let mut way = figures.time_ms.clone();
            subtract(&mut way, &calls.pool_wait_ms);
            let (waited, of) =
                Windows::sums(&calls.pool_wait_ms, &figures.calls, self.windows.incident.clone());
            let waited = if of > 0.0 { waited / of } else { 0.0 };
            let part = EdgeParts {
                way: self.windows.rest_per_call(&way, &figures.calls, waited, config),
                errors: self.windows.count(&figures.errors, &figures.calls, config),
                ..EdgeParts::default()
            };
            self.beside_into[calls.callee].push(part);
            self.beside_out[calls.caller].push(part);
        }
    }

    fn parts(&self, situation: &Situation, config: &Config) -> Vec<EdgeParts> {
        let mut parts: Vec<EdgeParts> =
            (0..self.calls.len()).map(|edge| self.parts_of(edge, situation, config)).collect();
        let late: Vec<f64> =
            (0..parts.len()).map(|edge| self.comes_back_late(&parts, edge, config)).collect();
        parts.iter_mut().zip(late).for_each(|(part, late)| part.late = late);
        parts
    }

    /// Which part of the wait for a connection is the callee's doing: connections come back late where it answers late, this caller
    /// or, where its waits hide that, others.
    fn comes_back_late(&self, parts: &[EdgeParts], edge: usize, config: &Config) -> f64 {
        let Some(way) = parts[edge].way else { return 0.0 };
        if rose(way) {
            return (way.change() / way.expected.max(config.floor_ms)).clamp(0.0, 1.0);
        }
        let callee = self.calls[edge].callee;
        let others: Vec<bool> = self.into[callee]
            .iter()
            .filter(|other| **other != edge && parts[**other].way.is_some())
            .map(|other| parts[*other].rises())
            .chain(self.beside_into[callee].iter().map(EdgeParts::rises))
            .collect();
        let rose = others.iter().filter(|rose| **rose).count();
        rose as f64 / others.len().max(1) as f64
    }

    /// Which part of the extra time of an edge's calls is their caller's own: it has no connection left, or all its calls are slow
    /// on the way.
    fn part_of_caller(&self, parts: &[EdgeParts], edge: usize) -> f64 {
        let part = &parts[edge];
        let Some(time) = part.time.filter(|time| time.change() > 0.0) else { return 0.0 };
        let rise = |of: Option<Deviation>| of.map_or(0.0, |of| of.change().max(0.0));
        let by_caller = self.caller_share(parts, edge);
        let way = if by_caller > 0.5 { by_caller * rise(part.way) } else { 0.0 };
        let own = rise(part.wait) * (1.0 - part.late) + way;
        (own / time.change()).clamp(0.0, 1.0)
    }

    fn parts_of(&self, edge: usize, situation: &Situation, config: &Config) -> EdgeParts {
        let measured = !situation.calls[edge].figures.calls.is_empty();
        let edge = &self.calls[edge];
        let figures = &edge.figures;
        let caller = &situation.entities[edge.caller].figures;
        let mut parts = EdgeParts {
            rate: self.windows.calls_per_call(&figures.calls, &caller.calls, config),
            time: self.windows.time_per_call(&figures.time_ms, &figures.calls, config),
            ..EdgeParts::default()
        };
        if !edge.pool_wait_ms.is_empty() {
            parts.wait = self.windows.time_per_call(&edge.pool_wait_ms, &figures.calls, config);
        }
        let reports = !edge.far_ms.is_empty();
        let callee = &situation.entities[edge.callee];
        if measured && (reports || callee.figures.calls.is_empty()) {
            let mut way = figures.time_ms.clone();
            subtract(&mut way, &edge.far_ms);
            subtract(&mut way, &edge.pool_wait_ms);
            let waited = parts.wait.map_or(0.0, |wait| wait.observed);
            parts.way = self.windows.rest_per_call(&way, &figures.calls, waited, config);
            let errors = edge_errors(edge, &callee.figures);
            parts.errors = self.windows.count(&errors, &figures.calls, config);
            parts.early = self.given_up_early(edge, &errors, parts.time);
        }
        parts
    }

    /// Which share of the calls that failed on the way their caller gave up before they used to be answered: they arrived, and a
    /// call takes no longer than before. Who waits in vain waits longer than for an answer.
    fn given_up_early(&self, edge: &Calls, errors: &Series, time: Option<Deviation>) -> f64 {
        let sum = |of: &Series| Windows::values(of, self.windows.incident.clone()).sum::<f64>();
        let failed = sum(errors);
        let Some(time) = time.filter(|_| !edge.arrived.is_empty() && failed > 0.0) else {
            return 0.0;
        };
        let lost = (sum(&edge.figures.calls) - sum(&edge.arrived)).max(0.0);
        let longer = time.change() / time.expected.max(f64::MIN_POSITIVE);
        (1.0 - lost / failed).clamp(0.0, 1.0) * (1.0 - longer).clamp(0.0, 1.0)
    }

    /// Shares out what lies between caller and callee.
    fn add_edges(&mut self, parts: &[EdgeParts], missed: &[Option<Missed>]) {
        for edge in 0..self.calls.len() {
            let (caller, callee) = (self.calls[edge].caller, self.calls[edge].callee);
            let visits = self.visits[caller];
            if visits <= 0.0 || self.calls[edge].asynchronous {
                continue;
            }
            let part = &parts[edge];
            let Some(rate) = part.rate else { continue };
            let by_caller = self.caller_share(parts, edge);
            if let Some(way) = part.way {
                let ms = visits * rate.expected * way.change();
                let clue = Evidence::Between { calls: edge, per_call: way };
                self.own[caller].add_time(
                    ms * by_caller,
                    surprise::in_part(way.surprise, by_caller),
                    clue.clone(),
                );
                self.own[caller].way_ms += ms * by_caller;
                let of_callee = 1.0 - by_caller;
                self.add_time(
                    callee,
                    ms * of_callee,
                    surprise::in_part(way.surprise, of_callee),
                    clue,
                );
            }
            if let Some(wait) = part.wait {
                // A pool runs dry because it is too small for its caller, or because connections come back late.
                let held = part.late;
                let ms = visits * rate.expected * wait.change();
                let clue = Evidence::PoolWait { calls: edge, per_call: wait };
                // A pool that was large enough runs dry under more calls; workers that are held by others have none to wait for.
                let (of_caller, surprise) =
                    (ms * (1.0 - held), surprise::in_part(wait.surprise, 1.0 - held));
                if self.held[caller].is_some() {
                    self.own[caller].add_time(of_caller, surprise, clue.clone());
                } else {
                    self.add_time(caller, of_caller, surprise, clue.clone());
                }
                self.add_time(callee, ms * held, surprise::in_part(wait.surprise, held), clue);
            }
            if let Some(errors) = part.errors {
                let share =
                    visits * rate.expected * (errors.observed - errors.expected) / errors.of;
                let surprise = if errors.fell { 0.0 } else { errors.surprise };
                let by_caller =
                    by_caller + (1.0 - by_caller) * part.early.max(part.without_connection());
                if by_caller < 0.5 {
                    self.own[callee].unanswered = self.own[callee].unanswered.max(surprise);
                }
                let clue = Evidence::FailedCalls {
                    calls: edge,
                    expected: errors.expected / errors.of,
                    observed: errors.observed / errors.of,
                };
                self.own[caller].add_errors(
                    share * by_caller,
                    surprise::in_part(surprise, by_caller),
                    clue.clone(),
                );
                let of_callee = 1.0 - by_caller;
                let surprise = surprise::in_part(surprise, of_callee);
                // A queue that is full refuses, and so does who is asked more often than it can answer.
                self.add_errors(callee, share * of_callee, surprise, clue);
            }
            self.add_more_calls(edge, part, rate, missed);
        }
    }

    /// More calls than before for each call taken: the caller's own doing, unless they are calls tried again because the callee
    /// fails, or calls that a cache used to spare it.
    fn add_more_calls(
        &mut self,
        edge: usize,
        part: &EdgeParts,
        rate: Deviation,
        missed: &[Option<Missed>],
    ) {
        let (caller, callee) = (self.calls[edge].caller, self.calls[edge].callee);
        let Some(time) = part.time else { return };
        let ms = self.visits[caller] * rate.change() * time.expected;
        if ms <= 0.0 {
            return;
        }
        let retried = load::retried(&self.calls[edge].figures, rate, &self.windows);
        let retried = retried * (1.0 - part.early);
        let clue = Evidence::MoreCalls { calls: edge, per_call: rate };
        let mut own = 1.0 - retried;
        if let Some((cache, share)) = load::spared_by(self, edge, rate, missed) {
            let share = own * share;
            own -= share;
            self.own[cache].add_brought(ms * share, rate.surprise * share, clue.clone());
        }
        self.own[caller].add_called(ms * own, rate.surprise * own, clue.clone());
        let failing = self.fails_first(callee);
        self.own[failing].add_brought(ms * retried, rate.surprise * retried, clue);
    }

    /// Who fails first below an entity that fails: each time the callee whose failures are most of its caller's.
    fn fails_first(&self, entity: usize) -> usize {
        let rise = |of: &Series| {
            let mean = |points: std::ops::Range<usize>| {
                let many = points.len().max(1) as f64;
                Windows::values(of, points).sum::<f64>() / many
            };
            mean(self.windows.incident.clone()) - mean(self.windows.history.clone())
        };
        let (mut at, mut seen) = (entity, vec![entity]);
        loop {
            let of_callers: f64 =
                self.into[at].iter().map(|edge| rise(&self.calls[*edge].figures.errors)).sum();
            let most = self
                .waited_for(at)
                .map(|edge| (rise(&self.calls[edge].figures.errors), self.calls[edge].callee))
                .max_by(|left, right| left.0.total_cmp(&right.0));
            match most {
                Some((errors, callee))
                    if errors > 0.0 && errors >= 0.5 * of_callers && !seen.contains(&callee) =>
                {
                    (at, seen) = (callee, [seen, vec![callee]].concat());
                }
                _ => return at,
            }
        }
    }

    /// Which share of what lies between caller and callee is the caller's: by how many of the other edges of each rose like it.
    fn caller_share(&self, parts: &[EdgeParts], edge: usize) -> f64 {
        let measured =
            |other: &&usize| !self.calls[**other].asynchronous && parts[**other].way.is_some();
        let risen = |edges: &[usize], beside: &[EdgeParts], before_looking: f64, more: [f64; 2]| {
            let others: Vec<f64> = edges
                .iter()
                .filter(|other| **other != edge)
                .filter(measured)
                .map(|other| &parts[*other])
                .chain(beside)
                .map(|other| parts[edge].shared_by(other))
                .collect();
            (others.iter().sum::<f64>() + more[0] + before_looking)
                / (others.len() as f64 + more[1] + 1.0)
        };
        // Without other edges to compare, whoever does not answer is likelier at fault than who asks.
        let (caller, callee) = (self.calls[edge].caller, self.calls[edge].callee);
        // What is slow on the way out of a caller is mostly slow on the way into it.
        let into = self.into[caller].iter().filter(measured);
        let slow = into.map(|other| parts[edge].slowness_shared_by(&parts[*other]));
        let inward =
            slow.fold([0.0, 0.0], |[sum, of], shared| [sum + INWARD * shared, of + INWARD]);
        let of_caller = risen(&self.out[caller], &self.beside_out[caller], 0.5, inward);
        let of_callee = risen(&self.into[callee], &self.beside_into[callee], 1.0, [0.0, 0.0]);
        of_caller / (of_caller + of_callee)
    }

    /// What each edge carries upward: the path of the anomaly runs along these.
    fn carry(&mut self, situation: &Situation) {
        for edge in 0..self.calls.len() {
            let calls = &self.calls[edge];
            let caller = &situation.entities[calls.caller].figures;
            let extra = |of: &Series| {
                let (before, per_before) =
                    Windows::sums(of, &caller.calls, self.windows.history.clone());
                let (now, per_now) =
                    Windows::sums(of, &caller.calls, self.windows.incident.clone());
                if per_before > 0.0 && per_now > 0.0 {
                    now / per_now - before / per_before
                } else {
                    0.0
                }
            };
            let visits = self.visits[calls.caller];
            self.carried[edge] = Carried {
                time_ms: visits * extra(&calls.figures.time_ms),
                errors: visits * extra(&calls.figures.errors),
            };
        }
    }
}

/// Through how many hands a delay goes from whom it was brought upon to who brought it.
const MOST_HANDS: usize = 5;
const MOST_HOPS: usize = 48;

/// From how many nats on a rise is taken for one.
const SURE: f64 = 1.0;

/// Whether a rise is larger than what is never of interest, and than chance.
fn rose(of: Deviation) -> bool {
    of.scales > 1.0 && of.of_rise() > SURE
}
/// What a caller's incoming edge says of its outgoing ones: a name not found, or a pool, strikes these alone.
const INWARD: f64 = 0.5;
const LEAST_VISITS: f64 = 1e-6;

/// The parts of the calls along one edge, against the history.
#[derive(Debug, Clone, Copy, Default)]
struct EdgeParts {
    /// Calls for each call of the caller.
    rate: Option<Deviation>,
    time: Option<Deviation>,
    wait: Option<Deviation>,
    /// On the way, or, where the callee does not report, all but the wait.
    way: Option<Deviation>,
    errors: Option<Counted>,
    /// Which share of the errors is its caller's impatience.
    early: f64,
    /// Which share of the wait for a connection is its callee's doing.
    late: f64,
}

impl EdgeParts {
    fn rises(&self) -> bool {
        self.way.is_some_and(rose) || self.fails()
    }

    fn fails(&self) -> bool {
        self.errors.is_some_and(|errors| !errors.fell && surprise::evidence(errors.surprise) > SURE)
    }

    /// How much of this edge's rise another one shares, 0 to 1: what strikes both makes both slower by as many ms or as many
    /// times; who is a little slower than usual is no sign that what another's calls take tenfold is theirs in common.
    fn shared_by(&self, other: &Self) -> f64 {
        if other.fails() { 1.0 } else { self.slowness_shared_by(other) }
    }

    fn slowness_shared_by(&self, other: &Self) -> f64 {
        match (self.way.filter(|way| rose(*way)), other.way.filter(|way| rose(*way))) {
            (Some(own), Some(other)) => {
                let times = |of: Deviation| of.change() / of.expected.max(f64::MIN_POSITIVE);
                let alike = (other.change() / own.change()).max(times(other) / times(own));
                alike.clamp(0.0, 1.0)
            }
            (_, other) => f64::from(u8::from(other.is_some())),
        }
    }

    /// Which share of the failures is of calls that never had a connection and so never came to the callee: what part of the calls'
    /// extra time was waited for one, as far as that is not the callee's doing.
    fn without_connection(&self) -> f64 {
        let Some(wait) = self.wait.filter(|wait| rose(*wait)) else { return 0.0 };
        let way = self.way.map_or(0.0, |way| way.change().max(0.0));
        wait.change() / (wait.change() + way) * (1.0 - self.late)
    }
}

/// Errors of calls which the callee did not report as its own: refused, lost, timed out, or of a backend, which reports none.
fn edge_errors(edge: &Calls, callee: &Figures) -> Series {
    let mut own = edge.figures.errors.clone();
    if callee.errors.is_empty() {
        return own;
    }
    for (at, value) in own.iter_mut().enumerate() {
        let of = |series: &Series| {
            series.get(at).copied().filter(|value| value.is_finite()).unwrap_or(0.0)
        };
        let calls = of(&callee.calls);
        if calls > 0.0 {
            *value -= of(&edge.arrived) * of(&callee.errors) / calls;
        }
        *value = value.max(0.0);
    }
    own
}

fn subtract(from: &mut Series, what: &Series) {
    for (value, other) in from.iter_mut().zip(what) {
        if other.is_finite() {
            *value -= other;
        }
    }
}

/// The edges with figures: where nobody measured an edge, the callee's figures are shared out among those of its callers
/// whose edge was not measured, by the calls which they take themselves.
fn shared_out(situation: &Situation, into: &[Vec<usize>]) -> Vec<Calls> {
    let mut all = situation.calls.clone();
    for (callee, edges) in into.iter().enumerate() {
        let unmeasured: Vec<usize> = edges
            .iter()
            .copied()
            .filter(|edge| situation.calls[*edge].figures.calls.is_empty())
            .collect();
        let figures = &situation.entities[callee].figures;
        if unmeasured.is_empty() || figures.calls.is_empty() {
            continue;
        }
        let points = figures.calls.len();
        let weight = |edge: usize, at: usize| {
            let calls = &situation.entities[situation.calls[edge].caller].figures.calls;
            calls.get(at).copied().filter(|calls| calls.is_finite()).unwrap_or(0.0)
        };
        for &edge in &unmeasured {
            let shares: Vec<f32> = (0..points)
                .map(|at| {
                    let sum: f32 = unmeasured.iter().map(|other| weight(*other, at)).sum();
                    if sum > 0.0 { weight(edge, at) / sum } else { f32::NAN }
                })
                .collect();
            let part = |of: &Series| {
                of.iter().zip(&shares).map(|(value, share)| value * share).collect::<Series>()
            };
            all[edge].figures = Figures {
                calls: part(&figures.calls),
                errors: part(&figures.errors),
                time_ms: part(&figures.time_ms),
                self_ms: Series::new(),
            };
        }
    }
    all
}
