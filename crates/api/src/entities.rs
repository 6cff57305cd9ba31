//! The entities of one account, as handlers look them up.

use std::{collections::BTreeSet, sync::Arc};

use api_types::Ref;
use metadata_store::Directory;
use model::{
    access::{Permission, Rights},
    entity::{Entity, EntityKey, EntityKind, TransactionGroup},
    id::{AccountId, EntityId},
    time::MinuteRange,
};

use crate::{error::ApiError, figures::Belonging};

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

/// What somebody may see of the directory: what is of other accounts, or of applications that are none of his, is not there.
#[derive(Clone, Debug)]
pub(crate) struct Entities {
    directory: Arc<Directory>,
    account: AccountId,
    sight: Sight,
}

/// Of which applications one may see something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Sight {
    All,
    Only(Arc<BTreeSet<EntityId>>),
}

impl Sight {
    /// What these rights show.
    pub(crate) fn of(rights: &Rights, permission: Permission) -> Sight {
        match rights.everywhere(permission) {
            true => Sight::All,
            false => Sight::Only(Arc::new(rights.applications(permission).collect())),
        }
    }

    /// Of no application.
    pub(crate) fn nothing() -> Sight {
        Sight::Only(Arc::default())
    }

    /// Whether it shows what is of this application.
    pub(crate) fn shows(&self, application: EntityId) -> bool {
        match self {
            Sight::All => true,
            Sight::Only(applications) => applications.contains(&application),
        }
    }
}

impl Entities {
    pub(crate) fn new(directory: Arc<Directory>, account: AccountId, sight: Sight) -> Entities {
        Entities { directory, account, sight }
    }

    /// Of which applications something is to be seen.
    pub(crate) fn sight(&self) -> &Sight {
        &self.sight
    }

    /// Which applications a list goes over: the one that is wanted, or all that are seen; `None` for all there are. What is
    /// wanted and not seen gives none.
    pub(crate) fn seen(&self, wanted: Option<u32>) -> Option<Vec<u32>> {
        match (wanted, &self.sight) {
            (Some(id), sight) if sight.shows(EntityId(id)) => Some(vec![id]),
            (Some(_), _) => Some(Vec::new()),
            (None, Sight::All) => None,
            (None, Sight::Only(some)) => Some(some.iter().map(|id| id.0).collect()),
        }
    }

    /// The application that an entity is of; its own id if it is one.
    pub(crate) fn application_of(entity: &Entity) -> EntityId {
        match entity.key.kind {
            EntityKind::Application => entity.id,
            _ => entity.key.application,
        }
    }

    fn shows(&self, entity: &Entity) -> bool {
        self.sight == Sight::All || self.sight.shows(Entities::application_of(entity))
    }

    /// One entity of the account.
    pub(crate) fn get(&self, id: EntityId) -> Option<Arc<Entity>> {
        self.directory
            .get(id)
            .filter(|entity| entity.key.account == self.account && self.shows(entity))
    }

