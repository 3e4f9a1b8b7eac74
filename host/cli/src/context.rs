//! What every command knows: the data directory, the host, and how to show things.

use std::{env, fs, path::PathBuf};

use serde::de::DeserializeOwned;

use crate::{
    client::{Answer, Client},
    data::Data,
    error::Error,
    screen,
    style::WARN,
};

/// Where a host listens unless it is told otherwise.
pub(crate) const DEFAULT_URL: &str = "http://127.0.0.1:7300";

/// What every command knows.
pub(crate) struct Context {
    /// The data directory.
    pub(crate) data: Data,
    /// Whether the output is for programs.
    pub(crate) json: bool,
    url: Option<String>,
}

impl Context {
    /// From the global options.
    pub(crate) fn new(data: Option<PathBuf>, url: Option<String>, json: bool) -> Result<Self, Error> {
        Ok(Self { data: Data::new(data)?, url, json })
    }

    /// The URL of the host: the given one, else that of the host which uses the data directory.
    pub(crate) fn url(&self) -> String {
        let given = self.url.clone();
        given.or_else(|| Some(self.data.host()?.url)).unwrap_or_else(|| DEFAULT_URL.to_owned())
    }

    /// A client that may do everything.
    pub(crate) fn host(&self) -> Result<Client, Error> {
        let url = self.url();
        let client = Client::new(&url, &token("admin", "PALISADE_TOKEN", self.data.admin_token())?)?;
        if !client.is_on_this_machine() {
            screen::tell(&format!(
                "{WARN}warning{WARN:#}: {url} is plain HTTP: token and secrets can be read on the way\n"
            ));
        }
        Ok(client)
    }

    /// The token that may send alerts.
    pub(crate) fn ingest_token(&self) -> Result<String, Error> {
        token("ingest", "PALISADE_INGEST_TOKEN", self.data.ingest_token())
    }

    /// Shows an answer: as it is to programs, as a screen to people.
    pub(crate) fn show<T: DeserializeOwned>(
        &self,
        answer: Answer,
        screen: impl FnOnce(T) -> String,
    ) -> Result<(), Error> {
        if self.json { screen::show_json(&answer) } else { screen::show(&screen(answer.read()?)) }
    }
}

fn token(what: &'static str, variable: &'static str, path: PathBuf) -> Result<String, Error> {
    if let Ok(token) = env::var(variable) {
        return Ok(token);
    }
    match fs::read_to_string(&path) {
        Ok(token) => Ok(token.trim().to_owned()),
        Err(source) => Err(Error::NoToken { what, path, variable, source }),
    }
}
