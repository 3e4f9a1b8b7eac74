//! What the exit code of a command means.

use std::process::ExitCode;

/// The exit codes, as the long help tells them.
pub(crate) const HELP: &str = "\
Exit codes:
  0  done
  1  what was asked for failed: the run, the test, the build, the change, the check
  2  the command line cannot be used
  3  the host cannot be reached
  4  there is no such thing
  5  the host refused: the token is missing, not the right one, or not for this";

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Done.
    Done = 0,
    /// What was asked for failed.
    Failed = 1,
    /// The command line cannot be used; clap exits with the same code.
    Usage = 2,
    /// The host cannot be reached.
    Unreachable = 3,
    /// There is no such thing.
    NotFound = 4,
    /// The host refused.
    Refused = 5,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}
