//! A file that may be a plugin, what may be its signature, and keys. The property tests of `host/package` call the same function.
#![no_main]

#[path = "../../../host/package/tests/package/untrusted.rs"]
mod untrusted;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| untrusted::read(bytes));
