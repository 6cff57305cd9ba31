//! The entities of all accounts in memory, beside the store that keeps them.
//!
//! The pipeline resolves names to ids by integer look-ups here and asks the store only for what is new; pages read names
//! from here. Synchronous like the [`Catalogue`](crate::Catalogue), for the same reasons: callers are threads of their
//! own, and a simulation drives it over [`MemoryEntities`].

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    fmt::Debug,
    sync::Arc,
};

use model::{
    entity::{Entity as Known, EntityKey, EntityKind, Properties},
    id::{AccountId, EntityId},
};
use parking_lot::{Mutex, RwLock};
use tokio::runtime::Handle;

use crate::{Entities as _, Entity, MetadataStore, NewEntity, Page, StoreError};

/// What the directory needs of a store. Contracts as in [`crate::Entities`].
pub trait EntityBackend: Send + Sync + Debug {
    /// One page of all entities.
    fn page(&self, page: Page) -> Result<Vec<Entity>, StoreError>;
    /// Ids of all these entities in order, making those that are missing, in one transaction.
    fn resolve(&self, entities: &[NewEntity]) -> Result<Vec<u32>, StoreError>;
    /// Notes when entities were last seen.
    fn touch(&self, seen: &[(u32, i64)]) -> Result<(), StoreError>;
    /// Replaces entities' properties (JSON), in one transaction.
    fn set_properties(&self, changed: &[(u32, String)]) -> Result<(), StoreError>;
}

/// Entities in SQLite or MySQL. Its calls block: see [`SqlCatalogue`](crate::SqlCatalogue).
#[derive(Clone, Debug)]
pub struct SqlEntities {
    store: MetadataStore,
    runtime: Handle,
}

impl SqlEntities {
    /// Entities of `store`, whose database work runs on `runtime`.
    pub fn new(store: MetadataStore, runtime: Handle) -> Self {
        Self { store, runtime }
    }
}

impl EntityBackend for SqlEntities {
    fn page(&self, page: Page) -> Result<Vec<Entity>, StoreError> {
        self.runtime.block_on(self.store.entities(page))
    }

    fn resolve(&self, entities: &[NewEntity]) -> Result<Vec<u32>, StoreError> {
        self.runtime.block_on(self.store.resolve(entities))
    }

    fn touch(&self, seen: &[(u32, i64)]) -> Result<(), StoreError> {
        self.runtime.block_on(self.store.touch(seen))
    }

    fn set_properties(&self, changed: &[(u32, String)]) -> Result<(), StoreError> {
        self.runtime.block_on(self.store.set_properties(changed))
    }
}

/// Entities in memory, for tests and simulations; clones share them.
#[derive(Clone, Debug, Default)]
pub struct MemoryEntities {
    rows: Arc<Mutex<Vec<Entity>>>,
}

impl EntityBackend for MemoryEntities {
    fn page(&self, page: Page) -> Result<Vec<Entity>, StoreError> {
        let rows = self.rows.lock();
        Ok(rows
            .iter()
            .filter(|row| row.id > page.after_id)
            .take(page.limit as usize)
            .cloned()
            .collect())
    }

    fn resolve(&self, entities: &[NewEntity]) -> Result<Vec<u32>, StoreError> {
        let mut rows = self.rows.lock();
        Ok(entities.iter().map(|wanted| resolve_in_memory(&mut rows, wanted)).collect())
    }

    fn touch(&self, seen: &[(u32, i64)]) -> Result<(), StoreError> {
        let mut rows = self.rows.lock();
        for &(id, at_ms) in seen {
            if let Some(row) = rows.iter_mut().find(|row| row.id == id) {
                row.last_seen_ms = row.last_seen_ms.max(at_ms);
            }
        }
        Ok(())
    }

    fn set_properties(&self, changed: &[(u32, String)]) -> Result<(), StoreError> {
        let mut rows = self.rows.lock();
        let mut places = Vec::with_capacity(changed.len());
        for (id, _) in changed {
            let place = rows.iter().position(|row| row.id == *id);
            places.push(place.ok_or_else(|| nobody(EntityId(*id)))?);
        }
        for (place, (_, properties)) in places.into_iter().zip(changed) {
            rows[place].properties.clone_from(properties);
        }
        Ok(())
    }
}

