use std::{
    fs,
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
};

use tempfile::TempDir;

use crate::free_port;

/// Who a registry with passwords lets in.
pub const REGISTRY_USER: &str = "anna";

/// Her password.
pub const REGISTRY_PASSWORD: &str = "s3cret-of-anna";

/// bcrypt of [`REGISTRY_PASSWORD`], the only kind that the registry takes; at the lowest cost.
const REGISTRY_HASH: &str = "$2y$04$abcdefghijklmnopqrstuuTHtF.si5URYCYqju4/wGgR/7w.mJE0q";

/// The server.
const REGISTRY: &str = "/usr/bin/docker-registry";

/// A running registry of the Open Container Initiative (Docker's own); dropped, it ends.
pub struct Registry {
    child: Child,
    port: u16,
    ca_pem: String,
    _directory: TempDir,
}

impl Registry {
    /// Starts one that lets everybody in, on plain HTTP.
    ///
    /// # Panics
    ///
    /// If it does not start; the message has its log.
    pub fn start() -> Self {
        Self::with("", "")
    }

    /// Starts one that lets everybody in, and speaks TLS.
    ///
    /// # Panics
    ///
    /// If it does not start; the message has its log.
    pub fn with_tls() -> Self {
        Self::with(", tls: { certificate: DIRECTORY/certificate.pem, key: DIRECTORY/key.pem }", "")
    }

    /// Starts one that lets in [`REGISTRY_USER`], on plain HTTP.
    ///
    /// # Panics
    ///
    /// If it does not start; the message has its log.
    pub fn with_password() -> Self {
        Self::with("", "auth: { htpasswd: { realm: palisade, path: DIRECTORY/htpasswd } }\n")
    }

    fn with(http: &str, more: &str) -> Self {
        let directory = tempfile::tempdir().expect("a directory can be made");
        let port = free_port();
        let write = |name: &str, text: &str| {
            fs::write(directory.path().join(name), text).expect("a file can be written");
        };
        let configuration = format!(
            "version: 0.1\n\
             log: {{ level: info, accesslog: {{ disabled: true }} }}\n\
             storage: {{ filesystem: {{ rootdirectory: DIRECTORY/data }} }}\n\
             http: {{ addr: '127.0.0.1:{port}', secret: of-a-test{http} }}\n{more}"
        );
        write("config.yml", &configuration.replace("DIRECTORY", &directory.path().to_string_lossy()));
        let certified =
            rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).expect("a certificate can be made");
        let ca_pem = certified.cert.pem();
        write("certificate.pem", &ca_pem);
        write("key.pem", &certified.signing_key.serialize_pem());
        write("htpasswd", &format!("{REGISTRY_USER}:{REGISTRY_HASH}\n"));
        let mut child = Command::new(REGISTRY)
            .arg("serve")
            .arg(directory.path().join("config.yml"))
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("tests need docker-registry: apt-get install docker-registry");
        let mut said = String::new();
        let mut log = BufReader::new(child.stderr.take().expect("the log is piped"));
        while !said.contains("listening on") {
            let read = log.read_line(&mut said).expect("the log can be read");
            assert_ne!(read, 0, "docker-registry did not start:\n{said}");
        }
        // It logs every request, and would stop when the pipe is full.
        std::thread::spawn(move || std::io::copy(&mut log, &mut std::io::sink()));
        Self { child, port, ca_pem, _directory: directory }
    }

    /// The certificate that a client must trust.
    pub fn ca_pem(&self) -> &str {
        &self.ca_pem
    }

    /// Where it is, `host:port`.
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
