//! Signatures of minisign (<https://jedisct1.github.io/minisign/>, "Signature format").

use base64::{Engine, prelude::BASE64_STANDARD};
use minisign::SignatureBox;
use palisade_model::signer::KeyId;

use crate::limits::SIGNATURE_BYTES;

/// A signature of some file, which nobody has checked yet.
pub struct Signature {
    signature: SignatureBox,
    key: KeyId,
    comment: String,
}

/// Why a file is no signature.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("this is no signature of minisign: {0}")]
pub struct NotASignature(&'static str);

impl Signature {
    /// Reads what is in the file of a signature.
    ///
    /// # Errors
    ///
    /// [`NotASignature`].
    pub fn parse(file: &[u8]) -> Result<Self, NotASignature> {
        if file.len() > SIGNATURE_BYTES {
            return Err(NotASignature("it is too long"));
        }
        let text = std::str::from_utf8(file).map_err(|_| NotASignature("it is not text"))?;
        let lines: Vec<_> = text.lines().collect();
        let [untrusted, signature, trusted, of_comment] = lines[..] else {
            return Err(NotASignature("it must have four lines"));
        };
        if !untrusted.starts_with("untrusted comment: ") {
            return Err(NotASignature("its first line must begin with `untrusted comment: `"));
        }
        if !trusted.starts_with("trusted comment: ") {
            return Err(NotASignature("its third line must begin with `trusted comment: `"));
        }
        // The library takes signatures of any length apart as if they were whole.
        let signature: [u8; 74] = bytes(signature).ok_or(NotASignature("its second line is no signature"))?;
        let _of_comment: [u8; 64] =
            bytes(of_comment).ok_or(NotASignature("its fourth line is no signature"))?;
        let mut number = [0; 8];
        number.copy_from_slice(&signature[2..10]);
        let signature =
            SignatureBox::from_string(text).map_err(|_| NotASignature("nobody knows its algorithm"))?;
        let comment = signature.trusted_comment().map_err(|_| NotASignature("its comment is not text"))?;
        Ok(Self { signature, key: KeyId::from_bytes(number), comment })
    }

    /// The number of the key that made it, as it says.
    pub fn key(&self) -> &KeyId {
        &self.key
    }

    /// The comment that was signed with the file. It is anybody's until the signature was checked.
    pub fn comment(&self) -> &str {
        &self.comment
    }

    pub(crate) fn inner(&self) -> &SignatureBox {
        &self.signature
    }
}

fn bytes<const LENGTH: usize>(line: &str) -> Option<[u8; LENGTH]> {
    BASE64_STANDARD.decode(line.trim()).ok()?.try_into().ok()
}
