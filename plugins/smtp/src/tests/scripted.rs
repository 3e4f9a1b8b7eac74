//! Dialogues with servers, good and bad.
#![allow(clippy::needless_pass_by_value, reason = "a script reads best with `json!` in place")]

use palisade_sdk::{
    Failure,
    testing::{ConnectorTest, Conversation, Ended},
};
use serde_json::{Value, json};

use crate::{Configuration, connector};

/// What the connector says of itself and of its message, with the clock of every test.
const HEAD: &str =
    "Date: Thu, 1 Jan 2026 00:00:00 +0000\r\nFrom: soar@example.com\r\nTo: alice@example.com\r\n";
const TAIL: &str = "Message-ID: <test-key@example.com>\r\nSubject: Beaconing\r\nAuto-Submitted: auto-generated\r\n\
    MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n\
    SGVsbG8NCg==\r\n.\r\n";

fn test(configuration: Value) -> ConnectorTest<Configuration> {
    let mut whole = json!({ "server": "mail.example.com", "sender": "soar@example.com" });
    whole.as_object_mut().unwrap().extend(configuration.as_object().unwrap().clone());
    ConnectorTest::new(connector).configuration(whole)
}

fn email() -> Value {
    json!({ "to": "alice@example.com", "subject": "Beaconing", "body": "Hello\n" })
}

/// A relay in the own network, up to the message.
fn relay() -> Conversation {
    Conversation::new("mail.example.com", 25, "", "220 mail.example.com ESMTP\r\n")
        .then("EHLO example.com\r\n", "250-mail.example.com\r\n250-PIPELINING\r\n250 8BITMIME\r\n")
}

fn to_relay(conversation: Conversation) -> Ended {
    test(json!({ "security": "none" })).tcp(conversation).invoke("send email", email())
}

fn accepted(relay: Conversation) -> Conversation {
    relay
        .then("MAIL FROM:<soar@example.com>\r\n", "250 2.1.0 Ok\r\n")
        .then("RCPT TO:<alice@example.com>\r\n", "250 2.1.5 Ok\r\n")
        .then("DATA\r\n", "354 End data with <CR><LF>.<CR><LF>\r\n")
}

#[test]
fn a_message_goes_over_starttls_after_authentication() {
    let size = HEAD.len() + TAIL.len() - ".\r\n".len();
    let conversation =
        Conversation::new("mail.example.com", 587, "", "220-mail.example.com\r\n220 ESMTP\r\n")
            .then("EHLO soar.example.com\r\n", "250-mail.example.com\r\n250-AUTH LOGIN\r\n250 starttls\r\n")
            .then("STARTTLS\r\n", "220 2.0.0 Ready\r\n")
            .then_tls()
            .then(
                "EHLO soar.example.com\r\n",
                "250-mail.example.com\r\n250-SIZE 1000000\r\n250 AUTH LOGIN PLAIN\r\n",
            )
            .then("AUTH PLAIN AHNvYXIAc2VjcmV0\r\n", "235 2.7.0 Authentication successful\r\n")
            .then(format!("MAIL FROM:<soar@example.com> SIZE={size}\r\n"), "250 2.1.0 Ok\r\n")
            .then("RCPT TO:<alice@example.com>\r\n", "250 2.1.5 Ok\r\n")
            .then("DATA\r\n", "354 Go\r\n")
            .then(format!("{HEAD}{TAIL}"), "250 2.0.0 Ok\r\n")
            .then("QUIT\r\n", "");
    let login = json!({ "username": "soar", "password": "secret", "client_name": "soar.example.com" });
    test(login).tcp(conversation).invoke("send email", email()).report();
}

