//! What works on a data directory beside or without a running server: passwords, access keys, backup and restore.

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, bail, ensure};
use api::{
    access_key::{self, Sealer},
    password,
};
use daemon::{
    clock::{Clock as _, SystemClock},
    config::Settings,
    lock::DataDirLock,
};
use metadata_store::{AccessKeys as _, FIRST_ACCOUNT, Sessions as _, Users as _};

use crate::{data_dir, first_start};

/// Sets the administrator's password to the configured one, else a random one that is told; ends its sessions.
///
/// # Errors
/// When there is no data directory yet, or it cannot be read or written.
pub async fn reset_password(settings: &Settings, out: &mut dyn Write) -> anyhow::Result<()> {
    must_exist(settings)?;
    let metadata = data_dir::metadata(settings).await?;
    let admin = metadata
        .user_by_name(FIRST_ACCOUNT, first_start::ADMIN)
        .await?
        .context("there is no user admin yet; `vedette serve` makes one at its first start")?;
    let given = settings.admin_password.value.as_ref().map(|secret| secret.reveal().to_owned());
    let chosen = given.clone().unwrap_or_else(first_start::random_password);
    metadata.set_password_hash(admin.id, &password::hash(&chosen)).await?;
    metadata.delete_sessions_of_user(admin.id).await?;
    match given {
        Some(_) => {
            writeln!(out, "The password of {} is now the configured one.", first_start::ADMIN)?
        }
        None => writeln!(out, "The password of {} is now {chosen}", first_start::ADMIN)?,
    }
    Ok(())
}

/// Lists the access keys.
///
/// # Errors
/// As [`reset_password`].
pub async fn list_access_keys(settings: &Settings, out: &mut dyn Write) -> anyhow::Result<()> {
    must_exist(settings)?;
    let metadata = data_dir::metadata(settings).await?;
    let sealer = Sealer::new(data_dir::sealing_key(&settings.data_dir)?);
    writeln!(out, "{:>4}  {:<20} {:<50} state", "id", "name", "key")?;
    for key in metadata.access_keys().await? {
        let text = sealer.open(&key.sealed).unwrap_or_else(|error| format!("({error})"));
        let state = if key.disabled { "disabled" } else { "valid" };
        writeln!(out, "{:>4}  {:<20} {text:<50} {state}", key.id, key.name)?;
    }
    Ok(())
}

/// Makes an access key of a name; a running server takes it within seconds.
///
/// # Errors
/// As [`reset_password`].
pub async fn create_access_key(
    settings: &Settings,
    name: &str,
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    must_exist(settings)?;
    let metadata = data_dir::metadata(settings).await?;
    let sealer = Sealer::new(data_dir::sealing_key(&settings.data_dir)?);
    let key = access_key::generate();
    first_start::create_key(&metadata, &sealer, name, &key, SystemClock::new().now()).await?;
    writeln!(out, "{key}")?;
    Ok(())
}

fn must_exist(settings: &Settings) -> anyhow::Result<()> {
    ensure!(
        settings.data_dir.is_dir(),
        "there is no data directory {}; name it with --data-dir",
        settings.data_dir.display()
    );
    Ok(())
}

/// Directories of files that never change once written.
const IMMUTABLE: [&str; 2] = ["segments", "checkpoints"];

/// Copies a data directory into an empty one, also while its server runs.
///
/// Metadata first, as of one transaction: they name segments and a checkpoint, which are immutable, and the journal's
/// offset. Then those files, then the journal, which by then reaches beyond that offset. A segment that is merged away
/// in between is missing from the copy, so the copy is tried again.
///
/// # Errors
/// When the target is not empty, or something cannot be read or written.
pub async fn backup(settings: &Settings, target: &Path, out: &mut dyn Write) -> anyhow::Result<()> {
    must_exist(settings)?;
    for _ in 0..5 {
        if try_backup(settings, target).await? {
            writeln!(out, "Backed up {} to {}", settings.data_dir.display(), target.display())?;
            return Ok(());
        }
        fs::remove_dir_all(target).with_context(|| format!("clearing {}", target.display()))?;
    }
    bail!("segments were being merged during each of five tries; try again in a minute")
}

