//! `/api/v1`: what the command line shows and does, for every program.

mod alerts;
mod assets;
mod lists;
mod people;
mod playbooks;
mod plugins;
mod policy;
mod runs;
mod safe_mode;
mod status;
mod tasks;
mod transfer;

use std::sync::Arc;

use axum::{
    Router,
    extract::{Request, State},
    middleware::{self, Next},
    response::Response,
    routing::{get, post, put},
};
use palisade_model::limits::PAGE_ITEMS;
use palisade_store::Page;
use serde::Deserialize;

use crate::{
    extract,
    limits::PAGE_ITEMS_DEFAULT,
    problem::Problem,
    server::{self, Edge},
};

/// Every path of the API, behind the admin token.
pub(crate) fn routes(edge: &Arc<Edge>) -> Router<Arc<Edge>> {
    Router::new()
        .route("/status", get(status::status))
        .route("/alerts", get(alerts::list))
        .route("/alerts/{id}", get(alerts::show))
        .route("/alerts/{id}/take", post(alerts::take))
        .route("/alerts/{id}/close", post(alerts::close))
        .route("/runs", get(runs::list))
        .route("/runs/{id}", get(runs::show))
        .route("/runs/{id}/journal", get(runs::journal))
        .route("/runs/{id}/replay", post(runs::replay))
        .route("/runs/{id}/export", get(transfer::export))
        .route("/runs/import", post(transfer::import))
        .route("/runs/{id}/cancel", post(people::cancel))
        .route("/runs/{id}/pause", post(people::pause))
        .route("/runs/{id}/resume", post(people::resume))
        .route("/runs/{id}/retry", post(people::retry))
        .route("/runs/{id}/steps/{position}/answer", post(people::answer))
        .route("/runs/{id}/steps/{position}/decision", post(people::decide))
        .route("/runs/{id}/steps/{position}/approval", post(people::approve))
        .route("/runs/{id}/undo", post(people::undo))
        .route("/tasks", get(tasks::list))
        .route("/lists", get(lists::list))
        .route("/lists/{name}", put(lists::put).delete(lists::remove))
        .route("/lists/{name}/find", get(lists::find))
        .route(
            "/lists/{name}/entries",
            get(lists::entries).post(lists::put_entry).delete(lists::remove_entry),
        )
        .route("/safe-mode", get(safe_mode::show).put(safe_mode::put))
        .route("/policy", get(policy::show))
        .route("/policy/check", post(policy::check))
        .route("/playbooks", get(playbooks::list))
        .route("/playbooks/{name}", get(playbooks::show))
        .route("/playbooks/{name}/settings", put(playbooks::configure))
        .route("/playbooks/{name}/runs", post(playbooks::run))
        .route("/plugins", get(plugins::list).post(plugins::install))
        .route("/plugins/inspect", post(plugins::inspect))
        .route("/plugins/{name}", get(plugins::show).delete(plugins::remove))
        .route("/assets", get(assets::list))
        .route("/assets/{name}", put(assets::put).delete(assets::remove))
        .route("/assets/{name}/test", post(assets::test))
        .layer(middleware::from_fn_with_state(Arc::clone(edge), only_with_token))
}

async fn only_with_token(
    State(edge): server::State,
    request: Request,
    next: Next,
) -> Result<Response, Problem> {
    match extract::bearer(request.headers()) {
        Some(token) if edge.tokens.is_admin(token) => Ok(next.run(request).await),
        Some(_) => Err(Problem::unauthorized("the token is not this installation's admin token")),
        None => Err(Problem::unauthorized("send `Authorization: Bearer TOKEN` with the admin token")),
    }
}

/// Which part of a list.
#[derive(Deserialize)]
struct Paging {
    before: Option<u64>,
    limit: Option<usize>,
}

impl Paging {
    fn page(&self) -> Page {
        Page { before: self.before, limit: bounded(self.limit) }
    }
}

/// How many items of a list.
fn bounded(limit: Option<usize>) -> usize {
    limit.unwrap_or(PAGE_ITEMS_DEFAULT).min(PAGE_ITEMS)
}
