//! What an operator consents to before a plugin is put in its place.

use clap::Args;
use palisade_model::{plugin::replacement::Replacement, signer::SignedBy};

use super::signing::{SigningError, TRUSTED};
use crate::{
    answers::Inspected, capabilities, difference_screen, error::Error, package_screen, prompt, screen,
    style::WARN,
};

/// What is granted without a question.
#[derive(Args, Clone, Copy)]
pub(crate) struct Consent {
    /// Grant what they ask for without a question
    #[arg(long)]
    grant_all: bool,
    /// Grant what a version may do more than the one that is installed, too
    #[arg(long)]
    grant_wider: bool,
    #[command(flatten)]
    pub(super) breaks: AcceptBreaks,
    /// Enable playbooks although connectors that they need are not there
    #[arg(long)]
    pub(super) anyway: bool,
    /// Install them although nobody signed them, or with a key that is not trusted; the audit log records that
    #[arg(long)]
    pub(super) allow_unsigned: bool,
    /// Install them although a newer version was installed before; the audit log records that
    #[arg(long)]
    pub(super) allow_downgrade: bool,
}

/// What may break without a question.
#[derive(Args, Clone, Copy)]
pub(crate) struct AcceptBreaks {
    /// Accept that playbooks which cannot go on with a version are disabled, and assets that do not fit it cannot be used
    #[arg(long)]
    accept_breaks: bool,
}

impl Consent {
    /// Whether anybody can be asked, or need not be.
    pub(super) fn is_possible(self) -> Result<(), Error> {
        if self.grant_all || prompt::is_possible() {
            return Ok(());
        }
        Err(Error::Usage {
            what: "nobody is at a terminal to grant what the plugins may do".into(),
            next: "look at each with `palisade plugin inspect SOURCE`, then install with --grant-all".into(),
        })
    }

    /// Whether whoever signed it is enough. The host would refuse it in the end; nobody need read what it may do before that.
    fn is_enough(self, inspected: &Inspected, source: &str) -> Result<(), SigningError> {
        match &inspected.signed_by {
            SignedBy::Nobody if !self.allow_unsigned => Err(SigningError::Unsigned(source.to_owned())),
            SignedBy::Unknown { key } if !self.allow_unsigned => {
                let (source_name, key) = (source.to_owned(), key.clone());
                Err(SigningError::Unknown { source_name, key, asked: TRUSTED })
            }
            _ => Ok(()),
        }
    }

    /// Shows what is to be granted and asks for what was not granted yet. Returns the operator's word, as the host wants it.
    pub(super) fn ask(self, inspected: &Inspected, source: &str) -> Result<String, Error> {
        self.is_enough(inspected, source)?;
        let Inspected { digest, size, manifest, package, signed_by, replacement, .. } = inspected;
        let name = &manifest.identity().name;
        let mut word = format!("grant={digest}");
        for (says, what) in
            [(self.allow_unsigned, "allow_unsigned"), (self.allow_downgrade, "allow_downgrade")]
        {
            if says {
                word.push_str(&format!("&{what}=true"));
            }
        }
        let package = package_screen::screen(package, &package_screen::judged(signed_by));
        let Some(replacement) = replacement else {
            if !self.grant_all {
                screen::tell(&capabilities::screen(digest, *size, manifest));
                screen::tell(&package);
                confirm(&format!("Grant this to {name} and install it?"), name.as_str())?;
            }
            if self.anyway {
                word.push_str("&anyway=true");
            }
            return Ok(word);
        };
        screen::tell(&difference_screen::screen(digest, *size, manifest, replacement));
        screen::tell(&package);
        let wider = replacement.difference.is_wider();
        if wider && !self.grant_wider && !prompt::is_possible() {
            return Err(Error::Usage {
                what: format!(
                    "{name} asks for more than the version that is installed, and nobody is at a terminal"
                ),
                next: "see the lines with ! above, then install it with --grant-all --grant-wider".into(),
            });
        }
        self.breaks.is_possible(replacement, name.as_str())?;
        let breaks = replacement.breaks();
        if !(self.grant_all && (self.grant_wider || !wider) && (self.breaks.accept_breaks || !breaks)) {
            confirm(&question(replacement, name.as_str()), name.as_str())?;
        }
        word.push_str(&format!("&replaces={}", replacement.digest));
        for (says, what) in [(wider, "wider"), (breaks, "breaks"), (self.anyway, "anyway")] {
            if says {
                word.push_str(&format!("&{what}=true"));
            }
        }
        Ok(word)
    }
}

impl AcceptBreaks {
    /// Asks whether it may break what it breaks. Returns the operator's word.
    pub(super) fn ask(self, replacement: &Replacement, name: &str) -> Result<bool, Error> {
        self.is_possible(replacement, name)?;
        let breaks = replacement.breaks();
        if breaks && !self.accept_breaks {
            confirm(&question(replacement, name), name)?;
        }
        Ok(breaks)
    }

    fn is_possible(self, replacement: &Replacement, name: &str) -> Result<(), Error> {
        if self.accept_breaks || !replacement.breaks() || prompt::is_possible() {
            return Ok(());
        }
        Err(Error::Usage {
            what: format!("this version of {name} breaks what works now, and nobody is at a terminal"),
            next: "see the lines with ✘ above; to go on all the same, add --accept-breaks".into(),
        })
    }
}

/// Says what a yes does beside putting a version in its place.
fn question(replacement: &Replacement, name: &str) -> String {
    let broken: Vec<_> = replacement.broken().map(|affected| affected.playbook.as_str()).collect();
    let disable = match broken.as_slice() {
        [] if replacement.lacks.is_empty() => String::new(),
        [] => ", and disable it".to_owned(),
        broken => format!(", and disable {}", broken.join(", ")),
    };
    format!("Grant this to {name} in place of the version that is installed{disable}?")
}

fn confirm(question: &str, name: &str) -> Result<(), Error> {
    if prompt::confirm(&format!("\n{WARN}{question}{WARN:#}"))? {
        return Ok(());
    }
    Err(Error::Declined(name.to_owned()))
}
