//! Splunk's management port: search jobs, notable events of Enterprise Security, and `receivers/simple`.
//!
//! Source: Splunk's REST API Reference and the Notable Event API reference of Enterprise Security. Of the search language
//! only the index is understood, by which a search finds one of a few tables.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::call::{Answer, Call, form};
use crate::limits::TABLE_RECORDS;
use crate::story;

/// How often a job is looked at before it is done.
const LOOKS: u32 = 2;

/// Arguments of a search job that the lab knows.
const JOB_ARGUMENTS: [&str; 8] = [
    "search",
    "exec_mode",
    "adhoc_search_level",
    "max_count",
    "auto_cancel",
    "earliest_time",
    "latest_time",
    "output_mode",
];

/// Arguments of a change of notable events.
const NOTABLE_ARGUMENTS: [&str; 7] =
    ["ruleUIDs", "newOwner", "status", "urgency", "disposition", "comment", "output_mode"];

/// Jobs, changes of notable events, and events that were sent.
#[derive(Default)]
pub(crate) struct Splunk {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    jobs: BTreeMap<String, Job>,
    /// Changes of notable events, oldest first.
    reviews: Vec<Value>,
    events: Vec<Value>,
}

struct Job {
    search: String,
    looks: u32,
    results: Vec<Value>,
}

impl Splunk {
    /// Changes of notable events, oldest first.
    pub(crate) fn reviews(&self) -> Vec<Value> {
        self.state().reviews.clone()
    }

    /// Events that were sent, oldest first.
    pub(crate) fn events(&self) -> Vec<Value> {
        self.state().events.clone()
    }

    /// Forgets all jobs, as Splunk does after a while.
    pub(crate) fn forget_jobs(&self) {
        self.state().jobs.clear();
    }

    pub(crate) fn answer(&self, call: &Call) -> Answer {
        let token = call.bearer() == Some(story::SPLUNK_TOKEN);
        let user = call
            .basic()
            .is_some_and(|pair| pair == (story::SPLUNK_USER.to_owned(), story::SPLUNK_PASSWORD.to_owned()));
        if !token && !user {
            return message(StatusCode::UNAUTHORIZED, "WARN", "call not properly authenticated")
                .authenticated(false);
        }
        let answer = if call.parameter("output_mode").as_deref() == Some("json") {
            self.resource(call)
        } else {
            Answer::not_played("Splunk's answers in XML")
        };
        answer.authenticated(true)
    }

    fn resource(&self, call: &Call) -> Answer {
        let segments = call.segments();
        let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
        match (&call.method, segments.as_slice()) {
            (&Method::GET, ["services", "authentication", "current-context"]) => {
                let content = json!({ "username": story::SPLUNK_USER, "roles": ["ess_analyst"] });
                ok(&json!({ "entry": [{ "name": "context", "content": content }] }))
            }
            (&Method::POST, ["services", "search", "v2", "jobs"]) => self.begin(call),
            (&Method::GET, ["services", "search", "v2", "jobs", sid]) => self.look(sid),
            (&Method::GET, ["services", "search", "v2", "jobs", sid, "results"]) => self.results(call, sid),
            (&Method::POST, ["services", "notable_update"]) => self.update(call),
            (&Method::POST, ["services", "receivers", "simple"]) => self.receive(call),
            (&Method::GET, ["servicesNS", "nobody", "SA-ThreatIntelligence", rest @ ..])
                if rest == ["storage", "collections", "data", "incident_review"] =>
            {
                self.read_reviews(call)
            }
            (_, ["services" | "servicesNS", ..]) => message(StatusCode::NOT_FOUND, "ERROR", "Not Found"),
            _ => Answer::not_played("what is not under /services"),
        }
    }

