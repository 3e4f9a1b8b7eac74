//! urlscan.io: quotas, search, scans and their results.
//!
//! Source: <https://docs.urlscan.io>, its quickstart, its page on rate limits, and its page on error codes. No document
//! says how a wrong key is answered, nor what stands in the body while a scan is not finished.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::call::{Answer, Call};
use crate::limits::SCANS;
use crate::story;

/// Tags that one scan may have.
const TAGS: usize = 10;

/// The scans.
#[derive(Default)]
pub(crate) struct UrlScan {
    scans: Mutex<Vec<Scan>>,
    /// Whether a page is open for no time at all.
    at_once: AtomicBool,
}

struct Scan {
    uuid: String,
    url: String,
    tags: Vec<String>,
    /// The page is open until somebody has looked for the result.
    is_finished: bool,
}

impl UrlScan {
    pub(crate) fn scanned(&self) -> Vec<String> {
        self.scans().iter().map(|scan| scan.url.clone()).collect()
    }

    pub(crate) fn finish(&self) {
        self.at_once.store(true, Ordering::Relaxed);
        self.scans().iter_mut().for_each(|scan| scan.is_finished = true);
    }

    pub(crate) fn answer(&self, call: &Call) -> Answer {
        match call.header("api-key") {
            Some(story::URLSCAN_KEY) => {}
            Some(key) if key.len() != story::URLSCAN_KEY.len() => {
                return error(StatusCode::BAD_REQUEST, "Invalid API key format", "").authenticated(false);
            }
            _ => {
                let words = "API key supplied but not found in database";
                return error(StatusCode::UNAUTHORIZED, words, "").authenticated(false);
            }
        }
        let segments = call.segments();
        let segments: Vec<&str> = segments.iter().map(String::as_str).filter(|it| !it.is_empty()).collect();
        let answer = match (&call.method, segments.as_slice()) {
            (&Method::GET, ["api", "v1", "quotas"]) => Answer::json(StatusCode::OK, &quotas()),
            (&Method::GET, ["api", "v1", "search"]) => self.search(call),
            (&Method::POST, ["api", "v1", "scan"]) => self.submit(call),
            (&Method::GET, ["api", "v1", "result", uuid]) => self.result(uuid),
            _ => Answer::not_played("this resource of urlscan.io"),
        };
        answer.authenticated(true)
    }

    fn submit(&self, call: &Call) -> Answer {
        let Ok(body) = serde_json::from_slice::<Value>(&call.body) else {
            return error(StatusCode::BAD_REQUEST, "Bad Request", "The body is no JSON.");
        };
        let Some(url) = body["url"].as_str() else {
            return error(StatusCode::BAD_REQUEST, "Missing URL properties", "The URL supplied was not OK.");
        };
        let host = url.split_once("://").filter(|(scheme, _)| matches!(*scheme, "http" | "https"));
        let Some(host) = host.and_then(|(_, rest)| rest.split(['/', '?', '#']).next()) else {
            return error(
                StatusCode::BAD_REQUEST,
                "ValidationError",
                "The protocol of the URL is not http or https.",
            );
        };
        if host.eq_ignore_ascii_case(story::UNKNOWN_DOMAIN) {
            let words = format!("The domain {host} could not be resolved to a valid IPv4/IPv6 address.");
            return error(StatusCode::BAD_REQUEST, "DNS Error - Could not resolve domain", &words);
        }
        let tags = body["tags"].as_array().into_iter().flatten();
        let tags: Vec<_> = tags.filter_map(Value::as_str).map(str::to_owned).collect();
        let mut scans = self.scans();
        if tags.len() > TAGS || scans.len() >= SCANS {
            return Answer::not_played("so many tags or scans of urlscan.io");
        }
        let uuid = format!("0196d976-07f6-7aae-8a57-{:012x}", scans.len() + 1);
        let is_finished = self.at_once.load(Ordering::Relaxed);
        scans.push(Scan { uuid: uuid.clone(), url: url.to_owned(), tags, is_finished });
        let submission = json!({
            "message": "Submission successful",
            "uuid": uuid,
            "result": format!("https://urlscan.io/result/{uuid}/"),
            "api": format!("https://urlscan.io/api/v1/result/{uuid}/"),
            "visibility": body["visibility"].as_str().unwrap_or("public"),
            "url": url,
        });
        Answer::json(StatusCode::OK, &submission)
    }

