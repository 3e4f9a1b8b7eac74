//! What every implementation of [`Store`] must do, as a suite that its tests run.

#![allow(clippy::unwrap_used)]

mod alerts;
mod registry;
mod runs;
pub mod samples;

use std::sync::Arc;

use crate::store::Store;

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
    runs::start_with_their_alert(&*open()).await;
    runs::refuse_what_does_not_follow(&*open()).await;
    runs::change_their_alert_and_end_in_one_step(&*open()).await;
    runs::keep_every_kind_of_entry(&*open()).await;
    runs::are_found_by_alert_and_status(&*open()).await;
    runs::have_pages_of_bounded_size(&*open()).await;
    registry::keeps_plugins_and_assets(&*open()).await;
    registry::keeps_components_of_any_size(&*open()).await;
    registry::keeps_settings(&*open()).await;
    registry::is_bounded(&*open()).await;
}
