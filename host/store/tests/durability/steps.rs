//! What a child did to the files below a directory, step by step, as its system calls say.

use std::{
    collections::HashMap,
    fs,
    path::{Path, PathBuf},
};

use crate::{
    child::{Ack, next_ack},
    trace::{Call, NEVER},
};

/// One step, and the lines of the trace on which it began and was done.
#[derive(Debug)]
pub(crate) struct Step {
    pub(crate) begin: usize,
    pub(crate) end: usize,
    pub(crate) what: What,
}

#[derive(Debug)]
pub(crate) enum What {
    /// A directory, or an empty file, got this name.
    Create {
        path: PathBuf,
        directory: bool,
    },
    Write {
        path: PathBuf,
        at: usize,
        data: Vec<u8>,
    },
    Resize {
        path: PathBuf,
        size: usize,
    },
    /// `fsync` or `fdatasync` of a file or a directory.
    Sync {
        path: PathBuf,
    },
    Rename {
        from: PathBuf,
        to: PathBuf,
    },
    Remove {
        path: PathBuf,
    },
    /// The child said that a write is done.
    Acknowledge(Ack),
    /// The child said that the component of this round is stored.
    Stored(u8),
}

/// The steps in these calls of a child that has ended.
pub(crate) fn steps(calls: &[Call], below: &Path) -> Vec<Step> {
    // The next byte that `write` writes, of each file.
    let mut positions = HashMap::new();
    let steps = calls.iter().filter_map(|call| {
        let parsed = Parsed::new(&call.text)?;
        let end = if parsed.result.is_some() { call.end } else { NEVER };
        let what = step(&parsed, below, &mut positions)?;
        // A killed process may have changed a name or not. The directory knows.
        let happened = match &what {
            What::Create { path, .. } => path.exists(),
            What::Rename { from, .. } => !from.exists(),
            What::Remove { path } => !path.exists(),
            _ => true,
        };
        (parsed.result.is_some() || happened).then_some(Step { begin: call.begin, end, what })
    });
    steps.collect()
}

fn step(call: &Parsed<'_>, below: &Path, positions: &mut HashMap<PathBuf, usize>) -> Option<What> {
    if call.name == "write" && call.descriptor().is_some_and(|file| file.starts_with("pipe:")) {
        let said = call.strings().0.into_iter().next()?;
        if let Some(round) = said.strip_prefix(b"component ") {
            return Some(What::Stored(str::from_utf8(round).unwrap().trim_end().parse().unwrap()));
        }
        return next_ack(&mut said.as_slice()).map(What::Acknowledge);
    }
    let (strings, rest) = call.strings();
    let paths: Vec<_> = match call.name {
        "write" | "pwrite64" => vec![call.descriptor()?.into()],
        "fsync" | "fdatasync" | "ftruncate" => vec![call.descriptor()?.into()],
        _ => strings.iter().map(|path| PathBuf::from(str::from_utf8(path).unwrap())).collect(),
    };
    if !paths.iter().any(|path: &PathBuf| path.starts_with(below))
        || call.result.is_some_and(|result| result < 0)
    {
        return None;
    }
    let number = |index| rest.split(", ").nth(index).and_then(|text| text.split(')').next()).unwrap();
    let path = paths[0].clone();
    Some(match call.name {
        "openat" => {
            positions.insert(path.clone(), 0);
            assert!(
                !rest.contains("O_TRUNC") && !rest.contains("O_APPEND"),
                "the replay does not know {call:?}"
            );
            if !rest.contains("O_CREAT") {
                return None;
            }
            What::Create { path, directory: false }
        }
        "mkdir" => What::Create { path, directory: true },
        "write" | "pwrite64" => {
            let mut data = strings[0].clone();
            let position = positions.entry(path.clone()).or_default();
            let at = if call.name == "write" { *position } else { number(2).parse().unwrap() };
            match call.result {
                Some(written) => data.truncate(usize::try_from(written).unwrap()),
                // The process was killed in this call. How far it came stands in the file.
                None => data = fs::read(&path).unwrap().into_iter().skip(at).take(data.len()).collect(),
            }
            *position = at + data.len();
            What::Write { path, at, data }
        }
        "ftruncate" => {
            What::Resize { path, size: call.text.split(", ").nth(1)?.split(')').next()?.parse().unwrap() }
        }
        "fsync" | "fdatasync" => What::Sync { path },
        "rename" => What::Rename { from: path, to: paths[1].clone() },
        "unlink" => What::Remove { path },
        _ => panic!("the replay does not know {call:?}"),
    })
}

/// One line of a trace, taken apart.
#[derive(Debug)]
struct Parsed<'a> {
    name: &'a str,
    text: &'a str,
    /// None if the process ended before the call returned.
    result: Option<i64>,
}

impl<'a> Parsed<'a> {
    /// None for a line that is no call, such as the end of a thread.
    fn new(text: &'a str) -> Option<Self> {
        let (name, _) = text.split_once('(')?;
        name.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_').then_some(())?;
        let result = text
            .rsplit_once(" = ")
            .and_then(|(_, result)| result.split([' ', '<']).next().and_then(|number| number.parse().ok()));
        Some(Self { name, text, result })
    }

    /// What the descriptor, which is the first argument, stands for.
    fn descriptor(&self) -> Option<&'a str> {
        let (_, file) = self.text.split_once('<')?;
        file.split('>').next()
    }

    /// The arguments that are strings, and what follows the last one.
    fn strings(&self) -> (Vec<Vec<u8>>, &'a str) {
        let mut strings = Vec::new();
        let mut rest = self.text;
        while let Some((_, quoted)) = rest.split_once('"') {
            let (string, after) = unescape(quoted);
            assert!(!after.starts_with("..."), "strace shortened {:?}", self.name);
            strings.push(string);
            rest = after;
        }
        (strings, rest)
    }
}

/// The bytes of a string up to its closing quote, and what follows that.
fn unescape(text: &str) -> (Vec<u8>, &str) {
    let bytes = text.as_bytes();
    let mut string = Vec::with_capacity(bytes.len() / 2);
    let mut at = 0;
    loop {
        match bytes[at] {
            b'"' => return (string, &text[at + 1..]),
            b'\\' => {
                at += 1;
                let octal =
                    bytes[at..].iter().take(3).take_while(|digit| (b'0'..b'8').contains(digit)).count();
                if octal > 0 {
                    string.push(u8::from_str_radix(&text[at..at + octal], 8).unwrap());
                    at += octal;
                    continue;
                }
                string.push(match bytes[at] {
                    b'n' => b'\n',
                    b't' => b'\t',
                    b'r' => b'\r',
                    b'v' => 0x0b,
                    b'f' => 0x0c,
                    other => other,
                });
            }
            other => string.push(other),
        }
        at += 1;
    }
}
