use palisade_sdk::{Failure, connector::Secret, http::Request};
use schemars::JsonSchema;
use serde::Deserialize;

/// The headers that may carry the secret. A connector says at installation where its secrets go, so an asset can only
/// choose among them.
pub(crate) const SECRET_HEADERS: [&str; 7] =
    ["authorization", "api-key", "apikey", "private-token", "x-api-key", "x-api-token", "x-auth-token"];

/// What an asset needs: where the API is, and how it wants to be shown who calls.
#[derive(Deserialize, JsonSchema)]
pub struct Configuration {
    /// What every location continues, for example `https://api.example.com/v1`.
    pub(crate) base_url: String,
    /// How the secret is shown.
    #[serde(default)]
    auth: Auth,
    /// User of Basic authentication.
    username: Option<String>,
    /// Password, token or key.
    secret: Option<Secret>,
    /// With `header`, its name.
    #[serde(default)]
    auth_header: SecretHeader,
    /// With `header`, a word before the secret, for example `Token`.
    auth_scheme: Option<String>,
    /// Header for the idempotency key of requests that may change something, if the API has one. Actions stay unsafe to
    /// repeat all the same: only the API's author knows what it does with the key.
    #[schemars(regex(pattern = r"^[A-Za-z0-9-]+$"))]
    pub(crate) idempotency_header: Option<String>,
    /// Location that `test connectivity` asks for.
    #[serde(default)]
    pub(crate) test_location: String,
}

/// A way to show who calls.
#[derive(Clone, Copy, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Auth {
    /// Not at all.
    #[default]
    None,
    /// HTTP Basic (RFC 7617).
    Basic,
    /// Bearer token (RFC 6750).
    Bearer,
    /// A header.
    Header,
}

/// A header that carries the secret.
#[derive(Clone, Copy, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum SecretHeader {
    Authorization,
    ApiKey,
    #[serde(rename = "apikey")]
    Apikey,
    PrivateToken,
    #[default]
    XApiKey,
    XApiToken,
    XAuthToken,
}

impl Configuration {
    /// The request, with proof of who calls.
    pub(crate) fn authenticate(&self, request: Request) -> Result<Request, Failure> {
        let secret = || {
            let missing = "the asset has no `secret`, which its `auth` needs";
            self.secret.as_ref().ok_or_else(|| Failure::invalid(missing))
        };
        Ok(match self.auth {
            Auth::None => request,
            Auth::Bearer => request.bearer(secret()?),
            Auth::Basic => {
                let missing = || Failure::invalid("the asset has no `username`, which `basic` needs");
                request.basic(self.username.as_deref().ok_or_else(missing)?, secret()?)
            }
            Auth::Header => {
                let name = SECRET_HEADERS[self.auth_header as usize];
                match &self.auth_scheme {
                    Some(scheme) => request.header(name, format!("{scheme} {}", secret()?.as_ref())),
                    None => request.header(name, secret()?),
                }
            }
        })
    }
}
