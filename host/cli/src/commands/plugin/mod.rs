//! `palisade plugin`

pub(crate) mod build;
mod consent;
pub(crate) mod dev;
mod disable;
mod docs;
mod enable;
mod export;
mod inspect;
mod install;
mod keygen;
mod lock;
mod locked;
pub(crate) mod new;
mod password;
mod push;
mod rollback;
pub(crate) mod sections;
mod sign;
pub(crate) mod signing;
mod sources;
mod test;
mod upgrade;
mod verify;
mod workbench;

use std::{
    ffi::OsString,
    fs,
    io::{self, Read},
    path::{Path, PathBuf},
};

use clap::Subcommand;
use palisade_model::{Timestamp, limits::COMPONENT_BYTES, name::Name, plugin::Plugin, signer::SignedBy};
use palisade_package::{Signature, limits::SIGNATURE_BYTES};

use crate::{
    answers::Plugins,
    capabilities,
    context::Context,
    error::Error,
    exit::Exit,
    printable,
    screen::{self, table},
    style::{BOLD, GOOD},
    time,
};

/// What to do with plugins.
#[derive(Subcommand)]
pub(crate) enum PluginCommand {
    /// Start a plugin: a project that builds, with a passing test
    New(new::New),
    /// Build plugins from their projects
    Build(build::Build),
    /// Try a plugin: whether it holds to what it declares, and what it makes of systems that go wrong; needs no host
    Test(test::Test),
    /// Build a plugin at every change of its files, and try it
    Dev(Box<dev::Dev>),
    /// Install plugins, after you saw and granted what they may do
    Install(install::Install),
    /// Put another version in the place of the one that is installed, after you saw what it changes
    Upgrade(upgrade::Upgrade),
    /// Bring the version back that was installed before
    Rollback(rollback::Rollback),
    /// Let a plugin be started, if it can have what it needs
    Enable(enable::Enable),
    /// Have nothing of a plugin be started any more, from now on
    Disable {
        /// Name of the plugin
        name: Name,
    },
    /// List the installed plugins
    List,
    /// Show what a plugin is and may do; one that is not installed is looked at without a host
    Inspect(inspect::Inspect),
    /// Make a pair of keys to sign plugins with; needs no host
    Keygen(keygen::Keygen),
    /// Sign plugins that you built; needs no host
    Sign(sign::Sign),
    /// Check who signed a plugin, and that nothing of it was changed since
    Verify(verify::Verify),
    /// Print the page of a plugin in Markdown, from what it says of itself; needs no host
    Docs(docs::Docs),
    /// Write what is installed into a lock file, or compare the two
    Lock(lock::Lock),
    /// Write the components that are installed, and their signatures, into a directory
    Export(export::Export),
    /// Send a component to a registry, for others to install
    Push(push::Push),
    /// Remove a plugin, unless something needs it
    Remove {
        /// Name of the plugin
        name: Name,
    },
}

