use serde_json::{Value, json};

use super::{Change, Difference};
use crate::{limits::DIFFERENCE_CHANGES, plugin::Manifest};

fn connector() -> Value {
    json!({
        "kind": "connector",
        "identity": { "name": "acme", "version": "1.0.0", "description": "Asks.", "publisher": "Acme" },
        "vendor": "Acme", "product": "Box", "secrets": ["key"],
        "configuration": { "type": "object", "properties": {
            "url": { "type": "string", "default": "https://acme.example" },
            "key": { "type": "string", "writeOnly": true },
        } },
        "actions": [{
            "name": "block ip", "description": "Blocks.", "effect": "contain", "retry": "unsafe", "time_limit_ms": 1000,
            "parameters": { "type": "object", "properties": { "ip": { "type": "string" } }, "required": ["ip"] },
            "output": { "type": "object", "properties": { "id": { "type": "string" } } },
        }, {
            "name": "look", "description": "Looks.", "effect": "investigate", "retry": "safe", "time_limit_ms": 1000,
            "parameters": { "type": "object" }, "output": {},
        }],
        "capabilities": {
            "http": [
                { "host": { "configured": "url" }, "methods": ["GET"], "reason": "The API.",
                  "secrets": [{ "field": "key", "place": { "header": "x-key" } }] },
                { "host": { "named": "*.acme.example" }, "methods": ["GET"], "reason": "Others." },
            ],
            "tcp": [{ "host": { "named": "whois.acme.example" }, "ports": [43], "reason": "WHOIS." }],
            "reveal": [],
        },
    })
}

fn playbook() -> Value {
    json!({
        "kind": "playbook",
        "identity": { "name": "triage", "version": "1.0.0", "description": "Works.", "publisher": "Acme" },
        "labels": ["c2"],
        "needs": [{ "connector": "acme", "action": "look", "data": { "type": "object", "properties": { "a": {} } } }],
        "starts": ["isolate"],
        "lists": [{ "name": "friends" }, { "name": "foes" }],
        "manual_minutes": 10,
    })
}

/// Every change with a mark on what is wider, after one value was put into the manifest.
fn after(manifest: &Value, place: &str, value: Value) -> Vec<String> {
    let mut new = manifest.clone();
    *new.pointer_mut(place).unwrap_or_else(|| panic!("no {place}")) = value;
    difference(manifest, &new).changes.iter().map(marked).collect()
}

fn difference(old: &Value, new: &Value) -> Difference {
    let manifest = |value: &Value| serde_json::from_value::<Manifest>(value.clone()).unwrap();
    Difference::between(&manifest(old), &manifest(new))
}

fn marked(change: &Change) -> String {
    format!("{}{}", if change.wider { "! " } else { "" }, change.line())
}

#[test]
fn the_same_has_no_difference() {
    for manifest in [connector(), playbook()] {
        assert_eq!(difference(&manifest, &manifest), Difference::default());
    }
    // Words for people are no difference.
    assert_eq!(after(&connector(), "/identity/description", json!("Asks again.")), [""; 0]);
    let mut told = connector();
    told["configuration"]["properties"]["key"]["description"] = json!("The key.");
    assert_eq!(difference(&connector(), &told), Difference::default());
}

#[test]
fn what_a_connector_may_do_more_is_wider() {
    let other = json!({ "named": "evil.example" });
    for (place, value, expected) in [
        ("/identity/publisher", json!("Eve"), &["! ~ was Acme, is Eve"][..]),
        ("/capabilities/http/1/methods", json!(["GET", "POST"]), &["! + HTTP  *.acme.example  POST"]),
        (
            "/capabilities/http/1/host",
            json!("anywhere"),
            &["! + HTTP  any public host  GET", "- HTTP  *.acme.example  GET"],
        ),
        // It was among them before.
        (
            "/capabilities/http/1/host",
            json!({ "named": "api.acme.example" }),
            &["+ HTTP  api.acme.example  GET", "- HTTP  *.acme.example  GET"],
        ),
        (
            "/capabilities/http/0/host",
            other,
            &[
                "! + HTTP  evil.example  GET",
                "- HTTP  the server in `url`  GET",
                "! + `key` goes to evil.example in the header x-key",
                "- `key` goes to the server in `url` in the header x-key",
            ],
        ),
        (
            "/capabilities/http/0/secrets/0/place",
            json!("body"),
            &[
                "! + `key` goes to the server in `url` in the body",
                "- `key` goes to the server in `url` in the header x-key",
            ],
        ),
        ("/capabilities/tcp/0/ports", json!([43, 22, 23]), &["! + TCP   whois.acme.example  port 22, 23"]),
        (
            "/capabilities/reveal",
            json!([{ "field": "key", "reason": "It is hashed." }]),
            &["! + `key` is revealed to the plugin itself"],
        ),
        (
            "/configuration/properties/url/default",
            json!("https://evil.example"),
            &[
                "! ~ the server in `url` is by default \"https://evil.example\", was \"https://acme.example\"",
                "~ `url`: default was \"https://acme.example\", is \"https://evil.example\"",
            ],
        ),
        ("/secrets", json!([]), &["! ~ `key` is no secret any more: the plugin is told it"]),
        ("/capabilities/tcp", json!([]), &["- TCP   whois.acme.example  port 43"]),
    ] {
        assert_eq!(after(&connector(), place, value), expected, "{place}");
    }
    let mut with_file = connector();
    with_file["capabilities"]["files"] = json!([{ "field": "url", "reason": "Has them." }]);
    assert_eq!(
        difference(&connector(), &with_file).changes.iter().map(marked).collect::<Vec<_>>(),
        ["! + FILE  the one in `url`"]
    );
}

