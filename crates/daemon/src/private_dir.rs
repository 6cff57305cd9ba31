//! Directories that hold keys: entered by their owner alone.

use std::{
    fs::{self, DirBuilder, Permissions},
    io,
    os::unix::fs::{DirBuilderExt, PermissionsExt},
    path::Path,
};

use tracing::{info, warn};

/// What group and others may do.
const OF_OTHERS: u32 = 0o077;

/// Makes the directory, or takes away what others may do in it. One that belongs to another user stays as it is, said in
/// the log: a volume of a container is such a one, and whoever made it knows who may enter.
///
/// # Errors
/// When it cannot be made or looked at.
pub(crate) fn ensure(dir: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(dir)?;
    let mode = fs::metadata(dir)?.permissions().mode();
    if mode & OF_OTHERS == 0 {
        return Ok(());
    }
    let before = format!("{:o}", mode & 0o7777);
    match fs::set_permissions(dir, Permissions::from_mode(mode & !OF_OTHERS)) {
        Ok(()) => {
            info!(dir = %dir.display(), before, "others may no longer enter this directory, which holds keys")
        }
        Err(error) => {
            warn!(dir = %dir.display(), mode = before, %error, "others may enter this directory, which holds keys: run chmod 700 on it");
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(dir: &Path) -> u32 {
        fs::metadata(dir).unwrap().permissions().mode() & 0o7777
    }

    #[test]
    fn a_new_directory_is_private_and_an_old_one_becomes_so() {
        let root = tempfile::tempdir().unwrap();
        let dir = root.path().join("a/b");
        ensure(&dir).unwrap();
        assert_eq!((mode(&dir), mode(&root.path().join("a"))), (0o700, 0o700));
        fs::set_permissions(&dir, Permissions::from_mode(0o2775)).unwrap();
        ensure(&dir).unwrap();
        assert_eq!(mode(&dir), 0o2700, "the group stays inherited");
    }
}