    fn begin(&self, call: &Call) -> Answer {
        let arguments = match arguments(call, &JOB_ARGUMENTS) {
            Ok(arguments) => arguments,
            Err(refusal) => return *refusal,
        };
        let search = arguments.get("search").map_or("", String::as_str).trim();
        let bad = |text: &str| message(StatusCode::BAD_REQUEST, "FATAL", text);
        if search.is_empty() {
            return bad("Empty search.");
        }
        if arguments.get("exec_mode").is_some_and(|mode| mode != "normal") {
            return Answer::not_played("searches that are not of exec_mode=normal");
        }
        let first = search.trim_start_matches('|').split_whitespace().next().unwrap_or_default();
        if !search.starts_with('|') && first != "search" {
            return bad(&format!("Unknown search command '{first}'."));
        }
        let most = arguments.get("max_count").and_then(|count| count.parse().ok()).unwrap_or(10_000);
        let mut results = found(search);
        results.truncate(most);
        let mut state = self.state();
        if state.jobs.len() >= TABLE_RECORDS {
            return message(StatusCode::SERVICE_UNAVAILABLE, "FATAL", "Search not executed: too many jobs.");
        }
        let sid = format!("1795061520.{}", state.jobs.len() + 1);
        state.jobs.insert(sid.clone(), Job { search: search.to_owned(), looks: 0, results });
        Answer::json(StatusCode::CREATED, &json!({ "sid": sid }))
    }

    fn look(&self, sid: &str) -> Answer {
        let mut state = self.state();
        let Some(job) = state.jobs.get_mut(sid) else { return unknown_sid() };
        job.looks += 1;
        let done = job.looks >= LOOKS;
        let content = json!({
            "sid": sid,
            "dispatchState": if done { "DONE" } else { "RUNNING" },
            "isDone": done,
            "isFailed": false,
            "doneProgress": f64::from(job.looks.min(LOOKS)) / f64::from(LOOKS),
            "resultCount": if done { job.results.len() } else { 0 },
            "messages": [],
        });
        ok(&json!({ "entry": [{ "name": job.search, "content": content }] }))
    }

    fn results(&self, call: &Call, sid: &str) -> Answer {
        let state = self.state();
        let Some(job) = state.jobs.get(sid) else { return unknown_sid() };
        if job.looks < LOOKS {
            // The job is there, and its results are not.
            return Answer::empty(StatusCode::NO_CONTENT);
        }
        let number = |name: &str| call.parameter(name).and_then(|text| text.parse::<usize>().ok());
        // 100 if nothing is said, all if zero.
        let count = number("count").unwrap_or(100);
        let count = if count == 0 { usize::MAX } else { count };
        let offset = number("offset").unwrap_or(0);
        let fields: Vec<String> =
            form(&call.query).filter(|(name, _)| name == "f").map(|(_, value)| value).collect();
        let rows: Vec<Value> = job
            .results
            .iter()
            .skip(offset)
            .take(count)
            .map(|row| {
                let row = row.as_object().into_iter().flatten();
                let kept = row.filter(|(name, _)| fields.is_empty() || fields.contains(name));
                Value::Object(kept.map(|(name, value)| (name.clone(), value.clone())).collect())
            })
            .collect();
        ok(&json!({ "preview": false, "init_offset": offset, "messages": [], "fields": [], "results": rows }))
    }

    fn update(&self, call: &Call) -> Answer {
        let arguments = match arguments(call, &NOTABLE_ARGUMENTS) {
            Ok(arguments) => arguments,
            Err(refusal) => return *refusal,
        };
        let outcome = |success: bool, words: &str| {
            ok(&json!({
                "success": success, "message": words, "details": {}, "warnings": [],
                "success_count": u32::from(success), "failure_count": u32::from(!success),
            }))
        };
        let Some(id) = arguments.get("ruleUIDs").filter(|id| !id.is_empty()) else {
            return message(StatusCode::BAD_REQUEST, "ERROR", "ruleUIDs or searchID must be provided");
        };
        if let Some(urgency) = arguments.get("urgency")
            && !["informational", "low", "medium", "high", "critical"].contains(&urgency.as_str())
        {
            return outcome(false, "urgency is invalid");
        }
        if arguments.get("status").is_some_and(|status| status.parse::<u32>().is_err()) {
            return outcome(false, "status is invalid");
        }
        if id != story::NOTABLE_EVENT {
            return outcome(false, "0 events updated: the event was not found");
        }
        let field = |name: &str| arguments.get(name).cloned().unwrap_or_default();
        let mut state = self.state();
        let time = state.reviews.len();
        state.reviews.push(json!({
            "rule_id": id, "owner": field("newOwner"), "status": field("status"), "urgency": field("urgency"),
            "disposition": field("disposition"), "comment": field("comment"), "time": time,
        }));
        outcome(true, "1 event updated successfully")
    }

