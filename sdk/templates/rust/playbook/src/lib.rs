//! Playbook: notes what is known of the address that an alert is about, and raises the alert's severity if it is bad.

use palisade_sdk::playbook::{Action, Need, Playbook, Run, Severity};
use schemars::JsonSchema;
use serde::Deserialize;

palisade_sdk::playbook!(playbook);

/// From this score on, an address is bad.
const BAD_SCORE: u8 = 75;

/// What the operator is shown before installing it, and what the host then enforces.
pub fn playbook() -> Playbook {
    Playbook::new("{{name}}", env!("CARGO_PKG_VERSION"), handle)
        .about("Notes the reputation of the address that an alert is about.")
        .publisher("Your company")
        // Alerts with this label start it.
        .label("network")
        // It can start these actions and no others. Before it is enabled, the host compares what it sends and reads with
        // what the connector declares.
        .need(Need::new("example-intel", "ip reputation").sends_texts(["ip"]).reads::<Reputation>())
        .manual_minutes(5)
}

/// As much as it reads of what is found.
#[derive(Deserialize, JsonSchema)]
struct Reputation {
    score: u8,
}

/// Handles one alert. It is written as if nothing ever went wrong: the host records each call, and leads a fresh
/// instance to the same place after a crash. It returns one sentence on how it ended.
fn handle(run: &Run) -> Result<String, String> {
    let artifacts = run.artifacts();
    let ip = artifacts.ip("sourceAddress").ok_or("The alert has no source address.")?;
    let lookup = run.start(Action::new("example-intel", "ip reputation").parameter("ip", ip.to_string()));
    let report = lookup.wait().map_err(|failure| failure.sentence())?;
    run.add_note("Reputation", &report.message);
    let Reputation { score } = report.data().map_err(|error| format!("The look-up makes no sense: {error}."))?;
    if score >= BAD_SCORE {
        run.set_severity(Severity::High);
        return Ok(format!("{ip} is bad: the alert is of high severity."));
    }
    Ok(format!("Noted the reputation of {ip}."))
}
