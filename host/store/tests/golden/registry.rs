//! What is installed and configured.

use palisade_model::{
    action::{Effect, Retry, RetryLimits},
    asset::{Asset, Network},
    list::{CustomList, ListEntry},
    playbook::PlaybookSettings,
    plugin::{
        ActionSpec, Capabilities, ConnectorManifest, FileCapability, HostPattern, HttpCapability, Identity,
        ListUse, Manifest, Need, PlaybookManifest, Plugin, Provenance, Read, Reveal, SecretPlace, SecretUse,
        TcpCapability, nothing_to_configure,
    },
    signer::{KeyId, SignedBy, Signer},
};
use palisade_store::contract::samples::{at, digest, name};
use serde_json::json;

use crate::{assert_every, check};

fn identity(text: &str) -> Identity {
    Identity {
        name: name(text),
        version: "1.2.3".to_owned(),
        description: "Blocks what it is told to.".to_owned(),
        publisher: "Palisade".to_owned(),
    }
}

fn plugin(manifest: Manifest) -> Plugin {
    Plugin::new(digest(0xab), 123_456, at(1_767_323_045), manifest)
}

/// An action of each effect.
fn actions() -> Vec<ActionSpec> {
    let effects = [
        (Effect::Investigate, Retry::Safe),
        (Effect::Contain, Retry::Keyed),
        (Effect::Correct, Retry::Unsafe),
        (Effect::Generic, Retry::Safe),
        (Effect::Test, Retry::Safe),
    ];
    let action = |(effect, retry)| ActionSpec {
        name: format!("{effect:?} ip").to_lowercase(),
        description: "Does it.".to_owned(),
        parameters: json!({ "type": "object", "properties": { "ip": { "type": "string" } } }),
        output: json!({ "type": "array" }),
        effect,
        retry,
        verifies: effect == Effect::Contain,
        undo: (effect == Effect::Contain).then(|| "correct ip".to_owned()),
        time_limit_ms: 30_000,
        reads: match effect {
            Effect::Investigate => vec![Read { method: "POST".to_owned(), path: "/search".to_owned() }],
            _ => vec![],
        },
    };
    effects.map(action).to_vec()
}

fn http(host: HostPattern, places: Vec<SecretPlace>) -> HttpCapability {
    let secret = |place| SecretUse { field: "api_key".to_owned(), place };
    HttpCapability {
        host,
        methods: vec!["GET".to_owned(), "POST".to_owned()],
        secrets: places.into_iter().map(secret).collect(),
        reason: "The API.".to_owned(),
    }
}

#[test]
fn connectors() {
    let places = vec![
        SecretPlace::Header("X-Api-Key".to_owned()),
        SecretPlace::Query("key".to_owned()),
        SecretPlace::Authorization,
        SecretPlace::Body,
    ];
    assert_every!(SecretPlace { Header, Query, Authorization, Body }, &places);
    let http = vec![
        http(HostPattern::Configured("url".to_owned()), places),
        http(HostPattern::Named("*.example.com".to_owned()), vec![]),
        http(HostPattern::Anywhere, vec![]),
    ];
    assert_every!(HostPattern { Named, Configured, Anywhere }, http.iter().map(|http| &http.host));
    let tcp = TcpCapability {
        host: HostPattern::Configured("server".to_owned()),
        ports: vec![636],
        reason: "LDAPS.".to_owned(),
    };
    let reveal = Reveal { field: "password".to_owned(), reason: "Goes into the bind.".to_owned() };
    let actions = actions();
    assert_every!(
        Effect { Investigate, Contain, Correct, Generic, Test },
        actions.iter().map(|action| action.effect)
    );
    assert_every!(Retry { Safe, Keyed, Unsafe }, actions.iter().map(|action| action.retry));
    let mut manifest = ConnectorManifest {
        identity: identity("firewall"),
        contract: None,
        vendor: "Example".to_owned(),
        product: "Firewall".to_owned(),
        configuration: json!({ "properties": { "api_key": { "type": "string", "writeOnly": true } } }),
        secrets: vec!["api_key".to_owned(), "password".to_owned()],
        actions,
        capabilities: Capabilities { http, tcp: vec![tcp], reveal: vec![reveal], files: Vec::new() },
    };
    check("connector.json", &plugin(Manifest::Connector(manifest.clone())));
    let file = FileCapability { field: "list".to_owned(), reason: "Has what is never blocked.".to_owned() };
    manifest.capabilities = Capabilities { files: vec![file], ..Capabilities::default() };
    manifest.actions.truncate(1);
    check("connector-with-files.json", &plugin(Manifest::Connector(manifest)));
}

