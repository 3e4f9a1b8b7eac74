//! Plugins on this machine.

use std::{
    fs, io,
    io::Read,
    path::{Path, PathBuf},
};

use palisade_model::{
    limits::{COMPONENT_BYTES, SIGNATURE_BYTES},
    plugin::Digest,
};

use crate::{
    digest::sha256,
    error::SourceError,
    fetched::Fetched,
    limits::{DIRECTORY_COMPONENTS, DIRECTORY_ENTRIES},
};

/// Reads a component, and the signature beside it if there is one. With a digest, it is that or nothing.
///
/// # Errors
///
/// [`SourceError::File`], also if it is larger than a component may be; [`SourceError::OtherFile`].
pub fn read_component(path: &Path, expected: Option<&Digest>) -> Result<Fetched, SourceError> {
    let component = read(path, COMPONENT_BYTES)?;
    let digest = sha256(&component);
    if let Some(expected) = expected.filter(|expected| **expected != digest) {
        return Err(SourceError::OtherFile {
            path: path.to_owned(),
            expected: expected.clone(),
            found: digest,
        });
    }
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    // Where it lies on this machine is nobody's business, and says nothing on another. Header fields are ASCII.
    let name: String = name.chars().map(|c| if c.is_ascii_graphic() { c } else { '_' }).collect();
    let signature = read_signature(path)?;
    Ok(Fetched { component: component.into(), digest, signature, source: format!("file:{name}") })
}

/// Reads the signature beside a component; none if there is none.
///
/// # Errors
///
/// [`SourceError::File`].
pub fn read_signature(component: &Path) -> Result<Option<String>, SourceError> {
    let mut path = component.as_os_str().to_owned();
    path.push(".minisig");
    let path = PathBuf::from(path);
    let file = match read(&path, SIGNATURE_BYTES) {
        Err(SourceError::File { source, .. }) if source.kind() == io::ErrorKind::NotFound => return Ok(None),
        file => file?,
    };
    let text = String::from_utf8(file);
    text.map(Some).map_err(|error| SourceError::File { path, source: io::Error::other(error) })
}

/// The components in a directory, by name: every file that ends in `.wasm`, in no directory below.
///
/// # Errors
///
/// [`SourceError::File`], [`SourceError::Empty`], [`SourceError::Crowded`].
pub fn components_in(directory: &Path) -> Result<Vec<PathBuf>, SourceError> {
    let failed = |source| SourceError::File { path: directory.to_owned(), source };
    let crowded = |what, most| SourceError::Crowded { path: directory.to_owned(), what, most };
    let mut components = Vec::new();
    for (looked_at, entry) in fs::read_dir(directory).map_err(failed)?.enumerate() {
        if looked_at == DIRECTORY_ENTRIES {
            return Err(crowded("entries", DIRECTORY_ENTRIES));
        }
        let path = entry.map_err(failed)?.path();
        if path.extension().is_some_and(|extension| extension == "wasm") && path.is_file() {
            components.push(path);
        }
    }
    match components.len() {
        0 => Err(SourceError::Empty(directory.to_owned())),
        1..=DIRECTORY_COMPONENTS => {
            components.sort();
            Ok(components)
        }
        _ => Err(crowded("components", DIRECTORY_COMPONENTS)),
    }
}

fn read(path: &Path, most: usize) -> Result<Vec<u8>, SourceError> {
    let failed = |source| SourceError::File { path: path.to_owned(), source };
    let file = fs::File::open(path).map_err(failed)?;
    let mut bytes = Vec::new();
    file.take(most as u64 + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() > most {
        return Err(failed(io::Error::new(
            io::ErrorKind::FileTooLarge,
            format!("it has more than {most} bytes"),
        )));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_is_its_components_with_what_is_beside_them() {
        let directory = tempfile::tempdir().unwrap();
        let at = |name: &str| directory.path().join(name);
        assert!(matches!(components_in(directory.path()), Err(SourceError::Empty(_))));
        for (name, text) in
            [("b.wasm", "two"), ("a.wasm", "one"), ("a.wasm.minisig", "signed"), ("notes.txt", "")]
        {
            fs::write(at(name), text).unwrap();
        }
        fs::create_dir(at("c.wasm")).unwrap();
        assert_eq!(components_in(directory.path()).unwrap(), [at("a.wasm"), at("b.wasm")]);

        let one = read_component(&at("a.wasm"), Some(&sha256(b"one"))).unwrap();
        assert_eq!((&one.component[..], one.signature.as_deref()), (&b"one"[..], Some("signed")));
        assert_eq!(one.source, "file:a.wasm");
        assert_eq!(read_component(&at("b.wasm"), None).unwrap().signature, None);
        let other = read_component(&at("b.wasm"), Some(&sha256(b"one")));
        assert!(matches!(other, Err(SourceError::OtherFile { .. })), "{other:?}");
        fs::write(at("b.wasm.minisig"), "x".repeat(SIGNATURE_BYTES + 1)).unwrap();
        assert!(matches!(read_component(&at("b.wasm"), None), Err(SourceError::File { .. })));
    }
}
