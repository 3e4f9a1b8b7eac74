//! Plugins from a directory, from a URL, and from a real registry.

use std::{fs, path::Path, process::Output};

use palisade_e2e::{Host, built};
use palisade_servers::{REGISTRY_PASSWORD, REGISTRY_USER, Registry, Wire};
use serde_json::{Value, json};

/// Of a key that nobody knows, so that nobody can say whether it is good.
const SIGNATURE: &str = "untrusted comment: of a test
RUQBAQEBAQEBAQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=
trusted comment: x
AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==
";

fn errors(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn installed(host: &Host) -> Vec<Value> {
    host.json(&["plugin", "list"])["plugins"].as_array().unwrap().clone()
}

/// A command that knows of no registry but what the test tells.
fn run(host: &Host, arguments: &[&str], environment: &[(&str, &str)]) -> Output {
    let nowhere = host.data().join("no-docker");
    host.command(arguments).env("DOCKER_CONFIG", nowhere).envs(environment.iter().copied()).output().unwrap()
}

/// A component with a signature beside it.
fn signed(directory: &Path, package: &str) -> String {
    let file = directory.join(format!("{package}.wasm"));
    fs::copy(built::component_path(package), &file).unwrap();
    fs::write(directory.join(format!("{package}.wasm.minisig")), SIGNATURE).unwrap();
    file.to_str().unwrap().to_owned()
}

#[test]
fn a_directory_is_every_component_in_it() {
    let host = Host::start();
    let directory = tempfile::tempdir().unwrap();
    signed(directory.path(), "actuator");
    fs::copy(built::component_path("script"), directory.path().join("script.wasm")).unwrap();
    fs::write(directory.path().join("notes.txt"), "no component").unwrap();
    host.text(&["plugin", "install", "--grant-all", "--allow-unsigned", directory.path().to_str().unwrap()]);
    let plugins = installed(&host);
    let of = |name: &str| plugins.iter().find(|one| one["manifest"]["identity"]["name"] == name).unwrap();
    let provenance = json!({ "by": "admin", "source": "file:actuator.wasm", "signature": SIGNATURE });
    assert_eq!(of("actuator")["provenance"], provenance);
    assert_eq!(of("script")["provenance"], json!({ "by": "admin", "source": "file:script.wasm" }));
    let log = host.text(&["audit", "list"]);
    assert!(log.contains("installed connector actuator") && log.contains("from file:actuator.wasm"), "{log}");

    let empty = tempfile::tempdir().unwrap();
    let refused = host.palisade(&[
        "plugin",
        "install",
        "--grant-all",
        "--allow-unsigned",
        empty.path().to_str().unwrap(),
    ]);
    assert!(
        !refused.status.success() && errors(&refused).contains("no `.wasm` file"),
        "{}",
        errors(&refused)
    );
}

#[test]
fn what_is_pushed_is_installed_by_its_digest() {
    let (host, registry) = (Host::start(), Registry::start());
    let directory = tempfile::tempdir().unwrap();
    let file = signed(directory.path(), "actuator");
    let repository = format!("oci://{}/acme/actuator", registry.address());
    let push = |tag: &str| {
        let to = format!("{repository}:{tag}");
        let output = run(&host, &["--json", "plugin", "push", "--plain-http", &file, &to], &[]);
        assert!(output.status.success(), "{}", errors(&output));
        serde_json::from_slice::<Value>(&output.stdout).unwrap()["reference"].as_str().unwrap().to_owned()
    };
    let pinned = push("0.1.0");
    // The same file is the same thing, whenever it is sent.
    assert_eq!(push("0.1.1").rsplit_once('@').unwrap().1, pinned.rsplit_once('@').unwrap().1);
    let install = |reference: &str| {
        run(&host, &["plugin", "install", "--grant-all", "--allow-unsigned", "--plain-http", reference], &[])
    };

    // A tag is refused, with the digest that it stands for.
    let refused = install(&format!("{repository}:0.1.0"));
    assert_eq!(refused.status.code(), Some(2), "{}", errors(&refused));
    assert!(errors(&refused).contains(&pinned), "{}", errors(&refused));
    let missing = install(&format!("{repository}:0.2.0"));
    assert_eq!(missing.status.code(), Some(4), "{}", errors(&missing));
    assert!(errors(&missing).contains("MANIFEST_UNKNOWN"), "{}", errors(&missing));
    let missing = install(&format!("{repository}@sha256:{}", "0".repeat(64)));
    assert_eq!(missing.status.code(), Some(4), "{}", errors(&missing));
    // Without --plain-http it is TLS, which this registry does not speak.
    let tls = run(&host, &["plugin", "install", "--grant-all", "--allow-unsigned", &pinned], &[]);
    assert!(!tls.status.success() && errors(&tls).contains("no TLS with"), "{}", errors(&tls));
    assert_eq!(installed(&host), [json!(null); 0]);

    let done = install(&pinned);
    assert!(done.status.success(), "{}", errors(&done));
    let plugin = &installed(&host)[0];
    assert_eq!(plugin["provenance"], json!({ "by": "admin", "source": pinned, "signature": SIGNATURE }));
    let again = install(&pinned);
    assert!(String::from_utf8_lossy(&again.stdout).contains("installed already"), "{again:?}");
    // Before it is installed it can be looked at.
    let inspected = run(&host, &["plugin", "inspect", "--plain-http", &pinned], &[]);
    assert!(String::from_utf8_lossy(&inspected.stdout).contains("send page"), "{inspected:?}");
}

#[test]
fn a_registry_may_want_a_password() {
    let (host, registry) = (Host::start(), Registry::with_password());
    let file = built::component_path("actuator");
    let to = format!("oci://{}/actuator:1", registry.address());
    let push = ["--json", "plugin", "push", "--plain-http", file.to_str().unwrap(), &to];
    let refused = run(&host, &push, &[]);
    assert!(!refused.status.success(), "{refused:?}");
    assert!(errors(&refused).contains("PALISADE_REGISTRY_USER"), "{}", errors(&refused));
    let login =
        [("PALISADE_REGISTRY_USER", REGISTRY_USER), ("PALISADE_REGISTRY_PASSWORD", REGISTRY_PASSWORD)];
    let wrong = run(&host, &push, &[login[0], ("PALISADE_REGISTRY_PASSWORD", "wrong-password")]);
    assert!(errors(&wrong).contains("does not let anna have"), "{}", errors(&wrong));
    assert!(!errors(&wrong).contains("wrong-password"));
    // What is for another registry is not tried at this one.
    let other = run(&host, &push, &[login[0], login[1], ("PALISADE_REGISTRY", "registry.acme.example")]);
    assert!(errors(&other).contains("does not let anybody have"), "{}", errors(&other));
    let pushed = run(&host, &push, &login);
    assert!(pushed.status.success(), "{}", errors(&pushed));
    let pushed: Value = serde_json::from_slice(&pushed.stdout).unwrap();

    // As `docker login` leaves it; Base64 of `anna:s3cret-of-anna`.
    let config = tempfile::tempdir().unwrap();
    let auths = json!({ "auths": { (registry.address()): { "auth": "YW5uYTpzM2NyZXQtb2YtYW5uYQ==" } } });
    fs::write(config.path().join("config.json"), auths.to_string()).unwrap();
    let reference = pushed["reference"].as_str().unwrap();
    let install = ["plugin", "install", "--grant-all", "--allow-unsigned", "--plain-http", reference];
    let done = run(&host, &install, &[("DOCKER_CONFIG", config.path().to_str().unwrap())]);
    assert!(done.status.success(), "{}", errors(&done));
    assert_eq!(installed(&host).len(), 1);
}

/// Sends a component to a registry that wants a password, and returns what names it there.
fn pushed(host: &Host, package: &str, registry: &Wire) -> String {
    let login =
        [("PALISADE_REGISTRY_USER", REGISTRY_USER), ("PALISADE_REGISTRY_PASSWORD", REGISTRY_PASSWORD)];
    let file = built::component_path(package);
    let to = format!("oci://{}/{package}:1", registry.address());
    let push = ["--json", "plugin", "push", "--plain-http", file.to_str().unwrap(), &to];
    let pushed = run(host, &push, &login);
    assert!(pushed.status.success(), "{}", errors(&pushed));
    serde_json::from_slice::<Value>(&pushed.stdout).unwrap()["reference"].as_str().unwrap().to_owned()
}

#[test]
fn a_password_is_for_one_of_several_registries() {
    let (first, host) = (Host::start(), Host::start());
    let registries = [Registry::with_password(), Registry::with_password()];
    let [one, two] = registries.each_ref().map(|registry| Wire::to(registry.address()));
    let references = [pushed(&first, "actuator", &one), pushed(&first, "script", &two)];
    let login =
        [("PALISADE_REGISTRY_USER", REGISTRY_USER), ("PALISADE_REGISTRY_PASSWORD", REGISTRY_PASSWORD)];
    for reference in &references {
        let install = ["plugin", "install", "--grant-all", "--allow-unsigned", "--plain-http", reference];
        let done = run(&first, &install, &login);
        assert!(done.status.success(), "{}", errors(&done));
    }
    let lock = first.data().join("palisade.lock");
    let lock = lock.to_str().unwrap();
    first.text(&["plugin", "lock", "--out", lock]);

    // What was said since, and whether somebody said who they are.
    let shown = |wire: &Wire, before: &str| wire.said()[before.len()..].contains("authorization:");
    let asked = |wire: &Wire, before: &str| wire.said()[before.len()..].contains("get /v2/");
    let before = [one.said(), two.said()];
    assert!(before.iter().all(|said| said.contains("authorization: basic")), "a wire hears nothing");
    let replay = ["--json", "plugin", "install", "--allow-unsigned", "--plain-http", "--locked", lock];

    // Whoever wrote the file has no say in who sees the password: nobody does, though both ask for it.
    let refused = run(&host, &replay, &login);
    assert_eq!(refused.status.code(), Some(1), "{}", errors(&refused));
    for (wire, before) in [&one, &two].into_iter().zip(&before) {
        assert!(asked(wire, before) && !shown(wire, before), "{}", wire.said());
    }
    // Where it is said whose it is, that one sees it, and not the other.
    let address = one.address();
    let named = [login[0], login[1], ("PALISADE_REGISTRY", address.as_str())];
    let before = [one.said(), two.said()];
    let refused = run(&host, &replay, &named);
    let rows: Vec<Value> = serde_json::from_slice(&refused.stdout).unwrap();
    let outcomes: Vec<_> = rows.iter().map(|row| row["outcome"].as_str().unwrap()).collect();
    assert_eq!(outcomes, ["not-installed", "refused"], "{refused:?}");
    assert!(shown(&one, &before[0]) && asked(&two, &before[1]) && !shown(&two, &before[1]), "{}", two.said());
    assert_eq!(installed(&host), [json!(null); 0]);
    // Of several on the command line it is nobody's, until somebody says whose.
    let before = [one.said(), two.said()];
    let several = ["plugin", "install", "--grant-all", "--allow-unsigned", "--plain-http"];
    let several: Vec<_> = several.into_iter().chain(references.iter().map(String::as_str)).collect();
    let unclear = run(&host, &several, &login);
    assert_eq!(unclear.status.code(), Some(2), "{}", errors(&unclear));
    assert!(errors(&unclear).contains("PALISADE_REGISTRY"), "{}", errors(&unclear));
    assert_eq!([one.said(), two.said()], before);

    // The other one has a login of its own; Base64 of `anna:s3cret-of-anna`.
    let auths = json!({ "auths": { (two.address()): { "auth": "YW5uYTpzM2NyZXQtb2YtYW5uYQ==" } } });
    let config = first.data().join("logins.json");
    fs::write(&config, auths.to_string()).unwrap();
    let both = [&replay[..], &["--registry-config", config.to_str().unwrap()]].concat();
    let done = run(&host, &both, &named);
    assert!(done.status.success(), "{}", errors(&done));
    assert_eq!(installed(&host).len(), 2);
}

#[test]
fn a_registry_with_a_private_ca_is_trusted_when_it_is_given() {
    let (host, registry) = (Host::start(), Registry::with_tls());
    let directory = tempfile::tempdir().unwrap();
    let ca = directory.path().join("ca.pem");
    fs::write(&ca, registry.ca_pem()).unwrap();
    let ca = ca.to_str().unwrap();
    let file = built::component_path("actuator");
    let (file, to) = (file.to_str().unwrap(), format!("oci://{}/actuator:1", registry.address()));
    let unknown = run(&host, &["plugin", "push", file, &to], &[]);
    assert!(errors(&unknown).contains("--ca FILE"), "{}", errors(&unknown));
    let no_ca = run(&host, &["plugin", "push", "--ca", file, file, &to], &[]);
    assert!(!no_ca.status.success(), "{no_ca:?}");
    let pushed = run(&host, &["--json", "plugin", "push", "--ca", ca, file, &to], &[]);
    assert!(pushed.status.success(), "{}", errors(&pushed));
    let pushed: Value = serde_json::from_slice(&pushed.stdout).unwrap();
    let reference = pushed["reference"].as_str().unwrap();
    let done =
        run(&host, &["plugin", "install", "--grant-all", "--allow-unsigned", "--ca", ca, reference], &[]);
    assert!(done.status.success(), "{}", errors(&done));
    assert_eq!(installed(&host)[0]["provenance"]["source"], reference);
}

#[test]
fn what_names_no_digest_is_refused_before_anything_is_asked() {
    let host = Host::start();
    for (source, words) in [
        ("https://plugins.acme.example/a.wasm", "needs the digest"),
        ("http://plugins.acme.example/a.wasm", "use https://"),
        ("ftp://plugins.acme.example/a.wasm", "no way to a plugin"),
        ("oci://plugins.acme.example/../a", "the repository must be words"),
        ("oci://plugins.acme.example/a@sha256:12", "64 lower-case hexadecimal digits"),
    ] {
        let refused = host.palisade(&["plugin", "install", "--grant-all", "--allow-unsigned", source]);
        assert_eq!(refused.status.code(), Some(2), "{source}: {}", errors(&refused));
        assert!(errors(&refused).contains(words), "{source}: {}", errors(&refused));
    }
    let file = built::component_path("actuator");
    let other = format!("sha256:{}", "0".repeat(64));
    let refused = host.palisade(&[
        "plugin",
        "install",
        "--grant-all",
        "--allow-unsigned",
        "--digest",
        &other,
        file.to_str().unwrap(),
    ]);
    assert!(errors(&refused).contains("is not what was asked for"), "{}", errors(&refused));
    assert_eq!(installed(&host), [json!(null); 0]);
}
