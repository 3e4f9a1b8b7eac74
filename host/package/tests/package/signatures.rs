//! Signatures and keys that strangers made, or altered.

use palisade_package::{KeyError, NotTrusted, PublicKey, SecretKey, Signature, limits::SIGNATURE_BYTES};

fn signed(bytes: &[u8], comment: &str) -> (PublicKey, String) {
    let (secret, public) = SecretKey::generate(None).unwrap();
    let secret = SecretKey::open(&secret, None).unwrap();
    assert_eq!(secret.public_key().unwrap(), public);
    (public, secret.sign(bytes, comment).unwrap())
}

#[test]
fn a_signature_holds_for_its_file_and_its_comment() {
    let (key, text) = signed(b"a component", "name:acme\tversion:1.0.0");
    let signature = Signature::parse(text.as_bytes()).unwrap();
    assert_eq!((signature.key(), signature.comment()), (key.id(), "name:acme\tversion:1.0.0"));
    assert_eq!(key.verify(&signature, b"a component"), Ok(()));
    assert_eq!(
        key.verify(&signature, b"b component"),
        Err(NotTrusted::Forged { key: key.id().clone() }),
        "another file"
    );
    let altered = text.replace("version:1.0.0", "version:9.0.0");
    let altered = Signature::parse(altered.as_bytes()).unwrap();
    assert!(key.verify(&altered, b"a component").is_err(), "the comment is signed too");
    let (other, _) = signed(b"", "");
    assert!(matches!(other.verify(&signature, b"a component"), Err(NotTrusted::OtherKey { .. })));
}

#[test]
fn no_changed_byte_of_a_signature_passes() {
    let (key, text) = signed(b"a component", "name:acme");
    let first = text.find('\n').unwrap() + 1;
    for place in first..text.len() {
        for flip in [1, 4, 0x20, 0x80] {
            let mut file = text.clone().into_bytes();
            file[place] ^= flip;
            let Ok(signature) = Signature::parse(&file) else { continue };
            // White space around what is signed means nothing.
            let same = String::from_utf8_lossy(&file).split_whitespace().eq(text.split_whitespace());
            let passes = key.verify(&signature, b"a component").is_ok();
            assert!(!passes || same, "byte {place} with {flip:#x}: {}", String::from_utf8_lossy(&file));
        }
    }
}

#[test]
fn what_is_no_signature_is_refused_in_a_sentence() {
    let (_, text) = signed(b"a component", "c");
    let lines: Vec<_> = text.lines().collect();
    let with = |place: usize, line: &str| {
        let mut lines = lines.clone();
        lines[place] = line;
        lines.join("\n")
    };
    for (file, words) in [
        (String::new(), "four lines"),
        (lines[..3].join("\n"), "four lines"),
        (format!("{text}one more"), "four lines"),
        (with(0, "comment"), "first line"),
        (with(1, "RUQ="), "second line is no signature"),
        (with(1, "../../etc/passwd"), "second line is no signature"),
        (with(2, "comment: c"), "third line"),
        (with(3, "AAAA"), "fourth line is no signature"),
        (with(1, &lines[1].replacen("RU", "XX", 1)), "nobody knows its algorithm"),
        ("a".repeat(SIGNATURE_BYTES + 1), "too long"),
    ] {
        let refused = Signature::parse(file.as_bytes()).err().map(|error| error.to_string());
        assert!(refused.as_ref().is_some_and(|refused| refused.contains(words)), "{file:?}: {refused:?}");
    }
    assert!(Signature::parse(b"\xff\xfe").is_err());
}

#[test]
fn a_public_key_is_read_from_its_file_or_from_its_line() {
    let (key, _) = signed(b"", "");
    for text in [key.to_file(), key.to_string(), format!("  {key}\r\n"), key.to_file().replace('\n', "\r\n")]
    {
        assert_eq!(PublicKey::parse(text.as_bytes()).unwrap(), key, "{text:?}");
    }
    let line = key.to_string();
    for bad in [
        String::new(),
        "../../etc/passwd".to_owned(),
        line[..40].to_owned(),
        format!("{line}AAAA"),
        line.replacen("RW", "RU", 1),
        format!("{line}\n{line}"),
        format!("untrusted comment: x\n{line}\n{line}"),
        "a".repeat(2_000),
    ] {
        assert!(PublicKey::parse(bad.as_bytes()).is_err(), "{bad:?} was taken");
    }
}

#[test]
fn a_secret_key_opens_with_its_password_alone() {
    let (file, public) = SecretKey::generate(Some("correct horse")).unwrap();
    assert!(SecretKey::is_encrypted(&file).unwrap());
    assert!(matches!(SecretKey::open(&file, None), Err(KeyError::NoPassword)));
    assert!(matches!(SecretKey::open(&file, Some("wrong")), Err(KeyError::Password)));
    let key = SecretKey::open(&file, Some("correct horse")).unwrap();
    assert_eq!(key.public_key().unwrap(), public);
    assert!(matches!(SecretKey::generate(Some(&"a".repeat(2_000))), Err(KeyError::LongPassword)));
    let (plain, _) = SecretKey::generate(None).unwrap();
    let line = plain.lines().nth(1).unwrap();
    // The last byte but the checksum belongs to the public half.
    let mut bytes = base64::Engine::decode(&base64::prelude::BASE64_STANDARD, line).unwrap();
    bytes[120] ^= 1;
    let damaged = plain.replace(line, &base64::Engine::encode(&base64::prelude::BASE64_STANDARD, bytes));
    assert!(SecretKey::open(&damaged, None).unwrap().sign(b"a component", "c").is_err());
    for bad in ["", "one line", "untrusted comment: x\nRWRT", &public.to_file()] {
        assert!(matches!(SecretKey::open(bad, None), Err(KeyError::NotASecretKey(_))), "{bad:?}");
    }
}
