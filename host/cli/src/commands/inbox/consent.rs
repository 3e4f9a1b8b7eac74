//! `palisade approve` and `palisade deny`

use clap::Args;
use palisade_model::prompt::ToDo;
use serde_json::json;

use super::{Place, only};
use crate::{answers::RunAndAlert, commands::run::people::post, context::Context, error::Error, exit::Exit};

/// Which action, and why.
#[derive(Args)]
pub(crate) struct Consent {
    /// The run and the step that waits for consent, as in 17.3; the run alone if it has only one
    #[arg(value_name = "RUN.STEP")]
    place: Place,
    /// Why, for those who read it later
    #[arg(long, value_name = "TEXT")]
    note: Option<String>,
}

pub(crate) async fn run(command: Consent, approved: bool, context: &Context) -> Result<Exit, Error> {
    let Consent { place: Place { run, step }, note } = command;
    let host = context.host()?;
    let step = match step {
        Some(step) => step,
        None => {
            let view: RunAndAlert = host.get(&format!("/api/v1/runs/{run}")).await?.read()?;
            let open = view.tasks.iter().filter_map(|task| match &task.what {
                ToDo::Approve(_) => Some((task.position, ())),
                _ => None,
            });
            only(run, "action that waits for consent", open)?.0
        }
    };
    let path = format!("/api/v1/runs/{run}/steps/{step}/approval");
    post(&path, json!({ "approved": approved }), note, &host, context).await?;
    Ok(Exit::Done)
}
