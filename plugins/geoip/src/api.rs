//! The web service's requests and errors.

use palisade_sdk::{Failure, UpstreamError, connector::Call, http::Response};
use serde::Deserialize;

use crate::{
    configuration::{Account, Configuration},
    place::Answer,
};

/// Asks for an address, or for the caller's own as `me`.
pub(crate) fn look_up(
    call: &Call<Configuration>,
    account: &Account<'_>,
    ip: &str,
) -> Result<Answer, Failure> {
    let Configuration { service, base_url, .. } = &call.configuration;
    let response = call
        .http()
        .get(base_url)
        .path("/geoip/v2.1")
        .segment(service.name())
        .segment(ip)
        .basic(account.id, account.license_key)
        .send()?;
    match error(&response) {
        Some(error) => Err(failure(response.status, error)),
        None => response.ok()?.json(),
    }
}

/// What is wrong, <https://dev.maxmind.com/geoip/docs/web-services/responses#errors>.
#[derive(Deserialize)]
struct Error {
    code: String,
    error: String,
}

/// Not every error has a body.
fn error(response: &Response) -> Option<Error> {
    if response.status < 400 { None } else { response.json().ok() }
}

fn failure(status: u16, Error { code, error }: Error) -> Failure {
    let message = format!("{error} ({code})");
    match code.as_str() {
        // A private or reserved range is nowhere.
        "IP_ADDRESS_NOT_FOUND" | "IP_ADDRESS_RESERVED" => Failure::NotFound(message),
        "IP_ADDRESS_INVALID" | "IP_ADDRESS_REQUIRED" => Failure::InvalidParameters(message),
        // The last two come with 402: the account is known, and may not ask.
        "AUTHORIZATION_INVALID"
        | "LICENSE_KEY_REQUIRED"
        | "ACCOUNT_ID_REQUIRED"
        | "INSUFFICIENT_FUNDS"
        | "PERMISSION_REQUIRED" => Failure::Authentication(message),
        _ => Failure::Upstream(UpstreamError { http_status: Some(status), message }),
    }
}
