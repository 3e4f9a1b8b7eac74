//! What every implementation of [`Store`] must do, as a suite that its tests run.

#![allow(clippy::unwrap_used)]

mod alerts;
mod audit;
mod children;
mod history;
mod import;
mod lists;
mod ownership;
mod registry;
mod runs;
pub mod samples;
mod tasks;
mod undo;
mod waiting;

use std::sync::Arc;

use palisade_model::{
    journal::Event,
    run::{Run, RunId, RunStatus, Seq},
};

use self::samples::{alert, append, at, end, run};
use crate::store::{Append, Leave, Page, Store, Write};

/// Runs the whole suite. Each call of `open` gives a store that is empty.
///
/// # Panics
///
/// If the store breaks the contract; the message says where.
pub async fn all(open: impl Fn() -> Arc<dyn Store>) {
    alerts::same_source_and_id_are_one_alert(&*open()).await;
    alerts::wait_until_they_are_handled(&*open()).await;
    alerts::come_back_as_they_were(&*open()).await;
    alerts::are_listed_newest_first_in_pages(&*open()).await;
    alerts::change_by_a_persons_word(&*open()).await;
    runs::start_with_their_alert(&*open()).await;
    runs::refuse_what_does_not_follow(&*open()).await;
    runs::change_their_alert_and_end_in_one_step(&*open()).await;
    runs::of_a_plan_change_nothing(&*open()).await;
    runs::keep_every_kind_of_entry(&*open()).await;
    runs::are_found_by_alert_and_status(&*open()).await;
    runs::have_pages_of_bounded_size(&*open()).await;
    ownership::moves_with_each_claim(&*open()).await;
    ownership::of_a_run_that_ended_needs_a_reason(&*open()).await;
    ownership::is_checked_before_anything_else(&*open()).await;
    waiting::runs_are_due_in_the_order_of_their_times(&*open()).await;
    waiting::ends_with_a_claim_or_the_end(&*open()).await;
    waiting::ends_when_somebody_wakes_the_run(&*open()).await;
    waiting::is_only_for_runs_that_go_on_by_themselves(&*open()).await;
    tasks::come_and_go_with_what_happens(&*open()).await;
    tasks::of_a_run_go_with_its_end(&*open()).await;
    tasks::are_listed_by_run_and_step(&*open()).await;
    tasks::to_look_at_a_run_end_when_it_is_taken_over(&*open()).await;
    tasks::to_approve_an_action_end_with_the_answer(&*open()).await;
    tasks::to_take_an_alert_over_outlive_the_run(&*open()).await;
    tasks::to_take_an_alert_over_end_for_all_its_runs(&*open()).await;
    children::start_together_with_the_entry_that_says_so(&*open()).await;
    children::that_cannot_start_leave_nothing_behind(&*open()).await;
    children::wake_the_run_that_waits_for_them(&*open()).await;
    children::that_have_ended_are_not_waited_for(&*open()).await;
    import::keeps_what_it_was_given_and_executes_nothing(&*open()).await;
    import::of_a_long_journal_is_complete(&*open()).await;
    import::refuses_a_run_that_may_go_on_elsewhere(&*open()).await;
    registry::keeps_plugins_and_assets(&*open()).await;
    registry::keeps_plugins_that_change_together(&*open()).await;
    registry::keeps_users(&*open()).await;
    registry::keeps_components_of_any_size(&*open()).await;
    registry::keeps_settings(&*open()).await;
    registry::keeps_what_is_said_of_playbooks(&*open()).await;
    registry::is_bounded(&*open()).await;
    audit::is_one_chain_whoever_writes(&*open()).await;
    audit::has_what_was_done_and_nothing_else(&*open()).await;
    audit::is_read_from_any_place_in_pages(&*open()).await;
    audit::has_a_head_that_is_durable(&*open()).await;
    lists::are_there_from_when_they_are_made(&*open()).await;
    lists::have_one_entry_of_each_value(&*open()).await;
    lists::give_the_closest_entry(&*open()).await;
    lists::are_read_in_pages_by_value(&*open()).await;
    lists::go_with_all_their_entries(&*open()).await;
    lists::are_added_to_by_runs(&*open()).await;
    lists::are_bounded(&*open()).await;
    history::has_alerts_of_a_label_about_a_value(&*open()).await;
    history::is_what_came_before_an_alert_and_since_a_time(&*open()).await;
    history::is_as_bad_as_it_is_now_and_about_what_was_sent(&*open()).await;
    history::goes_back_a_bounded_number_of_alerts(&*open()).await;
    undo::is_due_from_the_end_of_the_action(&*open()).await;
    undo::is_done_once(&*open()).await;
    undo::is_of_a_run_that_happened_here(&*open()).await;
}

/// A page with everything.
const ALL: Page = Page { before: None, limit: usize::MAX };

/// Alert 1 with runs 1 to `runs`.
async fn started(store: &dyn Store, runs: usize) {
    store.append_alert(at(1), alert("a")).await.unwrap();
    store.handle_alert(1, vec![run("triage", 1); runs]).await.unwrap();
}

/// The first owner writes on.
fn write(store: &dyn Store, run: RunId, expected: Seq, events: Vec<Event>) -> Write<Seq> {
    store.append(append(run, expected, events))
}

/// The first owner leaves a run that has only begun.
async fn leave(store: &dyn Store, run: RunId, status: RunStatus, due: Option<i64>, children: &[RunId]) {
    let leave = Leave { status, due: due.map(at), children: children.to_vec() };
    store.append(Append { leave: Some(leave), ..append(run, 1, vec![]) }).await.unwrap();
}

/// A run ends.
async fn finish(store: &dyn Store, run: RunId) {
    let run = record(store, run);
    let last = Append { epoch: run.epoch, ..append(run.id, run.entries, vec![end(RunStatus::Succeeded)]) };
    store.append(last).await.unwrap();
}

/// A run that is there.
fn record(store: &dyn Store, run: RunId) -> Run {
    store.run(run).unwrap().unwrap()
}
