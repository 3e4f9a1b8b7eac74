//! The data directory of a host: where everything lies in it, and what a running host leaves there for the commands.

use std::{
    fs, io,
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use crate::error::Error;

/// The data directory.
#[derive(Clone, Debug)]
pub(crate) struct Data(PathBuf);

/// What a running host says of itself, in `host.json`.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct HostFile {
    /// Where it listens.
    pub(crate) url: String,
    /// Its process.
    pub(crate) pid: u32,
    /// Its version.
    pub(crate) version: String,
}

impl Data {
    /// The given directory; without one, the user's own for Palisade (XDG Base Directory Specification).
    pub(crate) fn new(given: Option<PathBuf>) -> Result<Self, Error> {
        let absolute = |name| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
        given
            .or_else(|| Some(absolute("XDG_DATA_HOME")?.join("palisade")))
            .or_else(|| Some(absolute("HOME")?.join(".local/share/palisade")))
            .map(Self)
            .ok_or_else(|| Error::Usage {
                what: "there is no home directory to keep the data in".into(),
                next: "say where with --data".into(),
            })
    }

    /// Creates the directory, and the one for files in it, for its owner alone, unless they are there.
    pub(crate) fn create(&self) -> Result<(), Error> {
        let path = self.files();
        let created = fs::DirBuilder::new().recursive(true).mode(0o700).create(&path);
        created.map_err(|source| Error::File { what: "create", path, source })
    }

    /// The directory itself.
    pub(crate) fn directory(&self) -> &Path {
        &self.0
    }

    /// The policy.
    pub(crate) fn policy(&self) -> PathBuf {
        self.directory().join("policy.toml")
    }

    /// The database.
    pub(crate) fn store(&self) -> PathBuf {
        self.0.join("store")
    }

    /// The key that secrets are sealed with: beside the database, so that a copy of that gives no secret away.
    pub(crate) fn key(&self) -> PathBuf {
        self.0.join("key")
    }

    /// Compiled plugins.
    pub(crate) fn artefacts(&self) -> PathBuf {
        self.0.join("artefacts")
    }

    /// Files for assets, such as databases of addresses. The operator puts them here.
    pub(crate) fn files(&self) -> PathBuf {
        self.0.join("files")
    }

    /// The token that may do everything.
    pub(crate) fn admin_token(&self) -> PathBuf {
        self.0.join("admin.token")
    }

    /// The token that may send alerts.
    pub(crate) fn ingest_token(&self) -> PathBuf {
        self.0.join("ingest.token")
    }

    /// What the host that uses this directory says of itself; nothing if none runs.
    pub(crate) fn host(&self) -> Option<HostFile> {
        serde_json::from_slice(&fs::read(self.host_file()).ok()?).ok()
    }

    /// Writes what the host says of itself.
    pub(crate) fn put_host(&self, host: &HostFile) -> Result<(), Error> {
        let file = |source| Error::File { what: "write", path: self.host_file(), source };
        let text = serde_json::to_vec(host).map_err(|error| file(io::Error::other(error)))?;
        // Put in place as a whole: a command may look at this moment.
        let unfinished = self.host_file().with_extension("unfinished");
        fs::write(&unfinished, text).and_then(|()| fs::rename(&unfinished, self.host_file())).map_err(file)
    }

    /// Removes it, when the host stops.
    pub(crate) fn remove_host(&self) {
        // A file that stays behind only makes the next command say that nothing answers there.
        let _ = fs::remove_file(self.host_file());
    }

    fn host_file(&self) -> PathBuf {
        self.0.join("host.json")
    }
}
