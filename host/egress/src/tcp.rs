//! Raw TCP as a connector sees it; the contract's `tcp` interface.

use std::sync::{Arc, atomic::Ordering};

use palisade_model::limits::{TCP_READ_BYTES, TCP_TIME, TCP_TOTAL_BYTES};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    sync::OwnedSemaphorePermit,
    time::timeout,
};

use crate::{
    call::{Call, Ledger, Slot},
    connector::Wire,
    gate::Gate,
    outside::{Peer, StreamEvent},
    plan::NOT_SENT,
    scrub::Reader,
    secrets::Placeholders,
    url,
};

/// An open stream; dropped, it is closed.
pub struct Stream {
    gate: Arc<Gate>,
    placeholders: Arc<Placeholders>,
    /// The name it was opened for, which a certificate must prove.
    host: String,
    number: u64,
    /// `None` once an operation failed: how much of it went through nobody knows, so nothing may follow.
    line: Option<Line>,
    /// Scrubbed bytes that did not fit into the last read; a label may be longer than the secret.
    rest: Vec<u8>,
    slot: Slot,
    /// Whether what is written may change something.
    mutates: bool,
    /// Bytes that may change something were written, and nothing came back since.
    unanswered: bool,
    _turn: OwnedSemaphorePermit,
}

/// What carries the bytes.
enum Line {
    Network(Wire),
    /// What stands in for the network.
    Instead(Box<dyn Peer>),
}

impl Line {
    async fn write(&mut self, host: &str, bytes: &[u8]) -> Result<(), TcpError> {
        let wire = match self {
            Self::Network(wire) => wire,
            Self::Instead(peer) => return peer.write(bytes),
        };
        let write = async {
            wire.write_all(bytes).await?;
            wire.flush().await
        };
        timeout(TCP_TIME, write)
            .await
            .map_err(|_| slow(host, "took nothing"))?
            .map_err(|error| broken(host, &error))
    }

    async fn read(&mut self, host: &str, max: usize) -> Result<Vec<u8>, TcpError> {
        let wire = match self {
            Self::Network(wire) => wire,
            Self::Instead(peer) => return peer.read(max),
        };
        let mut bytes = vec![0; max];
        let read = timeout(TCP_TIME, wire.read(&mut bytes)).await.map_err(|_| slow(host, "sent nothing"))?;
        bytes.truncate(read.map_err(|error| broken(host, &error))?);
        Ok(bytes)
    }
}

/// Why there is no stream, or no more of it. The text is for a person and contains no secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TcpError {
    /// The policy forbids it; says what would allow it.
    #[error("{0}")]
    Denied(String),
    /// No address, no connection, or the connection broke.
    #[error("{0}")]
    Unreachable(String),
    /// The certificate does not prove that this is the server.
    #[error("{0}")]
    Tls(String),
    /// Nothing in time.
    #[error("{0}")]
    Timeout(String),
}

impl TcpError {
    /// The same error, its text changed.
    pub(crate) fn map(self, change: impl FnOnce(String) -> String) -> Self {
        match self {
            Self::Denied(text) => Self::Denied(change(text)),
            Self::Unreachable(text) => Self::Unreachable(change(text)),
            Self::Tls(text) => Self::Tls(change(text)),
            Self::Timeout(text) => Self::Timeout(change(text)),
        }
    }
}

impl Stream {
    pub(crate) async fn open(
        call: &Call,
        ledger: &Arc<Ledger>,
        number: u64,
        host: &str,
        port: u16,
    ) -> Result<Self, TcpError> {
        let gate = &call.gate;
        // An IPv6 address may stand in brackets, as before a port.
        let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
        let host =
            url::host(bare).map_err(|error| TcpError::Denied(format!("the host cannot be used: {error}")))?;
        gate.policy.tcp(&host, port).map_err(TcpError::Denied)?;
        if call.plans_stream(&host, port) {
            return Err(TcpError::Denied(NOT_SENT.to_owned()));
        }
        let slot = Slot::take(ledger)?;
        let turn = timeout(TCP_TIME, Arc::clone(&gate.turns).acquire_owned())
            .await
            .map_err(|_| {
                TcpError::Timeout("the asset has too many requests and streams at the same time".to_owned())
            })?
            .expect("the semaphore is never closed");
        let line = match &gate.outside.upstream {
            Some(upstream) => Line::Instead(upstream.connect(&host, port)?),
            None => Line::Network(Wire::Plain(gate.dialer.tcp(&host, port).await?)),
        };
        Ok(Self {
            gate: Arc::clone(gate),
            placeholders: Arc::clone(&call.placeholders),
            host,
            number,
            line: Some(line),
            rest: Vec::new(),
            slot,
            mutates: !call.only_reads(),
            unanswered: false,
            _turn: turn,
        })
    }

