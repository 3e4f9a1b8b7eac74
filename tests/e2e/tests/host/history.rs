//! What a playbook is told of the alerts before its own.

use palisade_e2e::{Kind, Operation, Script, Severity, Workshop};

use serde_json::json;

use crate::journal::{end, entries, replays};

const A_DAY: u64 = 24 * 60 * 60 * 1000;

fn count(label: &str, field: &str, value: &str, within_ms: u64, severity: Severity) -> Operation {
    let (label, field, value) = (label.to_owned(), field.to_owned(), value.to_owned());
    Operation::CountEarlier { label, field, value, within_ms, severity }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_playbook_counts_the_alerts_before_its_own_about_the_same_user() {
    let mut workshop = Workshop::start().await;
    let about = |user: &str| Script::new().about("sourceUserName", user);
    for user in ["Kim", "kim", "bob"] {
        workshop.finished(&about(user));
    }
    workshop.host.alert("elsewhere", "another label", "other");
    let kim = |label: &str, within_ms, severity| count(label, "sourceUserName", "KIM", within_ms, severity);
    let script = about("kim")
        .then(kim("script", A_DAY, Severity::Medium))
        .then(kim("script", A_DAY, Severity::High))
        .then(kim("other", A_DAY, Severity::Low))
        .then(kim("script", 0, Severity::Low))
        .then(count("script", "requestURL", "x", A_DAY, Severity::Low))
        .act_and_wait(Kind::Ticket, "ticket")
        .sleep(1_500);
    let run = workshop.run(&script);
    workshop.host.until(run, "waiting");
    // Those that come later do not count, and what was counted stays counted.
    workshop.finished(&about("kim"));
    workshop = workshop.kill_and_restart();
    let ended = workshop.host.ended(run);
    assert_eq!(end(&ended).0, "succeeded", "{ended:#}");
    let counts: Vec<_> =
        entries(&ended, "asked-history").iter().map(|asked| asked["count"].as_u64()).collect();
    assert_eq!(
        counts,
        [Some(2), Some(0), Some(0), Some(0)],
        "the last field is none by which alerts are kept"
    );
    let show = workshop.host.text(&["run", "show", "-v", &run.to_string()]);
    assert!(show.contains("counted earlier alerts with sourceUserName KIM: 2"), "{show}");
    replays(&workshop.host, run);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_false_alarm_does_not_count() {
    let workshop = Workshop::start().await;
    let about = Script::new().about("sourceUserName", "kim");
    for _ in 0..2 {
        workshop.finished(&about);
    }
    let closed = workshop.host.json(&["alert", "close", "1", "--false-alarm", "--note", "our own scanner"]);
    assert_eq!((&closed["status"], &closed["severity"]), (&json!("closed"), &json!("informational")));
    let audit = workshop.host.text(&["audit", "list"]);
    assert!(audit.contains("closed alert 1 as a false alarm: our own scanner"), "{audit}");

    let count = count("script", "sourceUserName", "kim", A_DAY, Severity::Low);
    let ended = workshop.finished(&about.then(count));
    assert_eq!(entries(&ended, "asked-history")[0]["count"], 1);
}
