//! Plugins: look first, then grant.

use axum::{
    Json,
    body::Body,
    extract::State,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::IntoResponse,
};
use base64::{Engine, prelude::BASE64_STANDARD};
use palisade_model::{
    limits::{COMPONENT_BYTES, SIGNATURE_BYTES, SOURCE_BYTES},
    plugin::{Digest, Manifest, Plugin, Provenance, flow::Standing, replacement::Replacement},
    signer::SignedBy,
};
use palisade_package::Package;
use palisade_runs::{Grant, Looked, Removal, Word};
use serde::{Deserialize, Serialize};

use crate::{
    caller::Caller,
    extract::{Named, Parameters, read},
    problem::Problem,
    server,
};

#[derive(Serialize)]
pub(super) struct Plugins {
    plugins: Vec<Plugin>,
}

/// What a component says of itself; nothing was installed.
#[derive(Serialize)]
pub(super) struct Inspected {
    digest: Digest,
    size: usize,
    manifest: Manifest,
    /// Where its file says that it comes from.
    package: Package,
    /// Whose word there is for it.
    signed_by: SignedBy,
    /// The plugin of that name that is installed now.
    installed: Option<Plugin>,
    /// What it would do to put it in the place of that one.
    replacement: Option<Replacement>,
    /// How each need stands, if it is a playbook.
    needs: Vec<Standing>,
}

/// The operator's word: the component that was looked at, with everything it asks for.
#[derive(Deserialize)]
pub(super) struct Granted {
    grant: Digest,
    /// It is the word of a lock file: whoever installs was not asked.
    #[serde(default)]
    by_lock_file: bool,
    /// The component that it was compared with.
    replaces: Option<Digest>,
    /// It may do more than that one.
    #[serde(default)]
    wider: bool,
    /// What it breaks is disabled.
    #[serde(default)]
    breaks: bool,
    /// It is enabled although it lacks connectors.
    #[serde(default)]
    anyway: bool,
    /// It is disabled from the beginning.
    #[serde(default)]
    disabled: bool,
    /// Although nobody who is trusted signed it.
    #[serde(default)]
    allow_unsigned: bool,
    /// Although a newer version was here before.
    #[serde(default)]
    allow_downgrade: bool,
}

/// What a rollback would do.
#[derive(Serialize)]
pub(super) struct Rollback {
    /// The version that would be back.
    previous: Plugin,
    replacement: Replacement,
}

/// How to roll back.
#[derive(Deserialize)]
pub(super) struct Accepted {
    /// The version that was foreseen.
    to: Digest,
    #[serde(default)]
    breaks: bool,
}

/// How to enable.
#[derive(Deserialize)]
pub(super) struct Anyway {
    #[serde(default)]
    anyway: bool,
}

/// On whose word to disable.
#[derive(Deserialize)]
pub(super) struct Said {
    /// It is the word of a lock file.
    #[serde(default)]
    by_lock_file: bool,
}

/// How the needs of a playbook stand.
#[derive(Serialize)]
pub(super) struct Needs {
    needs: Vec<Standing>,
}

/// `GET /plugins`: by name.
pub(super) async fn list(State(edge): server::State) -> Result<Json<Plugins>, Problem> {
    Ok(Json(Plugins { plugins: edge.runs.store().plugins()? }))
}

/// `GET /plugins/{name}`.
pub(super) async fn show(State(edge): server::State, Named(name): Named) -> Result<Json<Plugin>, Problem> {
    let plugin = edge.runs.store().plugin(&name)?;
    plugin.map(Json).ok_or_else(|| Problem::not_found(format!("there is no plugin `{name}`")))
}

