//! What the operator may configure for a playbook. A playbook runs before anybody has configured it, so each field has a
//! default.

use std::time::Duration;

use palisade_sdk::playbook::{Action, Playbook, Run};
use schemars::JsonSchema;
use serde::Deserialize;

palisade_sdk::playbook!(playbook);

fn playbook() -> Playbook {
    Playbook::new("example-configuration", env!("CARGO_PKG_VERSION"), handle)
        .about("Blocks the source of an attack for a while.")
        .publisher("Example Inc.")
        .label("attack")
        .needs("example-firewall", "block ip")
        .configured_by::<Configuration>()
}

#[derive(Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct Configuration {
    /// Hours until the block is taken back.
    #[schemars(range(min = 1, max = 720))]
    hours: u64,
    /// The firewall's asset; without it the default one.
    firewall: Option<String>,
}

impl Default for Configuration {
    fn default() -> Self {
        Self { hours: 24, firewall: None }
    }
}

fn handle(run: &Run) -> Result<String, String> {
    let Configuration { hours, firewall } = run.configuration()?;
    let artifacts = run.artifacts();
    let ip = artifacts.ip("sourceAddress").ok_or("The alert has no source address.")?;
    let block = Action::new("example-firewall", "block ip").parameter("ip", ip.to_string());
    let block = firewall.into_iter().fold(block, Action::on);
    // The host takes it back by itself, with the action that `block ip` names as its undo.
    let blocked = run.start(block.undo_after(Duration::from_secs(hours * 60 * 60)));
    Ok(format!("{} For {hours} hours.", blocked.wait()?.message))
}

#[cfg(test)]
mod tests {
    use palisade_sdk::testing::PlaybookTest;
    use serde_json::{Value, json};

    use super::*;

    fn test() -> PlaybookTest {
        PlaybookTest::new(playbook()).artifact(json!({ "sourceAddress": "203.0.113.9" })).succeeds(
            "example-firewall",
            "block ip",
            "Blocked.",
            json!({}),
        )
    }

    #[test]
    fn what_is_not_configured_has_its_default() {
        let played = test().configured(json!({ "hours": 24, "firewall": null })).run();
        assert_eq!(played.result, Ok("Blocked. For 24 hours.".into()));
        let played = test().configured(json!({ "hours": 2, "firewall": "branch" })).run();
        assert_eq!(played.result, Ok("Blocked. For 2 hours.".into()));
    }

    #[test]
    fn every_field_has_a_default() {
        let schema: Value = serde_json::from_str(&playbook().describe().configuration).unwrap();
        assert_eq!(schema["properties"]["hours"]["default"], 24);
        assert_eq!(schema.get("required"), None);
    }
}
