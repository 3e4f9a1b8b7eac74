//! From a connector's request to the one that is sent: its shape is checked, its placeholders become secrets.

use std::borrow::Cow;

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use http::{
    HeaderMap, HeaderName, HeaderValue, Method,
    header::{ACCEPT_ENCODING, AUTHORIZATION, CONTENT_TYPE, COOKIE, USER_AGENT},
    uri::{self, Uri},
};
use http_body_util::Full;
use palisade_model::{
    limits::{HTTP_HEADERS, HTTP_REQUEST_BYTES, URL_BYTES},
    plugin::SecretPlace,
};
use percent_encoding::percent_decode_str;

use crate::{
    call::Call,
    http::{Authorization, HttpError, Request},
    limits::HEADER_BYTES,
    policy::Grant,
    secrets::{Encoding, NotFilled},
    url::Url,
};

/// The host's name and version, for a server's log.
const AGENT: HeaderValue = HeaderValue::from_static(concat!("palisade/", env!("CARGO_PKG_VERSION")));

/// Fields that speak of the connection and of the message's framing, not of the request: the host's business
/// (RFC 9110, sections 7.6.1 and 10.1.1). With one of them a request could be smuggled behind another.
const OF_THE_HOST: &[&str] = &[
    "connection",
    "content-length",
    "expect",
    "host",
    "http2-settings",
    "keep-alive",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// Fields with which many servers let a safe method stand for an unsafe one.
const METHOD_OVERRIDES: &[&str] = &["x-http-method", "x-http-method-override", "x-method-override"];

/// A request whose shape is right. Policy has not judged it, and its placeholders are still in it.
pub(crate) struct Outgoing {
    pub(crate) method: Method,
    headers: Vec<(HeaderName, String)>,
    authorization: Option<Authorization>,
    pub(crate) body: Bytes,
}

impl Outgoing {
    /// Takes the request apart.
    pub(crate) fn new(request: Request) -> Result<(Url, Self), HttpError> {
        let url =
            Url::parse(&request.url).map_err(|error| invalid(format!("the URL cannot be used: {error}")))?;
        let method = Method::from_bytes(request.method.as_bytes())
            .ok()
            .filter(|method| method.as_str().bytes().all(|byte| byte.is_ascii_uppercase()))
            .ok_or_else(|| invalid("the method is not a word in upper case".to_owned()))?;
        if matches!(method, Method::CONNECT | Method::TRACE) {
            return Err(invalid(format!("{method} speaks to proxies, not to servers")));
        }
        if request.headers.len() > HTTP_HEADERS {
            return Err(invalid(format!("a request has at most {HTTP_HEADERS} header fields")));
        }
        if request.body.len() > HTTP_REQUEST_BYTES {
            return Err(invalid(format!("a request's body has at most {HTTP_REQUEST_BYTES} bytes")));
        }
        let mut headers = Vec::with_capacity(request.headers.len());
        for (name, value) in request.headers {
            let name = HeaderName::from_bytes(name.as_bytes())
                .map_err(|_| invalid("a header field's name is not one".to_owned()))?;
            if OF_THE_HOST.contains(&name.as_str()) || name.as_str().starts_with("proxy-") {
                return Err(invalid(format!("the header field {name} is the host's business")));
            }
            headers.push((name, value));
        }
        if request.authorization.is_some() && headers.iter().any(|(name, _)| name == AUTHORIZATION) {
            return Err(invalid(
                "there are credentials and an authorization header field; one is meant".to_owned(),
            ));
        }
        let body = request.body.into();
        Ok((url, Self { method, headers, authorization: request.authorization, body }))
    }

    /// Leaves behind what another origin has no right to, when a redirect goes there: the body, credentials, and every
    /// secret that the grant, narrowed to what both servers have in common, does not cover.
    pub(crate) fn leave_origin(&mut self, call: &Call, grant: &Grant<'_>) {
        let fill = Fill { call, grant };
        self.body.clear();
        self.authorization.take_if(|authorization| {
            let (Authorization::Basic { password: secret, .. } | Authorization::Bearer(secret)) =
                authorization;
            !fill.stays(secret, |place| *place == SecretPlace::Authorization)
        });
        self.headers.retain(|(name, value)| {
            // Credentials that are not secrets of the asset, such as the token of a session.
            let private = *name == AUTHORIZATION || *name == COOKIE;
            let stays = fill.stays(value, |place| is_header(place, name));
            stays || (!private && call.placeholders.first(value.as_bytes()).is_none())
        });
    }

    /// The request to this URL, with the secrets that the grant allows in it.
    pub(crate) fn fill(
        &self,
        call: &Call,
        grant: &Grant<'_>,
        url: &Url,
    ) -> Result<http::Request<Full<Bytes>>, HttpError> {
        let fill = Fill { call, grant };
        let headers = self.headers(&fill)?;
        let body = self.body(&fill)?;
        let mut request = http::Request::new(Full::new(body));
        *request.method_mut() = self.method.clone();
        *request.uri_mut() = fill.uri(url)?;
        *request.headers_mut() = headers;
        Ok(request)
    }

    fn headers(&self, fill: &Fill<'_>) -> Result<HeaderMap, HttpError> {
        let mut headers = HeaderMap::with_capacity(self.headers.len() + 3);
        let mut bytes = 0;
        for (name, value) in &self.headers {
            if fill.call.only_reads() && METHOD_OVERRIDES.contains(&name.as_str()) {
                return Err(HttpError::Denied(format!(
                    "an action that only reads may not send {name}, which makes one method stand for another"
                )));
            }
            fill.none(name.as_str(), || "the name of a header field".to_owned())?;
            let filled = fill.text(
                value,
                HEADER_BYTES,
                Encoding::Raw,
                |place| is_header(place, name),
                || format!("the header field {name}"),
            )?;
            bytes += name.as_str().len() + filled.len();
            headers.append(name, header_value(&filled, name)?);
        }
        if let Some(authorization) = &self.authorization {
            let value = fill.authorization(authorization)?;
            bytes += value.len();
            headers.insert(AUTHORIZATION, header_value(&value, &AUTHORIZATION)?);
        }
        if bytes > HEADER_BYTES {
            return Err(invalid(format!("the header fields have more than {HEADER_BYTES} bytes")));
        }
        headers.entry(USER_AGENT).or_insert(AGENT);
        // In a compressed answer no secret could be found; without this field a server may compress as it likes
        // (RFC 9110, section 12.5.3).
        headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        Ok(headers)
    }

    fn body(&self, fill: &Fill<'_>) -> Result<Bytes, HttpError> {
        let content_type = self.headers.iter().find(|(name, _)| name == CONTENT_TYPE);
        let encoding = Encoding::of_body(content_type.map_or("", |(_, value)| value));
        let filled = fill.bytes(
            &self.body,
            HTTP_REQUEST_BYTES,
            encoding,
            |place| *place == SecretPlace::Body,
            || "the body".to_owned(),
        )?;
        Ok(filled.map_or_else(|| self.body.clone(), Bytes::from))
    }
}

/// Fills in the secrets of one request.
struct Fill<'a> {
    call: &'a Call,
    grant: &'a Grant<'a>,
}

