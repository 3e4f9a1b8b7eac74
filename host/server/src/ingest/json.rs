//! Alerts as plain JSON.

use palisade_model::{
    alert::{NewAlert, NewArtifact, Severity},
    name::Name,
};
use serde::Deserialize;
use serde_json::Value;

use crate::problem::Problem;

/// What a source sends. Fields that are not named here are refused, so that a typing error is seen at once.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    /// The source's own id; a second alert with it is a duplicate.
    id: String,
    name: String,
    label: String,
    #[serde(default = "medium")]
    severity: Severity,
    #[serde(default)]
    description: String,
    link: Option<String>,
    #[serde(default)]
    artifacts: Vec<NewArtifact>,
}

/// The alert in the body of `POST /ingest/{source}`, without the bounds that are checked for every format.
pub(crate) fn alert(body: Value, source: Name) -> Result<NewAlert, Problem> {
    let body = Body::deserialize(body).map_err(|error| Problem::invalid("", error.to_string()))?;
    Ok(NewAlert {
        source: source.into(),
        source_id: body.id,
        name: body.name,
        label: body.label,
        severity: body.severity,
        description: body.description,
        link: body.link,
        artifacts: NewArtifact::numbered(body.artifacts),
    })
}

fn medium() -> Severity {
    Severity::Medium
}
