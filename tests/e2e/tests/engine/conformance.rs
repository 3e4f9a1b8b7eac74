//! The conformance kit: every first-party plugin holds to it, and whoever does not is found out.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use palisade_conformance::{Check, Options, Scorecard, Verdict};
use palisade_e2e::built;
use serde_json::{Value, json};

use crate::{bound::sandbox, checks::tried, pages::packages, recording::cassettes};

/// The scorecard of a first-party plugin, with its own cassettes.
async fn of(package: &str, cassettes: PathBuf) -> Scorecard {
    let options = Options { cassettes, seed: 1, ..Options::default() };
    palisade_conformance::test(sandbox(), &built::component(package), &options).await.unwrap()
}

/// What does not hold of a plugin, or is not covered.
fn amiss(package: &str, scorecard: &Scorecard) -> Vec<String> {
    let wanting =
        [Verdict::Fail, Verdict::NotCovered].into_iter().flat_map(|verdict| scorecard.with(verdict));
    wanting.map(|check| format!("{package}: {}", told(check))).collect()
}

fn told(check: &Check) -> String {
    format!("{}: {} {:#?}", check.name, check.seen, check.findings)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_first_party_plugin_holds_to_every_check() {
    let mut found = Vec::new();
    for package in packages() {
        let scorecard = of(&package, cassettes(&package)).await;
        found.extend(amiss(&package, &scorecard));
        let held = scorecard.with(Verdict::Pass).count();
        assert!(held > 5, "{package}: only {held} checks hold");
        println!("{package}: {} calls in {} ms", scorecard.calls, scorecard.milliseconds);
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_examples_in_other_languages_hold_to_every_check() {
    let mut found = Vec::new();
    for (sdk, package) in
        [("python", "abuseipdb"), ("python", "reputation-note"), ("js", "urlscan"), ("js", "suspicious-url")]
    {
        let example =
            Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../../sdk/{sdk}/examples/{package}"));
        found.extend(amiss(package, &of(package, example.join("cassettes")).await));
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_look_that_changes_something_or_breaks_is_found_out() {
    let hostile = built::component("hostile-connector");
    for action in ["change in verify", "panic in verify", "lie in verify"] {
        let case = request(action, "POST", "https://hostile.example/x", "1");
        assert!(failed(&caught(&hostile, &[action], Some(case)).await).contains(&"verify"), "{action}");
    }
    let case = request("verify as told", "POST", "https://hostile.example/x", "1");
    let scorecard = caught(&hostile, &["verify as told"], Some(case)).await;
    assert!(!failed(&scorecard).contains(&"verify"));
}

/// What the kit says of a hostile connector with one cassette.
async fn caught(component: &[u8], actions: &[&str], cassette: Option<Value>) -> Scorecard {
    tried(component, actions, cassette.as_ref()).await.unwrap()
}

fn failed(scorecard: &Scorecard) -> Vec<&str> {
    scorecard.with(Verdict::Fail).map(|check| check.name.as_str()).collect()
}

/// A call of the hostile connector's `request` or `read`.
fn request(action: &str, method: &str, url: &str, body: &str) -> Value {
    json!({
        "action": action,
        "parameters": { "method": method, "url": url, "body": body },
        "exchanges": [{
            "request": { "method": method, "url": url, "body": body },
            "response": { "status": 200, "body": { "json": { "fine": true } } }
        }],
        "outcome": { "done": { "status": "success" } }
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_breaks_the_contract_is_found_out() {
    let hostile = built::component("hostile-connector");
    for (action, expected) in [
        ("panic", "sound"),
        ("eat memory", "sound"),
        ("recurse", "sound"),
        ("return a huge token", "sound"),
        ("break its own schema", "output"),
        ("answer in XML", "output"),
        ("fail at length", "sentences"),
        ("tell the placeholder", "secrets"),
    ] {
        let scorecard = caught(&hostile, &[action], None).await;
        assert!(failed(&scorecard).contains(&expected), "{action}: {:?}", failed(&scorecard));
        assert!(!scorecard.holds());
    }
    let scorecard = caught(&hostile, &["behave"], None).await;
    assert_eq!(failed(&scorecard), [""; 0], "{:#?}", scorecard.checks);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_goes_where_it_must_not_is_found_out() {
    let hostile = built::component("hostile-connector");
    let undeclared = request("request", "GET", "https://undeclared.example/", "");
    let write = request("read", "POST", "https://hostile.example/change", "x");
    for (cassette, action, expected) in [(undeclared, "request", "reach"), (write, "read", "read-only")] {
        let scorecard = caught(&hostile, &[action], Some(cassette)).await;
        let failed = failed(&scorecard);
        assert!(failed.contains(&expected) && failed.contains(&"cassettes"), "{action}: {failed:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failure_of_the_wrong_kind_is_found_out() {
    let hostile = built::component("hostile-connector");
    // It reports whatever it is answered, and hands it on.
    let cassette = request("request", "POST", "https://hostile.example/x", "1");
    let scorecard = caught(&hostile, &["request"], Some(cassette.clone())).await;
    let statuses: Vec<_> = failed(&scorecard).into_iter().filter(|name| name.starts_with("status")).collect();
    assert_eq!(
        statuses,
        [
            "status 400",
            "status 401",
            "status 403",
            "status 404",
            "status 429, seconds",
            "status 429, date",
            "status 500",
            "status 503"
        ]
    );
    for check in ["timeout", "reset", "unreachable", "garbage", "page", "huge", "cassettes", "secrets"] {
        let check = scorecard.checks.iter().find(|known| known.name == check).unwrap();
        assert_eq!(check.verdict, Verdict::Pass, "{}", told(check));
    }
    let refused = scorecard.checks.iter().find(|check| check.name == "status 401").unwrap();
    let finding = &refused.findings[0];
    assert!(
        finding.starts_with("`request` from answer 1 on: it does not fail as `authentication`"),
        "{finding}"
    );

    // The cassette is no longer what it sends.
    let mut other = cassette;
    other["exchanges"][0]["request"]["url"] = json!("https://hostile.example/other");
    let scorecard = caught(&hostile, &["request"], Some(other)).await;
    assert!(failed(&scorecard).contains(&"cassettes"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_it_says_of_itself_and_does_not_do_is_found_out() {
    let case = || request("request", "POST", "https://hostile.example/x", "1");
    let component = built::variant("hostile-connector", "key that goes nowhere");
    let scorecard = caught(&component, &["request"], Some(case())).await;
    let keys = scorecard.checks.iter().find(|check| check.name == "same key").unwrap();
    let finding = "`request`: its retry is `keyed`, and the key is in none of its requests";
    assert_eq!(keys.findings, [finding]);
    let honest = caught(&built::component("hostile-connector"), &["request"], Some(case())).await;
    for check in ["describe", "same key", "undo"] {
        assert!(!failed(&honest).contains(&check), "{check}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_no_cassette_shows_is_not_passed() {
    let directory = tempfile::tempdir().unwrap();
    let options = Options { cassettes: directory.path().to_owned(), seed: 1, ..Options::default() };
    let shodan = built::component("shodan");
    let scorecard = palisade_conformance::test(sandbox(), &shodan, &options).await.unwrap();
    let uncovered: Vec<_> = scorecard.with(Verdict::NotCovered).map(|check| check.name.as_str()).collect();
    assert_eq!(uncovered, ["cassettes", "output"]);
    let next = scorecard.with(Verdict::NotCovered).next().unwrap().next.as_deref();
    assert_eq!(next, Some("write a cassette for `query ip`, `query domain`, `test connectivity`"));
}

#[tokio::test]
async fn a_secret_in_a_cassette_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let cassette = json!({
        "action": "query ip",
        "configuration": { "api_key": "the real one" },
        "outcome": { "failure": "upstream" }
    });
    fs::write(directory.path().join("case.json"), cassette.to_string()).unwrap();
    let options = Options { cassettes: directory.path().to_owned(), ..Options::default() };
    let refused =
        palisade_conformance::test(sandbox(), &built::component("shodan"), &options).await.unwrap_err();
    assert_eq!(
        refused.to_string(),
        "the cassette `case` does not fit the plugin: no secret may stand in it: write \"[secret:api_key]\" for `api_key`"
    );
}

#[test]
fn the_command_shows_the_card_and_exits_with_its_verdict() {
    let test = |package: &str, options: &[&str]| {
        let mut test = Command::new(built::palisade());
        test.args(["plugin", "test"]).arg(built::component_path(package)).args(options);
        let output = test.output().unwrap();
        (output.status.code(), String::from_utf8(output.stdout).unwrap())
    };
    let directory = cassettes("shodan");
    let (code, card) = test("shodan", &["--cassettes", directory.to_str().unwrap()]);
    assert_eq!(code, Some(0), "{card}");
    assert!(card.contains("\n✔ cassettes "), "{card}");
    let (code, json) = test("hostile-connector", &["--action", "panic", "--action", "behave", "--json"]);
    let card: Value = serde_json::from_str(&json).unwrap();
    assert_eq!((code, &card["holds"]), (Some(1), &json!(false)), "{json}");
    let sound = card["checks"].as_array().unwrap().iter().find(|check| check["name"] == "sound").unwrap();
    assert_eq!(sound["verdict"], "fail");
    assert!(sound["findings"][0].as_str().unwrap().contains("there is no cheese left"), "{sound}");
}

/// A cassette is read by whoever reads the repository.
#[test]
fn no_cassette_of_ours_holds_a_secret_of_the_lab() {
    use palisade_lab::story;
    for package in packages() {
        for file in fs::read_dir(cassettes(&package)).into_iter().flatten() {
            let path = file.unwrap().path();
            let text = fs::read_to_string(&path).unwrap_or_default();
            for secret in [
                story::SHODAN_KEY,
                story::VIRUSTOTAL_KEY,
                story::MAXMIND_KEY,
                story::SERVICENOW_PASSWORD,
                story::SERVICENOW_CLIENT_SECRET,
                story::WINDOWS_PASSWORD,
                story::MOBILEIRON_PASSWORD,
                story::ENTRA_CLIENT_SECRET,
                story::PANOS_KEY,
                story::SPLUNK_TOKEN,
                story::MAIL_PASSWORD,
                story::INVENTORY_KEY,
                palisade_servers::PASSWORD,
            ] {
                assert!(!text.contains(secret), "{}", Path::display(&path));
            }
        }
    }
}
