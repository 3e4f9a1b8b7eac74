//! `palisade asset add`

use std::collections::BTreeMap;

use clap::{Args, value_parser};
use palisade_model::{
    action::RetryLimits,
    limits::{ACTION_ATTEMPTS, ACTION_ATTEMPTS_MAX, ACTION_RETRY_SECONDS},
    name::Name,
    plugin::{ConnectorManifest, Manifest, Plugin},
};
use serde_json::json;

use super::options::AssetOptions;
use crate::{
    answers::Assets, client::Client, context::Context, error::Error, exit::Exit, screen, span::Span,
    style::BOLD,
};

/// What to configure.
#[derive(Args)]
pub(crate) struct Add {
    /// Name of the asset
    name: Name,
    /// The connector that acts on it
    #[arg(long)]
    connector: Name,
    #[command(flatten)]
    options: AssetOptions,
    /// How often an action is tried, the first time included, if its connector says that it may be
    #[arg(long, value_name = "N", default_value_t = ACTION_ATTEMPTS,
        value_parser = value_parser!(u32).range(1..=i64::from(ACTION_ATTEMPTS_MAX)))]
    attempts: u32,
    /// Time after which no other attempt begins, like 90s, 15m or 2h
    #[arg(long, value_name = "DURATION", default_value_t = Span(ACTION_RETRY_SECONDS))]
    give_up_after: Span,
}

pub(super) async fn run(command: Add, host: &Client, context: &Context) -> Result<Exit, Error> {
    let connector = connector(host, &command.connector).await?;
    let Assets { assets } = host.get("/api/v1/assets").await?.read()?;
    let existing = assets.into_iter().find(|asset| asset.name == command.name);

    let kept = existing.as_ref().filter(|asset| asset.connector == connector.identity.name);
    let kept = kept.map(|asset| asset.secrets.as_slice()).unwrap_or_default();
    let configuration = command.options.configuration(&connector)?;
    let secrets = command.options.secrets(&connector, kept)?;
    let secrets: BTreeMap<_, _> = secrets.iter().map(|(field, secret)| (field, secret.expose())).collect();
    let asset = json!({
        "connector": command.connector,
        "configuration": configuration,
        "secrets": secrets,
        "network": command.options.network()?,
        "retries": RetryLimits { attempts: command.attempts, seconds: command.give_up_after.0 },
    });
    let answer = host.put(&format!("/api/v1/assets/{}", command.name), &asset).await?;
    if context.json {
        screen::show_json(&answer)?;
        return Ok(Exit::Done);
    }
    let name = &command.name;
    let done = if existing.is_some() { "configured anew" } else { "configured" };
    screen::show(&format!(
        "Asset {BOLD}{name}{BOLD:#} is {done}. Check that it works: `palisade asset test {name}`\n"
    ))?;
    Ok(Exit::Done)
}

async fn connector(host: &Client, name: &Name) -> Result<ConnectorManifest, Error> {
    let missing =
        |what| Error::Missing { what, next: "see `palisade plugin list`, or install it first".into() };
    let plugin = match host.get(&format!("/api/v1/plugins/{name}")).await {
        Err(Error::Problem { status: 404, .. }) => {
            return Err(missing(format!("there is no connector `{name}`")));
        }
        answer => answer?.read::<Plugin>()?,
    };
    match plugin.manifest {
        Manifest::Connector(connector) => Ok(connector),
        Manifest::Playbook(_) => Err(missing(format!("`{name}` is a playbook and no connector"))),
    }
}
