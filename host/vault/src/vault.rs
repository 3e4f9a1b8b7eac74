//! Sealing and opening.

use std::{
    fmt,
    fs::{File, OpenOptions},
    io::{self, Read, Write},
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::Path,
};

use base64::{Engine, engine::general_purpose::STANDARD_NO_PAD as BASE64};
use ring::{
    aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey},
    rand::{SecureRandom, SystemRandom},
};

use crate::{Secret, VaultError};

/// What a sealed secret of this form begins with. It is bound to what is sealed, like the context.
const VERSION: &str = "v1:";

/// Bytes of a key of AES-256.
const KEY_BYTES: usize = 32;

/// Seals secrets with the key of a file, and opens them.
///
/// AES-256-GCM (RFC 5116) with a random nonce for each. NIST SP 800-38D allows 2^32 of these under one key.
pub struct Vault {
    key: LessSafeKey,
    random: SystemRandom,
}

impl Vault {
    /// Reads the key file. If there is none, makes a key and writes it, readable by its owner only.
    ///
    /// # Errors
    ///
    /// If the file cannot be read or made, if it does not hold a key, or if others may read it.
    pub fn open(key_file: &Path) -> Result<Self, VaultError> {
        let random = SystemRandom::new();
        let mut bytes = match read_key(key_file) {
            Err(VaultError::KeyFile { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
                create_key(key_file, &random)?
            }
            read => read?,
        };
        let key = UnboundKey::new(&AES_256_GCM, &bytes).expect("the key has the length of the algorithm");
        bytes.fill(0);
        std::hint::black_box(&mut bytes);
        Ok(Self { key: LessSafeKey::new(key), random })
    }

    /// Seals a secret for one use, such as `asset/shodan/api_key`: it opens for no other.
    ///
    /// # Errors
    ///
    /// [`VaultError::NoRandomness`].
    pub fn seal(&self, context: &str, secret: &Secret) -> Result<String, VaultError> {
        let plain = secret.expose().as_bytes();
        // Of the full size from the start, so that growing leaves no copy of the secret behind.
        let mut bytes = Vec::with_capacity(NONCE_LEN + plain.len() + AES_256_GCM.tag_len());
        let mut nonce = [0; NONCE_LEN];
        self.random.fill(&mut nonce).map_err(|_| VaultError::NoRandomness)?;
        bytes.extend_from_slice(&nonce);
        bytes.extend_from_slice(plain);
        let tag = self
            .key
            .seal_in_place_separate_tag(
                Nonce::assume_unique_for_key(nonce),
                bound(context),
                &mut bytes[NONCE_LEN..],
            )
            .expect("a secret is far shorter than the 64 GiB that AES-GCM can seal");
        bytes.extend_from_slice(tag.as_ref());
        Ok(format!("{VERSION}{}", BASE64.encode(bytes)))
    }

    /// Opens what was sealed for this use, and for no other.
    ///
    /// # Errors
    ///
    /// [`VaultError::DoesNotOpen`] if the key or the use is another one or the text was changed;
    /// [`VaultError::NotSealed`] if it is no sealed text at all.
    pub fn unseal(&self, context: &str, sealed: &str) -> Result<Secret, VaultError> {
        let not_sealed = || VaultError::NotSealed { context: context.to_owned() };
        let does_not_open = || VaultError::DoesNotOpen { context: context.to_owned() };
        let encoded = sealed.strip_prefix(VERSION).ok_or_else(not_sealed)?;
        let mut bytes = BASE64.decode(encoded).map_err(|_| not_sealed())?;
        let nonce = *bytes.first_chunk().ok_or_else(not_sealed)?;
        let nonce = Nonce::assume_unique_for_key(nonce);
        let plain = self.key.open_within(nonce, bound(context), &mut bytes, NONCE_LEN..);
        let length = plain.map_err(|_| does_not_open())?.len();
        bytes[length..].fill(0);
        bytes.truncate(length);
        let text = String::from_utf8(bytes).map_err(|_| does_not_open())?;
        Secret::new(text).map_err(|_| does_not_open())
    }
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Vault")
    }
}

/// What is authenticated with a secret although it is not part of it.
fn bound(context: &str) -> Aad<Vec<u8>> {
    Aad::from([VERSION.as_bytes(), context.as_bytes()].concat())
}

