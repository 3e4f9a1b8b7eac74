//! The host's side of a connector's imports.

use std::time::Duration;

use palisade_contract::connector::palisade::plugin::{
    clock, connector_descriptor, files, http, log, random, state, tcp, types,
};
use palisade_egress::{self as egress, Call, FileError, HttpError, Stream, TcpError};
use palisade_model::{
    journal::LogLevel,
    limits::{LOG_LINE_BYTES, LOG_LINES_PER_RUN, TCP_STREAMS},
};
use wasmtime::component::Resource;

use super::LogLine;
use crate::{guest::Guest, wit};

/// The host's side of a connector's imports, for one call.
pub(crate) struct ConnectorHost {
    /// All that the instance can reach; nothing while it describes itself.
    pub(super) call: Option<Call>,
    streams: Vec<Option<Stream>>,
    pub(super) log: Vec<LogLine>,
}

impl ConnectorHost {
    pub(crate) fn new(call: Option<Call>) -> Self {
        Self { call, streams: Vec::new(), log: Vec::new() }
    }

    pub(super) fn scrub(&self, text: String) -> String {
        match &self.call {
            Some(call) => call.scrub(text),
            None => text,
        }
    }

    /// The last line that was logged as an error: after a panic, its message.
    pub(crate) fn last_error(&self) -> Option<&str> {
        self.log.iter().rev().find(|line| line.level == LogLevel::Error).map(|line| line.message.as_str())
    }

    /// That this is a call, and not the question what the connector is: the answer to that depends on nothing.
    fn working(&self) -> wasmtime::Result<()> {
        if self.call.is_some() { Ok(()) } else { Err(wasmtime::Error::msg(NOTHING_GRANTED)) }
    }

    fn stream(&mut self, resource: &Resource<tcp::TcpStream>) -> wasmtime::Result<&mut Stream> {
        let index = usize::try_from(resource.rep())?;
        self.streams
            .get_mut(index)
            .and_then(Option::as_mut)
            .ok_or_else(|| wasmtime::Error::msg("it used a stream that is closed"))
    }
}

impl types::Host for Guest<ConnectorHost> {}

impl connector_descriptor::Host for Guest<ConnectorHost> {}

impl log::Host for Guest<ConnectorHost> {
    fn write(&mut self, level: log::Level, message: String) -> wasmtime::Result<()> {
        if self.host.log.len() < LOG_LINES_PER_RUN {
            let message = wit::line(self.host.scrub(message), LOG_LINE_BYTES);
            self.host.log.push(LogLine { level: wit::level(level), message });
        }
        Ok(())
    }
}

impl clock::Host for Guest<ConnectorHost> {
    fn now(&mut self) -> wasmtime::Result<u64> {
        self.host.working()?;
        Ok(wit::now())
    }
}

impl random::Host for Guest<ConnectorHost> {
    fn bytes(&mut self, count: u32) -> wasmtime::Result<Vec<u8>> {
        self.host.working()?;
        Ok(wit::random_bytes(count)?)
    }
}

impl http::Host for Guest<ConnectorHost> {
    async fn send(
        &mut self,
        request: http::Request,
    ) -> wasmtime::Result<Result<http::Response, http::Error>> {
        let Some(call) = &self.host.call else {
            return Ok(Err(http::Error::Denied(NOTHING_GRANTED.into())));
        };
        let request = egress::Request {
            method: request.method,
            url: request.url,
            headers: request.headers,
            authorization: request.authorization.map(|authorization| match authorization {
                http::Authorization::Basic((user, password)) => {
                    egress::Authorization::Basic { user, password }
                }
                http::Authorization::Bearer(token) => egress::Authorization::Bearer(token),
            }),
            body: request.body,
            timeout: request.timeout_ms.map(Duration::from_millis),
        };
        Ok(match call.send(request).await {
            Ok(response) => {
                Ok(http::Response { status: response.status, headers: response.headers, body: response.body })
            }
            Err(error) => Err(http_error(&error)),
        })
    }
}

impl tcp::Host for Guest<ConnectorHost> {
    async fn connect(
        &mut self,
        host: String,
        port: u16,
    ) -> wasmtime::Result<Result<Resource<tcp::TcpStream>, tcp::Error>> {
        let Some(call) = &self.host.call else {
            return Ok(Err(tcp::Error::Denied(NOTHING_GRANTED.into())));
        };
        Ok(match call.connect(&host, port).await {
            Ok(stream) => {
                // Closed streams keep their place, so this bounds how many one call may ever open.
                if self.host.streams.len() >= TCP_STREAMS * 8 {
                    return Ok(Err(tcp::Error::Denied("it opened too many streams in one call".into())));
                }
                self.host.streams.push(Some(stream));
                Ok(Resource::new_own(u32::try_from(self.host.streams.len() - 1)?))
            }
            Err(error) => Err(tcp_error(&error)),
        })
    }
}

