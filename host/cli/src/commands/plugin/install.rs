//! `palisade plugin install`

use std::path::PathBuf;

use clap::Args;
use palisade_model::plugin::{Digest, Plugin};
use palisade_sources::{Fetched, Reference};

use super::{
    locked,
    sources::{Fetcher, Place, SourceOptions},
};
use crate::{
    answers::Inspected,
    capabilities,
    client::Client,
    context::Context,
    error::Error,
    exit::Exit,
    limits::COMPILING_TIME,
    lock_file, printable,
    progress::Spinner,
    prompt, screen,
    style::{BOLD, GOOD, WARN},
};

/// What to install.
#[derive(Args)]
pub(crate) struct Install {
    /// Files, directories of `.wasm` files, `https://` URLs, or `oci://` references
    ///
    /// A signature is taken from FILE.minisig or URL.minisig, or from the registry. A URL needs the digest of what is
    /// there (https://HOST/FILE.wasm#sha256=HEX, or --digest); an OCI reference must name the digest of its manifest
    /// (oci://REGISTRY/REPOSITORY@sha256:HEX).
    #[arg(required_unless_present = "locked", value_name = "SOURCE")]
    sources: Vec<PathBuf>,
    /// What the digest of the one file or URL must be
    #[arg(long, value_name = "sha256:HEX", value_parser = Reference::digest)]
    digest: Option<Digest>,
    /// Grant what they ask for without a question
    #[arg(long)]
    grant_all: bool,
    /// Install exactly what a lock file says, with exactly the grants in it, and ask nothing
    #[arg(
        long,
        value_name = "FILE",
        num_args = 0..=1,
        default_missing_value = lock_file::NAME,
        conflicts_with_all = ["sources", "digest", "grant_all"]
    )]
    locked: Option<PathBuf>,
    /// Take the components of the lock file from this directory, by their digests, and nothing from a network
    #[arg(long, value_name = "DIR", requires = "locked")]
    from: Option<PathBuf>,
    #[command(flatten)]
    servers: SourceOptions,
}

pub(super) async fn run(command: Install, context: &Context) -> Result<Exit, Error> {
    if let Some(file) = &command.locked {
        return locked::run(file, command.from.as_deref(), command.servers, context).await;
    }
    if !command.grant_all && !prompt::is_possible() {
        return Err(Error::Usage {
            what: "nobody is at a terminal to grant what the plugins may do".into(),
            next: "look at each with `palisade plugin inspect SOURCE`, then install with --grant-all".into(),
        });
    }
    let digest = command.digest.as_ref();
    let places: Vec<_> =
        command.sources.iter().map(|given| Place::all(given, digest)).collect::<Result<_, _>>()?;
    let places: Vec<_> = places.into_iter().flatten().collect();
    if digest.is_some() && places.len() != 1 {
        return Err(Error::Usage {
            what: format!("--digest is of one component, and there are {}", places.len()),
            next: "install it by itself, or write each digest into its URL: #sha256=HEX".into(),
        });
    }
    let host = context.host()?;
    let fetcher = Fetcher::new(command.servers, &places)?;
    let mut installed = Vec::new();
    for place in &places {
        let component = fetcher.fetch(place, digest).await?;
        installed.push(install(&host, &component, command.grant_all, context.json).await?);
    }
    if context.json {
        screen::show_json(&installed)?;
    }
    Ok(Exit::Done)
}

/// Has the host compile a component and ask it what it is.
pub(super) async fn inspect(host: &Client, component: &Fetched) -> Result<Inspected, Error> {
    let spinner = Spinner::new(format!("The host compiles {}", printable::line(&component.source)));
    let answer = host.post_component("/api/v1/plugins/inspect", component, COMPILING_TIME).await;
    drop(spinner);
    answer?.read()
}

/// Installs one component, if it is not there already and the operator grants what it asks for.
async fn install(host: &Client, component: &Fetched, grant_all: bool, json: bool) -> Result<Plugin, Error> {
    let Inspected { digest, size, manifest, installed } = inspect(host, component).await?;
    let name = &manifest.identity().name;
    if let Some(installed) = installed.filter(|installed| installed.digest == digest) {
        if !json {
            screen::show(&format!("{BOLD}{name}{BOLD:#} is installed already, exactly this component.\n"))?;
        }
        return Ok(installed);
    }
    if !grant_all {
        screen::tell(&capabilities::screen(&digest, size, &manifest));
        if !prompt::confirm(&format!("\n{WARN}Grant this to {name} and install it?{WARN:#}"))? {
            return Err(Error::Declined(name.to_string()));
        }
    }
    let path = format!("/api/v1/plugins?grant={digest}");
    let plugin: Plugin = host.post_component(&path, component, COMPILING_TIME).await?.read()?;
    if !json {
        screen::show(&format!(
            "{GOOD}✔{GOOD:#} {BOLD}{name}{BOLD:#} {} is installed ({}, {}).\n",
            printable::line(&plugin.manifest.identity().version),
            plugin.manifest.kind(),
            plugin.digest.short()
        ))?;
    }
    Ok(plugin)
}
