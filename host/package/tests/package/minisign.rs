//! The same keys and signatures with the tool that made the format. Debian's `minisign`; `make tools` installs it.

use std::{
    fs,
    io::Write,
    path::Path,
    process::{Command, Stdio},
};

use palisade_package::{PublicKey, SecretKey, Signature};

fn minisign(directory: &Path, arguments: &[&str], typed: &str) {
    let mut minisign = Command::new("minisign");
    minisign.args(arguments).current_dir(directory).stdin(Stdio::piped());
    let spawned = minisign.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let mut minisign = spawned.expect("minisign can be run; `make tools` installs it");
    // One that asks for nothing may have ended before this.
    let _ = minisign.stdin.take().unwrap().write_all(typed.as_bytes());
    let output = minisign.wait_with_output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "minisign {arguments:?}: {errors}");
}

/// Both sign what the other verifies, with the secret key of this directory.
fn there_and_back(directory: &Path, password: Option<&str>, formats: &[&str]) {
    let read = |name: &str| fs::read_to_string(directory.join(name)).unwrap();
    let public = PublicKey::parse(read("key.pub").as_bytes()).unwrap();
    let secret = SecretKey::open(&read("key"), password).unwrap();
    assert_eq!(secret.public_key().unwrap(), public);
    fs::write(directory.join("file"), b"a component").unwrap();
    fs::write(directory.join("file.minisig"), secret.sign(b"a component", "name:acme").unwrap()).unwrap();
    minisign(directory, &["-V", "-m", "file", "-p", "key.pub"], "");
    for format in formats {
        let plain = if password.is_none() { vec!["-W"] } else { vec![] };
        let arguments = [&["-S", "-m", "file", "-s", "key", "-t", "of theirs", format], &plain[..]].concat();
        minisign(directory, &arguments, &format!("{}\n", password.unwrap_or_default()));
        let signature = Signature::parse(read("file.minisig").as_bytes()).unwrap();
        assert_eq!(signature.comment(), "of theirs");
        assert_eq!(public.verify(&signature, b"a component"), Ok(()), "{format}");
        assert!(public.verify(&signature, b"another").is_err(), "{format}");
    }
}

#[test]
fn keys_of_the_tool_sign_and_verify_here() {
    let directory = tempfile::tempdir().unwrap();
    minisign(directory.path(), &["-G", "-W", "-p", "key.pub", "-s", "key"], "");
    // Hashed beforehand, as it is done today, and as it was done before 2020.
    there_and_back(directory.path(), None, &["-H", "-l"]);
}

#[test]
fn keys_made_here_sign_and_verify_with_the_tool() {
    for password in [None, Some("correct horse")] {
        let directory = tempfile::tempdir().unwrap();
        let (secret, public) = SecretKey::generate(password).unwrap();
        fs::write(directory.path().join("key"), secret).unwrap();
        fs::write(directory.path().join("key.pub"), public.to_file()).unwrap();
        there_and_back(directory.path(), password, &["-H"]);
    }
}

/// Takes some seconds: the tool asks scrypt for a gibibyte.
#[test]
fn an_encrypted_key_of_the_tool_opens_here() {
    let directory = tempfile::tempdir().unwrap();
    minisign(directory.path(), &["-G", "-p", "key.pub", "-s", "key"], "correct horse\ncorrect horse\n");
    there_and_back(directory.path(), Some("correct horse"), &[]);
}
