//! WHOIS servers (RFC 3912): one query line, one text, and the connection closes.
//!
//! The servers are real ones, and so is the form of their answers; what they say is the story's. `.it` stands for the
//! top-level domains whose registries have WHOIS and no entry in the RDAP bootstrap.

use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

use crate::faults::FaultKind;
use crate::limits::{PATIENCE, WHOIS_QUERY_BYTES};
use crate::world::World;
use crate::{Entry, System, story};

/// One WHOIS server.
pub(crate) struct Server {
    /// Its name; it listens on port 43 in truth.
    pub(crate) name: &'static str,
    answer: fn(&str) -> String,
}

/// All servers played.
pub(crate) const SERVERS: [Server; 5] = [
    Server { name: "whois.iana.org", answer: iana },
    Server { name: "whois.verisign-grs.com", answer: verisign },
    Server { name: "whois.nic.it", answer: nic_it },
    Server { name: "whois.arin.net", answer: arin },
    Server { name: "whois.ripe.net", answer: ripe },
];

/// Answers the one query of a connection.
pub(crate) async fn serve(mut stream: TcpStream, server: &'static Server, world: Arc<World>) {
    let Ok(Some(query)) = tokio::time::timeout(PATIENCE, read_query(&mut stream)).await else { return };
    let mut entry = Entry::of_whois(server.name, &query);
    let fault = world.faults.strike(System::Whois, &query);
    entry.fault = fault.is_some();
    world.ledger.record(entry);

    let mut delay = world.latency(System::Whois);
    match fault {
        Some(FaultKind::ResetBeforeResponse | FaultKind::ResetAfterEffect) => {
            // Closing with linger zero is how TCP sends a reset.
            let _ = stream.set_zero_linger();
            return;
        }
        Some(FaultKind::Hang | FaultKind::HangAfterEffect) => return std::future::pending().await,
        Some(FaultKind::Garbage) => return send(stream, b"\xff\xfe\x00\x9f\x92\x96").await,
        Some(FaultKind::Huge { bytes }) => return flood(stream, bytes).await,
        Some(FaultKind::Slow { ms }) => delay += Duration::from_millis(ms),
        // Arming the fault has refused these for WHOIS.
        None | Some(FaultKind::Status { .. } | FaultKind::Redirect { .. }) => {}
    }
    if !delay.is_zero() {
        tokio::time::sleep(delay).await;
    }
    let text = (server.answer)(&query).replace('\n', "\r\n");
    send(stream, text.as_bytes()).await;
}

async fn read_query(stream: &mut TcpStream) -> Option<String> {
    let mut line = Vec::new();
    BufReader::new(stream.take(WHOIS_QUERY_BYTES)).read_until(b'\n', &mut line).await.ok()?;
    // RFC 3912: all requests are terminated with CR LF.
    let line = line.strip_suffix(b"\r\n")?;
    Some(String::from_utf8_lossy(line).into_owned())
}

async fn send(mut stream: TcpStream, bytes: &[u8]) {
    // A client that has gone away has nothing to complain about.
    if stream.write_all(bytes).await.is_ok() {
        let _ = stream.shutdown().await;
    }
}

async fn flood(mut stream: TcpStream, bytes: u64) {
    let mut spaces = tokio::io::repeat(b' ').take(bytes);
    // The client closes as soon as it has enough; that is what the fault is for.
    let _ = tokio::io::copy(&mut spaces, &mut stream).await;
    let _ = stream.shutdown().await;
}

