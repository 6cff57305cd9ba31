//! What lies in the data directory, and opening it: metadata, journal, telemetry.

use std::{path::Path, sync::Arc, time::Duration};

use anyhow::Context as _;
use daemon::{
    config::{MetadataUrl, Settings},
    disk::{Disk, LocalDisk, SlowDisk},
    memory::Budgets,
};
use ingest::pipeline::{self, CONSUMER, CheckpointError};
use journal::{LocalJournal, LogConfig};
use metadata_store::{
    Catalogue as _, Directory, MetadataStore, SegmentMeta, SqlCatalogue, SqlEntities, SqlEvents,
};
use telemetry_store::{
    Store,
    segment::{self, SegmentError},
};
use tokio::runtime::Handle;

/// The share of the disk below which nothing more is accepted.
pub(crate) const MIN_FREE_SHARE: f64 = 0.05;
const METADATA: &str = "metadata.sqlite";
const JOURNAL: &str = "journal";
const JOURNAL_FILE_BYTES: u64 = 64 << 20;

/// The file by which a data directory is known to be one.
pub(crate) fn mark(settings: &Settings) -> &'static str {
    match &settings.metadata_url.value {
        MetadataUrl::Sqlite => METADATA,
        MetadataUrl::Mysql(_) => "secret.key",
    }
}

/// Whether a server was started on the data directory before.
pub(crate) fn is_begun(settings: &Settings) -> bool {
    settings.data_dir.join(mark(settings)).is_file()
}

/// Opens the metadata store that the settings name.
pub(crate) async fn metadata(settings: &Settings) -> anyhow::Result<MetadataStore> {
    metadata_config(settings).open().await.context("opening the metadata store")
}

fn metadata_config(settings: &Settings) -> metadata_store::Config {
    let url = match &settings.metadata_url.value {
        MetadataUrl::Sqlite => metadata_store::Url::Sqlite(settings.data_dir.join(METADATA)),
        MetadataUrl::Mysql(url) => metadata_store::Url::MySql(url.clone()),
    };
    metadata_store::Config { url }
}

/// Refuses data of a newer version, whichever part of them it is, while all of them are as they were found: a start that
/// fails must leave a directory that the newer version can go on with.
pub(crate) async fn check_formats(settings: &Settings) -> anyhow::Result<()> {
    let found = metadata_config(settings).look().await.context("opening the metadata store")?;
    let (metadata, dir) = (found.store.clone(), settings.data_dir.value.clone());
    let runtime = Handle::current();
    let check = move || {
        check_journal(&dir)?;
        let Some(metadata) = metadata else { return Ok(()) };
        let catalogue = SqlCatalogue::new(metadata, runtime);
        let segments = catalogue.snapshot().context("reading the catalogue")?.segments;
        check_segments(&segments)?;
        check_checkpoint(&dir, &catalogue)
    };
    let checked = tokio::task::spawn_blocking(check).await.context("checking the data directory");
    found.close().await;
    checked?
}

/// Refuses segments of a newer format.
pub(crate) fn check_segments(segments: &[SegmentMeta]) -> anyhow::Result<()> {
    let newer = segments.iter().find(|segment| segment.format > segment::FORMAT);
    match newer {
        Some(SegmentMeta { path, format: found, .. }) => {
            Err(SegmentError::Newer { path: path.clone(), found: *found })
                .context("reading the telemetry store; start the version that wrote it")
        }
        None => Ok(()),
    }
}

/// Refuses a journal of a newer format. `dir` exists.
pub(crate) fn check_journal(dir: &Path) -> anyhow::Result<()> {
    let disk = LocalDisk::new(dir).context("opening the data directory")?;
    journal::check_formats(&disk, Path::new(JOURNAL)).context("opening the journal")
}

/// What the data directory holds besides metadata.
pub(crate) struct Stores {
    pub(crate) journal: Arc<LocalJournal>,
    pub(crate) store: Arc<Store>,
    pub(crate) catalogue: Arc<SqlCatalogue>,
    pub(crate) directory: Arc<Directory>,
    pub(crate) events: Arc<SqlEvents>,
}

