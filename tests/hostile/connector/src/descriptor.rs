//! What it says of itself, honestly or not.

use std::hint::black_box;

use palisade_sdk::bindings::connector::{
    Descriptor,
    palisade::plugin::{
        connector_descriptor::{
            Action, Capabilities, Effect, FileCapability, HostPattern, HttpCapability, Retry, Reveal,
            SecretPlace, SecretUse, TcpCapability,
        },
        files, http, random, state,
        types::Identity,
    },
};

use crate::variant::variant;

/// Actions whose name says everything.
const GENERIC: [&str; 25] = [
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
    "keep",
    "recall",
    "keep without end",
    "read file",
    "read files without end",
    "converse",
];

/// Actions that send what their parameters say, as `request` does; the name says what `verify` does about it.
const VERIFIED: [&str; 4] = ["verify as told", "panic in verify", "change in verify", "lie in verify"];

const CONFIGURATION: &str = r#"{
    "type": "object",
    "properties": {
        "url": {"type": "string", "default": "https://hostile.example"},
        "host": {"type": "string"},
        "list": {"type": "string"},
        "other": {"type": "string"},
        "count": {"type": "integer"},
        "token": {"type": "string", "writeOnly": true}
    }
}"#;

const OUTPUT: &str =
    r#"{"type": "object", "properties": {"text": {"type": "string"}}, "required": ["text"]}"#;

pub(crate) fn describe() -> Descriptor {
    let mut honest = honest();
    if let Some(turns) = variant().strip_prefix("spin ") {
        spin(turns.parse().unwrap_or(0));
    }
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
        "secret as file" => honest.capabilities.files = vec![file("token")],
        "number as file" => honest.capabilities.files = vec![file("count")],
        "file of no field" => honest.capabilities.files = vec![file("nothing")],
        "file twice" => honest.capabilities.files.push(file("list")),
        "other each time" => honest.vendor = format!("{:?}", random::bytes(4)),
        "key that goes nowhere" => named(&mut honest, "request").retry = Retry::Keyed,
        "undo of something else" => {
            named(&mut honest, "comply").undo = Some("keep".to_owned());
            named(&mut honest, "keep").parameters = r#"{"type": "object", "required": ["key"]}"#.to_owned();
        }
        "keep and read" => honest.vendor = keep_and_read(),
        "secret without place" => honest.capabilities.http[0].secrets.clear(),
        "name with path" => honest.identity.name = "../../etc/passwd".to_owned(),
        "escape in text" => honest.identity.description = "\u{1b}[2Jharmless".to_owned(),
        "escape in place" => {
            honest.capabilities.http[0].secrets[0].place = SecretPlace::Header("x\u{1b}[2J".to_owned());
        }
        "long text" => honest.vendor = "x".repeat(1 << 20),
        "too much text" => honest.vendor = "x".repeat(100 << 20),
        "version 2" => version_2(&mut honest),
        "version 2 asks for more" => {
            version_2(&mut honest);
            let capabilities = &mut honest.capabilities;
            capabilities.http[1].methods.push("DELETE".to_owned());
            capabilities.reveal =
                vec![Reveal { field: "token".to_owned(), reason: "It wants it.".to_owned() }];
            honest.actions.iter_mut().filter(|action| action.name == "read").for_each(|read| {
                read.effect = Effect::Contain;
            });
        }
        "version 2 speaks otherwise" => {
            version_2(&mut honest);
            let behave = &mut honest.actions[0];
            behave.parameters =
                r#"{"type": "object", "properties": {"how": {"type": "string"}}, "required": ["how"]}"#
                    .to_owned();
            behave.output =
                r#"{"type": "object", "properties": {"text": {"type": "array", "items": {"type": "string"}}}}"#
                    .to_owned();
        }
        "version 2 can do less" => {
            version_2(&mut honest);
            honest.actions.retain(|action| action.name != "behave");
        }
        "version 2 wants a number" => {
            version_2(&mut honest);
            honest.configuration =
                CONFIGURATION.replace(r#""properties""#, r#""required": ["count"], "properties""#);
        }
        _ => {}
    }
    honest
}

fn version_2(descriptor: &mut Descriptor) {
    descriptor.identity.version = "2.0.0".to_owned();
}

fn honest() -> Descriptor {
    let mut actions: Vec<_> = GENERIC.iter().map(|name| action(name, Effect::Generic)).collect();
    actions.push(action("read", Effect::Investigate));
    actions.extend(VERIFIED.iter().map(|name| Action { verifies: true, ..action(name, Effect::Generic) }));
    actions.extend(careless());
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
            files: vec![file("list")],
        },
    }
}

/// Actions that do what they should, but for one thing.
fn careless() -> [Action; 5] {
    let comply = |name| Action { retry: Retry::Keyed, verifies: true, ..action(name, Effect::Generic) };
    [
        comply("comply"),
        Action { time_limit_ms: 1_000, ..comply("linger") },
        action("take time", Effect::Generic),
        action("look up", Effect::Investigate),
        Action {
            parameters: r#"{"type": "object", "properties": {"items": {"type": "array"}}}"#.to_owned(),
            ..action("count", Effect::Generic)
        },
    ]
}

fn named<'a>(descriptor: &'a mut Descriptor, name: &str) -> &'a mut Action {
    let action = descriptor.actions.iter_mut().find(|action| action.name == name);
    action.expect("it is among them")
}

fn file(field: &str) -> FileCapability {
    FileCapability { field: field.to_owned(), reason: "It has what is looked up.".to_owned() }
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

/// Takes its time, in units that a test can try.
fn spin(turns: u64) {
    for turn in 0..turns << 24 {
        black_box(turn);
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

/// What comes of state and files while it describes itself.
fn keep_and_read() -> String {
    let kept = state::put("key", "value", 1_000, false);
    let read = files::read("list", 0, 1);
    format!("{kept:?}, {:?}, {read:?}", state::get("key"))
}
