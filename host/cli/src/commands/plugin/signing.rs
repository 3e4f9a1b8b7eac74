//! Why a plugin's file cannot be signed, or its signature does not hold.

use std::path::PathBuf;

use palisade_model::signer::KeyId;
use palisade_package::{KeyError, NotAPublicKey, NotASignature, NotTrusted, PackageError};

/// The keys that a host was asked about.
pub(super) const TRUSTED: &str = "those that the host trusts";

/// Why a plugin's file cannot be signed, or its signature does not hold.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SigningError {
    /// A new key cannot be made.
    #[error("there is no new key")]
    NewKey(#[source] KeyError),
    /// The secret key cannot be used.
    #[error("the secret key in {} cannot be used", .path.display())]
    SecretKey {
        /// Its file.
        path: PathBuf,
        /// Why.
        #[source]
        source: KeyError,
    },
    /// The public key cannot be used.
    #[error("there is no public key in {key:?}")]
    PublicKey {
        /// A file, or what was given in place of one.
        key: String,
        /// Why.
        #[source]
        source: NotAPublicKey,
    },
    /// What should be signed is no plugin.
    #[error("{} is no plugin", .path.display())]
    Package {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: PackageError,
    },
    /// It does not say what it is.
    #[error("{} does not say which plugin it is", .0.display())]
    NoManifest(PathBuf),
    /// There is no signature.
    #[error(
        "{0} is not signed: no signature is beside it, in a file of the same name with .minisig at its end"
    )]
    Unsigned(String),
    /// The file beside it is no signature.
    #[error("{} is no signature", .path.display())]
    NotASignature {
        /// The signature's file.
        path: PathBuf,
        /// Why.
        #[source]
        source: NotASignature,
    },
    /// The signature does not hold.
    #[error("the signature of {} does not hold", .path.display())]
    NotTrusted {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: NotTrusted,
    },
    /// A key made it that was not asked about.
    #[error("{source_name} is signed with key {key}, which is none of {asked}")]
    Unknown {
        /// The file.
        source_name: String,
        /// The key.
        key: KeyId,
        /// Which keys were asked about.
        asked: &'static str,
    },
}

impl SigningError {
    /// What to do about it.
    pub(crate) fn next(&self) -> Option<String> {
        let next = match self {
            Self::NoManifest(_) => "build it with `palisade plugin build`, which writes its manifest into it",
            Self::Unsigned(_) => {
                "put its author's signature there, or sign it yourself with `palisade plugin sign`; to install it all the same, \
                 give --allow-unsigned, which the audit log records"
            }
            Self::NotTrusted { .. } => {
                "get the file and its signature from their author again; if it is the same, do not install it"
            }
            Self::Unknown { .. } => {
                "ask its author which key is theirs, on another way than the file came; then trust it with \
                 `palisade trust add`; to install it all the same, give --allow-unsigned, which the audit log records"
            }
            _ => return None,
        };
        Some(next.to_owned())
    }
}
