//! The command line: exit codes, JSON, and what it does not do without a person.

use std::process::Output;

use palisade_e2e::{Host, Site, built};
use serde_json::Value;

fn code(output: &Output) -> i32 {
    output.status.code().unwrap()
}

fn errors(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn exit_codes_say_what_went_wrong() {
    let host = Host::start();
    let run = |arguments: &[&str]| host.palisade(arguments);
    assert_eq!(code(&run(&["--version"])), 0);
    assert_eq!(code(&run(&["alert", "list"])), 0);
    assert_eq!(code(&run(&["alert", "list", "--limit", "many"])), 2);
    assert_eq!(code(&run(&["run", "show", "99"])), 4);
    assert_eq!(code(&run(&["asset", "test", "none"])), 4);
    assert_eq!(code(&run(&["asset", "add", "one", "--connector", "none"])), 4);
    let unreachable = run(&["--url", "http://127.0.0.1:1", "alert", "list"]);
    assert_eq!(code(&unreachable), 3);
    assert!(errors(&unreachable).contains("http://127.0.0.1:1"), "{}", errors(&unreachable));
    let refused = host.command(&["alert", "list"]).env("PALISADE_TOKEN", "wrong").output().unwrap();
    assert_eq!(code(&refused), 5, "{}", errors(&refused));
}

#[test]
fn two_hosts_do_not_share_data() {
    let host = Host::start();
    let second = host.palisade(&["serve", "--listen", "127.0.0.1:0"]);
    assert_eq!(code(&second), 1);
    assert!(
        errors(&second).contains("is in use: another palisade process has it open"),
        "{}",
        errors(&second)
    );
    assert_eq!(code(&host.palisade(&["alert", "list"])), 0, "the first host is not found any more");
}

#[test]
fn nothing_is_granted_unless_somebody_grants_it() {
    let host = Host::start();
    let file = built::component_path("hostile-connector");
    let file = file.to_str().unwrap();
    let install = host.palisade(&["plugin", "install", file]);
    assert_eq!(code(&install), 2);
    assert!(errors(&install).contains("--grant-all"), "{}", errors(&install));
    assert_eq!(host.json(&["plugin", "list"])["plugins"], Value::Array(Vec::new()));

    host.install(&["hostile-connector"]);
    // A secret on the command line could be read by every process.
    let plain = ["asset", "add", "one", "--connector", "hostile", "--secret", "token=hunter2hunter2"];
    assert_eq!(code(&host.palisade(&plain)), 2);
    assert_eq!(
        code(&host.palisade(&["asset", "add", "one", "--connector", "hostile", "--set", "host:=7"])),
        1
    );
    let added = host.palisade(&["asset", "add", "one", "--connector", "hostile"]);
    assert_eq!(code(&added), 0, "{}", errors(&added));
    // What an asset needs is not removed under it.
    let removed = host.palisade(&["plugin", "remove", "hostile"]);
    assert_eq!(code(&removed), 1);
    assert!(errors(&removed).contains("asset `one`"), "{}", errors(&removed));
    assert_eq!(code(&host.palisade(&["asset", "remove", "one"])), 0);
    assert_eq!(code(&host.palisade(&["plugin", "remove", "hostile"])), 0);
    assert_eq!(code(&host.palisade(&["plugin", "remove", "hostile"])), 4);
}

#[test]
fn a_component_is_inspected_without_a_host() {
    let nowhere = tempfile::tempdir().unwrap();
    let inspect = |file: &str, json: &[&str]| {
        std::process::Command::new(built::palisade())
            .args(json)
            .args(["plugin", "inspect", file])
            .env("PALISADE_DATA", nowhere.path().join("none"))
            .output()
            .unwrap()
    };
    let file = built::component_path("servicenow");
    let file = file.to_str().unwrap();
    let shown = inspect(file, &[]);
    let screen = String::from_utf8_lossy(&shown.stdout).into_owned();
    assert_eq!(code(&shown), 0, "{}", errors(&shown));
    for word in ["servicenow", "create ticket", "password"] {
        assert!(screen.contains(word), "{screen}");
    }
    let json: Value = serde_json::from_slice(&inspect(file, &["--json"]).stdout).unwrap();
    assert_eq!(json["manifest"]["identity"]["name"], "servicenow");
    assert!(!nowhere.path().join("none").exists(), "an inspection made a data directory");

    let script = nowhere.path().join("script.wasm");
    std::fs::write(&script, "#!/bin/sh\n").unwrap();
    let refused = inspect(script.to_str().unwrap(), &[]);
    assert_eq!(code(&refused), 1);
    assert!(errors(&refused).contains("this is not a WebAssembly file"), "{}", errors(&refused));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_day_with_the_command_line() {
    let site = Site::start().await;
    let host = &site.host;
    for asset in ["shodan", "whois", "servicenow", "windows"] {
        let test = host.palisade(&["asset", "test", asset]);
        assert_eq!(code(&test), 0, "{asset}: {test:?}");
    }
    let directory = tempfile::tempdir().unwrap();
    let webhook = directory.path().join("webhook.json");
    std::fs::write(&webhook, Site::webhook("by hand").to_string()).unwrap();
    let sent = host.palisade(&["alert", "send", "--splunk", webhook.to_str().unwrap(), "--watch"]);
    assert_eq!(code(&sent), 0, "{}", errors(&sent));
    assert!(String::from_utf8_lossy(&sent.stdout).contains("INC"), "{sent:?}");
    // Again, by hand, on the same alert; for a program, one line for each entry.
    let playbook = "suspicious-outbound-connections";
    let watched = host.palisade(&["--json", "playbook", "run", playbook, "--alert", "1", "--watch"]);
    assert_eq!(code(&watched), 0, "{}", errors(&watched));
    let lines = String::from_utf8(watched.stdout).unwrap();
    let entries: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(entries.last().unwrap()["event"], "concluded", "{entries:#?}");

    assert_eq!(host.json(&["plugin", "list"])["plugins"].as_array().unwrap().len(), 5);
    assert_eq!(host.json(&["asset", "list"])["assets"].as_array().unwrap().len(), 4);
    assert_eq!(host.json(&["playbook", "list"])["playbooks"][0]["manifest"]["identity"]["name"], playbook);
    assert_eq!(host.json(&["alert", "list"])["alerts"][0]["label"], "suspicious-outbound-connection");
    assert_eq!(host.json(&["run", "list", "--status", "succeeded"])["runs"].as_array().unwrap().len(), 2);
    assert_eq!(host.json(&["run", "show", "2"])["run"]["alert"], 1);
    assert_eq!(host.json(&["alert", "show", "1"])["runs"].as_array().unwrap().len(), 2);
    assert_eq!(host.json(&["plugin", "inspect", "shodan"])["manifest"]["vendor"], "Shodan");
    for command in
        [&["alert", "list"][..], &["run", "list"], &["run", "show", "1"], &["asset", "list"], &["doctor"]]
    {
        let output = host.palisade(command);
        assert!(!output.stdout.contains(&0x1b), "{command:?} writes colours into a pipe");
        assert!(!output.stdout.is_empty(), "{command:?}: {}", errors(&output));
    }
}