fn resolve_in_memory(rows: &mut Vec<Entity>, wanted: &NewEntity) -> u32 {
    let same = |row: &&Entity| {
        (row.account_id, row.kind, row.application_id, row.parent_id)
            == (wanted.account_id, wanted.kind, wanted.application_id, wanted.parent_id)
            && row.name == wanted.name
    };
    if let Some(row) = rows.iter().find(same) {
        return row.id;
    }
    let id = u32::try_from(rows.len() + 1).expect("fewer than 2^32 entities in a simulation");
    rows.push(Entity {
        id,
        account_id: wanted.account_id,
        kind: wanted.kind,
        application_id: wanted.application_id,
        parent_id: wanted.parent_id,
        name: wanted.name.clone(),
        properties: wanted.properties.clone(),
        created_ms: wanted.seen_ms,
        last_seen_ms: wanted.seen_ms,
        state: 0,
    });
    id
}

/// All entities, by id and by key. Shared by everyone in the process.
#[derive(Debug)]
pub struct Directory {
    backend: Arc<dyn EntityBackend>,
    known: RwLock<Maps>,
    /// Last-seen times that the store does not have yet.
    unsaved: Mutex<BTreeMap<u32, i64>>,
    /// Held while an entity's properties are read, changed and written.
    changing: Mutex<()>,
}

#[derive(Debug, Default)]
struct Maps {
    by_id: BTreeMap<EntityId, Arc<Known>>,
    by_key: HashMap<EntityKey, EntityId>,
    /// Ids by account, kind and application.
    by_application: BTreeSet<(AccountId, EntityKind, EntityId, EntityId)>,
}

impl Maps {
    fn put(&mut self, entity: Known) {
        let EntityKey { account, kind, application, .. } = entity.key;
        self.by_application.insert((account, kind, application, entity.id));
        self.by_key.insert(entity.key.clone(), entity.id);
        self.by_id.insert(entity.id, Arc::new(entity));
    }
}

const PAGE: u32 = 10_000;

impl Directory {
    /// Loads all entities.
    ///
    /// # Errors
    /// When the store does not answer.
    pub fn load(backend: Arc<dyn EntityBackend>) -> Result<Directory, StoreError> {
        let directory = Directory {
            backend,
            known: RwLock::default(),
            unsaved: Mutex::default(),
            changing: Mutex::default(),
        };
        directory.refresh()?;
        Ok(directory)
    }

    /// Reads entities that other processes made since the last load.
    ///
    /// # Errors
    /// When the store does not answer; what was read so far stays.
    pub fn refresh(&self) -> Result<(), StoreError> {
        let newest = self.known.read().by_id.keys().next_back().map_or(0, |id| id.0);
        let mut page = Page { after_id: newest, limit: PAGE };
        loop {
            let rows = self.backend.page(page)?;
            let Some(last) = rows.last() else { return Ok(()) };
            page.after_id = last.id;
            let mut known = self.known.write();
            for entity in rows.into_iter().filter_map(known_of) {
                // Somebody else may have read it meanwhile, and changed it since.
                if !known.by_id.contains_key(&entity.id) {
                    known.put(entity);
                }
            }
        }
    }

    /// One entity.
    pub fn get(&self, id: EntityId) -> Option<Arc<Known>> {
        self.known.read().by_id.get(&id).cloned()
    }

    /// The id of a key, if such an entity is known.
    pub fn find(&self, key: &EntityKey) -> Option<EntityId> {
        self.known.read().by_key.get(key).copied()
    }

    /// The ids of these keys in order, making those that are missing with the properties given.
    ///
    /// # Errors
    /// When something is new and the store does not answer; what it made all the same is found the next time.
    pub fn resolve(
        &self,
        wanted: &[(EntityKey, Properties)],
        now_ms: i64,
    ) -> Result<Vec<EntityId>, StoreError> {
        let missing: Vec<&(EntityKey, Properties)> =
            wanted.iter().filter(|(key, _)| self.find(key).is_none()).collect();
        if !missing.is_empty() {
            let rows: Vec<NewEntity> =
                missing.iter().map(|(key, known)| row_of(key, known, now_ms)).collect();
            let ids = self.backend.resolve(&rows)?;
            // As they are stored, which may be otherwise than they are wanted here: who asked before and got no answer may
            // have made them.
            self.refresh()?;
            let mut maps = self.known.write();
            for ((key, properties), id) in missing.into_iter().zip(ids) {
                if !maps.by_key.contains_key(key) {
                    maps.put(Known {
                        id: EntityId(id),
                        key: key.clone(),
                        properties: properties.clone(),
                        created_ms: now_ms,
                        last_seen_ms: now_ms,
                    });
                }
            }
        }
        let known = self.known.read();
        Ok(wanted.iter().map(|(key, _)| known.by_key[key]).collect())
    }

