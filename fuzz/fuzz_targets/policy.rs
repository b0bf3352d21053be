//! Policies: any text is a policy or a list of mistakes with places.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| portcullis::fuzzing::policy(data));
