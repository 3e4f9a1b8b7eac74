//! The mail server.

use std::sync::Arc;

use palisade_lab::{Fault, FaultError, FaultKind, Lab, System, story};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::client::{lab, trust};

/// AUTH PLAIN with the lab's user and password.
const AUTH: &str = "AUTH PLAIN AHBhbGlzYWRlQGFjbWUuZXhhbXBsZQBMYWItT25seS1NYWlsLTE=";

const MESSAGE: &str =
    "Date: Thu, 1 Jan 2026 00:00:00 +0000\r\nFrom: a@b\r\nMessage-ID: <1@b>\r\n\r\nHi\r\n..\r\n.";

struct Client<S>(BufReader<S>);

impl<S: AsyncRead + AsyncWrite + Unpin> Client<S> {
    /// The last line of a reply.
    async fn reply(&mut self) -> String {
        loop {
            let mut line = String::new();
            self.0.read_line(&mut line).await.unwrap();
            if line.as_bytes().get(3) != Some(&b'-') {
                return line.trim_end().to_owned();
            }
        }
    }

    async fn say(&mut self, line: &str) -> String {
        self.0.write_all(format!("{line}\r\n").as_bytes()).await.unwrap();
        self.0.flush().await.unwrap();
        self.reply().await
    }
}

async fn tls(lab: &Lab, stream: TcpStream) -> Client<TlsStream<TcpStream>> {
    let name = story::MAIL_HOST.try_into().unwrap();
    let stream = TlsConnector::from(Arc::new(trust(lab))).connect(name, stream).await.unwrap();
    Client(BufReader::new(stream))
}

/// Over TLS from the beginning, up to the recipient.
async fn with_recipient(lab: &Lab) -> Client<TlsStream<TcpStream>> {
    let mut client = tls(lab, TcpStream::connect(lab.smtp()[1]).await.unwrap()).await;
    client.reply().await;
    client.say("EHLO test").await;
    assert_eq!(client.say(AUTH).await, "235 2.7.0 Authentication successful");
    let from = format!("MAIL FROM:<{}> SIZE=100", story::MAIL_USER);
    assert_eq!(client.say(&from).await, "250 2.1.0 Ok");
    assert_eq!(client.say("RCPT TO:<soc@acme.example>").await, "250 2.1.5 Ok");
    client
}

#[tokio::test]
async fn nothing_goes_without_tls_and_authentication() {
    let lab = lab().await;
    let mut plain = Client(BufReader::new(TcpStream::connect(lab.smtp()[0]).await.unwrap()));
    assert_eq!(plain.reply().await, "220 mail.acme.example ESMTP");
    plain.say("EHLO test").await;
    assert!(plain.say("MAIL FROM:<a@b>").await.starts_with("530 "));
    assert!(plain.say("STARTTLS").await.starts_with("220 "));
    let mut client = tls(&lab, plain.0.into_inner()).await;
    assert!(client.say(AUTH).await.starts_with("503 "));
    client.say("EHLO test").await;
    assert!(client.say("MAIL FROM:<a@b>").await.starts_with("530 "));
    assert!(client.say("AUTH PLAIN AGEAYg==").await.starts_with("535 "));
    assert!(client.say(AUTH).await.starts_with("235 "));
    assert!(client.say("MAIL FROM:<a@b>").await.starts_with("553 "));
    assert!(client.say("QUIT").await.starts_with("221 "));
}

#[tokio::test]
async fn a_message_is_kept_as_it_was() {
    let lab = lab().await;
    let mut client = with_recipient(&lab).await;
    for (recipient, code) in
        [("nobody@acme.example", "550 "), ("full@acme.example", "452 "), ("a@b.example", "554 ")]
    {
        assert!(client.say(&format!("RCPT TO:<{recipient}>")).await.starts_with(code), "{recipient}");
    }
    client.say("DATA").await;
    assert!(client.say(MESSAGE).await.starts_with("250 "));
    let mails = lab.mails();
    assert_eq!(mails[0].recipients, ["soc@acme.example"]);
    assert!(mails[0].text.ends_with("\r\n\r\nHi\r\n.\r\n"), "{:?}", mails[0].text);
    let entries = lab.ledger().of(System::Smtp).unwrap();
    assert_eq!((entries[0].path.as_str(), entries[0].status), ("soc@acme.example", Some(250)));
}

#[tokio::test]
async fn a_message_may_be_taken_without_an_answer() {
    let lab = lab().await;
    let arm =
        |kind| lab.faults().arm(Fault { system: System::Smtp, path_prefix: None, times: Some(1), kind });
    for (kind, kept) in [(FaultKind::ResetBeforeResponse, 0), (FaultKind::ResetAfterEffect, 1)] {
        arm(kind).unwrap();
        let mut client = with_recipient(&lab).await;
        client.say("DATA").await;
        client.0.write_all(format!("{MESSAGE}\r\n").as_bytes()).await.unwrap();
        client.0.flush().await.unwrap();
        client.0.read_line(&mut String::new()).await.unwrap_err();
        assert_eq!(lab.mails().len(), kept);
    }
    let status = FaultKind::Status { code: 503, body: None, retry_after: None };
    assert_eq!(arm(status), Err(FaultError::NotHttp));
}
