//! What a scene says that actions and other playbooks come to.

use palisade_model::action::{ActionResult, Failure, Report, ReportStatus};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::cassette::FailureKind;

/// One end, or several: each is taken once, and the last one stays.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Ends {
    Several(Vec<End>),
    One(End),
}

/// How one call ends.
#[derive(Clone, Debug, Deserialize)]
#[serde(
    untagged,
    expecting = "an end is {\"message\": …, \"data\": …}, with `status` and `summary` where they matter, or {\"failure\": \"not-found\", \"message\": …}"
)]
pub(super) enum End {
    Failure(Failed),
    Report(Reported),
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Failed {
    failure: FailureKind,
    message: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Reported {
    #[serde(default = "success")]
    status: ReportStatus,
    message: Option<String>,
    #[serde(default)]
    summary: Map<String, Value>,
    #[serde(default)]
    data: Value,
}

fn success() -> ReportStatus {
    ReportStatus::Success
}

impl Ends {
    /// The end of the next call.
    pub(super) fn next(&mut self) -> Option<ActionResult> {
        let end = match self {
            Self::One(end) => end.clone(),
            Self::Several(ends) if ends.len() > 1 => ends.remove(0),
            Self::Several(ends) => ends.first()?.clone(),
        };
        Some(match end {
            End::Failure(Failed { failure, message }) => Err(fail(failure, message)),
            End::Report(Reported { status, message, summary, data }) => Ok(Report {
                status,
                message: message.unwrap_or_else(|| "It is done.".to_owned()),
                summary: Value::Object(summary),
                data,
            }),
        })
    }
}

/// A failure of this kind, with a message of its own if none is given.
pub(super) fn fail(kind: FailureKind, message: Option<String>) -> Failure {
    let message = message.unwrap_or_else(|| "The rehearsal says no.".to_owned());
    match kind {
        FailureKind::InvalidParameters => Failure::InvalidParameters { message },
        FailureKind::Authentication => Failure::Authentication { message },
        FailureKind::NotFound => Failure::NotFound { message },
        FailureKind::RateLimited => Failure::RateLimited { retry_after_ms: Some(1_000), message },
        FailureKind::Upstream => Failure::Upstream { http_status: Some(500), message },
        FailureKind::Unavailable => Failure::Unavailable { message },
        FailureKind::Denied => Failure::Denied { message },
        FailureKind::Cancelled => Failure::Cancelled { message },
        FailureKind::Plugin => Failure::Plugin { message },
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_of_several_ends_is_taken_once_and_the_last_one_stays() {
        let mut ends: Ends = serde_json::from_value(json!([
            { "message": "Found.", "data": { "score": 1 } },
            { "failure": "not-found", "message": "gone" },
        ]))
        .unwrap();
        assert_eq!(ends.next().unwrap().unwrap().data, json!({ "score": 1 }));
        for _ in 0..2 {
            assert_eq!(ends.next().unwrap(), Err(Failure::NotFound { message: "gone".into() }));
        }
    }

    #[test]
    fn a_typing_error_is_seen() {
        for wrong in
            [json!({ "mesage": "x" }), json!({ "failure": "sad" }), json!({ "failure": "denied", "data": 1 })]
        {
            assert!(serde_json::from_value::<Ends>(wrong.clone()).is_err(), "{wrong}");
        }
    }
}
