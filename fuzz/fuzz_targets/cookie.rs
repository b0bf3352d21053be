//! Cookie headers: taken apart without loss of the pairs that are not ours.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| portcullis::fuzzing::cookie(data));
