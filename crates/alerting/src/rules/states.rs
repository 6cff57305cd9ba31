//! How entities are just now, by the rules that affect them: what colours icons in lists and on maps.

use model::{id::EntityId, rule::Level, time::Minute};
use parking_lot::RwLock;
use rustc_hash::FxHashMap;

use super::evaluate::Verdict;

/// How an entity is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum EntityHealth {
    /// Rules affect it, and none can say anything.
    Unknown,
    Normal,
    Warning,
    Critical,
}

/// Entities that rules affect, as of a minute.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Health {
    /// The minute that was judged last; none before the first.
    pub at: Option<Minute>,
    pub entities: FxHashMap<EntityId, EntityHealth>,
    /// Why not everything was judged; sentences.
    pub lacks: Vec<String>,
}

impl Health {
    pub(super) fn note(&mut self, entity: EntityId, verdict: Verdict) {
        let health = match verdict {
            Verdict::Broken(Level::Critical) => EntityHealth::Critical,
            Verdict::Broken(Level::Warning) => EntityHealth::Warning,
            Verdict::Sound => EntityHealth::Normal,
            Verdict::Unknown => EntityHealth::Unknown,
        };
        let known = self.entities.entry(entity).or_insert(health);
        *known = health.max(*known);
    }

    /// How an entity is; nothing where no rule affects it.
    pub fn of(&self, entity: EntityId) -> Option<EntityHealth> {
        self.entities.get(&entity).copied()
    }
}

/// The health of the newest judged minute, shared with whoever shows it.
#[derive(Debug, Default)]
pub struct States {
    newest: RwLock<std::sync::Arc<Health>>,
}

impl States {
    /// As it is just now.
    pub fn newest(&self) -> std::sync::Arc<Health> {
        std::sync::Arc::clone(&self.newest.read())
    }

    pub(super) fn put(&self, health: Health) {
        *self.newest.write() = std::sync::Arc::new(health);
    }
}
