//! What a plugin may do, one line for each thing, for a file that people compare: the same manifest always makes the same
//! lines.

use palisade_model::plugin::{ConnectorManifest, HostPattern, Manifest, PlaybookManifest};

use crate::{capabilities::place, printable::line};

/// Everything that whoever installs the plugin grants.
pub(crate) fn grants(manifest: &Manifest) -> Vec<String> {
    let lines = match manifest {
        Manifest::Connector(connector) => of_connector(connector),
        Manifest::Playbook(playbook) => of_playbook(playbook),
    };
    lines.iter().map(|text| line(text)).collect()
}

fn of_connector(connector: &ConnectorManifest) -> Vec<String> {
    let capabilities = &connector.capabilities;
    let mut lines = Vec::new();
    for http in &capabilities.http {
        let host = host(&http.host);
        lines.push(format!("http {host}: {}", http.methods.join(" ")));
        let uses = http.secrets.iter();
        lines.extend(uses.map(|used| format!("secret {}: to {host} in {}", used.field, place(&used.place))));
    }
    for tcp in &capabilities.tcp {
        let ports: Vec<_> = tcp.ports.iter().map(u16::to_string).collect();
        lines.push(format!("tcp {}: {}", host(&tcp.host), ports.join(" ")));
    }
    lines.extend(
        capabilities.reveal.iter().map(|reveal| format!("secret {}: to the plugin itself", reveal.field)),
    );
    lines.extend(capabilities.files.iter().map(|file| format!("file: the one in {}", file.field)));
    let actions = connector.actions.iter();
    lines.extend(actions.map(|action| format!("action {}: {}", action.name, action.effect.name())));
    lines
}

fn of_playbook(playbook: &PlaybookManifest) -> Vec<String> {
    let labels = playbook.labels.iter().map(|label| format!("runs on alerts labelled {label}"));
    let needs = playbook.needs.iter().map(|need| format!("starts {}/{}", need.connector, need.action));
    let starts = playbook.starts.iter().map(|name| format!("starts playbook {name}"));
    let lists = playbook.lists.iter().map(|list| {
        let does = if list.adds { "reads and adds to" } else { "reads" };
        format!("{does} list {}", list.name)
    });
    labels.chain(needs).chain(starts).chain(lists).collect()
}

fn host(pattern: &HostPattern) -> String {
    match pattern {
        HostPattern::Named(name) => name.clone(),
        HostPattern::Configured(field) => format!("the server in {field}"),
        HostPattern::Anywhere => "any public host".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn everything_that_is_granted_is_a_line() {
        let manifest: Manifest = serde_json::from_value(json!({
            "kind": "connector",
            "identity": { "name": "acme", "version": "1.0.0", "description": "Asks.", "publisher": "Acme" },
            "vendor": "Acme", "product": "Box", "configuration": {}, "secrets": ["key", "password"],
            "actions": [{
                "name": "block ip", "description": "Blocks.", "parameters": {}, "output": {}, "effect": "contain",
                "retry": "unsafe", "time_limit_ms": 1000,
            }],
            "capabilities": {
                "http": [{
                    "host": { "named": "api.acme.example" }, "methods": ["GET", "POST"], "reason": "The API.",
                    "secrets": [{ "field": "key", "place": { "header": "x-key" } }],
                }],
                "tcp": [{ "host": "anywhere", "ports": [43, 44], "reason": "WHOIS." }],
                "reveal": [{ "field": "password", "reason": "It is hashed." }],
                "files": [{ "field": "list", "reason": "It has the exceptions." }],
            },
        }))
        .unwrap();
        assert_eq!(
            grants(&manifest),
            [
                "http api.acme.example: GET POST",
                "secret key: to api.acme.example in the header x-key",
                "tcp any public host: 43 44",
                "secret password: to the plugin itself",
                "file: the one in list",
                "action block ip: contain",
            ]
        );
        let manifest: Manifest = serde_json::from_value(json!({
            "kind": "playbook",
            "identity": { "name": "triage", "version": "1.0.0", "description": "Looks.", "publisher": "Acme" },
            "labels": ["c2"], "needs": [{ "connector": "acme", "action": "block ip" }], "starts": ["isolate"],
            "lists": [{ "name": "access" }, { "name": "repeat", "adds": true }], "manual_minutes": 5,
        }))
        .unwrap();
        assert_eq!(
            grants(&manifest),
            [
                "runs on alerts labelled c2",
                "starts acme/block ip",
                "starts playbook isolate",
                "reads list access",
                "reads and adds to list repeat",
            ]
        );
    }
}
