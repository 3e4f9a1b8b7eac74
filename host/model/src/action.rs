//! Actions: what a connector can do, and how one call of it ended.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::limits::{ACTION_ATTEMPTS, ACTION_RETRY_SECONDS};

/// What an action does to the world.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Effect {
    /// Reads, and changes nothing: the host lets it do nothing else.
    Investigate,
    /// Keeps something from happening: block, disable, quarantine, wipe.
    Contain,
    /// Puts something right: unblock, enable, restore.
    Correct,
    /// Changes something that is neither: a ticket, a message.
    Generic,
    /// Checks that the asset works; bound like `investigate`.
    Test,
}

impl Effect {
    /// Whether the action may change something outside. Only such an action is written down before it is sent.
    pub fn mutates(self) -> bool {
        !matches!(self, Self::Investigate | Self::Test)
    }

    /// The word for it, everywhere.
    pub fn name(self) -> &'static str {
        match self {
            Self::Investigate => "investigate",
            Self::Contain => "contain",
            Self::Correct => "correct",
            Self::Generic => "generic",
            Self::Test => "test",
        }
    }
}

/// What may happen when it is not known whether a call arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Retry {
    /// Repeating it changes nothing.
    Safe,
    /// Repeating it with the same idempotency key changes nothing.
    Keyed,
    /// Repeating it may do it twice: the host never does so by itself.
    Unsafe,
}

/// How long an action is tried that may be tried again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RetryLimits {
    /// Attempts, the first included.
    pub attempts: u32,
    /// Seconds from the first attempt after which no other begins.
    pub seconds: u32,
}

impl Default for RetryLimits {
    fn default() -> Self {
        Self { attempts: ACTION_ATTEMPTS, seconds: ACTION_RETRY_SECONDS }
    }
}

/// Verdict of an action that ran to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ReportStatus {
    /// It did what its name says.
    Success,
    /// The system answered, and the answer is no.
    Failed,
}

/// What an action did.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// Verdict.
    pub status: ReportStatus,
    /// One sentence for a person.
    pub message: String,
    /// The few facts that decide: an object.
    pub summary: Value,
    /// Everything found, as the action's output schema says.
    pub data: Value,
}

/// Why an action could not run to its end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(tag = "failure", rename_all = "kebab-case")]
pub enum Failure {
    /// The parameters cannot be used.
    #[error("invalid parameters: {message}")]
    InvalidParameters {
        /// Which, and why.
        message: String,
    },
    /// The system refused the credentials or the permission.
    #[error("authentication refused: {message}")]
    Authentication {
        /// The system's words.
        message: String,
    },
    /// What was asked for does not exist there.
    #[error("not found: {message}")]
    NotFound {
        /// What.
        message: String,
    },
    /// Too many calls.
    #[error("rate limited: {message}")]
    RateLimited {
        /// Milliseconds to wait, if the system said.
        retry_after_ms: Option<u64>,
        /// The system's words.
        message: String,
    },
    /// The system answered with an error, or with something that makes no sense.
    #[error("error from the system: {message}")]
    Upstream {
        /// HTTP status, where there was one.
        http_status: Option<u16>,
        /// The system's words.
        message: String,
    },
    /// The system could not be reached, or did not answer in time.
    #[error("unavailable: {message}")]
    Unavailable {
        /// What happened.
        message: String,
    },
    /// Policy forbids it.
    #[error("denied: {message}")]
    Denied {
        /// Which rule.
        message: String,
    },
    /// A person ended the run, or the wait for this.
    #[error("cancelled: {message}")]
    Cancelled {
        /// Who, and how it stood.
        message: String,
    },
    /// The plugin broke: it trapped, ran out of a limit, or returned what its own schema forbids.
    #[error("plugin fault: {message}")]
    Plugin {
        /// Which plugin, and how.
        message: String,
    },
}

/// How one call of an action ended.
pub type ActionResult = Result<Report, Failure>;
