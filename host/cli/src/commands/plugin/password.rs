//! The password of a secret key: never taken from the command line, where every process could read it.

use std::{
    env,
    path::{Path, PathBuf},
};

use clap::Args;
use palisade_package::{SecretKey, limits::PASSWORD_BYTES};

use super::{read_text, signing::SigningError};
use crate::{error::Error, prompt};

/// The environment variable that may hold it.
const VARIABLE: &str = "PALISADE_KEY_PASSWORD";

/// Where the password comes from.
#[derive(Args)]
pub(super) struct PasswordArguments {
    /// File with the password of the secret key [default: PALISADE_KEY_PASSWORD, else you are asked]
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
}

impl PasswordArguments {
    /// Opens the secret key in a file, with its password if it has one.
    pub(super) fn open(&self, file: &Path) -> Result<SecretKey, Error> {
        let failed = |source| SigningError::SecretKey { path: file.to_owned(), source };
        let text = read_text(file, palisade_package::limits::SECRET_KEY_BYTES)?;
        let password = match SecretKey::is_encrypted(&text).map_err(failed)? {
            false => None,
            true => Some(self.given()?.map_or_else(|| ask("Password"), Ok)?),
        };
        Ok(SecretKey::open(&text, password.as_deref()).map_err(failed)?)
    }

    /// A password for a new key.
    pub(super) fn new_password(&self) -> Result<String, Error> {
        if let Some(password) = self.given()? {
            return Ok(password);
        }
        let password = ask("Password for the secret key")?;
        if ask("The same again")? != password {
            return Err(Error::Usage {
                what: "the two passwords are not the same".into(),
                next: "try again; nothing was written".into(),
            });
        }
        Ok(password)
    }

    fn given(&self) -> Result<Option<String>, Error> {
        match &self.password_file {
            Some(file) => {
                let text = read_text(file, PASSWORD_BYTES + 2)?;
                Ok(Some(text.trim_end_matches(['\r', '\n']).to_owned()))
            }
            None => Ok(env::var(VARIABLE).ok()),
        }
    }
}

fn ask(what: &str) -> Result<String, Error> {
    if !prompt::is_possible() {
        return Err(Error::Usage {
            what: "nobody is at a terminal to type the password of the secret key".into(),
            next: format!("put it into {VARIABLE} or a file (--password-file)"),
        });
    }
    Ok(prompt::secret(what)?.expose().to_owned())
}
