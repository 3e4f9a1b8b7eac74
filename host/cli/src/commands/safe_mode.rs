//! `palisade safe-mode`

use clap::Args;
use serde_json::json;

use crate::{answers::SafeMode, commands::Switch, context::Context, error::Error, exit::Exit, style::WARN};

/// Whether the host only plans what would change something.
#[derive(Args)]
pub(crate) struct SafeModeCommand {
    /// Switch it on or off; without it, say how it is
    switch: Option<Switch>,
}

pub(crate) async fn run(command: SafeModeCommand, context: &Context) -> Result<Exit, Error> {
    let host = context.host()?;
    let answer = match command.switch {
        Some(switch) => host.put("/api/v1/safe-mode", &json!({ "on": switch.is_on() })).await?,
        None => host.get("/api/v1/safe-mode").await?,
    };
    context.show(answer, |SafeMode { on }| match on {
        true => format!(
            "{WARN}Safe mode is on{WARN:#}: what only reads is done, what would change something is planned and not sent.\n"
        ),
        false => "Safe mode is off: the policy decides what is sent.\n".to_owned(),
    })?;
    Ok(Exit::Done)
}
