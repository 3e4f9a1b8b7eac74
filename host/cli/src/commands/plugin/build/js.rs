//! Plugins in JavaScript: jco makes the component.

use std::path::Path;

use super::Made;

/// Why a project in JavaScript cannot be built.
#[derive(Debug, thiserror::Error)]
pub(crate) enum JsError {}

impl JsError {
    /// What to do about it.
    pub(crate) fn next(&self) -> Option<String> {
        match *self {}
    }
}

/// Whether a directory has a `package.json` with a `"palisade"` object.
pub(super) fn is_project(_directory: &Path) -> Result<bool, JsError> {
    Ok(false)
}

/// Builds the project in a directory.
pub(super) fn build(_directory: &Path) -> Result<Made, JsError> {
    unreachable!("no directory is a project in JavaScript")
}