    /// Entities of a kind in an application (all applications: [`EntityId::NONE`]), by id.
    pub fn of_application(
        &self,
        account: AccountId,
        application: EntityId,
        kind: EntityKind,
    ) -> Vec<Arc<Known>> {
        const LAST: EntityId = EntityId(u32::MAX);
        let applications = match application.some() {
            Some(one) => one..=one,
            None => EntityId::NONE..=LAST,
        };
        let first = (account, kind, *applications.start(), EntityId::NONE);
        let last = (account, kind, *applications.end(), LAST);
        let known = self.known.read();
        let ids = known.by_application.range(first..=last).map(|(.., id)| id);
        let mut found: Vec<Arc<Known>> =
            ids.filter_map(|id| known.by_id.get(id)).map(Arc::clone).collect();
        if application.is_none() {
            found.sort_unstable_by_key(|entity| entity.id);
        }
        found
    }

    /// Whether a business transaction counts in its application's figures; one that is not known does.
    pub fn is_key(&self, bt: EntityId) -> bool {
        let Some(bt) = self.get(bt) else { return true };
        !bt.properties.is_background()
            || self.get(bt.key.application).is_some_and(|app| app.properties.background_counts)
    }

    /// Notes that entities reported at a time. Kept in memory until [`Directory::save_seen`].
    pub fn touch(&self, seen: &[(EntityId, i64)]) {
        let mut maps = self.known.write();
        let mut unsaved = self.unsaved.lock();
        for &(id, at_ms) in seen {
            let Some(entity) = maps.by_id.get_mut(&id) else { continue };
            if at_ms > entity.last_seen_ms {
                Arc::make_mut(entity).last_seen_ms = at_ms;
                unsaved.insert(id.0, at_ms);
            }
        }
    }

    /// Writes the last-seen times to the store.
    ///
    /// # Errors
    /// When the store does not answer; they are kept for the next time.
    pub fn save_seen(&self) -> Result<(), StoreError> {
        let seen: Vec<(u32, i64)> = std::mem::take(&mut *self.unsaved.lock()).into_iter().collect();
        if seen.is_empty() {
            return Ok(());
        }
        self.backend.touch(&seen).inspect_err(|_| {
            let mut unsaved = self.unsaved.lock();
            for &(id, at_ms) in &seen {
                unsaved.entry(id).or_insert(at_ms);
            }
        })
    }

    /// Changes what is known of an entity besides its name; one change at a time. Nothing is written when `change` leaves
    /// it as it is.
    ///
    /// # Errors
    /// When there is no such entity or the store does not answer; nothing has changed then.
    pub fn change_properties(
        &self,
        id: EntityId,
        change: impl FnOnce(&mut Properties),
    ) -> Result<(), StoreError> {
        self.change_all(&[id], |all| change(&mut all[0].1))
    }

    /// The same for several at once, in this order: all of them are changed, or none.
    ///
    /// # Errors
    /// As of [`Directory::change_properties`].
    pub fn change_all(
        &self,
        ids: &[EntityId],
        change: impl FnOnce(&mut [(EntityId, Properties)]),
    ) -> Result<(), StoreError> {
        let _one_at_a_time = self.changing.lock();
        let known = |id: &EntityId| self.get(*id).ok_or_else(|| nobody(*id));
        let known: Vec<Arc<Known>> = ids.iter().map(known).collect::<Result<_, _>>()?;
        let mut all: Vec<(EntityId, Properties)> =
            known.iter().map(|known| (known.id, known.properties.clone())).collect();
        change(&mut all);
        let changed: Vec<(EntityId, Properties)> = all
            .into_iter()
            .zip(&known)
            .filter(|((_, now), before)| *now != before.properties)
            .map(|(changed, _)| changed)
            .collect();
        if changed.is_empty() {
            return Ok(());
        }
        let rows: Vec<(u32, String)> =
            changed.iter().map(|(id, properties)| (id.0, json(properties))).collect();
        self.backend.set_properties(&rows)?;
        let by_id = &mut self.known.write().by_id;
        for (id, properties) in changed {
            if let Some(entity) = by_id.get_mut(&id) {
                Arc::make_mut(entity).properties = properties;
            }
        }
        Ok(())
    }
}

