//! What was acknowledged is there after a loss of power.
//!
//! Children that write to a store are recorded, system call by system call. Then the power goes again and again, at
//! random moments of the record: what no sync had covered is kept, torn or dropped at random, the store that is left is
//! opened, and everything is looked for that had been acknowledged.
//!
//! `PALISADE_POWER_CUTS=10000 cargo test -p palisade-store --test durability power -- --nocapture` is a long round.

use std::{
    env, fs,
    hash::{BuildHasher, RandomState},
    ops::Range,
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
};

use palisade_store::{SledStore, Store, contract::samples};

use crate::{
    check,
    child::{self, Ack, Work},
    disk::{Disk, Loss, Random},
    steps::{Step, What, steps},
    trace,
};

/// How often the power goes.
const CUTS: &str = "PALISADE_POWER_CUTS";
const CUTS_BY_DEFAULT: u64 = 200;
/// The seed of a run that is to be repeated. Threads make each record a little different, so what a failed run left
/// behind says more.
const SEED: &str = "PALISADE_POWER_SEED";

/// Children that write to the same store one after the other, and the system call of a thread at which each is killed.
const CHILDREN: [(Work, Option<&str>); 6] = [
    // Enough at once for several segments of sled's log.
    (Work::new(250, 1), None),
    (Work::new(8, 20), Some("fdatasync:when=25")),
    (Work::new(16, 5), None),
    (Work::new(8, 20), Some("fdatasync:when=25")),
    // Amid the recovery of what the one before left.
    (Work::new(8, 1), Some("rename:when=1")),
    (Work::new(8, 2), None),
];

/// Bytes of a component. It goes into the store in two batches, each of which fills several segments.
const COMPONENT: usize = 3 << 19;
/// Bytes of a segment of sled's log.
const SEGMENT: usize = 512 * 1024;

#[test]
fn a_power_cut_loses_nothing_that_was_acknowledged() {
    cut_power(&CHILDREN, number(CUTS).unwrap_or(CUTS_BY_DEFAULT));
}

#[test]
fn a_power_cut_tears_no_component() {
    let work = Work { writers: 1, rounds: 4, component: COMPONENT };
    cut_power(&[(work, None)], number(CUTS).unwrap_or(CUTS_BY_DEFAULT) / 5);
}

fn cut_power(children: &[(Work, Option<&str>)], cuts: u64) {
    let seed = number(SEED).unwrap_or_else(|| RandomState::new().hash_one(()));
    println!("{SEED}={seed}");
    let directory = tempfile::Builder::new().prefix("palisade-power-").tempdir_in(memory()).unwrap();
    let record = Record::new(directory.path(), children);
    record.assert_that_segments_are_reused();

    let mut random = Random(seed);
    let mut cuts: Vec<_> = (0..cuts).map(|_| (record.moment(&mut random), random.next())).collect();
    cuts.sort_unstable();
    let mut replay = record.replay();
    let mut total = Loss::default();
    let mut failed = 0;
    for &(line, seed) in &cuts {
        let disk = replay.disk_at(line);
        let acks = record.acknowledged(line);
        let image = tempfile::tempdir_in(directory.path()).unwrap();
        let loss = disk.lose_power(&record.root, image.path(), &mut Random(seed));
        let store = image.path().join(STORE);
        let checked = catch_unwind(AssertUnwindSafe(|| {
            check_components(&check(&store, &acks), record.stored(line));
        }));
        if checked.is_err() {
            failed += 1;
            let kept = directory.path().join(format!("cut-{line}-{seed}"));
            fs::create_dir(&kept).unwrap();
            disk.lose_power(&record.root, &kept, &mut Random(seed));
            println!("line {line}, {} acknowledged, {loss}: {}", acks.len(), kept.display());
        }
        total += loss;
    }
    println!("{} power cuts in {} steps: {total}", cuts.len(), record.steps.len());
    if failed > 0 {
        panic!(
            "{failed} of {} stores were damaged; they and the traces are in {}",
            cuts.len(),
            directory.keep().display()
        );
    }
    assert!(total.kept > 0 && total.torn > 0 && total.dropped > 0);
}

/// Looks for the component that was stored last, and for torn ones.
fn check_components(store: &SledStore, stored: Option<u8>) {
    for round in 0..=u8::MAX {
        let component = store.component(&samples::digest(round)).unwrap();
        assert!(component.is_some() || stored != Some(round), "component {round} is lost");
        assert!(component.is_none_or(|file| file == [round; COMPONENT]), "component {round} is torn");
    }
}

#[test]
fn no_segment_is_filled_without_a_sync() {
    let directory = tempfile::tempdir_in(memory()).unwrap();
    let record = Record::new(directory.path(), &[(Work::new(250, 2), None)]);
    let mut unsynced = 0;
    for step in &record.steps {
        match &step.what {
            What::Write { path, data, .. } if *path == record.db() => unsynced += data.len(),
            What::Sync { path } if *path == record.db() => unsynced = 0,
            _ => {}
        }
        assert!(unsynced <= SEGMENT, "{unsynced} bytes of log without a sync at {}", step.end);
    }
}

