//! Files that the operator has given to an asset; the contract's `files` interface.
//!
//! All of them lie in one directory, without directories below it, and an asset's configuration has only their names: so a
//! name leads nowhere else. A symbolic link is not followed, whoever made it: what a connector can read is what lies in
//! that directory. A file is opened anew by each call that reads it, and stays the same file for that call, also when
//! another is renamed into its place meanwhile, as updaters do.

use std::{
    collections::BTreeMap,
    fs::File,
    io,
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use palisade_model::{
    limits::{FILE_NAME_BYTES, FILE_READ_BYTES, FILE_TOTAL_BYTES},
    plugin::FileCapability,
};
use rustix::{
    fs::{Mode, OFlags},
    io::Errno,
};
use serde_json::{Map, Value};

use crate::gate::GateError;

/// The files of one asset.
pub(crate) struct Files {
    directory: PathBuf,
    /// By field: the fields that the connector declares, and the names in those that the asset has set.
    names: BTreeMap<String, Option<String>>,
}

/// The files that one call has open, by field.
#[derive(Default)]
pub(crate) struct OpenFiles {
    open: Mutex<BTreeMap<String, Arc<File>>>,
    /// Bytes that the call has read.
    read: AtomicU64,
}

/// Why there is no file, or no more of it. The text is for a person.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FileError {
    /// The connector does not declare it, the asset names none, or the call has read enough.
    #[error("{0}")]
    Denied(String),
    /// It cannot be read.
    #[error("{0}")]
    Unreadable(String),
}

impl Files {
    pub(crate) fn new(
        directory: &Path,
        capabilities: &[FileCapability],
        configuration: &Map<String, Value>,
    ) -> Result<Self, GateError> {
        let mut names = BTreeMap::new();
        for FileCapability { field, .. } in capabilities {
            let name = match configuration.get(field) {
                None | Some(Value::Null) => None,
                Some(Value::String(name)) if is_file_name(name) => Some(name.clone()),
                Some(_) => return Err(GateError::FileName { field: field.clone() }),
            };
            names.insert(field.clone(), name);
        }
        Ok(Self { directory: directory.to_owned(), names })
    }

    /// The name in this field.
    fn name(&self, field: &str) -> Result<&str, FileError> {
        match self.names.get(field) {
            Some(Some(name)) => Ok(name),
            Some(None) => Err(FileError::Denied(format!("the asset's `{field}` names no file"))),
            None => Err(FileError::Denied(format!(
                "the connector may not read a file that `{field}` names; its author has to declare it under files"
            ))),
        }
    }
}

fn is_file_name(name: &str) -> bool {
    (1..=FILE_NAME_BYTES).contains(&name.len())
        && !matches!(name, "." | "..")
        && !name.contains(|c: char| c == '/' || c.is_control())
}

impl OpenFiles {
    pub(crate) async fn size(&self, files: &Files, field: &str) -> Result<u64, FileError> {
        let name = files.name(field)?.to_owned();
        let file = self.open(files, field, &name).await?;
        blocking(name, move || Ok(file.metadata()?.len())).await
    }

    pub(crate) async fn read(
        &self,
        files: &Files,
        field: &str,
        offset: u64,
        length: u32,
    ) -> Result<Vec<u8>, FileError> {
        let name = files.name(field)?.to_owned();
        let length = usize::try_from(length).unwrap_or(usize::MAX).min(FILE_READ_BYTES);
        let before = self.read.fetch_add(length as u64, Ordering::Relaxed);
        if before.saturating_add(length as u64) > FILE_TOTAL_BYTES {
            return Err(FileError::Denied(format!(
                "a call reads at most {FILE_TOTAL_BYTES} bytes from its files"
            )));
        }
        let file = self.open(files, field, &name).await?;
        blocking(name, move || read_at(&file, offset, length)).await
    }

    async fn open(&self, files: &Files, field: &str, name: &str) -> Result<Arc<File>, FileError> {
        let open = || self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(file) = open().get(field) {
            return Ok(Arc::clone(file));
        }
        let path = files.directory.join(name);
        let file = Arc::new(blocking(name.to_owned(), move || open_file(&path)).await?);
        open().insert(field.to_owned(), Arc::clone(&file));
        Ok(file)
    }
}

/// Opens a file, and nothing else: no link, and nothing that would wait for somebody at its other end.
fn open_file(path: &Path) -> io::Result<File> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file = rustix::fs::open(path, flags, Mode::empty()).map_err(|error| match error {
        Errno::LOOP => io::Error::other("it is a symbolic link, and none is followed"),
        error => error.into(),
    })?;
    let file = File::from(file);
    if file.metadata()?.is_file() { Ok(file) } else { Err(io::Error::other("it is no regular file")) }
}

