use std::{
    ffi::OsStr,
    fs, io,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use palisade_e2e::{ALLOW_ALL, built};
use tempfile::{NamedTempFile, TempDir};

use crate::{Actuator, Host, Mishaps, host};

/// A host's data with everything installed, and the system that its asset leads to. It outlives any number of hosts.
pub struct Site {
    /// The system acted on.
    pub actuator: Actuator,
    directory: TempDir,
}

impl Site {
    /// Installs connector and playbook with the commands that a user has.
    ///
    /// # Panics
    ///
    /// If anything does not work; the message says what.
    pub fn new(mishaps: Mishaps) -> Self {
        let actuator = Actuator::start(mishaps).expect("the system acted on starts");
        let site = Self { actuator, directory: tempfile::tempdir().expect("a directory can be made") };
        let own = site.directory.path().join("data/artefacts");
        let shared = shared_artefacts();
        built::private_directory(&own);
        built::private_directory(&shared);
        let policy = site.directory.path().join("data/policy.toml");
        fs::write(policy, ALLOW_ALL).expect("a policy can be written");
        let mut host = site.spawn();
        let api = host.api().unwrap_or_else(|| panic!("the host does not start:\n{}", site.end_of_log()));
        // Now: when it starts, it removes what of it is not installed.
        copy(&shared, &own);
        let mut install = Command::new(built::palisade());
        install
            .args(["plugin", "install", "--grant-all", "--allow-unsigned"])
            .args(["actuator", "script"].map(built::component_path));
        install.env("PALISADE_DATA", site.directory.path().join("data")).stdin(Stdio::null());
        let output = install.output().expect("palisade can be run");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        api.put_asset(&site.actuator.url());
        host.kill();
        copy(&own, &shared);
        site
    }

    /// Starts a host on these data.
    pub fn spawn(&self) -> Host {
        Host::spawn(self.directory.path())
    }

    /// Where data and log are.
    pub fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// A copy of the data as they are now. No host may be at work on them.
    ///
    /// # Panics
    ///
    /// If they cannot be copied.
    pub fn snapshot(&self) -> TempDir {
        let directory = tempfile::tempdir().expect("a directory can be made");
        copy_tree(&self.directory.path().join("data"), &directory.path().join("data"))
            .expect("the data of a host can be copied");
        directory
    }

    /// The last lines of the hosts' log.
    pub fn end_of_log(&self) -> String {
        host::end_of_log(self.directory.path())
    }
}

/// A compiled component depends on nothing but the component and the engine, and the host checks both before it uses
/// one. So sites hand theirs on: compiling takes seconds each.
fn shared_artefacts() -> PathBuf {
    let build = built::palisade().ancestors().nth(2).map(Path::to_owned);
    build.expect("the program is in the build directory").join("tmp/palisade-torture/artefacts")
}

fn copy(from: &Path, to: &Path) {
    let files = fs::read_dir(from).expect("artefacts can be listed");
    for file in files.map(|entry| entry.expect("an entry can be read").path()) {
        let name = file.file_name().expect("an entry has a name");
        if file.extension() == Some(OsStr::new("cwasm")) && !to.join(name).exists() {
            // Whole or not at all: another site may look at this moment.
            let unfinished = NamedTempFile::new_in(to).expect("a file can be made");
            fs::copy(&file, unfinished.path()).expect("an artefact can be copied");
            unfinished.persist(to.join(name)).expect("an artefact can be put in place");
        }
    }
}

fn copy_tree(from: &Path, to: &Path) -> io::Result<()> {
    built::private_directory(to);
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_tree(&entry.path(), &target)?;
        } else {
            // `copy` keeps the permissions, on which the host insists for its key.
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}
