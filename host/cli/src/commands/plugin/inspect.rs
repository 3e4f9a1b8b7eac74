//! `palisade plugin inspect`

use std::{
    env,
    path::{Path, PathBuf},
};

use clap::Args;
use palisade_engine::{Allocation, Sandbox, SandboxOptions};
use palisade_model::{
    name::Name,
    plugin::{Digest, Plugin},
};
use palisade_sources::Reference;

use super::sources::{Fetcher, Place, SourceOptions};
use crate::{answers::Inspected, capabilities, context::Context, error::Error, progress::Spinner, screen};

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
                capabilities::screen(&plugin.digest, plugin.size, &plugin.manifest)
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
        let component = fetcher.fetch(place, digest).await?.component;
        let inspected = offline(&place.to_string(), &component).await?;
        if context.json {
            screen::show_json(&inspected)?;
        } else {
            screen::show(&capabilities::screen(&inspected.digest, inspected.size, &inspected.manifest))?;
        }
    }
    Ok(())
}

/// Compiles a component and asks it what it is, in a sandbox of its own that can reach nothing.
pub(super) async fn offline(source: &str, component: &[u8]) -> Result<Inspected, Error> {
    let spinner = Spinner::new(format!("Compiling {source}"));
    let inspect = async {
        let cache = tempfile::tempdir().map_err(failed)?;
        let sandbox = Sandbox::new(SandboxOptions {
            cache: cache.path().to_owned(),
            compiler: env::current_exe().map_err(failed)?,
            allocation: Allocation::OnDemand,
        });
        let sandbox = sandbox.map_err(failed)?;
        let digest = sandbox.compile(component).await.map_err(failed)?;
        let manifest = sandbox.describe(&digest).await.map_err(failed)?;
        let size = component.len() as u64;
        Ok(Inspected { digest, size, manifest, installed: None, replacement: None, needs: Vec::new() })
    };
    let inspected = inspect.await;
    drop(spinner);
    inspected.map_err(|source_error| Error::Component { path: source.into(), source: source_error })
}

pub(super) fn failed(
    error: impl std::error::Error + Send + Sync + 'static,
) -> Box<dyn std::error::Error + Send + Sync> {
    Box::new(error)
}
