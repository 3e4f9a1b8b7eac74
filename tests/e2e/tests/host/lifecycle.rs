//! Plugins come, change, go back, stop and go, and nothing that works is lost on the way.

use std::{
    fs,
    path::PathBuf,
    process::Stdio,
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::Duration,
};

use palisade_e2e::{Host, Kind, Request, Script, Workshop, built, wait};
use palisade_lab::FaultKind;
use serde_json::{Value, json};

use crate::journal::{end, entries};

const AN_HOUR: u64 = 60 * 60 * 1000;

/// Writes a component beside the host's data.
pub(crate) fn write(host: &Host, name: &str, component: &[u8]) -> PathBuf {
    let file = host.data().with_file_name(format!("{}.wasm", name.replace(' ', "-")));
    fs::write(&file, component).unwrap();
    file
}

/// The file of the hostile connector as it describes itself in this way.
fn version(host: &Host, word: &str) -> String {
    let file = write(host, word, &built::variant("hostile-connector", word));
    file.to_str().unwrap().to_owned()
}

/// What a command that must fail exits with, and what it says.
pub(crate) fn refused(host: &Host, arguments: &[&str]) -> (i32, String) {
    let output = host.palisade(arguments);
    assert!(!output.status.success(), "palisade {arguments:?} went well");
    (output.status.code().unwrap(), String::from_utf8_lossy(&output.stderr).into_owned())
}

fn installed(host: &Host, plugin: &str) -> Value {
    host.get(&format!("/plugins/{plugin}"))
}

/// The records of this kind in the audit log, in order.
fn records(host: &Host, what: &str) -> Vec<Value> {
    let log = host.get("/audit?from=1&limit=500");
    log["entries"].as_array().unwrap().iter().filter(|entry| entry["what"] == what).cloned().collect()
}

/// Waits until an alert was handled, and tells how many runs it started.
pub(crate) fn runs_on(host: &Host, alert: u64) -> usize {
    wait::until("the alert is handled", || (host.get("/status")["store"]["waiting"] == 0).then_some(()));
    host.get(&format!("/runs?alert={alert}"))["runs"].as_array().unwrap().len()
}

#[test]
fn a_version_that_asks_for_more_must_be_granted_again() {
    let host = Host::start();
    let (code, words) = refused(
        &host,
        &["plugin", "upgrade", "--grant-all", "--allow-unsigned", &version(&host, "version 2")],
    );
    assert_eq!(code, 4, "{words}");
    assert!(words.contains("there is no plugin `hostile` that could be upgraded"), "{words}");

    host.install(&["hostile-connector"]);
    let before = installed(&host, "hostile");
    let wider = version(&host, "version 2 asks for more");
    for verb in ["upgrade", "install"] {
        let (code, words) = refused(&host, &["plugin", verb, "--grant-all", "--allow-unsigned", &wider]);
        assert_eq!(code, 2, "{words}");
        for line in [
            "hostile 0.1.0 → 2.0.0  connector by Palisade\n",
            "\nMay reach\n! + HTTP  other.example  DELETE\n",
            "\nSecrets\n! + `token` is revealed to the plugin itself\n",
            "\nActions\n! ~ read: effect was investigate, is contain\n",
            "hostile asks for more than the version that is installed",
            "--grant-wider",
        ] {
            assert!(words.contains(line), "{verb} does not say {line:?}:\n{words}");
        }
    }
    // Nor does the host take a program's word that it has looked.
    let request = |query: &str| {
        let path = format!("/api/v1/plugins?{query}&allow_unsigned=true");
        let request = Request::new("POST", &path).token(&host.admin_token());
        host.send(&request.body(fs::read(&wider).unwrap()))
    };
    let inspected = host.send(
        &Request::new("POST", "/api/v1/plugins/inspect")
            .token(&host.admin_token())
            .body(fs::read(&wider).unwrap()),
    );
    let inspected = inspected.json();
    assert_eq!(inspected["replacement"]["digest"], before["digest"], "{inspected:#}");
    let digest = inspected["digest"].as_str().unwrap();
    let answer = request(&format!("grant={digest}"));
    assert_eq!(answer.status, 409, "{}", answer.text);
    assert!(
        answer.text.contains("that must be granted again: + HTTP  other.example  DELETE"),
        "{}",
        answer.text
    );
    // And what was compared with another version was not compared with this one.
    let answer = request(&format!("grant={digest}&wider=true&replaces={digest}"));
    assert_eq!(answer.status, 409, "{}", answer.text);
    assert!(answer.text.contains("another version of `hostile` is installed by now"), "{}", answer.text);
    assert_eq!(installed(&host, "hostile"), before);

    host.text(&["plugin", "upgrade", "--grant-all", "--allow-unsigned", "--grant-wider", &wider]);
    let after = installed(&host, "hostile");
    assert_eq!(after["manifest"]["identity"]["version"], "2.0.0");
    assert_eq!(after["previous"]["digest"], before["digest"]);
    let record = records(&host, "plugin-installed").pop().unwrap();
    assert_eq!(record["replaces"], before["digest"], "{record:#}");
    assert_eq!(
        record["wider"],
        json!([
            "+ HTTP  other.example  DELETE",
            "+ `token` is revealed to the plugin itself",
            "~ read: effect was investigate, is contain"
        ])
    );
}

