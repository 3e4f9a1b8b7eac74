//! What a plugin is and may do, in one screen: what an operator grants.

use std::fmt::Write as _;

use palisade_model::{
    action::Effect,
    plugin::{
        ActionSpec, ConnectorManifest, Digest, FileCapability, HostPattern, HttpCapability, Identity,
        Manifest, PlaybookManifest, SecretPlace, TcpCapability,
    },
};

use serde_json::Value;

use crate::{
    printable::line,
    screen::{self, table},
    style::{BOLD, DIM, WARN},
};

/// The screen of one component.
pub(crate) fn screen(digest: &Digest, size: u64, manifest: &Manifest) -> String {
    let mut screen = identity(manifest.kind(), manifest.identity());
    match manifest {
        Manifest::Connector(connector) => {
            let _ = writeln!(screen, "  System     {} {}", line(&connector.vendor), line(&connector.product));
            screen.push_str(&file(digest, size, manifest.contract()));
            screen.push_str(&actions(connector));
            screen.push_str(&reach(connector));
        }
        Manifest::Playbook(playbook) => {
            screen.push_str(&file(digest, size, manifest.contract()));
            screen.push_str(&work(playbook));
        }
    }
    screen
}

/// Bytes as people read them.
pub(crate) fn bytes(size: u64) -> String {
    match size {
        0..1_024 => format!("{size} B"),
        1_024..1_048_576 => format!("{} KiB", size >> 10),
        _ => format!("{}.{} MiB", size >> 20, (size % 1_048_576) * 10 / 1_048_576),
    }
}

fn identity(kind: &str, identity: &Identity) -> String {
    format!(
        "{BOLD}{} {}{BOLD:#}  {kind} by {}\n  {}\n",
        identity.name,
        line(&identity.version),
        line(&identity.publisher),
        line(&identity.description)
    )
}

fn file(digest: &Digest, size: u64, contract: Option<&str>) -> String {
    let contract = contract.map(|version| format!(", contract {}", line(version))).unwrap_or_default();
    format!("  Component  {}{contract} {DIM}(SHA-256 {digest}){DIM:#}\n", bytes(size))
}

fn actions(connector: &ConnectorManifest) -> String {
    let mut table = table(["ACTION", "EFFECT", "RETRY", "UNDO", "WHAT IT DOES"]);
    for action in &connector.actions {
        table.add_row([
            line(&action.name),
            effect(action.effect),
            retry(action),
            action.undo.as_deref().map(line).unwrap_or_default(),
            line(&action.description),
        ]);
    }
    format!("\n{}", screen::lines(&table))
}

/// With a mark on what changes something.
fn effect(effect: Effect) -> String {
    let mark = if effect.mutates() { " !" } else { "" };
    format!("{}{mark}", effect.name())
}

/// What may happen when it is not known whether a call arrived.
fn retry(action: &ActionSpec) -> String {
    let verifies = if action.verifies { ", can verify" } else { "" };
    format!("{}{verifies}", format!("{:?}", action.retry).to_lowercase())
}

fn reach(connector: &ConnectorManifest) -> String {
    let capabilities = &connector.capabilities;
    let mut text = format!("\n{BOLD}May reach{BOLD:#}\n");
    capabilities.http.iter().for_each(|http| text.push_str(&http_line(http, &connector.configuration)));
    capabilities.tcp.iter().for_each(|tcp| text.push_str(&tcp_line(tcp, &connector.configuration)));
    capabilities.files.iter().for_each(|file| text.push_str(&file_line(file)));
    if capabilities.http.is_empty() && capabilities.tcp.is_empty() && capabilities.files.is_empty() {
        text.push_str("  nothing\n");
    }

    if !connector.secrets.is_empty() {
        let _ = writeln!(text, "\n{BOLD}Secrets{BOLD:#}");
    }
    for field in &connector.secrets {
        let reveal = capabilities.reveal.iter().find(|reveal| reveal.field == *field);
        let uses: Vec<_> = capabilities.http.iter().filter_map(|http| use_of(http, field)).collect();
        let goes = match reveal {
            Some(reveal) => {
                format!("{WARN}is revealed to the plugin itself{WARN:#}: {}", line(&reveal.reason))
            }
            None if uses.is_empty() => "goes nowhere".to_owned(),
            None => format!("goes to {}", uses.join("; to ")),
        };
        let _ = writeln!(text, "  {}  {goes}", line(field));
    }
    text
}

fn http_line(http: &HttpCapability, configuration: &Value) -> String {
    let (host, methods) = (where_to(&http.host, configuration), line(&http.methods.join(" ")));
    format!("  HTTP  {host}  {methods}  {DIM}{}{DIM:#}\n", line(&http.reason))
}

