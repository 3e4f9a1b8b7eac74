//! The guide for authors, followed to the letter: each command and each change that it has, in its order, in an empty
//! directory, and what it shows is what is printed.
//!
//! Beside what the guide asks for, only this is there: cargo's directory is that of the other tests, so that it takes seconds
//! and not minutes; cargo, pip and npm take what is already on this machine; and the vendor's port is one that is free.

use std::{
    fs,
    net::TcpListener,
    path::Path,
    process::{Command, Stdio},
};

use palisade_e2e::built;

/// The port that the guide gives the vendor.
const PORT: &str = "8765";
/// The languages that the guide has a track for, as it writes their names, and the directories of their SDKs.
const LANGUAGES: [(&str, &str); 3] =
    [("Rust", "sdk/rust"), ("Python", "sdk/python"), ("JavaScript", "sdk/js")];
/// What separates the output of two blocks; no program of the guide prints it.
const MARK: &str = "@@ block ";

/// A fenced block of the guide.
#[derive(Debug)]
enum Block {
    /// Commands, and what they show if the guide says.
    Commands { script: String, shows: Option<String> },
    /// A change of files, as `git apply` takes it.
    Change(String),
}

#[test]
fn the_guide_works_as_it_is_written_in_rust() {
    follow("Rust");
}

#[test]
fn the_guide_works_as_it_is_written_in_python() {
    follow("Python");
}

#[test]
fn the_guide_works_as_it_is_written_in_javascript() {
    follow("JavaScript");
}

/// Does what the guide says to whoever writes in this language.
fn follow(language: &str) {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port().to_string();
    let blocks = blocks(&guide().replace(PORT, &port), language);
    let (_, sdk) = LANGUAGES.into_iter().find(|(name, _)| *name == language).unwrap();

    let place = tempfile::tempdir().unwrap();
    let output = run(&script(&blocks, place.path()), place.path(), sdk);
    for (number, block) in blocks.iter().enumerate() {
        let printed = output.split(&format!("{MARK}{number}\n")).nth(1);
        let printed =
            printed.unwrap_or_else(|| panic!("block {number} was not reached: {block:#?}\n{output}"));
        let printed = printed.split(MARK).next().unwrap_or_default();
        if let Block::Commands { shows: Some(shows), script } = block {
            check(shows, printed).unwrap_or_else(|line| {
                panic!("the guide shows {line:?} under\n{script}\nand this is printed:\n{printed}")
            });
        }
    }
    assert!(output.trim_end().ends_with(&format!("{MARK}end")), "the guide ended early:\n{output}");
}

/// One shell does it all, as one person would in one terminal. A command that fails ends it.
fn script(blocks: &[Block], place: &Path) -> String {
    let mut script = "set -eu\ntrap 'kill $(jobs -p) 2>/dev/null || true' EXIT\n".to_owned();
    for (number, block) in blocks.iter().enumerate() {
        script.push_str(&format!("printf '\\n{MARK}{number}\\n'\n"));
        match block {
            Block::Commands { script: commands, .. } => script.push_str(commands),
            Block::Change(change) => {
                let file = place.join(format!("{number}.diff"));
                fs::write(&file, change).unwrap();
                script.push_str(&format!("git apply '{}'\n", file.display()));
            }
        }
    }
    script + &format!("printf '\\n{MARK}end\\n'\n")
}

/// Runs a script and returns what it printed, errors included.
fn run(script: &str, place: &Path, sdk: &str) -> String {
    let palisade = built::palisade();
    let path = format!("{}:{}", palisade.parent().unwrap().display(), std::env::var("PATH").unwrap());
    let log = place.join("output");
    let file = fs::File::create(&log).unwrap();
    let status = Command::new("bash")
        .args(["-c", script])
        .current_dir(place)
        .env("PATH", path)
        .env("PALISADE_SDK", built::checkout(sdk))
        .env("CARGO_TARGET_DIR", built::build())
        .env("CARGO_NET_OFFLINE", "true")
        .env("PIP_NO_INDEX", "1")
        .env("PIP_FIND_LINKS", built::wheels())
        .env("npm_config_offline", "true")
        .env("npm_config_cache", built::npm_cache())
        // The directory is none of a repository, whatever lies above it.
        .env("GIT_CEILING_DIRECTORIES", place)
        .env("NO_COLOR", "1")
        .env_remove("PALISADE_DATA")
        .env_remove("PALISADE_URL")
        .env_remove("VIRTUAL_ENV")
        .stdin(Stdio::null())
        .stdout(file.try_clone().unwrap())
        .stderr(file)
        .status()
        .unwrap();
    let output = fs::read_to_string(log).unwrap();
    assert!(status.success(), "{status}:\n{output}");
    output
}

fn guide() -> String {
    fs::read_to_string(built::checkout("docs").join("guide.md")).unwrap()
}

/// The blocks for a language, in their order. Text under commands is what they show. What stands right under the name of a
/// language is for that one alone.
fn blocks(guide: &str, language: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut only = None;
    let mut lines = guide.lines();
    while let Some(line) = lines.next() {
        let Some(kind) = line.strip_prefix("```") else {
            if !line.is_empty() {
                only = line.strip_prefix("**").and_then(|line| line.strip_suffix("**"));
            }
            continue;
        };
        let text: String =
            lines.by_ref().take_while(|line| *line != "```").map(|line| format!("{line}\n")).collect();
        if only.is_some_and(|only| only != language) {
            continue;
        }
        match (kind, blocks.last_mut()) {
            ("sh", _) => blocks.push(Block::Commands { script: text, shows: None }),
            ("diff", _) => blocks.push(Block::Change(text)),
            ("text", Some(Block::Commands { shows: shows @ None, .. })) => *shows = Some(text),
            other => panic!("a block that nobody runs: {other:?}"),
        }
    }
    blocks
}

/// Whether these lines are printed in this order. `…` in a line stands for any text; what is printed beside them does not
/// matter. Else the first line that is not.
fn check<'a>(shows: &'a str, printed: &str) -> Result<(), &'a str> {
    let mut printed = printed.lines();
    let expected = shows.lines().filter(|line| !line.is_empty() && line.trim() != "…");
    for line in expected {
        if !printed.any(|printed| fits(line, printed.trim_end())) {
            return Err(line);
        }
    }
    Ok(())
}

fn fits(expected: &str, printed: &str) -> bool {
    let mut parts = expected.split('…');
    let Some(mut rest) = parts.next().and_then(|begin| printed.strip_prefix(begin)) else { return false };
    let parts: Vec<_> = parts.collect();
    let Some((end, middle)) = parts.split_last() else { return rest.is_empty() };
    for part in middle {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(end)
}

#[test]
fn each_language_has_the_whole_way() {
    let ways = LANGUAGES.map(|(language, _)| blocks(&guide(), language).len());
    assert!(ways[0] > 8 && ways.iter().all(|blocks| *blocks == ways[0]), "blocks: {ways:?}");
}

#[test]
fn what_the_guide_shows_is_compared_line_by_line() {
    let printed = "Compiling\n✔ built in 12 ms\n  {\n    \"score\": 90\n  }\n";
    assert_eq!(check("✔ built in … ms\n…\n    \"score\": 90\n", printed), Ok(()));
    assert_eq!(check("    \"score\": 90\n✔ built in …\n", printed), Err("✔ built in …"));
    assert_eq!(check("✔ built\n", printed), Err("✔ built"));
    assert!(fits("…a…b", "xaxb") && !fits("…a…b", "xbxa") && !fits("a…b", "xab"));
}
