//! Real files, altered at random: a few seconds of what `make fuzz` does for as long as one likes.

use palisade_package::{SecretKey, pack};
use proptest::{prelude::*, sample::Index};

use crate::{
    samples::{facts, importing, manifest},
    untrusted,
};

/// One file of each kind that is read, behind the byte that says which.
fn real() -> Vec<Vec<u8>> {
    let (secret, public) = SecretKey::generate(None).unwrap();
    let signature = SecretKey::open(&secret, None).unwrap().sign(b"a component", "name:acme").unwrap();
    let package = pack(&importing(2), &manifest("acme", "1.2.3"), &facts()).unwrap();
    let trust = format!(
        r#"{{"keys":[{{"name":"acme","public_key":"{public}","namespaces":["acme-*"],"added":"2026-01-01T00:00:00Z"}}]}}"#
    );
    let files = [
        package,
        signature.into_bytes(),
        public.to_file().into_bytes(),
        secret.into_bytes(),
        b"acme-*\n1.0.0".to_vec(),
        trust.into_bytes(),
    ];
    (0..).zip(files).map(|(kind, file)| [[kind].as_slice(), &file].concat()).collect()
}

/// One thing that happens to a file.
#[derive(Clone, Debug)]
enum Change {
    Flip(Index, u8),
    Cut(Index),
    Remove(Index, usize),
    Insert(Index, Vec<u8>),
}

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        4 => (any::<Index>(), 1_u8..).prop_map(|(at, with)| Change::Flip(at, with)),
        1 => any::<Index>().prop_map(Change::Cut),
        1 => (any::<Index>(), 1..64_usize).prop_map(|(at, length)| Change::Remove(at, length)),
        1 => (any::<Index>(), prop::collection::vec(any::<u8>(), 1..16))
            .prop_map(|(at, bytes)| Change::Insert(at, bytes)),
    ]
}

fn changed(mut file: Vec<u8>, changes: &[Change]) -> Vec<u8> {
    for change in changes {
        if file.is_empty() {
            break;
        }
        match change {
            Change::Flip(at, with) => *at.get_mut(&mut file) ^= with,
            Change::Cut(at) => file.truncate(at.index(file.len())),
            Change::Remove(at, length) => {
                let at = at.index(file.len());
                file.drain(at..(at + length).min(file.len()));
            }
            Change::Insert(at, bytes) => {
                let at = at.index(file.len());
                file.splice(at..at, bytes.iter().copied());
            }
        }
    }
    file
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_read_is_refused_or_whole(which in 0..6_usize, changes in prop::collection::vec(change(), 0..6)) {
        static REAL: std::sync::LazyLock<Vec<Vec<u8>>> = std::sync::LazyLock::new(real);
        untrusted::read(&changed(REAL[which].clone(), &changes));
    }

    #[test]
    fn noise_is_refused(bytes in prop::collection::vec(any::<u8>(), 0..512)) {
        untrusted::read(&bytes);
    }
}
