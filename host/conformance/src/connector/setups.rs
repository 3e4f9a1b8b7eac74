//! Assets to try a connector with, made from its schema.

use palisade_model::plugin::{ConnectorManifest, HostPattern};
use serde_json::{Map, Value, json};

use crate::{
    generate::{self, Extent},
    random::Random,
    stage::Setup,
};

/// Where a configured server is, unless its schema has an example or a default.
const SERVER: &str = "upstream.example.com";

/// Assets to try, the likeliest first: with what is required, with everything, and with what is required and one more field
/// that names a server. A connector may refuse some of them, for its schema cannot say everything.
pub(crate) fn setups(
    manifest: &ConnectorManifest,
    given: Option<&Map<String, Value>>,
    random: &mut Random,
) -> Vec<Setup> {
    if let Some(given) = given {
        return vec![Setup { configuration: given.clone(), secrets: manifest.secrets.clone() }];
    }
    let required = manifest.configuration.get("required").and_then(Value::as_array);
    let required: Vec<_> = required.into_iter().flatten().filter_map(Value::as_str).collect();
    let needed =
        manifest.secrets.iter().filter(|field| required.contains(&field.as_str())).cloned().collect();
    let servers = servers(manifest);

    let mut setups = Vec::new();
    let mut add = |extent: Extent, more: &[&Server<'_>], secrets: &Vec<String>, random: &mut Random| {
        let Some(Value::Object(mut configuration)) = generate::value(&manifest.configuration, extent, random)
        else {
            return;
        };
        for server in &servers {
            let chosen = more.iter().any(|more| more.field == server.field);
            if chosen || configuration.contains_key(server.field) {
                configuration.insert(server.field.to_owned(), server.value.clone());
            }
        }
        configuration.retain(|field, _| !manifest.secrets.contains(field));
        let setup = Setup { configuration, secrets: secrets.clone() };
        if !setups.contains(&setup) {
            setups.push(setup);
        }
    };
    let all: Vec<_> = servers.iter().collect();
    add(Extent::Most, &all, &manifest.secrets, random);
    add(Extent::Least, &all, &manifest.secrets, random);
    for server in &servers {
        add(Extent::Least, &[server], &manifest.secrets, random);
        add(Extent::Least, &[server], &needed, random);
    }
    add(Extent::Least, &[], &manifest.secrets, random);
    add(Extent::Least, &[], &needed, random);
    setups
}

/// A configuration field that names a server, and a value for it.
struct Server<'a> {
    field: &'a str,
    value: Value,
}

fn servers(manifest: &ConnectorManifest) -> Vec<Server<'_>> {
    let schema = |field: &str| manifest.configuration.get("properties").and_then(|fields| fields.get(field));
    let own = |field: &str| {
        let schema = schema(field)?;
        let example = schema.get("examples").and_then(|examples| examples.get(0));
        example.or(schema.get("default")).filter(|value| !value.is_null()).cloned()
    };
    let is_list = |field: &str| {
        schema(field).is_some_and(|schema| {
            schema.get("items").is_some() || schema.get("type") == Some(&json!("array"))
        })
    };
    let mut servers: Vec<Server<'_>> = Vec::new();
    for http in &manifest.capabilities.http {
        if let HostPattern::Configured(field) = &http.host {
            let url = json!(format!("https://{SERVER}"));
            let value = own(field).unwrap_or(if is_list(field) { json!([url]) } else { url });
            servers.push(Server { field, value });
        }
    }
    for tcp in &manifest.capabilities.tcp {
        if let HostPattern::Configured(field) = &tcp.host {
            servers.push(Server { field, value: own(field).unwrap_or(json!(SERVER)) });
        }
    }
    servers
}
