//! Parts of a request, each refused with a problem document.

use axum::{
    body::{Body, HttpBody},
    extract::{FromRequestParts, Path, Query},
    http::{HeaderMap, header, request::Parts},
};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use palisade_model::{
    name::Name,
    run::{Position, RunId},
};
use serde::de::DeserializeOwned;

use crate::{limits::BODY_TIME, problem::Problem};

/// A number in the path.
pub(crate) struct Number(pub(crate) u64);

impl<S: Send + Sync> FromRequestParts<S> for Number {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Path(text) =
            Path::<String>::from_request_parts(parts, state).await.map_err(|_| unreadable_path())?;
        let number =
            text.parse().map_err(|_| Problem::not_found(format!("{text:?} is not a number of anything")))?;
        Ok(Self(number))
    }
}

/// A run and one of its steps in the path.
pub(crate) struct Step(pub(crate) RunId, pub(crate) Position);

impl<S: Send + Sync> FromRequestParts<S> for Step {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Path((run, step)) = Path::<(String, String)>::from_request_parts(parts, state)
            .await
            .map_err(|_| unreadable_path())?;
        match (run.parse(), step.parse()) {
            (Ok(run), Ok(step)) => Ok(Self(run, step)),
            _ => Err(Problem::not_found(format!("{step:?} of {run:?} is no step of a run"))),
        }
    }
}

/// A name in the path.
pub(crate) struct Named(pub(crate) Name);

impl<S: Send + Sync> FromRequestParts<S> for Named {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Path(text) =
            Path::<String>::from_request_parts(parts, state).await.map_err(|_| unreadable_path())?;
        text.try_into()
            .map(Self)
            .map_err(|error: palisade_model::name::NotAName| Problem::malformed(error.to_string()))
    }
}

/// The query of the URL.
pub(crate) struct Parameters<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Parameters<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match Query::<T>::from_request_parts(parts, state).await {
            Ok(Query(parameters)) => Ok(Self(parameters)),
            Err(rejection) => Err(Problem::malformed(rejection.body_text())),
        }
    }
}

/// Reads a whole body within bounds of size and time.
pub(crate) async fn read(body: Body, limit_bytes: usize) -> Result<Vec<u8>, Problem> {
    // Whoever says that it will be too much need not be read.
    if body.size_hint().lower() > limit_bytes as u64 {
        return Err(Problem::too_large(limit_bytes));
    }
    let reading = Limited::new(body, limit_bytes).collect();
    match tokio::time::timeout(BODY_TIME, reading).await {
        Ok(Ok(body)) => Ok(body.to_bytes().into()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(Problem::too_large(limit_bytes)),
        Ok(Err(error)) => Err(Problem::malformed(format!("the body ended early: {error}"))),
        Err(_) => Err(Problem::too_slow()),
    }
}

/// Reads a body that must be JSON of this shape.
pub(crate) async fn read_json<T: DeserializeOwned>(body: Body, limit_bytes: usize) -> Result<T, Problem> {
    parse(&read(body, limit_bytes).await?)
}

/// Reads a body that may be left out, and else must be JSON of this shape.
pub(crate) async fn read_json_if_any<T>(body: Body, limit_bytes: usize) -> Result<T, Problem>
where
    T: DeserializeOwned + Default,
{
    let bytes = read(body, limit_bytes).await?;
    if bytes.is_empty() { Ok(T::default()) } else { parse(&bytes) }
}

/// The bearer token (RFC 6750) of a request.
pub(crate) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    serde_json::from_slice(body).map_err(|error| Problem::malformed(format!("the body: {error}")))
}

fn unreadable_path() -> Problem {
    Problem::malformed("the path cannot be read")
}
