//! A disk that loses power: what it holds for sure, and what else it may hold.
//!
//! The model is POSIX with the order that a journal brings (ext4, XFS): data is on the disk once a sync of its file has
//! returned; before that each sector of 512 bytes may be there in any state that it had since. The sizes of a file, and
//! the names in all directories, reach the disk in the order of the changes, and at the latest with the sync of the
//! file, or of the directory.

use std::{
    collections::{BTreeMap, HashSet},
    fmt, fs,
    ops::AddAssign,
    path::{Path, PathBuf},
};

use crate::steps::{Step, What};

/// What a disk writes as a whole or not at all.
const SECTOR: usize = 512;

/// Random numbers that a seed determines (SplitMix64).
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub(crate) fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }

    /// A number of changes that made it: often none or all of them.
    fn some_of(&mut self, changes: usize) -> usize {
        match self.below(4) {
            0 => 0,
            1 => changes,
            _ => self.below(changes + 1),
        }
    }
}

/// A change that no sync has covered yet, and the line on which it was done.
#[derive(Clone)]
struct Pending<T> {
    done: usize,
    change: T,
}

#[derive(Clone)]
enum Change {
    Write { at: usize, data: Vec<u8> },
    Resize(usize),
}

#[derive(Clone)]
enum Renaming {
    Link(PathBuf, Node),
    Rename(PathBuf, PathBuf),
    Remove(PathBuf),
}

/// What a name stands for.
#[derive(Clone, Copy)]
enum Node {
    Directory,
    /// Index of the file.
    File(usize),
}

#[derive(Clone, Default)]
struct File {
    durable: Vec<u8>,
    pending: Vec<Pending<Change>>,
}

/// What became of the changes that were not durable.
#[derive(Debug, Default)]
pub(crate) struct Loss {
    /// Writes that were there, in part there, and not there.
    pub(crate) kept: usize,
    pub(crate) torn: usize,
    pub(crate) dropped: usize,
    /// Changes of names that were not there.
    pub(crate) names: usize,
}

impl AddAssign for Loss {
    fn add_assign(&mut self, other: Self) {
        self.kept += other.kept;
        self.torn += other.torn;
        self.dropped += other.dropped;
        self.names += other.names;
    }
}

impl fmt::Display for Loss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kept, torn, dropped, names } = self;
        write!(f, "{kept} writes kept, {torn} torn, {dropped} dropped, {names} changes of names dropped")
    }
}

/// Files and directories, as the kernel shows them and as the disk holds them.
#[derive(Clone, Default)]
pub(crate) struct Disk {
    files: Vec<File>,
    /// The names as the kernel shows them.
    names: BTreeMap<PathBuf, Node>,
    durable_names: BTreeMap<PathBuf, Node>,
    pending_names: Vec<Pending<Renaming>>,
}

impl Disk {
    /// A disk that holds this directory, and nothing in it.
    pub(crate) fn empty(root: &Path) -> Self {
        let names = BTreeMap::from([(root.to_owned(), Node::Directory)]);
        Self { durable_names: names.clone(), names, ..Self::default() }
    }

    /// Takes a step.
    pub(crate) fn apply(&mut self, step: &Step) {
        let done = step.end;
        match &step.what {
            What::Create { path, directory } => {
                if self.names.contains_key(path) {
                    return;
                }
                let node = if *directory {
                    Node::Directory
                } else {
                    self.files.push(File::default());
                    Node::File(self.files.len() - 1)
                };
                self.rename(done, Renaming::Link(path.clone(), node));
            }
            What::Rename { from, to } => self.rename(done, Renaming::Rename(from.clone(), to.clone())),
            What::Remove { path } => self.rename(done, Renaming::Remove(path.clone())),
            What::Write { path, at, data } => {
                let change = Change::Write { at: *at, data: data.clone() };
                self.file(path).pending.push(Pending { done, change });
            }
            What::Resize { path, size } => {
                self.file(path).pending.push(Pending { done, change: Change::Resize(*size) });
            }
            What::Sync { path } => match self.names[path] {
                Node::File(file) => self.files[file].sync(step.begin),
                Node::Directory => self.sync_names(path, step.begin),
            },
            What::Acknowledge(_) | What::Stored(_) => {}
        }
    }

    fn file(&mut self, path: &Path) -> &mut File {
        match self.names.get(path) {
            Some(Node::File(file)) => &mut self.files[*file],
            _ => panic!("{} is no file that the trace knows", path.display()),
        }
    }

    fn rename(&mut self, done: usize, change: Renaming) {
        change.apply(&mut self.names);
        self.pending_names.push(Pending { done, change });
    }

    /// Makes durable what was done in this directory before this line.
    fn sync_names(&mut self, directory: &Path, before: usize) {
        let durable = &mut self.durable_names;
        self.pending_names.retain(|pending| {
            let synced = pending.done < before && pending.change.path().parent() == Some(directory);
            if synced {
                pending.change.apply(durable);
            }
            !synced
        });
    }

