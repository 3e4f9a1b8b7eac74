//! `update event`: notable events of Enterprise Security.

use palisade_sdk::{
    Failure,
    connector::{Call, Done, Verdict},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::{Configuration, server::Server};

/// Takes changes of notable events.
const UPDATE_PATH: &str = "/services/notable_update";

/// The collection in which Enterprise Security keeps every change of a notable event.
const REVIEWS_PATH: &str =
    "/servicesNS/nobody/SA-ThreatIntelligence/storage/collections/data/incident_review";

/// How many changes are looked at, newest first. The one in question is younger than the failure of its call.
const REVIEWS: usize = 100;

#[derive(Deserialize, JsonSchema)]
pub(crate) struct UpdateEvent {
    /// The event's `event_id`.
    #[schemars(length(min = 1, max = 512))]
    event_ids: String,
    /// New owner.
    owner: Option<String>,
    /// New status.
    status: Option<Status>,
    /// Number of a new status that is the team's own; instead of `status`.
    integer_status: Option<u32>,
    /// New urgency.
    urgency: Option<Urgency>,
    /// New disposition.
    disposition: Option<Disposition>,
    /// What to note. It ends with the idempotency key, by which a later look finds this change.
    comment: Option<String>,
}

/// The statuses that Enterprise Security has from the start.
#[derive(Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Status {
    Unassigned,
    New,
    #[serde(rename = "in progress")]
    InProgress,
    Pending,
    Resolved,
    Closed,
}

#[derive(Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Urgency {
    Informational,
    Low,
    Medium,
    High,
    Critical,
}

/// The dispositions that Enterprise Security has from the start.
#[derive(Clone, Copy, Deserialize, JsonSchema)]
enum Disposition {
    Unassigned,
    #[serde(rename = "True Positive - Suspicious Activity")]
    TruePositive,
    #[serde(rename = "Benign Positive - Suspicious But Expected")]
    BenignPositive,
    #[serde(rename = "False Positive - Incorrect Analytic Logic")]
    IncorrectLogic,
    #[serde(rename = "False Positive - Inaccurate Data")]
    InaccurateData,
    Other,
    Undetermined,
}

/// A notable event that was changed.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Updated {
    /// Its `event_id`.
    event_id: String,
}

impl UpdateEvent {
    /// The changes, as the API names them.
    fn form(&self, key: &str) -> Result<Vec<(&'static str, String)>, Failure> {
        if self.event_ids.contains([',', ' ']) {
            return Err(Failure::invalid("`event_ids` must be one event"));
        }
        if self.status.is_some() && self.integer_status.is_some() {
            return Err(Failure::invalid("only one of `status` and `integer_status` can be meant"));
        }
        let status = self.status.map(|status| status as u32).or(self.integer_status);
        let disposition = self.disposition.map(|disposition| format!("disposition:{}", disposition as u32));
        let changes = [
            ("newOwner", self.owner.clone()),
            ("status", status.map(|status| status.to_string())),
            ("urgency", self.urgency.map(Urgency::name)),
            ("disposition", disposition),
        ];
        let mut form: Vec<_> = changes.into_iter().filter_map(|(name, value)| Some((name, value?))).collect();
        if form.is_empty() && self.comment.is_none() {
            return Err(Failure::invalid("there is nothing to change"));
        }
        let comment = self.comment.as_deref().unwrap_or_default().trim_end();
        let separator = if comment.is_empty() { "" } else { "\n\n" };
        form.push(("comment", format!("{comment}{separator}{}", mark(key))));
        form.push(("ruleUIDs", self.event_ids.clone()));
        Ok(form)
    }

    fn done(self) -> Done<Updated> {
        let event_id = self.event_ids;
        let message = format!("Updated the notable event {event_id}.");
        Done::success(message, Updated { event_id: event_id.clone() }).fact("updated_event_id", event_id)
    }
}

impl Urgency {
    fn name(self) -> String {
        match self {
            Self::Informational => "informational",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
        .to_owned()
    }
}

/// How a comment ends: only by its call's key can a later look tell it from another of the same words.
fn mark(key: &str) -> String {
    format!("({key})")
}

pub(crate) fn update(call: &Call<Configuration>, asked: UpdateEvent) -> Result<Done<Updated>, Failure> {
    #[derive(Deserialize)]
    struct Answer {
        success: bool,
        #[serde(default)]
        message: String,
    }

    let form = asked.form(&call.idempotency_key)?;
    let server = Server::new(call)?;
    let request = server.post(UPDATE_PATH).form(form.iter().map(|(name, value)| (*name, value.as_str())));
    let answer: Answer = match server.send(request) {
        Err(Failure::NotFound(_)) => return Err(without_es()),
        response => response?.json()?,
    };
    if !answer.success {
        return Err(Failure::upstream(format!("the event was not updated: {}", answer.message)));
    }
    Ok(asked.done())
}

pub(crate) fn verify(call: &Call<Configuration>, asked: UpdateEvent) -> Result<Verdict<Updated>, Failure> {
    #[derive(Deserialize)]
    struct Review {
        #[serde(default)]
        comment: String,
    }

    let server = Server::new(call)?;
    let request = server
        .get(REVIEWS_PATH)
        .query("query", json!({ "rule_id": asked.event_ids }).to_string())
        .query("sort", "time:-1")
        .query("limit", REVIEWS.to_string());
    let reviews: Vec<Review> = match server.send(request) {
        Err(Failure::NotFound(_)) => return Err(without_es()),
        response => response?.json()?,
    };
    let mark = mark(&call.idempotency_key);
    if reviews.iter().any(|review| review.comment.trim_end().ends_with(&mark)) {
        return Ok(Verdict::Happened(asked.done()));
    }
    Ok(match reviews.len() {
        0 => Verdict::Unknown(
            "no change of this event is recorded, or the user may not read the records".to_owned(),
        ),
        REVIEWS.. => Verdict::Unknown(format!("the event was changed more than {REVIEWS} times since")),
        _ => Verdict::DidNotHappen,
    })
}

fn without_es() -> Failure {
    Failure::not_found("this Splunk has no Enterprise Security, so it has no notable events")
}
