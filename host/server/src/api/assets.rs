//! Assets. Their secrets go in and never come out.

use std::collections::BTreeMap;

use axum::{Json, body::Body, extract::State, http::StatusCode};
use palisade_model::{
    action::RetryLimits,
    asset::{Asset, Network},
    journal::Ended,
    limits::{ACTION_ATTEMPTS_MAX, ACTION_RETRY_SECONDS_MAX},
    name::Name,
};
use palisade_runs::{NewAsset, Removal};
use palisade_vault::Secret;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{
    caller::Caller,
    extract::{Named, read_json},
    limits::ASSET_BODY_BYTES,
    problem::Problem,
    server,
};

#[derive(Serialize)]
pub(super) struct Assets {
    assets: Vec<AssetInShort>,
}

/// An asset as it may be shown.
#[derive(Serialize)]
pub(super) struct AssetInShort {
    name: Name,
    connector: Name,
    configuration: Map<String, Value>,
    /// Names of the secrets it has.
    secrets: Vec<String>,
    network: Network,
    retries: RetryLimits,
    /// Whether actions can use it; the log says why not.
    ready: bool,
}

/// What to configure.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Put {
    connector: Name,
    #[serde(default)]
    configuration: Map<String, Value>,
    #[serde(default)]
    secrets: BTreeMap<String, String>,
    #[serde(default)]
    network: Network,
    #[serde(default)]
    retries: RetryLimits,
}

/// How a test went.
#[derive(Serialize)]
pub(super) struct Tested {
    result: Ended,
    took_us: u64,
}

/// `GET /assets`: by name.
pub(super) async fn list(State(edge): server::State) -> Result<Json<Assets>, Problem> {
    let catalogue = edge.runs.catalogue();
    let short = |asset: Asset| {
        let ready = catalogue.asset(asset.name.as_str()).is_some();
        in_short(asset, ready)
    };
    Ok(Json(Assets { assets: edge.runs.store().assets()?.into_iter().map(short).collect() }))
}

/// `PUT /assets/{name}`.
pub(super) async fn put(
    State(edge): server::State,
    caller: Caller,
    Named(name): Named,
    body: Body,
) -> Result<Json<AssetInShort>, Problem> {
    let put: Put = read_json(body, ASSET_BODY_BYTES).await?;
    let secret = |(field, plain): (String, String)| match Secret::new(plain) {
        Ok(secret) => Ok((field, secret)),
        Err(error) => Err(Problem::invalid(format!("/secrets/{field}"), error.to_string())),
    };
    let secrets = put.secrets.into_iter().map(secret).collect::<Result<_, _>>()?;
    check(put.retries)?;
    let Put { connector, configuration, network, retries, .. } = put;
    let new = NewAsset { connector, configuration, secrets, network, retries };
    let asset = edge.runs.put_asset(name, new, caller.name()).await?;
    Ok(Json(in_short(asset, true)))
}

/// `DELETE /assets/{name}`.
pub(super) async fn remove(
    State(edge): server::State,
    caller: Caller,
    Named(name): Named,
) -> Result<StatusCode, Problem> {
    match edge.runs.remove_asset(&name, caller.name()).await? {
        Removal::Removed => Ok(StatusCode::NO_CONTENT),
        Removal::Absent => Err(Problem::not_found(format!("there is no asset `{name}`"))),
    }
}

/// `POST /assets/{name}/test`.
pub(super) async fn test(State(edge): server::State, Named(name): Named) -> Result<Json<Tested>, Problem> {
    let tested = edge.runs.test_asset(&name).await?;
    let took_us = u64::try_from(tested.took.as_micros()).unwrap_or(u64::MAX);
    Ok(Json(Tested { result: tested.result.into(), took_us }))
}

fn in_short(asset: Asset, ready: bool) -> AssetInShort {
    AssetInShort {
        name: asset.name,
        connector: asset.connector,
        configuration: asset.configuration,
        secrets: asset.sealed.into_keys().collect(),
        network: asset.network,
        retries: asset.retries,
        ready,
    }
}

fn check(retries: RetryLimits) -> Result<(), Problem> {
    let within = |field: &str, value: u32, most: u32| match value {
        value if (1..=most).contains(&value) => Ok(()),
        value => {
            let detail = format!("{value} {field} are not possible: give a whole number from 1 to {most}");
            Err(Problem::invalid(format!("/retries/{field}"), detail))
        }
    };
    within("attempts", retries.attempts, ACTION_ATTEMPTS_MAX)?;
    within("seconds", retries.seconds, ACTION_RETRY_SECONDS_MAX)
}
