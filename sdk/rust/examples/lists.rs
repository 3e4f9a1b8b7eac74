//! Custom lists: the operator keeps them, and a playbook looks into those that it declares, or adds to them.

use palisade_sdk::playbook::{AlertStatus, Playbook, Run};

palisade_sdk::playbook!(playbook);

fn playbook() -> Playbook {
    Playbook::new("example-lists", env!("CARGO_PKG_VERSION"), handle)
        .about("Closes alerts about our own scanners, and keeps a list of the others.")
        .publisher("Example Inc.")
        .label("scan")
        .looks_into("own-scanners")
        .adds_to("strange-scanners")
}

fn handle(run: &Run) -> Result<String, String> {
    let artifacts = run.artifacts();
    let ip = artifacts.ip("sourceAddress").ok_or("The alert has no source address.")?.to_string();
    // An entry may be the address itself, or a network that it is in.
    if let Some(entry) = run.find_in("own-scanners", &ip)? {
        run.set_status(AlertStatus::Closed);
        return Ok(format!("{ip} is ours: {}", entry.note));
    }
    run.add_to("strange-scanners", &ip, &format!("alert {}", run.alert().id))?;
    Ok(format!("{ip} is now on the list of strange scanners."))
}

#[cfg(test)]
mod tests {
    use palisade_sdk::testing::{Change, PlaybookTest};
    use serde_json::json;

    use super::*;

    fn test(ip: &str) -> PlaybookTest {
        PlaybookTest::new(playbook())
            .artifact(json!({ "sourceAddress": ip }))
            .list("own-scanners", &["192.0.2.7"])
            .list("strange-scanners", &[])
    }

    #[test]
    fn ours_are_closed() {
        assert_eq!(test("192.0.2.7").run().changes, [Change::Status(AlertStatus::Closed)]);
    }

    #[test]
    fn others_are_listed() {
        let (list, value, note) = ("strange-scanners".into(), "203.0.113.9".into(), "alert 1".into());
        assert_eq!(test("203.0.113.9").run().changes, [Change::Listed { list, value, note }]);
    }

    #[test]
    fn a_list_that_nobody_made_is_not_an_empty_one() {
        let played = PlaybookTest::new(playbook()).artifact(json!({ "sourceAddress": "192.0.2.7" })).run();
        assert!(played.result.unwrap_err().contains("own-scanners"));
    }
}
