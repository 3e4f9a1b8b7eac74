//! The last step of every build: what makes a component a package.
//!
//! The manifest is what the component itself answers, asked in a sandbox as `plugin inspect` does it. The rest is what the
//! project says. There is no time in it: the same source makes the same bytes.

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
};

use palisade_package::{Facts, PackageError, pack};

use super::workbench::{Failed, Workbench};

/// Why a component cannot become a package.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SectionsError {
    /// It does not say what it is.
    #[error("the component does not say what it is, or says it in a way that no host accepts")]
    Describe(#[source] Failed),
    /// What it would say of itself cannot be said.
    #[error("the component cannot become a package")]
    Package(#[from] PackageError),
}

/// Makes a package of a component. Compiled code is kept in `cache`, for this component alone: one that has not changed is
/// not compiled again, which takes most of the time.
pub(crate) async fn complete(
    component: &[u8],
    facts: &Facts,
    cache: &Path,
) -> Result<Vec<u8>, SectionsError> {
    let workbench = Workbench::with_cache(cache).map_err(SectionsError::Describe)?;
    let (compiled, manifest) = workbench.describe(component).await.map_err(SectionsError::Describe)?;
    forget_others(cache, compiled.digest().as_str());
    Ok(pack(component, &manifest, facts)?)
}

/// The commit that a project's files are of, with `-dirty` if they were changed since; none outside of git.
pub(crate) fn revision(directory: &Path) -> Option<String> {
    let git = |arguments: &[&str]| {
        let mut git = Command::new("git");
        git.args(arguments).current_dir(directory).stdin(Stdio::null()).stderr(Stdio::null());
        let output = git.output().ok().filter(|output| output.status.success())?;
        Some(String::from_utf8(output.stdout).ok()?.trim().to_owned())
    };
    let commit = git(&["rev-parse", "HEAD"])?;
    let changes = git(&["status", "--porcelain"])?;
    Some(if changes.is_empty() { commit } else { format!("{commit}-dirty") })
}

/// Removes what was compiled of earlier builds, or each would leave some mebibytes behind.
fn forget_others(cache: &Path, digest: &str) {
    for file in fs::read_dir(cache).into_iter().flatten().flatten() {
        if !file.file_name().to_string_lossy().starts_with(digest) {
            // One that stays costs room and nothing else.
            let _ = fs::remove_file(file.path());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn git(directory: &Path, arguments: &[&str]) {
        let mut git = Command::new("git");
        git.args(["-c", "user.name=a", "-c", "user.email=a@example.com"]).args(arguments);
        let output = git.current_dir(directory).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }

    #[test]
    fn a_revision_is_a_commit_and_says_if_something_was_changed_since() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path();
        assert_eq!(revision(path), None);
        git(path, &["init", "-q"]);
        fs::write(path.join("lib.rs"), "one").unwrap();
        git(path, &["add", "."]);
        git(path, &["commit", "-q", "-m", "one"]);
        let clean = revision(path).unwrap();
        assert!(clean.len() == 40 && clean.bytes().all(|b| b.is_ascii_hexdigit()), "{clean}");
        fs::write(path.join("lib.rs"), "two").unwrap();
        assert_eq!(revision(path).unwrap(), format!("{clean}-dirty"));
    }
}
