//! Records the cassettes of the first-party connectors, from the lab and from real servers.
//!
//! `cargo nextest run -p palisade-e2e --run-ignored only recording` writes `plugins/*/cassettes` anew; what a protocol leaves
//! to chance (a Message-ID, a date) becomes `[any]`. Cassettes that are not from here (a refusal, DNS over HTTPS) are kept.

use std::{fs, path::PathBuf};

use palisade_conformance::{
    KEY, Recorded,
    cassette::{Bytes, Cassette, Turn},
};
use palisade_engine::{Invocation, Outcome};
use palisade_lab::{Lab, LabOptions, story};
use palisade_model::{action::Effect, asset::Network};
use palisade_servers::{BASE, NAME, PASSWORD, Slapd, USER};
use serde_json::{Value, json};

use crate::bound::Bound;

/// A system's asset, and where its cassettes go.
struct Tape {
    package: &'static str,
    configuration: Value,
    secrets: Vec<(&'static str, &'static str)>,
    network: Network,
}

impl Tape {
    /// Calls the action and writes what passed.
    async fn record(&self, name: &str, action: &str, parameters: Value) {
        let bound =
            Bound::new(self.package, self.configuration.clone(), &self.secrets, self.network.clone()).await;
        let (bound, recorder) = bound.recorded();
        let spec = bound.manifest.action(action).unwrap();
        let mut resume: Option<String> = None;
        let outcome = loop {
            let invocation = Invocation {
                action,
                parameters: &parameters,
                idempotency_key: KEY,
                attempt: 1,
                resume: resume.as_deref(),
                cancelled: false,
            };
            let call = bound.gate.call(spec.effect, &spec.reads);
            match bound.connector.invoke(call, invocation).await.outcome {
                Ok(Outcome::Done(report)) => break Ok(report),
                Err(failure) => break Err(failure),
                Ok(Outcome::Pending { after, token, .. }) => {
                    tokio::time::sleep(after).await;
                    resume = Some(token);
                }
            }
        };
        assert!(outcome.is_ok(), "{} {action}: {outcome:?}", self.package);
        let secrets: Vec<_> = self.secrets.iter().map(|(field, _)| (*field).to_owned()).collect();
        let recorded = Recorded {
            action,
            parameters: parameters.as_object().unwrap(),
            configuration: self.configuration.as_object().unwrap(),
            secrets: &secrets,
            key: KEY,
            outcome: &outcome,
        };
        let clean = |text| bound.gate.call(Effect::Test, &[]).scrub(text);
        self.write(name, recorder.cassette(&recorded, clean).unwrap());
    }

    fn write(&self, name: &str, cassette: Cassette) {
        let directory = cassettes(self.package);
        fs::create_dir_all(&directory).unwrap();
        without_chance(cassette).write(&directory.join(format!("{name}.json"))).unwrap();
    }
}

/// Where the cassettes of a package are.
pub(crate) fn cassettes(package: &str) -> PathBuf {
    let folder = if package == "http-api" { "http" } else { package };
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..");
    let plugin = root.join("plugins").join(folder);
    if plugin.is_dir() { plugin } else { root.join("playbooks").join(folder) }.join("cassettes")
}

/// Puts `[any]` for what differs in each call: the ids of WS-Management, the date of a mail.
fn without_chance(mut cassette: Cassette) -> Cassette {
    for exchange in &mut cassette.exchanges {
        let text = serde_json::to_string(&exchange.request).unwrap();
        exchange.request = serde_json::from_str(&any(&text, "uuid:", "<")).unwrap();
    }
    for turn in cassette.streams.iter_mut().flat_map(|stream| &mut stream.turns) {
        if let Turn::Sends(Bytes::Text(text)) = turn {
            // The date is a part of the size.
            *text = any(&any(text, "Date: ", "\r\n"), "SIZE=", "\r\n");
        }
    }
    cassette
}

/// The text with `[any]` for whatever stands between these two.
fn any(text: &str, before: &str, after: &str) -> String {
    let mut parts = text.split(before);
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |done, part| {
        let rest = part.find(after).map_or("", |at| &part[at..]);
        format!("{done}{before}[any]{rest}")
    })
}

fn of_lab(lab: &Lab) -> Network {
    Network {
        allow: vec!["127.0.0.0/8".parse().unwrap()],
        connect_to: lab.connect_to().iter().map(|rule| rule.parse().unwrap()).collect(),
        ca: Some(lab.ca_pem().to_owned()),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "it writes plugins/*/cassettes anew"]
async fn the_cassettes_are_recorded_anew() {
    let lab = Lab::start(LabOptions::default()).await.unwrap();
    let tape = |package, configuration, secrets: &[(&'static str, &'static str)]| Tape {
        package,
        configuration,
        secrets: secrets.to_vec(),
        network: of_lab(&lab),
    };
    look_ups(&tape).await;
    tickets(&tape).await;
    windows(&tape).await;
    devices(&tape).await;
    firewall(&tape).await;
    splunk(&tape).await;
    mail(&tape).await;
    inventory(&tape).await;
    directory().await;
}

type MakeTape<'a> = dyn Fn(&'static str, Value, &[(&'static str, &'static str)]) -> Tape + 'a;

