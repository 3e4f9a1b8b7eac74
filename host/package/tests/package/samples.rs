//! Files as strangers write them.

use palisade_model::plugin::Manifest;
use palisade_package::Facts;
use serde_json::json;

/// A component with nothing in it.
pub(crate) const EMPTY: [u8; 8] = *b"\0asm\x0d\0\x01\0";

/// What a playbook says of itself.
pub(crate) fn manifest(name: &str, version: &str) -> Manifest {
    let identity =
        json!({ "name": name, "version": version, "description": "Does nothing.", "publisher": "Acme" });
    let manifest = json!({
        "kind": "playbook", "identity": identity, "labels": ["phishing"], "needs": [], "manual_minutes": 5,
    });
    serde_json::from_value(manifest).unwrap()
}

/// All that can be said of a component.
pub(crate) fn facts() -> Facts {
    let sbom = json!({ "bomFormat": "CycloneDX", "specVersion": "1.5", "components": [{}, {}] });
    Facts {
        licence: Some("Apache-2.0".into()),
        source: Some("https://example.com/acme".into()),
        revision: Some("0123abcd-dirty".into()),
        authors: Some("Ada".into()),
        homepage: Some("https://example.com".into()),
        sbom: Some(sbom.to_string()),
    }
}

/// A component that imports so many functions, of which none is there.
pub(crate) fn importing(count: u32) -> Vec<u8> {
    let mut imports = leb(count);
    for number in 0..count {
        let name = format!("f{number}");
        imports.extend([0, name.len() as u8]);
        imports.extend(name.as_bytes());
        imports.extend([1, 0]);
    }
    // One type: a function without parameters and results.
    let mut component = [EMPTY.as_slice(), &section(7, &[1, 0x40, 0, 1, 0])].concat();
    component.extend(section(10, &imports));
    component
}

/// A section of this kind.
pub(crate) fn section(kind: u8, content: &[u8]) -> Vec<u8> {
    [[kind].as_slice(), &leb(content.len() as u32), content].concat()
}

/// A custom section.
pub(crate) fn custom(name: &str, data: &[u8]) -> Vec<u8> {
    section(0, &[leb(name.len() as u32).as_slice(), name.as_bytes(), data].concat())
}

fn leb(mut value: u32) -> Vec<u8> {
    let mut bytes = Vec::new();
    while value >= 0x80 {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
    bytes
}