#[test]
fn a_rollback_brings_the_version_before_back_and_the_next_one_takes_it_away_again() {
    let mut host = Host::start();
    host.install(&["hostile-connector"]);
    let (code, words) = refused(&host, &["plugin", "rollback", "hostile"]);
    assert_eq!(code, 1);
    assert!(words.contains("there is no version of `hostile` before the one that is installed"), "{words}");
    assert_eq!(refused(&host, &["plugin", "rollback", "nobody"]).0, 4);

    let first = installed(&host, "hostile")["digest"].clone();
    host.text(&["plugin", "upgrade", "--grant-all", "--allow-unsigned", &version(&host, "version 2")]);
    let second = installed(&host, "hostile")["digest"].clone();
    let words = host.text(&["plugin", "rollback", "hostile"]);
    assert!(words.contains("hostile 0.1.0 is back (connector, "), "{words}");
    assert_eq!(installed(&host, "hostile")["digest"], first);
    host = host.kill_and_restart();
    assert_eq!(installed(&host, "hostile")["digest"], first);
    // What it may do was granted when it was installed.
    host.text(&["plugin", "rollback", "hostile"]);
    assert_eq!(installed(&host, "hostile")["digest"], second);

    // Of three versions the first is forgotten: there is one way back.
    host.text(&[
        "plugin",
        "upgrade",
        "--grant-all",
        "--allow-unsigned",
        &version(&host, "version 2 can do less"),
    ]);
    host.text(&["plugin", "rollback", "hostile"]);
    host.text(&["plugin", "rollback", "hostile"]);
    assert_eq!(installed(&host, "hostile")["previous"]["digest"], second);
    let rolled_back = records(&host, "plugin-rolled-back");
    assert_eq!(rolled_back.len(), 4);
    assert_eq!((&rolled_back[0]["digest"], &rolled_back[0]["replaces"]), (&first, &second));
}

#[test]
fn what_a_version_breaks_is_told_and_disabled_only_by_the_operators_word() {
    let host = Host::start();
    let playbook = write(&host, "playbook", &built::variant("hostile-playbook", "says what passes"));
    host.install(&["hostile-connector"]);
    host.text(&["plugin", "install", "--grant-all", "--allow-unsigned", playbook.to_str().unwrap()]);
    host.text(&["asset", "add", "hostile", "--connector", "hostile"]);

    let other = version(&host, "version 2 speaks otherwise");
    let (code, words) = refused(&host, &["plugin", "upgrade", "--grant-all", "--allow-unsigned", &other]);
    assert_eq!(code, 2);
    for line in [
        "~ behave: `text`: was text, is a list of texts",
        "Enabled playbooks that use what changes\n  hostile-playbook\n",
        "✘ `behave` requires `how`, which the playbook does not send\n",
        "✘ the playbook reads `data.text` as text, `behave` gives a list of texts\n",
        "--accept-breaks",
    ] {
        assert!(words.contains(line), "it does not say {line:?}:\n{words}");
    }
    assert_eq!(installed(&host, "hostile")["manifest"]["identity"]["version"], "0.1.0");
    assert_eq!(runs_on(&host, host.alert("before", "behave", "hostile")), 1);

    host.text(&["plugin", "upgrade", "--grant-all", "--allow-unsigned", "--accept-breaks", &other]);
    assert_eq!(installed(&host, "hostile-playbook")["disabled"], true);
    assert_eq!(runs_on(&host, host.alert("broken", "behave", "hostile")), 0);
    let record = records(&host, "plugin-disabled").pop().unwrap();
    assert_eq!(record["why"], "hostile 2.0.0 breaks it", "{record:#}");
    // Not even anyway: it would fail for certain.
    let (code, words) = refused(&host, &["plugin", "enable", "hostile-playbook", "--anyway"]);
    assert_eq!(code, 1);
    assert!(words.contains("hostile/behave  incompatible  `behave` requires `how`"), "{words}");

    host.text(&["plugin", "rollback", "hostile"]);
    host.text(&["plugin", "enable", "hostile-playbook"]);
    let ended = host.concluded(host.alert("after", "behave", "hostile"));
    assert_eq!(end(&ended), ("succeeded", "It is done."));
}

