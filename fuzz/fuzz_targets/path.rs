//! Paths of requests: whatever is accepted reads the same when it is read again.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| portcullis::fuzzing::path(data));
