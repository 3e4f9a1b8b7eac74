//! The API's requests and errors.

use palisade_sdk::{
    Failure, RateLimit,
    connector::Call,
    http::{Request, Response},
};
use serde::{Deserialize, de::IgnoredAny};

use crate::{Configuration, quota, reputation::Attributes, subject::Subject};

/// Milliseconds to wait when a quota is used up and the answer does not say how long: the public API takes 4 requests
/// a minute (<https://docs.virustotal.com/reference/public-vs-premium-api>). The error does not tell this quota from
/// those of the day and the month.
const QUOTA_WAIT_MS: u64 = 60_000;

/// What the API wraps every object in.
#[derive(Deserialize)]
struct Wrapped<T> {
    data: T,
}

#[derive(Deserialize)]
struct Object {
    attributes: Attributes,
}

/// What is wrong, <https://docs.virustotal.com/reference/errors>.
#[derive(Deserialize)]
struct Error {
    code: String,
    message: String,
}

/// What VirusTotal knows of the subject, if it knows it.
pub(crate) fn object(call: &Call<Configuration>, subject: &Subject) -> Result<Option<Attributes>, Failure> {
    let response =
        get(call, |request| request.path("/api/v3").segment(subject.collection).segment(&subject.id))?;
    // Another server at the configured address, or a proxy, also says 404.
    if response.status == 404 && error(&response).is_some_and(|error| error.code == "NotFoundError") {
        return Ok(None);
    }
    let found: Wrapped<Object> = accepted(response)?.json()?;
    Ok(Some(found.data.attributes))
}

/// Asks for an address to upload a large file to, which nobody will use: it needs a valid key and changes nothing.
pub(crate) fn upload_url(call: &Call<Configuration>) -> Result<(), Failure> {
    let response = get(call, |request| request.path("/api/v3/files/upload_url"))?;
    accepted(response)?.json::<Wrapped<IgnoredAny>>()?;
    Ok(())
}

fn get(call: &Call<Configuration>, fill: impl FnOnce(Request) -> Request) -> Result<Response, Failure> {
    let Configuration { api_key, base_url, .. } = &call.configuration;
    quota::take(call)?;
    fill(call.http().get(base_url)).header("x-apikey", api_key).header("accept", "application/json").send()
}

fn accepted(response: Response) -> Result<Response, Failure> {
    let words =
        |response: &Response| error(response).map(|Error { code, message }| format!("{message} ({code})"));
    response.ok_or_words(words).map_err(|failure| match failure {
        Failure::RateLimited(RateLimit { retry_after_ms: None, message }) => {
            Failure::RateLimited(RateLimit { retry_after_ms: Some(QUOTA_WAIT_MS), message })
        }
        other => other,
    })
}

fn error(response: &Response) -> Option<Error> {
    #[derive(Deserialize)]
    struct Answer {
        error: Error,
    }
    response.json::<Answer>().ok().map(|answer| answer.error)
}