/// The store, below the root of the disk: in a directory that is new too.
const STORE: &str = "data/store";

/// Everything that the children did, in the order in which it was done.
struct Record {
    root: PathBuf,
    steps: Vec<Step>,
    /// The steps of each child until the names are synced: sled opens, recovers and writes a snapshot.
    openings: Vec<Range<usize>>,
}

impl Record {
    fn new(directory: &Path, children: &[(Work, Option<&str>)]) -> Self {
        let root = directory.join("disk");
        fs::create_dir(&root).unwrap();
        let mut record = Self { root, steps: Vec::new(), openings: Vec::new() };
        let mut line = 0;
        for (index, &(work, kill)) in children.iter().enumerate() {
            let file = directory.join(format!("trace-{index}"));
            let mut strace = trace::strace(&file);
            if let Some(call) = kill {
                strace.extend(["-e".into(), format!("inject={call}:signal=KILL").into()]);
            }
            let (mut child, mut output) = child::start(&strace, &record.root.join(STORE), work);
            while child::next_ack(&mut output).is_some() {}
            assert_eq!(child.wait().unwrap().success(), kill.is_none());
            let trace = fs::read_to_string(file).unwrap();
            let end = line + trace.lines().count();
            let steps = steps(&trace::parse(&trace), &record.root).into_iter().map(|step| Step {
                begin: line + step.begin,
                // The call of a killed process has an effect or none, but no later.
                end: end.min(step.end.saturating_add(line)),
                what: step.what,
            });
            let first = record.steps.len();
            record.steps.extend(steps);
            let new = &mut record.steps[first..];
            new.sort_by_key(|step| step.end);
            let synced = |step: &Step| matches!(&step.what, What::Sync { path } if path.is_dir());
            let opened = new.iter().rposition(synced).map_or(new.len(), |last| last + 1);
            record.openings.push(first..first + opened);
            line = end;
        }
        let mut disk = Disk::empty(&record.root);
        record.steps.iter().for_each(|step| disk.apply(step));
        disk.assert_that_it_is(&record.root);
        record
    }

    fn db(&self) -> PathBuf {
        self.root.join(STORE).join("db")
    }

    fn assert_that_segments_are_reused(&self) {
        let written = self.steps.iter().map(|step| match &step.what {
            What::Write { path, data, .. } if *path == self.db() => data.len() as u64,
            _ => 0,
        });
        let kept = fs::metadata(self.db()).unwrap().len();
        assert!(written.sum::<u64>() > kept + 2 * SEGMENT as u64);
    }

    /// A line at which the power goes: each third time while a child opens its store.
    fn moment(&self, random: &mut Random) -> usize {
        let steps = match random.below(3) {
            0 => self.openings[random.below(self.openings.len())].clone(),
            _ => 0..self.steps.len(),
        };
        self.steps[steps.start + random.below(steps.len())].begin
    }

    fn acknowledged(&self, line: usize) -> Vec<Ack> {
        let acks = self.steps.iter().filter(|step| step.begin <= line).filter_map(|step| match &step.what {
            What::Acknowledge(ack) => Some(ack.clone()),
            _ => None,
        });
        acks.collect()
    }

    /// The round whose component was stored last.
    fn stored(&self, line: usize) -> Option<u8> {
        let mut said = self.steps.iter().filter(|step| step.begin <= line).rev();
        said.find_map(|step| if let What::Stored(round) = step.what { Some(round) } else { None })
    }

    fn replay(&self) -> Replay<'_> {
        Replay { todo: &self.steps, disk: Disk::empty(&self.root) }
    }
}

/// A way through a record, forwards.
struct Replay<'a> {
    todo: &'a [Step],
    disk: Disk,
}

impl Replay<'_> {
    /// The disk when this line was reached, with what was just being done.
    fn disk_at(&mut self, line: usize) -> Disk {
        let (done, todo) = self.todo.split_at(self.todo.partition_point(|step| step.end <= line));
        done.iter().for_each(|step| self.disk.apply(step));
        self.todo = todo;
        let mut disk = self.disk.clone();
        // A sync that has not returned promises nothing.
        let begun = todo.iter().filter(|step| step.begin <= line && !matches!(step.what, What::Sync { .. }));
        begun.for_each(|step| disk.apply(step));
        disk
    }
}

/// Where the children write. Their syncs need not be slow to be recorded.
fn memory() -> PathBuf {
    let memory = PathBuf::from("/dev/shm");
    if memory.exists() { memory } else { env::temp_dir() }
}

fn number(variable: &str) -> Option<u64> {
    env::var(variable).ok().map(|text| text.parse().unwrap_or_else(|_| panic!("{variable} is a number")))
}
