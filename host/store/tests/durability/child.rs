//! A process that writes to a store and says on its standard output what was acknowledged.
//!
//! It is this test binary, started again for a test that is ignored otherwise.

use std::{
    env,
    ffi::OsString,
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::{Child, ChildStdout, Command, Stdio},
    sync::Arc,
};

use palisade_store::{Append, Appended, SledStore, Store, StoreError, contract::samples};
use tokio::task::JoinSet;

const DIRECTORY: &str = "PALISADE_STORE_CHILD_DIRECTORY";
const WRITERS: &str = "PALISADE_STORE_CHILD_WRITERS";
const ROUNDS: &str = "PALISADE_STORE_CHILD_ROUNDS";
const COMPONENT: &str = "PALISADE_STORE_CHILD_COMPONENT";

/// Entries that are appended to the journal of each run, which has one to begin with.
const APPENDED: usize = 3;
/// Entries in the journal of each run that was appended to.
pub(crate) const ENTRIES: u64 = 1 + APPENDED as u64;

/// What a child writes: in each round every writer takes an alert in, has it handled, and appends to its run.
#[derive(Clone, Copy)]
pub(crate) struct Work {
    pub(crate) writers: usize,
    pub(crate) rounds: usize,
    /// Bytes of a component that replaces that of the round before; 0 for none.
    pub(crate) component: usize,
}

impl Work {
    pub(crate) const fn new(writers: usize, rounds: usize) -> Self {
        Self { writers, rounds, component: 0 }
    }
}

/// One acknowledgement.
#[derive(Clone, Debug)]
pub(crate) struct Ack {
    pub(crate) alert: u64,
    pub(crate) run: u64,
    pub(crate) source_id: String,
}

/// The program and arguments of the child.
pub(crate) fn program() -> Vec<OsString> {
    let mut program = vec![env::current_exe().unwrap().into_os_string()];
    program.extend(["child::work", "--exact", "--ignored", "--nocapture"].map(OsString::from));
    program
}

/// Starts the child under another program, or none.
pub(crate) fn start(under: &[OsString], directory: &Path, work: Work) -> (Child, BufReader<ChildStdout>) {
    let words: Vec<_> = under.iter().cloned().chain(program()).collect();
    let mut child = Command::new(&words[0])
        .args(&words[1..])
        .env(DIRECTORY, directory)
        .env(WRITERS, work.writers.to_string())
        .env(ROUNDS, work.rounds.to_string())
        .env(COMPONENT, work.component.to_string())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let output = BufReader::new(child.stdout.take().unwrap());
    (child, output)
}

/// The next acknowledgement; none at the end, or at a line that was cut off.
pub(crate) fn next_ack(output: &mut impl BufRead) -> Option<Ack> {
    let mut line = String::new();
    while output.read_line(&mut line).unwrap() > 0 {
        // The test harness writes to the same output, without ends of lines.
        if let Some((_, ack)) = line.strip_suffix('\n').and_then(|line| line.split_once("ack ")) {
            let words: Vec<_> = ack.split(' ').collect();
            return Some(Ack {
                alert: words[0].parse().unwrap(),
                run: words[1].parse().unwrap(),
                source_id: words[2].to_owned(),
            });
        }
        line.clear();
    }
    None
}

#[tokio::test]
#[ignore = "the process that the other tests start"]
async fn work() {
    let directory = PathBuf::from(env::var_os(DIRECTORY).expect("started by another test"));
    let number = |name| env::var(name).unwrap().parse::<usize>().unwrap();
    let store: Arc<dyn Store> = Arc::new(SledStore::open(&directory).unwrap());
    for round in 0..number(ROUNDS) {
        let mut writers = JoinSet::new();
        for writer in 0..number(WRITERS) {
            let source_id = format!("{}-{round}-{writer};", std::process::id());
            writers.spawn(write(Arc::clone(&store), source_id));
        }
        for result in writers.join_all().await {
            if let Err(error) = result {
                say(&format!("error {error:?}"));
                let next = store.put_setting(samples::name("next"), 1.into()).await;
                say(&format!("next {next:?}"));
                return;
            }
        }
        if number(COMPONENT) > 0 {
            let round = u8::try_from(round).unwrap();
            store.put_component(samples::digest(round), vec![round; number(COMPONENT)]).await.unwrap();
            say(&format!("component {round}"));
            store.remove_component(samples::digest(round.wrapping_sub(1))).await.unwrap();
        }
    }
}

async fn write(store: Arc<dyn Store>, source_id: String) -> Result<(), StoreError> {
    let Appended::New(alert) = store.append_alert(samples::at(1), samples::alert(&source_id)).await? else {
        panic!("{source_id} is new");
    };
    let run = store.handle_alert(alert, vec![samples::run("triage", alert)]).await?[0];
    let audit = vec![samples::record("triage", alert)];
    let append = samples::append(run, 1, vec![samples::log("Looked."); APPENDED]);
    store.append(Append { audit, ..append }).await?;
    say(&format!("ack {alert} {run} {source_id}"));
    Ok(())
}

/// One line, by one system call.
fn say(line: &str) {
    let mut output = std::io::stdout().lock();
    output.write_all(format!("{line}\n").as_bytes()).unwrap();
    output.flush().unwrap();
}
