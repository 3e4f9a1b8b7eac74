//! Why the vault could not do what it was asked.

use std::{io, path::PathBuf};

/// Why the vault could not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// The key file could not be read or created.
    #[error(
        "cannot use the key file {path:?}: check that its directory exists and that this user may write there"
    )]
    KeyFile {
        /// The key file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Others may read the key file.
    #[error("the key file {path:?} has mode {mode:03o}, so others may read it: run `chmod 600` on it")]
    KeyExposed {
        /// The key file.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
    },
    /// The key file does not hold a key.
    #[error(
        "the key file {path:?} does not hold a key, which is 32 bytes: restore it from a backup; delete it only if nothing was ever sealed with it"
    )]
    NotAKey {
        /// The key file.
        path: PathBuf,
    },
    /// The system gave no random numbers.
    #[error("the system gave no random numbers, without which nothing can be sealed")]
    NoRandomness,
    /// The text is not something that a vault sealed.
    #[error("the secret {context:?} is not stored in a form that this palisade knows: enter it again")]
    NotSealed {
        /// What the secret is for.
        context: String,
    },
    /// It was sealed with another key or for another use, or was changed.
    #[error(
        "the secret {context:?} does not open: the key file is another one, or what is stored was changed; restore the key file, or enter the secret again"
    )]
    DoesNotOpen {
        /// What the secret is for.
        context: String,
    },
}