    /// Compares what the kernel shows with a real directory.
    pub(crate) fn assert_that_it_is(&self, root: &Path) {
        let mut found = 1;
        for (path, node) in &self.names {
            match node {
                Node::Directory => found += fs::read_dir(path).unwrap().count(),
                Node::File(file) => {
                    assert!(
                        self.files[*file].cached() == fs::read(path).unwrap(),
                        "{} differs",
                        path.display()
                    );
                }
            }
        }
        assert_eq!(found, self.names.len(), "the trace does not explain all names below {}", root.display());
    }

    /// Leaves in the directory `to` what a disk may hold of `root` that loses power now.
    pub(crate) fn lose_power(&self, root: &Path, to: &Path, random: &mut Random) -> Loss {
        let journaled = random.some_of(self.pending_names.len());
        let mut names = self.durable_names.clone();
        self.pending_names[..journaled].iter().for_each(|pending| pending.change.apply(&mut names));
        let mut loss = Loss { names: self.pending_names.len() - journaled, ..Loss::default() };
        let luck = Luck { kept: [0, 10, 50, 90, 100][random.below(5)], torn: [0, 10, 100][random.below(3)] };
        let mut there = HashSet::from([root]);
        for (path, node) in names.iter().filter(|(path, _)| *path != root) {
            // A name in a directory that has none is nowhere.
            if !path.parent().is_some_and(|parent| there.contains(parent)) {
                continue;
            }
            let target = to.join(path.strip_prefix(root).unwrap());
            match node {
                Node::Directory => {
                    there.insert(path);
                    fs::create_dir(target).unwrap();
                }
                Node::File(file) => {
                    fs::write(target, self.files[*file].lose_power(luck, random, &mut loss)).unwrap();
                }
            }
        }
        loss
    }
}

/// Of a hundred writes, how many are there whole, and of a hundred others, how many in part.
#[derive(Clone, Copy)]
struct Luck {
    kept: usize,
    torn: usize,
}

impl Renaming {
    /// The name that changes.
    fn path(&self) -> &Path {
        match self {
            Self::Link(path, _) | Self::Rename(path, _) | Self::Remove(path) => path,
        }
    }

    fn apply(&self, names: &mut BTreeMap<PathBuf, Node>) {
        match self {
            Self::Link(path, node) => {
                names.insert(path.clone(), *node);
            }
            Self::Rename(from, to) => {
                let node = names.remove(from);
                names.extend(node.map(|node| (to.clone(), node)));
            }
            Self::Remove(path) => {
                names.remove(path);
            }
        }
    }
}

impl File {
    /// Makes durable what was done before this line.
    fn sync(&mut self, before: usize) {
        let covered = self.pending.iter().take_while(|pending| pending.done < before).count();
        for pending in self.pending.drain(..covered) {
            pending.change.apply(&mut self.durable);
        }
    }

    fn cached(&self) -> Vec<u8> {
        let mut cached = self.durable.clone();
        self.pending.iter().for_each(|pending| pending.change.apply(&mut cached));
        cached
    }

    fn lose_power(&self, luck: Luck, random: &mut Random, loss: &mut Loss) -> Vec<u8> {
        // What the kernel shows after each change, and what of it is on the disk.
        let mut cached = self.durable.clone();
        let mut disk = self.durable.clone();
        let mut size = disk.len();
        let journaled = random.some_of(self.pending.len());
        for (index, Pending { change, .. }) in self.pending.iter().enumerate() {
            change.apply(&mut cached);
            if index < journaled {
                size = cached.len();
            }
            match change {
                Change::Resize(size) if index < journaled => disk.truncate(*size),
                Change::Resize(_) => {}
                Change::Write { at, data } => {
                    let sectors = at / SECTOR..(at + data.len()).div_ceil(SECTOR);
                    let all = sectors.len();
                    let chance = match random.below(100) {
                        percent if percent < luck.kept => 100,
                        _ if random.below(100) < luck.torn => 50,
                        _ => 0,
                    };
                    let written = sectors.filter(|_| random.below(100) < chance).map(|sector| {
                        let start = sector * SECTOR;
                        let end = (start + SECTOR).min(cached.len());
                        if disk.len() < end {
                            disk.resize(end, 0);
                        }
                        disk[start..end].copy_from_slice(&cached[start..end]);
                    });
                    match written.count() {
                        0 => loss.dropped += 1,
                        written if written == all => loss.kept += 1,
                        _ => loss.torn += 1,
                    }
                }
            }
        }
        disk.resize(size, 0);
        disk
    }
}

impl Change {
    fn apply(&self, file: &mut Vec<u8>) {
        match self {
            Self::Resize(size) => file.resize(*size, 0),
            Self::Write { at, data } => {
                let end = at + data.len();
                if file.len() < end {
                    file.resize(end, 0);
                }
                file[*at..end].copy_from_slice(data);
            }
        }
    }
}
