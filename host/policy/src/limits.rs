//! The bounds of a policy, each with its unit and its reason.

use std::time::Duration;

use palisade_model::limits::PROMPT_TIME_MAX;

/// Bytes of the file. One of some hundred lines has 10 KiB; it is read again with every change.
pub const POLICY_BYTES: usize = 1024 * 1024;
/// Rules, and breakers: each is looked at for every action, and a person must be able to follow.
pub(crate) const RULES_MAX: usize = 500;
/// Entries of one list.
pub(crate) const LIST_ITEMS_MAX: usize = 5_000;
/// Bytes of one text: a name of a rule, an action, a label, an entry of a list. A distinguished name fits.
pub(crate) const TEXT_BYTES: usize = 512;
/// The longest time until a deadline: as for a question of a playbook.
pub(crate) const DEADLINE_MAX: Duration = PROMPT_TIME_MAX;
/// Time until the deadline of an approval, if the file says nothing.
pub(crate) const DEADLINE: Duration = Duration::from_secs(4 * 60 * 60);
/// The longest time over which a breaker counts. What was sent within it is held in memory.
pub const BREAKER_WINDOW_MAX: Duration = Duration::from_secs(7 * 24 * 60 * 60);
/// Actions that a breaker may let through. A larger number protects from nothing.
pub(crate) const BREAKER_MOST_MAX: u32 = 10_000;
/// Values of one action's parameters that are looked at. With more of them nobody can say what the action acts on, and
/// it counts as acting on everything.
pub(crate) const VALUES_MAX: usize = 2_000;
/// Characters of a foreign text in a sentence for a person.
pub(crate) const QUOTED_CHARS: usize = 80;
