//! What registries, their token servers and lock files say, and what an operator pastes. The property tests of
//! `host/sources` call the same function.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    palisade_sources::untrusted::read(bytes);
});
