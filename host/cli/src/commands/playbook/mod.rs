//! `palisade playbook`

mod plan;
mod settings;

use clap::Subcommand;
use palisade_model::{
    alert::AlertId,
    name::Name,
    plugin::{Manifest, Plugin},
    run::Mode,
};
use serde_json::json;

use self::{plan::Plan, settings::Configure};
use crate::{
    answers::{NewRun, Playbooks},
    commands::run::{self, News},
    context::Context,
    error::Error,
    exit::Exit,
    limits::REQUEST_TIME,
    printable,
    run_screen::Detail,
    screen::{self, table},
    style::BOLD,
};

/// What to do with playbooks.
#[derive(Subcommand)]
pub(crate) enum PlaybookCommand {
    /// List the installed playbooks and what starts them
    List,
    /// Run a playbook on an alert, whatever the alert's label
    Run {
        /// Name of the playbook
        name: Name,
        /// Number of the alert
        #[arg(long, value_name = "ID")]
        alert: AlertId,
        /// Only plan what would change something
        #[arg(long)]
        safe: bool,
        /// Follow the run until it ends
        #[arg(long)]
        watch: bool,
    },
    /// Show what a playbook would do about an alert: what reads is done, what would change something is printed
    Plan(Plan),
    /// Show a playbook and its configuration
    Show {
        /// Name of the playbook
        name: Name,
    },
    /// Configure a playbook
    Configure(Configure),
}

pub(crate) async fn run(command: PlaybookCommand, context: &Context) -> Result<Exit, Error> {
    let host = context.host()?;
    match command {
        PlaybookCommand::List => {
            let answer = host.get("/api/v1/playbooks").await?;
            context.show(answer, |Playbooks { playbooks }| list(&playbooks))?;
        }
        PlaybookCommand::Plan(command) => return plan::run(command, &host, context).await,
        PlaybookCommand::Show { name } => settings::show(&name, &host, context).await?,
        PlaybookCommand::Configure(command) => settings::configure(command, &host, context).await?,
        PlaybookCommand::Run { name, alert, safe, watch } => {
            let path = format!("/api/v1/playbooks/{name}/runs");
            let mode = if safe { Mode::Safe } else { Mode::Live };
            let answer = host.post(&path, &json!({ "alert": alert, "mode": mode }), REQUEST_TIME).await?;
            if watch {
                let NewRun { run } = answer.read()?;
                let news = News { json: context.json, detail: Detail::Steps };
                return run::watch_run(&host, run, news).await;
            }
            context.show(answer, |NewRun { run }| {
                format!("Run {BOLD}{run}{BOLD:#} has begun: follow it with `palisade run watch {run}`.\n")
            })?;
        }
    }
    Ok(Exit::Done)
}

fn list(playbooks: &[Plugin]) -> String {
    if playbooks.is_empty() {
        return "No playbooks. Install one with `palisade plugin install FILE`.\n".to_owned();
    }
    let mut table = table(["NAME", "VERSION", "RUNS ON", "USES", "BY HAND", "WHAT IT DOES"]);
    for plugin in playbooks {
        let Manifest::Playbook(playbook) = &plugin.manifest else { continue };
        let mut uses: Vec<_> = playbook.needs.iter().map(|need| printable::line(&need.connector)).collect();
        uses.sort_unstable();
        uses.dedup();
        table.add_row([
            plugin.name().to_string(),
            printable::line(&playbook.identity.version),
            printable::line(&playbook.labels.join(", ")),
            uses.join(", "),
            format!("{} min", playbook.manual_minutes),
            printable::line(&playbook.identity.description),
        ]);
    }
    screen::lines(&table)
}
