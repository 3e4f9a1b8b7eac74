//! Everything that is read before a signature was checked. The property tests of `host/package` call the same function.
#![no_main]

#[path = "../../../host/package/tests/package/untrusted.rs"]
mod untrusted;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| untrusted::read(bytes));
