//! What it says of itself, honestly or not.

use std::hint::black_box;

use palisade_sdk::bindings::connector::{
    Descriptor,
    palisade::plugin::{
        connector_descriptor::{
            Action, Capabilities, Effect, HostPattern, HttpCapability, Retry, SecretPlace, SecretUse,
            TcpCapability,
        },
        http,
        types::Identity,
    },
};

use crate::variant::variant;

/// Actions whose name says everything.
const GENERIC: [&str; 19] = [
    "behave",
    "loop",
    "call the host without end",
    "eat memory",
    "recurse",
    "recurse with locals",
    "panic",
    "sleep",
    "return too much",
    "report at length",
    "fail at length",
    "break its own schema",
    "summarize in a list",
    "answer in XML",
    "return a huge token",
    "flood the log",
    "open streams",
    "tell the placeholder",
    "request",
];

/// Actions that send what their parameters say, as `request` does; the name says what `verify` does about it.
const VERIFIED: [&str; 4] = ["verify as told", "panic in verify", "change in verify", "lie in verify"];

const CONFIGURATION: &str = r#"{
    "type": "object",
    "properties": {
        "url": {"type": "string", "default": "https://hostile.example"},
        "host": {"type": "string"},
        "token": {"type": "string", "writeOnly": true}
    }
}"#;

const OUTPUT: &str =
    r#"{"type": "object", "properties": {"text": {"type": "string"}}, "required": ["text"]}"#;

pub(crate) fn describe() -> Descriptor {
    let mut honest = honest();
    match variant() {
        "loop" => loop {
            black_box(());
        },
        "panic" => panic!("nobody may know"),
        "call out" => honest.vendor = call_out(),
        "schema with reference" => honest.actions[0].output = r##"{"$ref": "#/x"}"##.to_owned(),
        "schema that is no JSON" => honest.configuration = "{".to_owned(),
        "action twice" => honest.actions.push(action("behave", Effect::Generic)),
        "no actions" => honest.actions.clear(),
        "many actions" => {
            honest.actions = (0..1_000).map(|n| action(&n.to_string(), Effect::Generic)).collect();
        }
        "verify what only reads" => {
            honest.actions.push(Action { verifies: true, ..action("look", Effect::Investigate) });
        }
        "no time limit" => honest.actions[0].time_limit_ms = u64::MAX,
        "secret to anywhere" => honest.capabilities.http[0].host = HostPattern::Anywhere,
        "all of com" => honest.capabilities.http[0].host = HostPattern::Named("*.com".to_owned()),
        "secret without place" => honest.capabilities.http[0].secrets.clear(),
        "name with path" => honest.identity.name = "../../etc/passwd".to_owned(),
        "escape in text" => honest.identity.description = "\u{1b}[2Jharmless".to_owned(),
        "escape in place" => {
            honest.capabilities.http[0].secrets[0].place = SecretPlace::Header("x\u{1b}[2J".to_owned());
        }
        "long text" => honest.vendor = "x".repeat(1 << 20),
        "too much text" => honest.vendor = "x".repeat(100 << 20),
        _ => {}
    }
    honest
}

fn honest() -> Descriptor {
    let mut actions: Vec<_> = GENERIC.iter().map(|name| action(name, Effect::Generic)).collect();
    actions.push(action("read", Effect::Investigate));
    actions.extend(VERIFIED.iter().map(|name| Action { verifies: true, ..action(name, Effect::Generic) }));
    Descriptor {
        identity: Identity {
            name: "hostile".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            description: "Tries everything that it must not get away with.".to_owned(),
            publisher: "Palisade".to_owned(),
        },
        vendor: "Hostile".to_owned(),
        product: "Hostile".to_owned(),
        configuration: CONFIGURATION.to_owned(),
        actions,
        capabilities: Capabilities {
            http: vec![
                HttpCapability {
                    host: HostPattern::Configured("url".to_owned()),
                    methods: vec!["GET".to_owned(), "POST".to_owned()],
                    secrets: vec![SecretUse {
                        field: "token".to_owned(),
                        place: SecretPlace::Header("x-token".to_owned()),
                    }],
                    reason: "Its own server.".to_owned(),
                },
                HttpCapability {
                    host: HostPattern::Named("other.example".to_owned()),
                    methods: vec!["GET".to_owned()],
                    secrets: Vec::new(),
                    reason: "A server that must not see the secret.".to_owned(),
                },
            ],
            tcp: vec![TcpCapability {
                host: HostPattern::Configured("host".to_owned()),
                ports: vec![7],
                reason: "Streams.".to_owned(),
            }],
            reveal: Vec::new(),
            files: Vec::new(),
        },
    }
}

fn action(name: &str, effect: Effect) -> Action {
    Action {
        name: name.to_owned(),
        description: "As it is called.".to_owned(),
        parameters: r#"{"type": "object"}"#.to_owned(),
        output: OUTPUT.to_owned(),
        effect,
        retry: Retry::Unsafe,
        verifies: false,
        undo: None,
        time_limit_ms: 60_000,
        reads: Vec::new(),
    }
}

/// What comes of a request while it describes itself.
fn call_out() -> String {
    let request = http::Request {
        method: "GET".to_owned(),
        url: "https://other.example/".to_owned(),
        headers: Vec::new(),
        authorization: None,
        body: Vec::new(),
        timeout_ms: None,
    };
    match http::send(&request) {
        Ok(response) => format!("status {}", response.status),
        Err(http::Error::Denied(why)) => format!("denied: {why}"),
        Err(_) => "failed".to_owned(),
    }
}