fn nobody(id: EntityId) -> StoreError {
    StoreError::NotFound { what: "entity", id: u64::from(id.0) }
}

fn row_of(key: &EntityKey, properties: &Properties, now_ms: i64) -> NewEntity {
    NewEntity {
        account_id: key.account.0,
        kind: key.kind as u8,
        application_id: key.application.0,
        parent_id: key.parent.0,
        name: key.name.clone(),
        properties: json(properties),
        seen_ms: now_ms,
    }
}

fn json(properties: &Properties) -> String {
    serde_json::to_string(properties).expect("properties are plain texts, flags and lists")
}

/// Nothing for a kind that a newer version made.
fn known_of(row: Entity) -> Option<Known> {
    Some(Known {
        id: EntityId(row.id),
        key: EntityKey {
            account: AccountId(row.account_id),
            kind: EntityKind::from_number(row.kind)?,
            application: EntityId(row.application_id),
            parent: EntityId(row.parent_id),
            name: row.name,
        },
        properties: serde_json::from_str(&row.properties).unwrap_or_default(),
        created_ms: row.created_ms,
        last_seen_ms: row.last_seen_ms,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(name: &str) -> EntityKey {
        EntityKey {
            account: AccountId::FIRST,
            kind: EntityKind::Tier,
            application: EntityId(1),
            parent: EntityId::NONE,
            name: name.to_owned(),
        }
    }

    #[test]
    fn a_second_process_finds_what_the_first_one_made() {
        let store = MemoryEntities::default();
        let first = Directory::load(Arc::new(store.clone())).expect("memory answers");
        let ids = first
            .resolve(
                &[(key("web"), Properties::default()), (key("cart"), Properties::default())],
                5,
            )
            .expect("memory answers");
        let second = Directory::load(Arc::new(store)).expect("memory answers");
        assert_eq!(second.find(&key("cart")), Some(ids[1]));
        assert_eq!(
            first.resolve(&[(key("web"), Properties::default())], 9).expect("memory answers"),
            [ids[0]]
        );
    }

    #[test]
    fn a_change_of_properties_reaches_the_store_and_touches_nothing_else() {
        let store = MemoryEntities::default();
        let directory = Directory::load(Arc::new(store.clone())).expect("memory answers");
        let python = Properties { system: "python".to_owned(), ..Properties::default() };
        let id = directory.resolve(&[(key("web"), python)], 5).expect("memory answers")[0];
        let half = |properties: &mut Properties| properties.spans_show_percent = Some(50);
        directory.change_properties(id, half).expect("memory answers");
        let again = Directory::load(Arc::new(store)).expect("memory answers");
        let known = again.get(id).expect("it was made");
        assert_eq!(known.properties.spans_show_percent, Some(50));
        assert_eq!(known.properties.system, "python");
        let nobody = directory.change_properties(EntityId(99), half);
        assert!(matches!(nobody, Err(StoreError::NotFound { id: 99, .. })));
        let both = directory.change_all(&[id, EntityId(99)], |all| {
            all.iter_mut().for_each(|(_, properties)| properties.spans_show_percent = Some(70));
        });
        assert!(matches!(both, Err(StoreError::NotFound { id: 99, .. })));
        let known = directory.get(id).expect("it was made");
        assert_eq!(known.properties.spans_show_percent, Some(50), "all or none");
    }

    #[test]
    fn last_seen_reaches_the_store_and_never_goes_back() {
        let store = MemoryEntities::default();
        let directory = Directory::load(Arc::new(store.clone())).expect("memory answers");
        let id = directory
            .resolve(&[(key("web"), Properties::default())], 5)
            .expect("memory answers")[0];
        directory.touch(&[(id, 70)]);
        directory.touch(&[(id, 60)]);
        directory.save_seen().expect("memory answers");
        let again = Directory::load(Arc::new(store)).expect("memory answers");
        assert_eq!(again.get(id).expect("it was made").last_seen_ms, 70);
    }
}
