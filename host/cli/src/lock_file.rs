//! `palisade.lock` on disk, and what stands in it of a host; its format is [`palisade_sources::LockFile`].

use std::{
    fs,
    io::{self, Read, Write},
    os::unix::fs::PermissionsExt,
    path::Path,
};

use palisade_model::{
    Timestamp,
    plugin::{Digest, Manifest, Plugin},
    signer::{KeyId, SignedBy},
};
use palisade_package::Signature;
use palisade_sources::{LockFile, Locked};

use crate::{error::Error, grants::grants, limits::LOCK_FILE_BYTES, printable};

/// What the file is called unless somebody says otherwise.
pub(crate) const NAME: &str = "palisade.lock";

/// What a host has.
pub(crate) fn of(plugins: &[Plugin]) -> LockFile {
    LockFile::new(plugins.iter().map(locked).collect())
}

/// An installed plugin.
pub(crate) fn locked(plugin: &Plugin) -> Locked {
    let provenance = plugin.provenance.clone();
    Locked {
        source: provenance.source,
        signer: provenance.signature.as_deref().and_then(signer),
        unsigned: !matches!(plugin.signed_by, Some(SignedBy::Trusted(_))),
        disabled: plugin.disabled,
        by: provenance.by,
        ..declared(&plugin.manifest, plugin.digest.clone(), plugin.size, plugin.installed)
    }
}

/// What a component says of itself.
pub(crate) fn declared(manifest: &Manifest, digest: Digest, size: u64, installed: Timestamp) -> Locked {
    Locked {
        name: manifest.identity().name.clone(),
        kind: manifest.kind().to_owned(),
        version: printable::line(&manifest.identity().version),
        digest,
        size,
        source: None,
        signer: None,
        unsigned: false,
        disabled: false,
        by: None,
        // A second is as exact as a person reads it.
        installed: Timestamp::from_second(installed.as_second()).unwrap_or(installed),
        grants: grants(manifest),
    }
}

/// Reads a file.
pub(crate) fn read(path: &Path) -> Result<LockFile, Error> {
    let failed = |source| Error::File { what: "read", path: path.to_owned(), source };
    let mut text = String::new();
    let file = fs::File::open(path).map_err(failed)?;
    file.take(LOCK_FILE_BYTES + 1).read_to_string(&mut text).map_err(failed)?;
    // The beginning of a file could be a file of fewer plugins.
    if text.len() as u64 > LOCK_FILE_BYTES {
        let too_large = format!("it has more than {LOCK_FILE_BYTES} bytes");
        return Err(failed(io::Error::new(io::ErrorKind::FileTooLarge, too_large)));
    }
    LockFile::parse(&text).map_err(|source| Error::LockFile { path: path.to_owned(), source })
}

/// Writes a file, whole or not at all, which everybody may read.
pub(crate) fn write(lock: &LockFile, path: &Path) -> Result<(), Error> {
    let text = lock.text().map_err(|error| Error::Stream {
        what: "write down what is installed",
        source: io::Error::other(error),
    })?;
    let failed = |source| Error::File { what: "write", path: path.to_owned(), source };
    let directory = path.parent().filter(|directory| !directory.as_os_str().is_empty());
    let mut part = tempfile::Builder::new()
        .permissions(fs::Permissions::from_mode(0o644))
        .tempfile_in(directory.unwrap_or(Path::new(".")))
        .map_err(failed)?;
    part.write_all(text.as_bytes()).and_then(|()| part.as_file().sync_all()).map_err(failed)?;
    part.persist(path).map_err(|error| failed(error.error))?;
    Ok(())
}

/// What a signature says of who made it.
fn signer(signature: &str) -> Option<KeyId> {
    Signature::parse(signature.as_bytes()).ok().map(|signature| signature.key().clone())
}

#[cfg(test)]
mod tests {
    use base64::{Engine, prelude::BASE64_STANDARD};
    use palisade_model::plugin::Provenance;
    use palisade_model::signer::Signer;
    use serde_json::json;

    use super::*;

    fn plugin(name: &str, byte: u8) -> Plugin {
        let manifest: Manifest = serde_json::from_value(json!({
            "kind": "playbook",
            "identity": { "name": name, "version": "1.0.0", "description": "Looks.", "publisher": "Acme" },
            "labels": ["c2\u{202e}"], "needs": [{ "connector": "acme", "action": "block ip" }], "manual_minutes": 5,
        }))
        .unwrap();
        let provenance = Provenance {
            by: Some("anna".to_owned()),
            source: Some("https://plugins.acme.example/triage.wasm".to_owned()),
            signature: None,
        };
        let installed = "2026-01-02T03:04:05Z".parse().unwrap();
        Plugin {
            digest: Digest::from_bytes([byte; 32]),
            size: 12,
            installed,
            provenance,
            signed_by: None,
            manifest,
            disabled: false,
            previous: None,
        }
    }

    #[test]
    fn the_file_is_stable_and_can_be_read_again() {
        let lock = of(&[plugin("triage", 1), plugin("block", 2)]);
        let text = lock.text().unwrap();
        let block = format!(
            r#"[[plugin]]
name = "block"
kind = "playbook"
version = "1.0.0"
digest = "sha256:{}"
size = 12
source = "https://plugins.acme.example/triage.wasm"
unsigned = true
by = "anna"
installed = "2026-01-02T03:04:05Z"
grants = [
    'runs on alerts labelled c2\u{{202e}}',
    "starts acme/block ip",
]
"#,
            "02".repeat(32)
        );
        assert!(text.starts_with("# What is installed on a Palisade host"), "{text}");
        assert!(text.contains(&block), "{text}");
        assert!(text.find("block").unwrap() < text.find("triage").unwrap());
        assert_eq!(LockFile::parse(&text).unwrap(), lock);
    }

    #[test]
    fn who_signed_stands_in_it() {
        let made = BASE64_STANDARD.encode([&b"ED"[..], &[1; 8], &[0; 64]].concat());
        let of_comment = BASE64_STANDARD.encode([0; 64]);
        let file = format!("untrusted comment: x\n{made}\ntrusted comment: y\n{of_comment}\n");
        let mut signed = plugin("triage", 1);
        signed.provenance.signature = Some(file);
        let key = KeyId::from_bytes([1; 8]);
        signed.signed_by = Some(SignedBy::Trusted(Signer { name: "acme".parse().unwrap(), key }));
        let text = of(&[signed]).text().unwrap();
        assert!(text.contains("\nsigner = \"0101010101010101\"\nby = "), "{text}");
    }

    #[test]
    fn a_file_is_read_whole_or_not_at_all() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join(NAME);
        let lock = of(&[plugin("triage", 1)]);
        write(&lock, &path).unwrap();
        assert_eq!(read(&path).unwrap(), lock);
        let mut file = fs::OpenOptions::new().append(true).open(&path).unwrap();
        // A comment, and behind what is read of a file one more plugin.
        file.write_all(&[b"# ".as_slice(), &vec![b'x'; LOCK_FILE_BYTES as usize]].concat()).unwrap();
        file.write_all(b"\n[[plugin]]\n").unwrap();
        assert!(matches!(read(&path), Err(Error::File { .. })));
    }
}
