//! Compiling a component, in a child process.
//!
//! The compiler reads bytes that nobody trusts, and wasmtime does not treat excessive compile time or memory as a
//! vulnerability. So it runs in a child that can be killed, with bounds on processor time and memory, an empty
//! environment and no files but its input and output.

use std::{
    io,
    path::{Path, PathBuf},
    process::Stdio,
};

use palisade_model::{
    limits::{COMPILE_MEMORY_BYTES, COMPILE_TIME, COMPILED_BYTES, COMPONENT_BYTES},
    plugin::Digest,
};
use palisade_package::{PackageError, check_preamble, digest};
use rustix::process::{Resource, Rlimit, setrlimit};
use tokio::process::Command;
use wasmtime::{Engine, OptLevel, RegallocAlgorithm};

use crate::{
    artefacts::{ArtefactError, Artefacts},
    sandbox::config,
};

/// Characters of the compiler's complaint that are passed on.
const COMPLAINT_CHARS: usize = 2_000;

/// What a component is compiled for. It does the same either way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// To work: its code is as fast as the compiler can make it.
    Work,
    /// To be looked at or tried: its code is there in less than half the time, and slower.
    Trial,
}

/// Why a component could not be compiled.
#[derive(Debug, thiserror::Error)]
pub enum CompileError {
    /// Too large to be looked at.
    #[error("the component has {0} bytes; at most {COMPONENT_BYTES} are accepted")]
    TooLarge(usize),
    /// Not a component at all.
    #[error(transparent)]
    NotAComponent(#[from] PackageError),
    /// The compiler refused it.
    #[error("this is not a valid component: {0}")]
    Invalid(String),
    /// The compiler was stopped.
    #[error(
        "compiling took more than {} s or {} MiB, or came to more than {} MiB, and was stopped",
        COMPILE_TIME.as_secs(), COMPILE_MEMORY_BYTES >> 20, COMPILED_BYTES >> 20
    )]
    Exhausted,
    /// The child could not be run.
    #[error("cannot run the compiler {}", program.display())]
    Child {
        /// The program.
        program: PathBuf,
        /// The system's answer.
        #[source]
        source: io::Error,
    },
    /// The artefact could not be kept.
    #[error("the compiled plugin cannot be kept")]
    Artefact(#[from] ArtefactError),
}

/// The digest of what may be given to the compiler.
pub(crate) fn check(component: &[u8]) -> Result<Digest, CompileError> {
    if component.len() > COMPONENT_BYTES {
        return Err(CompileError::TooLarge(component.len()));
    }
    check_preamble(component)?;
    Ok(digest(component))
}

/// Compiles in a child, unless the artefact is there.
pub(crate) async fn compile(
    program: &Path,
    artefacts: &Artefacts,
    digest: &Digest,
    component: &[u8],
    purpose: Purpose,
) -> Result<(), CompileError> {
    if artefacts.holds(digest) {
        return Ok(());
    }
    let scratch = Scratch::new(artefacts, digest).await.map_err(io_error("create", artefacts))?;
    tokio::fs::write(&scratch.input, component).await.map_err(io_error("write", artefacts))?;
    let child = |source| CompileError::Child { program: program.to_owned(), source };
    let running = Command::new(program)
        .arg("compile-component")
        .args((purpose == Purpose::Trial).then_some("--trial"))
        .args([&scratch.input, &scratch.output])
        .env_clear()
        .current_dir("/")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .map_err(child)?;
    let output = match tokio::time::timeout(COMPILE_TIME, running.wait_with_output()).await {
        Ok(output) => output.map_err(child)?,
        Err(_) => return Err(CompileError::Exhausted),
    };
    match output.status.code() {
        Some(0) => {
            let code = tokio::fs::read(&scratch.output).await.map_err(io_error("read", artefacts))?;
            Ok(artefacts.put(digest, &code, &scratch.directory)?)
        }
        Some(_) => {
            let complaint = String::from_utf8_lossy(&output.stderr);
            Err(CompileError::Invalid(complaint.trim().chars().take(COMPLAINT_CHARS).collect()))
        }
        // Ended by a signal: the kernel's limits (one of them is that of a file), or an allocation that failed under them.
        None => Err(CompileError::Exhausted),
    }
}

/// What the child does: bounds itself, compiles `input`, writes machine code to `output`.
///
/// # Errors
///
/// One sentence for the parent to pass on.
pub fn compile_in_this_process(input: &Path, output: &Path, purpose: Purpose) -> Result<(), String> {
    bound(Resource::Cpu, 2 * COMPILE_TIME.as_secs())?;
    bound(Resource::As, COMPILE_MEMORY_BYTES)?;
    bound(Resource::Fsize, COMPILED_BYTES)?;
    // A compiler that aborts must not fill the disk with its memory.
    bound(Resource::Core, 0)?;
    let component = std::fs::read(input).map_err(|error| format!("cannot read the component: {error}"))?;
    let mut config = config();
    if purpose == Purpose::Trial {
        // Neither matters to the engine that loads the code.
        config
            .cranelift_opt_level(OptLevel::None)
            .cranelift_regalloc_algorithm(RegallocAlgorithm::SinglePass);
    }
    let engine = Engine::new(&config).map_err(|error| format!("cannot set up the compiler: {error:#}"))?;
    let code = engine.precompile_component(&component).map_err(|error| format!("{error:#}"))?;
    std::fs::write(output, code).map_err(|error| format!("cannot write the artefact: {error}"))
}

fn bound(resource: Resource, limit: u64) -> Result<(), String> {
    setrlimit(resource, Rlimit { current: Some(limit), maximum: Some(limit) })
        .map_err(|error| format!("cannot bound the compiler: {error}"))
}

/// Input and output of one child; removed on drop, whatever happened.
struct Scratch {
    directory: PathBuf,
    input: PathBuf,
    output: PathBuf,
}

impl Scratch {
    async fn new(artefacts: &Artefacts, digest: &Digest) -> io::Result<Self> {
        static NEXT: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);
        let number = NEXT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let directory = artefacts.scratch(digest, number);
        tokio::fs::create_dir(&directory).await?;
        let (input, output) = (directory.join("in.wasm"), directory.join("out.cwasm"));
        Ok(Self { directory, input, output })
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.directory) {
            tracing::warn!(%error, directory = %self.directory.display(), "Could not remove the compiler's files.");
        }
    }
}

fn io_error(what: &'static str, artefacts: &Artefacts) -> impl FnOnce(io::Error) -> CompileError {
    let path = artefacts.directory().to_owned();
    move |source| ArtefactError::Io { what, path, source }.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The child compiles without the pool; were its artefacts not accepted by an engine with one, every start of the
    /// host would compile every plugin again.
    #[test]
    fn pooled_and_plain_engines_share_artefacts() {
        let plain = Engine::new(&config()).unwrap();
        let pooled = Engine::new(&crate::sandbox::pooled(config())).unwrap();
        assert_eq!(crate::artefacts::compatibility(&plain), crate::artefacts::compatibility(&pooled));
    }
}
