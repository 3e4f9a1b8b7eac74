//! VirusTotal's API, version 3: addresses, domains, URLs and files.
//!
//! Source: <https://docs.virustotal.com/reference/overview>, its page on errors, and its page on the public API, which
//! takes 4 requests a minute and 500 a day.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::call::{Answer, Call};
use crate::story;

/// Requests that a key of the public API may send in [`WINDOW`].
const PUBLIC_REQUESTS: usize = 4;
/// The time that the quota holds for.
const WINDOW: Duration = Duration::from_secs(60);

/// What changes with every request: the quota of the public key.
#[derive(Default)]
pub(crate) struct VirusTotal {
    /// When the public key was used in the last minute.
    used: Mutex<VecDeque<Instant>>,
}

impl VirusTotal {
    pub(crate) fn answer(&self, call: &Call) -> Answer {
        match call.header("x-apikey") {
            None => {
                let words = "X-Apikey header is missing";
                return error(StatusCode::UNAUTHORIZED, "AuthenticationRequiredError", words)
                    .authenticated(false);
            }
            Some(story::VIRUSTOTAL_KEY) => {}
            Some(story::VIRUSTOTAL_PUBLIC_KEY) if self.within_quota() => {}
            Some(story::VIRUSTOTAL_PUBLIC_KEY) => return quota_exceeded().authenticated(true),
            Some(_) => {
                return error(StatusCode::UNAUTHORIZED, "WrongCredentialsError", "Wrong API key")
                    .authenticated(false);
            }
        }
        resource(call).authenticated(true)
    }

    fn within_quota(&self) -> bool {
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        while used.front().is_some_and(|then| now.duration_since(*then) >= WINDOW) {
            used.pop_front();
        }
        let free = used.len() < PUBLIC_REQUESTS;
        if free {
            used.push_back(now);
        }
        free
    }
}

/// The answer to one request too many. It does not say how long to wait.
pub(crate) fn quota_exceeded() -> Answer {
    error(StatusCode::TOO_MANY_REQUESTS, "QuotaExceededError", "Quota exceeded")
}

fn resource(call: &Call) -> Answer {
    let segments = call.segments();
    let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
    let ["api", "v3", collection, id] = segments.as_slice() else {
        return Answer::not_played("this resource of VirusTotal");
    };
    if call.method != Method::GET {
        return Answer::not_played("uploads, scans and votes of VirusTotal");
    }
    match (*collection, *id) {
        ("files", "upload_url") => {
            let url = "https://www.virustotal.com/_ah/upload/AMmfu6b-_DXUeFe36Sb3b0F4B8mH9Nb-CHbRoUNVOPwG/";
            Answer::json(StatusCode::OK, &json!({ "data": url }))
        }
        ("ip_addresses", ip) if ip.parse::<std::net::IpAddr>().is_err() => invalid(ip, "IP address"),
        ("domains", domain) if !domain.contains('.') => invalid(domain, "domain pattern"),
        ("ip_addresses", ip @ (story::DESTINATION_IP | story::SCANNER_IP)) => {
            found("ip_address", ip, &of_hoster(-17, &stats(11, 3, 52, 28)))
        }
        ("ip_addresses", ip @ story::PRETENDER_IP) => {
            found("ip_address", ip, &of_hoster(-1, &stats(1, 1, 62, 30)))
        }
        ("ip_addresses", ip @ (story::HARMLESS_IP | story::SURVEYOR_IP)) => {
            found("ip_address", ip, &harmless())
        }
        ("domains", name @ (story::DESTINATION_DOMAIN | story::REGISTERED_DOMAIN)) => {
            let categories = json!({ "Webroot": "Malware Sites", "Sophos": "command and control" });
            found("domain", name, &malicious_domain(&categories))
        }
        ("domains", name @ (story::SCANNER_DOMAIN | "bulk-scan.com")) => {
            let categories = json!({ "Webroot": "Malware Sites", "Sophos": "hacking" });
            found("domain", name, &malicious_domain(&categories))
        }
        ("domains", name @ (story::SURVEYOR_DOMAIN | "open-survey.com")) => {
            found("domain", name, &harmless_domain())
        }
        ("urls", id) => url(id),
        ("files", id) => file(id),
        ("ip_addresses", ip) => not_found(&format!("IP address \"{ip}\" not found")),
        ("domains", name) => not_found(&format!("Domain \"{name}\" not found")),
        _ => Answer::not_played("this collection of VirusTotal"),
    }
}

/// A URL goes by its SHA-256, or by its text in base64url without padding.
fn url(id: &str) -> Answer {
    let text = BASE64_URL_SAFE_NO_PAD.decode(id).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    match text.as_deref() {
        Some(story::DESTINATION_URL) => found(
            "url",
            "2f4cb7a1a0bd8d1f7a1d0e6c0b6a4e0f2d9a6c1e8b3f5d7a9c0e2f4b6d8a1c3e",
            &json!({
                "url": story::DESTINATION_URL,
                "last_final_url": story::DESTINATION_URL,
                "title": "404 Not Found",
                "categories": { "Webroot": "Malware Sites", "Forcepoint ThreatSeeker": "newly registered websites" },
                "tags": ["dom-modification"],
                "reputation": -21,
                "last_analysis_date": LAST_ANALYSIS,
                "last_analysis_stats": stats(9, 2, 61, 22),
                "last_analysis_results": results(),
            }),
        ),
        _ => not_found(&format!("URL \"{id}\" not found")),
    }
}

