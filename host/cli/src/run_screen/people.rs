//! What people said about a run.

use palisade_model::journal::By;

use crate::{printable, style::BOLD};

/// Who did what, and why.
pub(super) fn said(by: &By, what: &str) -> String {
    let note = if by.note.is_empty() { String::new() } else { format!(": {}", printable::line(&by.note)) };
    format!("{BOLD}{}{BOLD:#} {what}{note}", printable::line(&by.by))
}
