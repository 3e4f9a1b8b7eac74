//! What waits for a person.

use std::str::FromStr;

use axum::{Json, extract::State};
use palisade_model::{
    prompt::Task,
    run::{Position, RunId},
};
use serde::{Deserialize, Serialize};

use super::bounded;
use crate::{extract::Parameters, problem::Problem, server};

#[derive(Deserialize)]
pub(super) struct Which {
    after: Option<String>,
    limit: Option<usize>,
}

#[derive(Serialize)]
pub(super) struct Tasks {
    tasks: Vec<Task>,
}

/// The place of a task: its run and its step, `17.3`.
#[derive(Debug, PartialEq, Eq)]
struct Place(RunId, Position);

impl FromStr for Place {
    type Err = Problem;

    fn from_str(text: &str) -> Result<Self, Problem> {
        let place = || {
            let (run, step) = text.split_once('.')?;
            Some(Self(run.parse().ok()?, step.parse().ok()?))
        };
        place().ok_or_else(|| {
            Problem::malformed(format!("after: {text:?} is no place: write run and step, as in `17.3`"))
        })
    }
}

/// `GET /tasks`: by run and step, so the oldest run first.
pub(super) async fn list(
    State(edge): server::State,
    Parameters(which): Parameters<Which>,
) -> Result<Json<Tasks>, Problem> {
    let after = which.after.as_deref().map(str::parse).transpose()?.map(|Place(run, step)| (run, step));
    Ok(Json(Tasks { tasks: edge.runs.store().tasks(after, bounded(which.limit))? }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_a_run_and_a_step() {
        assert_eq!("17.3".parse::<Place>().unwrap(), Place(17, 3));
        for bad in ["17", "17.", ".3", "17.3.1", "17.-1", "17.4294967296"] {
            assert!(bad.parse::<Place>().is_err(), "{bad} was taken");
        }
    }
}
