//! Packages that lie, were cut, swapped, replayed, or are too much; and those that are whole and signed.
//!
//! Whatever is refused leaves nothing: no plugin, no record, nothing of the compiler.

use std::{
    collections::BTreeSet,
    fs,
    io::{Read, Write},
    net::TcpStream,
    path::PathBuf,
    thread,
    time::{Duration, Instant},
};

use palisade_e2e::{
    Answer, Host, Request,
    binary::{COMPONENT, CORE_MODULE, leb128, section},
    built,
};
use palisade_model::plugin::Manifest;
use palisade_package::{Facts, Package, SecretKey, digest, pack};
use serde_json::{Value, json};

/// A file of four plugins' worth.
const HALF_A_GIBIBYTE: u64 = 500 * 1024 * 1024;

/// An author with a pair of keys.
pub(crate) struct Author {
    secret: SecretKey,
    public: String,
}

impl Author {
    pub(crate) fn new() -> Self {
        let (secret, public) = SecretKey::generate(None).unwrap();
        Self { secret: SecretKey::open(&secret, None).unwrap(), public: public.to_string() }
    }

    pub(crate) fn sign(&self, file: &[u8]) -> String {
        self.secret.sign(file, "name:script").unwrap()
    }

    pub(crate) fn is_trusted_by(&self, host: &Host, name: &str, namespaces: &[&str]) {
        let body = json!({ "name": name, "public_key": self.public, "namespaces": namespaces });
        let answer = host.post("/trust", &body);
        assert_eq!(answer.status, 201, "{}", answer.text);
    }
}

/// Sends a file to a path of the API, with its signature.
pub(crate) fn send(host: &Host, path: &str, file: &[u8], signature: Option<&str>) -> Answer {
    let mut request = Request::new("POST", &format!("/api/v1/plugins{path}")).token(&host.admin_token());
    if let Some(signature) = signature {
        request = request.header("palisade-signature", &base64(signature));
    }
    host.send(&request.body(file))
}

pub(crate) fn install(host: &Host, file: &[u8], signature: Option<&str>, allow: &str) -> Answer {
    send(host, &format!("?grant={}{allow}", digest(file)), file, signature)
}

fn base64(text: &str) -> String {
    use base64::{Engine, prelude::BASE64_STANDARD};
    BASE64_STANDARD.encode(text)
}

/// What must not change when something is refused.
fn state(host: &Host) -> (Value, Value) {
    (host.get("/plugins"), last_entry(host))
}

/// What of the compiler is there.
fn compiled(host: &Host) -> BTreeSet<PathBuf> {
    fs::read_dir(host.data().join("artefacts")).unwrap().map(|entry| entry.unwrap().path()).collect()
}

/// Whatever the operator allows, a file is refused with these words, when it is looked at and when it is installed.
fn refused(host: &Host, file: &[u8], signature: Option<&str>, words: &str) {
    let (before, compiled_before) = (state(host), compiled(host));
    for answer in [
        send(host, "/inspect", file, signature),
        install(host, file, signature, "&allow_unsigned=true&allow_downgrade=true"),
    ] {
        assert!(matches!(answer.status, 400 | 413 | 422), "{words}: {answer:?}");
        let detail = answer.json()["detail"].as_str().unwrap().to_owned();
        assert!(detail.contains(words), "{words:?} is not in {detail:?}");
    }
    assert_eq!(state(host), before, "{words}: something is left of it");
    // Another test may have handed on the code of one; that may go.
    assert!(compiled(host).is_subset(&compiled_before), "{words}: something is left of compiling it");
}

/// The last thing in the audit log that was done to the host. That somebody came is told there a moment after they did,
/// which may be after they have read the log.
pub(crate) fn last_entry(host: &Host) -> Value {
    let log = host.get("/audit?limit=500");
    let mut entries = log["entries"].as_array().unwrap().iter().rev();
    entries.find(|entry| entry["what"] != "logged-in").unwrap().clone()
}

