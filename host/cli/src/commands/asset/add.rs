//! `palisade asset add`

use std::{collections::BTreeMap, fs, path::PathBuf};

use clap::{Args, value_parser};
use palisade_model::{
    action::RetryLimits,
    asset::{Cidr, ConnectTo, Network},
    limits::{ACTION_ATTEMPTS, ACTION_ATTEMPTS_MAX, ACTION_RETRY_SECONDS},
    name::Name,
    plugin::{ConnectorManifest, Manifest, Plugin},
};
use serde_json::{Map, Value, json};

use super::secret::SecretArgument;
use crate::{
    answers::{AssetView, Assets},
    client::Client,
    commands::setting::Setting,
    context::Context,
    error::Error,
    exit::Exit,
    prompt, screen,
    span::Span,
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
    /// A setting; the connector's schema decides whether VALUE is a text or a number
    #[arg(long = "set", value_name = "KEY=VALUE|KEY:=JSON")]
    settings: Vec<Setting>,
    /// A secret: asked for at the terminal, or one line of standard input, a file, an environment variable
    ///
    /// A secret that the connector requires is asked for even without this option.
    #[arg(long = "secret", value_name = "FIELD[=@FILE|=env:VARIABLE]")]
    secrets: Vec<String>,
    /// A network that is not on the public internet and may be reached for this asset
    #[arg(long, value_name = "CIDR")]
    allow_network: Vec<Cidr>,
    /// Where to connect instead; names, TLS and policy stay those of the original
    #[arg(long, value_name = "HOST:PORT:HOST:PORT")]
    connect_to: Vec<ConnectTo>,
    /// Certificates of a private CA in PEM, trusted for this asset
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
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

    let mut configuration = Map::new();
    let whose = format!("connector {}", connector.identity.name);
    for setting in &command.settings {
        configuration.insert(
            setting.key.clone(),
            setting.value(&whose, &connector.configuration, &connector.secrets)?,
        );
    }
    let mut arguments = secret_arguments(&command.secrets)?;
    let missing = missing_secrets(&connector, &arguments, existing.as_ref());
    if !missing.is_empty() && !prompt::is_possible() {
        return Err(Error::Usage {
            what: format!("connector {} requires the secret {}", command.connector, missing.join(", ")),
            next: format!("give it with --secret {}=@FILE or --secret {0}=env:VARIABLE", missing[0]),
        });
    }
    arguments.extend(missing.into_iter().map(SecretArgument::asked));
    let mut secrets = BTreeMap::new();
    for argument in &arguments {
        if !connector.secrets.contains(&argument.field) {
            return Err(Error::Usage {
                what: format!("connector {} has no secret `{}`", command.connector, argument.field),
                next: format!("it has: {}", connector.secrets.join(", ")),
            });
        }
        secrets.insert(&argument.field, argument.read()?);
    }

    let secrets: BTreeMap<_, _> = secrets.iter().map(|(field, secret)| (field, secret.expose())).collect();
    let asset = json!({
        "connector": command.connector,
        "configuration": configuration,
        "secrets": secrets,
        "network": network(command.allow_network, command.connect_to, command.ca)?,
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

/// Parsed here and not by clap, which would repeat on the screen what somebody took for the place of the secret.
fn secret_arguments(texts: &[String]) -> Result<Vec<SecretArgument>, Error> {
    let parsed = texts.iter().map(|text| text.parse::<SecretArgument>());
    parsed.collect::<Result<_, _>>().map_err(|error| Error::Usage {
        what: format!("--secret cannot be used: {error}"),
        next: "write FIELD to be asked, FIELD=@FILE, or FIELD=env:VARIABLE".into(),
    })
}

/// Secrets that the connector requires and that are neither given nor there from before.
fn missing_secrets(
    connector: &ConnectorManifest,
    given: &[SecretArgument],
    existing: Option<&AssetView>,
) -> Vec<String> {
    let required = connector.configuration.get("required").and_then(Value::as_array);
    let required = required.into_iter().flatten().filter_map(Value::as_str);
    let kept = existing.filter(|asset| asset.connector == connector.identity.name);
    required
        .filter(|field| connector.secrets.iter().any(|secret| secret == field))
        .filter(|field| !given.iter().any(|argument| argument.field == *field))
        .filter(|field| !kept.is_some_and(|asset| asset.secrets.iter().any(|secret| secret == field)))
        .map(str::to_owned)
        .collect()
}

fn network(allow: Vec<Cidr>, connect_to: Vec<ConnectTo>, ca: Option<PathBuf>) -> Result<Network, Error> {
    let read = |path: PathBuf| {
        fs::read_to_string(&path).map_err(|source| Error::File { what: "read", path, source })
    };
    Ok(Network { allow, connect_to, ca: ca.map(read).transpose()? })
}
