//! Everything here that is read before a signature was checked, as one function of any bytes. The property tests below and
//! the fuzz target (`tests/fuzz`) call it; it panics if something is read that should not be.

use http::{HeaderMap, HeaderValue, header::WWW_AUTHENTICATE};
use palisade_egress::{Scheme, Url};
use palisade_model::limits::{COMPONENT_BYTES, SIGNATURE_BYTES};
use serde_json::Value;

use crate::{
    client::at,
    digest::sha256,
    http::{is_this_machine, onward},
    limits::{CHALLENGE_BYTES, CONFIG_BYTES},
    lock_file::LockFile,
    logins::Logins,
    oci::{
        OciReference,
        answers::{reason, token},
        challenge::{Challenge, challenge},
        manifest::{self, Names},
    },
    reference::{Reference, Remote},
};

/// What a first byte may say, as a digit from `0`.
const KINDS: u8 = 9;

/// Reads bytes as what their first one says, and returns whether they are that.
pub fn read(bytes: &[u8]) -> bool {
    let Some((kind, bytes)) = bytes.split_first() else { return false };
    let text = std::str::from_utf8(bytes);
    let read = match (kind.wrapping_sub(b'0') % KINDS, text) {
        (0, _) => of_manifest(bytes),
        (1, _) => of_configuration(bytes),
        (2, _) => of_challenge(bytes),
        (3, _) => of_token(bytes),
        (4, _) => (!reason(bytes).is_empty()).then_some(()),
        (5, _) => Logins::from_docker(bytes).ok().map(drop),
        (6, Ok(text)) => of_redirect(text),
        (7, Ok(text)) => of_reference(text),
        (_, Ok(text)) => of_lock_file(text),
        (_, Err(_)) => None,
    };
    read.is_some()
}

/// One layer within its bounds, whoever else reads it; and what is written of it leads to the same.
fn of_manifest(bytes: &[u8]) -> Option<()> {
    let layout = manifest::read(bytes).ok()?;
    let json: Value = serde_json::from_slice(bytes).expect("it was read");
    let [layer] = &json["layers"].as_array().expect("it was read")[..] else {
        panic!("not one layer: {json}")
    };
    assert_eq!(layer["digest"], format!("sha256:{}", layout.component.digest));
    assert_eq!(layer["size"], layout.component.size);
    assert!(layout.component.size <= COMPONENT_BYTES && layout.config.size <= CONFIG_BYTES);
    assert!(layout.signature.as_ref().is_none_or(|signature| signature.len() <= SIGNATURE_BYTES));
    let annotations = [("org.opencontainers.image.title".to_owned(), "x".to_owned())].into();
    let (written, config) =
        manifest::write(&layout.component, Names::default(), layout.signature.as_deref(), annotations);
    let again = manifest::read(&written).expect("what was written can be read");
    assert_eq!((&again.component, &again.signature), (&layout.component, &layout.signature));
    assert_eq!(again.config.digest, sha256(&config));
    manifest::check_config(&config, &layout.component.digest).expect("it is of this component");
    Some(())
}

/// It speaks of one component, and so of no other.
fn of_configuration(bytes: &[u8]) -> Option<()> {
    let (component, other) = (sha256(b"component"), sha256(b"other"));
    manifest::check_config(bytes, &component).ok()?;
    assert!(manifest::check_config(bytes, &other).is_err());
    Some(())
}

/// Each line is a header field. A challenge that is written as RFC 9110 says is the same.
fn of_challenge(bytes: &[u8]) -> Option<()> {
    let ask = |lines: &[&[u8]]| {
        let mut headers = HeaderMap::new();
        for value in lines.iter().filter_map(|line| HeaderValue::from_bytes(line).ok()) {
            headers.append(WWW_AUTHENTICATE, value);
        }
        challenge(&headers)
    };
    let asked = ask(&bytes.split(|byte| *byte == b'\n').collect::<Vec<_>>()).ok()?;
    if let Challenge::Bearer { realm, service } = &asked {
        let quoted = |text: &str| text.replace('\\', "\\\\").replace('"', "\\\"");
        let service = service.as_deref().map(|service| format!(", service=\"{}\"", quoted(service)));
        let written = format!("Bearer realm=\"{}\"{}", quoted(realm), service.unwrap_or_default());
        // With its escapes it may be longer than is read.
        if written.len() <= CHALLENGE_BYTES {
            assert_eq!(ask(&[written.as_bytes()]).as_ref(), Ok(&asked));
        }
    }
    Some(())
}