/// The last installation in the audit log. What follows may tell that it lacks connectors.
pub(crate) fn last_installed(host: &Host) -> Value {
    let log = host.get("/audit?limit=500");
    let mut entries = log["entries"].as_array().unwrap().iter().rev();
    entries.find(|entry| entry["what"] == "plugin-installed").unwrap().clone()
}

/// The same plugin in another version: the number stands in its code and in its sections.
pub(crate) fn in_version(component: &[u8], version: &[u8; 5]) -> Vec<u8> {
    let mut component = component.to_vec();
    while let Some(at) = component.windows(5).position(|window| window == b"0.1.0") {
        component[at..at + 5].copy_from_slice(version);
    }
    component
}

#[test]
fn what_a_trusted_key_signed_is_installed_and_nothing_else_unless_it_is_allowed() {
    let host = Host::start();
    let component = built::component("script");
    let (acme, other) = (Author::new(), Author::new());
    acme.is_trusted_by(&host, "acme", &["script", "acme-*"]);
    assert_eq!(last_entry(&host)["what"], "key-trusted");

    let unsigned = install(&host, &component, None, "");
    assert_eq!(unsigned.json()["type"], "urn:palisade:problem:untrusted");
    assert!(unsigned.text.contains("`script` is not signed") && unsigned.text.contains("--allow-unsigned"));
    let unknown = install(&host, &component, Some(&other.sign(&component)), "");
    assert!(unknown.text.contains("which is not trusted here"), "{}", unknown.text);
    let file = built::component_path("script");
    let output = host.palisade(&["plugin", "install", "--grant-all", file.to_str().unwrap()]);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && errors.contains("give --allow-unsigned"), "{errors}");
    assert_eq!(host.get("/plugins")["plugins"], json!([]));

    let ours = acme.sign(&component);
    let looked = send(&host, "/inspect", &component, Some(&ours)).json();
    assert_eq!(looked["signed_by"]["trusted"]["name"], "acme", "{looked:#}");
    assert_eq!(looked["package"]["licence"], "Apache-2.0");
    assert_eq!(install(&host, &component, Some(&ours), "").status, 201);
    assert_eq!(last_installed(&host)["signed_by"]["trusted"]["name"], "acme");
    let listed = host.text(&["plugin", "list"]);
    assert!(listed.lines().nth(1).is_some_and(|line| line.ends_with("acme")), "{listed}");

    // The next one of the same author without a signature is no better than anybody's.
    let next = in_version(&component, b"0.1.1");
    assert_eq!(install(&host, &next, None, "").status, 422);
    assert_eq!(install(&host, &next, None, "&allow_unsigned=true").status, 201);
    assert_eq!(last_installed(&host)["signed_by"], "nobody");
    let theirs = in_version(&component, b"0.1.2");
    assert_eq!(install(&host, &theirs, Some(&other.sign(&theirs)), "&allow_unsigned=true").status, 201);
    assert!(last_installed(&host)["signed_by"]["unknown"]["key"].is_string());

    let host = host.kill_and_restart();
    assert_eq!(host.get("/trust")["keys"][0]["name"], "acme");
    host.text(&["trust", "remove", "acme"]);
    assert_eq!(last_entry(&host)["what"], "key-distrusted");
    let newest = in_version(&component, b"0.1.3");
    assert_eq!(
        install(&host, &newest, Some(&acme.sign(&newest)), "").status,
        422,
        "its key is trusted no more"
    );
}

