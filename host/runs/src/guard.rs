//! The policy at work: which mutating actions may be sent, and how many were of late.

use std::{
    collections::VecDeque,
    fs, io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, SystemTime},
};

use palisade_model::{
    SignedDuration, Timestamp,
    approval::AtDeadline,
    audit::{HOST, Record, What},
    plugin::Digest,
};
use palisade_policy::{Approval, Decision, POLICY_BYTES, Policy, PolicyError, Proposed, Sent, Verdict};
use palisade_store::{Durability, Store};
use ring::digest;

use crate::{clock, sent};

/// The policy of this host. It is read again whenever its file changes.
pub(crate) struct Guard {
    file: PathBuf,
    store: Arc<dyn Store>,
    /// When it began to remember by itself; what was sent before is in the audit log.
    opened: Timestamp,
    state: Mutex<State>,
}

struct State {
    policy: Arc<Policy>,
    /// What the file was when it was read.
    stamp: Option<Stamp>,
    /// Why the file as it is now cannot be used; the policy before it holds on.
    problem: Option<String>,
    /// Mutating actions that were let through, oldest first.
    recent: VecDeque<Sent>,
    /// From when on they are all there.
    complete_since: Timestamp,
    /// SHA-256 of the file, if there is one.
    digest: Option<Digest>,
}

/// What tells one state of a file from another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stamp {
    modified: SystemTime,
    bytes: u64,
    inode: u64,
}

/// How the policy stands.
#[derive(Clone, Debug)]
pub struct PolicyStatus {
    /// Its file.
    pub file: PathBuf,
    /// Whether there is one; else the built-in policy holds.
    pub present: bool,
    /// Why the file as it is now cannot be used; then the policy that was read before it holds on.
    pub problem: Option<String>,
}

/// Why the host does not start with a policy file.
#[derive(Debug, thiserror::Error)]
pub enum PolicyFileError {
    /// It cannot be read.
    #[error("the policy {} cannot be read", file.display())]
    Read {
        /// The file.
        file: PathBuf,
        /// The system's answer.
        #[source]
        source: io::Error,
    },
    /// It is no policy.
    #[error("the policy {} cannot be used", file.display())]
    Policy {
        /// The file.
        file: PathBuf,
        /// What is wrong.
        #[source]
        source: PolicyError,
    },
}

/// Whether an action may be sent.
pub(crate) enum Admitted {
    Yes { rule: String },
    No { message: String },
    Ask(Asked),
}

/// Whose consent is needed.
pub(crate) struct Asked {
    pub(crate) rule: String,
    pub(crate) role: Option<String>,
    pub(crate) within: Duration,
    pub(crate) at_deadline: AtDeadline,
}

impl Guard {
    /// Reads the policy.
    ///
    /// # Errors
    ///
    /// If there is a file that cannot be used: a host must not start with another policy than its operator wrote.
    pub(crate) fn open(file: PathBuf, store: Arc<dyn Store>) -> Result<Self, PolicyFileError> {
        let stamp = stamp(&file).map_err(|source| PolicyFileError::Read { file: file.clone(), source })?;
        let (policy, digest) = match stamp {
            Some(_) => read(&file).map(|(policy, digest)| (policy, Some(digest)))?,
            None => (Policy::built_in(), None),
        };
        let opened = clock::now();
        let state = State {
            policy: Arc::new(policy),
            stamp,
            problem: None,
            recent: VecDeque::new(),
            complete_since: opened,
            digest,
        };
        let guard = Self { file, store, opened, state: Mutex::new(state) };
        guard.holds(&mut guard.lock());
        Ok(guard)
    }

    /// Decides about an attempt at an action. Nobody is asked for a rule to which there is consent, nor once an attempt was
    /// let through; what is forbidden stays so. Consent to one rule is none to another: a breaker that has tripped since
    /// asks for itself. The first attempt that may be sent counts; `counted` says that this is a later one.
    pub(crate) fn admit(&self, action: &Proposed<'_>, consents: &[String], counted: bool) -> Admitted {
        let now = clock::now();
        let mut state = self.fresh();
        let Decision { verdict, rule, why } = state.decide(action, now);
        match verdict {
            Verdict::Deny => Admitted::No { message: format!("{why} ({rule})") },
            // Who wants it taken back is consent enough.
            Verdict::Approve(approval)
                if !action.undoes && !consents.contains(&rule) && (!counted || consents.is_empty()) =>
            {
                let Approval { role, within, at_deadline } = approval;
                Admitted::Ask(Asked { rule, role, within, at_deadline })
            }
            Verdict::Approve(_) | Verdict::Allow => {
                if !counted {
                    state.remember(action, now);
                }
                Admitted::Yes { rule }
            }
        }
    }

    /// What the policy would say of an action, in words.
    pub(crate) fn foresee(&self, action: &Proposed<'_>) -> String {
        let Decision { verdict, rule, .. } = self.fresh().decide(action, clock::now());
        match verdict {
            Verdict::Allow => format!("it would be allowed ({rule})"),
            Verdict::Deny => format!("it would be refused ({rule})"),
            Verdict::Approve(Approval { role: Some(role), .. }) => {
                format!("{role} would be asked first ({rule})")
            }
            Verdict::Approve(Approval { role: None, .. }) => {
                format!("a person would be asked first ({rule})")
            }
        }
    }

