//! Why something could not be had, and what to do about it.

use std::{io, path::PathBuf};

use palisade_egress::{CaError, NotAUrl};
use palisade_model::plugin::Digest;

use crate::{logins::NotAConfiguration, reference::NotAReference};

/// Why something could not be had or sent.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// It says nothing of where something is.
    #[error("{reference:?} names no plugin")]
    Reference {
        /// What was given, its beginning.
        reference: String,
        /// Why.
        #[source]
        source: NotAReference,
    },
    /// A file cannot be used.
    #[error("cannot read {}", .path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// The system's answer.
        #[source]
        source: io::Error,
    },
    /// There is no component in a directory.
    #[error("there is no `.wasm` file in {}", .0.display())]
    Empty(PathBuf),
    /// There is more in a directory than is looked at.
    #[error("{} has more than {most} {what}", .path.display())]
    Crowded {
        /// The directory.
        path: PathBuf,
        /// Of what.
        what: &'static str,
        /// How many are looked at.
        most: usize,
    },
    /// A file with certificates cannot be used.
    #[error("the certificates of --ca cannot be used")]
    Ca(#[from] CaError),
    /// A file with credentials cannot be used.
    #[error("the credentials in {} cannot be used", .path.display())]
    Logins {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: NotAConfiguration,
    },
    /// Something would be spoken in plain.
    #[error(
        "{0} would be spoken to in plain HTTP, where anybody on the way can read and change what is sent"
    )]
    Plain(String),
    /// Nothing answers.
    #[error("{server} cannot be reached: {why}")]
    Unreachable {
        /// Where.
        server: String,
        /// What the network said.
        why: String,
    },
    /// The server does not prove who it is.
    #[error("no TLS with {server}: {why}")]
    Tls {
        /// Where.
        server: String,
        /// Why.
        why: String,
    },
    /// It took too long.
    #[error("{server} did not send {what} in time")]
    Slow {
        /// Where.
        server: String,
        /// What was waited for.
        what: String,
    },
    /// The server answers with something else than success.
    #[error("{server} answers {status} when asked for {what}{}", colon(.detail))]
    Status {
        /// Where.
        server: String,
        /// What it was asked for.
        what: String,
        /// HTTP status.
        status: u16,
        /// Its words.
        detail: String,
    },
    /// The registry wants to know who asks, and does not take the answer, or there was none.
    #[error("{registry} does not let {who} have {what}")]
    Unauthorized {
        /// Where.
        registry: String,
        /// Who asked.
        who: String,
        /// For what.
        what: String,
    },
    /// The registry wants a token of a server that is somewhere else.
    #[error("{registry} sends for a token to {server}, and credentials for the one are not the other's")]
    TokenServer {
        /// Where.
        registry: String,
        /// The host of the token server.
        server: String,
    },
    /// The registry wants something that this cannot do.
    #[error("{registry} asks for credentials in a way that cannot be understood: {why}")]
    Challenge {
        /// Where.
        registry: String,
        /// Why.
        why: &'static str,
    },
    /// A redirect cannot be followed.
    #[error("{server} redirects to {to:?}, which cannot be followed: {why}")]
    Redirect {
        /// Where.
        server: String,
        /// Where it leads.
        to: String,
        /// Why.
        why: String,
    },
    /// There is more than there may be.
    #[error("{what} from {server} has more than {most} bytes")]
    TooLarge {
        /// Where.
        server: String,
        /// Of what.
        what: String,
        /// The limit.
        most: u64,
    },
    /// It is something else than was asked for.
    #[error(
        "{what} from {server} is not what was asked for: its digest is sha256:{found}, not sha256:{expected}"
    )]
    OtherDigest {
        /// Where.
        server: String,
        /// What.
        what: String,
        /// What was asked for.
        expected: Digest,
        /// What came.
        found: Digest,
    },
    /// A file is something else than was asked for.
    #[error("{} is not what was asked for: its digest is sha256:{found}, not sha256:{expected}", .path.display())]
    OtherFile {
        /// Which.
        path: PathBuf,
        /// What was asked for.
        expected: Digest,
        /// What is there.
        found: Digest,
    },
    /// It is in the registry, and is no plugin.
    #[error("{reference} is no plugin: {why}")]
    NotAPlugin {
        /// What was asked for.
        reference: String,
        /// Why.
        why: String,
    },
    /// A tag was given, which may be something else tomorrow.
    #[error("{reference} names no digest, and a tag can be moved")]
    NotPinned {
        /// What was given.
        reference: String,
        /// What it stands for at this moment.
        pinned: String,
    },
    /// The registry answers an upload in a way that cannot be understood.
    #[error("{registry} does not say where to send the upload: {why}")]
    Upload {
        /// Where.
        registry: String,
        /// Why.
        why: String,
    },
}

impl SourceError {
    /// What to do about it.
    pub fn next(&self) -> Option<String> {
        let next = match self {
            Self::Reference { .. } => {
                "give a file, a directory, https://HOST/FILE.wasm#sha256=HEX, or oci://REGISTRY/REPOSITORY@sha256:HEX"
            }
            Self::NotPinned { pinned, .. } => {
                return Some(format!("at this moment it is {pinned}: if that is what you expect, give that"));
            }
            Self::Tls { .. } => "if its certificate is of a private CA, give the CA with --ca FILE",
            Self::Plain(_) => "use HTTPS; a registry on this machine may be spoken to with --plain-http",
            Self::TokenServer { server, .. } => {
                return Some(format!(
                    "if {server} is the registry's own, say so with --token-server {server}"
                ));
            }
            Self::Unauthorized { .. } => {
                "log in as for Docker (`auths` of its config.json), or set PALISADE_REGISTRY_USER and \
                 PALISADE_REGISTRY_PASSWORD"
            }
            Self::OtherDigest { .. } | Self::OtherFile { .. } => {
                "nothing was installed; ask the publisher which digest is right, and do not take it from where the file is"
            }
            Self::Slow { .. } => {
                "try again; if the line is slow, fetch the file by other means and install the file"
            }
            _ => return None,
        };
        Some(next.to_owned())
    }

    pub(crate) fn reference(text: &str, source: NotAReference) -> Self {
        Self::Reference { reference: text.chars().take(200).collect(), source }
    }

    pub(crate) fn redirect(server: String, to: &str, why: String) -> Self {
        Self::Redirect { server, to: to.chars().take(200).collect(), why }
    }
}

impl From<NotAUrl> for NotAReference {
    fn from(error: NotAUrl) -> Self {
        Self::Url(error)
    }
}

fn colon(detail: &str) -> String {
    if detail.is_empty() { String::new() } else { format!(": {detail}") }
}
