//! Which names a simulated disk has: those everybody sees, and those that a power loss leaves.

use std::{
    collections::{BTreeMap, BTreeSet, HashSet},
    io,
    path::{Path, PathBuf},
};

use super::{FileId, random::SplitMix64};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Node {
    File(FileId),
    Dir,
}

type Tree = BTreeMap<PathBuf, Node>;

#[derive(Debug, Default)]
pub(super) struct Names {
    visible: Tree,
    durable: Tree,
    /// What happened since, oldest first.
    pending: Vec<Operation>,
}

#[derive(Clone, Debug)]
enum Operation {
    Create(PathBuf, Node),
    Rename { from: PathBuf, to: PathBuf, file: FileId },
    Remove(PathBuf),
}

impl Names {
    pub(super) fn get(&self, path: &Path) -> Option<Node> {
        if is_root(path) { Some(Node::Dir) } else { self.visible.get(path).copied() }
    }

    pub(super) fn check_dir(&self, dir: &Path) -> io::Result<()> {
        match self.get(dir) {
            Some(Node::Dir) => Ok(()),
            Some(Node::File(_)) => Err(io::ErrorKind::NotADirectory.into()),
            None => Err(io::Error::new(
                io::ErrorKind::NotFound,
                format!("{} does not exist", dir.display()),
            )),
        }
    }

    /// Whether a file may be made here.
    pub(super) fn check_free(&self, path: &Path) -> io::Result<()> {
        self.check_dir(directory_of(path))?;
        match self.get(path) {
            Some(_) => Err(io::ErrorKind::AlreadyExists.into()),
            None => Ok(()),
        }
    }

    /// Whether a file may be renamed to this.
    pub(super) fn check_replaceable(&self, path: &Path) -> io::Result<()> {
        self.check_dir(directory_of(path))?;
        match self.get(path) {
            Some(Node::Dir) => Err(io::ErrorKind::IsADirectory.into()),
            _ => Ok(()),
        }
    }

    pub(super) fn list(&self, dir: &Path) -> io::Result<Vec<String>> {
        self.check_dir(dir)?;
        let below = self.visible.keys().filter(|path| directory_of(path) == dir);
        let mut names: Vec<String> = below
            .filter_map(|path| path.file_name())
            .map(|name| name.to_string_lossy().into_owned())
            .collect();
        names.sort_unstable();
        Ok(names)
    }

    pub(super) fn create(&mut self, path: &Path, node: Node) {
        self.change(Operation::Create(path.to_owned(), node));
    }

    pub(super) fn rename(&mut self, from: &Path, to: &Path, file: FileId) {
        self.change(Operation::Rename { from: from.to_owned(), to: to.to_owned(), file });
    }

    pub(super) fn remove(&mut self, path: &Path) {
        self.change(Operation::Remove(path.to_owned()));
    }

    fn change(&mut self, operation: Operation) {
        operation.apply(&mut self.visible);
        self.pending.push(operation);
    }

    /// Makes the operations of `dir` durable, and with a rename also what happened in its other directory before it.
    pub(super) fn sync(&mut self, dir: &Path) {
        let mut dirs = BTreeSet::from([dir.to_owned()]);
        let mut synced = vec![false; self.pending.len()];
        for (operation, synced) in self.pending.iter().zip(&mut synced).rev() {
            if operation.directories().any(|touched| dirs.contains(touched)) {
                dirs.extend(operation.directories().map(Path::to_owned));
                *synced = true;
            }
        }
        for (operation, synced) in std::mem::take(&mut self.pending).into_iter().zip(synced) {
            match synced {
                true => operation.apply(&mut self.durable),
                false => self.pending.push(operation),
            }
        }
    }

    /// Keeps, per directory, the operations up to an arbitrary one.
    pub(super) fn crash(&mut self, random: &mut SplitMix64) {
        // One crash loses nearly all, another nearly nothing; both are worth seeing.
        let lost_of_eight = [0, 1, 4, 8][random.below(4) as usize];
        let mut stopped: BTreeSet<PathBuf> = BTreeSet::new();
        for operation in std::mem::take(&mut self.pending) {
            let cut_off = operation.directories().any(|dir| stopped.contains(dir));
            if cut_off || random.below(8) < lost_of_eight {
                stopped.extend(operation.directories().map(Path::to_owned));
            } else {
                operation.apply(&mut self.durable);
            }
        }
        self.drop_orphans();
        self.visible = self.durable.clone();
    }

    /// Without its directory a name cannot be reached. Parents sort before what is in them.
    fn drop_orphans(&mut self) {
        let mut dirs = HashSet::from([PathBuf::new()]);
        self.durable.retain(|path, node| {
            let reachable = dirs.contains(directory_of(path));
            if reachable && *node == Node::Dir {
                dirs.insert(path.clone());
            }
            reachable
        });
    }

    pub(super) fn visible_files(&self) -> impl Iterator<Item = FileId> {
        self.visible.values().filter_map(|node| match node {
            Node::File(file) => Some(*file),
            Node::Dir => None,
        })
    }

    /// Files that have a name after a crash.
    pub(super) fn reachable_files(&self) -> HashSet<FileId> {
        self.visible_files().collect()
    }
}

impl Operation {
    fn directories(&self) -> impl Iterator<Item = &Path> {
        let (first, second) = match self {
            Self::Create(path, _) | Self::Remove(path) => (path, None),
            Self::Rename { from, to, .. } => (from, Some(to)),
        };
        std::iter::once(first).chain(second).map(|path| directory_of(path))
    }

    fn apply(&self, tree: &mut Tree) {
        match self {
            Self::Create(path, node) => drop(tree.insert(path.clone(), *node)),
            Self::Remove(path) => drop(tree.remove(path)),
            Self::Rename { from, to, file } => {
                tree.remove(from);
                tree.insert(to.clone(), Node::File(*file));
            }
        }
    }
}

fn is_root(path: &Path) -> bool {
    path.as_os_str().is_empty()
}

fn directory_of(path: &Path) -> &Path {
    path.parent().unwrap_or(Path::new(""))
}