/// It stands in one header field, and in no log.
fn of_token(bytes: &[u8]) -> Option<()> {
    let value = token(bytes).ok()?;
    assert!(value.as_bytes().starts_with(b"Bearer ") && value.is_sensitive());
    assert!(!value.as_bytes().iter().any(|byte| matches!(byte, b'\r' | b'\n' | b'\0')));
    Some(())
}

/// A URL, and on the next line where it sends a request on to: neither out of TLS nor in plain over a network.
fn of_redirect(text: &str) -> Option<()> {
    let (from, location) = text.split_once('\n')?;
    let from = Url::parse(from).ok()?;
    let to = onward(&from, location).ok()?;
    assert!(
        to.origin.scheme == Scheme::Https
            || from.origin.scheme == Scheme::Http && is_this_machine(&to.origin.host)
    );
    assert_eq!(Url::parse(&whole(&to)).as_ref(), Ok(&to));
    Some(())
}

/// What names something elsewhere names it exactly, and is written as it is read.
fn of_reference(text: &str) -> Option<()> {
    match Reference::parse(text, None).ok()? {
        Reference::Path(path) => assert!(path.to_str() == Some(text) && !text.contains("://")),
        Reference::Remote(Remote::Oci(reference)) => {
            assert_eq!(OciReference::parse(&reference.to_string()).as_ref(), Ok(&reference));
            // Its parts stand in a URL as they are, and lead to nothing else in the registry.
            let path = format!(
                "/v2/{}/manifests/{}",
                reference.repository,
                reference.tag.as_deref().unwrap_or("latest")
            );
            let server = Url { origin: reference.origin, path: "/".to_owned(), query: None };
            let url = at(&server, &path).expect("it can stand in a URL");
            assert!(url.path == path && url.query.is_none() && !path.contains(['%', '\\']));
            assert!(!path.split('/').skip(1).any(|part| matches!(part, "" | "." | "..")), "{path}");
        }
        Reference::Remote(remote) => {
            let Remote::Https { url, digest } = &remote else { unreachable!("OCI is above") };
            assert_eq!(url.origin.scheme, Scheme::Https);
            assert!(!remote.source().contains('?'), "a query may be a token");
            let again = Reference::parse(&format!("{}#sha256={digest}", whole(url)), None);
            assert!(again.is_ok_and(|again| again == Reference::Remote(remote)));
        }
    }
    Some(())
}

/// What was read is written, and then says the same.
fn of_lock_file(text: &str) -> Option<()> {
    let lock = LockFile::parse(text).ok()?;
    let written = lock.text().expect("what was read can be written");
    assert_eq!(LockFile::parse(&written).expect("what was written can be read"), lock);
    Some(())
}

fn whole(url: &Url) -> String {
    let query = url.query.as_ref().map(|query| format!("?{query}")).unwrap_or_default();
    format!("{}{}{query}", url.origin, url.path)
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path, sync::LazyLock};

    use proptest::{prelude::*, sample::Index};

    use super::*;

    /// What the fuzzer begins with: at least one of each kind, as it comes from a server or an operator.
    static SEEDS: LazyLock<Vec<(String, Vec<u8>)>> = LazyLock::new(|| {
        let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fuzz/seeds/sources");
        let files = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
        files.map(|path| (path.display().to_string(), fs::read(&path).unwrap())).collect()
    });

    #[test]
    fn every_seed_is_read() {
        for (path, seed) in &*SEEDS {
            assert!(read(seed), "{path} is refused");
        }
        let kinds = SEEDS.iter().map(|(_, seed)| seed[0]).collect::<std::collections::BTreeSet<_>>();
        assert_eq!(kinds, (b'0'..b'0' + KINDS).collect());
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 10_000, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn whatever_is_read_is_refused_or_whole(
            which in any::<Index>(),
            changes in prop::collection::vec(
                (any::<Index>(), 0..16_usize, prop::collection::vec(any::<u8>(), 0..8)), 0..5,
            ),
        ) {
            let mut bytes = which.get(&SEEDS).1.clone();
            for (at, gone, new) in changes {
                let at = at.index(bytes.len() + 1);
                bytes.splice(at..(at + gone).min(bytes.len()), new);
            }
            read(&bytes);
        }
    }
}
