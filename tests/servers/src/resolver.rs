use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
};

use crate::free_port;

/// The name that tests give a resolver.
pub const RESOLVER: &str = "resolver.acme.example";

/// The server.
const DNSMASQ: &str = "/usr/sbin/dnsmasq";

/// A running dnsmasq, which knows what it was told and asks nobody; dropped, it ends.
pub struct Resolver {
    child: Child,
    port: u16,
}

/// Whether it can be started on this machine.
pub fn is_installed() -> bool {
    Path::new(DNSMASQ).exists()
}

impl Resolver {
    /// Starts with these records, each an option of dnsmasq, such as `--host-record=www.acme.example,192.0.2.7`.
    ///
    /// # Panics
    ///
    /// If it does not start; the message has its log.
    pub fn start<S: AsRef<str>>(records: impl IntoIterator<Item = S>) -> Self {
        let port = free_port();
        let mut child = Command::new(DNSMASQ)
            .args(["--no-daemon", "--conf-file=/dev/null", "--no-resolv", "--no-hosts", "--bind-interfaces"])
            .args(["--listen-address=127.0.0.1", &format!("--port={port}")])
            .args(records.into_iter().map(|record| record.as_ref().to_owned()))
            .stderr(Stdio::piped())
            .spawn()
            .expect("tests need dnsmasq: apt-get install dnsmasq-base");
        // It says so when it listens, and nothing more as long as nobody asks it to log.
        let mut said = String::new();
        let mut log = BufReader::new(child.stderr.take().expect("the log is piped"));
        while !said.contains("started, version") {
            let read = log.read_line(&mut said).expect("the log can be read");
            assert_ne!(read, 0, "dnsmasq did not start:\n{said}");
        }
        child.stderr = Some(log.into_inner());
        Self { child, port }
    }

    /// Its port, over TCP.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Leads [`RESOLVER`] to it, in the format of curl's `--connect-to`.
    pub fn connect_to(&self) -> Vec<String> {
        vec![format!("{RESOLVER}:53:127.0.0.1:{}", self.port)]
    }
}

impl Drop for Resolver {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
