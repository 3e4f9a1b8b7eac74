//! Custom lists: as people keep them, and as playbooks use them.

use palisade_e2e::{Kind, OFFENDERS, Operation, Request, Script, WATCHED, Workshop};
use serde_json::{Value, json};

use crate::journal::{end, entries, entry, replays};

fn look(list: &str, value: &str) -> Operation {
    Operation::Look { list: list.to_owned(), value: value.to_owned() }
}

fn add(list: &str, value: &str, note: &str) -> Operation {
    Operation::List { list: list.to_owned(), value: value.to_owned(), note: note.to_owned() }
}

/// What a playbook found, look by look: the entry, or why there is none.
fn found(run: &Value) -> Vec<String> {
    let found = |asked: &Value| match &asked["found"] {
        Value::String(word) => word.clone(),
        entry => entry["entry"]["value"].as_str().unwrap().to_owned(),
    };
    entries(run, "asked-list").into_iter().map(found).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn people_keep_lists() {
    let workshop = Workshop::start().await;
    let host = &workshop.host;
    assert_eq!(host.text(&["list", "list"]), "No lists. Make one with `palisade list add NAME VALUE`.\n");
    for (value, kept) in [
        ("10.0.0.0/8", "10.0.0.0/8"),
        ("10.1.2.3/16", "10.1.0.0/16"),
        ("*.Example.COM", "*.example.com"),
        ("CEO@acme.example", "ceo@acme.example"),
    ] {
        let added = host.json(&["list", "add", "access", value, "--note", "asked for by Kim"]);
        assert_eq!(added["value"], kept);
    }
    let lists = host.json(&["list", "list"]);
    assert_eq!(lists["lists"], json!([{ "name": "access", "entries": 4 }]));
    let show = host.text(&["list", "show", "access"]);
    assert!(show.contains("10.1.0.0/16") && show.contains("asked for by Kim"), "{show}");
    let first = host.json(&["list", "show", "access", "--limit", "2"]);
    let last = first["entries"][1]["value"].as_str().unwrap();
    let rest = host.json(&["list", "show", "access", "--after", last]);
    assert_eq!(rest["entries"].as_array().unwrap().len(), 2);

    let find = |value: &str| {
        let found = host.palisade(&["--json", "list", "find", "access", value]);
        let entry: Value = serde_json::from_slice(&found.stdout).unwrap();
        (found.status.code().unwrap(), entry["value"].as_str().unwrap_or_default().to_owned())
    };
    assert_eq!(find("10.1.9.9"), (0, "10.1.0.0/16".to_owned()), "the smallest network");
    assert_eq!(find("::ffff:10.2.0.1"), (0, "10.0.0.0/8".to_owned()));
    assert_eq!(find("a.b.example.com"), (0, "*.example.com".to_owned()));
    assert_eq!(find("example.com"), (4, String::new()));
    assert_eq!(find("Ceo@Acme.example"), (0, "ceo@acme.example".to_owned()));

    host.text(&["list", "remove", "access", "10.1.0.0/16"]);
    assert_eq!(find("10.1.9.9").1, "10.0.0.0/8");
    assert_eq!(host.palisade(&["list", "remove", "access", "10.1.0.0/16"]).status.code(), Some(4));
    for bad in ["", "10.0.0.0/33", "a*b", "two\nlines"] {
        assert_eq!(host.palisade(&["list", "add", "access", bad]).status.code(), Some(2), "{bad:?}");
        let body = json!({ "value": bad });
        assert_eq!(host.post("/lists/access/entries", &body).status, 400, "{bad:?}");
    }
    host.text(&["list", "delete", "access"]);
    for command in
        [&["list", "show", "access"][..], &["list", "find", "access", "x"], &["list", "delete", "access"]]
    {
        assert_eq!(host.palisade(command).status.code(), Some(4), "{command:?}");
    }
    let removed = Request::new("DELETE", "/api/v1/lists/access/entries?value=x").token(&host.admin_token());
    assert_eq!(host.send(&removed).status, 404);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_playbook_looks_into_the_lists_that_it_declares() {
    let mut workshop = Workshop::start().await;
    workshop.host.text(&["list", "add", WATCHED, "10.0.0.0/8", "--note", "ours"]);
    workshop.host.text(&["list", "create", "secret"]);
    let script = Script::new()
        .then(look(WATCHED, "10.1.2.3"))
        .then(look(WATCHED, "192.0.2.1"))
        .then(look(OFFENDERS, "kim"))
        .then(look("secret", "x"))
        .act_and_wait(Kind::Ticket, "with what it found")
        .then(look(WATCHED, "192.0.2.1"))
        .sleep(1_500)
        .then(look(WATCHED, "192.0.2.1"));
    let run = workshop.run(&script);
    workshop.host.until(run, "waiting");
    // What it found before is what it found, whatever the list has by now.
    workshop.host.text(&["list", "remove", WATCHED, "10.0.0.0/8"]);
    workshop.host.text(&["list", "add", WATCHED, "192.0.2.0/24"]);
    workshop = workshop.kill_and_restart();
    let ended = workshop.host.ended(run);
    assert_eq!(end(&ended).0, "succeeded", "{ended:#}");
    assert_eq!(
        found(&ended),
        ["10.0.0.0/8", "nothing", "no-list", "undeclared", "nothing", "192.0.2.0/24"],
        "no list is not the same as an empty one"
    );
    let show = workshop.host.text(&["run", "show", "-v", &run.to_string()]);
    for words in [
        "looked for 10.1.2.3 in the list watched: under 10.0.0.0/8",
        "looked for kim in the list offenders: there is no such list",
        "looked for x in the list secret: the playbook does not declare that it uses it",
    ] {
        assert!(show.contains(words), "{words:?} is not in\n{show}");
    }
    replays(&workshop.host, run);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_playbook_adds_to_the_lists_for_which_it_declares_that() {
    let mut workshop = Workshop::start().await;
    workshop.host.text(&["list", "create", WATCHED]);
    let script =
        Script::new().then(add(OFFENDERS, "kim", "no list yet")).then(add(WATCHED, "kim", "not declared"));
    let refused = workshop.finished(&script);
    assert_eq!(found(&refused), ["no-list", "undeclared"]);
    assert_eq!(entries(&refused, "list-changed").len(), 0);
    assert_eq!(workshop.host.json(&["list", "list"])["lists"], json!([{ "name": WATCHED, "entries": 0 }]));

    workshop.host.text(&["list", "create", OFFENDERS]);
    let script = Script::new()
        .then(add(OFFENDERS, "KIM", "the second time"))
        .act_and_wait(Kind::Ticket, "ticket")
        .then(look(OFFENDERS, "kim"))
        .sleep(1_500);
    let run = workshop.run(&script);
    workshop.host.until(run, "waiting");
    workshop = workshop.kill_and_restart();
    let ended = workshop.host.ended(run);
    assert_eq!(end(&ended).0, "succeeded", "{ended:#}");
    assert_eq!(entry(&ended, "list-changed")["entry"]["value"], "kim");
    let list = workshop.host.json(&["list", "show", OFFENDERS]);
    let [kim] = &list["entries"].as_array().unwrap()[..] else { panic!("{list:#}") };
    assert_eq!((&kim["note"], &kim["by"]), (&json!("the second time"), &json!(format!("run {run}"))));
    let show = workshop.host.text(&["run", "show", &run.to_string()]);
    assert!(show.contains("put on the list offenders: kim"), "{show}");
    replays(&workshop.host, run);
    replays(&workshop.host, refused["run"]["id"].as_u64().unwrap());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_stands_on_a_list_does_not_reach_the_terminal_raw() {
    const EVIL: &str = "evil\u{202e}\u{200b}x";
    let workshop = Workshop::start().await;
    let host = &workshop.host;
    let body = json!({ "value": EVIL, "note": "\u{1b}[2J\u{7}note", "by": "\u{9b}2Jwho" });
    assert_eq!(host.post("/lists/odd/entries", &body).status, 200);
    for arguments in
        [&["list", "show", "odd"][..], &["list", "find", "odd", EVIL], &["--json", "list", "show", "odd"]]
    {
        let screen = host.text(arguments);
        let active = |c: char| c != '\n' && (c.is_control() || ('\u{200b}'..='\u{202e}').contains(&c));
        assert!(screen.contains("evil") && !screen.contains(active), "{screen:?}");
    }
    for body in
        [json!({ "value": "x", "by": "x".repeat(1_000) }), json!({ "value": "x", "note": "x".repeat(5_000) })]
    {
        assert_eq!(host.post("/lists/odd/entries", &body).status, 422);
    }
}
