//! Whether a plugin describes itself at once.

use std::time::Instant;

use palisade_engine::{Compiled, Sandbox};

use crate::{
    limits::DESCRIBE_CHEAP,
    scorecard::{Check, Tally},
};

/// Asks once more what it is. That it says the same is the sandbox's business: there it can reach nothing that differs.
pub(crate) async fn describe(sandbox: &Sandbox, compiled: &Compiled) -> Check {
    let mut tally = Tally::new(
        "describe",
        "It describes itself at once.",
        "make `describe` a constant, and leave work to the calls and the runs that need it",
    );
    let began = Instant::now();
    let again = sandbox.describe(compiled).await;
    let took = began.elapsed();
    tally.note(match again {
        Ok(_) if took <= DESCRIBE_CHEAP => None,
        Ok(_) => {
            Some(format!("it took {} ms, and may take {}", took.as_millis(), DESCRIBE_CHEAP.as_millis()))
        }
        Err(error) => Some(format!("it describes itself once, and then no more: {error}")),
    });
    tally.remark(format!("{} ms", took.as_millis()));
    tally.check()
}
