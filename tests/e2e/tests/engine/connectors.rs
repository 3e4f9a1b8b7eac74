//! The connectors against the lab: what they report, and what they make of each kind of refusal.

use std::collections::BTreeMap;

use palisade_lab::{Fault, FaultKind, Lab, LabOptions, System, story};
use palisade_model::{action::Failure, asset::Network};
use serde_json::{Value, json};

use crate::bound::{Bound, none};

/// A connector whose real names lead to the lab.
pub(crate) async fn bound(lab: &Lab, package: &str, configuration: Value, secrets: &[(&str, &str)]) -> Bound {
    let network = Network {
        allow: vec!["127.0.0.0/8".parse().unwrap()],
        connect_to: lab.connect_to().iter().map(|rule| rule.parse().unwrap()).collect(),
        ca: Some(lab.ca_pem().to_owned()),
    };
    Bound::new(package, configuration, secrets, network).await
}

pub(crate) async fn lab() -> Lab {
    Lab::start(LabOptions::default()).await.unwrap()
}

pub(crate) fn arm(lab: &Lab, system: System, kind: FaultKind) {
    lab.faults().clear();
    lab.faults().arm(Fault { system, path_prefix: None, times: None, kind }).unwrap();
}

fn status(code: u16) -> FaultKind {
    FaultKind::Status { code, body: None, retry_after: None }
}

/// The kind of a failure, as the journal writes it.
pub(crate) fn kind(failure: &Failure) -> String {
    serde_json::to_value(failure).unwrap()["failure"].as_str().unwrap().to_owned()
}