#[test]
fn what_an_action_becomes_is_told_and_wider_if_it_can_do_more() {
    for (place, value, expected) in [
        ("/actions/1/effect", json!("contain"), &["! ~ look: effect was investigate, is contain"][..]),
        ("/actions/0/effect", json!("generic"), &["! ~ block ip: effect was contain, is generic"]),
        ("/actions/0/effect", json!("investigate"), &["! ~ block ip: effect was contain, is investigate"]),
        ("/actions/0/retry", json!("safe"), &["! ~ block ip: retry was unsafe, is safe"]),
        ("/actions/1/retry", json!("unsafe"), &["~ look: retry was safe, is unsafe"]),
        ("/actions/0/time_limit_ms", json!(2000), &["~ block ip: may take 2000 ms, was 1000 ms"]),
        (
            "/actions/1/name",
            json!("look twice"),
            &["! + look twice: new, investigate: Looks.", "- look: is not there any more"],
        ),
        (
            "/actions/0/name",
            json!("wipe"),
            &["! + wipe: new, contain: Blocks.", "- block ip: is not there any more"],
        ),
        (
            "/actions/0/parameters/properties/ip/type",
            json!("array"),
            &["~ block ip: `ip`: was text, is a list"],
        ),
        ("/actions/0/parameters/required", json!([]), &["~ block ip: `ip`: is not required any more"]),
        ("/actions/0/output/properties", json!({}), &["- block ip: `id`"]),
        (
            "/actions/0/output/properties",
            json!({ "id": { "type": "string", "minLength": 3 }, "tags": { "type": "array" } }),
            &["~ block ip: `id`: has other limits", "+ block ip: `tags` (a list)"],
        ),
        (
            "/configuration/properties",
            json!({ "url": { "type": "string", "default": "https://acme.example" },
                    "key": { "type": "string", "writeOnly": true }, "pin": { "type": "string", "writeOnly": true } }),
            &["+ `pin` (secret, text)"],
        ),
    ] {
        assert_eq!(after(&connector(), place, value), expected, "{place}");
    }
    let mut more = connector();
    more["actions"][0]["undo"] = json!("look");
    more["actions"][0]["verifies"] = json!(true);
    more["actions"][1]["reads"] = json!([{ "method": "POST", "path": "/find" }]);
    assert_eq!(
        difference(&connector(), &more).changes.iter().map(marked).collect::<Vec<_>>(),
        [
            "! ~ block ip: is taken back by `look`, was by nothing",
            "~ block ip: can find out whether a call took effect",
            "! ~ look: may send POST /find as one that only reads",
        ]
    );
}

#[test]
fn what_a_playbook_may_do_more_is_wider() {
    for (place, value, expected) in [
        ("/labels", json!(["c2", "malware"]), &["! + malware"][..]),
        ("/labels", json!([]), &["- c2"]),
        ("/starts", json!(["wipe"]), &["! + wipe", "- isolate"]),
        ("/needs/0/action", json!("block ip"), &["! + acme/block ip", "- acme/look"]),
        (
            "/needs/0/data/properties",
            json!({ "b": { "type": "integer" } }),
            &["+ acme/look: reads `b` (a whole number)", "- acme/look: reads `a`"],
        ),
        ("/needs/0/data", json!(null), &["~ acme/look: does not say any more what it reads"]),
        ("/lists/1", json!({ "name": "foes", "adds": true }), &["! ~ foes: adds to it"]),
        ("/lists/1/name", json!("all"), &["! + all: looks into it", "- foes"]),
    ] {
        assert_eq!(after(&playbook(), place, value), expected, "{place}");
    }
}

#[test]
fn of_very_many_changes_the_wider_ones_are_all_told() {
    let fields = |letter: &str| {
        let fields = (0..DIFFERENCE_CHANGES).map(|n| (format!("{letter}{n}"), json!({})));
        Value::Object(fields.collect())
    };
    let (mut old, mut new) = (connector(), connector());
    old["actions"][0]["output"]["properties"] = fields("a");
    new["actions"][0]["output"]["properties"] = fields("b");
    new["actions"][1]["effect"] = json!("contain");
    let difference = difference(&old, &new);
    assert!(difference.is_wider());
    assert_eq!(difference.wider().count(), 1);
    assert_eq!(difference.changes.len() + difference.left_out, 2 * DIFFERENCE_CHANGES + 1);
}
