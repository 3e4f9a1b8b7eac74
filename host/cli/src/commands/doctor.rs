//! `palisade doctor`

use std::{
    fs, io,
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::Path,
};

use clap::Args;
use palisade_model::Timestamp;
use serde::Serialize;
use serde_json::json;

use super::{asset, plugin::build};
use crate::{
    answers::{Assets, Status, TestedAsset},
    capabilities,
    client::Client,
    context::Context,
    error::Error,
    exit::Exit,
    limits::ACTION_TIME,
    printable, screen,
    style::{BAD, BOLD, GOOD, WARN},
    time,
};

/// What to check.
#[derive(Args)]
pub(crate) struct Doctor {
    /// Test every asset too, which calls the systems behind them
    #[arg(long)]
    assets: bool,
}

/// One thing that was checked.
#[derive(Serialize)]
struct Check {
    what: String,
    verdict: Verdict,
    found: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Verdict {
    /// In order.
    Good,
    /// Works, but something is worth knowing.
    Remark,
    /// Does not work.
    Bad,
}

pub(crate) async fn run(command: Doctor, context: &Context) -> Result<Exit, Error> {
    let data = &context.data;
    let mut checks = vec![
        private("data directory", data.directory(), "is made by `palisade serve`"),
        private("key of the secrets", &data.key(), "is made by `palisade serve`"),
    ];
    match context.host() {
        Ok(host) => check_host(&host, command.assets, &mut checks).await,
        Err(error) => checks.push(failed("token", &error)),
    }
    checks.push(match build::rust::target_is_there() {
        Ok(()) => good("building plugins", "this machine can build plugins in Rust"),
        Err(error) => Check {
            what: "building plugins".into(),
            verdict: Verdict::Remark,
            found: error.to_string(),
            next: error.next(),
        },
    });

    if context.json {
        screen::show_json(&checks)?;
    } else {
        screen::show(&checks.iter().map(line).collect::<String>())?;
    }
    let bad = checks.iter().any(|check| check.verdict == Verdict::Bad);
    Ok(if bad { Exit::Failed } else { Exit::Done })
}

/// Whether the host answers, to this token, and is well.
async fn check_host(host: &Client, assets: bool, checks: &mut Vec<Check>) {
    let status = match host.get("/api/v1/status").await.and_then(|answer| answer.read::<Status>()) {
        Ok(status) => status,
        Err(error) => return checks.push(failed("host", &error)),
    };
    let since = time::ago(status.started, Timestamp::now());
    let own = env!("CARGO_PKG_VERSION");
    let found = format!("{} answers at {}, started {since}", status.version, host.url());
    checks.push(if status.version == own {
        good("host", found)
    } else {
        remark("host", found, format!("this command is {own}: use the same version as the host"))
    });
    checks.push(good("token", "the host takes it"));

    let store = status.store;
    let numbers = format!(
        "{} on disk, {} writes, {} syncs, {} waiting",
        capabilities::bytes(store.disk_bytes),
        store.writes,
        store.syncs,
        store.waiting
    );
    checks.push(match store.failure {
        None => good("store", numbers),
        Some(failure) => bad("store", failure, "check the disk, then restart the host"),
    });
    checks.push(match status.policy_problem {
        None => good("policy", "the host goes by it"),
        Some(problem) => {
            bad("policy", problem, "mend the file: until then the policy that was read before it holds on")
        }
    });
    if status.safe_mode {
        checks.push(remark(
            "safe mode",
            "what would change something is planned, and not sent",
            "switch it off with `palisade safe-mode off`",
        ));
    }
    checks.push(if status.allocation == "pooled" {
        good("sandbox", "instances come from the pool")
    } else {
        remark(
            "sandbox",
            "instances are mapped one by one, which is slower",
            "give the host more address space: `ulimit -v`, or the container's limit",
        )
    });
    if assets && let Err(error) = check_assets(host, checks).await {
        checks.push(failed("assets", &error));
    }
}

/// Whether each asset works.
async fn check_assets(host: &Client, checks: &mut Vec<Check>) -> Result<(), Error> {
    let Assets { assets } = host.get("/api/v1/assets").await?.read()?;
    for asset in assets {
        let what = format!("asset {}", asset.name);
        if !asset.ready {
            checks.push(bad(&what, "the host could not load it", "the host's log says why"));
            continue;
        }
        let path = format!("/api/v1/assets/{}/test", asset.name);
        let tested: TestedAsset = host.post(&path, &json!({}), ACTION_TIME).await?.read()?;
        let (works, message) = (asset::works(&tested), asset::message(&tested));
        let next =
            format!("change it with `palisade asset add {} --connector {}`", asset.name, asset.connector);
        checks.push(if works { good(&what, message) } else { bad(&what, message, next) });
    }
    Ok(())
}

/// Whether nobody but the owner can read a file or enter a directory.
fn private(what: &str, path: &Path, otherwise: &str) -> Check {
    let place = path.display();
    match fs::metadata(path) {
        Ok(metadata) if metadata.mode() & 0o077 == 0 => good(what, place.to_string()),
        Ok(metadata) => bad(
            what,
            format!("{place} has mode {:03o}: others can get at it", metadata.permissions().mode() & 0o777),
            format!("run `chmod go= {place}`"),
        ),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            remark(what, format!("{place} is not there"), format!("it {otherwise}; or say where with --data"))
        }
        Err(error) => bad(what, format!("{place}: {error}"), "run this as the user that runs the host"),
    }
}

fn good(what: &str, found: impl Into<String>) -> Check {
    Check { what: what.to_owned(), verdict: Verdict::Good, found: found.into(), next: None }
}

fn remark(what: &str, found: impl Into<String>, next: impl Into<String>) -> Check {
    Check { what: what.to_owned(), verdict: Verdict::Remark, found: found.into(), next: Some(next.into()) }
}

fn bad(what: &str, found: impl Into<String>, next: impl Into<String>) -> Check {
    Check { verdict: Verdict::Bad, ..remark(what, found, next) }
}

fn failed(what: &str, error: &Error) -> Check {
    Check { what: what.to_owned(), verdict: Verdict::Bad, found: error.to_string(), next: error.next() }
}

fn line(check: &Check) -> String {
    let (mark, style) = match check.verdict {
        Verdict::Good => ("✔", GOOD),
        Verdict::Remark => ("!", WARN),
        Verdict::Bad => ("✘", BAD),
    };
    let next = check.next.as_ref().map(|next| format!("    next: {}\n", printable::line(next)));
    format!(
        "{style}{mark}{style:#} {BOLD}{}{BOLD:#}  {}\n{}",
        check.what,
        printable::line(&check.found),
        next.unwrap_or_default()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_can_read_is_found() {
        let directory = tempfile::tempdir().unwrap();
        let key = directory.path().join("key");
        assert_eq!(private("key", &key, "").verdict, Verdict::Remark);
        fs::write(&key, "").unwrap();
        fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).unwrap();
        assert_eq!(private("key", &key, "").verdict, Verdict::Bad);
        fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
        assert_eq!(private("key", &key, "").verdict, Verdict::Good);
    }
}
