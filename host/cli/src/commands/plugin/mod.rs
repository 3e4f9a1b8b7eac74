//! `palisade plugin`

pub(crate) mod build;
mod docs;
mod export;
mod inspect;
mod install;
mod lock;
mod locked;
pub(crate) mod new;
mod push;
mod sources;

use std::{fs, path::Path};

use clap::Subcommand;
use palisade_model::{Timestamp, name::Name, plugin::Plugin};

use crate::{
    answers::Plugins,
    capabilities,
    context::Context,
    error::Error,
    exit::Exit,
    printable,
    screen::{self, table},
    style::BOLD,
    time,
};

/// What to do with plugins.
#[derive(Subcommand)]
pub(crate) enum PluginCommand {
    /// Start a plugin: a project that builds, with a passing test
    New(new::New),
    /// Build plugins from their projects
    Build(build::Build),
    /// Install plugins, after you saw and granted what they may do
    Install(install::Install),
    /// List the installed plugins
    List,
    /// Show what a plugin is and may do; one that is not installed is looked at without a host
    Inspect(inspect::Inspect),
    /// Print the page of a plugin in Markdown, from what it says of itself; needs no host
    Docs(docs::Docs),
    /// Write what is installed into a lock file, or compare the two
    Lock(lock::Lock),
    /// Write the components that are installed, and their signatures, into a directory
    Export(export::Export),
    /// Send a component to a registry, for others to install
    Push(push::Push),
    /// Remove a plugin
    Remove {
        /// Name of the plugin
        name: Name,
    },
}

pub(crate) async fn run(command: PluginCommand, context: &Context) -> Result<Exit, Error> {
    match command {
        PluginCommand::New(command) => new::run(&command, context)?,
        PluginCommand::Build(command) => build::run(command, context)?,
        PluginCommand::Install(command) => return install::run(command, context).await,
        PluginCommand::Lock(command) => return lock::run(command, context).await,
        PluginCommand::Export(command) => export::run(command, context).await?,
        PluginCommand::Push(command) => push::run(command, context).await?,
        PluginCommand::Docs(command) => docs::run(command, context).await?,
        PluginCommand::Inspect(command) => inspect::run(command, context).await?,
        PluginCommand::List => {
            let answer = context.host()?.get("/api/v1/plugins").await?;
            context.show(answer, |Plugins { plugins }| list(&plugins, Timestamp::now()))?;
        }
        PluginCommand::Remove { name } => {
            context.host()?.delete(&format!("/api/v1/plugins/{name}")).await?;
            screen::show(&format!("Plugin {BOLD}{name}{BOLD:#} is removed.\n"))?;
        }
    }
    Ok(Exit::Done)
}

fn list(plugins: &[Plugin], now: Timestamp) -> String {
    if plugins.is_empty() {
        return "No plugins. Install one with `palisade plugin install SOURCE`.\n".to_owned();
    }
    let mut table = table(["NAME", "KIND", "VERSION", "SIZE", "DIGEST", "INSTALLED", "PUBLISHER"]);
    for plugin in plugins {
        let identity = plugin.manifest.identity();
        table.add_row([
            plugin.name().to_string(),
            plugin.manifest.kind().to_owned(),
            printable::line(&identity.version),
            capabilities::bytes(plugin.size),
            plugin.digest.short().to_owned(),
            time::ago(plugin.installed, now),
            printable::line(&identity.publisher),
        ]);
    }
    screen::lines(&table)
}

fn read(file: &Path) -> Result<Vec<u8>, Error> {
    fs::read(file).map_err(|source| Error::File { what: "read", path: file.to_owned(), source })
}