    /// Sends all of these bytes, within [`TCP_TIME`].
    ///
    /// # Errors
    ///
    /// `Denied` if there is a placeholder in the bytes: only a revealed secret can be sent here. After any other
    /// [`TcpError`] the stream is closed.
    pub async fn write(&mut self, bytes: &[u8]) -> Result<(), TcpError> {
        let _wait = self.slot.ledger().wait();
        if let Some(secret) = self.placeholders.first(bytes) {
            return Err(TcpError::Denied(format!(
                "the host cannot put the secret `{}` into a TCP stream; the connector's author has to declare it \
                 under reveal",
                self.gate.secrets.name(secret)
            )));
        }
        let mut line = self.line.take().ok_or_else(|| closed(&self.host))?;
        if self.mutates && !self.unanswered && !bytes.is_empty() {
            self.unanswered = true;
            self.slot.ledger().departures.leave();
        }
        line.write(&self.host, bytes).await.inspect_err(|error| self.watch(StreamEvent::Broke(error)))?;
        if let Some(bytes) = self.for_watch(bytes) {
            self.watch(StreamEvent::Sent(&bytes));
        }
        self.line = Some(line);
        Ok(())
    }

    /// The bytes as whoever watches sees them; none if nobody does.
    fn for_watch(&self, bytes: &[u8]) -> Option<Vec<u8>> {
        let watched = self.gate.outside.watch.is_some();
        watched.then(|| self.gate.scrubber.bytes(bytes.to_vec(), Reader::Everyone))
    }

    fn watch(&self, event: StreamEvent<'_>) {
        if let Some(watch) = &self.gate.outside.watch {
            watch.stream(self.number, event);
        }
    }

    /// Waits for the next bytes, within [`TCP_TIME`]: at least one, at most `max` and [`TCP_READ_BYTES`]; none at the
    /// end of the stream. Secrets that were not revealed are taken out, unless one is split between two reads.
    ///
    /// # Errors
    ///
    /// [`TcpError`]; the stream is closed then. `Denied` once all streams of the call have read [`TCP_TOTAL_BYTES`].
    pub async fn read(&mut self, max: u32) -> Result<Vec<u8>, TcpError> {
        let max = usize::try_from(max).unwrap_or(usize::MAX).clamp(1, TCP_READ_BYTES);
        if self.rest.is_empty() {
            self.rest = self.receive(max).await?;
        }
        let later = self.rest.split_off(max.min(self.rest.len()));
        Ok(std::mem::replace(&mut self.rest, later))
    }

    async fn receive(&mut self, max: usize) -> Result<Vec<u8>, TcpError> {
        let ledger = self.slot.ledger();
        let _wait = ledger.wait();
        let mut line = self.line.take().ok_or_else(|| closed(&self.host))?;
        let bytes =
            line.read(&self.host, max).await.inspect_err(|error| self.watch(StreamEvent::Broke(error)))?;
        let length = bytes.len();
        if ledger.read.fetch_add(length, Ordering::Relaxed) + length > TCP_TOTAL_BYTES {
            return Err(TcpError::Denied(format!(
                "a call reads at most {TCP_TOTAL_BYTES} bytes from its streams"
            )));
        }
        if self.unanswered && length > 0 {
            self.unanswered = false;
            ledger.departures.answer();
        }
        self.line = Some(line);
        let bytes = self.gate.scrubber.bytes(bytes, Reader::Connector);
        if let Some(bytes) = self.for_watch(&bytes) {
            self.watch(StreamEvent::Received(&bytes));
        }
        Ok(bytes)
    }

    /// Turns the stream into TLS; the certificate must be for the host that the stream was opened for.
    ///
    /// # Errors
    ///
    /// [`TcpError`]; the stream is closed then.
    pub async fn start_tls(&mut self) -> Result<(), TcpError> {
        let _wait = self.slot.ledger().wait();
        let line = self.line.take().ok_or_else(|| closed(&self.host))?;
        let secured = self.secure(line).await.inspect_err(|error| self.watch(StreamEvent::Broke(error)))?;
        self.line = Some(secured);
        self.watch(StreamEvent::Secured);
        Ok(())
    }

    async fn secure(&self, line: Line) -> Result<Line, TcpError> {
        match line {
            Line::Network(Wire::Tls(_)) => {
                Err(TcpError::Tls(format!("the stream to {} is TLS already", self.host)))
            }
            // Bytes that came in plain and were not read yet are a stranger's: they must not pass for the server's.
            _ if !self.rest.is_empty() => {
                Err(TcpError::Tls(format!("{} sent more before TLS began", self.host)))
            }
            Line::Network(Wire::Plain(stream)) => {
                let stream = self.gate.dialer.start_tls(&self.host, stream).await?;
                Ok(Line::Network(Wire::Tls(Box::new(stream))))
            }
            Line::Instead(mut peer) => {
                peer.start_tls()?;
                Ok(Line::Instead(peer))
            }
        }
    }
}

fn closed(host: &str) -> TcpError {
    TcpError::Unreachable(format!("the stream to {host} was closed by an earlier error"))
}

fn broken(host: &str, error: &std::io::Error) -> TcpError {
    TcpError::Unreachable(format!("the connection to {host} broke: {error}"))
}

fn slow(host: &str, did: &str) -> TcpError {
    TcpError::Timeout(format!("{host} {did} for {} s", TCP_TIME.as_secs()))
}
