use palisade_sdk::{
    Failure, RateLimit,
    testing::{ConnectorTest, Ended, Exchange},
};
use serde_json::json;

use crate::{Configuration, connector};

const CITY: &str = "https://geoip.maxmind.com/geoip/v2.1/city";

fn test() -> ConnectorTest<Configuration> {
    ConnectorTest::new(connector).configuration(json!({ "account_id": "42", "license_key": "placeholder" }))
}

fn get(url: &str) -> Exchange {
    Exchange::get(url).basic("42", "placeholder")
}

fn geolocate(exchange: Exchange) -> Ended {
    test().http(exchange).invoke("geolocate ip", json!({ "ip": "192.0.2.7" }))
}

#[test]
fn an_address_is_somewhere() {
    let report = geolocate(get(&format!("{CITY}/192.0.2.7")).answer_json(
        200,
        json!({
            "city": { "geoname_id": 1, "names": { "de": "Den Haag", "en": "The Hague" } },
            "continent": { "code": "EU", "names": { "en": "Europe" } },
            "country": { "iso_code": "NL", "is_in_european_union": true, "names": { "en": "Netherlands" } },
            "location": { "accuracy_radius": 20, "latitude": 52.08, "longitude": 4.31, "time_zone": "Europe/Amsterdam" },
            "subdivisions": [{ "iso_code": "ZH", "names": { "en": "South Holland" } }],
            "traits": { "ip_address": "192.0.2.7", "autonomous_system_number": 64500, "network": "192.0.2.0/24",
                        "organization": "Example Org" },
        }),
    ))
    .report();
    assert_eq!(report.message, "192.0.2.7 is in The Hague, South Holland, Netherlands.");
    assert_eq!(report.summary["country_code"], "NL");
    assert_eq!((&report.data["asn"], &report.data["anonymous"]), (&json!(64500), &json!(null)));
}

#[test]
fn an_address_may_be_known_and_nowhere() {
    let report = geolocate(
        get(&format!("{CITY}/192.0.2.7"))
            .answer_json(200, json!({ "traits": { "ip_address": "192.0.2.7" } })),
    )
    .report();
    assert_eq!(report.message, "GeoIP knows 192.0.2.7, but not where it is.");
}

#[test]
fn insights_know_who_hides() {
    let ended = ConnectorTest::new(connector)
        .configuration(json!({
            "account_id": "42", "license_key": "placeholder", "service": "insights", "base_url": "https://geo.example/",
        }))
        .http(
            get("https://geo.example/geoip/v2.1/insights/2001:db8::7")
                .answer_json(200, json!({ "anonymizer": { "is_anonymous": true, "is_tor_exit_node": true } })),
        )
        .invoke("geolocate ip", json!({ "ip": "2001:db8::7" }));
    assert_eq!(ended.report().data["anonymous"], true);
}

#[test]
fn documented_errors_are_told_apart() {
    let fails = |status: u16, code: &str| {
        let answer = json!({ "code": code, "error": "Words." });
        geolocate(get(&format!("{CITY}/192.0.2.7")).answer_json(status, answer)).failure()
    };
    for (status, code) in [(404, "IP_ADDRESS_NOT_FOUND"), (400, "IP_ADDRESS_RESERVED")] {
        assert_eq!(fails(status, code), Failure::NotFound(format!("Words. ({code})")));
    }
    assert!(matches!(fails(400, "IP_ADDRESS_INVALID"), Failure::InvalidParameters(_)));
    for (status, code) in [
        (401, "AUTHORIZATION_INVALID"),
        (401, "LICENSE_KEY_REQUIRED"),
        (401, "ACCOUNT_ID_REQUIRED"),
        (402, "INSUFFICIENT_FUNDS"),
        (402, "PERMISSION_REQUIRED"),
    ] {
        assert_eq!(fails(status, code), Failure::Authentication(format!("Words. ({code})")));
    }
    assert!(matches!(fails(418, "NEW"), Failure::Upstream(error) if error.http_status == Some(418)));
}

