//! What a plugin may say of itself, checked once at install; the rest of the host trusts a manifest that passed.

use std::collections::HashSet;

use palisade_model::{
    limits::{ACTION_TIME_MAX, MANIFEST_ITEMS, MANIFEST_TEXT_BYTES},
    name::Name,
    plugin::{
        ActionSpec, Capabilities, ConnectorManifest, HostPattern, HttpCapability, Identity, PlaybookManifest,
        SecretPlace,
    },
};
use serde_json::{Map, Value};

use crate::schema::{Schema, SchemaError};

/// Why a manifest is not accepted.
#[derive(Debug, thiserror::Error)]
pub enum ManifestError {
    /// A name is not one.
    #[error("{0}")]
    Name(#[from] palisade_model::name::NotAName),
    /// A text is too long, empty, or has control characters.
    #[error("{what}: it must be one line of 1 to {MANIFEST_TEXT_BYTES} bytes")]
    Text {
        /// Which.
        what: String,
    },
    /// Too many of something.
    #[error("{what}: at most {MANIFEST_ITEMS} are accepted, and none twice")]
    Items {
        /// Of what.
        what: String,
    },
    /// A schema is not JSON.
    #[error("{what}: it is not JSON ({why})")]
    Json {
        /// Which.
        what: String,
        /// The parser's words.
        why: String,
    },
    /// A schema is not acceptable.
    #[error("{0}")]
    Schema(#[from] SchemaError),
    /// Two parts contradict each other, or one is missing.
    #[error("{what}: {why}")]
    Contradiction {
        /// Which part.
        what: String,
        /// How.
        why: String,
    },
}

type Checked = Result<(), ManifestError>;

/// Checks a connector's manifest.
pub(crate) fn check_connector(manifest: &ConnectorManifest) -> Checked {
    check_identity(&manifest.identity)?;
    check_text("vendor", &manifest.vendor)?;
    check_text("product", &manifest.product)?;
    Schema::new("configuration", &manifest.configuration)?;
    if manifest.configuration.get("type") != Some(&Value::from("object")) {
        return contradiction("configuration", "its schema must have `\"type\": \"object\"`");
    }
    check_unique("actions", manifest.actions.iter().map(|action| action.name.as_str()))?;
    if manifest.actions.is_empty() {
        return contradiction("actions", "a connector without actions can do nothing");
    }
    for action in &manifest.actions {
        check_action(action, manifest)?;
    }
    check_capabilities(&manifest.capabilities, manifest)
}

/// Checks a playbook's manifest.
pub(crate) fn check_playbook(manifest: &PlaybookManifest) -> Checked {
    check_identity(&manifest.identity)?;
    check_unique("labels", manifest.labels.iter().map(String::as_str))?;
    manifest.labels.iter().try_for_each(|label| check_text("label", label))?;
    check_unique("needs", manifest.needs.iter().map(|need| (&need.connector, &need.action)))?;
    manifest.needs.iter().try_for_each(|need| {
        check_text("connector of a need", &need.connector)?;
        check_text("action of a need", &need.action)?;
        for (part, schema) in [("parameters", &need.parameters), ("data", &need.data)] {
            if let Some(schema) = schema {
                Schema::new(&format!("{part} of the need `{}/{}`", need.connector, need.action), schema)?;
            }
        }
        Ok::<_, ManifestError>(())
    })?;
    check_unique("starts", manifest.starts.iter())?;
    manifest.starts.iter().try_for_each(|name| name.parse::<Name>().map(drop))?;
    check_unique("lists", manifest.lists.iter().map(|list| &list.name))?;
    let configuration = Schema::new("configuration", &manifest.configuration)?;
    // A playbook runs as soon as it is installed, before anybody has configured it.
    let defaults = Value::Object(defaults(&manifest.configuration));
    configuration.check(&defaults).or_else(|why| {
        contradiction("configuration", &format!("each property needs a default that fits its schema: {why}"))
    })
}

/// What a schema says of properties that are left out.
pub fn defaults(schema: &Value) -> Map<String, Value> {
    let properties = schema.get("properties").and_then(Value::as_object).into_iter().flatten();
    properties.filter_map(|(name, property)| Some((name.clone(), property.get("default")?.clone()))).collect()
}

/// Names of the configuration fields that are secrets.
pub(crate) fn secrets(configuration: &Value) -> Vec<String> {
    let properties = configuration.get("properties").and_then(Value::as_object);
    properties
        .into_iter()
        .flatten()
        .filter(|(_, schema)| schema.get("writeOnly") == Some(&Value::Bool(true)))
        .map(|(field, _)| field.clone())
        .collect()
}

fn check_identity(identity: &Identity) -> Checked {
    check_text("version", &identity.version)?;
    check_text("description", &identity.description)?;
    check_text("publisher", &identity.publisher)
}

fn check_action(action: &ActionSpec, manifest: &ConnectorManifest) -> Checked {
    let what = format!("action `{}`", action.name);
    check_text("name of an action", &action.name)?;
    check_text(&what, &action.description)?;
    Schema::new(&format!("parameters of {what}"), &action.parameters)?;
    Schema::new(&format!("output of {what}"), &action.output)?;
    let most = u64::try_from(ACTION_TIME_MAX.as_millis()).unwrap_or(u64::MAX);
    if action.time_limit_ms == 0 || action.time_limit_ms > most {
        return contradiction(
            &what,
            &format!("its time limit must be from 1 to {most} ms; longer jobs are `pending`"),
        );
    }
    if action.verifies && !action.effect.mutates() {
        return contradiction(&what, "it changes nothing, so there is no effect that could be verified");
    }
    if let Some(undo) = &action.undo
        && manifest.action(undo).is_none_or(|undo| !undo.effect.mutates())
    {
        return contradiction(
            &what,
            &format!("its undo `{undo}` is no action of this connector that changes something"),
        );
    }
    if action.reads.len() > MANIFEST_ITEMS {
        return Err(ManifestError::Items { what });
    }
    action.reads.iter().try_for_each(|read| {
        check_method(&what, &read.method)?;
        if read.path.starts_with('/') {
            check_text(&what, &read.path)
        } else {
            contradiction(&what, "a path starts with `/`")
        }
    })
}

fn check_capabilities(capabilities: &Capabilities, manifest: &ConnectorManifest) -> Checked {
    let Capabilities { http, tcp, reveal, files } = capabilities;
    if http.len() + tcp.len() + reveal.len() + files.len() > MANIFEST_ITEMS {
        return Err(ManifestError::Items { what: "capabilities".into() });
    }
    for http in &capabilities.http {
        check_http(http, manifest)?;
    }
    for tcp in &capabilities.tcp {
        check_host("TCP capability", &tcp.host, manifest)?;
        check_text("reason of a TCP capability", &tcp.reason)?;
        if tcp.ports.is_empty() || tcp.ports.contains(&0) || tcp.ports.len() > MANIFEST_ITEMS {
            return contradiction("TCP capability", "it must name its ports");
        }
    }
    for reveal in &capabilities.reveal {
        check_secret("reveal", &reveal.field, manifest)?;
        check_text("reason of a reveal", &reveal.reason)?;
    }
    check_unique("files", capabilities.files.iter().map(|file| &file.field))?;
    for file in &capabilities.files {
        check_text("reason of a file", &file.reason)?;
        check_file_field(&file.field, manifest)?;
    }
    for field in &manifest.secrets {
        let placed =
            capabilities.http.iter().flat_map(|http| &http.secrets).any(|secret| secret.field == *field);
        let revealed = capabilities.reveal.iter().any(|reveal| reveal.field == *field);
        if !placed && !revealed {
            return contradiction(&format!("secret `{field}`"), "no capability says how it is used");
        }
    }
    Ok(())
}

fn check_http(http: &HttpCapability, manifest: &ConnectorManifest) -> Checked {
    check_host("HTTP capability", &http.host, manifest)?;
    check_text("reason of an HTTP capability", &http.reason)?;
    if http.methods.is_empty() || http.methods.len() > MANIFEST_ITEMS {
        return contradiction("HTTP capability", "it must name its methods");
    }
    http.methods.iter().try_for_each(|method| check_method("HTTP capability", method))?;
    if http.host == HostPattern::Anywhere && !http.secrets.is_empty() {
        return contradiction("HTTP capability", "a secret must not go anywhere: name its hosts");
    }
    http.secrets.iter().try_for_each(|secret| {
        check_secret("HTTP capability", &secret.field, manifest)?;
        match &secret.place {
            SecretPlace::Header(name) => check_text("header of a secret", name),
            SecretPlace::Query(name) => check_text("query parameter of a secret", name),
            SecretPlace::Authorization | SecretPlace::Body => Ok(()),
        }
    })
}

fn check_host(what: &str, host: &HostPattern, manifest: &ConnectorManifest) -> Checked {
    match host {
        HostPattern::Anywhere => Ok(()),
        HostPattern::Configured(field) => plain_field(what, field, manifest).map(drop),
        HostPattern::Named(name) => {
            let labels: Vec<_> = name.strip_prefix("*.").unwrap_or(name).split('.').collect();
            let good = |label: &&str| {
                !label.is_empty()
                    && label
                        .bytes()
                        .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_')
            };
            // `*.com` would be a wildcard over other people's names.
            let enough = labels.len() >= if name.starts_with("*.") { 2 } else { 1 };
            if name.len() <= 253 && enough && labels.iter().all(good) {
                Ok(())
            } else {
                contradiction(
                    what,
                    &format!("{name:?} is no host name in lower case, nor `*.` and one with a dot"),
                )
            }
        }
    }
}

/// The field must be a text, or may be left out of the configuration.
fn check_file_field(field: &str, manifest: &ConnectorManifest) -> Checked {
    let is_text = match plain_field("file", field, manifest)?.get("type") {
        Some(Value::String(one)) => one == "string",
        Some(Value::Array(types)) => {
            types.contains(&"string".into()) && types.iter().all(|one| one == "string" || one == "null")
        }
        _ => false,
    };
    if is_text {
        Ok(())
    } else {
        contradiction("file", &format!("the configuration field `{field}` is no text"))
    }
}

/// The schema of a configuration field that is no secret.
fn plain_field<'a>(
    what: &str,
    field: &str,
    manifest: &'a ConnectorManifest,
) -> Result<&'a Value, ManifestError> {
    let schema = manifest.configuration.get("properties").and_then(|properties| properties.get(field));
    schema.filter(|_| !manifest.secrets.iter().any(|secret| secret == field)).ok_or_else(|| {
        ManifestError::Contradiction {
            what: what.to_owned(),
            why: format!("`{field}` is no plain configuration field"),
        }
    })
}

