//! What every handler shares.

use std::{
    io,
    sync::{Arc, OnceLock},
};

use daemon::clock::SharedClock;
use metadata_store::{Directory, MetadataStore};
use model::{
    entity::Properties,
    id::{AccountId, EntityId},
    time::Minute,
};

use crate::{
    access_key::Sealer,
    ask::Queries,
    auth::SignIns,
    config::Config,
    deps::{AttemptsSource, Deps, Operations, Status},
    entities::Entities,
    error::ApiError,
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
    pub(crate) sealer: Sealer,
    pub(crate) notifier: Arc<alerting::Notifier>,
    pub(crate) queries: Queries,
    pub(crate) sign_ins: SignIns,
    /// The OpenAPI document, made when it is first asked for.
    pub(crate) openapi: OnceLock<Arc<str>>,
}

impl Context {
    pub(crate) fn new(config: Config, deps: Deps) -> Context {
        Context {
            queries: Queries::new(&config, deps.reader, Arc::clone(&deps.status)),
            sign_ins: SignIns::new(deps.store.clone(), Arc::clone(&deps.clock)),
            config,
            directory: deps.directory,
            store: deps.store,
            clock: deps.clock,
            attempts: deps.attempts,
            status: deps.status,
            operations: deps.operations,
            sealer: deps.sealer,
            notifier: deps.notifier,
            openapi: OnceLock::new(),
        }
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
        let directory = Arc::clone(&self.directory);
        let thread = tokio::task::spawn_blocking(move || directory.change_properties(id, change));
        let changed = thread.await.map_err(|source| ApiError::Unavailable {
            what: "configuration",
            source: Box::new(source),
        })?;
        Ok(changed?)
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

    /// The entities that an account may see.
    pub(crate) fn entities(&self, account: AccountId) -> Entities {
        Entities::new(Arc::clone(&self.directory), account)
    }
}
