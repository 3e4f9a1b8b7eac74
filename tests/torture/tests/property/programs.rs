//! Random programs and crashes, and how they get smaller when they fail.

use std::fmt;

use palisade_torture::Mishaps;
use proptest::{
    collection::vec,
    prelude::{Just, Strategy, any, prop_oneof},
    sample::select,
};
use script::{End, Kind, Operation, Program, Severity};
use serde::{Deserialize, Serialize};

use crate::crashing::Crash;

/// Milliseconds until nobody answers any more.
const A_DAY_MS: u64 = 24 * 60 * 60 * 1_000;

/// A program, and what happens to it. As text it is JSON, with which it can be had again.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Case {
    pub(crate) program: Program,
    /// Decides how the system acted on misbehaves.
    pub(crate) mishaps: u64,
    /// Of hosts that follow one another.
    pub(crate) crashes: Vec<Crash>,
    /// The looks at which somebody pauses it.
    pub(crate) pauses: Vec<usize>,
}

impl fmt::Debug for Case {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&serde_json::to_string(self).expect("it has only texts and numbers"))
    }
}

/// How badly the system acted on answers: often enough that some actions are tried again and some are in doubt.
pub(crate) fn mishaps(seed: u64) -> Mishaps {
    Mishaps { latency: std::time::Duration::from_millis(10), ..Mishaps::some(seed) }
}

pub(crate) fn cases() -> impl Strategy<Value = Case> {
    let operations = vec(prop_oneof![12 => operation(), 1 => child()], 1..12);
    let pauses = vec(1..10_usize, 0..3);
    (operations, end(), any::<u64>(), vec(crash(), 1..4), pauses).prop_map(
        |(operations, end, mishaps, crashes, pauses)| {
            let program = fitted("p", Program { operations, end });
            Case { program, mishaps, crashes, pauses }
        },
    )
}

fn crash() -> impl Strategy<Value = Crash> {
    // Half of them come to pass: the others hit a host that is done before.
    (0..12_usize, any::<bool>(), any::<bool>(), 0..=100_usize, 0..20_u64)
        .prop_map(|(after, done, silent, lost, lingers_ms)| Crash { after, done, silent, lost, lingers_ms })
}

/// Without children: of two children at the same time neither may have one.
fn child() -> impl Strategy<Value = Operation> {
    (vec(operation(), 1..4), end())
        .prop_map(|(operations, end)| Operation::Child { program: Program { operations, end } })
}

fn end() -> impl Strategy<Value = End> {
    prop_oneof![6 => Just(End::Succeeded), 1 => Just(End::Failed)]
}

fn operation() -> impl Strategy<Value = Operation> {
    let act = select(Kind::ALL.to_vec()).prop_map(|action| Operation::Act { action, tag: String::new() });
    let severity = select(vec![Severity::Low, Severity::Medium, Severity::High]);
    prop_oneof![
        10 => act,
        4 => any::<usize>().prop_map(|step| Operation::Wait { step }),
        1 => vec(any::<usize>(), 1..4).prop_map(|steps| Operation::WaitAny { steps }),
        // Without steps it is a timer.
        2 => (vec(any::<usize>(), 0..3), 0..60_u64).prop_map(|(steps, ms)| Operation::WaitUntil { steps, ms }),
        1 => Just(asked(None, 80)),
        // Nothing else happens by itself in the meantime, so the run is left if nothing else is under way.
        1 => Just(asked(Some("somebody"), A_DAY_MS)),
        1 => Just(Operation::Now),
        1 => (1..33_u32).prop_map(|count| Operation::Random { count }),
        1 => Just(Operation::Note { text: "a note".to_owned() }),
        1 => severity.prop_map(|severity| Operation::Severity { severity }),
        1 => Just(Operation::Log { line: "a line".to_owned() }),
    ]
}

fn asked(to: Option<&str>, time_limit_ms: u64) -> Operation {
    Operation::Ask { to: to.map(str::to_owned), question: "Go on?".to_owned(), time_limit_ms }
}

/// Gives actions their tags, which begin with this one, and leads each wait to steps that there are.
fn fitted(tag: &str, program: Program) -> Program {
    let mut started = 0;
    let fit = |operation| {
        let fitted = match operation {
            Operation::Act { action, .. } => Operation::Act { action, tag: format!("{tag}.{started}") },
            Operation::Child { program } => {
                Operation::Child { program: fitted(&format!("{tag}.{started}"), program) }
            }
            Operation::Wait { step } => Operation::Wait { step: step.checked_rem(started)? },
            Operation::WaitAny { steps } => Operation::WaitAny { steps: those(steps, started)? },
            Operation::WaitUntil { steps, ms } => Operation::WaitUntil { steps: those(steps, started)?, ms },
            other => other,
        };
        let starts =
            matches!(fitted, Operation::Act { .. } | Operation::Child { .. } | Operation::Ask { .. });
        started += usize::from(starts);
        Some(fitted)
    };
    Program { operations: program.operations.into_iter().filter_map(fit).collect(), ..program }
}

/// None if there are none yet.
fn those(steps: Vec<usize>, started: usize) -> Option<Vec<usize>> {
    steps.into_iter().map(|step| step.checked_rem(started)).collect()
}
