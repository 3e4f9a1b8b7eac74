//! `palisade run`

pub(crate) mod people;
mod transfer;
mod watch;

use std::{fmt::Write as _, path::PathBuf};

use clap::{Args, Subcommand, ValueEnum};
use palisade_model::{
    Timestamp,
    alert::AlertId,
    run::{Mode, Run, RunId, RunStatus},
};

use crate::{
    answers::{RunAndAlert, RunList},
    client::Client,
    context::Context,
    error::Error,
    exit::Exit,
    printable,
    run_screen::{self, Detail},
    screen::{self, table},
    time,
};

pub(crate) use watch::{News, watch_alert, watch_run};

/// What to do with runs.
#[derive(Subcommand)]
pub(crate) enum RunCommand {
    /// List runs, newest first
    List(List),
    /// Show what happened in a run, step by step
    Show {
        /// Number of the run
        id: RunId,
        /// Show the playbook's other calls too: time, waits, lines of the log
        #[arg(short, long)]
        verbose: bool,
    },
    /// Follow a run until it ends; exits with 1 if it did not succeed
    Watch(watch::Watch),
    /// End a run: what is under way is let end, and nothing new begins
    Cancel(people::Word),
    /// Stop a run for now; what is under way is let end
    Pause(people::Word),
    /// Let a run go on that was paused, or one that did not fit its journal try again
    Resume(people::Word),
    /// Let a run go on from an action that failed; what was done is not done again
    Retry(people::Retry),
    /// Say what became of an action in doubt
    Decide(people::Decide),
    /// Take back what a run did, in a run of its own: every action that declares its undo, the newest first
    Undo {
        #[command(flatten)]
        word: people::Word,
        /// Follow that run until it ends
        #[arg(long)]
        watch: bool,
    },
    /// Lead the playbook through the journal again, and see that it asks for the same; nothing is sent
    Replay {
        /// Number of the run
        id: RunId,
    },
    /// Write a run with its journal to a file, one JSON value per line
    Export {
        /// Number of the run
        id: RunId,
        /// The file; standard output if there is none
        file: Option<PathBuf>,
    },
    /// Take in a run that was exported elsewhere, to be looked at and replayed; it is never executed
    Import {
        /// The file; `-` for standard input
        file: PathBuf,
    },
}

/// Which runs to list.
#[derive(Args)]
pub(crate) struct List {
    /// Only runs on this alert
    #[arg(long, value_name = "ID")]
    alert: Option<AlertId>,
    /// Only runs that this run started
    #[arg(long, value_name = "ID")]
    parent: Option<RunId>,
    /// Only runs that stand like this
    #[arg(long)]
    status: Option<Status>,
    /// Only runs with an action of which nobody knows whether it took effect
    #[arg(long, conflicts_with = "status")]
    in_doubt: bool,
    /// Only runs that wait
    #[arg(long, conflicts_with_all = ["status", "in_doubt"])]
    waiting: bool,
    /// Only runs with a number below this one
    #[arg(long, value_name = "ID")]
    before: Option<RunId>,
    /// How many
    #[arg(long, default_value_t = 20, value_name = "N")]
    limit: usize,
}

/// How a run stands.
#[derive(Clone, Copy, ValueEnum)]
enum Status {
    /// At work
    Running,
    /// Waits for a vendor's job, a time, an answer or another run
    Waiting,
    /// Somebody stopped it for now
    Paused,
    /// Nobody knows whether an action took effect
    InDoubt,
    /// Its playbook asked for something else than its journal says
    Nondeterministic,
    /// Came to its end
    Succeeded,
    /// Could not, or broke
    Failed,
    /// Somebody ended it
    Cancelled,
}

