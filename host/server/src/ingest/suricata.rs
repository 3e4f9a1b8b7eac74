//! Suricata's EVE: one JSON object for each event, of which alerts are some.
//!
//! Format: "Eve JSON Format" in Suricata's user guide, <https://docs.suricata.io/en/latest/output/eve/>. Fields are those
//! of Suricata 5 to 8.

use std::net::IpAddr;

use palisade_model::{
    alert::{Artifact, NewAlert, Severity},
    hex,
    limits::ALERT_BODY_BYTES,
};
use ring::digest::{SHA256, digest};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::{
    bounds,
    label::{Options, label_from, one_line},
};
use crate::problem::Problem;

/// Name of the source.
const SOURCE: &str = "suricata";

/// What tells an event from every other. A flow raises many alerts, a packet may raise several, and what a shipper adds
/// on the way is no part of an event.
const IDENTITY: &[&str] = &[
    "/timestamp",
    "/in_iface",
    "/flow_id",
    "/pcap_cnt",
    "/tx_id",
    "/src_ip",
    "/src_port",
    "/dest_ip",
    "/dest_port",
    "/proto",
    "/icmp_type",
    "/icmp_code",
    "/alert/gid",
    "/alert/signature_id",
    "/alert/rev",
];

/// Path in the event, CEF key. Addresses and ports are not among them: which is the source depends on the alert.
const FIELDS: &[(&[&str], &str)] = &[
    (&["proto"], "transportProtocol"),
    (&["app_proto"], "app"),
    (&["timestamp"], "startTime"),
    (&["flow_id"], "externalId"),
    (&["host"], "deviceHostName"),
    (&["in_iface"], "deviceInboundInterface"),
    (&["alert", "signature"], "message"),
    (&["alert", "category"], "cat"),
    (&["alert", "action"], "act"),
    (&["http", "http_method"], "requestMethod"),
    (&["http", "http_user_agent"], "requestClientApplication"),
];

/// Where the name of the server stands: its client asked for it by this name.
const SERVER_NAMES: [&str; 3] = ["/tls/sni", "/quic/sni", "/http/hostname"];

/// Where the name stands that a resolver was asked for, by version of the format.
const NAMES_ASKED_FOR: [&str; 3] = ["/dns/queries/0/rrname", "/dns/query/0/rrname", "/dns/rrname"];

/// The part of an event that says whether the rest matters.
#[derive(Deserialize)]
struct Kind {
    event_type: String,
}

/// The alert in an event; nothing if the event is none.
pub(crate) fn alert(line: &[u8], options: &Options) -> Result<Option<NewAlert>, Problem> {
    if line.len() > ALERT_BODY_BYTES {
        return Err(Problem::malformed(format!("the event is larger than {ALERT_BODY_BYTES} bytes")));
    }
    if !line.starts_with(b"{") {
        return Err(Problem::malformed("an event is a JSON object; send one on each line, without an array"));
    }
    let unreadable = |error: serde_json::Error| Problem::malformed(format!("this is no event: {error}"));
    let Kind { event_type } = serde_json::from_slice(line).map_err(unreadable)?;
    if event_type != "alert" {
        return Ok(None);
    }
    let event: Value = serde_json::from_slice(line).map_err(unreadable)?;
    bounds::check_json(&event)?;
    map(event, options).map(Some)
}

fn map(event: Value, options: &Options) -> Result<NewAlert, Problem> {
    let rule = rule(&event)?;
    if !event.pointer("/timestamp").is_some_and(Value::is_string) {
        return Err(Problem::invalid("/timestamp", "it must say when the event happened"));
    }
    let words = |pointer| text(&event, pointer).map(one_line);
    let name = words("/alert/signature").unwrap_or_else(|| format!("Suricata rule {rule}"));
    let category = words("/alert/category");
    let label = options.label.clone();
    let action = words("/alert/action").map(|action| format!(", {action}")).unwrap_or_default();
    let severity = severity(event.pointer("/alert/severity"));
    let source_id = source_id(&event, &rule);
    let (cef, data) = split(event, &rule);
    Ok(NewAlert {
        source: SOURCE.to_owned(),
        source_id,
        name,
        label: label.unwrap_or_else(|| label_from(category.as_deref().unwrap_or("Suricata alert"))),
        severity,
        description: format!("Suricata rule {rule}{action}"),
        link: None,
        artifacts: vec![Artifact {
            id: 1,
            name: "Suricata alert".to_owned(),
            label: "event".to_owned(),
            cef,
            data,
        }],
    })
}

/// The rule as Suricata writes it in its other logs: generator, signature, revision.
fn rule(event: &Value) -> Result<String, Problem> {
    let number = |pointer| event.pointer(pointer).and_then(Value::as_u64);
    let Some(signature) = number("/alert/signature_id") else {
        return Err(Problem::invalid("/alert/signature_id", "it must be the number of the rule"));
    };
    let (generator, revision) = (number("/alert/gid").unwrap_or(1), number("/alert/rev").unwrap_or(0));
    Ok(format!("{generator}:{signature}:{revision}"))
}

