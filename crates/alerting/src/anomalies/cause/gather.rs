//! Making the situation: the calls of the suffering transaction from its entry on, minute by minute, and who runs where.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use analysis::cause::{Anomaly, Kind};
use model::{
    anomaly::AnomalousKind,
    entity::EntityKind,
    figure::Scope,
    id::EntityId,
    time::{Minute, MinuteRange},
};
use telemetry_store::reader::{Detail, FigureQuery, FigureRow, GroupBy, Points, Resolution};

use super::{
    CauseError, HISTORY, INCIDENT, Question, around, logs, operations, pools, scene::Scene, traces,
};
use crate::anomalies::readings::{MAX_ROWS, Observed, Sums};

/// Other applications whose calls are followed.
const MAX_APPLICATIONS: usize = 5;
/// Who is called by others than the transaction, and may hold its workers.
const MAX_BESIDE: usize = 200;
/// Business transactions whose load is looked at.
const MAX_TRANSACTIONS: usize = 200;

pub(super) fn gather<T: Observed + ?Sized>(
    question: &Question<'_, T>,
) -> Result<Scene, CauseError> {
    let start = Minute(question.onset.0.saturating_sub(HISTORY));
    let now = question.now.min(Minute(question.onset.0 + INCIDENT - 1)).max(question.onset);
    let range = MinuteRange { start, end: Minute(now.0 + 1) };
    let mut scene = Scene::new(range);
    let mut gathering = Gathering { question, range, lacks: BTreeSet::new() };
    gathering.fill(&mut scene)?;
    scene.lacks.extend(gathering.lacks);
    if scene.is_full() {
        scene.lacks.push("more entities are involved than were looked at".to_owned());
    }
    let point = |minute| scene.point(minute).unwrap_or(0);
    scene.situation.anomaly = Anomaly {
        entity: scene.place(question.entity).unwrap_or(0),
        onset: point(question.onset),
        now: point(now),
        what: question.what,
    };
    Ok(scene)
}

struct Gathering<'a, T: ?Sized> {
    question: &'a Question<'a, T>,
    range: MinuteRange,
    lacks: BTreeSet<String>,
}

