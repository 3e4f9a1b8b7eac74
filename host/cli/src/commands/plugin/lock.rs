//! `palisade plugin lock`

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use clap::Args;
use palisade_sources::LockFile;
use serde::Serialize;

use crate::{
    answers::Plugins,
    context::Context,
    error::Error,
    exit::Exit,
    lock_file, printable, screen,
    style::{BAD, BOLD, GOOD},
};

/// What to do with the lock file.
#[derive(Args)]
pub(crate) struct Lock {
    /// The lock file
    #[arg(long, value_name = "FILE", default_value = lock_file::NAME)]
    out: PathBuf,
    /// Write nothing; say how the host differs from the file, and fail if it does
    #[arg(long)]
    check: bool,
}

/// A plugin that is not on the host as it is in the file.
#[derive(Serialize)]
struct Difference {
    plugin: String,
    difference: String,
}

pub(super) async fn run(command: Lock, context: &Context) -> Result<Exit, Error> {
    let Plugins { plugins } = context.host()?.get("/api/v1/plugins").await?.read()?;
    let now = lock_file::of(&plugins);
    if command.check {
        return check(&lock_file::read(&command.out)?, &now, &command.out, context);
    }
    lock_file::write(&now, &command.out)?;
    if context.json {
        screen::show_json(&now)?;
    } else {
        let count = now.plugins.len();
        screen::show(&format!(
            "{GOOD}✔{GOOD:#} {BOLD}{}{BOLD:#} has {count} plugins.\n",
            command.out.display()
        ))?;
    }
    Ok(Exit::Done)
}

fn check(file: &LockFile, host: &LockFile, path: &Path, context: &Context) -> Result<Exit, Error> {
    let differences = differences(file, host);
    if context.json {
        screen::show_json(&differences)?;
    } else if differences.is_empty() {
        screen::show(&format!("{GOOD}✔{GOOD:#} The host has exactly what is in {}.\n", path.display()))?;
    } else {
        let line = |one: &Difference| {
            let difference = printable::line(&one.difference);
            format!("{BAD}✘{BAD:#} {BOLD}{}{BOLD:#}: {difference}\n", one.plugin)
        };
        screen::show(&differences.iter().map(line).collect::<String>())?;
    }
    Ok(if differences.is_empty() { Exit::Done } else { Exit::Failed })
}

fn differences(file: &LockFile, host: &LockFile) -> Vec<Difference> {
    let by_name = |lock: &LockFile| {
        lock.plugins.iter().map(|one| (one.name.clone(), one.clone())).collect::<BTreeMap<_, _>>()
    };
    let (file, host) = (by_name(file), by_name(host));
    let names = file.keys().chain(host.keys().filter(|name| !file.contains_key(*name)));
    let difference = |name| match (file.get(name), host.get(name)) {
        (Some(file), Some(host)) => file.difference(host).or_else(|| match (file.disabled, host.disabled) {
            (true, false) => Some("it is disabled in the file, and enabled on the host".to_owned()),
            (false, true) => Some("it is enabled in the file, and disabled on the host".to_owned()),
            _ => None,
        }),
        (Some(_), None) => Some("it is in the file, and not on the host".to_owned()),
        (None, _) => Some("it is on the host, and not in the file".to_owned()),
    };
    names
        .filter_map(|name| Some(Difference { plugin: name.to_string(), difference: difference(name)? }))
        .collect()
}
