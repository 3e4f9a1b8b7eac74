//! Public keys of minisign (<https://jedisct1.github.io/minisign/>, "Public key format").

use std::{fmt, io::Cursor};

use base64::{Engine, prelude::BASE64_STANDARD};
use palisade_model::signer::KeyId;
use serde::{Deserialize, Serialize};

use crate::{limits::PUBLIC_KEY_BYTES, signature::Signature, trust::NotTrusted};

/// Ed25519, the only algorithm there is.
const ALGORITHM: [u8; 2] = *b"Ed";

/// Half of a pair: whoever has it can tell what the other half signed.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PublicKey {
    key: minisign::PublicKey,
    id: KeyId,
}

/// Why a text is no public key.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("this is no public key of minisign: {0}")]
pub struct NotAPublicKey(&'static str);

impl PublicKey {
    /// Reads a key from what is in its file, or from the second line of that alone.
    ///
    /// # Errors
    ///
    /// [`NotAPublicKey`].
    pub fn parse(text: &[u8]) -> Result<Self, NotAPublicKey> {
        if text.len() > PUBLIC_KEY_BYTES {
            return Err(NotAPublicKey("it is too long"));
        }
        let text = std::str::from_utf8(text).map_err(|_| NotAPublicKey("it is not text"))?;
        let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
        let key = match (lines.next(), lines.next(), lines.next()) {
            (Some(key), None, None) => key,
            (Some(comment), Some(key), None) if comment.starts_with("untrusted comment:") => key,
            _ => return Err(NotAPublicKey("it must be a comment and a key, one line each")),
        };
        let bytes = BASE64_STANDARD.decode(key).map_err(|_| NotAPublicKey("the key is not Base64"))?;
        let bytes: [u8; 42] =
            bytes.try_into().map_err(|_| NotAPublicKey("the key has not the length of one"))?;
        if bytes[..2] != ALGORITHM {
            return Err(NotAPublicKey("the key is for an algorithm that nobody knows"));
        }
        let key =
            minisign::PublicKey::from_bytes(&bytes).map_err(|_| NotAPublicKey("the key cannot be read"))?;
        Ok(Self::new(key))
    }

    pub(crate) fn new(key: minisign::PublicKey) -> Self {
        let mut number = [0; 8];
        number.copy_from_slice(key.keynum());
        Self { key, id: KeyId::from_bytes(number) }
    }

    /// Its number.
    pub fn id(&self) -> &KeyId {
        &self.id
    }

    /// What goes into its file.
    pub fn to_file(&self) -> String {
        format!("untrusted comment: minisign public key {}\n{self}\n", self.id)
    }

    /// Checks a signature of these bytes, and the comment that is signed with it.
    ///
    /// # Errors
    ///
    /// [`NotTrusted::OtherKey`] if another key made it, [`NotTrusted::Forged`] if this one did not make it of these
    /// bytes.
    pub fn verify(&self, signature: &Signature, bytes: &[u8]) -> Result<(), NotTrusted> {
        if signature.key() != &self.id {
            return Err(NotTrusted::OtherKey { made_by: signature.key().clone(), asked: self.id.clone() });
        }
        // Quiet, without a copy to standard output, and also in the format before 2020, which hashes nothing beforehand.
        minisign::verify(&self.key, signature.inner(), Cursor::new(bytes), true, false, true)
            .map_err(|_| NotTrusted::Forged { key: self.id.clone() })
    }

    pub(crate) fn is(&self, other: &Self) -> bool {
        self.key == other.key
    }
}

/// The second line of its file.
impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.key.to_base64())
    }
}

impl TryFrom<String> for PublicKey {
    type Error = NotAPublicKey;

    fn try_from(text: String) -> Result<Self, NotAPublicKey> {
        Self::parse(text.as_bytes())
    }
}

impl From<PublicKey> for String {
    fn from(key: PublicKey) -> Self {
        key.to_string()
    }
}

impl PartialEq for PublicKey {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id && self.key == other.key
    }
}

impl Eq for PublicKey {}