    fn result(&self, uuid: &str) -> Answer {
        let mut scans = self.scans();
        match scans.iter_mut().find(|scan| scan.uuid == uuid) {
            None => error(StatusCode::NOT_FOUND, "No such scan submission", ""),
            Some(scan) if !scan.is_finished => {
                scan.is_finished = true;
                error(StatusCode::NOT_FOUND, "Scan is not finished yet", "")
            }
            Some(scan) => Answer::json(StatusCode::OK, &scan.result()),
        }
    }

    /// Scans that are finished, newest first, by `domain:"…"` or `task.tags:"…"`.
    fn search(&self, call: &Call) -> Answer {
        let query = call.parameter("q").unwrap_or_default();
        let size = call.parameter("size").and_then(|size| size.parse().ok()).unwrap_or(100_usize);
        let term = query.split_once(':').map(|(field, value)| (field, value.trim_matches('"')));
        let fits = |scan: &&Scan| match term {
            Some(("domain", domain)) => scan.host().eq_ignore_ascii_case(domain),
            Some(("task.tags", tag)) => scan.tags.iter().any(|own| own == tag),
            _ => false,
        };
        if !matches!(term, Some(("domain" | "task.tags", _))) {
            return Answer::not_played("this query of urlscan.io");
        }
        let scans = self.scans();
        let found: Vec<_> = scans.iter().rev().filter(|scan| scan.is_finished).filter(fits).collect();
        let results: Vec<_> = found.iter().take(size).map(|scan| scan.found()).collect();
        Answer::json(
            StatusCode::OK,
            &json!({ "results": results, "total": found.len(), "took": 7, "has_more": false }),
        )
    }

    fn scans(&self) -> MutexGuard<'_, Vec<Scan>> {
        self.scans.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Scan {
    fn host(&self) -> &str {
        let rest = self.url.split_once("://").map_or("", |(_, rest)| rest);
        rest.split(['/', '?', '#']).next().unwrap_or_default()
    }

    fn task(&self) -> Value {
        json!({
            "uuid": self.uuid,
            "url": self.url,
            "time": "2026-11-19T04:41:17.205Z",
            "tags": self.tags,
            "method": "api",
            "reportURL": format!("https://urlscan.io/result/{}/", self.uuid),
        })
    }

    fn page(&self) -> Value {
        json!({ "url": self.url, "domain": self.host(), "ip": story::DESTINATION_IP, "country": "NL", "status": "200" })
    }

    fn found(&self) -> Value {
        json!({ "_id": self.uuid, "task": self.task(), "page": self.page() })
    }

    fn result(&self) -> Value {
        let overall = if self.url == story::PHISHING_URL {
            json!({ "score": 100, "categories": ["phishing"], "brands": [{ "key": "acme", "name": "Acme" }], "malicious": true })
        } else {
            json!({ "score": 0, "categories": [], "brands": [], "malicious": false })
        };
        json!({ "task": self.task(), "page": self.page(), "verdicts": { "overall": overall } })
    }
}

/// The answer to one request too many in a minute.
pub(crate) fn rate_limited() -> Answer {
    error(StatusCode::TOO_MANY_REQUESTS, "Rate limit exceeded", "")
        .with("x-rate-limit-scope", "user")
        .with("x-rate-limit-action", "public")
        .with("x-rate-limit-window", "minute")
        .with("x-rate-limit-limit", "60")
        .with("x-rate-limit-remaining", "0")
        .with("x-rate-limit-reset-after", "1")
}

fn quotas() -> Value {
    let window = |limit: u32| json!({ "limit": limit, "used": 0, "remaining": limit, "percent": 0 });
    let action = |limit: u32| json!({ "minute": window(60), "hour": window(500), "day": window(limit) });
    json!({
        "scope": "user",
        "limits": { "public": action(5_000), "unlisted": action(1_000), "private": action(50), "search": action(1_000) },
    })
}

fn error(status: StatusCode, message: &str, description: &str) -> Answer {
    let body = json!({ "message": message, "description": description, "status": status.as_u16() });
    Answer::json(status, &body)
}
