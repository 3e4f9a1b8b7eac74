//! `palisade plugin install`

use std::path::PathBuf;

use clap::Args;
use palisade_model::plugin::{Digest, Manifest, Plugin};
use palisade_sources::{Fetched, Reference};

use super::{
    consent::Consent,
    enable, installed, locked,
    sources::{Fetcher, Place, SourceOptions},
};
use crate::{
    answers::Inspected,
    client::Client,
    context::Context,
    error::Error,
    exit::Exit,
    limits::{COMPILING_TIME, REQUEST_TIME},
    lock_file, printable,
    progress::Spinner,
    screen,
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
    #[command(flatten)]
    consent: Consent,
    /// Install exactly what a lock file says, with exactly the grants in it, and ask nothing
    #[arg(
        long,
        value_name = "FILE",
        num_args = 0..=1,
        default_missing_value = lock_file::NAME,
        conflicts_with_all = ["sources", "digest", "grant_all", "grant_wider", "accept_breaks", "anyway"]
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
        return locked::run(
            file,
            command.from.as_deref(),
            command.servers,
            locked::Allowed {
                unsigned: command.consent.allow_unsigned,
                downgrade: command.consent.allow_downgrade,
            },
            context,
        )
        .await;
    }
    command.consent.is_possible()?;
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
    let way = Way { must_be_taken: false, json: context.json, consent: command.consent };
    let mut placed = Vec::new();
    for place in &places {
        placed.push(install(&host, &fetcher.fetch(place, digest).await?, way).await?);
    }
    let plugins = enable_new(&host, placed, way).await?;
    if context.json {
        screen::show_json(&plugins)?;
    }
    Ok(Exit::Done)
}

/// How a component is put in its place.
#[derive(Clone, Copy)]
pub(super) struct Way {
    /// Whether another version must be there.
    pub(super) must_be_taken: bool,
    pub(super) json: bool,
    pub(super) consent: Consent,
}

/// A plugin in its place.
pub(super) struct Placed {
    pub(super) plugin: Plugin,
    /// Nothing of its name was there before.
    is_new: bool,
}

/// Has the host compile a component and ask it what it is.
pub(super) async fn inspect(host: &Client, component: &Fetched) -> Result<Inspected, Error> {
    let spinner = Spinner::new(format!("The host compiles {}", printable::line(&component.source)));
    let answer = host.post_component("/api/v1/plugins/inspect", component, COMPILING_TIME).await;
    drop(spinner);
    answer?.read()
}

/// Installs one component, if it is not there already and the operator grants what it asks for.
pub(super) async fn install(host: &Client, component: &Fetched, way: Way) -> Result<Placed, Error> {
    let inspected = inspect(host, component).await?;
    let name = &inspected.manifest.identity().name;
    let same = inspected.installed.as_ref().filter(|installed| installed.digest == inspected.digest);
    if let Some(same) = same {
        if !way.json {
            screen::show(&format!("{BOLD}{name}{BOLD:#} is installed already, exactly this component.\n"))?;
        }
        return Ok(Placed { plugin: same.clone(), is_new: false });
    }
    let is_new = inspected.installed.is_none();
    if way.must_be_taken && is_new {
        return Err(Error::Missing {
            what: format!("there is no plugin `{name}` that could be upgraded"),
            next: "install it with `palisade plugin install`".to_owned(),
        });
    }
    let path = format!("/api/v1/plugins?{}", way.consent.ask(&inspected, &component.source)?);
    let plugin: Plugin = host.post_component(&path, component, COMPILING_TIME).await?.read()?;
    if !way.json {
        screen::show(&installed(&plugin, "is installed"))?;
        for broken in inspected.replacement.iter().flat_map(|replacement| replacement.broken()) {
            screen::show(&format!(
                "  {BOLD}{}{BOLD:#} is {WARN}disabled{WARN:#}: it cannot go on with this.\n",
                broken.playbook
            ))?;
        }
    }
    Ok(Placed { plugin, is_new })
}

/// Enables what was installed before the connectors that it needs: the order of the files does not matter. What still cannot
/// have what it needs stays disabled, and says what that is.
async fn enable_new(host: &Client, all: Vec<Placed>, way: Way) -> Result<Vec<Plugin>, Error> {
    let mut plugins = Vec::new();
    for Placed { plugin, is_new } in all {
        if !(is_new && plugin.disabled && matches!(plugin.manifest, Manifest::Playbook(_))) {
            plugins.push(plugin);
            continue;
        }
        let name = plugin.name().clone();
        let path = format!("/api/v1/plugins/{name}/enable?anyway={}", way.consent.anyway);
        plugins.push(match host.post_nothing(&path, REQUEST_TIME).await {
            Ok(answer) => {
                if !way.json {
                    screen::show(&format!("{GOOD}✔{GOOD:#} {BOLD}{name}{BOLD:#} is enabled: it can have what it needs.\n"))?;
                }
                answer.read()?
            }
            Err(error @ Error::Problem { status: 409, .. }) => {
                screen::tell(&format!(
                    "\n{BOLD}{name}{BOLD:#} is installed, and {WARN}disabled{WARN:#}: it cannot have what it needs.\n"
                ));
                let next = enable::lacks(host, &name, error).await.next();
                screen::tell(&format!("  {BOLD}next{BOLD:#}: {}\n", next.unwrap_or_default()));
                plugin
            }
            Err(error) => return Err(error),
        });
    }
    Ok(plugins)
}
