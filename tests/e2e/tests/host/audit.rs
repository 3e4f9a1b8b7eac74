//! The audit log: what is on the record, and that nobody changes it unseen.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::Path,
    time::{Duration, Instant},
};

use palisade_e2e::{Host, Kind, Request, Script, Workshop};
use palisade_lab::FaultKind;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::journal::{end, entries};

const AN_HOUR: u64 = 60 * 60 * 1000;

/// All entries of the log.
fn log(host: &Host) -> Vec<Value> {
    let mut log = Vec::new();
    loop {
        let page = host.get(&format!("/audit?from={}&limit=3", log.len() + 1));
        match page["entries"].as_array().unwrap().as_slice() {
            [] => return log,
            page => log.extend_from_slice(page),
        }
    }
}

/// Who did what, in order.
fn story(log: &[Value]) -> Vec<String> {
    let words = |entry: &Value| {
        let admin = if entry["by_admin"] == true { ", said by admin" } else { "" };
        format!("{}{admin}: {}", entry["who"].as_str().unwrap(), entry["what"].as_str().unwrap())
    };
    log.iter().map(words).collect()
}

/// The entries of this kind.
fn of<'a>(log: &'a [Value], what: &str) -> Vec<&'a Value> {
    log.iter().filter(|entry| entry["what"] == what).collect()
}

/// What `palisade audit verify` says: whether the log is whole, and its words.
fn verify(host: &Host, arguments: &[&str]) -> (bool, String) {
    let output = host.palisade(&[&["audit", "verify"], arguments].concat());
    let words = String::from_utf8_lossy(&output.stdout).into_owned();
    match output.status.code() {
        Some(0) => (true, words),
        Some(1) => (false, words),
        code => panic!("{code:?}: {words} {}", String::from_utf8_lossy(&output.stderr)),
    }
}

/// The database below a store that was just left. Its last user may be just leaving.
fn database(directory: &TempDir) -> sled::Db {
    let path = directory.path().join("data/store");
    let deadline = Instant::now() + Duration::from_secs(10);
    loop {
        match sled::open(&path) {
            Ok(database) => return database,
            Err(error) => assert!(Instant::now() < deadline, "{error}"),
        }
    }
}

/// The key of an entry in the database.
fn key(seq: u64) -> Vec<u8> {
    [b"z".as_slice(), &seq.to_be_bytes()].concat()
}

/// The place of the entry that adds this user.
fn place_of(user: &str, lines: impl Iterator<Item = String>) -> u64 {
    let added = format!("\"user\":\"{user}\"");
    (1..).zip(lines).find(|(_, line)| line.contains(&added)).unwrap().0
}

/// The lines in a database, each with bytes of the store in front.
fn lines(database: &sled::Db) -> impl Iterator<Item = String> {
    let lines = database.scan_prefix(b"z").values();
    lines.map(|line| String::from_utf8_lossy(&line.unwrap()).into_owned())
}