#[test]
fn an_asset_that_does_not_fit_a_version_is_told_and_fits_again_after_a_rollback() {
    let host = Host::start();
    host.install(&["hostile-connector"]);
    host.text(&["asset", "add", "hostile", "--connector", "hostile"]);
    let other = version(&host, "version 2 wants a number");
    let (code, words) = refused(&host, &["plugin", "upgrade", "--grant-all", "--allow-unsigned", &other]);
    assert_eq!(code, 2);
    assert!(words.contains("✘ hostile: \"count\" is a required property"), "{words}");
    let ready = |host: &Host| host.get("/assets")["assets"][0]["ready"].clone();
    host.text(&["plugin", "upgrade", "--grant-all", "--allow-unsigned", "--accept-breaks", &other]);
    assert_eq!(ready(&host), false);
    host.text(&["plugin", "rollback", "hostile"]);
    assert_eq!(ready(&host), true);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_disabled_playbook_starts_for_nothing_and_its_runs_end() {
    let mut workshop = Workshop::start().await;
    let question = Script::new().ask("tier2", "Go on?", AN_HOUR).wait(1).act_and_wait(Kind::Page, "page");
    let waiting = workshop.run(&question);
    workshop.host.until(waiting, "waiting");
    let words = workshop.host.text(&["plugin", "disable", "script"]);
    assert!(words.contains("script is disabled: nothing starts it. Its runs under way go on."), "{words}");
    workshop = workshop.kill_and_restart();

    let host = &workshop.host;
    assert!(
        host.text(&["plugin", "list"])
            .lines()
            .any(|line| line.contains("script") && line.contains("disabled"))
    );
    let alert = workshop.post(&Script::new()).json()["alert"].as_u64().unwrap();
    assert_eq!(runs_on(host, alert), 0);
    let (code, words) = refused(host, &["playbook", "run", "script", "--alert", &alert.to_string()]);
    assert_eq!(code, 1);
    assert!(words.contains("playbook `script` is disabled: `palisade plugin enable script`"), "{words}");
    host.text(&["answer", &waiting.to_string(), "yes"]);
    assert_eq!(end(&host.ended(waiting)).0, "succeeded");
    assert_eq!(workshop.lab.effects(), ["pages page"]);

    host.text(&["plugin", "enable", "script"]);
    assert_eq!(end(&workshop.finished(&Script::new())).0, "succeeded");
    // A playbook that is enabled, and one that is disabled, each once more: nothing happens, and nothing is recorded.
    host.text(&["plugin", "enable", "script"]);
    assert_eq!((records(host, "plugin-disabled").len(), records(host, "plugin-enabled").len()), (1, 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_may_not_start_a_playbook_that_is_disabled_meanwhile() {
    let workshop = Workshop::start().await;
    let child = Script::new().act_and_wait(Kind::Page, "child");
    let run = workshop.run(&Script::new().ask("tier2", "Go on?", AN_HOUR).wait(1).child(child).wait(2));
    workshop.host.until(run, "waiting");
    workshop.host.text(&["plugin", "disable", "script"]);
    workshop.host.text(&["answer", &run.to_string(), "yes"]);
    let ended = workshop.host.ended(run);
    assert_eq!(end(&ended).0, "failed", "{ended:#}");
    assert!(end(&ended).1.contains("playbook script is disabled"), "{ended:#}");
    assert_eq!(workshop.lab.effects(), [""; 0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_disabled_connector_is_called_no_more_by_runs_under_way_either() {
    let workshop = Workshop::start().await;
    let host = &workshop.host;
    // The first call has left when the connector is disabled, and ends as it would have.
    workshop.fault("/facts", 1, FaultKind::Slow { ms: 1_500 });
    let script = Script::new().act_and_wait(Kind::Facts, "first").act_and_wait(Kind::Page, "second");
    let run = workshop.run(&script);
    workshop.until_faults_struck();
    host.text(&["plugin", "disable", "actuator"]);
    let ended = host.ended(run);
    assert_eq!(end(&ended).0, "failed", "{ended:#}");
    assert!(end(&ended).1.contains("connector actuator is disabled"), "{ended:#}");
    assert_eq!(entries(&ended, "action-sent").len(), 0, "{ended:#}");
    assert_eq!(workshop.asked(), ["GET /facts/first"]);
    assert!(refused(host, &["asset", "test", "actuator"]).1.contains("connector `actuator` is disabled"));

    host.text(&["plugin", "enable", "actuator"]);
    assert_eq!(end(&workshop.finished(&script)).0, "succeeded");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_job_of_a_connector_that_is_disabled_is_for_a_person() {
    let workshop = Workshop::start().await;
    let run = workshop.run(&Script::new().act_and_wait(Kind::Job, "job"));
    wait::until("the job begins", || {
        let whole = workshop.host.get(&format!("/runs/{run}"));
        (!entries(&whole, "action-pending").is_empty()).then_some(())
    });
    workshop.host.text(&["plugin", "disable", "actuator"]);
    let doubted = workshop.host.until(run, "in-doubt");
    let [doubt] = entries(&doubted, "action-in-doubt")[..] else { panic!("{doubted:#}") };
    assert!(doubt["message"].as_str().unwrap().contains("connector actuator is disabled"), "{doubt:#}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_removal_says_what_needs_it() {
    let workshop = Workshop::start().await;
    let host = &workshop.host;
    let (code, words) = refused(host, &["plugin", "remove", "actuator"]);
    assert_eq!(code, 1);
    for part in
        ["`actuator` is needed by playbook `script`, which is enabled and starts `", "asset `actuator`"]
    {
        assert!(words.contains(part), "it does not say {part:?}: {words}");
    }
    host.text(&["asset", "remove", "actuator"]);
    assert_eq!(refused(host, &["plugin", "remove", "actuator"]).0, 1);
    host.text(&["plugin", "disable", "script"]);
    host.text(&["plugin", "remove", "actuator"]);
    assert_eq!(refused(host, &["plugin", "remove", "actuator"]).0, 4);
}

/// Twenty versions one after the other take their time to compile: some 20 s on two slow cores.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn twenty_upgrades_under_load_lose_no_run() {
    const UPGRADES: u32 = 20;
    let workshop = Workshop::start().await;
    let actuator = built::component("actuator");
    let done = AtomicBool::new(false);
    let runs = thread::scope(|scope| {
        let load = scope.spawn(|| {
            let mut runs = Vec::new();
            while !done.load(Ordering::SeqCst) {
                let tag = format!("n{}", runs.len());
                let script = Script::new()
                    .act_and_wait(Kind::Facts, &tag)
                    .act(Kind::Ticket, &format!("{tag}-ticket"))
                    .act_and_wait(Kind::Page, &format!("{tag}-page"))
                    .wait(2);
                runs.push(workshop.run(&script));
            }
            runs
        });
        for number in 1..=UPGRADES {
            let file = write(&workshop.host, "actuator", &built::another_build(&actuator, number));
            let words = workshop.host.text(&[
                "plugin",
                "upgrade",
                "--grant-all",
                "--allow-unsigned",
                file.to_str().unwrap(),
            ]);
            assert!(words.contains("actuator 0.1.0 is installed"), "{words}");
        }
        done.store(true, Ordering::SeqCst);
        load.join().unwrap()
    });
    for run in &runs {
        let ended = workshop.host.ended(*run);
        assert_eq!(end(&ended).0, "succeeded", "{ended:#}");
    }
    assert!(runs.len() > UPGRADES as usize, "there was hardly any load: {} runs", runs.len());
    assert_eq!(workshop.lab.effects().len(), 2 * runs.len());
}

/// Wherever it is killed. The moments are spread over the time that an upgrade takes.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_host_killed_in_an_upgrade_has_the_old_or_the_new_version_whole() {
    let mut workshop = Workshop::start().await;
    let actuator = built::component("actuator");
    let mut known = vec![installed(&workshop.host, "actuator")["digest"].clone()];
    for number in 1..=6_u32 {
        let file = write(&workshop.host, "actuator", &built::another_build(&actuator, number));
        let mut upgrade = workshop.host.command(&[
            "plugin",
            "upgrade",
            "--grant-all",
            "--allow-unsigned",
            file.to_str().unwrap(),
        ]);
        let mut upgrade = upgrade.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        // No synchronization: any moment will do.
        thread::sleep(Duration::from_millis(u64::from(number) * 250));
        workshop = workshop.kill_and_restart();
        upgrade.wait().unwrap();

        let now = installed(&workshop.host, "actuator");
        let inspected = workshop.host.json(&["plugin", "inspect", file.to_str().unwrap()]);
        assert!(
            now["digest"] == inspected["digest"] || known.contains(&now["digest"]),
            "neither old nor new: {now:#}"
        );
        known.push(inspected["digest"].clone());
        let tag = format!("after-{number}");
        assert_eq!(end(&workshop.finished(&Script::new().act_and_wait(Kind::Page, &tag))).0, "succeeded");
        // What the crash interrupted can be done again.
        workshop.host.text(&["plugin", "upgrade", "--grant-all", "--allow-unsigned", file.to_str().unwrap()]);
        assert_eq!(installed(&workshop.host, "actuator")["digest"], inspected["digest"]);
    }
    assert!(workshop.host.palisade(&["audit", "verify"]).status.success(), "the audit log is not whole");
}
