//! How far the audit log went, kept beside the store.
//!
//! A chain shows that nothing in it was changed, but not that its end was cut off, or all of it made anew. So the last
//! head that was seen is kept in a file of its own, and the log must pass through it for ever.

use std::{
    fs, io,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use palisade_model::audit::Head;
use palisade_store::{Store, audit::parse};

/// Name of the file in the data directory.
const FILE: &str = "audit.head";

/// The file with the head.
pub(crate) struct HeadFile {
    path: PathBuf,
    /// Held while it is renewed.
    renewing: Mutex<()>,
}

/// Why the head cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum HeadError {
    /// The file cannot be read or written.
    #[error("cannot use {}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// The system's answer.
        #[source]
        source: io::Error,
    },
    /// The log does not pass through it.
    #[error(
        "the audit log does not pass through entry {seq} as it was when it was looked at before: `palisade audit verify` \
         says where it was changed"
    )]
    NotOnTheWay {
        /// Place of the entry.
        seq: u64,
    },
    /// The store.
    #[error("the audit log cannot be read")]
    Store(#[from] palisade_store::StoreError),
}

impl HeadFile {
    /// The file in this data directory.
    pub(crate) fn new(data: &Path) -> Self {
        Self { path: data.join(FILE), renewing: Mutex::default() }
    }

    /// The head that was kept; that of an empty log if none was.
    pub(crate) fn read(&self) -> Result<Head, HeadError> {
        match fs::read(&self.path) {
            Ok(text) => serde_json::from_slice(&text).map_err(|error| self.failed(error.into())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Head::default()),
            Err(error) => Err(self.failed(error)),
        }
    }

    /// Keeps the head that the log has now. If the log does not pass through the one that is kept, that one stays: it is
    /// the evidence.
    pub(crate) fn renew(&self, store: &dyn Store) -> Result<(), HeadError> {
        let _renewing = self.renewing.lock().unwrap_or_else(PoisonError::into_inner);
        let known = self.read()?;
        if known.seq > 0 {
            let line = store.audit(known.seq, 1)?;
            let entry = line.first().and_then(|(_, line)| parse(line).ok());
            if !entry.is_some_and(|entry| entry.seq == known.seq && entry.hash == known.hash) {
                return Err(HeadError::NotOnTheWay { seq: known.seq });
            }
        }
        let head = store.audit_head();
        // What is kept is never ahead of the disk, and never goes back.
        if head.seq > known.seq { self.write(&head).map_err(|error| self.failed(error)) } else { Ok(()) }
    }

    fn write(&self, head: &Head) -> io::Result<()> {
        // Put in place as a whole: the host may be killed at this moment.
        let unfinished = self.path.with_extension("head.unfinished");
        let mut file =
            fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&unfinished)?;
        serde_json::to_writer(&mut file, head)?;
        file.sync_all()?;
        fs::rename(&unfinished, &self.path)
    }

    fn failed(&self, source: io::Error) -> HeadError {
        HeadError::File { path: self.path.clone(), source }
    }
}