#[test]
fn a_signature_that_does_not_hold_is_refused_whatever_is_allowed() {
    let host = Host::start();
    let script = built::component("script");
    // One that no other test has compiled: of what is refused after that, nothing stays.
    let actuator = built::another_build(&built::component("actuator"), 7_001);
    let acme = Author::new();
    acme.is_trusted_by(&host, "acme", &["script"]);
    let of_script = acme.sign(&script);
    refused(&host, &actuator, Some(&of_script), "the signature is another file's");
    let mut altered = script.clone();
    let inside = altered.len() / 2;
    altered[inside] ^= 1;
    refused(&host, &altered, Some(&of_script), "the file was changed");
    refused(&host, &script, Some(&of_script.replace("name:script", "name:other")), "is not of this file");
    refused(
        &host,
        &actuator,
        Some(&acme.sign(&actuator)),
        "key `acme` signed it, and is trusted for script only",
    );
    for (signature, words) in [
        (String::new(), "four lines"),
        ("../../etc/passwd".to_owned(), "four lines"),
        (of_script.lines().take(2).collect::<Vec<_>>().join("\n"), "four lines"),
        ("a".repeat(10_000), "at most 4096 bytes"),
        (of_script.replace("trusted comment: ", "trusted comment: \u{0}\u{202e}"), "is not of this file"),
    ] {
        refused(&host, &script, Some(&signature), words);
    }
    let request = Request::new("POST", "/api/v1/plugins/inspect").token(&host.admin_token());
    let request = request.header("palisade-signature", "not Base64!").body(script);
    assert_eq!(host.send(&request).status, 400);
}

#[test]
fn a_package_that_is_cut_anywhere_is_refused() {
    let host = Host::start();
    let component = built::component("script");
    let acme = Author::new();
    acme.is_trusted_by(&host, "acme", &["*"]);
    let signature = acme.sign(&component);
    let boundaries = boundaries(&component);
    assert!(boundaries.len() > 20, "{boundaries:?}");
    // Signed, wherever it is cut.
    for end in &boundaries {
        refused(&host, &component[..*end], Some(&signature), "");
    }
    // Unsigned, the code at least must be whole: cut before the module of the plugin, in it, and right behind it.
    let half = component.len() / 2;
    let behind = boundaries.iter().find(|end| **end > half).unwrap();
    for end in boundaries.iter().filter(|end| **end < half).chain([&half, behind]) {
        refused(&host, &component[..*end], None, "");
    }
}

/// Where the outermost sections of a component end, but for the last.
fn boundaries(component: &[u8]) -> Vec<usize> {
    let mut ends = vec![8];
    while ends[ends.len() - 1] < component.len() {
        let (mut at, mut length, mut shift) = (ends[ends.len() - 1] + 1, 0, 0);
        loop {
            length |= usize::from(component[at] & 0x7f) << shift;
            shift += 7;
            at += 1;
            if component[at - 1] & 0x80 == 0 {
                break;
            }
        }
        ends.push(at + length);
    }
    ends.pop();
    ends
}

/// Where the sections begin that make a component a package.
fn code(component: &[u8]) -> usize {
    let first = b"\x0bdescription";
    let at = component.windows(first.len()).rposition(|window| window == first).unwrap();
    boundaries(component).into_iter().rfind(|end| *end < at).unwrap()
}

#[test]
fn a_package_that_lies_is_refused_with_the_truth() {
    let host = Host::start();
    let component = built::component("actuator");
    let Some(Manifest::Connector(truth)) = Package::read(&component).unwrap().manifest else {
        panic!("the actuator is a connector");
    };
    let lie = |change: &dyn Fn(&mut palisade_model::plugin::ConnectorManifest)| {
        let mut manifest = truth.clone();
        change(&mut manifest);
        pack(&component, &Manifest::Connector(manifest), &Facts::default()).unwrap()
    };
    let less = lie(&|manifest| manifest.capabilities.http.clear());
    refused(
        &host,
        &less,
        None,
        "the package does not tell the truth: its section `palisade:manifest` says nothing at /capabilities/http/0",
    );
    let harmless = lie(&|manifest| {
        manifest
            .actions
            .iter_mut()
            .for_each(|action| action.effect = palisade_model::action::Effect::Investigate);
    });
    refused(&host, &harmless, None, "/effect");
    refused(
        &host,
        &lie(&|manifest| manifest.identity.version = "9.9.9".into()),
        None,
        "its section `version` says \"9.9.9\"",
    );
    refused(
        &host,
        &lie(&|manifest| manifest.identity.name = "shodan".parse().unwrap()),
        None,
        "/identity/name",
    );
    // A name that is a path is no name, wherever it stands.
    let manifest = serde_json::to_string(&Manifest::Connector(truth.clone())).unwrap();
    for name in ["../x", "/etc/x", "%2e%2e", "ác"] {
        let manifest = manifest.replacen("\"actuator\"", &json!(name).to_string(), 1);
        let content = [b"\x11palisade:manifest".as_slice(), manifest.as_bytes()].concat();
        let file = [&component[..code(&component)], &section(0, &content)].concat();
        refused(&host, &file, None, "is not a name");
    }
}

