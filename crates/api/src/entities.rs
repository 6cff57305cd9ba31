//! The entities of one account, as handlers look them up.

use std::sync::Arc;

use api_types::Ref;
use metadata_store::Directory;
use model::{
    entity::{Entity, EntityKey, EntityKind},
    id::{AccountId, EntityId},
    time::MinuteRange,
};

use crate::error::ApiError;

/// Unseen for so long a node is historical.
const HISTORICAL_MS: i64 = 3_600_000;
/// Unseen for so long a business transaction has given up its place.
const FORGOTTEN_MS: i64 = 7 * 24 * 3_600_000;

/// What an operator should know or do about an entity.
pub(crate) fn hints_of(entity: &Entity) -> Vec<String> {
    let sample = entity.properties.spans_show_percent.map(|percent| {
        format!(
            "These figures come from a sample: its own metrics count more requests than its spans, which show about \
             {percent} % of them. Let its agent send all traces (OTEL_TRACES_SAMPLER=parentbased_always_on) to count \
             every request."
        )
    });
    entity.properties.hints.iter().cloned().chain(sample).collect()
}

/// What an account may see of the directory.
#[derive(Clone, Debug)]
pub(crate) struct Entities {
    directory: Arc<Directory>,
    account: AccountId,
}

impl Entities {
    pub(crate) fn new(directory: Arc<Directory>, account: AccountId) -> Entities {
        Entities { directory, account }
    }

    /// One entity of the account.
    pub(crate) fn get(&self, id: EntityId) -> Option<Arc<Entity>> {
        self.directory.get(id).filter(|entity| entity.key.account == self.account)
    }

    /// One entity that has to be of one of these kinds.
    pub(crate) fn one_of(
        &self,
        id: EntityId,
        kinds: &[EntityKind],
        what: &str,
    ) -> Result<Arc<Entity>, ApiError> {
        self.get(id)
            .filter(|entity| kinds.contains(&entity.key.kind))
            .ok_or_else(|| ApiError::missing(what, id))
    }

    /// The id of an entity that a filter names, if it names one; it has to be of this kind.
    pub(crate) fn filter(
        &self,
        id: Option<u32>,
        kind: EntityKind,
        what: &str,
    ) -> Result<Option<EntityId>, ApiError> {
        id.map(|id| self.one_of(EntityId(id), &[kind], what).map(|found| found.id)).transpose()
    }

    pub(crate) fn application(&self, id: EntityId) -> Result<Arc<Entity>, ApiError> {
        self.one_of(id, &[EntityKind::Application], "application")
    }

    pub(crate) fn transaction(&self, id: EntityId) -> Result<Arc<Entity>, ApiError> {
        self.one_of(id, &[EntityKind::BusinessTransaction], "business transaction")
    }

    /// All of a kind in an application (of the account: [`EntityId::NONE`]), by name, without business transactions that
    /// have no place of their own.
    pub(crate) fn all(&self, application: EntityId, kind: EntityKind) -> Vec<Arc<Entity>> {
        let mut all = self.directory.of_application(self.account, application, kind);
        all.retain(|entity| !entity.properties.is_waiting());
        all.sort_by(|a, b| a.key.name.cmp(&b.key.name).then(a.id.cmp(&b.id)));
        all
    }

    /// The nodes of an application that were live in some minute of `range`, as of `now_ms`.
    pub(crate) fn live_nodes(
        &self,
        application: EntityId,
        range: MinuteRange,
        now_ms: i64,
    ) -> Vec<Arc<Entity>> {
        let mut nodes = self.all(application, EntityKind::Node);
        nodes.retain(|node| {
            let seen_since = range.start.start_millis().min(now_ms - HISTORICAL_MS);
            let is_gone =
                is_retired(node) && node.properties.retired_ms < Some(range.end.start_millis());
            node.last_seen_ms >= seen_since
                && !is_gone
                && node.created_ms < range.end.start_millis().max(1)
        });
        nodes
    }

    /// The business transactions of an application that wait for a place and were called within its memory.
    pub(crate) fn waiting(&self, application: EntityId, now_ms: i64) -> Vec<Arc<Entity>> {
        let kind = EntityKind::BusinessTransaction;
        let mut waiting = self.directory.of_application(self.account, application, kind);
        waiting.retain(|bt| bt.properties.is_waiting() && bt.last_seen_ms >= now_ms - FORGOTTEN_MS);
        waiting
    }

    /// The business transactions of an application that have a place.
    pub(crate) fn transactions(&self, application: EntityId, now_ms: i64) -> Vec<Arc<Entity>> {
        let mut all = self.all(application, EntityKind::BusinessTransaction);
        all.retain(|bt| bt.last_seen_ms >= now_ms - FORGOTTEN_MS);
        all
    }

    /// The id of an entity with this identity.
    pub(crate) fn find(
        &self,
        kind: EntityKind,
        application: EntityId,
        parent: EntityId,
        name: &str,
    ) -> Option<Arc<Entity>> {
        let key =
            EntityKey { account: self.account, kind, application, parent, name: name.to_owned() };
        self.get(self.directory.find(&key)?)
    }

    /// A mention of an entity; one that is not known has no name.
    pub(crate) fn mention(&self, id: EntityId) -> Ref {
        let name = self.get(id).map(|entity| entity.key.name.clone()).unwrap_or_default();
        Ref { id: id.0, name }
    }

    /// Whether a business transaction counts in its application's figures.
    pub(crate) fn is_key(&self, bt: EntityId) -> bool {
        let Some(bt) = self.get(bt) else { return true };
        let background = bt.properties.background || bt.properties.health_check;
        !background
            || self.get(bt.key.application).is_some_and(|app| app.properties.background_counts)
    }
}

/// Whether a node is out of lists by default.
pub(crate) fn is_historical(node: &Entity, now_ms: i64) -> bool {
    node.last_seen_ms < now_ms - HISTORICAL_MS || is_retired(node)
}

/// Whether an operator said that a node is gone, and it has not reported since.
fn is_retired(node: &Entity) -> bool {
    node.properties.retired_ms.is_some_and(|at_ms| node.last_seen_ms <= at_ms)
}

/// A text, or nothing where it is empty.
pub(crate) fn known(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}
