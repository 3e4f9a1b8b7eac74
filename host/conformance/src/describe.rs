//! Whether a plugin describes itself the same way each time, and at once.

use std::time::{Duration, Instant};

use palisade_engine::Sandbox;
use palisade_model::plugin::{Digest, Manifest};

use crate::{
    limits::DESCRIBE_CHEAP,
    scorecard::{Check, Tally},
};

/// Asks twice what it is.
pub(crate) async fn describe(sandbox: &Sandbox, digest: &Digest, manifest: &Manifest) -> Check {
    let mut tally = Tally::new(
        "describe",
        "It describes itself the same way each time, and at once.",
        "make `describe` a constant: nothing read, nothing random, no time in it",
    );
    let mut slowest = Duration::ZERO;
    for _ in 0..2 {
        let began = Instant::now();
        let again = sandbox.describe(digest).await;
        slowest = slowest.max(began.elapsed());
        tally.note(match again {
            Ok(again) if again == *manifest => None,
            Ok(_) => Some("it describes itself otherwise the second time".to_owned()),
            Err(error) => Some(format!("it describes itself once, and then: {error}")),
        });
    }
    if slowest > DESCRIBE_CHEAP {
        tally.broke(format!("it took {} ms, more than {}", slowest.as_millis(), DESCRIBE_CHEAP.as_millis()));
    }
    tally.remark(format!("{} ms", slowest.as_millis()));
    tally.check()
}
