use std::{ops::RangeInclusive, time::Duration};

use serde::Deserialize;
use serde_json::Value;

use super::{Step, StepId};
use crate::{Failure, Report, bindings::playbook::palisade::plugin::prompts as wire, host};

/// What a prompt waits for unless it says otherwise.
const TIME_DEFAULT: Duration = Duration::from_secs(24 * 60 * 60);

/// A question to a person. Each kind takes the answer that stands when nobody gave one in time.
///
/// ```
/// use std::time::Duration;
///
/// use palisade_sdk::playbook::Prompt;
///
/// let hour = Duration::from_secs(60 * 60);
/// let block = Prompt::choice("Block 203.0.113.9?", ["yes", "no"], "no").to("shift lead").within(hour);
/// let days = Prompt::number("For how many days?", 1..=30, 7);
/// let why = Prompt::text("Why?", "not said");
/// ```
#[derive(Clone, Debug)]
pub struct Prompt {
    to: Option<String>,
    question: String,
    answer: wire::Answer,
    time: Duration,
    default: Value,
}

impl Prompt {
    /// One of these choices is an answer.
    pub fn choice<const N: usize>(question: impl Into<String>, choices: [&str; N], default: &str) -> Self {
        Self::new(question, wire::Answer::Choice(choices.map(str::to_owned).into()), default)
    }

    /// Any text is an answer.
    pub fn text(question: impl Into<String>, default: &str) -> Self {
        Self::new(question, wire::Answer::Text, default)
    }

    /// A whole number of this range is an answer.
    pub fn number(question: impl Into<String>, range: RangeInclusive<i64>, default: i64) -> Self {
        Self::new(question, wire::Answer::Number(range.into_inner()), default)
    }

    fn new(question: impl Into<String>, answer: wire::Answer, default: impl Into<Value>) -> Self {
        Self { to: None, question: question.into(), answer, time: TIME_DEFAULT, default: default.into() }
    }

    /// The person or role that is asked; otherwise whoever looks first.
    #[must_use]
    pub fn to(mut self, who: impl Into<String>) -> Self {
        self.to = Some(who.into());
        self
    }

    /// How long it waits for an answer; a day unless said otherwise, and at most 30 days.
    #[must_use]
    pub fn within(mut self, time: Duration) -> Self {
        self.time = time;
        self
    }

    pub(super) fn ask(self) -> Asked {
        let id = host::prompts::ask(&wire::Prompt {
            to: self.to,
            question: self.question,
            answer: self.answer,
            time_limit_ms: u64::try_from(self.time.as_millis()).unwrap_or(u64::MAX),
            default: self.default.to_string(),
        });
        Asked { id }
    }
}

/// A prompt that waits for its answer, or has it.
#[derive(Debug, PartialEq, Eq)]
pub struct Asked {
    id: StepId,
}

impl Step for Asked {
    fn id(&self) -> StepId {
        self.id
    }
}

impl Asked {
    /// Waits for the answer, or until the default stands. Waiting again returns the same.
    ///
    /// # Errors
    ///
    /// What is wrong with the prompt, such as a default that is none of its choices.
    pub fn wait(&self) -> Result<Answer, Failure> {
        let report = Report::from(host::steps::wait(self.id)?);
        report.data().map_err(|error| Failure::upstream(format!("the answer cannot be read: {error}")))
    }
}

/// The answer to a prompt.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[non_exhaustive]
pub struct Answer {
    /// What was answered: a text, or a number if one was asked for.
    #[serde(rename = "answer")]
    pub value: Value,
    /// Who answered; none if the default stands because nobody did in time.
    pub by: Option<String>,
}

impl Answer {
    /// Whether it is this choice or this text.
    pub fn is(&self, text: &str) -> bool {
        self.text() == Some(text)
    }

    /// The choice or the text; none if a number was asked for.
    pub fn text(&self) -> Option<&str> {
        self.value.as_str()
    }

    /// The number; none if something else was asked for.
    pub fn number(&self) -> Option<i64> {
        self.value.as_i64()
    }
}
