//! The policy: which it is, and what it would say.

use std::path::PathBuf;

use axum::{Json, body::Body, extract::State};
use palisade_model::{Timestamp, action::Effect, alert::Severity, name::Name};
use palisade_policy::{Considered, Decision, Proposed};
use palisade_runs::PolicyStatus;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{extract::read_json, limits::POLICY_QUESTION_BYTES, problem::Problem, server};

/// How the policy stands.
#[derive(Serialize)]
pub(super) struct Status {
    file: PathBuf,
    present: bool,
    problem: Option<String>,
}

/// An action that might be sent.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Question {
    connector: String,
    action: String,
    /// The connector's default asset, if none is named.
    asset: Option<Name>,
    #[serde(default)]
    playbook: String,
    #[serde(default)]
    label: String,
    #[serde(default = "medium")]
    severity: Severity,
    #[serde(default = "nothing")]
    parameters: Value,
}

/// What would become of it.
#[derive(Serialize)]
pub(super) struct Answer {
    connector: String,
    action: String,
    asset: String,
    effect: Effect,
    #[serde(flatten)]
    decision: Decision,
    /// What was looked at on the way, in order.
    considered: Vec<Considered>,
}

/// `GET /policy`.
pub(super) async fn show(State(edge): server::State) -> Json<Status> {
    let PolicyStatus { file, present, problem } = edge.runs.policy_status();
    Json(Status { file, present, problem })
}

/// `POST /policy/check`: explains which rule would decide an action, as the policy and the host stand now.
pub(super) async fn check(State(edge): server::State, body: Body) -> Result<Json<Answer>, Problem> {
    let asked: Question = read_json(body, POLICY_QUESTION_BYTES).await?;
    let catalogue = edge.runs.catalogue();
    let connector = catalogue.connector(&asked.connector);
    let connector = connector
        .ok_or_else(|| Problem::not_found(format!("there is no connector `{}`", asked.connector)))?;
    let action = connector.manifest.action(&asked.action).ok_or_else(|| {
        Problem::not_found(format!("connector `{}` has no action `{}`", asked.connector, asked.action))
    })?;
    let asset = match &asked.asset {
        Some(asset) => asset.to_string(),
        // Without an asset the question still has an answer, unless a rule goes by it.
        None => catalogue
            .default_asset(&asked.connector)
            .map_or_else(|_| asked.connector.clone(), |asset| asset.asset.name.to_string()),
    };
    let proposed = Proposed {
        effect: action.effect,
        connector: &asked.connector,
        action: &asked.action,
        asset: &asset,
        playbook: &asked.playbook,
        label: &asked.label,
        severity: asked.severity,
        parameters: &asked.parameters,
        undoes: false,
    };
    let (policy, recent) = edge.runs.policy();
    let now = Timestamp::now();
    let (decision, considered) =
        (policy.decide(&proposed, &recent, now), policy.explain(&proposed, &recent, now));
    Ok(Json(Answer {
        effect: action.effect,
        connector: asked.connector.clone(),
        action: asked.action.clone(),
        asset,
        decision,
        considered,
    }))
}

fn medium() -> Severity {
    Severity::Medium
}

fn nothing() -> Value {
    json!({})
}
