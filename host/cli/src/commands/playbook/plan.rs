//! `palisade playbook plan`

use std::{collections::BTreeMap, fmt::Write as _};

use clap::Args;
use palisade_model::{
    alert::AlertId,
    journal::{ActionEnded, ActionStarted, Ended, Entry, Event, Planned, PlannedRequest, PromptAsked},
    name::Name,
    run::{Position, RunId, RunStatus},
};
use serde_json::{Value, json};

use crate::{
    answers::{Journal, NewRun, RunAndAlert},
    client::Client,
    context::Context,
    error::Error,
    exit::Exit,
    limits::{REQUEST_TIME, WATCH_TIME},
    printable,
    progress::Spinner,
    run_screen,
    style::{BAD, BOLD, BUSY, DIM, WARN},
    to_do,
};

/// What to plan.
#[derive(Args)]
pub(crate) struct Plan {
    /// Name of the playbook
    name: Name,
    /// Number of the alert
    #[arg(long, value_name = "ID")]
    alert: AlertId,
    /// The answer to questions that it answers; the others have their default, as if nobody had answered
    #[arg(long, value_name = "ANSWER")]
    answer: Option<String>,
}

pub(super) async fn run(command: Plan, host: &Client, context: &Context) -> Result<Exit, Error> {
    let Plan { name, alert, answer } = command;
    let assumed = answer.map(|answer| answer.parse::<i64>().map_or(Value::String(answer), Value::from));
    let body = json!({ "alert": alert, "mode": "plan", "assumed": assumed });
    let answer = host.post(&format!("/api/v1/playbooks/{name}/runs"), &body, REQUEST_TIME).await?;
    let NewRun { run } = answer.read()?;
    let spinner = Spinner::new(format!("Planning with {name}"));
    wait(host, run).await?;
    drop(spinner);
    let answer = host.get(&format!("/api/v1/runs/{run}")).await?;
    let view: RunAndAlert = answer.look()?;
    let below = children(host, &view).await?;
    context.show(answer, |view: RunAndAlert| plan(&view, &below))?;
    Ok(if view.run.status == RunStatus::Succeeded { Exit::Done } else { Exit::Failed })
}

/// The runs below this one, each before those that it started.
async fn children(host: &Client, view: &RunAndAlert) -> Result<Vec<RunAndAlert>, Error> {
    let mut all = Vec::new();
    // They come newest first.
    let mut left: Vec<RunId> = view.children.iter().map(|child| child.id).collect();
    while let Some(run) = left.pop() {
        let view: RunAndAlert = host.get(&format!("/api/v1/runs/{run}")).await?.read()?;
        left.extend(view.children.iter().map(|child| child.id));
        all.push(view);
    }
    Ok(all)
}

/// Waits until the run has ended. It asks nobody and waits for no time, only for what its look-ups take.
async fn wait(host: &Client, run: RunId) -> Result<(), Error> {
    let mut next = 1;
    loop {
        let path = format!("/api/v1/runs/{run}/journal?from={next}&wait_ms={}", WATCH_TIME.as_millis());
        let Journal { run, entries } = host.get(&path).await?.read()?;
        next = entries.last().map_or(next, |entry| entry.seq + 1);
        if run.status.is_final() && next > run.entries {
            return Ok(());
        }
    }
}

/// What would be done, to what, with which body.
fn plan(view: &RunAndAlert, below: &[RunAndAlert]) -> String {
    let mut text = run_of(view);
    for child in below {
        let _ = write!(
            text,
            "{BOLD}{}{BOLD:#}  {DIM}run {}{DIM:#}\n\n{}",
            child.run.playbook,
            child.run.id,
            run_of(child)
        );
    }
    let changes: usize = std::iter::once(view).chain(below).map(|view| planned(view).count()).sum();
    let things = match changes {
        0 => "Nothing would be sent that changes something.".to_owned(),
        1 => "1 action would be sent; nothing was.".to_owned(),
        _ => format!("{changes} actions would be sent; nothing was."),
    };
    let (mark, style, word) = run_screen::status(view.run.status);
    let _ = write!(
        text,
        "{BOLD}Plan{BOLD:#}  {things} {DIM}Everything that was looked up: `palisade run show {}`{DIM:#}\n\
         {style}{mark} {word}{style:#}: {}\n",
        view.run.id,
        printable::line(&view.run.message)
    );
    text
}

