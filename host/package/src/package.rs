//! What a component's file says of itself: reading it, and writing it.
//!
//! The names of the sections, but for the manifest's and the list of parts, are those of wasm-tools
//! (`wasm-metadata`, <https://docs.rs/wasm-metadata>), so that `wasm-tools metadata show` and registries read them too.

use palisade_model::plugin::{Digest, Manifest};
use ring::digest::{SHA256, SHA256_OUTPUT_LEN};
use serde::{Deserialize, Serialize, de::IgnoredAny};

use crate::{
    limits::{IMPORTS, MANIFEST_BYTES, SBOM_BYTES, SECTIONS, TEXT_BYTES},
    outline::customs,
};

const MANIFEST: &str = "palisade:manifest";
const LICENCE: &str = "licenses";
const SOURCE: &str = "source";
const REVISION: &str = "revision";
const AUTHORS: &str = "authors";
const DESCRIPTION: &str = "description";
const VERSION: &str = "version";
const HOMEPAGE: &str = "homepage";
const SBOM: &str = "sbom";

/// The sections that make a component a package, in the order in which they are written.
const OURS: [&str; 9] = [DESCRIPTION, VERSION, AUTHORS, LICENCE, HOMEPAGE, SOURCE, REVISION, SBOM, MANIFEST];

/// What a component's file says of itself. A component without any of it is a package that says nothing.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Package {
    /// What the component would answer to `describe`. The host asks it, and compares: [`crate::disagreement`].
    #[serde(skip)]
    pub manifest: Option<Manifest>,
    /// SPDX expression of its licence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub licence: Option<String>,
    /// Where its source is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// The exact source that it was built from, `-dirty` if that was changed since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<String>,
    /// Who wrote it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authors: Option<String>,
    /// What it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Its version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Where to read about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub homepage: Option<String>,
    /// What is in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sbom: Option<Sbom>,
}

/// The list of what is in a component, as far as a person reads it here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sbom {
    /// The format and its version: `CycloneDX 1.5`.
    pub format: String,
    /// Parts that it lists.
    pub components: usize,
}

/// What whoever builds a component knows of it and the component does not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// SPDX expression of its licence.
    pub licence: Option<String>,
    /// Where its source is.
    pub source: Option<String>,
    /// The exact source.
    pub revision: Option<String>,
    /// Who wrote it.
    pub authors: Option<String>,
    /// Where to read about it.
    pub homepage: Option<String>,
    /// What is in it, as CycloneDX writes it in JSON.
    pub sbom: Option<String>,
}

/// Why a file is no package.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum PackageError {
    /// Something else.
    #[error("this is not a WebAssembly file")]
    NotWasm,
    /// What compilers make, before it becomes a component.
    #[error("this is a core module, not a component: run `palisade plugin build` on its project")]
    CoreModule,
    /// It was cut or altered.
    #[error("the file is broken or was cut off, at byte {offset}: {why}")]
    Broken {
        /// Where.
        offset: u64,
        /// In which way.
        why: String,
    },
    /// It is in too many pieces.
    #[error("it has more than {SECTIONS} sections")]
    Sections,
    /// It wants too much.
    #[error("it imports {0} things; a plugin imports at most {IMPORTS}")]
    Imports(u64),
    /// Two readers could read two different things.
    #[error("it has the section `{0}` twice, and nobody can tell which one counts")]
    Twice(&'static str),
    /// What is in a section is not what belongs there.
    #[error("its section `{section}` {why}")]
    Section {
        /// Which.
        section: &'static str,
        /// What is wrong with it.
        why: String,
    },
}

impl Package {
    /// Reads what a component's file says, without a look at its code.
    ///
    /// # Errors
    ///
    /// [`PackageError`] if it is no component, is cut off, wants too much, or says something that cannot be read.
    pub fn read(file: &[u8]) -> Result<Self, PackageError> {
        let mut found = [None; OURS.len()];
        for custom in customs(file)? {
            if let Some(place) = OURS.iter().position(|name| *name == custom.name)
                && found[place].replace(custom.data).is_some()
            {
                return Err(PackageError::Twice(OURS[place]));
            }
        }
        let [description, version, authors, licence, homepage, source, revision, sbom, manifest] = found;
        Ok(Self {
            description: description.map(|data| text(DESCRIPTION, data)).transpose()?,
            version: version.map(|data| text(VERSION, data)).transpose()?,
            authors: authors.map(|data| text(AUTHORS, data)).transpose()?,
            licence: licence.map(|data| text(LICENCE, data)).transpose()?,
            homepage: homepage.map(|data| text(HOMEPAGE, data)).transpose()?,
            source: source.map(|data| text(SOURCE, data)).transpose()?,
            revision: revision.map(|data| text(REVISION, data)).transpose()?,
            sbom: sbom.map(parts).transpose()?,
            manifest: manifest.map(|data| json(MANIFEST, data, MANIFEST_BYTES)).transpose()?,
        })
    }
}

