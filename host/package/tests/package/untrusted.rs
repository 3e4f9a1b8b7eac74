//! Everything that is read before a signature was checked, as one function of any bytes. The property tests and the fuzz
//! target (`tests/fuzz`) call it; it panics if something is read that should not be.

use palisade_model::signer::KeyId;
use palisade_package::{Facts, Marks, Package, Pattern, PublicKey, SecretKey, Signature, TrustStore, pack};

/// A key whose secret half is gone.
const KEY: &str = "RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3";

/// Reads bytes as what their first one says.
pub(crate) fn read(bytes: &[u8]) {
    let Some((kind, bytes)) = bytes.split_first() else { return };
    match kind % 6 {
        0 => package(bytes),
        1 => signature(bytes),
        2 => public_key(bytes),
        3 => secret_key(bytes),
        4 => names(bytes),
        _ => kept(bytes),
    }
}

/// A file that is uploaded.
fn package(file: &[u8]) {
    let Ok(package) = Package::read(file) else { return };
    // What was read can be written, and then says the same.
    let Some(manifest) = &package.manifest else { return };
    let facts = Facts {
        licence: package.licence.clone(),
        source: package.source.clone(),
        revision: package.revision.clone(),
        authors: package.authors.clone(),
        homepage: package.homepage.clone(),
        sbom: None,
    };
    // A manifest may have grown by what is left out of it here and written there.
    let Ok(packed) = pack(file, manifest, &facts) else { return };
    let again = Package::read(&packed).expect("what was written can be read");
    assert_eq!((&again.manifest, &again.licence), (&package.manifest, &package.licence));
    assert_eq!(pack(&packed, manifest, &facts).expect("it can be written again"), packed);
}

/// The file in the header of an upload.
fn signature(file: &[u8]) {
    let Ok(signature) = Signature::parse(file) else { return };
    let key = PublicKey::parse(KEY.as_bytes()).expect("it is a key");
    // The one signature of this key that is known is of `test`.
    assert!(key.verify(&signature, b"nobody signed this").is_err());
    assert!(TrustStore::default().check(Some(&signature), file).is_ok(), "nobody is trusted");
    let _ = signature.comment();
}

/// What an operator is told to trust.
fn public_key(file: &[u8]) {
    let Ok(key) = PublicKey::parse(file) else { return };
    assert_eq!(PublicKey::parse(key.to_file().as_bytes()).as_ref(), Ok(&key));
    assert!(KeyId::try_from(key.id().to_string()).is_ok());
}

/// A key that somebody signs with. One that is encrypted is not opened: it says itself how long that takes.
fn secret_key(file: &[u8]) {
    let Ok(file) = std::str::from_utf8(file) else { return };
    if let Ok(false) = SecretKey::is_encrypted(file)
        && let Ok(key) = SecretKey::open(file, None)
    {
        let _ = key.public_key();
    }
}

/// Patterns and versions.
fn names(text: &[u8]) {
    let Ok(text) = std::str::from_utf8(text) else { return };
    if let Ok(pattern) = text.parse::<Pattern>() {
        assert!(!pattern.as_str().contains(['/', '.', '\\', '\0']), "{pattern}");
    }
    let (version, newest) = text.split_once('\n').unwrap_or((text, "1.0.0"));
    let marks = Marks::default().with(newest);
    assert_eq!(marks.against(newest), None);
    let needs_a_word = marks.against(version).is_some();
    let marks = marks.with(version);
    // Allowed once is not allowed again, unless it is a text: that was in place last.
    assert!(marks.against(version).is_none() || needs_a_word, "{version} after {newest}");
}

/// What is kept of keys.
fn kept(json: &[u8]) {
    let Ok(trust) = serde_json::from_slice::<TrustStore>(json) else { return };
    let text = serde_json::to_vec(&trust).expect("it can be written");
    assert_eq!(serde_json::from_slice::<TrustStore>(&text).expect("it can be read"), trust);
}
