//! MaxMind's GeoIP and GeoLite web services.
//!
//! Source: <https://dev.maxmind.com/geoip/docs/web-services/requests> and `.../responses`.

use std::net::IpAddr;

use http::{Method, StatusCode};
use percent_encoding::percent_decode_str;
use serde_json::{Value, json};

use crate::call::{Answer, Call};
use crate::story;

pub(crate) fn answer(call: &Call) -> Answer {
    let (account, key) = match call.basic() {
        Some(pair) => pair,
        None => return refused("ACCOUNT_ID_REQUIRED", "You have not supplied a MaxMind account ID."),
    };
    if account.is_empty() {
        return refused("ACCOUNT_ID_REQUIRED", "You have not supplied a MaxMind account ID.");
    }
    if key.is_empty() {
        return refused("LICENSE_KEY_REQUIRED", "You have not supplied a MaxMind license key.");
    }
    if (account.as_str(), key.as_str()) != (story::MAXMIND_ACCOUNT, story::MAXMIND_KEY) {
        return refused(
            "AUTHORIZATION_INVALID",
            "You have supplied an invalid MaxMind account ID and/or license key in the Authorization header.",
        );
    }
    resource(call).authenticated(true)
}

fn resource(call: &Call) -> Answer {
    if call.method != Method::GET {
        return Answer::empty(StatusCode::METHOD_NOT_ALLOWED);
    }
    let Some((service, ip)) = call.path.strip_prefix("/geoip/v2.1/").and_then(|rest| rest.split_once('/'))
    else {
        return Answer::empty(StatusCode::NOT_FOUND);
    };
    match (service, call.host.as_str()) {
        ("country" | "city", _) | ("insights", story::MAXMIND_HOST) => {}
        ("insights", _) => {
            let words = "You do not have permission to use the service.";
            return error(StatusCode::PAYMENT_REQUIRED, "PERMISSION_REQUIRED", words);
        }
        _ => return Answer::empty(StatusCode::NOT_FOUND),
    }
    let ip = percent_decode_str(ip).decode_utf8_lossy();
    // The caller's own address: for the lab, the one of Acme's web server.
    let ip = if ip == "me" { story::HARMLESS_IP } else { &*ip };
    let Ok(address) = ip.parse::<IpAddr>() else {
        let words = format!("The value {ip:?} is not a valid IP address.");
        return error(StatusCode::BAD_REQUEST, "IP_ADDRESS_INVALID", &words);
    };
    if reserved(address) {
        let words = format!("The IP address '{ip}' is a reserved IP address (private, multicast, etc.).");
        return error(StatusCode::BAD_REQUEST, "IP_ADDRESS_RESERVED", &words);
    }
    let Some(mut place) = place(ip) else {
        let words = format!("The address {ip} is not in our database.");
        return error(StatusCode::NOT_FOUND, "IP_ADDRESS_NOT_FOUND", &words);
    };
    if service == "country"
        && let Some(place) = place.as_object_mut()
    {
        for key in ["city", "location", "postal", "subdivisions"] {
            place.remove(key);
        }
    }
    if service == "insights" {
        place["anonymizer"] = json!({ "is_anonymous": true, "is_hosting_provider": true });
    }
    let kind = match service {
        "country" => "application/vnd.maxmind.com-country+json; charset=UTF-8; version=2.1",
        "city" => "application/vnd.maxmind.com-city+json; charset=UTF-8; version=2.1",
        _ => "application/vnd.maxmind.com-insights+json; charset=UTF-8; version=2.1",
    };
    Answer::new(StatusCode::OK, kind, place.to_string())
}

/// The blocks for documentation are reserved as well; the story has given them to companies.
fn reserved(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => {
            ip.is_private()
                || ip.is_loopback()
                || ip.is_link_local()
                || ip.is_multicast()
                || ip.is_unspecified()
        }
        IpAddr::V6(ip) => {
            ip.is_loopback()
                || ip.is_unspecified()
                || ip.is_multicast()
                || ip.is_unique_local()
                || ip.is_unicast_link_local()
        }
    }
}

fn place(ip: &str) -> Option<Value> {
    let named = |id: u32, name: &str| json!({ "geoname_id": id, "names": { "en": name } });
    let country = |id: u32, code: &str, name: &str| json!({ "geoname_id": id, "iso_code": code, "names": { "en": name } });
    match ip {
        story::DESTINATION_IP | story::SCANNER_IP | story::PRETENDER_IP => Some(json!({
            "city": named(2_759_794, "Amsterdam"),
            "continent": { "code": "EU", "geoname_id": 6_255_148, "names": { "en": "Europe" } },
            "country": country(2_750_405, "NL", "Netherlands"),
            "registered_country": country(2_750_405, "NL", "Netherlands"),
            "location": { "accuracy_radius": 20, "latitude": 52.3759, "longitude": 4.8975, "time_zone": "Europe/Amsterdam" },
            "postal": { "code": "1012" },
            "subdivisions": [country(2_749_879, "NH", "North Holland")],
            "traits": {
                "ip_address": ip,
                "network": "203.0.113.0/24",
                "autonomous_system_number": 64496,
                "autonomous_system_organization": story::HOSTER,
                "isp": story::HOSTER,
                "organization": story::HOSTER,
            },
            "maxmind": { "queries_remaining": 54_321 },
        })),
        story::HARMLESS_IP | story::SURVEYOR_IP => Some(json!({
            "continent": { "code": "NA", "geoname_id": 6_255_149, "names": { "en": "North America" } },
            "country": country(6_252_001, "US", "United States"),
            "registered_country": country(6_252_001, "US", "United States"),
            "location": { "accuracy_radius": 1000, "latitude": 37.751, "longitude": -97.822, "time_zone": "America/Chicago" },
            "traits": { "ip_address": ip, "network": "198.51.100.0/24", "organization": "Example Networks LLC" },
            "maxmind": { "queries_remaining": 54_321 },
        })),
        _ => None,
    }
}

fn refused(code: &str, words: &str) -> Answer {
    error(StatusCode::UNAUTHORIZED, code, words).authenticated(false)
}

fn error(status: StatusCode, code: &str, words: &str) -> Answer {
    let body = json!({ "code": code, "error": words });
    Answer::new(
        status,
        "application/vnd.maxmind.com-error+json; charset=UTF-8; version=2.1",
        body.to_string(),
    )
}