impl<T: Observed + ?Sized> Gathering<'_, T> {
    fn fill(&mut self, scene: &mut Scene) -> Result<(), CauseError> {
        let question = self.question;
        let directory = question.directory;
        let Some(suffering) = directory.get(question.entity) else { return Ok(()) };
        let of_transaction = question.kind == EntityKind::BusinessTransaction;
        let entry = if of_transaction { suffering.key.parent } else { question.entity };
        let bt = if of_transaction { question.entity } else { EntityId::NONE };
        let tiers = if of_transaction { Scope::TierInTransaction } else { Scope::Tier };
        // Who suffers comes first and always has a place, its tier next.
        for id in [question.entity, entry] {
            if let Some(place) = scene.add(directory, id) {
                scene.measured(place);
            }
        }
        let own = self.figures(question.application, &[tiers, Scope::Edge, Scope::Error], bt)?;
        let over_all = [Scope::BusinessTransaction, Scope::Node, Scope::Endpoint];
        let over_all = self.figures(question.application, &over_all, EntityId::NONE)?;
        let mut reach = Reach::default();
        reach.follow(scene, directory, entry, &own);
        self.follow_elsewhere(scene, &mut reach)?;
        count_tiers(scene, &own, tiers);
        self.add_transactions(scene, &over_all);
        add_nodes(scene, directory, &over_all);
        if of_transaction {
            let all = self.figures(question.application, &[Scope::Edge], EntityId::NONE)?;
            follow_overall(scene, directory, &all);
        } else {
            follow_overall(scene, directory, &own);
        }
        mark_asynchronous(scene, directory);
        note_arrivals(scene);
        around::add_exceptions(scene, directory, &own);
        around::add_resources(scene, question, self.range, &mut self.lacks)?;
        pools::add(scene, question, self.range, &mut self.lacks)?;
        around::add_changes(scene, question)?;
        logs::add(scene, question, self.range, &mut self.lacks)?;
        traces::add(scene, question, &mut self.lacks)?;
        scene.operations = operations::of(scene, directory, &own, &over_all, question.onset);
        Ok(())
    }

    fn figures(
        &mut self,
        application: EntityId,
        scopes: &[Scope],
        bt: EntityId,
    ) -> Result<Vec<FigureRow>, CauseError> {
        let answer = self.question.telemetry.figures(&FigureQuery {
            account: self.question.account,
            application,
            scopes: scopes.to_vec(),
            subject: None,
            peer: None,
            bt: Some(bt),
            range: self.range,
            points: Points::Every(Resolution::OneMinute),
            detail: Detail::Times,
            group_by: GroupBy::Key,
            max_rows: MAX_ROWS,
        })?;
        self.lacks.extend(answer.partial);
        Ok(answer.value)
    }

    /// Calls go on in other applications, where they count under no transaction of ours: all calls there stand for them.
    fn follow_elsewhere(&mut self, scene: &mut Scene, reach: &mut Reach) -> Result<(), CauseError> {
        let directory = self.question.directory;
        let mut seen = BTreeSet::from([self.question.application]);
        while let Some(entry) = reach.elsewhere.pop_first() {
            let Some(tier) = directory.get(entry) else { continue };
            let application = tier.key.application;
            if !seen.insert(application) || seen.len() > MAX_APPLICATIONS {
                continue;
            }
            let scopes = [Scope::Tier, Scope::Edge, Scope::Node];
            let rows = self.figures(application, &scopes, EntityId::NONE)?;
            reach.follow(scene, directory, entry, &rows);
            count_tiers(scene, &rows, Scope::Tier);
            add_nodes(scene, directory, &rows);
        }
        Ok(())
    }

    /// The transactions that enter where ours does or on its way: their load may be what is too much.
    fn add_transactions(&self, scene: &mut Scene, rows: &[FigureRow]) {
        let directory = self.question.directory;
        let is_of_one = |row: &&FigureRow| row.key.scope == Scope::BusinessTransaction;
        let mut transactions = BTreeSet::new();
        for row in rows.iter().filter(is_of_one) {
            let Some(bt) = directory.get(row.key.subject) else { continue };
            let Some(tier) = scene.place(bt.key.parent) else { continue };
            let is_known = transactions.contains(&row.key.subject);
            if !is_known && transactions.len() >= MAX_TRANSACTIONS {
                continue;
            }
            transactions.insert(row.key.subject);
            let Some(place) = scene.add(directory, row.key.subject) else { continue };
            let sums = sums(row);
            scene.count(place, row.at, sums);
            scene.count_calls(place, tier, row.at, sums);
        }
    }
}

/// Whom calls come to.
#[derive(Debug, Default)]
struct Reach {
    /// Tiers of other applications that were called.
    elsewhere: BTreeSet<EntityId>,
}

impl Reach {
    /// Adds whom the calls from a tier come to, the nearest first, with the calls.
    fn follow(
        &mut self,
        scene: &mut Scene,
        directory: &metadata_store::Directory,
        entry: EntityId,
        rows: &[FigureRow],
    ) {
        let edges = by_caller(rows);
        let application = directory.get(entry).map(|tier| tier.key.application);
        let mut open = VecDeque::from([entry]);
        let mut seen = BTreeSet::from([entry]);
        while let Some(caller) = open.pop_front() {
            let Some(from) = scene.add(directory, caller) else { continue };
            for row in edges.get(&caller).into_iter().flatten() {
                let callee = row.key.peer;
                let Some(to) = scene.add(directory, callee) else { continue };
                scene.count_calls(from, to, row.at, sums(row));
                let of = directory.get(callee);
                let is_elsewhere = of.as_ref().is_some_and(|of| {
                    of.key.kind == EntityKind::Tier && Some(of.key.application) != application
                });
                if is_elsewhere {
                    self.elsewhere.insert(callee);
                } else if seen.insert(callee) {
                    open.push_back(callee);
                }
            }
        }
    }
}

