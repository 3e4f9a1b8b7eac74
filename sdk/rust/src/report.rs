use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::bindings::connector::palisade::plugin::types as wire;
pub use wire::Status;

/// What an action did, in the words of the field: what a playbook gets of it.
///
/// ```
/// use palisade_sdk::{Report, Status};
/// use serde_json::{Map, json};
///
/// #[derive(serde::Deserialize)]
/// struct Reputation {
///     score: u8,
/// }
///
/// # let (summary, data) = (Map::new(), json!({ "score": 90, "seen": 12 }));
/// let report = Report { status: Status::Success, message: "Bad.".into(), summary, data };
/// // A playbook reads what it needs; the rest is left alone.
/// let reputation: Reputation = report.data()?;
/// assert_eq!(reputation.score, 90);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// Whether the action achieved what its name says.
    pub status: Status,
    /// One sentence for a person.
    pub message: String,
    /// The few facts that decide.
    pub summary: Map<String, Value>,
    /// Everything found.
    pub data: Value,
}

impl Report {
    /// What was found, as `T`.
    ///
    /// # Errors
    ///
    /// When it has another shape.
    pub fn data<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        T::deserialize(&self.data)
    }
}

impl From<wire::Report> for Report {
    /// The host has checked that the texts are JSON; anything else reads as nothing found.
    fn from(report: wire::Report) -> Self {
        Self {
            status: report.status,
            message: report.message,
            summary: serde_json::from_str(&report.summary).unwrap_or_default(),
            data: serde_json::from_str(&report.data).unwrap_or_default(),
        }
    }
}