/// Whether everything that the copied metadata name could be copied.
async fn try_backup(settings: &Settings, target: &Path) -> anyhow::Result<bool> {
    empty_dir(target)?;
    let from = &*settings.data_dir;
    let metadata = data_dir::metadata(settings).await?;
    let copy = target.join("metadata.sqlite");
    metadata.backup_to(&copy).await.context("backing up the metadata")?;
    metadata.close().await;
    for directory in IMMUTABLE {
        copy_tree(&from.join(directory), &target.join(directory))?;
    }
    copy_tree(&from.join("journal"), &target.join("journal"))?;
    copy_tree(&from.join("tls"), &target.join("tls"))?;
    copy_file(&from.join("secret.key"), &target.join("secret.key"))?;
    let named = named_files(&copy).await?;
    Ok(named.iter().all(|path| target.join(path).is_file()))
}

/// The segments and checkpoints that a copy of the metadata names.
async fn named_files(copy: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let url = metadata_store::Url::Sqlite(copy.to_owned());
    let metadata = metadata_store::Config { url }.open().await?;
    let runtime = tokio::runtime::Handle::current();
    let opened = metadata.clone();
    let paths = tokio::task::spawn_blocking(move || {
        use metadata_store::Catalogue as _;
        let listing = metadata_store::SqlCatalogue::new(opened, runtime).snapshot()?;
        Ok::<_, metadata_store::CatalogueError>(
            listing.segments.into_iter().map(|segment| segment.path.into()).collect(),
        )
    });
    let paths = paths.await??;
    metadata.close().await;
    Ok(paths)
}

/// Puts a backup back as a data directory, which must be empty or missing.
///
/// # Errors
/// When the data directory holds something, or something cannot be read or written.
pub fn restore(settings: &Settings, source: &Path, out: &mut dyn Write) -> anyhow::Result<()> {
    ensure!(
        source.join("metadata.sqlite").is_file(),
        "{} is no backup: it has no metadata.sqlite",
        source.display()
    );
    empty_dir(&settings.data_dir)?;
    let lock = DataDirLock::take(&settings.data_dir)?;
    copy_tree(source, &settings.data_dir)?;
    drop(lock);
    writeln!(out, "Restored {} from {}", settings.data_dir.display(), source.display())?;
    Ok(())
}

fn empty_dir(dir: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(dir).with_context(|| format!("making {}", dir.display()))?;
    let mut entries = fs::read_dir(dir).with_context(|| format!("listing {}", dir.display()))?;
    ensure!(entries.next().is_none(), "{} is not empty; name another directory", dir.display());
    Ok(())
}

fn copy_tree(from: &Path, to: &Path) -> anyhow::Result<()> {
    if !from.exists() {
        return Ok(());
    }
    fs::create_dir_all(to).with_context(|| format!("making {}", to.display()))?;
    for entry in fs::read_dir(from).with_context(|| format!("listing {}", from.display()))? {
        let path = entry.with_context(|| format!("listing {}", from.display()))?.path();
        let target = to.join(path.file_name().expect("an entry has a name"));
        if path.is_dir() {
            copy_tree(&path, &target)?;
        } else {
            copy_file(&path, &target)?;
        }
    }
    Ok(())
}

/// Copies a file and makes the copy durable. One that has gone meanwhile is passed over: whoever needs it finds out.
fn copy_file(from: &Path, to: &Path) -> anyhow::Result<()> {
    match fs::copy(from, to) {
        Ok(_) => fs::File::open(to)
            .and_then(|file| file.sync_all())
            .with_context(|| format!("syncing {}", to.display())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(error) => {
            Err(error).with_context(|| format!("copying {} to {}", from.display(), to.display()))
        }
    }
}
