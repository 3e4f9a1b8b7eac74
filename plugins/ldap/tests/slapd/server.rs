//! An OpenLDAP server of a test's own: on free ports of 127.0.0.1, in a directory that goes with it.

use std::{
    fmt::Write as _,
    fs,
    io::{BufRead, BufReader},
    net::{Ipv4Addr, TcpListener, TcpStream},
    path::Path,
    process::{Child, Command, Stdio},
    sync::{Arc, mpsc},
    time::{Duration, Instant},
};

use palisade_sdk::testing::ConnectorTest;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use crate::stream::Socket;

/// The name in the server's certificate.
pub(crate) const NAME: &str = "ldap.acme.example";

/// Where everything stands.
pub(crate) const BASE: &str = "dc=acme,dc=example";

/// The password of everybody.
pub(crate) const PASSWORD: &str = "correct horse battery staple";

/// How long the server may take to start; it takes less than a second.
const START: Duration = Duration::from_secs(60);

/// A running slapd; dropped, it ends.
pub(crate) struct Slapd {
    child: Child,
    ldap: u16,
    ldaps: u16,
    tls: Arc<ClientConfig>,
    _directory: TempDir,
}

impl Slapd {
    /// Starts with the people and groups of `directory.ldif`, and as many accounts more, named `u0000` and so on.
    pub(crate) fn start(accounts: usize) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path();
        let certified = rcgen::generate_simple_self_signed([NAME.to_owned()]).unwrap();
        fs::write(path.join("certificate.pem"), certified.cert.pem()).unwrap();
        fs::write(path.join("key.pem"), certified.signing_key.serialize_pem()).unwrap();
        fs::create_dir(path.join("database")).unwrap();
        let configuration = include_str!("slapd.conf").replace("DIRECTORY", path.to_str().unwrap());
        fs::write(path.join("slapd.conf"), configuration).unwrap();
        load(path, accounts);

        let (ldap, ldaps) = (free_port(), free_port());
        let mut child = Command::new("/usr/sbin/slapd")
            .arg("-f")
            .arg(path.join("slapd.conf"))
            .args(["-h", &format!("ldap://127.0.0.1:{ldap} ldaps://127.0.0.1:{ldaps}")])
            // It stays in the foreground, and says when it has started.
            .args(["-d", "stats"])
            .stderr(Stdio::piped())
            .spawn()
            .expect("tests need slapd: apt-get install slapd");
        wait_for_start(&mut child);
        wait_until_it_listens(ldap);
        wait_until_it_listens(ldaps);

        let mut roots = RootCertStore::empty();
        roots.add(certified.cert.der().clone()).unwrap();
        let tls = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
        Self { child, ldap, ldaps, tls: Arc::new(tls), _directory: directory }
    }

    /// The connector with an asset of this server, a few fields of it changed.
    pub(crate) fn test(&self, changes: &Value) -> ConnectorTest<ldap::Configuration> {
        let mut configuration = json!({
            "server": NAME, "directory": "openldap", "base_dn": BASE,
            "username": format!("cn=palisade,{BASE}"), "password": PASSWORD,
        });
        for (field, value) in changes.as_object().unwrap() {
            configuration[field] = value.clone();
        }
        let (ldap, ldaps, tls) = (self.ldap, self.ldaps, Arc::clone(&self.tls));
        ConnectorTest::new(ldap::connector).configuration(configuration).tcp_by(move |host, port| {
            let port = match port {
                389 => ldap,
                636 => ldaps,
                other => panic!("nothing is at port {other}"),
            };
            Ok(Box::new(Socket::open(host, port, Arc::clone(&tls))))
        })
    }
}

impl Drop for Slapd {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn load(path: &Path, accounts: usize) {
    let mut entries = include_str!("directory.ldif").replace("PASSWORD", PASSWORD);
    for number in 0..accounts {
        write!(entries, "\ndn: uid=u{number:04},ou=people,{BASE}\nobjectClass: account\nuid: u{number:04}\n")
            .unwrap();
    }
    fs::write(path.join("directory.ldif"), entries).unwrap();
    let loaded = Command::new("/usr/sbin/slapadd")
        .arg("-f")
        .arg(path.join("slapd.conf"))
        .arg("-l")
        .arg(path.join("directory.ldif"))
        .output()
        .expect("tests need slapd: apt-get install slapd");
    assert!(loaded.status.success(), "{}", String::from_utf8_lossy(&loaded.stderr));
}

fn free_port() -> u16 {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port()
}

/// It says that it starts when it has its ports, and listens a moment later.
fn wait_until_it_listens(port: u16) {
    let began = Instant::now();
    while let Err(error) = TcpStream::connect((Ipv4Addr::LOCALHOST, port)) {
        assert!(began.elapsed() < START, "slapd does not listen: {error}");
        std::thread::yield_now();
    }
}

/// Its log is read to the end, else it would stop when the pipe is full.
fn wait_for_start(child: &mut Child) {
    let log = BufReader::new(child.stderr.take().unwrap());
    let (sender, started) = mpsc::channel();
    std::thread::spawn(move || {
        let mut said = String::new();
        for line in log.lines().map_while(Result::ok) {
            if line.contains("slapd starting") {
                let _ = sender.send(Ok(()));
            }
            said.push_str(&line);
            said.push('\n');
        }
        let _ = sender.send(Err(said));
    });
    if let Err(said) = started.recv_timeout(START).expect("slapd starts in time") {
        panic!("slapd did not start:\n{said}");
    }
}
