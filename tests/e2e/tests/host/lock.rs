//! What one host has, installed on another by a lock file, and nothing else.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Output,
};

use palisade_e2e::{Host, built};
use palisade_package::SecretKey;
use palisade_servers::Registry;
use serde_json::{Value, json};
use tempfile::TempDir;

/// A host with two plugins, what it wrote down of them, and the components.
struct Origin {
    host: Host,
    directory: TempDir,
}

impl Origin {
    fn new() -> Self {
        let origin = Self { host: Host::start(), directory: tempfile::tempdir().unwrap() };
        origin.host.install(&["script", "actuator"]);
        origin.host.text(&["plugin", "lock", "--out", origin.lock().to_str().unwrap()]);
        origin.host.text(&["plugin", "export", "--out", origin.components().to_str().unwrap()]);
        origin
    }

    fn lock(&self) -> PathBuf {
        self.directory.path().join("palisade.lock")
    }

    fn components(&self) -> PathBuf {
        self.directory.path().join("components")
    }

    fn component(&self, name: &str) -> PathBuf {
        self.components().join(format!("{name}.wasm"))
    }
}

fn replay(host: &Host, lock: &Path, from: Option<&Path>) -> Output {
    let mut arguments =
        vec!["--json", "plugin", "install", "--allow-unsigned", "--locked", lock.to_str().unwrap()];
    arguments.extend(from.into_iter().flat_map(|from| ["--from", from.to_str().unwrap()]));
    host.palisade(&arguments)
}

/// The outcome of each, by name, and why.
fn outcomes(output: &Output) -> Vec<(String, String, String)> {
    let rows: Vec<Value> = serde_json::from_slice(&output.stdout).unwrap_or_default();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    rows.iter().map(|row| (text(&row["name"]), text(&row["outcome"]), text(&row["reason"]))).collect()
}

fn plugins(host: &Host) -> Vec<Value> {
    let mut plugins = host.json(&["plugin", "list"])["plugins"].as_array().unwrap().clone();
    plugins.iter_mut().for_each(|plugin| drop(plugin.as_object_mut().unwrap().remove("installed")));
    plugins
}

