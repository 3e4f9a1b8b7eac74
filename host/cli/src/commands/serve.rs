//! `palisade serve`

use std::{
    env,
    io::{self, IsTerminal},
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::Arc,
};

use clap::Args;
use palisade_engine::{Allocation, Cache, Sandbox, SandboxOptions, SetupError};
use palisade_runs::{Places, Runs, RunsError};
use palisade_server::{NewTokens, Server, ServerOptions};
use palisade_store::{SledStore, StoreError};
use palisade_vault::{Vault, VaultError};
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

use crate::{
    context::Context,
    data::{Data, HostFile},
    error::Error,
    exit::Exit,
    screen,
    style::BOLD,
};

/// How to run the host.
#[derive(Args)]
pub(crate) struct Serve {
    /// Address and port to listen on
    ///
    /// The host speaks plain HTTP. Before it listens beyond this machine, put a proxy with TLS in front.
    #[arg(long, default_value = "127.0.0.1:7300", value_name = "ADDRESS:PORT")]
    listen: SocketAddr,
    /// What to log, as LEVEL or TARGET=LEVEL, separated by commas
    #[arg(long, default_value = "info,wasmtime=warn,sled=warn", value_name = "FILTER")]
    log: String,
}

/// Why the host cannot start.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ServeError {
    /// The store.
    #[error("the host cannot start without its store")]
    Store(#[from] StoreError),
    /// The key of the secrets.
    #[error("the host cannot start without the key of its secrets")]
    Vault(#[from] VaultError),
    /// The sandbox.
    #[error("the host cannot start without its sandbox")]
    Sandbox(#[from] SetupError),
    /// What is installed and configured.
    #[error("the host cannot load what is installed")]
    Runs(#[from] RunsError),
    /// The edge.
    #[error("the host cannot answer requests")]
    Server(#[from] palisade_server::ServeError),
    /// The program itself, or its signals.
    #[error("the host cannot {what}")]
    System {
        /// What was tried.
        what: &'static str,
        /// The system's answer.
        #[source]
        source: io::Error,
    },
}

impl ServeError {
    /// What to do about it, where the cause does not say so itself.
    pub(crate) fn next(&self) -> Option<String> {
        matches!(self, Self::Store(_) | Self::Vault(_) | Self::Sandbox(_))
            .then(|| "`palisade doctor` checks the data directory and this machine".to_owned())
    }
}

pub(crate) async fn run(command: Serve, context: &Context) -> Result<Exit, Error> {
    start_log(&command.log)?;
    context.data.create()?;
    let server = bind(command.listen, &context.data).await?;
    // Before anybody is told that it is there: who knows of it may stop it at once.
    let stopped = stop_signal()?;
    let address = server.address();
    context.data.put_host(&HostFile {
        url: format!("http://{}", reachable(address)),
        pid: std::process::id(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
    })?;

    if let Some(tokens) = server.new_tokens() {
        screen::tell(&first_steps(tokens));
    }
    tracing::info!(%address, data = %context.data.directory().display(), "The host listens.");
    if !address.ip().is_loopback() {
        tracing::warn!(%address, "This is plain HTTP beyond this machine: put a proxy with TLS in front.");
    }
    server.run(stopped).await;
    context.data.remove_host();
    tracing::info!("The host has stopped.");
    Ok(Exit::Done)
}

async fn bind(listen: SocketAddr, data: &Data) -> Result<Server, ServeError> {
    let compiler =
        env::current_exe().map_err(|source| ServeError::System { what: "find its own program", source })?;
    let store = Arc::new(SledStore::open(&data.store())?);
    let vault = Vault::open(&data.key())?;
    let cache = Cache::Own(data.artefacts());
    let sandbox = Sandbox::new(SandboxOptions { cache, compiler, allocation: Allocation::Pooled })?;
    let places = Places { policy: data.policy(), files: data.files() };
    let runs = Runs::start(store, sandbox, vault, places).await?;
    Ok(Server::bind(ServerOptions { listen, data: data.directory().to_owned() }, runs).await?)
}

fn start_log(filter: &str) -> Result<(), Error> {
    let filter = EnvFilter::try_new(filter).map_err(|error| Error::Usage {
        what: format!("{filter:?} is no filter for the log: {error}"),
        next: "write it like `info` or `info,palisade_runs=debug`".into(),
    })?;
    let colours = anstream::AutoStream::choice(&io::stderr()) != anstream::ColorChoice::Never;
    tracing_subscriber::fmt()
        .compact()
        .with_env_filter(filter)
        .with_ansi(colours && io::stderr().is_terminal())
        .with_writer(io::stderr)
        .init();
    Ok(())
}

/// Resolves when the operator or the system asks the host to stop.
fn stop_signal() -> Result<impl Future<Output = ()>, ServeError> {
    let listen = |kind| {
        signal(kind).map_err(|source| ServeError::System { what: "listen for the signal to stop", source })
    };
    let (mut interrupt, mut terminate) = (listen(SignalKind::interrupt())?, listen(SignalKind::terminate())?);
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        tracing::info!("The host stops.");
    })
}

/// Where a command on this machine reaches a host that listens here.
fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}

fn first_steps(tokens: &NewTokens) -> String {
    format!(
        "{BOLD}This is the first start.{BOLD:#} The admin token is in {}, the token for sources of alerts in {}.\n\
         Next:\n  \
         palisade plugin install FILE...\n  \
         palisade asset add NAME --connector CONNECTOR\n  \
         palisade alert send FILE --watch\n",
        tokens.admin.display(),
        tokens.ingest.display()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_that_listens_everywhere_is_reached_on_this_machine() {
        for (listens, reached) in [
            ("0.0.0.0:7300", "127.0.0.1:7300"),
            ("[::]:7300", "[::1]:7300"),
            ("192.0.2.7:80", "192.0.2.7:80"),
        ] {
            assert_eq!(reachable(listens.parse().unwrap()).to_string(), reached);
        }
    }
}
