//! One repository of one registry, and whoever asks it for something.

use std::{borrow::Cow, fmt::Write as _};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use palisade_egress::{Scheme, Url};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::{
    answers,
    challenge::{Challenge, challenge},
    reference::OciReference,
};
use crate::{
    client::{Options, at},
    error::SourceError,
    http::{Answer, Http, Request, is_this_machine},
    limits::{REFUSAL_BYTES, TOKEN_BYTES},
    logins::Login,
    reference::NotAReference,
};

/// One repository of one registry.
pub(crate) struct Registry<'a> {
    http: &'a Http,
    /// The registry; the path is nothing.
    server: Url,
    /// `host` or `host:port`.
    pub(super) name: String,
    repository: String,
    login: Option<&'a Login>,
    token_server: Option<&'a str>,
    /// What it wanted to see the last time it asked.
    authorization: Option<HeaderValue>,
}

/// What is to be done to the repository, as token servers name it.
#[derive(Clone, Copy)]
pub(super) enum Access {
    Pull,
    Push,
}

/// A request to the registry.
pub(super) struct Ask<'a> {
    pub(super) access: Access,
    pub(super) method: Method,
    pub(super) url: Url,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
    pub(super) what: &'a str,
}

impl<'a> Registry<'a> {
    pub(crate) fn new(
        http: &'a Http,
        options: &'a Options,
        reference: &OciReference,
    ) -> Result<Self, SourceError> {
        let name = reference.registry();
        if options.plain_http && !is_this_machine(&reference.origin.host) {
            return Err(SourceError::Plain(name));
        }
        let scheme = if options.plain_http { "http" } else { "https" };
        let unusable = |error| SourceError::reference(&reference.to_string(), NotAReference::Url(error));
        let server = Url::parse(&format!("{scheme}://{name}/")).map_err(unusable)?;
        Ok(Self {
            http,
            server,
            login: options.logins.get(&name),
            name,
            repository: reference.repository.clone(),
            token_server: options.token_server.as_deref(),
            authorization: None,
        })
    }

    /// The URL of something in the repository.
    pub(super) fn at(&self, path: &str) -> Url {
        let path = format!("/v2/{}/{path}", self.repository);
        at(&self.server, &path).expect("names and digests can stand in a URL")
    }

    /// Where the registry says that something goes on, which must be at the registry.
    pub(super) fn on(&self, from: &Url, location: &str) -> Result<Url, String> {
        let next = from.join(location).map_err(|error| error.to_string())?;
        if next.origin == self.server.origin {
            return Ok(next);
        }
        Err(format!("at {}, which is another server", next.origin))
    }

    /// Sends a request, and once more if the registry wants to know who asks.
    pub(super) async fn ask(&mut self, ask: Ask<'_>) -> Result<Answer, SourceError> {
        let answer = self.once(&ask).await?;
        // Of another server, to which the registry has redirected, it is no question to be answered.
        if answer.status != StatusCode::UNAUTHORIZED || !self.is_of(&answer) {
            return self.check(answer, &ask).await;
        }
        self.authorization = Some(self.authorize(&answer.headers, ask.access, ask.what).await?);
        let answer = self.once(&ask).await?;
        self.check(answer, &ask).await
    }

    fn is_of(&self, answer: &Answer) -> bool {
        answer.server == self.server.origin.to_string()
    }

    async fn once(&self, ask: &Ask<'_>) -> Result<Answer, SourceError> {
        let request = Request {
            headers: ask.headers.clone(),
            authorization: self.authorization.clone(),
            body: ask.body.clone(),
            ..Request::new(ask.method.clone(), &ask.url, ask.what)
        };
        if ask.method == Method::GET { self.http.get(request).await } else { self.http.send(request).await }
    }

    /// Lets pass what is no failure; and 404, which may be none. To be sent elsewhere is an answer to HEAD: it is there.
    async fn check(&self, answer: Answer, ask: &Ask<'_>) -> Result<Answer, SourceError> {
        let Ask { method, what, .. } = ask;
        let is_elsewhere = *method == Method::HEAD && answer.status.is_redirection();
        if answer.status.is_success() || answer.status == StatusCode::NOT_FOUND || is_elsewhere {
            return Ok(answer);
        }
        let is_unauthorized = matches!(answer.status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN);
        if is_unauthorized && self.is_of(&answer) {
            return Err(self.unauthorized(what));
        }
        Err(self.refused(answer, what).await)
    }

    /// The failure that an answer is, in the registry's words.
    pub(super) async fn refused(&self, answer: Answer, what: &str) -> SourceError {
        let (server, status) = (answer.server.clone(), answer.status.as_u16());
        let words = answer.whole(REFUSAL_BYTES, &|_, _| {}).await.unwrap_or_default();
        let detail = answers::reason(&words);
        SourceError::Status { server, what: what.to_owned(), status, detail }
    }

    fn unauthorized(&self, what: &str) -> SourceError {
        let who = self.login.map_or_else(|| "anybody".to_owned(), |login| login.user.clone());
        SourceError::Unauthorized { registry: self.name.clone(), who, what: what.to_owned() }
    }

    async fn authorize(
        &self,
        headers: &HeaderMap,
        access: Access,
        what: &str,
    ) -> Result<HeaderValue, SourceError> {
        let unclear = |why| SourceError::Challenge { registry: self.name.clone(), why };
        match challenge(headers).map_err(unclear)? {
            Challenge::Basic => self.login.map(Login::basic).ok_or_else(|| self.unauthorized(what)),
            Challenge::Bearer { realm, service } => {
                let mut url = Url::parse(&realm).map_err(|_| unclear("its token server is no URL"))?;
                let host = url.origin.host.clone();
                let is_plain = url.origin.scheme == Scheme::Http;
                if is_plain && !(self.server.origin.scheme == Scheme::Http && is_this_machine(&host)) {
                    return Err(SourceError::Plain(url.origin.to_string()));
                }
                // A registry names its token server itself. It must not have the password sent to anybody.
                let is_its_own = host == self.server.origin.host || self.token_server == Some(host.as_str());
                if self.login.is_some() && !is_its_own {
                    return Err(SourceError::TokenServer { registry: self.name.clone(), server: host });
                }
                url.query = Some(self.token_query(url.query.as_deref(), service.as_deref(), access));
                self.token(&url, what).await
            }
        }
    }

    /// The scope is what this is about to do, whatever the registry asks for.
    fn token_query(&self, own: Option<&str>, service: Option<&str>, access: Access) -> String {
        let access = match access {
            Access::Pull => "pull",
            Access::Push => "pull,push",
        };
        let encode = |text| Cow::from(utf8_percent_encode(text, NON_ALPHANUMERIC)).into_owned();
        let mut query = own.map(|own| format!("{own}&")).unwrap_or_default();
        if let Some(service) = service {
            let _ = write!(query, "service={}&", encode(service));
        }
        let _ = write!(query, "scope={}", encode(&format!("repository:{}:{access}", self.repository)));
        query
    }

    async fn token(&self, url: &Url, what: &str) -> Result<HeaderValue, SourceError> {
        let unclear = |why| SourceError::Challenge { registry: self.name.clone(), why };
        let authorization = self.login.map(Login::basic);
        let answer =
            self.http.send(Request { authorization, ..Request::new(Method::GET, url, "a token") }).await?;
        if matches!(answer.status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) {
            return Err(self.unauthorized(what));
        }
        if answer.status != StatusCode::OK {
            return Err(self.refused(answer, "a token").await);
        }
        let body = answer.whole(TOKEN_BYTES, &|_, _| {}).await?;
        answers::token(&body).map_err(unclear)
    }
}