async fn look_ups(tape: &MakeTape<'_>) {
    let shodan = tape("shodan", json!({}), &[("api_key", story::SHODAN_KEY)]);
    shodan.record("test-connectivity", "test connectivity", json!({})).await;
    shodan.record("query-ip", "query ip", json!({ "ip": story::DESTINATION_IP })).await;
    shodan.record("query-domain", "query domain", json!({ "domain": story::REGISTERED_DOMAIN })).await;

    let whois = tape("whois", json!({}), &[]);
    whois.record("test-connectivity", "test connectivity", json!({})).await;
    whois.record("whois-domain-rdap", "whois domain", json!({ "domain": story::DESTINATION_DOMAIN })).await;
    whois.record("whois-domain", "whois domain", json!({ "domain": story::WHOIS_ONLY_DOMAIN })).await;
    whois.record("whois-ip", "whois ip", json!({ "ip": story::DESTINATION_IP })).await;

    let key = ("api_key", story::VIRUSTOTAL_KEY);
    let virustotal = tape("virustotal", json!({}), &[key]);
    virustotal.record("test-connectivity", "test connectivity", json!({})).await;
    virustotal.record("ip-reputation", "ip reputation", json!({ "ip": story::DESTINATION_IP })).await;
    let domain = json!({ "domain": story::DESTINATION_DOMAIN });
    virustotal.record("domain-reputation", "domain reputation", domain).await;
    virustotal.record("url-reputation", "url reputation", json!({ "url": story::DESTINATION_URL })).await;
    virustotal.record("file-reputation", "file reputation", json!({ "hash": story::BEACON_SHA256 })).await;
    virustotal.record("ip-unknown", "ip reputation", json!({ "ip": story::UNKNOWN_IP })).await;

    let configuration = json!({ "account_id": story::MAXMIND_ACCOUNT });
    let geoip = tape("geoip", configuration, &[("license_key", story::MAXMIND_KEY)]);
    geoip.record("test-connectivity", "test connectivity", json!({})).await;
    geoip.record("geolocate-ip", "geolocate ip", json!({ "ip": story::DESTINATION_IP })).await;
}

async fn tickets(tape: &MakeTape<'_>) {
    let url = format!("https://{}", story::SERVICENOW_HOST);
    let configuration = json!({ "url": url, "username": story::SERVICENOW_USER });
    let basic = tape("servicenow", configuration, &[("password", story::SERVICENOW_PASSWORD)]);
    basic.record("test-connectivity", "test connectivity", json!({})).await;
    let ticket = json!({ "short_description": "A server connects out", "fields": { "urgency": "2" } });
    basic.record("create-ticket", "create ticket", ticket).await;
    let id = "INC0010001";
    basic.record("get-ticket", "get ticket", json!({ "id": id })).await;
    let update = json!({ "id": id, "fields": { "urgency": "1" } });
    basic.record("update-ticket", "update ticket", update).await;
    basic.record("add-work-note", "add work note", json!({ "id": id, "note": "Looked at." })).await;
    basic.record("list-tickets", "list tickets", json!({ "query": "urgency=1" })).await;
    let client = json!({ "url": url, "client_id": story::SERVICENOW_CLIENT_ID });
    let oauth = tape("servicenow", client, &[("client_secret", story::SERVICENOW_CLIENT_SECRET)]);
    oauth.record("list-tickets-oauth", "list tickets", json!({ "query": "urgency=1" })).await;
}

async fn windows(tape: &MakeTape<'_>) {
    let url = format!("https://{}:5986", story::SOURCE_HOST);
    let configuration = json!({ "url": url, "username": story::WINDOWS_USER });
    let server = tape("windows", configuration, &[("password", story::WINDOWS_PASSWORD)]);
    for action in ["test connectivity", "get system info", "list sessions", "list processes"] {
        server.record(&action.replace(' ', "-"), action, json!({})).await;
    }
}

async fn devices(tape: &MakeTape<'_>) {
    let url = format!("https://{}", story::MOBILEIRON_HOST);
    let configuration = json!({ "url": url, "username": story::MOBILEIRON_USER });
    let core = tape("mobileiron", configuration, &[("password", story::MOBILEIRON_PASSWORD)]);
    core.record("test-connectivity", "test connectivity", json!({})).await;
    core.record("list-devices", "list devices", json!({})).await;
    let device = json!({ "uuid": story::MOBILEIRON_DEVICE });
    for action in ["get system info", "lock device", "unlock device", "wipe device"] {
        core.record(&action.replace(' ', "-"), action, device.clone()).await;
    }

    let configuration = json!({ "tenant_id": story::ENTRA_TENANT, "client_id": story::ENTRA_CLIENT_ID });
    let intune = tape("intune", configuration, &[("client_secret", story::ENTRA_CLIENT_SECRET)]);
    intune.record("test-connectivity", "test connectivity", json!({})).await;
    let user = json!({ "user": story::INTUNE_DEVICE_USER });
    intune.record("list-managed-devices", "list managed devices", user).await;
    let device = json!({ "id": story::INTUNE_DEVICE });
    for action in ["get system info", "sync device", "lock device", "wipe device"] {
        intune.record(&action.replace(' ', "-"), action, device.clone()).await;
    }
}

