//! Timers: a playbook waits for hours or days as if it were nothing. Meanwhile it holds no memory, and a restart of the
//! host does not shorten the wait.

use std::time::Duration;

use palisade_sdk::{
    clock,
    playbook::{Action, Playbook, Prompt, Run},
};

palisade_sdk::playbook!(playbook);

const TEN_MINUTES_MS: u64 = 10 * 60 * 1000;
const A_DAY: Duration = Duration::from_secs(24 * 60 * 60);

fn playbook() -> Playbook {
    Playbook::new("example-timers", env!("CARGO_PKG_VERSION"), handle)
        .about("Scans a host unless somebody objects, and again a day later.")
        .publisher("Example Inc.")
        .label("scan")
        .needs("example-scanner", "scan host")
}

fn scan() -> Action {
    Action::new("example-scanner", "scan host").parameter("host", "web1")
}

fn handle(run: &Run) -> Result<String, String> {
    let scanned = run.start(scan());
    let objection = run.ask(Prompt::choice("Stop the scans of web1?", ["yes", "no"], "no"));
    // Whichever comes first, or neither within ten minutes.
    match run.wait_until(&[&objection, &scanned], clock::now_ms() + TEN_MINUTES_MS) {
        Some(0) if objection.wait()?.is("yes") => return Ok("Somebody objected.".into()),
        Some(_) => {}
        None => run.add_note("Scan", "It takes more than ten minutes."),
    }
    let first = scanned.wait()?.message;
    run.sleep(A_DAY);
    let second = run.start(scan()).wait()?.message;
    Ok(format!("{first} A day later: {second}"))
}

#[cfg(test)]
mod tests {
    use palisade_sdk::testing::{Change, PlaybookTest};
    use serde_json::json;

    use super::*;

    fn scans(message: &str) -> PlaybookTest {
        PlaybookTest::new(playbook()).succeeds("example-scanner", "scan host", message, json!({}))
    }

    #[test]
    fn a_slow_scan_is_noted_and_waited_for() {
        let test = scans("2 ports.").takes(Duration::from_secs(3_600)).unanswered();
        let played = test.succeeds("example-scanner", "scan host", "1 port.", json!({})).run();
        assert_eq!(played.result, Ok("2 ports. A day later: 1 port.".into()));
        assert!(matches!(&played.changes[..], [Change::Note { .. }]));
    }

    #[test]
    fn an_objection_ends_it() {
        let played = scans("2 ports.").takes(A_DAY).answered("yes", "kim").run();
        assert_eq!(played.result, Ok("Somebody objected.".into()));
    }
}
