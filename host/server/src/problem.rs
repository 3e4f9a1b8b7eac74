//! Refusals as problem documents (RFC 9457), and the conversion from the host's errors to them.

use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use palisade_engine::LoadError;
use palisade_package::TrustStoreError;
use palisade_runs::{InstallError, RunsError};
use palisade_store::StoreError;
use serde_json::{Map, Value};

use crate::{head::HeadError, limits::RETRY_AFTER_SECS};

/// A refusal: what was wrong, with what, and what to do.
#[derive(Debug)]
pub(crate) struct Problem {
    status: StatusCode,
    kind: &'static str,
    title: &'static str,
    detail: String,
    members: Map<String, Value>,
    retry_after_secs: Option<u32>,
}

impl Problem {
    fn new(status: StatusCode, kind: &'static str, title: &'static str, detail: impl Into<String>) -> Self {
        Self { status, kind, title, detail: detail.into(), members: Map::new(), retry_after_secs: None }
    }

    /// The request cannot be read.
    pub(crate) fn malformed(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "malformed", "The request cannot be read", detail)
    }

    /// The request can be read, and one part of it is wrong.
    pub(crate) fn invalid(pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid", "A part of the request is wrong", detail)
            .with("pointer", pointer.into())
    }

    /// No token, or not the right one.
    pub(crate) fn unauthorized(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "unauthorized", "The token is missing or wrong", detail)
    }

    /// The token is good, and not for this.
    pub(crate) fn forbidden(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "forbidden", "This is somebody else's to do", detail)
    }

    /// There is no such thing.
    pub(crate) fn not_found(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not-found", "There is no such thing", detail)
    }

    /// The path is right, the method is not.
    pub(crate) fn method(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "method", "This method does nothing here", detail)
    }

    /// The body is larger than accepted.
    pub(crate) fn too_large(limit_bytes: usize) -> Self {
        let detail = format!("the body is larger than {limit_bytes} bytes");
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large", "The body is too large", detail)
            .with("limit_bytes", limit_bytes)
    }

    /// The body has more events than accepted.
    pub(crate) fn too_many(limit_events: usize) -> Self {
        let detail = format!("the body has more than {limit_events} events");
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large", "The body is too large", detail)
            .with("limit_events", limit_events)
    }

    /// The body did not come in time.
    pub(crate) fn too_slow() -> Self {
        let detail = "the body did not arrive in time";
        Self::new(StatusCode::REQUEST_TIMEOUT, "too-slow", "The body came too slowly", detail)
    }

    /// Later, please.
    pub(crate) fn overloaded(detail: impl Into<String>) -> Self {
        let title = "The host has too much to do";
        let problem = Self::new(StatusCode::TOO_MANY_REQUESTS, "overloaded", title, detail);
        Self { retry_after_secs: Some(RETRY_AFTER_SECS), ..problem }
    }

    /// It contradicts what is there.
    pub(crate) fn conflict(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, "conflict", "It contradicts what is there", detail)
    }

    /// Nobody signed it, or nobody who may.
    fn untrusted(detail: impl Into<String>) -> Self {
        let title = "Nobody who is trusted vouches for it";
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "untrusted", title, detail)
    }

    /// The host cannot do its work.
    pub(crate) fn unavailable(detail: impl Into<String>) -> Self {
        let title = "The host cannot do its work";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", title, detail)
    }

    /// What was wrong and where, in one line, for a list of several.
    pub(crate) fn reason(&self) -> String {
        match self.members.get("pointer").and_then(Value::as_str) {
            Some(pointer) if !pointer.is_empty() => format!("{pointer}: {}", self.detail),
            _ => self.detail.clone(),
        }
    }

    /// One more member of the document.
    pub(crate) fn with(mut self, member: &str, value: impl Into<Value>) -> Self {
        self.members.insert(member.to_owned(), value.into());
        self
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut body = self.members;
        body.insert("type".into(), format!("urn:palisade:problem:{}", self.kind).into());
        body.insert("title".into(), self.title.into());
        body.insert("status".into(), self.status.as_u16().into());
        body.insert("detail".into(), self.detail.into());
        let mut response = (self.status, Json(body)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"palisade\""));
        }
        if let Some(seconds) = self.retry_after_secs {
            headers.insert(header::RETRY_AFTER, seconds.into());
        }
        response
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Busy => Self::overloaded(chain(&error)),
            StoreError::Full { .. } | StoreError::Undone { .. } => Self::conflict(chain(&error)),
            _ => {
                tracing::error!(error = &error as &dyn std::error::Error, "The store failed.");
                Self::unavailable(chain(&error))
            }
        }
    }
}

impl From<HeadError> for Problem {
    fn from(error: HeadError) -> Self {
        tracing::error!(
            error = &error as &dyn std::error::Error,
            "The head of the audit log cannot be used."
        );
        Self::unavailable(chain(&error))
    }
}

impl From<RunsError> for Problem {
    fn from(error: RunsError) -> Self {
        match error {
            RunsError::Overloaded => Self::overloaded(error.to_string()),
            RunsError::Missing { .. } => Self::not_found(error.to_string()),
            RunsError::Conflict(_) => Self::conflict(error.to_string()),
            RunsError::Forbidden(_) => Self::forbidden(error.to_string()),
            RunsError::Invalid(_) => Self::invalid("", error.to_string()),
            RunsError::NotReady(_) | RunsError::Installation(_) | RunsError::Policy(_) => {
                Self::unavailable(chain(&error))
            }
            RunsError::Journal { .. } => {
                tracing::error!(error = &error as &dyn std::error::Error, "A journal is damaged.");
                Self::unavailable(chain(&error))
            }
            RunsError::Store(error) => error.into(),
        }
    }
}

impl From<InstallError> for Problem {
    fn from(error: InstallError) -> Self {
        match error {
            InstallError::Store(error) => error.into(),
            InstallError::NotTrusted(_) | InstallError::Unsigned(_) | InstallError::UnknownKey { .. } => {
                Self::untrusted(chain(&error))
            }
            InstallError::Package(_) | InstallError::Disagrees(_) => Self::invalid("", chain(&error)),
            InstallError::Key(TrustStoreError::Namespaces) => Self::invalid("/namespaces", chain(&error)),
            InstallError::Key(_)
            | InstallError::Older { .. }
            | InstallError::Versions { .. }
            | InstallError::OtherComponent { .. }
            | InstallError::OtherKind { .. }
            | InstallError::OtherVersion(_)
            | InstallError::Wider { .. }
            | InstallError::Breaks { .. }
            | InstallError::NoPrevious(_)
            | InstallError::Lacks { .. }
            | InstallError::Reserved(_)
            | InstallError::Needed { .. } => Self::conflict(chain(&error)),
            InstallError::Load(LoadError::NotCompiled(_) | LoadError::Artefact(_))
            | InstallError::Component(_)
            | InstallError::Setting { .. }
            | InstallError::Vault(_) => Self::unavailable(chain(&error)),
            InstallError::Compile(_) | InstallError::Load(_) => Self::invalid("", chain(&error)),
            InstallError::NoPlaybook(_) | InstallError::NoPlugin(_) => Self::not_found(error.to_string()),
            InstallError::Asset(_) | InstallError::Settings { .. } => {
                Self::invalid("/configuration", chain(&error))
            }
        }
    }
}

/// An error and its sources in one line: the edge is where they are put together.
fn chain(error: &dyn std::error::Error) -> String {
    let mut line = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        line.push_str(": ");
        line.push_str(&error.to_string());
        source = error.source();
    }
    line
}
