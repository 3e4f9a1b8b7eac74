//! `palisade run`

use std::{collections::BTreeMap, fmt::Write as _};

use clap::{Args, Subcommand, ValueEnum};
use palisade_model::{
    Timestamp,
    alert::AlertId,
    plugin::Manifest,
    run::{ActionStarted, Entry, Event, Position, Run, RunId, RunStatus},
};
use tokio::time::{Instant, sleep};

use crate::{
    answers::{AlertAndRuns, Journal, Playbooks, RunAndAlert, RunList},
    client::Client,
    context::Context,
    error::Error,
    exit::Exit,
    limits::{DISPATCH_POLL, DISPATCH_TIME, WATCH_TIME},
    printable,
    run_screen::{self, Detail},
    screen::{self, table},
    time,
};

/// What to do with runs.
#[derive(Subcommand)]
pub(crate) enum RunCommand {
    /// List runs, newest first
    List {
        /// Only runs on this alert
        #[arg(long, value_name = "ID")]
        alert: Option<AlertId>,
        /// Only runs that stand like this
        #[arg(long)]
        status: Option<Status>,
        /// Only runs with a number below this one
        #[arg(long, value_name = "ID")]
        before: Option<RunId>,
        /// How many
        #[arg(long, default_value_t = 20, value_name = "N")]
        limit: usize,
    },
    /// Show what a run did, action by action
    Show {
        /// Number of the run
        id: RunId,
        /// Show the lines of its log too
        #[arg(short, long)]
        verbose: bool,
    },
    /// Follow a run until it ends; exits with 1 if it failed
    Watch(Watch),
}

/// Which run to follow.
#[derive(Args)]
pub(crate) struct Watch {
    /// Number of the run
    #[arg(required_unless_present = "alert", conflicts_with = "alert")]
    id: Option<RunId>,
    /// Follow all runs on this alert, one after the other
    #[arg(long, value_name = "ID")]
    alert: Option<AlertId>,
    /// Show the lines of its log too
    #[arg(short, long)]
    verbose: bool,
}

/// How a run stands.
#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Status {
    /// At work
    Running,
    /// Came to its end
    Succeeded,
    /// Could not, or broke
    Failed,
    /// The host stopped while it ran
    Interrupted,
}

pub(crate) async fn run(command: RunCommand, context: &Context) -> Result<Exit, Error> {
    let host = context.host()?;
    match command {
        RunCommand::List { alert, status, before, limit } => {
            let mut path = format!("/api/v1/runs?limit={limit}");
            let status = status.and_then(|status| Some(status.to_possible_value()?.get_name().to_owned()));
            let (alert, before) = (alert.map(|id| id.to_string()), before.map(|id| id.to_string()));
            for (name, value) in [("alert", alert), ("status", status), ("before", before)] {
                if let Some(value) = value {
                    let _ = write!(path, "&{name}={value}");
                }
            }
            let answer = host.get(&path).await?;
            context.show(answer, |RunList { runs }| run_table(&runs, Timestamp::now()))?;
            Ok(Exit::Done)
        }
        RunCommand::Show { id, verbose } => {
            let detail = detail(verbose);
            let answer = host.get(&format!("/api/v1/runs/{id}")).await?;
            context.show(answer, |view: RunAndAlert| run_screen::screen(&view, detail, Timestamp::now()))?;
            Ok(Exit::Done)
        }
        RunCommand::Watch(Watch { id, alert, verbose }) => {
            let news = News { json: context.json, detail: detail(verbose) };
            match (id, alert) {
                (_, Some(alert)) => watch_alert(&host, alert, news).await,
                (id, None) => watch_run(&host, id.expect("clap requires one of the two"), news).await,
            }
        }
    }
}

/// How a run is followed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct News {
    /// For programs: one JSON entry per line.
    pub(crate) json: bool,
    /// For people: how much.
    pub(crate) detail: Detail,
}

