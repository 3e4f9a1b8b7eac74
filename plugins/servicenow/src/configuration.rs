use palisade_sdk::{Failure, connector::Secret};
use schemars::JsonSchema;
use serde::Deserialize;

/// What an asset needs: the instance, and a user with a password (Basic), or an OAuth client. With a client and a user
/// the token is asked for with the grant `password`, with a client alone with `client_credentials`.
#[derive(Deserialize, JsonSchema)]
pub struct Configuration {
    /// The instance, for example `https://example.service-now.com`.
    pub(crate) url: String,
    /// User that acts.
    username: Option<String>,
    /// The user's password.
    password: Option<Secret>,
    /// Client of the instance's application registry; makes the connector use OAuth.
    client_id: Option<String>,
    /// The client's secret.
    client_secret: Option<Secret>,
}

/// How the connector proves who it is.
pub(crate) enum Credentials<'a> {
    Basic(User<'a>),
    OAuth { client_id: &'a str, client_secret: &'a Secret, user: Option<User<'a>> },
}

pub(crate) struct User<'a> {
    pub(crate) name: &'a str,
    pub(crate) password: &'a Secret,
}

impl Configuration {
    pub(crate) fn credentials(&self) -> Result<Credentials<'_>, Failure> {
        let user = match (&self.username, &self.password) {
            (Some(name), Some(password)) => Some(User { name, password }),
            (None, None) => None,
            _ => return Err(Failure::invalid("the asset has only one of `username` and `password`")),
        };
        match (&self.client_id, &self.client_secret, user) {
            (Some(client_id), Some(client_secret), user) => {
                Ok(Credentials::OAuth { client_id, client_secret, user })
            }
            (None, None, Some(user)) => Ok(Credentials::Basic(user)),
            (None, None, None) => Err(Failure::invalid(
                "the asset has no credentials: set `username` and `password`, or `client_id` and `client_secret`",
            )),
            _ => Err(Failure::invalid("the asset has only one of `client_id` and `client_secret`")),
        }
    }
}