#[test]
fn what_is_too_much_is_refused_before_it_is_held_or_compiled() {
    let host = Host::start();
    // A function without parameters and results, ten thousand times.
    let mut imports = vec![0x90, 0x4e];
    for number in 0..10_000 {
        let name = format!("f{number}");
        imports.extend([0, name.len() as u8]);
        imports.extend(name.as_bytes());
        imports.extend([1, 0]);
    }
    let component = [COMPONENT.as_slice(), &section(7, &[1, 0x40, 0, 1, 0]), &section(10, &imports)].concat();
    refused(&host, &component, None, "it imports 10000 things; a plugin imports at most 256");

    let before = state(&host);
    let memory = peak_memory(&host);
    // One that says how much it is, and one that just goes on.
    let answer = upload(&host, &format!("content-length: {HALF_A_GIBIBYTE}"), 0);
    assert!(answer.contains("413") && answer.contains("larger than 67108864 bytes"), "{answer}");
    let answer = upload(&host, "transfer-encoding: chunked", HALF_A_GIBIBYTE);
    assert!(answer.contains("413") && answer.contains("larger than 67108864 bytes"), "{answer}");
    let grown = peak_memory(&host).saturating_sub(memory);
    assert!(grown < HALF_A_GIBIBYTE / 2, "the host took {} MiB more", grown >> 20);
    assert_eq!(state(&host), before);

    let file = host.data().with_file_name("huge.wasm");
    fs::File::create(&file).unwrap().set_len(HALF_A_GIBIBYTE).unwrap();
    let output =
        host.palisade(&["plugin", "install", "--grant-all", "--allow-unsigned", file.to_str().unwrap()]);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && errors.contains("more than 67108864 bytes"), "{errors}");
}

#[test]
fn what_exhausts_the_compiler_is_refused_and_disturbs_nobody() {
    let host = Host::start();
    let bomb = bomb();
    thread::scope(|scope| {
        let refusing = scope.spawn(|| refused(&host, &bomb, None, "and was stopped"));
        while !refusing.is_finished() {
            let asked = Instant::now();
            host.get("/status");
            assert!(asked.elapsed() < Duration::from_secs(3), "the host waited for the compiler");
        }
        refusing.join().unwrap();
    });
}

/// A component of some 80 KB, for which the compiler wants more memory than it may have: a branch to very many blocks, each
/// of which takes a thousand values along, and the compiler makes a copy of them for each.
fn bomb() -> Vec<u8> {
    const BLOCKS: usize = 15_000;
    const VALUES: usize = 1_000;
    // A type of blocks with as many results, and one of a function that takes the number of a block.
    let values = [0x7f].repeat(VALUES);
    let types = [b"\x02\x60\0".as_slice(), &leb128(VALUES), &values, b"\x60\x01\x7f\0"].concat();
    let targets: Vec<u8> = (0..BLOCKS).flat_map(leb128).collect();
    let body = [
        b"\0".as_slice(),
        // block (type 0), i32.const 0, local.get 0, br_table
        &b"\x02\0".repeat(BLOCKS),
        &b"\x41\0".repeat(VALUES),
        b"\x20\0\x0e",
        &leb128(BLOCKS),
        &targets,
        b"\0",
        // end, unreachable, end
        &b"\x0b".repeat(BLOCKS),
        b"\0\x0b",
    ]
    .concat();
    let code = [leb128(1).as_slice(), &leb128(body.len()), &body].concat();
    let sections = [section(1, &types), section(3, b"\x01\x01"), section(10, &code)].concat();
    let module = [CORE_MODULE.as_slice(), &sections].concat();
    [COMPONENT.as_slice(), &section(1, &module)].concat()
}