fn check_secret(what: &str, field: &str, manifest: &ConnectorManifest) -> Checked {
    if manifest.secrets.iter().any(|secret| secret == field) {
        return Ok(());
    }
    contradiction(what, &format!("`{field}` is no configuration field with `\"writeOnly\": true`"))
}

fn check_method(what: &str, method: &str) -> Checked {
    if (1..=16).contains(&method.len()) && method.bytes().all(|b| b.is_ascii_uppercase()) {
        return Ok(());
    }
    contradiction(what, &format!("{method:?} is no HTTP method in upper case"))
}

fn check_text(what: &str, text: &str) -> Checked {
    // These texts are printed on the operator's terminal, where an escape sequence could rewrite the screen.
    if (1..=MANIFEST_TEXT_BYTES).contains(&text.len()) && !text.chars().any(char::is_control) {
        return Ok(());
    }
    Err(ManifestError::Text { what: what.to_owned() })
}

fn check_unique<T: Eq + std::hash::Hash>(what: &str, items: impl ExactSizeIterator<Item = T>) -> Checked {
    let count = items.len();
    let unique: HashSet<T> = items.collect();
    if count <= MANIFEST_ITEMS && unique.len() == count {
        Ok(())
    } else {
        Err(ManifestError::Items { what: what.into() })
    }
}

fn contradiction(what: &str, why: &str) -> Checked {
    Err(ManifestError::Contradiction { what: what.to_owned(), why: why.to_owned() })
}
