//! `palisade asset`

mod add;
pub(crate) mod options;
mod secret;

use clap::Subcommand;
use palisade_model::{
    action::{ReportStatus, RetryLimits},
    name::Name,
};
use serde_json::json;

use crate::{
    answers::{AssetView, Assets, TestResult, TestedAsset},
    context::Context,
    error::Error,
    exit::Exit,
    limits::ACTION_TIME,
    printable,
    progress::Spinner,
    screen::{self, table},
    span::Span,
    style::{BAD, BOLD, DIM, GOOD},
    time,
};

/// What to do with assets.
#[derive(Subcommand)]
pub(crate) enum AssetCommand {
    /// Configure a system that a connector acts on
    Add(add::Add),
    /// List the assets; their secrets are never shown
    List,
    /// Ask the system whether the asset works: address, certificate, credentials
    Test {
        /// Name of the asset
        name: Name,
    },
    /// Remove an asset and its secrets
    Remove {
        /// Name of the asset
        name: Name,
    },
}

pub(crate) async fn run(command: AssetCommand, context: &Context) -> Result<Exit, Error> {
    let host = context.host()?;
    match command {
        AssetCommand::Add(command) => return add::run(command, &host, context).await,
        AssetCommand::List => {
            let answer = host.get("/api/v1/assets").await?;
            context.show(answer, |Assets { assets }| list(&assets))?;
        }
        AssetCommand::Test { name } => {
            let spinner = Spinner::new(format!("Testing {name}"));
            let path = format!("/api/v1/assets/{name}/test");
            let answer = host.post(&path, &json!({}), ACTION_TIME).await;
            drop(spinner);
            let answer = answer?;
            if context.json {
                screen::show_json(&answer)?;
            }
            let tested: TestedAsset = answer.read()?;
            if !context.json {
                screen::show(&verdict(&name, &tested))?;
            }
            return Ok(if works(&tested) { Exit::Done } else { Exit::Failed });
        }
        AssetCommand::Remove { name } => {
            host.delete(&format!("/api/v1/assets/{name}")).await?;
            screen::show(&format!("Asset {BOLD}{name}{BOLD:#} and its secrets are removed.\n"))?;
        }
    }
    Ok(Exit::Done)
}

/// Whether the system said that the asset works.
pub(crate) fn works(tested: &TestedAsset) -> bool {
    matches!(&tested.result, TestResult::Report(report) if report.status == ReportStatus::Success)
}

/// What the system or the connector said.
pub(crate) fn message(tested: &TestedAsset) -> String {
    match &tested.result {
        TestResult::Report(report) => report.message.clone(),
        TestResult::Failure(failure) => failure.to_string(),
    }
}

/// How a test went, in one line.
fn verdict(name: &Name, tested: &TestedAsset) -> String {
    let (mark, style) = if works(tested) { ("✔", GOOD) } else { ("✘", BAD) };
    format!(
        "{style}{mark}{style:#} {BOLD}{name}{BOLD:#}  {}  {DIM}{}{DIM:#}\n",
        printable::line(&message(tested)),
        time::duration(tested.took_us)
    )
}

fn list(assets: &[AssetView]) -> String {
    if assets.is_empty() {
        return "No assets. Configure one with `palisade asset add NAME --connector CONNECTOR`.\n".to_owned();
    }
    let mut table = table(["NAME", "CONNECTOR", "READY", "CONFIGURATION", "SECRETS", "NETWORK", "RETRIES"]);
    for asset in assets {
        let settings = asset.configuration.iter();
        let settings: Vec<_> = settings
            .map(|(key, value)| {
                let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                printable::line(&format!("{key}={value}"))
            })
            .collect();
        table.add_row([
            asset.name.to_string(),
            asset.connector.to_string(),
            if asset.ready { "✔" } else { "✘ see the host's log" }.to_owned(),
            settings.join(", "),
            printable::line(&asset.secrets.join(", ")),
            network(asset),
            retries(asset.retries),
        ]);
    }
    screen::lines(&table)
}

/// How long its actions are tried, if that is not what every asset has.
fn retries(retries: RetryLimits) -> String {
    if retries == RetryLimits::default() {
        return String::new();
    }
    format!("{} attempts within {}", retries.attempts, Span(retries.seconds))
}

fn network(asset: &AssetView) -> String {
    let allow = asset.network.allow.iter().map(|cidr| format!("allows {cidr}"));
    // One line for each asset: a gateway may take dozens of rules, and `--json` has them all.
    let connect = match asset.network.connect_to.as_slice() {
        [] => None,
        [rule] => Some(format!("connects {}", String::from(rule.clone()))),
        rules => Some(format!("connects by {} rules", rules.len())),
    };
    let ca = asset.network.ca.as_ref().map(|_| "own CA".to_owned());
    allow.chain(connect).chain(ca).collect::<Vec<_>>().join(", ")
}
