use script::{End, Kind, Operation, Program, Severity};

use crate::Random;

/// Of a hundred programs, those that end with "failed".
const FAIL: u64 = 10;

/// Of a hundred programs, those that have children.
const PARENTS: u64 = 20;

/// Who answers prompts, and decides on doubts.
pub(crate) const PERSON: &str = "torture";

/// Milliseconds until nobody answers any more: none of a round's prompts comes to that.
const ANSWERED_MS: u64 = 24 * 60 * 60 * 1_000;

/// A program that this seed determines. The id goes into the tags of its actions.
pub fn program(seed: u64, id: &str) -> Program {
    let mut random = Random::of(seed, id);
    let children = if random.percent(PARENTS) { 1 + random.below(2) as usize } else { 0 };
    Writer { random, tag: id.to_owned(), steps: 0, open: Vec::new(), operations: Vec::new() }.write(children)
}

/// The program of which every write is killed once: each class of action, one behind the other, so that it makes its
/// writes in the same order each time.
pub fn one_of_each(id: &str, kinds: &[Kind]) -> Program {
    let act = |(step, &action): (usize, &Kind)| {
        let tag = format!("{id}.{step}");
        [Operation::Act { action, tag }, Operation::Wait { step }]
    };
    Program { operations: kinds.iter().enumerate().flat_map(act).collect(), end: End::Succeeded }
}

/// A program in the making.
struct Writer {
    random: Random,
    tag: String,
    steps: usize,
    /// Steps that nothing waits for yet.
    open: Vec<usize>,
    operations: Vec<Operation>,
}

impl Writer {
    fn write(mut self, children: usize) -> Program {
        for _ in 0..2 + self.random.below(6) {
            self.operation();
        }
        for _ in 0..children {
            let place = self.steps;
            let (random, tag) = (Random::new(self.random.number()), format!("{}.{place}", self.tag));
            let child = Writer { random, tag, steps: 0, open: Vec::new(), operations: Vec::new() }.write(0);
            self.start(Operation::Child { program: child });
            self.operation();
        }
        // What is left open ends after the playbook has.
        if self.random.percent(80) {
            for step in std::mem::take(&mut self.open) {
                self.operations.push(Operation::Wait { step });
            }
        }
        let end = if self.random.percent(FAIL) { End::Failed } else { End::Succeeded };
        Program { operations: self.operations, end }
    }

    fn start(&mut self, operation: Operation) {
        self.operations.push(operation);
        self.open.push(self.steps);
        self.steps += 1;
    }

    fn act(&mut self) {
        let action = *self.random.one_of(&Kind::ALL);
        let tag = format!("{}.{}", self.tag, self.steps);
        self.start(Operation::Act { action, tag });
    }

    fn operation(&mut self) {
        let place = self.operations.len();
        match self.random.below(20) {
            0..9 => self.act(),
            9..12 => match self.open.pop() {
                Some(step) => self.operations.push(Operation::Wait { step }),
                None => self.act(),
            },
            12 if !self.open.is_empty() => {
                self.operations.push(Operation::WaitAny { steps: self.open.clone() });
            }
            13 if !self.open.is_empty() => {
                let ms = self.random.below(300);
                self.operations.push(Operation::WaitUntil { steps: self.open.clone(), ms });
            }
            // Some of these are longer than a run keeps its instance.
            14 => {
                let ms = self.random.below(1_800);
                self.operations.push(Operation::WaitUntil { steps: Vec::new(), ms });
            }
            15 => {
                let asked = self.random.percent(50);
                let time_limit_ms = if asked { ANSWERED_MS } else { 100 + self.random.below(1_700) };
                let question = format!("{}: go on?", self.tag);
                self.start(Operation::Ask { to: asked.then(|| PERSON.to_owned()), question, time_limit_ms });
            }
            16 => self.operations.push(Operation::Now),
            17 => {
                let count = 1 + self.random.below(32) as u32;
                self.operations.push(Operation::Random { count });
            }
            18 => self.operations.push(Operation::Note { text: format!("{} at {place}", self.tag) }),
            _ => {
                let severities = [Severity::Low, Severity::Medium, Severity::High];
                self.operations.push(Operation::Severity { severity: *self.random.one_of(&severities) });
                self.operations.push(Operation::Log { line: format!("{} at {place}", self.tag) });
            }
        }
    }
}
