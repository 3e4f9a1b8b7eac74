use std::{
    fmt::Write as _,
    fs,
    io::{BufRead, BufReader},
    net::{Ipv4Addr, TcpStream},
    path::Path,
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex, PoisonError, mpsc},
    time::{Duration, Instant},
};

use tempfile::TempDir;

use crate::free_port;

/// The name in the server's certificate.
pub const NAME: &str = "ldap.acme.example";

/// Where everything stands.
pub const BASE: &str = "dc=acme,dc=example";

/// Who may change everything.
pub const USER: &str = "cn=palisade,dc=acme,dc=example";

/// The password of everybody.
pub const PASSWORD: &str = "correct horse battery staple";

/// The server.
const SLAPD: &str = "/usr/sbin/slapd";

/// How long the server may take to start; it takes less than a second.
const START: Duration = Duration::from_secs(60);

/// A running slapd; dropped, it ends.
pub struct Slapd {
    child: Child,
    ldap: u16,
    ldaps: u16,
    ca_pem: String,
    /// What it has logged so far.
    log: Arc<Mutex<String>>,
    directory: TempDir,
}

/// Whether it can be started on this machine.
pub fn is_installed() -> bool {
    Path::new(SLAPD).exists()
}

impl Slapd {
    /// Starts with the people and groups of `slapd/directory.ldif`, and as many accounts more, named `u0000` and so on.
    ///
    /// # Panics
    ///
    /// If it does not start; the message has its log.
    pub fn start(accounts: usize) -> Self {
        let directory = tempfile::tempdir().expect("a directory can be made");
        let path = directory.path();
        let certified =
            rcgen::generate_simple_self_signed([NAME.to_owned()]).expect("a certificate can be made");
        let ca_pem = certified.cert.pem();
        let write = |name: &str, text: &str| fs::write(path.join(name), text).expect("a file can be written");
        write("certificate.pem", &ca_pem);
        write("key.pem", &certified.signing_key.serialize_pem());
        write("slapd.conf", &include_str!("slapd/slapd.conf").replace("DIRECTORY", &path.to_string_lossy()));
        fs::create_dir(path.join("database")).expect("a directory can be made");
        load(path, accounts);

        let (ldap, ldaps) = (free_port(), free_port());
        let mut child = Command::new(SLAPD)
            .arg("-f")
            .arg(path.join("slapd.conf"))
            .args(["-h", &format!("ldap://127.0.0.1:{ldap} ldaps://127.0.0.1:{ldaps}")])
            // It stays in the foreground, and says when it has started.
            .args(["-d", "stats"])
            .stderr(Stdio::piped())
            .spawn()
            .expect("tests need slapd: apt-get install slapd");
        let log = Arc::default();
        wait_for_start(&mut child, &log);
        wait_until_it_listens(ldap);
        wait_until_it_listens(ldaps);
        Self { child, ldap, ldaps, ca_pem, log, directory }
    }

    /// The certificate that a client must trust.
    pub fn ca_pem(&self) -> &str {
        &self.ca_pem
    }

    /// The port for LDAP, where TLS begins with StartTLS.
    pub fn ldap_port(&self) -> u16 {
        self.ldap
    }

    /// The port for LDAPS.
    pub fn ldaps_port(&self) -> u16 {
        self.ldaps
    }

    /// Leads [`NAME`] to it, in the format of curl's `--connect-to`.
    pub fn connect_to(&self) -> Vec<String> {
        let Self { ldap, ldaps, .. } = self;
        vec![format!("{NAME}:389:127.0.0.1:{ldap}"), format!("{NAME}:636:127.0.0.1:{ldaps}")]
    }

    /// What it was asked so far, one operation a line.
    pub fn log(&self) -> String {
        self.log.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The entry of a user as it stands in the database, as LDIF; empty if there is none.
    ///
    /// # Panics
    ///
    /// If the database cannot be read.
    pub fn user(&self, uid: &str) -> String {
        let read = Command::new("/usr/sbin/slapcat")
            .args(["-o", "ldif-wrap=no", "-a", &format!("(uid={uid})"), "-f"])
            .arg(self.directory.path().join("slapd.conf"))
            .output()
            .expect("tests need slapd: apt-get install slapd");
        assert!(read.status.success(), "{}", String::from_utf8_lossy(&read.stderr));
        String::from_utf8_lossy(&read.stdout).into_owned()
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
    let mut entries = include_str!("slapd/directory.ldif").replace("PASSWORD", PASSWORD);
    for number in 0..accounts {
        write!(entries, "\ndn: uid=u{number:04},ou=people,{BASE}\nobjectClass: account\nuid: u{number:04}\n")
            .expect("a text can be written to");
    }
    fs::write(path.join("directory.ldif"), entries).expect("a file can be written");
    let loaded = Command::new("/usr/sbin/slapadd")
        .arg("-f")
        .arg(path.join("slapd.conf"))
        .arg("-l")
        .arg(path.join("directory.ldif"))
        .output()
        .expect("tests need slapd: apt-get install slapd");
    assert!(loaded.status.success(), "{}", String::from_utf8_lossy(&loaded.stderr));
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
fn wait_for_start(child: &mut Child, said: &Arc<Mutex<String>>) {
    let log = BufReader::new(child.stderr.take().expect("the log is piped"));
    let (sender, started) = mpsc::channel();
    let reader = Arc::clone(said);
    std::thread::spawn(move || {
        for line in log.lines().map_while(Result::ok) {
            if line.contains("slapd starting") {
                let _ = sender.send(true);
            }
            let mut said = reader.lock().unwrap_or_else(PoisonError::into_inner);
            said.push_str(&line);
            said.push('\n');
        }
        let _ = sender.send(false);
    });
    let has_started = started.recv_timeout(START).expect("slapd starts in time");
    let said = said.lock().unwrap_or_else(PoisonError::into_inner);
    assert!(has_started, "slapd did not start:\n{said}");
}
