//! TCP as the host does it, under the operator's policy, for protocols that are not HTTP.
//!
//! ```
//! # use palisade_sdk::{Failure, connector::{Action, Call, Connector, Done}, testing::{Conversation, ConnectorTest}};
//! # #[derive(serde::Deserialize, schemars::JsonSchema)]
//! # struct Nothing {}
//! fn greeting(call: &Call<Nothing>, _: Nothing) -> Result<Done<String>, Failure> {
//!     let stream = call.tcp().connect("mail.example.com", 587)?;
//!     let greeting = stream.read(512)?;
//!     stream.write(b"STARTTLS\r\n")?;
//!     stream.read(512)?;
//!     // From here on nobody reads along, and the certificate is for mail.example.com.
//!     stream.start_tls()?;
//!     stream.write(b"QUIT\r\n")?;
//!     Ok(Done::success("The server is there.", String::from_utf8_lossy(&greeting).into_owned()))
//! }
//!
//! let connector = || Connector::new("example", "1.0.0").action(Action::investigate("greeting", greeting));
//! // The server speaks first, so nothing is sent in the first turn.
//! let conversation = Conversation::new("mail.example.com", 587, "", "220 mail.example.com\r\n")
//!     .then("STARTTLS\r\n", "220 go on\r\n")
//!     .then_tls()
//!     .then("QUIT\r\n", "");
//! let ended = ConnectorTest::new(connector).tcp(conversation).invoke("greeting", serde_json::json!({}));
//! assert_eq!(ended.report().data, "220 mail.example.com\r\n");
//! ```

use crate::{Failure, UpstreamError, bindings::connector::palisade::plugin::tcp as wire, host};

/// How much one read of a whole stream asks for, in bytes.
const READ_BYTES: u32 = 64 * 1024;

/// Opens streams.
#[derive(Clone, Copy, Debug)]
pub struct Client {
    _private: (),
}

impl Client {
    pub(crate) fn new() -> Self {
        Self { _private: () }
    }

    /// Opens a stream.
    ///
    /// # Errors
    ///
    /// [`Failure::Denied`] when the policy forbids it, else [`Failure::Unavailable`].
    pub fn connect(self, host: &str, port: u16) -> Result<TcpStream, Failure> {
        host::tcp::connect(host, port).map(|stream| TcpStream { stream }).map_err(failure)
    }

    /// Opens a stream to the server that an asset names as `host` or `host:port`; an IPv6 address stands in brackets.
    ///
    /// # Errors
    ///
    /// As [`connect`](Self::connect), and [`Failure::InvalidParameters`] when the text names no server.
    pub fn connect_to(self, server: &str, port_default: u16) -> Result<TcpStream, Failure> {
        let bracket = server.rfind(']').unwrap_or(0);
        match server.rfind(':') {
            Some(colon) if colon >= bracket => {
                let port = server[colon + 1..].parse();
                let port = port.map_err(|_| Failure::invalid(format!("`{server}` is no server")))?;
                self.connect(&server[..colon], port)
            }
            _ => self.connect(server, port_default),
        }
    }
}

/// An open stream; dropped, it is closed.
pub struct TcpStream {
    stream: host::tcp::TcpStream,
}

impl TcpStream {
    /// Sends all of these bytes.
    ///
    /// # Errors
    ///
    /// [`Failure::Unavailable`] when the connection broke or nothing moved in time.
    pub fn write(&self, bytes: &[u8]) -> Result<(), Failure> {
        self.stream.write(bytes).map_err(failure)
    }

    /// Waits for the next bytes: at least one, at most `max`. Empty at the end of the stream.
    ///
    /// # Errors
    ///
    /// [`Failure::Unavailable`] when the connection broke or nothing came in time.
    pub fn read(&self, max: u32) -> Result<Vec<u8>, Failure> {
        self.stream.read(max).map_err(failure)
    }

    /// Reads up to the end of the stream.
    ///
    /// # Errors
    ///
    /// As [`read`](Self::read), and [`Failure::Upstream`] when there are more than `bytes_max` bytes.
    pub fn read_to_end(&self, bytes_max: usize) -> Result<Vec<u8>, Failure> {
        let mut all = Vec::new();
        loop {
            let bytes = self.read(READ_BYTES)?;
            if bytes.is_empty() {
                return Ok(all);
            }
            all.extend_from_slice(&bytes);
            if all.len() > bytes_max {
                let message = format!("the answer is larger than {bytes_max} bytes");
                return Err(Failure::Upstream(UpstreamError { http_status: None, message }));
            }
        }
    }

    /// Turns the stream into TLS; the certificate must be for the host.
    ///
    /// # Errors
    ///
    /// [`Failure::Unavailable`] when it is not, or when the server does not go along.
    pub fn start_tls(&self) -> Result<(), Failure> {
        self.stream.start_tls().map_err(failure)
    }
}

fn failure(error: wire::Error) -> Failure {
    match error {
        wire::Error::Denied(message) => Failure::Denied(message),
        wire::Error::Unreachable(message) | wire::Error::Tls(message) | wire::Error::Timeout(message) => {
            Failure::Unavailable(message)
        }
    }
}
