//! What a person says about a run: `palisade run cancel`, `pause`, `resume`, `retry`, `answer`, `decide`.

use std::env;

use clap::{Args, ValueEnum};
use palisade_model::{
    journal::Decision,
    prompt::{Answers, Task, ToDo},
    run::{Position, Run, RunId},
};
use serde_json::{Value, json};

use crate::{
    answers::{Caller, RunAndAlert},
    client::Client,
    context::Context,
    error::Error,
    limits::REQUEST_TIME,
    run_screen,
    style::BOLD,
};

/// A run, and why.
#[derive(Args)]
pub(crate) struct Word {
    /// Number of the run
    id: RunId,
    /// Why, for those who read it later
    #[arg(long, value_name = "TEXT")]
    note: Option<String>,
}

/// What to try again.
#[derive(Args)]
pub(crate) struct Retry {
    /// Number of the run
    id: RunId,
    /// The action that failed [default: the last one]
    #[arg(long, value_name = "N")]
    step: Option<Position>,
    /// Why, for those who read it later
    #[arg(long, value_name = "TEXT")]
    note: Option<String>,
}

/// What to answer.
#[derive(Args)]
#[command(override_usage = "palisade run answer [OPTIONS] <ID> [STEP] <ANSWER>")]
pub(crate) struct Answer {
    /// Number of the run
    id: RunId,
    /// The step that asks; without it, the only open question of the run
    #[arg(value_name = "STEP", allow_negative_numbers = true)]
    first: String,
    /// One of the choices, a number, or a text
    #[arg(value_name = "ANSWER", allow_negative_numbers = true)]
    second: Option<String>,
    /// Why, for those who read it later
    #[arg(long, value_name = "TEXT")]
    note: Option<String>,
}

/// What became of an action.
#[derive(Args)]
pub(crate) struct Decide {
    /// Number of the run
    id: RunId,
    /// The action in doubt
    step: Position,
    /// What became of it
    decision: Verdict,
    /// How you know, for those who read it later
    #[arg(long, value_name = "TEXT")]
    note: String,
}

/// What became of an action in doubt.
#[derive(Clone, Copy, ValueEnum)]
enum Verdict {
    /// It took effect: the run goes on with that
    Done,
    /// It did not: it is sent again
    NotDone,
    /// It stays unknown: the action fails, and the playbook goes on with that
    GiveUp,
}

impl From<Verdict> for Decision {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Done => Self::Done,
            Verdict::NotDone => Self::NotDone,
            Verdict::GiveUp => Self::GiveUp,
        }
    }
}

/// `cancel`, `pause` and `resume`.
pub(super) async fn say(word: Word, what: &str, host: &Client, context: &Context) -> Result<(), Error> {
    let path = format!("/api/v1/runs/{}/{what}", word.id);
    post(&path, json!({}), word.note, host, context).await
}

pub(super) async fn retry(command: Retry, host: &Client, context: &Context) -> Result<(), Error> {
    let body = command.step.map_or_else(|| json!({}), |step| json!({ "step": step }));
    post(&format!("/api/v1/runs/{}/retry", command.id), body, command.note, host, context).await
}

pub(super) async fn answer(command: Answer, host: &Client, context: &Context) -> Result<(), Error> {
    let Answer { id, first, second, note } = command;
    let (step, text) = match second {
        Some(text) => (Some(first), text),
        None => (None, first),
    };
    let view: RunAndAlert = host.get(&format!("/api/v1/runs/{id}")).await?.read()?;
    let (step, answers) = asked(id, step, &view.tasks)?;
    let answer = typed(text, answers)?;
    let path = format!("/api/v1/runs/{id}/steps/{step}/answer");
    post(&path, json!({ "answer": answer }), note, host, context).await
}

pub(super) async fn decide(command: Decide, host: &Client, context: &Context) -> Result<(), Error> {
    let path = format!("/api/v1/runs/{}/steps/{}/decision", command.id, command.step);
    let decision = json!({ "decision": Decision::from(command.decision) });
    post(&path, decision, Some(command.note), host, context).await
}

