//! What every handler shares.

use std::sync::Arc;

use daemon::clock::SharedClock;
use metadata_store::{Directory, MetadataStore};
use model::{id::AccountId, time::Minute};

use crate::{
    access_key::Sealer,
    ask::Queries,
    auth::SignIns,
    config::Config,
    deps::{AttemptsSource, Deps, Status},
    entities::Entities,
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
    pub(crate) sealer: Sealer,
    pub(crate) queries: Queries,
    pub(crate) sign_ins: SignIns,
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
            sealer: deps.sealer,
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

    /// The entities that an account may see.
    pub(crate) fn entities(&self, account: AccountId) -> Entities {
        Entities::new(Arc::clone(&self.directory), account)
    }
}
