//! `palisade playbook plan`

use std::fmt::Write as _;

use clap::Args;
use palisade_model::{
    alert::AlertId,
    journal::{ActionEnded, ActionStarted, Ended, Event, Planned, PlannedRequest},
    name::Name,
    run::{RunId, RunStatus},
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
    style::{BOLD, BUSY, DIM},
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
    context.show(answer, |view: RunAndAlert| plan(&view))?;
    Ok(if view.run.status == RunStatus::Succeeded { Exit::Done } else { Exit::Failed })
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
fn plan(view: &RunAndAlert) -> String {
    let mut text = String::new();
    let mut changes = 0;
    for entry in &view.entries {
        let Event::ActionEnded(ActionEnded { position, result: Ended::Planned(planned), .. }) = &entry.event
        else {
            continue;
        };
        let started = view.entries.iter().find_map(|entry| match &entry.event {
            Event::ActionStarted(started) if started.position == *position => Some(started),
            _ => None,
        });
        changes += 1;
        text.push_str(&started.map(|started| action(started, planned)).unwrap_or_default());
    }
    let (mark, style, word) = run_screen::status(view.run.status);
    let things = if changes == 1 { "1 thing".to_owned() } else { format!("{changes} things") };
    let _ = write!(
        text,
        "{BOLD}Plan{BOLD:#}  {things} would be done; nothing was. {DIM}Everything that was looked up: \
         `palisade run show {}`{DIM:#}\n{style}{mark} {word}{style:#}: {}\n",
        view.run.id,
        printable::line(&view.run.message)
    );
    text
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
