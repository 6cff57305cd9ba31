//! What works on a data directory beside or without a running server: passwords, access keys, backup and restore.

use std::{
    collections::BTreeSet,
    fs,
    io::{self, Write},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
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
use ingest::pipeline;
use metadata_store::{
    AccessKeys as _, Catalogue as _, CatalogueError, FIRST_ACCOUNT, NewPassword, ObjectRef,
    SegmentMeta, SqlCatalogue, Users as _,
};

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
    let given = first_start::given_password(settings)?;
    let chosen = given.clone().unwrap_or_else(first_start::random_password);
    let at_ms = first_start::millis(SystemClock::new().now());
    let entry = first_start::by_itself(at_ms, "set password", "user", first_start::ADMIN);
    let hash = password::hash(&chosen);
    let new = NewPassword { hash, must_change: false, at_ms, keep_session: None };
    metadata.set_password(admin.id, &new, &entry).await?;
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
    let name = access_key::sound_name(name).map_err(anyhow::Error::msg)?;
    let metadata = data_dir::metadata(settings).await?;
    let sealer = Sealer::new(data_dir::sealing_key(&settings.data_dir)?);
    let key = access_key::generate();
    first_start::create_key(&metadata, &sealer, name, &key, SystemClock::new().now()).await?;
    writeln!(out, "{key}")?;
    Ok(())
}

fn must_exist(settings: &Settings) -> anyhow::Result<()> {
    ensure!(
        data_dir::is_begun(settings),
        "{} is no data directory of Vedette: it has no {}; name the right one with --data-dir",
        settings.data_dir.display(),
        data_dir::mark(settings)
    );
    Ok(())
}

/// How often a copy is begun again when what the metadata name was replaced just before they were copied.
const TRIES: u32 = 20;

/// Copies a data directory into an empty one, also while its server runs.
///
/// Segments first: they never change, and copying them may take long. Then everything that a cut or a merge may replace is
/// opened, the segments that are new since then among it: what is open stays readable however long it takes. Right behind
/// that the metadata, as of one transaction at the beginning of their copy: they name nothing that is not open or copied,
/// unless a cut came in the moment between. Then all but the segments is copied anew.
///
/// # Errors
/// When the target is not empty or within the data directory, or something cannot be read or written.
pub async fn backup(settings: &Settings, target: &Path, out: &mut dyn Write) -> anyhow::Result<()> {
    must_exist(settings)?;
    ensure!(
        !is_within(target, &settings.data_dir)?,
        "{} lies within the data directory {}; name a directory outside of it",
        target.display(),
        settings.data_dir.display()
    );
    copy_running(settings, target, |_| {}).await?;
    writeln!(out, "Backed up {} to {}", settings.data_dir.display(), target.display())?;
    Ok(())
}

/// Whether a path, which need not exist yet, lies in a directory or is it.
fn is_within(path: &Path, dir: &Path) -> anyhow::Result<bool> {
    let dir = dir.canonicalize().with_context(|| format!("finding {}", dir.display()))?;
    let path = std::path::absolute(path).with_context(|| format!("finding {}", path.display()))?;
    Ok(path.ancestors().filter_map(|part| part.canonicalize().ok()).any(|part| part == dir))
}

/// A moment of a try at which a server may get in between.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Moment {
    /// What may be replaced is open, the metadata are not read yet.
    Held,
    /// The metadata are copied, what they name is not.
    MetadataCopied,
}

/// Tries until a copy is whole; leaves the target empty where none is. `reached` is told the moments of each try.
async fn copy_running(
    settings: &Settings,
    target: &Path,
    mut reached: impl FnMut(Moment),
) -> anyhow::Result<()> {
    empty_dir(target)?;
    let copied = copy_whole(settings, target, &mut reached).await;
    if copied.is_err() {
        for name in names_in(target)? {
            remove(&target.join(name))?;
        }
    }
    copied
}

async fn copy_whole(
    settings: &Settings,
    target: &Path,
    reached: &mut impl FnMut(Moment),
) -> anyhow::Result<()> {
    for _ in 0..TRIES {
        if try_backup(settings, target, reached).await? {
            return Ok(());
        }
        for part in ["metadata.sqlite", "checkpoints", "journal"] {
            remove(&target.join(part))?;
        }
    }
    bail!(
        "the data changed at the wrong moment in each of {TRIES} tries, and nothing was kept of them; try again, best \
         while less is reported"
    )
}

