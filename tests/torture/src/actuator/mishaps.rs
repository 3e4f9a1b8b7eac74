use std::time::Duration;

use crate::Random;

/// How badly the system answers. What happens to a request depends on the seed, on whose request it is and on how often
/// that one came, and on nothing else.
#[derive(Clone, Copy, Debug)]
pub struct Mishaps {
    /// Decides all of it.
    pub seed: u64,
    /// Of a hundred requests, those whose connection is reset before anything happened.
    pub reset_before: u64,
    /// Of a hundred requests, those whose connection is reset after they took effect.
    pub reset_after: u64,
    /// Of a hundred looks for a note, those that end in "cannot tell".
    pub unknown: u64,
    /// The longest time that an answer takes.
    pub latency: Duration,
}

impl Mishaps {
    /// None, and answers at once.
    pub fn none() -> Self {
        Self { seed: 0, reset_before: 0, reset_after: 0, unknown: 0, latency: Duration::ZERO }
    }

    /// Some of everything.
    pub fn some(seed: u64) -> Self {
        Self { seed, reset_before: 3, reset_after: 4, unknown: 30, latency: Duration::from_millis(40) }
    }

    /// What happens to this request: the so-manieth with this method and tag.
    pub(super) fn of(&self, method: &str, tag: &str, arrival: u32) -> Mishap {
        let mut random = Random::of(self.seed, &format!("{method} {tag} {arrival}"));
        let latency = random.part_of(self.latency);
        let reset = random.below(100);
        Mishap {
            latency,
            reset_before: reset < self.reset_before,
            reset_after: (self.reset_before..self.reset_before + self.reset_after).contains(&reset),
            unknown: random.percent(self.unknown),
        }
    }
}

/// What happens to one request.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mishap {
    pub(super) latency: Duration,
    pub(super) reset_before: bool,
    pub(super) reset_after: bool,
    pub(super) unknown: bool,
}
