//! `palisade plugin enable`

use clap::Args;
use palisade_model::{name::Name, plugin::Plugin};

use crate::{
    answers::Needs,
    client::Client,
    context::Context,
    difference_screen,
    error::Error,
    limits::REQUEST_TIME,
    screen,
    style::{BOLD, GOOD},
};

/// What to enable.
#[derive(Args)]
pub(crate) struct Enable {
    /// Name of the plugin
    name: Name,
    /// Enable a playbook although connectors that it needs are not there
    #[arg(long)]
    anyway: bool,
}

pub(super) async fn run(Enable { name, anyway }: Enable, context: &Context) -> Result<(), Error> {
    let host = context.host()?;
    let path = format!("/api/v1/plugins/{name}/enable?anyway={anyway}");
    let answer = match host.post_nothing(&path, REQUEST_TIME).await {
        Ok(answer) => answer,
        Err(error @ Error::Problem { status: 409, .. }) => return Err(lacks(&host, &name, error).await),
        Err(error) => return Err(error),
    };
    context.show(answer, |plugin: Plugin| {
        let enabled = format!("{GOOD}✔{GOOD:#} {BOLD}{name}{BOLD:#} is enabled");
        match plugin.manifest.kind() {
            "playbook" => format!("{enabled}: alerts start it from now on.\n"),
            _ => format!("{enabled}: its actions can be started from now on.\n"),
        }
    })
}

/// Says what a playbook lacks, and what can be done about it.
pub(super) async fn lacks(host: &Client, name: &Name, error: Error) -> Error {
    let needs =
        match host.get(&format!("/api/v1/plugins/{name}/needs")).await.and_then(|answer| answer.read()) {
            Ok(Needs { needs }) => needs,
            Err(_) => return error,
        };
    if needs.iter().all(|need| need.stands.is_met()) {
        return error;
    }
    screen::tell(&difference_screen::needs(&needs));
    let unfit = needs.iter().any(|need| need.stands.is_unfit());
    Error::Lacks { name: name.to_string(), unfit }
}
