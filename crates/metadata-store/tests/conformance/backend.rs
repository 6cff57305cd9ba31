//! A fresh database per test, and the runtime that its calls run on.

use std::future::Future;

use metadata_store::{Config, MetadataStore, SqlCatalogue, Url};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::mariadb;

/// An open store in an empty database.
pub(crate) struct Backend {
    pub(crate) runtime: Runtime,
    pub(crate) store: MetadataStore,
    pub(crate) url: Url,
    _folder: Option<TempDir>,
}

pub(crate) fn sqlite() -> Backend {
    let folder = TempDir::new().expect("a folder for the test");
    let url = Url::Sqlite(folder.path().join("metadata.db"));
    open(url, Some(folder))
}

pub(crate) fn mariadb() -> Backend {
    open(Url::MySql(mariadb::fresh_database()), None)
}

fn open(url: Url, folder: Option<TempDir>) -> Backend {
    let runtime = runtime();
    let config = Config { url: url.clone() };
    let store = runtime.block_on(config.open()).expect("an empty database opens");
    Backend { runtime, store, url, _folder: folder }
}

pub(crate) fn runtime() -> Runtime {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    builder.worker_threads(2).enable_all().build().expect("a runtime")
}

impl Backend {
    pub(crate) fn run<T>(&self, work: impl Future<Output = T>) -> T {
        self.runtime.block_on(work)
    }

    pub(crate) fn catalogue(&self) -> SqlCatalogue {
        SqlCatalogue::new(self.store.clone(), self.runtime.handle().clone())
    }
}
