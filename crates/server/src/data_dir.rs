//! What lies in the data directory, and opening it: metadata, journal, telemetry.

use std::{path::Path, sync::Arc};

use anyhow::Context as _;
use daemon::{
    config::{MetadataUrl, Settings},
    disk::{Disk, LocalDisk},
};
use journal::{LocalJournal, LogConfig};
use metadata_store::{Directory, MetadataStore, SqlCatalogue, SqlEntities};
use telemetry_store::Store;
use tokio::runtime::Handle;

/// The share of the disk below which nothing more is accepted.
const MIN_FREE_SHARE: f64 = 0.05;
const JOURNAL_FILE_BYTES: u64 = 64 << 20;

/// Opens the metadata store that the settings name.
pub(crate) async fn metadata(settings: &Settings) -> anyhow::Result<MetadataStore> {
    let url = match &settings.metadata_url.value {
        MetadataUrl::Sqlite => {
            metadata_store::Url::Sqlite(settings.data_dir.join("metadata.sqlite"))
        }
        MetadataUrl::Mysql(url) => metadata_store::Url::MySql(url.clone()),
    };
    metadata_store::Config { url }.open().await.context("opening the metadata store")
}

/// What the data directory holds besides metadata.
pub(crate) struct Stores {
    pub(crate) journal: Arc<LocalJournal>,
    pub(crate) store: Arc<Store>,
    pub(crate) catalogue: Arc<SqlCatalogue>,
    pub(crate) directory: Arc<Directory>,
}

/// Opens journal and telemetry store. Blocks; not on a thread of the runtime.
pub(crate) fn stores(
    settings: &Settings,
    metadata: &MetadataStore,
    runtime: Handle,
) -> anyhow::Result<Stores> {
    let local = LocalDisk::new(&*settings.data_dir).context("opening the data directory")?;
    let disk: Arc<dyn Disk> = Arc::new(local);
    let catalogue = Arc::new(SqlCatalogue::new(metadata.clone(), runtime.clone()));
    let entities = Arc::new(SqlEntities::new(metadata.clone(), runtime));
    let directory = Arc::new(Directory::load(entities).context("reading the entities")?);
    let store =
        telemetry_store::Config { disk: Arc::clone(&disk), catalogue: Arc::clone(&catalogue) as _ }
            .open()
            .context("opening the telemetry store")?;
    let memory = usize::try_from(settings.memory_limit.bytes()).unwrap_or(usize::MAX);
    let log = LogConfig {
        dir: "journal".into(),
        file_bytes: JOURNAL_FILE_BYTES,
        max_bytes: settings.journal_max_bytes.bytes(),
        min_free_share: MIN_FREE_SHARE,
        producer: u64::from_le_bytes(random()),
    };
    let journal = journal::Config { log, queue_bytes: memory / 32, tail_bytes: memory / 128 }
        .open(disk)
        .context("opening the journal")?;
    Ok(Stores { journal: Arc::new(journal), store: Arc::new(store), catalogue, directory })
}

/// Random bytes from the operating system.
pub(crate) fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the operating system gives random bytes");
    bytes
}

/// The key that seals access keys: 32 random bytes beside the data, readable by the owner alone.
pub(crate) fn sealing_key(data_dir: &Path) -> anyhow::Result<[u8; 32]> {
    let path = data_dir.join("secret.key");
    match std::fs::read(&path) {
        Ok(bytes) => bytes.try_into().map_err(|_| {
            anyhow::anyhow!("{} does not hold 32 bytes; restore it from a backup", path.display())
        }),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let key = random::<32>();
            write_private(&path, &key).with_context(|| format!("writing {}", path.display()))?;
            Ok(key)
        }
        Err(error) => Err(error).with_context(|| format!("reading {}", path.display())),
    }
}

fn write_private(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    use std::{io::Write as _, os::unix::fs::OpenOptionsExt as _};
    let mut file =
        std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}
