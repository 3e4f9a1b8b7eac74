use std::{cell::RefCell, time::Duration};

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
    device::{Device, SELECTED, is_id},
};

pub(crate) const LOGIN_HOST: &str = "login.microsoftonline.com";
pub(crate) const HOST: &str = "graph.microsoft.com";

const ROOT: &str = "https://graph.microsoft.com/";
const DEVICES_PATH: &str = "v1.0/deviceManagement/managedDevices";

/// Under this key the asset's state has the token of the application.
const TOKEN_KEY: &str = "token";
/// A token is not kept for the end of its life: a request that takes a while must not arrive with an expired one.
const TOKEN_MARGIN: Duration = Duration::from_secs(60);

/// Microsoft Graph, with a token of the application.
pub(crate) struct Graph<'a> {
    call: &'a Call<Configuration>,
    token: RefCell<Token>,
}

/// A token for Microsoft Graph.
enum Token {
    /// An earlier call has asked for it, and it may have been revoked since.
    Kept(String),
    Fresh(String),
}

/// One page of devices.
#[derive(Deserialize)]
pub(crate) struct Page {
    pub(crate) value: Vec<Device>,
    /// Where the next page is.
    #[serde(rename = "@odata.nextLink")]
    pub(crate) next: Option<String>,
}

impl<'a> Graph<'a> {
    /// Takes the token that an earlier call has kept, or asks for one.
    pub(crate) fn log_in(call: &'a Call<Configuration>) -> Result<Self, Failure> {
        let token = match call.state().get(TOKEN_KEY) {
            Some(token) => Token::Kept(token),
            None => Token::Fresh(fresh_token(call)?),
        };
        Ok(Self { call, token: RefCell::new(token) })
    }

    /// The first devices that a filter finds.
    pub(crate) fn first_page(&self, filter: Option<&str>, top: u32) -> Result<Page, Failure> {
        let request = self.call.http().get(ROOT).path(DEVICES_PATH).query("$top", top.to_string());
        let request = request.query("$select", SELECTED);
        self.read(match filter {
            Some(filter) => request.query("$filter", filter),
            None => request,
        })
    }

    /// The page at a link that Graph gave.
    pub(crate) fn next_page(&self, link: &str) -> Result<Page, Failure> {
        if !link.starts_with(ROOT) {
            return Err(Failure::upstream("the link to the next page leads elsewhere"));
        }
        self.read(self.call.http().get(link))
    }

    /// The device with this id.
    pub(crate) fn device(&self, id: &str) -> Result<Device, Failure> {
        check_id(id)?;
        let request = self.call.http().get(ROOT).path(DEVICES_PATH).segment(id);
        self.read(request.query("$select", format!("{SELECTED},deviceActionResults")))
    }

    /// Sends a command to a device; Graph accepts it with an empty answer.
    pub(crate) fn command(&self, id: &str, command: &str, body: Option<&Value>) -> Result<(), Failure> {
        check_id(id)?;
        let request = self.call.http().post(ROOT).path(DEVICES_PATH).segment(id).segment(command);
        self.send(match body {
            Some(body) => request.json(body),
            None => request,
        })
        .map(drop)
    }

    fn read<T: DeserializeOwned>(&self, request: Request) -> Result<T, Failure> {
        self.send(request)?.json()
    }

    /// Sends the request. A kept token that is refused is forgotten, and another asked for.
    fn send(&self, request: Request) -> Result<Response, Failure> {
        let request = request.header("accept", "application/json");
        let mut token = self.token.borrow_mut();
        let response = request.clone().bearer(token.text()).send()?;
        let response = match (response.status, &*token) {
            (401, Token::Kept(_)) => {
                self.call.state().remove(TOKEN_KEY);
                *token = Token::Fresh(fresh_token(self.call)?);
                request.bearer(token.text()).send()?
            }
            _ => response,
        };
        response.ok_or_words(words)
    }
}

impl Token {
    fn text(&self) -> &str {
        let (Self::Kept(text) | Self::Fresh(text)) = self;
        text
    }
}

/// Asks for a token with the client credentials grant, and keeps it for later calls until shortly before its end.
fn fresh_token(call: &Call<Configuration>) -> Result<String, Failure> {
    #[derive(Deserialize)]
    struct Answer {
        access_token: String,
        /// Seconds. Recommended by RFC 6749 section 5.1; without them the token is not kept.
        #[serde(default)]
        expires_in: u64,
    }

    let Configuration { tenant_id, client_id, client_secret } = &call.configuration;
    let named =
        !tenant_id.is_empty() && tenant_id.bytes().all(|b| b.is_ascii_alphanumeric() || b"-.".contains(&b));
    if !named || tenant_id.starts_with('.') {
        return Err(Failure::invalid(format!(
            "the asset's `tenant_id` `{tenant_id}` is no GUID and no domain"
        )));
    }
    let response = call
        .http()
        .post(format!("https://{LOGIN_HOST}"))
        .path(&TOKEN_PATH.replace("{tenant_id}", tenant_id))
        .header("accept", "application/json")
        .form([
            ("grant_type", "client_credentials"),
            ("client_id", client_id),
            ("client_secret", client_secret.as_ref()),
            ("scope", "https://graph.microsoft.com/.default"),
        ])
        .send()?;
    // An unknown tenant or application is a bad request there (RFC 6749 section 5.2).
    if response.status == 400 {
        let words = words(&response);
        return Err(Failure::Authentication(words.unwrap_or_else(|| "no reason given".to_owned())));
    }
    let Answer { access_token, expires_in } = response.ok_or_words(words)?.json()?;
    let time = Duration::from_secs(expires_in).saturating_sub(TOKEN_MARGIN);
    if let Err(why) = call.state().put_confidential(TOKEN_KEY, &access_token, time) {
        log::warn(format!("the token is asked for again in every call: {why}"));
    }
    Ok(access_token)
}

fn check_id(id: &str) -> Result<(), Failure> {
    if is_id(id) { Ok(()) } else { Err(Failure::invalid(format!("`{id}` is no id of a managed device"))) }
}

/// Graph says what is wrong as `{"error": {"code", "message"}}`, Entra ID as `{"error", "error_description"}`.
fn words(response: &Response) -> Option<String> {
    let answer: Value = response.json().ok()?;
    let parts = match answer.get("error")? {
        Value::String(error) => [Some(error.as_str()), answer["error_description"].as_str()],
        error => [error["code"].as_str(), error["message"].as_str()],
    };
    Some(parts.into_iter().flatten().collect::<Vec<_>>().join(": "))
}