fn read_key(path: &Path) -> Result<[u8; KEY_BYTES], VaultError> {
    let failed = |source| VaultError::KeyFile { path: path.to_owned(), source };
    let mut file = File::open(path).map_err(failed)?;
    // Of the open file, so that it cannot be another one that is read.
    let mode = file.metadata().map_err(failed)?.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(VaultError::KeyExposed { path: path.to_owned(), mode });
    }
    let not_a_key = || VaultError::NotAKey { path: path.to_owned() };
    let mut key = [0; KEY_BYTES];
    file.read_exact(&mut key).map_err(|error| match error.kind() {
        io::ErrorKind::UnexpectedEof => not_a_key(),
        _ => failed(error),
    })?;
    if file.read(&mut [0]).map_err(failed)? != 0 {
        return Err(not_a_key());
    }
    Ok(key)
}

fn create_key(path: &Path, random: &SystemRandom) -> Result<[u8; KEY_BYTES], VaultError> {
    let mut key = [0; KEY_BYTES];
    random.fill(&mut key).map_err(|_| VaultError::NoRandomness)?;
    let write = || {
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
        file.write_all(&key)?;
        file.sync_all()?;
        // The name of a new file is data of its directory: a secret must not outlive the key it is sealed with.
        let directory = path.parent().filter(|directory| !directory.as_os_str().is_empty());
        File::open(directory.unwrap_or(Path::new(".")))?.sync_all()
    };
    write().map_err(|source| VaultError::KeyFile { path: path.to_owned(), source })?;
    Ok(key)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use tempfile::tempdir;

    use super::*;

    const USE: &str = "asset/shodan/api_key";

    fn secret() -> Secret {
        Secret::new("correct horse".to_owned()).unwrap()
    }

    #[test]
    fn opens_what_it_sealed_and_after_a_restart_too() {
        let directory = tempdir().unwrap();
        let key_file = directory.path().join("key");
        let vault = Vault::open(&key_file).unwrap();
        let sealed = vault.seal(USE, &secret()).unwrap();
        assert!(sealed.starts_with("v1:"));
        assert_ne!(sealed, vault.seal(USE, &secret()).unwrap(), "each has its own nonce");
        let reopened = Vault::open(&key_file).unwrap();
        assert_eq!(reopened.unseal(USE, &sealed).unwrap().expose(), "correct horse");
    }

    #[test]
    fn opens_nothing_that_was_moved_changed_or_sealed_elsewhere() {
        let directory = tempdir().unwrap();
        let vault = Vault::open(&directory.path().join("key")).unwrap();
        let sealed = vault.seal(USE, &secret()).unwrap();
        let refused = |result| matches!(result, Err(VaultError::DoesNotOpen { .. }));
        assert!(refused(vault.unseal("asset/shodan/other", &sealed)));
        let bytes = BASE64.decode(&sealed[VERSION.len()..]).unwrap();
        for index in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[index] ^= 1;
            let changed = format!("{VERSION}{}", BASE64.encode(changed));
            assert!(refused(vault.unseal(USE, &changed)), "byte {index} was changed");
        }
        let other = Vault::open(&directory.path().join("other")).unwrap();
        assert!(refused(other.unseal(USE, &sealed)));
        for no in ["", "v1:", "v1:!", "v1:AAAA", "v2:AAAA", "correct horse"] {
            assert!(matches!(vault.unseal(USE, no), Err(VaultError::NotSealed { .. })), "{no:?}");
        }
    }

    #[test]
    fn refuses_a_key_file_that_is_none_or_that_others_may_read() {
        let directory = tempdir().unwrap();
        let key_file = directory.path().join("key");
        Vault::open(&key_file).unwrap();
        let mode = |mode| fs::set_permissions(&key_file, fs::Permissions::from_mode(mode)).unwrap();
        assert_eq!(fs::metadata(&key_file).unwrap().permissions().mode() & 0o777, 0o600);
        for exposed in [0o640, 0o604, 0o620] {
            mode(exposed);
            let error = Vault::open(&key_file).unwrap_err();
            assert!(matches!(error, VaultError::KeyExposed { .. }), "{exposed:o}");
            assert!(error.to_string().contains("chmod 600"));
        }
        mode(0o400);
        Vault::open(&key_file).unwrap();
        mode(0o600);
        for length in [0, 31, 33] {
            fs::write(&key_file, vec![1; length]).unwrap();
            assert!(matches!(Vault::open(&key_file), Err(VaultError::NotAKey { .. })), "{length} bytes");
        }
        assert!(matches!(Vault::open(&directory.path().join("no/key")), Err(VaultError::KeyFile { .. })));
    }
}
