//! Secret keys of minisign (<https://jedisct1.github.io/minisign/>, "Secret key format"), and signing with them.

use base64::{Engine, prelude::BASE64_STANDARD};
use minisign::{KeyPair, SecretKeyBox};

use crate::{
    PublicKey,
    limits::{PASSWORD_BYTES, SECRET_KEY_BYTES},
};

/// Bytes of a secret key: algorithms, salt and limits of scrypt, number, key and checksum.
const BYTES: usize = 158;

/// Where it says how it is encrypted: nothing, or scrypt.
const ENCRYPTION: std::ops::Range<usize> = 2..4;

/// Half of a pair: whoever has it signs in the name of its owner.
pub struct SecretKey(minisign::SecretKey);

/// Why a secret key cannot be made or used.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The file is something else.
    #[error("this is no secret key of minisign: {0}")]
    NotASecretKey(&'static str),
    /// The key is encrypted.
    #[error("the secret key is encrypted, and there is no password")]
    NoPassword,
    /// It cannot be decrypted.
    #[error("the password is not that of this secret key, or the key is damaged")]
    Password,
    /// The password is too long.
    #[error("the password has more than {PASSWORD_BYTES} bytes")]
    LongPassword,
    /// The system or the library fails.
    #[error("{what}")]
    Failed {
        /// At what.
        what: &'static str,
        /// The library's words.
        #[source]
        source: minisign::PError,
    },
}

impl SecretKey {
    /// Makes a pair: the text of the secret key's file, encrypted if there is a password, and the public key.
    ///
    /// # Errors
    ///
    /// [`KeyError::LongPassword`]; [`KeyError::Failed`] if the system has no random bytes.
    pub fn generate(password: Option<&str>) -> Result<(String, PublicKey), KeyError> {
        let failed = |source| KeyError::Failed { what: "no key can be made", source };
        let KeyPair { pk, sk } = match password {
            Some(password) if password.len() > PASSWORD_BYTES => return Err(KeyError::LongPassword),
            Some(password) => KeyPair::generate_encrypted_keypair(Some(password.to_owned())),
            None => KeyPair::generate_unencrypted_keypair(),
        }
        .map_err(failed)?;
        let comment = match password {
            Some(_) => "minisign encrypted secret key",
            None => "minisign secret key, not encrypted",
        };
        let file = sk.to_box(Some(comment)).map_err(failed)?;
        Ok((file.into_string(), PublicKey::new(pk)))
    }

    /// Whether the key in this file needs a password.
    ///
    /// # Errors
    ///
    /// [`KeyError::NotASecretKey`].
    pub fn is_encrypted(file: &str) -> Result<bool, KeyError> {
        match bytes(file)?[ENCRYPTION] {
            [0, 0] => Ok(false),
            [b'S', b'c'] => Ok(true),
            _ => Err(KeyError::NotASecretKey("nobody knows how it is encrypted")),
        }
    }

    /// Opens the key in a file. scrypt takes up to a second and a gibibyte for that, as the file says.
    ///
    /// # Errors
    ///
    /// See [`KeyError`].
    pub fn open(file: &str, password: Option<&str>) -> Result<Self, KeyError> {
        let key = match (Self::is_encrypted(file)?, password) {
            // Not through the library's box: it wants a checksum, which the tool leaves out where it encrypts nothing. That
            // both halves fit is found when something is signed.
            (false, _) => minisign::SecretKey::from_bytes(&bytes(file)?),
            (true, None) => return Err(KeyError::NoPassword),
            (true, Some(password)) => {
                SecretKeyBox::from(file.to_owned()).into_secret_key(Some(password.to_owned()))
            }
        };
        key.map(Self).map_err(|_| KeyError::Password)
    }

    /// The other half.
    ///
    /// # Errors
    ///
    /// [`KeyError::Failed`] if the file had no whole pair.
    pub fn public_key(&self) -> Result<PublicKey, KeyError> {
        minisign::PublicKey::from_secret_key(&self.0)
            .map(PublicKey::new)
            .map_err(|source| KeyError::Failed { what: "the secret key has no public half", source })
    }

    /// Signs bytes, together with a comment of one line: the text of the signature's file.
    ///
    /// # Errors
    ///
    /// [`KeyError::Failed`] if the key is damaged, or the system has no random bytes.
    pub fn sign(&self, bytes: &[u8], comment: &str) -> Result<String, KeyError> {
        let failed = |source| KeyError::Failed { what: "the file cannot be signed", source };
        let untrusted = "signature from minisign secret key";
        let public = minisign::PublicKey::from_secret_key(&self.0).map_err(failed)?;
        let signature = minisign::sign(Some(&public), &self.0, bytes, Some(comment), Some(untrusted));
        Ok(signature.map_err(failed)?.into_string())
    }
}

/// The key in its file.
fn bytes(file: &str) -> Result<[u8; BYTES], KeyError> {
    let wrong = KeyError::NotASecretKey;
    if file.len() > SECRET_KEY_BYTES {
        return Err(wrong("it is too long"));
    }
    let key = file.lines().nth(1).ok_or(wrong("it must be a comment and a key, one line each"))?;
    let key = BASE64_STANDARD.decode(key).map_err(|_| wrong("the key is not Base64"))?;
    key.try_into().map_err(|_| wrong("the key has not the length of one"))
}
