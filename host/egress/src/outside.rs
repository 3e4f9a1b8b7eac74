//! What tries a connector may put in place of the network, and who may watch what passes.
//!
//! A program that checks a connector without its system, or records what passes between the two, needs no other way out:
//! policy, effects, secrets, redirects, bounds and scrubbing are the same. Only names, addresses, TLS and the wire are left
//! out of it, and with them what is noted of requests that may have changed something.

use std::{fmt, sync::Arc, time::Duration};

use bytes::Bytes;

use crate::{
    http::{HttpError, Request, Response},
    tcp::TcpError,
};

/// Stands in for every system. It sees what would be on the wire, secrets included.
pub trait Upstream: Send + Sync {
    /// Answers one request that the policy lets out.
    ///
    /// # Errors
    ///
    /// [`HttpError`], as the network would end.
    fn exchange(&self, request: &http::Request<Bytes>) -> Result<http::Response<Bytes>, HttpError>;

    /// Opens a stream that the policy lets out.
    ///
    /// # Errors
    ///
    /// [`TcpError`], as the network would end.
    fn connect(&self, host: &str, port: u16) -> Result<Box<dyn Peer>, TcpError>;
}

/// The other end of a stream. After an error the stream is closed.
pub trait Peer: Send + Sync {
    /// Takes all of these bytes.
    ///
    /// # Errors
    ///
    /// [`TcpError`].
    fn write(&mut self, bytes: &[u8]) -> Result<(), TcpError>;

    /// Gives at least one byte and at most `max`, or none at the end.
    ///
    /// # Errors
    ///
    /// [`TcpError`].
    fn read(&mut self, max: usize) -> Result<Vec<u8>, TcpError>;

    /// Becomes TLS.
    ///
    /// # Errors
    ///
    /// [`TcpError`].
    fn start_tls(&mut self) -> Result<(), TcpError>;
}

/// Watches what the calls on an asset send and get, as the connector sees it: with `[secret:FIELD]` in place of every
/// secret, a revealed one included.
pub trait Watch: Send + Sync {
    /// A request, what came of it, and the time that it took, its turn and its redirects included.
    fn exchange(&self, request: &Request, answer: &Result<Response, HttpError>, took: Duration);

    /// Something happened with a stream; streams of one gate have different numbers.
    fn stream(&self, number: u64, event: StreamEvent<'_>);
}

/// What happened with a stream.
#[derive(Debug)]
pub enum StreamEvent<'a> {
    /// It was to be opened.
    Opened {
        /// Host.
        host: &'a str,
        /// Port.
        port: u16,
        /// Why it was not.
        error: Option<&'a TcpError>,
    },
    /// The connector sent this.
    Sent(&'a [u8]),
    /// The connector got this; nothing at the end.
    Received(&'a [u8]),
    /// It became TLS.
    Secured,
    /// It broke.
    Broke(&'a TcpError),
}

/// What is different from a call on a real asset; by default nothing.
#[derive(Clone, Default)]
pub struct Outside {
    /// What stands in for every system.
    pub upstream: Option<Arc<dyn Upstream>>,
    /// Who watches.
    pub watch: Option<Arc<dyn Watch>>,
}

impl fmt::Debug for Outside {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { upstream, watch } = self;
        f.debug_struct("Outside")
            .field("upstream", &upstream.is_some())
            .field("watch", &watch.is_some())
            .finish()
    }
}
