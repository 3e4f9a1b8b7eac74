pub use crate::bindings::connector::palisade::plugin::types::{Failure, RateLimit, UpstreamError};

/// A handler returns one in place of its answer, and the host decides from the kind whether to try again. Most come by
/// themselves, with `?`: [`http::Response::ok`](crate::http::Response::ok) makes them of a status.
///
/// ```
/// use palisade_sdk::Failure;
///
/// let failure = Failure::not_found("there is no case 7");
/// assert_eq!(failure.sentence(), "not found: there is no case 7");
/// // In a playbook, `?` makes the sentence of it.
/// let ended: Result<String, String> = (|| Err(failure)?)();
/// assert_eq!(ended, Err("not found: there is no case 7".into()));
/// ```
impl Failure {
    /// The parameters, or the asset's configuration, cannot be used; `message` says which and why.
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::InvalidParameters(message.into())
    }

    /// What was asked for does not exist there.
    pub fn not_found(message: impl Into<String>) -> Self {
        Self::NotFound(message.into())
    }

    /// The system answered with something that is an error or makes no sense, and no HTTP status tells more.
    pub fn upstream(message: impl Into<String>) -> Self {
        Self::Upstream(UpstreamError { http_status: None, message: message.into() })
    }

    /// One sentence for a person: what kind of failure, then the words that came with it.
    pub fn sentence(&self) -> String {
        match self {
            Self::InvalidParameters(message) => format!("the parameters cannot be used: {message}"),
            Self::Authentication(message) => format!("the system refused the credentials: {message}"),
            Self::NotFound(message) => format!("not found: {message}"),
            Self::RateLimited(limit) => format!("too many calls: {}", limit.message),
            Self::Upstream(UpstreamError { http_status: Some(200..300), message }) => {
                format!("the system's answer makes no sense: {message}")
            }
            Self::Upstream(UpstreamError { http_status: Some(status), message }) => {
                format!("the system answered with status {status}: {message}")
            }
            Self::Upstream(UpstreamError { http_status: None, message }) => {
                format!("the system's answer is an error: {message}")
            }
            Self::Unavailable(message) => format!("the system could not be reached: {message}"),
            Self::Denied(message) => format!("the policy forbids it: {message}"),
            Self::Cancelled(message) => message.clone(),
        }
    }
}

/// So that `?` ends a playbook with the failure's [`sentence`](Failure::sentence).
impl From<Failure> for String {
    fn from(failure: Failure) -> Self {
        failure.sentence()
    }
}
