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
