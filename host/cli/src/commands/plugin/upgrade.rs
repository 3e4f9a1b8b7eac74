//! `palisade plugin upgrade`

use std::path::PathBuf;

use clap::Args;
use palisade_model::plugin::Digest;
use palisade_sources::Reference;

use super::{
    consent::Consent,
    install::{self, Way},
    sources::{Fetcher, Place, SourceOptions},
};
use crate::{context::Context, error::Error, screen};

/// What to upgrade to.
#[derive(Args)]
pub(crate) struct Upgrade {
    /// The component of the other version: a file, an `https://` URL or an `oci://` reference, as for `install`
    source: PathBuf,
    /// What the digest of the file or URL must be
    #[arg(long, value_name = "sha256:HEX", value_parser = Reference::digest)]
    digest: Option<Digest>,
    #[command(flatten)]
    consent: Consent,
    #[command(flatten)]
    servers: SourceOptions,
}

pub(super) async fn run(command: Upgrade, context: &Context) -> Result<(), Error> {
    let Upgrade { source, digest, consent, servers } = command;
    consent.is_possible()?;
    let places = Place::all(&source, digest.as_ref())?;
    let [place] = places.as_slice() else {
        return Err(Error::Usage {
            what: format!("{} has {} components", source.display(), places.len()),
            next: "name the one to upgrade to, or install them all with `palisade plugin install`".into(),
        });
    };
    let host = context.host()?;
    let component = Fetcher::new(servers, &places)?.fetch(place, digest.as_ref()).await?;
    let way = Way { must_be_taken: true, json: context.json, consent };
    let plugin = install::install(&host, &component, way).await?.plugin;
    if context.json { screen::show_json(&plugin) } else { Ok(()) }
}
