//! WHOIS.

use palisade_lab::{Fault, FaultKind, Lab, System, story};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::client::lab;

async fn ask(lab: &Lab, server: &str, query: &str) -> std::io::Result<String> {
    let (_, address) = lab.whois().iter().find(|(name, _)| *name == server).unwrap();
    let mut stream = TcpStream::connect(address).await?;
    stream.write_all(format!("{query}\r\n").as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    Ok(answer)
}

#[tokio::test]
async fn a_domain_without_rdap_leads_from_iana_to_its_registry() {
    let lab = lab().await;
    let answer = ask(&lab, "whois.iana.org", story::WHOIS_ONLY_DOMAIN).await.unwrap();
    assert!(answer.contains("refer:        whois.nic.it\r\n"), "{answer}");
    let answer = ask(&lab, "whois.nic.it", story::WHOIS_ONLY_DOMAIN).await.unwrap();
    assert!(answer.contains("Organization:     Relay Analytics S.r.l.\r\n"), "{answer}");
    let answer = ask(&lab, "whois.nic.it", "free.it").await.unwrap();
    assert_eq!(answer, "Domain:             free.it\r\nStatus:             AVAILABLE\r\n");

    let entries = lab.ledger().of(System::Whois).unwrap();
    let asked: Vec<_> = entries.iter().map(|entry| (entry.host.as_str(), entry.path.as_str())).collect();
    assert_eq!(asked[0], ("whois.iana.org", story::WHOIS_ONLY_DOMAIN));
    assert_eq!(asked.len(), 3);
}

#[tokio::test]
async fn an_address_is_referred_to_the_registry_that_has_it() {
    let lab = lab().await;
    let query = format!("n + {}", story::DESTINATION_IP);
    let answer = ask(&lab, "whois.arin.net", &query).await.unwrap();
    assert!(answer.contains("ReferralServer:  whois://whois.ripe.net\r\n"), "{answer}");
    let answer = ask(&lab, "whois.ripe.net", story::DESTINATION_IP).await.unwrap();
    assert!(answer.contains("org-name:       Polder Hosting B.V.\r\n"), "{answer}");
    let answer = ask(&lab, "whois.arin.net", story::UNKNOWN_IP).await.unwrap();
    assert!(answer.contains("No match found for 192.0.2.200.\r\n"), "{answer}");
}

#[tokio::test]
async fn a_fault_resets_the_connection() {
    let lab = lab().await;
    let kind = FaultKind::ResetBeforeResponse;
    lab.faults().arm(Fault { system: System::Whois, path_prefix: None, times: Some(1), kind }).unwrap();
    let error = ask(&lab, "whois.verisign-grs.com", story::UNKNOWN_DOMAIN).await.unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);
    let answer = ask(&lab, "whois.verisign-grs.com", story::UNKNOWN_DOMAIN).await.unwrap();
    assert!(answer.starts_with("No match for \"QUIET-HARBOR-7731.COM\".\r\n"), "{answer}");
}
