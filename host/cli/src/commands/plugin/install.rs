//! `palisade plugin install`

use std::path::{Path, PathBuf};

use clap::Args;
use hyper::body::Bytes;
use palisade_model::plugin::Plugin;

use super::read;
use crate::{
    answers::Inspected,
    capabilities,
    client::Client,
    context::Context,
    error::Error,
    limits::COMPILING_TIME,
    printable,
    progress::Spinner,
    prompt, screen,
    style::{BOLD, GOOD, WARN},
};

/// What to install.
#[derive(Args)]
pub(crate) struct Install {
    /// Components
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Grant what they ask for without a question
    #[arg(long)]
    grant_all: bool,
}

pub(super) async fn run(command: Install, context: &Context) -> Result<(), Error> {
    if !command.grant_all && !prompt::is_possible() {
        return Err(Error::Usage {
            what: "nobody is at a terminal to grant what the plugins may do".into(),
            next: "look at each with `palisade plugin inspect FILE`, then install with --grant-all".into(),
        });
    }
    let host = context.host()?;
    let mut installed = Vec::new();
    for file in &command.files {
        installed.push(install(&host, file, command.grant_all, context.json).await?);
    }
    if context.json { screen::show_json(&installed) } else { Ok(()) }
}

/// Installs one component, if it is not there already and the operator grants what it asks for.
async fn install(host: &Client, file: &Path, grant_all: bool, json: bool) -> Result<Plugin, Error> {
    let component = Bytes::from(read(file)?);
    let spinner = Spinner::new(format!("The host compiles {}", file.display()));
    let path = "/api/v1/plugins/inspect";
    let answer = host.post_component(path, component.clone(), COMPILING_TIME).await;
    drop(spinner);
    let Inspected { digest, size, manifest, installed } = answer?.read()?;

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