    /// The application of this id or name. An id wins over a name that is a number.
    pub(crate) fn application_named(&self, text: &str) -> Option<Arc<Entity>> {
        let all = self.all(EntityId::NONE, EntityKind::Application);
        let by_id = text.parse().ok().map(EntityId);
        let found = all.iter().find(|entity| Some(entity.id) == by_id);
        found.or_else(|| all.iter().find(|entity| entity.key.name == text)).cloned()
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

    /// The application that something is counted of: the one a filter names, else the only one that is seen. Who sees all may
    /// leave it out.
    pub(crate) fn counted_application(
        &self,
        id: Option<u32>,
    ) -> Result<Option<EntityId>, ApiError> {
        let named = self.filter(id, EntityKind::Application, "application")?;
        let Sight::Only(seen) = &self.sight else { return Ok(named) };
        match (named, seen.len()) {
            (Some(_), _) => Ok(named),
            (None, 1) => Ok(seen.first().copied()),
            _ => Err(ApiError::BeyondOwn(
                "name an application: this is counted over all of them, and you may not see all"
                    .to_owned(),
            )),
        }
    }

    pub(crate) fn application(&self, id: EntityId) -> Result<Arc<Entity>, ApiError> {
        self.one_of(id, &[EntityKind::Application], "application")
    }

    pub(crate) fn transaction(&self, id: EntityId) -> Result<Arc<Entity>, ApiError> {
        self.one_of(id, &[EntityKind::BusinessTransaction], "business transaction")
    }

    /// Business transactions that do not count for their application, ascending: those included that are in no list, for what
    /// was counted of them is still stored.
    pub(crate) fn uncounted(&self, application: EntityId) -> Vec<EntityId> {
        let kind = EntityKind::BusinessTransaction;
        let all = self.directory.of_application(self.account, application, kind);
        let ids = all.iter().map(|bt| bt.id).filter(|bt| !self.is_key(*bt));
        let mut uncounted: Vec<EntityId> = ids.collect();
        uncounted.sort_unstable();
        uncounted
    }

    /// All of a kind in an application (of the account: [`EntityId::NONE`]), by name, without business transactions that
    /// have no place of their own or are excluded.
    pub(crate) fn all(&self, application: EntityId, kind: EntityKind) -> Vec<Arc<Entity>> {
        let mut all = self.directory.of_application(self.account, application, kind);
        all.retain(|entity| {
            let properties = &entity.properties;
            !properties.is_waiting() && !properties.excluded.wanted && self.shows(entity)
        });
        all.sort_by(|a, b| a.key.name.cmp(&b.key.name).then(a.id.cmp(&b.id)));
        all
    }

    /// The tiers of an application, those known longest first.
    pub(crate) fn tiers(&self, application: EntityId) -> Vec<EntityId> {
        let all = self.directory.of_application(self.account, application, EntityKind::Tier);
        let mut ids: Vec<EntityId> = all.iter().map(|tier| tier.id).collect();
        ids.sort_unstable();
        ids
    }

    /// The business transactions of an application that operators excluded, by name.
    pub(crate) fn excluded(&self, application: EntityId) -> Vec<Arc<Entity>> {
        let kind = EntityKind::BusinessTransaction;
        let mut all = self.directory.of_application(self.account, application, kind);
        all.retain(|bt| bt.properties.excluded.wanted && self.shows(bt));
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
                node.is_retired() && node.properties.retired_ms < Some(range.end.start_millis());
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
        waiting.retain(|bt| {
            bt.properties.is_waiting() && bt.last_seen_ms >= now_ms - FORGOTTEN_MS && self.shows(bt)
        });
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

    /// The tier of a node; none of anything else.
    pub(crate) fn tier_of_node(&self, id: EntityId) -> Option<Ref> {
        let node = self.get(id).filter(|entity| entity.key.kind == EntityKind::Node)?;
        Some(self.mention(node.key.parent))
    }

    /// The groups of an application's business transactions, by name.
    pub(crate) fn groups(&self, application: EntityId) -> Vec<TransactionGroup> {
        let known = self.get(application).map(|app| app.properties.groups.clone());
        let mut groups = known.unwrap_or_default();
        groups.sort_by(|a, b| a.name.cmp(&b.name).then(a.id.cmp(&b.id)));
        groups
    }

    /// The group that a business transaction is in.
    pub(crate) fn group(&self, bt: &Entity) -> Option<TransactionGroup> {
        let number = bt.properties.group?;
        let application = self.get(bt.key.application)?;
        application.properties.groups.iter().find(|group| group.id == number).cloned()
    }
}

impl Belonging for Entities {
    fn is_key(&self, bt: EntityId) -> bool {
        self.directory.is_key(bt)
    }

    fn group_of(&self, bt: EntityId) -> Option<u32> {
        self.get(bt)?.properties.group
    }
}

/// Whether a node is out of lists by default.
pub(crate) fn is_historical(node: &Entity, now_ms: i64) -> bool {
    node.last_seen_ms < now_ms - HISTORICAL_MS || node.is_retired()
}

/// A text, or nothing where it is empty.
pub(crate) fn known(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}
