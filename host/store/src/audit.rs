//! The chain of the audit log: how a line gets its hash, and how one finds out that something was changed.
//!
//! A line is an [`Entry`] as JSON. Its hash is the SHA-256 of the line as it would be without its last member, `hash`;
//! and as the member before, `previous`, is the hash of the line in front, a hash vouches for the whole log up to there.
//! Whoever has the lines can check that without this program.

use palisade_model::{
    audit::{Entry, Head, Record, Seq},
    limits::PAGE_ITEMS,
    plugin::Digest,
};
use ring::digest::{SHA256, digest};
use serde::{Deserialize, Serialize};

use crate::{error::StoreError, store::Store};

/// What stands between a line without its hash and the hash: it replaces the closing brace.
const BEFORE_HASH: &str = r#","hash":""#;

/// What stands behind the hash.
const BEHIND_HASH: &str = r#""}"#;

/// Characters of a hash.
const HASH_CHARS: usize = 64;

/// A line of the audit log before it has a hash.
#[derive(Serialize)]
struct Unsealed<'a> {
    seq: Seq,
    #[serde(flatten)]
    record: &'a Record,
    previous: &'a Digest,
}

/// What the chain needs of a line.
#[derive(Deserialize)]
struct Links {
    seq: Seq,
    previous: Digest,
    hash: Digest,
}

/// Where the log was changed, and how that is known.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[error("the audit log was changed at entry {seq}: {why}")]
pub struct Broken {
    /// The first place where it is not as it was written.
    pub seq: Seq,
    /// How that is known.
    pub why: String,
}

/// Writes a record behind the head: its line without a line break, and the head from then on.
pub fn seal(head: &Head, record: &Record) -> (String, Head) {
    let unsealed = Unsealed { seq: head.seq + 1, record, previous: &head.hash };
    let mut line =
        serde_json::to_string(&unsealed).expect("plain data whose maps have text as keys serializes");
    let hash = hash(&line);
    line.pop();
    line.push_str(BEFORE_HASH);
    line.push_str(hash.as_str());
    line.push_str(BEHIND_HASH);
    (line, Head { seq: unsealed.seq, hash })
}

/// Checks the lines of a whole log, from its first entry on, and that it passes through a head which was kept elsewhere.
/// Returns how far it goes.
///
/// # Errors
///
/// [`Broken`] at the first entry that was changed or is missing.
pub fn verify<L: AsRef<str>>(
    lines: impl IntoIterator<Item = L>,
    known: Option<&Head>,
) -> Result<Head, Broken> {
    let mut chain = Chain::new(known.cloned());
    lines.into_iter().try_for_each(|line| chain.take(line.as_ref()))?;
    chain.end()
}

/// Checks the whole log of a store in the same way.
///
/// # Errors
///
/// The store's.
pub fn verify_store(store: &dyn Store, known: Option<&Head>) -> Result<Result<Head, Broken>, StoreError> {
    let mut chain = Chain::new(known.cloned());
    let mut limit = PAGE_ITEMS;
    loop {
        let seq = chain.head.seq + 1;
        let page = match store.audit(seq, limit) {
            // It is one of this page: the next looks find out which.
            Err(StoreError::Damaged { .. }) if limit > 1 => {
                limit = 1;
                continue;
            }
            Err(StoreError::Damaged { .. }) => {
                return Ok(Err(Broken { seq, why: "a part of it is missing".into() }));
            }
            page => page?,
        };
        if page.is_empty() {
            return Ok(chain.end());
        }
        if let Err(broken) = page.iter().try_for_each(|(_, line)| chain.take(line)) {
            return Ok(Err(broken));
        }
    }
}

/// The same, line by line.
#[derive(Debug, Default)]
pub struct Chain {
    head: Head,
    known: Option<Head>,
}

impl Chain {
    /// Begins in front of the first entry. The log must pass through `known`.
    pub fn new(known: Option<Head>) -> Self {
        Self { head: Head::default(), known }
    }

    /// Takes the next line.
    ///
    /// # Errors
    ///
    /// [`Broken`] if it is not what was written there.
    pub fn take(&mut self, line: &str) -> Result<(), Broken> {
        let seq = self.head.seq + 1;
        let broken = |why: String| Broken { seq, why };
        let links: Links =
            serde_json::from_str(line).map_err(|_| broken("it is no entry any more".into()))?;
        if links.seq != seq {
            return Err(broken(format!("it is missing: the next one there is entry {}", links.seq)));
        }
        if links.previous != self.head.hash {
            return Err(broken("it does not follow from the entry before it".into()));
        }
        let unsealed = line
            .len()
            .checked_sub(BEFORE_HASH.len() + HASH_CHARS + BEHIND_HASH.len())
            .and_then(|end| line.get(..end))
            .ok_or_else(|| broken("it is no entry any more".into()))?;
        // Nothing may stand in a line that the hash does not vouch for.
        let whole = format!("{unsealed}{BEFORE_HASH}{}{BEHIND_HASH}", links.hash);
        if whole != line || hash(&format!("{unsealed}}}")) != links.hash {
            return Err(broken("its words are not those that were written".into()));
        }
        if self.known.as_ref().is_some_and(|known| known.seq == seq && known.hash != links.hash) {
            return Err(broken("another entry stood there when the log was looked at before".into()));
        }
        self.head = Head { seq, hash: links.hash };
        Ok(())
    }