/// Tells the host what a person says, and shows how the run stands with it.
async fn post(
    path: &str,
    mut body: Value,
    note: Option<String>,
    host: &Client,
    context: &Context,
) -> Result<(), Error> {
    // The host knows a user by their token. Who holds the admin's may be anybody, so the terminal says who sits at it.
    if let Ok(user) = env::var("USER")
        && !user.is_empty()
        && host.get("/api/v1/caller").await?.read::<Caller>()?.admin
    {
        body["by"] = user.into();
    }
    if let Some(note) = note {
        body["note"] = note.into();
    }
    let answer = host.post(path, &body, REQUEST_TIME).await?;
    context.show(answer, |run: Run| {
        let (mark, style, word) = run_screen::status(run.status);
        format!("Run {BOLD}{0}{BOLD:#} {style}{mark} {word}{style:#}: see `palisade run show {0}`\n", run.id)
    })
}

/// The question that is to be answered: the named one, or the only one that is open. What a named step asks is not
/// known if it does not wait; then the host says what is wrong with it.
fn asked(run: RunId, step: Option<String>, tasks: &[Task]) -> Result<(Position, Option<&Answers>), Error> {
    let usage = |what, next: &str| Error::Usage { what, next: next.to_owned() };
    let mut open = tasks.iter().filter_map(|task| match &task.what {
        ToDo::Answer(prompt) => Some((task.position, &prompt.answer)),
        ToDo::Decide { .. } | ToDo::Look(_) => None,
    });
    if let Some(step) = step {
        let Ok(step) = step.parse() else {
            return Err(usage(
                format!("{step:?} is no number of a step"),
                "put an answer of several words into quotes",
            ));
        };
        return Ok((step, open.find(|(position, _)| *position == step).map(|(_, answers)| answers)));
    }
    match (open.next(), open.next()) {
        (Some((position, answers)), None) => Ok((position, Some(answers))),
        (None, _) => Err(Error::Missing {
            what: format!("run {run} has no open question"),
            next: "see `palisade inbox`".into(),
        }),
        (Some(_), Some(_)) => {
            Err(usage(format!("run {run} has several open questions"), "name the step: see `palisade inbox`"))
        }
    }
}

/// The answer as the prompt wants it.
fn typed(text: String, answers: Option<&Answers>) -> Result<Value, Error> {
    let answer = match answers {
        Some(Answers::Number { .. }) => text.parse::<i64>().map_or(Value::String(text), Value::from),
        Some(Answers::Choice { .. } | Answers::Text) | None => Value::String(text),
    };
    let Some(answers) = answers else { return Ok(answer) };
    let usage = |what| Error::Usage { what, next: "see the question with `palisade inbox`".into() };
    answers.check(&answer).map_err(usage)?;
    Ok(answer)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn task(position: Position, answer: &Value) -> Task {
        serde_json::from_value(json!({
            "run": 17, "position": position, "playbook": "triage", "alert": 42, "since": "2026-01-01T00:00:00Z",
            "to_do": "answer", "question": "How many?", "answer": answer, "deadline": "2026-01-02T00:00:00Z",
            "default": 1,
        }))
        .unwrap()
    }

    #[test]
    fn a_step_may_be_left_out_if_only_one_asks() {
        let number = task(2, &json!({ "kind": "number", "least": -5, "most": 5 }));
        let text = task(3, &json!({ "kind": "text" }));
        assert_eq!(asked(17, None, std::slice::from_ref(&number)).unwrap().0, 2);
        let tasks = [number, text];
        assert!(matches!(asked(17, None, &tasks), Err(Error::Usage { .. })));
        assert!(matches!(asked(17, None, &[]), Err(Error::Missing { .. })));
        assert_eq!(asked(17, Some("3".into()), &tasks).unwrap(), (3, Some(&Answers::Text)));
        assert_eq!(asked(17, Some("9".into()), &tasks).unwrap(), (9, None), "the host knows what is wrong");
        assert!(asked(17, Some("three".into()), &tasks).is_err());
    }

    #[test]
    fn an_answer_is_what_the_question_wants() {
        let number = Answers::Number { least: -5, most: 5 };
        let choice = Answers::Choice { choices: vec!["5".into(), "no".into()] };
        assert_eq!(typed("-5".into(), Some(&number)).unwrap(), json!(-5));
        assert_eq!(typed("5".into(), Some(&choice)).unwrap(), json!("5"));
        assert_eq!(typed("5".into(), Some(&Answers::Text)).unwrap(), json!("5"));
        assert!(typed("6".into(), Some(&number)).is_err());
        assert!(typed("five".into(), Some(&number)).is_err());
        assert!(typed("yes".into(), Some(&choice)).is_err());
    }
}
