//! What broke inside an instance, in words for a person.

use wasmtime::Trap;

use crate::guest::Excess;

/// Frames of the guest's own stack that are worth showing.
const FRAMES: usize = 6;

/// A plugin that broke: which one, and how.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{plugin}: {cause}")]
pub struct Fault {
    /// The plugin.
    pub plugin: String,
    /// What happened.
    pub cause: String,
}

impl Fault {
    /// The fault behind an error of wasmtime.
    pub(crate) fn new(plugin: &str, error: &wasmtime::Error) -> Self {
        Self { plugin: plugin.to_owned(), cause: cause(error) }
    }

    /// A fault that the host itself found.
    pub(crate) fn because(plugin: &str, cause: impl Into<String>) -> Self {
        Self { plugin: plugin.to_owned(), cause: cause.into() }
    }

    /// Adds what the plugin said last before it broke: the SDK logs the message of a panic.
    pub(crate) fn after(mut self, last_words: Option<&str>) -> Self {
        if let Some(words) = last_words {
            self.cause = format!("{} (it said: {words})", self.cause);
        }
        self
    }
}

fn cause(error: &wasmtime::Error) -> String {
    if let Some(excess) = error.downcast_ref::<Excess>() {
        return excess.to_string();
    }
    let Some(trap) = error.downcast_ref::<Trap>() else {
        return root(error);
    };
    let what = match trap {
        Trap::StackOverflow => "it overflowed its stack: a recursion without an end".to_owned(),
        Trap::UnreachableCodeReached => "it panicked".to_owned(),
        Trap::MemoryOutOfBounds | Trap::HeapMisaligned => {
            "it touched memory outside its own, as a recursion without an end does".to_owned()
        }
        Trap::IntegerDivisionByZero => "it divided by zero".to_owned(),
        other => format!("it trapped: {other}"),
    };
    match frames(error) {
        Some(frames) => format!("{what}, in {frames}"),
        None => what,
    }
}

/// The error's own last word. wasmtime puts a backtrace on top, which nobody needs here.
fn root(error: &wasmtime::Error) -> String {
    error.root_cause().to_string()
}

/// Names of the innermost functions, where the component has a name section.
fn frames(error: &wasmtime::Error) -> Option<String> {
    let trace = error.downcast_ref::<wasmtime::WasmBacktrace>()?;
    let names: Vec<_> = trace
        .frames()
        .iter()
        .filter_map(|frame| frame.func_name().map(|name| format!("{:#}", rustc_demangle::demangle(name))))
        .filter(|name| !is_machinery(name))
        .take(FRAMES)
        .collect();
    (!names.is_empty()).then(|| names.join(" < "))
}

/// Frames of the panic itself; the interesting one is below them.
fn is_machinery(name: &str) -> bool {
    ["rust_panic", "core::panicking", "std::panicking", "std::sys", "__rust"]
        .iter()
        .any(|machinery| name.contains(machinery))
}