impl tcp::HostTcpStream for Guest<ConnectorHost> {
    async fn write(
        &mut self,
        stream: Resource<tcp::TcpStream>,
        bytes: Vec<u8>,
    ) -> wasmtime::Result<Result<(), tcp::Error>> {
        Ok(self.host.stream(&stream)?.write(&bytes).await.map_err(|error| tcp_error(&error)))
    }

    async fn read(
        &mut self,
        stream: Resource<tcp::TcpStream>,
        max: u32,
    ) -> wasmtime::Result<Result<Vec<u8>, tcp::Error>> {
        Ok(self.host.stream(&stream)?.read(max).await.map_err(|error| tcp_error(&error)))
    }

    async fn start_tls(
        &mut self,
        stream: Resource<tcp::TcpStream>,
    ) -> wasmtime::Result<Result<(), tcp::Error>> {
        Ok(self.host.stream(&stream)?.start_tls().await.map_err(|error| tcp_error(&error)))
    }

    fn drop(&mut self, stream: Resource<tcp::TcpStream>) -> wasmtime::Result<()> {
        if let Some(slot) = self.host.streams.get_mut(usize::try_from(stream.rep())?) {
            *slot = None;
        }
        Ok(())
    }
}

impl state::Host for Guest<ConnectorHost> {
    fn get(&mut self, key: String) -> wasmtime::Result<Option<String>> {
        Ok(self.host.call.as_ref().and_then(|call| call.kept(&key)))
    }

    fn put(
        &mut self,
        key: String,
        value: String,
        time_to_live_ms: u64,
        confidential: bool,
    ) -> wasmtime::Result<Result<(), String>> {
        let Some(call) = &self.host.call else { return Ok(Err(NOTHING_GRANTED.into())) };
        let kept = call.keep(&key, value, Duration::from_millis(time_to_live_ms), confidential);
        Ok(kept.map_err(|error| error.to_string()))
    }

    fn remove(&mut self, key: String) -> wasmtime::Result<()> {
        if let Some(call) = &self.host.call {
            call.forget(&key);
        }
        Ok(())
    }
}

impl files::Host for Guest<ConnectorHost> {
    async fn size(&mut self, field: String) -> wasmtime::Result<Result<u64, files::Error>> {
        let Some(call) = &self.host.call else {
            return Ok(Err(files::Error::Denied(NOTHING_GRANTED.into())));
        };
        Ok(call.file_size(&field).await.map_err(|error| file_error(&error)))
    }

    async fn read(
        &mut self,
        field: String,
        offset: u64,
        length: u32,
    ) -> wasmtime::Result<Result<Vec<u8>, files::Error>> {
        let Some(call) = &self.host.call else {
            return Ok(Err(files::Error::Denied(NOTHING_GRANTED.into())));
        };
        Ok(call.read_file(&field, offset, length).await.map_err(|error| file_error(&error)))
    }
}

const NOTHING_GRANTED: &str = "a plugin that describes itself can reach nothing";

fn http_error(error: &HttpError) -> http::Error {
    let message = error.to_string();
    match error {
        HttpError::Denied(_) => http::Error::Denied(message),
        HttpError::Invalid(_) => http::Error::Invalid(message),
        HttpError::Unreachable(_) => http::Error::Unreachable(message),
        HttpError::Tls(_) => http::Error::Tls(message),
        HttpError::Timeout(_) => http::Error::Timeout(message),
        HttpError::TooLarge(_) => http::Error::TooLarge(message),
    }
}

fn tcp_error(error: &TcpError) -> tcp::Error {
    let message = error.to_string();
    match error {
        TcpError::Denied(_) => tcp::Error::Denied(message),
        TcpError::Unreachable(_) => tcp::Error::Unreachable(message),
        TcpError::Tls(_) => tcp::Error::Tls(message),
        TcpError::Timeout(_) => tcp::Error::Timeout(message),
    }
}

fn file_error(error: &FileError) -> files::Error {
    let message = error.to_string();
    match error {
        FileError::Denied(_) => files::Error::Denied(message),
        FileError::Unreadable(_) => files::Error::Unreadable(message),
    }
}
