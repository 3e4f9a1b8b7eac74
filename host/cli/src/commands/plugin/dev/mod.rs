//! `palisade plugin dev`: builds a plugin at every change of its files, and tries it.
//!
//! A round is one build and one try. A connector's action goes out through the gate that a host has, with what the
//! connector declares as the grant (`connector`); a playbook is rehearsed on its cassettes (`playbook`). What goes wrong in
//! a round is shown, and the next change begins another one (`watch`).

mod connector;
mod playbook;
mod screen;
mod watch;

use std::{
    io::{self, Read},
    path::{Path, PathBuf},
    str::FromStr,
    time::Instant,
};

use clap::Args;
use palisade_conformance::cassette::CassetteError;
use palisade_engine::Compiled;
use palisade_model::{name::Name, plugin::Manifest};
use palisade_runs::AssetError;
use serde_json::{Map, Value};

use self::{connector::Session, watch::Watch};
use super::{
    build,
    workbench::{Workbench, refused},
};
use crate::{
    commands::asset::options::AssetOptions, context::Context, error::Error, exit::Exit, file,
    limits::DEV_FILE_BYTES, progress::Spinner, screen as out, style::DIM, time,
};

/// What to try.
#[derive(Args)]
pub(crate) struct Dev {
    /// Directory of the plugin
    #[arg(default_value = ".", value_name = "DIR")]
    project: PathBuf,
    /// Build and try once, in place of watching the files
    #[arg(long)]
    once: bool,
    /// The action to run [default: that of the cassette, else `test connectivity`]
    #[arg(long, value_name = "NAME", help_heading = "Connectors")]
    action: Option<String>,
    /// The action's parameters [default: those of the cassette, else none]
    #[arg(long, value_name = "JSON|@FILE", help_heading = "Connectors")]
    parameters: Option<Json>,
    /// Configuration without secrets, in one piece; each --set is put on top
    #[arg(long, value_name = "JSON|@FILE")]
    configuration: Option<Json>,
    #[command(flatten)]
    asset: AssetOptions,
    /// The directory of the files that it reads
    #[arg(long, value_name = "DIR", default_value = "files", help_heading = "Connectors")]
    files: PathBuf,
    /// Write what the system was asked and answered to a cassette, with labels in place of the secrets
    #[arg(long, value_name = "FILE", help_heading = "Connectors", conflicts_with = "replay")]
    record: Option<PathBuf>,
    /// Have a cassette answer in place of the system; of a playbook, this cassette [default: each in `cassettes` of the project]
    #[arg(long, value_name = "FILE")]
    replay: Option<PathBuf>,
    /// An alert in place of the cassette's, as `palisade alert send` takes it
    #[arg(long, value_name = "FILE", help_heading = "Playbooks")]
    alert: Option<PathBuf>,
}

/// JSON on the command line, or in a file that is read again in each round.
#[derive(Clone, Debug)]
enum Json {
    Inline(Value),
    File(PathBuf),
}

/// Why a plugin cannot be tried.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DevError {
    /// There is no such action, or none was named.
    #[error("connector {connector} has no action `{action}`")]
    NoAction {
        /// The connector.
        connector: Name,
        /// What was asked for.
        action: String,
        /// What it has.
        known: Vec<String>,
    },
    /// The action would be done again and again.
    #[error("`{action}` changes something, and would be done again after every change of a file")]
    Again {
        /// The action.
        action: String,
    },
    /// A text is no JSON of the kind that is wanted.
    #[error("{what} cannot be used")]
    Json {
        /// Whose text.
        what: String,
        /// Where, and why.
        #[source]
        source: serde_json::Error,
    },
    /// A JSON value is no object.
    #[error("{what} cannot be used: it is no JSON object")]
    NoObject {
        /// Whose.
        what: String,
    },
    /// A file is too long.
    #[error("{} has more than {DEV_FILE_BYTES} bytes", .0.display())]
    TooLong(PathBuf),
    /// The configuration does not fit.
    #[error(transparent)]
    Asset(#[from] AssetError),
    /// A playbook's configuration does not fit.
    #[error("the configuration does not fit playbook {playbook}: {violation}")]
    Configuration {
        /// The playbook.
        playbook: Name,
        /// What does not fit.
        violation: String,
    },
    /// There is nothing to rehearse a playbook on.
    #[error("there is no cassette in {}", .0.display())]
    NoCassette(PathBuf),
    /// A cassette cannot be used.
    #[error(transparent)]
    Cassette(#[from] CassetteError),
}

impl DevError {
    /// What to do about it.
    pub(crate) fn next(&self) -> Option<String> {
        Some(match self {
            Self::NoAction { known, .. } => format!("name one with --action: {}", known.join(", ")),
            Self::Again { .. } => {
                "do it one time with --once, or have a cassette answer with --replay FILE".to_owned()
            }
            Self::Asset(_) | Self::Configuration { .. } => {
                "give the configuration with --set KEY=VALUE, or --configuration @FILE".to_owned()
            }
            Self::NoCassette(_) => {
                "write an alert and what its actions find into one, as docs/conformance.md shows, or name one with --replay"
                    .to_owned()
            }
            _ => return None,
        })
    }
}

impl FromStr for Json {
    type Err = serde_json::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.strip_prefix('@') {
            Some(file) => Ok(Self::File(file.into())),
            None => serde_json::from_str(text).map(Self::Inline),
        }
    }
}

