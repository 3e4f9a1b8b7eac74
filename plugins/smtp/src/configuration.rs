use palisade_sdk::{Failure, connector::Secret};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::address::Address;

/// What an asset needs: the server, who sends, and mostly a user with a password.
#[derive(Deserialize, JsonSchema)]
pub struct Configuration {
    /// The server, as `host` or `host:port`.
    pub(crate) server: String,
    /// How the connection becomes private.
    #[serde(default)]
    pub(crate) security: Security,
    /// User that sends; none if the server takes messages from this network.
    username: Option<String>,
    /// The user's password.
    password: Option<Secret>,
    /// Address that messages are from, unless an action says another.
    pub(crate) sender: String,
    /// Name that the connector gives itself; the domain of the sender without it.
    #[schemars(regex(pattern = r"^[A-Za-z0-9.-]+$"))]
    client_name: Option<String>,
}

/// How a connection becomes private.
#[derive(Clone, Copy, Default, Deserialize, PartialEq, Eq, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Security {
    /// By the command `STARTTLS` (RFC 3207), usually on port 587. Without TLS nothing is sent.
    #[default]
    StartTls,
    /// TLS from the beginning (RFC 8314), usually on port 465.
    Tls,
    /// Not at all, for a relay in the own network. Nothing secret is sent.
    None,
}

impl Configuration {
    /// Host and port of the server.
    pub(crate) fn server(&self) -> Result<(&str, u16), Failure> {
        let usual = match self.security {
            Security::StartTls => 587,
            Security::Tls => 465,
            Security::None => 25,
        };
        // The colons of an IPv6 address are in brackets.
        match self.server.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => {
                let invalid = |_| Failure::invalid(format!("`{}` is no server", self.server));
                Ok((host, port.parse().map_err(invalid)?))
            }
            _ => Ok((&self.server, usual)),
        }
    }

    /// User and password, if there are any.
    pub(crate) fn credentials(&self) -> Result<Option<(&str, &str)>, Failure> {
        match (&self.username, &self.password) {
            (None, None) => Ok(None),
            (Some(_), Some(_)) if self.security == Security::None => {
                Err(Failure::invalid("without TLS the password would be sent in the clear: set `security`"))
            }
            (Some(user), Some(password)) => Ok(Some((user, password.as_ref()))),
            _ => Err(Failure::invalid("the asset has only one of `username` and `password`")),
        }
    }

    /// What the connector calls itself (RFC 5321 section 4.1.1.1).
    pub(crate) fn client_name(&self) -> Result<String, Failure> {
        let name = match &self.client_name {
            Some(name) => name.clone(),
            None => Address::parse(&self.sender)?.domain().to_owned(),
        };
        let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-');
        if name.is_empty() || !name.chars().all(is_name) {
            return Err(Failure::invalid(format!("`client_name` cannot be {name:?}")));
        }
        Ok(name)
    }
}
