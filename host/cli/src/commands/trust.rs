//! `palisade trust`

use std::{fs, path::Path};

use clap::{Args, Subcommand};
use palisade_model::{Timestamp, name::Name};
use palisade_package::{Pattern, PublicKey, limits::PUBLIC_KEY_BYTES};
use serde_json::json;

use crate::{
    answers::{Trust, TrustedKey},
    commands::plugin::signing::SigningError,
    context::Context,
    error::Error,
    exit::Exit,
    limits::REQUEST_TIME,
    screen::{self, table},
    style::BOLD,
    time,
};

/// What to do with the keys that are trusted to sign plugins.
#[derive(Subcommand)]
pub(crate) enum TrustCommand {
    /// Trust a key to sign plugins of some names
    Add(Add),
    /// List the keys that are trusted
    List,
    /// Trust a key no more; what was installed stays
    Remove {
        /// What the key is called here
        name: Name,
    },
}

/// Which key to trust, and for what.
#[derive(Args)]
pub(crate) struct Add {
    /// A public key of minisign, or its file
    #[arg(value_name = "KEY")]
    key: String,
    /// What to call it, for example its owner
    #[arg(long)]
    name: Name,
    /// The plugins that it may sign: a name, or a beginning as in 'acme-*'; may be given several times
    #[arg(long = "for", value_name = "PATTERN", required = true)]
    namespaces: Vec<Pattern>,
}

pub(crate) async fn run(command: TrustCommand, context: &Context) -> Result<Exit, Error> {
    match command {
        TrustCommand::Add(Add { key, name, namespaces }) => {
            let public_key = public_key(&key)?;
            let body = json!({ "name": name, "public_key": public_key, "namespaces": namespaces });
            let answer = context.host()?.post("/api/v1/trust", &body, REQUEST_TIME).await?;
            context.show(answer, |key: TrustedKey| {
                format!(
                    "Key {BOLD}{}{BOLD:#} ({}) is trusted to sign plugins called {}.\n",
                    key.name,
                    key.id,
                    patterns(&key.namespaces)
                )
            })?;
        }
        TrustCommand::List => {
            let answer = context.host()?.get("/api/v1/trust").await?;
            context.show(answer, |Trust { keys }| list(&keys, Timestamp::now()))?;
        }
        TrustCommand::Remove { name } => {
            context.host()?.delete(&format!("/api/v1/trust/{name}")).await?;
            screen::show(&format!(
                "Key {BOLD}{name}{BOLD:#} is trusted no more. What it signed and is installed stays: see `palisade \
                 plugin list`.\n"
            ))?;
        }
    }
    Ok(Exit::Done)
}

/// A key from its file, or as it was given.
pub(crate) fn public_key(key: &str) -> Result<PublicKey, SigningError> {
    let file = fs::metadata(Path::new(key)).ok().filter(|file| file.len() <= PUBLIC_KEY_BYTES as u64);
    let text = file.and_then(|_| fs::read(key).ok()).unwrap_or_else(|| key.as_bytes().to_vec());
    PublicKey::parse(&text).map_err(|source| SigningError::PublicKey { key: key.to_owned(), source })
}

fn list(keys: &[TrustedKey], now: Timestamp) -> String {
    if keys.is_empty() {
        return "No keys: every plugin needs --allow-unsigned. Trust one with `palisade trust add KEY --name NAME --for \
                'NAME-*'`.\n"
            .to_owned();
    }
    let mut table = table(["NAME", "KEY", "MAY SIGN", "ADDED"]);
    for key in keys {
        let added = time::ago(key.added, now);
        table.add_row([key.name.to_string(), key.id.to_string(), patterns(&key.namespaces), added]);
    }
    screen::lines(&table)
}

fn patterns(patterns: &[Pattern]) -> String {
    patterns.iter().map(Pattern::as_str).collect::<Vec<_>>().join(", ")
}