#[test]
fn a_message_goes_to_all_recipients() {
    let message = format!("{HEAD}Cc: bob@example.com,\r\n carol@example.com\r\n{TAIL}");
    let conversation = relay()
        .then("MAIL FROM:<soar@example.com>\r\n", "250 2.1.0 Ok\r\n")
        .then("RCPT TO:<alice@example.com>\r\n", "250 2.1.5 Ok\r\n")
        .then("RCPT TO:<bob@example.com>\r\n", "250 2.1.5 Ok\r\n")
        .then("RCPT TO:<carol@example.com>\r\n", "251 2.1.5 User not local; will forward\r\n")
        .then("RCPT TO:<dave@example.com>\r\n", "250 2.1.5 Ok\r\n")
        .then("DATA\r\n", "354 Go\r\n")
        .then(message, "250 2.0.0 Ok: queued as 4XyZ\r\n")
        .then("QUIT\r\n", "");
    let mut email = email();
    email["cc"] = json!("bob@example.com; carol@example.com");
    email["bcc"] = json!("dave@example.com, alice@example.com");
    let report = test(json!({ "security": "none" })).tcp(conversation).invoke("send email", email).report();
    assert_eq!(report.message, "The mail server took the email for 4 recipients.");
    assert_eq!(report.summary["message_id"], "<test-key@example.com>");
    assert_eq!(report.data["reply"], "250 2.0.0 Ok: queued as 4XyZ");
}

#[test]
fn a_refused_recipient_keeps_the_message_from_everybody() {
    let refused = |reply: &str| {
        let conversation = relay()
            .then("MAIL FROM:<soar@example.com>\r\n", "250 Ok\r\n")
            .then("RCPT TO:<alice@example.com>\r\n", reply);
        to_relay(conversation).failure()
    };
    let failure = refused("550-5.1.1 No\r\n550 5.1.1 such user\r\n");
    assert!(
        matches!(&failure, Failure::Upstream(error) if error.message
            == "the server refuses the recipient alice@example.com: 550 5.1.1 No 5.1.1 such user"),
        "{failure:?}"
    );
    assert!(matches!(refused("451 4.7.1 Greylisted\r\n"), Failure::Unavailable(_)));
}

#[test]
fn a_message_is_refused_or_its_fate_is_unknown() {
    let end = |reply: &str| to_relay(accepted(relay()).then(format!("{HEAD}{TAIL}"), reply)).failure();
    assert!(matches!(end("554 5.7.1 Spam\r\n"), Failure::Upstream(_)));
    assert!(matches!(end("452 4.3.1 Disk full\r\n"), Failure::Unavailable(_)));
    assert_eq!(end(""), Failure::Unavailable("the server ended the connection".into()));
    assert_eq!(end("250-half"), Failure::Unavailable("the server ended the connection".into()));
}

#[test]
fn what_came_in_the_clear_does_not_pass_for_tls() {
    let conversation = Conversation::new("mail.example.com", 587, "", "220 mail\r\n")
        .then("EHLO example.com\r\n", "250-mail\r\n250 STARTTLS\r\n")
        .then("STARTTLS\r\n", "220 Ready\r\n250 injected\r\n");
    let failure = test(json!({})).tcp(conversation).invoke("send email", email()).failure();
    assert_eq!(failure, Failure::Unavailable("the server sent more before TLS began".into()));
}

#[test]
fn nothing_secret_is_sent_without_tls() {
    let conversation = Conversation::new("mail.example.com", 2525, "", "220 mail\r\n")
        .then("EHLO example.com\r\n", "250-mail\r\n250 AUTH PLAIN\r\n");
    let login = json!({ "server": "mail.example.com:2525", "username": "soar", "password": "secret" });
    let failure = test(login).tcp(conversation).invoke("test connectivity", json!({})).failure();
    assert!(matches!(failure, Failure::Unavailable(words) if words.contains("no STARTTLS")));

    let plain = json!({ "security": "none", "username": "soar", "password": "secret" });
    let failure = test(plain).invoke("test connectivity", json!({})).failure();
    assert!(matches!(failure, Failure::InvalidParameters(_)));
}

/// TLS from the beginning, up to authentication.
fn over_tls(auth: &str) -> Conversation {
    Conversation::new("mail.example.com", 465, "", "")
        .then_tls()
        .then("", "220 mail\r\n")
        .then("EHLO example.com\r\n", format!("250-mail\r\n250 {auth}\r\n"))
}

