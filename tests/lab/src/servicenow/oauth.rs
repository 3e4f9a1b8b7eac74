//! The OAuth token endpoint, `/oauth_token.do`.
//!
//! Source: ServiceNow, "OAuth 2.0 with Inbound REST", "OAuth Client Credentials grant type". To everything that is
//! wrong with a request the instance answers 401 with the same words; its log would say more.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use http::{Method, StatusCode};
use serde_json::json;

use crate::call::{Answer, Call, form};
use crate::limits::TOKENS;
use crate::{identifier, story};

/// Life of an access token, the default of an instance.
const ACCESS_LIFE: Duration = Duration::from_secs(1800);

/// All access tokens, and the refresh tokens that lead to further ones.
#[derive(Default)]
pub(crate) struct Tokens {
    held: Mutex<Held>,
}

#[derive(Default)]
struct Held {
    /// Access tokens with their end, oldest first.
    access: VecDeque<(String, Instant)>,
    refresh: VecDeque<String>,
}

impl Tokens {
    pub(crate) fn valid(&self, token: &str) -> bool {
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.access.iter().any(|(known, end)| known == token && Instant::now() < *end)
    }

    pub(crate) fn expire(&self) {
        self.held.lock().unwrap_or_else(PoisonError::into_inner).access.clear();
    }

    pub(crate) fn answer(&self, call: &Call) -> Answer {
        if call.method != Method::POST {
            return Answer::empty(StatusCode::METHOD_NOT_ALLOWED);
        }
        // Credentials in the URL are not looked at: only the body of a form counts.
        if call.media_type().as_deref() != Some("application/x-www-form-urlencoded") {
            return denied();
        }
        let text = String::from_utf8_lossy(&call.body);
        let fields: Vec<(String, String)> = form(&text).collect();
        let field = |name: &str| {
            fields.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str()).unwrap_or_default()
        };
        // RFC 6749 §2.3.1: a client may use Basic authentication instead of the body.
        let (id, secret) = call
            .basic()
            .unwrap_or_else(|| (field("client_id").to_owned(), field("client_secret").to_owned()));
        if id != story::SERVICENOW_CLIENT_ID || secret != story::SERVICENOW_CLIENT_SECRET {
            return denied();
        }
        match field("grant_type") {
            "password" => {
                let right = field("username") == story::SERVICENOW_USER
                    && field("password") == story::SERVICENOW_PASSWORD;
                if right { self.grant(Some(identifier::hex())) } else { denied() }
            }
            "refresh_token" => {
                let token = field("refresh_token").to_owned();
                let known = {
                    let held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
                    held.refresh.contains(&token)
                };
                if known { self.grant(Some(token)) } else { denied() }
            }
            "client_credentials" => self.grant(None),
            _ => denied(),
        }
    }

    fn grant(&self, refresh: Option<String>) -> Answer {
        let access = identifier::hex();
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.access.push_back((access.clone(), Instant::now() + ACCESS_LIFE));
        if held.access.len() > TOKENS {
            held.access.pop_front();
        }
        if let Some(refresh) = &refresh
            && !held.refresh.contains(refresh)
        {
            held.refresh.push_back(refresh.clone());
            if held.refresh.len() > TOKENS {
                held.refresh.pop_front();
            }
        }
        let mut body = json!({
            "access_token": access,
            "scope": "useraccount",
            "token_type": "Bearer",
            "expires_in": ACCESS_LIFE.as_secs() - 1,
        });
        if let Some(refresh) = refresh {
            body["refresh_token"] = json!(refresh);
        }
        Answer::json(StatusCode::OK, &body).authenticated(true)
    }
}

fn denied() -> Answer {
    let body = json!({ "error_description": "access_denied", "error": "server_error" });
    Answer::json(StatusCode::UNAUTHORIZED, &body).authenticated(false)
}
