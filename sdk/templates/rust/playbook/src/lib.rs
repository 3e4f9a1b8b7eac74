//! Playbook: notes what is known of the address that an alert is about, and raises the alert's severity if it is bad.

use palisade_sdk::playbook::{Action, Playbook, Run, Severity};

palisade_sdk::playbook!(playbook);

/// From this score on, an address is bad.
const BAD_SCORE: u64 = 75;

/// What the operator is shown before installing it, and what the host then enforces.
pub fn playbook() -> Playbook {
    Playbook::new("{{name}}", env!("CARGO_PKG_VERSION"), handle)
        .about("Notes the reputation of the address that an alert is about.")
        .publisher("Your company")
        // Alerts with this label start it.
        .label("network")
        // It can start these actions and no others.
        .needs("example-intel", "ip reputation")
        .manual_minutes(5)
}

/// Handles one alert. It is written as if nothing ever went wrong: the host records each call, and leads a fresh
/// instance to the same place after a crash. It returns one sentence on how it ended.
fn handle(run: &Run) -> Result<String, String> {
    let artifacts = run.artifacts();
    let ip = artifacts.ip("sourceAddress").ok_or("The alert has no source address.")?;
    let lookup = run.start(Action::new("example-intel", "ip reputation").parameter("ip", ip.to_string()));
    let report = lookup.wait().map_err(|failure| failure.sentence())?;
    run.add_note("Reputation", &report.message);
    if report.data["score"].as_u64().is_some_and(|score| score >= BAD_SCORE) {
        run.set_severity(Severity::High);
        return Ok(format!("{ip} is bad: the alert is of high severity."));
    }
    Ok(format!("Noted the reputation of {ip}."))
}