fn iana(query: &str) -> String {
    let head = "% IANA WHOIS server\n% for more information on IANA, visit http://www.iana.org\n";
    let query = query.trim().to_ascii_lowercase();
    let tld = query.rsplit('.').next().unwrap_or_default();
    let object = if query.parse::<std::net::Ipv4Addr>().is_ok() {
        let block = query.split('.').next().unwrap_or_default();
        format!(
            "refer:        whois.arin.net\n\ninetnum:      {block}.0.0.0 - {block}.255.255.255\norganisation: ARIN\n\
             status:       ALLOCATED\n\nwhois:        whois.arin.net\n\nchanged:      1993-05\nsource:       IANA\n"
        )
    } else if let Some((server, holder)) = match tld {
        "com" => Some(("whois.verisign-grs.com", "VeriSign Global Registry Services")),
        "it" => Some(("whois.nic.it", "IIT - CNR")),
        _ => None,
    } {
        // A query for the top-level domain itself gets no `refer`, for IANA is the one to ask.
        let refer = if query == tld { String::new() } else { format!("refer:        {server}\n\n") };
        format!(
            "{refer}domain:       {}\n\norganisation: {holder}\n\nwhois:        {server}\n\nstatus:       ACTIVE\n\
             source:       IANA\n",
            tld.to_ascii_uppercase()
        )
    } else {
        return format!(
            "{head}% This query returned 0 objects.\n%\n% You queried for {query} but this server does not have\n\
             % any data for {query}.\n"
        );
    };
    format!("{head}% This query returned 1 object\n\n{object}\n")
}

fn verisign(query: &str) -> String {
    let name = query.trim().trim_start_matches("domain ").to_ascii_uppercase();
    if let Some(registration) = story::registration(&name) {
        return include_str!("whois/verisign.txt")
            .replace("{domain}", &name)
            .replace("{number}", &registration.number.to_string())
            .replace("{registered}", registration.registered_at)
            .replace("{expires}", registration.expires_at);
    }
    format!("No match for \"{name}\".\n>>> Last update of whois database: 2026-11-20T09:00:01Z <<<\n")
}

fn nic_it(query: &str) -> String {
    let name = query.trim().to_ascii_lowercase();
    if name == story::WHOIS_ONLY_DOMAIN {
        return include_str!("whois/nic-it.txt").to_owned();
    }
    format!("Domain:             {name}\nStatus:             AVAILABLE\n")
}

/// ARIN takes flags before the address, as in `n + 198.51.100.7`.
fn arin(query: &str) -> String {
    let terms = include_str!("whois/arin-terms.txt");
    let address = query.split_whitespace().last().unwrap_or_default();
    match address.rsplit_once('.') {
        Some(("203.0.113", _)) => format!("{terms}{}{terms}", include_str!("whois/arin-transferred.txt")),
        Some(("198.51.100", _)) => format!("{terms}{}{terms}", include_str!("whois/arin.txt")),
        _ => format!("{terms}\nNo match found for {address}.\n\n{terms}"),
    }
}

fn ripe(query: &str) -> String {
    let terms = include_str!("whois/ripe-terms.txt");
    let address = query.split_whitespace().last().unwrap_or_default();
    match address.rsplit_once('.') {
        Some(("203.0.113", _)) => format!("{terms}{}", include_str!("whois/ripe.txt")),
        _ => format!("{terms}%ERROR:101: no entries found\n%\n% No entries found in source RIPE.\n\n"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The texts stand in files, so that nothing but this keeps them in step with the story.
    #[test]
    fn the_texts_tell_the_story() {
        let registered = story::registration(story::REGISTERED_DOMAIN).unwrap();
        let said = [
            (
                verisign(story::REGISTERED_DOMAIN),
                vec![registered.registered_at, registered.expires_at, story::REGISTRAR],
            ),
            (nic_it(story::WHOIS_ONLY_DOMAIN), vec![story::WHOIS_ONLY_DOMAIN]),
            (ripe(story::DESTINATION_IP), vec![story::HOSTER, story::HOSTER_ABUSE, story::HOSTER_AS]),
            (arin(story::DESTINATION_IP), vec!["ReferralServer:  whois://whois.ripe.net"]),
            (arin(story::HARMLESS_IP), vec!["Example Networks LLC"]),
        ];
        for (text, facts) in said {
            for fact in facts {
                assert!(text.contains(fact), "{fact:?} is missing in:\n{text}");
            }
        }
    }

    #[test]
    fn iana_refers_to_the_server_that_knows() {
        assert!(iana("metrics-relay.it").contains("refer:        whois.nic.it\n"));
        assert!(!iana("it").contains("refer:"));
        assert!(iana("203.0.113.66").contains("refer:        whois.arin.net\n"));
        assert!(iana("host.invalid").contains("% This query returned 0 objects."));
    }
}
