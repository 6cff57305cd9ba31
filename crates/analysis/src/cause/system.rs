//! All transactions taken as one: who adds most to what all of them together take longer, or fail.
//!
//! Where workers are used up a transaction suffers from what others wait for, and seen from it alone those to whom it never comes
//! add nothing. Seen from all transactions together everybody adds something.

use std::collections::HashMap;

use super::{
    evidence::{Clue, Evidence},
    situation::{Anomaly, Calls, Entity, Figures, Kind, Series, Situation},
};

/// A situation in which all transactions together suffer.
pub(super) struct System {
    /// With one more entity, last, which stands for all transactions.
    pub(super) situation: Situation,
    /// How clues name its calls: as those of the transaction that suffers where it makes them too.
    calls: Vec<usize>,
}

/// Nothing where the calls of all transactions are not known.
pub(super) fn of(situation: &Situation) -> Option<System> {
    if situation.overall.is_empty() {
        return None;
    }
    let all = situation.entities.len();
    let mut entities = situation.entities.clone();
    for of in entities.iter_mut().filter(|of| matches!(of.kind, Kind::Tier | Kind::Backend)) {
        of.figures = Figures::default();
    }
    for node in situation.entities.iter().filter(|of| of.kind == Kind::Node) {
        if let Some(tier) = node.tier {
            add_figures(&mut entities[tier].figures, &node.figures);
        }
    }
    let mut every = Entity::new(Kind::BusinessTransaction);
    let mut calls = situation.overall.clone();
    let own: HashMap<(usize, usize), usize> = situation
        .calls
        .iter()
        .enumerate()
        .map(|(index, calls)| ((calls.caller, calls.callee), index))
        .collect();
    let name = |(index, calls): (usize, &Calls)| {
        own.get(&(calls.caller, calls.callee)).copied().unwrap_or(situation.calls.len() + index)
    };
    let mut names: Vec<usize> = calls.iter().enumerate().map(name).collect();
    for (index, entry) in situation.calls.iter().enumerate() {
        if situation.entities[entry.caller].kind == Kind::BusinessTransaction {
            add_figures(&mut every.figures, &entry.figures);
            calls.push(Calls { caller: all, ..entry.clone() });
            names.push(index);
        }
    }
    if every.figures.calls.is_empty() {
        // No transaction is known: whoever suffers stands for all that comes in there.
        let callee = situation.anomaly.entity;
        let figures = Figures { self_ms: Series::new(), ..entities[callee].figures.clone() };
        every.figures = figures.clone();
        let (arrived, far_ms) = (figures.calls.clone(), figures.time_ms.clone());
        calls.push(Calls { caller: all, callee, figures, arrived, far_ms, ..Calls::default() });
    }
    entities.push(every);
    add_arrivals(&mut calls, &entities);
    let anomaly = Anomaly { entity: all, what: None, ..situation.anomaly };
    let situation = Situation { entities, calls, anomaly, ..situation.clone() };
    Some(System { situation, calls: names })
}

impl System {
    /// Lets clues name the calls as the situation does; nothing of those that are about all transactions as one.
    pub(super) fn name(&self, clues: &mut Vec<Clue>) {
        clues.retain_mut(|clue| match &mut clue.what {
            Evidence::Between { calls, .. }
            | Evidence::FailedCalls { calls, .. }
            | Evidence::PoolWait { calls, .. }
            | Evidence::MoreCalls { calls, .. } => {
                let name = self.calls.get(*calls).copied();
                *calls = name.unwrap_or_default();
                name.is_some()
            }
            Evidence::OwnTime { entity, .. }
            | Evidence::OwnErrors { entity, .. }
            | Evidence::Load { entity, .. } => *entity != self.situation.anomaly.entity,
            _ => true,
        });
    }
}

/// Whose calls took how long where they arrived nobody knows: as long as others', and as many of them arrived.
fn add_arrivals(calls: &mut [Calls], entities: &[Entity]) {
    let mut made: Vec<Series> = vec![Series::new(); entities.len()];
    for edge in calls.iter().filter(|edge| !edge.asynchronous) {
        add(&mut made[edge.callee], &edge.figures.calls);
    }
    for edge in calls.iter_mut().filter(|edge| !edge.asynchronous && edge.far_ms.is_empty()) {
        let of = &entities[edge.callee];
        if of.kind != Kind::Tier {
            continue;
        }
        let taken = of.figures.calls.iter().zip(&of.figures.time_ms);
        let edge_calls = edge.figures.calls.iter().zip(&edge.figures.time_ms);
        for (((taken, took_ms), made), (calls, time_ms)) in
            taken.zip(&made[edge.callee]).zip(edge_calls)
        {
            let arrived = if *made > 0.0 { calls * (taken / made).min(1.0) } else { *calls };
            let a_call = if *taken > 0.0 { took_ms / taken } else { 0.0 };
            edge.arrived.push(arrived);
            // No call takes longer where it arrives than altogether.
            edge.far_ms.push((arrived * a_call).min(*time_ms));
        }
    }
}

fn add_figures(to: &mut Figures, what: &Figures) {
    add(&mut to.calls, &what.calls);
    add(&mut to.errors, &what.errors);
    add(&mut to.time_ms, &what.time_ms);
}

fn add(to: &mut Series, what: &Series) {
    if to.len() < what.len() {
        to.resize(what.len(), 0.0);
    }
    for (to, value) in to.iter_mut().zip(what) {
        *to += if value.is_finite() { *value } else { 0.0 };
    }
}
