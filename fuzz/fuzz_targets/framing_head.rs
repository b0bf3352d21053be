//! Heads of requests: two readings are refused, and no bytes make the check panic.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| portcullis::fuzzing::framing_head(data));