fn log_in(conversation: Conversation) -> Ended {
    test(json!({ "security": "tls", "username": "soar", "password": "secret" }))
        .tcp(conversation)
        .invoke("test connectivity", json!({}))
}

#[test]
fn a_server_chooses_how_to_authenticate() {
    let plain = over_tls("AUTH DIGEST-MD5 plain").then("AUTH PLAIN AHNvYXIAc2VjcmV0\r\n", "235 Ok\r\n");
    log_in(plain.then("QUIT\r\n", "")).report();

    let login = over_tls("AUTH LOGIN")
        .then("AUTH LOGIN\r\n", "334 VXNlcm5hbWU6\r\n")
        .then("c29hcg==\r\n", "334 UGFzc3dvcmQ6\r\n")
        .then("c2VjcmV0\r\n", "235 Ok\r\n");
    log_in(login.then("QUIT\r\n", "")).report();

    let refused = over_tls("AUTH PLAIN").then("AUTH PLAIN AHNvYXIAc2VjcmV0\r\n", "535 5.7.8 No\r\n");
    assert!(
        matches!(log_in(refused).failure(), Failure::Authentication(words) if words.ends_with("535 5.7.8 No"))
    );
    let later = over_tls("AUTH PLAIN").then("AUTH PLAIN AHNvYXIAc2VjcmV0\r\n", "454 4.7.0 Later\r\n");
    assert!(matches!(log_in(later).failure(), Failure::Unavailable(_)));
    for (offer, words) in [("AUTH GSSAPI", "but GSSAPI"), ("SIZE", "no authentication")] {
        let failure = log_in(over_tls(offer)).failure();
        assert!(matches!(&failure, Failure::Authentication(it) if it.contains(words)), "{failure:?}");
    }
}

#[test]
fn a_server_that_makes_no_sense_or_no_end_is_left() {
    let greeted =
        |greeting: String| to_relay(Conversation::new("mail.example.com", 25, "", greeting)).failure();
    assert!(matches!(greeted("421 4.3.2 Later\r\n".into()), Failure::Unavailable(_)));
    assert!(matches!(greeted("554 5.7.1 Go away\r\n".into()), Failure::Upstream(_)));
    assert!(matches!(greeted("HTTP/1.1 400 Bad Request\r\n".into()), Failure::Upstream(_)));
    assert!(
        matches!(greeted("220-x\r\n".repeat(200)), Failure::Upstream(error) if error.message.contains("100 lines"))
    );
    assert!(
        matches!(greeted("2".repeat(9000)), Failure::Upstream(error) if error.message.contains("2048 bytes"))
    );
}

#[test]
fn a_message_too_large_is_not_begun() {
    let conversation = Conversation::new("mail.example.com", 25, "", "220 mail\r\n")
        .then("EHLO example.com\r\n", "250-mail\r\n250 SIZE 100\r\n");
    assert!(
        matches!(to_relay(conversation).failure(), Failure::InvalidParameters(words) if words.contains("at most 100"))
    );
}

#[test]
fn nothing_of_an_alert_can_become_a_command_or_a_header() {
    for field in ["from", "to", "cc", "bcc"] {
        let mut email = email();
        email[field] = json!("eve@example.com>\r\nRCPT TO:<mallory@example.com");
        let failure = test(json!({ "security": "none" })).invoke("send email", email).failure();
        assert!(matches!(failure, Failure::InvalidParameters(_)), "{field}");
    }
    let mut email = email();
    email["subject"] = json!("Hi\r\nBcc: mallory@example.com\r\n\r\nBody");
    email["body"] = json!(".\r\nQUIT\r\n");
    let message = HEAD.to_owned()
        + "Message-ID: <test-key@example.com>\r\nSubject: Hi  Bcc: mallory@example.com    Body\r\n\
           Auto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\
           Content-Transfer-Encoding: base64\r\n\r\nLg0KUVVJVA0K\r\n.\r\n";
    let conversation = accepted(relay()).then(message, "250 Ok\r\n").then("QUIT\r\n", "");
    test(json!({ "security": "none" })).tcp(conversation).invoke("send email", email).report();
}
