//! AbuseIPDB's API, version 2: what others have reported of an address, and reporting one.
//!
//! Source: <https://docs.abuseipdb.com>. Errors have the form of JSON:API. That an address which nobody knows has a
//! score of 0 is the database's way: it has an answer about every address.

use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::call::{Answer, Call, form};
use crate::limits::TABLE_RECORDS;
use crate::story;

/// The time in which one address is reported once.
const PAUSE: Duration = Duration::from_secs(15 * 60);

/// When the reports were sent that the story begins with.
const LAST_REPORTED: &str = "2026-11-19T04:12:00+00:00";

/// What was reported in this lab.
#[derive(Default)]
pub(crate) struct AbuseIpdb {
    reports: Mutex<Vec<Report>>,
}

struct Report {
    ip: IpAddr,
    categories: Vec<u8>,
    comment: String,
    at: Instant,
}

impl AbuseIpdb {
    pub(crate) fn answer(&self, call: &Call) -> Answer {
        if call.header("key") != Some(story::ABUSEIPDB_KEY) {
            let words = "Authentication failed. Your API key is either missing, incorrect, or revoked. Note: The APIv2 \
                         key differs from the APIv1 key.";
            return error(StatusCode::UNAUTHORIZED, words, None).authenticated(false);
        }
        let answer = match (&call.method, call.path.as_str()) {
            (&Method::GET, "/api/v2/check") => self.check(call),
            (&Method::POST, "/api/v2/report") => self.report(call),
            _ => Answer::not_played("this resource of AbuseIPDB"),
        };
        answer.authenticated(true)
    }

    /// The comments of the reports in this lab, oldest first.
    pub(crate) fn comments(&self) -> Vec<String> {
        self.with(|reports| reports.iter().map(|report| report.comment.clone()).collect())
    }

    fn check(&self, call: &Call) -> Answer {
        let Some(ip) = address(call.parameter("ipAddress")) else { return no_address("ipAddress") };
        let days = call.parameter("maxAgeInDays").unwrap_or_else(|| "30".to_owned());
        if !days.parse().is_ok_and(|days: u16| (1..=365).contains(&days)) {
            let words = "The max age in days must be between 1 and 365.";
            return error(StatusCode::UNPROCESSABLE_ENTITY, words, Some("maxAgeInDays"));
        }
        let mut data = self.known(ip);
        if call.parameter("verbose").is_some() {
            data["reports"] = self.with(|reports| {
                let of_address = reports.iter().filter(|report| report.ip == ip);
                of_address.map(Report::shown).collect::<Vec<_>>().into()
            });
            data["countryName"] = json!("Netherlands");
        }
        Answer::json(StatusCode::OK, &json!({ "data": data }))
    }

    fn report(&self, call: &Call) -> Answer {
        let body = String::from_utf8_lossy(&call.body);
        let field = |name: &str| form(&body).find(|(field, _)| field == name).map(|(_, value)| value);
        let Some(ip) = address(field("ip")) else { return no_address("ip") };
        let categories: Option<Vec<u8>> =
            field("categories").map(|list| list.split(',').map_while(|number| number.parse().ok()).collect());
        let Some(categories) = categories.filter(|list| (1..=30).contains(&list.len())) else {
            let words = "The categories field is required.";
            return error(StatusCode::UNPROCESSABLE_ENTITY, words, Some("categories"));
        };
        let comment = field("comment").unwrap_or_default();
        let taken = self.with(|reports| {
            let soon = reports.iter().any(|report| report.ip == ip && report.at.elapsed() < PAUSE);
            if soon || reports.len() == TABLE_RECORDS {
                return false;
            }
            reports.push(Report { ip, categories, comment, at: Instant::now() });
            true
        });
        if !taken {
            let words = format!("You can only report the same IP address (`{ip}`) once in 15 minutes.");
            return error(StatusCode::TOO_MANY_REQUESTS, &words, Some("ip"));
        }
        let score = self.known(ip)["abuseConfidenceScore"].clone();
        let data = json!({ "ipAddress": ip.to_string(), "abuseConfidenceScore": score });
        Answer::json(StatusCode::OK, &json!({ "data": data }))
    }

    fn known(&self, ip: IpAddr) -> Value {
        let own = self.with(|reports| reports.iter().filter(|report| report.ip == ip).count());
        let (score, before, users) = match ip.to_string().as_str() {
            story::SCANNER_IP => (100, 412, 97),
            story::DESTINATION_IP => (71, 9, 6),
            story::PRETENDER_IP => (24, 3, 2),
            _ => (0, 0, 0),
        };
        let known = before > 0;
        json!({
            "ipAddress": ip.to_string(),
            "isPublic": true,
            "ipVersion": if ip.is_ipv4() { 4 } else { 6 },
            "isWhitelisted": if known { json!(false) } else { Value::Null },
            "abuseConfidenceScore": score,
            "countryCode": known.then_some("NL"),
            "usageType": known.then_some("Data Center/Web Hosting/Transit"),
            "isp": known.then_some(story::HOSTER),
            "domain": known.then_some("polder-hosting.example"),
            "hostnames": [],
            "isTor": false,
            "totalReports": before + own,
            "numDistinctUsers": users,
            "lastReportedAt": known.then_some(LAST_REPORTED),
        })
    }

    fn with<T>(&self, act: impl FnOnce(&mut Vec<Report>) -> T) -> T {
        act(&mut self.reports.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Report {
    fn shown(&self) -> Value {
        json!({
            "reportedAt": LAST_REPORTED,
            "comment": self.comment,
            "categories": self.categories,
            "reporterId": 1,
            "reporterCountryCode": "NL",
            "reporterCountryName": "Netherlands",
        })
    }
}

fn address(text: Option<String>) -> Option<IpAddr> {
    text?.parse().ok()
}

fn no_address(parameter: &str) -> Answer {
    let words = "The ip address must be a valid IPv4 or IPv6 address (e.g. 8.8.8.8 or 2001:4860:4860::8888).";
    error(StatusCode::UNPROCESSABLE_ENTITY, words, Some(parameter))
}

fn error(status: StatusCode, detail: &str, parameter: Option<&str>) -> Answer {
    let mut error = json!({ "detail": detail, "status": status.as_u16() });
    if let Some(parameter) = parameter {
        error["source"] = json!({ "parameter": parameter });
    }
    Answer::json(status, &json!({ "errors": [error] }))
}