    fn read_reviews(&self, call: &Call) -> Answer {
        let query = call.parameter("query").unwrap_or_else(|| "{}".to_owned());
        let Ok(Value::Object(query)) = serde_json::from_str(&query) else {
            return message(StatusCode::BAD_REQUEST, "ERROR", "JSON in the request is invalid.");
        };
        let mut found = self.reviews();
        found.retain(|review| query.iter().all(|(name, wanted)| &review[name] == wanted));
        match call.parameter("sort").as_deref() {
            Some("time:-1") => found.reverse(),
            None => {}
            Some(_) => return Answer::not_played("this order of a collection"),
        }
        let limit = call.parameter("limit").and_then(|limit| limit.parse().ok()).unwrap_or(usize::MAX);
        found.truncate(limit);
        ok(&json!(found))
    }

    fn receive(&self, call: &Call) -> Answer {
        if call.body.is_empty() {
            return message(StatusCode::BAD_REQUEST, "ERROR", "There is no data.");
        }
        let index = call.parameter("index").unwrap_or_else(|| "main".to_owned());
        if !["main", "soar"].contains(&index.as_str()) {
            let text = format!("Supplied index '{index}' missing.");
            return message(StatusCode::BAD_REQUEST, "ERROR", &text);
        }
        let text = String::from_utf8_lossy(&call.body).into_owned();
        let event = json!({
            "index": index, "host": call.parameter("host"), "source": call.parameter("source"),
            "sourcetype": call.parameter("sourcetype"), "_raw": text,
        });
        self.state().events.push(event);
        Answer::empty(StatusCode::OK)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The arguments of a `POST`: those of its form.
fn arguments(call: &Call, known: &[&str]) -> Result<BTreeMap<String, String>, Box<Answer>> {
    if call.media_type().as_deref() != Some("application/x-www-form-urlencoded") {
        return Err(Box::new(Answer::not_played("arguments that are no form")));
    }
    let text = String::from_utf8_lossy(&call.body);
    let arguments: BTreeMap<_, _> = form(&text).collect();
    match arguments.keys().find(|name| !known.contains(&name.as_str())) {
        Some(name) => {
            let text = format!("Argument \"{name}\" is not supported by this handler.");
            Err(Box::new(message(StatusCode::BAD_REQUEST, "ERROR", &text)))
        }
        None => Ok(arguments),
    }
}

/// What a search finds: connections of the server that connects out, or many rows, or nothing.
fn found(search: &str) -> Vec<Value> {
    if search.contains("index=many") {
        return (0..1_200).map(|number| json!({ "number": number.to_string() })).collect();
    }
    if !search.contains("index=network") && !search.contains("index=main") {
        return Vec::new();
    }
    (0..3)
        .map(|minute| {
            json!({
                "_time": format!("2026-11-20T08:4{minute}:12.000+00:00"),
                "host": story::SOURCE_HOST,
                "src_ip": story::SOURCE_IP,
                "dest_ip": story::DESTINATION_IP,
                "dest_port": "443",
                "tag": ["network", "communicate"],
            })
        })
        .collect()
}

fn unknown_sid() -> Answer {
    message(StatusCode::NOT_FOUND, "FATAL", "Unknown sid.")
}

fn message(status: StatusCode, kind: &str, text: &str) -> Answer {
    Answer::json(status, &json!({ "messages": [{ "type": kind, "text": text }] }))
}

fn ok(value: &Value) -> Answer {
    Answer::json(StatusCode::OK, value)
}