/// Opens journal and telemetry store. Blocks; not on a thread of the runtime.
pub(crate) fn stores(
    settings: &Settings,
    metadata: &MetadataStore,
    memory: &Budgets,
    runtime: Handle,
) -> anyhow::Result<Stores> {
    let local = LocalDisk::new(&*settings.data_dir).context("opening the data directory")?;
    let disk = with_delay(Arc::new(local), settings);
    let catalogue = Arc::new(SqlCatalogue::new(metadata.clone(), runtime.clone()));
    let entities = Arc::new(SqlEntities::new(metadata.clone(), runtime.clone()));
    let events = Arc::new(SqlEvents::new(metadata.clone(), runtime));
    let directory = Arc::new(Directory::load(entities).context("reading the entities")?);
    let store = telemetry_store::Config {
        disk: Arc::clone(&disk),
        catalogue: Arc::clone(&catalogue) as _,
        memory: telemetry_store::Memory { merge: memory.merge, footers: memory.caches },
    };
    let store = store.open().context("opening the telemetry store")?;
    let log = LogConfig {
        dir: JOURNAL.into(),
        file_bytes: JOURNAL_FILE_BYTES,
        max_bytes: settings.journal_max_bytes.bytes(),
        min_free_share: MIN_FREE_SHARE,
        producer: u64::from_le_bytes(random()),
    };
    let committed = catalogue.lowest_committed().context("reading what was worked on")?;
    let journal = journal::Config {
        log,
        // Intake has paid for them.
        queue_bytes: memory.in_flight,
        tail_bytes: memory.journal_tail,
        floor: committed.iter().map(|committed| committed.offset).max().unwrap_or(0),
    };
    let journal = journal.open(disk).context("opening the journal")?;
    Ok(Stores { journal: Arc::new(journal), store: Arc::new(store), catalogue, directory, events })
}

fn with_delay(disk: Arc<dyn Disk>, settings: &Settings) -> Arc<dyn Disk> {
    match *settings.sync_delay_ms {
        Some(ms) => Arc::new(SlowDisk::new(disk, Duration::from_millis(u64::from(ms.get())))),
        None => disk,
    }
}

/// Refuses a directory whose checkpoint is of a newer version. One that is lost or damaged is the pipeline's to report: all
/// else can be served without it. Blocks.
fn check_checkpoint(dir: &Path, catalogue: &SqlCatalogue) -> anyhow::Result<()> {
    let named = catalogue.checkpoint(CONSUMER).context("reading where the pipeline stands")?;
    let Some(named) = named else { return Ok(()) };
    let path = dir.join(&named.path);
    let bytes = match std::fs::read(&path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        read => read.with_context(|| format!("reading the checkpoint {}", path.display()))?,
    };
    match pipeline::task::check_checkpoint(&bytes.into()) {
        Ok(()) | Err(CheckpointError::Damaged) => Ok(()),
        Err(newer) => {
            Err(newer).with_context(|| format!("going on from the checkpoint {}", path.display()))
        }
    }
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

#[cfg(test)]
mod tests {
    use journal::Journal as _;
    use metadata_store::CutCommit;

    use super::*;

    #[tokio::test(flavor = "multi_thread")]
    async fn a_lost_journal_begins_again_behind_what_was_worked_on() {
        let dir = tempfile::TempDir::new().expect("there is room for a directory");
        let data_dir = ("data-dir".to_owned(), dir.path().display().to_string());
        let settings = Settings::load(&[data_dir], [], None).expect("the settings are sound");
        let metadata = metadata(&settings).await.expect("a new database opens");
        let runtime = Handle::current();
        let next = tokio::task::spawn_blocking(move || {
            let catalogue = SqlCatalogue::new(metadata.clone(), runtime.clone());
            let claim = catalogue.claim(CONSUMER, &[0]).expect("it is free");
            let cut = CutCommit {
                consumer: CONSUMER.to_owned(),
                epoch: claim.epoch,
                from: vec![(0, 0)],
                to: vec![(0, 109)],
                checkpoint: None,
                segments: Vec::new(),
            };
            catalogue.commit_cut(&cut).expect("the offsets are right");
            let stores = stores(&settings, &metadata, &Budgets::of(1 << 30), runtime)
                .expect("it opens all the same");
            stores.journal.bounds(0).next
        });
        assert_eq!(next.await.expect("it opens"), 109);
    }
}
