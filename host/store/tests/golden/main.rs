//! Every persisted record as it was when it was first written: a later Palisade reads it, and writes it the same.
//!
//! The files are the format on disk. One that changes means that stores out there cannot be read any more, or only if
//! what is missing has a default; then the old file stays, and a new one joins it (`entries-2.json`).
//! `PALISADE_BLESS=1` writes those that are missing.
#![allow(clippy::unwrap_used)]

mod alerts;
mod audit;
mod journal;
mod registry;
mod runs;
mod store;

use std::{env, fmt::Debug, fs, path::PathBuf};

use serde::{Serialize, de::DeserializeOwned};

/// Fails if a value of one of these variants is missing, and does not compile if a variant is.
macro_rules! assert_every {
    ($type:ident { $($variant:ident),+ $(,)? }, $values:expr) => {{
        let mut missing = vec![$(stringify!($variant)),+];
        for value in $values {
            let found = match value {
                $($type::$variant { .. } => stringify!($variant)),+
            };
            missing.retain(|variant| *variant != found);
        }
        assert!(missing.is_empty(), "no golden file has {} {missing:?}", stringify!($type));
    }};
}
use assert_every;

/// Checks that a record is read from its file as it is, and written to it as it was.
fn check<T: Serialize + DeserializeOwned + PartialEq + Debug>(file: &str, record: &T) {
    let text = serde_json::to_string_pretty(record).unwrap() + "\n";
    let golden = golden(file, &text);
    let read: T = serde_json::from_str(&golden).unwrap_or_else(|error| panic!("{file} is not read: {error}"));
    assert_eq!(&read, record, "{file} is read as something else");
    assert_eq!(text, golden, "{file} would be written in another way");
}

/// The text of a file, which becomes this one when the files are blessed.
fn golden(file: &str, text: &str) -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(file);
    if env::var_os("PALISADE_BLESS").is_some() && !path.exists() {
        fs::write(&path, text).unwrap();
    }
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{file}: {error}; PALISADE_BLESS=1 writes it"))
}
