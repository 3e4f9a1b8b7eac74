use palisade_sdk::{Failure, connector::Secret};
use schemars::JsonSchema;
use serde::Deserialize;

/// What an asset needs: the management port, and a token, or a user with a password.
#[derive(Deserialize, JsonSchema)]
pub struct Configuration {
    /// The management port, for example `https://splunk.example.com:8089`.
    pub(crate) url: String,
    /// Authentication token.
    token: Option<Secret>,
    /// User that acts.
    username: Option<String>,
    /// The user's password.
    password: Option<Secret>,
}

/// How the connector proves who it is.
pub(crate) enum Credentials<'a> {
    Token(&'a Secret),
    Basic { user: &'a str, password: &'a Secret },
}

impl Configuration {
    pub(crate) fn credentials(&self) -> Result<Credentials<'_>, Failure> {
        match (&self.token, &self.username, &self.password) {
            (Some(token), None, None) => Ok(Credentials::Token(token)),
            (None, Some(user), Some(password)) => Ok(Credentials::Basic { user, password }),
            _ => Err(Failure::invalid("the asset needs either `token`, or `username` and `password`")),
        }
    }
}
