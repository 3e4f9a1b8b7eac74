//! Commits, and the jobs that do them. The crate's documentation says how many changes share one.

use std::{fmt, str::FromStr, time::Duration};

use palisade_sdk::{Failure, connector::Pending};
use roxmltree::Node;

use crate::{
    api::{Answer, Firewall},
    xml,
};

/// How long others have to make their changes before one commits for all.
pub(crate) const GATHER: Duration = Duration::from_secs(2);

/// Time between two looks at a commit, which takes seconds on a large firewall and minutes on a small one.
const LOOK: Duration = Duration::from_secs(5);

/// Time until the next try, where the firewall takes no commit now.
const BUSY: Duration = Duration::from_secs(10);

/// What an action comes back for.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Token {
    /// The change is in the candidate configuration; at that time this was the highest job number.
    Changed(u64),
    /// This commit carries the change.
    Job(u64),
}

/// How the change stands.
#[derive(Debug)]
pub(crate) enum Standing {
    /// Come back.
    Pending(Pending),
    /// The firewall has nothing left to do for it: the running configuration tells what came of it.
    Ended { job: Option<u64> },
    /// The firewall refused the commit, for these reasons.
    Refused { job: u64, words: String },
    /// The action was cancelled, and this commit goes on.
    LeftRunning { job: u64 },
    /// The action was cancelled, and nothing commits the change.
    LeftUncommitted,
}

/// A job of the firewall.
#[derive(Debug)]
struct Job {
    id: u64,
    user: String,
    kind: String,
    finished: bool,
    result: String,
    progress: String,
    words: String,
}

/// The change was made: gives others a moment to make theirs.
pub(crate) fn gather(firewall: &Firewall<'_>) -> Result<Pending, Failure> {
    let highest = jobs(firewall)?.iter().map(|job| job.id).max().unwrap_or(0);
    Ok(Pending {
        after: GATHER,
        token: Token::Changed(highest).to_string(),
        message: "The change is in the candidate configuration.".to_owned(),
    })
}

/// Goes on from where the token says.
pub(crate) fn go_on(firewall: &Firewall<'_>, token: &str) -> Result<Standing, Failure> {
    match token.parse()? {
        Token::Job(id) => match find(firewall, id)? {
            Some(job) => Ok(standing(firewall, &job)),
            // A firewall forgets its jobs when it starts anew.
            None => Ok(Standing::Ended { job: Some(id) }),
        },
        Token::Changed(highest) => {
            let administrator = &firewall.call.configuration.administrator;
            let carries = |job: &Job| {
                job.id > highest && job.kind == "Commit" && job.user == *administrator && !job.is_refused()
            };
            match jobs(firewall)?.into_iter().filter(carries).min_by_key(|job| job.id) {
                Some(job) => Ok(standing(firewall, &job)),
                None if firewall.call.cancelled => Ok(Standing::LeftUncommitted),
                None => commit(firewall, Token::Changed(highest)),
            }
        }
    }
}

fn commit(firewall: &Firewall<'_>, token: Token) -> Result<Standing, Failure> {
    let answer = firewall.commit()?;
    if answer.words.to_lowercase().contains("in progress") {
        let message = format!("The firewall takes no commit now: {}", answer.words);
        return Ok(Standing::Pending(Pending { after: BUSY, token: token.to_string(), message }));
    }
    let answer = answer.ok()?;
    let document = answer.document()?;
    let id = xml::find(document.root(), "job").and_then(xml::text);
    match id.map(|id| id.parse()) {
        Some(Ok(id)) => Ok(Standing::Pending(Pending {
            after: LOOK,
            token: Token::Job(id).to_string(),
            message: format!("Commit job {id} is enqueued."),
        })),
        Some(Err(_)) => Err(Failure::upstream("the number of the commit job is none")),
        // There are no changes to commit: another commit has taken them along, or is at it.
        None => {
            let at_work = jobs(firewall)?.into_iter().filter(|job| job.kind == "Commit" && !job.finished);
            let last = at_work.max_by_key(|job| job.id);
            Ok(last.map_or(Standing::Ended { job: None }, |job| standing(firewall, &job)))
        }
    }
}

fn standing(firewall: &Firewall<'_>, job: &Job) -> Standing {
    let id = job.id;
    match (job.finished, job.is_refused(), firewall.call.cancelled) {
        (true, true, _) => Standing::Refused { job: id, words: job.words.clone() },
        (true, false, _) => Standing::Ended { job: Some(id) },
        (false, _, true) => Standing::LeftRunning { job: id },
        (false, _, false) => Standing::Pending(Pending {
            after: LOOK,
            token: Token::Job(id).to_string(),
            message: format!("Commit job {id}: {} %.", job.progress),
        }),
    }
}

fn jobs(firewall: &Firewall<'_>) -> Result<Vec<Job>, Failure> {
    read(&firewall.operate("<show><jobs><all></all></jobs></show>")?.ok()?)
}

fn find(firewall: &Firewall<'_>, id: u64) -> Result<Option<Job>, Failure> {
    let answer = firewall.operate(&format!("<show><jobs><id>{id}</id></jobs></show>"))?;
    if answer.words.to_lowercase().contains("not found") {
        return Ok(None);
    }
    Ok(read(&answer.ok()?)?.into_iter().find(|job| job.id == id))
}

fn read(answer: &Answer) -> Result<Vec<Job>, Failure> {
    let document = answer.document()?;
    let nodes = document.descendants().filter(|node| node.has_tag_name("job"));
    nodes
        .map(|node| {
            Job::read(node).ok_or_else(|| Failure::upstream("the firewall lists a job without a number"))
        })
        .collect()
}

impl Job {
    fn read(node: Node<'_, '_>) -> Option<Self> {
        let text = |name| xml::child(node, name).and_then(xml::text).unwrap_or_default();
        let lines = xml::child(node, "details").into_iter().flat_map(|details| details.children());
        Some(Self {
            id: text("id").parse().ok()?,
            user: text("user"),
            kind: text("type"),
            finished: text("status") == "FIN",
            result: text("result"),
            progress: text("progress"),
            words: lines.filter_map(xml::text).collect::<Vec<_>>().join("; "),
        })
    }

    fn is_refused(&self) -> bool {
        self.finished && self.result != "OK"
    }
}

impl fmt::Display for Token {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Changed(highest) => write!(formatter, "changed {highest}"),
            Self::Job(id) => write!(formatter, "job {id}"),
        }
    }
}

impl FromStr for Token {
    type Err = Failure;

    fn from_str(text: &str) -> Result<Self, Failure> {
        let number = |text: &str| text.parse::<u64>().ok();
        match text.split_once(' ') {
            Some(("changed", highest)) => number(highest).map(Self::Changed),
            Some(("job", id)) => number(id).map(Self::Job),
            _ => None,
        }
        .ok_or_else(|| Failure::invalid(format!("`{text}` is no token of this connector")))
    }
}
