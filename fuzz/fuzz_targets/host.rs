//! Hosts and origins: one canonical form, or none.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| portcullis::fuzzing::host(data));