fn detail(verbose: bool) -> Detail {
    if verbose { Detail::Everything } else { Detail::Actions }
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
            run.playbook.to_string(),
            run.alert.to_string(),
            time::ago(run.started, now),
            time::duration(time::between(run.started, run.finished.unwrap_or(now))),
            printable::line(&run.message),
        ]);
    }
    screen::lines(&table)
}

/// Follows every run on an alert, the oldest first.
pub(crate) async fn watch_alert(host: &Client, alert: AlertId, news: News) -> Result<Exit, Error> {
    let mut runs = runs_on(host, alert).await?;
    runs.sort_unstable_by_key(|run| run.id);
    let mut exit = Exit::Done;
    for run in runs {
        if watch_run(host, run.id, news).await? != Exit::Done {
            exit = Exit::Failed;
        }
    }
    Ok(exit)
}

/// Follows a run: each action as it starts and as it ends, then the conclusion.
pub(crate) async fn watch_run(host: &Client, id: RunId, news: News) -> Result<Exit, Error> {
    let mut view: RunAndAlert = host.get(&format!("/api/v1/runs/{id}")).await?.read()?;
    if !news.json {
        screen::show(&format!("{}\n", run_screen::header(&view.run, view.alert.as_ref(), Timestamp::now())))?;
    }
    let mut started = BTreeMap::new();
    let mut next = 1;
    loop {
        for entry in view.entries.drain(..).filter(|entry| entry.seq >= next).collect::<Vec<_>>() {
            next = entry.seq + 1;
            match news.json {
                true => screen::show_json_line(&entry)?,
                false => screen::show(&as_it_comes(&view.run, entry, news.detail, &mut started))?,
            }
        }
        if view.run.status.is_final() && next > view.run.entries {
            break;
        }
        let path = format!("/api/v1/runs/{id}/journal?from={next}&wait_ms={}", WATCH_TIME.as_millis());
        let Journal { run, entries } = host.get(&path).await?.read()?;
        (view.run, view.entries) = (run, entries);
    }
    if !news.json {
        screen::show(&format!("\n{}", run_screen::conclusion(&view.run)))?;
    }
    Ok(if view.run.status == RunStatus::Succeeded { Exit::Done } else { Exit::Failed })
}

/// One entry as it comes.
fn as_it_comes(
    run: &Run,
    entry: Entry,
    detail: Detail,
    started: &mut BTreeMap<Position, ActionStarted>,
) -> String {
    match entry.event {
        Event::ActionStarted(start) => {
            let screen = run_screen::action(&start, None);
            started.insert(start.position, start);
            screen
        }
        Event::ActionEnded(end) => started
            .remove(&end.position)
            .map(|start| run_screen::action(&start, Some(&end)))
            .unwrap_or_default(),
        _ => run_screen::remark(run, &entry, detail).unwrap_or_default(),
    }
}

/// The runs on an alert. A new alert has none yet for a moment, so this waits if there are playbooks for it.
async fn runs_on(host: &Client, alert: AlertId) -> Result<Vec<Run>, Error> {
    let deadline = Instant::now() + DISPATCH_TIME;
    loop {
        let AlertAndRuns { alert: found, runs } =
            host.get(&format!("/api/v1/alerts/{alert}")).await?.read()?;
        if !runs.is_empty() {
            return Ok(runs);
        }
        let label = &found.content.label;
        if Instant::now() > deadline || !has_playbook(host, label).await? {
            return Err(Error::Missing {
                what: format!("no playbook ran on alert {alert}, which has the label {label:?}"),
                next: format!(
                    "see `palisade playbook list`, or run one with `palisade playbook run NAME --alert {alert}`"
                ),
            });
        }
        sleep(DISPATCH_POLL).await;
    }
}

async fn has_playbook(host: &Client, label: &str) -> Result<bool, Error> {
    let Playbooks { playbooks } = host.get("/api/v1/playbooks").await?.read()?;
    Ok(playbooks.iter().any(|plugin| match &plugin.manifest {
        Manifest::Playbook(playbook) => playbook.labels.iter().any(|one| one == label),
        Manifest::Connector(_) => false,
    }))
}