impl Fill<'_> {
    /// Whether a text has a secret in it, and all that it has may stand in such a place.
    fn stays(&self, text: &str, place: impl Fn(&SecretPlace) -> bool) -> bool {
        let mut secrets = self.call.placeholders.all(text.as_bytes()).peekable();
        secrets.peek().is_some() && secrets.all(|secret| self.grant.allows(secret, &place))
    }

    /// Refuses a placeholder where no secret may ever stand.
    fn none(&self, text: &str, here: impl Fn() -> String) -> Result<(), HttpError> {
        match self.call.placeholders.first(text.as_bytes()) {
            Some(secret) => Err(self.misplaced(secret, &here())),
            None => Ok(()),
        }
    }

    fn text<'t>(
        &self,
        text: &'t str,
        limit: usize,
        encoding: Encoding,
        place: impl Fn(&SecretPlace) -> bool,
        here: impl Fn() -> String,
    ) -> Result<Cow<'t, [u8]>, HttpError> {
        let filled = self.bytes(text.as_bytes(), limit, encoding, place, here)?;
        Ok(filled.map_or(Cow::Borrowed(text.as_bytes()), Cow::Owned))
    }

    fn bytes(
        &self,
        text: &[u8],
        limit: usize,
        encoding: Encoding,
        place: impl Fn(&SecretPlace) -> bool,
        here: impl Fn() -> String,
    ) -> Result<Option<Vec<u8>>, HttpError> {
        let fields = self.call.gate.secrets.fields();
        let value = |secret: usize| {
            self.grant.allows(secret, &place).then(|| encoding.encode(fields[secret].secret.expose()))
        };
        self.call.placeholders.fill(text, limit, value).map_err(|error| match error {
            NotFilled::Misplaced(secret) => self.misplaced(secret, &here()),
            NotFilled::TooLong => invalid(format!("{} with its secrets has more than {limit} bytes", here())),
        })
    }

    fn authorization(&self, authorization: &Authorization) -> Result<Vec<u8>, HttpError> {
        let secret = |text| {
            self.text(
                text,
                HEADER_BYTES,
                Encoding::Raw,
                |place| *place == SecretPlace::Authorization,
                || "the authorization".to_owned(),
            )
        };
        match authorization {
            Authorization::Basic { user, password } => {
                self.none(user, || "the user name of the authorization".to_owned())?;
                if user.contains(':') {
                    return Err(invalid("a user name has no colon in it (RFC 7617)".to_owned()));
                }
                let credentials = [user.as_bytes(), b":", &secret(password)?].concat();
                Ok(format!("Basic {}", STANDARD.encode(credentials)).into_bytes())
            }
            Authorization::Bearer(token) => Ok([b"Bearer ", &*secret(token)?].concat()),
        }
    }

    fn uri(&self, url: &Url) -> Result<Uri, HttpError> {
        self.none(&url.origin.host, || "the host of the URL".to_owned())?;
        self.none(&url.path, || "the path of the URL".to_owned())?;
        let mut target = url.path.clone();
        if let Some(query) = &url.query {
            target.push('?');
            target.push_str(&self.query(query)?);
        }
        if target.len() > URL_BYTES {
            return Err(invalid(format!("the URL with its secrets has more than {URL_BYTES} bytes")));
        }
        let mut parts = uri::Parts::default();
        parts.scheme = Some(url.origin.scheme.as_str().parse().expect("http and https are schemes"));
        parts.authority = url.origin.authority().parse().ok();
        parts.path_and_query = target.parse().ok();
        Uri::from_parts(parts).map_err(|_| invalid("the URL cannot be used".to_owned()))
    }

    fn query<'q>(&self, query: &'q str) -> Result<Cow<'q, str>, HttpError> {
        if self.call.placeholders.first(query.as_bytes()).is_none() {
            return Ok(query.into());
        }
        let mut filled = String::with_capacity(query.len());
        for pair in query.split('&') {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let here = || format!("the query parameter {name}");
            self.none(name, || "the name of a query parameter".to_owned())?;
            let decoded = percent_decode_str(name).decode_utf8_lossy();
            let is_here = |place: &SecretPlace| matches!(place, SecretPlace::Query(name) if *name == decoded);
            let value = self.text(value, URL_BYTES, Encoding::Percent, is_here, here)?;
            if !filled.is_empty() {
                filled.push('&');
            }
            filled.push_str(name);
            if pair.len() > name.len() {
                filled.push('=');
            }
            filled.push_str(&String::from_utf8_lossy(&value));
        }
        Ok(filled.into())
    }

    fn misplaced(&self, secret: usize, here: &str) -> HttpError {
        HttpError::Denied(format!(
            "the secret `{}` may not stand in {here} of a request to this server: the connector declared no such use \
             of it, and only its author can",
            self.call.gate.secrets.name(secret)
        ))
    }
}

fn is_header(place: &SecretPlace, name: &HeaderName) -> bool {
    matches!(place, SecretPlace::Header(declared) if declared == name.as_str())
}

fn header_value(value: &[u8], name: &HeaderName) -> Result<HeaderValue, HttpError> {
    let mut value = HeaderValue::from_bytes(value)
        .map_err(|_| invalid(format!("the value of the header field {name} contains a control character")))?;
    // Whatever prints a request some day prints no values.
    value.set_sensitive(true);
    Ok(value)
}

fn invalid(text: String) -> HttpError {
    HttpError::Invalid(text)
}
