//! Bounds that concern nobody but this crate; the others are in [`palisade_model::limits`].

/// Bytes of one cassette: what one call sent and got back, without what does not matter in it. A database or an image has
/// no place there.
pub const CASSETTE_BYTES: u64 = 4 * 1024 * 1024;
/// Cassettes of one plugin. Each is read, played, and played again with each fault at each of its exchanges.
pub const CASSETTES: usize = 500;
/// Tries to make a value that satisfies a schema: the first follows the author's examples, and few schemas need a second.
pub const GENERATE_ATTEMPTS: usize = 20;
/// Items of a generated list, and fields of a generated object without names.
pub const GENERATED_ITEMS: usize = 16;
/// Times that a repeated part of a pattern is written beyond what it must be.
pub const PATTERN_REPEATS: u32 = 64;
/// Seconds that the fake asks to wait: a number that no connector would take by itself.
pub const RETRY_AFTER_SECONDS: i64 = 37;
/// Findings of one check that are told: whoever mends the first few mends the rest.
pub const FINDINGS: usize = 5;
/// Times that a call is called again for a pending job: a cassette has no long jobs, and a job that a fault cannot end
/// would never end.
pub const RESUMES: usize = 20;
/// Steps of one action at which everything goes wrong, in a trial of each: the first, the last, and what is between.
pub const FAULT_STEPS: usize = 4;
/// Characters of a sentence for a person: the words of a system, shortened by the SDKs to 300, and what they are about.
pub const SENTENCE_CHARS: usize = 600;
/// Generated calls of each action with each setup: the least, everything, and two between.
pub const GENERATED_CALLS: usize = 4;
/// Time that a component may take to describe itself. The host asks at every install and inspection; interpreters that
/// start anew take a part of it.
pub const DESCRIBE_CHEAP: std::time::Duration = std::time::Duration::from_millis(1_500);
/// Bytes of memory from which on a plugin is close to what one instance may have.
pub const MEMORY_CLOSE: usize = palisade_model::limits::PLUGIN_MEMORY_BYTES / 4 * 3;
/// Calls that one run of a playbook may make in a trial; one that makes more has no end.
pub const PLAYBOOK_CALLS: usize = 2_000;
