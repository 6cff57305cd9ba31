//! A situation with the names of what its indices stand for.

use analysis::cause::{Calls, Entity, Figures, Kind, Series, Situation};
use metadata_store::Directory;
use model::{
    anomaly::AnomalousKind,
    entity::EntityKind,
    id::EntityId,
    time::{Minute, MinuteRange},
};
use rustc_hash::FxHashMap;

use super::spans::Place;
use crate::anomalies::{readings::Sums, stored::Named, stored::Operation};

/// Entities of one situation.
const MAX_ENTITIES: usize = 1_000;

/// Everything that the answer is put into words by.
#[derive(Debug)]
pub(super) struct Scene {
    pub(super) situation: Situation,
    pub(super) range: MinuteRange,
    /// By entity of the situation.
    pub(super) named: Vec<Named>,
    /// By resource: the path and the unit of the metric, and the node that reported it.
    pub(super) metrics: Vec<(&'static str, String, EntityId)>,
    /// By template.
    pub(super) templates: Vec<Line>,
    /// By change: the event, when it happened (Unix milliseconds), and its summary.
    pub(super) changes: Vec<(u32, i64, String)>,
    pub(super) operations: Vec<Operation>,
    /// By operation of the situation.
    pub(super) traced: Vec<Traced>,
    /// By link of the situation: a span since the onset that lacks the call.
    pub(super) lacking: Vec<Option<Place>>,
    pub(super) statements: Vec<SlowStatement>,
    pub(super) lacks: Vec<String>,
    index: FxHashMap<EntityId, usize>,
    hosts: FxHashMap<String, usize>,
    calls: Edges,
    overall: Edges,
}

/// Where the calls from one entity to another stand.
type Edges = FxHashMap<(usize, usize), usize>;

/// What a template stands for.
#[derive(Clone, Debug)]
pub(super) enum Line {
    /// A group of exceptions.
    Exception { group: EntityId, name: String },
    /// Log records whose text is alike.
    Log { text: String },
}

/// What the traces say of an operation since the onset.
#[derive(Clone, Debug)]
pub(super) struct Traced {
    pub(super) name: String,
    /// A span that fails without a failed child.
    pub(super) failing: Option<Place>,
    pub(super) slowest: Option<Place>,
}

/// A statement that takes longer than before, ms a call.
#[derive(Clone, Debug)]
pub(super) struct SlowStatement {
    /// Who asks.
    pub(super) tier: usize,
    /// Whom; none where it is not in the scene.
    pub(super) backend: Option<usize>,
    pub(super) text: String,
    /// None: it came new.
    pub(super) before: Option<f64>,
    pub(super) since: f64,
    /// Of all calls that were looked at.
    pub(super) extra_ms: f64,
    pub(super) slowest: Place,
}

impl Scene {
    pub(super) fn new(range: MinuteRange) -> Scene {
        Scene {
            situation: Situation { step_s: 60, ..Situation::default() },
            range,
            named: Vec::new(),
            metrics: Vec::new(),
            templates: Vec::new(),
            changes: Vec::new(),
            operations: Vec::new(),
            traced: Vec::new(),
            lacking: Vec::new(),
            statements: Vec::new(),
            lacks: Vec::new(),
            index: FxHashMap::default(),
            hosts: FxHashMap::default(),
            calls: Edges::default(),
            overall: Edges::default(),
        }
    }

    /// How many points the grid has.
    pub(super) fn points(&self) -> usize {
        self.range.len() as usize
    }

    /// The point of a minute.
    pub(super) fn point(&self, minute: Minute) -> Option<usize> {
        self.range.contains(minute).then(|| (minute.0 - self.range.start.0) as usize)
    }

    /// The place of an entity that is there.
    pub(super) fn place(&self, id: EntityId) -> Option<usize> {
        self.index.get(&id).copied()
    }

    pub(super) fn is_full(&self) -> bool {
        self.named.len() >= MAX_ENTITIES
    }

