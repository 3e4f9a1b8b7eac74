//! RDAP, from the bootstrap to the server that knows.

use palisade_lab::story;

use crate::client::{get, lab, send};

#[tokio::test]
async fn a_domain_leads_from_the_bootstrap_over_the_registry_to_the_registrar() {
    let lab = lab().await;
    let bootstrap = send(&lab, &get("https://data.iana.org/rdap/dns.json")).await.unwrap().json();
    let services = bootstrap["services"].as_array().unwrap();
    let com = services.iter().find(|service| service[0][0] == "com").unwrap();
    let base = com[1][0].as_str().unwrap();

    let asked = format!("{base}domain/{}", story::REGISTERED_DOMAIN);
    let reply = send(&lab, &get(&asked)).await.unwrap();
    assert_eq!(reply.header("content-type"), "application/rdap+json");
    let thin = reply.json();
    assert_eq!(thin["entities"].as_array().unwrap().len(), 1, "a thin registry knows no holder");
    let related = thin["links"].as_array().unwrap().iter().find(|link| link["rel"] == "related").unwrap();

    let thick = send(&lab, &get(related["href"].as_str().unwrap())).await.unwrap().json();
    assert_eq!(thick["entities"][1]["roles"][0], "registrant");
}

#[tokio::test]
async fn a_holder_is_named_or_redacted() {
    let lab = lab().await;
    for (domain, name, redactions) in
        [("open-survey.com", "Open Survey Foundation", 0), ("bulk-scan.com", "", 1)]
    {
        let asked = format!("https://rdap.northwind-registrar.example/domain/{domain}");
        let found = send(&lab, &get(&asked)).await.unwrap().json();
        assert_eq!(found["entities"][1]["vcardArray"][1][1][3], name);
        assert_eq!(found["redacted"].as_array().unwrap().len(), redactions);
    }
}

#[tokio::test]
async fn an_address_is_redirected_to_its_registry() {
    let lab = lab().await;
    let asked = format!("https://rdap.arin.net/registry/ip/{}", story::DESTINATION_IP);
    let reply = send(&lab, &get(&asked)).await.unwrap();
    assert_eq!(reply.status, 302);
    let network = send(&lab, &get(reply.header("location"))).await.unwrap().json();
    assert_eq!(network["objectClassName"], "ip network");
    assert_eq!(network["country"], "NL");
}

#[tokio::test]
async fn what_nobody_knows_is_an_error_object() {
    let lab = lab().await;
    for url in [
        format!("https://rdap.arin.net/registry/ip/{}", story::UNKNOWN_IP),
        format!("https://rdap.verisign.com/com/v1/domain/{}", story::UNKNOWN_DOMAIN),
        // A registry knows what is registered, and nothing below it.
        format!("https://rdap.verisign.com/com/v1/domain/{}", story::DESTINATION_DOMAIN),
    ] {
        let reply = send(&lab, &get(&url)).await.unwrap();
        assert_eq!(reply.status, 404, "{url}");
        assert_eq!(reply.json()["errorCode"], 404);
    }
}
