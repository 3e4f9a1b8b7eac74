//! The whole action against a server that nobody here has written: aiosmtpd, over real TLS, read by Python's own parser.

use std::{
    io::{BufRead, BufReader, Lines, Read, Write},
    net::TcpStream,
    process::{Child, ChildStdout, Command, Stdio},
    sync::Arc,
    time::Duration,
};

use palisade_sdk::{
    Failure,
    testing::{ConnectorTest, Stream, TcpError},
};
use serde_json::{Value, json};
use tokio_rustls::rustls::{
    ClientConfig, ClientConnection, RootCertStore, StreamOwned, crypto::ring, pki_types::ServerName,
};

use crate::{Configuration, connector};

/// Debian's interpreter, which sees Debian's python3-aiosmtpd.
const PYTHON: &str = "/usr/bin/python3";

/// How long the server may take for a reply; it is done within milliseconds.
const PATIENCE: Duration = Duration::from_secs(20);

/// A running server; dropped, it stops.
struct Server {
    process: Child,
    said: Lines<BufReader<ChildStdout>>,
    /// With STARTTLS, and with TLS from the beginning.
    ports: [u16; 2],
    trust: Arc<ClientConfig>,
}

impl Server {
    fn start() -> Self {
        let rcgen::CertifiedKey { cert, signing_key } =
            rcgen::generate_simple_self_signed(["mail.example.com".to_owned()]).unwrap();
        let directory = tempfile::tempdir().unwrap();
        let paths = [directory.path().join("cert.pem"), directory.path().join("key.pem")];
        std::fs::write(&paths[0], cert.pem()).unwrap();
        std::fs::write(&paths[1], signing_key.serialize_pem()).unwrap();

        let mut process = Command::new(PYTHON)
            .arg("-c")
            .arg(include_str!("server.py"))
            .args(&paths)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("Debian's python3 is installed");
        let mut said = BufReader::new(process.stdout.take().unwrap()).lines();
        let ports = said.next().expect("the server starts: install python3-aiosmtpd (`make tools`)").unwrap();

        let mut roots = RootCertStore::empty();
        roots.add(cert.der().clone()).unwrap();
        let trust = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        Self { process, said, ports: serde_json::from_str(&ports).unwrap(), trust: Arc::new(trust) }
    }

    fn test(&self, mut configuration: Value) -> ConnectorTest<Configuration> {
        configuration["server"] = json!("mail.example.com");
        configuration["sender"] = json!("soar@example.com");
        configuration["username"] = json!("soar");
        let ([starttls, tls], trust) = (self.ports, Arc::clone(&self.trust));
        ConnectorTest::new(connector).configuration(configuration).tcp_by(move |host, port| {
            assert_eq!(host, "mail.example.com");
            let port = if port == 465 { tls } else { starttls };
            let stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
            stream.set_read_timeout(Some(PATIENCE)).unwrap();
            Ok(Box::new(Wire { plain: Some(stream), tls: None, trust: Arc::clone(&trust) }))
        })
    }

    /// The next message that it took.
    fn message(&mut self) -> Value {
        serde_json::from_str(&self.said.next().unwrap().unwrap()).unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        self.process.wait().unwrap();
    }
}

/// A stream that can become TLS.
struct Wire {
    plain: Option<TcpStream>,
    tls: Option<StreamOwned<ClientConnection, TcpStream>>,
    trust: Arc<ClientConfig>,
}

impl Stream for Wire {
    fn write(&mut self, bytes: &[u8]) -> Result<(), TcpError> {
        match (&mut self.plain, &mut self.tls) {
            (Some(stream), _) => stream.write_all(bytes).unwrap(),
            (None, stream) => stream.as_mut().unwrap().write_all(bytes).unwrap(),
        }
        Ok(())
    }

