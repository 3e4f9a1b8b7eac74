//! Why a file is no policy.

use std::ops::Range;

use crate::limits::{POLICY_BYTES, QUOTED_CHARS};

/// Why a file is no policy.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum PolicyError {
    /// Too long to be meant.
    #[error("{bytes} bytes are too many for a policy: at most {POLICY_BYTES}")]
    TooLarge {
        /// Its length.
        bytes: usize,
    },
    /// Something in it is wrong.
    #[error("line {line}, `{source_line}`: {message}")]
    Line {
        /// The line, from 1.
        line: usize,
        /// What stands there, cut.
        source_line: String,
        /// What is wrong, and what would be right.
        message: String,
    },
}

impl PolicyError {
    /// An error about what these bytes of the file say.
    pub(crate) fn at(text: &str, span: Option<Range<usize>>, message: &str) -> Self {
        let start = span.map_or(0, |span| span.start.min(text.len()));
        let line = text.as_bytes()[..start].iter().filter(|byte| **byte == b'\n').count();
        let source = text.lines().nth(line).unwrap_or_default().trim();
        Self::Line {
            line: line + 1,
            source_line: source.chars().filter(|c| !c.is_control()).take(QUOTED_CHARS).collect(),
            message: message.trim_end().replace('\n', ", "),
        }
    }
}