/// Whether everything that the copied metadata name could be copied.
async fn try_backup(
    settings: &Settings,
    target: &Path,
    reached: &mut impl FnMut(Moment),
) -> anyhow::Result<bool> {
    let from = &*settings.data_dir;
    // The second time only what came while the first went on, so that few are left to be held open.
    for _ in 0..2 {
        for path in files_below(from, Path::new("segments"))? {
            copy_once(from, target, &path)?;
        }
    }
    let held = Held::open(from, target)?;
    reached(Moment::Held);
    let metadata = data_dir::metadata(settings).await?;
    let copy = target.join("metadata.sqlite");
    metadata.backup_to(&copy).await.context("backing up the metadata")?;
    metadata.close().await;
    reached(Moment::MetadataCopied);
    held.copy_to(target)?;
    let named = Named::by(&copy).await?;
    if !named.all_is_in(target)? {
        return Ok(false);
    }
    named.remove_what_is_not(target)?;
    copy_tree(&from.join("tls"), &target.join("tls"))?;
    copy_file(&from.join("secret.key"), &target.join("secret.key"))?;
    Ok(true)
}

/// Files that a server may remove, kept readable.
struct Held(Vec<(fs::File, PathBuf)>);

impl Held {
    /// Opens checkpoints, journal, and the segments that the target lacks. One that is gone meanwhile was replaced in the
    /// metadata before, so that they no longer name it.
    fn open(from: &Path, target: &Path) -> anyhow::Result<Held> {
        let mut held = Vec::new();
        for part in ["segments", "checkpoints", "journal"] {
            for path in files_below(from, Path::new(part))? {
                if part == "segments" && target.join(&path).is_file() {
                    continue;
                }
                match fs::File::open(from.join(&path)) {
                    Ok(file) => held.push((file, path)),
                    Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                    Err(error) => {
                        return Err(error).with_context(|| format!("opening {}", path.display()));
                    }
                }
            }
        }
        Ok(Held(held))
    }

    fn copy_to(self, target: &Path) -> anyhow::Result<()> {
        for part in ["checkpoints", "journal"] {
            make_dirs(&target.join(part))?;
        }
        for (file, path) in self.0 {
            let to = target.join(path);
            make_dirs(to.parent().unwrap_or(target))?;
            copy_opened(file, &to).with_context(|| format!("writing {}", to.display()))?;
        }
        Ok(())
    }
}

/// Copies a file that never changes, unless it was copied before.
fn copy_once(from: &Path, target: &Path, path: &Path) -> anyhow::Result<()> {
    let to = target.join(path);
    if to.is_file() {
        return Ok(());
    }
    make_dirs(to.parent().unwrap_or(target))?;
    copy_file(&from.join(path), &to)
}

/// The files in a directory of `root` and below it, as paths from `root`.
fn files_below(root: &Path, dir: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for name in names_in(&root.join(dir))? {
        let path = dir.join(name);
        if root.join(&path).is_dir() {
            found.extend(files_below(root, &path)?);
        } else {
            found.push(path);
        }
    }
    Ok(found)
}

/// What metadata name outside of themselves.
struct Named {
    segments: Vec<SegmentMeta>,
    checkpoint: Option<ObjectRef>,
    /// How far the journal was worked through.
    committed: u64,
}

impl Named {
    /// What a copy of the metadata names.
    async fn by(copy: &Path) -> anyhow::Result<Named> {
        let url = metadata_store::Url::Sqlite(copy.to_owned());
        let metadata = metadata_store::Config { url }.open().await?;
        let runtime = tokio::runtime::Handle::current();
        let opened = metadata.clone();
        let named = tokio::task::spawn_blocking(move || {
            let catalogue = SqlCatalogue::new(opened, runtime);
            let committed = catalogue.lowest_committed()?;
            Ok::<_, CatalogueError>(Named {
                segments: catalogue.snapshot()?.segments,
                checkpoint: catalogue.checkpoint(pipeline::CONSUMER)?,
                committed: committed.iter().map(|committed| committed.offset).min().unwrap_or(0),
            })
        });
        let named = named.await??;
        metadata.close().await;
        Ok(named)
    }

    fn all_is_in(&self, dir: &Path) -> anyhow::Result<bool> {
        let mut segments = self.segments.iter();
        Ok(segments.all(|segment| dir.join(&segment.path).is_file())
            && self.checkpoint_and_journal_are_in(dir)?)
    }

    /// Removes copied segments that were merged into others before the metadata were copied, or came after.
    fn remove_what_is_not(&self, dir: &Path) -> anyhow::Result<()> {
        let named: BTreeSet<&Path> =
            self.segments.iter().map(|segment| Path::new(&segment.path)).collect();
        for path in files_below(dir, Path::new("segments"))? {
            if !named.contains(path.as_path()) {
                remove(&dir.join(path))?;
            }
        }
        Ok(())
    }

