//! A plugin as a registry keeps it: the layout of `oci-wasm` and the CNCF's working group on WebAssembly.

use std::collections::BTreeMap;

use palisade_model::{
    limits::{COMPONENT_BYTES, SIGNATURE_BYTES},
    plugin::Digest,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{digest, limits::CONFIG_BYTES};

/// Media type of a manifest.
pub(crate) const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
/// Media type of a configuration.
const CONFIG: &str = "application/vnd.wasm.config.v0+json";
/// Media type of a component.
const COMPONENT: &str = "application/wasm";
/// Annotation of a layer: the file of its signature, as minisign writes it.
const SIGNATURE: &str = "dev.palisade.signature.minisign";

/// The one JSON document that a digest pins.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Manifest {
    schema_version: u32,
    #[serde(default)]
    media_type: Option<String>,
    config: Descriptor,
    layers: Vec<Descriptor>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    annotations: BTreeMap<String, String>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Descriptor {
    media_type: String,
    digest: String,
    size: u64,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    annotations: BTreeMap<String, String>,
}

/// `application/vnd.wasm.config.v0+json`
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Config {
    created: String,
    architecture: String,
    os: String,
    layer_digests: Vec<String>,
    component: Option<Names>,
}

/// The names of what a component imports and exports.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Names {
    #[serde(default)]
    pub(crate) exports: Vec<String>,
    #[serde(default)]
    pub(crate) imports: Vec<String>,
}

/// Some bytes in a registry.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Blob {
    pub(crate) digest: Digest,
    /// Within the bounds of what it is.
    pub(crate) size: usize,
}

/// What a plugin's manifest leads to.
#[derive(Debug)]
pub(crate) struct Layout {
    pub(crate) config: Blob,
    pub(crate) component: Blob,
    pub(crate) signature: Option<String>,
}

/// Reads a manifest, which must be that of a plugin.
pub(crate) fn read(manifest: &[u8]) -> Result<Layout, String> {
    // All of it, and strictly: what is skipped below, somebody else may read.
    let json: Value =
        serde_json::from_slice(manifest).map_err(|error| format!("its manifest is no JSON: {error}"))?;
    if !json.is_object() {
        return Err("its manifest is no JSON object".to_owned());
    }
    let kind = json["mediaType"].as_str();
    if !json["manifests"].is_null()
        || kind.is_some_and(|kind| kind.contains(".index.") || kind.contains(".list."))
    {
        return Err("it is an index of several manifests; give the digest of one of them".to_owned());
    }
    if let Some(other) = kind.filter(|kind| *kind != MANIFEST) {
        return Err(format!("its manifest is {other:?}, not {MANIFEST}"));
    }
    // A list in place of an object would be taken for its fields in order.
    if !json["config"].is_object()
        || json["layers"].as_array().is_some_and(|all| !all.iter().all(Value::is_object))
    {
        return Err("what its manifest leads to is described by no JSON objects".to_owned());
    }
    let manifest: Manifest =
        serde_json::from_slice(manifest).map_err(|error| format!("its manifest cannot be read: {error}"))?;
    if manifest.config.media_type != CONFIG {
        let other = manifest.config.media_type;
        return Err(format!("its configuration is {other:?}, not {CONFIG}: it is no WebAssembly"));
    }
    let [layer] = &manifest.layers[..] else {
        return Err(format!("it has {} layers; a plugin is one", manifest.layers.len()));
    };
    if layer.media_type != COMPONENT {
        return Err(format!("its layer is {:?}, not {COMPONENT}", layer.media_type));
    }
    let signature = layer.annotations.get(SIGNATURE);
    if signature.is_some_and(|signature| signature.len() > SIGNATURE_BYTES) {
        return Err(format!("its signature has more than {SIGNATURE_BYTES} bytes"));
    }
    Ok(Layout {
        config: blob(&manifest.config, "configuration", CONFIG_BYTES)?,
        component: blob(layer, "component", COMPONENT_BYTES)?,
        signature: signature.cloned(),
    })
}

/// Checks that a configuration speaks of this component.
pub(crate) fn check_config(config: &[u8], component: &Digest) -> Result<(), String> {
    let config: Config = serde_json::from_slice(config)
        .map_err(|error| format!("its configuration cannot be read: {error}"))?;
    if config.architecture != "wasm" {
        return Err(format!("its configuration is for {:?}, not for wasm", config.architecture));
    }
    match &config.layer_digests[..] {
        [one] if digest::parse(one).is_ok_and(|digest| digest == *component) => Ok(()),
        _ => Err("its configuration speaks of another component".to_owned()),
    }
}

/// Checks that something has the size that its manifest says. What has more was not read.
pub(crate) fn check_size(what: &str, blob: &Blob, found: usize) -> Result<(), String> {
    let Blob { size, .. } = blob;
    if found == *size {
        return Ok(());
    }
    Err(format!("its manifest says that its {what} has {size} bytes, and it has {found}"))
}

/// A manifest and its configuration.
pub(crate) fn write(
    component: &Blob,
    names: Names,
    signature: Option<&str>,
    annotations: BTreeMap<String, String>,
) -> (Vec<u8>, Vec<u8>) {
    let config = Config {
        // When it was sent changes nothing of what it is: the same file and signature have the same digest for ever.
        created: "1970-01-01T00:00:00Z".to_owned(),
        architecture: "wasm".to_owned(),
        os: "wasip2".to_owned(),
        layer_digests: vec![format!("sha256:{}", component.digest)],
        component: Some(names),
    };
    let config = json(&config);
    let signature = signature.map(|signature| (SIGNATURE.to_owned(), signature.to_owned()));
    let manifest = Manifest {
        schema_version: 2,
        media_type: Some(MANIFEST.to_owned()),
        config: Descriptor {
            media_type: CONFIG.to_owned(),
            digest: format!("sha256:{}", digest::sha256(&config)),
            size: config.len() as u64,
            annotations: BTreeMap::new(),
        },
        layers: vec![Descriptor {
            media_type: COMPONENT.to_owned(),
            digest: format!("sha256:{}", component.digest),
            size: component.size as u64,
            annotations: signature.into_iter().collect(),
        }],
        annotations,
    };
    (json(&manifest), config)
}

