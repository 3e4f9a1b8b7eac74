//! Plugins in Python: componentize-py makes the component.

use std::path::Path;

use super::Made;

/// Why a project in Python cannot be built.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PythonError {}

impl PythonError {
    /// What to do about it.
    pub(crate) fn next(&self) -> Option<String> {
        match *self {}
    }
}

/// Whether a directory has a `pyproject.toml` with `[tool.palisade]`.
pub(super) fn is_project(_directory: &Path) -> Result<bool, PythonError> {
    Ok(false)
}

/// Builds the project in a directory.
pub(super) fn build(_directory: &Path) -> Result<Made, PythonError> {
    unreachable!("no directory is a project in Python")
}
