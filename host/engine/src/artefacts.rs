//! The cache of compiled components.
//!
//! A file's name is the SHA-256 of the component and a hash of everything the engine's configuration and version put
//! into machine code. Its first 32 bytes are the SHA-256 of the rest, so that a torn or altered file is noticed before
//! any of it is executed.

use std::{
    collections::HashSet,
    fs,
    hash::{Hash, Hasher},
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};

use palisade_model::plugin::Digest;
use ring::digest::{SHA256, SHA256_OUTPUT_LEN, digest};
use wasmtime::{Engine, component::Component};

/// What an artefact's name ends with.
const ARTEFACT: &str = "cwasm";

/// What the name of a compiler's directory begins with.
const SCRATCH: &str = "compile-";

/// What the name of an artefact ended with while it was written by earlier versions of the host.
const UNFINISHED: &str = "part";

/// The directory of artefacts.
pub(crate) struct Artefacts {
    directory: PathBuf,
    compatibility: String,
}

/// Why the cache could not be used.
#[derive(Debug, thiserror::Error)]
pub enum ArtefactError {
    /// The file system refused.
    #[error("cannot {what} {}", path.display())]
    Io {
        /// What was tried.
        what: &'static str,
        /// On which path.
        path: PathBuf,
        /// The system's answer.
        #[source]
        source: io::Error,
    },
    /// Others may write there.
    #[error("{} can be written by others: chmod go-w it, because code is loaded from there", .0.display())]
    Writable(PathBuf),
    /// The file is not what was written.
    #[error("{} is damaged: remove it and install the plugin again", .0.display())]
    Damaged(PathBuf),
}

impl Artefacts {
    pub(crate) fn open(directory: PathBuf, engine: &Engine) -> Result<Self, ArtefactError> {
        let io = |what| {
            let path = directory.clone();
            move |source| ArtefactError::Io { what, path, source }
        };
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&directory).map_err(io("create"))?;
        let mode = fs::metadata(&directory).map_err(io("read"))?.permissions().mode();
        if mode & 0o022 != 0 {
            return Err(ArtefactError::Writable(directory));
        }
        Ok(Self { directory, compatibility: compatibility(engine) })
    }

    /// Where the artefact of this component is, or will be.
    pub(crate) fn path(&self, component: &Digest) -> PathBuf {
        self.directory.join(format!("{component}-{}.{ARTEFACT}", self.compatibility))
    }

    pub(crate) fn directory(&self) -> &Path {
        &self.directory
    }

    /// Where a compilation may put its files. Every one needs another number.
    pub(crate) fn scratch(&self, component: &Digest, number: u64) -> PathBuf {
        let process = std::process::id();
        self.directory.join(format!("{SCRATCH}{}-{process}-{number}", component.short()))
    }

    /// Writes an artefact so that it is there whole or not at all. It is written in `scratch` first.
    pub(crate) fn put(&self, component: &Digest, code: &[u8], scratch: &Path) -> Result<(), ArtefactError> {
        let path = self.path(component);
        let io = |what| {
            let path = path.clone();
            move |source| ArtefactError::Io { what, path, source }
        };
        let unfinished = scratch.join("whole");
        let mut file = fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&unfinished)
            .map_err(io("create"))?;
        file.write_all(digest(&SHA256, code).as_ref())
            .and_then(|()| file.write_all(code))
            .and_then(|()| file.sync_all())
            .map_err(io("write"))?;
        fs::rename(&unfinished, &path).map_err(io("rename"))
    }

    /// Whether a whole artefact of this component is there. One that is torn or altered counts as none and is made
    /// again.
    pub(crate) fn holds(&self, component: &Digest) -> bool {
        matches!(self.read(component), Ok(Some(_)))
    }

    /// Reads an artefact's machine code; nothing if there is none for this engine.
    fn read(&self, component: &Digest) -> Result<Option<Vec<u8>>, ArtefactError> {
        let path = self.path(component);
        let mut bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(ArtefactError::Io { what: "read", path, source }),
        };
        match bytes.split_first_chunk::<SHA256_OUTPUT_LEN>() {
            Some((sum, code)) if digest(&SHA256, code).as_ref() == sum => {
                bytes.drain(..SHA256_OUTPUT_LEN);
                Ok(Some(bytes))
            }
            _ => Err(ArtefactError::Damaged(path)),
        }
    }

    /// Loads an artefact; nothing if there is none for this engine.
    pub(crate) fn load(
        &self,
        engine: &Engine,
        component: &Digest,
    ) -> Result<Option<Component>, ArtefactError> {
        let Some(code) = self.read(component)? else { return Ok(None) };
        // SAFETY: `deserialize` runs whatever machine code it is given, so `code` must be the output of this very
        // engine's compiler. It is: `put` is the only writer, and it is given what `compile_in_this_process` made;
        // the directory is writable by this user alone (checked in `open`); `read` hashed the bytes, in memory, and
        // they are the ones that are loaded; wasmtime itself checks that version and configuration match.
        #[allow(unsafe_code)]
        let loaded = unsafe { Component::deserialize(engine, code) };
        loaded.map(Some).map_err(|_| ArtefactError::Damaged(self.path(component)))
    }

    /// Bytes of an artefact; nothing if there is none.
    pub(crate) fn size(&self, component: &Digest) -> Option<u64> {
        fs::metadata(self.path(component)).ok().map(|metadata| metadata.len())
    }

    /// Deletes whatever an engine, this or another, may have left in the directory, but for these artefacts. What cannot be
    /// deleted is the error, when all else is.
    pub(crate) fn remove_all_but(&self, stay: &HashSet<PathBuf>) -> Result<(), ArtefactError> {
        let io = |what, path: &Path| {
            let path = path.to_owned();
            move |source| ArtefactError::Io { what, path, source }
        };
        let mut outcome = Ok(());
        for entry in fs::read_dir(&self.directory).map_err(io("read", &self.directory))? {
            let entry = entry.map_err(io("read", &self.directory))?;
            let path = entry.path();
            let is = |extension: &str| path.extension().is_some_and(|one| one == extension);
            let is_scratch = entry.file_name().to_string_lossy().starts_with(SCRATCH);
            let removed = if is_scratch && entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                fs::remove_dir_all(&path)
            } else if (is(ARTEFACT) || is(UNFINISHED)) && !stay.contains(&path) {
                fs::remove_file(&path)
            } else {
                continue;
            };
            match removed.map_err(io("delete", &path)) {
                Ok(()) => tracing::info!(path = %path.display(), "Removed what was left of compiling."),
                Err(error) => outcome = Err(error),
            }
        }
        outcome
    }

    /// Deletes an artefact, if it is there.
    pub(crate) fn remove(&self, component: &Digest) -> Result<(), ArtefactError> {
        let path = self.path(component);
        match fs::remove_file(&path) {
            Err(source) if source.kind() != io::ErrorKind::NotFound => {
                Err(ArtefactError::Io { what: "delete", path, source })
            }
            _ => Ok(()),
        }
    }
}

/// What the engine's version and configuration put into an artefact, as 16 hexadecimal digits.
pub(crate) fn compatibility(engine: &Engine) -> String {
    let mut hasher = std::hash::DefaultHasher::new();
    engine.precompile_compatibility_hash().hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}
