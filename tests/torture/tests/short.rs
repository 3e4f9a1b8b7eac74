//! A short round, so that no change goes in that loses or repeats work where a crash is easy to hit. `make torture` is
//! the long one.
#![allow(clippy::unwrap_used)]

use palisade_torture::{ALL_POINTS, Phones, Storm, Sweep, one_of_each};
use script::Kind;

#[test]
fn kills_under_load_lose_and_repeat_nothing() {
    let tally = Storm { seed: 1, kills: 8, alerts: 40 }.run(|_| {});
    assert!(tally.is_good(), "{tally}\n{}", tally.findings.join("\n"));
    assert_eq!((tally.kills, tally.alerts), (8, 40));
}

#[test]
fn kills_while_devices_are_wiped_wipe_none_twice_and_leave_none_out() {
    let tally = Phones { seed: 1, count: 6 }.run(|_| {});
    assert!(tally.is_good(), "{tally}\n{}", tally.findings.join("\n"));
    assert_eq!((tally.kills, tally.alerts, tally.mutating), (6, 6, 12));
}

#[test]
fn a_kill_at_every_write_of_a_small_program_loses_and_repeats_nothing() {
    let program = one_of_each("small", &[Kind::Ticket, Kind::Note]);
    let mut points = 0;
    let tally = Sweep { program, workers: 3, points: ALL_POINTS }.run(|_| points += 1);
    assert!(tally.is_good(), "{tally}\n{}", tally.findings.join("\n"));
    // At least: the alert's commit, its receipt, and for each action a commit, the request and another commit.
    assert!(points > 10, "{points} points");
    assert!(tally.kills + 3 >= points, "{tally}");
}
