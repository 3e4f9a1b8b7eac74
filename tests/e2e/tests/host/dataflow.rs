//! A playbook is enabled when it can have what it needs, and says need by need what it cannot.

use palisade_e2e::{Host, built};
use serde_json::Value;

use crate::{
    journal::end,
    lifecycle::{refused, runs_on, write},
};

/// The file of the hostile playbook as it describes itself in this way.
fn playbook(host: &Host, word: &str) -> String {
    write(host, word, &built::variant("hostile-playbook", word)).to_str().unwrap().to_owned()
}

fn connector() -> String {
    built::component_path("hostile-connector").to_str().unwrap().to_owned()
}

fn is_disabled(host: &Host) -> bool {
    host.get("/plugins/hostile-playbook")["disabled"] == true
}

/// How each need stands, as `action: how`.
fn needs(host: &Host) -> Vec<String> {
    let needs = host.get("/plugins/hostile-playbook/needs");
    let word = |need: &Value| {
        let text = |member: &str| need[member].as_str().unwrap().to_owned();
        format!("{}: {}", text("action"), text("stands"))
    };
    needs["needs"].as_array().unwrap().iter().map(word).collect()
}

#[test]
fn the_order_of_one_command_does_not_matter() {
    let host = Host::start();
    host.text(&[
        "plugin",
        "install",
        "--grant-all",
        "--allow-unsigned",
        &playbook(&host, "says what passes"),
        &connector(),
    ]);
    assert!(!is_disabled(&host));
    assert_eq!(needs(&host), ["behave: no-asset", "sleep: no-asset", "panic: no-asset", "loop: no-asset"]);
    host.text(&["asset", "add", "hostile", "--connector", "hostile"]);
    assert_eq!(needs(&host), ["behave: ready", "sleep: ready", "panic: ready", "loop: ready"]);
    let ended = host.concluded(host.alert("a", "behave", "hostile"));
    assert_eq!(end(&ended), ("succeeded", "It is done."));
}

#[test]
fn without_its_connector_a_playbook_waits_for_the_operators_word() {
    let host = Host::start();
    let file = playbook(&host, "needs a stranger");
    let output =
        host.palisade(&["plugin", "install", "--grant-all", "--allow-unsigned", &file, &connector()]);
    let words = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{words}");
    for line in [
        "hostile-playbook is installed, and disabled: it cannot have what it needs.\n",
        "  hostile/behave  ok       no asset yet\n",
        "  stranger/help   missing  connector `stranger` is not installed\n",
        "next: install what is missing, then `palisade plugin enable hostile-playbook`; to run it without that, add --anyway",
    ] {
        assert!(words.contains(line), "it does not say {line:?}:\n{words}");
    }
    host.text(&["asset", "add", "hostile", "--connector", "hostile"]);
    assert_eq!(runs_on(&host, host.alert("a", "behave", "hostile")), 0);
    let shown = host.text(&["playbook", "show", "hostile-playbook"]);
    assert!(shown.contains("disabled: nothing starts it"), "{shown}");
    assert!(shown.contains("stranger/help   missing"), "{shown}");

    let (code, words) = refused(&host, &["plugin", "enable", "hostile-playbook"]);
    assert_eq!(code, 1);
    assert!(words.contains("stranger/help   missing"), "{words}");
    host.text(&["plugin", "enable", "hostile-playbook", "--anyway"]);
    let log = host.get("/audit?from=1&limit=500");
    let enabled = log["entries"].as_array().unwrap().iter().find(|entry| entry["what"] == "plugin-enabled");
    assert_eq!(enabled.unwrap()["lacks"][0], "stranger/help", "{log:#}");
    let ended = host.concluded(host.alert("b", "behave", "hostile"));
    assert_eq!(end(&ended), ("succeeded", "It is done."));

    // What was accepted once is not in the way of the next version.
    let next = built::another_build(&built::variant("hostile-playbook", "needs a stranger"), 2);
    let next = write(&host, "next", &next);
    host.text(&["plugin", "upgrade", "--grant-all", "--allow-unsigned", next.to_str().unwrap()]);
    assert!(!is_disabled(&host));
    // One that runs on more alerts is wider, whatever it needs.
    let (code, words) = refused(
        &host,
        &[
            "plugin",
            "upgrade",
            "--grant-all",
            "--allow-unsigned",
            "--anyway",
            &playbook(&host, "runs on more"),
        ],
    );
    assert_eq!(code, 2);
    assert!(words.contains("\nRuns on\n! + everything\n"), "{words}");
}

#[test]
fn what_does_not_fit_is_not_enabled_whatever_is_accepted() {
    for (word, reason) in [
        ("needs what nobody can", "hostile/be kind  missing  `hostile` has no action `be kind`"),
        (
            "reads a list",
            "hostile/behave  incompatible  the playbook reads `data.text` as a list, `behave` gives text",
        ),
    ] {
        let host = Host::start();
        host.install(&["hostile-connector"]);
        let file = playbook(&host, word);
        let output =
            host.palisade(&["plugin", "install", "--grant-all", "--allow-unsigned", "--anyway", &file]);
        let words = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{words}");
        assert!(words.contains(reason), "{words}");
        assert!(is_disabled(&host));
        assert_eq!(refused(&host, &["plugin", "enable", "hostile-playbook", "--anyway"]).0, 1);

        // A version that fits takes its place, and may be enabled.
        host.text(&["plugin", "upgrade", "--grant-all", "--allow-unsigned", &playbook(&host, "honest")]);
        assert!(is_disabled(&host), "nobody said that it may start");
        host.text(&["plugin", "enable", "hostile-playbook"]);
    }
}

#[test]
fn a_version_of_a_playbook_that_cannot_have_what_it_needs_is_disabled_only_by_the_operators_word() {
    let host = Host::start();
    host.install(&["hostile-connector", "hostile-playbook"]);
    let file = playbook(&host, "reads a list");
    let (code, words) = refused(&host, &["plugin", "upgrade", "--grant-all", "--allow-unsigned", &file]);
    assert_eq!(code, 2);
    assert!(words.contains("\nWhat it cannot have\n"), "{words}");
    assert!(words.contains("the playbook reads `data.text` as a list, `behave` gives text"), "{words}");
    assert!(!is_disabled(&host));
    host.text(&["plugin", "upgrade", "--grant-all", "--allow-unsigned", "--accept-breaks", &file]);
    assert!(is_disabled(&host));
    host.text(&["plugin", "rollback", "hostile-playbook"]);
    assert!(is_disabled(&host), "nobody said that it may start");
    host.text(&["plugin", "enable", "hostile-playbook"]);
}

#[test]
fn a_connector_that_is_disabled_is_missing() {
    let host = Host::start();
    host.install(&["hostile-connector", "hostile-playbook"]);
    host.text(&["plugin", "disable", "hostile-playbook"]);
    host.text(&["plugin", "disable", "hostile"]);
    let (_, words) = refused(&host, &["plugin", "enable", "hostile-playbook"]);
    assert!(words.contains("hostile/behave  disabled  connector `hostile` is disabled"), "{words}");
    host.text(&["plugin", "enable", "hostile"]);
    host.text(&["plugin", "enable", "hostile-playbook"]);
}
