//! Requests exactly as the parameters say; `$SECRET` stands for the placeholder of the asset's secret.

use palisade_sdk::{Failure, bindings::connector::palisade::plugin::http};
use serde_json::Value;

/// Returns status, header fields and body in one text.
pub(crate) fn send(parameters: &Value, secret: &str) -> Result<String, Failure> {
    let text = |name: &str| parameters[name].as_str().unwrap_or_default().replace("$SECRET", secret);
    let headers = parameters["headers"].as_object().into_iter().flatten().map(|(name, value)| {
        (name.replace("$SECRET", secret), value.as_str().unwrap_or_default().replace("$SECRET", secret))
    });
    let authorization = if parameters.get("user").is_some() {
        Some(http::Authorization::Basic((text("user"), text("password"))))
    } else {
        parameters.get("bearer").map(|_| http::Authorization::Bearer(text("bearer")))
    };
    let request = http::Request {
        method: text("method"),
        url: text("url"),
        headers: headers.collect(),
        authorization,
        body: text("body").into_bytes(),
        timeout_ms: None,
    };
    let response = http::send(&request).map_err(failure)?;
    let mut answer = format!("{}\n", response.status);
    for (name, value) in &response.headers {
        answer.push_str(&format!("{name}: {value}\n"));
    }
    answer.push_str(&String::from_utf8_lossy(&response.body));
    Ok(answer)
}

pub(crate) fn failure(error: http::Error) -> Failure {
    match error {
        http::Error::Denied(message) => Failure::Denied(message),
        http::Error::Invalid(message) => Failure::InvalidParameters(message),
        http::Error::TooLarge(message) => Failure::upstream(message),
        http::Error::Unreachable(message) | http::Error::Tls(message) | http::Error::Timeout(message) => {
            Failure::Unavailable(message)
        }
    }
}
