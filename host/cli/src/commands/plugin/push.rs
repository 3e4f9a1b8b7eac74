//! `palisade plugin push`

use std::path::PathBuf;

use clap::Args;
use palisade_sources::{Artifact, Fetched, OciReference, SourceError, read_component};
use serde::Serialize;
use wit_component::DecodedWasm;

use super::{
    inspect::{Component, offline},
    sources::{Fetcher, SourceOptions},
};
use crate::{
    context::Context,
    error::Error,
    printable,
    progress::Spinner,
    screen,
    style::{BOLD, GOOD},
};

/// What to send where.
#[derive(Args)]
pub(crate) struct Push {
    /// A component; its signature in FILE.minisig goes along
    file: PathBuf,
    /// Where to: oci://REGISTRY/REPOSITORY:TAG; the tag may be left out
    reference: String,
    #[command(flatten)]
    servers: SourceOptions,
}

/// What was sent.
#[derive(Serialize)]
struct Pushed {
    /// What to install it with.
    reference: String,
    signature: bool,
}

pub(super) async fn run(command: Push, context: &Context) -> Result<(), Error> {
    let reference = OciReference::parse(&command.reference)
        .map_err(|source| SourceError::Reference { reference: command.reference.clone(), source })?;
    if reference.is_pinned() {
        return Err(Error::Usage {
            what: format!("{reference} names a digest, which is not yours to choose"),
            next: "leave it out; the answer has it".into(),
        });
    }
    let fetched = read_component(&command.file, None)?;
    let Component { manifest, .. } = offline(&command.file.display().to_string(), &fetched.component).await?;
    let identity = manifest.identity();
    let says = [
        ("org.opencontainers.image.title", identity.name.as_str()),
        ("org.opencontainers.image.version", &identity.version),
        ("org.opencontainers.image.description", &identity.description),
        ("org.opencontainers.image.vendor", &identity.publisher),
        ("dev.palisade.kind", manifest.kind()),
    ];
    let (imports, exports) = names(&fetched);
    let signature = fetched.signature.is_some();
    let artifact = Artifact {
        component: fetched.component,
        signature: fetched.signature,
        exports,
        imports,
        annotations: says.into_iter().map(|(key, text)| (key.to_owned(), text.to_owned())).collect(),
    };
    let fetcher = Fetcher::to(command.servers, &reference)?;
    let spinner = Spinner::new(format!("Sending {} to {reference}", identity.name));
    let pushed = fetcher.client().push(&reference, &artifact).await;
    drop(spinner);
    let pushed = Pushed { reference: pushed?.to_string(), signature };
    if context.json {
        return screen::show_json(&pushed);
    }
    let signed = if signature { "with its signature" } else { "without a signature" };
    screen::show(&format!(
        "{GOOD}✔{GOOD:#} {BOLD}{}{BOLD:#} {} was sent {signed}. Whoever wants exactly this installs\n  {}\n",
        identity.name,
        printable::line(&identity.version),
        pushed.reference
    ))
}

/// The names of what a component imports and exports, which its configuration in a registry tells.
fn names(component: &Fetched) -> (Vec<String>, Vec<String>) {
    let Ok(DecodedWasm::Component(resolve, world)) = wit_component::decode(&component.component) else {
        // The engine has loaded it; what other tools are told of it is no reason to keep it here.
        return (Vec::new(), Vec::new());
    };
    let world = &resolve.worlds[world];
    let imports = world.imports.keys().map(|key| resolve.name_world_key(key)).collect();
    (imports, world.exports.keys().map(|key| resolve.name_world_key(key)).collect())
}
