//! The two tokens of an installation: one for its admin, one for sources of alerts. Users have others (`users.rs`).
//!
//! The host keeps only their SHA-256. The plain text is written once, into files that only the owner can read, so that
//! the command line on the same machine finds it.

use std::{
    fs,
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use palisade_model::{
    audit::{ADMIN, INGEST},
    hex,
    name::Name,
    plugin::Digest,
};
use palisade_store::{Store, StoreError};
use ring::{
    digest::{SHA256, digest},
    rand::{SecureRandom, SystemRandom},
};
use serde_json::Value;

/// Random bytes of a token: beyond guessing.
const TOKEN_BYTES: usize = 24;

/// Where the tokens of a first start were written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewTokens {
    /// For `/api/v1`.
    pub admin: PathBuf,
    /// For `/ingest`.
    pub ingest: PathBuf,
}

/// Why the tokens are not there.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// A file cannot be written.
    #[error("cannot write the token to {}", path.display())]
    Write {
        /// Which.
        path: PathBuf,
        /// The system's answer.
        #[source]
        source: io::Error,
    },
    /// The system has no random bytes.
    #[error("the system has no random bytes for a token")]
    Random,
    /// The store failed.
    #[error("the tokens cannot be read or kept")]
    Store(#[from] StoreError),
}

/// Hashes of the tokens that are valid.
pub(crate) struct Tokens {
    admin: String,
    ingest: String,
}

impl Tokens {
    /// Reads the hashes, or makes the tokens at the first start.
    pub(crate) async fn open(
        store: &dyn Store,
        data: &Path,
    ) -> Result<(Self, Option<NewTokens>), TokenError> {
        let (admin, new_admin) = one(store, data, "admin").await?;
        let (ingest, new_ingest) = one(store, data, "ingest").await?;
        let new = (new_admin || new_ingest)
            .then(|| NewTokens { admin: file(data, "admin"), ingest: file(data, "ingest") });
        Ok((Self { admin, ingest }, new))
    }

    /// Whether this is the hash of the admin's token.
    pub(crate) fn is_admin(&self, token: &Digest) -> bool {
        // Comparing hashes takes a time that tells nothing of the token.
        token.as_str() == self.admin
    }

    /// Who may send alerts with the token of this hash. The admin may do everything.
    pub(crate) fn source(&self, token: &Digest) -> Option<&'static str> {
        if token.as_str() == self.ingest { Some(INGEST) } else { self.is_admin(token).then_some(ADMIN) }
    }
}

async fn one(store: &dyn Store, data: &Path, role: &str) -> Result<(String, bool), TokenError> {
    let name: Name = format!("token-{role}").try_into().expect("a role is a word in lower case");
    if let Some(Value::String(hash)) = store.setting(&name)? {
        return Ok((hash, false));
    }
    let token = new_token()?;
    // The file first: a token in the store whose plain text nobody has would lock everybody out.
    let path = file(data, role);
    write(&path, &token).map_err(|source| TokenError::Write { path, source })?;
    let hash = String::from(hash(&token));
    store.put_setting(name, Value::from(hash.clone())).await?;
    Ok((hash, true))
}

fn file(data: &Path, role: &str) -> PathBuf {
    data.join(format!("{role}.token"))
}

fn write(path: &Path, token: &str) -> io::Result<()> {
    // Not over an old file, whose mode would stay.
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    writeln!(file, "{token}")?;
    file.sync_all()
}

/// A token that nobody has.
pub(crate) fn new_token() -> Result<String, TokenError> {
    let mut bytes = [0; TOKEN_BYTES];
    SystemRandom::new().fill(&mut bytes).map_err(|_| TokenError::Random)?;
    Ok(hex(&bytes))
}

/// What is kept of a token.
pub(crate) fn hash(token: &str) -> Digest {
    let mut bytes = [0; 32];
    bytes.copy_from_slice(digest(&SHA256, token.as_bytes()).as_ref());
    Digest::from_bytes(bytes)
}
