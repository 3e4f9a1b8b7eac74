//! What waits for a person, in words, and what a person types about it.

use palisade_model::{
    prompt::{Answers, Prompt, ToDo},
    run::{Position, RunId},
};
use serde_json::Value;

use crate::printable;

/// What is to be done, in one line.
pub(crate) fn words(what: &ToDo) -> String {
    match what {
        ToDo::Answer(prompt) => {
            format!("{}: {} ({})", asked(prompt), printable::line(&prompt.question), answers(&prompt.answer))
        }
        ToDo::Decide { message } => {
            format!("say whether an action took effect: {}", printable::line(message))
        }
        ToDo::Look(_) => "see why the run does not fit its journal".to_owned(),
    }
}

/// What a person types. Nothing that a stranger wrote is in it: people copy it into a shell.
pub(crate) fn command(run: RunId, step: Position, what: &ToDo) -> String {
    match what {
        ToDo::Answer(_) => format!("palisade run answer {run} {step} ANSWER"),
        ToDo::Decide { .. } => format!("palisade run decide {run} {step} DECISION --note WHY"),
        ToDo::Look(_) => format!("palisade run show {run}"),
    }
}

/// Who is asked.
pub(crate) fn asked(prompt: &Prompt) -> String {
    prompt
        .to
        .as_deref()
        .map_or("asks whoever looks first".to_owned(), |to| format!("asks {}", printable::line(to)))
}

/// What counts as an answer.
pub(crate) fn answers(answers: &Answers) -> String {
    match answers {
        Answers::Choice { choices } => printable::line(&choices.join(" or ")),
        Answers::Text => "any text".to_owned(),
        Answers::Number { least, most } => format!("a whole number from {least} to {most}"),
    }
}

/// An answer as a person gave it: text without quotes.
pub(crate) fn answer(answer: &Value) -> String {
    printable::line(&answer.as_str().map_or_else(|| answer.to_string(), str::to_owned))
}
