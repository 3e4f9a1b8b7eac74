//! `palisade plugin sign`

use std::{
    fs,
    path::{Path, PathBuf},
};

use clap::Args;
use palisade_model::plugin::Digest;
use palisade_package::{Package, SecretKey, digest};
use serde::Serialize;

use super::{password::PasswordArguments, read, signature_file, signing::SigningError};
use crate::{
    context::Context,
    error::Error,
    printable, screen,
    style::{BOLD, DIM, GOOD},
};

/// What to sign, and with what.
#[derive(Args)]
pub(crate) struct Sign {
    /// Components, as `palisade plugin build` made them
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// File of the secret key, as `palisade plugin keygen` or `minisign -G` made it
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    #[command(flatten)]
    password: PasswordArguments,
}

/// A signature that was made.
#[derive(Serialize)]
struct Signed {
    name: String,
    version: String,
    digest: Digest,
    key: palisade_model::signer::KeyId,
    signature: PathBuf,
}

pub(super) fn run(command: &Sign, context: &Context) -> Result<(), Error> {
    let key = command.password.open(&command.key)?;
    let signed = command.files.iter().map(|file| sign(file, &key));
    let signed = signed.collect::<Result<Vec<_>, _>>()?;
    if context.json {
        return screen::show_json(&signed);
    }
    screen::show(&signed.iter().map(line).collect::<String>())
}

fn sign(file: &Path, key: &SecretKey) -> Result<Signed, Error> {
    let component = read(file)?;
    let package = Package::read(&component);
    let package = package.map_err(|source| SigningError::Package { path: file.to_owned(), source })?;
    let manifest = package.manifest.ok_or_else(|| SigningError::NoManifest(file.to_owned()))?;
    let identity = manifest.identity();
    let digest = digest(&component);
    // Fields as minisign itself writes them. The signature covers them, and people and tools can read them.
    let version: String = identity.version.chars().filter(|c| !c.is_control()).collect();
    let comment = format!("name:{}\tversion:{version}\tsha256:{digest}", identity.name);
    let failed = |source| SigningError::SecretKey { path: file.to_owned(), source };
    let text = key.sign(&component, &comment).map_err(failed)?;
    let signature = signature_file(file);
    let written = fs::write(&signature, text);
    written.map_err(|source| Error::File { what: "write", path: signature.clone(), source })?;
    let key = key.public_key().map_err(failed)?.id().clone();
    Ok(Signed { name: identity.name.to_string(), version, digest, key, signature })
}

fn line(signed: &Signed) -> String {
    format!(
        "{GOOD}✔{GOOD:#} {BOLD}{}{BOLD:#} {} is signed with key {}\n  {}  {DIM}(SHA-256 {}){DIM:#}\n",
        signed.name,
        printable::line(&signed.version),
        signed.key,
        signed.signature.display(),
        signed.digest
    )
}