#[test]
fn playbooks() {
    let manifest = |starts| PlaybookManifest {
        identity: identity("c2-contain"),
        contract: None,
        labels: vec!["c2".to_owned()],
        needs: vec![Need {
            connector: "firewall".to_owned(),
            action: "contain ip".to_owned(),
            parameters: None,
            data: None,
        }],
        starts,
        configuration: nothing_to_configure(),
        lists: vec![],
        manual_minutes: 25,
    };
    let all = [manifest(vec![]), manifest(vec!["isolate".to_owned()])];
    check("playbooks.json", &all.map(Manifest::Playbook).map(plugin));

    let used = |list, adds| ListUse { name: name(list), adds };
    let configured = PlaybookManifest {
        configuration: json!({ "type": "object", "properties": { "threshold": { "type": "integer" } } }),
        lists: vec![used("access-list", false), used("repeat-offenders", true)],
        ..manifest(vec![])
    };
    check("playbooks-2.json", &plugin(Manifest::Playbook(configured.clone())));

    let provenance = Provenance {
        by: Some("anna".to_owned()),
        source: Some("https://plugins.acme.example/c2-contain.wasm".to_owned()),
        signature: Some("untrusted comment: signature\nRUQ=\n".to_owned()),
    };
    let from_elsewhere = Plugin { provenance, ..plugin(Manifest::Playbook(manifest(vec![]))) };
    check("playbook-from-elsewhere.json", &from_elsewhere);

    let schema =
        |field: &str| Some(json!({ "type": "object", "properties": { field: { "type": "string" } } }));
    let mut typed = configured;
    typed.needs[0].parameters = schema("ip");
    typed.needs[0].data = schema("id");
    let upgraded = Plugin {
        disabled: true,
        previous: Some(Box::new(plugin(Manifest::Playbook(manifest(vec![]))))),
        ..plugin(Manifest::Playbook(typed))
    };
    check("playbooks-3.json", &upgraded);

    let key = KeyId::from_bytes([0x10, 0x32, 0x54, 0x76, 0x98, 0xba, 0xdc, 0xfe]);
    let signed = |by| Plugin { signed_by: Some(by), ..plugin(Manifest::Playbook(manifest(vec![]))) };
    let signed = [
        signed(SignedBy::Trusted(Signer { name: name("acme"), key: key.clone() })),
        signed(SignedBy::Unknown { key }),
        signed(SignedBy::Nobody),
    ];
    assert_every!(
        SignedBy { Trusted, Unknown, Nobody },
        signed.iter().filter_map(|plugin| plugin.signed_by.as_ref())
    );
    check("playbooks-signed.json", &signed);
}

#[test]
fn playbook_settings() {
    let of = |text| PlaybookSettings::of(name(text));
    let configuration = json!({ "threshold": 5 }).as_object().unwrap().clone();
    let all = [of("triage"), PlaybookSettings { configuration, safe_mode: true, ..of("c2-contain") }];
    check("playbook-settings.json", &all);
}

/// An entry of each kind.
pub(crate) fn list_entries() -> Vec<ListEntry> {
    let entry = |value: &str, note: &str| ListEntry {
        value: value.parse().unwrap(),
        note: note.to_owned(),
        by: "run 17".to_owned(),
        at: at(1_767_323_045),
    };
    vec![
        entry("kim@acme.example", "Travels."),
        entry("203.0.113.7", ""),
        entry("10.0.0.0/8", "Ours."),
        entry("2001:db8::/32", ""),
        entry("*.acme.example", "Ours."),
    ]
}

#[test]
fn lists() {
    let list = CustomList { name: name("access-list"), entries: 5 };
    check("lists.json", &(list, list_entries()));
}

#[test]
fn assets() {
    let network = Network {
        allow: vec!["10.0.0.0/8".parse().unwrap(), "2001:db8::/32".parse().unwrap()],
        connect_to: vec!["api.example.com:443:[::1]:8443".parse().unwrap()],
        ca: Some("-----BEGIN CERTIFICATE-----\n".to_owned()),
    };
    let asset = |network, retries| Asset {
        name: name("edge"),
        connector: name("firewall"),
        configuration: json!({ "url": "https://fw.example.com" }).as_object().unwrap().clone(),
        sealed: [("api_key".to_owned(), "v1:c2VhbGVk".to_owned())].into(),
        network,
        retries,
    };
    let all = [
        asset(Network::default(), RetryLimits { attempts: 3, seconds: 900 }),
        asset(network, RetryLimits { attempts: 1, seconds: 60 }),
    ];
    check("assets.json", &all);
}