pub(crate) async fn run(command: PluginCommand, context: &Context) -> Result<Exit, Error> {
    match command {
        PluginCommand::New(command) => new::run(&command, context)?,
        PluginCommand::Build(command) => build::run(command, context).await?,
        PluginCommand::Dev(command) => return dev::run(*command, context).await,
        PluginCommand::Install(command) => return install::run(command, context).await,
        PluginCommand::Upgrade(command) => upgrade::run(command, context).await?,
        PluginCommand::Rollback(command) => rollback::run(command, context).await?,
        PluginCommand::Enable(command) => enable::run(command, context).await?,
        PluginCommand::Disable { name } => disable::run(name, context).await?,
        PluginCommand::Lock(command) => return lock::run(command, context).await,
        PluginCommand::Export(command) => export::run(command, context).await?,
        PluginCommand::Push(command) => push::run(command, context).await?,
        PluginCommand::Test(command) => return test::run(command, context).await,
        PluginCommand::Keygen(command) => keygen::run(&command, context)?,
        PluginCommand::Sign(command) => sign::run(&command, context)?,
        PluginCommand::Verify(command) => verify::run(command, context).await?,
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
    let mut table =
        table(["NAME", "KIND", "VERSION", "STATE", "SIZE", "DIGEST", "INSTALLED", "PUBLISHER", "SIGNED BY"]);
    for plugin in plugins {
        let identity = plugin.manifest.identity();
        table.add_row([
            plugin.name().to_string(),
            plugin.manifest.kind().to_owned(),
            printable::line(&identity.version),
            if plugin.disabled { "disabled" } else { "enabled" }.to_owned(),
            capabilities::bytes(plugin.size),
            plugin.digest.short().to_owned(),
            time::ago(plugin.installed, now),
            printable::line(&identity.publisher),
            signer(plugin.signed_by.as_ref()),
        ]);
    }
    screen::lines(&table)
}

/// One line that says what is in its place now.
fn installed(plugin: &Plugin, word: &str) -> String {
    let disabled = if plugin.disabled { "; it is disabled" } else { "" };
    format!(
        "{GOOD}✔{GOOD:#} {BOLD}{}{BOLD:#} {} {word} ({}, {}, signed by {}){disabled}.\n",
        plugin.name(),
        printable::line(&plugin.manifest.identity().version),
        plugin.manifest.kind(),
        plugin.digest.short(),
        signer(plugin.signed_by.as_ref())
    )
}

fn signer(signed_by: Option<&SignedBy>) -> String {
    match signed_by {
        Some(SignedBy::Trusted(signer)) => signer.name.to_string(),
        Some(SignedBy::Unknown { key }) => format!("{key}?"),
        Some(SignedBy::Nobody) => "nobody".to_owned(),
        None => String::new(),
    }
}

/// Reads a component's file.
fn read(file: &Path) -> Result<Vec<u8>, Error> {
    read_at_most(file, COMPONENT_BYTES)
}

/// Reads a small text.
fn read_text(file: &Path, most: usize) -> Result<String, Error> {
    String::from_utf8(read_at_most(file, most)?).map_err(|_| {
        let source = io::Error::new(io::ErrorKind::InvalidData, "it is not text");
        Error::File { what: "read", path: file.to_owned(), source }
    })
}

/// Reads a file that has at most so many bytes; of a longer one no more than that.
fn read_at_most(file: &Path, most: usize) -> Result<Vec<u8>, Error> {
    let failed = |source| Error::File { what: "read", path: file.to_owned(), source };
    let mut bytes = Vec::new();
    let too_long = || io::Error::other(format!("it has more than {most} bytes"));
    let open = fs::File::open(file).map_err(failed)?;
    if open.metadata().map_err(failed)?.len() > most as u64 {
        return Err(failed(too_long()));
    }
    open.take(most as u64 + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() > most {
        return Err(failed(too_long()));
    }
    Ok(bytes)
}

/// Where the signature of a file is, if it has one: beside it, as minisign puts it there.
fn signature_file(file: &Path) -> PathBuf {
    let mut name = OsString::from(file);
    name.push(".minisig");
    name.into()
}

/// The signature beside a file, as it is there.
fn signature_bytes(file: &Path) -> Result<Option<Vec<u8>>, Error> {
    match read_at_most(&signature_file(file), SIGNATURE_BYTES) {
        Err(Error::File { source, .. }) if source.kind() == io::ErrorKind::NotFound => Ok(None),
        read => read.map(Some),
    }
}

/// The signature beside a file.
fn read_signature(file: &Path) -> Result<Option<Signature>, Error> {
    let Some(bytes) = signature_bytes(file)? else { return Ok(None) };
    let path = signature_file(file);
    Ok(Some(
        Signature::parse(&bytes).map_err(|source| signing::SigningError::NotASignature { path, source })?,
    ))
}