impl Json {
    /// The object that it is; `what` says what it is for.
    fn object(&self, what: &str) -> Result<Map<String, Value>, Error> {
        let (value, what) = match self {
            Self::Inline(value) => (value.clone(), what.to_owned()),
            Self::File(file) => (read(file)?, file.display().to_string()),
        };
        match value {
            Value::Object(object) => Ok(object),
            _ => Err(DevError::NoObject { what }.into()),
        }
    }

    fn file(&self) -> Option<&Path> {
        match self {
            Self::Inline(_) => None,
            Self::File(file) => Some(file),
        }
    }
}

pub(super) async fn run(command: Dev, context: &Context) -> Result<Exit, Error> {
    let workbench = Workbench::new()?;
    let mut session = Session::default();
    if command.once {
        let well = round(&command, &workbench, &mut session, context).await?;
        return Ok(if well { Exit::Done } else { Exit::Failed });
    }
    let watch = command.watch();
    loop {
        // Before the build, so that a change in the middle of it is one.
        let seen = watch.look();
        if let Err(error) = round(&command, &workbench, &mut session, context).await {
            out::tell(&error.screen());
        }
        out::tell(&format!("{DIM}Watching {}; Ctrl-C ends it.{DIM:#}\n", command.project.display()));
        let changed = watch.change(seen).await;
        out::tell(&format!("\n{DIM}{} has changed.{DIM:#}\n", changed.display()));
    }
}

/// Builds and tries once. Whether the try went well.
async fn round(
    command: &Dev,
    workbench: &Workbench,
    session: &mut Session,
    context: &Context,
) -> Result<bool, Error> {
    let began = Instant::now();
    let plugin = Plugin::build(command, workbench).await?;
    if !context.json {
        out::show(&plugin.line(began.elapsed().as_micros()))?;
    }
    match &plugin.manifest {
        Manifest::Connector(manifest) => {
            connector::attempt(command, manifest, &plugin, workbench, session, context).await
        }
        Manifest::Playbook(manifest) => {
            playbook::rehearse(command, manifest, &plugin, workbench, context).await
        }
    }
}

/// The plugin as it was just built.
struct Plugin {
    project: PathBuf,
    compiled: Compiled,
    manifest: Manifest,
    size: usize,
}

impl Plugin {
    async fn build(command: &Dev, workbench: &Workbench) -> Result<Self, Error> {
        let mut made = build::projects(vec![command.project.clone()])?;
        // One directory is one project.
        let made = made.remove(0);
        let component = made.component;
        let spinner = Spinner::new(format!("Asking {} what it is", made.facts.name));
        let described = workbench.describe(&component).await;
        drop(spinner);
        let (compiled, manifest) = described.map_err(|error| refused(&command.project, error))?;
        Ok(Self { project: command.project.clone(), compiled, manifest, size: component.len() })
    }

    fn line(&self, took_us: u128) -> String {
        let took = time::duration(u64::try_from(took_us).unwrap_or(u64::MAX));
        screen::built(&self.manifest, self.size, &took)
    }
}

impl Dev {
    /// What a round depends on: the project, and whatever else was named; not what a round itself writes.
    fn watch(&self) -> Watch {
        let named = [&self.parameters, &self.configuration].into_iter().flatten().filter_map(Json::file);
        let more = [&self.replay, &self.alert].into_iter().flatten().map(PathBuf::as_path);
        let roots = std::iter::once(self.project.as_path()).chain(named).chain(more);
        Watch::new(roots.map(Path::to_owned).collect(), self.record.clone())
    }
}

/// The JSON in a file.
fn read<T: serde::de::DeserializeOwned>(path: &Path) -> Result<T, Error> {
    let mut text = Vec::new();
    let failed = |source: io::Error| Error::File { what: "read", path: path.to_owned(), source };
    file::open(path)?.take(DEV_FILE_BYTES + 1).read_to_end(&mut text).map_err(failed)?;
    if text.len() as u64 > DEV_FILE_BYTES {
        return Err(DevError::TooLong(path.to_owned()).into());
    }
    let read = serde_json::from_slice(&text);
    Ok(read.map_err(|source| DevError::Json { what: path.display().to_string(), source })?)
}