/// `POST /plugins/inspect`: compiles a component and asks it what it is.
pub(super) async fn inspect(
    State(edge): server::State,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<Inspected>, Problem> {
    let signature = provenance(&headers)?.signature;
    let component = read(body, COMPONENT_BYTES).await?;
    let Looked { compiled, manifest, package, signed_by } =
        edge.runs.inspect(&component, signature.as_deref()).await?;
    let digest = compiled.digest().clone();
    let installed = edge.runs.store().plugin(&manifest.identity().name)?;
    let replacement = edge.runs.replacement(&manifest)?;
    let needs = match &manifest {
        Manifest::Playbook(playbook) => edge.runs.catalogue().standing(playbook),
        Manifest::Connector(_) => Vec::new(),
    };
    let size = component.len();
    Ok(Json(Inspected { digest, size, manifest, package, signed_by, installed, replacement, needs }))
}

/// `POST /plugins?grant=DIGEST`: installs the component that was looked at, in place of the version that is installed.
pub(super) async fn install(
    State(edge): server::State,
    caller: Caller,
    Parameters(granted): Parameters<Granted>,
    headers: HeaderMap,
    body: Body,
) -> Result<(StatusCode, Json<Plugin>), Problem> {
    let Granted {
        grant,
        by_lock_file,
        replaces,
        wider,
        breaks,
        anyway,
        disabled,
        allow_unsigned,
        allow_downgrade,
    } = granted;
    let word = Word { provenance: provenance(&headers)?, by_lock_file, allow_unsigned, allow_downgrade };
    let grant = Grant { component: grant, replaces, wider, breaks, anyway, disabled };
    let component = read(body, COMPONENT_BYTES).await?;
    let plugin = edge.runs.install(component, &grant, caller.name(), &word).await?;
    Ok((StatusCode::CREATED, Json(plugin)))
}

/// `GET /plugins/{name}/component`: the file that was installed.
pub(super) async fn component(
    State(edge): server::State,
    Named(name): Named,
) -> Result<impl IntoResponse, Problem> {
    let missing = || Problem::not_found(format!("there is no plugin `{name}`"));
    let plugin = edge.runs.store().plugin(&name)?.ok_or_else(missing)?;
    let component = edge.runs.store().component(&plugin.digest)?.ok_or_else(missing)?;
    Ok(([(header::CONTENT_TYPE, HeaderValue::from_static("application/wasm"))], component))
}

/// Where a component comes from, as whoever sends it says: `palisade-source`, and `palisade-signature` with the signature
/// in Base64 (RFC 4648).
fn provenance(headers: &HeaderMap) -> Result<Provenance, Problem> {
    let source = headers.get("palisade-source").map(|value| {
        let text = value.to_str().ok().filter(|text| text.len() <= SOURCE_BYTES);
        text.map(str::to_owned).ok_or_else(|| {
            Problem::malformed(format!("`palisade-source` is ASCII text of at most {SOURCE_BYTES} bytes"))
        })
    });
    let signature = headers.get("palisade-signature").map(|value| {
        let file = BASE64_STANDARD.decode(value).ok().filter(|file| file.len() <= SIGNATURE_BYTES);
        file.and_then(|file| String::from_utf8(file).ok()).ok_or_else(|| {
            Problem::malformed(format!(
                "`palisade-signature` is the file of a signature in Base64, of at most {SIGNATURE_BYTES} bytes"
            ))
        })
    });
    Ok(Provenance { by: None, source: source.transpose()?, signature: signature.transpose()? })
}

/// `DELETE /plugins/{name}`.
pub(super) async fn remove(
    State(edge): server::State,
    caller: Caller,
    Named(name): Named,
) -> Result<StatusCode, Problem> {
    match edge.runs.remove_plugin(&name, caller.name()).await? {
        Removal::Removed => Ok(StatusCode::NO_CONTENT),
        Removal::Absent => Err(Problem::not_found(format!("there is no plugin `{name}`"))),
    }
}

/// `GET /plugins/{name}/rollback`: what a rollback would do.
pub(super) async fn foresee_rollback(
    State(edge): server::State,
    Named(name): Named,
) -> Result<Json<Rollback>, Problem> {
    let (previous, replacement) = edge.runs.replacement_by_rollback(&name)?;
    Ok(Json(Rollback { previous, replacement }))
}

/// `POST /plugins/{name}/rollback`.
pub(super) async fn rollback(
    State(edge): server::State,
    caller: Caller,
    Named(name): Named,
    Parameters(Accepted { to, breaks }): Parameters<Accepted>,
) -> Result<Json<Plugin>, Problem> {
    Ok(Json(edge.runs.rollback(&name, &to, breaks, caller.name()).await?))
}

/// `POST /plugins/{name}/enable`.
pub(super) async fn enable(
    State(edge): server::State,
    caller: Caller,
    Named(name): Named,
    Parameters(Anyway { anyway }): Parameters<Anyway>,
) -> Result<Json<Plugin>, Problem> {
    Ok(Json(edge.runs.enable(&name, anyway, caller.name()).await?))
}

/// `POST /plugins/{name}/disable`.
pub(super) async fn disable(
    State(edge): server::State,
    caller: Caller,
    Named(name): Named,
    Parameters(Said { by_lock_file }): Parameters<Said>,
) -> Result<Json<Plugin>, Problem> {
    Ok(Json(edge.runs.disable(&name, by_lock_file, caller.name()).await?))
}

/// `GET /plugins/{name}/needs`: of a playbook.
pub(super) async fn needs(State(edge): server::State, Named(name): Named) -> Result<Json<Needs>, Problem> {
    Ok(Json(Needs { needs: edge.runs.needs(&name)? }))
}
