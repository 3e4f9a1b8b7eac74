//! What a run may do to its alert: say how bad it is and who works on it, add notes and artifacts, hand it to a person.

use palisade_sdk::playbook::{AlertStatus, Playbook, Run, Severity};
use serde_json::{Map, json};

palisade_sdk::playbook!(playbook);

fn playbook() -> Playbook {
    Playbook::new("example-escalate", env!("CARGO_PKG_VERSION"), handle)
        .about("Hands alerts about the finance network to a person.")
        .publisher("Example Inc.")
        .label("network")
}

fn handle(run: &Run) -> Result<String, String> {
    let alert = run.alert();
    if !alert.name.contains("finance") {
        return Ok("It is not about finance.".into());
    }
    run.set_severity(Severity::Critical);
    run.set_status(AlertStatus::Open);
    run.set_owner(Some("tier2"));
    run.add_note("Why this is critical", "The **finance** network has no other protection.");
    run.add_artifact(
        "network",
        "context",
        Map::from_iter([("deviceHostname".to_owned(), json!("fin-gw1"))]),
    )?;
    // It stands in the inbox until somebody takes it, whatever becomes of the run.
    run.escalate(Some("tier2"), "The finance network may be open to the outside.");
    Ok(format!("Alert {} is with tier 2.", alert.id))
}

#[cfg(test)]
mod tests {
    use palisade_sdk::testing::{Change, PlaybookTest};

    use super::*;

    #[test]
    fn finance_goes_to_a_person() {
        let played =
            PlaybookTest::new(playbook()).alert(|alert| alert.name = "finance: odd flow".into()).run();
        assert_eq!(played.result, Ok("Alert 1 is with tier 2.".into()));
        let last = played.changes.last();
        assert!(matches!(last, Some(Change::Escalated { to: Some(to), .. }) if to == "tier2"), "{last:?}");
        assert_eq!(played.changes.len(), 6);
    }

    #[test]
    fn the_rest_is_left_alone() {
        assert_eq!(PlaybookTest::new(playbook()).run().changes, []);
    }
}
