//! Why a command could not do what it was asked, and what to do next.

use std::{error::Error as StdError, fmt::Write as _, io, path::PathBuf, time::Duration};

use palisade_sources::{NotALockFile, SourceError};

use crate::{
    commands::{
        plugin::{build::BuildError, dev::DevError, new::NewError, signing::SigningError},
        serve::ServeError,
    },
    exit::Exit,
    printable,
    style::{BAD, BOLD},
};

/// Why a command could not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// Nothing answers.
    #[error("no Palisade host answers at {url}: {reason}")]
    Unreachable {
        /// Where.
        url: String,
        /// What the network said.
        reason: String,
    },
    /// It took too long.
    #[error("the host at {url} did not answer within {} s", .after.as_secs())]
    Late {
        /// Where.
        url: String,
        /// How long was waited.
        after: Duration,
    },
    /// The host said no.
    #[error("{detail}")]
    Problem {
        /// HTTP status.
        status: u16,
        /// Its words.
        detail: String,
    },
    /// The host said something else than the API promises.
    #[error("the answer of {url} cannot be understood")]
    Answer {
        /// Where.
        url: String,
        /// Why.
        #[source]
        source: Box<dyn StdError + Send + Sync>,
    },
    /// The URL of the host cannot be used.
    #[error("{url:?} cannot be the URL of a host: {reason}")]
    Url {
        /// The URL.
        url: String,
        /// Why.
        reason: &'static str,
    },
    /// There is no token to show to the host.
    #[error("there is no {what} token in {}", .path.display())]
    NoToken {
        /// `admin` or `ingest`.
        what: &'static str,
        /// Where it was looked for.
        path: PathBuf,
        /// The environment variable that may hold it instead.
        variable: &'static str,
        /// Why the file cannot be read.
        #[source]
        source: io::Error,
    },
    /// A file cannot be used.
    #[error("cannot {what} {}", .path.display())]
    File {
        /// What was tried.
        what: &'static str,
        /// On which file.
        path: PathBuf,
        /// The system's answer.
        #[source]
        source: io::Error,
    },
    /// Standard input or output cannot be used.
    #[error("cannot {what}")]
    Stream {
        /// What was tried.
        what: &'static str,
        /// The system's answer.
        #[source]
        source: io::Error,
    },
    /// The command line makes no sense, in a way that only a look at the host or the environment shows.
    #[error("{what}")]
    Usage {
        /// What is wrong.
        what: String,
        /// What to do.
        next: String,
    },
    /// There is no such thing.
    #[error("{what}")]
    Missing {
        /// What.
        what: String,
        /// What to do.
        next: String,
    },
    /// The operator said no.
    #[error("{0} was not installed: you did not grant what it asks for")]
    Declined(String),
    /// A playbook cannot have what it needs.
    #[error("{name} is not enabled: it cannot have what it needs")]
    Lacks {
        /// The playbook.
        name: String,
        /// Whether something that is there does not fit.
        unfit: bool,
    },
    /// A component cannot be looked at.
    #[error("{} cannot be inspected", .path.display())]
    Component {
        /// Its file.
        path: PathBuf,
        /// Why.
        #[source]
        source: Box<dyn StdError + Send + Sync>,
    },
    /// A component cannot be had, or not be sent.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// A lock file cannot be used.
    #[error("{} is no lock file", .path.display())]
    LockFile {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: NotALockFile,
    },
    /// Not everything in a lock file can be installed.
    #[error("{refused} of the {all} plugins in {} cannot be installed, so nothing was", .path.display())]
    Locked {
        /// The lock file.
        path: PathBuf,
        /// How many cannot.
        refused: usize,
        /// How many there are.
        all: usize,
    },
    /// A component cannot be tried.
    #[error("{} cannot be tried", .path.display())]
    Trial {
        /// Its file.
        path: PathBuf,
        /// Why.
        #[source]
        source: Box<dyn StdError + Send + Sync>,
    },
    /// Plugins cannot be built.
    #[error(transparent)]
    Build(#[from] BuildError),
    /// A plugin cannot be tried.
    #[error(transparent)]
    Dev(#[from] DevError),
    /// A plugin cannot be started.
    #[error(transparent)]
    New(#[from] NewError),
    /// A plugin cannot be signed, or its signature does not hold.
    #[error(transparent)]
    Signing(#[from] SigningError),
    /// The host cannot start.
    #[error(transparent)]
    Serve(#[from] ServeError),
}

impl Error {
    /// What the program exits with.
    pub(crate) fn exit(&self) -> Exit {
        match self {
            Self::Unreachable { .. } | Self::Late { .. } => Exit::Unreachable,
            Self::Problem { status: 401 | 403, .. } | Self::NoToken { .. } => Exit::Refused,
            Self::Problem { status: 404, .. } | Self::Missing { .. } => Exit::NotFound,
            Self::Source(SourceError::Status { status: 404, .. }) => Exit::NotFound,
            Self::Source(SourceError::Reference { .. } | SourceError::NotPinned { .. }) => Exit::Usage,
            Self::Usage { .. } | Self::Url { .. } => Exit::Usage,
            // `palisade run list | head` is no failure.
            Self::Stream { source, .. } if source.kind() == io::ErrorKind::BrokenPipe => Exit::Done,
            _ => Exit::Failed,
        }
    }

    /// What to do about it.
    pub(crate) fn next(&self) -> Option<String> {
        let next = match self {
            Self::Unreachable { .. } => "start it with `palisade serve`, or say where it is with --url",
            Self::Late { .. } => "see what the host is doing with `palisade doctor`, and in its log",
            Self::Problem { status: 401, .. } => {
                "the token is that of another host, or of a user who was removed: check --data, or PALISADE_TOKEN"
            }
            Self::Problem { status: 403, .. } => {
                "ask whoever may: the admin, or those who are asked by name or role"
            }
            Self::Problem { status: 429 | 503, .. } => "try again in a moment",
            Self::Answer { .. } => "check with `palisade doctor` that it is a Palisade host of this version",
            Self::Url { .. } => "write it as http://HOST:PORT",
            Self::NoToken { variable, .. } => {
                return Some(format!(
                    "start the host with `palisade serve`; if it keeps its data elsewhere, say where with --data, or put the token into {variable}"
                ));
            }
            Self::Usage { next, .. } | Self::Missing { next, .. } => next,
            Self::Lacks { name, unfit: true } => {
                return Some(format!(
                    "upgrade the playbook or the connector to versions that fit, then `palisade plugin enable {name}`"
                ));
            }
            Self::Lacks { name, unfit: false } => {
                return Some(format!(
                    "install what is missing, then `palisade plugin enable {name}`; to run it without that, add --anyway"
                ));
            }
            Self::Trial { .. } => {
                "docs/conformance.md says what a cassette is, and `palisade plugin inspect` what the plugin says of itself"
            }
            Self::Declined(_) => "nothing was changed",
            Self::Source(error) => return error.next(),
            Self::LockFile { .. } => "write it with `palisade plugin lock`; it is not edited by hand",
            Self::Locked { .. } => {
                "find out who changed what: the lock file in its history, or the components; what is right can be \
                 installed by itself with `palisade plugin install`"
            }
            Self::Build(error) => return error.next(),
            Self::Dev(error) => return error.next(),
            Self::New(error) => return Some(error.next()),
            Self::Signing(error) => return error.next(),
            Self::Serve(error) => return error.next(),
            _ => return None,
        };
        Some(next.to_owned())
    }

    /// The error as a person reads it: what happened, why, what to do. Nothing for a reader that went away.
    pub(crate) fn screen(&self) -> String {
        if self.exit() == Exit::Done {
            return String::new();
        }
        let mut screen = format!("{BAD}error{BAD:#}: {}\n", printable::text(&self.to_string()));
        let mut source = self.source();
        let mut last = self.to_string();
        while let Some(error) = source {
            let words = error.to_string();
            // Some libraries repeat the words of the error below; once is enough.
            if !last.contains(&words) {
                let _ = writeln!(screen, "  because {}", printable::text(&words));
            }
            last = words;
            source = error.source();
        }
        if let Some(next) = self.next() {
            let _ = writeln!(screen, "  {BOLD}next{BOLD:#}: {}", printable::text(&next));
        }
        screen
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(status: u16) -> Error {
        Error::Problem { status, detail: "no".into() }
    }

    #[test]
    fn exit_codes_tell_what_went_wrong() {
        let unreachable = Error::Unreachable { url: "http://h".into(), reason: "refused".into() };
        for (error, exit) in [
            (unreachable, Exit::Unreachable),
            (problem(401), Exit::Refused),
            (problem(403), Exit::Refused),
            (problem(404), Exit::NotFound),
            (problem(409), Exit::Failed),
            (problem(500), Exit::Failed),
            (Error::Usage { what: String::new(), next: String::new() }, Exit::Usage),
        ] {
            assert_eq!(error.exit(), exit, "{error:?}");
        }
    }

    #[test]
    fn a_screen_says_what_why_and_what_next() {
        let error = Error::NoToken {
            what: "admin",
            path: "/data/admin.token".into(),
            variable: "PALISADE_TOKEN",
            source: io::Error::other("no \x1b[2Jsuch file"),
        };
        let screen = anstream::adapter::strip_str(&error.screen()).to_string();
        assert_eq!(
            screen,
            "error: there is no admin token in /data/admin.token\n\
             \x20 because no ␛[2Jsuch file\n\
             \x20 next: start the host with `palisade serve`; if it keeps its data elsewhere, say where with --data, \
             or put the token into PALISADE_TOKEN\n"
        );
    }
}
