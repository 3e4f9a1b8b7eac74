//! `palisade run watch`

use clap::Args;
use palisade_model::{
    Timestamp,
    alert::AlertId,
    plugin::Manifest,
    run::{Run, RunId, RunStatus},
};
use tokio::time::{Instant, sleep};

use super::detail;
use crate::{
    answers::{AlertAndRuns, Journal, Playbooks, RunAndAlert},
    client::Client,
    context::Context,
    error::Error,
    exit::Exit,
    limits::{DISPATCH_POLL, DISPATCH_TIME, WATCH_TIME},
    run_screen::{self, Detail, Ticker},
    screen,
};

/// Which run to follow.
#[derive(Args)]
pub(crate) struct Watch {
    /// Number of the run
    #[arg(required_unless_present = "alert", conflicts_with = "alert")]
    id: Option<RunId>,
    /// Follow all runs on this alert, one after the other
    #[arg(long, value_name = "ID")]
    alert: Option<AlertId>,
    /// Show the playbook's other calls too: time, waits, lines of the log
    #[arg(short, long)]
    verbose: bool,
}

/// How a run is followed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct News {
    /// For programs: one JSON entry per line.
    pub(crate) json: bool,
    /// For people: how much.
    pub(crate) detail: Detail,
}

pub(super) async fn run(command: Watch, host: &Client, context: &Context) -> Result<Exit, Error> {
    let news = News { json: context.json, detail: detail(command.verbose) };
    match (command.id, command.alert) {
        (_, Some(alert)) => watch_alert(host, alert, news).await,
        (id, None) => watch_run(host, id.expect("clap requires one of the two"), news).await,
    }
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

/// Follows a run until it ends, however long it waits meanwhile: how it stands, then each entry as it comes, then the
/// conclusion.
pub(crate) async fn watch_run(host: &Client, id: RunId, news: News) -> Result<Exit, Error> {
    let mut view: RunAndAlert = host.get(&format!("/api/v1/runs/{id}")).await?.read()?;
    let mut ticker = Ticker::new(news.detail);
    let mut next = 1;
    if !news.json {
        let header = run_screen::header(&view, Timestamp::now());
        screen::show(&format!("{header}\n{}", run_screen::timeline(&view, news.detail)))?;
        next += view.entries.last().map_or(0, |entry| entry.seq);
        ticker.skip(&view.run, view.entries.drain(..));
    }
    loop {
        for entry in view.entries.drain(..).filter(|entry| entry.seq >= next).collect::<Vec<_>>() {
            next = entry.seq + 1;
            match news.json {
                true => screen::show_json_line(&entry)?,
                false => screen::show(&ticker.tell(&view.run, entry))?,
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
        screen::show(&format!("\n{}", run_screen::conclusion(&view, Timestamp::now())))?;
    }
    Ok(if view.run.status == RunStatus::Succeeded { Exit::Done } else { Exit::Failed })
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
