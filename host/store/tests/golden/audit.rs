//! The audit log, line by line, and users.

use palisade_model::{
    action::Effect,
    audit::{Call, Items, OfRun, Record, Step, What, reaches},
    journal::{By, Decision},
    signer::{KeyId, SignedBy, Signer},
    user::{KeptUser, User},
};
use palisade_store::{
    Durability, SledStore, Store,
    audit::{parse, verify, verify_store},
    contract::samples::{at, digest, name, record},
};
use serde_json::json;
use tempfile::tempdir;

use crate::{
    assert_every, check, golden,
    store::{dump, load},
};

fn step() -> Step {
    Step { run: 17, step: 3, playbook: name("c2-contain") }
}

fn call(rule: Option<&str>) -> Call {
    Call {
        at: step(),
        connector: "firewall".into(),
        action: "block ip".into(),
        asset: Some(name("edge")),
        effect: Effect::Contain,
        rule: rule.map(Into::into),
    }
}

fn of_run() -> OfRun {
    OfRun { run: 17, playbook: name("c2-contain"), note: "The ticket says so.".into() }
}

fn calls() -> Vec<What> {
    vec![
        What::ActionSent {
            call: call(Some("block-servers")),
            attempt: 1,
            parameters: (&json!({ "ip": "203.0.113.7" })).into(),
        },
        What::ActionEnded { call: call(None), attempts: 2, succeeded: true, message: "Blocked.".into() },
        What::ActionInDoubt { call: call(None), message: "The connection broke.".into() },
        What::ActionDenied { call: call(None), message: "Never touch the resolver.".into() },
    ]
}

fn decisions() -> Vec<What> {
    let note = || "The ticket says so.".into();
    vec![
        What::PromptAnswered { at: step(), answer: (&json!("yes")).into(), note: "".into() },
        What::ApprovalDecided { at: step(), approved: true, rule: Some("wipes".into()), note: note() },
        What::DoubtDecided { at: step(), decision: Decision::Done, note: note() },
        What::RunStarted { playbook: name("c2-contain"), alert: 7 },
        What::RunPaused(of_run()),
        What::RunResumed(OfRun { note: "".into(), ..of_run() }),
        What::RunCancelled(of_run()),
        What::RunRetried { at: step(), note: note() },
        What::RunUndone(of_run()),
        What::RunImported { playbook: name("c2-contain"), digest: digest(0xab) },
        What::AlertTaken { alert: 7, note: "".into() },
        What::AlertClosed { alert: 7, note: note(), false_alarm: false },
    ]
}

fn configuration() -> Vec<What> {
    let plugin = |replaces| What::PluginInstalled {
        plugin: name("firewall"),
        kind: "connector".into(),
        version: "1.2.3".into(),
        digest: digest(0xab),
        replaces,
        source: None,
        by_lock_file: false,
        wider: Items::default(),
        signed_by: None,
        older_than: None,
    };
    let network = ["10.0.0.0/8".parse().unwrap()];
    vec![
        plugin(None),
        plugin(Some(digest(0xcd))),
        What::PluginRemoved { plugin: name("firewall"), version: "1.2.3".into(), digest: digest(0xab) },
        What::LoggedIn,
        What::TokensRefused { count: 12 },
        What::AssetPut {
            asset: name("edge"),
            connector: name("firewall"),
            fields: ["url"].into_iter().collect(),
            secrets: ["api_key"].into_iter().collect(),
            reaches: reaches(&network, &["api.example.com:443:[::1]:8443".parse().unwrap()]),
            private_ca: true,
        },
        What::AssetRemoved { asset: name("edge") },
        What::PlaybookConfigured {
            playbook: name("c2-contain"),
            fields: ["threshold"].into_iter().collect(),
        },
        What::ListEntryAdded { list: name("access-list"), value: "10.0.0.0/8".into(), note: "".into() },
        What::ListEntryRemoved { list: name("access-list"), value: "10.0.0.0/8".into() },
        What::SafeModeSwitched { on: true, playbook: None },
        What::SafeModeSwitched { on: false, playbook: Some(name("c2-contain")) },
        What::PolicyLoaded { digest: Some(digest(0xab)) },
        What::PolicyLoaded { digest: None },
        What::UserAdded { user: name("anna"), roles: ["tier2", "soc-lead"].into_iter().collect() },
        What::UserRemoved { user: name("anna") },
        What::HostStarted { version: "0.1.0".into() },
        What::HostStopped,
        What::ListMade { list: name("access-list") },
        What::ListRemoved { list: name("access-list") },
    ]
}

