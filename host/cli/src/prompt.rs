//! Questions to a person at a terminal, and secrets.

use std::io::{self, BufRead, IsTerminal};

use console::Term;
use palisade_model::limits::SECRET_BYTES_MAX;
use palisade_vault::Secret;

use crate::{error::Error, screen};

/// Whether somebody is there to answer.
pub(crate) fn is_possible() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

/// Asks for a yes. Anything else is a no.
pub(crate) fn confirm(question: &str) -> Result<bool, Error> {
    screen::tell(&format!("{question} [y/N] "));
    let mut answer = String::new();
    io::stdin().read_line(&mut answer).map_err(input)?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}

/// Asks for a secret without showing it. Without a terminal it is the next line of standard input.
pub(crate) fn secret(field: &str) -> Result<Secret, Error> {
    let line = if io::stdin().is_terminal() {
        screen::tell(&format!("{field}: "));
        Term::stderr().read_secure_line().map_err(input)?
    } else {
        next_line().map_err(input)?
    };
    as_secret(field, line)
}

/// Takes a text as the secret of this field.
pub(crate) fn as_secret(field: &str, mut text: String) -> Result<Secret, Error> {
    text.truncate(text.trim_end_matches(['\r', '\n']).len());
    Secret::new(text).map_err(|error| Error::Usage {
        what: format!("`{field}` cannot be kept: {error}"),
        next: format!("give `{field}` again"),
    })
}

fn next_line() -> io::Result<String> {
    let mut line = Vec::new();
    let most = SECRET_BYTES_MAX as u64 + 2;
    io::Read::take(io::stdin().lock(), most).read_until(b'\n', &mut line)?;
    String::from_utf8(line).map_err(|_| io::ErrorKind::InvalidData.into())
}

fn input(source: io::Error) -> Error {
    Error::Stream { what: "read from standard input", source }
}
