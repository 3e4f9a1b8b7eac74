//! Who uses which compiled code, and when it goes.
//!
//! Code is in use as long as there is a [`Compiled`] of it, from before it is compiled; nothing that is in use is removed.
//! When nobody uses it any more, it stays if it was kept, and for a while if it was set aside. All else goes: what was
//! only looked at must not fill the disk.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use palisade_model::{
    limits::{ASIDE_BYTES, ASIDE_COUNT},
    plugin::Digest,
};

use crate::artefacts::{ArtefactError, Artefacts};

/// Where compiled code is found again.
#[derive(Clone, Debug)]
pub enum Cache {
    /// A directory of this process alone. What nobody needs is removed from it.
    Own(PathBuf),
    /// A directory that other processes use as well. Nothing is removed from it.
    Shared(PathBuf),
}

/// The artefacts, and who uses them; one for the process.
pub(crate) struct Shelf {
    artefacts: Artefacts,
    is_shared: bool,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    in_use: HashMap<Digest, InUse>,
    kept: HashSet<Digest>,
    /// Neither in use nor kept, with its size in bytes; what was used last is at the end.
    aside: VecDeque<(Digest, u64)>,
}

#[derive(Default)]
struct InUse {
    users: usize,
    /// Whether it is set aside when nobody uses it any more.
    aside: bool,
    /// Held by who compiles it.
    turn: Arc<tokio::sync::Mutex<()>>,
}

/// A component that is compiled. Its code is there as long as one of these is; see [`Compiled::keep`] and
/// [`Compiled::set_aside`] for what comes then.
pub struct Compiled {
    digest: Digest,
    shelf: Arc<Shelf>,
}

impl Compiled {
    /// The component's digest.
    pub fn digest(&self) -> &Digest {
        &self.digest
    }

    /// Has the code stay until [`Sandbox::forget`](crate::Sandbox::forget), also when the process has ended.
    pub fn keep(&self) {
        self.shelf.state().kept.insert(self.digest.clone());
    }

    /// Has the code stay for a while when nobody uses it any more: what an operator looked at may be installed next. It goes
    /// with the process, or when more than [`ASIDE_COUNT`] others or [`ASIDE_BYTES`] were set aside later.
    pub fn set_aside(&self) {
        if let Some(in_use) = self.shelf.state().in_use.get_mut(&self.digest) {
            in_use.aside = true;
        }
    }

    /// Waited for by whoever wants to compile it.
    pub(crate) fn turn(&self) -> Arc<tokio::sync::Mutex<()>> {
        let state = self.shelf.state();
        state.in_use.get(&self.digest).map(|in_use| Arc::clone(&in_use.turn)).unwrap_or_default()
    }
}

impl Drop for Compiled {
    fn drop(&mut self) {
        self.shelf.give_back(&self.digest);
    }
}

impl Shelf {
    pub(crate) fn new(artefacts: Artefacts, is_shared: bool) -> Self {
        Self { artefacts, is_shared, state: Mutex::default() }
    }

    pub(crate) fn artefacts(&self) -> &Artefacts {
        &self.artefacts
    }

    /// From now on this component's code is in use. Whether there is any is for the caller to see.
    pub(crate) fn take(self: &Arc<Self>, digest: &Digest) -> Compiled {
        let mut state = self.state();
        let was_aside = state.aside.iter().position(|(aside, _)| aside == digest);
        let was_aside = was_aside.and_then(|place| state.aside.remove(place)).is_some();
        let in_use = state.in_use.entry(digest.clone()).or_default();
        in_use.users += 1;
        in_use.aside |= was_aside;
        Compiled { digest: digest.clone(), shelf: Arc::clone(self) }
    }

    fn give_back(&self, digest: &Digest) {
        let mut state = self.state();
        let Some(in_use) = state.in_use.get_mut(digest) else { return };
        in_use.users -= 1;
        if in_use.users > 0 {
            return;
        }
        let is_set_aside = in_use.aside;
        state.in_use.remove(digest);
        if self.is_shared || state.kept.contains(digest) {
            return;
        }
        match self.artefacts.size(digest) {
            Some(size) if is_set_aside => {
                state.aside.push_back((digest.clone(), size));
                self.make_room(&mut state);
            }
            _ => self.remove(digest),
        }
    }

    /// Keeps the code of a component no more: it goes now, or when nobody uses it any more.
    pub(crate) fn forget(&self, digest: &Digest) {
        let mut state = self.state();
        state.kept.remove(digest);
        match state.in_use.get_mut(digest) {
            Some(in_use) => in_use.aside = false,
            None if self.is_shared => {}
            None => self.remove(digest),
        }
    }

    /// Keeps the code of these, and removes all else that is neither in use nor set aside: of components that are not
    /// installed, of other versions of the host, of compilations that did not end.
    pub(crate) fn keep_only(
        &self,
        components: impl IntoIterator<Item = Digest>,
    ) -> Result<(), ArtefactError> {
        let mut state = self.state();
        state.kept = components.into_iter().collect();
        if self.is_shared {
            return Ok(());
        }
        let State { in_use, kept, aside } = &*state;
        let stay = kept.iter().chain(in_use.keys()).chain(aside.iter().map(|(digest, _)| digest));
        let stay: HashSet<_> = stay.map(|digest| self.artefacts.path(digest)).collect();
        self.artefacts.remove_all_but(&stay)
    }

    fn make_room(&self, state: &mut State) {
        let mut bytes: u64 = state.aside.iter().map(|(_, size)| size).sum();
        while state.aside.len() > ASIDE_COUNT || bytes > ASIDE_BYTES {
            let Some((digest, size)) = state.aside.pop_front() else { return };
            bytes -= size;
            self.remove(&digest);
        }
    }