pub(crate) async fn run(command: RunCommand, context: &Context) -> Result<Exit, Error> {
    let host = context.host()?;
    match command {
        RunCommand::List(which) => list(which, &host, context).await?,
        RunCommand::Show { id, verbose } => {
            let detail = detail(verbose);
            let answer = host.get(&format!("/api/v1/runs/{id}")).await?;
            context.show(answer, |view: RunAndAlert| run_screen::screen(&view, detail, Timestamp::now()))?;
        }
        RunCommand::Watch(command) => return watch::run(command, &host, context).await,
        RunCommand::Cancel(word) => people::say(word, "cancel", &host, context).await?,
        RunCommand::Pause(word) => people::say(word, "pause", &host, context).await?,
        RunCommand::Resume(word) => people::say(word, "resume", &host, context).await?,
        RunCommand::Retry(command) => people::retry(command, &host, context).await?,
        RunCommand::Undo { word, watch } => return undo(word, watch, &host, context).await,
        RunCommand::Decide(command) => people::decide(command, &host, context).await?,
        RunCommand::Replay { id } => return transfer::replay(id, &host, context).await,
        RunCommand::Export { id, file } => transfer::export(id, file, &host).await?,
        RunCommand::Import { file } => transfer::import(&file, &host, context).await?,
    }
    Ok(Exit::Done)
}

async fn undo(word: people::Word, watch: bool, host: &Client, context: &Context) -> Result<Exit, Error> {
    let run = people::undo(word, host, context).await?;
    if !watch {
        return Ok(Exit::Done);
    }
    watch_run(host, run, News { json: context.json, detail: Detail::Steps }).await
}

async fn list(which: List, host: &Client, context: &Context) -> Result<(), Error> {
    let status = match which.status {
        None if which.in_doubt => Some(Status::InDoubt),
        None if which.waiting => Some(Status::Waiting),
        status => status,
    };
    let status = status.and_then(|status| Some(status.to_possible_value()?.get_name().to_owned()));
    let number = |id: Option<u64>| id.map(|id| id.to_string());
    let mut path = format!("/api/v1/runs?limit={}", which.limit);
    for (name, value) in [
        ("alert", number(which.alert)),
        ("parent", number(which.parent)),
        ("status", status),
        ("before", number(which.before)),
    ] {
        if let Some(value) = value {
            let _ = write!(path, "&{name}={value}");
        }
    }
    let answer = host.get(&path).await?;
    context.show(answer, |RunList { runs }| run_table(&runs, Timestamp::now()))
}

fn detail(verbose: bool) -> Detail {
    if verbose { Detail::Everything } else { Detail::Steps }
}

/// Runs as a table.
pub(crate) fn run_table(runs: &[Run], now: Timestamp) -> String {
    if runs.is_empty() {
        return "No runs.\n".to_owned();
    }
    let mut table = table(["RUN", "STATUS", "PLAYBOOK", "ALERT", "STARTED", "TOOK", "CONCLUSION"]);
    for run in runs {
        let (mark, _, word) = run_screen::status(run.status);
        table.add_row([
            run.id.to_string(),
            format!("{mark} {word}"),
            playbook(run),
            if run.imported { "imported".to_owned() } else { run.alert.to_string() },
            time::ago(run.started, now),
            time::duration(time::between(run.started, run.finished.unwrap_or(now))),
            ahead(run, now).unwrap_or_else(|| printable::line(&run.message)),
        ]);
    }
    screen::lines(&table)
}

/// What ran, and that it was not in earnest.
fn playbook(run: &Run) -> String {
    match run.mode {
        Mode::Live => run.playbook.to_string(),
        Mode::Safe => format!("{} (safe)", run.playbook),
        Mode::Plan => format!("{} (plan)", run.playbook),
    }
}

/// What a run that has not ended waits for.
fn ahead(run: &Run, now: Timestamp) -> Option<String> {
    match (run.attention, run.due) {
        _ if run.status.is_final() => None,
        (0, Some(due)) => Some(format!("goes on {}", time::until(due, now))),
        (0, None) => None,
        _ if run.status == RunStatus::Nondeterministic => Some("a person must look".to_owned()),
        _ => Some("waits for a person: `palisade inbox`".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_status_can_be_asked_for_by_the_name_that_the_host_knows() {
        let names: Vec<_> = Status::value_variants()
            .iter()
            .filter_map(|status| Some(status.to_possible_value()?.get_name().to_owned()))
            .collect();
        let known = RunStatus::ALL.map(|status| serde_json::to_value(status).unwrap());
        assert_eq!(serde_json::to_value(names).unwrap(), serde_json::to_value(known).unwrap());
    }
}
