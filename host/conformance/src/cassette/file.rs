//! Files of cassettes: one directory for each plugin, one JSON file for each case.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use serde::de::DeserializeOwned;

use super::Cassette;
use crate::limits::{CASSETTE_BYTES, CASSETTES};

/// What is in a file, and the file's name without `.json`.
#[derive(Clone, Debug)]
pub(crate) struct Case<T = Cassette> {
    /// The name.
    pub(crate) name: String,
    /// What is in it.
    pub(crate) cassette: T,
}

/// What a file of a directory of cassettes may hold.
pub(crate) trait Content: DeserializeOwned {
    /// What the types of its parts leave open.
    fn check(&self) -> Result<(), String> {
        Ok(())
    }
}

/// Why cassettes cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CassetteError {
    /// The file or directory cannot be read or written.
    #[error("{} cannot be used", .path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// The system's answer.
        #[source]
        source: io::Error,
    },
    /// It is larger than a cassette may be.
    #[error("{} has more than {CASSETTE_BYTES} bytes: leave out of the answers what does not matter", .path.display())]
    TooLarge {
        /// Which.
        path: PathBuf,
    },
    /// There are too many.
    #[error("{} has more than {CASSETTES} cassettes", .path.display())]
    TooMany {
        /// The directory.
        path: PathBuf,
    },
    /// It is no cassette.
    #[error("{} is no cassette", .path.display())]
    Json {
        /// Which.
        path: PathBuf,
        /// Where, and why.
        #[source]
        source: serde_json::Error,
    },
    /// A part of it makes no sense.
    #[error("{} is no cassette: {why}", .path.display())]
    Part {
        /// Which.
        path: PathBuf,
        /// Which part, and why.
        why: String,
    },
}

impl<T: Content> Case<T> {
    /// All cassettes of a directory: its files `*.json`, in the order of their names. None if there is no such directory.
    ///
    /// # Errors
    ///
    /// [`CassetteError`] at the first file that is no cassette.
    pub(crate) fn read_all(directory: &Path) -> Result<Vec<Self>, CassetteError> {
        let failed = |source| CassetteError::File { path: directory.to_owned(), source };
        let entries = match fs::read_dir(directory) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(failed(error)),
        };
        let mut paths = Vec::new();
        for entry in entries {
            let path = entry.map_err(failed)?.path();
            if path.extension().is_some_and(|extension| extension == "json") {
                paths.push(path);
            }
        }
        if paths.len() > CASSETTES {
            return Err(CassetteError::TooMany { path: directory.to_owned() });
        }
        paths.sort();
        paths.iter().map(|path| Self::read(path)).collect()
    }

    pub(crate) fn read(path: &Path) -> Result<Self, CassetteError> {
        let file = |source| CassetteError::File { path: path.to_owned(), source };
        let size = fs::metadata(path).map_err(file)?.len();
        if size > CASSETTE_BYTES {
            return Err(CassetteError::TooLarge { path: path.to_owned() });
        }
        let text = fs::read(path).map_err(file)?;
        let cassette: T = serde_json::from_slice(&text)
            .map_err(|source| CassetteError::Json { path: path.to_owned(), source })?;
        cassette.check().map_err(|why| CassetteError::Part { path: path.to_owned(), why })?;
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        Ok(Self { name, cassette })
    }
}

impl Cassette {
    /// The cassette in a file.
    ///
    /// # Errors
    ///
    /// [`CassetteError`].
    pub fn read(path: &Path) -> Result<Self, CassetteError> {
        Ok(Case::<Self>::read(path)?.cassette)
    }

    /// Writes it to a file, for people to read and edit.
    ///
    /// # Errors
    ///
    /// [`CassetteError::File`].
    pub fn write(&self, path: &Path) -> Result<(), CassetteError> {
        let failed = |source| CassetteError::File { path: path.to_owned(), source };
        let text = serde_json::to_string_pretty(self).map_err(|error| failed(io::Error::other(error)))?;
        fs::write(path, text + "\n").map_err(failed)
    }
}
