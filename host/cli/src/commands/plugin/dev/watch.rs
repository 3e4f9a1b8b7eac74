//! When the files of a project change. They are looked at again and again: a notice from the system would need a library
//! for each one, and does not come from network file systems and mounted directories.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    time::SystemTime,
};

use crate::limits::{FILES_POLL, FILES_WATCHED};

/// Directories that hold what was made or fetched, and not what a person writes.
const MADE: [&str; 6] = ["target", "node_modules", "dist", "build", "__pycache__", "venv"];

/// Files that the build itself writes.
const LOCKS: [&str; 3] = ["Cargo.lock", "package-lock.json", "uv.lock"];

/// The files that are watched.
pub(super) struct Watch {
    roots: Vec<PathBuf>,
    /// A file that the rounds write.
    written: Option<PathBuf>,
}

/// How each file stands: when it was written, and its length.
pub(super) type Look = BTreeMap<PathBuf, (Option<SystemTime>, u64)>;

impl Watch {
    pub(super) fn new(roots: Vec<PathBuf>, written: Option<PathBuf>) -> Self {
        let written = written.map(|path| std::path::absolute(&path).unwrap_or(path));
        Self { roots, written }
    }

    /// Looks at the files.
    pub(super) fn look(&self) -> Look {
        let mut look = Look::new();
        for root in &self.roots {
            // What was named may be a link; one that is found is not followed: a project may well have one to its own root.
            self.note(&root.canonicalize().unwrap_or_else(|_| root.clone()), &mut look);
        }
        look
    }

    fn note(&self, path: &Path, look: &mut Look) {
        let Ok(metadata) = fs::symlink_metadata(path) else { return };
        if look.len() >= FILES_WATCHED {
            return;
        }
        if metadata.is_dir() {
            let Ok(entries) = fs::read_dir(path) else { return };
            // cargo and others mark what they could make again (https://bford.info/cachedir/).
            if path.join("CACHEDIR.TAG").is_file() {
                return;
            }
            for entry in entries.flatten().filter(|entry| is_written_by_hand(&entry.file_name())) {
                self.note(&entry.path(), look);
            }
            return;
        }
        let same = |written: &PathBuf| std::path::absolute(path).is_ok_and(|path| path == *written);
        if !self.written.as_ref().is_some_and(same) {
            look.insert(path.to_owned(), (metadata.modified().ok(), metadata.len()));
        }
    }

    /// Waits until a file is not as it was, and then until none changes any more: an editor writes in several steps, and
    /// saves several files. Tells one that has changed.
    pub(super) async fn change(&self, before: Look) -> PathBuf {
        loop {
            tokio::time::sleep(FILES_POLL).await;
            let mut now = self.look();
            let Some(changed) = difference(&before, &now) else { continue };
            loop {
                tokio::time::sleep(FILES_POLL).await;
                let again = self.look();
                if again == now {
                    return changed;
                }
                now = again;
            }
        }
    }
}

fn is_written_by_hand(name: &std::ffi::OsStr) -> bool {
    let name = name.to_string_lossy();
    !name.starts_with('.') && !MADE.contains(&&*name) && !LOCKS.contains(&&*name)
}

/// A file that is in one of them only, or differs.
fn difference(before: &Look, now: &Look) -> Option<PathBuf> {
    let changed = now.iter().find(|(path, state)| before.get(*path) != Some(*state));
    let gone = || before.iter().find(|(path, _)| !now.contains_key(*path));
    changed.or_else(gone).map(|(path, _)| path.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_person_writes_is_watched_and_what_is_made_of_it_is_not() {
        let project = tempfile::tempdir().unwrap();
        let write = |path: &str, text: &str| {
            let path = project.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        for path in
            ["src/lib.rs", "target/a", "made/CACHEDIR.TAG", "made/b", ".git/c", "Cargo.lock", "tape.json"]
        {
            write(path, "1");
        }
        let root = project.path().to_owned();
        let watch = Watch::new(vec![root.clone()], Some(root.join("tape.json")));
        let before = watch.look();
        assert_eq!(before.keys().collect::<Vec<_>>(), [&root.join("src/lib.rs")]);
        write("tape.json", "22");
        assert_eq!(difference(&before, &watch.look()), None);
        write("src/lib.rs", "22");
        assert_eq!(difference(&before, &watch.look()), Some(root.join("src/lib.rs")));
        fs::remove_file(root.join("src/lib.rs")).unwrap();
        assert_eq!(difference(&before, &watch.look()), Some(root.join("src/lib.rs")));
    }

    #[tokio::test]
    async fn a_change_is_told_once_the_files_are_at_rest() {
        let project = tempfile::tempdir().unwrap();
        let file = project.path().join("a");
        fs::write(&file, "1").unwrap();
        let watch = Watch::new(vec![project.path().to_owned()], None);
        let before = watch.look();
        fs::write(&file, "22").unwrap();
        assert_eq!(watch.change(before).await, file);
    }
}
