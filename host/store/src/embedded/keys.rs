//! Keys: one byte for the table, then numbers big-endian, so that the order of the bytes is the order of the numbers.

use palisade_model::{
    Timestamp,
    alert::AlertId,
    list,
    name::Name,
    plugin::Digest,
    run::{Position, RunId, RunStatus, Seq},
    undo::Expiry,
};
use ring::digest;

/// What a key is of. All tables share one tree, because sled writes a batch as a whole only within a tree.
/// The bytes are the format on disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Table {
    /// Counters and the format.
    Meta = b'm',
    /// Alerts by number.
    Alert = b'a',
    /// Number of the alert by what its source calls it.
    Source = b'd',
    /// Numbers of the alerts that wait.
    Waiting = b'w',
    /// Runs by number.
    Run = b'r',
    /// Numbers of runs by how they stand.
    RunStatus = b's',
    /// Numbers of runs by alert.
    RunAlert = b'l',
    /// Numbers of runs by the run that started them.
    RunParent = b'k',
    /// Numbers of waiting runs by the time at which they are due.
    Due = b'u',
    /// What waits for a person, by run and step.
    Task = b'q',
    /// Journal entries by run and place.
    Journal = b'j',
    /// Plugins by name.
    Plugin = b'p',
    /// Assets by name.
    Asset = b't',
    /// What the operator says of playbooks, by name.
    PlaybookSettings = b'y',
    /// Custom lists by name: how many entries each has.
    List = b'n',
    /// Entries of custom lists by list and value.
    ListEntry = b'e',
    /// Numbers of alerts, and when they were received, by their label and who or what they are about.
    AlertKey = b'h',
    /// Steps of runs by the time at which they are to be taken back.
    Expiry = b'x',
    /// Steps of runs that were taken back.
    Undone = b'v',
    /// Users by name.
    User = b'o',
    /// Lines of the audit log by place.
    Audit = b'z',
    /// Components by digest.
    Component = b'c',
    /// The host's own values by name.
    Setting = b'g',
    /// Later pieces of a value that is longer than one.
    Piece = b'+',
}

/// Bytes of the hash in an index key of alerts: two of them never meet by chance.
const ALERT_KEY_BYTES: usize = 16;

/// The bit that says whether a number is below zero.
const SIGN: u64 = 1 << 63;

fn key(table: Table, parts: &[&[u8]]) -> Vec<u8> {
    let mut key = Vec::with_capacity(1 + parts.iter().map(|part| part.len()).sum::<usize>());
    key.push(table as u8);
    parts.iter().for_each(|part| key.extend_from_slice(part));
    key
}

/// What all keys of a table begin with.
pub(super) fn table(table: Table) -> Vec<u8> {
    key(table, &[])
}

/// A record of a table that is ordered by number.
pub(super) fn numbered(table: Table, number: u64) -> Vec<u8> {
    key(table, &[&number.to_be_bytes()])
}

/// A record of a table that is ordered by name.
pub(super) fn named(table: Table, name: &Name) -> Vec<u8> {
    key(table, &[name.as_str().as_bytes()])
}

/// The name in the key of a record of a table that is ordered by name.
pub(super) fn name(key: &[u8]) -> Option<Name> {
    std::str::from_utf8(key.get(1..)?).ok()?.parse().ok()
}

/// A counter or the format.
pub(super) fn meta(name: &str) -> Vec<u8> {
    key(Table::Meta, &[name.as_bytes()])
}

/// A component.
pub(super) fn component(digest: &Digest) -> Vec<u8> {
    key(Table::Component, &[digest.as_str().as_bytes()])
}

/// The digest in the key of a component.
pub(super) fn component_digest(key: &[u8]) -> Option<Digest> {
    String::from_utf8(key.get(1..)?.to_vec()).ok()?.try_into().ok()
}

/// An alert by what its source calls it. Both texts are a stranger's: hashing bounds them, and the length in front
/// keeps `("ab", "c")` apart from `("a", "bc")`.
pub(super) fn source(source: &str, source_id: &str) -> Vec<u8> {
    let mut hash = digest::Context::new(&digest::SHA256);
    hash.update(&(source.len() as u64).to_be_bytes());
    hash.update(source.as_bytes());
    hash.update(source_id.as_bytes());
    key(Table::Source, &[hash.finish().as_ref()])
}

/// What the keys of all entries of a list begin with. No name has a zero in it.
pub(super) fn entries_of_list(list: &Name) -> Vec<u8> {
    key(Table::ListEntry, &[list.as_str().as_bytes(), &[0]])
}

/// What the keys of all entries of a list are below.
pub(super) fn end_of_list(list: &Name) -> Vec<u8> {
    key(Table::ListEntry, &[list.as_str().as_bytes(), &[1]])
}