/// Suricata numbers its events only within a process, so the id is made of what no two events have in common.
fn source_id(event: &Value, rule: &str) -> String {
    let identity: Vec<_> = IDENTITY.iter().map(|pointer| event.pointer(pointer).cloned()).collect();
    let hash = digest(&SHA256, Value::from_iter(identity).to_string().as_bytes());
    format!("{rule}:{}", hex(&hash.as_ref()[..16]))
}

/// Suricata's severity is the priority of the rule: 1 is the worst, and classifications use 1 to 4.
fn severity(priority: Option<&Value>) -> Severity {
    match priority.and_then(Value::as_u64) {
        Some(1) => Severity::High,
        Some(2) => Severity::Medium,
        Some(3) => Severity::Low,
        Some(4..) => Severity::Informational,
        _ => Severity::Medium,
    }
}

/// Splits an event into fields by CEF key, and the rest.
fn split(mut event: Value, rule: &str) -> (Map<String, Value>, Map<String, Value>) {
    let mut cef = Map::new();
    // A rule may say which side attacks; without that, it is the side that sent the packet.
    let at = |pointer| event.pointer(pointer).filter(|value| is_usable(value));
    let turned = at("/alert/source/ip").is_some_and(|source| {
        Some(source) == at("/dest_ip")
            && at("/alert/target/ip") == at("/src_ip")
            && Some(source) != at("/src_ip")
    });
    let server_sent_it = text(&event, "/direction") == Some("to_client");
    if let Some(name) = SERVER_NAMES.iter().find_map(|pointer| name(&event, pointer)) {
        let key = if server_sent_it != turned { "sourceDnsDomain" } else { "destinationDnsDomain" };
        cef.insert(key.to_owned(), name.into());
    }
    if let Some(name) = NAMES_ASKED_FOR.iter().find_map(|pointer| name(&event, pointer)) {
        cef.insert("destinationDnsDomain".to_owned(), name.into());
    }
    let server = if server_sent_it { "/src_ip" } else { "/dest_ip" };
    if let Some(url) = url(&event, server) {
        cef.insert("requestURL".to_owned(), url.into());
    }
    cef.insert("deviceEventClassId".to_owned(), rule.into());

    let Value::Object(rest) = &mut event else { return (cef, Map::new()) };
    let (source, destination) = if turned { ("dest", "src") } else { ("src", "dest") };
    let sides = [(source, "source"), (destination, "destination")];
    for (from, to) in sides {
        for (field, key) in [("ip", "Address"), ("port", "Port")] {
            if let Some(value) = take(rest, &[&format!("{from}_{field}")]) {
                cef.insert(format!("{to}{key}"), value);
            }
        }
    }
    for (path, key) in FIELDS {
        if let Some(value) = take(rest, path) {
            cef.insert((*key).to_owned(), value);
        }
    }
    (cef, std::mem::take(rest))
}

/// Takes one value out of nested objects, and those with it that are empty then.
fn take(object: &mut Map<String, Value>, path: &[&str]) -> Option<Value> {
    let (first, deeper) = path.split_first()?;
    if deeper.is_empty() {
        return object.get(*first).is_some_and(is_usable).then(|| object.remove(*first))?;
    }
    let inner = object.get_mut(*first)?.as_object_mut()?;
    let value = take(inner, deeper);
    if inner.is_empty() {
        object.remove(*first);
    }
    value
}

/// The whole URL: EVE has the path of a request, and the host beside it.
fn url(event: &Value, server: &str) -> Option<String> {
    let path = text(event, "/http/url")?;
    // A request to a proxy has the whole; the query of a path may hold another URL.
    if !path.starts_with('/') && path.contains("://") {
        return Some(path.to_owned());
    }
    let host = text(event, "/http/hostname").or_else(|| text(event, server))?;
    let host = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
    let port = event.pointer("/http/http_port").and_then(Value::as_u64);
    let port = port.map(|port| format!(":{port}")).unwrap_or_default();
    path.starts_with('/').then(|| format!("http://{host}{port}{path}"))
}

/// A name; a client may also have asked for an address, which is none.
fn name<'a>(event: &'a Value, pointer: &str) -> Option<&'a str> {
    text(event, pointer).filter(|name| name.parse::<IpAddr>().is_err())
}

fn text<'a>(event: &'a Value, pointer: &str) -> Option<&'a str> {
    event.pointer(pointer)?.as_str().filter(|text| !text.trim().is_empty())
}

fn is_usable(value: &Value) -> bool {
    match value {
        Value::String(text) => !text.is_empty(),
        Value::Number(_) | Value::Bool(_) => true,
        Value::Null | Value::Array(_) | Value::Object(_) => false,
    }
}

#[cfg(test)]
mod tests;