/// As many bytes as asked for; fewer only at the end.
fn read_at(file: &File, offset: u64, length: usize) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; length];
    let mut count = 0;
    while count < length {
        let at = offset.saturating_add(count as u64);
        // The system counts no further than this; no file is as long.
        if i64::try_from(at).is_err() {
            break;
        }
        match file.read_at(&mut bytes[count..], at) {
            Ok(0) => break,
            Ok(more) => count += more,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    bytes.truncate(count);
    Ok(bytes)
}

/// Lets a thread wait for the disk that holds up nobody else.
async fn blocking<T: Send + 'static>(
    name: String,
    act: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> Result<T, FileError> {
    let done = tokio::task::spawn_blocking(act).await.unwrap_or_else(|error| Err(io::Error::other(error)));
    done.map_err(|error| {
        FileError::Unreadable(format!("`{name}` in the host's directory for files cannot be read: {error}"))
    })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use serde_json::json;

    use super::*;

    fn files(directory: &Path, name: &Value) -> Result<Files, GateError> {
        let capability = FileCapability { field: "list".to_owned(), reason: String::new() };
        let Value::Object(configuration) = json!({ "list": name, "other": "here" }) else { unreachable!() };
        Files::new(directory, &[capability], &configuration)
    }

    #[test]
    fn only_a_name_without_a_way_is_a_name() {
        let long = "x".repeat(FILE_NAME_BYTES + 1);
        for name in ["", ".", "..", "../key", "/etc/passwd", "a/b", "a/../b", "a\0b", "a\nb", &long] {
            assert!(
                matches!(files(Path::new(""), &json!(name)), Err(GateError::FileName { .. })),
                "{name:?}"
            );
        }
        assert!(matches!(files(Path::new(""), &json!(["x"])), Err(GateError::FileName { .. })));
        for name in [json!("GeoLite2-City.mmdb"), json!("..."), json!("a\\..\\b"), json!(null)] {
            assert!(files(Path::new(""), &name).is_ok());
        }
    }

    #[tokio::test]
    async fn a_file_is_read_in_pieces_and_stays_the_same_for_the_call() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("here");
        fs::write(&path, "abcdef").unwrap();
        let files = files(directory.path(), &json!("here")).unwrap();
        let open = OpenFiles::default();
        let read = async |offset, length| open.read(&files, "list", offset, length).await;
        assert_eq!(open.size(&files, "list").await, Ok(6));
        assert_eq!(read(1, 3).await.unwrap(), b"bcd");
        assert_eq!(read(4, 100).await.unwrap(), b"ef");
        assert_eq!(read(6, 1).await.unwrap(), b"");
        assert_eq!(read(u64::MAX, u32::MAX).await.unwrap(), b"");

        let newer = directory.path().join("newer");
        fs::write(&newer, "ABC").unwrap();
        fs::rename(newer, path).unwrap();
        assert_eq!(read(0, 3).await.unwrap(), b"abc", "another file for the same call");
        assert_eq!(OpenFiles::default().read(&files, "list", 0, 3).await.unwrap(), b"ABC");
    }

    #[tokio::test]
    async fn a_read_and_a_call_have_their_bounds() {
        let directory = tempfile::tempdir().unwrap();
        let file = File::create(directory.path().join("large")).unwrap();
        file.set_len(2 * FILE_TOTAL_BYTES).unwrap();
        let (files, open) = (files(directory.path(), &json!("large")).unwrap(), OpenFiles::default());
        for _ in 0..FILE_TOTAL_BYTES / FILE_READ_BYTES as u64 {
            assert_eq!(open.read(&files, "list", 0, u32::MAX).await.unwrap().len(), FILE_READ_BYTES);
        }
        let denied = open.read(&files, "list", 0, 1).await;
        assert_eq!(
            denied,
            Err(FileError::Denied("a call reads at most 67108864 bytes from its files".into()))
        );
    }

    #[tokio::test]
    async fn what_is_no_file_in_the_directory_is_not_opened() {
        let directory = tempfile::tempdir().unwrap();
        let outside = tempfile::NamedTempFile::new().unwrap();
        std::os::unix::fs::symlink(outside.path(), directory.path().join("link")).unwrap();
        fs::write(directory.path().join("file"), "x").unwrap();
        std::os::unix::fs::symlink("file", directory.path().join("inner")).unwrap();
        fs::create_dir(directory.path().join("directory")).unwrap();
        rustix::fs::mknodat(
            rustix::fs::CWD,
            directory.path().join("pipe"),
            rustix::fs::FileType::Fifo,
            Mode::from_raw_mode(0o600),
            0,
        )
        .unwrap();
        for (name, why) in [
            ("link", "it is a symbolic link, and none is followed"),
            ("inner", "it is a symbolic link, and none is followed"),
            ("directory", "it is no regular file"),
            ("pipe", "it is no regular file"),
            ("absent", "No such file or directory (os error 2)"),
        ] {
            let files = files(directory.path(), &json!(name)).unwrap();
            let expected = format!("`{name}` in the host's directory for files cannot be read: {why}");
            assert_eq!(OpenFiles::default().size(&files, "list").await, Err(FileError::Unreadable(expected)));
        }
    }

    #[tokio::test]
    async fn only_declared_fields_name_files() {
        let directory = tempfile::tempdir().unwrap();
        fs::write(directory.path().join("here"), "x").unwrap();
        let unset = files(directory.path(), &json!(null)).unwrap();
        for (field, why) in [
            ("list", "the asset's `list` names no file"),
            (
                "other",
                "the connector may not read a file that `other` names; its author has to declare it under files",
            ),
        ] {
            assert_eq!(OpenFiles::default().size(&unset, field).await, Err(FileError::Denied(why.into())));
        }
    }
}