fn by_caller(rows: &[FigureRow]) -> BTreeMap<EntityId, Vec<&FigureRow>> {
    let mut edges: BTreeMap<EntityId, Vec<&FigureRow>> = BTreeMap::new();
    for row in rows.iter().filter(|row| row.key.scope == Scope::Edge) {
        edges.entry(row.key.subject).or_default().push(row);
    }
    edges
}

/// The calls of all transactions between who is there, and on to whom only others call.
fn follow_overall(scene: &mut Scene, directory: &metadata_store::Directory, rows: &[FigureRow]) {
    let edges = by_caller(rows);
    let mut open: VecDeque<EntityId> = scene
        .named
        .iter()
        .filter(|of| matches!(of.kind, AnomalousKind::Tier | AnomalousKind::Backend))
        .map(|of| EntityId(of.id))
        .collect();
    let mut seen: BTreeSet<EntityId> = open.iter().copied().collect();
    let room = scene.named.len() + MAX_BESIDE;
    while let Some(caller) = open.pop_front() {
        let Some(from) = scene.place(caller) else { continue };
        for row in edges.get(&caller).into_iter().flatten() {
            let callee = row.key.peer;
            let known = scene.place(callee);
            let has_room = scene.named.len() < room;
            let beside = || has_room.then(|| scene.add(directory, callee)).flatten();
            let Some(to) = known.or_else(beside) else { continue };
            scene.count_overall(from, to, row.at, sums(row));
            if seen.insert(callee) {
                open.push_back(callee);
            }
        }
    }
}

pub(super) fn sums(row: &FigureRow) -> Sums {
    let mut sums = Sums::default();
    sums.add(&row.figure);
    sums
}

fn count_tiers(scene: &mut Scene, rows: &[FigureRow], scope: Scope) {
    for row in rows.iter().filter(|row| row.key.scope == scope) {
        if let Some(place) = scene.place(row.key.subject) {
            scene.count(place, row.at, sums(row));
        }
    }
}

/// The nodes of the tiers that are there.
fn add_nodes(scene: &mut Scene, directory: &metadata_store::Directory, rows: &[FigureRow]) {
    for row in rows.iter().filter(|row| row.key.scope == Scope::Node) {
        if scene.place(row.key.peer).is_none() {
            continue;
        }
        if let Some(place) = scene.add(directory, row.key.subject) {
            scene.count(place, row.at, sums(row));
        }
    }
}

/// What a queue hands on, nobody waits for.
fn mark_asynchronous(scene: &mut Scene, directory: &metadata_store::Directory) {
    let Scene { situation, named, .. } = scene;
    for calls in situation.calls.iter_mut().chain(&mut situation.overall) {
        let caller = directory.get(EntityId(named[calls.caller].id));
        calls.asynchronous = caller.is_some_and(|caller| caller.key.kind == EntityKind::Queue);
    }
}

/// What arrived of the calls to a tier that has one caller only. Of several nobody knows whose calls took how long there.
fn note_arrivals(scene: &mut Scene) {
    let situation = &mut scene.situation;
    let enters = |caller: usize, entities: &[analysis::cause::Entity]| {
        entities[caller].kind == Kind::BusinessTransaction
    };
    let mut callers = vec![0_usize; situation.entities.len()];
    for calls in situation.calls.iter().filter(|calls| !enters(calls.caller, &situation.entities)) {
        callers[calls.callee] += 1;
    }
    for calls in &mut situation.calls {
        let callee = &situation.entities[calls.callee];
        if enters(calls.caller, &situation.entities) {
            // A transaction's time is that of the tier where it enters.
            calls.arrived.clone_from(&calls.figures.calls);
            calls.far_ms.clone_from(&calls.figures.time_ms);
        } else if callee.kind == Kind::Tier && callers[calls.callee] == 1 {
            calls.arrived.clone_from(&callee.figures.calls);
            calls.far_ms.clone_from(&callee.figures.time_ms);
        }
    }
}
