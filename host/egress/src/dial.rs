//! From a name to a connection: connect-to rules, addresses, the check of each, TCP, TLS.

use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

use palisade_model::{
    asset::{Asset, Cidr, ConnectTo},
    limits::CONNECT_TIME,
};
use tokio::{
    net::{TcpStream, lookup_host},
    time::{Instant, timeout, timeout_at},
};
use tokio_rustls::client::TlsStream;

use crate::{
    address::{Reserved, reserved},
    limits::ADDRESSES,
    tcp::TcpError,
    tls::{CaError, Inside, Tls},
};

/// Opens connections for one asset.
#[derive(Clone)]
pub(crate) struct Dialer(Arc<Routes>);

struct Routes {
    allow: Vec<Cidr>,
    connect_to: Vec<ConnectTo>,
    tls: Tls,
}

impl Dialer {
    pub(crate) fn new(asset: &Asset) -> Result<Self, CaError> {
        let network = &asset.network;
        Ok(Self(Arc::new(Routes {
            allow: network.allow.clone(),
            connect_to: network.connect_to.clone(),
            tls: Tls::new(network)?,
        })))
    }

    /// Opens a TCP connection to a host, within [`CONNECT_TIME`].
    pub(crate) async fn tcp(&self, host: &str, port: u16) -> Result<TcpStream, TcpError> {
        let deadline = Instant::now() + CONNECT_TIME;
        timeout_at(deadline, self.0.tcp(host, port, deadline)).await.unwrap_or_else(|_| Err(slow(host)))
    }

    /// Opens a TCP connection and TLS in it, together within [`CONNECT_TIME`].
    pub(crate) async fn tls(&self, host: &str, port: u16) -> Result<TlsStream<TcpStream>, TcpError> {
        let deadline = Instant::now() + CONNECT_TIME;
        let connect = async {
            let stream = self.0.tcp(host, port, deadline).await?;
            self.0.tls.connect(Inside::Http, host, stream).await
        };
        timeout_at(deadline, connect).await.unwrap_or_else(|_| Err(slow(host)))
    }

    /// Turns a connection that carries a connector's own protocol into TLS, within [`CONNECT_TIME`].
    pub(crate) async fn start_tls(
        &self,
        host: &str,
        stream: TcpStream,
    ) -> Result<TlsStream<TcpStream>, TcpError> {
        let connect = self.0.tls.connect(Inside::Stream, host, stream);
        timeout(CONNECT_TIME, connect).await.unwrap_or_else(|_| Err(slow(host)))
    }
}

impl Routes {
    async fn tcp(&self, host: &str, port: u16, deadline: Instant) -> Result<TcpStream, TcpError> {
        let (to_host, to_port) = self
            .connect_to
            .iter()
            .find(|rule| rule.host == host && rule.port == port)
            .map_or((host, port), |rule| (rule.to_host.as_str(), rule.to_port));

        let mut addresses = Vec::new();
        let mut refused = None;
        for address in resolve(to_host, to_port).await? {
            match self.check(address.ip()) {
                Ok(()) => addresses.push(address),
                Err(reserved) => refused = Some((address.ip(), reserved)),
            }
        }
        match refused {
            Some((address, reserved)) if addresses.is_empty() => Err(denied(to_host, address, &reserved)),
            // From here on there are only checked addresses, and no name to be resolved once more: a second answer
            // could be another one (DNS rebinding).
            _ => connect(to_host, &addresses, deadline).await,
        }
    }

    fn check(&self, address: IpAddr) -> Result<(), Reserved> {
        match reserved(address) {
            Some(reserved) if !self.allow.iter().any(|network| network.contains(address)) => Err(reserved),
            _ => Ok(()),
        }
    }
}

async fn resolve(host: &str, port: u16) -> Result<Vec<SocketAddr>, TcpError> {
    if let Ok(address) = host.parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(address, port)]);
    }
    let addresses: Vec<_> = lookup_host((host, port))
        .await
        .map_err(|error| TcpError::Unreachable(format!("the name {host} has no address: {error}")))?
        .take(ADDRESSES)
        .collect();
    if addresses.is_empty() {
        return Err(TcpError::Unreachable(format!("the name {host} has no address")));
    }
    Ok(addresses)
}

/// Connects to the first address that answers. Each has an equal share of the time that is left, so that one which
/// swallows packets does not keep the others from being tried.
async fn connect(host: &str, addresses: &[SocketAddr], deadline: Instant) -> Result<TcpStream, TcpError> {
    let mut failures = Vec::new();
    for (tried, address) in addresses.iter().enumerate() {
        let left = u32::try_from(addresses.len() - tried).unwrap_or(u32::MAX);
        let share = deadline.saturating_duration_since(Instant::now()) / left;
        match timeout(share, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => {
                // Requests are small and waited for: Nagle's algorithm would only delay them. Without it they still
                // arrive, so a refusal of the option is no failure.
                let _ = stream.set_nodelay(true);
                return Ok(stream);
            }
            Ok(Err(error)) => failures.push(format!("{address}: {error}")),
            Err(_) => failures.push(format!("{address}: no answer")),
        }
    }
    Err(TcpError::Unreachable(format!("no connection to {host} ({})", failures.join("; "))))
}

fn denied(host: &str, address: IpAddr, reserved: &Reserved) -> TcpError {
    TcpError::Denied(format!(
        "{host} is at {address} ({}, {reserved}), which is not on the public internet; the operator can allow it for \
         this asset with --allow-network {reserved}",
        reserved.what
    ))
}

fn slow(host: &str) -> TcpError {
    TcpError::Timeout(format!("no connection to {host} within {} s", CONNECT_TIME.as_secs()))
}
