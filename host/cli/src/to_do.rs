//! What waits for a person, in words, and what a person types about it.

use palisade_model::{
    alert::{AlertId, Escalation},
    approval::Approval,
    prompt::{Answers, Prompt, ToDo},
    run::{Position, RunId},
};
use serde_json::Value;

use crate::{printable, time};

/// Characters of the parameters of an action that one line shows.
const PARAMETERS_CHARS: usize = 200;

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
        ToDo::Approve(approval) => format!("{}: {}", consent(approval), action(approval)),
        ToDo::TakeOver(Escalation { to, summary }) => {
            format!("{} to take the alert over: {}", whom(to.as_deref()), printable::line(summary))
        }
    }
}

/// What a person types. Nothing that a stranger wrote is in it: people copy it into a shell.
pub(crate) fn command(run: RunId, alert: AlertId, step: Position, what: &ToDo) -> String {
    match what {
        ToDo::Answer(_) => format!("palisade answer {run}.{step} ANSWER"),
        ToDo::Approve(_) => format!("palisade approve {run}.{step}"),
        ToDo::TakeOver(_) => format!("palisade alert take {alert}"),
        ToDo::Decide { .. } => format!("palisade run decide {run} {step} DECISION --note WHY"),
        ToDo::Look(_) => format!("palisade run show {run}"),
    }
}

/// Who is asked.
pub(crate) fn asked(prompt: &Prompt) -> String {
    whom(prompt.to.as_deref())
}

/// Whose consent is asked for.
pub(crate) fn consent(approval: &Approval) -> String {
    match &approval.to {
        Some(to) => format!("{} must approve", printable::line(to)),
        None => "somebody must approve".to_owned(),
    }
}

/// An action that waits for consent, with what it would be done to.
pub(crate) fn action(approval: &Approval) -> String {
    let Approval { connector, action, asset, .. } = approval;
    let (connector, action) = (printable::line(connector), printable::line(action));
    format!("{connector}/{action} @{asset} {}", with(approval))
}

/// The parameters of an action that waits for consent, and for how long it would be done.
pub(crate) fn with(Approval { parameters, undo_after_ms, .. }: &Approval) -> String {
    let parameters = printable::line(&shortened(&parameters.to_string()));
    let time = undo_after_ms.map(|ms| format!(" for {}", time::duration(ms.saturating_mul(1_000))));
    parameters + &time.unwrap_or_default()
}

/// So much of the parameters as fits a line; the run has all of them.
fn shortened(text: &str) -> String {
    match text.char_indices().nth(PARAMETERS_CHARS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

fn whom(to: Option<&str>) -> String {
    to.map_or("asks whoever looks first".to_owned(), |to| format!("asks {}", printable::line(to)))
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