    /// The place of an entity, which is added if there is room and it is of a kind that can be at fault.
    pub(super) fn add(&mut self, directory: &Directory, id: EntityId) -> Option<usize> {
        if let Some(place) = self.place(id) {
            return Some(place);
        }
        if self.is_full() {
            return None;
        }
        let entity = directory.get(id)?;
        let (kind, known) = match entity.key.kind {
            EntityKind::BusinessTransaction => {
                (Kind::BusinessTransaction, AnomalousKind::BusinessTransaction)
            }
            EntityKind::Tier => (Kind::Tier, AnomalousKind::Tier),
            EntityKind::Node => (Kind::Node, AnomalousKind::Node),
            EntityKind::Backend | EntityKind::Queue => (Kind::Backend, AnomalousKind::Backend),
            _ => return None,
        };
        let mut new = Entity::new(kind);
        if kind == Kind::Node {
            new.tier = Some(self.add(directory, entity.key.parent)?);
            new.host = self.host(&entity.properties.host, id);
        }
        let place = self.named.len();
        let tier = new.tier.map(|tier| Box::new(self.named[tier].clone()));
        self.named.push(Named { tier, ..Named::new(id.0, &entity.key.name, known) });
        self.situation.entities.push(new);
        self.index.insert(id, place);
        Some(place)
    }

    /// The place of a host; the first of its nodes stands for it.
    fn host(&mut self, name: &str, node: EntityId) -> Option<usize> {
        if name.is_empty() {
            return None;
        }
        if let Some(place) = self.hosts.get(name) {
            return Some(*place);
        }
        if self.is_full() {
            return None;
        }
        let place = self.named.len();
        self.named.push(Named::new(node.0, name, AnomalousKind::Server));
        self.situation.entities.push(Entity::new(Kind::Host));
        self.hosts.insert(name.to_owned(), place);
        Some(place)
    }

    /// Counts calls that an entity took.
    pub(super) fn count(&mut self, place: usize, at: Minute, sums: Sums) {
        let (points, Some(point)) = (self.points(), self.point(at)) else { return };
        put(&mut self.situation.entities[place].figures, points, point, sums);
    }

    /// Gives an entity figures even where nothing was counted: that it took no call is known then.
    pub(super) fn measured(&mut self, place: usize) {
        let points = self.points();
        fill(&mut self.situation.entities[place].figures, points);
    }

    /// Counts calls from one entity to another, as the caller saw them.
    pub(super) fn count_calls(&mut self, caller: usize, callee: usize, at: Minute, sums: Sums) {
        let (points, Some(point)) = (self.points(), self.point(at)) else { return };
        let edge = self.edge(caller, callee);
        put(&mut self.situation.calls[edge].figures, points, point, sums);
    }

    /// The calls from one entity to another.
    pub(super) fn edge(&mut self, caller: usize, callee: usize) -> usize {
        edge(&mut self.situation.calls, &mut self.calls, caller, callee)
    }

    /// Counts calls from one entity to another, of all transactions.
    pub(super) fn count_overall(&mut self, caller: usize, callee: usize, at: Minute, sums: Sums) {
        let (points, Some(point)) = (self.points(), self.point(at)) else { return };
        let edge = edge(&mut self.situation.overall, &mut self.overall, caller, callee);
        put(&mut self.situation.overall[edge].figures, points, point, sums);
    }
}

fn edge(all: &mut Vec<Calls>, known: &mut Edges, caller: usize, callee: usize) -> usize {
    *known.entry((caller, callee)).or_insert_with(|| {
        all.push(Calls { caller, callee, ..Calls::default() });
        all.len() - 1
    })
}

fn put(figures: &mut Figures, points: usize, at: usize, sums: Sums) {
    fill(figures, points);
    figures.calls[at] += sums.calls as f32;
    figures.errors[at] += sums.errors as f32;
    figures.time_ms[at] += sums.millis as f32;
}

fn fill(figures: &mut Figures, points: usize) {
    let series: [&mut Series; 3] = [&mut figures.calls, &mut figures.errors, &mut figures.time_ms];
    series.into_iter().for_each(|series| series.resize(points, 0.0));
}