    /// Whether a copy has the checkpoint, and a journal that reaches back to where the checkpoint ends.
    fn checkpoint_and_journal_are_in(&self, dir: &Path) -> anyhow::Result<bool> {
        if self.checkpoint.as_ref().is_some_and(|object| !dir.join(&object.path).is_file()) {
            return Ok(false);
        }
        let journal = names_in(&dir.join("journal"))?;
        let first = journal.iter().filter_map(|name| journal::first_of(name)).min();
        Ok(first.is_none_or(|first| first <= self.committed.max(1)))
    }

    /// Refuses a backup that lacks what its metadata name.
    fn check_is_whole(&self, dir: &Path) -> anyhow::Result<()> {
        let segments = self.segments.iter().map(|segment| &segment.path);
        for path in segments.chain(self.checkpoint.iter().map(|object| &object.path)) {
            ensure!(
                dir.join(path).is_file(),
                "{} is no whole backup: it lacks {path}; take another one",
                dir.display()
            );
        }
        ensure!(
            self.checkpoint_and_journal_are_in(dir)?,
            "{} is no whole backup: its journal begins after what was worked on; take another one",
            dir.display()
        );
        Ok(())
    }

    /// Refuses a backup with a part that is of a newer version.
    fn check_is_readable(&self, dir: &Path) -> anyhow::Result<()> {
        data_dir::check_segments(&self.segments)?;
        data_dir::check_journal(dir)?;
        let Some(object) = &self.checkpoint else { return Ok(()) };
        let path = dir.join(&object.path);
        let bytes = fs::read(&path).with_context(|| format!("reading {}", path.display()))?;
        pipeline::task::check_checkpoint(&bytes.into())
            .with_context(|| format!("checking {}", path.display()))
    }
}

/// Puts a backup back as a data directory, which must be empty or missing.
///
/// # Errors
/// When the data directory holds something, the backup is not whole or of a newer version, or something cannot be read
/// or written. A refused backup leaves the directory empty.
pub async fn restore(
    settings: &Settings,
    source: &Path,
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    ensure!(
        source.join("metadata.sqlite").is_file(),
        "{} is no backup: it has no metadata.sqlite",
        source.display()
    );
    empty_dir(&settings.data_dir)?;
    let lock = DataDirLock::take(&settings.data_dir)?;
    let checked = check_backup(settings, source).await;
    if checked.is_err() {
        drop(lock);
        for name in names_in(&settings.data_dir)? {
            remove(&settings.data_dir.join(name))?;
        }
        return checked;
    }
    copy_tree(source, &settings.data_dir)?;
    drop(lock);
    writeln!(out, "Restored {} from {}", settings.data_dir.display(), source.display())?;
    Ok(())
}

/// Looks at a copy of the backup's metadata: opening a database writes beside it, and a backup may be read-only.
async fn check_backup(settings: &Settings, source: &Path) -> anyhow::Result<()> {
    let looked_at = settings.data_dir.join("metadata.checked");
    copy_file(&source.join("metadata.sqlite"), &looked_at)?;
    let named = Named::by(&looked_at).await?;
    remove(&looked_at)?;
    named.check_is_whole(source)?;
    named.check_is_readable(source)
}

fn remove(path: &Path) -> anyhow::Result<()> {
    let removed = if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
    match removed {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("removing {}", path.display()))
        }
        _ => Ok(()),
    }
}

fn make_dirs(dir: &Path) -> anyhow::Result<()> {
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(dir)
        .with_context(|| format!("making {}", dir.display()))
}

fn names_in(dir: &Path) -> anyhow::Result<Vec<String>> {
    let listing = || format!("listing {}", dir.display());
    if !dir.exists() {
        return Ok(Vec::new());
    }
    let mut names = Vec::new();
    for entry in fs::read_dir(dir).with_context(listing)? {
        names.push(entry.with_context(listing)?.file_name().to_string_lossy().into_owned());
    }
    Ok(names)
}

/// Copies an opened file to one that only its owner may read, durably.
fn copy_opened(mut from: fs::File, to: &Path) -> io::Result<()> {
    let mut options = fs::OpenOptions::new();
    let mut copy = options.write(true).create(true).truncate(true).mode(0o600).open(to)?;
    io::copy(&mut from, &mut copy)?;
    copy.sync_all()
}

fn empty_dir(dir: &Path) -> anyhow::Result<()> {
    make_dirs(dir)?;
    let mut entries = fs::read_dir(dir).with_context(|| format!("listing {}", dir.display()))?;
    ensure!(entries.next().is_none(), "{} is not empty; name another directory", dir.display());
    Ok(())
}

fn copy_tree(from: &Path, to: &Path) -> anyhow::Result<()> {
    if !from.exists() {
        return Ok(());
    }
    make_dirs(to)?;
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
    match fs::File::open(from).and_then(|file| copy_opened(file, to)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("copying {} to {}", from.display(), to.display()))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests;
