//! Reading and writing what a component's file says.

use palisade_package::{
    Facts, Package, PackageError, disagreement,
    limits::{IMPORTS, SECTIONS, TEXT_BYTES},
    pack, unpack,
};
use serde_json::json;

use crate::samples::{EMPTY, custom, facts, importing, manifest, section};

fn refused(file: &[u8]) -> String {
    Package::read(file).unwrap_err().to_string()
}

#[test]
fn what_is_written_is_read_and_replaces_what_was_said_before() {
    let component = [EMPTY.as_slice(), &custom("producers", b"\0"), &custom("licenses", b"MIT")].concat();
    let packed = pack(&component, &manifest("acme", "1.2.3"), &facts()).unwrap();
    let package = Package::read(&packed).unwrap();
    assert_eq!(package.licence.as_deref(), Some("Apache-2.0"));
    assert_eq!(package.version.as_deref(), Some("1.2.3"));
    assert_eq!(package.sbom.as_ref().unwrap().components, 2);
    assert_eq!(package.manifest, Some(manifest("acme", "1.2.3")));
    assert_eq!(disagreement(&package, &manifest("acme", "1.2.3")), None);
    assert!(packed.starts_with(&component[..EMPTY.len() + 2 + 11]), "what is not ours must stay");

    assert_eq!(pack(&packed, &manifest("acme", "1.2.3"), &facts()).unwrap(), packed, "twice is once");
    let less = pack(&packed, &manifest("acme", "2.0.0"), &Facts::default()).unwrap();
    let less = Package::read(&less).unwrap();
    assert_eq!((less.licence, less.version.as_deref()), (None, Some("2.0.0")));
    assert_eq!(unpack(&packed).unwrap(), component[..EMPTY.len() + 2 + 11]);
    assert_eq!(Package::read(&EMPTY).unwrap(), Package::default());
}

#[test]
fn a_file_that_is_cut_anywhere_is_refused_or_says_less() {
    let packed = pack(&importing(3), &manifest("acme", "1.2.3"), &facts()).unwrap();
    let whole = Package::read(&packed).unwrap();
    let mut boundaries = 0;
    for end in 0..packed.len() {
        match Package::read(&packed[..end]) {
            Ok(package) => {
                boundaries += 1;
                assert!(package.manifest.is_none() && package != whole, "cut at {end}");
            }
            Err(PackageError::NotWasm) => assert!(end < 8, "cut at {end}"),
            Err(error) => assert!(matches!(error, PackageError::Broken { .. }), "cut at {end}: {error}"),
        }
    }
    // After the preamble, the two sections of the component, and each of the nine of the package but the last.
    assert_eq!(boundaries, 1 + 2 + 8);
}

#[test]
fn what_wants_too_much_is_refused_before_it_is_compiled() {
    assert!(Package::read(&importing(u32::try_from(IMPORTS).unwrap())).is_ok());
    assert_eq!(refused(&importing(10_000)), "it imports 10000 things; a plugin imports at most 256");
    let many = [EMPTY.as_slice(), &custom("a", b"").repeat(SECTIONS)].concat();
    assert_eq!(refused(&many), format!("it has more than {SECTIONS} sections"));
    // It says that a module of 4 GiB follows.
    let huge = [EMPTY.as_slice(), &[1, 0xff, 0xff, 0xff, 0xff, 0x0f]].concat();
    assert!(refused(&huge).contains("broken or was cut off"), "{}", refused(&huge));
}

#[test]
fn what_is_no_component_is_refused_by_what_it_is() {
    assert_eq!(refused(b""), "this is not a WebAssembly file");
    assert!(refused(b"\0asm\x01\0\0\0").contains("palisade plugin build"));
    let strange = [EMPTY.as_slice(), &section(99, b"")].concat();
    assert!(refused(&strange).contains("no section of kind 99"), "{}", refused(&strange));
}

#[test]
fn what_cannot_be_said_is_refused_with_the_name_of_its_section() {
    let with = |name: &str, data: &[u8]| refused(&[EMPTY.as_slice(), &custom(name, data)].concat());
    for (name, data, words) in [
        ("licenses", b"".as_slice(), "has 0 bytes"),
        ("licenses", &[b'a'; TEXT_BYTES + 1], "it must have 1 to 4096"),
        ("source", b"\xff", "is not UTF-8"),
        ("revision", b"a\x1b[2J", "is not one line of plain text"),
        ("sbom", b"{}", "cannot be read"),
        ("sbom", br#"{"bomFormat":"SPDX","specVersion":"2.3"}"#, "is no list of CycloneDX"),
        ("sbom", br#"{"bomFormat":"CycloneDX","specVersion":"../1"}"#, "is no list of CycloneDX"),
        ("palisade:manifest", b"{}", "cannot be read"),
        (
            "palisade:manifest",
            &[br#"{"kind":"playbook","labels":"#.as_slice(), &[b'['; 200_000]].concat(),
            "recursion limit",
        ),
        ("palisade:manifest", &vec![b' '; 1024 * 1024 + 1], "at most 1048576 are accepted"),
    ] {
        let refused = with(name, data);
        assert!(refused.contains(&format!("`{name}`")) && refused.contains(words), "{name}: {refused}");
    }
    for name in ["../x", "/etc/passwd", "acme/../../x", "ác", "acme\u{202e}", ""] {
        let mut said = serde_json::to_value(manifest("acme", "1.0.0")).unwrap();
        said["identity"]["name"] = json!(name);
        let refused = with("palisade:manifest", said.to_string().as_bytes());
        assert!(refused.contains("is not a name"), "{name:?}: {refused}");
    }
    let twice = [EMPTY.as_slice(), &custom("licenses", b"MIT"), &custom("licenses", b"GPL-3.0")].concat();
    assert!(refused(&twice).contains("`licenses` twice"), "{}", refused(&twice));
}

#[test]
fn a_lie_is_named_with_what_is_true() {
    let packed = |said: &str| pack(&EMPTY, &manifest("acme", said), &Facts::default()).unwrap();
    let described = manifest("acme", "1.2.3");
    let package = Package::read(&packed("1.2.4")).unwrap();
    assert_eq!(
        disagreement(&package, &described).unwrap().to_string(),
        "its section `version` says \"1.2.4\", and the component itself says \"1.2.3\""
    );
    let mut said = serde_json::to_value(&described).unwrap();
    said["labels"] = json!([]);
    said["a/b"] = json!(1);
    let file = [EMPTY.as_slice(), &custom("palisade:manifest", said.to_string().as_bytes())].concat();
    let lie = disagreement(&Package::read(&file).unwrap(), &described).unwrap().to_string();
    assert_eq!(
        lie,
        "its section `palisade:manifest` says nothing at /labels/0, and the component itself says \"phishing\""
    );
}
