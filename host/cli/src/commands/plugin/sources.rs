//! Where components come from: the options, the credentials, and one component after the other.

use std::{
    collections::BTreeSet,
    env, fs,
    io::{self, Read},
    path::{Path, PathBuf},
};

use clap::Args;
use palisade_sources::{
    Client, Fetched, Login, Logins, OciReference, Options, Reference, Remote, SourceError, components_in,
    limits::LOGINS_BYTES, read_component,
};

use crate::{error::Error, limits::CA_BYTES, progress::Fetching};

/// What the operator says of servers.
#[derive(Args, Default)]
#[command(next_help_heading = "Servers")]
pub(crate) struct SourceOptions {
    /// Trust the CA in this file beside the public ones
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
    /// Speak plain HTTP to a registry on this machine
    #[arg(long)]
    plain_http: bool,
    /// Let this host have the registry's credentials too: its tokens come from there
    #[arg(long, value_name = "HOST")]
    token_server: Option<String>,
    /// File with logins to registries [default: config.json of Docker]
    ///
    /// A login in PALISADE_REGISTRY_USER and PALISADE_REGISTRY_PASSWORD comes before it. It is for the registry on the
    /// command line, or in PALISADE_REGISTRY.
    #[arg(long, value_name = "FILE")]
    registry_config: Option<PathBuf>,
}

/// Where one component is.
pub(crate) enum Place {
    /// On this machine.
    File(PathBuf),
    /// Elsewhere.
    Remote(Box<Remote>),
}

impl Place {
    /// What was given on the command line, a directory as the components in it.
    pub(crate) fn all(
        given: &Path,
        digest: Option<&palisade_model::plugin::Digest>,
    ) -> Result<Vec<Self>, Error> {
        // What is not text is no URL.
        let reference = match given.to_str() {
            Some(text) => Reference::parse(text, digest)?,
            None => Reference::Path(given.to_owned()),
        };
        Ok(match reference {
            Reference::Remote(remote) => vec![Self::Remote(Box::new(remote))],
            Reference::Path(path) if path.is_dir() => {
                components_in(&path)?.into_iter().map(Self::File).collect()
            }
            Reference::Path(path) => vec![Self::File(path)],
        })
    }

    fn registry(&self) -> Option<String> {
        match self {
            Self::Remote(remote) => match &**remote {
                Remote::Oci(reference) => Some(reference.registry()),
                Remote::Https { .. } => None,
            },
            Self::File(_) => None,
        }
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::File(path) => path.display().fmt(f),
            Self::Remote(remote) => remote.fmt(f),
        }
    }
}

/// Fetches components, one after the other.
pub(crate) struct Fetcher(Client);

impl Fetcher {
    /// For what the operator named on the command line.
    pub(crate) fn new(options: SourceOptions, places: &[Place]) -> Result<Self, Error> {
        Self::at(options, places.iter().filter_map(Place::registry))
    }

    /// For sending to this registry.
    pub(crate) fn to(options: SourceOptions, reference: &OciReference) -> Result<Self, Error> {
        Self::at(options, [reference.registry()])
    }

    /// For what a file names. What somebody wrote into a file has no say in who sees a password.
    pub(crate) fn of_a_file(options: SourceOptions) -> Result<Self, Error> {
        Self::at(options, [])
    }

    fn at(options: SourceOptions, named: impl IntoIterator<Item = String>) -> Result<Self, Error> {
        let SourceOptions { ca, plain_http, token_server, registry_config } = options;
        let ca = ca.map(|path| read_text(&path, CA_BYTES)).transpose()?;
        let mut logins = docker_logins(registry_config)?;
        if let (Ok(user), Ok(password)) =
            (env::var("PALISADE_REGISTRY_USER"), env::var("PALISADE_REGISTRY_PASSWORD"))
        {
            let login = Login { user, password };
            let named: BTreeSet<String> = named.into_iter().collect();
            match (env::var("PALISADE_REGISTRY"), named.first()) {
                (Ok(registry), _) => logins.insert(registry, login),
                // A password that is meant for one is not shown to another.
                (Err(_), Some(_)) if named.len() > 1 => {
                    return Err(Error::Usage {
                        what: "PALISADE_REGISTRY_PASSWORD is for one registry, and several are named".into(),
                        next: "say which in PALISADE_REGISTRY".into(),
                    });
                }
                (Err(_), Some(registry)) => logins.insert(registry.clone(), login),
                (Err(_), None) => {}
            }
        }
        Ok(Self(Client::new(Options { ca, plain_http, logins, token_server, ..Options::default() })?))
    }

    /// Fetches a component with its signature.
    pub(crate) async fn fetch(
        &self,
        place: &Place,
        digest: Option<&palisade_model::plugin::Digest>,
    ) -> Result<Fetched, Error> {
        match place {
            Place::File(path) => Ok(read_component(path, digest)?),
            Place::Remote(remote) => {
                let fetching = Fetching::new(format!("Fetching {remote}"));
                Ok(self.0.fetch(remote, &|done, of| fetching.at(done, of)).await?)
            }
        }
    }

    /// The client itself, to send something.
    pub(crate) fn client(&self) -> &Client {
        &self.0
    }
}

fn docker_logins(given: Option<PathBuf>) -> Result<Logins, Error> {
    let home = || Some(PathBuf::from(env::var_os("HOME")?).join(".docker"));
    let default = || env::var_os("DOCKER_CONFIG").map(PathBuf::from).or_else(home);
    let (path, must_exist) = match given {
        Some(path) => (path, true),
        None => match default() {
            Some(directory) => (directory.join("config.json"), false),
            None => return Ok(Logins::default()),
        },
    };
    let text = match read_text(&path, LOGINS_BYTES) {
        Err(Error::File { source, .. }) if source.kind() == io::ErrorKind::NotFound && !must_exist => {
            return Ok(Logins::default());
        }
        text => text?,
    };
    let logins = Logins::from_docker(text.as_bytes());
    logins.map_err(|source| SourceError::Logins { path, source }.into())
}

fn read_text(path: &Path, most: u64) -> Result<String, Error> {
    let failed = |source| Error::File { what: "read", path: path.to_owned(), source };
    let mut text = String::new();
    let file = fs::File::open(path).map_err(failed)?;
    file.take(most).read_to_string(&mut text).map_err(failed)?;
    Ok(text)
}
