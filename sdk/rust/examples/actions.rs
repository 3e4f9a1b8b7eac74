//! Actions side by side: a start returns at once, and the waits come when the answers are needed.

use palisade_sdk::playbook::{Action, Need, Playbook, Run, Severity};
use schemars::JsonSchema;
use serde::Deserialize;

palisade_sdk::playbook!(playbook);

fn playbook() -> Playbook {
    Playbook::new("example-actions", env!("CARGO_PKG_VERSION"), handle)
        .about("Asks two systems about the destination, and raises the alert if either knows it.")
        .publisher("Example Inc.")
        .label("network")
        // What passes between the two is compared with what the connectors declare, before the playbook is enabled.
        .need(Need::new("example-intel", "ip reputation").sends_texts(["ip"]).reads::<Reputation>())
        .need(Need::new("example-hosts", "find host").sends_texts(["host"]).reads::<bool>())
        .manual_minutes(10)
}

/// What this playbook reads of what `ip reputation` found.
#[derive(Deserialize, JsonSchema)]
struct Reputation {
    /// From 0, good, to 100, bad.
    score: u8,
}

fn handle(run: &Run) -> Result<String, String> {
    let artifacts = run.artifacts();
    let ip = artifacts.ip("destinationAddress").ok_or("The alert has no destination address.")?.to_string();
    let reputation = run.start(Action::new("example-intel", "ip reputation").parameter("ip", ip.as_str()));
    let host = run
        .start(Action::new("example-hosts", "find host").on("branch-office").parameter("host", ip.as_str()));

    // A failure is an answer too: the playbook goes on with what it has.
    let known = match host.wait() {
        Ok(report) => report.data().unwrap_or(false),
        Err(failure) => {
            run.add_note("Hosts", &failure.sentence());
            false
        }
    };
    // Here it is not: `?` ends the run with the failure's sentence.
    let reputation: Reputation =
        reputation.wait()?.data().map_err(|error| format!("The reputation cannot be read: {error}"))?;
    if known || reputation.score < 80 {
        return Ok(format!("{ip} is nothing to worry about."));
    }
    run.set_severity(Severity::High);
    Ok(format!("{ip} has a score of {}.", reputation.score))
}

#[cfg(test)]
mod tests {
    use palisade_sdk::{
        Failure,
        testing::{Change, PlaybookTest},
    };
    use serde_json::json;

    use super::*;

    fn test() -> PlaybookTest {
        PlaybookTest::new(playbook()).artifact(json!({ "destinationAddress": "203.0.113.9" }))
    }

    #[test]
    fn a_bad_address_that_nobody_knows_raises_the_alert() {
        let played = test()
            .succeeds("example-intel", "ip reputation", "Bad.", json!({ "score": 90 }))
            .succeeds("example-hosts", "find host", "Unknown.", json!(false))
            .run();
        assert_eq!(played.result, Ok("203.0.113.9 has a score of 90.".into()));
        assert_eq!(played.changes, [Change::Severity(Severity::High)]);
    }

    #[test]
    fn a_system_that_is_away_ends_the_run_only_where_it_must() {
        let away = || Failure::Unavailable("no answer".into());
        let played = test()
            .succeeds("example-intel", "ip reputation", "Good.", json!({ "score": 0 }))
            .fails("example-hosts", "find host", away())
            .run();
        assert_eq!(played.result, Ok("203.0.113.9 is nothing to worry about.".into()));
        let played = test()
            .fails("example-intel", "ip reputation", away())
            .succeeds("example-hosts", "find host", "Unknown.", json!(false))
            .run();
        assert_eq!(played.result, Err("the system could not be reached: no answer".into()));
    }
}