    /// Says that this was the last line. Returns how far the log goes.
    ///
    /// # Errors
    ///
    /// [`Broken`] if entries are missing behind it.
    pub fn end(self) -> Result<Head, Broken> {
        match self.known {
            Some(known) if known.seq > self.head.seq => Err(Broken {
                seq: self.head.seq + 1,
                why: format!("it is missing, and all behind it: the log had {} entries before", known.seq),
            }),
            _ => Ok(self.head),
        }
    }
}

/// Reads a line.
///
/// # Errors
///
/// If it is no entry.
pub fn parse(line: &str) -> Result<Entry, serde_json::Error> {
    serde_json::from_str(line)
}

fn hash(text: &str) -> Digest {
    let mut bytes = [0; 32];
    bytes.copy_from_slice(digest(&SHA256, text.as_bytes()).as_ref());
    Digest::from_bytes(bytes)
}

#[cfg(test)]
mod tests {
    use palisade_model::{Timestamp, audit::What};
    use serde_json::json;

    use super::*;

    fn log() -> Vec<String> {
        let mut head = Head::default();
        let answers = ["yes", r#"","hash":"x"}"#, "Zoë \u{7}", "no"];
        let records = answers.map(|answer| What::PromptAnswered {
            at: palisade_model::audit::Step { run: 17, step: 3, playbook: "triage".parse().unwrap() },
            answer: (&json!({ "hash": answer })).into(),
            note: answer.into(),
        });
        let line = |what| {
            let line;
            (line, head) = seal(&head, &Record::new(Timestamp::UNIX_EPOCH, "anna", what));
            line
        };
        records.into_iter().map(line).collect()
    }

    fn broken(lines: &[String], known: Option<&Head>) -> (Seq, String) {
        let Broken { seq, why } = verify(lines, known).unwrap_err();
        (seq, why)
    }

    #[test]
    fn a_log_as_it_was_written_is_whole() {
        let lines = log();
        let head = verify(&lines, None).unwrap();
        assert_eq!(head.seq, 4);
        for known in [Head::default(), verify(&lines[..2], None).unwrap(), head.clone()] {
            assert_eq!(verify(&lines, Some(&known)).unwrap(), head);
        }
        assert_eq!(verify([""; 0], None).unwrap(), Head::default());
        let entry = parse(&lines[1]).unwrap();
        assert_eq!(serde_json::to_string(&entry).unwrap(), lines[1], "it is written as it was read");
        assert_eq!(parse(&lines[0]).unwrap().hash, entry.previous);
    }

    #[test]
    fn every_change_of_a_byte_is_found_where_it_is() {
        let lines = log();
        for (at, line) in lines.iter().enumerate() {
            for byte in (0..line.len()).filter(|byte| line.is_char_boundary(*byte)) {
                let mut changed = lines.clone();
                let next = line[byte..].chars().next().unwrap();
                let other = if next == 'a' { "b" } else { "a" };
                changed[at].replace_range(byte..byte + next.len_utf8(), other);
                let (seq, why) = broken(&changed, None);
                assert_eq!(seq, at as Seq + 1, "{why}: {}", changed[at]);
            }
        }
    }

    #[test]
    fn what_is_put_in_taken_out_or_swapped_is_found() {
        let lines = log();
        for (seq, change) in [
            (2, (|lines| drop(lines.remove(1))) as fn(&mut Vec<String>)),
            (1, |lines| drop(lines.remove(0))),
            (2, |lines| lines.swap(1, 2)),
            (3, |lines| lines.insert(2, lines[1].clone())),
            (2, |lines| lines[1] = lines[1].replace('{', "{ ")),
            (3, |lines| lines[2].push(' ')),
            (3, |lines| lines.insert(2, String::new())),
            // An attacker who makes the hash of one line anew must make all that follow anew.
            (4, |lines| {
                let mut entry = parse(&lines[2]).unwrap();
                entry.record.who = "eve".into();
                let before = Head { seq: 2, hash: entry.previous };
                lines[2] = seal(&before, &entry.record).0;
            }),
        ] {
            let mut changed = lines.clone();
            change(&mut changed);
            assert_eq!(broken(&changed, None).0, seq, "{changed:#?}");
        }
    }

    #[test]
    fn a_head_that_was_kept_shows_what_the_chain_alone_cannot() {
        let lines = log();
        let head = verify(&lines, None).unwrap();
        // The end is cut off, and what remains is a whole chain.
        assert!(verify(&lines[..2], None).is_ok());
        let (seq, why) = broken(&lines[..2], Some(&head));
        assert_eq!((seq, why.contains("had 4 entries")), (3, true), "{why}");
        // Everything is made anew from some place on.
        let mut anew = lines[..3].to_vec();
        let entry = parse(&lines[3]).unwrap();
        let record = Record { who: "eve".into(), ..entry.record };
        anew.push(seal(&Head { seq: 3, hash: entry.previous }, &record).0);
        assert!(verify(&anew, None).is_ok());
        assert_eq!(broken(&anew, Some(&head)).0, 4);
    }
}
