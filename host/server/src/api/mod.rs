//! `/api/v1`: what the command line shows and does, for every program.

mod alerts;
mod assets;
mod audit;
mod lists;
mod pages;
mod people;
mod playbooks;
mod plugins;
mod policy;
mod runs;
mod safe_mode;
mod status;
mod tasks;
mod transfer;
mod trust;
mod users;

use std::sync::Arc;

use axum::{
    Router,
    extract::{Request, State},
    middleware::{self, Next},
    response::Response,
    routing::{delete, get, post, put},
};
use palisade_model::limits::PAGE_ITEMS;
use palisade_store::Page;
use serde::Deserialize;

use crate::{
    caller::Caller,
    extract,
    finish::to_the_end,
    limits::PAGE_ITEMS_DEFAULT,
    problem::Problem,
    server::{self, Edge},
};

/// Every path of the API. Whoever asks is known by a token, and is the admin or a user; here is what each of them may do.
pub(crate) fn routes(edge: &Arc<Edge>) -> Router<Arc<Edge>> {
    let everybody = Router::new()
        // To see what there is, and what was done.
        .route("/caller", get(users::caller))
        .route("/status", get(status::status))
        .route("/alerts", get(alerts::list))
        .route("/alerts/{id}", get(alerts::show))
        .route("/runs", get(runs::list))
        .route("/runs/{id}", get(runs::show))
        .route("/runs/{id}/journal", get(runs::journal))
        .route("/runs/{id}/replay", post(runs::replay))
        .route("/runs/{id}/export", get(transfer::export))
        .route("/tasks", get(tasks::list))
        .route("/playbooks", get(playbooks::list))
        .route("/playbooks/{name}", get(playbooks::show))
        .route("/lists", get(lists::list))
        .route("/lists/{name}/entries", get(lists::entries))
        .route("/lists/{name}/find", get(lists::find))
        .route("/safe-mode", get(safe_mode::show))
        .route("/policy", get(policy::show))
        .route("/policy/check", post(policy::check))
        .route("/plugins", get(plugins::list))
        .route("/plugins/{name}", get(plugins::show))
        .route("/plugins/{name}/needs", get(plugins::needs))
        .route("/plugins/{name}/rollback", get(plugins::foresee_rollback))
        .route("/trust", get(trust::list))
        .route("/assets", get(assets::list))
        .route("/audit", get(audit::list))
        .route("/audit/verify", post(audit::verify))
        .route("/audit/export", get(audit::export))
        // To say something about a run. Who is asked for something by name or role answers that, and nobody else.
        .route("/runs/{id}/cancel", post(people::cancel))
        .route("/runs/{id}/pause", post(people::pause))
        .route("/runs/{id}/resume", post(people::resume))
        .route("/runs/{id}/retry", post(people::retry))
        .route("/runs/{id}/steps/{position}/answer", post(people::answer))
        .route("/runs/{id}/steps/{position}/decision", post(people::decide))
        .route("/runs/{id}/steps/{position}/approval", post(people::approve))
        .route("/runs/{id}/undo", post(people::undo))
        // To work on an alert.
        .route("/alerts/{id}/take", post(alerts::take))
        .route("/alerts/{id}/close", post(alerts::close));
    let admin = Router::new()
        .route("/runs/import", post(transfer::import))
        .route("/playbooks/{name}/runs", post(playbooks::run))
        .route("/playbooks/{name}/settings", put(playbooks::configure))
        .route("/lists/{name}", put(lists::put).delete(lists::remove))
        .route("/lists/{name}/entries", post(lists::put_entry).delete(lists::remove_entry))
        .route("/safe-mode", put(safe_mode::put))
        .route("/plugins", post(plugins::install))
        .route("/plugins/inspect", post(plugins::inspect))
        .route("/plugins/{name}", delete(plugins::remove))
        .route("/plugins/{name}/component", get(plugins::component))
        .route("/plugins/{name}/rollback", post(plugins::rollback))
        .route("/plugins/{name}/enable", post(plugins::enable))
        .route("/plugins/{name}/disable", post(plugins::disable))
        .route("/trust", post(trust::add))
        .route("/trust/{name}", delete(trust::remove))
        .route("/assets/{name}", put(assets::put).delete(assets::remove))
        .route("/assets/{name}/test", post(assets::test))
        .route("/users", get(users::list).post(users::add))
        .route("/users/{name}", delete(users::remove))
        .route_layer(middleware::from_fn(admin_only));
    everybody
        .merge(admin)
        .layer(middleware::from_fn(to_the_end))
        .layer(middleware::from_fn_with_state(Arc::clone(edge), identify))
}

/// Finds out who asks.
async fn identify(State(edge): server::State, mut request: Request, next: Next) -> Result<Response, Problem> {
    let token = extract::bearer(request.headers());
    match edge.caller(token) {
        Some(caller) => {
            request.extensions_mut().insert(caller);
            Ok(next.run(request).await)
        }
        None if token.is_some() => {
            Err(Problem::unauthorized("the token is neither the admin's nor a user's"))
        }
        None => Err(Problem::unauthorized(
            "send `Authorization: Bearer TOKEN` with the admin's or a user's token",
        )),
    }
}

/// Lets nobody but the admin on.
async fn admin_only(caller: Caller, request: Request, next: Next) -> Result<Response, Problem> {
    if caller.is_admin() {
        return Ok(next.run(request).await);
    }
    Err(Problem::forbidden(format!("the token is {}'s, and this is for the admin alone", caller.name())))
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