/// The head that was kept beside the store.
fn kept(data: &Path) -> Value {
    serde_json::from_slice(&fs::read(data.join("audit.head")).unwrap()).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_whole_story_is_on_the_record_in_its_order() {
    let workshop = Workshop::start().await;
    let host = &workshop.host;
    let token = host.json(&["user", "add", "anna", "--role", "tier2"])["token"].as_str().unwrap().to_owned();
    let script = Script::new()
        .act_and_wait(Kind::Page, "page")
        .act_and_wait(Kind::Facts, "read")
        .ask("tier2", "Go on?", AN_HOUR)
        .wait(3);
    let first = workshop.run(&script);
    host.until(first, "waiting");
    let mut answer = host.command(&["answer", &first.to_string(), "yes", "--note", "looks right"]);
    assert!(answer.env("PALISADE_TOKEN", &token).env("USER", "root").status().unwrap().success());
    assert_eq!(end(&host.ended(first)).0, "succeeded");

    let second = workshop.run(&Script::new().ask("tier2", "Go on?", AN_HOUR).wait(1));
    host.until(second, "waiting");
    for what in ["pause", "resume"] {
        let answer = host.post(&format!("/runs/{second}/{what}"), &json!({}));
        assert_eq!(answer.status, 200, "{}", answer.text);
        host.until(second, if what == "pause" { "paused" } else { "waiting" });
    }
    let cancel = json!({ "by": "kim", "note": "change freeze" });
    assert_eq!(host.post(&format!("/runs/{second}/cancel"), &cancel).status, 200);
    host.until(second, "cancelled");
    host.text(&["asset", "remove", "actuator"]);
    host.text(&["plugin", "disable", "script"]);
    host.text(&["plugin", "remove", "actuator"]);
    host.text(&["user", "remove", "anna"]);

    let log = log(host);
    assert_eq!(
        story(&log),
        [
            "palisade: policy-loaded",
            "palisade: host-started",
            "admin: logged-in",
            "admin: plugin-installed",
            "admin: plugin-installed",
            "admin: asset-put",
            "admin: user-added",
            "ingest: logged-in",
            "run 1: action-sent",
            "run 1: action-ended",
            "anna: logged-in",
            "anna: prompt-answered",
            "admin: run-paused",
            "admin: run-resumed",
            "kim, said by admin: run-cancelled",
            "admin: asset-removed",
            "admin: plugin-disabled",
            "admin: plugin-removed",
            "admin: user-removed",
        ]
    );
    let [sent] = of(&log, "action-sent")[..] else { panic!("{log:#?}") };
    for (member, value) in [
        ("run", json!(first)),
        ("step", json!(1)),
        ("playbook", json!("script")),
        ("connector", json!("actuator")),
        ("action", json!("send page")),
        ("asset", json!("actuator")),
        ("effect", json!("generic")),
        ("attempt", json!(1)),
    ] {
        assert_eq!(sent[member], value, "{member}: {sent:#}");
    }
    assert_eq!(sent["parameters"]["tag"], "page", "{sent:#}");
    let [ended] = of(&log, "action-ended")[..] else { panic!("{log:#?}") };
    assert_eq!((&ended["succeeded"], &ended["message"]), (&json!(true), &json!("The page is sent.")));
    let answered = of(&log, "prompt-answered")[0];
    assert_eq!((&answered["answer"], &answered["note"]), (&json!("yes"), &json!("looks right")));
    assert_eq!(of(&log, "run-cancelled")[0]["note"], "change freeze");
    let installed = of(&log, "plugin-installed")[0];
    assert!(installed["digest"].as_str().unwrap().len() == 64 && installed["kind"] == "connector");
    assert_eq!(of(&log, "asset-put")[0]["fields"], json!(["url"]));
    assert!(!format!("{log:?}").contains(&token), "the token is on the record");

    let (whole, words) = verify(host, &[]);
    assert!(whole && words.contains("19 entries"), "{words}");
    let listed = host.text(&["audit", "list", "--from", "9", "--limit", "2"]);
    assert!(listed.contains("sends actuator/send page @actuator as step 1, by rule "), "{listed}");
    assert!(listed.contains("More with --from 11"), "{listed}");

    // Started again, it goes on in the same chain.
    let host = workshop.host.stop_and_restart();
    assert_eq!(
        story(&self::log(&host))[19..],
        ["palisade: host-stopped", "palisade: policy-loaded", "palisade: host-started", "admin: logged-in"]
    );
    let (whole, words) = verify(&host, &[]);
    assert!(whole && words.contains("passes through entry 22"), "{words}");
}

/// A host whose log has at least six entries, and that has been told to stop.
fn stopped() -> TempDir {
    let host = Host::start();
    for name in ["anna", "kim", "zoe"] {
        host.json(&["user", "add", name]);
    }
    host.stop()
}

#[test]
fn an_entry_that_is_edited_in_the_store_is_found() {
    let directory = stopped();
    let database = database(&directory);
    let place = place_of("kim", lines(&database));
    let line = database.get(key(place)).unwrap().unwrap();
    let edited = String::from_utf8(line.to_vec()).unwrap().replace("kim", "eve");
    assert_ne!(edited.as_bytes(), &*line, "{edited}");
    database.insert(key(place), edited.as_bytes()).unwrap();
    database.flush().unwrap();
    drop(database);
    let host = Host::on(directory);
    let (whole, words) = verify(&host, &[]);
    assert!(!whole && words.contains(&format!("at entry {place}")) && words.contains("words"), "{words}");
    let json: Value = serde_json::from_slice(&host.palisade(&["--json", "audit", "verify"]).stdout).unwrap();
    assert_eq!(json["broken"]["seq"], place, "{json}");
}

#[test]
fn an_entry_that_is_taken_out_of_the_store_is_found() {
    let directory = stopped();
    let database = database(&directory);
    let place = place_of("anna", lines(&database));
    assert!(database.remove(key(place)).unwrap().is_some());
    database.flush().unwrap();
    drop(database);
    let host = Host::on(directory);
    let (whole, words) = verify(&host, &[]);
    let there = format!("at entry {place}");
    assert!(!whole && words.contains(&there) && words.contains("missing"), "{words}");
    // What is left is exported as it is, and shows the same without the host.
    let file = host.data().with_file_name("log.jsonl");
    host.text(&["audit", "export", "--output", file.to_str().unwrap()]);
    let (whole, words) = verify(&host, &[file.to_str().unwrap()]);
    assert!(!whole && words.contains(&there), "{words}");
}

#[test]
fn an_end_that_is_cut_off_is_found_by_the_head_that_was_kept() {
    let directory = stopped();
    let data = directory.path().join("data");
    let mode = fs::metadata(data.join("audit.head")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let head = kept(&data);
    let last = head["seq"].as_u64().unwrap();
    let database = database(&directory);
    assert!(database.contains_key(key(last)).unwrap() && !database.contains_key(key(last + 1)).unwrap());
    for seq in last - 2..=last {
        database.remove(key(seq)).unwrap();
    }
    database.flush().unwrap();
    drop(database);
    // The host starts and writes on, in a chain that is whole in itself.
    let host = Host::on(directory);
    let (whole, words) = verify(&host, &[]);
    assert!(!whole && words.contains(&format!("at entry {last}")), "{words}");
    assert!(host.log().contains("does not pass through"), "{}", host.log());
    // The evidence stays, whatever is written meanwhile.
    host.json(&["user", "add", "eve"]);
    host.json(&["user", "add", "mallory"]);
    let host = host.stop_and_restart();
    assert_eq!(kept(&host.data()), head);
    let (whole, words) = verify(&host, &[]);
    assert!(!whole && words.contains("another entry stood there"), "{words}");
}

#[test]
fn an_exported_log_is_checked_without_the_host() {
    let host = Host::start();
    for name in ["anna", "kim", "zoe"] {
        host.json(&["user", "add", name]);
    }
    let (_, words) = verify(&host, &[]);
    let head = words.lines().find_map(|line| line.strip_prefix("Head ")).unwrap().to_owned();
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("log.jsonl");
    let name = file.to_str().unwrap();
    host.text(&["audit", "export", "-o", name]);
    let exported = fs::read_to_string(&file).unwrap();
    assert_eq!(exported, host.text(&["audit", "export"]), "to a file and to standard output it is the same");
    drop(host);

    let nobody = Host::start();
    assert!(verify(&nobody, &[name]).0);
    assert!(verify(&nobody, &[name, "--head", &head]).0);
    let lines: Vec<_> = exported.lines().collect();
    let place = place_of("kim", exported.lines().map(str::to_owned));
    let before: String = lines[..place as usize - 1].iter().map(|line| format!("{line}\n")).collect();
    let behind: String = lines[place as usize..].iter().map(|line| format!("{line}\n")).collect();
    let changed = [
        ("edited", exported.replace("kim", "eve")),
        ("taken out", format!("{before}{behind}")),
        ("cut off", before),
    ];
    for (what, text) in changed {
        fs::write(&file, text).unwrap();
        let (whole, found) = verify(&nobody, &[name, "--head", &head]);
        assert!(!whole && found.contains(&format!("at entry {place}")), "{what}: {found}");
    }
    // Without a head nobody can see that an end is missing.
    assert!(verify(&nobody, &[name]).0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_crash_the_log_has_what_the_journals_have() {
    let mut workshop = Workshop::start().await;
    workshop.fault("/pages", 1, FaultKind::HangAfterEffect);
    let tickets = (0..3).fold(Script::new(), |script, n| script.act_and_wait(Kind::Ticket, &n.to_string()));
    let (doubtful, other) =
        (workshop.run(&Script::new().act_and_wait(Kind::Page, "page")), workshop.run(&tickets));
    workshop.until_faults_struck();
    workshop = workshop.kill_and_restart();
    workshop.host.until(doubtful, "in-doubt");
    let decide = ["run", "decide", &doubtful.to_string(), "1", "done", "--note", "it is on the pager"];
    workshop.host.text(&decide);
    let runs = [workshop.host.ended(doubtful), workshop.host.ended(other)];
    workshop = workshop.kill_and_restart();

    assert!(verify(&workshop.host, &[]).0);
    let log = log(&workshop.host);
    let sent: usize = runs.iter().map(|run| entries(run, "action-sent").len()).sum();
    let ended: usize = runs.iter().map(|run| entries(run, "action-ended").len()).sum();
    assert_eq!((of(&log, "action-sent").len(), of(&log, "action-ended").len()), (sent, ended), "{log:#?}");
    let [doubt] = of(&log, "action-in-doubt")[..] else { panic!("{log:#?}") };
    assert_eq!((&doubt["run"], &doubt["connector"]), (&json!(doubtful), &json!("actuator")));
    let [decided] = of(&log, "doubt-decided")[..] else { panic!("{log:#?}") };
    assert_eq!((&decided["decision"], &decided["note"]), (&json!("done"), &json!("it is on the pager")));
    assert_eq!(of(&log, "host-started").len(), 3);
    assert_eq!(of(&log, "host-stopped").len(), 0);
}

#[test]
fn whoever_tries_tokens_cannot_fill_the_log() {
    let host = Host::start();
    for n in 0..25 {
        let token = format!("{n:048x}");
        let api = Request::new("GET", "/api/v1/users").token(&token);
        assert_eq!(host.send(&api).status, 401);
        assert_eq!(host.send(&Request::new("POST", "/ingest/test").token(&token).body("{}")).status, 401);
    }
    let before = log(&host);
    assert!(of(&before, "tokens-refused").len() <= 2, "{before:#?}");
    let host = host.stop_and_restart();
    let after = log(&host);
    let count: u64 = of(&after, "tokens-refused").iter().map(|entry| entry["count"].as_u64().unwrap()).sum();
    assert_eq!(count, 50, "{after:#?}");
}