/// Makes a package of a component: the same component, with these sections in place of whatever it said of itself
/// before. The same component and facts make the same bytes.
///
/// # Errors
///
/// [`PackageError`] if it is no component, or what it would say could not be read again.
pub fn pack(component: &[u8], manifest: &Manifest, facts: &Facts) -> Result<Vec<u8>, PackageError> {
    let mut package = unpack(component)?;
    let identity = manifest.identity();
    let manifest = serde_json::to_string(manifest)
        .map_err(|error| PackageError::Section { section: MANIFEST, why: error.to_string() })?;
    let texts = [
        (DESCRIPTION, Some(&identity.description)),
        (VERSION, Some(&identity.version)),
        (AUTHORS, facts.authors.as_ref()),
        (LICENCE, facts.licence.as_ref()),
        (HOMEPAGE, facts.homepage.as_ref()),
        (SOURCE, facts.source.as_ref()),
        (REVISION, facts.revision.as_ref()),
        (SBOM, facts.sbom.as_ref()),
        (MANIFEST, Some(&manifest)),
    ];
    for (name, text) in texts {
        if let Some(text) = text {
            append(&mut package, name, text.as_bytes())?;
        }
    }
    Package::read(&package)?;
    Ok(package)
}

/// The component alone, without what its file says of it.
///
/// # Errors
///
/// [`PackageError`] if it is no component.
pub fn unpack(file: &[u8]) -> Result<Vec<u8>, PackageError> {
    let mut component = Vec::with_capacity(file.len());
    let mut kept = 0;
    for custom in customs(file)?.into_iter().filter(|custom| OURS.contains(&custom.name)) {
        component.extend_from_slice(&file[kept..custom.range.start]);
        kept = custom.range.end;
    }
    component.extend_from_slice(&file[kept..]);
    Ok(component)
}

/// Appends a custom section (WebAssembly core specification, section 5.5.3).
fn append(file: &mut Vec<u8>, name: &'static str, data: &[u8]) -> Result<(), PackageError> {
    let too_long =
        |_| PackageError::Section { section: name, why: "is longer than any section may be".into() };
    let mut content = Vec::with_capacity(name.len() + data.len() + 5);
    push_u32(&mut content, u32::try_from(name.len()).map_err(too_long)?);
    content.extend_from_slice(name.as_bytes());
    content.extend_from_slice(data);
    file.push(0);
    push_u32(file, u32::try_from(content.len()).map_err(too_long)?);
    file.extend_from_slice(&content);
    Ok(())
}

/// Appends a number in unsigned LEB128, seven bits to a byte.
fn push_u32(bytes: &mut Vec<u8>, mut value: u32) {
    while value >= 0x80 {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
}

/// SHA-256 of a file: what the operator grants, what is locked, and what a signature's comment names.
pub fn digest(file: &[u8]) -> Digest {
    let mut bytes = [0; SHA256_OUTPUT_LEN];
    bytes.copy_from_slice(ring::digest::digest(&SHA256, file).as_ref());
    Digest::from_bytes(bytes)
}

/// A line that people read.
fn text(section: &'static str, data: &[u8]) -> Result<String, PackageError> {
    let wrong = |why: &str| PackageError::Section { section, why: why.to_owned() };
    if data.is_empty() || data.len() > TEXT_BYTES {
        return Err(wrong(&format!("has {} bytes; it must have 1 to {TEXT_BYTES}", data.len())));
    }
    let text = std::str::from_utf8(data).map_err(|_| wrong("is not UTF-8"))?;
    if text.chars().any(char::is_control) {
        return Err(wrong("is not one line of plain text"));
    }
    Ok(text.to_owned())
}

fn json<'a, T: Deserialize<'a>>(
    section: &'static str,
    data: &'a [u8],
    most: usize,
) -> Result<T, PackageError> {
    let wrong = |why| PackageError::Section { section, why };
    if data.len() > most {
        return Err(wrong(format!("has {} bytes; at most {most} are accepted", data.len())));
    }
    serde_json::from_slice(data).map_err(|error| wrong(format!("cannot be read: {error}")))
}

/// Counts what a list of parts lists (CycloneDX 1.x, <https://cyclonedx.org/docs/1.5/json/>).
fn parts(data: &[u8]) -> Result<Sbom, PackageError> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct CycloneDx {
        bom_format: String,
        spec_version: String,
        #[serde(default)]
        components: Vec<IgnoredAny>,
    }
    let list: CycloneDx = json(SBOM, data, SBOM_BYTES)?;
    let is_plain = |text: &str| text.len() <= 16 && text.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    if list.bom_format != "CycloneDX" || !is_plain(&list.spec_version) {
        return Err(PackageError::Section { section: SBOM, why: "is no list of CycloneDX".into() });
    }
    let format = format!("{} {}", list.bom_format, list.spec_version);
    Ok(Sbom { format, components: list.components.len() })
}