fn json(value: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(value).expect("texts and numbers can be written as JSON")
}

fn blob(descriptor: &Descriptor, what: &str, most: usize) -> Result<Blob, String> {
    let digest = Some(&descriptor.digest).filter(|text| text.starts_with("sha256:"));
    let digest = digest.and_then(|text| digest::parse(text).ok());
    let digest = digest.ok_or_else(|| format!("the digest of its {what} is not a SHA-256 digest"))?;
    let size = usize::try_from(descriptor.size).ok().filter(|size| *size <= most);
    let size = size.ok_or_else(|| format!("its {what} has {} bytes, more than {most}", descriptor.size))?;
    Ok(Blob { digest, size })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn written() -> (Value, Vec<u8>, Digest) {
        let component = digest::sha256(b"component");
        let blob = Blob { digest: component.clone(), size: 9 };
        let title = [("org.opencontainers.image.title".to_owned(), "shodan".to_owned())].into();
        let (manifest, config) = write(&blob, Names::default(), Some("untrusted comment: x\n"), title);
        (serde_json::from_slice(&manifest).unwrap(), config, component)
    }

    #[test]
    fn what_is_written_is_read() {
        let (manifest, config, component) = written();
        let layout = read(manifest.to_string().as_bytes()).unwrap();
        assert_eq!(layout.component, Blob { digest: component.clone(), size: 9 });
        assert_eq!(layout.config, Blob { digest: digest::sha256(&config), size: config.len() });
        assert_eq!(layout.signature.as_deref(), Some("untrusted comment: x\n"));
        check_config(&config, &component).unwrap();
        assert!(check_config(&config, &digest::sha256(b"other")).is_err());
        assert!(
            check_config(
                br#"{"created":"","architecture":"amd64","os":"linux","layerDigests":[]}"#,
                &component
            )
            .is_err()
        );
    }

    #[test]
    fn what_is_no_plugin_says_what_it_is() {
        let (manifest, ..) = written();
        let image = "application/vnd.oci.image.config.v1+json";
        let layer = manifest["layers"][0].clone();
        for (pointer, value, words) in [
            ("/mediaType", json!("application/vnd.oci.image.index.v1+json"), "an index of several manifests"),
            (
                "/mediaType",
                json!("application/vnd.docker.distribution.manifest.v2+json"),
                "its manifest is \"application/vnd.docker",
            ),
            ("/config/mediaType", json!(image), "it is no WebAssembly"),
            ("/config/digest", json!("sha512:12"), "the digest of its configuration"),
            ("/config/size", json!(CONFIG_BYTES + 1), "its configuration has"),
            ("/layers", json!([]), "it has 0 layers"),
            ("/layers", json!([layer, layer]), "it has 2 layers"),
            ("/layers/0/mediaType", json!("application/vnd.oci.image.layer.v1.tar+gzip"), "its layer is"),
            ("/layers/0/digest", json!("sha256:../../../etc/passwd"), "the digest of its component"),
            ("/layers/0/size", json!(COMPONENT_BYTES + 1), "its component has"),
            ("/layers/0/size", json!(-1), "cannot be read"),
            (
                "/layers/0/annotations",
                json!({ SIGNATURE: "x".repeat(SIGNATURE_BYTES + 1) }),
                "its signature has",
            ),
        ] {
            let mut changed = manifest.clone();
            *changed.pointer_mut(pointer).unwrap() = value;
            let error = read(changed.to_string().as_bytes()).unwrap_err();
            assert!(error.contains(words), "{pointer}: {error}");
        }
        let index = json!({ "schemaVersion": 2, "manifests": [] });
        assert!(read(index.to_string().as_bytes()).unwrap_err().contains("an index"));
        for bad in ["", "[]", "{}", "<html>"] {
            assert!(read(bad.as_bytes()).is_err(), "{bad} was read");
        }
    }

    #[test]
    fn nobody_can_read_a_manifest_otherwise() {
        let (manifest, ..) = written();
        let text = manifest.to_string();
        let read = |text: &[u8]| super::read(text).map(drop);
        assert_eq!(read(text.as_bytes()), Ok(()));
        let layers = text[text.find(r#""layers""#).unwrap()..].split_inclusive(']').next().unwrap();
        let twice = text.replace(layers, &format!("{layers},{layers}"));
        assert!(read(twice.as_bytes()).unwrap_err().contains("duplicate field"));
        for pointer in ["/config", "/layers/0"] {
            let described = manifest.pointer(pointer).unwrap();
            let fields = ["mediaType", "digest", "size"].map(|field| &described[field]);
            let listed = text.replace(&described.to_string(), &json!(fields).to_string());
            assert!(read(listed.as_bytes()).unwrap_err().contains("no JSON objects"), "{listed}");
        }
        for (skipped, words) in
            [(&br#"{"x":"\ud800","#[..], "hex escape"), (&b"{\"x\":\"\xff\","[..], "unicode")]
        {
            let error = read(&[skipped, &text.as_bytes()[1..]].concat()).unwrap_err();
            assert!(error.contains(words), "{error}");
        }
        let deep = format!(r#"{{"x":{}{},{}"#, "[".repeat(500), "]".repeat(500), &text[1..]);
        assert!(read(deep.as_bytes()).unwrap_err().contains("recursion"));
    }
}
