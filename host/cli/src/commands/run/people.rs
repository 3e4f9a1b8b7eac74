//! What a person says about a run: `palisade run cancel`, `pause`, `resume`, `retry`, `decide`, `undo`.

use std::env;

use clap::{Args, ValueEnum};
use palisade_model::{
    journal::Decision,
    run::{Position, Run, RunId},
};
use serde_json::{Value, json};

use crate::{
    answers::{Caller, NewRun},
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

pub(super) async fn decide(command: Decide, host: &Client, context: &Context) -> Result<(), Error> {
    let path = format!("/api/v1/runs/{}/steps/{}/decision", command.id, command.step);
    let decision = json!({ "decision": Decision::from(command.decision) });
    post(&path, decision, Some(command.note), host, context).await
}

pub(super) async fn undo(word: Word, host: &Client, context: &Context) -> Result<RunId, Error> {
    let mut body = json!({});
    sign(&mut body, word.note, host).await?;
    let answer = host.post(&format!("/api/v1/runs/{}/undo", word.id), &body, REQUEST_TIME).await?;
    let NewRun { run } = answer.look()?;
    context.show(answer, |NewRun { run }| {
        format!("Run {BOLD}{run}{BOLD:#} takes back what run {} did.\n", word.id)
    })?;
    Ok(run)
}

/// Tells the host what a person says, and shows how the run stands with it.
pub(crate) async fn post(
    path: &str,
    mut body: Value,
    note: Option<String>,
    host: &Client,
    context: &Context,
) -> Result<(), Error> {
    sign(&mut body, note, host).await?;
    let answer = host.post(path, &body, REQUEST_TIME).await?;
    context.show(answer, |run: Run| {
        let (mark, style, word) = run_screen::status(run.status);
        format!("Run {BOLD}{0}{BOLD:#} {style}{mark} {word}{style:#}: see `palisade run show {0}`\n", run.id)
    })
}

/// Adds who says it, and why.
pub(crate) async fn sign(body: &mut Value, note: Option<String>, host: &Client) -> Result<(), Error> {
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
    Ok(())
}
