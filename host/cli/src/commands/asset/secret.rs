//! `--secret FIELD`: a secret is never taken from the command line, where every process could read it.

use std::{env, fs, path::PathBuf, str::FromStr};

use palisade_vault::Secret;

use crate::{error::Error, prompt};

/// Where a secret comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct SecretArgument {
    /// The configuration field.
    pub(super) field: String,
    from: From,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum From {
    /// The person at the terminal, or a line of standard input.
    Prompt,
    /// A file; a line break at its end is not part of it.
    File(PathBuf),
    /// An environment variable.
    Variable(String),
}

/// Why a text is not a [`SecretArgument`].
#[derive(Debug, thiserror::Error)]
pub(super) enum NotASecretArgument {
    /// No field, no file or no variable.
    #[error("the field, the file or the variable is missing")]
    Form,
    /// It looks like the secret itself.
    #[error(
        "a secret does not belong on the command line, where others can read it and the shell remembers it"
    )]
    Plain,
}

impl FromStr for SecretArgument {
    type Err = NotASecretArgument;

    fn from_str(text: &str) -> Result<Self, NotASecretArgument> {
        let (field, from) = match text.split_once('=') {
            None => (text, From::Prompt),
            Some((field, source)) => match (source.strip_prefix('@'), source.strip_prefix("env:")) {
                (Some(""), _) | (_, Some("")) => return Err(NotASecretArgument::Form),
                (Some(file), _) => (field, From::File(file.into())),
                (_, Some(variable)) => (field, From::Variable(variable.to_owned())),
                (None, None) => return Err(NotASecretArgument::Plain),
            },
        };
        if field.is_empty() {
            return Err(NotASecretArgument::Form);
        }
        Ok(Self { field: field.to_owned(), from })
    }
}

impl SecretArgument {
    /// A secret that the person at the terminal is asked for.
    pub(super) fn asked(field: String) -> Self {
        Self { field, from: From::Prompt }
    }

    /// Gets the secret.
    pub(super) fn read(&self) -> Result<Secret, Error> {
        let text = match &self.from {
            From::Prompt => return prompt::secret(&self.field),
            From::File(path) => fs::read_to_string(path).map_err(|source| Error::File {
                what: "read the secret from",
                path: path.clone(),
                source,
            })?,
            From::Variable(name) => env::var(name).map_err(|_| Error::Usage {
                what: format!("there is no text in the environment variable {name}"),
                next: format!("set it, or give --secret {} to be asked", self.field),
            })?,
        };
        prompt::as_secret(&self.field, text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<SecretArgument, NotASecretArgument> {
        text.parse()
    }

    #[test]
    fn a_secret_comes_from_anywhere_but_the_command_line() {
        assert_eq!(parse("key").unwrap(), SecretArgument::asked("key".into()));
        assert_eq!(parse("key=@/run/key").unwrap().from, From::File("/run/key".into()));
        assert_eq!(parse("key=env:KEY").unwrap().from, From::Variable("KEY".into()));
        assert!(matches!(parse("key=hunter2"), Err(NotASecretArgument::Plain)));
        for bad in ["", "=@x", "key=@", "key=env:"] {
            assert!(matches!(parse(bad), Err(NotASecretArgument::Form)), "{bad:?} was taken");
        }
    }

    #[test]
    fn the_line_break_at_the_end_of_a_file_is_not_part_of_the_secret() {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), "hunter2 \r\n").unwrap();
        let argument = parse(&format!("key=@{}", file.path().display())).unwrap();
        assert_eq!(argument.read().unwrap().expose(), "hunter2 ");
    }
}
