//! A disk that refuses what a host writes.

use std::{
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
};

use crate::Host;

/// System calls that need the disk to take something.
const WRITES: &str = "pwrite64,fdatasync,fsync,ftruncate,fallocate";

/// The disk under a host's store is full, or broken in another way, until this is dropped. What it was asked meanwhile
/// it has not done.
pub struct BrokenDisk {
    /// `strace` on the host: it answers those calls in the kernel's place.
    strace: Child,
}

impl BrokenDisk {
    /// Breaks it: every write of the host's store fails with this error, for example `ENOSPC`. Needs `strace`, and the
    /// permission to trace another process of the same user.
    ///
    /// # Panics
    ///
    /// If the host cannot be traced.
    pub fn under(host: &Host, error: &str) -> Self {
        let mut strace = Command::new("strace")
            .args(["-f", "-o", "/dev/null", "-e", &format!("trace={WRITES}")])
            .args(["-e", &format!("inject={WRITES}:error={error}"), "-P"])
            .arg(host.data().join("store/db"))
            .args(["-p", &host.pid().as_raw_nonzero().to_string()])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("strace can be run; `make tools` installs it");
        let said = BufReader::new(strace.stderr.take().expect("it is piped"));
        let first = said.lines().map_while(Result::ok).next().unwrap_or_default();
        assert!(first.contains("attached"), "strace does not get hold of the host: {first}");
        Self { strace }
    }
}

impl Drop for BrokenDisk {
    fn drop(&mut self) {
        // Killed, it lets go of the host at once.
        let _ = self.strace.kill();
        let _ = self.strace.wait();
    }
}
