//! `palisade plugin verify`

use std::path::{Path, PathBuf};

use clap::Args;
use palisade_model::{Timestamp, plugin::Digest, signer::SignedBy};
use palisade_package::{Key, NotTrusted, Package, TrustStore, digest};
use serde::Serialize;

use super::{
    read, read_signature,
    signing::{SigningError, TRUSTED},
};
use crate::{
    answers::Trust,
    commands::trust::public_key,
    context::Context,
    error::Error,
    printable, screen,
    style::{BOLD, DIM, GOOD},
};

/// What to verify, and by which keys.
#[derive(Args)]
pub(crate) struct Verify {
    /// Components; each signature is beside its file, with `.minisig` at the end of the name
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// A public key, or its file; may be given several times [default: the keys that the host trusts]
    ///
    /// With keys named here, no host is needed.
    #[arg(long = "key", value_name = "KEY")]
    keys: Vec<String>,
}

/// A file whose signature holds.
#[derive(Serialize)]
struct Verified {
    file: PathBuf,
    name: String,
    version: String,
    digest: Digest,
    signed_by: SignedBy,
    comment: String,
}

pub(super) async fn run(command: Verify, context: &Context) -> Result<(), Error> {
    let (trust, asked) = if command.keys.is_empty() {
        let Trust { keys } = context.host()?.get("/api/v1/trust").await?.read()?;
        (trusting(keys.into_iter().map(Key::from))?, TRUSTED)
    } else {
        let everything = || vec!["*".to_owned().try_into().expect("it is a pattern")];
        let key = |(place, key): (usize, &String)| {
            let name = format!("key-{place}").try_into().expect("it is a name");
            Ok(Key::new(name, public_key(key)?, everything(), Timestamp::now()))
        };
        let keys = command.keys.iter().enumerate().map(key).collect::<Result<Vec<_>, SigningError>>()?;
        (trusting(keys.into_iter())?, "those given")
    };
    let verified = command.files.iter().map(|file| verify(file, &trust, asked));
    let verified = verified.collect::<Result<Vec<_>, _>>()?;
    if context.json {
        return screen::show_json(&verified);
    }
    screen::show(&verified.iter().map(line).collect::<String>())
}

fn trusting(keys: impl Iterator<Item = Key>) -> Result<TrustStore, Error> {
    let mut trust = TrustStore::default();
    for key in keys {
        trust.add(key).map_err(|error| Error::Usage {
            what: format!("the keys cannot be used together: {error}"),
            next: "name each key once".into(),
        })?;
    }
    Ok(trust)
}

fn verify(file: &Path, trust: &TrustStore, asked: &'static str) -> Result<Verified, Error> {
    let path = file.to_owned();
    let component = read(file)?;
    let signature = read_signature(file)?;
    let unsigned = || SigningError::Unsigned(file.display().to_string());
    let signature = signature.ok_or_else(unsigned)?;
    let fails = |source: NotTrusted| SigningError::NotTrusted { path: path.clone(), source };
    let checked = trust.check(Some(&signature), &component).map_err(fails)?;
    let package = Package::read(&component);
    let package = package.map_err(|source| SigningError::Package { path: path.clone(), source })?;
    let manifest = package.manifest.ok_or_else(|| SigningError::NoManifest(path.clone()))?;
    let signed_by = checked.for_plugin(&manifest.identity().name).map_err(fails)?;
    if let SignedBy::Unknown { key } = signed_by {
        let source_name = file.display().to_string();
        return Err(SigningError::Unknown { source_name, key, asked }.into());
    }
    Ok(Verified {
        file: path,
        name: manifest.identity().name.to_string(),
        version: manifest.identity().version.clone(),
        digest: digest(&component),
        signed_by,
        comment: signature.comment().to_owned(),
    })
}

fn line(verified: &Verified) -> String {
    let key = match &verified.signed_by {
        SignedBy::Trusted(signer) => signer.key.as_str(),
        SignedBy::Unknown { .. } | SignedBy::Nobody => "",
    };
    format!(
        "{GOOD}✔{GOOD:#} {} is {BOLD}{}{BOLD:#} {}, exactly as key {key} signed it\n  {DIM}{}{DIM:#}\n",
        verified.file.display(),
        verified.name,
        printable::line(&verified.version),
        printable::line(&verified.comment)
    )
}
