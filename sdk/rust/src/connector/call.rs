use super::{File, State};
use crate::{bindings::connector::Invocation, http, tcp};

/// One call of one action. `C` is the asset's configuration.
///
/// ```
/// use palisade_sdk::{Failure, connector::{Call, Done}};
/// # #[derive(serde::Deserialize, schemars::JsonSchema)]
/// # struct Configuration { url: String }
/// # #[derive(serde::Deserialize, schemars::JsonSchema)]
/// # struct Ticket { title: String }
///
/// fn open_ticket(call: &Call<Configuration>, ticket: Ticket) -> Result<Done<u64>, Failure> {
///     let request = call.http().post(&call.configuration.url).body("text/plain", ticket.title);
///     // The system opens one ticket for one key, however often it is asked.
///     let number = request.header("idempotency-key", &call.idempotency_key).send()?.ok()?.json()?;
///     Ok(Done::success(format!("Ticket {number} is open."), number))
/// }
/// ```
#[non_exhaustive]
pub struct Call<C> {
    /// The asset's configuration.
    pub configuration: C,
    /// The same for every attempt at the same step of the same run, and for no other.
    pub idempotency_key: String,
    /// 1 for the first attempt.
    pub attempt: u32,
    /// The token of the [`Pending`](super::Pending) that this call comes back for.
    pub resume: Option<String>,
    /// The run was cancelled while the job of `resume` was pending. Stop the job if the system can, and say how it stands;
    /// nobody comes back for it.
    pub cancelled: bool,
}

impl<C> Call<C> {
    pub(super) fn new(configuration: C, invocation: &Invocation) -> Self {
        Self {
            configuration,
            idempotency_key: invocation.idempotency_key.clone(),
            attempt: invocation.attempt,
            resume: invocation.resume.clone(),
            cancelled: invocation.cancelled,
        }
    }

    /// HTTP under the operator's policy.
    pub fn http(&self) -> http::Client {
        http::Client::new()
    }

    /// TCP under the operator's policy.
    pub fn tcp(&self) -> tcp::Client {
        tcp::Client::new()
    }

    /// What earlier calls on the same asset have kept.
    pub fn state(&self) -> State {
        State::new()
    }

    /// The file that this configuration field names; the connector declares it with
    /// [`reads_file`](super::Connector::reads_file).
    pub fn file(&self, field: &'static str) -> File {
        File::new(field)
    }
}