/// An entry of a list.
pub(super) fn list_entry(list: &Name, value: &list::Value) -> Vec<u8> {
    let mut key = entries_of_list(list);
    key.extend_from_slice(value.as_str().as_bytes());
    key
}

/// What the index keys of all alerts of this label begin with that have this value in this field; the alert's number and
/// the time of receipt follow. The texts are a stranger's: hashing bounds them.
pub(super) fn alert_keys(label: &str, field: &str, value: &str) -> Vec<u8> {
    let mut hash = digest::Context::new(&digest::SHA256);
    for text in [label, field, value] {
        hash.update(&(text.len() as u64).to_be_bytes());
        hash.update(text.as_bytes());
    }
    key(Table::AlertKey, &[&hash.finish().as_ref()[..ALERT_KEY_BYTES]])
}

/// The index key with this beginning of an alert that was received at this time.
pub(super) fn alert_key(alert_keys: Vec<u8>, alert: AlertId, received: Timestamp) -> Vec<u8> {
    [with_number(alert_keys, alert).as_slice(), &time(received)].concat()
}

/// The alert in an index key, and when it was received.
pub(super) fn read_alert_key(key: &[u8]) -> Option<(AlertId, Timestamp)> {
    let (alert, rest) = key.get(1 + ALERT_KEY_BYTES..)?.split_first_chunk()?;
    Some((u64::from_be_bytes(*alert), from_time(*rest.first_chunk()?)?))
}

/// A step that is to be taken back.
pub(super) fn expiry(expiry: &Expiry) -> Vec<u8> {
    let Expiry { at, run, position } = expiry;
    key(Table::Expiry, &[&time(*at), &run.to_be_bytes(), &position.to_be_bytes()])
}

/// What the keys of all steps that are to be taken back before or in this millisecond are below.
pub(super) fn expired_by(now: Timestamp) -> Vec<u8> {
    key(Table::Expiry, &[&time(now), &[u8::MAX; 13]])
}

/// The step in the key of one that is to be taken back.
pub(super) fn read_expiry(key: &[u8]) -> Option<Expiry> {
    let (at, rest) = key.get(1..)?.split_first_chunk()?;
    let (run, rest) = rest.split_first_chunk()?;
    let position = u32::from_be_bytes(*rest.first_chunk()?);
    Some(Expiry { at: from_time(*at)?, run: u64::from_be_bytes(*run), position })
}

/// A step of a run that was taken back.
pub(super) fn undone(run: RunId, position: Position) -> Vec<u8> {
    key(Table::Undone, &[&run.to_be_bytes(), &position.to_be_bytes()])
}

/// What the keys of all steps of a run begin with that were taken back.
pub(super) fn undone_of_run(run: RunId) -> Vec<u8> {
    numbered(Table::Undone, run)
}

/// The step in the key of one that was taken back.
pub(super) fn undone_position(key: &[u8]) -> Option<Position> {
    key.last_chunk().map(|bytes| u32::from_be_bytes(*bytes))
}

/// What the index keys of all runs that stand so begin with; the run's number follows.
pub(super) fn runs_of_status(status: RunStatus) -> Vec<u8> {
    let byte = match status {
        RunStatus::Running => 0_u8,
        RunStatus::Waiting => 1,
        RunStatus::Paused => 2,
        RunStatus::InDoubt => 3,
        RunStatus::Nondeterministic => 4,
        RunStatus::Succeeded => 5,
        RunStatus::Failed => 6,
        RunStatus::Cancelled => 7,
    };
    key(Table::RunStatus, &[&[byte]])
}

/// What the index keys of all runs of an alert begin with; the run's number follows.
pub(super) fn runs_of_alert(alert: AlertId) -> Vec<u8> {
    numbered(Table::RunAlert, alert)
}

/// What the index keys of all runs that a run started begin with; the run's number follows.
pub(super) fn runs_of_parent(parent: RunId) -> Vec<u8> {
    numbered(Table::RunParent, parent)
}

/// What the index keys of all runs that are due in this millisecond begin with; the run's number follows.
pub(super) fn due(at: Timestamp) -> Vec<u8> {
    key(Table::Due, &[&time(at)])
}

/// A time in milliseconds. The sign turned around makes the order of the bytes that of the times, those before 1970
/// included.
fn time(at: Timestamp) -> [u8; 8] {
    (at.as_millisecond().cast_unsigned() ^ SIGN).to_be_bytes()
}

fn from_time(bytes: [u8; 8]) -> Option<Timestamp> {
    Timestamp::from_millisecond((u64::from_be_bytes(bytes) ^ SIGN).cast_signed()).ok()
}

/// The time in an index key of a run that is due.
pub(super) fn due_time(key: &[u8]) -> Option<Timestamp> {
    from_time(*key.get(1..)?.first_chunk()?)
}