/// What came later, in a file of its own.
fn lifecycle() -> Vec<What> {
    let firewall = || name("firewall");
    let digest = || digest(0xab);
    vec![
        What::PluginInstalled {
            plugin: firewall(),
            kind: "connector".into(),
            version: "2.0.0".into(),
            digest: digest(),
            replaces: Some(digest()),
            source: None,
            by_lock_file: false,
            signed_by: None,
            older_than: None,
            wider: ["+ HTTP  api.example.com  POST"].into_iter().collect(),
        },
        What::PluginRolledBack {
            plugin: firewall(),
            version: "1.2.3".into(),
            digest: digest(),
            replaces: digest(),
        },
        What::PluginEnabled { plugin: firewall(), lacks: Items::default() },
        What::PluginEnabled { plugin: firewall(), lacks: ["intune/wipe device"].into_iter().collect() },
        What::PluginDisabled { plugin: firewall(), why: "".into() },
        What::PluginDisabled { plugin: firewall(), why: "shodan 2.0.0 breaks it".into() },
    ]
}

/// What came with signatures.
fn signatures() -> Vec<What> {
    let key = KeyId::from_bytes([0x10, 0x32, 0x54, 0x76, 0x98, 0xba, 0xdc, 0xfe]);
    let installed = |signed_by, older_than: Option<&str>| What::PluginInstalled {
        plugin: name("firewall"),
        kind: "connector".into(),
        version: "1.2.3".into(),
        digest: digest(0xab),
        replaces: None,
        source: None,
        by_lock_file: false,
        wider: Items::default(),
        signed_by: Some(signed_by),
        older_than: older_than.map(Into::into),
    };
    vec![
        What::KeyTrusted {
            name: name("acme"),
            key: key.clone(),
            namespaces: ["acme-*", "firewall"].into_iter().collect(),
        },
        installed(SignedBy::Trusted(Signer { name: name("acme"), key: key.clone() }), None),
        installed(SignedBy::Unknown { key: key.clone() }, Some("1.3.0")),
        installed(SignedBy::Nobody, None),
        What::KeyDistrusted { name: name("acme"), key },
    ]
}

/// Every kind of record, each by somebody else.
fn records() -> Vec<Record> {
    let whats = [calls(), decisions(), configuration()].concat();
    said(whats)
}

fn said(whats: Vec<What>) -> Vec<Record> {
    let all = [calls(), decisions(), configuration(), lifecycle(), signatures()].concat();
    assert_every!(
        What {
            ActionSent,
            ActionEnded,
            ActionInDoubt,
            ActionDenied,
            PromptAnswered,
            ApprovalDecided,
            DoubtDecided,
            RunStarted,
            RunPaused,
            RunResumed,
            RunCancelled,
            RunRetried,
            RunUndone,
            RunImported,
            AlertTaken,
            AlertClosed,
            PluginInstalled,
            PluginRemoved,
            KeyTrusted,
            KeyDistrusted,
            LoggedIn,
            TokensRefused,
            AssetPut,
            AssetRemoved,
            PlaybookConfigured,
            ListEntryAdded,
            ListEntryRemoved,
            SafeModeSwitched,
            PolicyLoaded,
            UserAdded,
            UserRemoved,
            HostStarted,
            HostStopped,
            ListMade,
            ListRemoved,
            PluginRolledBack,
            PluginEnabled,
            PluginDisabled,
        },
        &all
    );
    let by = By { by: "Ada".to_owned(), note: String::new(), by_admin: true };
    let record = |(place, what)| match place % 3 {
        0 => Record::new(at(1_767_323_045), "anna", what),
        1 => Record::new(at(1_767_323_045), "run 17", what),
        _ => Record::said("2026-01-02T03:04:05.678901234Z".parse().unwrap(), &by, what),
    };
    whats.into_iter().enumerate().map(record).collect()
}