    fn read(&mut self, max: u32) -> Result<Vec<u8>, TcpError> {
        let mut bytes = vec![0; max as usize];
        let count = match (&mut self.plain, &mut self.tls) {
            (Some(stream), _) => Read::read(stream, &mut bytes).unwrap(),
            (None, stream) => Read::read(stream.as_mut().unwrap(), &mut bytes).unwrap(),
        };
        bytes.truncate(count);
        Ok(bytes)
    }

    fn start_tls(&mut self) -> Result<(), TcpError> {
        let name = ServerName::try_from("mail.example.com").unwrap();
        let client = ClientConnection::new(Arc::clone(&self.trust), name).unwrap();
        let mut stream = StreamOwned::new(client, self.plain.take().unwrap());
        stream.conn.complete_io(&mut stream.sock).map_err(|error| TcpError::Tls(error.to_string()))?;
        self.tls = Some(stream);
        Ok(())
    }
}

#[test]
fn a_real_server_takes_and_understands_the_message() {
    let mut server = Server::start();
    let subject =
        "Dringend: „Beaconing“ von srv-web-01 nach 203.0.113.66 – bitte sofort prüfen, es eilt sehr 🚨";
    let body = format!(".\r\nZeile zwei\n.Zeile drei ü\r.\n{}\n", "lang ".repeat(500));
    for (security, format) in [("starttls", "text"), ("tls", "html")] {
        let report = server
            .test(json!({ "security": security, "password": "geheïm, 1" }))
            .invoke(
                "send email",
                json!({
                    "to": "alice@example.com, bob@example.com", "cc": "carol@example.com", "bcc": "dave@example.com",
                    "subject": subject, "body": body, "format": format,
                }),
            )
            .report();
        assert_eq!(report.data["reply"], "250 2.0.0 Ok: queued as 42");

        let said = server.message();
        assert_eq!(said["from"], "soar@example.com");
        let recipients = ["alice", "bob", "carol", "dave"].map(|name| format!("{name}@example.com"));
        assert_eq!(said["recipients"], json!(recipients));
        let header = |name: &str| {
            let headers = said["headers"].as_array().unwrap();
            let found: Vec<_> = headers.iter().filter(|it| it[0] == name).map(|it| it[1].clone()).collect();
            assert_eq!(found.len(), 1, "{name}");
            found[0].clone()
        };
        assert_eq!(header("Subject"), subject);
        assert_eq!(header("To"), "alice@example.com, bob@example.com");
        assert_eq!(header("Cc"), "carol@example.com");
        assert_eq!(header("Message-ID"), "<test-key@example.com>");
        assert_eq!(header("Date"), "Thu, 01 Jan 2026 00:00:00 +0000");
        assert_eq!(said["headers"].as_array().unwrap().len(), 10, "{said:#}");
        assert!(!said.to_string().contains("Bcc"), "{said:#}");
        assert_eq!(said["defects"], json!([]));
        assert_eq!(said["type"], if format == "html" { "text/html" } else { "text/plain" });
        let received = said["body"].as_str().unwrap().replace("\r\n", "\n");
        assert_eq!(received, body.replace("\r\n", "\n").replace('\r', "\n"));
    }
}

#[test]
fn a_real_server_refuses() {
    let server = Server::start();
    for security in ["starttls", "tls"] {
        let failure = server
            .test(json!({ "security": security, "password": "wrong" }))
            .invoke("test connectivity", json!({}))
            .failure();
        assert!(matches!(failure, Failure::Authentication(_)), "{failure:?}");
    }
    let right = || server.test(json!({ "password": "geheïm, 1" }));
    right().invoke("test connectivity", json!({})).report();
    let email = json!({ "to": "alice@example.com, nobody@example.com", "body": "" });
    let failure = right().invoke("send email", email).failure();
    assert!(failure.sentence().contains("nobody@example.com: 550 5.1.1 No such user"), "{failure:?}");
    let large = json!({ "to": "alice@example.com", "body": "x".repeat(1_600_000) });
    let failure = right().invoke("send email", large).failure();
    assert!(failure.sentence().contains("at most 2000000"), "{failure:?}");
}
