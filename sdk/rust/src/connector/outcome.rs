use std::time::Duration;

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::{
    Failure, Status,
    bindings::connector::{
        Outcome as WireOutcome, Pending as WirePending, Verdict as WireVerdict,
        palisade::plugin::types::Report,
    },
};

/// How a call ended, when it did not fail.
///
/// ```
/// use std::time::Duration;
///
/// use palisade_sdk::connector::{Done, Outcome, Pending};
///
/// fn told(job: &str, found: Option<u64>) -> Outcome<u64> {
///     match found {
///         Some(count) => Outcome::Done(Done::success(format!("{count} were found."), count)),
///         None => Outcome::Pending(Pending {
///             after: Duration::from_secs(10),
///             token: job.to_owned(),
///             message: "The search is at work.".to_owned(),
///         }),
///     }
/// }
/// ```
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome<O> {
    /// The action ran to its end.
    Done(Done<O>),
    /// The system works on it: come back. Nothing waits meanwhile.
    Pending(Pending),
}

/// What an action did. `O` is everything found.
///
/// ```
/// use palisade_sdk::connector::Done;
///
/// let done = Done::success("203.0.113.9 scores 90.", 90_u8).fact("score", 90).fact("listed", true);
/// let refused = Done::failed("The firewall keeps no more than 100 blocks.", ());
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Done<O> {
    status: Status,
    message: String,
    summary: Map<String, Value>,
    data: O,
}

/// Whether a call that nobody heard the end of took effect. `O` is everything found, as in the action's report.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict<O> {
    /// It did: the report that the call would have given.
    Happened(Done<O>),
    /// It did not, and no trace of it is under way.
    DidNotHappen,
    /// The system cannot tell; says why.
    Unknown(String),
}

/// A job of the system that is not finished.
#[derive(Clone, Debug, PartialEq)]
pub struct Pending {
    /// Come back after this time; the host enforces a minimum of 100 ms.
    pub after: Duration,
    /// What the connector needs to recognise the job; handed back as [`Call::resume`](super::Call::resume).
    pub token: String,
    /// How far it is, for a person.
    pub message: String,
}

impl<O> Done<O> {
    /// It did what its name says; `message` is one sentence for a person.
    pub fn success(message: impl Into<String>, data: O) -> Self {
        Self { status: Status::Success, message: message.into(), summary: Map::new(), data }
    }

    /// The system answered, and the answer is no; `message` is one sentence for a person.
    pub fn failed(message: impl Into<String>, data: O) -> Self {
        Self { status: Status::Failed, ..Self::success(message, data) }
    }

    /// Adds one of the few facts that decide to the summary.
    #[must_use]
    pub fn fact(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.summary.insert(name.to_owned(), value.into());
        self
    }
}

/// What a handler returns: [`Done`], or [`Outcome`] where the system may need time.
pub trait Answer {
    /// Everything found: its schema is the action's output schema.
    type Data: Serialize + JsonSchema;

    /// The same as an outcome.
    fn into_outcome(self) -> Outcome<Self::Data>;
}

impl<O: Serialize + JsonSchema> Answer for Done<O> {
    type Data = O;

    fn into_outcome(self) -> Outcome<O> {
        Outcome::Done(self)
    }
}

impl<O: Serialize + JsonSchema> Answer for Outcome<O> {
    type Data = O;

    fn into_outcome(self) -> Self {
        self
    }
}

impl<O: Serialize> Done<O> {
    fn into_wire(self) -> Result<Report, Failure> {
        Ok(Report {
            status: self.status,
            message: self.message,
            summary: Value::Object(self.summary).to_string(),
            data: serde_json::to_string(&self.data)
                .map_err(|error| Failure::upstream(format!("what was found is no JSON: {error}")))?,
        })
    }
}

impl<O: Serialize> Verdict<O> {
    pub(super) fn into_wire(self) -> Result<WireVerdict, Failure> {
        Ok(match self {
            Self::Happened(done) => WireVerdict::Happened(done.into_wire()?),
            Self::DidNotHappen => WireVerdict::DidNotHappen,
            Self::Unknown(why) => WireVerdict::Unknown(why),
        })
    }
}

impl<O: Serialize> Outcome<O> {
    pub(super) fn into_wire(self) -> Result<WireOutcome, Failure> {
        Ok(match self {
            Self::Done(done) => WireOutcome::Done(done.into_wire()?),
            Self::Pending(pending) => WireOutcome::Pending(WirePending {
                after_ms: u64::try_from(pending.after.as_millis()).unwrap_or(u64::MAX),
                token: pending.token,
                message: pending.message,
            }),
        })
    }
}
