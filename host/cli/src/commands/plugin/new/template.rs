//! The projects that `palisade plugin new` starts with. They are in `sdk/templates`, one directory for each language and
//! kind, and become part of this program when it is compiled.
//!
//! In their texts, `{{name}}` is the name of the plugin, `{{snake}}` the same with `_` for `-`, `{{sdk}}` the SDK as the
//! language's project file names it, and `{{version}}` that of this program.

use std::path::{Path, PathBuf};

use super::{Kind, NewError};

/// A file of a project: its path there, and what is in it.
pub(super) struct File {
    pub(super) path: String,
    pub(super) text: String,
}

/// What projects in one language begin with.
pub(super) struct Language {
    /// Files of a connector.
    pub(super) connector: Texts,
    /// Files of a playbook.
    pub(super) playbook: Texts,
    /// The file by which a directory is known to have the SDK.
    pub(super) sdk_file: &'static str,
    /// The published SDK, as a project file names it.
    pub(super) published: &'static str,
    /// An SDK in a directory, `{}` being its absolute path.
    pub(super) local: &'static str,
    /// Names that a plugin cannot have, because the language or the SDK needs them, with blanks between them.
    pub(super) taken: &'static str,
}

/// Paths in the project, and texts. Both may have placeholders.
type Texts = &'static [(&'static str, &'static str)];

/// The texts of files in one directory of `sdk/templates`.
macro_rules! files {
    ($directory:literal: $($path:literal),+ $(,)?) => {
        &[$(($path, include_str!(concat!("../../../../../../sdk/templates/", $directory, "/", $path)))),+]
    };
}

pub(super) use files;

/// The contract that a project is made from.
const WIT: Texts = &[
    ("wit/connector.wit", include_str!("../../../../../../wit/connector.wit")),
    ("wit/playbook.wit", include_str!("../../../../../../wit/playbook.wit")),
    ("wit/types.wit", include_str!("../../../../../../wit/types.wit")),
];

impl Language {
    /// Whether a plugin cannot have this name.
    pub(super) fn is_taken(&self, name: &str) -> bool {
        self.taken.split(' ').any(|taken| taken == name)
    }

    /// The SDK as the project file names it: the published one, or the one in this directory.
    pub(super) fn dependency(&self, sdk: Option<&Path>) -> Result<String, NewError> {
        let Some(path) = sdk else { return Ok(self.published.to_owned()) };
        let file = self.sdk_file;
        let no_sdk = || NewError::NoSdk { path: path.to_owned(), file };
        // The project may be anywhere, so it names the SDK by its whole path.
        let absolute: PathBuf = path.canonicalize().map_err(|_| no_sdk())?;
        match absolute.to_str() {
            // What stands for itself in each of the project files.
            Some(text) if absolute.join(file).is_file() && !text.contains(['"', '\\', '\n']) => {
                Ok(self.local.replace("{}", text))
            }
            _ => Err(no_sdk()),
        }
    }

    /// The files of a project with this name.
    pub(super) fn files(&self, kind: Kind, name: &str, sdk: &str) -> Vec<File> {
        let texts = match kind {
            Kind::Connector => self.connector,
            Kind::Playbook => self.playbook,
        };
        let fill = |text: &str| {
            text.replace("{{name}}", name)
                .replace("{{snake}}", &name.replace('-', "_"))
                .replace("{{sdk}}", sdk)
                .replace("{{version}}", env!("CARGO_PKG_VERSION"))
        };
        let files = texts.iter().map(|(path, text)| File { path: fill(path), text: fill(text) });
        let wit = WIT.iter().map(|(path, text)| File { path: (*path).to_owned(), text: (*text).to_owned() });
        files.chain(wit).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::plugin::new::{js::JS, python::PYTHON, rust::RUST};

    #[test]
    fn nothing_in_a_project_is_left_to_be_filled_in() {
        for language in [RUST, PYTHON, JS] {
            for kind in [Kind::Connector, Kind::Playbook] {
                let files = language.files(kind, "acme-intel", "THE-SDK");
                assert!(!files.iter().any(|file| file.text.contains("{{") || file.path.contains("{{")));
                let has = |path: &str| files.iter().any(|file| file.path == path);
                assert!(has("README.md") && has(".gitignore") && has("wit/types.wit"));
            }
        }
        let files = RUST.files(Kind::Connector, "acme-intel", &RUST.dependency(None).unwrap());
        let text = |path: &str| &files.iter().find(|file| file.path == path).unwrap().text;
        assert!(text("Cargo.toml").contains(concat!("palisade-sdk = \"", env!("CARGO_PKG_VERSION"), "\"\n")));
        assert!(text("tests/actions.rs").contains("use acme_intel::{"));
    }

    #[test]
    fn an_sdk_is_named_by_its_whole_path_or_refused() {
        let directory = tempfile::tempdir().unwrap();
        assert!(matches!(RUST.dependency(Some(directory.path())), Err(NewError::NoSdk { .. })));
        std::fs::write(directory.path().join("Cargo.toml"), "").unwrap();
        let path = directory.path().canonicalize().unwrap();
        assert_eq!(RUST.dependency(Some(&path)).unwrap(), format!("{{ path = \"{}\" }}", path.display()));
    }

    #[test]
    fn names_that_the_language_needs_are_taken() {
        assert!(RUST.is_taken("serde") && RUST.is_taken("yield") && !RUST.is_taken("acme-intel"));
    }
}