/// What waits for a person at a step of a run.
pub(super) fn task(run: RunId, position: Position) -> Vec<u8> {
    key(Table::Task, &[&run.to_be_bytes(), &position.to_be_bytes()])
}

/// What the keys of everything begin with that waits for a person in a run.
pub(super) fn tasks_of_run(run: RunId) -> Vec<u8> {
    numbered(Table::Task, run)
}

/// An entry of a journal.
pub(super) fn entry(run: RunId, seq: Seq) -> Vec<u8> {
    with_number(numbered(Table::Journal, run), seq)
}

/// A later piece of the value at `key`.
pub(super) fn piece(of: &[u8], index: u32) -> Vec<u8> {
    key(Table::Piece, &[of, &index.to_be_bytes()])
}

/// The index key with this number at its end.
pub(super) fn with_number(mut prefix: Vec<u8>, number: u64) -> Vec<u8> {
    prefix.extend_from_slice(&number.to_be_bytes());
    prefix
}

/// The number at the end of a key.
pub(super) fn number(key: &[u8]) -> Option<u64> {
    key.last_chunk().map(|bytes| u64::from_be_bytes(*bytes))
}

/// A key in words, for an error.
pub(super) fn describe(key: &[u8]) -> String {
    let table = char::from(*key.first().unwrap_or(&b'?'));
    let rest = key.get(1..).unwrap_or_default();
    match (table, rest.first_chunk().map(|bytes| u64::from_be_bytes(*bytes)), number(rest)) {
        ('a', Some(alert), _) => format!("alert {alert}"),
        ('z', Some(seq), _) => format!("entry {seq} of the audit log"),
        ('r', Some(run), _) => format!("run {run}"),
        ('q', Some(run), _) => format!("a task of run {run}"),
        ('j', Some(run), Some(seq)) => format!("entry {seq} of run {run}"),
        _ => format!("record {table} {}", rest.escape_ascii()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sort_as_their_numbers_do() {
        assert!(entry(1, 255) < entry(1, 256));
        assert!(entry(1, u64::MAX) < entry(2, 0));
        assert!(numbered(Table::Alert, 9) < numbered(Table::Alert, 10));
        assert_eq!(number(&entry(7, 300)), Some(300));
        assert!(task(1, u32::MAX) < task(2, 0));
    }

    #[test]
    fn of_due_runs_sort_as_their_times_do() {
        let times = [i64::MIN / 1_000_000, -1, 0, 1, i64::MAX / 1_000_000]
            .map(|ms| Timestamp::from_millisecond(ms).unwrap());
        assert!(times.map(due).is_sorted());
        assert_eq!(times.map(|at| due_time(&with_number(due(at), 7)).unwrap()), times);
    }

    #[test]
    fn of_alerts_and_expiries_are_read_as_they_were_written() {
        let at = |ms| Timestamp::from_millisecond(ms).unwrap();
        let of = |alert, ms| alert_key(alert_keys("c2", "sourceUserName", "kim"), alert, at(ms));
        assert!(of(9, 5) < of(10, -5), "they sort by alert");
        assert_eq!(read_alert_key(&of(10, -5)), Some((10, at(-5))));
        assert_eq!(alert_keys("a", "bc", "d").len(), alert_keys("", "", &"x".repeat(1 << 20)).len());
        assert_ne!(alert_keys("a", "bc", "d"), alert_keys("ab", "c", "d"));
        let one = Expiry { at: at(-1), run: u64::MAX, position: u32::MAX };
        assert_eq!(read_expiry(&expiry(&one)), Some(one));
        assert!((expired_by(at(-2)) < expiry(&one)) && (expiry(&one) < expired_by(at(-1))));
    }

    #[test]
    fn of_list_entries_stay_below_the_end_of_their_list() {
        let (a, b): (Name, Name) = ("a".parse().unwrap(), "a-b".parse().unwrap());
        let entry = |list| list_entry(list, &"\u{10ffff}".parse().unwrap());
        assert!(entries_of_list(&a) < entry(&a) && entry(&a) < end_of_list(&a));
        assert!(end_of_list(&a) <= entries_of_list(&b), "one list ends where the next begins");
    }

    #[test]
    fn of_a_status_never_change() {
        let bytes = RunStatus::ALL.map(|status| runs_of_status(status)[1]);
        assert_eq!(bytes, [0, 1, 2, 3, 4, 5, 6, 7]);
    }

    #[test]
    fn of_a_source_have_one_size_and_one_meaning() {
        assert_ne!(source("ab", "c"), source("a", "bc"));
        assert_eq!(source("splunk", &"x".repeat(1 << 20)).len(), source("splunk", "x").len());
    }
}
