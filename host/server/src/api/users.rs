//! Users, and who asks.

use axum::{Json, body::Body, extract::State, http::StatusCode};
use palisade_model::{name::Name, user::User};
use serde::{Deserialize, Serialize};

use crate::{
    caller::Caller,
    extract::{Named, read_json},
    limits::USER_BODY_BYTES,
    problem::Problem,
    server,
};

#[derive(Serialize)]
pub(super) struct Users {
    users: Vec<User>,
}

/// Whom to add.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Add {
    name: Name,
    #[serde(default)]
    roles: Vec<Name>,
}

/// A new user. The token is told once.
#[derive(Serialize)]
pub(super) struct Added {
    #[serde(flatten)]
    user: User,
    token: String,
}

/// `GET /caller`: whose token it is.
pub(super) async fn caller(caller: Caller) -> Json<Caller> {
    Json(caller)
}

/// `GET /users`: by name.
pub(super) async fn list(State(edge): server::State) -> Json<Users> {
    Json(Users { users: edge.users.all() })
}

/// `POST /users`.
pub(super) async fn add(
    State(edge): server::State,
    caller: Caller,
    body: Body,
) -> Result<(StatusCode, Json<Added>), Problem> {
    let Add { name, roles } = read_json(body, USER_BODY_BYTES).await?;
    let (user, token) = edge.users.add(edge.runs.store(), name, roles, caller.name()).await?;
    Ok((StatusCode::CREATED, Json(Added { user, token })))
}

/// `DELETE /users/{name}`.
pub(super) async fn remove(
    State(edge): server::State,
    caller: Caller,
    Named(name): Named,
) -> Result<StatusCode, Problem> {
    match edge.users.remove(edge.runs.store(), name.clone(), caller.name()).await? {
        true => Ok(StatusCode::NO_CONTENT),
        false => Err(Problem::not_found(format!("there is no user `{name}`"))),
    }
}