async fn firewall(tape: &MakeTape<'_>) {
    let url = format!("https://{}", story::PANOS_HOST);
    let configuration = json!({ "url": url, "administrator": story::PANOS_ADMINISTRATOR });
    let panos = tape("panos", configuration, &[("api_key", story::PANOS_KEY)]);
    panos.record("test-connectivity", "test connectivity", json!({})).await;
    let ip = json!({ "ip": story::DESTINATION_IP });
    let url = json!({ "url": story::DESTINATION_URL });
    panos.record("block-ip", "block ip", ip.clone()).await;
    panos.record("block-url", "block url", url.clone()).await;
    panos.record("list-blocked", "list blocked", json!({})).await;
    panos.record("unblock-ip", "unblock ip", ip).await;
    panos.record("unblock-url", "unblock url", url).await;
}

async fn splunk(tape: &MakeTape<'_>) {
    let configuration = json!({ "url": format!("https://{}:8089", story::SPLUNK_HOST) });
    let splunk = tape("splunk", configuration, &[("token", story::SPLUNK_TOKEN)]);
    splunk.record("test-connectivity", "test connectivity", json!({})).await;
    splunk.record("run-query", "run query", json!({ "query": "index=network", "max_results": 5 })).await;
    let event = json!({ "event_ids": story::NOTABLE_EVENT, "status": "closed", "comment": "Looked at." });
    splunk.record("update-event", "update event", event).await;
    splunk.record("post-data", "post data", json!({ "data": "A line of text." })).await;
}

async fn mail(tape: &MakeTape<'_>) {
    let configuration =
        json!({ "server": story::MAIL_HOST, "sender": story::MAIL_USER, "username": story::MAIL_USER });
    let smtp = tape("smtp", configuration, &[("password", story::MAIL_PASSWORD)]);
    smtp.record("test-connectivity", "test connectivity", json!({})).await;
    let mail = json!({ "to": "soc@acme.example", "subject": "A server connects out", "body": "Look at it." });
    smtp.record("send-email", "send email", mail).await;
}

async fn inventory(tape: &MakeTape<'_>) {
    let configuration = json!({
        "base_url": format!("https://{}/api/v1", story::INVENTORY_HOST),
        "auth": "bearer",
        "test_location": "/health",
        "idempotency_header": "idempotency-key",
    });
    let api = tape("http-api", configuration, &[("secret", story::INVENTORY_KEY)]);
    api.record("test-connectivity", "test connectivity", json!({})).await;
    let body = json!({ "name": "srv-web-01" });
    api.record("post-data", "post data", json!({ "location": "/assets", "body": body })).await;
    api.record("get-data", "get data", json!({ "location": "/assets/1" })).await;
    api.record("put-data", "put data", json!({ "location": "/assets/1", "body": body })).await;
    api.record("patch-data", "patch data", json!({ "location": "/assets/1", "body": body })).await;
    api.record("delete-data", "delete data", json!({ "location": "/assets/1" })).await;
}

async fn directory() {
    let slapd = Slapd::start(0);
    let ldap = Tape {
        package: "ldap",
        configuration: json!({
            "server": NAME, "directory": "openldap", "base_dn": BASE, "username": USER, "security": "starttls"
        }),
        secrets: vec![("password", PASSWORD)],
        network: Network {
            allow: vec!["127.0.0.0/8".parse().unwrap()],
            connect_to: slapd.connect_to().iter().map(|rule| rule.parse().unwrap()).collect(),
            ca: Some(slapd.ca_pem().to_owned()),
        },
    };
    // A password, even a hashed one, has no place in a cassette.
    let fields = json!(["cn", "mail", "description"]);
    ldap.record("test-connectivity", "test connectivity", json!({})).await;
    ldap.record(
        "get-user-attributes",
        "get user attributes",
        json!({ "username": "jdoe", "fields": fields }),
    )
    .await;
    let query = json!({ "filter": "(uid={})", "values": ["jdoe"], "attributes": fields });
    ldap.record("run-query", "run query", query).await;
    ldap.record("disable-account", "disable account", json!({ "user": "jdoe" })).await;
    ldap.record("enable-account", "enable account", json!({ "user": "jdoe" })).await;
    let member = json!({ "user": "jdoe", "group": "quarantine" });
    ldap.record("add-to-group", "add to group", member.clone()).await;
    ldap.record("list-group-members", "list group members", json!({ "group": "quarantine" })).await;
    ldap.record("remove-from-group", "remove from group", member).await;
}