/// Bytes of memory that the host had at most so far.
fn peak_memory(host: &Host) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", host.pid().as_raw_nonzero())).unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    peak.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1024
}

/// Sends zeros in chunks until the host has answered, and returns the answer.
fn upload(host: &Host, header: &str, most: u64) -> String {
    let mut stream = TcpStream::connect(host.address()).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    let token = host.admin_token();
    let head = format!(
        "POST /api/v1/plugins/inspect HTTP/1.1\r\nhost: host\r\nauthorization: Bearer {token}\r\n{header}\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).unwrap();
    let mut reading = stream.try_clone().unwrap();
    // Read while it is written: a host that has refused it closes the connection.
    let answer = thread::spawn(move || {
        let mut answer = vec![0; 4 * 1024];
        let length = reading.read(&mut answer).unwrap_or_default();
        String::from_utf8_lossy(&answer[..length]).into_owned()
    });
    let chunk = [b"100000\r\n".as_slice(), &vec![0; 0x10_0000], b"\r\n"].concat();
    for _ in 0..most / 0x10_0000 {
        if answer.is_finished() || stream.write_all(&chunk).is_err() {
            break;
        }
    }
    answer.join().unwrap()
}

#[test]
fn an_older_version_does_not_come_back_unless_it_is_allowed() {
    let host = Host::start();
    let old = built::component("script");
    let new = in_version(&old, b"0.9.0");
    let acme = Author::new();
    acme.is_trusted_by(&host, "acme", &["script"]);
    assert_eq!(install(&host, &new, Some(&acme.sign(&new)), "").status, 201);
    let replayed = |host: &Host| {
        let before = state(host).1;
        let answer = install(host, &old, Some(&acme.sign(&old)), "");
        assert_eq!(answer.status, 409, "{}", answer.text);
        assert!(answer.text.contains("0.1.0 of `script` is older than 0.9.0"), "{}", answer.text);
        assert!(answer.text.contains("--allow-downgrade"), "{}", answer.text);
        assert_eq!(state(host).1, before);
    };
    replayed(&host);
    // Neither a removal nor a crash makes the host forget.
    host.text(&["plugin", "remove", "script"]);
    replayed(&host);
    let host = host.kill_and_restart();
    replayed(&host);
    assert_eq!(host.get("/plugins")["plugins"], json!([]));

    let file = host.data().with_file_name("script.wasm");
    fs::write(&file, &old).unwrap();
    fs::write(file.with_extension("wasm.minisig"), acme.sign(&old)).unwrap();
    host.text(&["plugin", "install", "--grant-all", "--allow-downgrade", file.to_str().unwrap()]);
    let entry = last_installed(&host);
    assert_eq!((&entry["older_than"], &entry["version"]), (&json!("0.9.0"), &json!("0.1.0")));
    let log = host.text(&["audit", "list"]);
    assert!(log.contains("signed by acme") && log.contains("older than 0.9.0, as they allowed"), "{log}");
}

#[test]
fn keys_and_names_that_are_paths_are_refused() {
    let host = Host::start();
    let key = Author::new().public;
    let before = state(&host);
    for (name, public_key, namespaces, words) in [
        ("../x", key.as_str(), json!(["*"]), "is not a name"),
        ("/etc/passwd", &key, json!(["*"]), "is not a name"),
        ("ácme", &key, json!(["*"]), "is not a name"),
        ("acme", "../../etc/passwd", json!(["*"]), "no public key"),
        ("acme", "", json!(["*"]), "no public key"),
        ("acme", &key, json!(["../*"]), "no pattern"),
        ("acme", &key, json!(["/*"]), "no pattern"),
        ("acme", &key, json!(["acme\u{202e}*"]), "no pattern"),
        ("acme", &key, json!([]), "patterns of plugin names"),
    ] {
        let body = json!({ "name": name, "public_key": public_key, "namespaces": namespaces });
        let answer = host.post("/trust", &body);
        assert!(
            matches!(answer.status, 400 | 422) && answer.text.contains(words),
            "{words}: {}",
            answer.text
        );
    }
    for path in ["..%2f..%2fx", "%2fetc%2fpasswd"] {
        let request = Request::new("DELETE", &format!("/api/v1/trust/{path}")).token(&host.admin_token());
        assert_eq!(host.send(&request).status, 400, "{path}");
    }
    assert_eq!(state(&host), before);
    assert_eq!(host.get("/trust")["keys"], json!([]));
}

#[test]
fn an_author_signs_and_anybody_verifies_without_a_host() {
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name).to_str().unwrap().to_owned();
    let palisade = |arguments: &[&str], password: Option<&str>| {
        let mut palisade = std::process::Command::new(built::palisade());
        palisade.args(arguments).env("PALISADE_DATA", path("none")).stdin(std::process::Stdio::null());
        if let Some(password) = password {
            palisade.env("PALISADE_KEY_PASSWORD", password);
        }
        let output = palisade.output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (output.status.code().unwrap(), text(&output.stdout), text(&output.stderr))
    };
    fs::copy(built::component_path("script"), path("script.wasm")).unwrap();
    let (code, _, errors) = palisade(&["plugin", "keygen", &path("a.key")], None);
    assert!(code == 2 && errors.contains("nobody is at a terminal"), "{errors}");
    let (code, said, errors) = palisade(&["plugin", "keygen", &path("a.key")], Some("correct horse"));
    assert!(code == 0 && said.contains("palisade trust add RW"), "{said}{errors}");
    let mode = std::os::unix::fs::PermissionsExt::mode(&fs::metadata(path("a.key")).unwrap().permissions());
    assert_eq!(mode & 0o777, 0o600);
    let (code, _, errors) = palisade(&["plugin", "keygen", &path("a.key")], Some("another"));
    assert!(code == 1 && errors.contains("it is there already"), "{errors}");

    let sign = ["plugin", "sign", &path("script.wasm"), "--key", &path("a.key")];
    let (code, _, errors) = palisade(&sign, Some("wrong"));
    assert!(code == 1 && errors.contains("password"), "{errors}");
    let (code, _, errors) = palisade(&sign, Some("correct horse"));
    assert_eq!(code, 0, "{errors}");
    let signature = fs::read_to_string(path("script.wasm.minisig")).unwrap();
    let component = fs::read(path("script.wasm")).unwrap();
    assert!(signature.contains(&format!("name:script\tversion:0.1.0\tsha256:{}", digest(&component))));

    let verify = ["plugin", "verify", &path("script.wasm"), "--key", &path("a.pub")];
    let (code, said, errors) = palisade(&verify, None);
    assert!(code == 0 && said.contains("script 0.1.0, exactly as key"), "{said}{errors}");
    let (_, said, _) = palisade(&["plugin", "inspect", &path("script.wasm")], None);
    for words in ["Licence    Apache-2.0", "parts (CycloneDX 1.5)", "Signature  by key"] {
        assert!(said.contains(words), "{words:?} is not in\n{said}");
    }
    let other = Author::new().public;
    let (code, _, errors) = palisade(&["plugin", "verify", &path("script.wasm"), "--key", &other], None);
    assert!(code == 1 && errors.contains("none of those given"), "{errors}");
    fs::write(path("script.wasm"), [component, b"\0\x02\x01x".to_vec()].concat()).unwrap();
    let (code, _, errors) = palisade(&verify, None);
    assert!(code == 1 && errors.contains("does not hold"), "{errors}");
    fs::remove_file(path("script.wasm.minisig")).unwrap();
    let (code, _, errors) = palisade(&verify, None);
    assert!(code == 1 && errors.contains("is not signed"), "{errors}");
}