/// The actions of a run that would be sent, each with its place in the journal.
fn planned(view: &RunAndAlert) -> impl Iterator<Item = (Position, &Planned)> {
    view.entries.iter().filter_map(|entry| match &entry.event {
        Event::ActionEnded(ActionEnded { position, result: Ended::Planned(planned), .. }) => {
            Some((*position, planned))
        }
        _ => None,
    })
}

/// What one run would do, in the order in which its playbook came to it.
fn run_of(view: &RunAndAlert) -> String {
    let plans: BTreeMap<Position, &Planned> = planned(view).collect();
    let answers: BTreeMap<Position, &Value> = view.entries.iter().filter_map(assumed).collect();
    let mut text = String::new();
    for entry in &view.entries {
        match &entry.event {
            Event::ActionStarted(started) => {
                if let Some(planned) = plans.get(&started.position) {
                    text.push_str(&action(started, planned));
                }
            }
            Event::PromptAsked(PromptAsked { position, prompt }) => {
                let answer = answers.get(position).map_or_else(String::new, |answer| to_do::answer(answer));
                let question = printable::line(&prompt.question);
                let _ = writeln!(
                    text,
                    "{WARN}?{WARN:#} {BOLD}{}{BOLD:#}: {question}\n    {DIM}answer{DIM:#}  {answer}\n",
                    to_do::asked(prompt)
                );
            }
            Event::ActionEnded(ActionEnded { position, result: Ended::Failure(failure), .. }) => {
                let _ = writeln!(
                    text,
                    "{BAD}✘{BAD:#} {}: {}\n",
                    named(view, *position),
                    printable::line(&failure.to_string())
                );
            }
            _ => {
                if let Some(words) = run_screen::change(entry) {
                    let _ = writeln!(text, "{BUSY}~{BUSY:#} {words}\n");
                }
            }
        }
    }
    text
}

/// Connector and action of a step.
fn named(view: &RunAndAlert, step: Position) -> String {
    let started = view.entries.iter().find_map(|entry| match &entry.event {
        Event::ActionStarted(started) if started.position == step => Some(started),
        _ => None,
    });
    started.map_or_else(String::new, |started| {
        format!("{}/{}", printable::line(&started.connector), printable::line(&started.action))
    })
}

/// The answer to a question that nobody was asked.
fn assumed(entry: &Entry) -> Option<(Position, &Value)> {
    match &entry.event {
        Event::PromptAnswered { position, answer, .. } => Some((*position, answer)),
        _ => None,
    }
}

fn action(started: &ActionStarted, Planned { requests, policy }: &Planned) -> String {
    let asset = started.asset.as_ref().map(|asset| format!(" @{asset}")).unwrap_or_default();
    let mut text = format!(
        "{BUSY}+{BUSY:#} {BOLD}{}/{}{BOLD:#}{asset}\n    {DIM}policy{DIM:#}  {}\n",
        printable::line(&started.connector),
        printable::line(&started.action),
        printable::line(policy)
    );
    for (name, value) in started.parameters.as_object().into_iter().flatten() {
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let _ = writeln!(text, "    {}: {}", printable::line(name), folded(&value));
    }
    for PlannedRequest { method, url, body } in requests {
        let _ =
            writeln!(text, "    {DIM}sends{DIM:#}   {} {}", printable::line(method), printable::line(url));
        for line in printable::text(body).lines() {
            let _ = writeln!(text, "            {line}");
        }
    }
    text.push('\n');
    text
}

/// A value of one line as it is, one of several lines below its name.
fn folded(value: &str) -> String {
    let value = printable::text(value);
    if !value.contains('\n') {
        return value;
    }
    value.lines().map(|line| format!("\n      {line}")).collect()
}