    /// Under the lock: nobody may begin to use it meanwhile.
    fn remove(&self, digest: &Digest) {
        if let Err(error) = self.artefacts.remove(digest) {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "Compiled code that nobody needs stays."
            );
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use palisade_package::digest;
    use tempfile::TempDir;

    use super::*;

    struct Fixture {
        directory: TempDir,
        shelf: Arc<Shelf>,
    }

    impl Fixture {
        fn new(is_shared: bool) -> Self {
            let directory = tempfile::tempdir().unwrap();
            let shelf = Arc::new(open(directory.path(), is_shared));
            Self { directory, shelf }
        }

        /// Compiles, as far as the shelf can see.
        fn compile(&self, component: &Digest) -> Compiled {
            let compiled = self.shelf.take(component);
            let scratch = self.directory.path().join("scratch");
            fs::create_dir(&scratch).unwrap();
            self.shelf.artefacts().put(component, b"code", &scratch).unwrap();
            fs::remove_dir(&scratch).unwrap();
            compiled
        }

        fn has(&self, component: &Digest) -> bool {
            self.shelf.artefacts().holds(component)
        }
    }

    fn open(directory: &Path, is_shared: bool) -> Shelf {
        let engine = wasmtime::Engine::default();
        Shelf::new(Artefacts::open(directory.to_owned(), &engine).unwrap(), is_shared)
    }

    fn component(number: usize) -> Digest {
        digest(&number.to_le_bytes())
    }

    #[test]
    fn code_is_there_until_the_last_who_uses_it_is_done() {
        let fixture = Fixture::new(false);
        let one = component(1);
        let (first, second) = (fixture.compile(&one), fixture.shelf.take(&one));
        let third = fixture.shelf.take(&one);
        drop(first);
        fixture.shelf.forget(&one);
        drop(second);
        assert!(fixture.has(&one));
        drop(third);
        assert!(!fixture.has(&one));
        assert!(fixture.shelf.state().in_use.is_empty());
    }

    #[test]
    fn what_is_kept_stays_until_it_is_forgotten() {
        let fixture = Fixture::new(false);
        let (one, two) = (component(1), component(2));
        fixture.compile(&one).keep();
        let compiled = fixture.compile(&two);
        compiled.set_aside();
        compiled.keep();
        drop(compiled);
        assert!(fixture.has(&one) && fixture.has(&two));
        fixture.shelf.forget(&one);
        assert!(!fixture.has(&one));
        // Somebody looks at what is being removed: it goes all the same, when they are done.
        let looking = fixture.shelf.take(&two);
        fixture.shelf.forget(&two);
        assert!(fixture.has(&two));
        drop(looking);
        assert!(!fixture.has(&two));
    }

    #[test]
    fn what_is_set_aside_makes_room_for_what_comes_later() {
        let fixture = Fixture::new(false);
        let installed = component(usize::MAX);
        fixture.compile(&installed).keep();
        for number in 0..ASIDE_COUNT {
            fixture.compile(&component(number)).set_aside();
        }
        assert!((0..ASIDE_COUNT).all(|number| fixture.has(&component(number))));
        // Whoever looks at one again makes it the one that was used last, and does not lose it by being refused.
        drop(fixture.shelf.take(&component(0)));
        fixture.compile(&component(ASIDE_COUNT)).set_aside();
        assert!(fixture.has(&component(0)) && !fixture.has(&component(1)) && fixture.has(&component(2)));
        // One large one, of the holes that a file may have.
        let large = fixture.compile(&component(ASIDE_COUNT + 1));
        let path = fixture.shelf.artefacts().path(large.digest());
        fs::File::options().write(true).open(path).unwrap().set_len(ASIDE_BYTES - 100).unwrap();
        large.set_aside();
        drop(large);
        let there = (0..=ASIDE_COUNT).filter(|number| fixture.has(&component(*number))).count();
        assert!(there < 4, "{there} more are there beside a large one");
        assert!(fixture.has(&component(ASIDE_COUNT)), "the last one is there");
        assert!(fixture.has(&installed));
    }

    #[test]
    fn what_nobody_needs_is_removed_when_the_host_starts() {
        let fixture = Fixture::new(false);
        let (installed, removed) = (component(1), component(2));
        fixture.compile(&installed).keep();
        fixture.compile(&removed).keep();
        let file = |name: &str| {
            fs::write(fixture.directory.path().join(name), "").unwrap();
        };
        file(&format!("{installed}-0123456789abcdef.cwasm"));
        file(&format!("{installed}-0123456789abcdef.123.part"));
        file("compile-of-the-operator");
        file("notes");
        let scratch = fixture.shelf.artefacts().scratch(&installed, 0);
        fs::create_dir(&scratch).unwrap();
        fs::write(scratch.join("in.wasm"), "").unwrap();

        let shelf = open(fixture.directory.path(), false);
        shelf.keep_only([installed.clone(), component(3)]).unwrap();
        let names = fs::read_dir(fixture.directory.path()).unwrap().map(|entry| entry.unwrap().path());
        let mut names: Vec<_> = names.collect();
        names.sort();
        let mut expected =
            ["compile-of-the-operator", "notes"].map(|name| fixture.directory.path().join(name)).to_vec();
        expected.push(shelf.artefacts().path(&installed));
        expected.sort();
        assert_eq!(names, expected);
    }

    #[test]
    fn nothing_is_removed_from_a_directory_that_others_use() {
        let fixture = Fixture::new(true);
        drop(fixture.compile(&component(1)));
        fixture.compile(&component(2)).keep();
        fixture.shelf.forget(&component(2));
        fixture.shelf.keep_only([]).unwrap();
        assert!(fixture.has(&component(1)) && fixture.has(&component(2)));
    }
}