/// What every connector makes of the usual faults of a system, seen through one action that reads. A redirect of a POST
/// is not followed, so it is only a strange answer.
pub(crate) async fn hold_against_faults(
    lab: &Lab,
    connector: &Bound,
    system: System,
    action: &str,
    parameters: &Value,
) {
    let redirected = if system == System::WinRm { "upstream" } else { "denied" };
    let retry_after = FaultKind::Status { code: 429, body: None, retry_after: Some(7) };
    for (fault, expected) in [
        (FaultKind::ResetBeforeResponse, "unavailable"),
        (status(500), "upstream"),
        (status(403), "authentication"),
        (FaultKind::Garbage, "upstream"),
        (FaultKind::Huge { bytes: 1 << 40 }, "upstream"),
        (FaultKind::Redirect { location: "https://evil.example/".into() }, redirected),
        (retry_after, "rate-limited"),
    ] {
        arm(lab, system, fault.clone());
        let failure = connector.failure(action, parameters.clone()).await;
        assert_eq!(kind(&failure), expected, "{fault:?}: {failure}");
        if let Failure::RateLimited { retry_after_ms, .. } = failure {
            assert_eq!(retry_after_ms, Some(7_000));
        }
    }
    lab.faults().clear();
    connector.report(action, parameters.clone()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn shodan_tells_what_an_address_and_a_domain_offer() {
    let lab = lab().await;
    let connector = bound(&lab, "shodan", json!({}), &[("api_key", story::SHODAN_KEY)]).await;
    connector.report("test connectivity", none()).await;
    let ip = json!({ "ip": story::DESTINATION_IP });
    let report = connector.report("query ip", ip.clone()).await;
    assert_eq!(report.summary["ports"], json!([22, 443, 8443]));
    assert_eq!(report.data["organization"], "Polder Hosting B.V.");
    let report = connector.report("query domain", json!({ "domain": story::REGISTERED_DOMAIN })).await;
    assert_eq!(report.summary["total"], 3, "{report:#?}");
    let report = connector.report("query domain", json!({ "domain": story::UNKNOWN_DOMAIN })).await;
    assert_eq!(report.summary["total"], 0);
    let failure = connector.failure("query ip", json!({ "ip": story::UNKNOWN_IP })).await;
    assert_eq!(kind(&failure), "not-found");
    for wrong in [json!({ "ip": "203.0.113" }), json!({ "ip": 7 }), json!({})] {
        assert_eq!(kind(&connector.failure("query ip", wrong).await), "invalid-parameters");
    }
    hold_against_faults(&lab, &connector, System::Shodan, "query ip", &ip).await;

    let connector = bound(&lab, "shodan", json!({}), &[("api_key", "not-the-key")]).await;
    assert_eq!(kind(&connector.failure("query ip", ip).await), "authentication");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whois_tells_who_holds_a_name_and_an_address() {
    let lab = lab().await;
    let connector = bound(&lab, "whois", json!({}), &[]).await;
    connector.report("test connectivity", none()).await;
    // A name below the registered one finds it; a country's domain is asked for over WHOIS.
    let domain = json!({ "domain": story::DESTINATION_DOMAIN });
    let report = connector.report("whois domain", domain.clone()).await;
    assert_eq!(report.summary["domain"], story::REGISTERED_DOMAIN);
    assert_eq!(report.summary["registrar"], "Northwind Registrar, Inc.");
    let report = connector.report("whois domain", json!({ "domain": story::WHOIS_ONLY_DOMAIN })).await;
    assert_eq!(report.summary["domain"], story::WHOIS_ONLY_DOMAIN);
    assert!(report.data["raw"].as_str().is_some_and(|raw| raw.contains("Registrar")), "{:#}", report.data);
    let report = connector.report("whois ip", json!({ "ip": story::DESTINATION_IP })).await;
    assert_eq!(report.data["owner"]["name"], "Polder Hosting B.V.", "{:#}", report.data);
    let failure = connector.failure("whois domain", json!({ "domain": story::UNKNOWN_DOMAIN })).await;
    assert_eq!(kind(&failure), "not-found");
    for wrong in ["", "two words", "a.example/../x", "com"] {
        let failure = connector.failure("whois domain", json!({ "domain": wrong })).await;
        assert_eq!(kind(&failure), "invalid-parameters", "{wrong:?}: {failure}");
    }
    for (fault, expected) in
        [(FaultKind::ResetBeforeResponse, "unavailable"), (FaultKind::Garbage, "upstream")]
    {
        arm(&lab, System::Rdap, fault);
        assert_eq!(kind(&connector.failure("whois domain", domain.clone()).await), expected);
    }
    arm(&lab, System::Whois, FaultKind::ResetBeforeResponse);
    let failure = connector.failure("whois domain", json!({ "domain": story::WHOIS_ONLY_DOMAIN })).await;
    assert_eq!(kind(&failure), "unavailable");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn servicenow_writes_reads_and_changes_tickets() {
    let lab = lab().await;
    let url = format!("https://{}", story::SERVICENOW_HOST);
    let basic = json!({ "url": url, "username": story::SERVICENOW_USER });
    let password = [("password", story::SERVICENOW_PASSWORD)];
    let connector = bound(&lab, "servicenow", basic.clone(), &password).await;
    connector.report("test connectivity", none()).await;

    let parameters =
        json!({ "short_description": "Ä ticket", "description": "Two\nlines", "fields": { "urgency": "2" } });
    let created = connector.report("create ticket", parameters).await;
    let number = created.summary["number"].as_str().unwrap();
    assert_eq!(lab.tickets()[0]["short_description"], "Ä ticket");
    assert_eq!(lab.tickets()[0]["correlation_id"], "palisade-test-1-1");
    let id = json!({ "id": number });
    let read = connector.report("get ticket", id.clone()).await;
    assert_eq!(read.data["fields"]["description"], "Two\nlines");
    connector.report("update ticket", json!({ "id": number, "fields": { "urgency": "1" } })).await;
    connector.report("add work note", json!({ "id": number, "note": "Looked at." })).await;
    assert_eq!(lab.tickets()[0]["urgency"], "1");
    assert!(lab.tickets()[0]["journal"].to_string().contains("Looked at."), "{:#}", lab.tickets()[0]);
    let list = connector.report("list tickets", json!({ "query": "urgency=1" })).await;
    assert_eq!(list.summary["count"], 1, "{list:#?}");

    assert_eq!(kind(&connector.failure("get ticket", json!({ "id": "INC9999999" })).await), "not-found");
    for (action, wrong) in [
        ("get ticket", json!({ "id": "INC1^active=true" })),
        ("get ticket", json!({ "id": number, "table": "../sys_user" })),
        ("update ticket", json!({ "id": number, "fields": {} })),
        ("create ticket", json!({ "short_description": "x", "fields": { "correlation_id": "mine" } })),
    ] {
        assert_eq!(kind(&connector.failure(action, wrong.clone()).await), "invalid-parameters", "{wrong}");
    }
    hold_against_faults(&lab, &connector, System::ServiceNow, "get ticket", &id).await;
    let connector = bound(&lab, "servicenow", basic, &[("password", "not-the-password")]).await;
    assert_eq!(kind(&connector.failure("get ticket", id).await), "authentication");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn servicenow_takes_oauth_with_and_without_a_user() {
    let lab = lab().await;
    let url = format!("https://{}", story::SERVICENOW_HOST);
    let client = json!({ "url": url, "client_id": story::SERVICENOW_CLIENT_ID });
    let mut user = client.clone();
    user["username"] = json!(story::SERVICENOW_USER);
    let secret = ("client_secret", story::SERVICENOW_CLIENT_SECRET);
    let password = ("password", story::SERVICENOW_PASSWORD);
    for (configuration, secrets) in [(client.clone(), vec![secret]), (user, vec![secret, password])] {
        lab.ledger().clear();
        let connector = bound(&lab, "servicenow", configuration, &secrets).await;
        connector.report("list tickets", none()).await;
        let asked = lab.ledger().of(System::ServiceNow).unwrap();
        let paths: Vec<_> = asked.iter().map(|entry| (entry.method.as_str(), entry.path.as_str())).collect();
        assert_eq!(paths, [("POST", "/oauth_token.do"), ("GET", "/api/now/table/incident")]);
    }
    let connector = bound(&lab, "servicenow", client, &[("client_secret", "not-the-secret")]).await;
    assert_eq!(kind(&connector.failure("list tickets", none()).await), "authentication");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn windows_tells_what_a_server_is_and_what_runs_on_it() {
    let lab = lab().await;
    let one =
        json!({ "url": format!("https://{}:5986", story::SOURCE_HOST), "username": story::WINDOWS_USER });
    let password = [("password", story::WINDOWS_PASSWORD)];
    let connector = bound(&lab, "windows", one.clone(), &password).await;
    connector.report("test connectivity", none()).await;
    let info = connector.report("get system info", none()).await;
    assert_eq!(info.data["name"], "SRV-WEB-01");
    assert_eq!(info.data["operating_system"], "Microsoft Windows Server 2022 Standard");
    assert!(info.data["addresses"].to_string().contains(story::SOURCE_IP), "{:#}", info.data);
    for name in ["srv-web-01", "SRV-WEB-01.acme.example", story::SOURCE_IP] {
        connector.report("get system info", json!({ "ip_hostname": name })).await;
    }
    let processes = connector.report("list processes", none()).await.data.to_string();
    assert!(
        processes.contains(r"C:\\ProgramData\\updchk.exe") && processes.contains("<default> & run"),
        "{processes}"
    );
    let sessions = connector.report("list sessions", none()).await.data.to_string();
    assert!(sessions.contains("m.keller"), "{sessions}");
    // Facts about another machine are worse than none.
    let failure = connector.failure("get system info", json!({ "ip_hostname": "srv-db-01" })).await;
    assert_eq!(kind(&failure), "not-found", "{failure}");
    hold_against_faults(&lab, &connector, System::WinRm, "get system info", &none()).await;

    let connector = bound(&lab, "windows", one, &[("password", "not-the-password")]).await;
    assert_eq!(kind(&connector.failure("get system info", none()).await), "authentication");

    // One asset for all servers of the company: the alert's name picks one, and no other domain's.
    let all = json!({ "url": "https://*.acme.example:5986", "username": story::WINDOWS_USER });
    let connector = bound(&lab, "windows", all, &password).await;
    let info = connector.report("get system info", json!({ "ip_hostname": "srv-db-01" })).await;
    assert_eq!(info.data["name"], "SRV-DB-01");
    lab.ledger().clear();
    for elsewhere in ["srv.evil.example", "srv-db-01.acme.example.evil.example", "a.example/#.acme.example"] {
        connector.failure("get system info", json!({ "ip_hostname": elsewhere })).await;
    }
    assert_eq!(lab.ledger().entries().unwrap().len(), 0);
}

/// The host holds an action that only reads to what is declared, and believes that losing the answer to another leaves no
/// doubt; so the declarations are what a reader must check.
#[tokio::test]
async fn no_action_declares_that_a_request_only_reads_which_writes() {
    let lab = lab().await;
    let configurations = BTreeMap::from([
        ("shodan", json!({})),
        ("whois", json!({})),
        ("servicenow", json!({ "url": "https://acme.service-now.com" })),
        ("windows", json!({ "url": "https://srv-web-01.acme.example:5986", "username": "x" })),
    ]);
    for (package, configuration) in configurations {
        let connector = bound(&lab, package, configuration, &[]).await;
        for action in &connector.manifest.actions {
            let reads: Vec<_> =
                action.reads.iter().map(|read| (read.method.as_str(), read.path.as_str())).collect();
            match package {
                "windows" => assert_eq!(reads, [("POST", "/wsman")], "{}", action.name),
                "servicenow" => assert_eq!(reads, [("POST", "/oauth_token.do")], "{}", action.name),
                _ => assert_eq!(reads, [], "{package}: {}", action.name),
            }
        }
    }
}

#[tokio::test]
async fn intune_logs_in_once_for_many_calls_and_again_when_its_token_is_refused() {
    let lab = lab().await;
    let configuration =
        json!({ "tenant_id": story::ENTRA_TENANT_DOMAIN, "client_id": story::ENTRA_CLIENT_ID });
    let secrets = [("client_secret", story::ENTRA_CLIENT_SECRET)];
    let connector = bound(&lab, "intune", configuration.clone(), &secrets).await;
    let device = json!({ "id": story::INTUNE_DEVICE });
    let logins = || {
        let entries = lab.ledger().of(System::Intune).unwrap();
        entries.iter().filter(|entry| entry.host == story::ENTRA_HOST).count()
    };
    for action in ["get system info", "sync device", "get system info"] {
        connector.report(action, device.clone()).await;
    }
    assert_eq!(logins(), 1);

    let refused = Fault {
        system: System::Intune,
        path_prefix: Some("/v1.0/".into()),
        times: Some(1),
        kind: status(401),
    };
    lab.faults().arm(refused).unwrap();
    connector.report("get system info", device.clone()).await;
    assert_eq!(logins(), 2);
    connector.report("get system info", device.clone()).await;
    assert_eq!(logins(), 2);
    // Another asset has a token of its own.
    bound(&lab, "intune", configuration, &secrets).await.report("get system info", device).await;
    assert_eq!(logins(), 3);
}

#[tokio::test]
async fn virustotal_is_not_asked_more_often_than_its_public_api_takes() {
    let lab = lab().await;
    let key = [("api_key", story::VIRUSTOTAL_PUBLIC_KEY)];
    let connector = bound(&lab, "virustotal", json!({}), &key).await;
    let ip = json!({ "ip": story::DESTINATION_IP });
    for _ in 0..4 {
        connector.report("ip reputation", ip.clone()).await;
    }
    match connector.failure("ip reputation", ip.clone()).await {
        Failure::RateLimited { retry_after_ms: Some(wait), .. } => {
            assert!((30_000..=61_000).contains(&wait), "{wait}");
        }
        other => panic!("it is not limited: {other}"),
    }
    let asked = || lab.ledger().of(System::VirusTotal).unwrap().len();
    assert_eq!(asked(), 4);

    // Whoever sets no limit on this side meets the vendor's.
    let connector = bound(&lab, "virustotal", json!({ "requests_per_minute": 0 }), &key).await;
    let limited = connector.failure("ip reputation", ip).await;
    assert!(matches!(limited, Failure::RateLimited { retry_after_ms: Some(60_000), .. }), "{limited}");
    assert_eq!(asked(), 5);
}
