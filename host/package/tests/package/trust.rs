//! Whose word counts for what.

use base64::{Engine, prelude::BASE64_STANDARD};
use palisade_model::{Timestamp, name::Name, signer::SignedBy};
use palisade_package::{
    Key, NotTrusted, Pattern, PublicKey, SecretKey, Signature, TrustStore, TrustStoreError, limits::KEYS,
};

fn name(text: &str) -> Name {
    text.parse().unwrap()
}

fn pair() -> (SecretKey, PublicKey) {
    let (secret, public) = SecretKey::generate(None).unwrap();
    (SecretKey::open(&secret, None).unwrap(), public)
}

fn key(text: &str, public: &PublicKey, namespaces: &[&str]) -> Key {
    let namespaces = namespaces.iter().map(|namespace| namespace.parse().unwrap()).collect();
    Key::new(name(text), public.clone(), namespaces, Timestamp::UNIX_EPOCH)
}

fn sign(secret: &SecretKey, bytes: &[u8]) -> Signature {
    Signature::parse(secret.sign(bytes, "c").unwrap().as_bytes()).unwrap()
}

#[test]
fn a_pattern_is_a_name_or_the_beginning_of_one() {
    for (pattern, plugin, matches) in [
        ("acme", "acme", true),
        ("acme", "acme-intel", false),
        ("acme-*", "acme-intel", true),
        ("acme-*", "acme", false),
        ("acme-*", "acmex-intel", false),
        ("*", "anything", true),
    ] {
        let pattern: Pattern = pattern.parse().unwrap();
        assert_eq!(pattern.matches(&name(plugin)), matches, "{pattern} for {plugin}");
    }
    for bad in ["", "**", "*acme", "ac*me", "../*", "/etc/*", "Acme-*", "ácme*", "acme-\u{202e}*", "-*"] {
        assert!(bad.parse::<Pattern>().is_err(), "{bad:?} was taken");
    }
}

#[test]
fn a_key_vouches_for_its_files_and_its_names_and_nothing_else() {
    let ((acme, acme_key), (other, _)) = (pair(), pair());
    let mut trust = TrustStore::default();
    trust.add(key("acme", &acme_key, &["acme-*"])).unwrap();
    let plugin = name("acme-intel");
    let judge = |signature: Option<&Signature>, bytes: &[u8], plugin: &Name| {
        trust.check(signature, bytes)?.for_plugin(plugin)
    };
    let ours = sign(&acme, b"one");
    let SignedBy::Trusted(signer) = judge(Some(&ours), b"one", &plugin).unwrap() else { panic!() };
    assert_eq!((signer.name, &signer.key), (name("acme"), acme_key.id()));
    assert_eq!(judge(None, b"one", &plugin), Ok(SignedBy::Nobody));
    let theirs = sign(&other, b"one");
    assert_eq!(judge(Some(&theirs), b"one", &plugin), Ok(SignedBy::Unknown { key: theirs.key().clone() }));
    assert!(matches!(judge(Some(&ours), b"two", &plugin), Err(NotTrusted::Forged { .. })));
    let refused = judge(Some(&ours), b"one", &name("shodan")).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "key `acme` signed it, and is trusted for acme-* only, not for a plugin called `shodan`"
    );
}

/// Whoever makes a key chooses its number.
fn with_number_of(public: &PublicKey, other: &PublicKey) -> PublicKey {
    let mut bytes = BASE64_STANDARD.decode(public.to_string()).unwrap();
    bytes[2..10].copy_from_slice(&BASE64_STANDARD.decode(other.to_string()).unwrap()[2..10]);
    PublicKey::parse(BASE64_STANDARD.encode(bytes).as_bytes()).unwrap()
}

#[test]
fn a_key_under_the_number_of_another_is_nobody() {
    let ((_, acme), (_, evil)) = (pair(), pair());
    let evil = with_number_of(&evil, &acme);
    assert_eq!(evil.id(), acme.id());
    let mut trust = TrustStore::default();
    trust.add(key("acme", &acme, &["*"])).unwrap();
    let refused = trust.add(key("evil", &evil, &["*"])).unwrap_err();
    assert_eq!(refused, TrustStoreError::Key { id: acme.id().clone(), name: name("acme") });
}

#[test]
fn a_store_takes_each_key_and_name_once_and_not_too_many() {
    let (_, public) = pair();
    let mut trust = TrustStore::default();
    assert_eq!(trust.add(key("acme", &public, &[])), Err(TrustStoreError::Namespaces));
    assert_eq!(trust.add(key("acme", &public, &["a*"; 21])), Err(TrustStoreError::Namespaces));
    trust.add(key("acme", &public, &["*"])).unwrap();
    assert_eq!(trust.add(key("acme", &pair().1, &["*"])), Err(TrustStoreError::Name(name("acme"))));
    assert!(matches!(trust.add(key("again", &public, &["*"])), Err(TrustStoreError::Key { .. })));
    for number in 1..KEYS {
        trust.add(key(&format!("key-{number}"), &pair().1, &["*"])).unwrap();
    }
    assert_eq!(trust.add(key("more", &pair().1, &["*"])), Err(TrustStoreError::Full));
    let json = serde_json::to_string(&trust).unwrap();
    assert_eq!(serde_json::from_str::<TrustStore>(&json).unwrap(), trust);
    assert!(trust.remove(&name("acme")).is_some() && trust.remove(&name("acme")).is_none());
}
