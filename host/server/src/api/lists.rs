//! Custom lists.

use axum::{Json, body::Body, extract::State, http::StatusCode};
use palisade_model::{
    journal::By,
    list::{self, CustomList, Found, ListEntry},
    name::Name,
};
use serde::{Deserialize, Serialize};

use super::{bounded, people::said};
use crate::{
    extract::{Named, Parameters, read_json},
    limits::WORD_BODY_BYTES,
    problem::Problem,
    server,
};

#[derive(Serialize)]
pub(super) struct Lists {
    lists: Vec<CustomList>,
}

/// Part of a list.
#[derive(Serialize)]
pub(super) struct Entries {
    list: Name,
    entries: Vec<ListEntry>,
}

#[derive(Deserialize)]
pub(super) struct Which {
    after: Option<list::Value>,
    limit: Option<usize>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Put {
    value: list::Value,
    #[serde(default)]
    note: String,
    by: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Sought {
    value: String,
}

/// `GET /lists`: by name.
pub(super) async fn list(State(edge): server::State) -> Result<Json<Lists>, Problem> {
    Ok(Json(Lists { lists: edge.runs.store().lists()? }))
}

/// `PUT /lists/{name}`: makes it, if it is not there.
pub(super) async fn put(State(edge): server::State, Named(list): Named) -> Result<StatusCode, Problem> {
    Ok(if edge.runs.put_list(list).await? { StatusCode::CREATED } else { StatusCode::NO_CONTENT })
}

/// `DELETE /lists/{name}`: with all entries.
pub(super) async fn remove(State(edge): server::State, Named(list): Named) -> Result<StatusCode, Problem> {
    if edge.runs.remove_list(list.clone()).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(Problem::not_found(format!("there is no list `{list}`")))
    }
}

/// `GET /lists/{name}/entries`: by value.
pub(super) async fn entries(
    State(edge): server::State,
    Named(list): Named,
    Parameters(which): Parameters<Which>,
) -> Result<Json<Entries>, Problem> {
    let store = edge.runs.store();
    if !store.lists()?.iter().any(|one| one.name == list) {
        return Err(Problem::not_found(format!("there is no list `{list}`")));
    }
    let entries = store.list_entries(&list, which.after.as_ref(), bounded(which.limit))?;
    Ok(Json(Entries { list, entries }))
}

/// `POST /lists/{name}/entries`: puts a value on it; makes the list if need be.
pub(super) async fn put_entry(
    State(edge): server::State,
    Named(list): Named,
    body: Body,
) -> Result<Json<ListEntry>, Problem> {
    let Put { value, note, by } = read_json(body, WORD_BODY_BYTES).await?;
    let By { by, note } = said(by, Some(note))?;
    Ok(Json(edge.runs.put_list_entry(list, value, note, by).await?))
}

/// `DELETE /lists/{name}/entries?value=…`
pub(super) async fn remove_entry(
    State(edge): server::State,
    Named(list): Named,
    Parameters(Sought { value }): Parameters<Sought>,
) -> Result<StatusCode, Problem> {
    let wanted = value.parse::<list::Value>().map_err(|error| Problem::malformed(error.to_string()))?;
    if edge.runs.remove_list_entry(list.clone(), wanted).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(Problem::not_found(format!("{value:?} is not on the list `{list}`")))
    }
}

/// `GET /lists/{name}/find?value=…`: the entry that a value falls under, as a playbook would find it.
pub(super) async fn find(
    State(edge): server::State,
    Named(list): Named,
    Parameters(Sought { value }): Parameters<Sought>,
) -> Result<Json<Option<ListEntry>>, Problem> {
    match edge.runs.store().find_in_list(&list, &value)? {
        Found::Entry(entry) => Ok(Json(Some(entry))),
        Found::NoList => Err(Problem::not_found(format!("there is no list `{list}`"))),
        Found::Nothing | Found::Undeclared | Found::Full => Ok(Json(None)),
    }
}