fn file(id: &str) -> Answer {
    if ![story::BEACON_MD5, story::BEACON_SHA256].contains(&id.to_ascii_lowercase().as_str()) {
        return not_found(&format!("File \"{id}\" not found"));
    }
    found(
        "file",
        story::BEACON_SHA256,
        &json!({
            "md5": story::BEACON_MD5,
            "sha256": story::BEACON_SHA256,
            "size": 286_720,
            "type_description": "Win32 EXE",
            "type_tag": "peexe",
            "meaningful_name": "updchk.exe",
            "names": ["updchk.exe", "svc_update.bin"],
            "popular_threat_classification": {
                "suggested_threat_label": "trojan.cobaltstrike/beacon",
                "popular_threat_category": [{ "value": "trojan", "count": 31 }],
            },
            "tags": ["peexe", "64bits", "detect-debug-environment"],
            "reputation": -54,
            "last_analysis_date": LAST_ANALYSIS,
            "last_analysis_stats": {
                "harmless": 0, "type-unsupported": 4, "suspicious": 0, "confirmed-timeout": 0, "timeout": 1,
                "failure": 0, "malicious": 52, "undetected": 19,
            },
            "last_analysis_results": results(),
        }),
    )
}

/// 2026-11-19T04:12:00Z.
const LAST_ANALYSIS: u64 = 1_795_061_520;

fn of_hoster(reputation: i32, stats: &Value) -> Value {
    json!({
        "as_owner": story::HOSTER,
        "asn": 64496,
        "network": "203.0.113.0/24",
        "country": "NL",
        "continent": "EU",
        "regional_internet_registry": "RIPE NCC",
        "tags": [],
        "reputation": reputation,
        "total_votes": { "harmless": 0, "malicious": 6 },
        "last_analysis_date": LAST_ANALYSIS,
        "last_analysis_stats": stats,
        "last_analysis_results": results(),
    })
}

fn harmless() -> Value {
    json!({
        "as_owner": "Example Networks LLC",
        "asn": 64500,
        "network": "198.51.100.0/24",
        "country": "US",
        "tags": [],
        "reputation": 0,
        "total_votes": { "harmless": 0, "malicious": 0 },
        "last_analysis_date": LAST_ANALYSIS,
        "last_analysis_stats": stats(0, 0, 64, 30),
        "last_analysis_results": {},
    })
}

fn malicious_domain(categories: &Value) -> Value {
    json!({
        "registrar": story::REGISTRAR,
        // 2026-10-28T03:12:55Z, when the story has it registered.
        "creation_date": 1_793_157_175_u64,
        "categories": categories,
        "tags": ["dga"],
        "reputation": -33,
        "last_analysis_date": LAST_ANALYSIS,
        "last_analysis_stats": stats(12, 1, 57, 24),
        "last_analysis_results": results(),
    })
}

fn harmless_domain() -> Value {
    json!({
        "registrar": story::REGISTRAR,
        // 2011-11-15T08:02:33Z, when the story has it registered.
        "creation_date": 1_321_344_153_u64,
        "categories": { "Webroot": "Computer and Internet Info" },
        "tags": [],
        "reputation": 0,
        "last_analysis_date": LAST_ANALYSIS,
        "last_analysis_stats": stats(0, 0, 68, 26),
        "last_analysis_results": {},
    })
}

fn stats(malicious: u32, suspicious: u32, harmless: u32, undetected: u32) -> Value {
    json!({
        "malicious": malicious, "suspicious": suspicious, "harmless": harmless, "undetected": undetected, "timeout": 0,
    })
}

/// A few of the engines.
fn results() -> Value {
    let verdict = |engine: &str, category: &str, result: &str| json!({ "engine_name": engine, "method": "blacklist", "category": category, "result": result });
    json!({
        "BitDefender": verdict("BitDefender", "malicious", "malware"),
        "Fortinet": verdict("Fortinet", "malicious", "malware"),
        "AlphaSOC": verdict("AlphaSOC", "suspicious", "suspicious"),
        "Google Safebrowsing": verdict("Google Safebrowsing", "harmless", "clean"),
        "0xSI_f33d": verdict("0xSI_f33d", "undetected", "unrated"),
    })
}

fn found(kind: &str, id: &str, attributes: &Value) -> Answer {
    let link = format!("https://www.virustotal.com/api/v3/{kind}s/{id}");
    let data = json!({ "id": id, "type": kind, "links": { "self": link }, "attributes": attributes });
    Answer::json(StatusCode::OK, &json!({ "data": data }))
}

fn not_found(message: &str) -> Answer {
    error(StatusCode::NOT_FOUND, "NotFoundError", message)
}

fn invalid(what: &str, kind: &str) -> Answer {
    error(StatusCode::BAD_REQUEST, "InvalidArgumentError", &format!("{what:?} is not a valid {kind}"))
}

fn error(status: StatusCode, code: &str, message: &str) -> Answer {
    Answer::json(status, &json!({ "error": { "code": code, "message": message } }))
}
