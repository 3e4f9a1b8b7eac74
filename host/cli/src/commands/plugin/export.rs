//! `palisade plugin export`

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use clap::Args;
use palisade_model::plugin::Plugin;
use palisade_sources::read_component;
use serde::Serialize;

use crate::{
    answers::Plugins,
    client::Client,
    context::Context,
    error::Error,
    file, printable,
    screen::{self, table},
};

/// Where to put the components.
#[derive(Args)]
pub(crate) struct Export {
    /// The directory, which is made if it is not there
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

/// A component that was written.
#[derive(Serialize)]
struct Exported {
    plugin: String,
    version: String,
    file: PathBuf,
    signature: bool,
}

pub(super) async fn run(command: Export, context: &Context) -> Result<(), Error> {
    let host = context.host()?;
    let Plugins { plugins } = host.get("/api/v1/plugins").await?.read()?;
    fs::create_dir_all(&command.out).map_err(|source| Error::File {
        what: "make",
        path: command.out.clone(),
        source,
    })?;
    let mut exported = Vec::new();
    for plugin in &plugins {
        exported.push(export(&host, plugin, &command.out).await?);
    }
    if context.json { screen::show_json(&exported) } else { screen::show(&lines(&exported)) }
}

/// Writes a component, and its signature beside it. A name is no path, so it may be a file's.
async fn export(host: &Client, plugin: &Plugin, directory: &Path) -> Result<Exported, Error> {
    let name = plugin.name();
    let path = directory.join(format!("{name}.wasm"));
    file::download(host, &format!("/api/v1/plugins/{name}/component"), &path).await?;
    if let Err(error) = read_component(&path, Some(&plugin.digest)) {
        // It may have been replaced at this moment.
        drop(fs::remove_file(&path));
        return Err(error.into());
    }
    let beside = directory.join(format!("{name}.wasm.minisig"));
    let signature = &plugin.provenance.signature;
    // One of an earlier component must not stay.
    let kept = match signature {
        Some(signature) => fs::write(&beside, signature),
        None => fs::remove_file(&beside).or_else(|error| match error.kind() {
            io::ErrorKind::NotFound => Ok(()),
            _ => Err(error),
        }),
    };
    kept.map_err(|source| Error::File { what: "write", path: beside, source })?;
    Ok(Exported {
        plugin: name.to_string(),
        version: plugin.manifest.identity().version.clone(),
        file: path,
        signature: signature.is_some(),
    })
}

fn lines(exported: &[Exported]) -> String {
    if exported.is_empty() {
        return "No plugins are installed.\n".to_owned();
    }
    let mut table = table(["NAME", "VERSION", "SIGNATURE", "FILE"]);
    for one in exported {
        table.add_row([
            one.plugin.clone(),
            printable::line(&one.version),
            if one.signature { "yes" } else { "none" }.to_owned(),
            one.file.display().to_string(),
        ]);
    }
    screen::lines(&table)
}