#[test]
fn a_plugin_from_elsewhere() {
    let installed = What::PluginInstalled {
        plugin: name("firewall"),
        kind: "connector".into(),
        version: "1.2.3".into(),
        digest: digest(0xab),
        replaces: None,
        source: Some("https://plugins.acme.example/firewall.wasm".into()),
        by_lock_file: true,
        wider: Items::default(),
        signed_by: None,
        older_than: None,
    };
    check("audit-plugin-from-elsewhere.json", &Record::new(at(1_767_323_045), "anna", installed));
}

#[test]
fn what_came_with_signatures() {
    let records: Vec<_> =
        signatures().into_iter().map(|what| Record::new(at(1_767_323_045), "anna", what)).collect();
    check("audit-signatures.json", &records);
}

/// The lines of a log with all records, as the store gives them.
#[tokio::test]
async fn lines() {
    check_lines("audit.jsonl", records()).await;
    check_lines("audit-2.jsonl", said(lifecycle())).await;
}

async fn check_lines(file: &str, records: Vec<Record>) {
    let directory = tempdir().unwrap();
    let store = SledStore::open(directory.path()).unwrap();
    for record in records.clone() {
        store.record(record, Durability::Buffered).await.unwrap();
    }
    let lines = store.audit(1, 500).unwrap();
    let text: String = lines.iter().map(|(_, line)| format!("{line}\n")).collect();
    let golden = golden(file, &text);
    assert_eq!(text, golden, "the log would be written in another way");
    // An old log is read, and is whole, and would be exported as it is.
    verify(golden.lines(), None).unwrap();
    let read: Vec<_> = golden.lines().map(|line| parse(line).unwrap()).collect();
    assert_eq!(read.iter().map(|entry| entry.record.clone()).collect::<Vec<_>>(), records);
    for (entry, line) in read.iter().zip(golden.lines()) {
        assert_eq!(serde_json::to_string(entry).unwrap(), line);
    }
}

fn user(roles: &[&str]) -> KeptUser {
    let roles = roles.iter().map(|role| name(role)).collect();
    KeptUser { user: User { name: name("anna"), roles, created: at(1_767_323_045) }, token: digest(0xab) }
}

#[test]
fn users() {
    check("users.json", &[user(&[]), user(&["tier2", "soc-lead"])]);
}

/// The tables that came later, key by key.
#[tokio::test]
async fn the_tables_of_the_log_and_of_users() {
    let directory = tempdir().unwrap();
    let new = directory.path().join("new");
    let store = SledStore::open(&new).unwrap();
    store.record(record("anna", 7), Durability::Buffered).await.unwrap();
    store.put_user(user(&["tier2"]), record("admin", 8)).await.unwrap();
    drop(store);
    let written = dump(&new);
    let golden = golden("store-2-audit.txt", &written);
    assert_eq!(written, golden, "the store would be written in another way");
    let old = directory.path().join("old");
    load(&old, &golden);
    let store = SledStore::open(&old).unwrap();
    assert_eq!(store.users().unwrap(), [user(&["tier2"])]);
    // The chain goes on where it was.
    assert_eq!(store.audit_head().seq, 2);
    assert_eq!(store.record(record("anna", 9), Durability::Buffered).await.unwrap(), 3);
    assert_eq!(verify_store(&store, None).unwrap().unwrap().seq, 3);
}
