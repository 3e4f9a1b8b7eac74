use serde::{Deserialize, Serialize};

/// The CEF field of an artifact that has a program as JSON text.
pub const FIELD: &str = "program";

/// The custom list that the playbook looks into.
pub const WATCHED: &str = "watched";

/// The custom list that it adds to.
pub const OFFENDERS: &str = "offenders";

/// What a run does, one operation after the other.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Program {
    /// The operations. Those that start something number their steps, from 0 in the order of the program.
    pub operations: Vec<Operation>,
    /// How it ends.
    pub end: End,
}

/// How a program ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum End {
    /// It says that it came to its end.
    #[default]
    Succeeded,
    /// It says that it could not handle the alert.
    Failed,
}

/// One operation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "kebab-case")]
pub enum Operation {
    /// Starts an action of the connector `actuator`.
    Act {
        /// Which.
        action: Kind,
        /// Parameter by which the system acted on tells whose call it is; no other operation has the same.
        tag: String,
    },
    /// The same, and has the host take it back some time after its success.
    ActFor {
        /// Which.
        action: Kind,
        /// The same.
        tag: String,
        /// Milliseconds.
        ms: u64,
    },
    /// Asks a person for yes or no.
    Ask {
        /// The person or role; without it nobody in particular.
        to: Option<String>,
        /// The question.
        question: String,
        /// Milliseconds until "no" stands.
        time_limit_ms: u64,
    },
    /// Starts `script` on the same alert, with this program. The child finds it in the alert's last artifact, so of two
    /// children at work at the same time neither may have a child.
    Child {
        /// What it does.
        program: Program,
    },
    /// Waits until this step has ended. If it failed, the program ends there and says so.
    Wait {
        /// Which.
        step: usize,
    },
    /// Waits until the first of these steps has ended, whatever became of it.
    WaitAny {
        /// Which.
        steps: Vec<usize>,
    },
    /// The same, for at most this long; with no steps it is a timer.
    WaitUntil {
        /// Which.
        steps: Vec<usize>,
        /// Milliseconds.
        ms: u64,
    },
    /// Asks for the time.
    Now,
    /// Asks for random bytes.
    Random {
        /// How many.
        count: u32,
    },
    /// Adds a note to the alert.
    Note {
        /// The note.
        text: String,
    },
    /// Sets the alert's severity.
    Severity {
        /// How bad it is.
        severity: Severity,
    },
    /// Writes a line of the log.
    Log {
        /// The line.
        line: String,
    },
    /// Looks into a custom list. The playbook declares [`WATCHED`] and [`OFFENDERS`].
    Look {
        /// The list.
        list: String,
        /// What to look for.
        value: String,
    },
    /// Adds to a custom list. The playbook declares that for [`OFFENDERS`].
    List {
        /// The list.
        list: String,
        /// What to add.
        value: String,
        /// Why.
        note: String,
    },
    /// Counts earlier alerts with this label.
    CountEarlier {
        /// The label.
        label: String,
        /// The CEF field by which they are counted.
        field: String,
        /// Its value.
        value: String,
        /// Milliseconds that they are old at most.
        within_ms: u64,
        /// How bad they are at least.
        severity: Severity,
    },
    /// Hands the alert to a person.
    Escalate {
        /// The person or role.
        to: Option<String>,
        /// Why.
        summary: String,
    },
    /// Asks for its configuration, and writes it into a note.
    Configuration,
}

/// An action of the connector `actuator`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Turns a switch on: repeating it changes nothing.
    Switch,
    /// Opens a ticket: repeating it with the same key changes nothing.
    Ticket,
    /// Sends a page: repeating it sends another, and nobody can find out.
    Page,
    /// Writes a note: repeating it writes another, but the notes can be looked through.
    Note,
    /// Runs a job that takes a while; keyed as a ticket is.
    Job,
    /// Reads, and changes nothing.
    Facts,
    /// Turns a switch off.
    Off,
}

impl Kind {
    /// All kinds but [`Off`](Self::Off), which takes another back.
    pub const ALL: [Self; 6] = [Self::Switch, Self::Ticket, Self::Page, Self::Note, Self::Job, Self::Facts];

    /// Name of the action.
    pub fn action(self) -> &'static str {
        match self {
            Self::Switch => "turn on switch",
            Self::Ticket => "create ticket",
            Self::Page => "send page",
            Self::Note => "add note",
            Self::Job => "run job",
            Self::Facts => "get facts",
            Self::Off => "turn off switch",
        }
    }

    /// Whether it changes something.
    pub fn mutates(self) -> bool {
        self != Self::Facts
    }
}

/// How bad an alert is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// Can wait.
    Low,
    /// Today.
    Medium,
    /// Now.
    High,
}

impl Program {
    /// The program as the CEF field has it.
    pub fn to_text(&self) -> String {
        serde_json::to_string(self).expect("a program has only texts and numbers")
    }

    /// Every action with its tag, those of children included.
    pub fn actions(&self) -> Vec<(Kind, &str)> {
        let mut actions = Vec::new();
        for operation in &self.operations {
            match operation {
                Operation::Act { action, tag } | Operation::ActFor { action, tag, .. } => {
                    actions.push((*action, tag.as_str()));
                }
                Operation::Child { program } => actions.extend(program.actions()),
                _ => {}
            }
        }
        actions
    }

    /// The programs of its children, and of theirs.
    pub fn children(&self) -> Vec<&Program> {
        let mut children = Vec::new();
        for operation in &self.operations {
            if let Operation::Child { program } = operation {
                children.push(program);
                children.extend(program.children());
            }
        }
        children
    }
}
