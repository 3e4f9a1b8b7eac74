//! A secret in memory.

use std::fmt;

use palisade_model::limits::{SECRET_BYTES_MAX, SECRET_BYTES_MIN};

/// A secret in plain text. It cannot be printed or serialized by accident: whoever wants the text calls [`expose`].
///
/// The bytes are overwritten when it is dropped. That is best effort: safe Rust cannot keep the compiler from moving
/// a value, and what [`expose`] lends may be copied.
///
/// [`expose`]: Secret::expose
#[derive(Clone)]
pub struct Secret(Vec<u8>);

/// Why a text cannot be a [`Secret`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotASecret {
    /// Too short to be scrubbed from answers without tearing them apart.
    #[error(
        "a secret of {bytes} bytes is too short: below {SECRET_BYTES_MIN} it cannot be scrubbed from logs and answers"
    )]
    TooShort {
        /// Its length.
        bytes: usize,
    },
    /// Too long.
    #[error("a secret of {bytes} bytes is too long: at most {SECRET_BYTES_MAX}")]
    TooLong {
        /// Its length.
        bytes: usize,
    },
}

impl Secret {
    /// Takes the text over.
    ///
    /// # Errors
    ///
    /// If it is shorter than [`SECRET_BYTES_MIN`] or longer than [`SECRET_BYTES_MAX`].
    pub fn new(text: String) -> Result<Self, NotASecret> {
        // Wrapped first, so that a refused text is overwritten too.
        let secret = Self(text.into_bytes());
        match secret.0.len() {
            bytes if bytes < SECRET_BYTES_MIN => Err(NotASecret::TooShort { bytes }),
            bytes if bytes > SECRET_BYTES_MAX => Err(NotASecret::TooLong { bytes }),
            _ => Ok(secret),
        }
    }

    /// The text itself. Keep it no longer than the one use.
    pub fn expose(&self) -> &str {
        std::str::from_utf8(&self.0).expect("the bytes came from a String")
    }
}

impl Drop for Secret {
    fn drop(&mut self) {
        self.0.fill(0);
        // Without a reader the compiler may leave the fill out.
        std::hint::black_box(&mut self.0);
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secret]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_never_printed() {
        let secret = Secret::new("correct horse".to_owned()).unwrap();
        assert_eq!(format!("{secret:?} {:?}", Some(&secret)), "[secret] Some([secret])");
        assert_eq!(secret.expose(), "correct horse");
    }

    #[test]
    fn has_bounds() {
        assert_eq!(Secret::new("12345".to_owned()).unwrap_err(), NotASecret::TooShort { bytes: 5 });
        let long = SECRET_BYTES_MAX + 1;
        assert_eq!(Secret::new("x".repeat(long)).unwrap_err(), NotASecret::TooLong { bytes: long });
        assert!(Secret::new("x".repeat(SECRET_BYTES_MAX)).is_ok());
    }
}