fn tcp_line(tcp: &TcpCapability, configuration: &Value) -> String {
    let ports: Vec<_> = tcp.ports.iter().map(u16::to_string).collect();
    let (host, ports) = (where_to(&tcp.host, configuration), ports.join(", "));
    format!("  TCP   {host}  port {ports}  {DIM}{}{DIM:#}\n", line(&tcp.reason))
}

fn file_line(file: &FileCapability) -> String {
    format!("  FILE  the one in `{}`  {DIM}{}{DIM:#}\n", line(&file.field), line(&file.reason))
}

/// Where in the requests to these servers the secret stands.
fn use_of(http: &HttpCapability, field: &str) -> Option<String> {
    let places = http.secrets.iter().filter(|secret| secret.field == field);
    let places: Vec<_> = places.map(|secret| place(&secret.place)).collect();
    (!places.is_empty()).then(|| format!("{} in {}", host(&http.host), places.join(" or ")))
}

fn host(pattern: &HostPattern) -> String {
    match pattern {
        HostPattern::Named(name) => line(name),
        HostPattern::Configured(field) => format!("the server in `{}`", line(field)),
        HostPattern::Anywhere => format!("{WARN}any public host{WARN:#}"),
    }
}

/// A set of hosts, and for a configured one its default.
fn where_to(pattern: &HostPattern, configuration: &Value) -> String {
    let default = match pattern {
        HostPattern::Configured(field) => configuration["properties"][field]["default"].as_str(),
        HostPattern::Named(_) | HostPattern::Anywhere => None,
    };
    let default = default.map(|url| format!(" (by default {})", line(url))).unwrap_or_default();
    format!("{}{default}", host(pattern))
}

/// Where in a request a secret stands.
pub(crate) fn place(place: &SecretPlace) -> String {
    match place {
        SecretPlace::Header(name) => format!("the header {}", line(name)),
        SecretPlace::Query(name) => format!("the query parameter {}", line(name)),
        SecretPlace::Authorization => "the Authorization header".to_owned(),
        SecretPlace::Body => "the body".to_owned(),
    }
}

fn work(playbook: &PlaybookManifest) -> String {
    let labels: Vec<_> = playbook.labels.iter().map(|label| line(label)).collect();
    let labels = if labels.is_empty() { "no label: only by hand".to_owned() } else { labels.join(", ") };
    let mut text = format!("  Runs on    {labels}\n");
    let _ = writeln!(text, "  By hand    {} min", playbook.manual_minutes);
    let _ = writeln!(text, "\n{BOLD}May start{BOLD:#}");
    for need in &playbook.needs {
        let _ = writeln!(text, "  {}/{}", line(&need.connector), line(&need.action));
    }
    for name in &playbook.starts {
        let _ = writeln!(text, "  playbook {}", line(name));
    }
    if playbook.needs.is_empty() && playbook.starts.is_empty() {
        text.push_str("  nothing\n");
    }
    text
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_connector_shows_where_each_secret_goes() {
        let manifest: Manifest = serde_json::from_value(json!({
            "kind": "connector",
            "identity": { "name": "acme", "version": "1.0.0", "description": "Asks Acme.", "publisher": "Ac\u{202e}me" },
            "contract": "0.2.0", "vendor": "Acme", "product": "Box", "configuration": {}, "secrets": ["key", "password"],
            "actions": [{
                "name": "block ip", "description": "Blocks.", "parameters": {}, "output": {}, "effect": "contain",
                "retry": "unsafe", "verifies": true, "undo": "unblock ip", "time_limit_ms": 1000,
            }],
            "capabilities": {
                "http": [{
                    "host": { "named": "api.acme.example" }, "methods": ["GET", "POST"], "reason": "The API.",
                    "secrets": [{ "field": "key", "place": { "header": "x-key" } }],
                }],
                "tcp": [{ "host": "anywhere", "ports": [43], "reason": "WHOIS." }],
                "reveal": [{ "field": "password", "reason": "It is hashed." }],
                "files": [{ "field": "list", "reason": "It has the exceptions." }],
            },
        }))
        .unwrap();
        let text = screen(&Digest::from_bytes([7; 32]), 14_336, &manifest);
        let text = anstream::adapter::strip_str(&text).to_string();
        for part in [
            "acme 1.0.0  connector by Ac\\u{202e}me\n",
            "14 KiB, contract 0.2.0 (SHA-256 07",
            "contain !",
            "unsafe, can verify",
            "unblock ip",
            "HTTP  api.acme.example  GET POST  The API.",
            "TCP   any public host  port 43",
            "FILE  the one in `list`  It has the exceptions.\n",
            "key  goes to api.acme.example in the header x-key",
            "password  is revealed to the plugin itself: It is hashed.",
        ] {
            assert!(text.contains(part), "{part:?} is not in\n{text}");
        }
    }
}
