//! History: how many alerts there were about the same thing before this one.

use palisade_sdk::{
    clock,
    playbook::{Earlier, Playbook, Run, Severity},
};

palisade_sdk::playbook!(playbook);

const A_WEEK_MS: u64 = 7 * 24 * 60 * 60 * 1000;

fn playbook() -> Playbook {
    Playbook::new("example-history", env!("CARGO_PKG_VERSION"), handle)
        .about("Raises the alert if its user had others in the last week.")
        .publisher("Example Inc.")
        .label("sign-in")
}

fn handle(run: &Run) -> Result<String, String> {
    let artifacts = run.artifacts();
    let user = artifacts.text("sourceUserName").ok_or("The alert names no user.")?;
    let count = run.count_earlier(&Earlier {
        label: "sign-in",
        field: "sourceUserName",
        value: user,
        since_ms: clock::now_ms() - A_WEEK_MS,
        severity: Severity::Low,
    })?;
    if count >= 3 {
        run.set_severity(Severity::High);
    }
    Ok(format!("{user} had {count} such alerts in the last week."))
}

#[cfg(test)]
mod tests {
    use palisade_sdk::testing::{Change, PlaybookTest};
    use serde_json::json;

    use super::*;

    #[test]
    fn a_user_with_many_alerts_raises_the_next() {
        let test =
            |count| PlaybookTest::new(playbook()).artifact(json!({ "sourceUserName": "eve" })).earlier(count);
        assert_eq!(test(2).run().changes, []);
        let played = test(3).run();
        assert_eq!(played.result, Ok("eve had 3 such alerts in the last week.".into()));
        assert_eq!(played.changes, [Change::Severity(Severity::High)]);
    }
}
