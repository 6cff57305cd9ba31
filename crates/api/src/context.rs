//! What every handler shares.

use std::{
    io,
    sync::{Arc, OnceLock},
};

use alerting::{
    anomalies::Watch,
    baselines::Baselines,
    rules::{Expectations, States},
};
use daemon::clock::SharedClock;
use metadata_store::{Directory, MetadataStore, StoreError};
use model::{
    access::Permission,
    entity::Properties,
    id::{AccountId, EntityId},
    time::Minute,
};
use prometheus_client::{metrics::counter::Counter, registry::Registry};

use crate::{
    access_key::Sealer,
    ask::Queries,
    auth::{Caller, SignIns},
    config::Config,
    deps::{AttemptsSource, Deps, HeldKeys, Operations, Status},
    entities::{Entities, Sight},
    error::ApiError,
    openapi::{self, Bodies},
};

/// The state of the router.
pub(crate) type Shared = Arc<Context>;

#[derive(Debug)]
pub(crate) struct Context {
    pub(crate) config: Config,
    pub(crate) directory: Arc<Directory>,
    pub(crate) store: MetadataStore,
    pub(crate) clock: SharedClock,
    pub(crate) attempts: Arc<dyn AttemptsSource>,
    pub(crate) status: Arc<dyn Status>,
    pub(crate) operations: Arc<dyn Operations>,
    pub(crate) held_keys: Arc<dyn HeldKeys>,
    pub(crate) sealer: Sealer,
    pub(crate) notifier: Arc<alerting::Notifier>,
    pub(crate) queries: Queries,
    pub(crate) sign_ins: SignIns,
    pub(crate) baselines: Arc<Baselines>,
    /// Changes that are missing from the audit log.
    pub(crate) audit_failures: Counter,
    pub(crate) expectations: Arc<dyn Expectations>,
    pub(crate) health: Arc<States>,
    pub(crate) watch: Arc<Watch>,
    /// The OpenAPI document, made when it is first asked for.
    openapi: OnceLock<Arc<str>>,
    /// What bodies are held to, likewise.
    bodies: OnceLock<Bodies>,
}

impl Context {
    /// Registers what it counts.
    pub(crate) fn new(config: Config, deps: Deps, registry: &mut Registry) -> Context {
        let audit_failures = Counter::default();
        registry.register(
            "audit_failures",
            "Changes that could not be written to the audit log",
            audit_failures.clone(),
        );
        Context {
            audit_failures,
            queries: Queries::new(&config, deps.reader, Arc::clone(&deps.status)),
            sign_ins: SignIns::new(&config, deps.store.clone(), Arc::clone(&deps.clock)),
            config,
            directory: deps.directory,
            store: deps.store,
            clock: deps.clock,
            attempts: deps.attempts,
            status: deps.status,
            operations: deps.operations,
            held_keys: deps.held_keys,
            sealer: deps.sealer,
            notifier: deps.notifier,
            baselines: deps.baselines,
            expectations: deps.expectations,
            health: deps.health,
            watch: deps.watch,
            openapi: OnceLock::new(),
            bodies: OnceLock::new(),
        }
    }

    /// The OpenAPI document.
    pub(crate) fn openapi(&self) -> &Arc<str> {
        self.openapi.get_or_init(|| Arc::from(openapi::document()))
    }

    /// The schemas of bodies.
    pub(crate) fn bodies(&self) -> &Bodies {
        self.bodies.get_or_init(|| Bodies::of(self.openapi()))
    }

    /// Wall time in Unix milliseconds.
    pub(crate) fn now_ms(&self) -> i64 {
        i64::try_from(self.clock.now().millis()).unwrap_or(i64::MAX)
    }

    /// The minute that is filling.
    pub(crate) fn now_minute(&self) -> Minute {
        Minute(self.clock.now().minute())
    }

    /// Changes what is known of an entity besides its name, off the async threads.
    pub(crate) async fn change_properties(
        &self,
        id: EntityId,
        change: impl FnOnce(&mut Properties) + Send + 'static,
    ) -> Result<(), ApiError> {
        self.try_change(id, |properties| {
            change(properties);
            Ok(())
        })
        .await
    }

    /// The same for a change that may be refused, which leaves everything as it was, and that tells something.
    pub(crate) async fn try_change<T: Send + 'static>(
        &self,
        id: EntityId,
        change: impl FnOnce(&mut Properties) -> Result<T, ApiError> + Send + 'static,
    ) -> Result<T, ApiError> {
        self.try_change_all(vec![id], |all| change(&mut all[0].1)).await
    }

    /// The same for several entities at once, in this order: all of them are changed, or none.
    pub(crate) async fn try_change_all<T: Send + 'static>(
        &self,
        ids: Vec<EntityId>,
        change: impl FnOnce(&mut [(EntityId, Properties)]) -> Result<T, ApiError> + Send + 'static,
    ) -> Result<T, ApiError> {
        let directory = Arc::clone(&self.directory);
        let thread = tokio::task::spawn_blocking(move || {
            let mut told = None;
            directory.change_all(&ids, |all| {
                let mut changed = all.to_vec();
                let result = change(&mut changed);
                if result.is_ok() {
                    all.clone_from_slice(&changed);
                }
                told = Some(result);
            })?;
            Ok::<_, StoreError>(told.expect("the change was made"))
        });
        let changed = thread.await.map_err(|source| ApiError::Unavailable {
            what: "configuration",
            source: Box::new(source),
        })?;
        changed?
    }

    /// What the process says of itself, off the async threads.
    pub(crate) async fn operations<T: Send + 'static>(
        &self,
        ask: impl FnOnce(&dyn Operations) -> io::Result<T> + Send + 'static,
    ) -> Result<T, ApiError> {
        let operations = Arc::clone(&self.operations);
        let thread = tokio::task::spawn_blocking(move || ask(&*operations));
        let answered = thread.await.unwrap_or_else(|error| Err(io::Error::other(error)));
        answered.map_err(|error| ApiError::Unavailable { what: "disk", source: Box::new(error) })
    }

    /// The entities that a caller may see.
    pub(crate) fn entities(&self, caller: &Caller) -> Entities {
        let sight = Sight::of(&caller.rights, Permission::View);
        Entities::new(Arc::clone(&self.directory), caller.account, sight)
    }

    /// All entities of an account, for the door, and for what is about one application that the door let through.
    pub(crate) fn every_entity(&self, account: AccountId) -> Entities {
        Entities::new(Arc::clone(&self.directory), account, Sight::All)
    }
}
