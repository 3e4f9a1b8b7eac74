//! What a connector may reach, and which secrets go where.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Changes, Part, Sign, only_in};
use crate::plugin::{Capabilities, ConnectorManifest, HostPattern, SecretPlace, SecretUse};

/// One thing that a capability lets a connector do, as small as it can be granted.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Grant<'a> {
    Http { host: &'a HostPattern, method: &'a str },
    Tcp { host: &'a HostPattern, port: u16 },
    File { field: &'a str },
    Secret { host: &'a HostPattern, secret: &'a SecretUse },
    Reveal { field: &'a str },
}

pub(super) fn compare(old: &ConnectorManifest, new: &ConnectorManifest, changes: &mut Changes) {
    let (before, after) = (grants(&old.capabilities), grants(&new.capabilities));
    let added: Vec<_> = only_in(&after, &before).collect();
    let (covered, wider): (Vec<_>, Vec<_>) =
        added.into_iter().partition(|grant| before.iter().any(|before| before.covers(grant)));
    tell(&wider, Sign::Added, true, changes);
    tell(&covered, Sign::Added, false, changes);
    tell(&only_in(&before, &after).collect::<Vec<_>>(), Sign::Removed, false, changes);
    defaults(old, new, changes);
    for field in only_in(&old.secrets, &new.secrets).filter(|field| property(new, field).is_some()) {
        let words = format!("`{field}` is no secret any more: the plugin is told it");
        changes.add(Part::Secrets, Sign::Changed, true, "", words);
    }
}

/// Where the host goes for an asset that leaves the field out.
fn defaults(old: &ConnectorManifest, new: &ConnectorManifest, changes: &mut Changes) {
    let mut fields: Vec<_> = hosts(&new.capabilities)
        .filter_map(|host| match host {
            HostPattern::Configured(field) => Some(field.as_str()),
            HostPattern::Named(_) | HostPattern::Anywhere => None,
        })
        .collect();
    fields.sort_unstable();
    fields.dedup();
    for field in fields {
        let default = |manifest| property(manifest, field).and_then(|property| property.get("default"));
        let (Some(after), before) = (default(new), default(old)) else { continue };
        if before != Some(after) {
            let before = before.map_or_else(|| "nothing".to_owned(), Value::to_string);
            let words = format!("the server in `{field}` is by default {after}, was {before}");
            changes.add(Part::Reach, Sign::Changed, true, "", words);
        }
    }
}

fn property<'a>(manifest: &'a ConnectorManifest, field: &str) -> Option<&'a Value> {
    manifest.configuration.get("properties")?.get(field)
}

fn hosts(capabilities: &Capabilities) -> impl Iterator<Item = &HostPattern> {
    let http = capabilities.http.iter().map(|http| &http.host);
    http.chain(capabilities.tcp.iter().map(|tcp| &tcp.host))
}

fn grants(capabilities: &Capabilities) -> Vec<Grant<'_>> {
    let mut grants = Vec::new();
    for http in &capabilities.http {
        let host = &http.host;
        grants.extend(http.methods.iter().map(|method| Grant::Http { host, method }));
        grants.extend(http.secrets.iter().map(|secret| Grant::Secret { host, secret }));
    }
    for tcp in &capabilities.tcp {
        grants.extend(tcp.ports.iter().map(|port| Grant::Tcp { host: &tcp.host, port: *port }));
    }
    grants.extend(capabilities.files.iter().map(|file| Grant::File { field: &file.field }));
    grants.extend(capabilities.reveal.iter().map(|reveal| Grant::Reveal { field: &reveal.field }));
    grants
}

impl Grant<'_> {
    /// Whether who has this one can do no more with the other.
    fn covers(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Http { host, method }, Self::Http { host: other, method: same }) => {
                method == same && host.covers(other)
            }
            (Self::Tcp { host, port }, Self::Tcp { host: other, port: same }) => {
                port == same && host.covers(other)
            }
            (Self::Secret { host, secret }, Self::Secret { host: other, secret: same }) => {
                secret == same && host.covers(other)
            }
            _ => self == other,
        }
    }

    fn part(&self) -> Part {
        match self {
            Self::Http { .. } | Self::Tcp { .. } | Self::File { .. } => Part::Reach,
            Self::Secret { .. } | Self::Reveal { .. } => Part::Secrets,
        }
    }

    /// What is told on one line, and this one's share of it.
    fn words(&self) -> (String, String) {
        match self {
            Self::Http { host, method } => (format!("HTTP  {host} "), (*method).to_owned()),
            Self::Tcp { host, port } => (format!("TCP   {host}  port"), port.to_string()),
            Self::File { field } => (format!("FILE  the one in `{field}`"), String::new()),
            Self::Secret { host, secret } => {
                (format!("`{}` goes to {host} in", secret.field), secret.place.to_string())
            }
            Self::Reveal { field } => (format!("`{field}` is revealed to the plugin itself"), String::new()),
        }
    }
}

/// Tells what belongs together in one line.
fn tell(grants: &[&Grant<'_>], sign: Sign, wider: bool, changes: &mut Changes) {
    let mut lines: BTreeMap<(Part, String), Vec<String>> = BTreeMap::new();
    for grant in grants {
        let (line, share) = grant.words();
        lines.entry((grant.part(), line)).or_default().push(share);
    }
    for ((part, line), shares) in lines {
        changes.add(part, sign, wider, "", format!("{line} {}", shares.join(", ")).trim_end().to_owned());
    }
}

impl HostPattern {
    /// Whether every host of the other is one of these, whatever is configured.
    fn covers(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Anywhere, Self::Named(_)) => true,
            (Self::Named(all), Self::Named(one)) if all.starts_with("*.") => {
                all == one || one.trim_start_matches("*.").ends_with(&all[1..])
            }
            _ => self == other,
        }
    }
}

impl std::fmt::Display for HostPattern {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Named(name) => f.write_str(name),
            Self::Configured(field) => write!(f, "the server in `{field}`"),
            Self::Anywhere => f.write_str("any public host"),
        }
    }
}

impl std::fmt::Display for SecretPlace {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Header(name) => write!(f, "the header {name}"),
            Self::Query(name) => write!(f, "the query parameter {name}"),
            Self::Authorization => f.write_str("the Authorization header"),
            Self::Body => f.write_str("the body"),
        }
    }
}
