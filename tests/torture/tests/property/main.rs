//! A random program comes to the same end, however often and wherever the host crashes on the way.
//!
//! Everything of the host is real but the process: the runs, the sandbox with real components, the embedded store. What
//! stands in front of the store crashes at a random write, all tasks of the host are dropped, and the next host starts on
//! what is left of the store. Meanwhile somebody pauses runs. At the end the journals, the system acted on and the alert
//! are compared with those of a host that nobody disturbed; `record.rs` says what that means. And every journal, cut at
//! any place, goes on from there to the same end.
//!
//! `PALISADE_CASES` and `PALISADE_SEED` have it look for longer, and elsewhere; each case leaves some 3 MB behind, as a
//! host that dies within a living process frees nothing. A case that fails is printed as JSON, and `PALISADE_CASE` has
//! that one tried again.
#![allow(clippy::unwrap_used)]

mod crashing;
mod host;
mod prefixes;
mod programs;
mod record;

use std::{env, thread};

use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use crate::{
    host::World,
    programs::{Case, cases, mishaps},
};

/// Cases of a short round.
const CASES: u32 = 40;

/// Cases that are tried side by side: most of their time they wait.
const SIDE_BY_SIDE: u32 = 6;

/// Milliseconds for which a failing case is made smaller.
const SHRINK_MS: u32 = 60_000;

#[test]
fn a_program_comes_to_the_same_end_with_crashes_as_without() {
    if let Ok(case) = env::var("PALISADE_CASE") {
        return check(&serde_json::from_str(&case).unwrap());
    }
    let number = |name: &str, default| env::var(name).map_or(default, |number| number.parse().unwrap());
    let (number_of_cases, seed) = (number("PALISADE_CASES", CASES), number("PALISADE_SEED", 1));
    thread::scope(|scope| {
        for place in 0..SIDE_BY_SIDE {
            scope.spawn(move || {
                let config = Config {
                    cases: number_of_cases.div_ceil(SIDE_BY_SIDE),
                    failure_persistence: None,
                    max_shrink_time: SHRINK_MS,
                    ..Config::default()
                };
                let mut bytes = [0; 32];
                bytes[..4].copy_from_slice(&seed.to_le_bytes());
                bytes[4..8].copy_from_slice(&place.to_le_bytes());
                let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
                let tried = TestRunner::new_with_rng(config, rng).run(&cases(), |case| {
                    check(&case);
                    Ok(())
                });
                tried.unwrap_or_else(|error| panic!("seed {seed}: {error}"));
            });
        }
    });
}

fn check(case: &Case) {
    let Case { program, mishaps: seed, crashes, pauses } = case;
    let live = |crashes, pauses: &[usize]| {
        let mut world = World::new(program, mishaps(*seed));
        world.pauses = pauses.to_vec();
        let record = world.live(crashes);
        record.check(program);
        record
    };
    let (disturbed, undisturbed) = (live(crashes, pauses), live(&[], &[]));
    assert_eq!(
        disturbed.told(),
        undisturbed.told(),
        "disturbed {disturbed:#?}, undisturbed {undisturbed:#?}"
    );
}
