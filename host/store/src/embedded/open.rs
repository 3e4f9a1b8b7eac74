//! Opening sled on a directory in which a loss of power may have left anything that was not synced.

use std::{
    fs::{self, DirBuilder, File, TryLockError},
    io,
    os::unix::fs::DirBuilderExt,
    path::Path,
    sync::Arc,
    thread,
    time::Instant,
};

use palisade_model::limits::{STORE_CACHE_BYTES, STORE_LOCK_POLL, STORE_LOCK_WAIT};

use crate::error::StoreError;

/// Opens sled, and its file a second time, in this directory, which is created if missing.
pub(super) fn open(directory: &Path) -> Result<(sled::Db, File), StoreError> {
    let open_failed =
        |error: sled::Error| StoreError::Open { directory: directory.to_owned(), source: Arc::new(error) };
    // The directory may be the last of several that are new, and its name in the one above is always synced.
    let new = directory.ancestors().take_while(|path| !path.exists()).count().max(1);
    // Alerts are nobody else's business.
    let created = DirBuilder::new().recursive(true).mode(0o700).create(directory);
    created.map_err(|error| open_failed(error.into()))?;
    let db = wait_for_sled(directory)?;
    let file = make_durable(directory, new).map_err(|error| open_failed(error.into()))?;
    Ok((db, file))
}

/// Opens sled. A store that was closed a moment ago may still be locked: sled's background threads let go of the file
/// when they have ended, and nothing waits for them.
fn wait_for_sled(directory: &Path) -> Result<sled::Db, StoreError> {
    let deadline = Instant::now() + STORE_LOCK_WAIT;
    loop {
        match open_sled(directory) {
            Ok(Some(db)) => return Ok(db),
            Ok(None) if Instant::now() < deadline => thread::sleep(STORE_LOCK_POLL),
            Ok(None) => return Err(StoreError::AlreadyOpen { directory: directory.to_owned() }),
            Err(other) => {
                return Err(StoreError::Open { directory: directory.to_owned(), source: Arc::new(other) });
            }
        }
    }
}

/// Opens sled. None if somebody has it open.
fn open_sled(directory: &Path) -> Result<Option<sled::Db>, sled::Error> {
    // The lock is held until what sled would stumble over is away; then sled takes it.
    let Some(locked) = lock(directory)? else { return Ok(None) };
    clear(directory, &locked)?;
    drop(locked);
    let config = sled::Config::new().path(directory).cache_capacity(STORE_CACHE_BYTES);
    // Without its thread, sled writes only when it is told to. That thread moves pages for a quarter of a second before
    // it syncs, and may meanwhile overwrite the only durable copy of one.
    match config.flush_every_ms(None).open() {
        Ok(db) => Ok(Some(db)),
        // sled has no variant for a lock that is held; its text is fixed, as its version is.
        Err(sled::Error::Io(io)) if io.to_string().starts_with("could not acquire lock") => Ok(None),
        Err(other) => Err(other),
    }
}

/// sled's file with the lock that sled takes too. None if it is taken.
fn lock(directory: &Path) -> io::Result<Option<File>> {
    let file =
        File::options().read(true).write(true).create(true).truncate(false).open(directory.join("db"))?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

/// Removes what sled was about to write when it was stopped, and refuses to read.
fn clear(directory: &Path, db: &File) -> io::Result<()> {
    if db.metadata()?.len() == 0 {
        // Nothing was ever written, so the settings may be torn.
        match fs::remove_file(directory.join("conf")) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        // A snapshot gets its name when it is synced. Until then the one before it counts.
        if path.extension().is_some_and(|extension| extension == "generating") {
            fs::remove_file(path)?;
        }
    }
    // What a killed process wrote can be read and is not durable yet. sled takes it for durable, and reuses the places
    // of what it replaces.
    db.sync_data()
}

/// Syncs what sled does not: its settings, and the names in this directory and in `new` of those above it. Nothing is
/// in sled's own file before that, which is returned.
fn make_durable(directory: &Path, new: usize) -> io::Result<File> {
    // Opened before the first write, so that the kernel reports every failed write-back of the file to this handle.
    let file = File::open(directory.join("db"))?;
    File::open(directory.join("conf"))?.sync_all()?;
    for directory in directory.ancestors().take(1 + new) {
        let directory = if directory.as_os_str().is_empty() { Path::new(".") } else { directory };
        File::open(directory)?.sync_all()?;
    }
    Ok(file)
}