fn errors(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn another_host_becomes_the_same_without_a_network_or_a_question() {
    let (origin, host) = (Origin::new(), Host::start());
    // Whoever can write into the file must not be able to do without a signature.
    let (lock, components) = (origin.lock(), origin.components());
    let [lock, components] = [&lock, &components].map(|path| path.to_str().unwrap());
    let refused = host.palisade(&["--json", "plugin", "install", "--locked", lock, "--from", components]);
    assert!(!refused.status.success());
    assert!(
        outcomes(&refused)
            .iter()
            .all(|(_, outcome, why)| outcome == "refused" && why.contains("--allow-unsigned"))
    );
    assert_eq!(plugins(&host), [] as [Value; 0]);

    let done = replay(&host, &origin.lock(), Some(&origin.components()));
    assert!(done.status.success(), "{}", errors(&done));
    let row = |name: &str, outcome: &str| (name.to_owned(), outcome.to_owned(), String::new());
    assert_eq!(outcomes(&done), [row("actuator", "installed"), row("script", "installed")]);
    assert_eq!(plugins(&host), plugins(&origin.host));
    // On whose word, and who ran it.
    let log = host.get("/audit?limit=500");
    let log = log["entries"].as_array().unwrap();
    let installs: Vec<_> = log.iter().filter(|entry| entry["what"] == "plugin-installed").collect();
    assert_eq!(installs.len(), 2);
    for entry in installs {
        assert_eq!((&entry["who"], &entry["by_lock_file"]), (&json!("admin"), &json!(true)), "{entry:#}");
        assert_eq!(entry["source"], format!("file:{}.wasm", entry["plugin"].as_str().unwrap()));
    }
    let shown = host.text(&["audit", "list"]);
    assert!(shown.contains("by lock file"), "{shown}");

    // Once more is nothing more, and what is there is what stands in the file.
    let head = host.get("/audit")["head"].clone();
    let again = replay(&host, &origin.lock(), Some(&origin.components()));
    assert_eq!(outcomes(&again), [row("actuator", "present"), row("script", "present")]);
    host.text(&["plugin", "lock", "--check", "--out", origin.lock().to_str().unwrap()]);
    assert_eq!(host.get("/audit")["head"], head);

    host.text(&["plugin", "remove", "script"]);
    let check = host.palisade(&["plugin", "lock", "--check", "--out", origin.lock().to_str().unwrap()]);
    assert_eq!(check.status.code(), Some(1));
    assert!(
        String::from_utf8_lossy(&check.stdout).contains("script: it is in the file, and not on the host")
    );
    let partly = replay(&host, &origin.lock(), Some(&origin.components()));
    assert_eq!(outcomes(&partly), [row("actuator", "present"), row("script", "installed")]);
}

#[test]
fn another_build_of_the_same_plugin_is_replaced() {
    let (origin, host) = (Origin::new(), Host::start());
    let other = origin.directory.path().join("other.wasm");
    let section = *b"\0\x0d\x05build second";
    fs::write(&other, [built::component("actuator"), section.to_vec()].concat()).unwrap();
    host.text(&["plugin", "install", "--grant-all", "--allow-unsigned", other.to_str().unwrap()]);
    let check = host.palisade(&["plugin", "lock", "--check", "--out", origin.lock().to_str().unwrap()]);
    let said = String::from_utf8_lossy(&check.stdout);
    assert!(check.status.code() == Some(1) && said.contains("actuator: its digest is"), "{check:?}");
    let done = replay(&host, &origin.lock(), Some(&origin.components()));
    assert!(done.status.success(), "{}", errors(&done));
    host.text(&["plugin", "lock", "--check", "--out", origin.lock().to_str().unwrap()]);
}

#[test]
fn the_file_says_what_was_granted_and_is_written_the_same_again() {
    let origin = Origin::new();
    let text = fs::read_to_string(origin.lock()).unwrap();
    for part in [
        "# What is installed on a Palisade host",
        "name = \"actuator\"\nkind = \"connector\"",
        "source = \"file:actuator.wasm\"",
        "unsigned = true",
        "by = \"admin\"",
        "\"action send page: generic\"",
        "\"starts actuator/",
    ] {
        assert!(text.contains(part), "{part} is not in\n{text}");
    }
    origin.host.text(&["plugin", "lock", "--out", origin.lock().to_str().unwrap()]);
    assert_eq!(fs::read_to_string(origin.lock()).unwrap(), text);
    assert_eq!(fs::read(origin.component("script")).unwrap(), built::component("script"));
}

#[test]
fn what_was_tampered_with_keeps_everything_out() {
    let (origin, host) = (Origin::new(), Host::start());
    let lock = fs::read_to_string(origin.lock()).unwrap();
    let refused = |words: &str| {
        let output = replay(&host, &origin.lock(), Some(&origin.components()));
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        assert!(errors(&output).contains("so nothing was"), "{}", errors(&output));
        let outcomes = outcomes(&output);
        assert!(outcomes.iter().any(|(_, _, reason)| reason.contains(words)), "{words}: {outcomes:?}");
        assert!(outcomes.iter().all(|(_, outcome, _)| outcome != "installed"), "{outcomes:?}");
        assert_eq!(plugins(&host), [json!(null); 0]);
    };

    // A component.
    let component = fs::read(origin.component("actuator")).unwrap();
    let section = *b"\0\x0d\x05build second";
    fs::write(origin.component("actuator"), [&component[..], &section].concat()).unwrap();
    refused("no file in");
    fs::write(origin.component("actuator"), component).unwrap();

    // The file: another digest, a grant less than the component asks for, one more, another version, name or size.
    let digest = lock.split("digest = \"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let size = lock.split("size = ").nth(1).unwrap().lines().next().unwrap().to_owned();
    for (from, to, words) in [
        (
            digest.as_str(),
            "sha256:0000000000000000000000000000000000000000000000000000000000000000",
            "no file in",
        ),
        (
            "    \"action send page: generic\",\n",
            "",
            "may do what the lock file does not grant: action send page",
        ),
        (
            "grants = [\n",
            "grants = [\n    \"action wipe everything: contain\",\n",
            "grants what it does not ask for",
        ),
        ("version = \"0.1.0\"", "version = \"0.9.0\"", "its version is 0.1.0, not 0.9.0"),
        ("name = \"actuator\"", "name = \"actuator-2\"", "its name is actuator, not actuator-2"),
        (&format!("size = {size}"), "size = 7", "its size is"),
    ] {
        assert!(lock.contains(from), "{from} is not in\n{lock}");
        fs::write(origin.lock(), lock.replacen(from, to, 1)).unwrap();
        refused(words);
    }
    // What is no lock file any more.
    for (from, to) in
        [("version = 1\n", "version = 2\n"), ("[[plugin]]", "[[plugin]"), ("kind =", "kindly =")]
    {
        fs::write(origin.lock(), lock.replacen(from, to, 1)).unwrap();
        let output = replay(&host, &origin.lock(), Some(&origin.components()));
        assert!(errors(&output).contains("is no lock file"), "{}", errors(&output));
    }
    assert_eq!(plugins(&host), [json!(null); 0]);
    // As it was, it is installed.
    fs::write(origin.lock(), lock).unwrap();
    assert!(replay(&host, &origin.lock(), Some(&origin.components())).status.success());
}

#[test]
fn what_is_disabled_is_never_enabled_on_the_way() {
    let (origin, host) = (Origin::new(), Host::start());
    let (lock, enabled) = (origin.lock(), fs::read_to_string(origin.lock()).unwrap());
    let lock = lock.to_str().unwrap();
    assert!(!enabled.contains("disabled"), "{enabled}");
    origin.host.text(&["plugin", "disable", "script"]);
    // The file that was written before has nothing of it, and is compared with what is.
    let check = origin.host.palisade(&["plugin", "lock", "--check", "--out", lock]);
    let said = String::from_utf8_lossy(&check.stdout).into_owned();
    assert!(check.status.code() == Some(1) && said.contains("disabled on the host"), "{check:?}");
    origin.host.text(&["plugin", "lock", "--out", lock]);
    assert_eq!(fs::read_to_string(lock).unwrap().matches("disabled = true").count(), 1);

    let row = |name: &str, outcome: &str| (name.to_owned(), outcome.to_owned(), String::new());
    let done = replay(&host, &origin.lock(), Some(&origin.components()));
    assert_eq!(outcomes(&done), [row("actuator", "installed"), row("script", "installed")], "{done:?}");
    assert_eq!(plugins(&host), plugins(&origin.host));
    host.text(&["plugin", "lock", "--check", "--out", lock]);
    // It was disabled in the write that installed it, and nobody has enabled anything.
    let log = host.get("/audit?limit=500")["entries"].clone();
    let log = log.as_array().unwrap();
    let of = |what: &str| log.iter().filter(|entry| entry["what"] == what).collect::<Vec<_>>();
    let [disabled] = &of("plugin-disabled")[..] else { panic!("{log:#?}") };
    assert_eq!((&disabled["plugin"], &disabled["why"]), (&json!("script"), &json!("a lock file says so")));
    let installed = of("plugin-installed").into_iter().find(|entry| entry["plugin"] == "script").unwrap();
    let after = |entry: &Value| entry["seq"].as_u64().unwrap();
    assert_eq!(after(disabled), after(installed) + 1);
    assert_eq!(of("plugin-enabled"), [] as [&Value; 0]);

    // On a host that has it enabled, the file stops it.
    host.text(&["plugin", "enable", "script"]);
    let check = host.palisade(&["plugin", "lock", "--check", "--out", lock]);
    let said = String::from_utf8_lossy(&check.stdout).into_owned();
    assert!(said.contains("script: it is disabled in the file, and enabled on the host"), "{said}");
    let stopped = replay(&host, &origin.lock(), Some(&origin.components()));
    assert_eq!(outcomes(&stopped), [row("actuator", "present"), row("script", "disabled")]);
    assert_eq!(plugins(&host), plugins(&origin.host));

    // What is disabled here stays so, whatever the file says: to enable something is this host's to say.
    fs::write(lock, enabled).unwrap();
    let kept = replay(&host, &origin.lock(), Some(&origin.components()));
    let [actuator, (script, outcome, why)] = &outcomes(&kept)[..] else { panic!("{kept:?}") };
    assert_eq!(
        (actuator, script.as_str(), outcome.as_str()),
        (&row("actuator", "present"), "script", "present")
    );
    assert!(why.contains("palisade plugin enable script"), "{why}");
    assert_eq!(plugins(&host), plugins(&origin.host));
}

#[test]
fn a_playbook_does_not_begin_without_a_connector_that_is_disabled() {
    let (origin, host) = (Origin::new(), Host::start());
    origin.host.text(&["plugin", "disable", "actuator"]);
    origin.host.text(&["plugin", "lock", "--out", origin.lock().to_str().unwrap()]);
    let done = replay(&host, &origin.lock(), Some(&origin.components()));
    assert!(done.status.success(), "{}", errors(&done));
    let reasons: Vec<_> = outcomes(&done).into_iter().map(|(name, _, why)| (name, !why.is_empty())).collect();
    assert_eq!(reasons, [("actuator".to_owned(), false), ("script".to_owned(), true)]);
    assert!(plugins(&host).iter().all(|plugin| plugin["disabled"] == true), "{:#?}", plugins(&host));
}

#[test]
fn whom_to_trust_each_host_says_itself() {
    let (first, second) = (Host::start(), Host::start());
    let directory = tempfile::tempdir().unwrap();
    let at = |name: &str| directory.path().join(name);
    let (secret, public) = SecretKey::generate(None).unwrap();
    let signature = SecretKey::open(&secret, None).unwrap().sign(&built::component("script"), "x").unwrap();
    fs::copy(built::component_path("script"), at("script.wasm")).unwrap();
    fs::write(at("script.wasm.minisig"), &signature).unwrap();
    let trust = |host: &Host| {
        let key = json!({ "name": "acme", "public_key": public.to_string(), "namespaces": ["script"] });
        assert_eq!(host.post("/trust", &key).status, 201);
    };
    trust(&first);
    first.text(&["plugin", "install", "--grant-all", at("script.wasm").to_str().unwrap()]);
    let (lock, components) = (at("palisade.lock"), at("components"));
    first.text(&["plugin", "lock", "--out", lock.to_str().unwrap()]);
    first.text(&["plugin", "export", "--out", components.to_str().unwrap()]);
    let text = fs::read_to_string(&lock).unwrap();
    assert!(text.contains("signer = \"") && !text.contains("unsigned"), "{text}");
    assert_eq!(fs::read_to_string(components.join("script.wasm.minisig")).unwrap(), signature);

    let unknown = replay(&second, &lock, Some(&components));
    assert!(
        !unknown.status.success() && errors(&unknown).contains("not trusted here"),
        "{}",
        errors(&unknown)
    );
    trust(&second);
    fs::remove_file(components.join("script.wasm.minisig")).unwrap();
    let stripped = replay(&second, &lock, Some(&components));
    assert!(!stripped.status.success() && errors(&stripped).contains("not signed"), "{}", errors(&stripped));
    assert_eq!(plugins(&second), [json!(null); 0]);
    fs::write(components.join("script.wasm.minisig"), &signature).unwrap();
    let done = replay(&second, &lock, Some(&components));
    assert!(done.status.success(), "{}", errors(&done));
    assert_eq!(plugins(&second), plugins(&first));
}

#[test]
fn what_came_from_a_registry_is_fetched_from_there_again() {
    let (first, second, registry) = (Host::start(), Host::start(), Registry::start());
    let directory = tempfile::tempdir().unwrap();
    let lock = directory.path().join("palisade.lock");
    let lock = lock.to_str().unwrap();
    let file = built::component_path("actuator");
    let to = format!("oci://{}/actuator:1", registry.address());
    let pushed = first.json(&["plugin", "push", "--plain-http", file.to_str().unwrap(), &to]);
    let reference = pushed["reference"].as_str().unwrap();
    first.text(&["plugin", "install", "--grant-all", "--allow-unsigned", "--plain-http", reference]);
    first.text(&["plugin", "lock", "--out", lock]);
    second.text(&["plugin", "install", "--allow-unsigned", "--plain-http", "--locked", lock]);
    assert_eq!(plugins(&second), plugins(&first));
    assert_eq!(plugins(&second)[0]["provenance"]["source"], reference);

    // What came from a file is nowhere that another machine can look.
    let third = Host::start();
    first.install(&["script"]);
    first.text(&["plugin", "lock", "--out", lock]);
    let refused =
        third.palisade(&["plugin", "install", "--allow-unsigned", "--plain-http", "--locked", lock]);
    assert_eq!(refused.status.code(), Some(1));
    let table = String::from_utf8_lossy(&refused.stdout);
    assert!(table.contains("--from DIR") && table.contains("not installed"), "{table}");
    assert_eq!(plugins(&third), [json!(null); 0]);
}