    /// The policy as it is now, and what was sent of late.
    pub(crate) fn current(&self) -> (Arc<Policy>, Vec<Sent>) {
        let state = self.fresh();
        (Arc::clone(&state.policy), state.recent.iter().cloned().collect())
    }

    /// How the policy stands now.
    pub(crate) fn status(&self) -> PolicyStatus {
        let state = self.fresh();
        PolicyStatus {
            file: self.file.clone(),
            present: state.stamp.is_some(),
            problem: state.problem.clone(),
        }
    }

    /// The state, once the file was looked at: what an operator has just saved decides about the next action. One look
    /// costs a microsecond, and a mutating action a write to the disk.
    fn fresh(&self) -> MutexGuard<'_, State> {
        let mut state = self.lock();
        match stamp(&self.file) {
            Ok(stamp) if stamp == state.stamp => {}
            Ok(None) => {
                tracing::warn!(file = %self.file.display(), "The policy is gone; the built-in one holds.");
                (state.stamp, state.problem, state.digest) = (None, None, None);
                state.policy = Arc::new(Policy::built_in());
                self.holds(&mut state);
            }
            Ok(stamp) => match read(&self.file) {
                Ok((policy, digest)) => {
                    tracing::info!(file = %self.file.display(), "The policy was read again.");
                    (state.stamp, state.problem, state.digest) = (stamp, None, Some(digest));
                    state.policy = Arc::new(policy);
                    self.holds(&mut state);
                }
                Err(error) => {
                    // Not again until the file changes once more.
                    state.stamp = stamp;
                    state.complain(&error);
                }
            },
            Err(source) => {
                let error = PolicyFileError::Read { file: self.file.clone(), source };
                state.complain(&error);
            }
        }
        state
    }
}

impl Guard {
    /// A policy holds from now on: it is on the record before it decides anything, and what its breakers count is there.
    fn holds(&self, state: &mut State) {
        let loaded = What::PolicyLoaded { digest: state.digest.clone() };
        drop(self.store.record(Record::new(clock::now(), HOST, loaded), Durability::Buffered));
        let window = SignedDuration::try_from(state.policy.longest_breaker()).unwrap_or(SignedDuration::MAX);
        let since = clock::now().checked_sub(window).unwrap_or(Timestamp::MIN);
        if window.is_zero() || since >= state.complete_since {
            return;
        }
        match sent::sent_between(&*self.store, since, self.opened) {
            Ok(before) => {
                state.recent.retain(|sent| sent.at >= self.opened);
                before.into_iter().rev().for_each(|sent| state.recent.push_front(sent));
                state.complete_since = since;
            }
            Err(error) => {
                let error = &error as &dyn std::error::Error;
                tracing::error!(
                    error,
                    "What was sent before this start cannot be read; breakers count from now on."
                );
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn decide(&mut self, action: &Proposed<'_>, now: Timestamp) -> Decision {
        self.policy.decide(action, self.recent.make_contiguous(), now)
    }

    fn remember(&mut self, action: &Proposed<'_>, at: Timestamp) {
        if sent::is_full(self.recent.iter(), action.effect) {
            let oldest = self.recent.iter().position(|sent| sent.effect == action.effect);
            oldest.and_then(|place| self.recent.remove(place));
        }
        self.recent.push_back(Sent::of(action, at));
    }

    fn complain(&mut self, error: &PolicyFileError) {
        let mut words = error.to_string();
        if let Some(source) = std::error::Error::source(error) {
            words = format!("{words}: {source}");
        }
        if self.problem.as_ref() != Some(&words) {
            tracing::error!(problem = words, "The policy that was read before holds on.");
        }
        self.problem = Some(words);
    }
}

/// What the file is now; none if there is none.
fn stamp(file: &Path) -> io::Result<Option<Stamp>> {
    use std::os::unix::fs::MetadataExt;
    match fs::metadata(file) {
        Ok(found) => Ok(Some(Stamp { modified: found.modified()?, bytes: found.len(), inode: found.ino() })),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn read(file: &Path) -> Result<(Policy, Digest), PolicyFileError> {
    use std::io::Read;
    let unreadable = |source| PolicyFileError::Read { file: file.to_owned(), source };
    let mut text = String::new();
    let open = fs::File::open(file).map_err(unreadable)?;
    let bytes = open.take(POLICY_BYTES as u64 + 1).read_to_string(&mut text).map_err(unreadable)?;
    if bytes > POLICY_BYTES {
        return Err(unreadable(io::Error::other(format!("it has more than {POLICY_BYTES} bytes"))));
    }
    if text.trim().is_empty() {
        return Err(unreadable(io::Error::other("it is empty: remove it to have the built-in policy")));
    }
    let policy =
        Policy::parse(&text).map_err(|source| PolicyFileError::Policy { file: file.to_owned(), source })?;
    Ok((policy, sha256(text.as_bytes())))
}

fn sha256(bytes: &[u8]) -> Digest {
    let hash = digest::digest(&digest::SHA256, bytes);
    Digest::from_bytes(hash.as_ref().try_into().expect("SHA-256 has 32 bytes"))
}
