//! The file that says how everything ends that a playbook starts in a rehearsal.

use std::collections::BTreeMap;

use palisade_model::{
    action::{ActionResult, Failure, Report, ReportStatus},
    list,
    name::Name,
};
use serde::Deserialize;
use serde_json::{Map, Value};

/// What is in the file of answers.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Answers {
    /// How an action ends, by `connector/action`; of several ends each is taken once, and the last one stays.
    pub(super) actions: BTreeMap<String, Ends>,
    /// How another playbook ends, by its name.
    pub(super) playbooks: BTreeMap<String, Ends>,
    /// What people answer, in the order of the questions; `null`, and behind the last one, nobody does.
    pub(super) prompts: Vec<Value>,
    /// The custom lists.
    pub(super) lists: BTreeMap<Name, Vec<list::Value>>,
    /// How many earlier alerts there are, whatever is asked.
    pub(super) earlier: u32,
}

/// One end or several.
#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum Ends {
    Several(Vec<End>),
    One(End),
}

/// How an action ends.
#[derive(Clone, Deserialize)]
#[serde(
    untagged,
    expecting = "an end is {\"message\": …, \"data\": …} or {\"failure\": \"not-found\", \"message\": …}"
)]
pub(super) enum End {
    Failure(Failure),
    Report {
        #[serde(default = "success")]
        status: ReportStatus,
        message: String,
        #[serde(default)]
        summary: Map<String, Value>,
        #[serde(default)]
        data: Value,
    },
}

fn success() -> ReportStatus {
    ReportStatus::Success
}

impl Ends {
    /// The end of the next one that is started.
    pub(super) fn next(&mut self) -> Option<ActionResult> {
        let end = match self {
            Self::One(end) => end.clone(),
            Self::Several(ends) if ends.len() > 1 => ends.remove(0),
            Self::Several(ends) => ends.first()?.clone(),
        };
        Some(match end {
            End::Failure(failure) => Err(failure),
            End::Report { status, message, summary, data } => {
                Ok(Report { status, message, summary: summary.into(), data })
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_of_several_ends_is_taken_once_and_the_last_one_stays() {
        let mut answers: Answers = serde_json::from_value(json!({ "actions": { "a/b": [
            { "message": "Found.", "data": { "score": 1 } },
            { "failure": "not-found", "message": "gone" },
        ] } }))
        .unwrap();
        let ends = answers.actions.get_mut("a/b").unwrap();
        assert_eq!(ends.next().unwrap().unwrap().data, json!({ "score": 1 }));
        for _ in 0..2 {
            assert_eq!(ends.next().unwrap(), Err(Failure::NotFound { message: "gone".into() }));
        }
    }

    #[test]
    fn a_typing_error_is_seen() {
        assert!(serde_json::from_value::<Answers>(json!({ "action": {} })).is_err());
        let end = json!({ "actions": { "a/b": { "mesage": "x" } } });
        assert!(serde_json::from_value::<Answers>(end).is_err());
    }
}
