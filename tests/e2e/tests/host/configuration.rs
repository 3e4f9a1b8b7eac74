//! What an operator configures for a playbook.

use palisade_e2e::{Operation, Script, Workshop};
use serde_json::{Value, json};

use crate::journal::{end, replays};

/// The configuration that a run was given, as it wrote it down.
fn given(run: &Value, workshop: &Workshop) -> Value {
    let alert = workshop.host.get(&format!("/alerts/{}", run["run"]["alert"]));
    serde_json::from_str(alert["alert"]["notes"][0]["text"].as_str().unwrap()).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_keeps_the_configuration_that_it_began_with() {
    let mut workshop = Workshop::start().await;
    let script = || Script::new().then(Operation::Configuration);
    let unconfigured = workshop.finished(&script());
    assert_eq!(given(&unconfigured, &workshop), json!({ "most": 3, "team": "tier2" }));

    let host = &workshop.host;
    let changed = ["playbook", "configure", "script", "--set", "most=5", "--set", "team=soc lead"];
    host.text(&changed);
    let show = host.text(&["playbook", "show", "script"]);
    for words in [
        "most = 5\n",
        "team = \"soc lead\"\n",
        "How many earlier alerts are too many.",
        "offenders (adds to it)",
    ] {
        assert!(show.contains(words), "{words:?} is not in\n{show}");
    }
    // It waits first, and asks for its configuration when that has changed again.
    let run = workshop.run(&Script::new().sleep(1_500).then(Operation::Configuration));
    workshop.host.until(run, "waiting");
    workshop.host.text(&["playbook", "configure", "script", "--set", "most=7", "--unset", "team"]);
    workshop = workshop.kill_and_restart();
    let ended = workshop.host.ended(run);
    assert_eq!(end(&ended).0, "succeeded", "{ended:#}");
    assert_eq!(given(&ended, &workshop), json!({ "most": 5, "team": "soc lead" }));
    let later = workshop.finished(&script());
    assert_eq!(given(&later, &workshop), json!({ "most": 7, "team": "tier2" }));
    let show = workshop.host.text(&["playbook", "show", "script"]);
    assert!(show.contains("team = \"tier2\" (default)"), "{show}");
    for run in [&unconfigured, &ended, &later] {
        replays(&workshop.host, run["run"]["id"].as_u64().unwrap());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_does_not_fit_is_refused_and_changes_nothing() {
    let workshop = Workshop::start().await;
    let host = &workshop.host;
    for (setting, words) in
        [("most:=-1", "most"), ("most=many", "most"), ("team:=7", "team"), ("teams=x", "no setting `teams`")]
    {
        let refused = host.palisade(&["playbook", "configure", "script", "--set", setting]);
        assert!(!refused.status.success(), "{setting} was taken");
        let errors = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert!(errors.contains(words), "{setting}: {errors}");
    }
    let one = host.get("/playbooks/script");
    assert_eq!(one["configuration"], json!({ "most": 3, "team": "tier2" }));
    assert_eq!(host.palisade(&["playbook", "show", "none"]).status.code(), Some(4));
    assert_eq!(host.palisade(&["playbook", "configure", "none", "--safe-mode", "on"]).status.code(), Some(4));
}
