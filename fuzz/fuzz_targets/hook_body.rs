//! Bodies that tools send to hooks: any JSON is orders or troubles.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| portcullis::fuzzing::hook_body(data));
