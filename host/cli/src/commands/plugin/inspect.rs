//! `palisade plugin inspect`

use std::path::{Path, PathBuf};

use clap::Args;
use palisade_model::{
    name::Name,
    plugin::{Digest, Manifest, Plugin},
    signer::KeyId,
};
use palisade_package::{Package, Signature, disagreement};
use palisade_sources::Reference;
use serde::Serialize;

use super::{
    signing::SigningError,
    sources::{Fetcher, Place, SourceOptions},
    workbench::{Failed, Workbench, refused},
};
use crate::{capabilities, context::Context, error::Error, package_screen, progress::Spinner, screen};

/// A component that was looked at without a host.
#[derive(Serialize)]
pub(super) struct Component {
    pub(super) digest: Digest,
    pub(super) size: u64,
    pub(super) manifest: Manifest,
    pub(super) package: Package,
}

/// The same with the signature that came with it, which nobody has checked.
#[derive(Serialize)]
struct Inspected {
    #[serde(flatten)]
    component: Component,
    signature: Option<Signed>,
}

#[derive(Serialize)]
struct Signed {
    key: KeyId,
    comment: String,
}

/// What to look at.
#[derive(Args)]
pub(crate) struct Inspect {
    /// The name of an installed plugin, or whatever `plugin install` takes
    #[arg(value_name = "PLUGIN")]
    plugin: PathBuf,
    /// What the digest of the file or URL must be
    #[arg(long, value_name = "sha256:HEX", value_parser = Reference::digest)]
    digest: Option<Digest>,
    #[command(flatten)]
    servers: SourceOptions,
}

pub(super) async fn run(command: Inspect, context: &Context) -> Result<(), Error> {
    // A name has neither dots nor slashes; a file of a plugin has an extension, or it is written as a path.
    match command.plugin.to_str().and_then(|text| text.parse::<Name>().ok()) {
        Some(name) if !Path::new(&command.plugin).exists() => {
            let answer = context.host()?.get(&format!("/api/v1/plugins/{name}")).await?;
            context.show(answer, |plugin: Plugin| {
                let signed = plugin.signed_by.as_ref().map(package_screen::judged);
                let signed = signed.map(|by| format!("\nSigned  {by}\n")).unwrap_or_default();
                capabilities::screen(&plugin.digest, plugin.size, &plugin.manifest) + &signed
            })
        }
        _ => elsewhere(command, context).await,
    }
}

async fn elsewhere(command: Inspect, context: &Context) -> Result<(), Error> {
    let digest = command.digest.as_ref();
    let places = Place::all(&command.plugin, digest)?;
    let fetcher = Fetcher::new(command.servers, &places)?;
    for place in &places {
        let fetched = fetcher.fetch(place, digest).await?;
        let signature =
            fetched.signature.as_deref().map(|file| Signature::parse(file.as_bytes())).transpose();
        let not_a_signature =
            |source| SigningError::NotASignature { path: format!("{place}.minisig").into(), source };
        let signature = signature.map_err(not_a_signature)?;
        let component = offline(&place.to_string(), &fetched.component).await?;
        if context.json {
            let signature = signature.as_ref().map(Signed::from);
            screen::show_json(&Inspected { component, signature })?;
        } else {
            let Component { digest, size, manifest, package } = component;
            let package = package_screen::screen(&package, &package_screen::unjudged(signature.as_ref()));
            screen::show(&(capabilities::screen(&digest, size, &manifest) + &package))?;
        }
    }
    Ok(())
}

/// Compiles a component and asks it what it is, in a sandbox of its own that can reach nothing.
pub(super) async fn offline(source: &str, component: &[u8]) -> Result<Component, Error> {
    let workbench = Workbench::new()?;
    let spinner = Spinner::new(format!("Compiling {source}"));
    let looked = look(&workbench, component).await;
    drop(spinner);
    looked.map_err(|failed| refused(source.as_ref(), failed))
}

async fn look(workbench: &Workbench, component: &[u8]) -> Result<Component, Failed> {
    let package = Package::read(component)?;
    let (compiled, manifest) = workbench.describe(component).await?;
    if let Some(disagreement) = disagreement(&package, &manifest) {
        return Err(format!("the package does not tell the truth: {disagreement}").into());
    }
    let digest = compiled.digest().clone();
    Ok(Component { digest, size: component.len() as u64, manifest, package })
}

impl From<&Signature> for Signed {
    fn from(signature: &Signature) -> Self {
        Self { key: signature.key().clone(), comment: signature.comment().to_owned() }
    }
}
