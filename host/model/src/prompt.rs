//! What waits for a person: questions of playbooks, actions in doubt, runs that do not fit their journal.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    Timestamp,
    alert::{AlertId, Escalation},
    approval::Approval,
    journal::Divergence,
    limits::ANSWER_BYTES,
    name::Name,
    run::{Position, RunId},
};

/// A question to a person.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Prompt {
    /// The person or role that is asked; none for whoever looks first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// The question.
    pub question: String,
    /// What counts as an answer.
    pub answer: Answers,
    /// When the default stands.
    pub deadline: Timestamp,
    /// What stands when nobody answered in time.
    pub default: Value,
}

/// What counts as an answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Answers {
    /// One of these texts.
    Choice {
        /// These.
        choices: Vec<String>,
    },
    /// Any text.
    Text,
    /// A whole number.
    Number {
        /// The smallest.
        least: i64,
        /// The largest.
        most: i64,
    },
}

impl Answers {
    /// Checks an answer.
    ///
    /// # Errors
    ///
    /// One sentence on what would be an answer.
    pub fn check(&self, answer: &Value) -> Result<(), String> {
        match self {
            Self::Choice { choices } => match answer.as_str() {
                Some(text) if choices.iter().any(|choice| choice == text) => Ok(()),
                _ => Err(format!("{answer} is no answer: choose one of {}", choices.join(", "))),
            },
            Self::Text => match answer.as_str() {
                Some(text) if text.len() <= ANSWER_BYTES => Ok(()),
                Some(_) => Err(format!("the answer is longer than {ANSWER_BYTES} bytes")),
                None => Err(format!("{answer} is no answer: write a text")),
            },
            Self::Number { least, most } => match answer.as_i64() {
                Some(number) if (*least..=*most).contains(&number) => Ok(()),
                _ => Err(format!("{answer} is no answer: give a whole number from {least} to {most}")),
            },
        }
    }
}

/// The place of an escalation among the tasks of its run, behind all steps. It outlives the run.
pub const ESCALATION: Position = Position::MAX;

/// Something that waits for a person.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Task {
    /// The run.
    pub run: RunId,
    /// The step; 0 for the run as a whole, [`ESCALATION`] for its alert.
    pub position: Position,
    /// The run's playbook.
    pub playbook: Name,
    /// The run's alert.
    pub alert: AlertId,
    /// Since when.
    pub since: Timestamp,
    /// What is to be done.
    #[serde(flatten)]
    pub what: ToDo,
}

/// What a person is to do.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "to_do", rename_all = "kebab-case")]
pub enum ToDo {
    /// Answer.
    Answer(Prompt),
    /// Say whether an action took effect.
    Decide {
        /// Why nobody knows.
        message: String,
    },
    /// See why a run does not fit its journal.
    Look(Divergence),
    /// Say whether an action may happen.
    Approve(Approval),
    /// Take an alert over.
    TakeOver(Escalation),
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::approval::AtDeadline;

    /// A task and what it is about are written as one object, so that no field of one may be called like one of the other.
    #[test]
    fn every_task_can_be_read_back() {
        let answer = Prompt {
            to: Some("tier2".into()),
            question: "Why?".into(),
            answer: Answers::Text,
            deadline: Timestamp::UNIX_EPOCH,
            default: json!(""),
        };
        let approve = Approval {
            connector: "panos".into(),
            action: "block ip".into(),
            asset: "panos".parse().unwrap(),
            parameters: json!({ "position": 1 }),
            undo_after_ms: None,
            rule: "default".into(),
            to: Some("tier2".into()),
            deadline: Timestamp::UNIX_EPOCH,
            at_deadline: AtDeadline::Deny,
        };
        for what in [
            ToDo::Answer(answer),
            ToDo::Decide { message: "Nobody knows.".into() },
            ToDo::Look(Divergence { at_entry: 9, expected: "now".into(), actual: "log".into() }),
            ToDo::Approve(approve),
            ToDo::TakeOver(Escalation { to: None, summary: "Look.".into() }),
        ] {
            let since = Timestamp::UNIX_EPOCH;
            let task =
                Task { run: 17, position: 3, playbook: "triage".parse().unwrap(), alert: 1, since, what };
            let text = serde_json::to_string(&task).unwrap();
            assert_eq!(serde_json::from_str::<Task>(&text).unwrap(), task, "{text}");
        }
    }

    #[test]
    fn only_an_answer_counts_as_one() {
        let choice = Answers::Choice { choices: vec!["yes".into(), "no".into()] };
        let number = Answers::Number { least: -1, most: 3 };
        for (answers, good, bad) in [
            (&choice, json!("no"), json!("maybe")),
            (&number, json!(-1), json!(4)),
            (&number, json!(3), json!(1.5)),
            (&Answers::Text, json!(""), json!(true)),
            (&Answers::Text, json!("x"), json!("x".repeat(ANSWER_BYTES + 1))),
        ] {
            assert_eq!(answers.check(&good), Ok(()), "{good}");
            assert!(answers.check(&bad).is_err(), "{bad}");
        }
    }
}
