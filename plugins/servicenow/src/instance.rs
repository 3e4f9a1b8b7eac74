use std::time::Duration;

use palisade_sdk::{
    Failure,
    connector::Call,
    http::{Request, Response},
    log,
};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;

use crate::{
    Configuration, TOKEN_PATH,
    configuration::{Credentials, User},
};

/// Where the Table API is.
const TABLE_PATH: &str = "/api/now/table";

/// Under this key the asset's state has the token in use.
const TOKEN_KEY: &str = "token";
/// A token is not kept for the end of its life: a request that takes a while must not arrive with an expired one.
const TOKEN_MARGIN: Duration = Duration::from_secs(60);

/// A ServiceNow instance, with proof of who is calling.
pub(crate) struct Instance<'a> {
    call: &'a Call<Configuration>,
    credentials: Credentials<'a>,
    /// With OAuth, the token in use.
    token: Option<String>,
}

/// Every answer of the Table API wraps what was asked for.
#[derive(Deserialize)]
struct Wrapped<T> {
    result: T,
}

impl<'a> Instance<'a> {
    pub(crate) fn new(call: &'a Call<Configuration>) -> Result<Self, Failure> {
        let credentials = call.configuration.credentials()?;
        let token = match credentials {
            Credentials::OAuth { .. } => call.state().get(TOKEN_KEY),
            Credentials::Basic(_) => None,
        };
        Ok(Self { call, credentials, token })
    }

    /// A `GET` of records of a table.
    pub(crate) fn read(&self, table: &str) -> Request {
        plain_references(self.call.http().get(self.url()).path(TABLE_PATH).segment(table))
    }

    /// A `GET` of one record.
    pub(crate) fn read_record(&self, table: &str, sys_id: &str) -> Request {
        plain_references(self.call.http().get(self.url()).path(TABLE_PATH).segment(table).segment(sys_id))
    }

    /// A `POST` of a new record.
    pub(crate) fn create(&self, table: &str, fields: &Value) -> Request {
        plain_references(self.call.http().post(self.url()).path(TABLE_PATH).segment(table)).json(fields)
    }

    /// A `PUT` of some fields of one record; the others stay.
    pub(crate) fn change(&self, table: &str, sys_id: &str, fields: &Value) -> Request {
        plain_references(self.call.http().put(self.url()).path(TABLE_PATH).segment(table).segment(sys_id))
            .json(fields)
    }

    fn url(&self) -> &str {
        &self.call.configuration.url
    }

    /// Sends the request and unwraps its result.
    pub(crate) fn result<T: DeserializeOwned>(&mut self, request: Request) -> Result<T, Failure> {
        Self::unwrap(&self.send(request)?)
    }

    /// The result in an answer of the Table API.
    pub(crate) fn unwrap<T: DeserializeOwned>(response: &Response) -> Result<T, Failure> {
        Ok(response.json::<Wrapped<T>>()?.result)
    }

    /// Sends the request. A token that is refused is replaced once: it may have been revoked since.
    pub(crate) fn send(&mut self, request: Request) -> Result<Response, Failure> {
        let request = request.header("accept", "application/json");
        let response = match &self.credentials {
            Credentials::Basic(user) => request.basic(user.name, user.password).send()?,
            Credentials::OAuth { .. } => {
                let token = match self.token.take() {
                    Some(token) => token,
                    None => self.fresh_token()?,
                };
                let response = request.clone().bearer(&token).send()?;
                if response.status == 401 {
                    self.call.state().remove(TOKEN_KEY);
                    let token = self.fresh_token()?;
                    let response = request.bearer(&token).send()?;
                    self.token = Some(token);
                    response
                } else {
                    self.token = Some(token);
                    response
                }
            }
        };
        response.ok_or_words(words)
    }

    /// Asks for a token, and keeps it for later calls until shortly before its end.
    fn fresh_token(&self) -> Result<String, Failure> {
        #[derive(Deserialize)]
        struct Token {
            access_token: String,
            /// Seconds. Recommended by RFC 6749 section 5.1; without them the token is not kept.
            #[serde(default)]
            expires_in: u64,
        }

        let Credentials::OAuth { client_id, client_secret, user } = &self.credentials else {
            return Err(Failure::invalid("the asset has no OAuth client"));
        };
        let mut form = vec![("client_id", *client_id), ("client_secret", client_secret.as_ref())];
        match user {
            Some(User { name, password }) => {
                form.extend([
                    ("grant_type", "password"),
                    ("username", name),
                    ("password", password.as_ref()),
                ]);
            }
            None => form.push(("grant_type", "client_credentials")),
        }
        let request = self.call.http().post(self.url()).path(TOKEN_PATH).form(form);
        let Token { access_token, expires_in } =
            request.header("accept", "application/json").send()?.ok_or_words(words)?.json()?;
        // An instance gives the same token again while that is good, with the time that is left of it.
        let time = Duration::from_secs(expires_in).saturating_sub(TOKEN_MARGIN);
        if let Err(why) = self.call.state().put_confidential(TOKEN_KEY, &access_token, time) {
            log::warn(format!("the token is asked for again in every call: {why}"));
        }
        Ok(access_token)
    }
}

/// Without this, a reference comes as an object with a link, not as the sys_id it is.
fn plain_references(request: Request) -> Request {
    request.query("sysparm_exclude_reference_link", "true")
}

/// The Table API says what is wrong as `{"error": {"message", "detail"}}`, the OAuth endpoint as
/// `{"error", "error_description"}`.
fn words(response: &Response) -> Option<String> {
    let answer: Value = response.json().ok()?;
    let parts = match answer.get("error")? {
        Value::String(error) => [Some(error.as_str()), answer["error_description"].as_str()],
        error => [error["message"].as_str(), error["detail"].as_str()],
    };
    Some(parts.into_iter().flatten().collect::<Vec<_>>().join(": "))
}
