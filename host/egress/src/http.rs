//! HTTP as a connector sees it; the contract's `http` interface as plain types.

use std::{fmt, time::Duration};

use crate::tcp::TcpError;

/// One request.
#[derive(Clone)]
pub struct Request {
    /// HTTP method, upper case.
    pub method: String,
    /// Absolute URL.
    pub url: String,
    /// Header fields, without those that are the host's business.
    pub headers: Vec<(String, String)>,
    /// Credentials for the `Authorization` header.
    pub authorization: Option<Authorization>,
    /// The body; empty for none.
    pub body: Vec<u8>,
    /// Until the whole response must be here: [`HTTP_TIME`] if not given, [`ACTION_TIME_MAX`] at most.
    ///
    /// [`HTTP_TIME`]: palisade_model::limits::HTTP_TIME
    /// [`ACTION_TIME_MAX`]: palisade_model::limits::ACTION_TIME_MAX
    pub timeout: Option<Duration>,
}

/// Only the method: a revealed secret may stand in any other part.
impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request").field("method", &self.method).finish_non_exhaustive()
    }
}

/// Credentials for the `Authorization` header; the password and the token may be placeholders.
#[derive(Clone)]
pub enum Authorization {
    /// HTTP Basic (RFC 7617).
    Basic {
        /// The user, without `:`.
        user: String,
        /// The password.
        password: String,
    },
    /// A bearer token (RFC 6750).
    Bearer(String),
}

impl fmt::Debug for Authorization {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Basic { .. } => "Basic",
            Self::Bearer(_) => "Bearer",
        })
    }
}

/// One response, whatever its status. The asset's secrets are taken out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// HTTP status.
    pub status: u16,
    /// Header fields, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The whole body.
    pub body: Vec<u8>,
}

/// Why there is no response. The text is for a person and contains no secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HttpError {
    /// The policy forbids it; says what would allow it.
    #[error("{0}")]
    Denied(String),
    /// The request is not one.
    #[error("{0}")]
    Invalid(String),
    /// No address, no connection, or the connection ended early.
    #[error("{0}")]
    Unreachable(String),
    /// The certificate does not prove that this is the server.
    #[error("{0}")]
    Tls(String),
    /// Not all of it was there in time.
    #[error("{0}")]
    Timeout(String),
    /// The response is larger than the limit.
    #[error("{0}")]
    TooLarge(String),
}

impl HttpError {
    /// The same error, its text changed.
    pub(crate) fn map(self, change: impl FnOnce(String) -> String) -> Self {
        match self {
            Self::Denied(text) => Self::Denied(change(text)),
            Self::Invalid(text) => Self::Invalid(change(text)),
            Self::Unreachable(text) => Self::Unreachable(change(text)),
            Self::Tls(text) => Self::Tls(change(text)),
            Self::Timeout(text) => Self::Timeout(change(text)),
            Self::TooLarge(text) => Self::TooLarge(change(text)),
        }
    }
}

/// A request begins as a connection.
impl From<TcpError> for HttpError {
    fn from(error: TcpError) -> Self {
        match error {
            TcpError::Denied(text) => Self::Denied(text),
            TcpError::Unreachable(text) => Self::Unreachable(text),
            TcpError::Tls(text) => Self::Tls(text),
            TcpError::Timeout(text) => Self::Timeout(text),
        }
    }
}
