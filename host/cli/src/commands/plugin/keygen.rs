//! `palisade plugin keygen`

use std::{
    fs,
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use clap::Args;
use palisade_package::SecretKey;
use serde_json::json;

use super::{password::PasswordArguments, signing::SigningError};
use crate::{
    context::Context,
    error::Error,
    screen,
    style::{BOLD, GOOD},
};

/// Where to write a new pair of keys.
#[derive(Args)]
pub(crate) struct Keygen {
    /// File of the secret key; the public key goes beside it, as FILE with the extension `pub`
    #[arg(default_value = "palisade.key", value_name = "FILE")]
    file: PathBuf,
    #[command(flatten)]
    password: PasswordArguments,
    /// Do not encrypt the secret key: whoever reads its file can sign as you
    #[arg(long, conflicts_with = "password_file")]
    no_password: bool,
}

pub(super) fn run(command: &Keygen, context: &Context) -> Result<(), Error> {
    let public_file = command.file.with_extension("pub");
    // Looked at before anybody thinks of a password. What really keeps a key from being overwritten is `create`.
    for path in [&command.file, &public_file] {
        if path.exists() {
            let source = io::Error::new(
                io::ErrorKind::AlreadyExists,
                "it is there already, and nobody could make it again",
            );
            return Err(Error::File { what: "create", path: path.clone(), source });
        }
    }
    let password = if command.no_password { None } else { Some(command.password.new_password()?) };
    let (secret, public) = SecretKey::generate(password.as_deref()).map_err(SigningError::NewKey)?;
    create(&command.file, 0o600, &secret)?;
    create(&public_file, 0o644, &public.to_file())?;
    if context.json {
        return screen::show_json(&json!({
            "id": public.id(), "public_key": public, "secret_key_file": command.file, "public_key_file": public_file,
        }));
    }
    screen::show(&format!(
        "{GOOD}✔{GOOD:#} Key {BOLD}{}{BOLD:#}\n  \
         secret  {}  keep it where nobody else can read it, and a copy of it\n  \
         public  {}  {public}\n\
         Sign with `palisade plugin sign FILE --key {}`. Operators trust it with\n  \
         palisade trust add {public} --name NAME --for 'NAME-*'\n",
        public.id(),
        command.file.display(),
        public_file.display(),
        command.file.display(),
    ))
}

fn create(path: &Path, mode: u32, text: &str) -> Result<(), Error> {
    let file = fs::OpenOptions::new().write(true).create_new(true).mode(mode).open(path);
    file.and_then(|mut file| file.write_all(text.as_bytes()).and_then(|()| file.sync_all()))
        .map_err(|source| Error::File { what: "create", path: path.to_owned(), source })
}