#[test]
fn errors_without_a_body_are_told_apart() {
    let fails = |status: u16| geolocate(get(&format!("{CITY}/192.0.2.7")).answer(status, "")).failure();
    assert_eq!(
        fails(429),
        Failure::RateLimited(RateLimit { retry_after_ms: None, message: "no reason given".into() })
    );
    assert!(matches!(fails(503), Failure::Upstream(error) if error.http_status == Some(503)));
    assert!(matches!(fails(403), Failure::Authentication(_)));
    let garbage = geolocate(get(&format!("{CITY}/192.0.2.7")).answer(200, &b"{\xff"[..])).failure();
    assert!(matches!(garbage, Failure::Upstream(_)));
}

#[test]
fn the_test_asks_for_the_hosts_own_address() {
    let me = || get(&format!("{CITY}/me"));
    test().http(me().answer_json(200, json!({}))).invoke("test connectivity", json!({})).report();
    let reserved = json!({ "code": "IP_ADDRESS_RESERVED", "error": "Words." });
    test().http(me().answer_json(400, reserved)).invoke("test connectivity", json!({})).report();
}

fn from_file(name: &str, ip: &str) -> Ended {
    let path = format!("{}/tests/databases/good/{name}.mmdb", env!("CARGO_MANIFEST_DIR"));
    ConnectorTest::new(connector)
        .configuration(json!({ "database": "x.mmdb", "account_id": "42", "license_key": "placeholder" }))
        .file("database", std::fs::read(path).unwrap())
        .invoke("geolocate ip", json!({ "ip": ip }))
}

#[test]
fn a_database_answers_like_the_web_service_and_before_it() {
    let report = from_file("GeoIP2-City-Test", "81.2.69.142").report();
    assert_eq!(report.message, "81.2.69.142 is in London, England, United Kingdom.");
    assert_eq!(report.summary["country_code"], "GB");
    let expected = json!({
        "continent": "Europe", "registered_country": "United States", "state_code": "ENG", "time_zone": "Europe/London",
        "accuracy_radius_km": 10, "latitude": 51.5142, "longitude": -0.0931, "network": "81.2.69.142/31",
    });
    for (field, value) in expected.as_object().unwrap() {
        assert_eq!(&report.data[field], value, "{field}");
    }
    let failure = from_file("GeoIP2-City-Test", "10.0.0.1").failure();
    assert_eq!(failure, Failure::NotFound("10.0.0.1 is not in the database".into()));
}

#[test]
fn other_databases_say_what_they_know() {
    let report = from_file("GeoLite2-ASN-Test", "1.128.0.1").report();
    assert_eq!(report.message, "GeoIP knows 1.128.0.1, but not where it is.");
    let known = ["asn", "as_organization", "network"].map(|field| report.data[field].clone());
    assert_eq!(known, [json!(1221), json!("Telstra Pty Ltd"), json!("1.128.0.0/11")]);
    assert_eq!(from_file("GeoIP2-Anonymous-IP-Test", "81.2.69.1").report().data["anonymous"], true);
    assert_eq!(from_file("GeoIP2-Domain-Test", "1.2.0.1").report().data["domain"], "maxmind.com");
    assert_eq!(
        from_file("GeoIP2-Country-Test", "2.125.160.216").report().summary["country"],
        "United Kingdom"
    );
    // A database of something else entirely.
    for (name, ip) in [("MaxMind-DB-string-value-entries", "1.1.1.1"), ("MaxMind-DB-test-ipv4-24", "1.1.1.1")]
    {
        let ended = from_file(name, ip);
        assert!(ended.outcome.is_err() || ended.report().message.ends_with("not where it is."));
    }
}

#[test]
fn the_test_tells_which_database_it_is() {
    let test = |bytes: &[u8]| {
        ConnectorTest::new(connector)
            .configuration(json!({ "database": "x.mmdb" }))
            .file("database", bytes)
            .invoke("test connectivity", json!({}))
    };
    let bytes = include_bytes!("../tests/databases/good/GeoIP2-City-Test.mmdb");
    assert!(test(bytes).report().message.starts_with("The file is a database GeoIP2-City, made "));
    assert!(matches!(test(b"GIF89a").failure(), Failure::Upstream(_)));
}

#[test]
fn an_asset_needs_an_account_or_a_file() {
    for configuration in [json!({}), json!({ "account_id": "42" }), json!({ "license_key": "placeholder" })] {
        let test = ConnectorTest::new(connector).configuration(configuration);
        let failure = test.invoke("geolocate ip", json!({ "ip": "192.0.2.7" })).failure();
        assert!(matches!(failure, Failure::InvalidParameters(_)));
    }
}
